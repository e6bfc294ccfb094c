"""Step logs: live while the step runs, complete afterwards."""

import kfp2_pipelines as pipelines


def test_follow_is_live_and_ends_with_the_task(server, start_package, gate):
    run_id = start_package(pipelines.waiting, {"port": gate.port, "lines": 3})
    gate.wait("middle")
    graph = server.json("GET", f"/api/runs/{run_id}/graph")
    node = next(n for n in graph["nodes"] if n["task_name"] == "gated")
    assert node["state"] == "Running"
    path = f"/apis/v1alpha1/runs/{run_id}/nodes/{node['id']}/log"
    with server.request("GET", path, params={"follow": "true"}, stream=True, timeout=60) as answer:
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain")
        lines = answer.iter_lines(decode_unicode=True)
        assert [next(lines) for _ in range(3)] == ["line 1", "line 2", "line 3"]
        gate.open("middle")
        # The rest arrives without another request, and the stream ends because the task does.
        assert list(lines) == ["line 4", "line 5", "line 6"]
    done = server.wait(run_id).succeeded()
    assert done.log(done.one("gated")) == "".join(f"line {i}\n" for i in range(1, 7))


def test_follow_after_the_end_answers_all_of_it(server, start_package):
    run_id = start_package(pipelines.hello, {"text": "complete"})
    graph = server.wait(run_id).succeeded()
    node = graph.one("first")
    answer = server.request("GET", f"/apis/v1alpha1/runs/{run_id}/nodes/{node['id']}/log", params={"follow": "true"})
    assert answer.text == "complete\n"


def test_the_watch_tells_of_changes_and_of_the_end(server, start_package, gate):
    run_id = start_package(pipelines.waiting, {"port": gate.port})
    gate.wait("middle")
    events = []
    for event, data in server.watch(run_id):
        events.append(event)
        if len(events) == 1:
            gate.open("middle")
        if event == "end":
            break
    assert events[-1] == "end" and "changed" in events[:-1]
    # A watch of an ended run ends at once.
    assert [event for event, _ in server.watch(run_id, timeout=20)][-1] == "end"


def test_unknown_ids(server, start_package):
    run_id = start_package(pipelines.hello)
    server.wait(run_id).succeeded()
    for path in (f"/apis/v1alpha1/runs/{run_id}/nodes/nowhere/log", "/apis/v1alpha1/runs/nowhere/nodes/x/log"):
        answer = server.request("GET", path)
        assert answer.status_code == 404 and answer.json()["message"]
