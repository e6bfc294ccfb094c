"""The reverse proxy between other people's clients and servers: websockets on both sides, curl, httpx, h2."""

import asyncio
import contextlib
import hashlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import threading

import httpx
import pytest
import websockets
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

from server_process import REPOSITORY

WIRE = pathlib.Path(os.environ.get("MONOFLOW_WIRE_BINARY", REPOSITORY / ".build/release/monoflow-wire"))
MEBIBYTE = 1 << 20


@contextlib.contextmanager
def wire(*arguments):
    """The wire's test server. Gives its port; ends by SIGTERM with status 0."""
    process = subprocess.Popen([WIRE, "--listen", "127.0.0.1:0", *arguments], stdout=subprocess.PIPE, text=True)
    try:
        for line in process.stdout:
            if line.startswith("listening "):
                yield int(line.rsplit(":", 1)[1])
                break
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


@pytest.fixture(scope="module")
def http():
    """A proxy in front of another wire server: the base URL of what is forwarded, and that of the server itself."""
    with wire() as upstream, wire("--forward", f"http://127.0.0.1:{upstream}") as proxy:
        yield f"http://127.0.0.1:{proxy}/forward", f"http://127.0.0.1:{upstream}"


class Sockets:
    """A server of the `websockets` package in a thread, behind the proxy."""

    def __init__(self):
        self.sent = 0
        self.closed = None
        self.ended = threading.Event()
        self.ready = threading.Event()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        assert self.ready.wait(10)

    def run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.main())

    async def main(self):
        self.stop = asyncio.Event()
        async with serve(
                self.serve, "127.0.0.1", 0, max_size=None, ping_interval=None, process_request=self.check,
                select_subprotocol=lambda connection, offered: "superchat" if "superchat" in offered else None) as server:
            self.port = server.sockets[0].getsockname()[1]
            self.ready.set()
            await self.stop.wait()

    def check(self, connection, request):
        if request.path == "/forbidden":
            return connection.respond(403, "not here\n")

    async def serve(self, socket):
        path = socket.request.path
        try:
            if path == "/close":
                await socket.close(4002, "of the server")
            elif path == "/ping":
                await (await socket.ping(b"from the server"))
                await socket.send("pong came")
            elif path == "/flood":
                piece = bytes(256 << 10)
                for _ in range(512):
                    await socket.send(piece)
                    self.sent += len(piece)
            elif path == "/headers":
                await socket.send(json.dumps(dict(socket.request.headers.raw_items())))
            async for message in socket:
                await socket.send(message)
        except websockets.ConnectionClosed:
            pass
        finally:
            await socket.wait_closed()
            self.closed = (socket.close_code, socket.close_reason)
            self.ended.set()


@pytest.fixture(scope="module")
def sockets():
    server = Sockets()
    with wire("--forward", f"http://127.0.0.1:{server.port}") as proxy:
        server.url = f"ws://127.0.0.1:{proxy}/forward"
        server.proxy = proxy
        yield server
    server.loop.call_soon_threadsafe(server.stop.set)
    server.thread.join(10)


def run(work):
    return asyncio.run(asyncio.wait_for(work, 120))


@pytest.mark.parametrize("compression", [None, "deflate"])
def test_websocket_messages(sockets, compression):
    async def talk():
        async with connect(sockets.url + "/echo", max_size=None, compression=compression, subprotocols=["chat", "superchat"], ping_interval=None) as socket:
            assert socket.subprotocol == "superchat"
            await socket.send("text \N{SNOWMAN}")
            assert await socket.recv() == "text \N{SNOWMAN}"
            # Fragments, with a ping between them.
            pieces = [os.urandom(1000 * n) for n in range(1, 20)]

            async def fragments():
                for piece in pieces:
                    yield piece
                    await socket.ping()

            await socket.send(fragments())
            assert await socket.recv() == b"".join(pieces)
            await (await socket.ping(b"from the client"))

    run(talk())


def test_websocket_message_of_64_mebibytes(sockets):
    async def talk():
        async with connect(sockets.url + "/echo", max_size=None, compression=None, ping_interval=None) as socket:
            message = os.urandom(MEBIBYTE) * 64
            await socket.send(message)
            assert hashlib.sha256(await socket.recv()).digest() == hashlib.sha256(message).digest()

    run(talk())


def test_websocket_pings_of_the_server(sockets):
    async def talk():
        async with connect(sockets.url + "/ping", ping_interval=None) as socket:
            assert await socket.recv() == "pong came"

    run(talk())


def test_websocket_close_codes(sockets):
    async def of_client():
        sockets.ended.clear()
        socket = await connect(sockets.url + "/echo")
        await socket.close(4001, "of the client")
        assert (socket.close_code, socket.close_reason) == (4001, "of the client")

    async def of_server():
        socket = await connect(sockets.url + "/close")
        await socket.wait_closed()
        assert (socket.close_code, socket.close_reason) == (4002, "of the server")

    run(of_client())
    assert sockets.ended.wait(10) and sockets.closed == (4001, "of the client")
    run(of_server())


def test_websocket_client_that_vanishes(sockets):
    async def talk():
        socket = await connect(sockets.url + "/echo")
        sockets.ended.clear()
        socket.transport.abort()

    run(talk())
    assert sockets.ended.wait(10) and sockets.closed[0] == 1006


def test_websocket_slow_reader(sockets):
    """128 MiB for a client that does not read: the server is held back after what the buffers take."""
    async def talk():
        sockets.sent = 0
        async with connect(sockets.url + "/flood", max_size=None, compression=None, ping_interval=None, max_queue=1) as socket:
            last, still = -1, 0
            while still < 10:
                await asyncio.sleep(0.05)
                still = still + 1 if sockets.sent == last and last > 0 else 0
                last = sockets.sent
            assert last < 32 * MEBIBYTE, f"{last} bytes under way"
            for _ in range(512):
                assert len(await socket.recv()) == 256 << 10

    run(talk())


def test_websocket_handshakes(sockets):
    async def refused():
        with pytest.raises(websockets.InvalidStatus) as error:
            await connect(sockets.url + "/forbidden")
        assert error.value.response.status_code == 403 and error.value.response.body == b"not here\n"

    async def fields():
        headers = {"Authorization": "Bearer secret", "Cookie": "dashboard=secret; app=1", "X-Forwarded-For": "1.2.3.4"}
        async with connect(sockets.url + "/headers", additional_headers=headers, origin="http://app.example") as socket:
            seen = {name.lower(): value for name, value in json.loads(await socket.recv()).items()}
        assert "authorization" not in seen and seen["cookie"] == "app=1" and seen["x-forwarded-for"] == "127.0.0.1"
        assert seen["origin"] == "http://app.example" and seen["via"] == "1.1 monoflow"

    run(refused())
    run(fields())


def test_websocket_over_http2(sockets):
    """RFC 8441: a client of HTTP/2 in front, HTTP/1.1 behind."""
    import h2.config
    import h2.connection
    import h2.events
    with socket.create_connection(("127.0.0.1", sockets.proxy), timeout=30) as raw:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        connection.initiate_connection()
        raw.sendall(connection.data_to_send())
        state = {"extended": False, "status": None, "data": b"", "ended": False}

        def receive():
            data = raw.recv(65536)
            assert data
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.RemoteSettingsChanged):
                    state["extended"] |= any(int(code) == 8 and change.new_value == 1 for code, change in event.changed_settings.items())
                elif isinstance(event, h2.events.ResponseReceived):
                    state["status"] = {(n if isinstance(n, str) else n.decode()): v for n, v in event.headers}
                elif isinstance(event, h2.events.DataReceived):
                    state["data"] += event.data
                    connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
                    state["ended"] = True
            raw.sendall(connection.data_to_send())

        while not state["extended"]:
            receive()
        connection.send_headers(1, [
            (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/forward/echo"), (":authority", "app"),
            ("sec-websocket-version", "13"), ("sec-websocket-protocol", "superchat")])
        raw.sendall(connection.data_to_send())
        while state["status"] is None:
            receive()
        status = {n: (v if isinstance(v, str) else v.decode()) for n, v in state["status"].items()}
        assert status[":status"] == "200" and status["sec-websocket-protocol"] == "superchat" and "sec-websocket-accept" not in status
        # A masked text frame and its echo, then a close frame and its answer.
        mask, text = b"\x01\x02\x03\x04", b"hello"
        frame = b"\x81" + bytes([0x80 | len(text)]) + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(text))
        connection.send_data(1, frame)
        raw.sendall(connection.data_to_send())
        while len(state["data"]) < 7:
            receive()
        assert state["data"] == b"\x81\x05hello"
        connection.send_data(1, b"\x88\x82" + mask + bytes([0x03 ^ 1, 0xE8 ^ 2]))
        raw.sendall(connection.data_to_send())
        while not state["ended"]:
            receive()
        assert state["data"].endswith(b"\x88\x02\x03\xe8")


def curl(*arguments):
    done = subprocess.run(["curl", "-sS", "--max-time", "60", *map(str, arguments)], capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = tmp_path_factory.mktemp("content") / "content"
    path.write_bytes(os.urandom(MEBIBYTE) * 64)
    return path


@pytest.mark.parametrize("options", [[], ["-H", "Expect:"], ["-H", "Transfer-Encoding: chunked"], ["--http2-prior-knowledge"], ["-0"]])
def test_curl_uploads(http, content, options):
    assert json.loads(curl(*options, "-T", content, http[0] + "/count")) == {"bytes": 64 * MEBIBYTE}


@pytest.mark.parametrize("options", [[], ["--http2-prior-knowledge"], ["-0"]])
def test_curl_downloads(http, content, tmp_path, options):
    for query in ["", "?chunked"]:
        out = tmp_path / "out"
        curl(*options, "-o", out, f"{http[0]}/bytes/{64 * MEBIBYTE}{query}")
        assert out.stat().st_size == 64 * MEBIBYTE
    url = f"{http[0]}/file?path={content}"
    digest = hashlib.sha256(content.read_bytes()).hexdigest()
    assert hashlib.sha256(curl(*options, url)).hexdigest() == digest
    assert curl(*options, "-r", "1000-1999", url) == content.read_bytes()[1000:2000]
    head = curl(*options, "-I", url).decode().lower()
    assert f"content-length: {64 * MEBIBYTE}" in head and "accept-ranges: bytes" in head and "via: 1.1 monoflow" in head


def test_curl_sees_what_the_server_sees(http):
    seen = json.loads(curl("-H", "Connection: X-Hop", "-H", "X-Hop: 1", "-H", "X-Forwarded-For: 1.2.3.4", "-b", "dashboard=secret; app=1", "-u", "a:b", http[0] + "/headers"))
    assert "x-hop" not in seen and "connection" not in seen and "authorization" not in seen and seen["cookie"] == "app=1"
    assert seen["x-forwarded-for"] == "127.0.0.1" and seen["via"] == "1.1 monoflow"
    assert seen["forwarded"].startswith('for=127.0.0.1;host="127.0.0.1:') and seen["forwarded"].endswith(";proto=http")
    assert "http://" + seen["host"] == http[1]


@pytest.mark.parametrize("options", [["--http1.1"], ["--http2-prior-knowledge"]])
def test_informational_responses(http, options):
    text = curl(*options, "-i", http[0] + "/hints").decode()
    hints, _, rest = text.partition("\r\n\r\n")
    assert hints.startswith("HTTP/") and hints.split()[1] == "103" and "</style.css>; rel=preload" in hints
    assert rest.startswith("HTTP/") and rest.split()[1] == "200" and rest.endswith("after the hints\n")


def test_httpx_echo_and_trailers(http):
    """Many at once, bodies both ways at the same time."""
    async def talk():
        async with httpx.AsyncClient(timeout=60) as client, httpx.AsyncClient(timeout=60, http1=False, http2=True) as client2:
            async def one(client, number):
                async def body():
                    for piece in range(20):
                        yield bytes([number]) * 10_007 * (piece % 3)
                response = await client.post(http[0] + "/echo", content=body())
                assert response.status_code == 200 and response.content == bytes([number]) * 10_007 * 19
            await asyncio.gather(*(one(client if n % 2 else client2, n) for n in range(32)))

    run(talk())


def test_server_that_is_not_there():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with wire("--forward", f"http://127.0.0.1:{port}") as proxy:
        response = httpx.get(f"http://127.0.0.1:{proxy}/forward/x")
        assert response.status_code == 502 and "Connection refused" in response.json()["message"]
        with pytest.raises(websockets.InvalidStatus) as error:
            run(connect_once(f"ws://127.0.0.1:{proxy}/forward/x"))
        assert error.value.response.status_code == 502


async def connect_once(url):
    async with connect(url):
        pass
