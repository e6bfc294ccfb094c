"""What the tests do with the kfp 1.8 SDK, run as `python kfp1_actions.py ACTION` in the 1.8 environment.

Arguments come as one JSON object on standard input (`host`, `token` and the action's own); the result is the last
line of standard output. The assertions on the result are the caller's.
"""

import json
import pathlib
import sys
import tarfile
import tempfile
import warnings
import zipfile

warnings.filterwarnings("ignore")

import kfp
import kfp_server_api
from kfp import compiler

from kfp1_pipelines import PIPELINES


def package(directory, pipeline, suffix=".yaml"):
    path = str(pathlib.Path(directory) / f"{pipeline}{suffix}")
    compiler.Compiler().compile(PIPELINES[pipeline], path)
    return path


def predicate(key, text):
    return json.dumps({"predicates": [{"op": 1, "key": key, "stringValue": text}]})


def nodes_of(client, run_id):
    """The nodes of `pipeline_runtime.workflow_manifest`, as v1's own dashboards read them."""
    manifest = json.loads(client.get_run(run_id).pipeline_runtime.workflow_manifest)
    return manifest["status"]["nodes"]


def compile_pipeline(_, pipeline, **unused):
    with tempfile.TemporaryDirectory() as directory:
        return {"yaml": pathlib.Path(package(directory, pipeline)).read_text()}


def run(client, pipeline, arguments=None, experiment="tests", wait=300):
    """Runs a pipeline from its package; with `wait` (seconds) to its end."""
    with tempfile.TemporaryDirectory() as directory:
        experiment_id = client.create_experiment(experiment).id
        started = client.run_pipeline(experiment_id, pipeline, package(directory, pipeline), params=arguments or {})
    result = {"run_id": started.id, "experiment_id": experiment_id}
    if wait:
        detail = client.wait_for_run_completion(started.id, wait)
        result.update(status=detail.run.status, error=detail.run.error, nodes=nodes_of(client, started.id),
                      created=str(detail.run.created_at), finished=str(detail.run.finished_at))
    return result


def run_by_function(client, pipeline, arguments=None):
    result = client.create_run_from_pipeline_func(
        PIPELINES[pipeline], arguments=arguments or {}, run_name="by function", experiment_name="tests")
    detail = result.wait_for_run_completion(300)
    return {"run_id": result.run_id, "status": detail.run.status}


def pipelines(client, name):
    """Uploads as yaml, zip and tar.gz, with versions; lists, looks up, deletes."""
    seen = {}
    with tempfile.TemporaryDirectory() as directory:
        uploaded = {}
        for suffix in (".yaml", ".zip", ".tar.gz"):
            label = name + suffix.replace(".", "-")
            uploaded[suffix] = client.upload_pipeline(
                package(directory, "hello", suffix), pipeline_name=label, description="about " + suffix).id
        seen["uploaded"] = uploaded
        first = uploaded[".yaml"]
        # Before the second version, which becomes the default one.
        got = client.get_pipeline(first)
        seen["name"], seen["description"] = got.name, got.description
        seen["parameters"] = [[p.name, p.value] for p in (got.parameters or [])]
        version = client.upload_pipeline_version(
            package(directory, "failing"), pipeline_version_name=f"{name}-v2", pipeline_id=first)
        seen["version_id"] = version.id
    seen["by_name"] = client.get_pipeline_id(f"{name}-yaml")
    seen["by_missing_name"] = client.get_pipeline_id(f"{name}-nowhere")
    seen["versions"] = sorted(v.name for v in client.list_pipeline_versions(first, page_size=10).versions)

    names, token = [], ""
    while True:
        page = client.list_pipelines(page_token=token, page_size=2, sort_by="name asc")
        assert len(page.pipelines or []) <= 2
        names += [p.name for p in page.pipelines or []]
        token = page.next_page_token
        if not token:
            break
    seen["listed"] = [n for n in names if n.startswith(name)]

    experiment = client.create_experiment("tests").id
    by_pipeline = client.run_pipeline(experiment, "by pipeline", pipeline_id=uploaded[".zip"], params={"text": "zipped"})
    by_version = client.run_pipeline(experiment, "by version", version_id=version.id)
    seen["by_pipeline"] = client.wait_for_run_completion(by_pipeline.id, 120).run.status
    seen["by_version"] = client.wait_for_run_completion(by_version.id, 120).run.status
    seen["by_pipeline_manifest_parameters"] = [
        [p.name, p.value] for p in client.get_run(by_pipeline.id).run.pipeline_spec.parameters or []]

    client.delete_pipeline_version(version.id)
    seen["versions_after_delete"] = [v.name for v in client.list_pipeline_versions(first, page_size=10).versions or []]
    for pipeline_id in uploaded.values():
        client.delete_pipeline(pipeline_id)
    try:
        client.get_pipeline(first)
        seen["get_deleted"] = 200
    except kfp_server_api.ApiException as error:
        seen["get_deleted"] = error.status
    return seen


def experiments(client, name):
    """Create (twice: the same one comes back), list, archive, unarchive, delete."""
    seen = {}
    created = client.create_experiment(name, description="of the 1.8 client")
    seen["id"], seen["again"] = created.id, client.create_experiment(name).id
    seen["found"] = client.get_experiment(experiment_name=name).id
    listed = client.list_experiments(page_size=100, sort_by="created_at desc").experiments
    seen["listed"] = [e.name for e in listed]
    seen["filtered"] = [e.name for e in client.list_experiments(filter=predicate("name", name)).experiments]
    client.archive_experiment(created.id)
    seen["archived"] = client.get_experiment(experiment_id=created.id).storage_state
    client._experiment_api.unarchive_experiment(created.id)
    seen["unarchived"] = client.get_experiment(experiment_id=created.id).storage_state
    client.delete_experiment(created.id)
    try:
        client.get_experiment(experiment_name=name)
        seen["after_delete"] = "found"
    except ValueError:
        seen["after_delete"] = "missing"
    return seen


def runs(client, name):
    """Lists with filter, sort and pages; archives, unarchives, deletes."""
    seen = {}
    with tempfile.TemporaryDirectory() as directory:
        hello = package(directory, "hello")
        experiment = client.create_experiment(name).id
        ids = [client.run_pipeline(experiment, f"{name}-{i}", hello, params={"text": str(i)}).id for i in range(5)]
    seen["ids"] = ids
    seen["statuses"] = [client.wait_for_run_completion(i, 120).run.status for i in ids]

    names, token = [], ""
    while True:
        page = client.list_runs(page_token=token, page_size=2, sort_by="name desc", experiment_id=experiment)
        names.append([r.name for r in page.runs or []])
        token = page.next_page_token
        if not token:
            break
    seen["pages"] = names
    seen["by_time"] = [r.id for r in client.list_runs(page_size=10, sort_by="created_at asc", experiment_id=experiment).runs]
    seen["filtered"] = [r.id for r in client.list_runs(
        page_size=10, experiment_id=experiment, filter=predicate("name", f"{name}-3")).runs]

    client._run_api.archive_run(ids[0])
    seen["archived"] = client.get_run(ids[0]).run.storage_state
    client._run_api.unarchive_run(ids[0])
    seen["unarchived"] = client.get_run(ids[0]).run.storage_state
    client._run_api.delete_run(ids[0])
    try:
        client.get_run(ids[0])
        seen["get_deleted"] = 200
    except kfp_server_api.ApiException as error:
        seen["get_deleted"] = error.status
    seen["left"] = len(client.list_runs(page_size=10, experiment_id=experiment).runs)
    return seen


def terminate(client, run_id):
    client._run_api.terminate_run(run_id)
    detail = client.wait_for_run_completion(run_id, 60)
    return {"status": detail.run.status, "nodes": nodes_of(client, run_id)}


ACTIONS = {
    "compile": compile_pipeline, "run": run, "run_by_function": run_by_function, "pipelines": pipelines,
    "experiments": experiments, "runs": runs, "terminate": terminate,
}


def main():
    arguments = json.load(sys.stdin)
    host, token = arguments.pop("host"), arguments.pop("token")
    action = ACTIONS[sys.argv[1]]
    client = None if action is compile_pipeline else kfp.Client(host=host, existing_token=token)
    print(json.dumps(action(client, **arguments)), flush=True)


main()
