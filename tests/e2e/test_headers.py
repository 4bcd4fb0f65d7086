"""headers: what add_header, expires and add_trailer add, when, and what blocks
inherit of it."""

import email.utils
import socket
import time

import pytest

from conftest import wait_for


def stamp(answer, name):
    return email.utils.parsedate_to_datetime(answer.headers[name]).timestamp()


def test_lines_are_added_with_usual_statuses(start):
    server = start(server="""
        add_header X-Path $uri;
        add_header X-Always yes always;
        add_header X-Empty $arg_none;
        location / { return 200; }
        location /see { return 303 /other; }
        location /no { return 404; }
        location /bad { return 500; }""")
    for path in ("/", "/see"):
        answer = server.get(path)
        assert answer.headers["x-path"] == path
        assert answer.headers["x-always"] == "yes"
        assert "x-empty" not in answer.headers
    for path in ("/no", "/bad"):
        answer = server.get(path)
        assert "x-path" not in answer.headers
        assert answer.headers["x-always"] == "yes"


def test_blocks_inherit_lines_if_they_have_none(start):
    server = start(http="add_header A http;", server="""
        add_header B server;
        location / { return 200; }
        location /own { add_header C own; return 200; }
        location /off { add_header_inherit off; return 200; }
        location /merge {
            add_header_inherit merge;
            add_header C own;
            return 200;
            location /merge/deep { add_header D deep; return 200; }
        }""")

    def names(path):
        return "".join(n for n in "abcd" if n in server.get(path).headers)

    assert names("/") == "b"
    assert names("/own") == "c"
    assert names("/off") == ""
    assert names("/merge") == "bc"
    assert names("/merge/deep") == "bcd"


def test_validators_are_replaced(start):
    date = "Mon, 28 Sep 1970 06:00:00 GMT"
    server = start(server="""
        location /etag { add_header ETag '"own"'; }
        location /none { add_header ETag ""; add_header Last-Modified ""; }
        location /date { add_header Last-Modified "%s"; }
        location /odd { add_header Last-Modified "long ago"; }""" % date)
    for name in ("etag", "none", "date", "odd"):
        server.file(name, b"0123456789")
    assert server.get("/etag").headers["etag"] == '"own"'
    answer = server.get("/none")
    assert "etag" not in answer.headers
    assert "last-modified" not in answer.headers
    assert server.get("/date").headers["last-modified"] == date
    assert server.get("/odd").headers["last-modified"] == "long ago"
    answer = server.get("/etag", headers={
        "Range": "bytes=0-3", "If-Range": '"own"'})
    assert (answer.status, answer.body) == (206, b"0123")


@pytest.mark.parametrize("value, control, seconds", [
    ("epoch", "no-cache", None),
    ("max", "max-age=315360000", None),
    ("0", "max-age=0", 0),
    ("2048", "max-age=2048", 2048),
    ("+1h", "max-age=3600", 3600),
    ("-60", "no-cache", -60),
])
def test_expires(start, value, control, seconds):
    server = start(server="""
        location /said { expires %s; return 200; }
        location /var { expires $arg_e; return 200; }""" % value)
    for path in ("/said", "/var?e=" + value):
        answer = server.get(path)
        assert answer.headers["cache-control"] == control
        if seconds is not None:
            assert stamp(answer, "expires") == \
                stamp(answer, "date") + seconds


def test_expires_at_a_time_of_the_day(start):
    server = start(server="location / { expires @15h30m33s; return 200; }")
    answer = server.get("/")
    at = time.localtime(stamp(answer, "expires"))
    assert at[3:6] == (15, 30, 33)
    age = stamp(answer, "expires") - stamp(answer, "date")
    assert 0 < age <= 25 * 3600
    assert answer.headers["cache-control"] == "max-age=%d" % age


def test_expires_after_the_last_change(start):
    server = start(server="location / { expires modified 1d; }")
    server.file("f", b"x")
    answer = server.get("/f")
    assert stamp(answer, "expires") == stamp(answer, "last-modified") + 86400


def test_expires_leaves_errors_alone(start):
    server = start(server="""
        expires 1h;
        location /off { expires off; return 200; }
        location /no { return 404; }
        location /what { expires $arg_e; return 200; }""")
    for path in ("/off", "/no", "/what", "/what?e=1x", "/what?e=@25h"):
        assert "expires" not in server.get(path).headers


def trailers(server, path, version="1.1"):
    """Head, body as sent, of a connection that is then closed."""
    with socket.create_connection(("127.0.0.1", server.port), 5) as s:
        s.sendall(("GET %s HTTP/%s\r\nHost: a\r\nConnection: close\r\n\r\n"
                   % (path, version)).encode())
        data = b""
        while piece := s.recv(65536):
            data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    return head.decode().lower(), body


def test_trailers_follow_the_body(start):
    server = start(http="log_format f '$sent_trailer_x_sum';", server="""
        access_log a.log f;
        add_trailer X-Sum "sent $body_bytes_sent";
        add_trailer X-No $arg_none;
        location / { }
        location /text { return 200 "hello"; }
        location /off { chunked_transfer_encoding off; return 200 "x"; }
        location /no { return 404; }""")
    big = bytes(range(256)) * 1024
    server.file("big", big)
    server.file("small", b"0123456789")
    server.file("empty", b"")
    head, body = trailers(server, "/text")
    assert "transfer-encoding: chunked" in head
    assert "content-length" not in head
    assert body == b"5\r\nhello\r\n0\r\nX-Sum: sent 5\r\n\r\n"
    assert trailers(server, "/empty")[1] == b"0\r\nX-Sum: sent 0\r\n\r\n"
    assert trailers(server, "/small")[1] == \
        b"a\r\n0123456789\r\n0\r\nX-Sum: sent 10\r\n\r\n"
    assert trailers(server, "/big")[1] == \
        b"40000\r\n" + big + b"\r\n0\r\nX-Sum: sent 262144\r\n\r\n"
    for path, version in (("/text", "1.0"), ("/off", "1.1"), ("/no", "1.1")):
        head, body = trailers(server, path, version)
        assert "content-length" in head
        assert b"X-Sum" not in body
    assert server.get("/text", method="HEAD").headers["content-length"] == "5"
    answer = server.get("/small", headers={"Range": "bytes=2-3"})
    assert (answer.status, answer.body) == (206, b"23")
    wait_for(lambda: "sent 262144\n" in server.log("a.log"))


def test_a_client_cannot_add_lines(start):
    server = start(server="""
        location / {
            add_header X-Path $uri;
            add_trailer X-Behind $uri;
            return 200 "x";
        }""")
    head, body = trailers(server, "/a%0d%0aX-Evil:%201%00")
    assert "\nx-evil" not in head
    assert b"\nX-Evil" not in body


@pytest.mark.parametrize("text, message", [
    ("expires;", 'invalid number of arguments in "expires" directive'),
    ("expires 1x;", '"expires" directive invalid value'),
    ("expires modified @1h;", '"expires" directive daily time cannot be '
     'used with "modified" parameter'),
    ("expires @25h;", '"expires" directive daily time value must be less '
     'than 24 hours'),
    ("expires 1h; expires 2h;", '"expires" directive is duplicate'),
    ("expires changed 1h;", '"expires" directive invalid value'),
    ("add_header a b c;", 'invalid parameter "c"'),
    ("add_header a;", 'invalid number of arguments in "add_header"'),
    ("add_header_inherit maybe;", 'invalid value "maybe"'),
])
def test_errors_are_named(make, text, message):
    server = make()
    server.write(server=text)
    assert message in server.command("-t").stdout
