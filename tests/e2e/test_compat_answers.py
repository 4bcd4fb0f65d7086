"""Small things of nginx's behaviour that its own tests look at."""

import os
import time

import pytest


def test_age_of_a_connection_by_location(start):
    server = start(server="""
        location / { return 204; }
        location /time { keepalive_time 100ms; return 204; }""")
    with server.connect() as client:
        assert client.request("/time").headers["connection"] == "keep-alive"
        time.sleep(0.15)
        assert client.request("/").headers["connection"] == "keep-alive"
        assert client.request("/time").headers["connection"] == "close"
        assert client.read_all() == b""


def test_idle_time_of_a_connection_by_location(start):
    server = start(server="""
        keepalive_timeout 100ms;
        location / { return 204; }
        location /long { keepalive_timeout 10s; return 204; }""")
    with server.connect() as client, server.connect() as other:
        client.request("/long")
        other.request("/")
        assert other.read_all() == b""
        client.request("/long")
        client.request("/")
        assert client.read_all() == b""


def test_pipelined_requests_are_told(start):
    server = start(server='location / { return 200 "$pipe"; }')
    one = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    with server.connect() as client:
        client.send(one * 3)
        assert [client.response().body for _ in range(3)] == [
            b".", b"p", b"p"]
        client.send(one)
        assert client.response().body == b"."


@pytest.mark.parametrize("line", ["TRACE / ", "CONNECT localhost:1 "])
def test_connection_ends_after_trace_and_connect(start, line):
    server = start(server="location / { return 204; }")
    with server.connect() as client:
        client.send(line.encode() + b"HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.response().status == 405
        assert client.read_all() == b""


def test_redirect_and_error_behind_an_error_page(start):
    server = start(server="""
        error_page 404 /dir;
        error_page 500 /none;
        location = /500 { return 500; }""", files={"dir/x": ""})
    answer = server.get("/missing")
    assert answer.status == 301
    assert answer.headers["location"].endswith("/dir/")
    assert server.get("/500").status == 404


def test_directory_for_bodies_is_made(start):
    server = start(http="client_body_temp_path bodies;")
    stat = os.stat(server.dir / "bodies")
    assert stat.st_mode & 0o777 == 0o700
    assert not (server.dir / "client_body_temp").exists()
