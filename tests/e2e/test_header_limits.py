"""Limits of a request's head. Guards against a limit that is off by one, one
that resets the connection instead of answering, and heads without an end."""

import pytest

LIMITS = "large_client_header_buffers 2 1k; location / { return 200 ok; }"


def ask(server, line, *headers):
    text = line + "\r\nHost: x\r\nConnection: close\r\n"
    text += "".join(header + "\r\n" for header in headers)
    with server.connect() as client:
        client.send(text.encode() + b"\r\n")
        answer = client.response()
        assert client.read_all() == b""
        return answer


def request_line(size):
    """With its line end so many bytes."""
    line = "GET /%s HTTP/1.1"
    return line % ("x" * (size - 2 - len(line % "")))


def test_request_line(start):
    server = start(server=LIMITS)
    assert ask(server, request_line(1024)).status == 200
    for size in (1025, 1026, 2048, 2049, 8192, 100000):
        assert ask(server, request_line(size)).status == 414


def test_header_line(start):
    server = start(server=LIMITS)
    assert ask(server, "GET / HTTP/1.1", "X: " + "y" * 1000).status == 200
    for size in (1024, 2048, 8192, 100000):
        answer = ask(server, "GET / HTTP/1.1", "X: " + "y" * size)
        assert answer.status == 431


def test_whole_head(start):
    server = start(server=LIMITS)
    lines = ["X%d: %s" % (i, "y" * 394) for i in range(100)]
    assert ask(server, "GET / HTTP/1.1", *lines[:4]).status == 200
    for count in (10, 20, 100):
        assert ask(server, "GET / HTTP/1.1", *lines[:count]).status == 431


def test_default_limits(start):
    server = start(server="location / { return 200 ok; }")
    assert ask(server, request_line(8192)).status == 200
    assert ask(server, request_line(8193)).status == 414
    lines = ["X%d: %s" % (i, "y" * 8000) for i in range(5)]
    assert ask(server, "GET / HTTP/1.1", *lines[:3]).status == 200
    assert ask(server, "GET / HTTP/1.1", *lines).status == 431


def test_count_of_headers(start):
    server = start(server="max_headers 50; location / { return 200 ok; }")
    lines = ["X%d: y" % i for i in range(49)]
    assert ask(server, "GET / HTTP/1.1", *lines[:48]).status == 200
    assert ask(server, "GET / HTTP/1.1", *lines).status == 400


@pytest.mark.parametrize("count", [20, 33, 200, 1000])
def test_many_headers(start, count):
    server = start(server="location / { return 200 $http_last; }")
    lines = ["X%d: y" % i for i in range(count)] + ["Last: found"]
    assert ask(server, "GET / HTTP/1.1", *lines).body == b"found"


def test_odd_header_names(start):
    server = start(server="""
        location / { return 200 "$http_a_b|$http_good"; }""")
    answer = ask(server, "GET / HTTP/1.1", "a_b: dropped", "Good: kept")
    assert answer.body == b"|kept"
    server = start(server="""
        underscores_in_headers on;
        location / { return 200 "$http_a_b"; }""")
    assert ask(server, "GET / HTTP/1.1", "a_b: kept").body == b"kept"


@pytest.mark.parametrize("request_bytes,status", [
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
    (b"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\nX : y\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\nX: y\r\n folded\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\nX: \0\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
     b"Content-Length: 2\r\n\r\nxx", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
     b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    (b"GET x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    (b"CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n", 405),
    (b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", 405),
])
def test_what_is_refused(start, request_bytes, status):
    server = start(server="location / { return 200 ok; }")
    answer = server.raw(request_bytes)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nConnection: close\r\n" in answer
    assert answer.count(b"HTTP/1.1 ") == 1
