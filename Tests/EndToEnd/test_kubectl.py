"""The resource API through kubectl 1.33 and, where it is installed, apt's 1.20."""

import base64

import pytest

from kubectl import Kubectl, kubectl_120, kubectl_133
from server_process import secure_server

PROGRAMS = {"1.33": kubectl_133, "1.20": kubectl_120}

WIDGETS = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "widgets.example.com"},
    "spec": {
        "group": "example.com", "scope": "Namespaced",
        "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "shortNames": ["wd"], "categories": ["all"]},
        "versions": [{
            "name": "v1", "served": True, "storage": True, "subresources": {"status": {}},
            "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                "spec": {"type": "object", "required": ["size"], "properties": {
                    "size": {"type": "integer", "minimum": 1, "description": "How large the widget is."},
                    "colour": {"type": "string", "default": "red"},
                    "parts": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], "items": {
                        "type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "count": {"type": "integer"}}}},
                }},
                "status": {"type": "object", "properties": {"ready": {"type": "boolean"}}},
            }}},
        }],
    },
}


def config_map(name, data, **metadata):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": data}


def widget(name, size, **spec):
    return {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": name}, "spec": {"size": size, **spec}}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with secure_server(tmp_path_factory.mktemp("kubectl") / "data", "kubectl") as server:
        yield server


@pytest.fixture(scope="module", params=PROGRAMS)
def kubectl(request, server, tmp_path_factory):
    """Each program in a namespace of its own."""
    program = PROGRAMS[request.param]()
    if program is None:
        pytest.skip(f"kubectl {request.param} cannot be had (Debian: kubernetes-client)")
    namespace = "k" + request.param.replace(".", "-")
    found = Kubectl(program, tmp_path_factory.mktemp("kubectl-home"), server.tls_url, server.authority, server.token, namespace)
    found.namespace = namespace
    assert f"namespace/{namespace} created" in found.run("create", "namespace", namespace)
    found.run("apply", "-f", "-", document=WIDGETS)
    found.run("wait", "--for=condition=Established", "crd/widgets.example.com", "--timeout=20s")
    return found


def test_versions_and_resources(kubectl):
    assert "monoflow" in kubectl.run("version")
    rows = kubectl.run("api-resources", "--no-headers")
    assert any(line.split()[:3] == ["widgets", "wd", "example.com/v1"] for line in rows.splitlines()), rows
    assert "example.com/v1" in kubectl.run("api-versions").splitlines()


def test_apply_says_what_changed(kubectl):
    first = config_map("applied", {"a": "1", "b": "2"})
    assert kubectl.run("apply", "-f", "-", document=first) == "configmap/applied created\n"
    assert kubectl.run("apply", "-f", "-", document=first) == "configmap/applied unchanged\n"
    assert kubectl.run("apply", "-f", "-", document=config_map("applied", {"a": "3"})) == "configmap/applied configured\n"
    assert kubectl.json("get", "configmap", "applied")["data"] == {"a": "3"}


def test_server_side_apply(kubectl):
    base = widget("sided", 1, parts=[{"name": "wheel", "count": 4}])
    assert "serverside-applied" in kubectl.run("apply", "--server-side", "--field-manager=one", "-f", "-", document=base)
    other = widget("sided", 2, parts=[{"name": "seat", "count": 1}])
    refused = kubectl.run("apply", "--server-side", "--field-manager=two", "-f", "-", document=other, status=1)
    assert "conflict" in refused and ".spec.size" in refused
    kubectl.run("apply", "--server-side", "--field-manager=two", "--force-conflicts", "-f", "-", document=other)
    stored = kubectl.json("get", "widget", "sided")
    assert stored["spec"]["size"] == 2 and [part["name"] for part in stored["spec"]["parts"]] == ["wheel", "seat"]
    # What the first manager leaves out goes, unless the other has it too.
    kubectl.run("apply", "--server-side", "--field-manager=one", "-f", "-", document={**widget("sided", 2)})
    assert [part["name"] for part in kubectl.json("get", "widget", "sided")["spec"]["parts"]] == ["seat"]


def test_get_in_every_form(kubectl):
    kubectl.run("apply", "-f", "-", document=widget("shown", 7))
    table = kubectl.run("get", "widgets", "shown").splitlines()
    assert table[0].split() == ["NAME", "SIZE"] and table[1].split()[:2] == ["shown", "7"], table
    assert "NAMESPACE" in kubectl.run("get", "wd", "-A")
    assert kubectl.run("get", "widgets", "shown", "-o", "name") == "widget.example.com/shown\n"
    assert kubectl.run("get", "widget", "shown", "-o", "jsonpath={.spec.colour}") == "red"
    assert "size: 7" in kubectl.run("get", "widget", "shown", "-o", "yaml")
    assert kubectl.run("get", "widget", "shown", "-o", "custom-columns=S:.spec.size", "--no-headers").strip() == "7"
    assert kubectl.run("get", "widget", "shown", "-o", "go-template={{.spec.size}}") == "7"
    assert "shown" in kubectl.run("get", "all")
    assert "NotFound" in kubectl.run("get", "widget", "missing", status=1)


def test_labels_and_selectors(kubectl):
    for name in ("red", "blue"):
        kubectl.run("apply", "-f", "-", document=config_map(name, {"x": "1"}))
        kubectl.run("label", "configmap", name, f"colour={name}", "kind=test")
    kubectl.run("annotate", "configmap", "red", "note=first")
    names = lambda selector: kubectl.run("get", "configmaps", "-l", selector, "-o", "name").split()  # noqa: E731
    assert names("colour=red") == ["configmap/red"]
    assert names("kind=test,colour!=red") == ["configmap/blue"]
    assert names("colour in (red, blue)") == ["configmap/blue", "configmap/red"]
    assert names("kind=test,!other") == ["configmap/blue", "configmap/red"]
    assert kubectl.run("get", "configmaps", "--field-selector", "metadata.name=blue", "-o", "name").split() == ["configmap/blue"]
    assert kubectl.json("get", "configmap", "red")["metadata"]["annotations"]["note"] == "first"
    kubectl.run("label", "configmap", "red", "colour-")
    assert names("colour") == ["configmap/blue"]


def test_patches(kubectl):
    kubectl.run("apply", "-f", "-", document=config_map("patched", {"a": "1", "b": "2"}))
    kubectl.run("patch", "configmap", "patched", "--type=merge", "-p", '{"data":{"a":null,"c":"3"}}')
    kubectl.run("patch", "configmap", "patched", "--type=json", "-p", '[{"op":"add","path":"/data/d","value":"4"}]')
    kubectl.run("patch", "configmap", "patched", "-p", '{"metadata":{"labels":{"strategic":"yes"}}}')
    stored = kubectl.json("get", "configmap", "patched")
    assert stored["data"] == {"b": "2", "c": "3", "d": "4"} and stored["metadata"]["labels"] == {"strategic": "yes"}
    assert "test" in kubectl.run("patch", "configmap", "patched", "--type=json", "-p", '[{"op":"test","path":"/data/d","value":"5"}]', status=1)


def test_invalid_objects_name_the_place(kubectl):
    refused = kubectl.run("create", "-f", "-", document=widget("wrong", 0), status=1)
    assert "spec.size" in refused and "greater than or equal to 1" in refused
    unknown = kubectl.run("create", "--validate=true", "-f", "-", document=widget("wrong", 1, wings=2), status=1)
    assert "wings" in unknown
    assert "Invalid" in kubectl.run("create", "--validate=false", "-f", "-", document=config_map("No_Name", {}), status=1)
    assert "AlreadyExists" in kubectl.run("create", "namespace", kubectl.namespace, status=1)


def test_dry_run_stores_nothing(kubectl):
    kubectl.run("apply", "--dry-run=server", "-f", "-", document=config_map("dry", {"a": "1"}))
    assert "NotFound" in kubectl.run("get", "configmap", "dry", status=1)


def test_watch_and_wait(kubectl):
    kubectl.run("apply", "-f", "-", document=config_map("watched", {"a": "1"}))
    watch = kubectl.start("get", "configmap", "watched", "-w", "-o", "jsonpath={.data.a}{'\\n'}")
    try:
        assert watch.stdout.readline() == "1\n"
        kubectl.run("patch", "configmap", "watched", "--type=merge", "-p", '{"data":{"a":"2"}}')
        assert watch.stdout.readline() == "2\n"
        kubectl.run("patch", "configmap", "watched", "--type=merge", "-p", '{"metadata":{"finalizers":["example.com/hold"]}}')
        kubectl.run("delete", "configmap", "watched", "--wait=false")
        waiting = kubectl.start("wait", "--for=delete", "configmap/watched", "--timeout=30s", "-v=6")
        # Once it has seen the object, its end can come.
        while "200 OK" not in (line := waiting.stdout.readline()):
            assert line, "kubectl wait ended"
        kubectl.run("patch", "configmap", "watched", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
        assert "condition met" in waiting.communicate(timeout=60)[0] and waiting.returncode == 0
    finally:
        watch.kill()
        watch.communicate()


def test_deletion_follows_owners(kubectl):
    def tree(name, propagation):
        owner = kubectl.json("create", "-f", "-", document=config_map(name, {}))
        reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": owner["metadata"]["uid"], "blockOwnerDeletion": True}
        kubectl.run("create", "-f", "-", document=config_map(name + "-child", {}, ownerReferences=[reference]))
        kubectl.run("delete", "configmap", name, f"--cascade={propagation}")

    cascade = ("background", "foreground", "orphan")
    for propagation in cascade:
        tree("tree-" + propagation, propagation)
    for propagation in cascade[:2]:
        # It may be gone before the wait begins, which kubectl 1.20 takes for an error.
        kubectl.start("wait", "--for=delete", f"configmap/tree-{propagation}-child", "--timeout=30s").communicate(timeout=60)
        assert "NotFound" in kubectl.run("get", "configmap", f"tree-{propagation}-child", status=1)
    child = kubectl.json("get", "configmap", "tree-orphan-child")
    assert "ownerReferences" not in child["metadata"]


def test_finalizers_hold_objects(kubectl):
    kubectl.run("create", "-f", "-", document=config_map("held", {}, finalizers=["example.com/hold"]))
    kubectl.run("delete", "configmap", "held", "--wait=false")
    assert kubectl.json("get", "configmap", "held")["metadata"]["deletionTimestamp"]
    kubectl.run("patch", "configmap", "held", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    assert "NotFound" in kubectl.run("get", "configmap", "held", status=1)


def test_secrets_are_sealed_and_hidden(kubectl, server):
    value = "hunter2-" + kubectl.namespace
    kubectl.run("create", "secret", "generic", "password", f"--from-literal=p={value}")
    assert base64.b64decode(kubectl.run("get", "secret", "password", "-o", "jsonpath={.data.p}")).decode() == value
    assert kubectl.run("get", "secrets", "--no-headers").split()[:3] == ["password", "Opaque", "1"]
    assert value not in kubectl.run("describe", "secret", "password")
    for text in (value, base64.b64encode(value.encode()).decode()):
        for file in server.data.glob("monoflow.db*"):
            assert text.encode() not in file.read_bytes(), f"{file.name} holds the secret"


def test_describe_edit_explain(kubectl):
    kubectl.run("apply", "-f", "-", document=widget("described", 3))
    assert "Size:" in kubectl.run("describe", "widget", "described")
    kubectl.run("edit", "widget", "described")
    assert "How large the widget is." in kubectl.run("explain", "widget.spec.size")
    assert "ConfigMap" in kubectl.run("explain", "configmap")


def test_who_may(kubectl, server):
    assert kubectl.run("auth", "can-i", "create", "configmaps").strip() == "yes"
    namespace = kubectl.namespace
    server.json("POST", "/api/users", json={
        "name": "viewer-" + namespace, "home_namespace": namespace, "roles": [{"namespace": namespace, "role": "viewer"}]})
    token = server.json("POST", "/api/tokens", json={"user": "viewer-" + namespace, "name": "t"})["token"]
    viewer = Kubectl(kubectl.program, kubectl.folder / "viewer", server.tls_url, server.authority, token, namespace)
    kubectl.run("apply", "-f", "-", document=config_map("seen", {"a": "1"}))
    assert viewer.run("get", "configmap", "seen", "-o", "jsonpath={.data.a}") == "1"
    assert "Forbidden" in viewer.run("get", "secrets", status=1)
    assert "Forbidden" in viewer.run("delete", "configmap", "seen", status=1)
    assert viewer.run("auth", "can-i", "delete", "configmaps", status=1).startswith("no")
    assert "Forbidden" in viewer.run("get", "configmaps", "-n", "default", status=1)
    assert "Forbidden" in viewer.run("get", "configmaps", "-A", status=1)
    assert viewer.run("get", "namespaces", "-o", "name").split() == ["namespace/" + namespace]
    stranger = Kubectl(kubectl.program, kubectl.folder / "stranger", server.tls_url, server.authority, "mf_wrong", namespace)
    assert "Unauthorized" in stranger.run("get", "configmaps", status=1) or "logged in" in stranger.run("get", "configmaps", status=1)
