"""Mixed traffic at full load: HTTP/1.1 on kept and on new connections, HTTP/2, TLS, uploads, downloads, aborted and bad requests.

Memory must be flat after the warm-up and every descriptor come back. Prints a table and a verdict.
"""

import argparse
import collections
import contextlib
import itertools
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Tests/EndToEnd"))

import wire_faults  # noqa: E402
from raw_http import RawClient  # noqa: E402
from smuggled_requests import SMUGGLING  # noqa: E402
from wire_process import WireProcess  # noqa: E402

MEBIBYTE = 1 << 20


class Traffic:
    """Kinds of traffic, each in a thread that repeats it until the end. Counts rounds and what went wrong."""

    def __init__(self, wire, directory, seconds):
        self.wire, self.url, self.directory = wire, wire.url, directory
        self.deadline = time.monotonic() + seconds
        self.rounds, self.failures = {}, []
        self.file = directory / "upload"
        self.file.write_bytes(os.urandom(MEBIBYTE) * 64)

    def kinds(self):
        kinds = [self.kept, self.asynchronous, self.new_connections, self.http2, self.uploads, self.downloads, self.aborted, self.bad_requests, self.floods]
        return kinds + ([self.tls] if self.wire.tls_url else [])

    def run(self, kinds):
        threads = [threading.Thread(target=self._repeat, args=(kind,)) for kind in kinds]
        for thread in threads:
            thread.start()
        return threads

    def _repeat(self, kind):
        name, repeat = kind.__name__, itertools.count()
        self.rounds[name] = 0
        while time.monotonic() < self.deadline:
            try:
                kind(next(repeat))
                self.rounds[name] += 1
            except Exception as error:  # Anything is a failure of the soak, and the others go on.
                self.failures.append(f"{name}: {type(error).__name__}: {error}"[:300])
                if len(self.failures) > 50:
                    return

    def _slice(self):
        return max(1, min(10, int(self.deadline - time.monotonic())))

    def _command(self, *command, bad=()):
        ended = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=self._slice() + 120)
        text = ended.stdout + ended.stderr
        if ended.returncode != 0 or any(word in text for word in bad):
            raise RuntimeError(f"status {ended.returncode}: {text[-200:]}")
        return text

    # One round of each kind

    def kept(self, _):
        self._command("wrk", "-t1", "-c32", f"-d{self._slice()}s", self.url + "/hello", bad=("Non-2xx", "Socket errors"))

    def asynchronous(self, _):
        self._command("wrk", "-t1", "-c16", f"-d{self._slice()}s", self.url + "/hello-async", bad=("Non-2xx", "Socket errors"))

    def new_connections(self, number):
        for _ in range(200):
            with RawClient(self.url, source=f"127.0.0.{10 + number % 40}") as client:
                assert client.get("/hello", "Connection: close").status == 200
                assert client.is_closed()

    def http2(self, _):
        text = self._command("h2load", "-t1", "-c8", "-m32", f"-D{self._slice()}", self.url + "/hello")
        assert " 0 failed, 0 errored, 0 timeout" in text, text

    def tls(self, _):
        self._command("wrk", "-t1", "-c8", f"-d{self._slice()}s", self.wire.tls_url + "/hello", bad=("Non-2xx", "Socket errors"))
        self._command("curl", "-skf", "--http2", "-o", "/dev/null", self.wire.tls_url + "/bytes/10000000")

    def uploads(self, number):
        framing = ["-T", self.file] if number % 2 else ["-T", self.file, "-H", "Transfer-Encoding: chunked"]
        version = "--http2-prior-knowledge" if number % 4 == 3 else "--http1.1"
        if version != "--http1.1":
            framing = ["-T", self.file]
        assert str(64 * MEBIBYTE) in self._command("curl", "-sSf", version, *framing, self.url + "/count")

    def downloads(self, number):
        version = "--http2-prior-knowledge" if number % 2 else "--http1.1"
        path = ["/bytes/67108864", "/bytes/67108864?chunked", f"/file?path={self.file}"][number % 3]
        assert self._command("curl", "-sSf", version, "-o", "/dev/null", "-w", "%{size_download}", self.url + path) == str(64 * MEBIBYTE)

    def aborted(self, number):
        chosen = random.Random(number)
        client = RawClient(self.url)
        client.send(chosen.choice([
            "GET /bytes/100000000 HTTP/1.1\r\nHost: a\r\n\r\n", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 999\r\n\r\nx",
            "GET /slow?ms=5000 HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HT", "POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n",
            "GET /endless HTTP/1.1\r\nHost: a\r\n\r\n"]))
        if chosen.random() < 0.5:
            with contextlib.suppress(TimeoutError):
                client.socket.settimeout(0.05)
                client.socket.recv(1000)
        client.reset() if chosen.random() < 0.5 else client.close()
        time.sleep(0.005)

    def bad_requests(self, number):
        name = list(SMUGGLING)[number % len(SMUGGLING)]
        with RawClient(self.url) as client:
            client.send(SMUGGLING[name])
            assert client.answer().status == 400, name
            assert client.is_closed()
        time.sleep(0.005)

    def floods(self, number):
        name = list(wire_faults.FLOODS)[number % len(wire_faults.FLOODS)]
        sent, _ = wire_faults.FLOODS[name](self.url, limit=100_000)
        # Unknown frames are to be passed over, however many there are.
        assert sent < 100_000 or name == "unknown frames", name
        time.sleep(2)


def median_of(samples, part):
    """Of the samples in this part of the time: (from, to) as fractions."""
    first, last = (int(len(samples) * at) for at in part)
    return statistics.median(samples[first:max(last, first + 1)])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    options = parser.parse_args()
    seconds = options.minutes * 60
    with tempfile.TemporaryDirectory(prefix="soak-") as temporary:
        wire = WireProcess(pathlib.Path(temporary) / "log", ["--write-timeout", "5000"], tls=True).start()
        try:
            verdict = soak(wire, pathlib.Path(temporary), seconds)
        finally:
            status = wire.stop()
        if status != 0:
            verdict.append(f"the server ended with {status}")
    print("verdict:", "passed" if not verdict else "FAILED: " + "; ".join(verdict))
    sys.exit(bool(verdict))


def open_links(pid):
    """What the process's descriptors are, counted by kind."""
    links = collections.Counter()
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            links[os.readlink(entry).split(":[")[0]] += 1
    return links


def soak(wire, directory, seconds):
    # What is opened once and kept (the clock of sleeping handlers) is there after a first short load.
    first = Traffic(wire, directory, 5)
    for thread in first.run(first.kinds()):
        thread.join()
    time.sleep(15)
    traffic = Traffic(wire, directory, seconds)
    descriptors, cold, links = wire.descriptor_count(), wire.resident(), open_links(wire.pid)
    started, cpu = time.monotonic(), wire.cpu_seconds()
    threads = traffic.run(traffic.kinds())
    memory, open_ = [], []
    while any(thread.is_alive() for thread in threads):
        time.sleep(1)
        if wire.process.poll() is not None:
            return [f"the server ended with {wire.process.returncode}: {wire.tail(5)}"]
        memory.append(wire.resident() / MEBIBYTE)
        open_.append(wire.descriptor_count())
    elapsed = time.monotonic() - started
    cpu = wire.cpu_seconds() - cpu
    # Timers of stalled and aborted clients run out.
    until = time.monotonic() + 15
    while wire.descriptor_count() > descriptors and time.monotonic() < until:
        time.sleep(0.2)
    left = wire.descriptor_count() - descriptors
    early, late = median_of(memory, (0.2, 0.45)), median_of(memory, (0.75, 1))
    allowed = max(8, 0.1 * early)

    print(f"| {elapsed:.0f} s of mixed traffic, {cpu / elapsed:.2f} cores used by the server | |\n|---|---|")
    for name, rounds in traffic.rounds.items():
        print(f"| rounds of {name.replace('_', ' ')} | {rounds:,} |")
    print(f"| resident before the load | {cold / MEBIBYTE:.0f} MiB |")
    print(f"| resident, median from 20 to 45 % of the time | {early:.1f} MiB |")
    print(f"| resident, median of the last quarter | {late:.1f} MiB ({late - early:+.1f}; {allowed:.0f} allowed) |")
    print(f"| resident, most; settled | {max(memory):.0f} MiB; {wire.resident() / MEBIBYTE:.0f} MiB |")
    print(f"| descriptors before; most; settled | {descriptors}; {max(open_)}; {descriptors + left} |")
    print(f"| failures | {len(traffic.failures)} |\n")
    for failure in traffic.failures[:10]:
        print("-", failure)
    verdict = []
    if late - early > allowed:
        verdict.append(f"memory grew by {late - early:.1f} MiB")
    if left > 0:
        more = open_links(wire.pid) - links
        verdict.append(f"{left} descriptors were not closed: {dict(more)}")
    if traffic.failures:
        verdict.append(f"{len(traffic.failures)} failures")
    return verdict


if __name__ == "__main__":
    main()
