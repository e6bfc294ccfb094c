"""The Python `kubernetes` client, and a controller written with kopf, against the resource API."""

import json
import os
import subprocess
import sys
import threading

import kubernetes
import pytest
from kubernetes import client, watch

from kubectl import configuration_text
from server_process import OUTPUT, secure_server

GADGETS = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "gadgets.example.org"},
    "spec": {
        "group": "example.org", "scope": "Namespaced", "names": {"plural": "gadgets", "singular": "gadget", "kind": "Gadget"},
        "versions": [{
            "name": "v1", "served": True, "storage": True, "subresources": {"status": {}},
            "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                "spec": {"type": "object", "properties": {"power": {"type": "integer"}}},
                "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            }}},
        }],
    },
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with secure_server(tmp_path_factory.mktemp("client") / "data", "kubernetes-client") as server:
        yield server


@pytest.fixture(scope="module")
def api(server):
    configuration = client.Configuration(host=server.tls_url)
    configuration.ssl_ca_cert = server.authority
    configuration.api_key = {"authorization": "Bearer " + server.token}
    with client.ApiClient(configuration) as found:
        yield found


@pytest.fixture(scope="module")
def core(api):
    return client.CoreV1Api(api)


def test_objects(core):
    made = core.create_namespaced_config_map("default", client.V1ConfigMap(metadata=client.V1ObjectMeta(generate_name="made-"), data={"a": "1"}))
    assert made.metadata.name.startswith("made-") and made.metadata.uid
    made.data["b"] = "2"
    replaced = core.replace_namespaced_config_map(made.metadata.name, "default", made)
    assert replaced.data == {"a": "1", "b": "2"}
    with pytest.raises(client.ApiException) as stale:
        core.replace_namespaced_config_map(made.metadata.name, "default", made)
    assert stale.value.status == 409 and json.loads(stale.value.body)["reason"] == "Conflict"
    patched = core.patch_namespaced_config_map(made.metadata.name, "default", {"data": {"a": None}})
    assert patched.data == {"b": "2"}
    core.delete_namespaced_config_map(made.metadata.name, "default")
    with pytest.raises(client.ApiException) as gone:
        core.read_namespaced_config_map(made.metadata.name, "default")
    assert gone.value.status == 404 and json.loads(gone.value.body)["details"] == {"name": made.metadata.name, "kind": "configmaps"}


def test_pages(core):
    for number in range(25):
        core.create_namespaced_config_map("default", {"metadata": {"name": f"page-{number:02}", "labels": {"page": "yes"}}})
    names, token, pages = [], None, 0
    while True:
        page = core.list_namespaced_config_map("default", label_selector="page=yes", limit=10, _continue=token)
        names += [item.metadata.name for item in page.items]
        token, pages = page.metadata._continue, pages + 1
        if not token:
            break
    assert names == [f"page-{number:02}" for number in range(25)] and pages == 3


def test_a_list_and_its_watch_miss_nothing(core):
    listed = core.list_namespaced_config_map("default", label_selector="seen=yes")
    written = [f"seen-{number}" for number in range(200)]

    def write():
        for name in written:
            core.create_namespaced_config_map("default", {"metadata": {"name": name, "labels": {"seen": "yes"}}})

    writer = threading.Thread(target=write)
    writer.start()
    seen, stream = [], watch.Watch()
    for event in stream.stream(
            core.list_namespaced_config_map, "default", label_selector="seen=yes", resource_version=listed.metadata.resource_version, timeout_seconds=60):
        seen.append((event["type"], event["object"].metadata.name))
        if len(seen) == len(written):
            stream.stop()
    writer.join()
    assert seen == [("ADDED", name) for name in written]
    # Out of the selection: gone for this watcher.
    version = core.list_namespaced_config_map("default").metadata.resource_version
    core.patch_namespaced_config_map("seen-0", "default", {"metadata": {"labels": {"seen": "no"}}})
    for event in stream.stream(core.list_namespaced_config_map, "default", label_selector="seen=yes", resource_version=version, timeout_seconds=60):
        assert (event["type"], event["object"].metadata.name) == ("DELETED", "seen-0")
        stream.stop()


def test_versions_of_the_future_are_expired(core):
    with pytest.raises(client.ApiException) as expired:
        for _ in watch.Watch().stream(core.list_namespaced_config_map, "default", resource_version="999999999", timeout_seconds=5):
            pytest.fail("an event of the future")
    assert expired.value.status == 410


def test_dynamic_client(api, core):
    client.ApiextensionsV1Api(api).create_custom_resource_definition(GADGETS)
    gadgets = kubernetes.dynamic.DynamicClient(api).resources.get(api_version="example.org/v1", kind="Gadget")
    made = gadgets.create(namespace="default", body={"apiVersion": "example.org/v1", "kind": "Gadget", "metadata": {"name": "plain"}, "spec": {"power": 1}})
    assert made.spec.power == 1 and made.metadata.generation == 1
    status = client.CustomObjectsApi(api).patch_namespaced_custom_object_status(
        "example.org", "v1", "default", "gadgets", "plain", {"status": {"power": 5}, "spec": {"power": 9}})
    assert status["status"] == {"power": 5} and status["spec"] == {"power": 1} and status["metadata"]["generation"] == 1
    gadgets.delete(name="plain", namespace="default")


def test_a_controller_with_kopf(server, api, core, tmp_path):
    custom = client.CustomObjectsApi(api)
    configuration = tmp_path / "config"
    configuration.write_text(configuration_text(server.tls_url, server.authority, server.token, "default"))
    log = open(OUTPUT / "kopf.log", "wb")
    controller = subprocess.Popen(
        [sys.executable, "-m", "kopf", "run", "--standalone", "--namespace", "default", os.path.join(os.path.dirname(__file__), "gadget_controller.py")],
        env={**os.environ, "KUBECONFIG": str(configuration)}, stdout=log, stderr=subprocess.STDOUT)
    try:
        version = core.list_namespaced_config_map("default").metadata.resource_version

        def data(name, wanted):
            """Waits for the config map to hold the data."""
            stream = watch.Watch()
            for event in stream.stream(
                    core.list_namespaced_config_map, "default", field_selector=f"metadata.name={name}", resource_version=version, timeout_seconds=60):
                if event["type"] != "DELETED" and event["object"].data == wanted:
                    stream.stop()
                    return event["object"]
            pytest.fail(f"{name} never held {wanted}: {(OUTPUT / 'kopf.log').read_text()[-2000:]}")

        custom.create_namespaced_custom_object(
            "example.org", "v1", "default", "gadgets",
            {"apiVersion": "example.org/v1", "kind": "Gadget", "metadata": {"name": "lamp"}, "spec": {"power": 3}})
        kept = data("gadget-lamp", {"power": "3"})
        assert kept.metadata.owner_references[0].name == "lamp"
        custom.patch_namespaced_custom_object("example.org", "v1", "default", "gadgets", "lamp", {"spec": {"power": 4}})
        data("gadget-lamp", {"power": "4"})
        # The controller's finalizer holds it until its handler has run; then the owned map goes too.
        stream = watch.Watch()
        version = core.list_namespaced_config_map("default").metadata.resource_version
        custom.delete_namespaced_custom_object("example.org", "v1", "default", "gadgets", "lamp")
        data("end-of-lamp", None)
        for event in stream.stream(
                core.list_namespaced_config_map, "default", field_selector="metadata.name=gadget-lamp", resource_version=version, timeout_seconds=60):
            if event["type"] == "DELETED":
                stream.stop()
                break
        else:
            pytest.fail("the owned config map stayed")
        assert any(event.reason == "Kept" for event in core.list_namespaced_event("default").items)
    finally:
        controller.terminate()
        controller.wait(30)
        log.close()
