"""Equal steps run once, and dags that fail are made again: by the real SDK, on real processes."""

import pytest

import kfp2_pipelines as pipelines
from server_process import Graph, artifacts, parameters


@pytest.fixture
def counted(server, start_package, gate):
    """Runs the counted pipeline to its end: `counted(text=…, caching=…)` → graph."""
    gate.open("made")
    gate.open("used")

    def run(text="some text", caching=None):
        return server.wait(start_package(
            pipelines.counted_pipeline, {"port": gate.port, "text": text}, caching=caching)).succeeded()

    return run


def test_equal_steps_run_once(server, client, gate, counted):
    first, second = counted(), counted()
    assert gate.arrivals == {"made": 1, "used": 1}
    for name in ("counted", "counted-use"):
        ran, reused = first.one(name), second.one(name)
        assert (ran["attempts"], reused["attempts"]) == (1, 0)
        assert "reused_from" not in ran
        assert reused["reused_from"] == {"run_id": first.run["id"], "node_id": ran["id"]}
        assert parameters(reused) == parameters(ran)
        assert artifacts(reused) == artifacts(ran)
        assert second.log(reused) == ""
    assert parameters(second.one("counted-use")) == {"size": "9"}

    # As KFP's own client sees it.
    tasks = {task.display_name: task for task in client.get_run(second.run["id"]).run_details.task_details}
    assert tasks["counted"].state == tasks["counted-use"].state == "SUCCEEDED"
    assert tasks["counted"].outputs["data"].artifact_ids == [str(artifacts(first.one("counted"))["data"]["id"])]
    raw = server.json("GET", f"/apis/v2beta1/runs/{second.run['id']}")["run_details"]["task_details"]
    noted = next(task for task in raw if task["display_name"] == "counted")
    assert noted["status_metadata"]["message"] == f"reused from run {first.run['id']}" and len(noted["cache_fingerprint"]) == 64

    # What it took over is listed with it, with its maker and both readers.
    listed = server.json("GET", "/api/artifacts", params={"run_id": second.run["id"]})["artifacts"]
    assert [item["name"] for item in listed] == ["data"]
    data = server.json("GET", f"/api/artifacts/{listed[0]['id']}")
    assert data["producer"]["run_id"] == first.run["id"]
    assert [reader["run_id"] for reader in data["consumers"]] == [first.run["id"], second.run["id"]]
    assert server.request("GET", f"/api/artifacts/{data['id']}/content").text == "some text"


def test_without_caching_every_step_runs(gate, counted):
    counted()
    again = counted(caching=False)
    assert gate.arrivals == {"made": 2, "used": 2}
    assert all(again.one(name)["attempts"] == 1 for name in ("counted", "counted-use"))


def test_other_inputs_run_and_equal_content_is_found(gate, counted):
    counted(text="one")
    other = counted(text="two")
    assert gate.arrivals == {"made": 2, "used": 2}
    assert "reused_from" not in other.one("counted-use")


def test_reuse_over_a_restart_and_not_after_deletion(own_server, gate, tmp_path):
    import kfp
    from kfp import compiler
    gate.open("made")
    gate.open("used")
    package = tmp_path / "counted.yaml"
    compiler.Compiler().compile(pipelines.counted_pipeline, str(package))

    def run():
        client = kfp.Client(host=own_server.url, existing_token=own_server.token)
        experiment = client.create_experiment("tests").experiment_id
        run = client.run_pipeline(experiment, "counted", str(package), params={"port": gate.port}).run_id
        return own_server.wait(run).succeeded()

    first = run()
    own_server.kill()
    own_server.start()
    assert run().one("counted")["reused_from"]["run_id"] == first.run["id"]
    assert gate.arrivals == {"made": 1, "used": 1}
    own_server.json("DELETE", f"/apis/v2beta1/runs/{first.run['id']}")
    assert "reused_from" not in run().one("counted")
    assert gate.arrivals == {"made": 2, "used": 2}


@pytest.mark.parametrize("caching, made", [(False, 2), (None, 1)])
def test_a_failed_dag_is_made_again(server, start_package, gate, caching, made):
    """Whole; with caching the next attempt reuses what the one before has done."""
    gate.words["second"] = ["stop"]
    gate.open("first")
    gate.open("second")
    graph = server.wait(start_package(pipelines.retried, {"port": gate.port}, caching=caching)).succeeded()
    assert gate.arrivals == {"first": made, "second": 2}
    (tried,) = [node for node in graph.nodes if node["type"] == "Retry"]
    attempts = graph.children(tried)
    assert [(a["display_name"], a["state"]) for a in attempts] == [("unsteady(0)", "Failed"), ("unsteady(1)", "Succeeded")]
    assert attempts[1]["depends_on"] == [attempts[0]["id"]]
    assert tried["state"] == "Succeeded" and tried["attempts"] == 2
    assert parameters(graph.one("after"), "inputs")["text"] == "second"
    failed = next(node for node in graph.children(attempts[0]) if node["state"] == "Failed")
    assert graph.log(failed) == "told stop\n"


def test_a_dag_is_made_again_after_a_restart(own_server, gate, tmp_path):
    """The server is killed while the next attempt waits."""
    import kfp
    from kfp import compiler
    server = own_server
    gate.words["first"] = ["stop"]
    package = tmp_path / "retried.yaml"
    compiler.Compiler().compile(pipelines.retried, str(package))
    client = kfp.Client(host=server.url, existing_token=server.token)
    experiment = client.create_experiment("tests").experiment_id
    run = client.run_pipeline(experiment, "retried", str(package), params={"port": gate.port}).run_id
    gate.wait("first")
    gate.open("first")
    for _ in server.watch(run):
        graph = Graph(server, server.json("GET", f"/api/runs/{run}/graph"))
        if any(node["display_name"] == "unsteady(1)" for node in graph.nodes):
            break
    server.kill()
    gate.open("second")
    server.start()
    server.wait(run).succeeded()
    assert gate.arrivals == {"first": 2, "second": 1}
