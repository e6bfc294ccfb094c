"""What schemathesis loads for `scripts/soak api` (SCHEMATHESIS_HOOKS): requests about things that are there, and our own checks.

A generated id names nothing. Four times in five it is replaced by one of the caller's namespace, or of the other one, whose marks must never
be seen. What the world holds is in the file that MONOFLOW_FUZZ_WORLD names: {"own": THINGS, "other": THINGS, "spare": THINGS, "marks":
[text], "seed", "log", "kept", "kept_users"}, THINGS = {kind: [id]}; "kept" are ids that no request may
end, "kept_users" those of them that are users.
"""

import atexit
import collections
import json
import os
import random

import schemathesis

WORLD = json.load(open(os.environ["MONOFLOW_FUZZ_WORLD"]))
RANDOM = random.Random(WORLD["seed"])
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
CORE = ["configmaps", "secrets", "events"]
KINDS = {"configmaps": ("v1", "ConfigMap"), "secrets": ("v1", "Secret"), "events": ("v1", "Event"), "gadgets": ("fuzz.example/v1", "Gadget")}
QUERY = {"namespace": "namespace", "run_id": "run", "experiment_id": "experiment", "pipelineid": "pipeline", "resource_key.id": "pipeline",
         "resource_reference_key.id": "namespace"}
REFERENCES = {"experiment_id": "experiment", "pipeline_id": "pipeline", "pipeline_version_id": "version", "namespace": "namespace",
              "home_namespace": "namespace", "artifact_id": "artifact"}
COUNTS = collections.Counter()


def kind_of(path, name):
    """What a path parameter stands for; None where any text will do."""
    parts = path.strip("/").removeprefix("pipeline/").split("/")
    if name in ("run", "node", "model", "group", "plural", "user"):
        return name
    if name in ("namespace", "ns"):
        return "namespace"
    if name == "version":
        return "group_version" if "{group}" in path else "version" if "pipelines" in parts else "model_version"
    if name == "name":
        if path.startswith("/api/namespaces"):
            return "namespace"
        if path.startswith("/api/users"):
            return "user"
        if "{plural}" in path:
            return "object"
        return "output" if path.endswith(":read") else "pipeline_name"
    if name == "id":
        before = parts[[index for index, part in enumerate(parts) if part.startswith("{id}")][0] - 1]
        return {"runs": "run", "experiments": "experiment", "pipelines": "pipeline", "pipeline_versions": "version", "artifacts": "artifact",
                "tokens": "token"}.get(before)
    return None


def known(path, name, side):
    """Ids that a path parameter may well have."""
    kind = kind_of(path, name)
    if kind in ("plural", "group", "group_version"):
        own_kinds = "{group}" in path
        return {"plural": ["gadgets"] if own_kinds else CORE, "group": ["fuzz.example"], "group_version": ["v1"]}[kind]
    return side.get(kind or "")


def refer(body, side):
    """Puts ids that are known where a body names something, and the kind that its path is of."""
    for key, value in body.items():
        if isinstance(value, dict):
            refer(value, side)
        elif key in REFERENCES and RANDOM.random() < 0.7:
            body[key] = RANDOM.choice(side[REFERENCES[key]])


@schemathesis.hook
def before_call(context, case, kwargs):
    COUNTS["requests"] += 1
    path = case.operation.path
    # Of its own a caller deletes only what is to spare, so that there is something to the end.
    mine = "spare" if case.method.upper() == "DELETE" else "own"
    side = WORLD[RANDOM.choices([mine, "other"], [3, 1])[0]]
    parameters = case.path_parameters
    if isinstance(parameters, dict):
        for name in parameters:
            ids = known(path, name, side)
            if ids and RANDOM.random() < 0.9:
                parameters[name] = RANDOM.choice(ids)
        # What the callers stand on stays: schemathesis learns ids from answers, and would revoke the token that it uses.
        for name, value in parameters.items():
            if case.method.upper() != "GET" and value in WORLD["kept"]:
                parameters[name] = "ours-guest" if value in WORLD["kept_users"] else "none"
    if isinstance(case.query, dict):
        # A watch goes on for long, and its answer is many documents; test_kubectl.py has it. What is tried only is not there later.
        for name in ("watch", "follow") + (("dryRun",) if RANDOM.random() < 0.8 else ()):
            case.query.pop(name, None)
        for name, kind in QUERY.items():
            if name in case.query and RANDOM.random() < 0.8:
                case.query[name] = RANDOM.choice(side[kind])
    if isinstance(case.body, dict) and RANDOM.random() < 0.9:
        refer(case.body, side)
        plural = (parameters or {}).get("plural")
        if plural in KINDS:
            case.body["apiVersion"], case.body["kind"] = KINDS[plural]
            metadata = case.body.setdefault("metadata", {})
            if isinstance(metadata, dict):
                metadata["name"] = parameters.get("name") or f"made-{RANDOM.randrange(1000)}"
                metadata.pop("namespace", None)


@schemathesis.hook
def after_call(context, case, response):
    COUNTS[str(response.status_code)] += 1


@atexit.register
def write_counts():
    with open(WORLD["log"], "w") as file:
        json.dump(COUNTS, file)


@schemathesis.check
def no_marks(ctx, response, case):
    """Nothing of the other namespace is shown, except what the request itself named, or an earlier one that the audit log tells of."""
    text = response.text if response.content else ""
    if case.operation.path == "/api/audit" and response.status_code == 200:
        text = json.dumps([entry | {"path": ""} if entry.get("user", "").startswith("ours-") else entry for entry in response.json()["entries"]])
    sent = str(response.request.url) + str(response.request.body)
    for mark in WORLD["marks"]:
        assert mark not in text or mark in sent, f"the answer shows {mark}"


@schemathesis.check
def no_server_error(ctx, response, case):
    """501 may be where it is described, and for methods that no route has; always as the error that is described."""
    if response.status_code < 500:
        return
    described = "501" in case.operation.definition.raw.get("responses", {}) or response.request.method not in METHODS
    whole = response.json() if "json" in response.headers.get("content-type", [""])[0] else {}
    assert response.status_code == 501 and described and {"error", "code", "message"} <= set(whole), f"status {response.status_code}: {response.text[:300]}"
