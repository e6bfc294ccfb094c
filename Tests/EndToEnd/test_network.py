"""The network of a namespace's steps can be switched off."""

import copy
import urllib.parse

import pytest

# One step that tries to reach this server, on the host's loopback.
SPEC = {
    "pipelineInfo": {"name": "reach"},
    "schemaVersion": "2.1.0",
    "sdkVersion": "kfp-2.17.0",
    "root": {
        "dag": {"tasks": {"reach": {
            "componentRef": {"name": "comp-reach"}, "taskInfo": {"name": "reach"},
            "inputs": {"parameters": {"port": {"componentInputParameter": "port"}}}}}},
        "inputDefinitions": {"parameters": {"port": {"parameterType": "STRING"}}},
    },
    "components": {"comp-reach": {
        "executorLabel": "exec-reach", "inputDefinitions": {"parameters": {"port": {"parameterType": "STRING"}}}}},
    "deploymentSpec": {"executors": {"exec-reach": {"container": {
        "image": "bash", "command": ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/$0 && echo reached", "{{$.inputs.parameters['port']}}"]}}}},
}


@pytest.mark.parametrize("network, state", [(True, "Succeeded"), (False, "Failed")])
def test_network_of_a_namespace(server, unique, network, state):
    server.json("POST", "/api/namespaces", json={"name": unique})
    assert server.json("PATCH", f"/api/namespaces/{unique}", json={"network": network}) == {"name": unique, "network": network}
    assert server.json("GET", f"/api/namespaces/{unique}")["network"] is network
    experiment = server.json("POST", "/apis/v2beta1/experiments", json={"display_name": "net", "namespace": unique})["experiment_id"]
    run = server.json("POST", "/apis/v2beta1/runs", json={
        "display_name": "reach", "experiment_id": experiment, "pipeline_spec": copy.deepcopy(SPEC),
        "runtime_config": {"parameters": {"port": str(urllib.parse.urlsplit(server.url).port)}}})["run_id"]
    for event, _ in server.watch(run, 120):
        if event == "end":
            break
    graph = server.json("GET", f"/api/runs/{run}/graph")
    assert graph["run"]["state"] == state, graph["run"]
    step = next(n for n in graph["nodes"] if n["type"] == "Container")
    log = server.request("GET", f"/apis/v1alpha1/runs/{run}/nodes/{step['id']}/log").text
    assert ("reached" in log) is network, log
