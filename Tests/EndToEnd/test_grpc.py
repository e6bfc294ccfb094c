"""gRPC as grpcio speaks it: the wire's test server, whose messages are learnt by reflection."""

import json
import pathlib
import queue
import subprocess
import time
import types

import grpc
import pytest
import requests
from google.protobuf import any_pb2, wrappers_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from grpc_status import rpc_status

from echo_messages import SERVICE, Echo
from server_process import OUTPUT, Server
from wire_process import WireProcess

UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
HUNDRED = 100 << 20


@pytest.fixture(scope="module")
def wire():
    server = WireProcess(OUTPUT / "wire-grpc.log").start()
    yield server
    assert server.stop() == 0, server.tail()


@pytest.fixture(scope="module")
def target(wire):
    return wire.url.removeprefix("http://")


@pytest.fixture(scope="module")
def channel(target):
    with grpc.insecure_channel(target) as channel:
        yield channel


@pytest.fixture(scope="module")
def echo(channel):
    messages = Echo(channel)
    return types.SimpleNamespace(messages=messages, Request=messages.EchoRequest, **vars(messages.on(channel)))


def failure(call):
    with pytest.raises(grpc.RpcError) as error:
        call()
    return error.value


def eventually(condition, what):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, f"not within 20 s: {what}"
        time.sleep(0.02)


# What the four kinds of calls do.

def test_unary(echo):
    answer = echo.Unary(echo.Request(text="grün", data=b"\0\xff"), timeout=20)
    assert (answer.text, answer.data) == ("grün", b"\0\xff")


def test_server_stream(echo):
    answers = list(echo.ServerStream(echo.Request(count=1000, size=100), timeout=60))
    assert [answer.index for answer in answers] == list(range(1000))
    assert all(answer.data == b"a" * 100 for answer in answers)
    assert list(echo.ServerStream(echo.Request(count=0), timeout=20)) == []


def test_client_stream(echo):
    answer = echo.ClientStream((echo.Request(text=str(number)) for number in range(500)), timeout=60)
    assert (answer.text, answer.index) == (",".join(map(str, range(500))), 500)
    assert echo.ClientStream(iter(()), timeout=20).index == 0


def test_bidirectional_in_turns(echo):
    questions = queue.SimpleQueue()
    answers = echo.Bidirectional(iter(questions.get, None), timeout=60)
    for number in range(50):
        questions.put(echo.Request(text=f"q{number}"))
        answer = next(answers)
        assert (answer.text, answer.index) == (f"q{number}", number)
    questions.put(None)
    assert list(answers) == []
    assert answers.code() == grpc.StatusCode.OK


def test_bidirectional_both_ways_at_once(echo):
    """Far more than all buffers hold, so that both directions are held back and go on."""
    data = b"x" * 100_000
    answers = echo.Bidirectional((echo.Request(data=data) for _ in range(400)), timeout=120)
    assert sum(len(answer.data) for answer in answers) == 400 * len(data)


# How calls end early.

def test_deadline(echo):
    before = echo.Count(echo.Request()).cancelled
    error = failure(lambda: echo.Slow(echo.Request(milliseconds=60_000), timeout=0.2))
    assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    eventually(lambda: echo.Count(echo.Request()).cancelled == before + 1, "the handler is cancelled")
    assert echo.Slow(echo.Request(text="in time", milliseconds=10), timeout=20).text == "in time"
    assert 10_000 < echo.Metadata(echo.Request(), timeout=20).milliseconds <= 21_000  # grpcio rounds up
    assert echo.Metadata(echo.Request()).milliseconds == -1


def test_cancel_reaches_the_handler(echo):
    before = echo.Count(echo.Request())
    calls = [echo.Slow.future(echo.Request(milliseconds=60_000)) for _ in range(5)]
    eventually(lambda: echo.Count(echo.Request()).running == before.running + 5, "the handlers run")
    for call in calls:
        call.cancel()
    eventually(lambda: echo.Count(echo.Request()).cancelled == before.cancelled + 5, "the handlers are cancelled")
    assert calls[0].code() == grpc.StatusCode.CANCELLED


def test_cancel_of_a_stream(echo):
    answers = echo.ServerStream(echo.Request(count=1_000_000, size=1000))
    assert next(answers).index == 0
    answers.cancel()
    assert failure(lambda: [next(answers) for _ in range(1_000_000)]).code() == grpc.StatusCode.CANCELLED
    # The connection goes on.
    assert echo.Unary(echo.Request(text="after"), timeout=20).text == "after"


def test_a_closed_channel_cancels(echo, target):
    before = echo.Count(echo.Request()).cancelled
    with grpc.insecure_channel(target) as other:
        call = echo.messages.on(other).Slow.future(echo.Request(milliseconds=60_000))
        eventually(lambda: echo.Count(echo.Request()).running >= 1, "the handler runs")
    eventually(lambda: echo.Count(echo.Request()).cancelled == before + 1, "the handler is cancelled")
    assert call.cancelled() or call.code() is not None


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code.value[0]], ids=lambda code: code.name)
def test_every_status(echo, code):
    error = failure(lambda: list(echo.Fail(echo.Request(code=code.value[0], text="was läuft\n50% schief"), timeout=20)))
    assert (error.code(), error.details()) == (code, "was läuft\n50% schief")


def test_errors_with_details(echo):
    request = echo.Request(code=3, text="bad", count=3)
    for message in (wrappers_pb2.StringValue(value="field x"), wrappers_pb2.Int64Value(value=7)):
        packed = any_pb2.Any()
        packed.Pack(message)
        request.details.add(type_url=packed.type_url, value=packed.value)
    answers = echo.Fail(request, timeout=20)
    got = [next(answers).index for _ in range(3)]
    error = failure(lambda: next(answers))
    status = rpc_status.from_call(error)
    assert got == [0, 1, 2] and status.code == 3 and status.message == "bad"
    text, number = wrappers_pb2.StringValue(), wrappers_pb2.Int64Value()
    assert status.details[0].Unpack(text) and status.details[1].Unpack(number)
    assert (text.value, number.value) == ("field x", 7)


def test_unknown_methods(echo, channel):
    for path in ["/monoflow.test.Echo/Nothing", "/no.Such/Method", "/Odd"]:
        call = channel.unary_unary(path, request_serializer=lambda data: data)
        assert failure(lambda: call(b"", timeout=20)).code() == grpc.StatusCode.UNIMPLEMENTED, path


# What travels beside the messages.

def test_metadata(echo):
    sent = [("x-text", "one"), ("x-text", "two, three"), ("x-data-bin", bytes(range(256))), ("x-data-bin", b""), ("x-empty", "")]
    answer, call = echo.Metadata.with_call(echo.Request(), metadata=sent, timeout=20)
    seen = [(pair.name, pair.value) for pair in answer.pairs if pair.name.startswith("x-")]
    expected = [(name, value if isinstance(value, bytes) else value.encode()) for name, value in sent]
    assert sorted(seen) == sorted(expected)
    assert answer.peer == "127.0.0.1"
    for received in (call.initial_metadata(), call.trailing_metadata()):
        own = [(name, value) for name, value in received if name.startswith("x-")]
        assert sorted(own, key=str) == sorted(sent, key=str)


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate, grpc.Compression.NoCompression])
def test_compression(echo, compression):
    data = b"monoflow " * 20_000
    for method in (echo.Unary, echo.Packed):
        assert method(echo.Request(data=data), compression=compression, timeout=20).data == data
    answers = echo.Bidirectional(iter([echo.Request(data=data)] * 10), compression=compression, timeout=20)
    assert [len(answer.data) for answer in answers] == [len(data)] * 10


# Bounds.

def test_a_message_over_the_limit_is_refused(echo):
    limit = 4 << 20
    assert len(echo.Unary(echo.Request(data=b"x" * (limit - 100)), timeout=60).data) == limit - 100
    error = failure(lambda: echo.Unary(echo.Request(data=b"x" * limit), timeout=60))
    assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED and str(limit) in error.details()
    packed = failure(lambda: echo.Unary(echo.Request(data=b"\0" * (64 << 20)), compression=grpc.Compression.Gzip, timeout=60))
    assert packed.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_100_mib(echo, target):
    with grpc.insecure_channel(target, options=UNLIMITED) as small:
        error = failure(lambda: echo.messages.on(small).Unary(echo.Request(data=b"x" * HUNDRED), timeout=120))
        assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    server = WireProcess(OUTPUT / "wire-grpc-large.log", ["--message-bytes", str(HUNDRED + 100)]).start()
    try:
        with grpc.insecure_channel(server.url.removeprefix("http://"), options=UNLIMITED) as large:
            calls = echo.messages.on(large)
            assert calls.Unary(echo.Request(data=b"x" * HUNDRED), timeout=120).data == b"x" * HUNDRED
            answers = calls.Bidirectional(iter([echo.Request(data=b"y" * HUNDRED)] * 2), timeout=240)
            assert [len(answer.data) for answer in answers] == [HUNDRED] * 2
            error = failure(lambda: calls.Unary(echo.Request(data=b"x" * (HUNDRED + 200)), timeout=120))
            assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    finally:
        assert server.stop() == 0


def test_a_reader_that_stops_holds_the_server_back(echo, wire):
    """A stream of 2 GiB that nobody reads must not fill the server's memory."""
    answers = echo.ServerStream(echo.Request(count=2048, size=1 << 20))
    assert next(answers).index == 0
    before = wire.resident()
    time.sleep(1)
    assert wire.resident() - before < 64 << 20
    answers.cancel()


def test_1000_calls_at_once(echo, target):
    channels = [grpc.insecure_channel(target, options=[("grpc.use_local_subchannel_pool", 1)]) for _ in range(4)]
    calls = [echo.messages.on(channel) for channel in channels]
    futures = [calls[number % 4].Slow.future(echo.Request(text=str(number), milliseconds=300), timeout=60) for number in range(1000)]
    assert [future.result().text for future in futures] == [str(number) for number in range(1000)]
    for channel in channels:
        channel.close()


def test_1000_calls_on_one_connection(echo):
    futures = [echo.Slow.future(echo.Request(text=str(number), milliseconds=100), timeout=60) for number in range(1000)]
    assert [future.result().text for future in futures] == [str(number) for number in range(1000)]


# Health and reflection.

def test_health(echo, channel, wire):
    health = health_pb2_grpc.HealthStub(channel)
    serving = health_pb2.HealthCheckResponse
    assert health.Check(health_pb2.HealthCheckRequest(), timeout=20).status == serving.SERVING
    assert health.Check(health_pb2.HealthCheckRequest(service=SERVICE), timeout=20).status == serving.SERVING
    assert failure(lambda: health.Check(health_pb2.HealthCheckRequest(service="no.Such"), timeout=20)).code() == grpc.StatusCode.NOT_FOUND
    watch = health.Watch(health_pb2.HealthCheckRequest(service="late"), timeout=60)
    assert next(watch).status == serving.SERVICE_UNKNOWN
    for word, status in [("1", serving.SERVING), ("0", serving.NOT_SERVING), ("1", serving.SERVING)]:
        assert requests.post(f"{wire.url}/health/late", data=word, timeout=20).status_code == 200
        assert next(watch).status == status
    watch.cancel()
    # grpcio-health-checking has no stub for this one.
    answer = echo.messages.message("grpc.health.v1.HealthListResponse")
    everything = channel.unary_unary("/grpc.health.v1.Health/List", request_serializer=lambda data: data, response_deserializer=answer.FromString)
    assert set(everything(b"", timeout=20).statuses) == {"", SERVICE, "late"}


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_reflection(echo, channel, version):
    assert echo.messages.services == [
        "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection", SERVICE]
    ask = channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString)
    answers = list(ask(iter([
        reflection_pb2.ServerReflectionRequest(file_containing_symbol=f"{SERVICE}.Unary"),
        reflection_pb2.ServerReflectionRequest(file_by_filename="google/protobuf/any.proto"),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="no.Such"),
    ]), timeout=20))
    # The file and what it imports.
    assert len(answers[0].file_descriptor_response.file_descriptor_proto) == 2
    assert len(answers[1].file_descriptor_response.file_descriptor_proto) == 1
    assert answers[2].error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


# What is no call.

@pytest.mark.parametrize(("arguments", "status"), [
    (["--data-binary", "x", "-H", "Content-Type: application/json"], 415),
    (["--data-binary", "x", "-H", "Content-Type: application/grpc+json"], 415),
    (["-H", "Content-Type: application/grpc"], 405),
    (["-X", "PUT", "-H", "Content-Type: application/grpc"], 405),
])
def test_what_is_no_call(wire, arguments, status):
    result = subprocess.run(
        ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_version} %{http_code}", "--http2-prior-knowledge", *arguments,
         f"{wire.url}/{SERVICE}/Unary"], capture_output=True, text=True, timeout=30)
    assert result.stdout == f"2 {status}", result.stderr


# The server itself, on its plain address and over TLS.

@pytest.fixture(scope="module")
def main(tmp_path_factory):
    data = tmp_path_factory.mktemp("grpc") / "data"
    server = Server(data, "grpc", ["--tls-listen", "127.0.0.1:0"]).start()
    facts = json.loads((data / "server.json").read_text())
    server.plain = server.url.removeprefix("http://")
    server.secure = facts["tls_url"].removeprefix("https://").rstrip("/")
    server.authority = pathlib.Path(facts["ca"]).read_bytes()
    yield server
    assert server.stop() == 0, server.tail()


@pytest.fixture(params=["plain", "TLS"])
def main_channel(main, request):
    if request.param == "plain":
        channel = grpc.insecure_channel(main.plain)
    else:
        channel = grpc.secure_channel(main.secure, grpc.ssl_channel_credentials(main.authority))
    with channel:
        yield channel


def test_health_of_the_server_is_public(main_channel):
    health = health_pb2_grpc.HealthStub(main_channel)
    assert health.Check(health_pb2.HealthCheckRequest(), timeout=20).status == health_pb2.HealthCheckResponse.SERVING


def test_reflection_of_the_server_needs_a_token(main, main_channel):
    ask = main_channel.stream_stream(
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString)

    def services(metadata):
        questions = iter([reflection_pb2.ServerReflectionRequest(list_services="")])
        answers = list(ask(questions, metadata=metadata, timeout=20))
        return [service.name for service in answers[0].list_services_response.service]

    assert "grpc.health.v1.Health" in services([("authorization", f"Bearer {main.token}")])
    for metadata in ([], [("authorization", "Bearer wrong")], [("authorization", "Basic x")]):
        error = failure(lambda: services(metadata))
        assert error.code() == grpc.StatusCode.UNAUTHENTICATED and "authenticate" in error.details(), metadata


def test_unknown_methods_of_the_server(main_channel):
    call = main_channel.unary_unary("/no.Such/Method", request_serializer=lambda data: data)
    assert failure(lambda: call(b"", timeout=20)).code() == grpc.StatusCode.UNIMPLEMENTED


def test_a_server_that_stops_tells_those_who_watch(tmp_path):
    """And does not wait for them."""
    server = Server(tmp_path / "data", "grpc-stop").start()
    with grpc.insecure_channel(server.url.removeprefix("http://")) as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=60)
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        started = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - started < 9, "it waited for its drain time"
        assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
        assert failure(lambda: next(watch)).code() == grpc.StatusCode.UNAVAILABLE
