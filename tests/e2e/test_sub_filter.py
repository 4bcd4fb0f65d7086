"""sub_filter: strings in bodies are replaced, wherever pieces of the body
end, and nothing else changes."""

import gzip

import pytest

TYPES = "types { text/html html; text/plain txt; }"


@pytest.fixture
def server(start):
    server = start(http=TYPES, server="""
        location /once/ { alias html/; sub_filter Foo bar;
                          sub_filter baz 'x$arg_a'; }
        location /all/ { alias html/; sub_filter_once off;
                         sub_filter foo bar; sub_filter baz ''; }
        location /var/ { alias html/; sub_filter $arg_from to; }
        location /types/ { alias html/; sub_filter foo bar;
                           sub_filter_types text/plain; }
        location /date/ { alias html/; sub_filter foo bar;
                          sub_filter_last_modified on; }
        location /gzip/ { alias html/; sub_filter_once off; gzip on;
                          sub_filter foo longer-than-it-was; }
        """)
    for name in ("a.html", "a.txt"):
        server.file(name, "a FOO foo BAZ baz fo")
    # Matches lie across every border between pieces.
    server.file("big.html", b"foo!" * 100000 + b"fo")
    return server


def test_once_and_all(server):
    assert server.get("/once/a.html?a=1").body == b"a bar foo x1 baz fo"
    assert server.get("/all/a.html").body == b"a bar bar   fo"
    assert server.get("/once/a.txt").body == b"a FOO foo BAZ baz fo"


def test_variables_in_what_is_looked_for(server):
    assert server.get("/var/a.html?from=FOO").body == b"a to foo BAZ baz fo"
    assert server.get("/var/a.html").body == b"a FOO foo BAZ baz fo"


def test_types(server):
    assert server.get("/types/a.txt").body == b"a bar foo BAZ baz fo"


def test_across_pieces(server):
    assert server.get("/all/big.html").body == b"bar!" * 100000 + b"fo"
    answer = server.get("/gzip/big.html",
                        headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(answer.body) == \
        b"longer-than-it-was!" * 100000 + b"fo"


def test_what_the_header_says(server):
    plain = server.get("/a.html").headers
    changed = server.get("/once/a.html").headers
    for name in ("etag", "last-modified", "content-length", "accept-ranges"):
        assert name in plain and name not in changed, name
    dated = server.get("/date/a.html").headers
    assert dated["last-modified"] == plain["last-modified"]
    assert dated["etag"] == "W/" + plain["etag"]
    part = server.get("/once/a.html", headers={"Range": "bytes=0-0"})
    assert part.status == 200


@pytest.mark.parametrize("lines, message", [
    ("sub_filter '' x;", "empty search pattern"),
    ("sub_filter x;", 'invalid number of arguments in "sub_filter"'),
    ("sub_filter a b;" * 256, "number of search patterns exceeds 255"),
])
def test_mistakes_are_named(server, lines, message):
    server.write(http=lines)
    assert message in server.command("-t").stdout
