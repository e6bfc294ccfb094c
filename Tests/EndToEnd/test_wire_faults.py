"""Clients that misbehave, in short: they are closed, memory stays bounded, others are served, and the server recovers.

`scripts/soak faults` does the same for longer and with more clients, and measures what others notice of it.
"""

import contextlib
import resource
import subprocess
import time

import pytest

import http2_frames as h2
import wire_faults as faults
from raw_http import RawClient
from server_process import BINARY, OUTPUT
from wire_process import WireProcess, processes

HELLO = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
MEBIBYTE = 1 << 20


@pytest.fixture
def start(request):
    """Starts wire servers of the test's own; each must end by SIGTERM with status 0."""
    started = []

    def make(*arguments, **named):
        name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)
        started.append(WireProcess(OUTPUT / f"wire-{name}.log", arguments, **named).start())
        return started[-1]

    yield make
    for wire in started:
        assert wire.stop() == 0, wire.tail()


def served(wire):
    with RawClient(wire.url) as client:
        assert client.request(HELLO).status == 200


def until(what, seconds=20):
    """Waits for an effect in another process."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)
    return found


# HTTP/1.1

def test_slow_heads_are_cut_and_others_are_served(start):
    wire = start("--header-timeout", "1000")
    with faults.Slowloris(wire.url, 300, interval=0.5) as crowd:
        for _ in range(20):
            served(wire)
        until(lambda: crowd.closed == 300)
    until(lambda: wire.descriptor_count() < 60)


@pytest.mark.parametrize("sent, status", [("GET /hello HTTP/1.1\r\nHo", 408), ("POST /gather HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1234", 408), ("", None)])
def test_timeouts(start, sent, status):
    wire = start("--header-timeout", "300", "--body-timeout", "300", "--idle-timeout", "300")
    with RawClient(wire.url) as client:
        if status is None:
            assert client.request(HELLO).status == 200
        else:
            client.send(sent)
            answer = client.answer()
            assert answer.status == status and answer["Connection"] == "close"
        assert client.is_closed()


@pytest.mark.parametrize("path", ["/endless", "/bytes/1000000000"])
def test_clients_that_stop_reading(start, path):
    """Each holds what the kernel and the server's bound take, and is closed in the end."""
    wire = start("--write-timeout", "2000")
    served(wire)
    before = wire.resident()
    count = 50
    with faults.StalledReaders(wire.url, path, count) as crowd:
        time.sleep(1)
        growth = wire.resident() - before
        assert growth < count * MEBIBYTE + 64 * MEBIBYTE, f"{growth / MEBIBYTE:.0f} MiB"
        served(wire)
        # Clients that begin to read only now find their connections ended within the time for writing.
        until(lambda: wire.descriptor_count() < 60)
        assert crowd.drain() == count


def test_unread_upload_is_held_back(start):
    wire = start()
    served(wire)
    before = wire.resident()
    with RawClient(wire.url, timeout=2) as client:
        client.send(f"POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: {1 << 30}\r\n\r\n")
        sent, piece = 0, b"x" * MEBIBYTE
        with contextlib.suppress(TimeoutError):
            while sent < 1 << 30:
                client.send(piece)
                sent += len(piece)
        assert sent < 64 * MEBIBYTE
        assert wire.resident() - before < 16 * MEBIBYTE
        served(wire)


def test_descriptors_run_out_and_come_back(start):
    # The server needs some of them itself.
    wire = start(descriptors=100)
    crowd = [faults.connect(wire.url, number) for number in range(300)]
    for member in crowd:
        with contextlib.suppress(ConnectionError):
            member.send(HELLO.encode())
    answered = until(lambda: count_answered(crowd) > 20 and count_answered(crowd))
    assert answered < 100
    assert wire.process.poll() is None
    busy = wire.cpu_seconds()
    time.sleep(0.5)
    assert wire.cpu_seconds() - busy < 0.25, "it spins while no descriptor is free"
    for member in crowd:
        member.close()
    served(wire)
    until(lambda: wire.descriptor_count() < 60)


def count_answered(crowd):
    found = 0
    for member in crowd:
        with contextlib.suppress(BlockingIOError):
            found += member.recv(1, faults.socket.MSG_PEEK) == b"H"
    return found


def test_connections_of_one_client(start):
    wire = start("--connections-per-client", "20")
    clients = [RawClient(wire.url, source="127.0.0.9") for _ in range(20)]
    for client in clients:
        assert client.request(HELLO).status == 200
    with RawClient(wire.url, source="127.0.0.9") as extra:
        with contextlib.suppress(ConnectionError):
            extra.send(HELLO)
        assert extra.is_closed()
    served(wire)
    clients.pop().close()
    until(lambda: another_fits(wire))
    for client in clients:
        client.close()


def another_fits(wire):
    with RawClient(wire.url, source="127.0.0.9") as client, contextlib.suppress(ConnectionError):
        return client.request(HELLO).status == 200


ABORTED = [
    "GET /bytes/100000000 HTTP/1.1\r\nHost: a\r\n\r\n", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 999\r\n\r\nx",
    "GET /slow?ms=60000 HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HT", "POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n",
]


def test_aborted_requests_leak_nothing(start):
    wire = start()
    with RawClient(wire.url) as client:
        # The clock of sleeping handlers takes a descriptor once.
        assert client.get("/slow?ms=1").status == 200
    before = wire.descriptor_count()
    for number in range(200):
        client = RawClient(wire.url)
        client.send(ABORTED[number % len(ABORTED)])
        if number % 3:
            client.reset()
        else:
            client.close()
    until(lambda: wire.descriptor_count() <= before)
    served(wire)


# HTTP/2

@pytest.mark.parametrize("name", [name for name in faults.FLOODS if name != "unknown frames"])
def test_flood_is_ended(start, name):
    wire = start()
    served(wire)
    before = wire.resident()
    with h2.Http2Client(wire.url) as other:
        sent, code = faults.FLOODS[name](wire.url, limit=100_000)
        assert sent < 100_000, f"{sent} rounds were taken"
        # Where the server closed while the client was still sending, its GOAWAY may be lost to a reset.
        assert code in (None, h2.ENHANCE_YOUR_CALM, h2.PROTOCOL_ERROR, h2.INTERNAL_ERROR), code
        other.assert_works()
    assert wire.resident() - before < 64 * MEBIBYTE
    served(wire)
    until(lambda: wire.descriptor_count() < 60)


def test_unknown_frames_cost_nothing(start):
    """They are to be passed over, however many there are."""
    wire = start()
    served(wire)
    before = wire.resident()
    faults.FLOODS["unknown frames"](wire.url, limit=100_000)
    assert wire.resident() - before < 16 * MEBIBYTE
    served(wire)


def test_streams_that_nobody_reads(start):
    """A client that opens all windows and reads nothing: memory is bounded for the connection, not for each stream."""
    wire = start("--write-timeout", "2000")
    served(wire)
    before = wire.resident()
    unread = [faults.UnreadStreams(wire.url, "/endless", 100) for _ in range(5)]
    time.sleep(1)
    growth = wire.resident() - before
    assert growth < 5 * 100 * MEBIBYTE // 2, f"{growth / MEBIBYTE:.0f} MiB"
    served(wire)
    until(lambda: wire.descriptor_count() < 60)
    for one in unread:
        one.close()


def test_silent_http2_connection_ends(start):
    wire = start("--idle-timeout", "500")
    with h2.Http2Client(wire.url) as client:
        client.assert_works()
        ends = [got for got in client.rest() if got.kind == h2.GOAWAY]
        assert ends and ends[-1].code == h2.NO_ERROR


def test_slow_http2_head_is_cut(start):
    wire = start("--header-timeout", "500")
    with h2.Http2Client(wire.url) as client:
        client.send(h2.frame(h2.HEADERS, h2.END_STREAM, 1, h2.request_block()))
        assert client.rest()[-1].kind in (h2.GOAWAY, h2.RST_STREAM)


def test_slow_preface_is_cut(start):
    wire = start("--header-timeout", "500")
    with h2.Http2Client(wire.url, start=False) as client:
        client.send(h2.PREFACE[:10])
        while client.socket.recv(1 << 16):
            pass


# The product

@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/v2", "/api/system"])
def test_routes_on_the_event_loop_are_cheap(server, path):
    """They must not keep the loop from its other connections: processor time, which other load on the machine does not change much."""
    with RawClient(server.url) as client:
        token = f"Authorization: Bearer {server.token}"
        assert client.get(path, token).status == 200
        before = processes.cpu_seconds(server.process.pid)
        for _ in range(300):
            client.get(path, token)
        assert processes.cpu_seconds(server.process.pid) - before < 0.6, "over 2 ms a request"


def test_the_server_lifts_its_limit_on_descriptors(tmp_path):
    hard = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 4096)
    process = subprocess.Popen(
        [str(BINARY), "serve", "--data", str(tmp_path / "data"), "--listen", "127.0.0.1:0", "--allow-weak-isolation"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard)))
    try:
        until(lambda: (tmp_path / "data/server.json").exists(), 60)
        assert resource.prlimit(process.pid, resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        process.terminate()
        assert process.wait(60) == 0
