"""Every route with who may call it, and a valid request of it.

A route is `METHOD PATH` as `/openapi.json` lists it; below `/pipeline` KFP's rows count again. To add one: a line in `rows()` with the rule
and what the request needs. `{run}`, `{experiment}` and so on stand for things of the namespace `team` (see `Things`), `{caller}` for the
caller's name, so that each makes things of its own.
"""

import itertools

USERS = ["admin", "owner", "editor", "viewer", "predict", "foreign"]
CALLERS = USERS + ["expired", "revoked", "nobody"]


class Rule:
    """Who may. Other users get `denied`; who is no user gets 401, except where the route is public."""

    def __init__(self, *allowed, denied=403):
        self.allowed, self.denied = set(allowed), denied

    def expected(self, caller):
        """A status; 200 for all that are good."""
        if caller in self.allowed:
            return 200
        return self.denied if caller in USERS else 401


PUBLIC = Rule(*CALLERS)
USER = Rule(*USERS)
READ = Rule("admin", "owner", "editor", "viewer")
WRITE = Rule("admin", "owner", "editor")
PREDICT = Rule("admin", "owner", "editor", "predict")
DESCRIBE = Rule("admin", "owner", "editor", "viewer", "predict")
ADMINISTER = Rule("admin", "owner")
ADMIN = Rule("admin")
# Of the caller's home: others have homes of their own, and nothing of that name there.
HOME_PREDICT = Rule("owner", "editor", "predict", denied=404)
HOME_DESCRIBE = Rule("owner", "editor", "viewer", "predict", denied=404)

INFER = {"inputs": [{"name": "X", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}]}
WORKFLOW = """{"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"generateName": "small-"}, "spec": {"entrypoint": "main",
"templates": [{"name": "main", "container": {"image": "alpine", "command": ["true"]}}]}}"""
GADGETS = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "gadgets.access.example"},
    "spec": {"group": "access.example", "scope": "Namespaced",
             "names": {"plural": "gadgets", "singular": "gadget", "kind": "Gadget", "listKind": "GadgetList"},
             "versions": [{"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}, "schema": {"openAPIV3Schema": {
                 "type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}}
GADGET = {"apiVersion": "access.example/v1", "kind": "Gadget"}
GADGETS_OF = {"group": "access.example", "version": "v1"}


class Row:
    def __init__(self, rule, at=None, query="", json=None, before=None, others=None, **request):
        self.rule, self.at, self.query, self.json, self.before = rule, at or {}, query, json, before
        # Statuses by caller where they are not the rule's; a tuple: one of these.
        self.others = others or {}
        self.request = request
        # What `before` made for those who may not.
        self.spared = None

    def expected(self, caller):
        return self.others.get(caller, self.rule.expected(caller))


def fill(value, values):
    if isinstance(value, dict):
        return {key: fill(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, values) for item in value]
    return value.format_map(values) if isinstance(value, str) and "{" in value and "\n" not in value else value


class Things:
    """Makes what a request needs, as the administrator; each is in the namespace `team`."""

    def __init__(self, server, **known):
        self.server, self.known, self.count = server, known, itertools.count()
        self.ended = []

    def __getattr__(self, name):
        return self.__dict__["known"][name]

    def make(self, path, json, key):
        return self.server.json("POST", path, json=json)[key]

    def new_pipeline(self):
        return {"id": self.make("/apis/v2beta1/pipelines", {"display_name": f"p{next(self.count)}", "namespace": "team"}, "pipeline_id")}

    def new_version(self):
        answer = self.server.json(
            "POST", f"/apis/v2beta1/pipelines/upload_version?pipelineid={self.known['pipeline']}&name=v{next(self.count)}",
            files={"uploadfile": ("small.yaml", WORKFLOW)})
        return {"id": self.known["pipeline"], "version": answer["pipeline_version_id"]}

    def new_version_alone(self):
        return {"id": self.new_version()["version"]}

    def new_experiment(self):
        return {"id": self.make("/apis/v2beta1/experiments", {"display_name": f"e{next(self.count)}", "namespace": "team"}, "experiment_id")}

    def start_runs(self, count):
        self.ended += [self.make("/apis/v2beta1/runs", {"display_name": f"r{next(self.count)}", "experiment_id": self.known["experiment"],
                                                        "pipeline_version_reference": {"pipeline_version_id": self.known["version"]}}, "run_id")
                       for _ in range(count)]

    def ended_run(self):
        run = self.ended.pop()
        for event, _ in self.server.watch(run, 60):
            if event == "end":
                break
        return {"id": run}

    def new_member(self):
        name = f"m{next(self.count)}"
        self.server.json("POST", "/api/users", json={
            "name": name, "home_namespace": "team", "roles": [{"namespace": "team", "role": "viewer"}]})
        return {"user": name, "name": name}

    def new_guest(self):
        return {"name": "team", "user": self.new_member()["user"]}

    def new_token(self):
        return {"id": self.make("/api/tokens", {"user": "viewer", "name": f"t{next(self.count)}"}, "id")}

    def new_own_token(self, caller):
        token = self.known["tokens"][caller]
        answer = self.server.request("POST", "/api/me/tokens", token=token, json={"name": f"own{next(self.count)}"})
        return {"id": answer.json()["id"] if answer.status_code == 201 else "none"}

    def new_object(self, path, names, **kind):
        name = f"o{next(self.count)}"
        self.server.json("POST", path, json={**kind, "metadata": {"name": name}})
        return {**names, "name": name}

    def new_map(self):
        return self.new_object("/api/v1/namespaces/team/configmaps", {"namespace": "team", "plural": "configmaps"})

    def new_gadget(self):
        return self.new_object("/apis/access.example/v1/namespaces/team/gadgets", {"namespace": "team", "plural": "gadgets", **GADGETS_OF}, **GADGET)

    def new_definition(self):
        plural = f"things{next(self.count)}"
        document = {**GADGETS, "metadata": {"name": f"{plural}.access.example"}, "spec": {
            **GADGETS["spec"], "names": {"plural": plural, "singular": plural, "kind": plural.title(), "listKind": plural.title() + "List"}}}
        self.server.json("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", json=document)
        return {"group": "apiextensions.k8s.io", "version": "v1", "plural": "customresourcedefinitions", "name": document["metadata"]["name"]}

    def new_namespace(self):
        return {"name": self.make("/api/namespaces", {"name": f"n{next(self.count)}"}, "name")}

    def new_identity(self):
        self.server.request("DELETE", "/api/users/viewer/identities?issuer=https%3A%2F%2Fissuer.example&subject=once")
        self.server.json("POST", "/api/users/viewer/identities", json={"issuer": "https://issuer.example", "subject": "once"})
        return {"name": "viewer"}

    def new_group(self):
        return {"group": self.make("/api/groups", {"name": f"g{next(self.count)}"}, "name"), "user": "viewer", "name": "team"}

    def new_group_role(self):
        group = self.new_group()
        self.server.json("PUT", f"/api/namespaces/team/groups/{group['group']}", json={"role": "viewer"})
        return group

    def new_secret(self):
        return {"name": "team", "secret": self.make("/api/namespaces/team/secrets", {"name": f"s{next(self.count)}", "values": {"a": "of the team"}}, "name")}

    def new_model_version(self):
        answer = self.server.request("PUT", f"/api/models/m{next(self.count)}/versions/1?namespace=team", data=self.known["model_bytes"])
        assert answer.status_code == 201, answer.text
        return {"model": answer.json()["name"], "version": "1"}


def rows(things):
    """`METHOD PATH` → Row."""
    table = {}

    def row(route, rule, **more):
        assert route not in table, f"{route} has two rows"
        table[route] = Row(rule, **more)

    system(row)
    access(row, things)
    data(row, things)
    kfp(row, things)
    inference(row)
    kubernetes(row, things)
    grpc(row)
    return table


def system(row):
    for path in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/v2", "/v2/health/live", "/v2/health/ready", "/apis/v1beta1/healthz",
                 "/apis/v2beta1/healthz"):
        row(f"GET {path}", PUBLIC)
    for path in ("/api/system", "/api/session", "/version", "/api", "/api/v1", "/apis", "/openapi/v2", "/openapi/v3", "/openapi/v3/api/v1"):
        row(f"GET {path}", USER)
    kinds = {"group": "apiextensions.k8s.io", "version": "v1"}
    for path in ("/apis/{group}", "/apis/{group}/{version}", "/openapi/v3/apis/{group}/{version}"):
        row(f"GET {path}", USER, at=kinds)
    row("POST /api/session", USER, json={"token": "{token}"})
    row("DELETE /api/session", PUBLIC)


def access(row, things):
    row("GET /api/namespaces", USER)
    row("POST /api/namespaces", ADMIN, json={"name": "by-{caller}"})
    row("GET /api/namespaces/{name}", READ, at={"name": "team"})
    row("PATCH /api/namespaces/{name}", ADMINISTER, at={"name": "team"}, json={"network": True})
    row("GET /api/namespaces/{name}/members", READ, at={"name": "team"})
    row("PUT /api/namespaces/{name}/members/{user}", ADMINISTER, at={"name": "team", "user": "viewer"}, json={"role": "viewer"})
    row("DELETE /api/namespaces/{name}/members/{user}", ADMINISTER, before=things.new_guest)
    row("GET /api/users", ADMIN)
    row("POST /api/users", ADMIN, json={
        "name": "by-{caller}", "home_namespace": "team", "is_admin": False, "roles": [{"namespace": "team", "role": "viewer"}]})
    row("DELETE /api/users/{name}", ADMIN, before=things.new_member)
    row("GET /api/tokens", ADMIN)
    row("POST /api/tokens", ADMIN, json={"user": "viewer", "name": "by {caller}"})
    row("DELETE /api/tokens/{id}", ADMIN, before=things.new_token)
    row("GET /api/me/tokens", USER)
    row("POST /api/me/tokens", USER, json={"name": "by {caller}"})
    row("DELETE /api/me/tokens/{id}", USER, before=things.new_own_token)
    row("GET /api/audit", ADMINISTER, query="namespace=team")
    row("DELETE /api/namespaces/{name}", ADMIN, before=things.new_namespace, others={"admin": 202})
    row("GET /api/login", PUBLIC)
    identities = {"name": "viewer"}
    row("GET /api/users/{name}/identities", ADMIN, at=identities)
    row("POST /api/users/{name}/identities", ADMIN, at=identities, json={"issuer": "https://issuer.example", "subject": "{caller}"})
    row("DELETE /api/users/{name}/identities", ADMIN, before=things.new_identity, query="issuer=https%3A%2F%2Fissuer.example&subject=once")
    row("GET /api/groups", ADMIN)
    row("POST /api/groups", ADMIN, json={"name": "by-{caller}"})
    row("DELETE /api/groups/{group}", ADMIN, before=things.new_group)
    row("PUT /api/groups/{group}/members/{user}", ADMIN, before=things.new_group)
    row("DELETE /api/groups/{group}/members/{user}", ADMIN, before=things.new_group)
    row("GET /api/namespaces/{name}/groups", READ, at={"name": "team"})
    row("PUT /api/namespaces/{name}/groups/{group}", ADMINISTER, json={"role": "viewer"}, before=things.new_group)
    row("DELETE /api/namespaces/{name}/groups/{group}", ADMINISTER, before=things.new_group_role)
    row("GET /api/namespaces/{name}/secrets", WRITE, at={"name": "team"})
    row("POST /api/namespaces/{name}/secrets", WRITE, at={"name": "team"}, json={"name": "native-{caller}", "values": {"a": things.mark}})
    row("PATCH /api/namespaces/{name}/secrets/{secret}", WRITE, before=things.new_secret, json={"values": {"a": things.mark}})
    row("DELETE /api/namespaces/{name}/secrets/{secret}", WRITE, before=things.new_secret)
    row("POST /api/secret-keys/rotate", ADMIN, json={"resume": True})


def data(row, things):
    row("GET /api/artifacts", READ, query="namespace=team")
    row("GET /api/artifacts/{id}", READ, at={"id": "{artifact}"})
    row("GET /api/artifacts/{id}/content", READ, at={"id": "{artifact}"})
    row("GET /api/runs/{id}/graph", READ, at={"id": "{run}"})
    row("GET /api/runs/{id}/watch", READ, at={"id": "{run}"})
    row("GET /api/pipelines/{id}/versions/{version}/graph", READ, at={"id": "-"})
    team, model = "namespace=team", {"model": "identity"}
    row("GET /api/models", READ, query=team)
    row("GET /api/models/{model}", READ, at=model, query=team)
    row("PUT /api/models/{model}/versions/{version}", WRITE, at={"model": "by-{caller}", "version": "next"}, query=team, data=things.model_bytes)
    # The artifact is a text: the model that it should be is refused, after the caller's right.
    row("POST /api/models/{model}/versions", WRITE, at=model, query=team, json={"artifact_id": things.artifact},
        others=dict.fromkeys(["admin", "owner", "editor"], 400))
    row("DELETE /api/models/{model}", WRITE, query=team, before=things.new_model_version)
    row("DELETE /api/models/{model}/versions/{version}", WRITE, query=team, before=things.new_model_version)


def kfp(row, things):
    team, file = "namespace=team", {"uploadfile": ("small.yaml", WORKFLOW)}
    row("GET /apis/v1alpha1/runs/{run}/nodes/{node}/log", READ)
    for version, terminate in (("v1beta1", "/terminate"), ("v2beta1", ":terminate")):
        base = f"/apis/{version}"
        row(f"GET {base}/runs/{{run}}/nodes/{{node}}/artifacts/{{name}}:read", READ, at={"name": "data"})
        row(f"POST {base}/pipelines/upload", WRITE, query=team + "&name=" + version + "-{prefix}-{caller}", files=file)
        row(f"POST {base}/pipelines/upload_version", WRITE, query="pipelineid={pipeline}&name=" + version + "-{prefix}-{caller}", files=file)
        for kind in ("pipelines", "experiments", "runs"):
            row(f"GET {base}/{kind}", READ, query=team)
            row(f"GET {base}/{kind}/{{id}}", READ, at={"id": "{%s}" % kind[:-1]})
        row(f"DELETE {base}/pipelines/{{id}}", WRITE, before=things.new_pipeline)
        row(f"DELETE {base}/experiments/{{id}}", WRITE, before=things.new_experiment)
        row(f"DELETE {base}/runs/{{id}}", WRITE, before=things.ended_run)
        row(f"POST {base}/runs/{{id}}{terminate}", WRITE, at={"id": "{run}"})
        for verb in ("archive", "unarchive"):
            row(f"POST {base}/runs/{{id}}:{verb}", WRITE, at={"id": "{run}"})
            row(f"POST {base}/experiments/{{id}}:{verb}", WRITE, before=things.new_experiment)
    name = "{prefix} {caller}"
    owner = [{"key": {"type": "NAMESPACE", "id": "team"}, "relationship": "OWNER"}]
    row("POST /apis/v1beta1/experiments", WRITE, json={"name": "v1 " + name, "resource_references": owner})
    row("POST /apis/v1beta1/runs", WRITE, json={
        "name": name, "pipeline_spec": {"workflow_manifest": WORKFLOW},
        "resource_references": [{"key": {"type": "EXPERIMENT", "id": "{experiment}"}, "relationship": "OWNER"}]})
    row("GET /apis/v1beta1/namespaces/{namespace}/pipelines/{name}", READ, at={"namespace": "team", "name": "of the team"})
    row("GET /apis/v1beta1/pipelines/{id}/templates", READ, at={"id": "{pipeline}"})
    row("GET /apis/v1beta1/pipeline_versions", READ, query="resource_key.id={pipeline}")
    row("GET /apis/v1beta1/pipeline_versions/{id}", READ, at={"id": "{version}"})
    row("GET /apis/v1beta1/pipeline_versions/{id}/templates", READ, at={"id": "{version}"})
    row("DELETE /apis/v1beta1/pipeline_versions/{id}", WRITE, before=things.new_version_alone)
    row("POST /apis/v2beta1/experiments", WRITE, json={"display_name": "v2 " + name, "namespace": "team"})
    row("POST /apis/v2beta1/pipelines", WRITE, json={"display_name": "v2 " + name, "namespace": "team"})
    row("POST /apis/v2beta1/runs", WRITE, json={
        "display_name": name, "experiment_id": "{experiment}", "pipeline_version_reference": {"pipeline_version_id": "{version}"}})
    row("GET /apis/v2beta1/pipelines/names/{name}", READ, at={"name": "of the team"}, query=team)
    row("GET /apis/v2beta1/pipelines/{id}/versions", READ, at={"id": "{pipeline}"})
    row("GET /apis/v2beta1/pipelines/{id}/versions/{version}", READ, at={"id": "{pipeline}"})
    row("DELETE /apis/v2beta1/pipelines/{id}/versions/{version}", WRITE, before=things.new_version)


def inference(row):
    for base, describe, predict in (("/v2", HOME_DESCRIBE, HOME_PREDICT), ("/ns/{ns}/v2", DESCRIBE, PREDICT)):
        for pattern in ("/models/{model}", "/models/{model}/versions/{version}"):
            at = {"ns": "team", "model": "identity", "version": "1"}
            # At home a viewer may see the model, so that it is told what it may not.
            viewer = {"viewer": 403}
            row(f"GET {base}{pattern}", describe, at=at)
            row(f"GET {base}{pattern}/ready", describe, at=at)
            row(f"POST {base}{pattern}/infer", predict, at=at, json=INFER, others=viewer)


def kubernetes(row, things):
    review = {"apiVersion": "authorization.k8s.io/v1", "spec": {
        "namespace": "team", "resourceAttributes": {"namespace": "team", "verb": "get", "resource": "secrets"}}}
    row("POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews", USER, json={**review, "kind": "SelfSubjectAccessReview"})
    row("POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews", USER, json={**review, "kind": "SelfSubjectRulesReview"})
    merge = {"Content-Type": "application/merge-patch+json"}
    change = {"metadata": {"labels": {"by": "{caller}"}}}
    none = "labelSelector=none%3Dsuch"
    maps = {"namespace": "team", "plural": "configmaps"}
    gadgets = {"namespace": "team", "plural": "gadgets", **GADGETS_OF}
    for base, at, fresh, kind in (
            ("/api/v1/namespaces/{namespace}/{plural}", maps, things.new_map, {"apiVersion": "v1", "kind": "ConfigMap"}),
            ("/apis/{group}/{version}/namespaces/{namespace}/{plural}", gadgets, things.new_gadget, GADGET)):
        known = {**at, "name": "of-the-team"}
        row(f"GET {base}", READ, at=at)
        row(f"POST {base}", WRITE, at=at, json={**kind, "metadata": {"name": "by-{caller}"}})
        row(f"DELETE {base}", WRITE, at=at, query=none)
        row(f"GET {base}/{{name}}", READ, at=known)
        row(f"PUT {base}/{{name}}", WRITE, at=known, json={**kind, "metadata": {"name": "of-the-team"}, "data": {"a": things.mark}})
        row(f"PATCH {base}/{{name}}", WRITE, at=known, json=change, headers=merge)
        row(f"DELETE {base}/{{name}}", WRITE, before=fresh)
        # Config maps have no status; that is told to those who might read or write one.
        missing = dict.fromkeys(["admin", "owner", "editor"], 404) if at is maps else {}
        row(f"GET {base}/{{name}}/status", READ, at=known, others={**missing, "viewer": 404} if missing else {})
        row(f"PUT {base}/{{name}}/status", WRITE, at=known, json={**kind, "metadata": {"name": "of-the-team"}, "status": {"a": 1}}, others=missing)
        row(f"PATCH {base}/{{name}}/status", WRITE, at=known, json={"status": {"a": 1}}, headers=merge, others=missing)
    pods = {"namespace": "team", "plural": "pods", "name": "none"}
    # There is no such pod; that is told to those who might read or write it.
    row("GET /api/v1/namespaces/{namespace}/{plural}/{name}/log", READ, at=pods, others=dict.fromkeys(READ.allowed, 404))
    for name in ("exec", "attach", "portforward"):
        for method in ("GET", "POST"):
            row(f"{method} /api/v1/namespaces/{{namespace}}/{{plural}}/{{name}}/{name}", WRITE, at=pods, others=dict.fromkeys(WRITE.allowed, 404))
    row("POST /api/v1/namespaces/{namespace}/serviceaccounts/{name}/token", WRITE, at={"namespace": "team", "name": "default-viewer"}, json={
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 600}})
    # Of the whole server.
    core, base = {"plural": "configmaps"}, "/api/v1/{plural}"
    row(f"GET {base}", ADMIN, at=core)
    row(f"POST {base}", ADMIN, at=core, json={"metadata": {"name": "x"}}, others={"admin": 405})
    row(f"DELETE {base}", ADMIN, at=core, query=none, others={"admin": 405})
    team = {"plural": "namespaces", "name": "team"}
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}
    row(f"GET {base}/{{name}}", READ, at=team)
    row(f"PUT {base}/{{name}}", ADMIN, at=team, json=space)
    row(f"PATCH {base}/{{name}}", ADMIN, at=team, json={"metadata": {"annotations": {"by": "{caller}"}}}, headers=merge)
    row(f"DELETE {base}/{{name}}", ADMIN, at={"plural": "namespaces", "name": "kept"}, others={"admin": (200, 405)})
    # This path's place is another's where the kind is a namespace: the next row. No other core kind is of the whole server.
    row(f"GET {base}/{{name}}/status", USER, at={"plural": "none", "name": "x"}, others=dict.fromkeys(USERS, 404))
    row("GET /api/v1/namespaces/{name}/status", READ, at=team)
    row(f"PUT {base}/{{name}}/status", ADMIN, at=team, json=space)
    row(f"PATCH {base}/{{name}}/status", ADMIN, at=team, json={"status": {}}, headers=merge)
    kinds, base = {"group": "apiextensions.k8s.io", "version": "v1", "plural": "customresourcedefinitions"}, "/apis/{group}/{version}/{plural}"
    gadget = {**kinds, "name": "gadgets.access.example"}
    row(f"GET {base}", USER, at=kinds)
    row(f"POST {base}", ADMIN, at=kinds, query="dryRun=All", json={
        **GADGETS, "metadata": {"name": "others.access.example"}, "spec": {**GADGETS["spec"], "names": {
            "plural": "others", "singular": "other", "kind": "Other", "listKind": "OtherList"}}})
    row(f"DELETE {base}", ADMIN, at=kinds, query=none)
    row(f"GET {base}/{{name}}", USER, at=gadget)
    row(f"PUT {base}/{{name}}", ADMIN, at=gadget, json=GADGETS, others={"admin": (200, 422)})
    row(f"PATCH {base}/{{name}}", ADMIN, at=gadget, json=change, headers=merge)
    row(f"DELETE {base}/{{name}}", ADMIN, before=things.new_definition)
    row(f"GET {base}/{{name}}/status", USER, at=gadget)
    row(f"PUT {base}/{{name}}/status", ADMIN, at=gadget, json=GADGETS, others={"admin": (200, 422)})
    row(f"PATCH {base}/{{name}}/status", ADMIN, at=gadget, json={"status": {}}, headers=merge)


def grpc(row):
    for method in ("Check", "List", "Watch"):
        row(f"POST /grpc.health.v1.Health/{method}", PUBLIC)
    for version in ("v1", "v1alpha"):
        row(f"POST /grpc.reflection.{version}.ServerReflection/ServerReflectionInfo", USER)
