"""Users named by an authenticating proxy. The proxy is 127.0.0.2 here, everybody else 127.0.0.1."""

import pytest
import requests
from requests.adapters import HTTPAdapter

from raw_http import RawClient
from server_process import Server

PREFIX = "accounts.google.com:"
SECRET = "what only the proxy knows"


class FromAddress(HTTPAdapter):
    def __init__(self, address):
        self.address = address
        super().__init__()

    def init_poolmanager(self, *arguments, **rest):
        super().init_poolmanager(*arguments, source_address=(self.address, 0), **rest)


@pytest.fixture(scope="module")
def proxied(tmp_path_factory):
    directory = tmp_path_factory.mktemp("proxied")
    server = Server(directory / "data", "trusted-header", [
        "--trusted-user-header", "kubeflow-userid", "--trusted-user-prefix", PREFIX, "--trusted-groups-header", "kubeflow-groups",
        "--trusted-proxies", "127.0.0.2/32,10.0.0.0/8", "--public-url", "https://kubeflow.example"]).start()
    yield server
    assert server.stop() == 0, server.tail()


def send(server, method, path, user=None, peer="127.0.0.2", headers=None, **rest):
    with requests.Session() as session:
        session.mount("http://", FromAddress(peer))
        headers = dict(headers or {})
        if user is not None:
            headers["kubeflow-userid"] = PREFIX + user
        return session.request(method, server.url + path, headers=headers, timeout=30, **rest)


def test_the_proxy_names_users_and_new_ones_get_a_namespace(proxied):
    assert {"type": "proxy"} in send(proxied, "GET", "/api/login").json()["methods"]
    session = send(proxied, "GET", "/api/session", "ann@x.example", headers={"kubeflow-groups": "staff, ml"}).json()
    assert (session["user"], session["home_namespace"], session["groups"]) == ("ann@x.example", "ann", ["ml", "staff"])
    assert session["namespaces"] == [{"name": "ann", "role": "owner"}] and not session["is_admin"]
    assert send(proxied, "GET", "/api/session", "ann@x.example").json()["groups"] == []
    # The same letters before the @ are another person's namespace.
    assert send(proxied, "GET", "/api/session", "ann@y.example").json()["home_namespace"] == "ann-2"
    assert send(proxied, "GET", "/api/users", "ann@x.example").status_code == 403
    assert send(proxied, "GET", "/api/namespaces/default", "ann@x.example").status_code == 403
    assert send(proxied, "GET", "/api/session", "admin").json()["is_admin"]


def test_many_first_requests_make_one_user(proxied):
    from concurrent.futures import ThreadPoolExecutor
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: send(proxied, "GET", "/api/session", "crowd@x.example"), range(16)))
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["home_namespace"] for answer in answers} == {"crowd"}
    namespaces = proxied.json("GET", "/api/namespaces")["namespaces"]
    assert [row["name"] for row in namespaces if row["name"].startswith("crowd")] == ["crowd"]


@pytest.mark.parametrize("headers", [
    {"kubeflow-userid": PREFIX + "admin"}, {"KUBEFLOW-USERID": PREFIX + "admin"}, {"kubeflow-userid": ""}, {"kubeflow-groups": "admins"}])
def test_from_anybody_else_the_headers_are_refused(proxied, headers):
    for path in ("/api/session", "/apis/v2beta1/runs", "/api/v1/namespaces", "/v2/models/none"):
        answer = send(proxied, "GET", path, peer="127.0.0.1", headers=headers)
        assert answer.status_code == 401, f"{path}: {answer.text}"
    # A token does not make up for it.
    token = {"Authorization": f"Bearer {proxied.token}"}
    assert send(proxied, "GET", "/api/session", peer="127.0.0.1", headers=token).status_code == 200
    assert send(proxied, "GET", "/api/session", peer="127.0.0.1", headers={**token, **headers}).status_code == 401


def test_names_that_no_user_may_have_are_refused(proxied):
    for value in ("admin", PREFIX, "", PREFIX + "task 1", PREFIX + "system:masters", "other:admin", PREFIX + " admin", PREFIX + "x" * 200):
        answer = send(proxied, "GET", "/api/session", headers={"kubeflow-userid": value})
        assert answer.status_code in (400, 401), f"{value}: {answer.text}"


def test_two_fields_are_refused(proxied):
    line = f"kubeflow-userid: {PREFIX}admin"
    with RawClient(proxied.url, source="127.0.0.2") as client:
        assert client.get("/api/session", line).status == 200
        assert client.get("/api/session", line, line).status == 400
        assert client.get("/api/session", line, "kubeflow-groups: a", "kubeflow-groups: b").status == 400


def test_a_token_beside_the_header_must_be_the_same_users(proxied):
    made = send(proxied, "POST", "/api/me/tokens", "ann@x.example", json={"name": "reader", "read_only": True})
    assert made.status_code == 201, made.text
    token = {"Authorization": f"Bearer {made.json()['token']}"}
    assert send(proxied, "GET", "/api/session", "ann@x.example", headers=token).json()["namespaces"] == [{"name": "ann", "role": "viewer"}]
    assert send(proxied, "GET", "/api/session", "admin", headers=token).status_code == 401
    assert send(proxied, "GET", "/api/session", "ann@x.example", headers={"Authorization": f"Bearer {proxied.token}"}).status_code == 401
    assert send(proxied, "GET", "/api/session", "ann@x.example", headers={"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."}).status_code == 401
    # Past the proxy, or through it without the header, a token does as ever.
    assert send(proxied, "GET", "/api/session", headers=token).json()["user"] == "ann@x.example"


@pytest.mark.parametrize("headers,expected", [
    ({}, 201), ({"Origin": "https://kubeflow.example"}, 201), ({"Origin": "https://kubeflow.example", "Sec-Fetch-Site": "same-origin"}, 201),
    ({"Sec-Fetch-Site": "same-origin"}, 201), ({"Sec-Fetch-Site": "none"}, 201), ({"Origin": "https://evil.example"}, 403), ({"Origin": "null"}, 403),
    ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "same-site"}, 403), ({"Origin": "http://kubeflow.example"}, 403),
    ({"Origin": "https://kubeflow.example.evil.example"}, 403)])
def test_writes_come_from_the_servers_own_pages(proxied, unique, headers, expected):
    answer = send(proxied, "POST", "/api/me/tokens", "ann@x.example", headers=headers, json={"name": unique})
    assert answer.status_code == expected, answer.text
    assert send(proxied, "GET", "/api/session", "ann@x.example", headers=headers).status_code == 200


def test_the_cookie_of_another_user_counts_for_nothing(proxied):
    with requests.Session() as session:
        session.mount("http://", FromAddress("127.0.0.2"))
        assert session.post(f"{proxied.url}/api/session", json={"token": proxied.token}, timeout=10).status_code == 200
        assert session.get(f"{proxied.url}/api/session", timeout=10).json()["user"] == "admin"
        named = session.get(f"{proxied.url}/api/session", headers={"kubeflow-userid": PREFIX + "ann@x.example"}, timeout=10)
        assert named.json()["user"] == "ann@x.example"


def test_roles_change_at_once_and_users_may_be_kept_out(proxied, tmp_path):
    assert send(proxied, "GET", "/api/namespaces/ann", "viewer@x.example").status_code == 403
    put = send(proxied, "PUT", "/api/namespaces/ann/members/viewer@x.example", "ann@x.example", json={"role": "viewer"})
    assert put.status_code == 200, put.text
    assert send(proxied, "GET", "/api/namespaces/ann", "viewer@x.example").status_code == 200
    secret = tmp_path / "secret"
    secret.write_text(SECRET + "\n")
    own = Server(tmp_path / "data", "trusted-header-own", [
        "--trusted-user-header", "x-user", "--trusted-proxies", "127.0.0.1", "--trusted-proxy-secret-file", str(secret), "--trusted-create-users", "no"]).start()
    try:
        def named(user, **headers):
            return own.request("GET", "/api/session", token=None, headers={"x-user": user, **headers})
        shown = {"X-Monoflow-Proxy-Secret": SECRET}
        assert named("admin", **shown).json()["user"] == "admin"
        assert named("admin").status_code == 401 and named("admin", **{"X-Monoflow-Proxy-Secret": SECRET + "x"}).status_code == 401
        assert named("nobody", **shown).status_code == 401
        assert SECRET not in own.tail(1000)
    finally:
        assert own.stop() == 0, own.tail()


def test_secret_keys_are_rotated(proxied):
    """Here for its server: the keys are its own."""
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "password"}, "stringData": {"p": "hunter2"}}
    proxied.json("POST", "/api/v1/namespaces/default/secrets", json=body)
    assert send(proxied, "POST", "/api/secret-keys/rotate", "ann@x.example").status_code == 403
    before = (proxied.data / "secret-keys").read_text()
    first = proxied.json("POST", "/api/secret-keys/rotate")
    assert len(first["keys"]) == 1 and len(first["dropped"]) == 1 and first["resealed"] >= 1
    assert (proxied.data / "secret-keys").read_text() != before
    assert proxied.json("POST", "/api/secret-keys/rotate", json={"resume": True}) == {"keys": first["keys"], "resealed": 0, "dropped": []}
    assert proxied.json("GET", "/api/v1/namespaces/default/secrets/password")["data"] == {"p": "aHVudGVyMg=="}
