"""Metrics and the access log: what they tell of requests that were really made."""

import json
import re
import signal
import socket
import subprocess

import pytest

from server_process import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    data = tmp_path_factory.mktemp("observability")
    server = Server(data / "data", "observability", ["--access-log", str(data / "access.log")]).start()
    server.access_log = data / "access.log"
    yield server
    server.process.poll() is None and server.stop()


def metrics(server):
    text = server.request("GET", "/metrics").text
    return {name: float(value) for name, value in re.findall(r"^([a-z_]+(?:\{[^}]*(?:\{[^}]*\}[^}]*)*\})?) ([-+.\de]+)$", text, re.M)}


def test_requests_are_counted_by_route_and_status(server):
    before = metrics(server)
    for _ in range(3):
        server.request("GET", "/v2/models/nothing/ready")
    server.request("GET", "/apis/v2beta1/runs/none", token=None)
    after = metrics(server)

    def risen(name):
        return after[name] - before.get(name, 0)

    labels = 'method="GET",route="/v2/models/{model}/ready"'
    assert risen(f'monoflow_http_requests_total{{{labels},status="404"}}') == 3
    assert risen('monoflow_http_requests_total{method="GET",route="/apis/v2beta1/runs/{id}",status="401"}') == 1
    assert risen(f"monoflow_http_request_duration_seconds_count{{{labels}}}") == 3
    assert risen(f'monoflow_http_request_duration_seconds_bucket{{{labels},le="+Inf"}}') == 3
    assert risen(f"monoflow_http_response_bytes_total{{{labels}}}") > 300
    assert risen('monoflow_http_requests_by_version_total{version="1.1"}') >= 5
    assert risen("monoflow_http_received_bytes_total") > 500
    assert after["monoflow_http_connections"] >= 1 and after["process_open_fds"] > 5


def test_refusals_and_versions_are_counted(server):
    host, port = server.url.removeprefix("http://").split(":")
    before = metrics(server)
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        raw.sendall(b"GET / HTTP/1.1\nHost: x\n\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 400 ")
    subprocess.run(["curl", "-sf", "--http2-prior-knowledge", server.url + "/healthz"], check=True, capture_output=True)
    after = metrics(server)
    assert after["monoflow_http_refused_requests_total"] - before["monoflow_http_refused_requests_total"] == 1
    name = 'monoflow_http_requests_by_version_total{version="2"}'
    assert after[name] - before.get(name, 0) == 1


def test_the_access_log_has_a_line_for_each_request_and_no_secret(server):
    server.request("GET", "/api/system?token=do-not-tell", headers={"User-Agent": "log-test"})
    server.request("POST", "/apis/v2beta1/experiments", data=b"{", headers={"User-Agent": "log-test"})
    assert server.stop() == 0
    text = server.access_log.read_text()
    assert "do-not-tell" not in text and server.token not in text
    lines = [json.loads(line) for line in text.splitlines()]
    own = [line for line in lines if line.get("user_agent") == "log-test"]
    assert [(line["method"], line["path"], line["route"], line["status"], line["http"]) for line in own] == [
        ("GET", "/api/system", "/api/system", 200, "1.1"), ("POST", "/apis/v2beta1/experiments", "/apis/v2beta1/experiments", 400, "1.1")]
    assert all(line["peer"] == "127.0.0.1" and line["bytes"] > 100 and line["duration_us"] >= 0 for line in own)
