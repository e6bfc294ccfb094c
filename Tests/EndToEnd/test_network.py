"""The networks of steps: the host's, one of their namespace's own, or none."""

import copy
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.parse

import pytest

from one_step import Namespace, specification
from server_process import BINARY, Server

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
    assert server.json("PATCH", f"/api/namespaces/{unique}", json={"network": network}) == {
        "name": unique, "network": network, "egress": True, "phase": "Active"}
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


def test_bad_settings(server, unique):
    server.json("POST", "/api/namespaces", json={"name": unique})
    for body, place in [({}, "network or egress"), ({"network": "no"}, "network"), ({"egress": 1}, "egress")]:
        answer = server.request("PATCH", f"/api/namespaces/{unique}", json=body)
        assert answer.status_code == 400 and place in answer.text, answer.text


# Serves the word `here` at a port until it is told to end; asks the API whenever it is told `api`, by the address it was started with.
LISTENER = """
import os, pathlib, socket, urllib.request
token = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount/token").read_text()
listener = socket.create_server(("127.0.0.1", 7000))
print("ready", flush=True)
while True:
    connection, _ = listener.accept()
    word = connection.recv(16).decode()
    if word == "api":
        request = urllib.request.Request(os.environ["MONOFLOW_SERVER"] + "/api/namespaces", headers={"Authorization": "Bearer " + token})
        connection.sendall(str(urllib.request.urlopen(request, timeout=20).status).encode())
    connection.close()
    if word == "end":
        break
"""
ASK = """
import socket, sys
for word in sys.argv[1:]:
    connection = socket.create_connection(("127.0.0.1", 7000), 5)
    connection.sendall(word.encode())
    print(word, connection.recv(64).decode(), flush=True)
"""
CONNECT = """
import socket, sys
connection = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
print(connection.recv(64).decode())
"""


def interfaces():
    return {name for name in os.listdir("/sys/class/net") if name.startswith("mfv")}


def routes():
    """The addresses that networks of steps have."""
    lines = subprocess.check_output(["ip", "route"], text=True).splitlines()
    return {line.split()[0] for line in lines if line.split()[2].startswith("mfv")}


def holder(server, namespace):
    """The process that holds the namespace's network; None where it has ended."""
    try:
        claim = dict(line.split("=", 1) for line in (server.data / "net" / namespace / "claim").read_text().splitlines())
        fields = pathlib.Path(f"/proc/{claim['pid']}/stat").read_text().rsplit(")", 1)[1].split()
        return int(claim["pid"]) if fields[19] == claim["start"] and fields[0] != "Z" else None
    except (OSError, KeyError):
        return None


def eventually(condition, what, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@pytest.fixture
def own_networks(tmp_path, request):
    """A server whose steps have a network of their namespace's own."""
    if shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    server = Server(tmp_path / "data", request.node.name, network="namespace").start()
    yield server
    if server.process.poll() is None:
        assert server.stop() == 0, server.tail()


def test_a_network_outlives_the_server(own_networks, unique):
    server, namespace = own_networks, Namespace(own_networks, unique)
    before = interfaces()
    run, _ = namespace.start_and_follow(specification("listener", LISTENER, []), "ready")
    first = holder(server, unique)
    assert namespace.run(specification("ask", ASK, ["api"])) == "api 200\n"
    server.kill()
    assert holder(server, unique) == first
    server.start()
    # The same network, the running step's address of the API leads to the new server, and new steps reach the old.
    assert namespace.run(specification("ask", ASK, ["api", "end"])).splitlines()[0] == "api 200"
    assert server.wait(run).state == "Succeeded"
    assert holder(server, unique) == first
    assert server.stop() == 0
    eventually(lambda: holder(server, unique) is None, "the network is held although nobody uses it")
    eventually(lambda: interfaces() <= before, "its interface is left")


def test_a_running_step_keeps_its_network(own_networks, unique):
    server, namespace = own_networks, Namespace(own_networks, unique)
    run, _ = namespace.start_and_follow(specification("listener", LISTENER, []), "ready")
    first = holder(server, unique)
    assert server.stop() == 0
    # Longer than an unused network is kept.
    time.sleep(5)
    assert holder(server, unique) == first
    server.start()
    assert "200" in namespace.run(specification("ask", ASK, ["api", "end"]))
    assert server.wait(run).state == "Succeeded"


def test_a_lost_network_is_made_again(own_networks, unique):
    server, namespace = own_networks, Namespace(own_networks, unique)
    ask = specification("api", "import os, urllib.request; print(urllib.request.urlopen(os.environ['MONOFLOW_SERVER'] + '/healthz').status)", [])
    assert namespace.run(ask) == "200\n"
    first = holder(server, unique)
    os.kill(first, 9)
    eventually(lambda: holder(server, unique) is None, "the process does not end")
    assert namespace.run(ask) == "200\n"
    assert holder(server, unique) not in (None, first)


@pytest.fixture
def outside():
    """A service on another network that this machine routes to: address and port. 203.0.113.0/24 is kept for documentation."""
    for program, why in [("ip", "iproute2"), ("nft", "nftables")]:
        if os.geteuid() != 0 or shutil.which(program) is None:
            pytest.skip(f"networks reach the outside for root with {why} only")
    name = f"out{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        subprocess.run(["ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name], check=True)
        for words in ["address add 203.0.113.1/24 dev " + name, "link set " + name + " up"]:
            subprocess.run(["ip", *words.split()], check=True)
        for words in ["link set lo up", "address add 203.0.113.2/24 dev eth0", "link set eth0 up"]:
            subprocess.run(["ip", "-n", name, *words.split()], check=True)
        program = "import socket; s = socket.create_server(('203.0.113.2', 7001)); print('ready', flush=True)\nwhile True: s.accept()[0].sendall(b'outside')"
        service = subprocess.Popen(["ip", "netns", "exec", name, "/usr/bin/python3", "-c", program], stdout=subprocess.PIPE, text=True)
        assert service.stdout.readline() == "ready\n"
        yield "203.0.113.2", "7001"
        service.kill()
        service.wait()
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)
        subprocess.run(["ip", "link", "delete", name], check=False, capture_output=True)


def test_the_way_outside(own_networks, unique, outside):
    server, namespace = own_networks, Namespace(own_networks, unique)
    network = server.json("GET", "/api/system")["isolation"]["network"]
    assert network["kind"] == "namespace" and network["egress"], server.json("GET", "/api/system")["isolation"]["notes"]
    connect = specification("connect", CONNECT, outside)
    assert namespace.run(connect) == "outside\n"
    server.json("PATCH", f"/api/namespaces/{unique}", json={"egress": False})
    assert "unreachable" in namespace.run(connect, "Failed")
    # Its own network is still there.
    run, _ = namespace.start_and_follow(specification("listener", LISTENER, []), "ready")
    assert "api 200" in namespace.run(specification("ask", ASK, ["api", "end"]))
    assert server.wait(run).state == "Succeeded"
    server.json("PATCH", f"/api/namespaces/{unique}", json={"egress": True})
    assert namespace.run(connect) == "outside\n"


def test_nobody_comes_in_from_outside(own_networks, unique, outside):
    """A listener on every address of a step's network is reached by the host alone, not by who routes to it."""
    server, namespace = own_networks, Namespace(own_networks, unique)
    before = routes()
    program = LISTENER.replace("127.0.0.1", "0.0.0.0")
    run, _ = namespace.start_and_follow(specification("listener", program, []), "ready")
    (address,) = routes() - before
    with socket.create_connection((address, 7000), 5) as connection:
        connection.sendall(b"api")
        assert connection.recv(64) == b"200"
    name = f"out{os.getpid()}"
    subprocess.run(["ip", "-n", name, "route", "add", "default", "via", "203.0.113.1"], check=True)
    tried = subprocess.run(["ip", "netns", "exec", name, "/usr/bin/python3", "-c", CONNECT.replace(", 5)", ", 2)"), address, "7000"], capture_output=True, text=True)
    assert "timed out" in tried.stderr, tried
    # Nor does another namespace.
    other = Namespace(server, unique + "-other")
    assert "refused" in other.run(specification("connect", CONNECT, [address, "7000"]), "Failed")
    assert "end" in namespace.run(specification("ask", ASK, ["end"]))
    assert server.wait(run).state == "Succeeded"


@pytest.fixture
def denied(tmp_path):
    """What starts a program as in a container that denies namespaces and mounts, as a user without privileges; and that user's folder."""
    if os.geteuid() != 0:
        pytest.skip("becoming another user is for root")
    step = BINARY.parent / "monoflow-step"
    with tempfile.TemporaryDirectory(prefix="denied-", dir="/var/tmp") as place:
        os.chown(place, 65534, 65534)
        yield [str(step), "init", "--uid", "65534", "--gid", "65534", "--filter", "--"], pathlib.Path(place)


def test_a_machine_that_denies_namespaces_says_so(denied, unique):
    """Nothing is kept apart there: the server does not start by itself; where it has to, the level and the network are shown, and what asks for
    less than the host's network does not run."""
    prefix, place = denied
    with pytest.raises(AssertionError, match="--allow-weak-isolation"):
        Server(place / "data", unique, network="automatic", prefix=prefix).start()
    server = Server(place / "data", unique, network="automatic", prefix=prefix, arguments=["--allow-weak-isolation"]).start()
    try:
        isolation = server.json("GET", "/api/system")["isolation"]
        assert isolation["level"] == "none" and isolation["summary"].startswith("none"), isolation
        assert isolation["network"] | {"summary": ""} == {"kind": "host", "egress": True, "can_separate": False, "summary": ""}
        assert any("not isolated" in note for note in isolation["notes"]) and any("sandbox" in note for note in isolation["notes"]), isolation
        assert "isolation none: plain processes without a sandbox; the host's network is shared by all steps" in server.tail()
        namespace = Namespace(server, unique)
        step = specification("step", "print('ran')", [])
        assert namespace.run(step) == "ran\n"
        for settings in ({"network": False}, {"network": True, "egress": False}):
            server.json("PATCH", f"/api/namespaces/{unique}", json=settings)
            graph = server.wait(namespace.start(step))
            assert graph.state == "Failed" and "cannot be" in json.dumps(graph.nodes), graph.explain()
    finally:
        assert server.stop() == 0
