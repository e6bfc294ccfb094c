"""HTTP/1.1 against raw sockets: what is refused and how, and what must be understood."""

import datetime
import email.utils
import json
import re

import pytest

from raw_http import RawClient
from server_process import OUTPUT
from smuggled_requests import CHUNKED, END, HELLO, POST, SMUGGLING
from wire_process import WireProcess


@pytest.fixture(scope="module")
def wire():
    wire = WireProcess(OUTPUT / "wire-http1.log").start()
    yield wire
    with RawClient(wire.url) as client:
        assert client.get("/hello").status == 200
    assert wire.stop() == 0, wire.tail()


@pytest.fixture
def client(wire):
    with RawClient(wire.url) as client:
        yield client


# Request smuggling

@pytest.mark.parametrize("name", SMUGGLING)
def test_smuggling_is_refused(client, name):
    client.send(SMUGGLING[name] + HELLO * 2)
    answer = client.answer()
    assert answer.status == 400, answer
    assert answer["Connection"] == "close"
    assert answer["Content-Type"] == "application/json" and json.loads(answer.body)["message"]
    assert client.is_closed()


@pytest.mark.parametrize("name", ["length, then chunked", "chunk size with bare LF", "bare CR in a value", "folded trailer"])
def test_smuggling_byte_by_byte(client, name):
    for byte in SMUGGLING[name]:
        try:
            client.send(byte)
        except ConnectionError:
            break  # Refused already.
    answer = client.answer()
    assert answer.status == 400 and answer["Connection"] == "close"
    assert client.is_closed()


def test_a_refused_second_request_does_not_harm_the_first(client):
    client.send(HELLO + POST + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello" + HELLO)
    assert client.answer().status == 200
    assert client.answer().status == 400
    assert client.is_closed()


# Statuses

@pytest.mark.parametrize("request_, status", {
    "head too large": ("GET /hello HTTP/1.1\r\nHost: a\r\nX: " + "x" * 40_000 + "\r\n\r\n", 431),
    "too many fields": ("GET /hello HTTP/1.1\r\nHost: a\r\n" + "X: y\r\n" * 101 + "\r\n", 431),
    "target too long": ("GET /" + "x" * 9000 + " HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "request line without end": ("GET /" + "x" * 9000, 414),
    "unknown expectation": (POST + "Expect: tea\r\nContent-Length: 1\r\n\r\n", 417),
    "expectation without a length": (POST + "Expect: 100-continue\r\n\r\n", 411),
    "announced body too large": (POST + "Content-Length: 999999999999\r\n\r\n", 413),
    "absurd length": (POST + "Content-Length: 99999999999999999999\r\n\r\n", 413),
    "unknown method": ("BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    "method in small letters": ("get /hello HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    "compressed transfer": (POST + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
    "HTTP/3": ("GET /hello HTTP/3.0\r\nHost: a\r\n\r\n", 505),
    "HTTP/0.9": ("GET /hello HTTP/0.9\r\nHost: a\r\n\r\n", 505),
    "trailers too large": (CHUNKED + "0\r\nX: " + "y" * 9000 + "\r\n\r\n", 431),
    "percent escape is broken": ("GET /%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 400),
}.values())
def test_refused_with(client, request_, status):
    client.send(request_)
    answer = client.answer()
    assert answer.status == status, answer
    assert answer["Connection"] == "close"
    assert client.is_closed()


def test_chunked_body_too_large(client):
    """Refused as soon as the limit (16 MiB for a gathered body) is passed; the client still gets the answer."""
    client.send(CHUNKED)
    block = b"100000\r\n" + b"x" * (1 << 20) + b"\r\n"
    try:
        for _ in range(40):
            client.send(block)
    except ConnectionError:
        pass  # The server stopped reading in between.
    assert client.answer().status == 413


@pytest.mark.parametrize("request_, status", [
    ("DELETE /hello HTTP/1.1\r\nHost: a\r\n\r\n", 405), ("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", 404),
    ("POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 405),
])
def test_errors_that_keep_the_connection(client, request_, status):
    answer = client.request(request_)
    assert answer.status == status
    if status == 405:
        assert answer["Allow"] == "GET, HEAD"
    assert client.request(HELLO).status == 200


def test_unsupported_media_type(server):
    with RawClient(server.url) as client:
        answer = client.request(
            f"POST /apis/v2beta1/pipelines/upload HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {server.token}\r\n"
            "Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello")
        assert answer.status == 415
        assert client.get("/readyz").status == 200


# What must be understood

def test_pipelining_in_order(client):
    """Inline, asynchronous and streamed answers, bodies of all three framings, in one burst."""
    burst = ""
    for number in range(50):
        burst += f"POST /gather HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n{number:04}"
        burst += f"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{number:02}\r\n{END}"
        burst += "GET /bytes/70000 HTTP/1.1\r\nHost: a\r\n\r\n" + HELLO
    client.send(burst)
    hello = client_body = None
    for number in range(50):
        assert client.answer().body == b"%04d" % number
        assert client.answer().body == b"%02d" % number
        assert client.answer().body == b"a" * 70000
        client_body = client.answer().body
        hello = hello or client_body
        assert client_body == hello


def test_chunked_both_ways_with_trailers(client):
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\nTrailer: X-Sum\r\n\r\n")
    for piece in ("5;ext=\"a\"\r\nhello\r\n", "A\r\n, pedia in\r\n"):
        client.send(piece)
    head = client.head()
    assert head.status == 200 and head["Transfer-Encoding"] == "chunked"
    client.send("0\r\nX-Sum: 15\r\nx-other: b\r\n\r\n")
    client.buffer = (
        f"HTTP/1.1 200 OK\r\n" + "".join(f"{name}: {value}\r\n" for name, value in head.fields) + "\r\n").encode() + client.buffer
    answer = client.answer()
    assert answer.body == b"hello, pedia in"
    assert {(name.lower(), value) for name, value in answer.trailers} == {("x-sum", "15"), ("x-other", "b")}


def test_line_end_before_a_request_line(client):
    assert client.request("\r\n" + HELLO).status == 200
    assert client.request("POST /gather HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi\r\n" + HELLO).body == b"hi"
    assert client.answer().status == 200


def test_expect_continue(client):
    client.send("POST /gather HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n\r\n")
    assert client.head().status == 100
    assert client.request("hello").body == b"hello"
    # A client that does not wait gets no interim answer, or one before the answer.
    client.send("POST /gather HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello")
    answer = client.head()
    if answer.status == 100:
        answer = client.head()
    assert answer.status == 200 and client._take(5) == b"hello"
    # Refused beforehand: no 100, and since the body may or may not come, the connection ends.
    client.send("POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\nExpect: 100-continue\r\n\r\n")
    answer = client.answer()
    assert answer.status == 404 and answer["Connection"] == "close"
    assert client.is_closed()


def test_expect_of_http10_is_ignored(client):
    answer = client.request("POST /gather HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi")
    assert answer.status == 200 and answer.body == b"hi"


@pytest.mark.parametrize("path", ["/hello", "/bytes/100000", "/nothing"])
def test_head_is_get_without_the_body(client, path):
    get = client.get(path)
    head = client.get(path, method="HEAD")
    assert head.status == get.status
    assert [name for name, _ in head.fields] == [name for name, _ in get.fields]
    if get.status == 200:  # The text of an error names the method.
        assert head["Content-Length"] == str(len(get.body))
    assert client.request(HELLO).status == 200


def test_date(client):
    for path in ("/hello", "/bytes/10", "/nothing"):
        date = client.get(path)["Date"]
        assert re.fullmatch(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", date), date
        age = datetime.datetime.now(datetime.timezone.utc) - email.utils.parsedate_to_datetime(date)
        assert abs(age.total_seconds()) < 5
    with RawClient(f"http://{client.host}") as other:
        assert other.request("BREW / HTTP/1.1\r\nHost: a\r\n\r\n")["Date"]


@pytest.mark.parametrize("request_, kept", [
    ("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", True), ("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", False),
    ("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: X, Close\r\n\r\n", False), ("GET /hello HTTP/1.0\r\n\r\n", False),
    ("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", True), ("GET http://a/hello HTTP/1.1\r\nHost: a\r\n\r\n", True),
    ("GET /hello HTTP/1.9\r\nHost: a\r\n\r\n", True),
])
def test_connection_is_kept(client, request_, kept):
    assert client.request(request_).status == 200
    if kept:
        assert client.request(HELLO).status == 200
    else:
        assert client.is_closed()


def test_answer_to_http10_is_not_chunked(client):
    client.send("GET /bytes/100000?chunked HTTP/1.0\r\n\r\n")
    answer = client.answer()
    assert answer["Transfer-Encoding"] is None and answer["Content-Length"] is None
    assert answer.body == b"a" * 100000


# Ranges and conditions, on the dashboard's files

@pytest.fixture
def file(server):
    with RawClient(server.url) as client:
        yield client, client.get("/index.html")


@pytest.mark.parametrize("range_, status, part", [
    ("bytes=0-9", 206, slice(0, 10)), ("bytes=10-", 206, slice(10, None)), ("bytes=-10", 206, slice(-10, None)),
    ("bytes=0-99999999", 206, slice(0, None)), ("bytes=99999999-", 416, None), ("bytes=-0", 416, None),
    ("bytes=9-1", 200, slice(0, None)), ("lines=0-9", 200, slice(0, None)), ("bytes=0-1,4-5", 200, slice(0, None)), ("bytes=x", 200, slice(0, None)),
])
def test_ranges(file, range_, status, part):
    client, whole = file
    answer = client.get("/index.html", f"Range: {range_}")
    assert answer.status == status
    if status == 416:
        assert answer["Content-Range"] == f"bytes */{len(whole.body)}"
    else:
        assert answer.body == whole.body[part]
    assert client.get("/index.html").body == whole.body


def test_conditions(file):
    client, whole = file
    tag, modified = whole["ETag"], whole["Last-Modified"]
    assert tag and modified
    for fields, status in (
        ([f"If-None-Match: {tag}"], 304), ([f"If-None-Match: \"other\", W/{tag}"], 304), (["If-None-Match: *"], 304),
        (["If-None-Match: \"other\""], 200), ([f"If-Modified-Since: {modified}"], 304), (["If-Modified-Since: yesterday"], 200),
        (["If-None-Match: \"other\"", f"If-Modified-Since: {modified}"], 200),
        ([f"If-Range: {tag}", "Range: bytes=0-1"], 206), (["If-Range: \"other\"", "Range: bytes=0-1"], 200),
        ([f"If-Match: {tag}"], 200), (["If-Match: \"other\""], 412), (["If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT"], 412),
    ):
        answer = client.get("/index.html", *fields)
        assert answer.status == status, fields
        if status == 304:
            assert answer["ETag"] == tag and answer.body == b""
