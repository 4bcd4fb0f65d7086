"""Slow and silent clients: every wait for a client ends. Guards against
connections that hold memory for ever, and against cutting off one that is
only slow."""

import socket
import time

import pytest

from conftest import PATIENCE, Client, wait_for

FAST, SLOW = 0.2, 20	# seconds within which a timeout of 300 ms ends
HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"


def closes(client):
    begun = time.monotonic()
    try:
        data = client.read_all()
    except ConnectionResetError:
        data = None
    assert FAST < time.monotonic() - begun < SLOW
    return data


@pytest.mark.parametrize("sent", [b"", b"G", HEAD, HEAD + b"X: ",
                                  HEAD + b"\r"])
def test_a_head_that_does_not_come(start, sent):
    server = start(server="client_header_timeout 300ms; return 200;")
    with server.connect() as client:
        if sent:
            client.send(sent)
        assert closes(client) == b""


def test_a_head_byte_by_byte_must_come_in_time(start):
    server = start(server="client_header_timeout 500ms; return 200;")
    begun = time.monotonic()
    with server.connect() as client:
        with pytest.raises(OSError):
            for byte in HEAD * 20:
                client.send(bytes([byte]))
                time.sleep(0.02)
    assert time.monotonic() - begun < SLOW


@pytest.mark.parametrize("head,part", [
    (b"Content-Length: 10\r\n\r\n", b"12345"),
    (b"Transfer-Encoding: chunked\r\n\r\n", b"5\r\n123"),
    (b"Transfer-Encoding: chunked\r\n\r\n", b""),
])
def test_a_body_that_does_not_come(start, head, part):
    server = start(server="client_body_timeout 300ms; return 200 ok;")
    with server.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\n" + head + part)
        client.response()
        closes(client)
    assert server.get("/").body == b"ok"


def test_a_slow_body_may_take_its_time(start):
    server = start(server="client_body_timeout 500ms; return 200 ok;")
    with server.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\n"
                    b"Content-Length: 10\r\n\r\n")
        for _ in range(10):
            time.sleep(0.15)
            client.send(b"x")
        assert client.response().body == b"ok"
        assert client.request("/").body == b"ok"


def stalled(server):
    """A client that asks for a lot and reads none of it."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.settimeout(PATIENCE)
    raw.connect(("127.0.0.1", server.port))
    raw.sendall(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
    return raw


@pytest.mark.parametrize("settings,reset", [
    ("", False), ("reset_timedout_connection on;", True)])
def test_a_client_that_does_not_read(start, settings, reset):
    server = start(workers=1, level="info", files={"big": b"x" * (30 << 20)},
                   server="send_timeout 300ms;" + settings)
    with stalled(server) as raw:
        wait_for(lambda: "client timed out" in server.log(), SLOW)
        got, failed = 0, False
        try:
            while True:
                data = raw.recv(1 << 20)
                if not data:
                    break
                got += len(data)
        except ConnectionResetError:
            failed = True
        assert got < 30 << 20
        assert failed or not reset


def test_a_client_that_reads_slowly_gets_it_all(start):
    size = 16 << 20
    server = start(files={"big": b"x" * size}, server="send_timeout 500ms;")
    with server.connect() as client:
        client.send(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        client.read_until(b"\r\n\r\n")
        for _ in range(16):
            time.sleep(0.1)
            assert len(client.read_bytes(1 << 20)) == 1 << 20


def test_lingering_close(start):
    """Who is still sending gets the answer, not a reset."""
    server = start(server="client_max_body_size 1k; lingering_timeout 300ms;")
    with server.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\n"
                    b"Content-Length: 5000000\r\n\r\n")
        for _ in range(50):
            client.send(b"x" * 20000)
        assert client.response().status == 413
        begun = time.monotonic()
        assert client.read_all() == b""
        assert time.monotonic() - begun < SLOW


def test_lingering_ends(start):
    server = start(workers=1, server="""
        client_max_body_size 1k; lingering_time 500ms;
        lingering_timeout 200ms;""")
    with server.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\n"
                    b"Content-Length: 5000000\r\n\r\n")
        assert client.response().status == 413
        begun = time.monotonic()
        with pytest.raises(OSError):
            for _ in range(200):
                client.send(b"x")
                time.sleep(0.02)
        assert time.monotonic() - begun < SLOW


def test_worker_survives_clients_that_reset(start):
    server = start(workers=1, files={"big": b"x" * (4 << 20)})
    for sent in (b"", HEAD, HEAD + b"\r\n",
                 b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n" * 3):
        for _ in range(10):
            client = Client(("127.0.0.1", server.port))
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                     b"\1\0\0\0\0\0\0\0")
            client.send(sent)
            client.close()
    assert server.get("/big").status == 200
