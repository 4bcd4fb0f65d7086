"""Request bodies: their limit, and that what nobody reads never becomes the
next request. Guards against smuggling by a body that was not wanted."""

import pytest

OK = "location / { return 200 $request_method; }"
NEXT = b"GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def chunked(data, size=7):
    pieces = [data[i:i + size] for i in range(0, len(data), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces + [b""])


def post(data, coded=False, more=""):
    coding = "Transfer-Encoding: chunked" if coded else (
        "Content-Length: %d" % len(data))
    head = "POST / HTTP/1.1\r\nHost: x\r\n%s\r\n%s\r\n" % (coding, more)
    return head.encode() + (chunked(data, 1000) if coded else data)


@pytest.mark.parametrize("size,status", [(0, 200), (1, 200), (1024, 200),
                                         (1025, 413), (100000, 413)])
def test_largest_body(start, size, status):
    server = start(server="client_max_body_size 1k;" + OK)
    with server.connect() as client:
        client.send(post(b"x" * size))
        assert client.response().status == status
    server = start(server="client_max_body_size 0;" + OK)
    with server.connect() as client:
        client.send(post(b"x" * size))
        assert client.response().status == 200


def test_limit_of_a_location(start):
    server = start(server="""
        client_max_body_size 10;
        location /more { client_max_body_size 100; return 200; }""" + OK)
    assert server.get("/more", "POST", body=b"x" * 100).status == 200
    assert server.get("/more", "POST", body=b"x" * 101).status == 413
    assert server.get("/", "POST", body=b"x" * 11).status == 413


@pytest.mark.parametrize("coded", [False, True])
@pytest.mark.parametrize("size", [0, 1, 100, 16384, 16385, 60000])
def test_a_body_that_nobody_reads_is_skipped(start, coded, size):
    server = start(server=OK)
    data = (NEXT * (size // len(NEXT) + 1))[:size]
    with server.connect() as client:
        client.send(post(data, coded) * 3 + NEXT)
        answers = [client.response().body for _ in range(4)]
        assert answers == [b"POST"] * 3 + [b"GET"]
        assert client.read_all() == b""


@pytest.mark.parametrize("coded", [False, True])
def test_a_body_too_large_to_skip_ends_the_connection(start, coded):
    server = start(server="client_max_body_size 0; lingering_timeout 1s;"
                   + OK)
    data = (NEXT * 100000)[:8 << 20]
    with server.connect() as client:
        try:
            client.send(post(data, coded) + NEXT)
        except OSError:
            pass			# it had enough
        assert client.response().body == b"POST"
        try:
            assert b"GET" not in client.read_all()
        except ConnectionResetError:
            pass
    assert server.get("/").body == b"GET"


@pytest.mark.parametrize("body", [
    b"x\r\n", b"-1\r\nx\r\n0\r\n\r\n", b"1\r\nxx\r\n0\r\n\r\n",
    b"1 \r\nx\r\n0\r\n\r\n", b"0x1\r\nx\r\n0\r\n\r\n",
    b"ffffffffffffffffff\r\nx\r\n0\r\n\r\n",
    b"1\nx\n0\n\n", b"1;a\nb\r\nx\r\n0\r\n\r\n",
])
def test_bad_chunks_end_the_connection(start, body):
    server = start(server=OK)
    with server.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n" + body + NEXT)
        assert client.response().status == 400
        assert client.read_all() == b""


def test_a_chunked_body_byte_by_byte(start):
    server = start(server=OK)
    with server.connect() as client:
        for byte in post(b"x" * 30, True) + NEXT:
            client.send(bytes([byte]))
        assert client.response().body == b"POST"
        assert client.response().body == b"GET"


def test_trailers_and_extensions(start):
    server = start(server=OK)
    with server.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n"
                    b"1;name=\"value\"\r\nx\r\n0\r\nTrailer: y\r\n\r\n" + NEXT)
        assert client.response().body == b"POST"
        assert client.response().body == b"GET"


def test_expect_continue(start):
    server = start(server="client_max_body_size 10;" + OK)
    with server.connect() as client:
        data = post(b"12345", more="Expect: 100-continue\r\n")
        client.send(data[:-5])
        answer = client.response()
        if answer.status == 100:
            client.send(data[-5:])
            answer = client.response()
        assert answer.body == b"POST"


def test_expect_continue_of_nothing(start, backends):
    """Who announces a body of no bytes and asks first hears that they may."""
    server = start(server=OK + "location /p { "
                   "proxy_pass http://127.0.0.1:%d; }" % backends().port)
    for path in ("/", "/p"):
        with server.connect() as client:
            client.send(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 0"
                        b"\r\nExpect: 100-Continue\r\n\r\n" %
                        path.encode())
            assert client.response().status == 100
            assert client.response().status == 200
            client.send(b"GET / HTTP/1.1\r\nHost: x\r\n"
                        b"Expect: 100-continue\r\n\r\n")
            assert client.response().status == 200


def test_expect_something_else(start):
    server = start(server=OK)
    assert server.get("/", headers={"Expect": "magic"}).status == 417


def test_no_100_for_http_1_0(start):
    server = start(server=OK)
    answer = server.raw(b"POST / HTTP/1.0\r\nContent-Length: 1\r\n"
                        b"Expect: 100-continue\r\n\r\nx")
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_a_refused_body_is_not_asked_for(start):
    server = start(http="client_max_body_size 10;",
                   server='location / { return 200 "x"; }')
    with server.connect() as client:
        client.send(b"PUT / HTTP/1.1\r\nHost: a\r\n"
                    b"Expect: 100-continue\r\nContent-Length: 11\r\n\r\n")
        answer = client.response()
        assert answer.status == 413
        assert answer.headers["connection"] == "close"
