"""HTTP/2 frames by hand (RFC 9113), so that a test may send what no library would."""

import contextlib
import dataclasses
import socket
import struct
import urllib.parse

import hpack

from server_process import OUTPUT
from wire_process import WireProcess

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM = ACK = 0x1
END_HEADERS, PADDED, PRIORITIZED = 0x4, 0x8, 0x20
(NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR, REFUSED_STREAM,
 CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM) = range(12)
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = range(1, 7)
ENABLE_CONNECT_PROTOCOL = 8
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
NAMES = ["DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY", "WINDOW_UPDATE", "CONTINUATION"]


@dataclasses.dataclass
class Frame:
    kind: int
    flags: int
    stream: int
    payload: bytes
    fields: list = None
    """Of HEADERS: name and value, decoded."""

    @property
    def code(self):
        """The error code of RST_STREAM and GOAWAY."""
        return struct.unpack(">I", self.payload[:4] if self.kind == RST_STREAM else self.payload[4:8])[0]

    def __repr__(self):
        name = NAMES[self.kind] if self.kind < len(NAMES) else hex(self.kind)
        more = f" code {self.code}" if self.kind in (RST_STREAM, GOAWAY) and len(self.payload) >= 4 else ""
        return f"{name} flags {self.flags:#x} stream {self.stream} {len(self.payload)} bytes{more}"


def frame(kind, flags=0, stream=0, payload=b"", length=None):
    """A frame's bytes. `length`: what the head says, where it should not be the truth."""
    return struct.pack(">I", len(payload) if length is None else length)[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(*pairs, flags=0):
    return frame(SETTINGS, flags, 0, b"".join(struct.pack(">HI", key, value) for key, value in pairs))


def integer(value, bits, first=0):
    """An HPACK integer with a prefix of `bits`; `first` holds the bits before it."""
    limit = (1 << bits) - 1
    if value < limit:
        return bytes([first | value])
    out, value = [first | limit], value - limit
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + [value])


def literal(name, value, indexed=False):
    """A header field as a literal with a new name, not compressed. `indexed`: it enters the dynamic table."""
    name, value = (text.encode("latin-1") if isinstance(text, str) else text for text in (name, value))
    return bytes([0x40 if indexed else 0]) + integer(len(name), 7) + name + integer(len(value), 7) + value


def fields(*pairs):
    return b"".join(literal(name, value) for name, value in pairs)


def request_fields(method="GET", path="/hello", *more, authority="a", scheme="http"):
    return [(":method", method), (":scheme", scheme), (":authority", authority), (":path", path), *more]


def request_block(method="GET", path="/hello", *more, **named):
    return fields(*request_fields(method, path, *more, **named))


class Http2Client:
    """One connection by prior knowledge. Reads fail after `timeout` seconds without a byte."""

    def __init__(self, url, own_settings=(), timeout=20, start=True, receive_buffer=None):
        address = urllib.parse.urlsplit(url)
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect((address.hostname, address.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.next_stream = 1
        self.server_settings = {}
        self.decoder = hpack.Decoder()
        if start:
            self.start(own_settings)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def start(self, own_settings=()):
        """Sends preface and SETTINGS, reads the server's SETTINGS and acknowledges them."""
        self.send(PREFACE + settings(*own_settings))
        first = self.read()
        assert first.kind == SETTINGS and not first.flags & ACK, first
        for at in range(0, len(first.payload), 6):
            key, value = struct.unpack(">HI", first.payload[at:at + 6])
            self.server_settings[key] = value
        self.send(settings(flags=ACK))
        self.wait(lambda frame: frame.kind == SETTINGS and frame.flags & ACK)

    def send(self, data):
        self.socket.sendall(data)

    def read(self):
        """The next frame; None at the end of the connection."""
        head = self._take(9)
        if head is None:
            return None
        length = int.from_bytes(head[:3], "big")
        kind, flags, stream = struct.unpack(">BBI", head[3:])
        payload = self._take(length) if length else b""
        if payload is None:
            return None
        got = Frame(kind, flags, stream, payload)
        if kind == HEADERS:
            # Each block is decoded, also of streams that nobody asks about: it changes the table for later ones.
            assert flags & END_HEADERS and not flags & (PADDED | PRIORITIZED), got
            got.fields = [(str(name), str(value)) for name, value in self.decoder.decode(payload)]
        return got

    def _take(self, count):
        while len(self.buffer) < count:
            try:
                data = self.socket.recv(1 << 16)
            except ConnectionResetError:
                data = b""
            if not data:
                return None
            self.buffer += data
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def wait(self, wanted):
        """Reads up to the first frame that `wanted` accepts; fails where the connection ends before it."""
        seen = []
        while (got := self.read()) is not None:
            seen.append(got)
            if wanted(got):
                return got
        raise AssertionError(f"the connection ended; seen: {seen[-10:]}")

    def rest(self):
        """Every frame up to the end of the connection."""
        frames = []
        while (got := self.read()) is not None:
            frames.append(got)
        return frames

    def new_stream(self):
        self.next_stream += 2
        return self.next_stream - 2

    def request(self, block=None, end=True, flags=END_HEADERS):
        """Sends HEADERS on a new stream; returns its number."""
        stream = self.new_stream()
        self.send(frame(HEADERS, flags | (END_STREAM if end else 0), stream, request_block() if block is None else block))
        return stream

    def answer(self, stream, update_windows=True):
        """(status, fields, body, trailers) of a stream. Frames of other streams are dropped."""
        status, found, body, trailers = None, [], b"", []
        while True:
            got = self.read()
            assert got is not None, "the connection ended before the answer"
            if got.kind == PING and not got.flags & ACK:
                self.send(frame(PING, ACK, 0, got.payload))
            if got.kind == GOAWAY and got.code != NO_ERROR:
                raise AssertionError(f"the connection was given up: {got}")
            if got.kind == HEADERS and got.stream == stream:
                if status is None or 100 <= status < 200:
                    status, found = int(dict(got.fields)[":status"]), got.fields[1:]
                else:
                    trailers = got.fields
            if got.kind == DATA and update_windows and got.payload:
                increment = struct.pack(">I", len(got.payload))
                self.send(frame(WINDOW_UPDATE, 0, 0, increment))
                if not got.flags & END_STREAM:
                    self.send(frame(WINDOW_UPDATE, 0, got.stream, increment))
            if got.stream != stream:
                continue
            assert got.kind != RST_STREAM, f"{got} before the end of the answer"
            if got.kind == DATA:
                body += got.payload
            if got.kind in (DATA, HEADERS) and got.flags & END_STREAM:
                return status, found, body, trailers

    def get(self, path="/hello", *more, method="GET"):
        return self.answer(self.request(request_block(method, path, *more)))

    # What a test says of the outcome.

    def assert_connection_error(self, *codes):
        """The server gives the connection up with one of the codes and closes it."""
        frames = self.rest()
        ends = [got for got in frames if got.kind == GOAWAY and got.code != NO_ERROR]
        assert ends, f"no GOAWAY with an error: {frames[-10:]}"
        assert ends[-1].code in codes, f"{ends[-1]}, not one of {codes}"

    def assert_stream_error(self, stream, *codes, works=True):
        """The server resets the stream with one of the codes, and the connection goes on."""
        got = self.wait(lambda got: got.kind == GOAWAY or got.kind == RST_STREAM and got.stream == stream)
        assert got.kind == RST_STREAM and got.code in codes, f"{got}, not a reset of {stream} with one of {codes}"
        if works:
            self.assert_works()

    def assert_works(self):
        """The connection is in order: a ping is answered and so is a request."""
        self.send(frame(PING, 0, 0, b"in order"))
        self.wait(lambda got: got.kind == PING and got.flags & ACK and got.payload == b"in order")
        assert self.get()[0] == 200


@contextlib.contextmanager
def surviving_server(log):
    """A wire server that must still answer, and end well, after all that was sent to it."""
    wire = WireProcess(OUTPUT / log).start()
    yield wire
    with Http2Client(wire.url) as client:
        client.assert_works()
    assert wire.stop() == 0, wire.tail()
