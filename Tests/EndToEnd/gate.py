"""A signal between a test and a running step: the step connects and waits, the test sees it and lets it go on."""

import collections
import queue
import socket
import threading

# For steps: `gate NAME` in a shell step, after `sh -c "$GATE …"`. Bash speaks TCP by itself.
# What the test answered is in WORD.
SHELL = """gate() { exec 3<>/dev/tcp/127.0.0.1/$PORT; echo "$1" >&3; read -r WORD <&3; exec 3>&-; }
"""


class Gate:
    """Listens on loopback. Every `gate NAME` of a step is one arrival; it blocks until `open(NAME)`."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.socket.getsockname()[1]
        self.arrivals = collections.Counter()
        self._arrived = queue.Queue()
        self._lock = threading.Lock()
        self._opened = set()
        self._waiting = collections.defaultdict(list)
        # By gate: what the next arrivals are told; `go` when nothing is left.
        self.words = collections.defaultdict(list)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return  # Closed.
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        name = connection.makefile().readline().strip()
        with self._lock:
            self.arrivals[name] += 1
            if name in self._opened:
                self._release(connection, name)
            else:
                self._waiting[name].append(connection)
        self._arrived.put(name)

    def _release(self, connection, name):
        word = self.words[name].pop(0) if self.words[name] else "go"
        try:
            connection.sendall(f"{word}\n".encode())
        except OSError:
            pass  # The step has gone; its run tells so.
        connection.close()

    def wait(self, name, timeout=120):
        """Returns when a step has arrived at this gate; arrivals at other gates before it are passed over."""
        while True:
            try:
                if self._arrived.get(timeout=timeout) == name:
                    return
            except queue.Empty:
                raise AssertionError(f"no step came to gate {name} in {timeout} s; seen: {dict(self.arrivals)}") from None

    def wait_all(self, *names, timeout=120):
        """The same for several gates, in whatever order steps come to them."""
        left = set(names)
        while left:
            try:
                left.discard(self._arrived.get(timeout=timeout))
            except queue.Empty:
                raise AssertionError(f"no steps came to {sorted(left)} in {timeout} s; seen: {dict(self.arrivals)}") from None

    def open(self, name):
        with self._lock:
            self._opened.add(name)
            for connection in self._waiting.pop(name, []):
                self._release(connection, name)

    def close(self):
        self.socket.close()
        with self._lock:
            for connections in self._waiting.values():
                for connection in connections:
                    connection.close()
