"""index and try_files: which file answers. Guards against a directory served
without the redirect that makes its relative links work, a fallback taken too
early or too late, and endless internal redirects."""

import pytest

FILES = {"f": "file", "d/index.html": "index", "d/b.html": "b", "e/x": "x",
         "fall": "fallback", "a b": "space"}


def test_index(start):
    server = start(files=FILES, server="""
        location /e/ { index nope f.html x; }
        location /abs/ { index nope /f; }
        location /var/ { index $arg_i; alias %%DIR%%/html/d/; }
        location /none/ { index nope; alias %%DIR%%/html/d/; }
        location /order/ { index b.html index.html; alias %%DIR%%/html/d/; }
        """)
    for path, body in (("/d/", b"index"), ("/e/", b"x"),
                       ("/abs/", b"file"), ("/var/?i=b.html", b"b"),
                       ("/order/", b"b")):
        assert server.get(path).body == body, path
    assert server.get("/none/").status == 403
    assert server.get("/missing/").status == 404


def test_index_is_looked_up_as_a_request_of_its_own(start):
    server = start(files=FILES, server=r"""
        location ~ \.html$ { return 200 "$uri $args"; }""")
    assert server.get("/d/?a=b").body == b"/d/index.html a=b"


@pytest.mark.parametrize("arguments,path,status,body", [
    ("$uri /fall", "/f", 200, b"file"),
    ("$uri /fall", "/missing", 200, b"fallback"),
    ("$uri /fall", "/d", 200, b"fallback"),
    ("$uri $uri/ /fall", "/d/", 200, b"index"),
    ("$uri $uri/ =404", "/missing", 404, None),
    ("/nope =204", "/x", 204, b""),
    ("/nope =500", "/x", 500, None),
    ("/nope @named", "/x?a=b", 200, b"named /x a=b"),
    ("/nope @missing", "/x", 500, None),
    ("/nope /shown?from=try", "/x?a=b", 200, b"/shown from=try"),
    ('"/a b" =404', "/x", 200, b"space"),
    ("/f/ =404", "/x", 404, None),
    ("/nope /x", "/x", 500, None),
    ("/$arg_f =404", "/x?f=f", 200, b"file"),
    ("/$arg_f =404", "/x?f=nope", 404, None),
])
def test_try_files(start, arguments, path, status, body):
    server = start(files=FILES, server="""
        location / { try_files %s; }
        location = /shown { return 200 "$uri $args"; }
        location @named { return 200 "named $uri $args"; }""" % arguments)
    answer = server.get(path)
    assert answer.status == status
    assert body is None or answer.body == body


def test_try_files_redirects_to_a_directory(start):
    server = start(files=FILES, server="try_files $uri $uri/ =404;",
                   http="absolute_redirect off;")
    answer = server.get("/d?a=b")
    assert answer.status == 301
    assert answer.headers["location"] == "/d/?a=b"
    assert server.get("/d/").body == b"index"


def test_try_files_below_an_alias(start):
    server = start(files=FILES, server="""
        location /al/ { alias %%DIR%%/html/; try_files $uri fall =404; }""")
    assert server.get("/al/f").body == b"file"
    assert server.get("/al/d/b.html").body == b"b"
    assert server.get("/al/missing").body == b"fallback"


def test_types_follow_the_name_that_was_found(start):
    server = start(files={"p.html": "p"}, server="""
        location / { try_files $uri.html =404; }""")
    assert server.get("/p").headers["content-type"] == "text/html"


def test_a_cycle_ends(start):
    server = start(server="""
        location /a { try_files /nope /b; }
        location /b { try_files /nope /a; }""")
    assert server.get("/a").status == 500
    assert "internal redirection cycle" in server.log()
