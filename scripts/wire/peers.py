"""The servers that are measured. Each is started once, on loopback, and stays idle while another one is measured.

A peer's `urls` says what it can answer: `hello`, `auth` and `session` (with `headers`), `h2` (prior knowledge), `tls`, `h2tls`, `count` (PUT,
body read and dropped), `store` (PUT, body written to disk), `file` (1 GiB from disk), `made` (1 GiB made in memory), `idle`.
"""

import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
GIBIBYTE = 1 << 30


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


def raise_descriptor_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def make_certificate(directory):
    """A self-signed certificate for localhost: (certificate, key)."""
    certificate, key = directory / "cert.pem", directory / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    return certificate, key


class Peer:
    name = "?"

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.process = None
        self.urls = {}
        self.headers = {}

    @property
    def pid(self):
        return self.process.pid

    def launch(self, command, limit=True, **rest):
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                [str(part) for part in command], stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=ROOT,
                preexec_fn=raise_descriptor_limit if limit else None, **rest)

    def wait(self, probe, seconds=60):
        """Until `probe` returns something true; what it raises counts as not yet."""
        deadline = time.monotonic() + seconds
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n{self.tail()}")
            try:
                found = probe()
                if found:
                    return found
            except (OSError, ValueError):
                pass  # Not there yet; the deadline below holds.
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} was not ready in {seconds} s:\n{self.tail()}")
            time.sleep(0.05)

    def wait_for(self, url, seconds=60):
        return self.wait(lambda: urllib.request.urlopen(url, timeout=5).read(), seconds)

    def tail(self):
        return "\n".join((self.directory / "log").read_text(errors="replace").splitlines()[-30:])

    def stop(self):
        """SIGTERM, then the exit status."""
        if self.process is None or self.process.poll() is not None:
            return self.process and self.process.returncode
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class MonoflowServer(Peer):
    """The product as a user starts it."""
    name = "monoflow"

    def __init__(self, directory, arguments=()):
        super().__init__(directory)
        self.arguments = arguments

    def start(self):
        binary = os.environ.get("MONOFLOW_BINARY", ROOT / ".build/release/monoflow")
        data = self.directory / "data"
        # Its own doing to raise the limit on descriptors.
        certificate, key = make_certificate(self.directory)
        self.launch(
            [binary, "serve", "--data", data, "--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0", "--tls-certificate", certificate,
             "--tls-key", key, "--allow-weak-isolation", *self.arguments], limit=False)
        facts = self.wait(lambda: json.loads((data / "server.json").read_text()))
        base, secure = facts["url"].rstrip("/"), facts["tls_url"].rstrip("/")
        self.wait_for(base + "/readyz")
        self.base = base
        # Of a caller with roles: whoever is no administrator is told their namespaces from memory.
        self.headers = {"Authorization": f"Bearer {self.make_user((data / 'admin-token').read_text().strip())}"}
        self.urls = {
            name: address + "/apis/v2beta1/healthz" for name, address in
            {"hello": base, "h2": base, "idle": base, "tls": secure, "h2tls": secure}.items()}
        self.urls.update(auth=base + "/api/system", session=base + "/api/session")
        return self


    def make_user(self, admin):
        """A user who may read one namespace; returns a token."""
        def post(path, body):
            request = urllib.request.Request(self.base + path, json.dumps(body).encode(), {"Authorization": f"Bearer {admin}"})
            return json.load(urllib.request.urlopen(request))
        post("/api/namespaces", {"name": "bench"})
        post("/api/users", {"name": "bench", "home_namespace": "bench", "is_admin": False,
                            "roles": [{"namespace": "bench", "role": "viewer"}]})
        return post("/api/tokens", {"user": "bench", "name": "bench"})["token"]


class WireServer(Peer):
    """Tests/WireServer: the HTTP layer alone, with routes for tests."""
    name = "monoflow-wire"

    def __init__(self, directory, arguments=()):
        super().__init__(directory)
        self.arguments = arguments

    @staticmethod
    def binary():
        return pathlib.Path(os.environ.get("MONOFLOW_WIRE_BINARY", ROOT / ".build/release/monoflow-wire"))

    def start(self, file=None):
        certificate, key = make_certificate(self.directory)
        self.launch([self.binary(), "--listen", "127.0.0.1:0", "--certificate", certificate, "--key", key, *self.arguments], limit=False)
        found = self.wait(lambda: re.search(r"^listening (\S+)$", (self.directory / "log").read_text(), re.M))
        self.base = base = f"http://{found.group(1)}"
        self.wait_for(base + "/hello")
        self.urls = {
            "hello": base + "/hello", "h2": base + "/hello", "count": base + "/count", "made": f"{base}/bytes/{GIBIBYTE}",
            "idle": base + "/hello"}
        secure = re.search(r"^listening-tls (\S+)$", (self.directory / "log").read_text(), re.M).group(1)
        self.urls.update(store=base + "/store", tls=f"https://{secure}/hello", h2tls=f"https://{secure}/hello")
        if file:
            self.urls["file"] = f"{base}/file?path={urllib.parse.quote(str(file))}"
        return self


class Hummingbird(Peer):
    name = "hummingbird"
    PACKAGE = ROOT / "scripts/peers/hummingbird-peer"

    def start(self, hello):
        port = free_port()
        self.launch([self.PACKAGE / ".build/release/hummingbird-peer", port, hello])
        base = f"http://127.0.0.1:{port}"
        self.wait_for(base + "/hello")
        self.urls = {
            "hello": base + "/hello", "count": base + "/count", "made": f"{base}/bytes/{GIBIBYTE}", "idle": base + "/hello"}
        return self


class Nginx(Peer):
    name = "nginx"

    def start(self, hello, file=None):
        ports = {name: free_port() for name in ("plain", "h2", "tls", "h2tls")}
        certificate, key = make_certificate(self.directory)
        (self.directory / "files").mkdir(exist_ok=True)
        (self.directory / "store").mkdir(exist_ok=True)
        if file:
            os.symlink(file, self.directory / "files/big")
        locations = f"""
            location = /hello {{ default_type application/json; return 200 '{hello}'; }}
            location = /count {{ default_type text/plain; return 200 ''; }}
            location /store/ {{ root {self.directory}; dav_methods PUT; }}
            location /files/ {{ root {self.directory}; }}"""
        tls = f"ssl_certificate {certificate}; ssl_certificate_key {key}; ssl_protocols TLSv1.2 TLSv1.3;"
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        user = "user root;" if os.geteuid() == 0 else ""
        temporary = "\n".join(
            f"        {kind}_temp_path {self.directory}/tmp-{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.directory / "nginx.conf").write_text(f"""
    daemon off; {user} pid {self.directory}/pid; error_log {self.directory}/log warn;
    worker_processes {os.cpu_count()}; worker_rlimit_nofile {hard};
    events {{ worker_connections {min(hard - 100, 16384)}; }}
    http {{
        access_log off; server_tokens off; sendfile on; tcp_nopush on; tcp_nodelay on;
        keepalive_timeout 600s; keepalive_requests 1000000000; client_max_body_size 0; client_body_buffer_size 64k;
        ssl_session_cache shared:tls:4m;
{temporary}
        server {{ listen 127.0.0.1:{ports['plain']} backlog=4096; {locations} }}
        server {{ listen 127.0.0.1:{ports['h2']} http2 backlog=4096; {locations} }}
        server {{ listen 127.0.0.1:{ports['tls']} ssl backlog=4096; {tls} {locations} }}
        server {{ listen 127.0.0.1:{ports['h2tls']} ssl http2 backlog=4096; {tls} {locations} }}
    }}
""")
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        self.launch([program, "-e", self.directory / "log", "-p", self.directory, "-c", self.directory / "nginx.conf"])
        base = f"http://127.0.0.1:{ports['plain']}"
        self.wait_for(base + "/hello")
        self.urls = {
            "hello": base + "/hello", "auth": base + "/hello", "session": base + "/hello", "count": base + "/count", "store": base + "/store/upload",
            "h2": f"http://127.0.0.1:{ports['h2']}/hello", "tls": f"https://127.0.0.1:{ports['tls']}/hello",
            "h2tls": f"https://127.0.0.1:{ports['h2tls']}/hello", "idle": base + "/hello"}
        if file:
            self.urls["file"] = base + "/files/big"
        return self
