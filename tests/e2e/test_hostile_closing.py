"""A client gets every answer that it is owed, whatever the server thinks of
what follows. Guards against answers that are never sent, or that a reset
(closing with unread bytes causes one) takes away from the client."""

import socket
import time


def get(path, headers=""):
    return ("GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n" % (path, headers)).encode()


def test_what_was_answered_before_444_arrives(start):
    server = start(server="""
        location /a { return 200 "first"; }
        location /drop { return 444; }""")
    data = server.raw(get("/a") + get("/drop") + get("/a"))
    assert data.count(b"HTTP/1.1 ") == 1
    assert data.endswith(b"first")


def test_more_requests_than_a_connection_may_have(start):
    server = start(files={"f": "x"}, server="keepalive_requests 3;")
    for _ in range(10):
        with server.connect() as client:
            client.send(get("/f") * 1000)
            time.sleep(0.02)		# all of it is there, or on its way
            assert client.read_all().count(b"HTTP/1.1 200") == 3


def test_a_long_chunked_body_that_nobody_reads(start):
    server = start(files={"f": "x"})
    with server.connect() as client:
        client.send(b"POST /f HTTP/1.1\r\nHost: x\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(64):
            client.send(b"10000\r\n" + b"y" * 65536 + b"\r\n")
        client.send(b"0\r\n\r\n")
        assert client.response().status == 405
        client.socket.shutdown(socket.SHUT_WR)
        assert client.read_all() == b""


def test_a_head_that_times_out_is_reset_if_wanted(start):
    server = start(http="client_header_timeout 200ms;"
                   "reset_timedout_connection on;")
    with server.connect() as client:
        client.send(b"GET / HTTP/1.1\r\nHost")
        try:
            client.read_all()
            reset = False
        except ConnectionResetError:
            reset = True
    assert reset
