"""`serve --model-repository DIR` serves a folder of NAME/VERSION/model.onnx beside what was deployed."""

import shutil
import time

from server_process import REPOSITORY, Server, onnxruntime_library

FIXTURE = REPOSITORY / "Tests/InferenceTests/Fixtures/identity_fp32.onnx"


def wait_until_ready(server, model, timeout=60):
    """As a client does it: asks until the model says that it is ready."""
    deadline = time.monotonic() + timeout
    while (answer := server.request("GET", f"/v2/models/{model}/ready")).status_code != 200:
        assert answer.status_code == 503 and time.monotonic() < deadline, answer.text
    return answer.json()


def test_model_repository(tmp_path):
    repository = tmp_path / "models"
    for version in ("1", "2"):
        (repository / "same" / version).mkdir(parents=True)
        shutil.copy(FIXTURE, repository / "same" / version / "model.onnx")
    (repository / "broken/1").mkdir(parents=True)
    (repository / "broken/1/model.onnx").write_text("not a model")
    server = Server(
        tmp_path / "data", "model-repository",
        ["--model-repository", str(repository), "--onnxruntime", str(onnxruntime_library())]).start()
    try:
        assert wait_until_ready(server, "same") == {"name": "same", "ready": True}
        metadata = server.json("GET", "/v2/models/same")
        assert metadata["versions"] == ["1", "2"]
        tensor = metadata["inputs"][0]
        shape = [3 if extent == -1 else extent for extent in tensor["shape"]]
        count = 1
        for extent in shape:
            count *= extent
        data = [index + 0.5 for index in range(count)]
        for path, version in (("", "2"), ("/versions/1", "1")):
            answer = server.json("POST", f"/v2/models/same{path}/infer", json={
                "inputs": [{"name": tensor["name"], "datatype": "FP32", "shape": shape, "data": data}]})
            assert answer["model_version"] == version
            assert answer["outputs"][0]["data"] == data
        broken = server.request("GET", "/v2/models/broken/ready")
        assert broken.status_code == 503 and "broken" in broken.text
        states = {m["name"]: m["versions"][0]["state"] for m in server.json("GET", "/api/models")["models"]}
        assert states["broken"] in ("Failed", "Loading") and states["same"] == "Ready"
        assert server.request("DELETE", "/api/models/same").status_code == 400, "the folder is read-only"
    finally:
        assert server.stop() == 0, server.tail()
