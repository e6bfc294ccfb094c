"""The one port, and the one for TLS, as other people's clients find them: curl, nghttp, h2load, httpx, urllib3, Chromium.

What has a file of its own is not here: grpcio (test_grpc.py), websockets (test_proxy.py), openssl and Python's ssl (test_tls.py).
"""

import asyncio
import json
import os
import re
import subprocess

import httpx
import pytest
import requests

from server_process import OUTPUT, secure_server

CHROMIUM = os.environ.get("MONOFLOW_CHROMIUM", "/usr/bin/chromium")
MEBIBYTE = 1 << 20


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    data = tmp_path_factory.mktemp("clients") / "data"
    with secure_server(data, "wire-clients") as server:
        yield server


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """8 MiB that no coding makes smaller."""
    path = tmp_path_factory.mktemp("content") / "content"
    path.write_bytes(os.urandom(8 * MEBIBYTE))
    return path


def run(*command, timeout=60):
    done = subprocess.run(list(map(str, command)), capture_output=True, timeout=timeout)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout[-1000:]}\n{done.stderr[-2000:]}"
    return done.stdout


# How curl is told each way to the server, and the version that it must then speak.
WAYS = {
    "1.1": (["--http1.1"], False, "1.1"),
    "h2c by prior knowledge": (["--http2-prior-knowledge"], False, "2"),
    "1.1 over TLS": (["--http1.1"], True, "1.1"),
    "h2 by ALPN": (["--http2"], True, "2"),
    "whatever it takes": ([], True, "2"),
}


@pytest.mark.parametrize("way", WAYS)
def test_curl(server, content, tmp_path, way):
    options, secure, version = WAYS[way]
    base = server.tls_url if secure else server.url

    def curl(path, *more, token=server.token):
        out = run("curl", "-sS", "--max-time", "50", "--cacert", server.authority, "-H", f"Authorization: Bearer {token}", "-D", tmp_path / "head",
                  "-o", tmp_path / "body", "-w", "%{http_version} %{http_code} %{num_connects}", *options, *more, base + path).decode().split()
        assert out[0] == version, f"{path} came by HTTP/{out[0]}"
        return int(out[1]), (tmp_path / "body").read_bytes() if (tmp_path / "body").exists() else b""

    assert curl("/healthz") == (200, b"ok\n")
    assert curl("/api/no/such/path")[0] == 404
    assert curl("/api/system", token="wrong")[0] == 401
    status, body = curl("/api/system", "--compressed")
    assert status == 200 and "version" in json.loads(body)
    # An upload to a store and a download from it, whole and in part; the digest tells whether a byte was lost.
    name = re.sub(r"\W", "", way)
    status, body = curl(f"/apis/v2beta1/pipelines/upload?name={name}", "-F", f"uploadfile=@{content};filename=broken.yaml")
    assert status == 400 and "error" in json.loads(body), "random bytes are no pipeline"
    status, body = curl("/apis/v2beta1/experiments", "-H", "Content-Type: application/json", "-d", json.dumps({"display_name": name}))
    assert status == 200 and json.loads(body)["display_name"] == name
    status, body = curl("/openapi.json", "-r", "0-99")
    assert status in (200, 206) and body.startswith(b"{")
    (tmp_path / "body").unlink()
    run("curl", "-sS", "--cacert", server.authority, "-I", *options, base + "/style.css", "-o", tmp_path / "head")
    head = (tmp_path / "head").read_text()
    assert re.search(r"^HTTP/[\d.]+ 200", head) and re.search(r"(?im)^content-length: [1-9]", head) and re.search(r"(?im)^etag: ", head)
    tag = re.search(r"(?im)^etag: (.*?)\r?$", head).group(1)
    assert curl("/style.css", "-H", f"If-None-Match: {tag}")[0] == 304


@pytest.mark.parametrize("secure", [False, True])
def test_nghttp_and_h2load(server, secure):
    base = server.tls_url if secure else server.url
    text = run("nghttp", "-v", "--no-verify-peer", base + "/healthz").decode()
    assert ":status: 200" in text and "ok" in text and "GOAWAY" in text
    text = run("h2load", "-n", "5000", "-c", "5", "-m", "32", base + "/healthz").decode()
    assert "5000 succeeded, 0 failed, 0 errored, 0 timeout" in text and "5000 2xx" in text
    assert ("h2\n" if secure else "h2c\n") in text


@pytest.mark.parametrize("secure, http2", [(False, False), (False, True), (True, False), (True, True)])
def test_httpx(server, secure, http2):
    """200 requests at once over a few connections; each answer belongs to its request."""
    base = server.tls_url if secure else server.url

    async def ask():
        import ssl
        context = ssl.create_default_context(cafile=server.authority)
        async with httpx.AsyncClient(
                base_url=base, http1=not http2, http2=http2, verify=context, timeout=60, headers={"Authorization": f"Bearer {server.token}"}) as client:
            async def one(number):
                answer = await client.get(f"/v2/models/model-{number}")
                assert answer.http_version == ("HTTP/2" if http2 else "HTTP/1.1")
                assert answer.status_code == 404 and f"model-{number}" in answer.text
                return number

            done = await asyncio.gather(*(one(number) for number in range(200)))
            assert sorted(done) == list(range(200))
            posted = await client.post("/apis/v2beta1/experiments", json={"display_name": f"httpx-{secure}-{http2}"})
            assert posted.status_code == 200, posted.text
            # A streamed body of unknown length, and one that is refused before it is read.
            async def chunks():
                for _ in range(64):
                    yield b"x" * 65536

            refused = await client.post("/api/session", content=chunks())
            assert refused.status_code in (400, 413), refused.text
            assert (await client.get("/healthz")).text == "ok\n"

    asyncio.run(ask())


def test_requests_keep_one_connection(server):
    with requests.Session() as session:
        for _ in range(50):
            assert session.get(server.url + "/healthz", timeout=10).text == "ok\n"
        pools = session.get_adapter(server.url).poolmanager.pools
        pool = pools[list(pools.keys())[0]]
        assert pool.num_connections == 1 and pool.num_requests == 50
        assert session.get(server.tls_url + "/healthz", verify=server.authority, timeout=10).text == "ok\n"


def test_chromium_over_tls_speaks_http2(server):
    from playwright.sync_api import expect, sync_playwright
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(base_url=server.tls_url, ignore_https_errors=True, viewport={"width": 1280, "height": 800})
        page = context.new_page()
        failed = []
        page.on("requestfailed", lambda request: failed.append(request.url))
        page.goto("/")
        page.locator("#token").fill(server.token)
        page.keyboard.press("Enter")
        expect(page.locator("#token")).to_have_count(0, timeout=15_000)
        protocols = page.evaluate("performance.getEntriesByType('resource').map(e => e.nextHopProtocol)")
        assert protocols and set(protocols) == {"h2"}, protocols
        cookies = [cookie for cookie in context.cookies() if cookie["name"] == "__Host-monoflow_session"]
        assert cookies and cookies[0]["secure"] and cookies[0]["httpOnly"]
        OUTPUT.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(OUTPUT / "over-tls.png"))
        browser.close()
        assert failed == []
