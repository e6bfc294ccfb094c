"""The kfp 2 SDK's client against the server: everything it can do with pipelines, experiments and runs."""

import json

import kfp_server_api
import pytest
from kfp import compiler

import kfp2_pipelines as pipelines
from server_process import Graph


@pytest.fixture
def hello_package(tmp_path):
    path = tmp_path / "hello.yaml"
    compiler.Compiler().compile(pipelines.hello, str(path))
    return str(path)


def named(name, key="display_name"):
    return json.dumps({"predicates": [{"operation": 1, "key": key, "stringValue": name}]})


def status_of(call, *arguments, **named_arguments):
    with pytest.raises(kfp_server_api.ApiException) as error:
        call(*arguments, **named_arguments)
    return error.value.status


def test_pipelines(client, hello_package, tmp_path, unique):
    ids = {}
    for suffix in ("yaml", "zip", "tar.gz"):
        path = tmp_path / f"package.{suffix}"
        pack(hello_package, path, suffix)
        uploaded = client.upload_pipeline(str(path), pipeline_name=f"{unique}-{suffix}", description=f"about {suffix}")
        ids[suffix] = uploaded.pipeline_id
    first = ids["yaml"]
    got = client.get_pipeline(first)
    assert (got.display_name, got.description) == (f"{unique}-yaml", "about yaml")
    assert client.get_pipeline_id(f"{unique}-zip") == ids["zip"]
    assert client.get_pipeline_id(f"{unique}-nowhere") is None

    version = client.upload_pipeline_version_from_pipeline_func(
        pipelines.failing, pipeline_version_name=f"{unique}-two", pipeline_id=first)
    versions = client.list_pipeline_versions(first, page_size=10, sort_by="created_at asc").pipeline_versions
    assert [v.display_name for v in versions] == [f"{unique}-yaml", f"{unique}-two"]
    spec = client.get_pipeline_version(first, version.pipeline_version_id).pipeline_spec
    assert spec["pipelineInfo"]["name"] == "failing"

    names, token = [], ""
    while True:
        page = client.list_pipelines(page_token=token, page_size=2, sort_by="display_name desc")
        assert len(page.pipelines or []) <= 2
        names += [p.display_name for p in page.pipelines or []]
        token = page.next_page_token
        if not token:
            break
    assert [n for n in names if n.startswith(unique)] == [f"{unique}-zip", f"{unique}-yaml", f"{unique}-tar.gz"]
    assert [p.display_name for p in client.list_pipelines(filter=named(f"{unique}-zip")).pipelines] == [f"{unique}-zip"]

    client.delete_pipeline_version(first, version.pipeline_version_id)
    assert len(client.list_pipeline_versions(first, page_size=10).pipeline_versions) == 1
    assert status_of(client.get_pipeline_version, first, version.pipeline_version_id) == 404
    for pipeline_id in ids.values():
        for left in client.list_pipeline_versions(pipeline_id, page_size=10).pipeline_versions:
            client.delete_pipeline_version(pipeline_id, left.pipeline_version_id)
        client.delete_pipeline(pipeline_id)
        assert status_of(client.get_pipeline, pipeline_id) == 404


def pack(source, path, suffix):
    import tarfile
    import zipfile
    if suffix == "yaml":
        path.write_bytes(open(source, "rb").read())
    elif suffix == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(source, "pipeline.yaml")
    else:
        with tarfile.open(path, "w:gz") as archive:
            archive.add(source, "pipeline.yaml")


def test_same_name_twice_is_refused(client, hello_package, unique):
    client.upload_pipeline(hello_package, pipeline_name=unique)
    assert status_of(client.upload_pipeline, hello_package, pipeline_name=unique) == 409


def test_experiments(client, unique):
    created = client.create_experiment(unique, description="of the 2.x client")
    assert client.create_experiment(unique).experiment_id == created.experiment_id
    assert client.get_experiment(experiment_name=unique).experiment_id == created.experiment_id
    listed = client.list_experiments(page_size=100, sort_by="created_at desc").experiments
    assert listed[0].display_name == unique
    assert [e.display_name for e in client.list_experiments(filter=named(unique)).experiments] == [unique]
    client.archive_experiment(created.experiment_id)
    assert client.get_experiment(created.experiment_id).storage_state == "ARCHIVED"
    client.unarchive_experiment(created.experiment_id)
    assert client.get_experiment(created.experiment_id).storage_state == "AVAILABLE"
    client.delete_experiment(created.experiment_id)
    assert status_of(client.get_experiment, created.experiment_id) == 404


def test_runs(client, hello_package, unique):
    experiment = client.create_experiment(unique).experiment_id
    ids = [client.run_pipeline(experiment, f"{unique}-{i}", hello_package, params={"text": str(i)}).run_id for i in range(5)]
    for run_id in ids:
        assert client.wait_for_run_completion(run_id, 120, sleep_duration=1).state == "SUCCEEDED"

    pages, token = [], ""
    while True:
        page = client.list_runs(page_token=token, page_size=2, sort_by="display_name desc", experiment_id=experiment)
        pages.append([r.display_name for r in page.runs or []])
        token = page.next_page_token
        if not token:
            break
    assert pages == [[f"{unique}-4", f"{unique}-3"], [f"{unique}-2", f"{unique}-1"], [f"{unique}-0"]]
    by_time = client.list_runs(page_size=10, sort_by="created_at asc", experiment_id=experiment).runs
    assert [r.run_id for r in by_time] == ids
    filtered = client.list_runs(page_size=10, experiment_id=experiment, filter=named(f"{unique}-3")).runs
    assert [r.run_id for r in filtered] == [ids[3]]
    state = json.dumps({"predicates": [{"operation": 1, "key": "state", "stringValue": "FAILED"}]})
    assert not client.list_runs(page_size=10, experiment_id=experiment, filter=state).runs

    client.archive_run(ids[0])
    assert client.get_run(ids[0]).storage_state == "ARCHIVED"
    client.unarchive_run(ids[0])
    assert client.get_run(ids[0]).storage_state == "AVAILABLE"
    client.delete_run(ids[0])
    assert status_of(client.get_run, ids[0]) == 404
    assert len(client.list_runs(page_size=10, experiment_id=experiment).runs) == 4


def test_run_by_id(client, hello_package, unique):
    pipeline = client.upload_pipeline(hello_package, pipeline_name=unique)
    version = client.list_pipeline_versions(pipeline.pipeline_id).pipeline_versions[0]
    experiment = client.create_experiment("tests").experiment_id
    run = client.run_pipeline(
        experiment, unique, pipeline_id=pipeline.pipeline_id, version_id=version.pipeline_version_id,
        params={"text": "by id"})
    done = client.wait_for_run_completion(run.run_id, 120, sleep_duration=1)
    assert done.state == "SUCCEEDED"
    assert done.pipeline_version_reference.pipeline_version_id == version.pipeline_version_id
    assert done.runtime_config.parameters == {"text": "by id"}


def test_run_from_a_function(client, server):
    result = client.create_run_from_pipeline_func(pipelines.hello, arguments={"text": "f"}, experiment_name="tests")
    assert client.wait_for_run_completion(result.run_id, 120, sleep_duration=1).state == "SUCCEEDED"


def test_task_details(client, server, start_package):
    """One entry per step and per loop iteration, with times; the ids lead to the logs."""
    run_id = start_package(pipelines.loops, {"words": ["alpha", "beta", "gamma"]})
    server.wait(run_id, 600).succeeded()
    details = client.get_run(run_id).run_details.task_details
    words = [d for d in details if d.display_name.startswith("word") and d.display_name != "words"
             and d.start_time is not None and log_of(server, run_id, d) in ("alpha\n", "beta\n", "gamma\n")]
    assert sorted(log_of(server, run_id, d) for d in words) == ["alpha\n", "beta\n", "gamma\n"]
    assert len({d.task_id for d in details}) == len(details)
    for detail in details:
        assert detail.run_id == run_id
        if detail.state == "SUCCEEDED":
            assert detail.create_time <= detail.start_time <= detail.end_time
    graph = Graph(server, server.json("GET", f"/api/runs/{run_id}/graph"))
    steps = {node["id"] for node in graph.nodes if node["type"] == "Container"}
    assert steps <= {d.task_id for d in details}


def log_of(server, run_id, detail):
    answer = server.request("GET", f"/apis/v1alpha1/runs/{run_id}/nodes/{detail.task_id}/log")
    return answer.text if answer.status_code == 200 else None


def test_failed_run(client, server, start_package):
    run_id = start_package(pipelines.failing)
    graph = server.wait(run_id)
    assert graph.state == "Failed"
    bad = graph.one("fail")
    assert bad["state"] == "Failed" and "7" in bad["message"]
    assert graph.states()["say"] in ("Omitted", "Skipped")
    assert "about to fail" in graph.log(bad)
    run = client.get_run(run_id)
    assert run.state == "FAILED"
    assert {d.state for d in run.run_details.task_details if d.display_name == "fail"} == {"FAILED"}


def test_terminate(client, server, start_package, gate):
    run_id = start_package(pipelines.waiting, {"port": gate.port})
    gate.wait("middle")
    assert client.get_run(run_id).state == "RUNNING"
    client.terminate_run(run_id)
    graph = server.wait(run_id, 60)
    assert client.get_run(run_id).state == "CANCELED"
    assert graph.one("gated")["state"] == "Cancelled"
    assert graph.log(graph.one("gated")).startswith("line 1\nline 2\nline 3\n")
    assert not [n for n in graph.steps("say") if n["state"] == "Succeeded"]


def test_path_prefix(server, hello_package):
    """The same API stands under /pipeline, as behind Kubeflow's gateway."""
    import kfp
    prefixed = kfp.Client(host=f"{server.url}/pipeline", existing_token=server.token)
    run = prefixed.create_run_from_pipeline_package(hello_package, experiment_name="tests")
    assert prefixed.wait_for_run_completion(run.run_id, 120, sleep_duration=1).state == "SUCCEEDED"
