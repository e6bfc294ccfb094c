"""Single sign-on through Canaille, a real OpenID Connect provider in a process of its own.

The environment .venv-oidc has it: `Canaille[front,oidc,server,sqlite]`.
"""

import os
import time
import types

import pytest
import requests
from oidc_process import PYTHON, Person, Provider, changed
from server_process import OUTPUT, Server

CHROMIUM = os.environ.get("MONOFLOW_CHROMIUM", "/usr/bin/chromium")
PASSWORD = "correct horse battery staple"
HTML = Person.HTML


def provider_users():
    people = {"ann": "ann@x.example", "root": "root@x.example", "bob": "bob@x.example", "mallory": "admin", "carl": "carl@x.example", "web": "web@x.example",
              "dora": "dora@x.example", "fred": "fred@x.example"}
    users = [{"name": name, "email": email, "password": PASSWORD} for name, email in people.items()]
    return users + [{"name": "nomail", "password": PASSWORD}]


@pytest.fixture(scope="module")
def sso(tmp_path_factory):
    """`.server` and `.strict`, which makes no users but links them by name, and the `.provider` of both."""
    if not PYTHON.exists():
        pytest.fail(f"{PYTHON} is missing: run scripts/test, which makes it")
    directory = tmp_path_factory.mktemp("oidc")
    provider = Provider({}, directory)
    secret = directory / "secret"
    secret.write_text("a secret, with / and ü\n")
    options = ["--oidc-issuer", provider.issuer, "--oidc-client-id", "monoflow", "--oidc-client-secret-file", str(secret), "--oidc-admin-group", "admins"]
    server = Server(directory / "data", "oidc", options).start()
    strict = Server(directory / "strict", "oidc-strict", [*options, "--oidc-create-users", "no", "--oidc-link-users", "yes"]).start()
    urls = [server.url, strict.url]
    provider.configuration = {
        "users": provider_users(), "groups": {"staff": ["ann", "root"], "admins": ["root"]},
        "client": {"id": "monoflow", "secret": secret.read_text().strip(), "redirect_uris": [f"{url}/api/login/oidc/callback" for url in urls],
                   "post_logout_redirect_uris": [f"{url}/" for url in urls]}}
    provider.start()
    yield types.SimpleNamespace(server=server, strict=strict, provider=provider)
    provider.stop()
    for each in (server, strict):
        assert each.stop() == 0, each.tail()


def person(server, name, **rest):
    return Person(server, name, PASSWORD, **rest)


def refused(answer):
    """The reason that the login page is told."""
    assert answer.status_code == 303, answer.text
    assert "monoflow_session" not in answer.headers.get("Set-Cookie", "")
    return answer.headers["Location"].removeprefix("/?sign_in=")


def test_the_login_page_learns_the_ways(sso, server):
    label = sso.provider.issuer.removeprefix("http://")
    ways = requests.get(f"{sso.server.url}/api/login", timeout=10).json()["methods"]
    assert ways == [{"type": "token"}, {"type": "oidc", "label": label, "path": "/api/login/oidc"}]
    assert requests.get(f"{server.url}/api/login", timeout=10).json()["methods"] == [{"type": "token"}]
    assert requests.get(f"{server.url}/api/login/oidc", timeout=10).status_code == 404


def test_the_first_sign_in_makes_a_user_with_a_namespace(sso):
    ann = person(sso.server, "ann")
    answer = ann.sign_in("/runs?state=failed")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/runs?state=failed")
    cookie = next(line for line in answer.raw.headers.getlist("Set-Cookie") if line.startswith("monoflow_session="))
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Max-Age=86400" in cookie
    assert answer.headers["Referrer-Policy"] == "no-referrer" and answer.headers["Cache-Control"] == "no-store"
    session = ann.session().json()
    assert session["user"] == "ann@x.example" and session["home_namespace"] == "ann" and not session["is_admin"]
    assert session["groups"] == ["staff"] and session["namespaces"] == [{"name": "ann", "role": "owner"}]

    # The session is one like others: writes with the dashboard's origin alone, and an entry in the audit log.
    url = f"{sso.server.url}/api/me/tokens"
    assert ann.browser.post(url, json={"name": "cli"}, timeout=10).status_code == 403
    made = ann.browser.post(url, json={"name": "cli"}, headers={"Origin": sso.server.url}, timeout=10)
    assert made.status_code == 201
    assert sso.server.request("GET", "/api/users", token=made.json()["token"]).status_code == 403

    # Again, in another browser: the same user.
    again = person(sso.server, "ann")
    assert again.sign_in().headers["Location"] == "/"
    assert again.session().json()["home_namespace"] == "ann"
    names = [user["name"] for user in sso.server.json("GET", "/api/users")["users"]]
    assert names.count("ann@x.example") == 1
    deadline = time.monotonic() + 10
    while True:
        entries = sso.server.json("GET", "/api/audit?user=ann@x.example")["entries"]
        logins = [entry for entry in entries if entry["route"] == "/api/login/oidc/callback"]
        if len(logins) >= 2 or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    assert len(logins) >= 2 and {entry["status"] for entry in logins} == {303}
    assert all("code=" not in entry["path"] for entry in entries)


def test_an_admin_is_who_is_in_the_group(sso):
    root = person(sso.server, "root")
    root.sign_in()
    session = root.session().json()
    assert session["is_admin"] and sorted(session["groups"]) == ["admins", "staff"]
    assert root.get(f"{sso.server.url}/api/users").status_code == 200
    user = next(user for user in sso.server.json("GET", "/api/users")["users"] if user["name"] == "root@x.example")
    assert not user["is_admin"]


def test_a_user_that_is_here_is_not_taken_over(sso):
    sso.server.json("POST", "/api/users", json={
        "name": "bob@x.example", "home_namespace": "default", "roles": [{"namespace": "default", "role": "viewer"}]})
    bob = person(sso.server, "bob")
    back = bob.at_provider(bob.begin())
    assert refused(bob.get(back, headers=HTML)) == "name_taken"
    assert bob.session().status_code == 401
    mallory = person(sso.server, "mallory")
    answer = mallory.sign_in()
    assert answer.status_code == 403 and "not linked" in answer.json()["message"]

    path = "/api/users/bob@x.example/identities"
    identity = {"issuer": sso.provider.issuer, "subject": "bob"}
    assert bob.browser.post(sso.server.url + path, json=identity, timeout=10).status_code == 401
    sso.server.json("POST", path, json=identity)
    assert sso.server.request("POST", "/api/users/admin/identities", json=identity).status_code == 409
    bob.sign_in()
    assert bob.session().json()["namespaces"] == [{"name": "default", "role": "viewer"}]
    assert [row["subject"] for row in sso.server.json("GET", path)["identities"]] == ["bob"]
    assert sso.server.request("DELETE", path, params=identity).status_code == 204
    assert bob.session().status_code == 401


def test_users_may_be_linked_by_name_and_not_made(sso):
    sso.strict.json("POST", "/api/users", json={
        "name": "bob@x.example", "home_namespace": "default", "roles": [{"namespace": "default", "role": "editor"}]})
    bob = person(sso.strict, "bob")
    bob.sign_in()
    assert bob.session().json()["namespaces"] == [{"name": "default", "role": "editor"}]
    for name, reason in [("ann", "user_unknown"), ("mallory", "name_taken")]:
        other = person(sso.strict, name)
        assert refused(other.get(other.at_provider(other.begin()), headers=HTML)) == reason
    assert sorted(user["name"] for user in sso.strict.json("GET", "/api/users")["users"]) == ["admin", "bob@x.example"]


def test_answers_that_belong_to_no_attempt_sign_nobody_in(sso):
    carl = person(sso.server, "carl")
    back = carl.at_provider(carl.begin())
    assert refused(carl.get(changed(back, state="x"), headers=HTML)) == "answer_unfitting"
    # That answer has used up the cookie.
    assert refused(carl.get(back, headers=HTML)) == "attempt_unknown"

    # Another browser brings it, as a link that somebody was sent.
    back = carl.at_provider(carl.begin())
    assert refused(requests.get(back, headers=HTML, allow_redirects=False, timeout=10)) == "attempt_unknown"
    for change in ({"iss": "https://evil.example"}, {"iss": None}):
        back = carl.at_provider(carl.begin())
        assert refused(carl.get(changed(back, **change), headers=HTML)) == "answer_unfitting"

    # Played again with the cookie that it came with: first the server knows it, then the provider.
    back = carl.at_provider(carl.begin())
    jar = dict(carl.browser.cookies)
    assert carl.get(back).headers["Location"] == "/"
    again = requests.get(back, headers=HTML, cookies=jar, allow_redirects=False, timeout=10)
    assert refused(again) == "answer_unfitting"
    code = changed(back, state=None).split("code=")[1].split("&")[0]
    other = person(sso.server, "dora")
    mine = other.at_provider(other.begin())
    assert refused(other.get(changed(mine, code=code), headers=HTML)) == "provider_wrong"
    assert other.session().status_code == 401


def test_a_code_of_another_attempt_is_worth_nothing(sso):
    """Injected: the thief's own attempt with the victim's unused code. The verifier does not fit."""
    victim, thief = person(sso.server, "carl"), person(sso.server, "dora")
    stolen = victim.at_provider(victim.begin()).split("code=")[1].split("&")[0]
    mine = thief.at_provider(thief.begin())
    assert refused(thief.get(changed(mine, code=stolen), headers=HTML)) == "provider_wrong"
    assert thief.session().status_code == 401


def test_a_token_for_another_nonce_is_refused(sso):
    carl = person(sso.server, "carl")
    back = carl.at_provider(changed(carl.begin(), nonce="somebody-elses"))
    answer = carl.get(back)
    assert answer.status_code == 401 and "nonce" in answer.json()["message"]


def test_the_person_may_say_no(sso):
    dora = person(sso.server, "fred", agrees=False)
    back = dora.at_provider(dora.begin())
    assert "error=access_denied" in back
    assert refused(dora.get(back, headers=HTML)) == "refused"


def test_who_has_no_address_gets_no_user(sso):
    answer = person(sso.server, "nomail").sign_in()
    assert answer.status_code == 403 and "claim email" in answer.json()["message"]


@pytest.mark.parametrize("target", [
    "//evil.example", "https://evil.example/", "/\\evil.example", "/\t/evil.example", "\\\\evil.example", "javascript:alert(1)", "/a\r\nSet-Cookie: x=y", "evil.example", ""])
def test_the_way_goes_on_within_this_server(sso, target):
    ann = person(sso.server, "ann")
    assert ann.sign_in(target).headers["Location"] == "/"


def test_a_new_key_of_the_provider_is_found(sso):
    before, after = person(sso.server, "ann"), person(sso.server, "ann")
    before.sign_in()
    sso.provider.change_key()
    assert after.sign_in().headers["Location"] == "/"
    assert before.session().status_code == after.session().status_code == 200


def test_signing_out_ends_both_sessions(sso):
    ann = person(sso.server, "ann")
    ann.sign_in()
    url = f"{sso.server.url}/api/login/oidc/logout"
    assert ann.browser.post(url, headers={"Origin": "https://evil.example"}, timeout=10).status_code == 403
    assert ann.session().status_code == 200
    location = ann.browser.post(url, headers={"Origin": sso.server.url}, timeout=10).json()["location"]
    assert ann.session().status_code == 401
    assert location.startswith(sso.provider.issuer) and "id_token_hint=" in location
    end = ann.get(location)
    assert end.is_redirect and end.headers["Location"].rstrip("/") == sso.server.url
    # The provider asks for the password again.
    page = ann.browser.get(ann.begin(), timeout=10)
    assert 'name="login"' in page.text
    # Who came with a token is not sent there.
    other = Person(sso.server)
    other.browser.post(f"{sso.server.url}/api/session", json={"token": sso.server.token}, timeout=10)
    assert other.session().status_code == 200
    assert other.browser.post(url, headers={"Origin": sso.server.url}, timeout=10).json() == {}
    assert other.session().status_code == 401


def test_a_provider_that_is_down_harms_nobody_else(tmp_path):
    provider = Provider({}, tmp_path)
    server = Server(tmp_path / "data", "oidc-down", ["--oidc-issuer", provider.issuer, "--oidc-client-id", "monoflow"]).start()
    url = f"{server.url}/api/login/oidc"
    page = requests.get(url, headers=HTML, allow_redirects=False, timeout=30)
    assert refused(page) == "provider_unavailable"
    assert requests.get(url, allow_redirects=False, timeout=30).status_code == 503
    assert requests.get(f"{server.url}/healthz", timeout=10).status_code == 200
    assert server.json("GET", "/api/session")["user"] == "admin"
    # A public client: PKCE alone.
    provider.configuration = {"users": provider_users(), "client": {"id": "monoflow", "redirect_uris": [f"{server.url}/api/login/oidc/callback"]}}
    provider.start()
    try:
        deadline = time.monotonic() + 30
        while requests.get(url, allow_redirects=False, timeout=30).status_code != 303:
            assert time.monotonic() < deadline, "the provider is up and not found"
            time.sleep(0.2)
        ann = person(server, "ann")
        ann.sign_in()
        assert ann.session().json()["user"] == "ann@x.example"
        provider.stop()
        assert ann.session().status_code == 200
        back = changed(f"{url}/callback", code="x", state="y")
        assert requests.get(back, allow_redirects=False, timeout=30).status_code == 401
    finally:
        if provider.process.poll() is None:
            provider.stop()
        assert server.stop() == 0, server.tail()


def test_sessions_and_attempts_outlive_a_restart(sso):
    ann, carl = person(sso.server, "ann"), person(sso.server, "carl")
    ann.sign_in()
    url = sso.server.url
    port = url.rsplit(":", 1)[1]
    back = carl.at_provider(carl.begin())
    assert sso.server.stop() == 0
    sso.server.arguments += ["--listen", f"127.0.0.1:{port}"]
    sso.server.start()
    assert sso.server.url == url
    assert ann.session().json()["groups"] == ["staff"]
    assert carl.get(back).headers["Location"] == "/"
    assert carl.session().json()["user"] == "carl@x.example"


def test_the_dashboard_signs_in_and_out_through_the_provider(sso):
    from playwright.sync_api import expect, sync_playwright
    expect.set_options(timeout=30_000)
    label = sso.provider.issuer.removeprefix("http://")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(base_url=sso.server.url).new_page()
        page.set_default_timeout(30_000)
        page.goto("/models")
        page.get_by_role("link", name=f"Sign in with {label}").click()
        page.locator("[name=login]").fill("web")
        page.locator("[name=login]").press("Enter")
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("[name=password]").press("Enter")
        page.locator("[name=answer][value=accept]").click()
        expect(page.get_by_role("navigation", name="Main")).to_be_visible()
        assert page.url == f"{sso.server.url}/models"
        expect(page.locator(".user-button")).to_contain_text("web@x.example")
        expect(page.get_by_role("button", name="Namespace web, owner")).to_be_visible()
        page.screenshot(path=OUTPUT / "oidc-signed-in.png")
        page.locator(".user-button").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.locator("#token")).to_be_visible()
        page.goto("/?sign_in=name_taken")
        expect(page.get_by_role("alert")).to_contain_text("is here already")
        page.screenshot(path=OUTPUT / "oidc-refused.png")
        page.goto("/?sign_in=%3Cb%3Ehello")
        expect(page.get_by_role("alert")).to_have_text("Signing in did not work. Try again.")
        browser.close()
