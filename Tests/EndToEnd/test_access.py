"""Who may do what: the API's table by role, and what must not be seen."""

import json

import pytest
import yaml
from kfp import compiler

import kfp2_pipelines as pipelines

ROLES = ["admin", "owner", "editor", "viewer", "predict", "foreign", "nobody"]


@pytest.fixture(scope="module")
def things(server, people, tmp_path_factory):
    """One of each thing in the namespace `team`, made by its editor."""
    import kfp
    client = kfp.Client(host=server.url, existing_token=people.editor, namespace="team")
    package = tmp_path_factory.mktemp("access") / "artifacts.yaml"
    compiler.Compiler().compile(pipelines.artifacts_pipeline, str(package))
    experiment = client.create_experiment("of the team", namespace="team").experiment_id
    pipeline = client.upload_pipeline(str(package), pipeline_name="of the team", namespace="team").pipeline_id
    run = client.run_pipeline(experiment, "of the team", str(package)).run_id
    for event, _ in server.watch(run, 600, token=people.editor):
        if event == "end":
            break
    graph = server.json("GET", f"/api/runs/{run}/graph", token=people.editor)
    assert graph["run"]["state"] == "Succeeded" and graph["run"]["namespace"] == "team"
    listed = server.json("GET", "/api/artifacts", params={"run_id": run}, token=people.editor)["artifacts"]
    artifact = next(item["id"] for item in listed if item["name"] == "data")
    node = next(n["id"] for n in graph["nodes"] if n["type"] == "Container")
    server.json("POST", "/api/v1/namespaces/team/configmaps", json={"metadata": {"name": "of-the-team"}, "data": {"a": "of the team"}}, token=people.editor)
    answer = server.request("PUT", "/api/models/identity/versions/next", data=identity_model(), token=people.editor)
    assert answer.status_code == 201, answer.text
    return {"experiment": experiment, "pipeline": pipeline, "run": run, "artifact": artifact, "node": node,
            "spec": yaml.safe_load(package.read_text())}


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


INFER = {"inputs": [{"name": "X", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}]}

# Method, path, body, expected status for each role. 404 and 403 both hide; each row says which it is.
READ = dict(admin=200, owner=200, editor=200, viewer=200, predict=403, foreign=403, nobody=401)
WRITE = dict(admin=200, owner=200, editor=200, viewer=403, predict=403, foreign=403, nobody=401)
PREDICT = dict(admin=200, owner=200, editor=200, viewer=403, predict=200, foreign=403, nobody=401)
ADMIN = dict(admin=200, owner=403, editor=403, viewer=403, predict=403, foreign=403, nobody=401)
TABLE = [
    ("GET", "/apis/v2beta1/runs/{run}", None, READ),
    ("GET", "/apis/v1beta1/runs/{run}", None, READ),
    ("GET", "/pipeline/apis/v2beta1/runs/{run}", None, READ),
    ("GET", "/apis/v2beta1/runs?namespace=team", None, READ),
    ("GET", "/apis/v2beta1/experiments/{experiment}", None, READ),
    ("GET", "/apis/v2beta1/experiments?namespace=team", None, READ),
    ("GET", "/apis/v2beta1/pipelines/{pipeline}", None, READ),
    ("GET", "/apis/v2beta1/pipelines?namespace=team", None, READ),
    ("GET", "/apis/v2beta1/pipelines/{pipeline}/versions", None, READ),
    ("GET", "/apis/v1alpha1/runs/{run}/nodes/{node}/log", None, READ),
    ("GET", "/api/runs/{run}/graph", None, READ),
    ("GET", "/api/artifacts?namespace=team", None, READ),
    ("GET", "/api/artifacts/{artifact}", None, READ),
    ("GET", "/api/artifacts/{artifact}/content", None, READ),
    ("POST", "/apis/v2beta1/experiments", {"display_name": "made by {role}", "namespace": "team"}, WRITE),
    ("POST", "/apis/v2beta1/runs",
     {"display_name": "by {role}", "experiment_id": "{experiment}", "pipeline_spec": "{spec}"}, WRITE),
    ("POST", "/apis/v2beta1/runs/{run}:archive", None, WRITE),
    ("POST", "/apis/v2beta1/runs/{run}:unarchive", None, WRITE),
    ("POST", "/ns/team/v2/models/identity/infer", INFER, PREDICT),
    ("GET", "/ns/team/v2/models/identity", None, dict(PREDICT, viewer=200)),
    ("GET", "/api/users", None, ADMIN),
    ("GET", "/api/tokens", None, ADMIN),
    ("POST", "/api/users", {"name": "by {role}", "home_namespace": "team", "is_admin": True, "roles": []}, ADMIN),
    ("POST", "/api/tokens", {"user": "viewer", "name": "by {role}"}, ADMIN),
    ("POST", "/api/namespaces", {"name": "by-{role}"}, ADMIN),
    ("GET", "/api/v1/namespaces/team/configmaps", None, READ),
    ("GET", "/api/v1/namespaces/team/configmaps?watch=true&timeoutSeconds=1", None, READ),
    ("GET", "/api/v1/namespaces/team/configmaps/of-the-team", None, READ),
    ("POST", "/api/v1/namespaces/team/configmaps", {"metadata": {"name": "by-{role}"}}, WRITE),
    ("DELETE", "/api/v1/namespaces/team/configmaps/by-{role}", None, WRITE),
    ("DELETE", "/api/v1/namespaces/team/configmaps?labelSelector=none", None, WRITE),
    ("GET", "/api/namespaces/team/secrets", None, WRITE),
    ("POST", "/api/namespaces/team/secrets", {"name": "by-{role}", "values": {"a": "of the team"}}, WRITE),
    ("PATCH", "/api/namespaces/team/secrets/by-{role}", {"values": {"a": "of the team"}}, WRITE),
    ("DELETE", "/api/namespaces/team/secrets/by-{role}", None, WRITE),
    ("GET", "/api/v1/configmaps", None, ADMIN),
    ("GET", "/api/v1/namespaces/team", None, READ),
    ("GET", "/api/v1/namespaces", None, dict.fromkeys(ROLES[:6], 200) | {"nobody": 401}),
    ("POST", "/api/v1/namespaces", {"metadata": {"name": "object-by-{role}"}}, ADMIN),
    ("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", None, dict.fromkeys(ROLES[:6], 200) | {"nobody": 401}),
    ("DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", None, ADMIN),
    ("DELETE", "/apis/v2beta1/runs/not-there", None, dict.fromkeys(ROLES[:6], 404) | {"nobody": 401}),
]


def fill(value, things, role):
    if isinstance(value, dict):
        return {key: fill(item, things, role) for key, item in value.items()}
    if value == "{spec}":
        return things["spec"]
    if isinstance(value, str):
        return value.format(role=role, **{k: v for k, v in things.items() if k != "spec"})
    return value


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("method, path, body, expected", TABLE, ids=[f"{row[0]} {row[1]}" for row in TABLE])
def test_table(server, people, things, method, path, body, expected, role):
    token = None if role == "nobody" else getattr(people, role)
    answer = server.request(
        method, fill(path, things, role), token=token, json=None if body is None else fill(body, things, role))
    wanted = expected[role]
    if wanted == 200:
        assert answer.status_code in (200, 201, 204), f"{answer.status_code} {answer.text[:500]}"
        return
    assert answer.status_code == wanted, f"{answer.status_code} {answer.text[:500]}"
    assert "of the team" not in answer.text, "a refusal shows what it hides"


def test_lists_show_only_the_own_namespace(server, people, things):
    """Without a namespace the home namespace is meant: the outsider's lists hold nothing of the team's."""
    for path in ("/apis/v2beta1/runs", "/apis/v2beta1/experiments", "/apis/v2beta1/pipelines", "/api/artifacts",
                 "/api/models", "/apis/v1beta1/runs", "/apis/v1beta1/experiments"):
        inside = server.request("GET", path, token=people.viewer)
        outside = server.request("GET", path, token=people.foreign)
        assert inside.status_code == outside.status_code == 200, path
        assert "identity" in inside.text if path == "/api/models" else len(inside.text) > 50, path
        for secret in (things["run"], things["experiment"], things["pipeline"], "of the team", "identity"):
            assert secret not in outside.text, f"{path} shows {secret}"


def test_the_session_tells_who_one_is(server, people):
    session = server.json("GET", "/api/session", token=people.viewer)
    assert (session["user"], session["is_admin"], session["home_namespace"]) == ("viewer", False, "team")
    assert session["namespaces"] == [{"name": "team", "role": "viewer"}]
    assert server.json("GET", "/api/session")["is_admin"] is True


def test_home_namespace_of_models(server, people, things):
    answer = server.json("POST", "/v2/models/identity/infer", json=INFER, token=people.predict)
    assert answer["outputs"][0]["data"] == [1, 2]
    assert server.request("POST", "/v2/models/identity/infer", json=INFER, token=people.foreign).status_code == 404


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
