"""The talk's pipelines through both SDKs, to a model that answers right."""

import io
import sys

import pytest

from conftest import run_demo
from server_process import REPOSITORY, artifacts, parameters

NEEDED_ACCURACY = 0.95


def graph_of(server, result):
    from server_process import Graph
    return Graph(server, server.json("GET", f"/api/runs/{result['run_id']}/graph"))


def test_kfp2(server, finished_run):
    result = finished_run.result
    assert result["state"] == "SUCCEEDED" and result["accuracy"] >= NEEDED_ACCURACY
    graph = graph_of(server, result)
    assert [graph.one(task)["state"] for task in ("ingest", "train-svm", "convert", "deploy")] == ["Succeeded"] * 4
    model = artifacts(graph.one("convert"))["onnx"]
    assert model["type"] == "system.Model"
    assert server.json("GET", f"/api/artifacts/{model['id']}")["metadata"]["trainer"] == "svm"
    assert int(parameters(graph.one("deploy"))["Output"]) == result["version"]


def test_kfp1(server):
    result = run_demo(server, 1, model="digits-v1")
    assert result["state"] == "Succeeded" and result["accuracy"] >= NEEDED_ACCURACY
    graph = graph_of(server, result)
    assert [graph.one(task)["state"] for task in ("ingest", "train", "convert", "deploy")] == ["Succeeded"] * 4
    bucket = parameters(graph.one("ingest"))["ingest-bucket"]
    assert parameters(graph.one("train"), "inputs")["ingest-bucket"] == bucket
    assert bucket.startswith("digits-v1/")


@pytest.mark.parametrize("sdk", [1, 2])
def test_swapped_trainer(server, sdk):
    result = run_demo(server, sdk, "swapped", model=f"digits-swapped-{sdk}")
    assert result["accuracy"] >= NEEDED_ACCURACY
    log = graph_of(server, result)
    trainer = log.one("train" if sdk == 1 else "train-forest")
    assert "RandomForestClassifier" in log.log(trainer)


@pytest.mark.parametrize("sdk", [1, 2])
def test_added_step(server, sdk):
    result = run_demo(server, sdk, "validated", model=f"digits-validated-{sdk}")
    assert result["accuracy"] >= NEEDED_ACCURACY
    graph = graph_of(server, result)
    added = graph.one("validate")
    assert "1347 images are valid" in graph.log(added)
    trainer = graph.one("train" if sdk == 1 else "train-svm")
    assert trainer["depends_on"] == [added["id"]]
    assert trainer["started_at"] >= added["finished_at"]


def test_held_out_images_are_the_ones_the_client_recomputes(server, finished_run):
    import numpy
    sys.path.insert(0, str(REPOSITORY / "examples/talk"))
    import run_demo as demo
    graph = graph_of(server, finished_run.result)
    kept = artifacts(graph.one("ingest"))["held_out"]
    content = server.request("GET", f"/api/artifacts/{kept['id']}/content")
    data = numpy.load(io.BytesIO(content.content))
    images, labels = demo.held_out_images(seed=7)
    assert numpy.array_equal(data["images"], images) and numpy.array_equal(data["labels"], labels)


def test_the_next_version_replaces_the_first_and_both_answer(server, deployed_model):
    """A second deployment adds a version; the first stays addressable."""
    graph = server.json("GET", "/api/artifacts", params={"page_size": 200})
    assert graph["artifacts"]
    model = server.json("GET", f"/api/models/{deployed_model.name}")
    source = next(v for v in model["versions"] if int(v["version"]) == deployed_model.version)
    onnx = next(a for a in graph["artifacts"] if a.get("digest") == source["digest"])
    added = server.json("POST", f"/api/models/{deployed_model.name}/versions", json={"artifact_id": onnx["id"]})
    newest = max(int(v["version"]) for v in added["versions"])
    assert newest > deployed_model.version and int(added["default_version"]) == newest
    body = {"inputs": [{"name": "X", "datatype": "FP32", "shape": [1, 64], "data": [0.0] * 64}]}
    answers = []
    for path in (f"/versions/{deployed_model.version}", f"/versions/{newest}", ""):
        answer = server.json("POST", f"/v2/models/{deployed_model.name}{path}/infer", json=body)
        answers.append((answer["model_version"], [o["data"] for o in answer["outputs"]]))
    assert [int(version) for version, _ in answers] == [deployed_model.version, newest, newest]
    assert answers[0][1] == answers[1][1] == answers[2][1]
    assert server.request("DELETE", f"/api/models/{deployed_model.name}/versions/{newest}").status_code == 204
    gone = server.request("POST", f"/v2/models/{deployed_model.name}/versions/{newest}/infer", json=body)
    assert gone.status_code == 404
    back = server.json("POST", f"/v2/models/{deployed_model.name}/infer", json=body)
    assert int(back["model_version"]) == deployed_model.version
