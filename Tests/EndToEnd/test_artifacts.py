"""Artifacts: types, metadata, lineage, bytes and ranges."""

import io
import tarfile

import pytest

import kfp2_pipelines as pipelines
from server_process import Graph, artifacts, parameters


@pytest.fixture(scope="module")
def graph(server, start_package):
    return server.wait(start_package(pipelines.artifacts_pipeline, {"rows": 5}), 600).succeeded()


def fetch(server, artifact, **headers):
    return server.request("GET", f"/api/artifacts/{artifact['id']}/content", headers=headers)


def test_types_and_metadata(server, graph):
    made = artifacts(graph.one("make"))
    assert {name: item["type"] for name, item in made.items()} == {"data": "system.Dataset", "folder": "system.Artifact"}
    data = server.json("GET", f"/api/artifacts/{made['data']['id']}")
    assert data["metadata"] == {"rows": 5, "columns": ["i", "square"]}
    used = artifacts(graph.one("use"))
    assert {name: item["type"] for name, item in used.items()} == {
        "metrics": "system.Metrics", "matrix": "system.ClassificationMetrics", "summary": "system.Markdown",
        "model": "system.Model"}
    assert server.json("GET", f"/api/artifacts/{used['metrics']['id']}")["metadata"] == {"lines": 5}
    assert "confusionMatrix" in server.json("GET", f"/api/artifacts/{used['matrix']['id']}")["metadata"]
    assert parameters(graph.one("use"))["Output"] == "5"


def test_lineage(server, graph):
    make, use = graph.one("make"), graph.one("use")
    data = server.json("GET", f"/api/artifacts/{artifacts(make)['data']['id']}")
    run_id = graph.run["id"]
    assert data["producer"] == {"run_id": run_id, "node_id": make["id"], "task_name": "make"}
    assert data["consumers"] == [{"run_id": run_id, "node_id": use["id"], "task_name": "use"}]
    assert artifacts(use, "inputs")["data"]["id"] == data["id"]


def test_bytes_and_digest(server, graph):
    import hashlib
    data = server.json("GET", f"/api/artifacts/{artifacts(graph.one('make'))['data']['id']}")
    answer = fetch(server, data)
    assert answer.status_code == 200 and answer.text == "0,0\n1,1\n2,4\n3,9\n4,16\n"
    assert data["bytes"] == len(answer.content)
    assert data["digest"].removeprefix("sha256:") == hashlib.sha256(answer.content).hexdigest()
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]


def test_ranges(server, graph):
    model = artifacts(graph.one("use"))["model"]
    whole = fetch(server, model).content
    assert whole == bytes(range(256)) * 64
    part = fetch(server, model, Range="bytes=100-199")
    assert part.status_code == 206 and part.content == whole[100:200]
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole)}"
    assert fetch(server, model, Range="bytes=16000-").content == whole[16000:]
    assert fetch(server, model, Range="bytes=-7").content == whole[-7:]
    beyond = fetch(server, model, Range=f"bytes={len(whole)}-")
    assert beyond.status_code == 416 and beyond.headers["content-range"] == f"bytes */{len(whole)}"


def test_directory_comes_as_an_archive(server, graph):
    folder = server.json("GET", f"/api/artifacts/{artifacts(graph.one('make'))['folder']['id']}")
    assert folder["is_directory"] is True
    with tarfile.open(fileobj=io.BytesIO(fetch(server, folder).content), mode="r:gz") as archive:
        texts = {m.name.removeprefix("./"): archive.extractfile(m).read() for m in archive if m.isfile()}
    assert {name.partition("/")[2] if name.startswith("folder/") else name: text for name, text in texts.items()} == {
        "a.txt": b"A", "sub/b.txt": b"B"}


def test_list_by_run(server, graph):
    listed, token = [], ""
    while True:
        page = server.json("GET", "/api/artifacts", params={
            "run_id": graph.run["id"], "page_size": 2, "page_token": token})
        assert len(page["artifacts"]) <= 2
        listed += page["artifacts"]
        token = page.get("next_page_token")
        if not token:
            break
    assert sorted(a["name"] for a in listed) == ["data", "folder", "matrix", "metrics", "model", "summary"]
    assert len({a["id"] for a in listed}) == 6


def test_v1_artifacts(server, kfp1):
    run = kfp1(server, "run", pipeline="artifacts")
    graph = Graph(server, server.json("GET", f"/api/runs/{run['run_id']}/graph")).succeeded()
    assert graph.log(graph.one("use")) == "1000"
    data = artifacts(graph.one("make"))["make-data"]
    assert fetch(server, data).text == "".join(f"{i}\n" for i in range(1, 1001))
    assert artifacts(graph.one("use"), "inputs")["make-data"]["id"] == data["id"]
    assert artifacts(graph.one("make"))["mlpipeline-metrics"]
