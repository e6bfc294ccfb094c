"""Clients that misbehave, for long enough to measure: what a well-behaved client notices of them, what they cost the server, and whether
everything is given back.

Another client's p99 is measured by wrk in turns, without and with the fault, and the least of the rounds taken of both; the aim is
at most twice.
"""

import argparse
import contextlib
import pathlib
import statistics
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Tests/EndToEnd"))

import wire_faults as faults  # noqa: E402
from raw_http import RawClient  # noqa: E402
from wire import loads  # noqa: E402
from wire.peers import raise_descriptor_limit  # noqa: E402
from wire_process import WireProcess  # noqa: E402

MEBIBYTE = 1 << 20


class Repeated:
    """A flood that is begun again whenever the server has ended it."""

    def __init__(self, flood, url):
        self.flood, self.url, self.ended, self.sent = flood, url, 0, 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _run(self):
        while not self._stop.is_set():
            with contextlib.suppress(OSError, AssertionError):
                self.sent += self.flood(self.url, limit=100_000)[0]
                self.ended += 1


def serves(wire, path="/hello"):
    with contextlib.suppress(OSError), RawClient(wire.url, timeout=10) as client:
        return client.get(path).status == 200
    return False


def measure(title, options, make, arguments=("--write-timeout", "5000"), descriptors=None, bound=None, note=None, ratio=2):
    """Rounds of: wrk alone, then wrk beside what `make(wire)` begins. Prints a row; returns what is wrong."""
    with tempfile.TemporaryDirectory(prefix="faults-") as directory:
        wire = WireProcess(pathlib.Path(directory) / "log", arguments, descriptors=descriptors).start()
        try:
            assert serves(wire, "/slow?ms=1")  # The clock of sleeping handlers takes a descriptor once.
            loads.wrk(wire, wire.url + "/hello", 8, 1)
            before, memory, open_ = wire.descriptor_count(), wire.resident(), 0
            alone, beside, most, cores = [], [], 0, []
            for _ in range(options.rounds):
                alone.append(loads.wrk(wire, wire.url + "/hello", 8, options.seconds))
                with make(wire) as fault:
                    time.sleep(1)
                    cpu, started = wire.cpu_seconds(), time.monotonic()
                    time.sleep(1)
                    cores.append((wire.cpu_seconds() - cpu) / (time.monotonic() - started))
                    beside.append(loads.wrk(wire, wire.url + "/hello", 8, options.seconds))
                    most, open_ = max(most, wire.resident() - memory), max(open_, wire.descriptor_count())
                    told = note(fault) if note else ""
            until = time.monotonic() + 30
            while wire.descriptor_count() > before and time.monotonic() < until:
                time.sleep(0.1)
            wrong = verdict(wire, before, most, bound, alone, beside, ratio)
        finally:
            status = wire.stop()
    if status != 0:
        wrong.append(f"the server ended with {status}")
    print(f"| {title} | {least(alone):.2f} → {least(beside):.2f} | {least(beside) / least(alone):.2f} | {statistics.median(cores):.2f} | {most / MEBIBYTE:.0f} | {open_} | "
          f"{told} | {'passed' if not wrong else '**' + '; '.join(wrong) + '**'} |", flush=True)
    return wrong


def least(runs):
    """The least p99 of the rounds: what else runs on the machine only ever adds to it."""
    return min(run.p99 for run in runs)


def verdict(wire, before, most, bound, alone, beside, ratio):
    wrong = []
    # Below a millisecond the scheduler decides, not the server.
    if least(beside) > ratio * least(alone) and least(beside) > 1:
        wrong.append(f"p99 × {least(beside) / least(alone):.1f}")
    if any(run.errors for run in beside):
        wrong.append("errors for others")
    if bound and most > bound * MEBIBYTE:
        wrong.append(f"memory grew by {most / MEBIBYTE:.0f} MiB, {bound} are allowed")
    if wire.descriptor_count() > before:
        wrong.append(f"{wire.descriptor_count() - before} descriptors were not closed")
    if not serves(wire):
        wrong.append("it does not serve any more")
    return wrong


@contextlib.contextmanager
def crowd_without_descriptors(wire):
    """Three times as many connections as the server may have, which come again and again."""
    raise_descriptor_limit()
    members = [faults.connect(wire.url, number) for number in range(600)]
    for member in members:
        with contextlib.suppress(OSError):
            member.send(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
    yield members
    for member in members:
        member.close()


@contextlib.contextmanager
def unread_streams(wire):
    members = [faults.UnreadStreams(wire.url, "/endless", 100) for _ in range(20)]
    yield members
    for member in members:
        member.close()


def exhaustion(options):
    """Others cannot be served meanwhile, so there is no p99: what counts is that it idles, and recovers."""
    with tempfile.TemporaryDirectory(prefix="faults-") as directory:
        wire = WireProcess(pathlib.Path(directory) / "log", descriptors=200).start()
        wrong = []
        try:
            assert serves(wire)
            before, memory = wire.descriptor_count(), wire.resident()
            with crowd_without_descriptors(wire):
                time.sleep(1)
                cpu, started = wire.cpu_seconds(), time.monotonic()
                time.sleep(2)
                cores = (wire.cpu_seconds() - cpu) / (time.monotonic() - started)
                open_ = wire.descriptor_count()
            if cores > 0.1:
                wrong.append(f"it uses {cores:.2f} cores while it waits for descriptors")
            if not serves(wire):
                wrong.append("it does not serve any more")
            until = time.monotonic() + 30
            while wire.descriptor_count() > before and time.monotonic() < until:
                time.sleep(0.1)
            if wire.descriptor_count() > before:
                wrong.append(f"{wire.descriptor_count() - before} descriptors were not closed")
            most = wire.resident() - memory
        finally:
            status = wire.stop()
        if status != 0:
            wrong.append(f"the server ended with {status}")
    print(f"| 600 connections, 200 descriptors | – | – | {cores:.2f} | {most / MEBIBYTE:.0f} | {open_} | recovers | "
          f"{'passed' if not wrong else '**' + '; '.join(wrong) + '**'} |", flush=True)
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--only", default="", help="comma-separated: slowloris, readers, streams, descriptors, floods")
    options = parser.parse_args()
    wanted = [name for name in options.only.split(",") if name] or ["slowloris", "readers", "streams", "descriptors", "floods"]
    raise_descriptor_limit()
    print("| fault | p99 of another client, ms | ratio | server's cores, fault alone | memory, MiB | descriptors | note | verdict |\n|---|---|---|---|---|---|---|---|")
    wrong = []
    if "slowloris" in wanted:
        wrong += measure(
            "slowloris, 1,000 connections, a byte every 3 s", options, lambda wire: faults.Slowloris(wire.url, 1000, interval=3, again=True), arguments=(), bound=32,
            note=lambda crowd: f"{crowd.closed} cut at the time limit")
    if "readers" in wanted:
        for path in ("/bytes/10000000000", "/endless"):
            wrong += measure(
                f"200 clients that read nothing of {path}", options, lambda wire: faults.StalledReaders(wire.url, path, 200), bound=200)
    if "streams" in wanted:
        wrong += measure("20 × 100 streams of HTTP/2 that read nothing", options, unread_streams, bound=20 * 100)
    if "descriptors" in wanted:
        wrong += exhaustion(options)
    if "floods" in wanted:
        for name, flood in faults.FLOODS.items():
            # One flooding client has a core of its own to flood with, and on two cores that alone is felt.
            wrong += measure(
                f"{name} flood", options, lambda wire: Repeated(flood, wire.url), bound=64, ratio=4,
                note=lambda one: f"{one.ended} connections ended")
    print("\nverdict:", "passed" if not wrong else f"FAILED: {len(wrong)} findings")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
