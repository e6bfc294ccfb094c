"""Requests made by schemathesis from `/openapi.json`, as users of several rights, against a server with two namespaces.

No answer may be a server error or break its description, none may show an outsider what is marked as the other namespace's; at the end the
server must be alive, and its memory must not have grown without end. Writes a summary in Markdown and exits with 1 where it failed.
"""

import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Tests/EndToEnd"))

from server_process import Server, onnxruntime_library  # noqa: E402

# Who asks, and which share of the time each gets. The administrator comes last: it may end what the others need.
CALLERS = [("editor", 40), ("owner", 15), ("viewer", 15), ("nobody", 10), ("admin", 20)]
CHECKS = ["no_server_error", "no_marks", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
          "response_schema_conformance"]
MODEL = ROOT / "Tests/InferenceTests/Fixtures/identity_fp32.onnx"
MEBIBYTE = 1 << 20


def workflow(mark):
    """A run of one step that writes the mark to its log and to an artifact."""
    return json.dumps({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"generateName": "marked-"}, "spec": {
            "entrypoint": "main", "templates": [{
                "name": "main", "outputs": {"artifacts": [{"name": "data", "path": "/tmp/data"}]},
                "container": {"image": "alpine", "command": ["sh", "-c", f"echo {mark} | tee /tmp/data"]}}]}})


def seed(server, namespace, mark):
    """Fills a namespace; every object holds the mark. Returns (THINGS, spare THINGS) as soak_api_hooks.py has them."""
    def post(path, body, key=None, **more):
        answer = server.json("POST", path, json=body, **more)
        return answer[key] if key else answer

    post("/api/namespaces", {"name": namespace})
    for role in ("owner", "editor", "viewer", "guest"):
        post("/api/users", {"name": f"{namespace}-{role}", "home_namespace": namespace, "roles": [
            {"namespace": namespace, "role": "viewer" if role == "guest" else role}]})
    things, spare = {}, {}
    for found, count in ((things, 1), (spare, 4)):
        for number in range(count):
            name = f"{mark}-{id(found) % 1000}-{number}"
            experiment = post("/apis/v2beta1/experiments", {"display_name": name, "description": mark, "namespace": namespace}, "experiment_id")
            pipeline = server.json("POST", f"/apis/v2beta1/pipelines/upload?namespace={namespace}&name={name}",
                                   files={"uploadfile": ("marked.yaml", workflow(mark))})["pipeline_id"]
            version = server.json("GET", f"/apis/v2beta1/pipelines/{pipeline}/versions")["pipeline_versions"][0]["pipeline_version_id"]
            run = post("/apis/v2beta1/runs", {
                "display_name": name, "description": mark, "experiment_id": experiment,
                "pipeline_version_reference": {"pipeline_version_id": version}}, "run_id")
            server.wait(run)
            nodes = server.json("GET", f"/api/runs/{run}/graph")["nodes"]
            artifacts = server.json("GET", f"/api/artifacts?run_id={run}&namespace={namespace}")["artifacts"]
            base = f"/api/v1/namespaces/{namespace}"
            post(f"{base}/configmaps", {"metadata": {"name": name}, "data": {"a": mark}})
            post(f"{base}/secrets", {"metadata": {"name": name}, "stringData": {"a": mark}})
            post(f"{base}/events", {"metadata": {"name": name}, "message": mark, "reason": "Told", "type": "Normal", "involvedObject": {
                "kind": "ConfigMap", "namespace": namespace, "name": name}})
            post(f"/apis/fuzz.example/v1/namespaces/{namespace}/gadgets", {
                "apiVersion": "fuzz.example/v1", "kind": "Gadget", "metadata": {"name": name}, "spec": {"a": mark}})
            values = {"experiment": experiment, "pipeline": pipeline, "version": version, "run": run, "object": name, "pipeline_name": name,
                      "node": next(node["id"] for node in nodes if node["type"] == "Container"), "artifact": artifacts[0]["id"]}
            if MODEL.exists():
                answer = server.request("PUT", f"/api/models/{name}/versions/1?namespace={namespace}", data=MODEL.read_bytes())
                assert answer.status_code == 201, answer.text
                values["model"] = name
            for kind, value in values.items():
                found.setdefault(kind, []).append(value)
        found["namespace"], found["user"], found["output"], found["model_version"] = [namespace], [f"{namespace}-guest"], ["data"], ["1"]
    spare["user"] = ["none"]
    return things, spare


def close_answers(document):
    """Answers may hold what they are described to hold and no more: told of the copy that answers are checked against."""
    def visit(value):
        if isinstance(value, dict):
            if value.get("properties") and "additionalProperties" not in value:
                value["additionalProperties"] = False
            for item in value.values():
                visit(item)
        elif isinstance(value, list):
            for item in value:
                visit(item)

    for name, schema in document["components"]["schemas"].items():
        if not name.endswith("Request"):
            visit(schema)
    return document


def resident(server):
    for line in pathlib.Path(f"/proc/{server.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) << 10
    return 0


def fuzz(server, directory, caller, token, seconds, world, arguments):
    """One run of schemathesis. Returns its figures and what it found."""
    counts, report = directory / f"{caller}-counts.json", directory / f"{caller}.json"
    world_file = directory / f"{caller}-world.json"
    world_file.write_text(json.dumps({**world, "log": str(counts), "seed": arguments.seed}))
    command = [
        str(pathlib.Path(sys.executable).parent / "st"), "--no-color", "run", str(directory / "openapi.json"), "--url", server.url,
        "--checks", ",".join(CHECKS), "--max-time", str(seconds), "--seed", str(arguments.seed), "--phases", arguments.phases,
        "--no-shrink", "--continue-on-failure", "--generation-database", "none", "--suppress-health-check", "all", "--warnings", "off",
        "--exclude-tag", "gRPC", "--request-timeout", "20", "--max-redirects", "0", "--generation-with-security-parameters", "false",
        "--report", "json", "--report-json-path", str(report)]
    if arguments.only:
        command += ["--include-path-regex", arguments.only]
    if token:
        command += ["--header", f"Authorization: Bearer {token}"]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "soak_api_hooks", "PYTHONPATH": str(ROOT / "scripts"), "MONOFLOW_FUZZ_WORLD": str(world_file)}
    started = time.monotonic()
    process = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=seconds * 3 + 300)
    output = process.stdout + process.stderr
    (arguments.output / f"api-{caller}.log").write_text(output)
    found = json.loads(counts.read_text()) if counts.exists() else {}
    statuses = {status: count for status, count in sorted(found.items()) if status != "requests"}
    return {"caller": caller, "seconds": time.monotonic() - started, "requests": found.get("requests", 0), "statuses": statuses,
            "memory": resident(server), "failed": process.returncode != 0, "tail": output[-6000:]}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--phases", default="examples,coverage,fuzzing,stateful")
    parser.add_argument("--callers", default=",".join(name for name, _ in CALLERS))
    parser.add_argument("--only", help="paths that match this expression")
    parser.add_argument("--output", type=pathlib.Path, default=ROOT / "out/soak")
    arguments = parser.parse_args()
    arguments.output = arguments.output.resolve()
    arguments.output.mkdir(parents=True, exist_ok=True)
    chosen = [(name, share) for name, share in CALLERS if name in arguments.callers.split(",")]
    whole = sum(share for _, share in chosen)
    with tempfile.TemporaryDirectory() as folder:
        directory = pathlib.Path(folder)
        library = onnxruntime_library()
        server = Server(directory / "data", "soak-api", ["--onnxruntime", str(library)] if library else []).start()
        try:
            server.json("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", json=GADGETS)
            own, spare = seed(server, "ours", "mark-of-ours")
            other, _ = seed(server, "theirs", "mark-of-theirs")
            (directory / "openapi.json").write_text(json.dumps(close_answers(server.json("GET", "/openapi.json"))))
            rounds, before = [], resident(server)
            for caller, share in chosen:
                user = {"admin": "admin", "nobody": None}.get(caller, f"ours-{caller}")
                token = server.json("POST", "/api/tokens", json={"user": user, "name": "fuzz"})["token"] if user else None
                ids = [value for kind in ("experiment", "run", "pipeline", "version", "node") for value in other[kind]]
                marks = [] if caller == "admin" else ["mark-of-theirs", *ids] + (["mark-of-ours"] if caller == "nobody" else [])
                users = ["admin", *(f"ours-{name}" for name, _ in CALLERS)]
                kept = users + [item["id"] for item in server.json("GET", "/api/tokens")["tokens"]]
                world = {"own": own, "spare": spare, "other": other, "marks": marks, "kept": kept, "kept_users": users}
                rounds.append(fuzz(server, directory, caller, token, max(2, round(arguments.minutes * 60 * share / whole)), world, arguments))
                print(line(rounds[-1]), flush=True)
            alive = server.process.poll() is None and server.request("GET", "/readyz").status_code == 200
        finally:
            status = server.stop() if server.process.poll() is None else server.process.returncode
    return summarize(arguments, rounds, before, alive, status)


GADGETS = {
    "metadata": {"name": "gadgets.fuzz.example"}, "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "spec": {"group": "fuzz.example", "scope": "Namespaced", "names": {"plural": "gadgets", "singular": "gadget", "kind": "Gadget", "listKind": "GadgetList"},
             "versions": [{"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}, "schema": {"openAPIV3Schema": {
                 "type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}}


def line(found):
    statuses = " ".join(f"{status}×{count}" for status, count in found["statuses"].items())
    verdict = "failed" if found["failed"] else "passed"
    return f"| {found['caller']} | {found['seconds']:.0f} | {found['requests']} | {statuses} | {found['memory'] // MEBIBYTE} | {verdict} |"


def summarize(arguments, rounds, before, alive, status):
    """Memory is flat where it has not grown by more than a third, and 48 MiB, since the first caller was done."""
    first, last = rounds[0]["memory"], rounds[-1]["memory"]
    flat = last <= first * 4 // 3 + 48 * MEBIBYTE
    wrong = [f"{found['caller']}: schemathesis failed, see api-{found['caller']}.log" for found in rounds if found["failed"]]
    wrong += [f"{found['caller']}: no request was made" for found in rounds if not found["requests"]]
    # Else it is not the API that was tried.
    wrong += [f"{found['caller']}: {found['statuses'].get('401', 0)} of {found['requests']} requests found no caller" for found in rounds
              if found["caller"] != "nobody" and found["statuses"].get("401", 0) * 4 > found["requests"]]
    wrong += [] if alive else ["the server did not answer at the end"]
    wrong += [] if status == 0 else [f"the server ended with {status}"]
    wrong += [] if flat else [f"memory grew from {first // MEBIBYTE} to {last // MEBIBYTE} MiB"]
    text = "\n".join([
        f"# API soak, {sum(found['seconds'] for found in rounds) / 60:.1f} minutes, seed {arguments.seed}", "",
        "| caller | s | requests | answers | memory, MiB | |", "|---|---|---|---|---|---|", *map(line, rounds), "",
        f"Memory {before // MEBIBYTE} MiB before, {last // MEBIBYTE} MiB at the end; the server ended with {status}.", "",
        "Passed." if not wrong else "Failed:\n" + "\n".join(f"- {item}" for item in wrong), ""])
    (arguments.output / "api.md").write_text(text)
    print(text)
    for found in rounds:
        if found["failed"]:
            print(found["tail"])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
