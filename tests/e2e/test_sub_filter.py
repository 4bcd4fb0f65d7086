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


@pytest.mark.parametrize("before", range(4))
def test_across_pieces(server, before):
    start = b"." * before	# so that borders are everywhere in a match
    server.file("big.html", start + b"foo!" * 100000 + b"fo")
    assert server.get("/all/big.html").body == \
        start + b"bar!" * 100000 + b"fo"
    answer = server.get("/gzip/big.html",
                        headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(answer.body) == \
        start + b"longer-than-it-was!" * 100000 + b"fo"


def test_far_apart(server):
    server.file("far.html", (b"." * 5000 + b"fo" + b"foo") * 100)
    assert server.get("/all/far.html").body == \
        (b"." * 5000 + b"fo" + b"bar") * 100


def test_where_the_last_piece_is_short(server):
    for end in (b"", b"b", b"ba", b"baz", b"bazfo", b"bazfoo", b"fobaz"):
        for behind in range(3):
            text = b"." * (64 * 1024 - len(end) + behind) + end
            name = "%s%d.html" % (end.decode(), behind)
            server.file(name, text)
            assert server.get("/all/" + name).body == text.replace(b"baz", b"").replace(
                b"foo", b"bar"), (end, behind)


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
