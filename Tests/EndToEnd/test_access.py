"""Who may do what: every route by every kind of caller (see access_table.py), and what must not be seen."""

import json
import time

import httpx
import pytest

import access_table
from access_table import CALLERS, USERS

# What only the team may see: its objects hold this.
MARK = "of-the-team-alone"


def identity_model():
    """`X` FP32 [-1,2] → `Y` FP32 [-1,2], the smallest model there is."""
    from onnx import TensorProto, helper
    graph = helper.make_graph(
        [helper.make_node("Identity", ["X"], ["Y"])], "identity",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, [None, 2])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model.SerializeToString()


@pytest.fixture(scope="module")
def tokens(server, people):
    """Tokens by caller."""
    def make(**more):
        return server.json("POST", "/api/tokens", json={"user": "owner", "name": "ended", **more})

    expired = make(expires_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2)))
    revoked = make()
    assert server.request("DELETE", f"/api/tokens/{revoked['id']}").status_code == 204
    while server.request("GET", "/api/session", token=expired["token"]).status_code == 200:
        time.sleep(0.1)
    return {**{name: getattr(people, name) for name in USERS}, "expired": expired["token"], "revoked": revoked["token"], "nobody": None}


@pytest.fixture(scope="module")
def things(server, tokens, tmp_path_factory):
    """One of each thing in the namespace `team`, made by its editor, with a mark in it; and what makes more."""
    from kfp import compiler, dsl
    from kfp.dsl import Dataset, Output

    @dsl.container_component
    def write(text: str, data: Output[Dataset]):
        return dsl.ContainerSpec(image="alpine", command=["sh", "-c", 'mkdir -p "$(dirname "$1")"; echo "$0" | tee "$1"'], args=[text, data.path])

    @dsl.pipeline(name="marked")
    def marked(text: str = MARK):
        write(text=text)

    editor = tokens["editor"]
    package = tmp_path_factory.mktemp("access") / "marked.yaml"
    compiler.Compiler().compile(marked, str(package))
    with open(package, "rb") as file:
        upload = "/apis/v2beta1/pipelines/upload?namespace=team&name=of%20the%20team"
        pipeline = server.json("POST", upload, files={"uploadfile": file}, token=editor)["pipeline_id"]
    version = server.json("GET", f"/apis/v2beta1/pipelines/{pipeline}/versions", token=editor)["pipeline_versions"][0]["pipeline_version_id"]
    experiment = server.json(
        "POST", "/apis/v2beta1/experiments", json={"display_name": "of the team", "description": MARK, "namespace": "team"}, token=editor)["experiment_id"]
    run = server.json("POST", "/apis/v2beta1/runs", token=editor, json={
        "display_name": "of the team", "description": MARK, "experiment_id": experiment,
        "pipeline_version_reference": {"pipeline_version_id": version}})["run_id"]
    for event, _ in server.watch(run, 60, token=editor):
        if event == "end":
            break
    graph = server.json("GET", f"/api/runs/{run}/graph", token=editor)
    assert graph["run"]["state"] == "Succeeded" and graph["run"]["namespace"] == "team"
    node = next(n["id"] for n in graph["nodes"] if n["type"] == "Container")
    artifact = server.json("GET", "/api/artifacts", params={"run_id": run}, token=editor)["artifacts"][0]["id"]
    server.json("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", json=access_table.GADGETS)
    server.json("POST", "/api/v1/namespaces", json={"metadata": {"name": "kept"}})
    for path, document in [("/api/v1/namespaces/team/configmaps", {"data": {"a": MARK}}),
                           ("/api/v1/namespaces/team/secrets", {"stringData": {"a": MARK}}),
                           ("/apis/access.example/v1/namespaces/team/gadgets", {**access_table.GADGET, "spec": {"a": MARK}}),
                           ("/api/v1/namespaces/team/events", {"message": MARK, "reason": "Told", "type": "Normal", "involvedObject": {
                               "kind": "ConfigMap", "namespace": "team", "name": "of-the-team"}})]:
        server.json("POST", path, json={"metadata": {"name": "of-the-team"}, **document}, token=editor)
    answer = server.request("PUT", "/api/models/identity/versions/next", data=identity_model(), token=editor)
    assert answer.status_code == 201, answer.text
    things = access_table.Things(
        server, tokens=tokens, experiment=experiment, pipeline=pipeline, version=version, run=run, artifact=artifact, node=node, mark=MARK,
        model_bytes=identity_model())
    # For the routes that delete one: four, by three callers each.
    things.start_runs(4 * (3 + 1))
    return things


@pytest.fixture(scope="module")
def table(things):
    return access_table.rows(things)


@pytest.fixture(scope="module")
def routes(server):
    """Every route of the server."""
    paths = server.json("GET", "/openapi.json", token=None)["paths"]
    return [f"{method.upper()} {path}" for path, item in paths.items() for method in item]


def test_every_route_has_a_row(routes, table):
    missing = [route for route in routes if route.replace(" /pipeline", " ") not in table]
    assert not missing, "these routes have no row in Tests/EndToEnd/access_table.py, which says who may call them:\n" + "\n".join(missing)
    assert not set(table) - set(routes), f"rows of no route: {sorted(set(table) - set(routes))}"


@pytest.mark.parametrize("caller", CALLERS)
def test_table(server, things, table, routes, caller):
    """All routes as this caller, and all that went wrong at once."""
    wrong = []
    for route in routes:
        row = table[route.replace(" /pipeline", " ")]
        wrong += check(server, things, row, route, caller)
    assert not wrong, "\n".join(wrong)


def check(server, things, row, route, caller):
    method, path = route.split(" ", 1)
    wanted = row.expected(caller)
    target, status, text = ask_grpc(server, path, things.tokens[caller]) if path.startswith("/grpc.") else ask(server, things, row, route, caller)
    good = status in wanted if isinstance(wanted, tuple) else status in (200, 201, 204) if wanted == 200 else status == wanted
    wrong = [] if good else [f"{route} as {caller}: {status}, expected {wanted}: {text[:300]}"]
    shown = marks(things) if caller in ("foreign", "expired", "revoked", "nobody") else [MARK] if caller == "predict" else []
    return wrong + [f"{route} as {caller} shows {mark}: {text[:300]}" for mark in shown if mark in text and mark not in target]


def ask(server, things, row, route, caller):
    """(target, status, text) of the row's request."""
    method, path = route.split(" ", 1)
    token = things.tokens[caller]
    values = {**things.known, "caller": caller, "token": token or "none", "prefix": "p" if path.startswith("/pipeline/") else "q"}
    made = {}
    if row.before:
        arguments = (caller,) if row.before == things.new_own_token else ()
        # What is refused is refused whatever it names: one for all who may not.
        if row.expected(caller) != 200 and row.spared is None:
            row.spared = row.before(*arguments)
        made = row.before(*arguments) if row.expected(caller) == 200 else row.spared
    values.update(access_table.fill(row.at, values))
    target = path.format_map({**values, **made}) + ("?" + access_table.fill(row.query, values) if row.query else "")
    answer = server.request(method, target, token=token, json=access_table.fill(row.json, values), **row.request)
    return target, answer.status_code, answer.text


def ask_grpc(server, path, token):
    """An empty message; the head of the answer tells whether it was taken. 7 and 16 are what 403 and 401 are."""
    headers = {"Content-Type": "application/grpc", "TE": "trailers"} | ({"Authorization": f"Bearer {token}"} if token else {})
    with httpx.Client(http1=False, http2=True) as client, client.stream("POST", server.url + path, headers=headers, content=bytes(5)) as answer:
        text = answer.headers.get("grpc-message", "")
        return path, {"7": 403, "16": 401}.get(answer.headers.get("grpc-status"), answer.status_code), text


def marks(things):
    return [MARK, things.run, things.experiment, things.pipeline, things.version, things.node, "of-the-team", "of the team"]


def test_what_others_have_is_in_no_list(server, people, things):
    """Lists, events, the audit log and namespaces that an outsider reads as owner of its own namespace."""
    for path in ("/api/namespaces", "/api/v1/namespaces", "/api/session", "/api/me/tokens", "/api/audit?namespace=elsewhere", "/api/models",
                 "/api/v1/namespaces/elsewhere/events", "/api/v1/namespaces/elsewhere/configmaps", "/api/v1/namespaces/elsewhere/secrets",
                 "/api/v1/namespaces?watch=1&timeoutSeconds=1", "/api/v1/namespaces/elsewhere/events?watch=1&timeoutSeconds=1",
                 "/apis/access.example/v1/namespaces/elsewhere/gadgets", "/api/system"):
        answer = server.request("GET", path, token=people.foreign)
        assert answer.status_code == 200, f"{path}: {answer.text[:300]}"
        for mark in [*marks(things), '"team"', "identity"]:
            assert mark not in answer.text, f"{path} shows {mark}"
    # The same in the team shows it, so that the test can fail.
    assert MARK in server.request("GET", "/api/v1/namespaces/team/events", token=people.viewer).text
    assert '"team"' in server.request("GET", "/api/v1/namespaces", token=people.viewer).text


def test_not_there_is_not_told_from_not_allowed_by_content(server, people, things):
    """Whoever may not see a run learns of it no more than that it is another namespace's."""
    answer = server.request("GET", f"/apis/v2beta1/runs/{things.run}", token=people.foreign)
    assert answer.status_code == 403 and MARK not in answer.text and things.experiment not in answer.text
    assert server.request("GET", "/apis/v2beta1/runs/not-there", token=people.foreign).status_code == 404


@pytest.mark.parametrize("kind", ["SelfSubjectAccessReview", "SelfSubjectRulesReview"])
@pytest.mark.parametrize("body, status", [
    ({}, 201), ({"apiVersion": "", "kind": ""}, 201), ({"apiVersion": {}}, 400), ({"kind": "ConfigMap"}, 400), ({"spec": []}, 400), ([], 400), ("x", 400),
    ({"metadata": 1}, 400)])
def test_access_reviews_are_of_their_kind(server, people, kind, body, status):
    answer = server.request("POST", f"/apis/authorization.k8s.io/v1/{kind.lower()}s", json=body, token=people.viewer)
    assert answer.status_code == status, answer.text
    told = answer.json()
    expected = ("authorization.k8s.io/v1", kind) if status == 201 else ("v1", "Status")
    assert (told["apiVersion"], told["kind"]) == expected


def test_lists_show_only_the_own_namespace(server, people, things):
    """Without a namespace the home namespace is meant: the outsider's lists hold nothing of the team's."""
    for path in ("/apis/v2beta1/runs", "/apis/v2beta1/experiments", "/apis/v2beta1/pipelines", "/api/artifacts",
                 "/api/models", "/apis/v1beta1/runs", "/apis/v1beta1/experiments"):
        inside = server.request("GET", path, token=people.viewer)
        outside = server.request("GET", path, token=people.foreign)
        assert inside.status_code == outside.status_code == 200, path
        assert "identity" in inside.text if path == "/api/models" else len(inside.text) > 50, path
        for secret in (things.run, things.experiment, things.pipeline, "of the team", "identity"):
            assert secret not in outside.text, f"{path} shows {secret}"


def test_the_session_tells_who_one_is(server, people):
    session = server.json("GET", "/api/session", token=people.viewer)
    assert (session["user"], session["is_admin"], session["home_namespace"]) == ("viewer", False, "team")
    assert session["namespaces"] == [{"name": "team", "role": "viewer"}]
    assert server.json("GET", "/api/session")["is_admin"] is True


def test_home_namespace_of_models(server, people, things):
    answer = server.json("POST", "/v2/models/identity/infer", json=access_table.INFER, token=people.predict)
    assert answer["outputs"][0]["data"] == [1, 2]
    assert server.request("POST", "/v2/models/identity/infer", json=access_table.INFER, token=people.foreign).status_code == 404


def test_cookie_session(server, people):
    """Login sets an HttpOnly cookie; a write with it needs the same origin; logout ends it."""
    import requests
    browser = requests.Session()
    login = browser.post(f"{server.url}/api/session", json={"token": people.editor}, timeout=30)
    assert login.status_code == 200 and login.json()["user"] == "editor"
    cookie = login.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and people.editor.lower() not in cookie
    assert browser.get(f"{server.url}/api/session", timeout=30).json()["user"] == "editor"
    body = {"display_name": "by cookie", "namespace": "team"}
    path = f"{server.url}/apis/v2beta1/experiments"
    assert browser.post(path, json=body, timeout=30).status_code == 403
    assert browser.post(path, json=body, headers={"Origin": "http://evil.example"}, timeout=30).status_code == 403
    assert browser.post(path, json=body, headers={"Origin": server.url}, timeout=30).status_code == 200
    value = browser.cookies.get_dict()
    out = browser.delete(f"{server.url}/api/session", headers={"Origin": server.url}, timeout=30)
    assert out.status_code == 204
    again = requests.get(f"{server.url}/api/session", cookies=value, timeout=30)
    assert again.status_code == 401
    assert requests.post(f"{server.url}/api/session", json={"token": "wrong"}, timeout=30).status_code == 401


def test_deleted_tokens_end(server, people):
    made = server.json("POST", "/api/tokens", json={"user": "viewer", "name": "short-lived"})
    assert server.request("GET", "/api/session", token=made["token"]).status_code == 200
    listed = server.json("GET", "/api/tokens")
    assert made["token"] not in json.dumps(listed)
    assert server.request("DELETE", f"/api/tokens/{made['id']}").status_code == 204
    assert server.request("GET", "/api/session", token=made["token"]).status_code == 401


def test_expired_tokens_are_refused(server, people):
    made = server.json("POST", "/api/tokens", json={
        "user": "viewer", "name": "expired", "expires_at": "2020-01-01T00:00:00.000Z"}, expected=(200, 201, 400))
    if "token" in made:
        assert server.request("GET", "/api/session", token=made["token"]).status_code == 401


def test_steps_see_nothing_of_the_server(server, people, things):
    """A step reads neither the database, nor the admin's token, nor another step's files."""
    import kfp
    from kfp import dsl

    @dsl.container_component
    def look(data: str):
        return dsl.ContainerSpec(image="bash", command=["bash", "-c", """
for path in "$0" "$0/admin-token" "$0/monoflow.db"; do
  if [ -e "$path" ] && [ -n "$(ls -A "$path" 2>/dev/null)" ]; then echo "sees $path"; fi
done
echo "pids $(ls -d /proc/[0-9]* | wc -l)"
cat /var/run/secrets/kubernetes.io/serviceaccount/namespace; echo
test -s /var/run/secrets/kubernetes.io/serviceaccount/token && echo "has a token"
"""], args=[data])

    @dsl.pipeline(name="look-around")
    def pipeline(data: str):
        look(data=data)

    client = kfp.Client(host=server.url, existing_token=people.editor, namespace="team")
    run = client.create_run_from_pipeline_func(
        pipeline, arguments={"data": str(server.data)}, experiment_name="of the team", namespace="team").run_id
    graph = server.wait(run).succeeded()
    lines = graph.log(graph.one("look")).splitlines()
    assert not [line for line in lines if line.startswith("sees")], lines
    assert int(lines[0].split()[1]) < 12
    assert lines[1:] == ["team", "has a token"]


def test_a_step_may_not_leave_its_namespace(server, people, things):
    """The service token of the team's steps is no admin and opens no other namespace."""
    import kfp
    from kfp import dsl

    @dsl.container_component
    def knock():
        return dsl.ContainerSpec(image="bash", command=["bash", "-c", """
token=$(cat /var/run/secrets/kubernetes.io/serviceaccount/token)
address=${MONOFLOW_SERVER#http://}; address=${address%/}
ask() {
  exec 3<>"/dev/tcp/${address%:*}/${address#*:}"
  printf 'GET %s HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Bearer %s\\r\\nConnection: close\\r\\n\\r\\n' "$1" "$token" >&3
  read -r _ status _ <&3; exec 3>&-; echo "$1 $status"
}
ask "/apis/v2beta1/runs?namespace=team"
ask "/apis/v2beta1/runs?namespace=elsewhere"
ask /api/users
"""])

    @dsl.pipeline(name="knock")
    def pipeline():
        knock()

    client = kfp.Client(host=server.url, existing_token=people.editor, namespace="team")
    run = client.create_run_from_pipeline_func(pipeline, experiment_name="of the team", namespace="team").run_id
    graph = server.wait(run).succeeded()
    assert graph.log(graph.one("knock")).splitlines() == [
        "/apis/v2beta1/runs?namespace=team 200", "/apis/v2beta1/runs?namespace=elsewhere 403", "/api/users 403"]
