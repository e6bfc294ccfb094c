"""Processes in the sandbox of a running pod: `kubectl exec` of 1.33 and the Python client, by WebSocket."""

import fcntl
import hashlib
import json
import os
import pty
import random
import select
import signal
import struct
import subprocess
import termios
import time

import pytest
import requests
from kubernetes import client, stream
from kubernetes.client.exceptions import ApiException

from gate import SHELL
from kubectl import Kubectl, kubectl_120, kubectl_133
from server_process import Server


def pod(name, script, **container):
    main = {"name": "main", "image": "alpine", "command": ["bash", "-c", SHELL + script], **container}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"restartPolicy": "Never", "containers": [main]}}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("exec") / "data", "exec", ["--tls-listen", "127.0.0.1:0"]).start()
    facts = json.loads((server.data / "server.json").read_text())
    server.tls_url, server.authority = facts["tls_url"], facts["ca"]
    yield server
    assert server.stop() == 0, server.tail()


@pytest.fixture(scope="module")
def kubectl(server, tmp_path_factory):
    return Kubectl(kubectl_133(), tmp_path_factory.mktemp("exec-home"), server.tls_url, server.authority, server.token)


def start(kubectl, name, script="exec sleep 600", **container):
    kubectl.run("apply", "-f", "-", document=pod(name, script, **container))
    kubectl.run("wait", "--for=jsonpath={.status.phase}=Running", f"pod/{name}", "--timeout=60s", timeout=90)


@pytest.fixture(scope="module")
def box(kubectl):
    """A pod that runs as long as the tests."""
    start(kubectl, "box", env=[{"name": "WHO", "value": "world"}])
    yield "box"
    kubectl.run("delete", "pod", "box", "--grace-period=0", "--force")


def execute(kubectl, *arguments, data=None, timeout=60):
    """Status, output and errors."""
    ended = subprocess.run(kubectl.command("exec", *arguments), input=data, capture_output=True, timeout=timeout, env=kubectl.environment)
    return ended.returncode, ended.stdout, ended.stderr.decode()


def test_streams_and_exit_status(kubectl, box):
    status, output, errors = execute(kubectl, box, "--", "sh", "-c", "echo hello $WHO; echo wrong >&2; exit 3")
    assert (status, output) == (3, b"hello world\n")
    assert errors.splitlines() == ["wrong", "command terminated with exit code 3"]
    assert execute(kubectl, box, "-c", "main", "--", "true") == (0, b"", "")
    assert execute(kubectl, box, "--", "sh", "-c", "kill -9 $$")[0] == 137
    status, _, errors = execute(kubectl, box, "--", "nothing-of-this-name")
    assert status == 127 and "nothing-of-this-name: No such file or directory" in errors
    # Words arrive as they are.
    words = ["a b", "ü", "&c=d", "%20", "", "-x"]
    assert execute(kubectl, box, "--", "printf", "[%s]", *words)[1].decode() == "".join(f"[{word}]" for word in words)


def test_input_of_ten_megabytes(kubectl, box):
    data = random.Random(1).randbytes(10 << 20)
    status, output, errors = execute(kubectl, "-i", box, "--", "sha256sum", data=data)
    assert status == 0 and output.split()[0].decode() == hashlib.sha256(data).hexdigest(), errors
    status, output, _ = execute(kubectl, "-i", box, "--", "cat", data=data)
    assert status == 0 and hashlib.sha256(output).digest() == hashlib.sha256(data).digest()


def test_a_reader_that_does_not_read_holds_the_process_back(server, kubectl, box):
    """Bounded all the way: the process stands still while the client does, and the server does not grow."""
    process = subprocess.Popen(
        kubectl.command("exec", box, "--", "sh", "-c", "head -c 268435456 /dev/zero; echo end >&2"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=kubectl.environment)
    assert process.stdout.read(1) == b"\0"

    def resident():
        text = open(f"/proc/{server.process.pid}/status").read()
        return int(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1])

    before = resident()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(2)
    assert resident() - before < 32 << 10
    count = 1
    while part := process.stdout.read(1 << 20):
        count += len(part)
    assert count == 268435456 and process.wait(60) == 0 and b"end" in process.stderr.read()


class Terminal:
    """kubectl on a terminal of the test's own."""

    def __init__(self, kubectl, *arguments, size=(40, 100)):
        self.master, slave = pty.openpty()
        self.resize(*size)
        self.text = self.seen = ""

        def take():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            kubectl.command("exec", "-it", *arguments), stdin=slave, stdout=slave, stderr=slave, env=kubectl.environment, preexec_fn=take)
        os.close(slave)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def write(self, text):
        os.write(self.master, text.encode())

    def expect(self, text, timeout=30):
        deadline = time.monotonic() + timeout
        while text not in self.text:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self.master], [], [], max(0, left))
            assert ready, f"no {text!r} in {self.text!r}"
            try:
                part = os.read(self.master, 4096)
            except OSError:
                part = b""
            assert part, f"ended without {text!r}: {self.text!r}"
            self.text += part.decode()
            self.seen += part.decode()
        self.text = self.text.split(text, 1)[1]

    def close(self):
        os.close(self.master)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def test_a_terminal(kubectl, box):
    terminal = Terminal(kubectl, box, "--", "bash", "--norc")
    try:
        terminal.write("echo $((40+2)) $TERM; test -t 0 && test -t 2 && echo 'a te''rminal'\n")
        terminal.expect("42 xterm")
        terminal.expect("a terminal")
        terminal.write("stty size\n")
        terminal.expect("40 100")
        terminal.resize(50, 132)
        # kubectl tells of it a moment later.
        deadline = time.monotonic() + 20
        while True:
            terminal.write("stty size | tr ' ' x; echo as''ked\n")
            terminal.expect("asked")
            if "50x132" in terminal.seen:
                break
            assert time.monotonic() < deadline, terminal.seen
        # Ctrl-C goes to what runs in front, not to the shell.
        terminal.write("bash -c 'echo be\"\"gin; exec sleep 600'\n")
        terminal.expect("begin")
        terminal.write("\x03")
        terminal.write("echo aft''er\n")
        terminal.expect("after")
        terminal.write("exit 5\n")
        assert terminal.process.wait(30) == 5
    finally:
        terminal.close()


@pytest.mark.parametrize("options", [[], ["-i"], ["-it"]])
def test_a_client_that_goes_takes_its_process_along(kubectl, box, options, gate):
    script = f"PORT={gate.port}; {SHELL} gate up; trap '' HUP TERM; mkdir -p /tmp/d; exec 7>/tmp/d/held; flock 7; echo held; while :; do sleep 600; done"
    if "-it" in options:
        terminal = Terminal(kubectl, box, "--", "bash", "-c", script)
        process = terminal.process
    else:
        process = subprocess.Popen(
            kubectl.command("exec", *options, box, "--", "bash", "-c", script), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=kubectl.environment)
    gate.open("up")
    if "-it" in options:
        terminal.expect("held")
    else:
        assert process.stdout.readline() == b"held\n"
    assert execute(kubectl, box, "--", "flock", "-n", "/tmp/d/held", "true")[0] == 1
    process.send_signal(signal.SIGKILL)
    process.wait()
    # The lock is free once every process of the session has ended.
    assert execute(kubectl, box, "--", "flock", "-w", "20", "/tmp/d/held", "true")[0] == 0
    if "-it" in options:
        terminal.close()


def test_the_end_of_the_pod_is_the_end(kubectl, gate):
    start(kubectl, "ends", "gate over", env=[{"name": "PORT", "value": str(gate.port)}])
    process = subprocess.Popen(
        kubectl.command("exec", "ends", "--", "sh", "-c", "echo up; exec sleep 600"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=kubectl.environment)
    assert process.stdout.readline() == "up\n"
    gate.open("over")
    assert process.wait(30) != 0 and "the pod has ended" in process.stderr.read()
    kubectl.run("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/ends", "--timeout=60s", timeout=90)
    status, _, errors = execute(kubectl, "ends", "--", "true")
    assert status != 0 and "cannot exec into a container in a completed pod; current phase is Succeeded" in errors


def test_what_is_wrong_is_told(server, kubectl, box):
    assert 'pods "nowhere" not found' in execute(kubectl, "nowhere", "--", "true")[2]
    assert "container other" in execute(kubectl, box, "-c", "other", "--", "true")[2]
    path = f"/api/v1/namespaces/default/pods/{box}/exec"
    for query, upgraded, words in [
            ("?stdout=1", True, "at least one command"), ("?command=true", True, "at least 1 of stdin"),
            ("?command=sh&tty=1&stdout=1&stderr=1", True, "tty and stderr"), ("?command=true&stdout=1", False, "Upgrade request required")]:
        headers = {"Upgrade": "websocket", "Connection": "Upgrade"} if upgraded else {}
        answer = server.request("GET", path + query, headers=headers)
        assert answer.status_code == 400 and words in answer.text, answer.text
    # A handshake that offers none of the subprotocols, or none of a WebSocket.
    key = {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version": "13"}
    for headers in [{}, key, {**key, "Sec-WebSocket-Protocol": "channel.k8s.io"}]:
        answer = server.request("GET", path + "?command=true&stdout=1", headers={"Upgrade": "websocket", "Connection": "Upgrade", **headers})
        assert answer.status_code in (400, 426), answer.text


def test_old_clients_are_told_which_is_new_enough(server, box, tmp_path):
    program = kubectl_120()
    if program is None:
        pytest.skip("kubectl 1.20 cannot be had (Debian: kubernetes-client)")
    old = Kubectl(program, tmp_path, server.tls_url, server.authority, server.token)
    status, _, errors = execute(old, box, "--", "true")
    assert status == 1 and "use kubectl 1.31 or later" in errors


def test_who_may(server, kubectl, box, tmp_path):
    tokens = {}
    for name, namespace, role in [("e-editor", "default", "editor"), ("e-viewer", "default", "viewer"), ("e-foreign", "e-other", "owner")]:
        if namespace != "default":
            server.json("POST", "/api/namespaces", json={"name": namespace})
        server.json("POST", "/api/users", json={
            "name": name, "home_namespace": namespace, "is_admin": False, "roles": [{"namespace": namespace, "role": role}]})
        tokens[name] = server.json("POST", "/api/tokens", json={"user": name, "name": "t"})["token"]

    def by(name):
        return Kubectl(kubectl_133(), tmp_path / name, server.tls_url, server.authority, tokens[name])

    assert execute(by("e-editor"), box, "--", "echo", "in")[:2] == (0, b"in\n")
    for name in ("e-viewer", "e-foreign"):
        status, output, errors = execute(by(name), box, "--", "echo", "in")
        assert status == 1 and output == b"" and "forbidden" in errors.lower(), errors
    # kubectl reads the pod first, so this one never got as far.
    asked = f"/api/v1/namespaces/default/pods/{box}/exec?command=true&stdout=1"
    assert server.request("GET", asked, token=tokens["e-foreign"], headers={"Upgrade": "websocket", "Connection": "Upgrade"}).status_code == 403
    # A browser's cookie opens no WebSocket from another page.
    session = requests.Session()
    session.post(server.url + "/api/session", json={"token": tokens["e-editor"]}, headers={"Origin": server.url})
    for origin, status in [("http://evil.example", 403), (server.url, 101)]:
        answer = session.get(
            server.url + asked, stream=True, headers={
                "Origin": origin, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Protocol": "v5.channel.k8s.io"})
        assert answer.status_code == status, answer.status_code
        answer.close()
    # Entries are written a moment behind the answer.
    expected, deadline = {("e-editor", 101), ("e-viewer", 403), ("e-foreign", 403)}, time.monotonic() + 10
    while True:
        entries = server.json("GET", "/api/audit")["entries"]
        seen = {(entry.get("user"), entry["status"]) for entry in entries if entry["route"].endswith("/exec")}
        if expected <= seen:
            break
        assert time.monotonic() < deadline, seen
        time.sleep(0.1)


def test_it_may_what_the_pod_may(server, kubectl, box):
    """A few of the ways out that `escape_attempts.py` tries in steps."""
    facts = "grep -E '^(Uid|Cap|NoNewPrivs|Seccomp:)' /proc/self/status"
    kubectl.run("apply", "-f", "-", document=pod("facts", facts))
    kubectl.run("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/facts", "--timeout=60s", timeout=90)
    assert execute(kubectl, box, "--", "sh", "-c", facts)[1].decode() == kubectl.run("logs", "facts")
    for script in [f"cat {server.data}/admin-token", f"ls {server.data}/tasks", "unshare -U true", "mount -t tmpfs none /mnt", "cat /etc/shadow",
                   f"kill -0 {server.process.pid}", "ls -l /proc/self/fd | grep -E 'socket|monoflow|\\.db'"]:
        assert execute(kubectl, box, "--", "sh", "-c", script)[0] != 0, script


def test_the_python_client(server, box):
    configuration = client.Configuration(host=server.tls_url)
    configuration.ssl_ca_cert = server.authority
    configuration.api_key = {"authorization": "Bearer " + server.token}
    with client.ApiClient(configuration) as found:
        api = client.CoreV1Api(found)
        text = stream.stream(
            api.connect_get_namespaced_pod_exec, box, "default", command=["sh", "-c", "echo hello $WHO"], stdout=True, stderr=True, stdin=False, tty=False)
        assert text == "hello world\n"
        speaking = stream.stream(
            api.connect_get_namespaced_pod_exec, box, "default", command=["sh"], stdout=True, stderr=True, stdin=True, tty=False, _preload_content=False)
        speaking.write_stdin("echo one; echo two >&2\n")
        # Both at once: it sees the second only where it is no part of the first one's TLS record.
        assert speaking.readline_stdout(timeout=20) == "one" and speaking.readline_stderr(timeout=20) == "two"
        speaking.write_stdin("x=" + "y" * 300_000 + "; echo ${#x}; exit 9\n")
        began = time.monotonic()
        speaking.run_forever(timeout=30)
        assert time.monotonic() - began < 4, "the end was not seen when it came"
        assert speaking.read_stdout() == "300000\n" and speaking.returncode == 9
        with pytest.raises(ApiException) as refused:
            stream.stream(api.connect_get_namespaced_pod_exec, "nowhere", "default", command=["true"], stdout=True)
        assert "404" in str(refused.value) or refused.value.status == 404


def test_a_session_survives_neither_client_nor_server(server, kubectl, box):
    """The pod outlives its server; what was started beside it does not, and the next server starts processes there again."""
    process = subprocess.Popen(
        kubectl.command("exec", box, "--", "bash", "-c", "exec 7>/tmp/held2; flock 7; echo up; exec sleep 600"), stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env=kubectl.environment)
    assert process.stdout.readline() == b"up\n"
    server.kill()
    assert process.wait(30) != 0
    again = restarted(server, kubectl, box)
    assert execute(again, box, "--", "flock", "-w", "20", "/tmp/held2", "echo", "free")[1] == b"free\n"
    # One that is asked to stop does not wait for them, and tells why they end.
    process = subprocess.Popen(
        again.command("exec", box, "--", "sh", "-c", "echo up; exec sleep 600"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=again.environment)
    assert process.stdout.readline() == b"up\n"
    began = time.monotonic()
    assert server.stop() == 0 and time.monotonic() - began < 8
    assert process.wait(30) != 0 and b"the server is stopping" in process.stderr.read()
    kubectl.config.write_text(restarted(server, kubectl, box).config.read_text())


def restarted(server, kubectl, box):
    """kubectl for the next server, at its address."""
    server.start()
    facts = json.loads((server.data / "server.json").read_text())
    again = Kubectl(kubectl_133(), kubectl.folder / "again", facts["tls_url"], facts["ca"], server.token)
    again.run("wait", "--for=jsonpath={.status.phase}=Running", f"pod/{box}", "--timeout=60s", timeout=90)
    return again
