"""charset: texts say which set they are in, and are recoded to it; whatever
pieces they come in."""

import pytest

MAP = """
    charset_map A B { 58 59; E0 E1; }
    charset_map koi8-r utf-8 {
        C0 D18E; C1 D0B0; C2 D0B1; C3 D186; D9 D18B;
    }
    types { text/html html; text/plain txt; image/png png; }
"""


@pytest.fixture
def server(start):
    server = start(http=MAP, server="""
        location /named/ { alias html/; charset utf-8; }
        location /var/ { alias html/; set $c $arg_c; charset $c; }
        location /bytes/ { alias html/; charset B; source_charset A; }
        location /back/ { alias html/; charset A; source_charset B; }
        location /to/ { alias html/; charset utf-8; source_charset koi8-r; }
        location /from/ { alias html/; charset koi8-r;
                          source_charset utf-8; }
        location /types/ { alias html/; charset x; charset_types image/png; }
        location /nomap/ { alias html/; set $c none; charset $c;
                           source_charset A; }
        location /moved { charset utf-8; return 301 /; }
        """)
    server.file("x.html", "aXY")
    server.file("x.png", "aXY")
    server.file("koi.html", b"a\xc0\xc1\xff" * 30000)
    server.file("utf.html", "aюа😀Ж".encode() * 30000)
    server.file("bad.html", b"a\xff\xd1b\xe2\x82")
    return server


def test_the_set_is_named(server):
    def kind(path):
        return server.get(path).headers["content-type"]
    assert kind("/named/x.html") == "text/html; charset=utf-8"
    assert kind("/named/x.png") == "image/png"
    assert kind("/var/x.html?c=me") == "text/html; charset=me"
    assert kind("/types/x.png") == "image/png; charset=x"
    assert kind("/moved") == "text/html"


def test_byte_to_byte(server):
    assert server.get("/bytes/x.html").body == b"aYY"
    assert server.get("/back/x.html").body == b"aXX"
    assert server.get("/bytes/x.html").headers["content-length"] == "3"
    assert server.get("/bytes/x.png").body == b"aXY"


def test_to_utf8(server):
    assert server.get("/to/koi.html").body == "aюа?".encode() * 30000


def test_from_utf8(server):
    assert server.get("/from/utf.html").body == \
        b"a\xc0\xc1&#128512;&#1046;" * 30000


def test_what_is_no_utf8(server):
    assert server.get("/from/bad.html").body == b"a??"


def test_head_and_ranges(server):
    assert server.get("/to/x.html", method="HEAD").headers[
        "content-type"] == "text/html; charset=utf-8"
    part = server.get("/named/x.html", headers={"Range": "bytes=0-0,2-2"})
    assert part.body.count(b"Content-Type: text/html; charset=utf-8") == 2


def test_ranges_of_what_is_recoded(server):
    """Byte for byte, it can be had in parts, which are recoded as well."""
    server.file("long.html", b"aXYa" * 30000)
    whole = server.get("/bytes/long.html")
    assert whole.headers["accept-ranges"] == "bytes"

    def part(text):
        return server.get("/bytes/long.html", headers={"Range": text})
    for first, last in ((0, 0), (1, 2), (65530, 70001), (119998, 119999)):
        answer = part("bytes=%d-%d" % (first, last))
        assert answer.status == 206
        assert answer.headers["content-range"] == \
            "bytes %d-%d/120000" % (first, last)
        assert answer.body == whole.body[first:last + 1]
    assert part("bytes=-10").body == whole.body[-10:]
    assert part("bytes=120000-").status == 416
    assert part("bytes=0-1,4-5").body == whole.body
    answer = server.get("/to/koi.html", headers={"Range": "bytes=0-1"})
    assert answer.status == 200 and "accept-ranges" not in answer.headers


def test_no_table_is_logged_and_nothing_recoded(server):
    assert server.get("/nomap/x.html").body == b"aXY"
    assert 'no "charset_map" between the charsets "A" and "none"' \
        in server.log()


@pytest.mark.parametrize("lines, message", [
    ("charset_map a a { }", 'between the same charsets "a" and "a"'),
    ("charset_map utf-8 a { }", "should be given in the second column"),
    ("charset_map a b { } charset_map B A { }", "duplicate"),
    ("charset_map a b { 1 2 3; }", "invalid parameters number"),
    ("charset_map a b { 100 2; }", 'invalid value "100"'),
    ("charset_map a b { 10 xx; }", 'invalid value "xx"'),
    ("charset_map a utf-8 { 10 D0B0D0B0; }", 'invalid value "D0B0D0B0"'),
    ("charset_map a utf-8 { 10 D0; }", 'invalid value "D0"'),
    ("charset a; source_charset b;",
     'no "charset_map" between the charsets "b" and "a"'),
    ("charset a; charset b;", '"charset" directive is duplicate'),
])
def test_mistakes_are_named(server, lines, message):
    server.write(http=lines)
    assert message in server.command("-t").stdout
