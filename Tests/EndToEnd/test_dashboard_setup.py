"""The page that sets up a new server from the browser, on a server of its own."""

import dashboard
import pytest
import requests
import yaml
from dashboard import dialog, settle, shot, sign_in
from playwright.sync_api import expect
from server_process import REPOSITORY, Server


@pytest.fixture(scope="module")
def new_server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("setup") / "data", "setup", ["--tls-listen", "127.0.0.1:0"]).start()
    yield server
    assert server.stop() == 0, server.tail()


@pytest.fixture(scope="module")
def chromium():
    with dashboard.browser() as browser:
        yield browser


def step(page, title):
    return page.locator(".setup-step", has=page.get_by_role("heading", name=title))


def test_a_new_server_is_set_up_from_the_browser(chromium, new_server):
    with dashboard.visitor(chromium, new_server.url) as page:
        sign_in(page, new_server.token)
        expect(page).to_have_url(f"{new_server.url}/setup")
        expect(page.locator("main h1")).to_have_text("Set up the server")
        shot(page, "setup-new")

        step(page, "A namespace for a team").get_by_role("textbox", name="Name").fill("research")
        page.get_by_role("button", name="Create namespace").click()
        expect(step(page, "A namespace for a team")).to_have_attribute("data-done", "true")
        expect(page.get_by_role("button", name="Namespace research")).to_be_visible()
        assert "research" in [one["name"] for one in new_server.json("GET", "/api/namespaces")["namespaces"]]

        people = step(page, "People")
        people.get_by_role("textbox", name="User").fill("ada@example.org")
        expect(people.get_by_role("combobox", name="Namespace")).to_have_value("research")
        page.get_by_role("button", name="Invite").click()
        token = page.locator(".token-text pre").inner_text()
        shot(page, "setup-invited")
        dialog(page).get_by_role("button", name="I have kept it").click()
        expect(step(page, "People")).to_have_attribute("data-done", "true")
        expect(dialog(page)).to_have_count(0)
        assert token not in page.content()
        session = new_server.json("GET", "/api/session", token=token)
        assert (session["user"], session["namespaces"]) == ("ada@example.org", [{"name": "research", "role": "editor"}])

        with page.expect_download() as waiting:
            page.get_by_role("button", name="Download a kubeconfig").click()
        config = yaml.safe_load(open(waiting.value.path()))
        check_kubeconfig(config, new_server)

        page.get_by_role("button", name="Run the sample pipeline").click()
        expect(page.locator(".graph .node").first).to_be_visible()
        run = page.url.rsplit("/", 1)[1]
        graph = new_server.wait(run).succeeded()
        assert graph.run["namespace"] == "research" and len(graph.steps("square")) == 3
        assert "Hello, Monoflow!" in graph.log(graph.one("greet"))

        page.goto("/")
        settle(page)
        expect(page.locator("main h1")).to_have_text("Overview")
        page.locator(".user-button").click()
        page.get_by_role("link", name="Set up the server").click()
        expect(page.locator(".setup-step[data-done=true]")).to_have_count(5)


def check_kubeconfig(config, server):
    """What kubectl makes of it: the server's address and authority, and a token that is the admin's."""
    import base64
    cluster, user, context = (config[kind][0] for kind in ("clusters", "users", "contexts"))
    authority = server.data / "ca-of-the-kubeconfig.crt"
    authority.write_bytes(base64.b64decode(cluster["cluster"]["certificate-authority-data"]))
    assert context["context"]["namespace"] == "research" and config["current-context"] == context["name"]
    answer = requests.get(
        f"{cluster['cluster']['server']}/api/v1/namespaces/research/configmaps", verify=str(authority), timeout=30,
        headers={"Authorization": f"Bearer {user['user']['token']}"})
    assert answer.status_code == 200, answer.text


def test_the_page_can_be_put_away(chromium, tmp_path):
    server = Server(tmp_path / "data", "setup-away").start()
    try:
        with dashboard.visitor(chromium, server.url) as page:
            sign_in(page, server.token)
            expect(page.locator("main")).to_contain_text("monoflow serve --tls-listen")
            page.get_by_role("button", name="Put this page away").click()
            expect(page.locator("main h1")).to_have_text("Overview")
            page.reload()
            settle(page)
            expect(page.locator("main h1")).to_have_text("Overview")
            page.locator(".user-button").click()
            page.get_by_role("link", name="Set up the server").click()
            expect(page.locator("main h1")).to_have_text("Set up the server")
    finally:
        assert server.stop() == 0, server.tail()


def test_the_sample_is_what_its_source_compiles_to(tmp_path):
    import importlib.util

    from kfp import compiler
    source = importlib.util.spec_from_file_location("hello", REPOSITORY / "examples/hello/pipeline.py")
    module = importlib.util.module_from_spec(source)
    source.loader.exec_module(module)
    compiler.Compiler().compile(module.hello, str(tmp_path / "hello.yaml"))
    compiled, kept = (yaml.safe_load(open(path)) for path in (tmp_path / "hello.yaml", REPOSITORY / "Public/sample-pipeline.yaml"))
    del compiled["sdkVersion"], kept["sdkVersion"]
    assert compiled == kept
