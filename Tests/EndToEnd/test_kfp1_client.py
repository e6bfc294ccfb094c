"""The 1.8 SDK's client against the server: everything it can do with pipelines, experiments and runs."""


def containers(nodes):
    return {node["displayName"]: node for node in nodes.values() if node["type"] == "Pod"}


def test_pipelines(server, kfp1, unique):
    seen = kfp1(server, "pipelines", name=unique)
    assert len(set(seen["uploaded"].values())) == 3
    assert (seen["name"], seen["description"]) == (f"{unique}-yaml", "about .yaml")
    assert seen["parameters"] == [["text", "hello"]]
    assert seen["by_name"] == seen["uploaded"][".yaml"] and seen["by_missing_name"] is None
    assert seen["versions"] == [f"{unique}-v2", f"{unique}-yaml"]
    assert seen["listed"] == [f"{unique}-tar-gz", f"{unique}-yaml", f"{unique}-zip"]
    assert (seen["by_pipeline"], seen["by_version"]) == ("Succeeded", "Failed")
    assert seen["by_pipeline_manifest_parameters"] == [["text", "zipped"]]
    assert seen["versions_after_delete"] == [f"{unique}-yaml"]
    assert seen["get_deleted"] == 404


def test_experiments(server, kfp1, unique):
    seen = kfp1(server, "experiments", name=unique)
    assert seen["id"] == seen["again"] == seen["found"]
    assert unique in seen["listed"] and seen["filtered"] == [unique]
    assert "ARCHIVED" in seen["archived"] and "AVAILABLE" in seen["unarchived"]
    assert seen["after_delete"] == "missing"


def test_runs(server, kfp1, unique):
    seen = kfp1(server, "runs", name=unique)
    assert seen["statuses"] == ["Succeeded"] * 5
    assert seen["pages"] == [[f"{unique}-4", f"{unique}-3"], [f"{unique}-2", f"{unique}-1"], [f"{unique}-0"]]
    assert seen["by_time"] == seen["ids"] and seen["filtered"] == [seen["ids"][3]]
    assert "ARCHIVED" in seen["archived"] and "AVAILABLE" in seen["unarchived"]
    assert (seen["get_deleted"], seen["left"]) == (404, 4)


def test_run_from_a_function(server, kfp1):
    assert kfp1(server, "run_by_function", pipeline="hello")["status"] == "Succeeded"


def test_workflow_manifest(server, kfp1):
    """The nodes have the fields that v1's dashboards read, and their ids lead to the logs."""
    run = kfp1(server, "run", pipeline="hello", arguments={"text": "from v1"})
    assert run["status"] == "Succeeded"
    assert run["created"] <= run["finished"]
    nodes = run["nodes"]
    for id, node in nodes.items():
        assert node["id"] == id and node["phase"] == "Succeeded"
        assert node["startedAt"] <= node["finishedAt"]
    assert [node["type"] for node in nodes.values() if node["displayName"].startswith("hello")] == ["DAG"]
    steps = containers(nodes)
    assert set(steps) == {"first", "second"}
    for step in steps.values():
        assert server.log_text(run["run_id"], step["id"]) == "from v1\n"


def test_failed_run(server, kfp1):
    run = kfp1(server, "run", pipeline="failing")
    assert run["status"] == "Failed"
    steps = containers(run["nodes"])
    assert steps["fail"]["phase"] == "Failed" and "7" in steps["fail"]["message"]
    assert "after" not in steps or steps["after"]["phase"] == "Omitted"
    assert "about to fail" in server.log_text(run["run_id"], steps["fail"]["id"])


def test_terminate(server, kfp1, gate):
    run = kfp1(server, "run", pipeline="waiting", arguments={"port": gate.port}, wait=0)
    gate.wait("middle")
    seen = kfp1(server, "terminate", run_id=run["run_id"])
    assert seen["status"] == "Failed"
    assert containers(seen["nodes"])["middle"]["phase"] in ("Failed", "Error")
    assert gate.arrivals["middle"] == 1
