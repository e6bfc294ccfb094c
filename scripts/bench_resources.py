"""The resource API at size: writes a second, get and list with 100,000 objects, delivery to 1,000 watchers. One server, one machine.

Writes and gets are made by wrk with a script; lists and watches by raw sockets. Prints markdown with a table of aims.
"""

import argparse
import contextlib
import json
import pathlib
import re
import select
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Tests/EndToEnd"))

from server_process import Server  # noqa: E402

WRITE = """
local thread = 0
function setup(t) t:set("id", thread); thread = thread + 1 end
local n = 0
function request()
  n = n + 1
  local name = string.format("%s-%d-%07d", PREFIX, id, n)
  return wrk.format("POST", PATH, HEADERS, string.format(BODY, name))
end
local failed = 0
function response(status) if status ~= 201 then failed = failed + 1 end end
"""

READ = """
local thread = 0
function setup(t) t:set("id", thread); thread = thread + 1 end
local seeded = false
function request()
  if not seeded then math.randomseed(id + 7); seeded = true end
  return wrk.format("GET", string.format(PATH .. "/obj-%06d", math.random(0, COUNT - 1)), HEADERS)
end
"""


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def lua(folder, name, text, **values):
    head = "".join(f"{key} = {value}\n" for key, value in values.items())
    path = folder / name
    path.write_text(head + text)
    return path


def quoted(text):
    return json.dumps(text)


def wrk(script, url, connections, seconds):
    ended = subprocess.run(
        ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s", "-s", str(script), url],
        capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in ended or "Socket errors" in ended:
        raise SystemExit(f"wrk: {ended}")
    rate = float(re.search(r"Requests/sec:\s*([\d.]+)", ended).group(1))
    amount, unit = re.search(r"99%\s*([\d.]+)(us|ms|s)", ended).groups()
    return rate, float(amount) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]


def headers(token):
    return f'{{ ["Authorization"] = "Bearer {token}", ["Content-Type"] = "application/json" }}'


class Raw:
    """A kept connection that reads whole answers."""

    def __init__(self, server):
        host, port = server.url.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.token = server.token

    def send(self, method, path, body=b""):
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.token}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.socket.sendall(head.encode() + body)

    def answer(self):
        """The body."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        if length:
            while len(body) < int(length.group(1)):
                body += self._more()
        if status >= 300:
            raise SystemExit(f"{status}: {body[:500]}")
        return body

    def _more(self):
        piece = self.socket.recv(1 << 20)
        if not piece:
            raise SystemExit("the server closed a connection")
        return piece


def fill(server, path, count):
    """Objects obj-000000 …, over 16 connections with one request in flight each."""
    links = [Raw(server) for _ in range(16)]
    padding = "x" * 400
    for first in range(0, count, len(links)):
        used = links[:count - first]
        for offset, link in enumerate(used):
            name = f"obj-{first + offset:06}"
            link.send("POST", path, json.dumps({
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"mod": str((first + offset) % 1000)}}, "data": {"a": padding}}).encode())
        for link in used:
            link.answer()


def watchers(server, path, count, events, interval):
    """Milliseconds from the sending of a write to the arrival of its event, for every watcher and event."""
    links = []
    for _ in range(count):
        link = Raw(server)
        link.send("GET", f"{path}?watch=true&resourceVersion={version(server, path)}&timeoutSeconds=600")
        links.append(link)
    poll = select.epoll()
    for link in links:
        link.socket.setblocking(False)
        poll.register(link.socket.fileno(), select.EPOLLIN)
    by_descriptor = {link.socket.fileno(): link.socket for link in links}
    # The heads of the answers come before the first event.
    waiting, end = set(by_descriptor), time.monotonic() + 60
    while waiting and time.monotonic() < end:
        for descriptor, _ in poll.poll(1):
            by_descriptor[descriptor].recv(65536)
            waiting.discard(descriptor)
    writer, delays = Raw(server), []
    for number in range(events):
        name = f"event-{number}".encode()
        waiting = set(by_descriptor)
        begun = time.perf_counter()
        writer.send("POST", path, json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name.decode()}, "data": {"a": "b"}}).encode())
        while waiting:
            ready = poll.poll(10)
            if not ready:
                raise SystemExit(f"{len(waiting)} watchers did not get event {number}")
            for descriptor, _ in ready:
                if name + b'"' in by_descriptor[descriptor].recv(65536):
                    delays.append((time.perf_counter() - begun) * 1e3)
                    waiting.discard(descriptor)
        writer.answer()
        time.sleep(interval)
    return delays


def version(server, path):
    return server.json("GET", path + "?limit=1")["metadata"]["resourceVersion"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--watchers", type=int, default=1_000)
    parser.add_argument("--seconds", type=int, default=10)
    options = parser.parse_args()
    aims = []
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-resources-")))
        server = Server(folder / "data", "bench-resources").start()
        stack.callback(server.stop)
        for name in ("big", "write", "watch"):
            server.json("POST", "/api/namespaces", json={"name": name})
        paths = {name: f"/api/v1/namespaces/{name}/configmaps" for name in ("big", "write", "watch")}

        begun = time.monotonic()
        fill(server, paths["big"], options.objects)
        print(f"- {options.objects:,} objects of 0.6 KiB filled in at {options.objects / (time.monotonic() - begun):,.0f}/s by one Python client\n")
        print("| with that many objects | | p50 ms | p99 ms |\n|---|---|---|---|")

        body = quoted('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"%s","labels":{"app":"bench"}},"data":{"a":"' + "x" * 400 + '"}}')
        for connections in (32, 128):
            script = lua(folder, "write.lua", WRITE, PREFIX=quoted(f"w{connections}"), PATH=quoted(paths["write"]), HEADERS=headers(server.token), BODY=body)
            rate, p99 = wrk(script, server.url, connections, options.seconds)
            print(f"| creations, {connections} connections | {rate:,.0f}/s | | {p99:.1f} |")
        aims.append(("durable writes, 128 connections", "≥ 5,000/s", f"{rate:,.0f}/s", rate >= 5_000))

        script = lua(folder, "read.lua", READ, PATH=quoted(paths["big"]), HEADERS=headers(server.token), COUNT=options.objects)
        for connections in (2, 32):
            rate, p99 = wrk(script, server.url, connections, options.seconds)
            print(f"| get of a random object, {connections} connections | {rate:,.0f}/s | | {p99:.2f} |")
            if connections == 2:
                aims.append(("get, 2 connections, p99", "< 2 ms", f"{p99:.2f} ms", p99 < 2))

        link, times, token, pages = Raw(server), [], "", 0
        while pages < 200:
            begun = time.perf_counter()
            link.send("GET", f"{paths['big']}?limit=500" + (f"&continue={token}" if token else ""))
            page = link.answer()
            times.append((time.perf_counter() - begun) * 1e3)
            token = re.search(rb'"continue":"([^"]*)"', page[:500])
            token = token.group(1).decode().replace("=", "%3D").replace("+", "%2B").replace("/", "%2F") if token else ""
            pages += 1
        print(f"| list page of 500 | | {statistics.median(times):.1f} | {percentile(times, 0.99):.1f} |")
        aims.append(("list page of 500, p99", "< 20 ms", f"{percentile(times, 0.99):.1f} ms", percentile(times, 0.99) < 20))

        delays = watchers(server, paths["watch"], options.watchers, 50, 0.2)
        print(f"| event to {options.watchers:,} watchers | | {statistics.median(delays):.1f} | {percentile(delays, 0.99):.1f} |")
        aims.append((f"event to each of {options.watchers:,} watchers, p99", "< 50 ms", f"{percentile(delays, 0.99):.1f} ms", percentile(delays, 0.99) < 50))
        memory = int(re.search(r"VmRSS:\s*(\d+)", pathlib.Path(f"/proc/{server.process.pid}/status").read_text()).group(1)) >> 10
        print(f"\n- server: {memory} MiB resident at the end\n")
    print("| aim | wanted | measured | met |\n|---|---|---|---|")
    for name, wanted, measured, met in aims:
        print(f"| {name} | {wanted} | {measured} | {'yes' if met else '**no**'} |")


if __name__ == "__main__":
    main()
