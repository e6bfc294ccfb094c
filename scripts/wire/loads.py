"""Load generators: wrk, h2load, curl and ten thousand idle connections. Each run gives one `Figures`."""

import dataclasses
import os
import re
import selectors
import socket
import subprocess
import time
import urllib.parse

from . import processes


@dataclasses.dataclass
class Figures:
    rate: float = 0  # requests, or MiB, each second
    p50: float = 0  # milliseconds
    p99: float = 0
    cpu: float = 0  # microseconds of the server's CPU time for each request, or milliseconds for each GiB
    growth: int = 0  # bytes of memory
    errors: int = 0


def _run(command, timeout):
    ended = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=timeout)
    if ended.returncode != 0:
        raise RuntimeError(f"{command[0]} ended with {ended.returncode}: {(ended.stdout + ended.stderr)[-1000:]}")
    return ended.stdout


def _milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}[unit]


def _count(pattern, text):
    return sum(int(number) for number in re.findall(pattern, text))


def wrk(peer, url, connections, seconds, headers=None):
    """Closed loop over kept-alive connections."""
    threads = min(connections, os.cpu_count())
    command = ["wrk", "-t", threads, "-c", connections, "-d", f"{seconds}s", "--latency", "--timeout", "10s"]
    for name, value in (headers or {}).items():
        command += ["-H", f"{name}: {value}"]
    before = processes.cpu_seconds(peer.pid)
    text = _run(command + [url], seconds + 60)
    used = processes.cpu_seconds(peer.pid) - before
    requests = int(re.search(r"(\d+) requests in", text).group(1))
    bad = _count(r"Non-2xx or 3xx responses: (\d+)", text) + _count(r"(?:connect|read|write|timeout) (\d+)", text)
    return Figures(
        rate=float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)),
        p50=_milliseconds(re.search(r"(?m)^\s+50%\s+(\S+)\s*$", text).group(1)), p99=_milliseconds(re.search(r"(?m)^\s+99%\s+(\S+)\s*$", text).group(1)),
        cpu=1e6 * used / max(1, requests), errors=bad)


def h2load(peer, url, clients, streams, seconds, headers=None):
    """HTTP/2 with `streams` requests in flight on each of `clients` connections."""
    command = ["h2load", "-t", min(clients, os.cpu_count()), "-c", clients, "-m", streams, "-D", seconds, "--warm-up-time=500ms"]
    for name, value in (headers or {}).items():
        command += ["-H", f"{name}: {value}"]
    before = processes.cpu_seconds(peer.pid)
    text = _run(command + [url], seconds + 60)
    used = processes.cpu_seconds(peer.pid) - before
    total = int(re.search(r"requests: (\d+) total", text).group(1))
    rate = float(re.search(r"finished in .*?, ([\d.]+) req/s", text).group(1))
    # The warm-up's requests are not counted in the total, but its CPU time is in `used`.
    served = total + rate * 0.5
    return Figures(rate=rate, cpu=1e6 * used / max(1, served), errors=_count(r"(\d+) (?:failed|errored|timeout)", text) + (total == 0))


def transfer(peer, url, size, upload=None, extra=()):
    """One download of `size` bytes, or the upload of a file, by curl. `cpu` is milliseconds for each GiB."""
    command = ["curl", "-sS", "--fail", "-k", "-o", "/dev/null", "-w", "%{time_total} %{size_download} %{size_upload}", *extra]
    if upload:
        command += ["-T", upload]
    with processes.PeakMemory(peer.pid) as memory:
        before = processes.cpu_seconds(peer.pid)
        seconds, down, up = (float(word) for word in _run(command + [url], 600).split())
        used = processes.cpu_seconds(peer.pid) - before
    moved = up if upload else down
    if moved != size:
        raise RuntimeError(f"{peer.name}: {moved:.0f} of {size} bytes were moved")
    return Figures(rate=size / (1 << 20) / seconds, cpu=1000 * used / (size / (1 << 30)), growth=memory.growth)


def idle(peer, url, count, settle=2):
    """Opens `count` connections, has one request answered on each, and leaves them idle. `growth` is the server's
    memory in bytes for each of them. Several loopback addresses are clients, because a server may limit one."""
    address = urllib.parse.urlsplit(url)
    request = f"GET {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode()
    # What the first connections allocate once, for all later ones, is not theirs.
    _close(_open(address, request, 64))
    time.sleep(0.5)
    before = processes.resident(peer.pid)
    opened = _open(address, request, count)
    time.sleep(settle)
    after = processes.resident(peer.pid)
    _close(opened)
    return Figures(rate=len(opened), growth=(after - before) // count, errors=count - len(opened))


def _close(opened):
    for connection in opened:
        connection.close()


def _open(address, request, count, window=200, timeout=60):
    """Sockets whose request has been answered; `window` at a time are on their way."""
    selector, opened, begun, failed = selectors.DefaultSelector(), [], 0, 0
    deadline = time.monotonic() + timeout
    while len(opened) + failed < count and time.monotonic() < deadline:
        while begun < count and begun - len(opened) - failed < window:
            connection = socket.socket()
            connection.setblocking(False)
            connection.bind((f"127.0.0.{2 + begun % 10}", 0))
            connection.connect_ex((address.hostname, address.port))
            selector.register(connection, selectors.EVENT_WRITE)
            begun += 1
        for key, events in selector.select(1):
            try:
                if events & selectors.EVENT_WRITE:
                    key.fileobj.send(request)
                    selector.modify(key.fileobj, selectors.EVENT_READ)
                    continue
                if not key.fileobj.recv(4096).startswith(b"HTTP/1.1 200"):
                    raise ConnectionError
                selector.unregister(key.fileobj)
                opened.append(key.fileobj)
            except OSError:
                selector.unregister(key.fileobj)
                key.fileobj.close()
                failed += 1
    for key in list(selector.get_map().values()):
        key.fileobj.close()
    selector.close()
    return opened
