"""Clients that misbehave: for the tests of faults, which are short, and for `scripts/soak faults`, which measures."""

import selectors
import socket
import struct
import threading
import time
import urllib.parse

import http2_frames as h2
from http2_frames import CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PING, PRIORITY, RST_STREAM, SETTINGS, WINDOW_UPDATE, Http2Client, frame


def connect(url, number, receive_buffer=None):
    """A connected, non-blocking socket from one of several loopback addresses, because a server may limit one."""
    address = urllib.parse.urlsplit(url)
    made = socket.socket()
    if receive_buffer:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    made.settimeout(20)
    made.bind((f"127.0.0.{2 + number % 10}", 0))
    made.connect((address.hostname, address.port))
    made.setblocking(False)
    return made


class Crowd:
    """Sockets that one thread looks after. `closed` counts those that the server has ended."""

    def __init__(self, url, count, receive_buffer=None):
        self.sockets = [connect(url, number, receive_buffer) for number in range(count)]
        self.closed = 0
        self.received = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        for member in self.sockets:
            member.close()
        self.sockets = []

    def _run(self):
        raise NotImplementedError


class Slowloris(Crowd):
    """Heads that never end: a byte on each connection every `interval` seconds, the beats spread evenly."""

    def __init__(self, url, count, interval=2, again=False):
        super().__init__(url, count)
        self.url, self.interval, self.again = url, interval, again
        for member in self.sockets:
            member.send(b"GET /hello HTTP/1.1\r\nHost: a\r\nX-Slow: ")

    def _run(self):
        while not self._stop.is_set():
            started = time.monotonic()
            for index, member in enumerate(self.sockets):
                try:
                    if member.fileno() >= 0:
                        member.send(b"x")
                        if not member.recv(4096):
                            raise ConnectionError
                        raise ConnectionError  # An answer: the server has lost patience.
                except BlockingIOError:
                    pass
                except OSError:
                    self.closed += 1
                    member.close()
                    if self.again and not self._stop.is_set():
                        self.sockets[index] = connect(self.url, index)
                        self.sockets[index].send(b"GET /hello HTTP/1.1\r\nHost: a\r\nX-Slow: ")
                due = started + self.interval * (index + 1) / len(self.sockets)
                if self._stop.wait(max(0, due - time.monotonic())):
                    return


class StalledReaders(Crowd):
    """Each asks for a large answer and takes none of it."""

    def __init__(self, url, path, count):
        super().__init__(url, count, receive_buffer=4096)
        for member in self.sockets:
            member.send(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())

    def _run(self):
        selector = selectors.DefaultSelector()
        self._stop.wait()
        selector.close()

    def drain(self, seconds=30):
        """Reads until the server ends each connection; returns how many it ended within the time."""
        selector, ended = selectors.DefaultSelector(), 0
        for member in self.sockets:
            selector.register(member, selectors.EVENT_READ)
        deadline = time.monotonic() + seconds
        while selector.get_map() and time.monotonic() < deadline:
            for key, _ in selector.select(0.5):
                try:
                    data = key.fileobj.recv(1 << 20)
                    self.received += len(data)
                    if data:
                        continue
                except BlockingIOError:
                    continue
                except OSError:
                    pass  # Reset: ended too.
                ended += 1
                selector.unregister(key.fileobj)
        selector.close()
        return ended


# Floods over HTTP/2. Each sends until the server closes the connection or `limit` rounds are over, and returns
# (rounds sent, the error code of GOAWAY or None).

def _flood(url, limit, round_, prepare=None, batch=50):
    with Http2Client(url, timeout=30) as client:
        if prepare:
            client.send(prepare)
        sent = 0
        try:
            while sent < limit:
                client.send(b"".join(round_(number) for number in range(sent, sent + batch)))
                sent += batch
                while b"" != _ready(client):
                    got = client.read()
                    if got is None:
                        return sent, None
                    if got.kind == h2.GOAWAY and got.code != h2.NO_ERROR:
                        return sent, got.code
        except OSError:
            pass  # Closed; what it said before may still be there.
        for got in client.rest() if sent < limit else []:
            if got.kind == h2.GOAWAY and got.code != h2.NO_ERROR:
                return sent, got.code
        return sent, None


def _ready(client):
    """Bytes of a whole frame that can be read without waiting, or nothing."""
    client.socket.setblocking(False)
    try:
        data = client.socket.recv(1 << 20)
        if not data:
            raise ConnectionResetError
        client.buffer += data
    except BlockingIOError:
        pass
    finally:
        client.socket.settimeout(30)
    if len(client.buffer) < 9 or len(client.buffer) < 9 + int.from_bytes(client.buffer[:3], "big"):
        return b""
    return client.buffer


GET = h2.request_block("GET", "/slow?ms=20")
CANCEL = struct.pack(">I", h2.CANCEL)


def rapid_reset(url, limit=200_000):
    """Requests that are reset at once, so that they never count as open."""
    return _flood(url, limit, lambda number: frame(HEADERS, END_HEADERS | END_STREAM, 2 * number + 1, GET) + frame(RST_STREAM, 0, 2 * number + 1, CANCEL))


def continuations(url, limit=200_000):
    """A header block that never ends."""
    return _flood(url, limit, lambda number: frame(CONTINUATION, 0, 1, h2.literal(f"x-{number}", "y" * 100)), prepare=frame(HEADERS, END_STREAM, 1, GET))


def empty_continuations(url, limit=200_000):
    return _flood(url, limit, lambda number: frame(CONTINUATION, 0, 1), prepare=frame(HEADERS, END_STREAM, 1, GET))


def settings_flood(url, limit=200_000):
    return _flood(url, limit, lambda number: frame(SETTINGS, 0, 0, struct.pack(">HI", h2.INITIAL_WINDOW_SIZE, 65_535 + number % 2)))


def ping_flood(url, limit=200_000):
    return _flood(url, limit, lambda number: frame(PING, 0, 0, struct.pack(">Q", number)))


def empty_data_flood(url, limit=200_000):
    return _flood(url, limit, lambda number: frame(DATA, 0, 1), prepare=frame(HEADERS, END_HEADERS, 1, h2.request_block("POST", "/unread")))


def window_flood(url, limit=200_000):
    return _flood(url, limit, lambda number: frame(WINDOW_UPDATE, 0, 1, b"\0\0\0\1"), prepare=frame(HEADERS, END_HEADERS, 1, h2.request_block("POST", "/unread")))


def priority_flood(url, limit=200_000):
    return _flood(url, limit, lambda number: frame(PRIORITY, 0, 2 * (number % 5000) + 1, b"\0\0\0\0\x10"))


def unknown_flood(url, limit=200_000):
    return _flood(url, limit, lambda number: frame(0xee, 0, 0, b"x" * 64))


FLOODS = {
    "rapid reset": rapid_reset, "CONTINUATION": continuations, "empty CONTINUATION": empty_continuations, "SETTINGS": settings_flood,
    "PING": ping_flood, "empty DATA": empty_data_flood, "WINDOW_UPDATE": window_flood, "PRIORITY": priority_flood, "unknown frames": unknown_flood,
}


class UnreadStreams:
    """One connection, `count` streams that ask for much and give the server all the window there is, and read nothing."""

    def __init__(self, url, path, count):
        window = (1 << 31) - 1
        self.client = Http2Client(url, own_settings=[(h2.INITIAL_WINDOW_SIZE, window)], receive_buffer=4096)
        self.client.send(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", window - 65_535)))
        for _ in range(count):
            self.client.request(h2.request_block("GET", path))

    def close(self):
        self.client.socket.close()
