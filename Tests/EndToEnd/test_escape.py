"""A hostile step against another namespace, the server and the machine: each of `escape_attempts.py` fails inside and succeeds outside."""

import contextlib
import ctypes
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

import pytest

from one_step import Namespace, specification
from server_process import BINARY, Server

HERE = pathlib.Path(__file__).resolve().parent
ATTEMPTS = (HERE / "escape_attempts.py").read_text()
C = ctypes.CDLL(None, use_errno=True)
NOBODY = 65534
# How many attempts have to have succeeded outside: the rest prove nothing on this machine, and are printed.
PROVEN = 45

# A step of the other namespace: it leaves its secret everywhere it can, serves it at a port and waits for the word `end` there.
VICTIM = """
import os, socket, sys
secret = os.environ["VICTIM_SECRET"]
root = os.environ.get("TMPDIR", "/tmp") + "/.."
open(root + "/victim", "w").write(secret)
open(root + "/tmp/victim", "w").write(secret)
try:
    open("/dev/shm/victim", "w").write(secret)
    os.chmod("/dev/shm/victim", 0o666)
except PermissionError:
    pass
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print(secret, flush=True)
print("ready", flush=True)
while True:
    connection, _ = listener.accept()
    connection.sendall(secret.encode())
    connection.settimeout(5)
    try:
        word = connection.recv(16)
    except OSError:
        word = b""
    connection.close()
    if word == b"end":
        break
"""

FRIEND = """
import os, pathlib, socket, sys, urllib.request
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10)
print(connection.recv(256).decode())
token = pathlib.Path(os.environ["KF_PIPELINES_SA_TOKEN_PATH"]).read_text().strip()
for variable in ("MONOFLOW_SERVER", "KF_PIPELINES_ENDPOINT"):
    request = urllib.request.Request(os.environ[variable] + sys.argv[2], headers={"Authorization": "Bearer " + token})
    print(urllib.request.urlopen(request, timeout=10).status)
connection.sendall(b"end")
"""


@contextlib.contextmanager
def speaking(family, address, secret):
    """Tells the secret to everybody who connects. Yields the address."""
    listener = socket.socket(family)
    listener.bind(address)
    if family == socket.AF_UNIX and isinstance(address, str) and not address.startswith("\0"):
        os.chmod(address, 0o666)
    listener.listen(16)

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError):
                connection.sendall(secret.encode())
            connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def process_with(mark):
    """The newest process whose arguments hold the mark: the step's own, below its helpers."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            line = pathlib.Path(f"/proc/{name}/cmdline").read_bytes()
            if mark.encode() in line and line.startswith(b"/usr/bin/python3"):
                found.append(int(name))
    assert found, f"no process with {mark}"
    return max(found)


def task_of(server, secret):
    """The directory of the task that has left this secret in its root."""
    for file in server.data.glob("tasks/*/root/victim"):
        if file.read_text() == secret:
            return file.parent.parent
    raise AssertionError("no task has left it")


def supervisor_of(task):
    return int(dict(line.split("=", 1) for line in (task / "claim").read_text().splitlines())["pid"])


@pytest.fixture
def planted(unique):
    """Things on the host that belong to no step. Readable by everybody, so that only the sandbox keeps a step from them."""
    secret = f"planted-{unique}"
    with contextlib.ExitStack() as stack:
        def file(path):
            path.write_text(secret)
            path.chmod(0o644)
            stack.callback(path.unlink)
            return str(path)

        facts = {"secret": secret, "name": unique}
        facts["temporary"] = file(pathlib.Path(f"/tmp/{unique}"))
        facts["link_directory"] = "/tmp"
        facts["shared_memory"] = file(pathlib.Path(f"/dev/shm/{unique}"))
        facts["home"] = file(pathlib.Path(f"/root/{unique}"))
        facts["segment_key"] = key = int(unique[1:8], 16)
        segment = C.shmget(key, ctypes.c_size_t(4096), 0o1666)
        stack.callback(lambda: C.shmctl(segment, 0, None))
        queue = C.msgget(key, 0o1666)
        stack.callback(lambda: C.msgctl(queue, 0, None))
        facts["queue"] = f"/{unique}"
        C.mq_open(facts["queue"].encode(), os.O_CREAT | os.O_RDWR, 0o666, None)
        stack.callback(lambda: C.mq_unlink(facts["queue"].encode()))
        number = {"x86_64": 248, "aarch64": 217}[os.uname().machine]
        facts["key"] = C.syscall(number, b"user", unique.encode(), secret.encode(), ctypes.c_size_t(len(secret)), -4)
        C.syscall(number + 2, 5, facts["key"], ctypes.c_uint(0x3f3f3f3f))  # KEYCTL_SETPERM: for everybody
        stack.callback(lambda: C.syscall(number + 2, 3, facts["key"]))
        facts["abstract"] = unique
        stack.enter_context(speaking(socket.AF_UNIX, "\0" + unique, secret))
        facts["service_socket"] = f"/run/{unique}.sock"
        stack.callback(lambda: os.unlink(facts["service_socket"]))
        stack.enter_context(speaking(socket.AF_UNIX, facts["service_socket"], secret))
        facts["port"] = stack.enter_context(speaking(socket.AF_INET, ("127.0.0.1", 0), secret))[1]
        facts["port6"] = stack.enter_context(speaking(socket.AF_INET6, ("::1", 0), secret))[1]
        facts["port_everywhere"] = stack.enter_context(speaking(socket.AF_INET, ("0.0.0.0", 0), secret))[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(("192.0.2.1", 9))
                facts["address"] = probe.getsockname()[0]
            except OSError:
                facts["address"] = "127.0.0.1"
        facts["disk"] = os.stat("/").st_dev
        yield facts


# What a step reaches where nothing can be mounted and no namespace be made: the server says so.
WITHOUT_NAMESPACES = {
    "arguments_of_any_process", "service_on_the_hosts_loopback", "service_on_the_hosts_loopback_ipv6", "service_on_the_hosts_address",
    # A socket with a path is kept by its own permissions only, which are everybody's here.
    "service_on_the_gateway", "listener_of_another_namespace", "unix_socket_of_a_service",
}


def levels():
    for name, user in [("root", None), ("nobody", NOBODY), ("container", None)]:
        reason = None
        if os.geteuid() != 0:
            reason = "the attempts have to be tried outside as root"
        elif shutil.which("bwrap") is None:
            reason = "bubblewrap is not installed"
        elif user is not None:
            if shutil.which("setpriv") is None:
                reason = "setpriv (util-linux) is not installed"
            elif subprocess.run(["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", str(BINARY), "--help"], capture_output=True).returncode:
                reason = f"the user {user} cannot run {BINARY.name}"
        if reason:
            print(f"skipped: escapes from a server of {name}, because {reason}")
        yield pytest.param(name, user, id=name, marks=pytest.mark.skipif(reason is not None, reason=str(reason)))


@pytest.mark.parametrize("name, user", levels())
def test_every_way_out_is_closed(name, user, unique, planted, request):
    with tempfile.TemporaryDirectory(prefix="escape-", dir="/var/tmp") as place:
        os.chmod(place, 0o755)
        data = pathlib.Path(place, "data")
        data.mkdir(0o700)
        if user is not None:
            os.chown(data, user, user)
        prefix = ["/usr/bin/python3", str(HERE / "deny_namespaces.py")] if name == "container" else []
        server = Server(data, request.node.name, network="automatic", user=user, prefix=prefix).start()
        try:
            attack(server, unique, planted, name, user)
        finally:
            if server.process.poll() is None:
                assert server.stop() == 0, server.tail()
            # Steps outlive their server, and those of a test that failed would keep their ports.
            for claim in data.glob("tasks/*/claim"):
                if not (claim.parent / "exit").exists():
                    with contextlib.suppress(OSError):
                        os.kill(supervisor_of(claim.parent), signal.SIGTERM)


LEVELS = {"root": "sandboxWithUserPerNamespace", "nobody": "sandbox", "container": "restricted"}


def attack(server, unique, facts, name, user):
    isolation = server.json("GET", "/api/system")["isolation"]
    assert isolation["level"] == LEVELS[name], isolation
    print(json.dumps(isolation))
    attacker, victim = Namespace(server, f"a-{unique}"), Namespace(server, f"v-{unique}")
    if not isolation["network"]["can_separate"]:
        assert name == "container" and isolation["network"]["kind"] == "host"
    elif isolation["network"]["kind"] == "host":
        # The host's network by default, as is shown. Both namespaces do without the outside instead.
        assert isolation["notes"], isolation
        for namespace in (attacker, victim):
            settings = server.json("PATCH", f"/api/namespaces/{namespace.name}", json={"egress": False})
            assert settings == {"name": namespace.name, "network": True, "egress": False, "phase": "Active"}

    first, second = free_ports(2)
    # A step of the victim's that has ended, and whose token was good while it ran.
    mark = f"ended-{unique}"
    run, step = victim.start_and_follow(specification(mark, VICTIM, [first], {"VICTIM_SECRET": mark}), "ready")
    root = task_of(server, mark) / "root"
    facts["ended_token"] = (root / "var/run/secrets/kubernetes.io/serviceaccount/token").read_text()
    assert server.request("GET", "/api/namespaces", token=facts["ended_token"]).status_code == 200
    assert mark in victim.run(specification("friend", FRIEND, [first, f"/api/namespaces/{victim.name}"]))
    assert server.wait(run).state == "Succeeded"
    assert server.request("GET", "/api/namespaces", token=facts["ended_token"]).status_code == 401

    secret = facts["secret"]
    run, step = victim.start_and_follow(specification("victim", VICTIM, [second, unique], {"VICTIM_SECRET": secret}), "ready")
    task = task_of(server, secret)
    digest = secret.encode().hex()[:64].ljust(64, "0")
    blob = server.data / "artifacts/sha256" / digest[:2] / digest[2:]
    volume = server.data / "volumes" / victim.name / "data"
    for path in (blob, volume):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(secret)
        if user is not None:
            for part in (path.parent, path):
                os.chown(part, user, user)
    facts |= {
        "data": str(server.data), "server_pid": server.process.pid, "victim_pid": process_with(unique), "victim_mark": unique, "victim_port": int(second),
        "supervisor_pid": supervisor_of(task), "victim_task": task.name, "victim_root": str(task / "root"), "victim_log": str(task / "log"), "blob": str(blob),
        "volume": str(volume), "url": server.url, "admin_token": server.token, "victim_run": run, "victim_node": step["id"],
        "victim_namespace": victim.name, "own_namespace": attacker.name, "own_task": "", "gateway": "169.254.1.1" if isolation["network"]["egress"] and isolation["network"]["kind"] == "namespace" else None,
    }
    hidden = {name: value for name, value in facts.items() if name not in ("admin_token",)}
    # What a step is given may stand in its own environment and arguments: the secrets themselves must not.
    inside = outcomes(attacker.run(specification("attack", ATTEMPTS, [json.dumps(hidden | {"inside": True})])))
    outside = outcomes(subprocess.run(
        ["/usr/bin/python3", "-c", ATTEMPTS, json.dumps(facts | {"inside": False, "gateway": None, "name": f"{unique}-control"})],
        capture_output=True, text=True, timeout=120, check=True).stdout)
    assert inside.keys() == outside.keys() and inside
    proven = [name for name in outside if outside[name]["reached"]]
    for way in inside:
        print(f"{way}: inside {inside[way]['detail']!r}, outside {'reached' if outside[way]['reached'] else outside[way]['detail']!r}")
    reached = {name: outcome["detail"] for name, outcome in inside.items() if outcome["reached"]}
    allowed = WITHOUT_NAMESPACES if name == "container" else set()
    assert reached.keys() <= allowed, {way: detail for way, detail in reached.items() if way not in allowed}
    if name == "container":
        # What is known to be open there is found open: inside, too, an attempt can succeed.
        assert reached.keys() >= {"arguments_of_any_process", "service_on_the_hosts_loopback", "listener_of_another_namespace"}
    assert len(proven) >= PROVEN, sorted(set(inside) - set(proven))

    # The victim is unharmed, its own namespace reaches it, and the server's API answers its tasks.
    friend = victim.run(specification("friend", FRIEND, [second, f"/api/namespaces/{victim.name}"]))
    assert friend.split() == [secret, "200", "200"]
    assert server.wait(run).state == "Succeeded"


def free_ports(count):
    """Where steps share the host's network, their ports have to be free there."""
    with contextlib.ExitStack() as stack:
        return [str(stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]) for _ in range(count)]


def outcomes(text):
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return {line["name"]: line for line in lines}


LINK = "import os, sys; os.makedirs(os.path.dirname(sys.argv[1]), exist_ok=True); os.{how}(sys.argv[2], sys.argv[1])"


def output_of(namespace, how, target, before=""):
    spec = specification("link", before + LINK.format(how=how), ["{{$.outputs.parameters['out'].output_file}}", target], outputs=["out"])
    graph = namespace.server.wait(namespace.start(spec), timeout=120)
    step = graph.one("step")
    values = {item["name"]: item["value"] for item in step.get("outputs", {}).get("parameters", [])}
    return graph.state, values.get("out"), step.get("message", "") + graph.log(step)


def test_outputs_lead_nowhere_else(server, unique):
    """Links that a step leaves as its output are resolved in its own root."""
    namespace = Namespace(server, unique)
    own = "open('/own', 'w').write('its own');"
    assert output_of(namespace, "symlink", "/own", own)[:2] == ("Succeeded", "its own")
    assert output_of(namespace, "link", "/own", own)[:2] == ("Succeeded", "its own")
    for how, target in [
        ("symlink", str(server.data / "admin-token")), ("symlink", "/proc/1/environ"), ("symlink", "/proc/self/environ"), ("symlink", "../" * 40 + str(server.data)[1:] + "/admin-token"),
        ("symlink", "/etc/shadow"), ("link", "/etc/.host/nsswitch.conf"), ("link", "/usr/bin/env"), ("link", str(server.data / "admin-token")), ("symlink", "/dev/stdin"),
    ]:
        state, value, told = output_of(namespace, how, target)
        assert state == "Failed" and value is None, f"{how} {target}: {value!r}"
        assert server.token not in told


@pytest.mark.parametrize("path", ["/tmp/../../../../etc/passwd", "../../admin-token", "/usr/share/out"])
def test_output_paths_stay_inside(server, unique, path):
    namespace = Namespace(server, unique)
    workflow = {
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"generateName": "out-"},
        "spec": {"entrypoint": "main", "templates": [
            {"name": "main", "dag": {"tasks": [{"name": "step", "template": "step"}]}},
            {"name": "step", "container": {"image": "bash", "command": ["true"]},
             "outputs": {"parameters": [{"name": "out", "valueFrom": {"path": path}}]}},
        ]},
    }
    answer = server.request("POST", "/apis/v1beta1/runs", json={
        "name": unique, "pipeline_spec": {"workflow_manifest": json.dumps(workflow)},
        "resource_references": [{"key": {"type": "EXPERIMENT", "id": namespace.experiment}, "relationship": "OWNER"}]})
    if answer.status_code == 400:
        assert "path" in answer.text or ".." in answer.text, answer.text
        return
    assert answer.status_code == 200, answer.text
    graph = server.wait(answer.json()["run"]["id"])
    assert graph.state in ("Failed", "Error"), graph.explain()
    assert "root:" not in json.dumps(graph.nodes)
