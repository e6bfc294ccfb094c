"""TLS by the peers that people use: Python's ssl, curl, openssl, kubectl."""

import http.client
import json
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
import urllib.parse

import pytest

from server_process import REPOSITORY, Server

REQUEST = "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class Port:
    """The TLS port of a running server, from its server.json."""

    def __init__(self, server):
        self.server = server
        facts = json.loads((server.data / "server.json").read_text())
        self.url = facts["tls_url"]
        self.ca = facts.get("ca")
        self.host, self.number = urllib.parse.urlsplit(self.url).hostname, urllib.parse.urlsplit(self.url).port

    def context(self, ca=..., version=None, strict=True):
        context = ssl.create_default_context(cafile=self.ca if ca is ... else ca)
        if strict:
            context.verify_flags |= ssl.VERIFY_X509_STRICT
        if version is not None:
            context.minimum_version = context.maximum_version = version
        return context

    def connect(self, name="localhost", **rest):
        return self.context(**rest).wrap_socket(socket.create_connection((self.host, self.number), 20), server_hostname=name)

    def serial(self, name="localhost", **rest):
        with self.connect(name, **rest) as connection:
            return connection.getpeercert()["serialNumber"]

    def openssl(self, *arguments, text=REQUEST):
        """What `openssl s_client` prints. Without text it only shakes hands."""
        done = subprocess.run(
            ["openssl", "s_client", "-connect", f"{self.host}:{self.number}", *arguments, *(["-ign_eof"] if text else [])], input=text,
            capture_output=True, text=True, timeout=60)
        return done.stdout + done.stderr

    def curl(self, path, *arguments):
        """The answer's body, its protocol and status."""
        done = subprocess.run(
            ["curl", "-sS", "--max-time", "60", "--cacert", self.ca, "-w", "\n%{http_version} %{http_code}", *arguments, self.url + path],
            capture_output=True, timeout=90)
        assert done.returncode == 0, done.stderr.decode()
        body, _, facts = done.stdout.rpartition(b"\n")
        version, status = facts.decode().split()
        return body, version, int(status)


def wait_until(condition, what, timeout=20):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def make_certificate(directory, name, end=30):
    """A self-signed certificate for the host name: (certificate, key)."""
    certificate, key = directory / f"{name}.crt", directory / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", str(end), "-subj", f"/CN={name}",
         "-addext", f"subjectAltName=DNS:{name}", "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True, timeout=60)
    return certificate, key


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    """A server with its own authority."""
    server = Server(tmp_path_factory.mktemp("tls") / "data", "tls", ["--tls-listen", "127.0.0.1:0"]).start()
    yield Port(server)
    assert server.stop() == 0, server.tail()


@pytest.fixture
def given(tmp_path):
    """A server with two given certificates, for first.example and second.example, which the test may change."""
    files = [make_certificate(tmp_path, f"{name}.example") for name in ("first", "second")]
    options = [option for certificate, key in files for option in ("--tls-certificate", str(certificate), "--tls-key", str(key))]
    server = Server(tmp_path / "data", "tls-given", ["--tls-listen", "127.0.0.1:0", *options]).start()
    port = Port(server)
    port.files = files
    yield port
    assert server.stop() == 0, server.tail()


def test_authority_on_disk(port):
    directory = port.server.data / "tls"
    assert pathlib.Path(port.ca) == directory / "ca.crt"
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in directory.iterdir()} == {
        "ca.crt": "0o644", "ca.key": "0o600", "server.crt": "0o644", "server.key": "0o600"}


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", socket.gethostname()])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_strict_python(port, name, version):
    with port.connect(name, version=version) as connection:
        assert connection.version() == {ssl.TLSVersion.TLSv1_2: "TLSv1.2", ssl.TLSVersion.TLSv1_3: "TLSv1.3"}[version]
        assert connection.compression() is None
        connection.sendall(REQUEST.encode())
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        assert answer.startswith(b"HTTP/1.1 200 "), answer
        # Python tells an end without close_notify by an error, so this was an orderly one.


def test_other_names_and_roots_are_refused(port):
    with pytest.raises(ssl.SSLCertVerificationError, match="[Hh]ostname mismatch"):
        port.connect("elsewhere.example")
    with pytest.raises(ssl.SSLCertVerificationError):
        port.connect("localhost", ca=ssl.get_default_verify_paths().cafile)


def test_kfp_sdk(port):
    import kfp
    client = kfp.Client(host=port.url, existing_token=port.server.token, ssl_ca_cert=port.ca)
    made = client.create_experiment("over-tls")
    assert client.get_experiment(experiment_name="over-tls").experiment_id == made.experiment_id


@pytest.mark.parametrize("option, version", [("--http1.1", "1.1"), ("--http2", "2")])
def test_curl(port, option, version):
    body, spoken, status = port.curl("/api/session", option, "-H", f"Authorization: Bearer {port.server.token}")
    assert (spoken, status) == (version, 200)
    assert json.loads(body)["user"] == "admin"
    # A file of the dashboard comes as it is on disk.
    page, spoken, _ = port.curl("/js/main.js", option)
    assert page == (REPOSITORY / "Public/js/main.js").read_bytes() and spoken == version


def test_grpc(port):
    import grpc
    credentials = grpc.ssl_channel_credentials(pathlib.Path(port.ca).read_bytes())
    with grpc.secure_channel(f"localhost:{port.number}", credentials) as channel:
        check = channel.unary_unary("/grpc.health.v1.Health/Check", request_serializer=bytes, response_deserializer=bytes)
        assert check(b"", timeout=30) == b"\x08\x01"  # SERVING


def test_kubectl(port):
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    done = subprocess.run(
        ["kubectl", "--kubeconfig=/dev/null", "--certificate-authority", port.ca, "--server", port.url, "--token", port.server.token,
         "get", "--raw", "/api/session"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["user"] == "admin"


def test_old_versions_are_refused(port):
    for version in ("-tls1_1", "-tls1"):
        text = port.openssl(version, "-cipher", "DEFAULT@SECLEVEL=0", text="")
        assert "alert protocol version" in text, text


def test_weak_ciphers_are_refused(port):
    text = port.openssl("-tls1_2", "-cipher", "AES128-SHA:AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256", text="")
    assert "handshake failure" in text, text


def test_alpn(port):
    assert "ALPN protocol: h2" in port.openssl("-alpn", "http/1.1,h2", text="")
    assert "ALPN protocol: http/1.1" in port.openssl("-alpn", "spdy/3,http/1.1")
    assert "No ALPN negotiated" in port.openssl()
    assert "alert no application protocol" in port.openssl("-alpn", "spdy/3", text="")


def test_renegotiation_is_refused(port):
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"{port.host}:{port.number}", "-tls1_2"], input="R\n", capture_output=True, text=True, timeout=60)
    assert "no renegotiation" in done.stdout + done.stderr


@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
def test_resumption_also_after_a_reload(port, tmp_path, version):
    ticket = str(tmp_path / "ticket")
    shown = {"tls1_2": "TLSv1.2", "tls1_3": "TLSv1.3"}[version]
    assert f"New, {shown}" in port.openssl(f"-{version}", "-sess_out", ticket)
    assert f"Reused, {shown}" in port.openssl(f"-{version}", "-sess_in", ticket)
    reloads = port.server.log.read_text().count("certificates read again")
    port.server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: port.server.log.read_text().count("certificates read again") > reloads, "no reload in the log")
    assert f"Reused, {shown}" in port.openssl(f"-{version}", "-sess_in", ticket)


def test_plain_text_on_the_tls_port(port):
    with socket.create_connection((port.host, port.number), 20) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = b""
        try:
            while chunk := plain.recv(4096):
                answer += chunk
        except ConnectionResetError:
            pass
        assert b"HTTP" not in answer
    assert port.curl("/readyz")[2] == 200


def test_session_cookie(port):
    """Over TLS the cookie is for TLS only, and a plain one does not count there."""
    login = json.dumps({"token": port.server.token})
    headers = {"Content-Type": "application/json"}
    secure = http.client.HTTPSConnection(port.host, port.number, context=port.context(), timeout=30)
    secure.request("POST", "/api/session", login, headers)
    answer = secure.getresponse()
    answer.read()
    cookie = answer.headers["Set-Cookie"]
    assert re.match(r"__Host-monoflow_session=mfs_\S+; Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000; Secure$", cookie)
    plain = port.server.request("POST", "/api/session", token=None, data=login, headers=headers).headers["Set-Cookie"]
    assert re.match(r"monoflow_session=mfs_\S+; Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000$", plain)

    def status(value, method="GET", **headers):
        secure.request(method, "/api/session", headers={"Cookie": value.split(";")[0], **headers})
        answer = secure.getresponse()
        answer.read()
        return answer.status, answer.headers["Set-Cookie"]

    assert status(cookie)[0] == 200
    assert status(plain)[0] == 401
    assert port.server.request("GET", "/api/session", token=None, headers={"Cookie": plain.split(";")[0]}).status_code == 200
    # Writes come from a page of the same scheme.
    assert status(cookie, "DELETE", Origin=f"http://{port.host}:{port.number}")[0] == 403
    ended, forgotten = status(cookie, "DELETE", Origin=f"https://{port.host}:{port.number}")
    assert ended == 204 and "Max-Age=0; Secure" in forgotten
    assert status(cookie)[0] == 401
    secure.close()


def test_restart_keeps_the_authority(tmp_path):
    server = Server(tmp_path / "data", "tls-restart", ["--tls-listen", "localhost:0"]).start()
    before, serial = Port(server), None
    serial = before.serial()
    authority = pathlib.Path(before.ca).read_text()
    assert server.stop() == 0
    server.start()
    assert Port(server).serial() == serial
    assert pathlib.Path(before.ca).read_text() == authority
    assert server.stop() == 0


def test_given_certificates_by_name_and_reload(given):
    first, second = given.files[0][0], given.files[1][0]
    assert given.ca is None
    serials = {name: given.serial(name, ca=str(path), strict=False) for name, path in (("first.example", first), ("second.example", second))}
    assert len(set(serials.values())) == 2
    # A name that is neither gets the first certificate.
    with pytest.raises(ssl.SSLCertVerificationError, match="[Hh]ostname mismatch"):
        given.connect("other.example", ca=str(first), strict=False)

    kept = given.connect("first.example", ca=str(first), strict=False)
    make_certificate(first.parent, "first.example")
    given.server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "certificates read again" in given.server.log.read_text(), "no reload in the log")
    assert given.serial("first.example", ca=str(first), strict=False) != serials["first.example"]
    # A connection of before goes on.
    kept.sendall(REQUEST.encode())
    assert kept.recv(65536).startswith(b"HTTP/1.1 200 ")
    kept.close()

    good = first.read_text()
    serial = given.serial("first.example", ca=str(first), strict=False)
    trusted = first.parent / "trusted.pem"
    trusted.write_text(good)
    first.write_text(good[:len(good) // 2])
    given.server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "stay as they were" in given.server.log.read_text(), "no error in the log")
    assert str(first) in given.server.log.read_text().splitlines()[-1]
    assert given.serial("first.example", ca=str(trusted), strict=False) == serial


def refused(tmp_path, *options):
    """The last line of a server that does not start."""
    server = Server(tmp_path / "data", "tls-refused", list(options))
    with pytest.raises(AssertionError, match="the server ended with"):
        server.start()
    return server.process.returncode, server.tail(1)


def test_what_cannot_be_used_is_named(tmp_path):
    certificate, key = make_certificate(tmp_path, "a.example")
    _, other = make_certificate(tmp_path, "b.example")
    tls = ["--tls-listen", "127.0.0.1:0"]
    status, line = refused(tmp_path, *tls, "--tls-certificate", str(certificate), "--tls-key", str(other))
    assert status == 64 and str(certificate) in line and "belongs to another certificate" in line
    status, line = refused(tmp_path, *tls, "--tls-certificate", str(tmp_path / "none.crt"), "--tls-key", str(key))
    assert status == 1 and str(tmp_path / "none.crt") in line
    status, line = refused(tmp_path, *tls, "--tls-certificate", str(certificate))
    assert status == 64 and "each certificate needs its key" in line
    status, line = refused(tmp_path, "--tls-certificate", str(certificate), "--tls-key", str(key))
    assert status == 64 and "--tls-listen" in line
    (tmp_path / "data/tls").mkdir(parents=True)
    (tmp_path / "data/tls/ca.key").write_text("-----BEGIN PRIVATE KEY-----\nMIGH")
    status, line = refused(tmp_path, *tls)
    assert status == 1 and str(tmp_path / "data/tls/ca.key") in line and "remove" in line
