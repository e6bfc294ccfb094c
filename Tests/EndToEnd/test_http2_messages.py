"""HTTP/2 against raw sockets: requests and answers (RFC 9113 section 8), header compression (RFC 7541), flow control."""

import json
import struct

import pytest

import http2_frames as h2
from http2_frames import (
    CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, RST_STREAM, WINDOW_UPDATE, Http2Client, fields, frame, literal,
    request_block, request_fields, settings, surviving_server)
from http2_frames import COMPRESSION_ERROR as COMPRESSION, FLOW_CONTROL_ERROR as FLOW, PROTOCOL_ERROR as PROTOCOL

GET = request_block()
POST = request_block("POST", "/gather")
WHOLE = END_HEADERS | END_STREAM


@pytest.fixture(scope="module")
def wire():
    with surviving_server("wire-http2-messages.log") as wire:
        yield wire


@pytest.fixture
def client(wire):
    with Http2Client(wire.url) as client:
        yield client


# Malformed requests: the stream is reset with PROTOCOL_ERROR or the request is answered 400; the connection goes on.

BASE = request_fields()
MALFORMED = {
    "name in capitals": BASE + [("X-Upper", "y")],
    "empty name": BASE + [("", "y")],
    "blank in a name": BASE + [("x y", "z")],
    "colon in a name": BASE + [("x:y", "z")],
    "NUL in a value": BASE + [("x", "a\0b")],
    "CR in a value": BASE + [("x", "a\rb")],
    "LF in a value": BASE + [("x", "a\nb")],
    "Connection": BASE + [("connection", "close")],
    "Keep-Alive": BASE + [("keep-alive", "timeout=1")],
    "Proxy-Connection": BASE + [("proxy-connection", "keep-alive")],
    "Transfer-Encoding": BASE + [("transfer-encoding", "chunked")],
    "Upgrade": BASE + [("upgrade", "websocket")],
    "TE other than trailers": BASE + [("te", "gzip")],
    "unknown pseudo-header": BASE[:1] + [(":unknown", "x")] + BASE[1:],
    "pseudo-header of answers": BASE[:1] + [(":status", "200")] + BASE[1:],
    "pseudo-header behind a field": BASE[:3] + [("x", "y")] + BASE[3:],
    "no method": BASE[1:],
    "no scheme": BASE[:1] + BASE[2:],
    "no path": BASE[:3],
    "empty path": request_fields("GET", ""),
    "path without slash": request_fields("GET", "hello"),
    "asterisk for GET": request_fields("GET", "*"),
    "blank in the path": request_fields("GET", "/hel lo"),
    "two methods": BASE[:1] + BASE,
    "two schemes": BASE[:2] + BASE[1:],
    "two paths": BASE + BASE[3:],
    "two authorities": BASE[:3] + BASE[2:],
    "CONNECT with a path": request_fields("CONNECT", "/hello"),
    "two lengths": request_fields("POST", "/gather") + [("content-length", "0"), ("content-length", "1")],
    "length is no number": request_fields("POST", "/gather") + [("content-length", "+1")],
    "Host is not the authority": BASE + [("host", "b")],
    "authority with a path": request_fields("GET", "/hello", authority="a/b"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_request(client, name):
    stream = client.request(fields(*MALFORMED[name]))
    refused(client, stream)


def refused(client, stream):
    got = client.wait(lambda got: got.kind == GOAWAY or got.stream == stream and got.kind in (RST_STREAM, HEADERS))
    if got.kind == HEADERS:
        assert dict(got.fields)[":status"] == "400", got.fields
    else:
        assert got.kind == RST_STREAM and got.code == PROTOCOL, got
    client.assert_works()


@pytest.mark.parametrize("length, body", [(1, b""), (5, b"1234"), (3, b"1234"), (0, b"1")])
def test_body_of_another_length(client, length, body):
    stream = client.request(request_block("POST", "/gather", ("content-length", str(length))), end=not body)
    if body:
        client.send(frame(DATA, END_STREAM, stream, body))
    refused(client, stream)


@pytest.mark.parametrize("trailers, flags", [
    ([(":path", "/"), ("x", "y")], WHOLE), ([("x", "y")], END_HEADERS), ([("X", "y")], WHOLE), ([("connection", "x")], WHOLE)])
def test_malformed_trailers(client, trailers, flags):
    stream = client.request(request_block("POST", "/echo"), end=False)
    client.send(frame(DATA, 0, stream, b"x") + frame(HEADERS, flags, stream, fields(*trailers)))
    got = client.wait(lambda got: got.kind == GOAWAY or got.kind == RST_STREAM and got.stream == stream)
    assert got.kind == RST_STREAM and got.code == PROTOCOL, got
    client.assert_works()


# What is to be understood

def test_te_trailers_and_cookie_crumbs(client):
    status, _, body, _ = client.get("/headers", ("te", "trailers"), ("cookie", "a=1"), ("x", "y"), ("cookie", "b=2"), ("cookie", "c=3"))
    found = json.loads(body)
    assert status == 200 and found["cookie"] == "a=1; b=2; c=3" and found["x"] == "y"


def test_trailers_both_ways(client):
    stream = client.request(request_block("POST", "/echo", ("te", "trailers")), end=False)
    client.send(frame(DATA, 0, stream, b"hello") + frame(HEADERS, WHOLE, stream, fields(("x-sum", "5"))))
    status, _, body, trailers = client.answer(stream)
    assert (status, body) == (200, b"hello") and ("x-sum", "5") in trailers


def test_expect_continue(client):
    stream = client.request(request_block("POST", "/count", ("expect", "100-continue"), ("content-length", "2")), end=False)
    got = client.wait(lambda got: got.kind == HEADERS and got.stream == stream)
    assert dict(got.fields)[":status"] == "100" and not got.flags & END_STREAM
    client.send(frame(DATA, END_STREAM, stream, b"hi"))
    assert client.answer(stream)[0] == 200


def test_answers_are_well_formed(client):
    for path, expected in (("/hello", 200), ("/bytes/70000", 200), ("/bytes/70000?chunked", 200), ("/nothing", 404)):
        status, found, body, _ = client.get(path)
        names = [name for name, _ in found]
        assert status == expected and names == [name.lower() for name in names] and names.count("date") == 1
        assert not {"connection", "keep-alive", "transfer-encoding", "upgrade", "proxy-connection"} & set(names)
        length = dict(found).get("content-length")
        assert length is None or int(length) == len(body)


def test_statuses(client):
    assert client.get(method="HEAD")[0::2] == (200, b"")
    status, found, _, _ = client.get(method="DELETE")
    assert status == 405 and dict(found)["allow"] == "GET, HEAD"
    assert client.get(method="BREW")[0] == 501
    assert client.get("/%zz")[0] == 400
    assert client.get("/" + "x" * 9000)[0] == 414
    stream = client.request(request_block("POST", "/gather", ("content-length", "99999999")), end=False)
    assert client.answer(stream)[0] == 413
    client.assert_works()


def test_answers_come_as_they_are_ready(client):
    slow = client.request(request_block("GET", "/slow?ms=1000"))
    fast = client.request()
    assert client.wait(lambda got: got.kind == HEADERS).stream == fast
    assert client.answer(slow)[0] == 200


# Header compression

@pytest.mark.parametrize("block", {
    "index 0": b"\x80", "index beyond the tables": b"\xff\x80\x01", "name beyond the tables": b"\x7f\x80\x01\x01y",
    "block ends inside a literal": GET + b"\0\x05ab", "block ends inside a length": GET + b"\0\x7f\x80\x80",
    "length of more than 32 bits": GET + b"\0\x7f\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "Huffman code of EOS": GET + b"\0\x01x\x84\xff\xff\xff\xff",
    "Huffman padding of more than 7 bits": GET + b"\0\x01x\x82\x1f\xff", "Huffman padding of zeros": GET + b"\0\x01x\x81\x18",
    "table size over the limit": b"\x3f" + b"\xff\xff\x7f" + GET, "table size behind a field": GET + b"\x20",
}.values())
def test_broken_compression(client, block):
    client.send(frame(HEADERS, WHOLE, 1, block))
    client.assert_connection_error(COMPRESSION)


def test_dynamic_table(client):
    """A field enters the table and is named by its index later; table size updates come first in a block."""
    path = literal(":path", "/headers", indexed=True) + literal("x-kept", "value", indexed=True)
    stream = client.request(fields(*request_fields()[:3]) + path)
    assert json.loads(client.answer(stream)[2])["x-kept"] == "value"
    # 62 is the newest entry: x-kept; 63 is the path.
    stream = client.request(fields(*request_fields()[:3]) + b"\xbf\xbe")
    assert json.loads(client.answer(stream)[2])["x-kept"] == "value"
    # Emptied by a size of 0 and opened again: the index is gone.
    stream = client.request(b"\x20\x3f\xe1\x1f" + GET)
    assert client.answer(stream)[0] == 200
    client.send(frame(HEADERS, WHOLE, client.new_stream(), fields(*request_fields()) + b"\xbe"))
    client.assert_connection_error(COMPRESSION)


def test_entry_larger_than_the_table_empties_it(client):
    stream = client.request(GET + literal("x-big", "y" * 5000, indexed=True))
    assert client.answer(stream)[0] == 200
    client.send(frame(HEADERS, WHOLE, client.new_stream(), GET + b"\xbe"))
    client.assert_connection_error(COMPRESSION)


def test_compression_bomb(client):
    """A field of 4 kB stands in the table and is named 4,000 times: 16 MB of fields in one frame."""
    assert client.answer(client.request(GET + literal("x-bomb", "y" * 3900, indexed=True)))[0] == 200
    stream = client.request(GET + b"\xbe" * 4000)
    got = client.wait(lambda got: got.kind == GOAWAY or got.stream == stream and got.kind in (RST_STREAM, HEADERS))
    if got.kind == HEADERS:
        assert dict(got.fields)[":status"] == "431"
    elif got.kind == GOAWAY:
        assert got.code in (h2.ENHANCE_YOUR_CALM, PROTOCOL, h2.INTERNAL_ERROR)
    if got.kind != GOAWAY:
        client.assert_works()


def test_head_over_the_limit(client):
    """In several frames, so that no frame is too large; the client is told or cut off, and others are served."""
    stream = client.new_stream()
    client.send(frame(HEADERS, END_STREAM, stream, GET))
    for number in range(5):
        client.send(frame(CONTINUATION, END_HEADERS if number == 4 else 0, stream, literal(f"x-{number}", "y" * 12_000)))
    got = client.wait(lambda got: got.kind == GOAWAY or got.stream == stream and got.kind in (RST_STREAM, HEADERS))
    assert got.kind != HEADERS or dict(got.fields)[":status"] == "431"


def test_too_many_fields(client):
    status = client.get("/hello", *[(f"x-{number}", "y") for number in range(200)])[0]
    assert status == 431
    client.assert_works()


# Flow control

def window_update(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


def received(client, count):
    """DATA up to `count` bytes; then a ping is answered before anything more comes."""
    got = 0
    while got < count:
        next_ = client.read()
        assert next_ is not None
        got += len(next_.payload) if next_.kind == DATA else 0
    client.send(frame(h2.PING, 0, 0, b"no more!"))
    while (next_ := client.read()).kind != h2.PING:
        assert next_.kind != DATA or not next_.payload, next_
    return got


@pytest.mark.parametrize("path", ["/bytes/100000", "/bytes/100000?chunked"])
def test_answers_keep_to_the_windows(wire, path):
    with Http2Client(wire.url, own_settings=[(h2.INITIAL_WINDOW_SIZE, 10)]) as client:
        first, second = client.request(request_block("GET", path)), client.request(request_block("GET", path))
        assert received(client, 20) == 20
        client.send(window_update(first, 1))
        assert received(client, 1) == 1
        # Larger initial windows count for open streams too; then the connection's window of 65,535 is the bound.
        client.send(settings((h2.INITIAL_WINDOW_SIZE, 60_000)))
        assert received(client, 65_535 - 21) == 65_535 - 21
        # The window of each stream may become negative by a setting.
        client.send(settings((h2.INITIAL_WINDOW_SIZE, 0)) + window_update(0, 1 << 20))
        client.send(window_update(first, 40_000) + window_update(second, 40_000))
        client.send(settings((h2.INITIAL_WINDOW_SIZE, 1 << 20)))
        total = 65_535
        ended = set()
        while len(ended) < 2:
            got = client.read()
            if got.kind == DATA:
                total += len(got.payload)
                if got.flags & END_STREAM:
                    ended.add(got.stream)
        assert total == 200_000


def test_windows_of_all_streams_over_the_limit(client):
    """A setting that would lift an open stream's window over 2^31 - 1."""
    stream = client.request(request_block("GET", "/slow?ms=30000"))
    client.send(window_update(stream, (1 << 31) - 1 - 65_535) + settings((h2.INITIAL_WINDOW_SIZE, 65_536)))
    assert client.wait(lambda got: got.kind in (RST_STREAM, GOAWAY)).code == FLOW


def test_frames_of_answers_keep_to_the_size(client):
    got = client.request(request_block("GET", "/bytes/60000"))
    total = 0
    while total < 60_000:
        next_ = client.read()
        if next_.kind == DATA and next_.stream == got:
            assert len(next_.payload) <= 16_384
            total += len(next_.payload)


def test_unread_upload_is_held_back(client):
    """Nobody reads this body: the server takes no more than its windows, and a client that sends more is cut off."""
    stream = client.request(request_block("POST", "/unread"), end=False)
    window = client.server_settings.get(h2.INITIAL_WINDOW_SIZE, 65_535)
    piece = b"x" * 16_384
    for _ in range(4 * window // len(piece)):
        client.send(frame(DATA, 0, stream, piece))
    got = client.wait(lambda got: got.kind == GOAWAY or got.kind == RST_STREAM and got.stream == stream)
    assert got.code == FLOW, got
    if got.kind == RST_STREAM:
        client.assert_works()
