"""How long a connection lives: keepalive_timeout, _requests and _time, what
clients ask for, HTTP/1.0. Guards against connections cut before their answer
and against ones that never end."""

import time

import pytest

OK = "location / { return 200 ok; }"


def closes(client):
    """Seconds until the server closes."""
    begun = time.monotonic()
    assert client.read_all() == b""
    return time.monotonic() - begun


def test_requests_of_a_connection(start):
    server = start(server="keepalive_requests 3;" + OK)
    with server.connect() as client:
        answers = [client.request("/") for _ in range(3)]
        assert [a.headers["connection"] for a in answers] == [
            "keep-alive", "keep-alive", "close"]
        assert closes(client) < 2


def test_an_idle_connection_is_closed(start):
    server = start(server="keepalive_timeout 300ms;" + OK)
    with server.connect() as client:
        client.request("/")
        assert 0.2 < closes(client) < 3


def test_a_used_connection_is_not(start):
    server = start(server="keepalive_timeout 600ms;" + OK)
    with server.connect() as client:
        for _ in range(8):
            time.sleep(0.15)
            assert client.request("/").body == b"ok"


def test_no_keepalive(start):
    server = start(server="""
        location /off { keepalive_timeout 0; return 200 off; }""" + OK)
    with server.connect() as client:
        assert client.request("/").headers["connection"] == "keep-alive"
        assert client.request("/off").headers["connection"] == "close"
        assert closes(client) < 2


def test_the_client_is_told_the_timeout(start):
    server = start(server="keepalive_timeout 75s 20s;" + OK)
    with server.connect() as client:
        assert client.request("/").headers["keep-alive"] == "timeout=20"


def test_age_of_a_connection(start):
    server = start(server="keepalive_time 300ms;" + OK)
    with server.connect() as client:
        assert client.request("/").headers["connection"] == "keep-alive"
        time.sleep(0.4)
        assert client.request("/").headers["connection"] == "close"
        assert closes(client) < 2


@pytest.mark.parametrize("version,header,kept", [
    ("1.1", "", True), ("1.1", "close", False), ("1.1", "keep-alive", True),
    ("1.1", "CLOSE", False), ("1.1", "x, close", False),
    ("1.1", "close, keep-alive", False), ("1.1", "closed", True),
    ("1.0", "", False), ("1.0", "keep-alive", True),
    ("1.0", "Keep-Alive", True), ("1.0", "close", False),
])
def test_what_the_client_asks_for(start, version, header, kept):
    server = start(server=OK)
    with server.connect() as client:
        client.send(("GET / HTTP/%s\r\nHost: x\r\n%s\r\n" % (
            version, header and "Connection: %s\r\n" % header)).encode())
        answer = client.response()
        assert answer.body == b"ok"
        assert answer.headers["connection"] == (
            "keep-alive" if kept else "close")
        if kept:
            assert client.request("/").body == b"ok"
        else:
            assert closes(client) < 2


def test_blank_lines_between_requests(start):
    server = start(server=OK)
    with server.connect() as client:
        client.send(b"\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n\r\n"
                    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.response().body == b"ok"
        assert client.response().body == b"ok"


def test_a_client_that_shuts_its_side_still_gets_the_answer(start):
    server = start(files={"f": "x" * 1000000})
    answer = server.raw(b"GET /f HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.endswith(b"x" * 1000000)


@pytest.mark.parametrize("agent, method, kept", [
    ("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)", "POST",
     {"default": False, "none": True, "safari": True}),
    ("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)", "POST",
     {"default": True, "none": True, "safari": True}),
    ("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)", "GET",
     {"default": True, "none": True, "safari": True}),
    ("Mozilla/5.0 (Macintosh; Mac OS X) Version/5 Safari/533", "GET",
     {"default": True, "none": True, "safari": False}),
    ("Mozilla/5.0 (Macintosh; Mac OS X) Chrome/99 Safari/533", "GET",
     {"default": True, "none": True, "safari": True}),
])
def test_some_browsers_are_not_kept(start, agent, method, kept):
    server = start(server="""
        location /default { return 200; }
        location /none { keepalive_disable none; return 200; }
        location /safari { keepalive_disable safari; return 200; }""")
    for name, keeps in kept.items():
        with server.connect() as client:
            answer = client.request("/" + name, method=method,
                                    headers={"User-Agent": agent})
            assert answer.headers["connection"] == \
                ("keep-alive" if keeps else "close")


def test_the_location_says_how_many(start):
    server = start(server="""
        keepalive_requests 1;
        location /one { return 200; }
        location /two { keepalive_requests 2; return 200; }""")
    with server.connect() as client:
        assert client.request("/two").headers["connection"] == "keep-alive"
        assert client.request("/two").headers["connection"] == "close"
    with server.connect() as client:
        assert client.request("/one").headers["connection"] == "close"
