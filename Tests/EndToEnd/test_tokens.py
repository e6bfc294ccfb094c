"""Limited tokens, roles over the API, and the audit log."""

import socket
import time
import types
import urllib.parse

import pytest

from server_process import Server

ROLES = ["admin", "owner", "editor", "viewer", "predict", "foreign", "nobody", "admin_read_only", "admin_team", "owner_team",
         "owner_other", "owner_editor", "editor_read_only"]


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A server of this file's own: its audit log holds nothing of other tests."""
    server = Server(tmp_path_factory.mktemp("tokens") / "data", "tokens").start()
    yield server
    assert server.stop() == 0, server.tail()


@pytest.fixture(scope="module")
def holders(own):
    """Tokens by the user's role in `team`, and limited ones by what limits them."""
    for name in ("team", "other"):
        own.json("POST", "/api/namespaces", json={"name": name})
    tokens = {"admin": own.token, "nobody": None}
    for name in ("owner", "editor", "viewer", "predict", "foreign", "guest"):
        home, role = ("other", "owner") if name in ("foreign", "guest") else ("team", name)
        own.json("POST", "/api/users", json={
            "name": name, "home_namespace": home, "roles": [{"namespace": home, "role": role}]})
        tokens[name] = make(own, name)
    own.json("PUT", "/api/namespaces/other/members/owner", json={"role": "owner"})
    for name, user, limits in [
            ("admin_read_only", "admin", {"read_only": True}), ("admin_team", "admin", {"namespaces": ["team"]}),
            ("owner_team", "owner", {"namespaces": ["team"]}), ("owner_other", "owner", {"namespaces": ["other"]}),
            ("owner_editor", "owner", {"role": "editor"}), ("editor_read_only", "editor", {"read_only": True})]:
        tokens[name] = make(own, user, **limits)
    return types.SimpleNamespace(**tokens)


def make(server, user, **limits):
    return server.json("POST", "/api/tokens", json={"user": user, "name": "t", **limits})["token"]


def row(ok, denied=(), others=403):
    """Expected statuses: `ok` for the roles named, `others` for the rest, 401 without a token."""
    return {role: 401 if role == "nobody" else 200 if role in ok else others for role in ROLES} | dict(denied)


READERS = ["admin", "owner", "editor", "viewer", "admin_read_only", "admin_team", "owner_team", "owner_editor", "editor_read_only"]
WRITERS = ["admin", "owner", "editor", "admin_team", "owner_team", "owner_editor"]
OWNERS = ["admin", "owner", "admin_team", "owner_team"]
TABLE = [
    ("GET", "/api/namespaces/team/members", None, row(READERS)),
    ("PUT", "/api/namespaces/team/members/guest", {"role": "viewer"}, row(OWNERS)),
    ("PUT", "/api/namespaces/team/members/guest", {"role": "owner"}, row(OWNERS)),
    ("PUT", "/api/namespaces/team/members/guest", {"role": "king"}, row([], dict.fromkeys(OWNERS, 400))),
    ("PUT", "/api/namespaces/team/members/stranger", {"role": "viewer"}, row([], dict.fromkeys(OWNERS, 404))),
    ("DELETE", "/api/namespaces/team/members/stranger", None, row([], dict.fromkeys(OWNERS, 404))),
    ("PUT", "/api/namespaces/nowhere/members/guest", {"role": "viewer"}, row([], {"admin": 404})),
    ("GET", "/api/namespaces/nowhere/members", None, row([], {"admin": 404})),
    ("DELETE", "/api/users/stranger", None, row([], {"admin": 404})),
    ("DELETE", "/api/users/admin", None, row([], {"admin": 400})),
    ("GET", "/api/audit", None, row(["admin"])),
    ("GET", "/api/audit?namespace=team", None, row(OWNERS)),
    ("GET", "/api/audit?namespace=nowhere", None, row(["admin"])),
    ("GET", "/api/audit?limit=0&namespace=team", None, row([], dict.fromkeys(OWNERS, 400))),
    ("GET", "/api/tokens", None, row(["admin"])),
    ("POST", "/api/tokens", {"user": "viewer", "name": "t"}, row(["admin"])),
    ("GET", "/api/me/tokens", None, row(set(ROLES) - {"nobody"})),
    ("POST", "/api/me/tokens", {"name": "t"}, row(set(ROLES) - {"nobody", "admin_read_only", "editor_read_only"})),
    ("POST", "/api/me/tokens", {"name": "t", "role": "owner"}, row([], dict.fromkeys(set(ROLES) - {"nobody"}, 400))),
    ("POST", "/api/me/tokens", {"name": "t", "namespaces": ["other"]},
     row(["admin", "owner", "foreign", "owner_other", "owner_editor"])),
    ("DELETE", "/api/me/tokens/not-there", None,
     row([], dict.fromkeys(["admin_read_only", "editor_read_only"], 403), others=404)),
    ("GET", "/apis/v2beta1/experiments?namespace=team", None, row(READERS)),
    ("POST", "/apis/v2beta1/experiments", {"display_name": "by {role}", "namespace": "team"}, row(WRITERS)),
    ("GET", "/api/v1/namespaces/team/configmaps", None, row(READERS)),
    ("POST", "/api/v1/namespaces/team/configmaps",
     {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "by-"}, "data": {"a": "hush-hush"}}, row(WRITERS)),
    ("POST", "/api/namespaces", {"name": "by-{role}"}, row(["admin"])),
    ("GET", "/api/users", None, row(["admin"])),
]


@pytest.mark.parametrize("method, path, body, expected", TABLE, ids=[f"{r[0]} {r[1]} {r[2] or ''}" for r in TABLE])
def test_table(own, holders, method, path, body, expected):
    """Every route for every kind of caller; answers and audit log agree."""
    recorded = []
    for role in ROLES:
        text = {key: value.format(role=role.replace("_", "-")) if isinstance(value, str) else value for key, value in body.items()} if body else None
        answer = own.request(method, path, token=getattr(holders, role), json=text)
        wanted = (200, 201, 204) if expected[role] == 200 else (expected[role],)
        assert answer.status_code in wanted, f"{role}: {answer.status_code} {answer.text[:500]}"
        if method != "GET" or answer.status_code in (401, 403):
            user = None if role == "nobody" else role.split("_")[0]
            recorded.append((user, user is not None, method, path.split("?")[0], answer.status_code))
    entries = [(entry.get("user"), "token_id" in entry, entry["method"], entry["path"], entry["status"])
               for entry in audit(own, f"/api/audit?limit={len(recorded)}")]
    assert entries[::-1] == recorded


def audit(server, path, **rest):
    """Entries are there within a second."""
    time.sleep(0.4)
    return server.json("GET", path, **rest)["entries"]


def test_a_change_of_role_counts_at_once(own, holders):
    path = "/apis/v2beta1/experiments?namespace=team"
    own.request("DELETE", "/api/namespaces/team/members/guest")
    assert own.request("GET", path, token=holders.guest).status_code == 403
    own.json("PUT", "/api/namespaces/team/members/guest", json={"role": "viewer"}, token=holders.owner)
    assert own.request("GET", path, token=holders.guest).status_code == 200
    members = own.json("GET", "/api/namespaces/team/members", token=holders.guest)["members"]
    assert {"user": "guest", "role": "viewer"} in members and {"user": "owner", "role": "owner"} in members
    assert own.request("DELETE", "/api/namespaces/team/members/guest", token=holders.owner).status_code == 204
    assert own.request("GET", path, token=holders.guest).status_code == 403
    # The last owner stays, unless an admin says otherwise.
    assert own.request("DELETE", "/api/namespaces/team/members/owner", token=holders.owner).status_code == 400
    assert own.request("PUT", "/api/namespaces/team/members/owner", json={"role": "viewer"}, token=holders.owner).status_code == 400
    assert own.request("DELETE", "/api/namespaces/team/members/owner").status_code == 204
    own.json("PUT", "/api/namespaces/team/members/owner", json={"role": "owner"})
    # A user that is deleted is unknown from then on.
    own.json("POST", "/api/users", json={"name": "brief", "home_namespace": "team", "roles": [{"namespace": "team", "role": "viewer"}]})
    brief = make(own, "brief")
    assert own.request("GET", path, token=brief).status_code == 200
    assert own.request("DELETE", "/api/users/brief").status_code == 204
    assert own.request("GET", path, token=brief).status_code == 401


def test_limits_are_shown_and_inherited(own, holders):
    made = own.json("POST", "/api/me/tokens", token=holders.owner_team, json={"name": "mine", "role": "viewer", "requests_per_minute": 1000})
    assert (made["user"], made["namespaces"], made["role"], made["requests_per_minute"]) == ("owner", ["team"], "viewer", 1000)
    listed = {item["id"]: item for item in own.json("GET", "/api/me/tokens", token=holders.owner)["tokens"]}
    assert {item["user"] for item in listed.values()} == {"owner"} and "token" not in listed[made["id"]]
    assert listed[made["id"]]["namespaces"] == ["team"]
    session = own.json("GET", "/api/session", token=made["token"])
    assert session["namespaces"] == [{"name": "team", "role": "viewer"}]
    assert own.json("GET", "/api/session", token=holders.owner_other)["home_namespace"] == "other"
    # The session in a browser is no wider than the token.
    import requests
    browser = requests.Session()
    assert browser.post(f"{own.url}/api/session", json={"token": made["token"]}, timeout=30).status_code == 200
    body = {"display_name": "by cookie", "namespace": "team"}
    headers = {"Origin": own.url}
    assert browser.post(f"{own.url}/apis/v2beta1/experiments", json=body, headers=headers, timeout=30).status_code == 403
    assert browser.get(f"{own.url}/apis/v2beta1/experiments?namespace=team", timeout=30).status_code == 200
    assert own.request("DELETE", f"/api/me/tokens/{made['id']}", token=holders.viewer).status_code == 404
    assert own.request("DELETE", f"/api/me/tokens/{made['id']}", token=holders.owner).status_code == 204
    assert browser.get(f"{own.url}/api/session", timeout=30).status_code == 401
    for wrong in ({"namespaces": "team"}, {"namespaces": []}, {"role": "king"}, {"read_only": "yes"}, {"requests_per_minute": 0.5},
                  {"expires_at": 5}, {"role": "predict", "read_only": True}):
        assert own.request("POST", "/api/tokens", json={"user": "viewer", "name": "t", **wrong}).status_code == 400, wrong


@pytest.mark.parametrize("path", ["/api/session", "/api/v1/namespaces/team/configmaps", "/apis/v2beta1/experiments?namespace=team"])
def test_requests_per_minute(own, holders, path):
    token = make(own, "owner", requests_per_minute=5)
    statuses = [own.request("GET", path, token=token).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    answer = own.request("GET", path, token=token)
    assert 1 <= int(answer.headers["Retry-After"]) <= 12
    assert answer.json().get("reason") in (None, "TooManyRequests")
    assert own.request("GET", path, token=holders.owner).status_code == 200


def test_one_authorization_field_only(own, holders):
    """Two of them are refused, whichever is right, known or not."""
    address = urllib.parse.urlsplit(own.url)
    # Known from an earlier request, so that the short way would be taken.
    assert own.request("GET", "/api/session", token=holders.viewer).status_code == 200
    good, bad = f"Authorization: Bearer {holders.viewer}\r\n", "authorization: Bearer nonsense\r\n"
    for fields, status in [(good, 200), (good + bad, 400), (bad + good, 400), (good + good, 400), (bad, 401), ("", 401)]:
        for path in ("/api/session", "/api/v1/namespaces/team/configmaps", "/api/me/tokens"):
            with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{fields}\r\n".encode())
                answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
            assert answer.startswith(f"HTTP/1.1 {status} "), f"{path} {fields}: {answer[:300]}"
            assert status != 400 or "Authorization" in answer


def test_the_audit_log(own, holders):
    own.request("POST", "/apis/v2beta1/experiments?password=hush-hush", token=holders.editor, headers={"X-Request-ID": "r-1"},
                json={"display_name": "hush-hush", "namespace": "team"})
    own.request("GET", "/apis/v2beta1/experiments?namespace=team", token=holders.foreign)
    own.request("POST", "/api/session", token=None, json={"token": holders.viewer})
    own.request("POST", "/api/session", token=None, json={"token": "mf_hush-hush"})
    own.request("GET", "/apis/v2beta1/experiments?namespace=team", token=holders.viewer)
    own.request("GET", "/api/v1/namespaces/team/configmaps", token=holders.foreign)
    maps, wrong, right, denied, write = audit(own, "/api/audit?limit=5")
    assert (write["user"], write["status"], write["namespace"], write["route"]) == ("editor", 200, "team", "/apis/v2beta1/experiments")
    assert (write["request_id"], write["peer"]) == ("r-1", "127.0.0.1") and write["time"].startswith("20")
    assert (denied["user"], denied["method"], denied["status"], denied["namespace"]) == ("foreign", "GET", 403, "team")
    assert (right["user"], right["status"]) == ("viewer", 200) and "token_id" in right
    assert "user" not in wrong and wrong["status"] == 401
    assert (maps["user"], maps["status"], maps["namespace"]) == ("foreign", 403, "team")
    assert maps["route"] == "/api/v1/namespaces/{namespace}/{plural}"
    # An owner sees its namespace's, and nothing of others'.
    assert {entry["namespace"] for entry in audit(own, "/api/audit?namespace=team&limit=1000", token=holders.owner)} == {"team"}
    assert {entry["user"] for entry in audit(own, "/api/audit?user=editor&limit=1000")} == {"editor"}
    # Pages, whole and without a seam.
    whole, paged, before = own.json("GET", "/api/audit?limit=1000&namespace=team")["entries"], [], ""
    while True:
        page = own.json("GET", f"/api/audit?limit=7&namespace=team{before}")
        paged += page["entries"]
        if "next" not in page:
            break
        before = f"&before={page['next']}"
    assert paged == whole and len(whole) > 20
    text = own.request("GET", "/api/audit?limit=1000").text
    for secret in ("hush-hush", "mf_", *[t for t in vars(holders).values() if t]):
        assert secret not in text
    assert "monoflow_audit_dropped_total 0" in own.request("GET", "/metrics").text


def test_the_audit_log_survives_a_crash(own_server):
    own_server.json("POST", "/api/namespaces", json={"name": "kept"})
    time.sleep(1)
    own_server.kill()
    own_server.start()
    assert [entry["path"] for entry in own_server.json("GET", "/api/audit?limit=1")["entries"]] == ["/api/namespaces"]
    # What came last before an orderly stop is there too.
    own_server.json("POST", "/api/namespaces", json={"name": "last"})
    assert own_server.stop() == 0
    own_server.start()
    assert len(own_server.json("GET", "/api/audit")["entries"]) == 2
