"""Makes Tests/Golden/NN: see scripts/make-golden. Shell steps only, so that no Python environment is in the data."""

import hashlib
import json
import pathlib
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Tests/EndToEnd"))

import kfp  # noqa: E402
from kfp import compiler, dsl  # noqa: E402
from kfp.dsl import Dataset, Input, Model, Output  # noqa: E402
from onnx import TensorProto, helper  # noqa: E402

from kfp2_pipelines import failing, say  # noqa: E402
from server_process import Graph, Server, onnxruntime_library  # noqa: E402

MAXIMUM_BYTES = 1 << 20


@dsl.container_component
def write(lines: int, data: Output[Dataset]):
    return dsl.ContainerSpec(
        image="alpine", command=["sh", "-c", 'mkdir -p "$(dirname "$1")" && seq "$0" > "$1" && echo "wrote $0 lines"'],
        args=[lines, data.path])


@dsl.container_component
def count(data: Input[Dataset], copy: Output[Model], lines: dsl.OutputPath(int)):
    return dsl.ContainerSpec(image="alpine", command=["sh", "-c", """
mkdir -p "$(dirname "$1")" "$(dirname "$2")" && cp "$0" "$1" && wc -l < "$0" | tr -d ' \\n' > "$2" && cat "$2"
"""], args=[data.path, copy.path, lines])


@dsl.pipeline(name="golden")
def golden(lines: int = 20, words: list = ["one", "two"]):
    written = write(lines=lines)
    counted = count(data=written.outputs["data"])
    with dsl.If(counted.outputs["lines"] > 10, name="many"):
        say(text="many").set_display_name("many-lines")
    with dsl.ParallelFor(words, name="words") as word:
        say(text=word).set_display_name("word")


@dsl.pipeline(name="twice")
def twice():
    say(text="before")
    failing()


@dsl.pipeline(name="retried")
def retried():
    twice().set_retry(num_retries=1)


V1 = {
    "apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"generateName": "golden-v1-"},
    "spec": {
        "entrypoint": "main", "arguments": {"parameters": [{"name": "text", "value": "of v1"}]},
        "templates": [
            {"name": "main", "inputs": {"parameters": [{"name": "text"}]}, "dag": {"tasks": [
                {"name": "first", "template": "echo",
                 "arguments": {"parameters": [{"name": "text", "value": "{{inputs.parameters.text}}"}]}},
                {"name": "second", "template": "echo", "dependencies": ["first"], "arguments": {
                    "parameters": [{"name": "text", "value": "{{tasks.first.outputs.parameters.out}}"}]}},
            ]}},
            {"name": "echo", "inputs": {"parameters": [{"name": "text"}]},
             "container": {"image": "alpine", "command": ["sh", "-c"],
                           "args": ["echo {{inputs.parameters.text}} | tee /out.txt"]},
             "outputs": {"parameters": [{"name": "out", "valueFrom": {"path": "/out.txt"}}]}},
        ],
    },
}


def scaling_model(factor):
    """`X` FP32 [-1,2] → `Y` = factor · X."""
    graph = helper.make_graph(
        [helper.make_node("Mul", ["X", "factor"], ["Y"])], "scale",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor("factor", TensorProto.FLOAT, [], [factor])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model.SerializeToString()


class Filler:
    """Fills one server and writes down what must be found again."""

    def __init__(self, server):
        self.server = server
        self.manifest = {
            "server_version": server.json("GET", "/api/system")["version"], "tokens": [], "namespaces": [],
            "experiments": [], "pipelines": [], "runs": [], "artifacts": [], "models": []}

    def fill(self):
        server, manifest = self.server, self.manifest
        manifest["tokens"].append({"user": "admin", "token": server.token, "status": 200})
        server.json("POST", "/api/namespaces", json={"name": "research"})
        manifest["namespaces"].append("research")
        for user, role in (("ada", "owner"), ("ben", "viewer"), ("pia", "predict")):
            server.json("POST", "/api/users", json={
                "name": user, "home_namespace": "research", "is_admin": False,
                "roles": [{"namespace": "research", "role": role}]})
            made = server.json("POST", "/api/tokens", json={"user": user, "name": "golden"})
            manifest["tokens"].append({
                "user": user, "token": made["token"], "status": 200, "home_namespace": "research",
                "namespaces": [{"name": "research", "role": role}]})
        ended = server.json("POST", "/api/tokens", json={"user": "ben", "name": "deleted"})
        assert server.request("DELETE", f"/api/tokens/{ended['id']}").status_code == 204
        manifest["tokens"].append({"user": "ben", "token": ended["token"], "status": 401})
        self.fill_namespace("default", server.token)
        self.fill_namespace("research", manifest["tokens"][1]["token"])

    def fill_namespace(self, namespace, token):
        server, manifest = self.server, self.manifest
        client = kfp.Client(host=server.url, existing_token=token, namespace=namespace)
        with tempfile.TemporaryDirectory() as directory:
            good, bad, again = (str(pathlib.Path(directory) / name) for name in ("golden.yaml", "failing.yaml", "retried.yaml"))
            compiler.Compiler().compile(golden, good)
            compiler.Compiler().compile(failing, bad)
            compiler.Compiler().compile(retried, again)
            experiment = client.create_experiment("golden", description="kept", namespace=namespace)
            uploaded = client.upload_pipeline(good, pipeline_name="golden", namespace=namespace)
            client.upload_pipeline_version(bad, pipeline_version_name="failing", pipeline_id=uploaded.pipeline_id)
            runs = [
                client.run_pipeline(experiment.experiment_id, "succeeds", good, params={"lines": 12}).run_id,
                client.run_pipeline(experiment.experiment_id, "fails", bad).run_id,
                client.run_pipeline(experiment.experiment_id, "fails twice", again).run_id,
            ]
            self.end(runs[0])
            runs.append(client.run_pipeline(experiment.experiment_id, "reuses", good, params={"lines": 12}).run_id)
        old = server.json("POST", "/apis/v1beta1/runs", token=token, json={
            "name": "of v1", "pipeline_spec": {"workflow_manifest": json.dumps(V1)},
            "resource_references": [{"key": {"type": "EXPERIMENT", "id": experiment.experiment_id},
                                     "relationship": "OWNER"}]})["run"]["id"]
        manifest["experiments"].append({
            "namespace": namespace, "id": experiment.experiment_id, "name": "golden", "description": "kept"})
        versions = client.list_pipeline_versions(uploaded.pipeline_id, page_size=10).pipeline_versions
        manifest["pipelines"].append({
            "namespace": namespace, "id": uploaded.pipeline_id, "name": "golden",
            "versions": {v.pipeline_version_id: v.display_name for v in versions}})
        for run_id in [*runs, old]:
            self.end(run_id)
            self.keep_run(run_id)
        client.archive_run(runs[1])
        next(run for run in manifest["runs"] if run["id"] == runs[1])["archived"] = True
        self.keep_artifacts(namespace)
        self.keep_model(namespace, token)

    def end(self, run_id):
        for event, _ in self.server.watch(run_id):
            if event == "end":
                break

    def keep_run(self, run_id):
        graph = Graph(self.server, self.server.json("GET", f"/api/runs/{run_id}/graph"))
        nodes = []
        for node in graph.nodes:
            kept = {key: node.get(key) for key in (
                "id", "parent_id", "task_name", "display_name", "type", "state", "reused_from")}
            kept["outputs"] = node.get("outputs", {}).get("parameters", [])
            if node["type"] == "Container" and node["state"] in ("Succeeded", "Failed"):
                kept["log"] = graph.log(node)
            nodes.append(kept)
        run = {key: graph.run[key] for key in ("id", "name", "namespace", "state", "created_at", "finished_at")}
        self.manifest["runs"].append({**run, "nodes": nodes})

    def keep_artifacts(self, namespace):
        listed = self.server.json("GET", "/api/artifacts", params={"namespace": namespace, "page_size": 200})
        for item in listed["artifacts"]:
            artifact = self.server.json("GET", f"/api/artifacts/{item['id']}")
            content = self.server.request("GET", f"/api/artifacts/{item['id']}/content").content
            kept = {key: artifact[key] for key in ("id", "namespace", "name", "type", "digest", "bytes", "producer")}
            kept["sha256"] = hashlib.sha256(content).hexdigest()
            self.manifest["artifacts"].append(kept)

    def keep_model(self, namespace, token):
        for factor in (2.0, 3.0):
            answer = self.server.request(
                "PUT", "/api/models/scale/versions/next", data=scaling_model(factor), token=token, timeout=600)
            assert answer.status_code == 201, answer.text
        request = {"inputs": [{"name": "X", "datatype": "FP32", "shape": [2, 2], "data": [1, 2, 3, 4]}]}
        model = self.server.json("GET", "/api/models/scale", token=token)
        answers = {}
        for version in model["versions"]:
            number = str(version["version"])
            answers[number] = self.server.json(
                "POST", f"/ns/{namespace}/v2/models/scale/versions/{number}/infer", json=request)["outputs"]
        self.manifest["models"].append({
            "namespace": namespace, "name": "scale", "default_version": model["default_version"],
            "inputs": model["inputs"], "outputs": model["outputs"], "request": request, "answers": answers})


def pack(data, path):
    """Everything but what belongs to one machine or one server process."""
    def keep(item):
        parts = pathlib.PurePath(item.name).parts
        return None if set(parts) & {"server.json", "server.log", "environments", "host", ".roots"} else item
    with tarfile.open(path, "w:gz", compresslevel=9) as archive:
        archive.add(data, "data", filter=keep)


def main():
    target = ROOT / "Tests/Golden" / sys.argv[1]
    library = onnxruntime_library()
    with tempfile.TemporaryDirectory() as directory:
        data = pathlib.Path(directory) / "data"
        server = Server(data, f"golden-{sys.argv[1]}", ["--onnxruntime", str(library)]).start()
        try:
            filler = Filler(server)
            filler.fill()
        finally:
            status = server.stop()
        assert status == 0, server.tail()
        packed = pathlib.Path(directory) / "data.tar.gz"
        pack(data, packed)
        size = packed.stat().st_size
        if size > MAXIMUM_BYTES:
            raise SystemExit(f"the packed data are {size} bytes, more than {MAXIMUM_BYTES}")
        target.mkdir(parents=True)
        (target / "data.tar.gz").write_bytes(packed.read_bytes())
        (target / "manifest.json").write_text(json.dumps(filler.manifest, indent=1, sort_keys=True) + "\n")
    print(f"{target}: {size} bytes, {len(filler.manifest['runs'])} runs, {len(filler.manifest['artifacts'])} artifacts")


if __name__ == "__main__":
    main()
