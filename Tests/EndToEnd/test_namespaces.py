"""Profiles, members, quotas and the end of namespaces, through kubectl 1.33 and the native API."""

import json
import urllib.error
import urllib.request

import pytest

from kubectl import Kubectl, kubectl_133
from server_process import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("namespaces") / "data", "namespaces", ["--tls-listen", "127.0.0.1:0", "--self-registration"]).start()
    facts = json.loads((server.data / "server.json").read_text())
    server.tls_url, server.authority = facts["tls_url"], facts["ca"]
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("kubectl-home")


def call(server, method, path, body=None, token=None):
    """Status and body of an answer."""
    request = urllib.request.Request(
        server.url + path, method=method, data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": "Bearer " + (token or server.token), "Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def client(server, home, name, token, namespace="default"):
    return Kubectl(kubectl_133(), home / name, server.tls_url, server.authority, token, namespace)


@pytest.fixture(scope="module")
def admin(server, home):
    return client(server, home, "admin", server.token)


def user(server, name, namespace="default", role="viewer"):
    """A new user's token."""
    status, _ = call(server, "POST", "/api/users", {"name": name, "home_namespace": namespace, "roles": [{"namespace": namespace, "role": role}]})
    assert status == 201
    status, token = call(server, "POST", "/api/tokens", {"user": name, "name": "t"})
    assert status == 201
    return token["token"]


def profile(name, owner, **spec):
    return {
        "apiVersion": "kubeflow.org/v1", "kind": "Profile", "metadata": {"name": name}, "spec": {"owner": {"kind": "User", "name": owner}, **spec}}


def test_a_profile_from_its_beginning_to_its_end(server, home, admin):
    token = user(server, "ann")
    ann = client(server, home, "ann", token, "team")
    admin.run("apply", "-f", "-", document=profile("team", "ann", resourceQuotaSpec={"hard": {"pods": "5", "requests.cpu": "4"}}))
    admin.run("wait", "--for=condition=Ready", "profile/team", "--timeout=30s")
    assert "ann" in admin.run("get", "profile", "team")
    assert {line.split()[0] for line in ann.run("get", "serviceaccounts", "--no-headers").splitlines()} == {"default", "default-editor", "default-viewer"}
    quota = ann.run("describe", "quota", "kf-resource-quota")
    assert "pods" in quota and "requests.cpu" in quota
    assert "ClusterRole/kubeflow-admin" in ann.run("get", "rolebinding", "namespaceAdmin")

    # A contributor, as Kubeflow's access management adds it.
    bob = client(server, home, "bob", user(server, "bob"), "team")
    assert "Forbidden" in bob.run("get", "configmaps", status=1)
    ann.run("create", "rolebinding", "bobs", "--clusterrole=kubeflow-edit", "--user=bob")
    bob.run("create", "configmap", "mine", "--from-literal=a=b")
    assert "bob has no right to administer" in bob.run("create", "rolebinding", "more", "--clusterrole=kubeflow-admin", "--user=bob", status=1)
    assert "ann is no admin" in ann.run("create", "quota", "own", "--hard=pods=100", status=1)
    assert {"user": "bob", "role": "editor"} in call(server, "GET", "/api/namespaces/team/members", token=token)[1]["members"]
    assert call(server, "PUT", "/api/namespaces/team/members/bob", {"role": "viewer"}, token)[0] == 200
    assert "user-bob-clusterrole-view" in ann.run("get", "rolebindings")
    assert "bob has no right to write" in bob.run("create", "configmap", "late", status=1)

    # An account's token.
    text = ann.run("create", "token", "default-viewer", "--duration=10m").strip()
    viewer = client(server, home, "viewer", text, "team")
    assert "mine" in viewer.run("get", "configmaps")
    assert "has no right to write" in viewer.run("create", "configmap", "no", status=1)
    assert "bob has no right" in bob.run("create", "token", "default-editor", status=1)

    # A group.
    assert call(server, "POST", "/api/groups", {"name": "lab"})[0] == 201
    assert call(server, "PUT", "/api/groups/lab/members/bob")[0] == 204
    assert call(server, "PUT", "/api/namespaces/team/groups/lab", {"role": "editor"}, token)[0] == 200
    bob.run("create", "configmap", "late")

    # What holds the namespace is told, and let go of while it ends.
    ann.run("patch", "configmap", "mine", "--type=merge", "-p", '{"metadata":{"finalizers":["example.com/hold"]}}')
    admin.run("delete", "profile", "team")
    admin.run("wait", "--for=jsonpath={.status.phase}=Terminating", "namespace/team", "--timeout=30s")
    assert "because it is being terminated" in ann.run("create", "configmap", "new", status=1)
    status, answer = call(server, "POST", "/apis/v2beta1/experiments?namespace=team", {"display_name": "e", "namespace": "team"}, token)
    assert status == 403 and "being terminated" in json.dumps(answer)
    ann.run("patch", "configmap", "mine", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    admin.run("wait", "--for=delete", "namespace/team", "--timeout=30s")
    assert call(server, "GET", "/api/namespaces/team", token=token)[0] == 403
    assert "forbidden" in admin.run("delete", "namespace", "default", status=1).lower()


def test_users_register_themselves_once(server, home, admin):
    cay = client(server, home, "cay", user(server, "cay"), "cay")
    assert "Forbidden" in cay.run("create", "-f", "-", document=profile("cay", "admin"), status=1)
    cay.run("create", "-f", "-", document=profile("cay", "cay"))
    cay.run("create", "configmap", "c")
    assert "Forbidden" in cay.run("create", "-f", "-", document=profile("cay2", "cay"), status=1)
    # The native way.
    assert call(server, "DELETE", "/api/namespaces/cay")[0] == 202
    admin.run("wait", "--for=delete", "namespace/cay", "--timeout=30s")
    assert "NotFound" in admin.run("get", "profile", "cay", status=1)


def test_nothing_of_a_namespace_is_left_for_the_next_one(server, admin):
    admin.run("create", "namespace", "again")
    experiment = {"display_name": "e", "namespace": "again"}
    assert call(server, "POST", "/apis/v2beta1/experiments", experiment)[0] == 200
    status, answer = call(server, "GET", "/apis/v2beta1/experiments?namespace=again")
    assert status == 200 and [item["display_name"] for item in answer["experiments"]] == ["e"]
    step = {
        "pipelineInfo": {"name": "p"}, "schemaVersion": "2.1.0", "sdkVersion": "kfp-2.9.0",
        "root": {"dag": {"tasks": {"s": {"taskInfo": {"name": "s"}, "componentRef": {"name": "comp-s"}}}}},
        "components": {"comp-s": {"executorLabel": "exec-s"}},
        "deploymentSpec": {"executors": {"exec-s": {"container": {"image": "python:3.11", "command": ["sleep", "600"]}}}},
    }
    status, run = call(server, "POST", "/apis/v2beta1/runs", {
        "display_name": "r", "pipeline_spec": step, "experiment_id": answer["experiments"][0]["experiment_id"]})
    assert status == 200, run
    admin.run("delete", "namespace", "again", "--timeout=60s", timeout=90)
    assert call(server, "GET", "/apis/v2beta1/runs/" + run["run_id"])[0] == 404
    admin.run("create", "namespace", "again")
    assert not call(server, "GET", "/apis/v2beta1/experiments?namespace=again")[1].get("experiments")
    assert not call(server, "GET", "/apis/v2beta1/runs?namespace=again")[1].get("runs")
