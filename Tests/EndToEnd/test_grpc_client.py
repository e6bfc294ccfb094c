"""Our gRPC client, made to call by the wire's test server, against grpcio's server."""

import base64
import concurrent.futures
import subprocess
import time

import grpc
import pytest
import requests

from echo_messages import Echo
from echo_server import EchoServer
from server_process import OUTPUT
from wire_process import WireProcess

MIB = 1 << 20


@pytest.fixture(scope="module")
def wire():
    server = WireProcess(OUTPUT / "wire-grpc-client.log").start()
    yield server
    assert server.stop() == 0, server.tail()


@pytest.fixture(scope="module")
def messages(wire):
    with grpc.insecure_channel(wire.url.removeprefix("http://")) as channel:
        return Echo(channel)


@pytest.fixture(scope="module")
def peer(messages):
    server = EchoServer(messages, options=[("grpc.max_receive_message_length", 64 * MIB), ("grpc.max_send_message_length", -1)])
    yield server
    server.stop()


@pytest.fixture(scope="module")
def call(wire, peer):
    def run(method, *requests_, target=peer.target, **rest):
        rest.setdefault("timeout", 30)
        response = requests.post(f"{wire.url}/client", json={"target": target, "method": method, "requests": requests_, **rest}, timeout=120)
        assert response.status_code == 200, response.text
        return response.json()
    return run


def test_all_four_kinds(call):
    assert call("Unary", {"text": "grün"})["replies"] == [{"text": "grün", "index": 0, "bytes": 0}]
    stream = call("ServerStream", {"count": 500, "size": 10})
    assert [reply["index"] for reply in stream["replies"]] == list(range(500)) and stream["code"] == 0
    assert call("ClientStream", *[{"text": str(number)} for number in range(200)])["replies"][0]["index"] == 200
    assert call("ClientStream")["replies"][0]["index"] == 0
    chat = call("Bidirectional", *[{"text": str(number)} for number in range(200)])
    assert [reply["text"] for reply in chat["replies"]] == [str(number) for number in range(200)]


def test_large_messages_both_ways(call):
    answer = call("Bidirectional", *[{"size": 30 * MIB}] * 3, limit=40 * MIB)
    assert [reply["bytes"] for reply in answer["replies"]] == [30 * MIB] * 3
    refused = call("Unary", {"size": 65 * MIB}, limit=100 * MIB)
    assert refused["code"] == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
    # Our own limit: 4 MiB.
    assert call("ServerStream", {"count": 1, "size": 5 * MIB})["code"] == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]


@pytest.mark.parametrize("compression", ["gzip", "deflate"])
def test_compression(call, compression):
    answer = call("Packed", {"size": MIB}, compression=compression)
    assert (answer["code"], answer["replies"][0]["bytes"]) == (0, MIB)


def test_metadata(call):
    pairs = [("x-text", "one, two"), ("x-text", "three"), ("x-data-bin", base64.b64encode(bytes(range(256))).decode())]
    answer = call("Metadata", {}, metadata=pairs)
    assert answer["code"] == 0 and answer["replies"][0]["text"].startswith("monoflow")
    assert 0 < answer["replies"][0]["index"] <= 30
    for part in ("initial", "trailing"):
        # In any order, with or without padding.
        assert sorted((name, value.rstrip("=")) for name, value in answer[part] if name.startswith("x-")) == sorted(
            (name, value.rstrip("=")) for name, value in pairs), part


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code.value[0]], ids=lambda code: code.name)
def test_every_status_with_details(call, code):
    answer = call("Fail", {"code": code.value[0], "text": "was läuft\n50% schief", "count": 2})
    assert (answer["code"], answer["message"]) == (code.value[0], "was läuft\n50% schief")
    assert [reply["index"] for reply in answer["replies"]] == [0, 1]
    assert [name.rsplit(".", 1)[1] for name, _ in answer["details"]] == ["StringValue", "Int64Value"]


def test_unknown_methods(call):
    assert call("Nothing", {})["code"] == grpc.StatusCode.UNIMPLEMENTED.value[0]


def test_deadline(call, peer):
    before = peer.cancelled
    answer = call("Slow", {"milliseconds": 60_000}, timeout=0.2)
    assert answer["code"] == grpc.StatusCode.DEADLINE_EXCEEDED.value[0] and answer["seconds"] < 10
    deadline = time.monotonic() + 20
    while peer.cancelled == before:
        assert time.monotonic() < deadline, "the handler was not cancelled"
        time.sleep(0.02)


def test_cancel(call):
    answer = call("ServerStream", {"count": 1_000_000, "size": 1000}, cancel=10)
    assert answer["code"] == grpc.StatusCode.CANCELLED.value[0]
    assert call("Unary", {"text": "after"})["code"] == 0


def test_many_calls_share_a_connection(call, peer):
    peer.connections.clear()
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda number: call("Unary", {"text": str(number)}), range(500)))
    assert [answer["replies"][0]["text"] for answer in answers] == [str(number) for number in range(500)]
    assert len(peer.connections) == 1


def test_a_server_that_restarts_is_found_again(call, messages):
    first = EchoServer(messages)
    assert call("Unary", {"text": "a"}, target=first.target)["code"] == 0
    first.stop()
    assert call("Unary", {"text": "b"}, target=first.target)["code"] == grpc.StatusCode.UNAVAILABLE.value[0]
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(call, "Unary", {"text": "c"}, target=first.target, ready=True)
        second = EchoServer(messages, address=first.target)
        assert waiting.result()["code"] == 0
    second.stop()


def test_tls(call, messages, tmp_path):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", "/CN=test",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", tmp_path / "key", "-out", tmp_path / "certificate"], check=True, capture_output=True)
    pair = ((tmp_path / "key").read_bytes(), (tmp_path / "certificate").read_bytes())
    server = EchoServer(messages, credentials=grpc.ssl_server_credentials([pair]))
    answer = call("Bidirectional", *[{"size": MIB}] * 3, target=server.target, roots=str(tmp_path / "certificate"))
    assert [reply["bytes"] for reply in answer["replies"]] == [MIB] * 3
    # Without TLS, and with somebody else's certificate.
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", "/CN=test",
         "-keyout", tmp_path / "other-key", "-out", tmp_path / "other"], check=True, capture_output=True)
    assert call("Unary", {}, target=server.target)["code"] == grpc.StatusCode.UNAVAILABLE.value[0]
    stranger = call("Unary", {}, target=server.target, roots=str(tmp_path / "other"))
    assert stranger["code"] == grpc.StatusCode.UNAVAILABLE.value[0] and "certificate" in stranger["message"]
    server.stop()


def test_a_server_that_stops_gracefully_finishes_calls(call, messages):
    server = EchoServer(messages)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        slow = pool.submit(call, "Slow", {"milliseconds": 500, "text": "done"}, target=server.target)
        time.sleep(0.2)
        server.stop(grace=10)
        assert slow.result()["replies"][0]["text"] == "done"
