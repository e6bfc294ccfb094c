"""The wire's test server (Tests/WireServer) as a child process: the HTTP layer alone, with routes for tests."""

import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "scripts"))

from wire import processes  # noqa: E402

BINARY = pathlib.Path(os.environ.get("MONOFLOW_WIRE_BINARY", REPOSITORY / ".build/release/monoflow-wire"))


class WireProcess:
    """Started by `start`, ended by `stop` (SIGTERM, which must end it with status 0)."""

    def __init__(self, log, arguments=(), descriptors=None, tls=False):
        self.log = pathlib.Path(log)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.arguments = list(arguments)
        self.descriptors = descriptors
        self.tls_url = None
        if tls:
            from wire.peers import make_certificate
            certificate, key = make_certificate(self.log.parent)
            self.arguments += ["--certificate", str(certificate), "--key", str(key)]
        self.process = None

    def _limit(self):
        if self.descriptors:
            resource.setrlimit(resource.RLIMIT_NOFILE, (self.descriptors, self.descriptors))

    def start(self, timeout=30):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [str(BINARY), "--listen", "127.0.0.1:0", *self.arguments], stdout=log, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, preexec_fn=self._limit)
        deadline = time.monotonic() + timeout
        while not (found := re.search(r"^listening (\S+)$", self.tail(), re.MULTILINE)):
            assert self.process.poll() is None, f"the wire server ended with {self.process.returncode}:\n{self.tail()}"
            assert time.monotonic() < deadline, f"the wire server was not ready in {timeout} s:\n{self.tail()}"
            time.sleep(0.02)
        self.url = f"http://{found.group(1)}"
        if secure := re.search(r"^listening-tls (\S+)$", self.tail(), re.MULTILINE):
            self.tls_url = f"https://{secure.group(1)}"
        return self

    @property
    def pid(self):
        return self.process.pid

    def tail(self, count=40):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])

    def stop(self, timeout=30):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the wire server did not stop in {timeout} s:\n{self.tail()}") from None

    # What it costs.

    def resident(self):
        return processes.resident(self.pid)

    def cpu_seconds(self):
        return processes.cpu_seconds(self.pid)

    def descriptor_count(self):
        return processes.descriptors(self.pid)
