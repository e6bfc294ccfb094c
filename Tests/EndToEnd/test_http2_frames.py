"""HTTP/2 against raw sockets, RFC 9113 sections 3 to 6: frames, streams, settings, windows."""

import struct

import pytest

import http2_frames as h2
from http2_frames import (
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PADDED, PING, PRIORITIZED, PRIORITY, PUSH_PROMISE, RST_STREAM,
    SETTINGS, WINDOW_UPDATE, Http2Client, frame, request_block, settings, surviving_server)
from http2_frames import FLOW_CONTROL_ERROR as FLOW, FRAME_SIZE_ERROR as SIZE, PROTOCOL_ERROR as PROTOCOL, STREAM_CLOSED as CLOSED
from wire_process import WireProcess

GET = request_block()
POST = request_block("POST", "/gather")
WINDOW = 65_535
WHOLE = END_HEADERS | END_STREAM


@pytest.fixture(scope="module")
def wire():
    with surviving_server("wire-http2.log") as wire:
        yield wire


@pytest.fixture
def client(wire):
    with Http2Client(wire.url) as client:
        yield client


def word(*values):
    return b"".join(struct.pack(">I", value) for value in values)


def open_post(block=POST, then=b""):
    """HEADERS of a request whose body is still to come, on stream 1, and more."""
    return frame(HEADERS, END_HEADERS, 1, block) + then


# Errors of the connection: GOAWAY with the code, then the end. Streams: 1 is the first.

CONNECTION_ERRORS = {
    # 3.4 and 4.2: sizes
    "DATA over the frame size": (open_post(then=frame(DATA, 0, 1, b"x" * 16_385)), SIZE),
    "HEADERS over the frame size": (frame(HEADERS, WHOLE, 1, GET + h2.literal("x", "y" * 16_385)), SIZE),
    "SETTINGS of 5 bytes": (frame(SETTINGS, 0, 0, b"\0" * 5), SIZE),
    "SETTINGS ACK with payload": (settings((3, 1), flags=ACK), SIZE),
    "PING of 7 bytes": (frame(PING, 0, 0, b"x" * 7), SIZE),
    "PING of 9 bytes": (frame(PING, 0, 0, b"x" * 9), SIZE),
    "RST_STREAM of 3 bytes": (open_post(then=frame(RST_STREAM, 0, 1, b"\0\0\0")), SIZE),
    "WINDOW_UPDATE of 3 bytes": (frame(WINDOW_UPDATE, 0, 0, b"\0\0\1"), SIZE),
    "WINDOW_UPDATE of 5 bytes": (frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\0\1"), SIZE),
    "GOAWAY of 7 bytes": (frame(GOAWAY, 0, 0, b"\0" * 7), SIZE),
    "HEADERS, padded, of no bytes": (frame(HEADERS, WHOLE | PADDED, 1), SIZE, PROTOCOL),
    "HEADERS with priority, of 4 bytes": (frame(HEADERS, WHOLE | PRIORITIZED, 1, b"\0\0\0\0"), SIZE, PROTOCOL),
    # 4.3, 6.2, 6.10: header blocks are not to be interrupted
    "DATA inside a header block": (frame(HEADERS, END_STREAM, 1, GET[:9]) + frame(DATA, 0, 1, b"x"), PROTOCOL),
    "PING inside a header block": (frame(HEADERS, END_STREAM, 1, GET[:9]) + frame(PING, 0, 0, b"x" * 8), PROTOCOL),
    "unknown frame inside a header block": (frame(HEADERS, END_STREAM, 1, GET[:9]) + frame(0x55, 0, 1), PROTOCOL),
    "HEADERS inside a header block": (frame(HEADERS, END_STREAM, 1, GET[:9]) + frame(HEADERS, WHOLE, 3, GET), PROTOCOL),
    "CONTINUATION of another stream": (frame(HEADERS, END_STREAM, 1, GET[:9]) + frame(CONTINUATION, END_HEADERS, 3, GET[9:]), PROTOCOL),
    "CONTINUATION of nothing": (frame(CONTINUATION, END_HEADERS, 1, GET), PROTOCOL),
    "CONTINUATION behind a whole block": (open_post(then=frame(CONTINUATION, END_HEADERS, 1, b"")), PROTOCOL),
    "CONTINUATION on stream 0": (frame(HEADERS, END_STREAM, 1, GET[:9]) + frame(CONTINUATION, END_HEADERS, 0, GET[9:]), PROTOCOL),
    # 5.1: idle streams
    "DATA on an idle stream": (frame(DATA, END_STREAM, 1, b"x"), PROTOCOL),
    "RST_STREAM of an idle stream": (frame(RST_STREAM, 0, 1, word(h2.CANCEL)), PROTOCOL),
    "WINDOW_UPDATE of an idle stream": (frame(WINDOW_UPDATE, 0, 1, word(1)), PROTOCOL),
    # 5.1.1: stream numbers
    "even stream": (frame(HEADERS, WHOLE, 2, GET), PROTOCOL),
    "DATA on stream 0": (frame(DATA, 0, 0, b"x"), PROTOCOL),
    "HEADERS on stream 0": (frame(HEADERS, WHOLE, 0, GET), PROTOCOL),
    "PRIORITY on stream 0": (frame(PRIORITY, 0, 0, word(1) + b"\0"), PROTOCOL),
    "RST_STREAM on stream 0": (frame(RST_STREAM, 0, 0, word(8)), PROTOCOL),
    "SETTINGS on a stream": (frame(SETTINGS, 0, 1), PROTOCOL),
    "PING on a stream": (frame(PING, 0, 1, b"x" * 8), PROTOCOL),
    "GOAWAY on a stream": (frame(GOAWAY, 0, 1, word(0, 0)), PROTOCOL),
    # 6.1, 6.2: padding as long as the payload
    "DATA with too much padding": (open_post(then=frame(DATA, PADDED, 1, b"\5abcde"[:5])), PROTOCOL),
    "HEADERS with too much padding": (frame(HEADERS, WHOLE | PADDED, 1, b"\xff" + GET), PROTOCOL),
    # 6.5.2: settings
    "ENABLE_PUSH of 2": (settings((h2.ENABLE_PUSH, 2)), PROTOCOL),
    "INITIAL_WINDOW_SIZE of 2^31": (settings((h2.INITIAL_WINDOW_SIZE, 1 << 31)), FLOW),
    "MAX_FRAME_SIZE of 2^14 - 1": (settings((h2.MAX_FRAME_SIZE, (1 << 14) - 1)), PROTOCOL),
    "MAX_FRAME_SIZE of 2^24": (settings((h2.MAX_FRAME_SIZE, 1 << 24)), PROTOCOL),
    # 6.6: a client pushes nothing
    "PUSH_PROMISE": (open_post(then=frame(PUSH_PROMISE, END_HEADERS, 1, word(2) + GET)), PROTOCOL),
    # 6.9: windows
    "WINDOW_UPDATE of 0 for the connection": (frame(WINDOW_UPDATE, 0, 0, word(0)), PROTOCOL),
    "connection's window over 2^31 - 1": (frame(WINDOW_UPDATE, 0, 0, word((1 << 31) - 1)), FLOW),
}


@pytest.mark.parametrize("name", CONNECTION_ERRORS)
def test_connection_error(client, name):
    data, *codes = CONNECTION_ERRORS[name]
    client.send(data)
    client.assert_connection_error(*codes)


@pytest.mark.parametrize("first", [
    h2.PREFACE + frame(PING, 0, 0, b"x" * 8), h2.PREFACE + frame(HEADERS, WHOLE, 1, GET), h2.PREFACE + settings(flags=ACK)])
def test_preface_without_settings(wire, first):
    with Http2Client(wire.url, start=False) as client:
        client.send(first)
        client.assert_connection_error(PROTOCOL)


@pytest.mark.parametrize("first", [b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\n\r\n\r\n\r\n\r\n\r\n", b"PRI / HTTP/2.0\r\n\r\nSM\r\n\r\n"])
def test_broken_preface_ends_the_connection(wire, first):
    with Http2Client(wire.url, start=False) as client:
        client.send(first + settings())
        received = b""
        try:
            while data := client.socket.recv(1 << 16):
                received += data
        except ConnectionResetError:
            pass
        assert received == b"" or received.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5")) or received[3:4] in (b"\4", b"\7")


def test_preface_byte_by_byte(wire):
    with Http2Client(wire.url, start=False) as client:
        for byte in h2.PREFACE[:-1]:
            client.send(bytes([byte]))
        client.send(h2.PREFACE[-1:] + settings())
        client.assert_works()


# Errors of a stream: it is reset with the code and the connection goes on, or the connection is given up with it.

def assert_error(client, stream, *codes):
    got = client.wait(lambda got: got.kind == GOAWAY or got.kind == RST_STREAM and got.stream == stream)
    assert got.code in codes, f"{got}, not one of {codes}"
    if got.kind == RST_STREAM:
        client.assert_works()
    else:
        assert client.rest() is not None


def assert_not_answered(client, stream):
    """HEADERS on a stream that is closed or was passed over: an error of the connection, or dropped."""
    client.send(frame(PING, 0, 0, b"answered"))
    got = client.wait(lambda got: got.kind in (PING, GOAWAY) or got.stream == stream)
    assert got.kind == PING and got.payload == b"answered" or got.kind == GOAWAY and got.code in (PROTOCOL, CLOSED), got


def test_falling_stream_numbers(client):
    client.send(frame(HEADERS, END_HEADERS, 5, POST) + frame(HEADERS, WHOLE, 3, GET))
    assert_not_answered(client, 3)


def test_data_behind_the_end(client):
    stream = client.request(request_block("GET", "/slow?ms=30000"))
    client.send(frame(DATA, 0, stream, b"x"))
    assert_error(client, stream, CLOSED)


def test_headers_behind_the_end(client):
    stream = client.request(request_block("GET", "/slow?ms=30000"))
    client.send(frame(HEADERS, WHOLE, stream, GET))
    assert_error(client, stream, CLOSED, PROTOCOL)


def test_frames_on_a_reset_stream(client):
    """A stream that the client reset itself: late WINDOW_UPDATE is harmless, HEADERS are no new request."""
    stream = client.request(POST, end=False)
    client.send(frame(RST_STREAM, 0, stream, word(h2.CANCEL)) + frame(WINDOW_UPDATE, 0, stream, word(1)))
    client.assert_works()
    client.send(frame(HEADERS, WHOLE, stream, GET))
    assert_not_answered(client, stream)


@pytest.mark.parametrize("increment, code", [(0, PROTOCOL), ((1 << 31) - 1, FLOW)])
def test_bad_window_update_of_a_stream(client, increment, code):
    stream = client.request(POST, end=False)
    client.send(frame(WINDOW_UPDATE, 0, stream, word(increment)))
    assert_error(client, stream, code)


def test_priority_of_wrong_size(client):
    stream = client.request(POST, end=False)
    client.send(frame(PRIORITY, 0, stream, b"\0\0\0\0"))
    assert_error(client, stream, SIZE)


# What is to be taken or passed over

@pytest.mark.parametrize("data", {
    "unknown frame": frame(0xee, 0xff, 0, b"whatever"),
    "unknown frame on an idle stream": frame(0xee, 0xff, 7, b"whatever"),
    "unknown setting": settings((0x99, 5), (0xffff, 0xffffffff)),
    "no settings": settings(),
    "the same setting twice": settings((h2.INITIAL_WINDOW_SIZE, 100), (h2.INITIAL_WINDOW_SIZE, WINDOW)),
    "unknown flags": frame(PING, 0xfe, 0, b"12345678"),
    "unknown error code": frame(HEADERS, END_HEADERS, 101, POST) + frame(RST_STREAM, 0, 101, word(0xff)),
    "PRIORITY of an idle stream": frame(PRIORITY, 0, 7, word(0) + b"\x10"),
    "PING that nobody asked for": frame(PING, ACK, 0, b"12345678"),
    "reserved bit of WINDOW_UPDATE": frame(WINDOW_UPDATE, 0, 0, word(1 << 31 | 1)),
    "empty DATA in the middle": frame(HEADERS, END_HEADERS, 101, POST) + frame(DATA, 0, 101) + frame(DATA, END_STREAM, 101, b"x"),
}.values())
def test_is_taken(client, data):
    client.send(data)
    client.next_stream = 103
    client.assert_works()


def test_settings_are_acknowledged(client):
    client.send(settings((h2.MAX_FRAME_SIZE, 1 << 15)) + settings())
    for _ in range(2):
        assert client.wait(lambda got: got.kind == SETTINGS and got.flags & ACK).payload == b""


def test_server_settings(client):
    found = client.server_settings
    assert 1 <= found.get(h2.MAX_CONCURRENT_STREAMS, 0) <= 1000
    assert found.get(h2.ENABLE_PUSH, 0) == 0
    assert 0 < found.get(h2.MAX_HEADER_LIST_SIZE, 0) <= 1 << 20


def test_ping(client):
    for payload in (b"\0" * 8, b"abcdefgh"):
        client.send(frame(PING, 0, 0, payload))
        got = client.wait(lambda got: got.kind == PING)
        assert got.flags & ACK and got.payload == payload


def test_padding_and_priority_are_taken(client):
    stream = client.request(b"\x04" + word(0) + b"\x10" + POST + b"\0" * 4, end=False, flags=END_HEADERS | PADDED | PRIORITIZED)
    client.send(frame(DATA, PADDED, stream, b"\x03hello\0\0\0") + frame(DATA, PADDED | END_STREAM, stream, b"\xff" + b"!" + b"\0" * 255))
    assert client.answer(stream)[2] == b"hello!"


def test_padding_gives_its_window_back(client):
    """Padding counts for flow control; a server that forgot to give it back would stall after a while."""
    stream = client.request(request_block("POST", "/count"), end=False)
    pad = b"\xff" + b"x" + b"\0" * 255
    window = client.server_settings.get(h2.INITIAL_WINDOW_SIZE, WINDOW)
    rounds = 3 * window // len(pad)
    connection, own = WINDOW, window
    for number in range(rounds):
        while min(connection, own) < len(pad):
            got = client.read()
            assert got is not None
            if got.kind == WINDOW_UPDATE:
                increment = struct.unpack(">I", got.payload)[0]
                connection, own = connection + (increment if got.stream == 0 else 0), own + (increment if got.stream == stream else 0)
        client.send(frame(DATA, PADDED | (END_STREAM if number == rounds - 1 else 0), stream, pad))
        connection, own = connection - len(pad), own - len(pad)
    assert client.answer(stream)[2] == b'{"bytes":%d}' % rounds


def test_header_block_in_pieces(client):
    stream = client.new_stream()
    # Few and small ones: a long run of CONTINUATION is an attack.
    size = len(GET) // 6 + 1
    pieces = [GET[at:at + size] for at in range(0, len(GET), size)]
    client.send(frame(HEADERS, END_STREAM, stream, pieces[0]))
    for piece in pieces[1:-1]:
        client.send(frame(CONTINUATION, 0, stream, piece))
    client.send(frame(CONTINUATION, END_HEADERS, stream, pieces[-1]))
    assert client.answer(stream)[0] == 200


def test_streams_over_the_limit_are_refused(client):
    limit = client.server_settings[h2.MAX_CONCURRENT_STREAMS]
    for _ in range(limit):
        client.request(request_block("GET", "/slow?ms=60000"))
    over = client.request()
    assert_error(client, over, h2.REFUSED_STREAM, PROTOCOL)


def test_ended_streams_make_room(client):
    limit = client.server_settings[h2.MAX_CONCURRENT_STREAMS]
    slow = [client.request(request_block("GET", "/slow?ms=60000")) for _ in range(limit)]
    client.send(frame(RST_STREAM, 0, slow[0], word(h2.CANCEL)))
    client.assert_works()


def test_goaway_of_the_client_lets_requests_end(client):
    stream = client.request(request_block("GET", "/slow?ms=300"))
    client.send(frame(GOAWAY, 0, 0, word(0, 0)))
    assert client.answer(stream)[0] == 200


def test_server_says_goaway_when_it_stops(tmp_path):
    wire = WireProcess(tmp_path / "log").start()
    with Http2Client(wire.url) as client:
        stream = client.request(request_block("GET", "/slow?ms=1000"))
        client.send(frame(PING, 0, 0, b"12345678"))
        client.wait(lambda got: got.kind == PING)
        wire.process.terminate()
        got = client.wait(lambda got: got.kind == GOAWAY)
        assert got.code == h2.NO_ERROR
        assert client.answer(stream)[0] == 200
    assert wire.stop() == 0, wire.tail()
