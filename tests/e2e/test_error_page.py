"""error_page: the page, the status and the request that it sees. Guards
against pages of pages, lost statuses, and requests that fail because the
error does."""

import pytest

FILES = {"404.html": "custom", "f": "file"}


@pytest.mark.parametrize("setting,path,status,body", [
    ("404 /404.html", "/x", 404, b"custom"),
    ("404 403 /404.html", "/x", 404, b"custom"),
    ("404 =200 /404.html", "/x", 200, b"custom"),
    ("404 =410 /404.html", "/x", 410, b"custom"),
    ("404 = /201", "/x", 201, b"made"),
    ("404 /201", "/x", 404, b"made"),
    ("404 = @named", "/x?a=b", 202, b"named /x a=b"),
    ("404 @named", "/x", 404, b"named /x "),
    ("404 /seen?y=$arg_a", "/x?a=b", 404, b"/seen y=b /x?a=b GET 404"),
    ("404 /inside", "/x", 404, b"inside"),
    ("404 /missing", "/x", 404, None),
    ("404 @missing", "/x", 500, None),
    ("404 =204 /404.html", "/x", 204, b""),
    ("405 /404.html", "/x", 404, None),
    ("503 /404.html", "/503", 503, b"custom"),
    ("503 /404.html", "/503text", 503, b"text"),
    ("404 500 /500", "/x", 500, None),
])
def test_pages(start, setting, path, status, body):
    server = start(files=FILES, server="error_page " + setting + """;
        location /201 { return 201 made; }
        location @named { return 202 "named $uri $args"; }
        location /seen {
            return 200 "$uri $args $request_uri $request_method $status"; }
        location /inside { internal; return 200 inside; }
        location = /503 { return 503; }
        location = /503text { return 503 text; }
        location = /500 { return 500; }""")
    answer = server.get(path)
    assert answer.status == status
    assert body is None or answer.body == body
    if status == 204:
        assert not {"content-length", "content-type"} & answer.headers.keys()


def test_redirects(start):
    server = start(server="""
        error_page 404 http://other.example/$uri;
        error_page 403 =301 http://other.example/moved;
        location /403 { return 403; }""")
    answer = server.get("/x")
    assert answer.status == 302
    assert answer.headers["location"] == "http://other.example//x"
    answer = server.get("/403")
    assert answer.status == 301
    assert answer.headers["location"] == "http://other.example/moved"


def test_inner_settings_replace_outer_ones(start):
    server = start(files=FILES, http="error_page 404 =200 /f;", server="""
        location /own { error_page 405 /f; }
        location /no { error_page 404 /404.html; }""")
    assert server.get("/x").body == b"file"
    assert server.get("/own").status == 404
    assert server.get("/no").body == b"custom"


def test_the_page_of_another_method_is_got(start):
    server = start(files=FILES, server="error_page 404 405 /404.html;")
    for method in ("POST", "DELETE"):
        answer = server.get("/f", method, body=b"data")
        assert (answer.status, answer.body) == (405, b"custom")
    assert server.get("/x", "HEAD").status == 404


def test_the_page_of_a_body_that_is_too_large(start):
    server = start(files=FILES, server="""
        client_max_body_size 10; error_page 413 /404.html;""")
    answer = server.get("/x", "POST", body=b"x" * 11)
    assert (answer.status, answer.body) == (413, b"custom")


def test_a_page_says_nothing_of_its_file(start):
    server = start(files=FILES, server="error_page 404 /404.html;")
    headers = server.get("/x").headers
    assert not {"last-modified", "accept-ranges"} & headers.keys()
    for value in ("*", headers.get("etag", "*")):
        answer = server.get("/x", headers={"If-None-Match": value})
        assert answer.status == 404


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 406, 409,
                                    410, 411, 412, 413, 414, 415, 416, 421,
                                    429, 500, 501, 502, 503, 504, 505, 507])
def test_the_built_in_pages(start, status):
    server = start(server="location / { return %d; }" % status)
    answer = server.get("/")
    assert answer.status == status
    assert answer.headers["content-type"] == "text/html"
    assert b"<h1>%d " % status in answer.body
    assert int(answer.headers["content-length"]) == len(answer.body)


def test_internal_locations_are_not_for_clients(start):
    server = start(server="""
        location /in { internal; return 200 in; location /in/er { } }
        location /to { try_files /nope /in; }""")
    assert server.get("/in").status == 404
    assert server.get("/in/er").status == 404
    assert server.get("/to").body == b"in"


@pytest.mark.parametrize("status, head", [
    (400, b"GET / HTTP/1.1\r\n\r\n"),
    (414, b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"),
    (505, b"GET / HTTP/3.0\r\nHost: a\r\n\r\n"),
])
def test_a_head_that_is_not_understood_has_its_page_too(start, status, head):
    server = start(files={"bad": "sorry"},
                   server="error_page 400 414 505 /bad;")
    answer = server.raw(head)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.endswith(b"\r\n\r\nsorry")


def test_error_pages_of_error_pages(start):
    pages = """error_page 404 /missing; error_page 403 /refused;
        location = /missing { return 403; }
        location = /refused { return 200 "refused"; }"""
    server = start(server=pages)
    assert server.get("/x").status == 403
    assert b"refused" not in server.get("/x").body
    server = start(server="recursive_error_pages on;" + pages)
    response = server.get("/x")
    assert (response.status, response.body) == (403, b"refused")


def test_error_pages_that_never_end(start):
    server = start(server="""recursive_error_pages on;
        error_page 404 /missing; location / { return 404; }""")
    assert server.get("/x").status == 500
