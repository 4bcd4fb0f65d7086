"""proxy: what is passed on, and what becomes of the answer."""

import os
import threading
import time

import pytest

from backend import OK
from conftest import PATIENCE, wait_for


def pass_to(backend, more="", path=""):
    return "location / { proxy_pass http://127.0.0.1:%d%s; %s }" % (
        backend.port, path, more)


# ---- requests ----

def test_a_request_as_the_server_sees_it(start, backends):
    backend = backends()
    server = start(server=pass_to(backend))
    answer = server.get("/a%20b/../c?d=%20e", headers={
        "Host": "example.com", "X-Own": "kept", "Keep-Alive": "7",
        "TE": "trailers", "Proxy-Connection": "close",
        "Upgrade": "h2c", "Connection": "close, X-Own"})
    assert (answer.status, answer.body) == (200, b"ok")
    request = backend.requests[0]
    assert request.line == "GET /a%20b/../c?d=%20e HTTP/1.1"
    assert request.headers == {"host": "127.0.0.1:%d" % backend.port,
                               "x-own": "kept"}


def test_a_uri_replaces_the_location(start, backends):
    backend = backends()
    server = start(server="""
        location /one/ { proxy_pass http://127.0.0.1:%(p)d/two/; }
        location /query { proxy_pass http://127.0.0.1:%(p)d/x?y=1&z=; }
        location ~ ^/re/(.*) { proxy_pass http://127.0.0.1:%(p)d/$1$is_args$args; }
        location /break { rewrite ^/break/(.*) /$1 break;
                          proxy_pass http://127.0.0.1:%(p)d/lost/; }
    """ % {"p": backend.port})
    for asked, seen in (("/one/a%20b?c", "/two/a%20b?c"),
                        ("/one", None), ("/query5", "/x?y=1&z=5"),
                        ("/re/a?b", "/a?b"), ("/break/q?r", "/q?r")):
        answer = server.get(asked)
        if seen is None:
            assert answer.status == 301
            assert answer.headers["location"].endswith("/one/")
        else:
            assert backend.requests[-1].uri == seen


def test_headers_that_are_set(start, backends):
    backend = backends()
    server = start(http="proxy_set_header X-Outer outer;", server="""
        location / { proxy_pass http://127.0.0.1:%(p)d; }
        location /inner { proxy_pass http://127.0.0.1:%(p)d;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Empty "";
            proxy_set_header Connection keep-alive;
            proxy_set_header X-Peer $proxy_host:$proxy_port; }
        location /none { proxy_pass http://127.0.0.1:%(p)d;
            proxy_pass_request_headers off; proxy_method PUT;
            proxy_set_body "<$request_uri>"; proxy_http_version 1.0; }
    """ % {"p": backend.port})
    server.get("/")
    assert backend.requests[-1].headers["x-outer"] == "outer"
    server.get("/inner", headers={"X-Empty": "dropped", "Host": "a.example",
                                  "X-Forwarded-For": "192.0.2.1"})
    seen = backend.requests[-1].headers
    assert seen == {"host": "a.example", "connection": "keep-alive",
                    "x-forwarded-for": "192.0.2.1, 127.0.0.1",
                    "x-peer": "127.0.0.1:%d:%d" % (backend.port,
                                                   backend.port)}
    server.get("/none", headers={"X-Client": "x"})
    request = backend.requests[-1]
    assert request.line == "PUT /none HTTP/1.0"
    assert request.body == b"</none>"
    assert "x-client" not in request.headers


@pytest.mark.parametrize("buffering", ("on", "off"))
@pytest.mark.parametrize("size", (0, 10, 70000, 900000))
def test_bodies_arrive_whole(start, backends, buffering, size):
    backend = backends(lambda r, _: OK)
    server = start(http="client_max_body_size 2m;", server=pass_to(
        backend, "proxy_request_buffering %s;" % buffering))
    body = os.urandom(size).replace(b"\r", b"x")
    assert server.get("/", method="POST", body=body).status == 200
    assert backend.requests[-1].body == body
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in
                       (body[:7], body[7:]) if piece) + b"0\r\n\r\n"
    with server.connect() as client:
        assert client.request("/", "POST", {"Transfer-Encoding": "chunked"},
                              chunked).status == 200
    request = backend.requests[-1]
    if "content-length" in request.headers:
        assert request.body == body
    else:
        assert request.headers["transfer-encoding"] == "chunked"
        assert request.body.endswith(b"0\r\n\r\n")


def test_an_early_answer_to_a_large_body(start, backends):
    def refuse(_, connection):
        connection.sendall(b"HTTP/1.1 413 Too Much\r\nContent-Length: 3\r\n"
                           b"\r\nbig")
        time.sleep(0.3)
        return False
    backend = backends(refuse, read_body=False)
    server = start(http="client_max_body_size 64m;", server=pass_to(
        backend, "proxy_request_buffering off;"))
    with server.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 30000000"
                    b"\r\n\r\n" + b"x" * 65536)
        answer = client.response()
    assert (answer.status, answer.reason, answer.body) == \
        (413, "Too Much", b"big")


# ---- answers ----

def test_an_answer_as_the_client_sees_it(start, backends):
    backend = backends(lambda *_: b"HTTP/1.1 203 As You Like\r\n"
                       b"Server: other\r\nDate: yesterday\r\nX-Pad: x\r\n"
                       b"Connection: keep-alive\r\nKeep-Alive: timeout=1\r\n"
                       b"Content-Type: text/x; charset=koi8-r\r\n"
                       b"X-Hidden: a\r\nX-Seen: b\r\nETag: \"e\"\r\n"
                       b"Last-Modified: Thu, 01 Jan 1970 00:00:09 GMT\r\n"
                       b"Content-Length: 4\r\n\r\nbody")
    server = start(server=pass_to(backend, "proxy_hide_header x-hidden;"))
    answer = server.get("/")
    assert (answer.status, answer.reason) == (203, "As You Like")
    assert answer.body == b"body"
    h = answer.headers
    assert h["server"].startswith("ringmaster") and h["date"] != "yesterday"
    assert "x-pad" not in h and "x-hidden" not in h and "keep-alive" not in h
    assert h["x-seen"] == "b" and h["etag"] == '"e"'
    assert h["content-type"] == "text/x; charset=koi8-r"
    assert h["last-modified"] == "Thu, 01 Jan 1970 00:00:09 GMT"
    assert h["content-length"] == "4" and h["connection"] == "close"


def test_conditions_are_for_the_server_to_judge(start, backends):
    backend = backends(lambda *_: b"HTTP/1.1 200 OK\r\nETag: \"e\"\r\n"
                       b"Content-Length: 2\r\n\r\nok")
    server = start(server=pass_to(backend, "proxy_pass_header Server;"))
    answer = server.get("/", headers={"If-None-Match": '"e"',
                                      "Range": "bytes=0-0"})
    assert (answer.status, answer.body) == (200, b"ok")
    assert backend.requests[0].headers["if-none-match"] == '"e"'


@pytest.mark.parametrize("buffering", ("on", "off"))
@pytest.mark.parametrize("framing", ("length", "chunked", "close"))
@pytest.mark.parametrize("size", (0, 1, 5000, 200000))
def test_every_framing(start, backends, buffering, framing, size):
    body = os.urandom(size)

    def answer(_, connection):
        if framing == "length":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n"
                               b"\r\n" % size)
            connection.sendall(body)
            return None
        if framing == "close":
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + body)
            return False
        connection.sendall(b"HTTP/1.1 200 OK\r\n"
                           b"Transfer-Encoding: chunked\r\n\r\n")
        for at in range(0, size, 3001):
            piece = body[at:at + 3001]
            connection.sendall(b"%x;e=1\r\n%s\r\n" % (len(piece), piece))
        connection.sendall(b"0\r\nX-Trailer: t\r\n\r\n")
        return None
    backend = backends(answer)
    server = start(server=pass_to(backend, "proxy_buffering %s;" % buffering))
    for _ in range(2):
        answer = server.get("/")
        assert answer.status == 200 and answer.body == body
        if framing == "length":
            assert answer.headers["content-length"] == str(size)
        else:
            assert answer.headers["transfer-encoding"] == "chunked"
    assert server.get("/", method="HEAD").status == 200


def test_redirects_and_cookies(start, backends):
    def answer(request, _):
        where = request.headers["x-where"]
        return (b"HTTP/1.1 302 Found\r\nLocation: %s\r\n"
                b"Refresh: 5; URL=%s\r\nSet-Cookie: a=b; Domain=.in.example;"
                b" Path=/in/x; HttpOnly\r\nContent-Length: 0\r\n\r\n" %
                (where.encode(), where.encode()))
    backend = backends(answer)
    server = start(server="""
        location /out/ { proxy_pass http://127.0.0.1:%(p)d/in/; }
        location /own/ { proxy_pass http://127.0.0.1:%(p)d;
            proxy_redirect ~^http://[^/]*/old/(.*)$ http://new/$1;
            proxy_cookie_domain in.example out.example;
            proxy_cookie_path /in/ /out/;
            proxy_cookie_flags a secure nohttponly samesite=lax; }
        location /off/ { proxy_pass http://127.0.0.1:%(p)d;
            proxy_redirect off; }
    """ % {"p": backend.port})

    def get(path, where):
        return server.get(path, headers={"X-Where": where}).headers
    inside = "http://127.0.0.1:%d/in/y" % backend.port
    h = get("/out/", inside)
    assert h["location"] == "http://localhost:%d/out/y" % server.port
    assert h["refresh"] == "5; URL=/out/y"
    assert h["set-cookie"] == "a=b; Domain=.in.example; Path=/in/x; HttpOnly"
    assert get("/out/", "http://other/x")["location"] == "http://other/x"
    h = get("/own/", "http://any/old/z")
    assert h["location"] == "http://new/z"
    assert h["set-cookie"] == \
        "a=b; Domain=.out.example; Path=/out/x; Secure; SameSite=Lax"
    assert get("/off/", inside)["location"] == inside


def test_accel_headers(start, backends):
    def answer(request, _):
        if request.uri == "/to":
            return (b"HTTP/1.1 200 OK\r\nX-Accel-Redirect: /static/x?y\r\n"
                    b"Set-Cookie: a=b\r\nX-Lost: l\r\n"
                    b"Content-Length: 4\r\n\r\nlost")
        return b"HTTP/1.1 200 OK\r\nX-Accel-Redirect: /%2e%2e/x\r\n\r\n"
    backend = backends(answer, close=True)
    server = start(server=pass_to(backend) +
                   'location /static { return 200 "$uri $args"; }')
    answer = server.get("/to")
    assert answer.body == b"/static/x y"
    assert answer.headers["set-cookie"] == "a=b"
    assert "x-lost" not in answer.headers
    assert server.get("/up").status == 404


def test_error_pages_for_the_servers_errors(start, backends):
    backend = backends(lambda *_: b"HTTP/1.1 404 No\r\nContent-Length: 5\r\n"
                       b"\r\nthere")
    server = start(server="""
        error_page 404 = /page;
        location /page { return 200 "page"; }
        location / { proxy_pass http://127.0.0.1:%(p)d; }
        location /own { proxy_pass http://127.0.0.1:%(p)d;
                        proxy_intercept_errors on; }
    """ % {"p": backend.port})
    answer = server.get("/")
    assert (answer.status, answer.reason, answer.body) == (404, "No", b"there")
    assert server.get("/own").body == b"page"


# ---- a slow client, a client that goes ----

def receive(client, size):
    """Many bytes: faster than read_bytes()."""
    data = bytearray(client.buffer)
    while len(data) < size:
        data += client.socket.recv(1 << 20)
    return bytes(data)


def test_a_slow_client_does_not_hold_the_server_up(start, backends):
    size, done = 24 << 20, threading.Event()	# sockets hold some MiB
    body = os.urandom(1 << 20) * (size >> 20)

    def answer(_, connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
                           % size)
        connection.sendall(body)
        done.set()
    backend = backends(answer)
    server = start(server=pass_to(backend))
    with server.connect(timeout=20) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert done.wait(10), "the server still sends"
        client.read_until(b"\r\n\r\n")
        assert receive(client, size) == body
    assert "buffered to a temporary file" in server.log()
    wait_for(lambda: os.listdir(server.dir / "proxy_temp") == [])


def test_a_slow_client_that_goes_leaves_nothing(start, backends):
    closed = threading.Event()

    def answer(_, connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                connection.sendall(b"x" * (1 << 20))
        except OSError:
            closed.set()
        return False
    backend = backends(answer)
    server = start(server=pass_to(backend, "proxy_max_temp_file_size 8m;"))
    for _ in range(3):
        closed.clear()
        with server.connect() as client:
            client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            client.read_until(b"\r\n\r\n")
            wait_for(lambda: "temporary file" in server.log())
        assert closed.wait(PATIENCE), "the connection to the server stays"
    wait_for(lambda: os.listdir(server.dir / "proxy_temp") == [])


@pytest.mark.parametrize("when", ("head", "body"))
def test_a_client_that_goes_ends_the_exchange(start, backends, when):
    closed = threading.Event()

    def answer(_, connection):
        if when == "body":
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nsome")
        if connection.recv(1) == b"":
            closed.set()
        return False
    backend = backends(answer)
    server = start(level="info",
                   http='log_format f "$status $upstream_addr";',
                   server="access_log a.log f;" + pass_to(backend))
    with server.connect() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_for(lambda: backend.requests)
        if when == "body":
            client.read_until(b"some")
    assert closed.wait(PATIENCE), "the connection to the server stays"
    wait_for(lambda: server.log("a.log"))
    status = "499" if when == "head" else "200"
    assert server.log("a.log") == "%s 127.0.0.1:%d\n" % (status, backend.port)


@pytest.mark.parametrize("more", ("", "proxy_request_buffering off;"))
def test_also_while_its_body_waits_for_an_answer(start, backends, more):
    closed = threading.Event()

    def answer(_, connection):
        if connection.recv(1) == b"":
            closed.set()
        return False
    backend = backends(answer)
    server = start(server=pass_to(backend, more))
    with server.connect() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
                    b"some")
        client.send(b" body")
        wait_for(lambda: backend.requests)
    assert closed.wait(PATIENCE), "the connection to the server stays"
    assert backend.requests[0].body == b"some body"


def test_an_exchange_that_is_finished_for_nobody(start, backends):
    gone, done = threading.Event(), threading.Event()

    def answer(_, connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nsome")
        gone.wait(PATIENCE)
        for _ in range(64):
            connection.sendall(b"x" * 65536)
        done.set()
        return False
    backend = backends(answer)
    server = start(server=pass_to(backend, "proxy_ignore_client_abort on;"))
    with server.connect() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        client.read_until(b"some")
    gone.set()
    assert done.wait(PATIENCE), "the server could not send all"


def test_a_limited_exchange_for_nobody_holds_nobody_up(start, backends):
    backend = backends(lambda *_: b"HTTP/1.1 200 OK\r\n"
                                  b"Content-Length: 300000\r\n\r\n" +
                       b"x" * 300000)
    server = start(http='log_format f "$uri $upstream_response_length";',
                   server="access_log a.log f;" + pass_to(
                       backend, "proxy_ignore_client_abort on; "
                       "proxy_limit_rate 200k;") +
                   "location /else { return 200; }")
    with server.connect() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        client.read_until(b"\r\n\r\n")
    assert server.get("/else").status == 200
    wait_for(lambda: "/ 300000\n" in server.log("a.log"))


@pytest.mark.parametrize("more", ("proxy_max_temp_file_size 0;",
                                  "proxy_max_temp_file_size 256k;",
                                  "proxy_ignore_client_abort on;"))
def test_clients_that_go_at_any_moment_leave_nothing(start, backends, more):
    backend = backends(lambda *_: b"HTTP/1.1 200 OK\r\n\r\n" +
                       b"x" * (1 << 21), close=True)
    server = start(server=pass_to(backend, "proxy_buffers 4 4k;" + more))
    clients = []
    for _ in range(24):
        client = server.connect()
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        client.read_until(b"\r\n\r\n")
        clients.append(client)
        if len(clients) > 3:		# in the midst of filling and writing
            clients.pop(0).close()
    for client in clients:
        client.close()
    wait_for(lambda: not backend.sockets)


# ---- servers that fail ----

HOSTILE = {
    "nothing": b"",
    "not http": b"SSH-2.0-x\r\n\r\n",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "no status": b"HTTP/1.1 OK\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
                   b"Content-Length: 2\r\n\r\nxx",
    "length and chunks": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"
                         b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "signed length": b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx",
    "huge length": b"HTTP/1.1 200 OK\r\nContent-Length: "
                   b"99999999999999999999\r\n\r\nx",
    "other coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx",
    "blank in a name": b"HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\nx",
    "folded line": b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
    "nul in a value": b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
    "a large head": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 5000 + b"\r\n\r\n",
    "many lines": b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500 + b"\r\n",
    "unasked switch": b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n",
}


@pytest.mark.parametrize("how", HOSTILE)
def test_what_is_no_answer_is_a_502(start, backends, how):
    def answer(_, connection):
        connection.sendall(HOSTILE[how])
        return False
    backend = backends(answer)
    server = start(server=pass_to(backend))
    assert server.get("/").status == 502
    assert "upstream" in server.log()


@pytest.mark.parametrize("how, sent", (
    ("length", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart"),
    ("chunk", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
              b"4\r\npart\r\n"),
    ("bad chunk", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                  b"4\r\npart\r\nzz\r\n"),
))
@pytest.mark.parametrize("buffering", ("on", "off"))
def test_half_an_answer_is_no_whole_one(start, backends, how, sent,
                                        buffering):
    def answer(_, connection):
        connection.sendall(sent)
        return False
    backend = backends(answer)
    server = start(server=pass_to(backend, "proxy_buffering %s;" % buffering))
    with server.connect() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        everything = client.read_all()
    assert b"part" in everything
    assert not everything.endswith(b"0\r\n\r\n")
    wait_for(lambda: "while reading upstream" in server.log())


@pytest.mark.parametrize("sent, body", (
    (b"Content-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\nsmuggled", b"ok"),
    (b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 OK",
     b"ok"),
))
def test_what_follows_an_answer_is_not_the_next_one(start, backends, sent,
                                                    body):
    backend = backends(lambda *_: b"HTTP/1.1 200 OK\r\n" + sent)
    server = start(workers=1, http="upstream u { server 127.0.0.1:%d; }" %
                   backend.port,
                   server="location / { proxy_pass http://u; }")
    for _ in range(3):
        assert server.get("/").body == body
    assert backend.connections == 3


def test_interim_answers_are_skipped(start, backends):
    backend = backends(lambda *_: b"HTTP/1.1 100 Continue\r\n\r\n"
                       b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK)
    server = start(server=pass_to(backend))
    answer = server.get("/")
    assert (answer.status, answer.body) == (200, b"ok")
    assert "link" not in answer.headers


def test_timeouts(start, backends):
    backend = backends(lambda r, _: time.sleep(3) if r.uri == "/head" else
                       b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart")
    server = start(server=pass_to(backend, "proxy_read_timeout 200ms;"))
    assert server.get("/head").status == 504
    with server.connect() as client:
        client.send(b"GET /body HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.read_all().endswith(b"part")
    assert "upstream timed out (110: Connection timed out) while reading " \
        "response header from upstream" in server.log()
    assert "while reading upstream" in server.log()


def test_nobody_listens(start):
    server = start(server="""
        location / { proxy_pass http://127.0.0.1:1; }
        location /unix { proxy_pass http://unix:/nowhere:/x; }
        location /name { proxy_pass http://$arg_to/; }
    """)
    assert server.get("/").status == 502
    assert server.get("/unix").status == 502
    assert server.get("/name?to=some.name").status == 502
    assert server.get("/name?to=").status == 500
    log = server.log()
    assert "connect() failed (111: Connection refused) while connecting to " \
        "upstream" in log
    assert 'upstream: "http://127.0.0.1:1/"' in log
    assert "connect() to unix:/nowhere failed (2:" in log
    assert "no resolver defined to resolve some.name" in log


# ---- what clients make up ----

def test_variables_cannot_split_a_request(start, backends):
    backend = backends()
    server = start(server="""
        location /h { proxy_pass http://127.0.0.1:%(p)d;
                      proxy_set_header X-Uri $uri; }
        location /u { proxy_pass http://127.0.0.1:%(p)d$uri; }
        location /p { proxy_pass http://127.0.0.1:%(p)d/p; }
    """ % {"p": backend.port})
    evil = "%20HTTP/1.1%0d%0aHost:%20x%0d%0a%0d%0aGET%20/evil"
    for path in ("/h", "/u", "/p"):
        server.get(path + evil)
    assert all(request.uri != "/evil" and "\r" not in request.uri
               for request in backend.requests)
    assert all("host: x" not in request.head.decode().lower().split("\r\n")
               for request in backend.requests)


@pytest.mark.parametrize("head", (
    "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "Content-Length: 5\r\nContent-Length: 6",
    "Transfer-Encoding: chunked, identity",
    "Transfer-Encoding: xchunked",
))
def test_unclear_requests_are_not_passed_on(start, backends, head):
    backend = backends()
    server = start(server=pass_to(backend))
    answer = server.raw(b"POST / HTTP/1.1\r\nHost: x\r\n" + head.encode() +
                        b"\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n")
    assert answer.split(b" ")[1] in (b"400", b"501")
    assert backend.requests == []


@pytest.mark.parametrize("text, says", (
    ("proxy_pass 127.0.0.1;", "invalid URL prefix"),
    ("proxy_pass http://;", 'no host in upstream ""'),
    ("proxy_pass http://127.0.0.1:0;", "invalid port in upstream"),
    ("proxy_pass http://no-such-host.invalid;",
     'host not found in upstream "no-such-host.invalid"'),
    ("proxy_pass http://127.0.0.1; proxy_pass http://127.0.0.1;",
     '"proxy_pass" directive is duplicate'),
    ("proxy_buffers 1 4k;", "at least 2"),
    ("proxy_next_upstream whatever;", 'invalid value "whatever"'),
    ("proxy_redirect default;", "should be placed after"),
    ("proxy_cache zone;", "not supported"),
))
def test_mistakes_in_the_configuration(refused, text, says):
    assert says in refused(server="location / { %s }" % text)
