"""The dashboard's pages about namespaces and those who work in them, in headless Chromium against a running server.

What a page does is looked up over the API. As in test_dashboard.py, a console error or a violation of the policy fails a test.
"""

import base64
import re

import dashboard
import pytest
from dashboard import confirm, dialog, row, settle, shot, sign_in
from playwright.sync_api import expect

PAGES = ["namespaces", "members", "tokens", "users", "quotas", "activity", "secrets", "config-maps", "audit", "setup"]
ROLES = ["admin", "owner", "editor", "viewer", "predict"]
# What the pages show by role: the button of their main action, that they may be read, or that they may not.
SHOWS = {
    "members": ["Add member", "Add member", "read", "read", "no"],
    "tokens": ["New token"] * 5,
    "users": ["New user", "no", "no", "no", "no"],
    "namespaces": ["New namespace", "read", "read", "read", "read"],
    "quotas": ["read", "read", "read", "read", "no"],
    "activity": ["read", "read", "read", "read", "no"],
    "secrets": ["New secret", "New secret", "New secret", "no", "no"],
    "config-maps": ["New config map", "New config map", "New config map", "read", "no"],
    "audit": ["read", "read", "no", "no", "no"],
    "setup": ["Run the sample pipeline", "no", "no", "no", "no"],
}


@pytest.fixture(scope="module")
def chromium():
    with dashboard.browser() as browser:
        yield browser


@pytest.fixture
def visit(chromium, server, people):
    """`visit(role)`: a page of that user of the namespace `team`, signed in."""
    with dashboard.visits(chromium, server, people) as open_page:
        yield lambda role, path="/?ns=team", **options: open_page(role, path, **options)


@pytest.fixture(scope="module")
def anonymous(chromium, server):
    """The login page, for functions of the dashboard's modules."""
    with dashboard.visitor(chromium, server.url) as page:
        yield page


@pytest.mark.parametrize("role", ROLES)
def test_what_each_role_sees(visit, role):
    page = visit(role)
    actions = {shows for of in SHOWS.values() for shows in of} - {"read", "no"}
    for name in PAGES:
        page.goto(f"/{name}")
        settle(page)
        shows = SHOWS[name][ROLES.index(role)]
        expect(page.locator("main .forbidden")).to_have_count(1 if shows == "no" else 0)
        expect(page.locator("main .failed")).to_have_count(0)
        for action in actions:
            expect(page.get_by_role("main").get_by_role("button", name=action, exact=True)).to_have_count(1 if action == shows else 0)
    expect(page.locator(".nav-link", has_text="Users")).to_have_count(1 if role == "admin" else 0)


@pytest.mark.parametrize("scheme,width", [("light", 1280), ("dark", 1280), ("light", 400), ("dark", 400)])
def test_pages_fit_their_window(visit, scheme, width):
    page = visit("admin", width=width, scheme=scheme)
    for name in PAGES:
        page.goto(f"/{name}")
        settle(page)
        shot(page, f"{name}-{scheme}-{width}")
        wider = page.evaluate("[document.scrollingElement, document.querySelector('main')].map((e) => e.scrollWidth - e.clientWidth)")
        assert wider == [0, 0], f"{name} is wider than {width}"


def test_namespace_switcher(visit, server, unique):
    for number in range(12):
        server.json("POST", "/api/namespaces", json={"name": f"{unique}-{number}"})
    page = visit("admin", "/runs")
    switcher = page.get_by_role("button", name=re.compile("^Namespace "))
    switcher.focus()
    page.keyboard.press("Enter")
    search = page.get_by_role("combobox", name="Find a namespace")
    expect(search).to_be_focused()
    shot(page, "switcher")
    page.keyboard.press("Escape")
    expect(search).to_be_hidden()
    expect(switcher).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type(f"{unique}-1")
    expect(page.get_by_role("listbox", name="Namespaces").get_by_role("option")).to_have_count(3)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(switcher).to_contain_text(f"{unique}-10")
    assert page.url.endswith(f"/runs?ns={unique}-10")
    page.goto("/members")
    settle(page)
    expect(switcher).to_contain_text(f"{unique}-10")

    switcher.click()
    page.get_by_role("button", name="New namespace").click()
    dialog(page).get_by_role("textbox", name="Name").fill(f"{unique}-made")
    confirm(page, "Create")
    expect(switcher).to_contain_text(f"{unique}-made")
    assert server.json("GET", f"/api/namespaces/{unique}-made")["name"] == f"{unique}-made"
    page.goto(f"/activity?ns={unique}-3")
    expect(switcher).to_contain_text(f"{unique}-3")


def test_a_link_to_a_foreign_namespace_is_refused(visit):
    page = visit("viewer", "/members?ns=elsewhere")
    expect(page.locator("main .forbidden")).to_contain_text("elsewhere")
    page.get_by_role("link", name="Members").click()
    expect(page.locator("main")).to_contain_text("viewer")


def test_members_are_added_changed_and_removed(visit, server, people, unique):
    server.json("POST", "/api/users", json={
        "name": unique, "home_namespace": "elsewhere", "roles": [{"namespace": "elsewhere", "role": "viewer"}]})

    def role():
        members = server.json("GET", "/api/namespaces/team/members")["members"]
        return next((one["role"] for one in members if one["user"] == unique), None)

    page = visit("owner", "/members", expected="status of 40[14]")
    page.get_by_role("button", name="Add member").click()
    dialog(page).get_by_label("User").fill(unique)
    shot(page, "members-add")
    confirm(page, "Add")
    expect(row(page, unique)).to_be_visible()
    assert role() == "viewer"
    page.get_by_label(f"Role of {unique}").select_option("editor")
    expect(page.get_by_role("status").filter(has_text="is editor now")).to_be_visible()
    assert role() == "editor"
    row(page, unique).get_by_role("button", name="Remove").click()
    confirm(page, "Remove")
    expect(row(page, unique)).to_have_count(0)
    assert role() is None

    page.get_by_role("button", name="Add member").click()
    dialog(page).get_by_label("User").fill("nobody-of-this-name")
    with page.expect_response(lambda answer: answer.status == 404):
        confirm(page, "Add")
    expect(dialog(page).get_by_role("alert")).to_be_visible()


@pytest.mark.parametrize("setting,label,done", [
    ("network", "Tasks may use the network", ["no network", "use the network now"]),
    ("egress", "Tasks may reach other machines", ["reach no other machines", "reach other machines now"]),
])
def test_what_tasks_of_a_namespace_may_reach(visit, server, setting, label, done):
    before = server.json("GET", "/api/namespaces/team")[setting]
    page = visit("owner", "/members")
    switch = page.get_by_role("checkbox", name=label)
    for wanted in (not before, before):
        switch.click()
        expect(page.get_by_role("status").filter(has_text=done[wanted]).last).to_be_visible()
        expect(switch).to_be_checked(checked=wanted)
        assert server.json("GET", "/api/namespaces/team")[setting] is wanted
    expect(visit("viewer", "/members").get_by_role("checkbox", name=label)).to_be_disabled()


def test_without_a_network_there_is_no_way_outside(visit, server):
    server.json("PATCH", "/api/namespaces/team", json={"network": False})
    page = visit("owner", "/members")
    outside = page.get_by_role("checkbox", name="Tasks may reach other machines")
    expect(outside).to_be_disabled()
    page.get_by_role("checkbox", name="Tasks may use the network").click()
    expect(outside).to_be_enabled()
    shot(page, "members-network")


def test_a_namespace_is_deleted_by_its_typed_name(visit, server, unique):
    server.json("POST", "/api/namespaces", json={"name": unique})
    server.json("POST", f"/api/v1/namespaces/{unique}/configmaps", json={"metadata": {"name": "held", "finalizers": ["example.com/hold"]}})
    page = visit("admin", "/namespaces?ns=default")
    expect(page.get_by_role("button", name="Delete default")).to_have_count(0)
    page.get_by_role("searchbox").fill(unique)
    page.get_by_role("button", name=f"Delete {unique}").click()
    dialog(page).get_by_label("Its name").fill("another")
    confirm(page, "Delete the namespace")
    expect(dialog(page).get_by_role("alert")).to_contain_text(f"not {unique}")
    assert server.json("GET", f"/api/namespaces/{unique}")["phase"] == "Active"
    shot(page, "namespace-delete")
    dialog(page).get_by_label("Its name").fill(unique)
    confirm(page, "Delete the namespace")
    expect(row(page, unique)).to_contain_text("Terminating")
    expect(page.get_by_role("button", name=f"Delete {unique}")).to_have_count(0)
    shot(page, "namespace-terminating")
    server.json("PATCH", f"/api/v1/namespaces/{unique}/configmaps/held", json={"metadata": {"finalizers": []}},
                headers={"Content-Type": "application/merge-patch+json"})
    expect(row(page, unique)).to_have_count(0)
    page.get_by_role("button", name=re.compile("^Namespace ")).click()
    expect(page.get_by_role("option", name=unique)).to_have_count(0)
    expect(visit("owner", "/namespaces").get_by_role("button", name="Delete team")).to_have_count(0)


def test_own_tokens(visit, server, unique):
    page = visit("editor", "/tokens")
    page.get_by_role("button", name="New token").click()
    form = dialog(page)
    form.get_by_role("textbox", name="Name").fill(unique)
    form.get_by_role("checkbox", name="team").check()
    form.get_by_role("combobox", name="Highest role").select_option("viewer")
    form.get_by_label("Read only").check()
    form.get_by_label("Requests a minute").fill("500")
    shot(page, "token-form")
    confirm(page, "Create token")
    text = page.locator(".token-text pre").inner_text()
    shot(page, "token-shown")
    made = server.json("GET", "/api/session", token=text)
    assert (made["user"], made["namespaces"]) == ("editor", [{"name": "team", "role": "viewer"}])
    record = next(one for one in server.json("GET", "/api/tokens")["tokens"] if one["name"] == unique)
    assert record["read_only"] and record["requests_per_minute"] == 500 and record["role"] == "viewer" and record["expires_at"]
    confirm(page, "I have kept it")
    # A closed dialog has no role any more, and leaves the document a moment later.
    expect(page.locator("dialog")).to_have_count(0)
    assert text not in page.content()
    page.reload()
    settle(page)
    expect(row(page, unique)).to_contain_text("read only")
    expect(row(page, unique).locator("td").nth(3)).not_to_have_text("never")
    assert text not in page.content()
    row(page, unique).get_by_role("button", name="Revoke").click()
    confirm(page, "Revoke")
    expect(row(page, unique)).to_have_count(0)
    assert server.request("GET", "/api/session", token=text).status_code == 401
    page.get_by_role("checkbox", name=re.compile("have? ?ended|has ended")).check()
    expect(row(page, unique)).to_contain_text("revoked")


def test_administrators_make_users_and_their_tokens(visit, server, unique):
    page = visit("admin", "/users")
    page.get_by_role("button", name="New user").click()
    dialog(page).get_by_role("textbox", name="Name").fill(unique)
    dialog(page).get_by_role("combobox", name="Home namespace").select_option("team")
    dialog(page).get_by_role("combobox", name="Role there").select_option("viewer")
    confirm(page, "Create")
    expect(dialog(page)).to_have_count(0)
    page.get_by_role("searchbox", name="Filter by user").fill(unique)
    expect(page.get_by_role("table", name="Users").locator("tbody tr")).to_have_count(1)
    page.get_by_role("button", name=f"New token for {unique}").click()
    dialog(page).get_by_role("textbox", name="Name").fill("laptop")
    dialog(page).get_by_role("combobox", name="Expires").select_option("date")
    dialog(page).get_by_label("Date", exact=True).fill("2099-01-01")
    confirm(page, "Create token")
    text = page.locator(".token-text pre").inner_text()
    confirm(page, "I have kept it")
    expect(dialog(page)).to_have_count(0)
    assert server.json("GET", "/api/session", token=text)["namespaces"] == [{"name": "team", "role": "viewer"}]
    expect(page.get_by_role("table", name="Tokens").locator("tbody tr")).to_have_count(1)
    page.get_by_role("button", name=f"Delete {unique}").click()
    confirm(page, "Delete")
    expect(page.locator("main")).to_contain_text("No user has this name")
    assert server.request("GET", "/api/session", token=text).status_code == 401


class TestSecrets:
    """Values go in through the browser and never reach it."""

    @pytest.fixture
    def heard(self, visit):
        """A page of the editor, and every text that it has received."""
        bodies = []
        page = visit("editor", "/")
        page.expose_function("heard", lambda text: bodies.append(text))
        page.add_init_script(
            "const ask = window.fetch; window.fetch = async (...all) => { const answer = await ask(...all);"
            " answer.clone().text().then((text) => window.heard(text), () => {}); return answer; };")
        page.goto("/secrets")
        settle(page)
        return page, bodies

    def test_a_secret_is_made_and_its_values_replaced(self, heard, server, unique):
        page, bodies = heard

        def data():
            stored = server.json("GET", f"/api/v1/namespaces/team/secrets/{unique}")
            return {key: base64.b64decode(value).decode() for key, value in stored["data"].items()}

        values = [f"first-{unique}", f"second\nline-{unique}", f"third-{unique}", f"fourth-{unique}"]
        page.get_by_role("button", name="New secret").click()
        dialog(page).get_by_role("textbox", name="Name").fill(unique)
        dialog(page).get_by_role("textbox", name="Key").fill("password")
        dialog(page).get_by_role("textbox", name="Value", exact=True).fill(values[0])
        dialog(page).get_by_role("button", name="Add a key").click()
        dialog(page).get_by_role("textbox", name="Key").last.fill("user.txt")
        dialog(page).get_by_role("textbox", name="Value", exact=True).last.fill(values[1])
        shot(page, "secret-form")
        confirm(page, "Create")
        expect(row(page, unique)).to_contain_text("password")
        assert data() == {"password": values[0], "user.txt": values[1]}

        page.get_by_role("button", name=f"Replace values of {unique}").click()
        expect(dialog(page).get_by_label("Value of password")).to_have_value("")
        dialog(page).get_by_label("Value of password").fill(values[2])
        dialog(page).get_by_role("button", name="Remove user.txt").click()
        dialog(page).get_by_role("button", name="Add a key").click()
        dialog(page).get_by_role("textbox", name="Key").last.fill("extra")
        dialog(page).get_by_role("textbox", name="Value", exact=True).fill(values[3])
        shot(page, "secret-replace")
        confirm(page, "Replace")
        expect(row(page, unique)).to_contain_text("extra")
        assert data() == {"password": values[2], "extra": values[3]}

        page.reload()
        settle(page)
        received = "\n".join(bodies)
        assert unique in received and '"extra"' in received
        for value in values:
            told = [value, base64.b64encode(value.encode()).decode()]
            assert not [one for one in told if one in received or one in page.content()], value

        page.get_by_role("button", name=f"Delete {unique}").click()
        confirm(page, "Delete")
        expect(row(page, unique)).to_have_count(0)
        assert server.request("GET", f"/api/v1/namespaces/team/secrets/{unique}").status_code == 404

    def test_the_routes_tell_no_value(self, server, people, unique):
        path, value = "/api/namespaces/team/secrets", f"value-{unique}"

        def ask(method, path, status, **rest):
            answer = server.request(method, path, token=people.editor, **rest)
            assert answer.status_code == status, answer.text
            assert value not in answer.text and base64.b64encode(value.encode()).decode() not in answer.text
            return answer

        made = ask("POST", path, 201, json={"name": unique, "type": "kubernetes.io/basic-auth", "values": {"password": value}}).json()
        assert made["keys"] == ["password"] and made["type"] == "kubernetes.io/basic-auth"
        ask("POST", path, 409, json={"name": unique, "values": {"password": value}})
        for body in ({"values": {}}, {"values": [value]}, {"values": {"a": 1}}, {"values": {"not a key": value}}, {}):
            ask("PATCH", f"{path}/{unique}", 400, json=body)
        ask("PATCH", f"{path}/not-there", 404, json={"values": {"a": value}})
        assert ask("PATCH", f"{path}/{unique}", 200, json={"values": {"b": value, "password": None}}).json()["keys"] == ["b"]
        # What a client has put into an annotation is no part of the list either.
        server.json("PATCH", f"/api/v1/namespaces/team/secrets/{unique}", headers={"Content-Type": "application/merge-patch+json"},
                    json={"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": value}}})
        ask("POST", path, 201, json={"name": f"{unique}-2", "values": {"a": value}})
        first = ask("GET", path, 200, params={"limit": 1}).json()
        rest = ask("GET", path, 200, params={"after": first["next"]}).json()
        names = [one["name"] for one in first["secrets"] + rest["secrets"]]
        assert names == sorted(names) and {unique, f"{unique}-2"} <= set(names) and "next" not in rest
        ask("DELETE", f"{path}/{unique}", 204)
        ask("DELETE", f"{path}/{unique}", 404)


def test_config_maps(visit, server, unique):
    path = f"/api/v1/namespaces/team/configmaps/{unique}"
    page = visit("editor", "/config-maps")
    page.get_by_role("button", name="New config map").click()
    dialog(page).get_by_role("textbox", name="Name").fill(unique)
    dialog(page).get_by_role("textbox", name="Key").fill("epochs")
    dialog(page).get_by_role("textbox", name="Value", exact=True).fill("20")
    confirm(page, "Create")
    expect(row(page, unique)).to_contain_text("epochs")
    page.get_by_role("button", name=f"Edit {unique}").click()
    dialog(page).get_by_label("Value of epochs").fill("30")
    confirm(page, "Save")
    expect(row(page, unique)).to_contain_text("30")
    assert server.json("GET", path)["data"] == {"epochs": "30"}
    expect(visit("viewer", "/config-maps").locator("tbody tr", has_text=unique)).to_contain_text("30")
    page.get_by_role("button", name=f"Delete {unique}").click()
    confirm(page, "Delete")
    expect(row(page, unique)).to_have_count(0)
    assert server.request("GET", path).status_code == 404


def test_a_config_map_that_somebody_else_has_changed(visit, server, unique):
    path = f"/api/v1/namespaces/team/configmaps/{unique}"
    server.json("POST", "/api/v1/namespaces/team/configmaps", json={"metadata": {"name": unique}, "data": {"a": "1"}})
    page = visit("editor", "/config-maps", expected="status of 40[19]")
    page.get_by_role("button", name=f"Edit {unique}").click()
    server.json("PATCH", path, json={"data": {"a": "2"}}, headers={"Content-Type": "application/merge-patch+json"})
    dialog(page).get_by_label("Value of a").fill("3")
    confirm(page, "Save")
    expect(dialog(page).get_by_role("alert")).to_contain_text("Somebody has changed it")
    assert server.json("GET", path)["data"] == {"a": "2"}


def event(name, **fields):
    return {"metadata": {"name": name}, "involvedObject": {"kind": "Pod", "name": f"pod-of-{name}", "namespace": "team"},
            "reason": "Scheduled", "message": "Placed on this machine.", "type": "Normal", "count": 1,
            "lastTimestamp": "2030-01-01T10:00:00Z", **fields}


def test_activity_is_live(visit, server, unique):
    events = "/api/v1/namespaces/team/events"
    page = visit("viewer", "/activity")
    live = page.locator(".live")
    expect(live).to_have_text("Live")
    server.json("POST", events, json=event(unique))
    entry = page.locator(".timeline-row", has_text=f"pod-of-{unique}")
    expect(entry).to_contain_text("Placed on this machine.")
    server.json("PATCH", f"{events}/{unique}", json={"count": 7, "type": "Warning"}, headers={"Content-Type": "application/merge-patch+json"})
    expect(entry).to_contain_text("7 times")
    page.get_by_role("radio", name="Warnings").check(force=True)
    expect(entry).to_be_visible()
    page.get_by_role("radio", name="Runs").check(force=True)
    expect(entry).to_have_count(0)
    page.get_by_role("radio", name="All").check(force=True)
    shot(page, "activity-live")
    server.request("DELETE", f"{events}/{unique}")
    expect(entry).to_have_count(0)


def test_activity_goes_on_after_the_stream_was_lost(visit, server, unique):
    page = visit("viewer", "/", expected="status of 401|net::ERR_")
    refused = []

    def lose(route):
        if len(refused) < 2:
            refused.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    page.route("**/events?watch=true*", lose)
    page.goto("/activity")
    expect(page.locator(".live")).to_have_text("Trying to reach the server")
    expect(page.locator(".live")).to_have_text("Live")
    assert len(refused) == 2
    server.json("POST", "/api/v1/namespaces/team/events", json=event(unique))
    expect(page.locator(".timeline-row", has_text=f"pod-of-{unique}")).to_be_visible()


class TestQuotas:
    """The kind is answered by the test: what the page makes of it does not depend on who counts."""

    HARD = {"cpu": "4", "memory": "8Gi", "pods": "2", "count/models": "5", "weight": "2"}
    COUNTED = {"metadata": {"name": "quota"}, "spec": {"hard": HARD}, "status": {
        "hard": HARD, "used": {"cpu": "500m", "memory": "7516192768", "pods": "2", "count/models": "1"}}}

    def answered(self, page, quotas, served=True):
        sent = []

        def answer(route):
            if route.request.method == "GET":
                return route.fulfill(json={"kind": "ResourceQuotaList", "metadata": {"resourceVersion": "1"}, "items": quotas})
            sent.append((route.request.method, route.request.url, route.request.headers.get("content-type"), route.request.post_data_json))
            return route.fulfill(json={})

        page.route("**/api/v1", lambda route: route.fulfill(json={"resources": [{"name": "resourcequotas"}] if served else []}))
        page.route(re.compile("/resourcequotas"), answer)
        page.goto("/quotas")
        settle(page)
        return sent

    def test_none_are_kept(self, visit):
        page = visit("admin")
        self.answered(page, [], served=False)
        expect(page.locator("main")).to_contain_text("No quotas on this server")
        expect(page.get_by_role("button", name="Set a quota")).to_have_count(0)

    def test_none_is_set(self, visit):
        page = visit("admin")
        sent = self.answered(page, [])
        expect(page.locator("main")).to_contain_text("No quota set")
        page.get_by_role("button", name="Set a quota").click()
        dialog(page).get_by_label("CPU").fill("much")
        confirm(page, "Apply")
        assert dialog(page).get_by_label("CPU").evaluate("(input) => input.validity.patternMismatch")
        dialog(page).get_by_label("CPU").fill("2500m")
        dialog(page).get_by_label("Running tasks").fill("10")
        shot(page, "quota-form")
        confirm(page, "Apply")
        expect(dialog(page)).to_have_count(0)
        (method, url, kind, body), = sent
        assert method == "PATCH" and "/namespaces/team/resourcequotas/quota?" in url and "fieldManager=" in url
        assert kind == "application/apply-patch+yaml"
        assert body == {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "quota"}, "spec": {"hard": {"cpu": "2500m", "pods": "10"}}}

    def test_use_is_shown_and_limits_are_taken_away(self, visit):
        page = visit("admin")
        sent = self.answered(page, [self.COUNTED])
        expect(page.get_by_role("meter", name="CPU")).to_have_attribute("aria-valuenow", "13")
        expect(page.get_by_role("meter", name="Memory")).to_have_attribute("aria-valuetext", "7.0 GiB of 8.0 GiB")
        expect(page.locator(".usage-row", has_text="Running tasks")).to_contain_text("used up")
        shot(page, "quotas-counted")
        page.get_by_role("button", name="Change quota").click()
        dialog(page).get_by_label("Memory").fill("")
        dialog(page).get_by_label("Models").fill("6")
        confirm(page, "Apply")
        expect(dialog(page)).to_have_count(0)
        assert [kind for _, _, kind, _ in sent] == ["application/apply-patch+yaml", "application/merge-patch+json"]
        assert sent[0][3]["spec"]["hard"] == {"cpu": "4", "pods": "2", "count/models": "6", "weight": "2"}
        assert sent[1][3] == {"spec": {"hard": {"memory": None}}}

    def test_a_viewer_sees_and_does_not_set(self, visit):
        page = visit("viewer")
        self.answered(page, [self.COUNTED])
        expect(page.get_by_role("meter")).to_have_count(4)
        expect(page.get_by_role("button", name="Change quota")).to_have_count(0)


def test_a_quota_is_set_and_removed_on_the_server(visit, server):
    path = "/api/v1/namespaces/team/resourcequotas"
    if "resourcequotas" not in [kind["name"] for kind in server.json("GET", "/api/v1")["resources"]]:
        pytest.skip("the server does not keep quotas")
    page = visit("admin", "/quotas?ns=team")
    page.get_by_role("button", name="Set a quota").click()
    dialog(page).get_by_label("CPU").fill("2")
    confirm(page, "Apply")
    expect(page.get_by_role("meter", name="CPU")).to_be_visible()
    (quota,) = server.json("GET", path)["items"]
    assert quota["spec"]["hard"] == {"cpu": "2"}
    page.get_by_role("button", name="Change quota").click()
    dialog(page).get_by_label("CPU").fill("")
    dialog(page).get_by_label("Running tasks").fill("3")
    confirm(page, "Apply")
    expect(page.get_by_role("meter", name="Running tasks")).to_be_visible()
    (quota,) = server.json("GET", path)["items"]
    assert quota["spec"]["hard"] == {"pods": "3"}
    page.get_by_role("button", name="Remove").click()
    confirm(page, "Remove")
    expect(page.locator("main")).to_contain_text("No quota set")
    assert server.json("GET", path)["items"] == []


def test_audit(visit, server, people, unique):
    for number in range(55):
        server.request("DELETE", f"/api/v1/namespaces/team/configmaps/{unique}-{number}", token=people.editor)
    server.request("DELETE", f"/api/v1/namespaces/elsewhere/configmaps/{unique}", token=people.foreign)
    page = visit("admin", "/audit")
    expect(page.locator("tbody tr", has_text=f"{unique}-54")).to_have_count(1)
    page.get_by_label("Namespace of the entries").select_option("team")
    page.get_by_role("searchbox").fill("editor")
    expect(page.locator("tbody tr", has_text=unique)).to_have_count(50)
    page.get_by_role("button", name="Next").click()
    expect(page.locator("tbody tr", has_text=f"{unique}-4").first).to_be_visible()
    expect(page.locator("tbody tr", has_text=f"{unique}-54")).to_have_count(0)
    page = visit("owner", "/audit")
    expect(page.locator("tbody tr", has_text=f"{unique}-54")).to_have_count(1)
    expect(page.locator("main")).not_to_contain_text("elsewhere")


@pytest.mark.parametrize("text,number", [
    ("4", 4), ("500m", 0.5), ("2.5", 2.5), ("1k", 1000), ("8Gi", 8 * 2**30), ("100M", 100e6), ("1e3", 1000), ("0", 0), ("7516192768", 7516192768),
    ("", None), ("much", None), ("8 Gi", None), ("8gi", None), ("1.2.3", None)])
def test_quantities(anonymous, text, number):
    assert anonymous.evaluate("async (text) => (await import('/js/quantities.js')).quantity(text)", text) == number


@pytest.mark.parametrize("tls,page,end", [
    (None, "http://127.0.0.1:8080", None),
    ({"url": "https://127.0.0.1:8443", "ca": "PEM"}, "http://127.0.0.1:8080", {"server": "https://127.0.0.1:8443", "ca": "PEM"}),
    ({"url": "https://127.0.0.1:8443", "ca": "PEM"}, "http://flow.example:8080", {"server": "https://flow.example:8443", "ca": "PEM"}),
    ({"url": "https://flow.example:8443"}, "http://10.0.0.1:8080", {"server": "https://flow.example:8443", "ca": None}),
    ({"url": "https://127.0.0.1:8443", "ca": "PEM"}, "https://flow.example:8443", {"server": "https://flow.example:8443", "ca": "PEM"}),
    ({"url": "https://127.0.0.1:8443", "ca": "PEM"}, "https://flow.example", {"server": "https://flow.example", "ca": None}),
    (None, "https://flow.example", {"server": "https://flow.example", "ca": None}),
])
def test_where_kubectl_reaches_the_server(anonymous, tls, page, end):
    """Through a proxy that ends TLS, clients trust what they trust elsewhere; else the server's own authority."""
    answer = anonymous.evaluate("async ([tls, page]) => (await import('/js/parts/kubeconfig.js')).tlsEnd(tls, new URL(page))", [tls, page])
    assert answer == end
