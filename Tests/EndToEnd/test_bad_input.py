"""Bad input: the right status, a message that names the place, and a server that goes on as before."""

import json
import socket
import urllib.parse

import pytest
import yaml
from kfp import compiler

import kfp2_pipelines as pipelines



@pytest.fixture(autouse=True)
def still_works(server):
    """After each of these tests the server answers and knows as many pipelines as before (plus none of the bad)."""
    before = pipeline_count(server)
    yield
    assert server.request("GET", "/readyz").status_code == 200
    assert pipeline_count(server) == before


def pipeline_count(server):
    return server.json("GET", "/apis/v2beta1/pipelines", params={"page_size": 1}).get("total_size", 0)


def upload(server, content, name="bad.yaml", version="v2beta1", **rest):
    return server.request(
        "POST", f"/apis/{version}/pipelines/upload", params={"name": f"bad-{abs(hash(content))}"},
        files={"uploadfile": (name, content)}, **rest)


def refused(answer, status, *words):
    assert answer.status_code == status, f"{answer.status_code} {answer.text[:1000]}"
    body = answer.json()
    assert {"error", "code", "message"} <= body.keys(), body
    for word in words:
        assert word.lower() in body["message"].lower(), f"{word!r} is not in {body['message']!r}"


@pytest.fixture
def ir(tmp_path):
    """A good PipelineSpec, to be broken in one place."""
    path = tmp_path / "hello.yaml"
    compiler.Compiler().compile(pipelines.hello, str(path))
    return yaml.safe_load(path.read_text())


@pytest.fixture
def argo(server, kfp1):
    return yaml.safe_load(kfp1(server, "compile", pipeline="hello")["yaml"])


# Pipelines

@pytest.mark.parametrize("content, words", [
    ("a: [1, 2", ["line"]),
    ("key: value\n  other: wrong\n", ["line 2"]),
    ("", []),
    ("just text", []),
    ("kind: Deployment\napiVersion: apps/v1\n", []),
    ("\x00\x01\x02", []),
])
def test_malformed_yaml(server, content, words):
    refused(upload(server, content), 400, *words)


def test_a_broken_archive(server):
    refused(upload(server, b"PK\x03\x04 this is not a zip", "bad.zip"), 400)
    refused(upload(server, b"\x1f\x8b\x08 neither gzip", "bad.tar.gz"), 400)


def test_cycle(server, ir):
    tasks = ir["root"]["dag"]["tasks"]
    first, second = sorted(tasks)
    tasks[first]["dependentTasks"] = [second]
    tasks[second]["dependentTasks"] = [first]
    refused(upload(server, yaml.safe_dump(ir)), 400, "cycle", first)


def test_cycle_v1(server, argo):
    dag = next(t for t in argo["spec"]["templates"] if "dag" in t)["dag"]
    for task, other in (("first", "second"), ("second", "first")):
        next(t for t in dag["tasks"] if t["name"] == task)["dependencies"] = [other]
    refused(upload(server, yaml.safe_dump(argo)), 400, "cycle", "first")


def test_reference_to_nothing(server, ir, argo):
    ir["root"]["dag"]["tasks"]["say"]["componentRef"]["name"] = "comp-nowhere"
    refused(upload(server, yaml.safe_dump(ir)), 400, "comp-nowhere")
    next(t for t in argo["spec"]["templates"] if "dag" in t)["dag"]["tasks"][0]["template"] = "nowhere"
    refused(upload(server, yaml.safe_dump(argo)), 400, "nowhere")


def test_unknown_construct(server, ir, argo):
    ir["root"]["dag"]["tasks"]["say"]["sparkles"] = {"on": True}
    refused(upload(server, yaml.safe_dump(ir)), 501, "sparkles", "say")
    next(t for t in argo["spec"]["templates"] if "container" in t)["fireworks"] = {"on": True}
    refused(upload(server, yaml.safe_dump(argo)), 501, "fireworks")


def test_missing_parameter(server, client, tmp_path):
    path = tmp_path / "conditions.yaml"
    compiler.Compiler().compile(pipelines.conditions, str(path))
    import kfp_server_api
    experiment = client.create_experiment("tests").experiment_id
    with pytest.raises(kfp_server_api.ApiException) as error:
        client.run_pipeline(experiment, "without n", str(path))
    assert error.value.status == 400
    message = json.loads(error.value.body)["message"]
    assert "n" in message.replace('"', " ").replace("'", " ").replace(":", " ").split()


def test_unknown_parameter_and_wrong_type(server, client, tmp_path):
    path = tmp_path / "conditions.yaml"
    compiler.Compiler().compile(pipelines.conditions, str(path))
    spec = yaml.safe_load(path.read_text())
    experiment = client.create_experiment("tests").experiment_id

    def create(parameters):
        return server.request("POST", "/apis/v2beta1/runs", json={
            "display_name": "bad", "experiment_id": experiment, "pipeline_spec": spec,
            "runtime_config": {"parameters": parameters}})

    refused(create({"n": 1, "typo": 2}), 400, "typo")
    refused(create({"n": "not a number"}), 400, "n")


# Requests

def test_malformed_json(server):
    answer = server.request(
        "POST", "/apis/v2beta1/runs", data='{"display_name": ', headers={"Content-Type": "application/json"})
    refused(answer, 400, "line 1")


def test_unknown_ids(server):
    for path in ("/apis/v2beta1/runs/none", "/apis/v2beta1/pipelines/none", "/apis/v2beta1/experiments/none",
                 "/apis/v1beta1/runs/none", "/apis/v1beta1/pipelines/none", "/api/artifacts/999999999"):
        refused(server.request("GET", path), 404)
    for path in ("/apis/v2beta1/nothing/of/the/kind", "/apis/v2beta1/nothing/here", "/apis/v1beta1/nothing"):
        refused(server.request("GET", path), 404)
    assert server.request("PUT", "/apis/v2beta1/healthz").status_code == 405


def test_bad_filter_sort_and_page(server):
    for query in ("filter=%7Bnot+json", "sort_by=no_such_field", "sort_by=%20", "sort_by=name%20up", "sort_by=name%20asc%20x", "page_token=broken", "page_size=-1"):
        refused(server.request("GET", f"/apis/v2beta1/runs?{query}"), 400)


def raw(server, head, body=b"", then_close=False):
    """Sends bytes as they are and returns the answer's first bytes."""
    address = urllib.parse.urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode() + body)
        if then_close:
            return b""
        return connection.recv(65536)


def test_body_over_the_limit_is_refused_before_it_is_sent(server):
    head = (f"POST /apis/v2beta1/runs HTTP/1.1\nHost: x\nAuthorization: Bearer {server.token}\n"
            f"Content-Type: application/json\nContent-Length: {1 << 40}\n\n")
    assert b" 413 " in raw(server, head).splitlines()[0]


def test_headers_over_the_limit(server):
    head = "GET /healthz HTTP/1.1\nHost: x\n" + "".join(f"X-{i}: {'y' * 1000}\n" for i in range(2000)) + "\n"
    try:
        answer = raw(server, head)
    except (ConnectionResetError, BrokenPipeError):
        return  # Refused while still sending.
    assert b" 431 " in answer.splitlines()[0]


@pytest.mark.parametrize("head", [
    "NONSENSE\n\n",
    "GET / HTTP/9.9\nHost: x\n\n",
    "POST /apis/v2beta1/runs HTTP/1.1\nHost: x\nContent-Length: twelve\n\n",
    "POST /apis/v2beta1/runs HTTP/1.1\nHost: x\nContent-Length: 3\nTransfer-Encoding: chunked\n\n",
    "GET /healthz HTTP/1.1\n\n",
])
def test_malformed_requests(server, head):
    line = raw(server, head).splitlines()[0]
    assert line.split(b" ")[1][:1] in (b"4", b"5") and not line.split(b" ")[1] == b"500"


def test_truncated_upload(server):
    """The connection ends in the middle of an upload: nothing of it is kept."""
    head = (f"POST /apis/v2beta1/pipelines/upload?name=truncated HTTP/1.1\nHost: x\n"
            f"Authorization: Bearer {server.token}\nContent-Type: multipart/form-data; boundary=b\n"
            f"Content-Length: 100000\n\n")
    body = b'--b\r\nContent-Disposition: form-data; name="uploadfile"; filename="p.yaml"\r\n\r\npipelineInfo:'
    raw(server, head, body, then_close=True)
    named = json.dumps({"predicates": [{"operation": 1, "key": "display_name", "stringValue": "truncated"}]})
    assert not server.json("GET", "/apis/v2beta1/pipelines", params={"filter": named}).get("pipelines")
    # A whole body whose multipart text breaks off is an error too.
    answer = server.request(
        "POST", "/apis/v2beta1/pipelines/upload?name=truncated", data=body,
        headers={"Content-Type": "multipart/form-data; boundary=b"})
    refused(answer, 400)


# Tokens

@pytest.mark.parametrize("headers", [
    {}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}, {"Authorization": "Basic YTpi"},
    {"Authorization": "Bearer " + "x" * 5000}, {"Cookie": "monoflow_session=wrong"},
])
def test_bad_tokens(server, headers):
    for path in ("/apis/v2beta1/runs", "/api/session", "/v2/models/digits"):
        answer = server.request("GET", path, token=None, headers=headers)
        assert answer.status_code == 401, f"{path}: {answer.status_code}"
    for path in ("/healthz", "/readyz"):
        assert server.request("GET", path, token=None).status_code == 200


# Models

def infer(server, model, **tensor):
    body = {"inputs": [{"name": "X", "datatype": "FP32", "shape": [1, 64], "data": [0.0] * 64, **tensor}]}
    return server.request("POST", f"/v2/models/{model}/infer", json=body)


def test_unknown_model_and_version(server, deployed_model):
    assert infer(server, "nowhere").status_code == 404
    assert "nowhere" in infer(server, "nowhere").json()["error"]
    answer = server.request("POST", f"/v2/models/{deployed_model.name}/versions/9999/infer", json={"inputs": []})
    assert answer.status_code == 404


@pytest.mark.parametrize("tensor, word", [
    ({"shape": [1, 63], "data": [0.0] * 63}, "63"),
    ({"shape": [64], "data": [0.0] * 64}, "shape"),
    ({"shape": [2, 64]}, "64"),
    ({"shape": [-1, 64]}, "shape"),
    ({"shape": [1 << 40, 64]}, ""),
    ({"datatype": "INT64", "data": [0] * 64}, "INT64"),
    ({"datatype": "FP99"}, "FP99"),
    ({"name": "Z"}, "Z"),
    ({"data": ["text"] * 64}, ""),
    ({"data": None}, ""),
])
def test_wrong_tensors(server, deployed_model, tensor, word):
    answer = infer(server, deployed_model.name, **tensor)
    assert answer.status_code == 400, f"{answer.status_code} {answer.text[:500]}"
    assert word in answer.json()["error"]
    good = infer(server, deployed_model.name)
    assert good.status_code == 200


def test_a_model_that_is_none(server, deployed_model, unique):
    """What cannot be loaded is not deployed, and changes nothing that is."""
    answer = server.request("PUT", f"/api/models/{unique}/versions/next", data=b"this is not ONNX")
    assert answer.status_code == 400 and answer.json()["message"]
    assert server.request("GET", f"/api/models/{unique}").status_code == 404
    before = server.json("GET", f"/api/models/{deployed_model.name}")
    assert server.request(
        "PUT", f"/api/models/{deployed_model.name}/versions/next", data=b"neither").status_code == 400
    after = server.json("GET", f"/api/models/{deployed_model.name}")
    assert after["default_version"] == before["default_version"]
    assert infer(server, deployed_model.name).status_code == 200


def test_steps_that_cannot_start(server, start_package):
    """An image that maps to no environment fails its step with words that help."""
    from kfp import dsl

    @dsl.container_component
    def foreign():
        return dsl.ContainerSpec(image="registry.example/unknown/image:1", command=["true"])

    @dsl.pipeline(name="unknown-image")
    def pipeline():
        foreign()

    graph = server.wait(start_package(pipeline))
    assert graph.state == "Failed"
    assert "registry.example/unknown/image:1" in graph.one("foreign")["message"]


def test_an_output_that_is_missing(server, start_package):
    from kfp import dsl

    @dsl.container_component
    def forgetful(out: dsl.OutputPath(str)):
        return dsl.ContainerSpec(image="alpine", command=["sh", "-c", "true"], args=[out])

    @dsl.pipeline(name="missing-output")
    def pipeline():
        pipelines.say(text=forgetful().outputs["out"])

    graph = server.wait(start_package(pipeline))
    assert graph.state == "Failed"
    assert "out" in graph.one("forgetful")["message"]
