"""Where redirects lead. Guards against redirects to a port or host that the
client cannot reach, and against unescaped paths."""

import pytest


@pytest.mark.parametrize("settings,host,location", [
    ("", "h", "http://h:PORT/d/"),
    ("", "H.Example:99", "http://h.example:PORT/d/"),
    ("", "[::1]:99", "http://[::1]:PORT/d/"),
    ("port_in_redirect off;", "h", "http://h/d/"),
    ("absolute_redirect off;", "h", "/d/"),
    ("server_name_in_redirect on; server_name a.example b;", "b",
     "http://a.example:PORT/d/"),
])
def test_of_a_directory(start, settings, host, location):
    server = start(files={"d/x": ""}, server=settings)
    answer = server.get("/d", headers={"Host": host})
    assert answer.status == 301
    assert answer.headers["location"] == location.replace(
        "PORT", str(server.port))


@pytest.mark.parametrize("arguments,status,location", [
    ("301 /there?a=b", 301, "http://localhost:PORT/there?a=b"),
    ("302 https://$host$uri", 302, "https://localhost/x"),
    ("303 /", 303, "http://localhost:PORT/"),
    ("307 other", 307, "other"), ("308 //host/x", 308, None),
    ("http://o.example/$arg_q", 302, "http://o.example/1"),
])
def test_return(start, arguments, status, location):
    server = start(server="location / { return %s; }" % arguments)
    answer = server.get("/x?q=1")
    assert answer.status == status
    if location:
        assert answer.headers["location"] == location.replace(
            "PORT", str(server.port))
    assert answer.headers["content-type"] == "text/html"
    assert b"<h1>%d " % status in answer.body


def test_no_header_can_be_injected(start):
    server = start(files={"d\r\nX: y/f": ""}, server="""
        location /r { return 301 http://h$uri; }""")
    answer = server.get("/d%0d%0aX:%20y")
    assert answer.headers["location"].endswith("/d%0D%0AX:%20y/")
    assert "x" not in answer.headers
    answer = server.raw(b"GET /r%0d%0aInjected:%20y HTTP/1.1\r\n"
                        b"Host: x\r\nConnection: close\r\n\r\n")
    assert b"\r\nInjected" not in answer
