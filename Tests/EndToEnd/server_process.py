"""A Monoflow server as a child process, and the few requests that every test makes."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import time

import requests

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("MONOFLOW_BINARY", REPOSITORY / ".build/release/monoflow"))
IMAGES = REPOSITORY / "examples/talk/images.yaml"
# Logs and screenshots, kept after the run.
OUTPUT = pathlib.Path(os.environ.get("MONOFLOW_TEST_OUTPUT", REPOSITORY / "out/end-to-end"))


def onnxruntime_library():
    """The libonnxruntime.so of the tests' own Python environment; None where it is not installed."""
    found = sorted(REPOSITORY.glob(".venv-kfp2/lib/python*/site-packages/onnxruntime/capi/libonnxruntime.so.*"))
    return found[-1] if found else None


class Server:
    """Started by `start`, ended by `stop` (SIGTERM) or `kill` (SIGKILL); may be started again on its data."""

    def __init__(self, data, name, arguments=(), images=IMAGES, network="host", user=None, prefix=()):
        """Steps of most tests speak with the test itself, on the host's loopback: hence their network. `user`: an unprivileged one, by
        number, which the data directory belongs to. `prefix`: a program that starts the server."""
        self.data = pathlib.Path(data)
        self.name = name
        self.arguments = ["--step-network", network, *arguments]
        self.prefix = list(prefix) if user is None else ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        self.images = images
        self.process = None
        self.url = None
        OUTPUT.mkdir(parents=True, exist_ok=True)
        self.log = OUTPUT / f"server-{name}.log"
        self.log.unlink(missing_ok=True)

    @property
    def token(self):
        return (self.data / "admin-token").read_text().strip()

    def start(self, timeout=60):
        # A killed server leaves its address behind; waiting on it would find the old port.
        (self.data / "server.json").unlink(missing_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, str(BINARY), "serve", "--data", str(self.data), "--listen", "127.0.0.1:0",
                 "--images", str(self.images), *self.arguments],
                stdout=log, stderr=subprocess.STDOUT, cwd=REPOSITORY)
        deadline = time.monotonic() + timeout
        while True:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.tail()}")
            try:
                self.url = json.loads((self.data / "server.json").read_text())["url"].rstrip("/")
                if requests.get(f"{self.url}/readyz", timeout=5).status_code == 200:
                    return self
            except (OSError, ValueError, requests.RequestException):
                pass  # Not there yet: the process is alive and the deadline below still holds.
            if time.monotonic() > deadline:
                raise AssertionError(f"the server was not ready in {timeout} s:\n{self.tail()}")
            time.sleep(0.05)

    def stop(self, timeout=60):
        """SIGTERM; returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the server did not stop in {timeout} s:\n{self.tail()}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def tail(self, count=40):
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-count:])

    def request(self, method, path, token=..., headers=None, timeout=60, **rest):
        """One request with the admin's token, another (`token=`) or none (`token=None`); never raises on a status."""
        token = self.token if token is ... else token
        headers = dict(headers or {})
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return requests.request(method, self.url + path, headers=headers, timeout=timeout, **rest)

    def json(self, method, path, expected=(200, 201), **rest):
        answer = self.request(method, path, **rest)
        assert answer.status_code in expected, f"{method} {path}: {answer.status_code} {answer.text[:2000]}"
        return answer.json()

    def watch(self, run_id, timeout=120, **rest):
        """Yields (event, data) of the run's event stream until it ends. Fails when nothing comes for `timeout` s."""
        with self.request("GET", f"/api/runs/{run_id}/watch", stream=True, timeout=timeout, **rest) as answer:
            assert answer.status_code == 200, answer.text[:2000]
            event, data = None, []
            for line in answer.iter_lines(decode_unicode=True):
                if line.startswith("event:"):
                    event = line[6:].strip()
                elif line.startswith("data:"):
                    data.append(line[5:].strip())
                elif line == "" and event is not None:
                    yield event, "\n".join(data)
                    event, data = None, []

    def wait(self, run_id, timeout=180):
        """Follows the run to its end and returns its graph."""
        ended = False
        for event, _ in self.watch(run_id, timeout):
            ended = ended or event == "end"
            if ended:
                break
        assert ended, f"the watch of run {run_id} ended before the run"
        return Graph(self, self.json("GET", f"/api/runs/{run_id}/graph"))

    def log_text(self, run_id, node_id):
        answer = self.request("GET", f"/apis/v1alpha1/runs/{run_id}/nodes/{node_id}/log")
        assert answer.status_code == 200, answer.text[:2000]
        return answer.text


class Graph:
    """A run's graph as `/api/runs/{id}/graph` answers it."""

    def __init__(self, server, document):
        self.server = server
        self.run = document["run"]
        self.nodes = document["nodes"]

    @property
    def state(self):
        return self.run["state"]

    def steps(self, task):
        """The container nodes of this task name or display name: one per loop iteration."""
        return [node for node in self.nodes
                if node["type"] == "Container" and task in (node["task_name"], node["display_name"])]

    def one(self, task):
        found = self.steps(task)
        assert len(found) == 1, f"{len(found)} steps are named {task}: {sorted(n['task_name'] for n in self.nodes)}"
        return found[0]

    def states(self):
        """Task name → state, for graphs without loops."""
        return {node["task_name"]: node["state"] for node in self.nodes if node.get("parent_id")}

    def children(self, node):
        return [other for other in self.nodes if other.get("parent_id") == node["id"]]

    def log(self, node):
        return self.server.log_text(self.run["id"], node["id"])

    def explain(self):
        """The run's state and each node that did not succeed with the end of its log, for a failed assertion."""
        lines = [f"run {self.run['id']}: {self.state} {self.run.get('message', '')}"]
        for node in self.nodes:
            if node["state"] == "Succeeded":
                continue
            lines.append(f"- {node['task_name']} {node['type']} {node['state']} {node.get('message', '')}")
            if node["type"] == "Container" and node["state"] == "Failed":
                lines.append(self.log(node)[-2000:])
        return "\n".join(lines)

    def succeeded(self):
        assert self.state == "Succeeded", self.explain()
        return self


def parameters(node, side="outputs"):
    """Name → value as text; what is not text already is written as JSON."""
    values = {item["name"]: item["value"] for item in node.get(side, {}).get("parameters", [])}
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}


def artifacts(node, side="outputs"):
    return {item["name"]: item for item in node.get(side, {}).get("artifacts", [])}


@contextlib.contextmanager
def secure_server(data, name):
    """A running server that listens with TLS as well: `tls_url` and the path `authority` say where, and whom to trust."""
    server = Server(data, name, ["--tls-listen", "127.0.0.1:0"]).start()
    facts = json.loads((server.data / "server.json").read_text())
    server.tls_url, server.authority = facts["tls_url"].rstrip("/"), facts["ca"]
    try:
        yield server
    finally:
        assert server.stop() == 0, server.tail()
