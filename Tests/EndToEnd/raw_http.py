"""HTTP/1.1 by hand: bytes out as given, answers taken apart, so that a test may send what no library would."""

import dataclasses
import socket
import urllib.parse


@dataclasses.dataclass
class Answer:
    status: int
    reason: str
    version: str
    fields: list
    body: bytes = b""
    trailers: list = dataclasses.field(default_factory=list)

    def values(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def __getitem__(self, name):
        """The only value under the name; None where there is none."""
        found = self.values(name)
        assert len(found) <= 1, f"{name} stands {len(found)} times"
        return found[0] if found else None


class RawClient:
    """One connection. Reads fail after `timeout` seconds without a byte."""

    def __init__(self, url, timeout=20, source=None, receive_buffer=None):
        address = urllib.parse.urlsplit(url)
        self.host = address.netloc
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            self.socket.bind((source, 0))
        self.socket.settimeout(timeout)
        self.socket.connect((address.hostname, address.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def request(self, data, head=False):
        self.send(data)
        return self.answer(head)

    def get(self, path, *fields, method="GET"):
        lines = "".join(f"{field}\r\n" for field in fields)
        return self.request(f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\n{lines}\r\n", head=method == "HEAD")

    def _more(self):
        data = self.socket.recv(1 << 16)
        self.buffer += data
        return bool(data)

    def _line(self):
        while b"\r\n" not in self.buffer:
            if not self._more():
                raise ConnectionError(f"the connection ends within a line: {self.buffer[:200]!r}")
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line.decode("latin-1")

    def _take(self, count):
        while len(self.buffer) < count:
            if not self._more():
                raise ConnectionError(f"the connection ends {count - len(self.buffer)} bytes too early")
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def _fields(self):
        fields = []
        while line := self._line():
            name, _, value = line.partition(":")
            fields.append((name, value.strip(" \t")))
        return fields

    def head(self):
        """A status line and its fields, also of an interim answer."""
        version, status, reason = self._line().split(" ", 2)
        return Answer(int(status), reason, version, self._fields())

    def answer(self, head=False):
        """A whole answer. `head`: to a HEAD request, so without a body."""
        answer = self.head()
        if head or answer.status in (204, 304) or answer.status < 200:
            return answer
        if (answer["Transfer-Encoding"] or "").lower() == "chunked":
            while size := int(self._line().split(";")[0], 16):
                answer.body += self._take(size)
                assert self._take(2) == b"\r\n"
            answer.trailers = self._fields()
        elif answer["Content-Length"] is not None:
            answer.body = self._take(int(answer["Content-Length"]))
        else:
            answer.body = self.rest()
        return answer

    def rest(self):
        """Everything up to the server's end of the connection. A reset counts as an end."""
        try:
            while self._more():
                pass
        except ConnectionResetError:
            pass
        rest, self.buffer = self.buffer, b""
        return rest

    def is_closed(self):
        """Waits for the server's end of the connection: whether nothing more came before it."""
        return self.rest() == b""
