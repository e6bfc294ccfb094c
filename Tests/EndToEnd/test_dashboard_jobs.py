"""The dashboard's pages about jobs, cron jobs and pods, in headless Chromium against a running server.

As in test_dashboard.py, a console error or a violation of the policy fails a test.
"""

import re

import dashboard
import pytest
from dashboard import confirm, dialog, row, settle, shot, sign_in
from playwright.sync_api import expect

from gate import SHELL

JOBS = "/apis/batch/v1/namespaces/team/jobs"
CRON_JOBS = "/apis/batch/v1/namespaces/team/cronjobs"
PODS = "/api/v1/namespaces/team/pods"


@pytest.fixture(scope="module")
def chromium():
    with dashboard.browser() as browser:
        yield browser


@pytest.fixture
def visit(chromium, server, people):
    """`visit(role, path)`: a page of that user of the namespace `team`, signed in."""
    with dashboard.visits(chromium, server, people) as open_page:
        yield lambda role, path="/jobs", **options: open_page(role, path + ("&" if "?" in path else "?") + "ns=team", **options)


def template(script="true", port=None):
    main = {"name": "main", "image": "alpine", "command": ["bash", "-c", SHELL + script]}
    if port:
        main["env"] = [{"name": "PORT", "value": str(port)}]
    return {"restartPolicy": "Never", "containers": [main]}


def make_job(server, name, *of, **spec):
    return server.json("POST", JOBS, json={"metadata": {"name": name}, "spec": {"template": {"spec": template(*of)}, **spec}})


def make_cron(server, name, schedule="0 0 1 1 *", **spec):
    job = {"metadata": {"labels": {"made-by": name}}, "spec": {"template": {"spec": template()}}}
    return server.json("POST", CRON_JOBS, json={"metadata": {"name": name}, "spec": {"schedule": schedule, "jobTemplate": job, **spec}})


@pytest.mark.parametrize("role,shows", [("admin", "writes"), ("owner", "writes"), ("editor", "writes"), ("viewer", "reads"), ("predict", "nothing")])
def test_what_each_role_sees(visit, server, unique, role, shows):
    make_cron(server, unique)
    page = visit(role, "/jobs?kind=cronjobs")
    expect(page.locator("main .forbidden")).to_have_count(1 if shows == "nothing" else 0)
    expect(row(page, unique)).to_have_count(0 if shows == "nothing" else 1)
    buttons = page.get_by_role("main").get_by_role("button", name=re.compile(f"^Create from YAML|{unique}$"))
    expect(buttons).to_have_count(4 if shows == "writes" else 0)
    server.request("DELETE", f"{CRON_JOBS}/{unique}")


def test_a_job_is_shown_while_it_runs(visit, server, gate, unique):
    page = visit("viewer")
    expect(page.locator(".live")).to_have_text("Live")
    make_job(server, unique, "gate begun; echo done", gate.port, completions=2)
    expect(row(page, unique)).to_contain_text("Running")
    expect(row(page, unique)).to_contain_text("0/2")
    gate.wait("begun")
    shot(page, "jobs-running")
    gate.open("begun")
    expect(row(page, unique)).to_contain_text("2/2")
    expect(row(page, unique)).to_contain_text("Succeeded")
    page.get_by_role("link", name=unique).click()
    expect(page.get_by_role("table", name="Pods").locator("tbody tr")).to_have_count(2)
    expect(row(page, unique).first).to_contain_text("Completed")
    assert f"kind=pods&text={unique}" in page.url


def test_a_job_that_fails_says_why(visit, server, unique):
    make_job(server, unique, "exit 3", None, backoffLimit=0)
    page = visit("viewer")
    expect(row(page, unique)).to_contain_text("BackoffLimitExceeded")
    row(page, unique).get_by_role("link").click()
    row(page, unique).get_by_role("link").first.click()
    expect(page.locator(".facts")).to_contain_text("Exit code3")
    expect(page.get_by_role("link", name=unique, exact=True)).to_have_attribute("href", f"/jobs?kind=jobs&text={unique}")


def test_jobs_and_pods_are_deleted_after_a_question(visit, server, gate, unique):
    make_job(server, unique, "gate held", gate.port)
    gate.wait("held")
    page = visit("editor")
    page.get_by_role("button", name=f"Delete {unique}").click()
    confirm(page, "Cancel")
    expect(row(page, unique)).to_have_count(1)
    page.get_by_role("button", name=f"Delete {unique}").click()
    confirm(page, "Delete")
    expect(row(page, unique)).to_have_count(0)
    assert server.request("GET", f"{JOBS}/{unique}").status_code == 404
    page.get_by_role("radio", name="Pods").check(force=True)
    expect(page.get_by_role("radio", name="Pods")).to_be_checked()
    expect(row(page, unique)).to_have_count(0)


def test_a_cron_job_runs_now_and_is_suspended(visit, server, unique):
    cron = make_cron(server, unique, "30 4 29 2 *", timeZone="Europe/Berlin")
    page = visit("editor", "/jobs?kind=cronjobs")
    expect(row(page, unique)).to_contain_text("Europe/Berlin")
    shot(page, "jobs-cron")
    page.get_by_role("button", name=f"Suspend {unique}").click()
    expect(row(page, unique)).to_contain_text("Suspended")
    assert server.json("GET", f"{CRON_JOBS}/{unique}")["spec"]["suspend"] is True
    page.get_by_role("button", name=f"Resume {unique}").click()
    expect(page.get_by_role("button", name=f"Suspend {unique}")).to_be_visible()
    assert server.json("GET", f"{CRON_JOBS}/{unique}")["spec"]["suspend"] is False

    page.get_by_role("button", name=f"Run now {unique}").click()
    expect(page.get_by_role("status").filter(has_text=f"{unique}-manual-")).to_be_visible()
    (job,) = [one for one in server.json("GET", JOBS)["items"] if one["metadata"]["name"].startswith(unique)]
    (owner,) = job["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"], owner["controller"]) == ("CronJob", unique, cron["metadata"]["uid"], True)
    assert job["metadata"]["annotations"]["cronjob.kubernetes.io/instantiate"] == "manual"
    assert job["metadata"]["labels"]["made-by"] == unique
    page.get_by_role("link", name=unique, exact=True).click()
    expect(row(page, f"{unique}-manual-")).to_contain_text("Succeeded")

    page.goto("/jobs?kind=cronjobs")
    page.get_by_role("button", name=f"Delete {unique}").click()
    confirm(page, "Delete")
    expect(row(page, unique)).to_have_count(0)


def test_a_pods_log_is_followed(visit, server, gate, unique):
    made = server.json("POST", PODS, json={"metadata": {"name": unique}, "spec": template("echo first line; gate a; echo second line", gate.port)})
    gate.wait("a")
    server.json("POST", "/api/v1/namespaces/team/events", json={
        "metadata": {"name": unique}, "reason": "Noticed", "message": "Somebody looks.", "type": "Normal",
        "involvedObject": {"kind": "Pod", "name": unique, "namespace": "team", "uid": made["metadata"]["uid"]}})
    page = visit("editor", f"/jobs/pods/{unique}")
    log = page.get_by_role("log")
    expect(log).to_have_text("first line\n")
    expect(page.locator(".page-title .badge")).to_have_text("Running")
    shot(page, "pod-running")
    gate.open("a")
    expect(log).to_have_text("first line\nsecond line\n")
    expect(page.locator(".page-title .badge")).to_have_text("Succeeded")
    expect(page.locator(".log-status")).to_have_text("End of the log")
    expect(page.get_by_role("table", name="Conditions")).to_contain_text("PodCompleted")
    expect(page.locator(".timeline-row").first).to_contain_text("Somebody looks.")
    page.get_by_role("button", name="Delete").click()
    confirm(page, "Delete")
    expect(page.get_by_role("radio", name="Pods")).to_be_checked()
    expect(row(page, unique)).to_have_count(0)


def test_a_pod_that_goes_while_it_is_looked_at(visit, server, unique):
    server.json("POST", PODS, json={"metadata": {"name": unique}, "spec": template("echo kept")})
    page = visit("viewer", f"/jobs/pods/{unique}")
    expect(page.get_by_role("log")).to_have_text("kept\n")
    expect(page.get_by_role("button", name="Delete")).to_have_count(0)
    server.request("DELETE", f"{PODS}/{unique}")
    expect(page.locator(".page-title")).to_contain_text("deleted")
    expect(page.get_by_role("log")).to_have_text("kept\n")
    page.goto(f"/jobs/pods/{unique}-other")
    expect(page.locator("main")).to_contain_text("There is no such pod")


def test_create_from_yaml(visit, server, unique):
    page = visit("editor", expected="status of 4(01|22)")
    page.get_by_role("button", name="Create from YAML").click()
    document = dialog(page).get_by_label("Document")
    shot(page, "jobs-yaml")
    for text, complaint in [
        ("kind: Deployment\n", "Deployment is another"), ("metadata: {}\n", "names no kind"), ('{"metadata": {"kind": "Job"}}', "names no kind"), ("kind: Job\n---\nkind: Job\n", "has several"),
        (f"apiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: {unique}}}\nspec: {{schedule: daily}}\n", "spec.jobTemplate"),
    ]:
        document.fill(text)
        confirm(page, "Create")
        expect(dialog(page).get_by_role("alert")).to_contain_text(complaint)
    document.fill(f"""# A pod of one line
apiVersion: v1
kind: Pod
metadata:
  name: {unique}
spec:
  restartPolicy: Never
  containers:
    - name: main
      image: alpine
      command: [echo, hello]
""")
    confirm(page, "Create")
    expect(dialog(page)).to_have_count(0)
    expect(page.get_by_role("radio", name="Pods")).to_be_checked()
    expect(row(page, unique)).to_contain_text("Succeeded")
    for kind in ("Jobs", "Cron jobs", "Pods"):
        page.get_by_role("radio", name=kind, exact=True).check(force=True)
        settle(page)
        before = page.locator("tbody tr").count()
        page.get_by_role("button", name="Create from YAML").click()
        confirm(page, "Create")
        expect(dialog(page)).to_have_count(0)
        expect(page.locator("tbody tr")).to_have_count(before + 1)
    server.request("DELETE", f"{CRON_JOBS}/hello")


def test_nothing_there_and_nothing_fitting(visit, server, unique):
    make_cron(server, unique)
    page = visit("viewer", "/jobs?kind=cronjobs")
    page.get_by_role("searchbox").fill("nothing-of-this-name")
    expect(page.locator("main")).to_contain_text("Nothing fits the filter")
    server.request("DELETE", f"{CRON_JOBS}/{unique}")
    for one in server.json("GET", CRON_JOBS)["items"]:
        server.request("DELETE", f"{CRON_JOBS}/{one['metadata']['name']}")
    expect(page.locator("main")).to_contain_text("No cron jobs")


@pytest.mark.parametrize("scheme,width", [("light", 1280), ("dark", 1280), ("light", 400), ("dark", 400)])
def test_pages_fit_their_window(visit, server, unique, scheme, width):
    make_cron(server, unique, "*/5 8-18 * * mon-fri", timeZone="America/Argentina/Buenos_Aires")
    make_job(server, f"{unique}-of-a-name-that-is-nearly-as-long-as-names-may-be", "exit 1", None, backoffLimit=0)
    make_job(server, f"{unique}-suspended", "true", None, suspend=True)
    server.json("POST", PODS, json={"metadata": {"name": unique}, "spec": template("echo " + "word " * 200)})
    page = visit("editor", width=width, scheme=scheme)
    for name, path in [("jobs", "/jobs"), ("cronjobs", "/jobs?kind=cronjobs"), ("pods", "/jobs?kind=pods"), ("pod", f"/jobs/pods/{unique}")]:
        page.goto(path)
        settle(page)
        expect(page.get_by_text(unique).first).to_be_visible()
        if name == "pod":
            expect(page.locator(".page-title .badge")).to_have_text("Succeeded")
            expect(page.get_by_role("log")).to_contain_text("word")
        shot(page, f"{name}-{scheme}-{width}")
        wider = page.evaluate("[document.scrollingElement, document.querySelector('main')].map((e) => e.scrollWidth - e.clientWidth)")
        assert wider == [0, 0], f"{name} is wider than {width}"
    server.request("DELETE", f"{CRON_JOBS}/{unique}")


@pytest.mark.parametrize("schedule,zone,after,end", [
    ("*/15 * * * *", None, "2030-01-01T10:07:30Z", "2030-01-01T10:15:00Z"),
    ("@hourly", None, "2030-01-01T10:00:00Z", "2030-01-01T11:00:00Z"),
    ("0 6 * * *", None, "2030-01-01T10:00:00Z", None),
    ("0 6 * * *", "Europe/Berlin", "2030-01-01T10:00:00Z", "2030-01-02T05:00:00Z"),
    ("30 9 * * *", "Asia/Kolkata", "2030-01-01T00:00:00Z", "2030-01-01T04:00:00Z"),
    # The clock leaps over half past two, and shows it twice.
    ("30 2 * * *", "Europe/Berlin", "2030-03-30T12:00:00Z", "2030-04-01T00:30:00Z"),
    ("30 2 * * *", "Europe/Berlin", "2030-10-27T00:30:00Z", "2030-10-27T01:30:00Z"),
    ("0 0 29 2 *", "Etc/UTC", "2097-01-01T00:00:00Z", "2104-02-29T00:00:00Z"),
    ("0 0 30 feb *", "Etc/UTC", "2030-01-01T00:00:00Z", None),
    ("0 12 13 * fri", "Etc/UTC", "2030-01-01T00:00:00Z", "2030-01-04T12:00:00Z"),
    ("5/20 0 * jan-mar 7", "Etc/UTC", "2030-01-06T00:26:00Z", "2030-01-06T00:45:00Z"),
    ("@every 1h30m", None, "2030-01-01T00:00:00Z", "2030-01-01T01:30:00Z"),
    ("0 0 * * *", "Nowhere/There", "2030-01-01T00:00:00Z", None),
    ("61 * * * *", "Etc/UTC", "2030-01-01T00:00:00Z", None),
    ("5-1 * * * *", "Etc/UTC", "2030-01-01T00:00:00Z", None),
])
def test_the_next_time_of_a_schedule(chromium, server, schedule, zone, after, end):
    with dashboard.visitor(chromium, server.url) as page:
        found = page.evaluate(
            """async ([schedule, zone, after]) => {
                const at = (await import('/js/cron.js')).nextTime(schedule, { zone, after: Date.parse(after) });
                return at === null ? null : new Date(at).toISOString().replace('.000', '');
            }""", [schedule, zone, after])
    assert found == end
