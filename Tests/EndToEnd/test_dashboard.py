"""The dashboard in headless Chromium, against a running server with finished runs and one served model.

Screenshots are written to MONOFLOW_TEST_OUTPUT (default .build/screenshots). Every test fails on a console error, an uncaught
exception or a violation of the content security policy.
"""

import pathlib
import re

import dashboard
import kfp2_pipelines as pipelines
import pytest
from dashboard import settle, shot, sign_in
from kfp import compiler
from playwright.sync_api import expect

MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def chromium():
    with dashboard.browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def nested_run(server, start_package):
    """The id of a finished run with a pipeline inside a pipeline, artifacts and metrics."""
    run = start_package(pipelines.nested)
    server.wait(run)
    return run


@pytest.fixture
def anonymous(chromium, server):
    """A fresh browser profile on the login page; complaints of the browser fail the test at its end."""
    with dashboard.visitor(chromium, server.url, 1440, 900) as page:
        yield page


@pytest.fixture
def page(anonymous, server):
    sign_in(anonymous, server.token)
    return anonymous


def nodes_of(page, run):
    return page.request.get(f"/api/runs/{run}/graph").json()["nodes"]


def test_login_refuses_a_wrong_token_and_takes_the_right_one(anonymous, server):
    shot(anonymous, "login")
    anonymous.locator("#token").fill("not-a-token")
    anonymous.get_by_role("button", name="Sign in").click()
    expect(anonymous.get_by_role("alert")).to_contain_text("not known")
    expect(anonymous.get_by_role("navigation", name="Main")).to_have_count(0)
    sign_in(anonymous, server.token)
    settle(anonymous)
    cookies = anonymous.context.cookies()
    assert cookies and all(cookie["httpOnly"] for cookie in cookies)
    assert server.token not in anonymous.evaluate("JSON.stringify(localStorage)")


def test_the_policy_allows_no_inline_code(page):
    policy = page.request.get("/").headers.get("content-security-policy", "")
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "name,path",
    [
        ("home", "/"), ("runs", "/runs"), ("experiments", "/experiments"), ("pipelines", "/pipelines"), ("models", "/models"),
        ("artifacts", "/artifacts"), ("new-run", "/new-run"), ("access", "/access"),
    ],
)
def test_every_list_page_opens_by_its_address(page, finished_run, deployed_model, name, path):
    page.goto(path)
    settle(page)
    expect(page.locator(".failed")).to_have_count(0)
    shot(page, name)
    page.set_viewport_size({"width": 900, "height": 800})
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 900


def test_an_unknown_address_says_so(page):
    page.goto("/no/such/page")
    expect(page.locator("main")).to_contain_text("There is no such page")


def test_runs_list_finds_the_run_and_opens_it(page, finished_run):
    name = page.request.get(f"/apis/v2beta1/runs/{finished_run.id}").json()["display_name"]
    page.get_by_role("link", name="Runs", exact=True).click()
    page.get_by_role("searchbox").fill(name)
    link = page.locator(f'a[href="/runs/{finished_run.id}"]')
    expect(link).to_have_text(name)
    page.get_by_role("searchbox").fill("no run is called like this")
    expect(link).to_have_count(0)
    expect(page.locator("main")).to_contain_text("No run fits the filter")
    page.get_by_role("searchbox").fill(name)
    link.click()
    expect(page.locator("main h1")).to_have_text(name)


def test_links_that_the_sdk_prints_lead_to_the_run(page, nested_run):
    page.goto(f"/#/runs/details/{nested_run}")
    expect(page.locator(".graph .node").first).to_be_visible()
    assert page.url.endswith(f"/runs/{nested_run}")


def test_graph_shows_states_and_opens_groups_by_keyboard(page, nested_run):
    page.goto(f"/runs/{nested_run}")
    settle(page)
    nodes = page.locator(".graph .node")
    expect(nodes.first).to_be_visible()
    expect(page.locator('.graph .node[data-state="Succeeded"]').first).to_be_visible()
    shot(page, "run")

    nodes.first.focus()
    start = nodes.first.get_attribute("data-id")
    page.keyboard.press("ArrowDown")
    below = page.evaluate("document.activeElement.dataset.id")
    assert below not in (None, start)
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.dataset.id") == start
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.id") not in (None, start)

    group = page.locator(".graph .node-group").first
    key = group.get_attribute("data-id")
    group = page.locator(f'.graph .node[data-id="{key}"]')
    group.focus()
    if group.get_attribute("aria-expanded") == "true":
        page.keyboard.press("Space")
    expect(group).to_have_attribute("aria-expanded", "false")
    closed = nodes.count()
    page.keyboard.press("Space")
    expect(group).to_have_attribute("aria-expanded", "true")
    assert nodes.count() > closed
    assert page.evaluate("document.activeElement.dataset.id") == key
    shot(page, "run-expanded")

    page.keyboard.press("Enter")
    expect(page.locator("#details")).to_be_focused()
    expect(page.locator(".details-head h2")).to_be_visible()


def test_a_link_to_a_hidden_step_opens_its_group(page, nested_run):
    nodes = nodes_of(page, nested_run)
    root = next(node for node in nodes if node.get("parent_id") is None)
    step = next(node for node in nodes if node.get("parent_id") not in (None, root["id"]) and node["type"] == "Container")
    page.goto(f"/runs/{nested_run}?node={step['id']}")
    shown = page.locator(f'.graph .node[data-id="{step["id"]}"]')
    expect(shown).to_have_attribute("aria-current", "true")
    expect(shown).to_be_in_viewport()


def test_step_shows_details_values_and_log(page, finished_run):
    def log_of(node):
        text = page.request.get(f"/apis/v1alpha1/runs/{finished_run.id}/nodes/{node['id']}/log").text()
        return [line.strip() for line in re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines() if line.strip()]

    steps = [node for node in nodes_of(page, finished_run.id) if node["type"] == "Container" and node["state"] == "Succeeded"]
    step = next(node for node in steps if log_of(node))
    line = log_of(step)[0]
    page.goto(f"/runs/{finished_run.id}?node={step['id']}&tab=logs")
    expect(page.get_by_role("log")).to_contain_text(line)
    expect(page.locator(".log-status")).to_have_text("End of the log")
    shot(page, "run-log")
    for tab in ["Inputs & outputs", "Artifacts", "Details"]:
        page.get_by_role("tab", name=tab).click()
        expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
        expect(page.locator(".skeleton")).to_have_count(0)
        expect(page.locator(".failed")).to_have_count(0)
    page.get_by_role("radio", name="Steps").check()
    expect(page.get_by_role("table", name="Steps")).to_be_visible()
    shot(page, "run-steps")


def test_a_reused_step_leads_to_the_one_that_ran(page, server, start_package, gate):
    gate.open("made")
    gate.open("used")
    for _ in range(2):
        again = start_package(pipelines.counted_pipeline, {"port": gate.port}, caching=None)
        server.wait(again).succeeded()
    step = next(node for node in nodes_of(page, again) if node["task_name"] == "counted" and node["type"] == "Container")
    source = step["reused_from"]
    page.goto(f"/runs/{again}?node={step['id']}")
    expect(page.locator(f'.graph .node[data-id="{step["id"]}"]')).to_contain_text("reused")
    page.get_by_role("tab", name="Logs").click()
    expect(page.locator("#details")).to_contain_text("the result of an equal one was reused")
    shot(page, "run-reused")
    page.get_by_role("link", name="The log of the step that ran").click()
    expect(page).to_have_url(re.compile(f"/runs/{source['run_id']}.*node={source['node_id']}"))
    expect(page.locator(f'.graph .node[data-id="{source["node_id"]}"]')).to_have_attribute("aria-current", "true")


def test_a_retried_dag_shows_its_attempts_and_no_failed_step(page, server, start_package, gate):
    gate.words["second"] = ["stop"]
    gate.open("first")
    gate.open("second")
    run = start_package(pipelines.retried, {"port": gate.port})
    server.wait(run).succeeded()
    page.goto(f"/runs/{run}")
    settle(page)
    group = next(node for node in nodes_of(page, run) if node["type"] == "Retry")
    expect(page.locator(f'.graph .node[data-id="{group["id"]}"]')).to_be_visible()
    expect(page.locator("#details")).not_to_contain_text("failed step")
    shot(page, "run-retried")
    page.goto(f"/runs/{run}?node={group['id']}")
    expect(page.locator("#details")).to_contain_text("2 attempts")
    expect(page.locator("#details")).to_contain_text("unsteady(1)")


def test_artifact_page_downloads_the_bytes(page, finished_run):
    rows = page.request.get(f"/api/artifacts?run_id={finished_run.id}").json()["artifacts"]
    artifact = next(row for row in rows if row.get("bytes") and not row.get("is_directory"))
    page.goto(f"/artifacts/{artifact['id']}")
    settle(page)
    shot(page, "artifact")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download").click()
    content = pathlib.Path(waiting.value.path()).read_bytes()
    assert content == page.request.get(f"/api/artifacts/{artifact['id']}/content").body()
    assert content


def test_model_answers_the_try_it_form(page, deployed_model):
    page.goto(f"/models/{deployed_model.name}")
    settle(page)
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".try-result .output").first).to_be_visible()
    expect(page.locator(".try-result")).to_contain_text("ms")
    pad = page.locator(".pixel-pad")
    if pad.count():
        box = pad.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 20, steps=12)
        page.mouse.up()
        assert page.locator('.pixel[aria-pressed="true"]').count() >= 8
        assert "16" in page.get_by_role("textbox", name="Request (JSON)").input_value()
        expect(page.locator(".try-result .output").first).to_be_visible()
    shot(page, "model")
    page.get_by_role("textbox", name="Request (JSON)").fill("{ not json")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".try-result")).to_contain_text("not valid JSON")


def test_upload_run_and_watch_a_pipeline(page, unique, tmp_path):
    package = tmp_path / "nested.yaml"
    compiler.Compiler().compile(pipelines.nested, str(package))
    page.goto("/pipelines")
    settle(page)
    page.get_by_role("button", name="Upload pipeline").first.click()
    page.get_by_label("Package", exact=True).set_input_files(package)
    page.get_by_label("Name", exact=True).fill(unique)
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator(".graph .node").first).to_be_visible()
    shot(page, "pipeline")
    page.get_by_role("tab", name="Specification").click()
    expect(page.locator(".yaml")).to_contain_text("schemaVersion")
    shot(page, "pipeline-specification")

    page.get_by_role("link", name="Create run").click()
    number = page.locator('[id="parameter-x"]')
    number.fill("not a number")
    page.get_by_role("button", name="Start run").click()
    expect(page.get_by_role("alert").filter(has_text="whole number")).to_be_visible()
    expect(number).to_be_focused()
    number.fill("3")
    shot(page, "new-run-form")
    page.get_by_role("button", name="Start run").click()
    # The page is never loaded again: the states change by the event stream.
    expect(page.locator(".graph .node").first).to_be_visible()
    expect(page.locator(".page-title .badge")).to_have_text("Succeeded", timeout=300_000)
    expect(page.locator('.graph .node:not([data-state="Succeeded"])')).to_have_count(0)
    expect(page.get_by_role("button", name="Terminate")).to_have_count(0)


def test_compare_shows_two_runs_side_by_side(page, finished_run, nested_run):
    page.goto("/runs")
    settle(page)
    for run in [finished_run.id, nested_run]:
        page.locator("tr", has=page.locator(f'a[href="/runs/{run}"]')).get_by_role("checkbox").check()
    page.get_by_role("button", name="Compare").click()
    table = page.get_by_role("table", name="Comparison")
    expect(table.locator("thead a")).to_have_count(2)
    expect(table).to_contain_text("Metrics")
    shot(page, "compare")


def test_data_never_becomes_markup(page, server, unique):
    markup = f"{unique} {MARKUP}"
    made = page.request.post(
        "/apis/v2beta1/experiments",
        data={"display_name": markup, "description": markup, "namespace": "default"},
        headers={"Authorization": f"Bearer {server.token}", "Origin": server.url},
    )
    assert made.ok, made.text()
    page.goto("/experiments")
    expect(page.get_by_role("link", name=markup).first).to_be_visible()
    assert page.locator("main img").count() == 0


def test_three_hundred_steps_are_laid_out_without_overlap(page):
    result = page.evaluate(
        """async () => {
          const { buildTree, openGroups } = await import('/js/graph/tree.js');
          const { layoutTree } = await import('/js/graph/nest.js');
          let seed = 7;
          const random = () => { seed = (seed * 16807) % 2147483647; return seed / 2147483647; };
          const nodes = [{ id: 'root', parent_id: null, type: 'DAG', task_name: 'root' }];
          for (let i = 0; i < 300; i += 1) {
            const depends_on = i < 5 ? [] : [`n${Math.floor(random() * i)}`, `n${Math.max(0, i - 1 - Math.floor(random() * 9))}`];
            nodes.push({ id: `n${i}`, parent_id: 'root', type: 'Container', task_name: `n${i}`, depends_on });
          }
          const tree = buildTree(nodes);
          const started = performance.now();
          const picture = layoutTree(tree.roots, openGroups(tree, new Map()));
          const milliseconds = performance.now() - started;
          const at = new Map(picture.boxes.map((box) => [box.entry.id, box]));
          const upward = nodes.flatMap((node) => (node.depends_on ?? []).map((from) => [at.get(from), at.get(node.id)]))
            .filter(([from, to]) => from.y + from.height > to.y).length;
          let overlaps = 0;
          for (const a of picture.boxes) for (const b of picture.boxes) {
            if (a !== b && a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height) overlaps += 1;
          }
          return { count: picture.boxes.length, upward, overlaps, milliseconds };
        }"""
    )
    assert result["count"] == 300
    assert result["upward"] == 0
    assert result["overlaps"] == 0
    assert result["milliseconds"] < 2000


def test_theme_switch_is_remembered(page, nested_run):
    page.goto(f"/runs/{nested_run}")
    settle(page)
    page.locator(".user-button").click()
    page.locator('input[name="theme"][value="dark"]').check()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.keyboard.press("Escape")
    page.reload()
    settle(page)
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    shot(page, "run-dark")
    page.goto("/")
    settle(page)
    shot(page, "home-dark")


def test_sign_out_ends_the_session(page):
    page.locator(".user-button").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#token")).to_be_visible()
    assert page.request.get("/api/session").status == 401
    page.goto("/runs")
    expect(page.locator("#token")).to_be_visible()
