"""Content codings with curl and hand-made bodies: what is compressed, what is not, and bombs."""

import gzip
import json
import re
import subprocess
import zlib

import pytest


def curl(server, path, *arguments, token=True, input=None):
    """Returns (status, header fields in lower case, body as curl hands it out)."""
    head = ["-H", f"Authorization: Bearer {server.token}"] if token else []
    answer = subprocess.run(
        ["curl", "-sS", "-i", *head, *arguments, server.url + path], capture_output=True, timeout=60, check=True, input=input).stdout
    head, body = answer.split(b"\r\n\r\n", 1)
    lines = head.decode().split("\r\n")
    fields = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}
    return int(lines[0].split()[1]), fields, body


@pytest.mark.parametrize("path", ["/openapi.json", "/", "/js/main.js", "/style.css", "/metrics", "/api/system"])
def test_curl_gets_the_same_text_compressed_and_not(server, path):
    status, fields, plain = curl(server, path)
    assert status == 200 and "content-encoding" not in fields
    status, fields, text = curl(server, path, "--compressed")
    assert status == 200
    if len(plain) >= 1024:
        assert fields["content-encoding"] in ("gzip", "deflate")
        assert "accept-encoding" in fields["vary"].lower()
        _, _, coded = curl(server, path, "-H", "Accept-Encoding: gzip")
        assert len(coded) < len(plain) / 2
        if path != "/metrics":
            assert gzip.decompress(coded) == plain
    if path != "/metrics":  # its counters go on
        assert text == plain


@pytest.mark.parametrize("version", ["--http1.1", "--http2-prior-knowledge"])
def test_both_versions_of_http_code_alike(server, version):
    _, _, plain = curl(server, "/openapi.json", version)
    for path in ("/openapi.json", "/js/main.js"):
        _, fields, text = curl(server, path, version, "--compressed")
        assert fields["content-encoding"] in ("gzip", "deflate") and "accept-encoding" in fields["vary"].lower()
        if path == "/openapi.json":
            assert text == plain
    _, fields, _ = curl(server, "/openapi.json", version, "--compressed", "--head")
    assert fields["content-encoding"] in ("gzip", "deflate") and "content-length" not in fields
    body = gzip.compress(b'{"token": "none"}')
    status, _, _ = curl(
        server, "/api/session", version, "-H", "Content-Encoding: gzip", "-H", "Content-Type: application/json", "--data-binary",
        "@-", input=body)
    assert status == 401  # The body was read: an unreadable one is 400.
    status, fields, _ = curl(server, "/api/session", version, "-H", "Content-Encoding: br", "-d", "{}")
    assert status == 415 and fields["accept-encoding"] == "gzip, deflate"


def test_refused_codings_are_not_sent(server):
    for accept in ("br", "identity", "gzip;q=0", "gzip;q=0, deflate;q=0, *", "*;q=0", ""):
        _, fields, body = curl(server, "/openapi.json", "-H", f"Accept-Encoding: {accept}" if accept else "Accept-Encoding;")
        assert "content-encoding" not in fields, accept
        json.loads(body)
    _, fields, body = curl(server, "/openapi.json", "-H", "Accept-Encoding: gzip;q=0, deflate")
    assert fields["content-encoding"] == "deflate"
    json.loads(zlib.decompress(body))


def test_secrets_are_not_compressed(server):
    for path, body in (("/api/tokens", {"user": "admin", "name": "coding"}), ("/api/session", {"token": server.token})):
        status, fields, answer = curl(
            server, path, "-H", "Accept-Encoding: gzip", "-H", "Content-Type: application/json", "-d", json.dumps(body))
        assert status in (200, 201) and "content-encoding" not in fields, path
        if path == "/api/tokens":
            server.request("DELETE", "/api/tokens/" + json.loads(answer)["id"])
    _, fields, _ = curl(server, "/openapi.json", "-H", "Accept-Encoding: gzip", "-H", "Sec-Fetch-Site: cross-site")
    assert "content-encoding" not in fields


def test_static_files_validate_and_resume(server):
    _, plain, body = curl(server, "/js/main.js")
    _, coded, _ = curl(server, "/js/main.js", "-H", "Accept-Encoding: gzip")
    assert plain["etag"] != coded["etag"]
    for fields, accept in ((plain, "identity"), (coded, "gzip")):
        status, _, _ = curl(server, "/js/main.js", "-H", f"Accept-Encoding: {accept}", "-H", f"If-None-Match: {fields['etag']}")
        assert status == 304
        status, _, _ = curl(server, "/js/main.js", "-H", f"Accept-Encoding: {accept}", "-H", 'If-Match: "other"')
        assert status == 412
    status, fields, part = curl(server, "/js/main.js", "-H", "Accept-Encoding: gzip", "-r", "5-14")
    assert status == 206 and part == body[5:15] and "content-encoding" not in fields


# Requests

def system(server, body, coding, path="/api/namespaces", method="POST", content_type="application/json"):
    return server.request(method, path, data=body, headers={"Content-Encoding": coding, "Content-Type": content_type})


def test_coded_request_bodies(server, unique):
    def names():
        return {item["name"] for item in server.json("GET", "/api/namespaces")["namespaces"]}

    bare = zlib.compressobj(wbits=-15)
    codings = [
        ("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", lambda text: bare.compress(text) + bare.flush()),
        ("identity", bytes), ("deflate, gzip", lambda text: gzip.compress(zlib.compress(text)))]
    for index, (coding, code) in enumerate(codings):
        name = f"{unique}-{index}"
        answer = system(server, code(json.dumps({"name": name}).encode()), coding)
        assert answer.status_code == 201, f"{coding}: {answer.text}"
        assert name in names()


def test_coded_multipart_upload(server, unique, tmp_path):
    from kfp import compiler
    import kfp2_pipelines
    package = tmp_path / "hello.yaml"
    compiler.Compiler().compile(kfp2_pipelines.hello, str(package))
    boundary = "xyz"
    body = (f"--{boundary}\r\nContent-Disposition: form-data; name=\"uploadfile\"; filename=\"hello.yaml\"\r\n\r\n").encode()
    body += package.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    answer = system(
        server, gzip.compress(body), "gzip", f"/apis/v2beta1/pipelines/upload?name={unique}", content_type=f"multipart/form-data; boundary={boundary}")
    assert answer.status_code in (200, 201), answer.text
    server.request("DELETE", f"/apis/v2beta1/pipelines/{answer.json()['pipeline_id']}")


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, br", "gzip, gzip, gzip"])
def test_unknown_codings_are_refused(server, coding):
    answer = system(server, b"{}", coding)
    assert answer.status_code == 415
    assert answer.headers["Accept-Encoding"] == "gzip, deflate"
    assert coding in answer.json()["message"]


def test_damaged_bodies_are_refused(server):
    whole = gzip.compress(b'{"name": "never"}')
    for body in (whole[:-1], whole[:10], whole + b"x", b"{}", whole[:12] + b"\xff\xff" + whole[14:]):
        answer = system(server, body, "gzip")
        assert answer.status_code == 400, answer.text
        assert answer.json()["message"]


def memory(server):
    """(resident, highest resident) in MiB."""
    text = open(f"/proc/{server.process.pid}/status").read()
    return tuple(int(re.search(rf"{name}:\s+(\d+) kB", text)[1]) // 1024 for name in ("VmRSS", "VmHWM"))


def test_bombs_are_refused_with_flat_memory(own_server):
    """10 GiB of zeros in 10 MiB, as one gzip body of many members, and the same in a second coding (a few KiB)."""
    server = own_server
    member = gzip.compress(bytes(64 << 20), 9)
    bomb = member * 160
    assert 9 << 20 < len(bomb) < 12 << 20
    double = gzip.compress(bomb)
    assert len(double) < 1 << 20
    server.request("GET", "/api/system")
    _, before = memory(server)
    for coding, body in (("gzip", bomb), ("gzip, gzip", double)):
        for method, path, content_type in (
                ("POST", "/api/namespaces", "application/json"), ("POST", "/apis/v2beta1/runs", "application/json"),
                ("PUT", "/api/models/bomb/versions/next", "application/octet-stream"),
                ("POST", "/apis/v2beta1/pipelines/upload?name=bomb", "multipart/form-data; boundary=b")):
            answer = system(server, body, coding, path, method, content_type)
            assert answer.status_code == 413, f"{coding} {path}: {answer.status_code} {answer.text[:500]}"
    _, after = memory(server)
    assert after - before < 40, f"{before} MiB became {after} MiB"
    assert server.request("GET", "/readyz").status_code == 200
    assert server.request("GET", "/api/models/bomb").status_code == 404
