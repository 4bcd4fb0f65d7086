"""Variables, as "return" shows them: each has nginx's meaning."""

import re
import socket
import time

import pytest

from conftest import wait_for


def ask(start, text, path="/", headers=None, **parts):
    """What `text` is for a request."""
    server = start(server='location / { return 200 "%s"; }' % text, **parts)
    return server.get(path, headers=headers).body.decode("latin-1")


@pytest.mark.parametrize("text,expected", [
    ("$uri|$request_uri", "/a b|/x/../a%20b?q=1&r"),
    ("$args|$query_string|$is_args", "q=1&r|q=1&r|?"),
    ("$arg_q|$arg_Q|$arg_r|$arg_nothing|$arg_", "1|1|||"),
    ("$request", "GET /x/../a%20b?q=1&r HTTP/1.1"),
    ("$request_method $server_protocol $scheme$https", "GET HTTP/1.1 http"),
    ("$host|$http_host", "example.com|Example.COM:81"),
    ("$request_port$is_request_port", "81:"),
    ("$http_x_a|$http_X_A|$http_nothing", "one|one|"),
    ("$cookie_a|$cookie_B|$cookie_c", "1|two|"),
    ("$http_cookie", "a=1; b=two"),
    ("$content_type|$content_length", "text/x|"),
    ("$remote_addr $remote_user", "127.0.0.1 me"),
    ("$server_addr", "127.0.0.1"),
    ("$connection_requests", "1"),
    ("${uri}x$document_uri", "/a bx/a b"),
    ("a$$uri", None),
])
def test_of_the_request(make, text, expected):
    server = make()
    server.write(server='location / { return 200 "%s"; }' % text)
    if expected is None:
        assert server.command("-t").returncode == 1
        return
    server.start()
    answer = server.get("/x/../a%20b?q=1&r", headers={
        "Host": "Example.COM:81", "X-A": "one", "Cookie": "a=1; b=two",
        "Content-Type": "text/x", "Authorization": "Basic bWU6eW91"})
    assert answer.body.decode() == expected


def test_of_the_server_and_the_process(start):
    server = start(workers=1, server="""
        server_name first.example second.example;
        location / {
            return 200 "$server_name $server_port $hostname $pid
$document_root $request_filename $realpath_root";
        }""")
    first, second = server.get("/f").body.decode().split("\n")
    assert first == "first.example %d %s %d" % (
        server.port, socket.gethostname(), server.workers()[0])
    root = "%s/html" % server.dir
    assert second == "%s %s/f %s" % (root, root, root)


def test_request_filename_of_an_alias(start):
    server = start(server="""
        location /a/ { alias /else/where/; return 200 $request_filename; }""")
    assert server.get("/a/file").body == b"/else/where/file"


def test_times(start):
    text = ask(start, "$time_iso8601|$time_local|$msec|$request_time"
               "|$connection_time")
    iso, local, msec, request, connection = text.split("|")
    assert re.fullmatch(r"\d{4}(-\d\d){2}T(\d\d:){2}\d\d[+-]\d\d:\d\d", iso)
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}(:\d\d){3} [+-]\d{4}",
                        local)
    assert abs(float(msec) - time.time()) < 5
    assert re.fullmatch(r"\d+\.\d{3}", request)
    assert re.fullmatch(r"\d+\.\d{3}", connection)


def test_request_id_is_one_of_a_kind_and_stays_for_a_request(start):
    server = start(server="""
        location / { return 200 "$request_id $request_id"; }""")
    seen = set()
    for _ in range(20):
        first, second = server.get("/").body.decode().split()
        assert first == second and re.fullmatch("[0-9a-f]{32}", first)
        seen.add(first)
    assert len(seen) == 20


def test_binary_remote_addr(start):
    assert ask(start, "$binary_remote_addr") == "\x7f\x00\x00\x01"


def test_of_the_response_in_a_log(start):
    server = start(http="""
        log_format f '$status $sent_http_content_type '
            '$sent_http_content_length $bytes_sent $body_bytes_sent '
            '$sent_http_connection $request_length $request_completion';
        """, server="""
        access_log a.log f;
        location / { default_type text/plain; return 200 hello; }""")
    head = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = server.raw(head)
    server.stop()
    assert server.log("a.log") == "200 text/plain 5 %d 5 close %d OK\n" % (
        len(answer), len(head))


def test_an_unknown_variable_is_an_error(make):
    server = make()
    server.write(server="location / { return 200 $nothing; }")
    result = server.command("-t")
    assert result.returncode == 1
    assert 'unknown "nothing" variable' in result.stdout


def test_headers_that_are_sent_twice(start):
    server = start(server="""location / {
        return 200 "$http_x_a|$content_type|$http_via|$http_cookie|$cookie_b";
    }""")
    with server.connect() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nVia: a\r\n"
                    b"Content-Type: x/y\r\nCookie: a = 1 ;c=2\r\n"
                    b"x-a: 2\r\nContent-Type: y/z\r\nVia: b, c\r\n"
                    b"Cookie: b= 3 ; a=4\r\n\r\n")
        assert client.response().body == \
            b"1, 2|x/y, y/z|a, b, c|a = 1 ;c=2; b= 3 ; a=4|3 "


def test_without_a_query_there_are_no_arguments(start):
    server = start(workers=1,
                   http="log_format f '$args $query_string $is_args';",
                   server="access_log a.log f; return 200;")
    for path in ("/", "/?", "/?a"):
        server.get(path)
    wait_for(lambda: server.log("a.log").count("\n") == 3)
    assert server.log("a.log") == "- - \n- - \na a ?\n"


def test_a_root_that_is_not_there_has_no_real_path(start):
    server = start(server="""
        location / { root /none/of/this; return 200 [$realpath_root]; }""")
    assert server.get("/").body == b"[]"
    assert "[crit]" in server.log()
    assert 'realpath() "/none/of/this" failed (2: No such file' in server.log()
