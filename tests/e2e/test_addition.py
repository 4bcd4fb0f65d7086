"""add_before_body and add_after_body: what other locations answer stands
around a body, changed by their own filters only."""

import gzip

import pytest


@pytest.fixture
def server(start):
    server = start(http="types { text/html html; text/plain txt; }", server="""
        location /both/ { alias html/; add_before_body /head.html;
                          add_after_body /tail.html; sub_filter x y;
                          sub_filter_once off; }
        location /lost/ { alias html/; add_after_body /none.html; }
        location /gzip/ { alias html/; gzip on;
                          add_before_body /big.html; }
        location /self.html { add_after_body /self.html; }
        location /secret.html { deny all; }
        location /open/ { alias html/; add_after_body /secret.html; }
        location /named/ { alias html/; add_after_body /go; }
        location = /go { rewrite ^ /tail.html last; }
        """)
    for name in ("a.html", "a.txt", "self.html"):
        server.file(name, "x body ")
    server.file("head.html", "x head ")
    server.file("tail.html", "x tail")
    server.file("secret.html", "secret")
    server.file("big.html", b"0123456789" * 50000)
    return server


def test_around_the_body(server):
    answer = server.get("/both/a.html")
    assert answer.body == b"x head y body x tail"
    assert "content-length" not in answer.headers
    assert server.get("/both/a.txt").body == b"x body "


def test_a_location_that_adds_itself(server):
    assert server.get("/self.html").body == b"x body x body "


def test_an_error_page_is_added_as_well(server):
    answer = server.get("/lost/a.html")
    assert answer.status == 200
    assert answer.body.startswith(b"x body <html>")
    assert b"404 Not Found" in answer.body


def test_access_is_not_asked_for(server):
    assert server.get("/secret.html").status == 403
    assert server.get("/open/a.html").body == b"x body secret"


def test_rewritten(server):
    assert server.get("/named/a.html").body == b"x body x tail"


def test_compressed_as_one(server):
    answer = server.get("/gzip/a.html", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(answer.body) == b"0123456789" * 50000 + b"x body "


def test_conditions_and_ranges_are_about_the_body(server):
    headers = server.get("/tail.html").headers
    answer = server.get("/both/a.html", headers={
        "If-None-Match": headers["etag"], "Range": "bytes=0-0"})
    assert answer.body == b"x head y body x tail"


def test_head_runs_nothing(server):
    answer = server.get("/lost/a.html", method="HEAD")
    assert answer.status == 200
    assert "none.html" not in server.log()


def test_a_client_that_leaves(server):
    for _ in range(3):
        with server.connect() as client:
            client.send(b"GET /gzip/a.html HTTP/1.1\r\nHost: a\r\n\r\n")
            client.read_bytes(10)
    assert server.get("/both/a.html").status == 200


@pytest.mark.parametrize("lines, message", [
    ("add_before_body;", "invalid number of arguments"),
    ("add_after_body /a; add_after_body /b;", "is duplicate"),
])
def test_mistakes_are_named(server, lines, message):
    server.write(http=lines)
    assert message in server.command("-t").stdout
