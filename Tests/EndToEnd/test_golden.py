"""Data directories of earlier releases, opened by today's binary: all of it is still there and works."""

import hashlib
import json
import tarfile

import pytest

from server_process import REPOSITORY, Graph, Server, onnxruntime_library

GOLDEN = sorted(path for path in (REPOSITORY / "Tests/Golden").glob("*") if path.is_dir())


def test_there_are_golden_directories():
    assert GOLDEN, "make one by scripts/make-golden"


@pytest.fixture(scope="module", params=GOLDEN, ids=lambda path: path.name)
def golden(request, tmp_path_factory):
    """(server on the unpacked data, manifest)"""
    directory = tmp_path_factory.mktemp(f"golden-{request.param.name}")
    with tarfile.open(request.param / "data.tar.gz") as archive:
        archive.extractall(directory, filter="tar")
    library = onnxruntime_library()
    server = Server(
        directory / "data", f"golden-{request.param.name}", ["--onnxruntime", str(library)] if library else []).start()
    yield server, json.loads((request.param / "manifest.json").read_text())
    assert server.stop() == 0, server.tail()


def test_tokens(golden):
    server, manifest = golden
    for token in manifest["tokens"]:
        answer = server.request("GET", "/api/session", token=token["token"])
        assert answer.status_code == token["status"], token["user"]
        if token["status"] == 200:
            session = answer.json()
            assert session["user"] == token["user"]
            assert session["home_namespace"] == token.get("home_namespace", session["home_namespace"])
            assert session["namespaces"] == token.get("namespaces", session["namespaces"])
    names = [n["name"] for n in server.json("GET", "/api/namespaces")["namespaces"]]
    assert set(manifest["namespaces"]) <= set(names)


def test_experiments_and_pipelines(golden):
    server, manifest = golden
    for kept in manifest["experiments"]:
        found = server.json("GET", f"/apis/v2beta1/experiments/{kept['id']}")
        assert (found["display_name"], found["description"]) == (kept["name"], kept["description"])
    for kept in manifest["pipelines"]:
        assert server.json("GET", f"/apis/v2beta1/pipelines/{kept['id']}")["display_name"] == kept["name"]
        versions = server.json("GET", f"/apis/v2beta1/pipelines/{kept['id']}/versions")["pipeline_versions"]
        assert {v["pipeline_version_id"]: v["display_name"] for v in versions} == kept["versions"]
        for version in versions:
            path = f"/api/pipelines/{kept['id']}/versions/{version['pipeline_version_id']}/graph"
            assert server.json("GET", path)["nodes"]


def test_runs_and_logs(golden):
    server, manifest = golden
    for kept in manifest["runs"]:
        graph = Graph(server, server.json("GET", f"/api/runs/{kept['id']}/graph"))
        for key in ("name", "namespace", "state", "created_at", "finished_at"):
            assert graph.run[key] == kept[key]
        found = {node["id"]: node for node in graph.nodes}
        assert found.keys() == {node["id"] for node in kept["nodes"]}
        for node in kept["nodes"]:
            for key in ("task_name", "display_name", "type", "state", "parent_id"):
                assert found[node["id"]].get(key) == node[key]
            assert found[node["id"]].get("reused_from") == node.get("reused_from")
            assert found[node["id"]].get("outputs", {}).get("parameters", []) == node["outputs"]
            if "log" in node:
                assert graph.log(node) == node["log"]
        run = server.json("GET", f"/apis/v2beta1/runs/{kept['id']}")
        assert run["state"] == kept["state"].upper()
        assert run["storage_state"] == ("ARCHIVED" if kept.get("archived") else "AVAILABLE")


def test_artifacts(golden):
    server, manifest = golden
    assert manifest["artifacts"]
    for kept in manifest["artifacts"]:
        found = server.json("GET", f"/api/artifacts/{kept['id']}")
        for key in ("namespace", "name", "type", "digest", "bytes", "producer"):
            assert found[key] == kept[key]
        content = server.request("GET", f"/api/artifacts/{kept['id']}/content").content
        assert hashlib.sha256(content).hexdigest() == kept["sha256"]


def test_models_answer(golden):
    server, manifest = golden
    for kept in manifest["models"]:
        prefix = f"/ns/{kept['namespace']}/v2/models/{kept['name']}"
        for version, outputs in kept["answers"].items():
            answer = server.json("POST", f"{prefix}/versions/{version}/infer", json=kept["request"], timeout=600)
            assert answer["outputs"] == outputs
        answer = server.json("POST", f"{prefix}/infer", json=kept["request"])
        assert str(answer["model_version"]) == str(kept["default_version"])


def test_it_goes_on_working(golden, tmp_path):
    """A new run in an old experiment."""
    import kfp
    from kfp import compiler

    import kfp2_pipelines
    server, manifest = golden
    package = tmp_path / "hello.yaml"
    compiler.Compiler().compile(kfp2_pipelines.hello, str(package))
    client = kfp.Client(host=server.url, existing_token=server.token)
    experiment = next(e for e in manifest["experiments"] if e["namespace"] == "default")["id"]
    server.wait(client.run_pipeline(experiment, "new", str(package)).run_id).succeeded()
