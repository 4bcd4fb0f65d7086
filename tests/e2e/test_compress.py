"""gzip, brotli and zstd: bodies are compressed in the coding that the client
likes most; what a file became is kept, and never older than the file."""

import gzip
import subprocess

import brotli
import pytest

from conftest import wait_for

TYPES = "types { text/html html; text/plain txt; image/png png; }"
PAGE = b"".join(b"line %d of a page\n" % i for i in range(5000))
BIG = PAGE * 30
FILES = {"/page.html": PAGE, "/big.html": BIG, "/small.html": b"x" * 20}


def unzstd(data):
    return subprocess.run(["zstd", "-dc"], input=data, check=True,
                          stdout=subprocess.PIPE).stdout


EXPAND = {"gzip": gzip.decompress, "br": brotli.decompress, "zstd": unzstd}


def get(server, path, accept="gzip", **headers):
    return server.get(path, headers={"Accept-Encoding": accept, **{
        name.replace("_", "-"): value for name, value in headers.items()}})


@pytest.fixture
def server(start):
    server = start(http=TYPES + " gzip on; brotli on; zstd on;",
                   workers=1)
    for name in ("page.html", "page.txt", "page.png"):
        server.file(name, PAGE)
    server.file("big.html", BIG)
    server.file("tiny.html", "x" * 19)
    server.file("small.html", "x" * 20)
    return server


@pytest.mark.parametrize("coding", EXPAND)
@pytest.mark.parametrize("path", FILES)
def test_each_coding_gives_the_same_bytes(server, coding, path):
    for _ in range(3):
        answer = get(server, path, coding)
        assert answer.headers["content-encoding"] == coding
        assert EXPAND[coding](answer.body) == FILES[path]
        assert answer.headers["etag"].startswith('W/"')
        assert "accept-ranges" not in answer.headers


@pytest.mark.parametrize("accept, coding", [
    ("gzip, deflate, br, zstd", "br"),
    ("gzip, zstd", "zstd"),
    ("br;q=0.5, gzip", "gzip"),
    ("br;q=0, zstd;q=0.1, gzip;q=0.000", "zstd"),
    ("GZIP;Q=1.000", "gzip"),
    ("deflate", None),
    ("*", None),
    ("gzip;q=0", None),
    ("gzip;q=2", None),
    ("xgzip, gzipx", None),
    ("", None),
])
def test_the_coding_that_is_liked_most(server, accept, coding):
    answer = get(server, "/page.html", accept)
    assert answer.headers.get("content-encoding") == coding
    assert (EXPAND[coding](answer.body) if coding else answer.body) == PAGE


def test_what_is_left_as_it_is(server):
    for path in ("/page.png", "/page.txt", "/tiny.html"):
        assert "content-encoding" not in get(server, path).headers, path
    assert get(server, "/none.html").headers["content-encoding"] == "gzip"
    proxied = get(server, "/page.html", Via="1.1 proxy")
    assert "content-encoding" not in proxied.headers
    old = server.raw(b"GET /page.html HTTP/1.0\r\n"
                     b"Accept-Encoding: gzip\r\n\r\n")
    assert b"Content-Encoding" not in old


def test_head_says_what_get_does(server):
    answer = server.get("/page.html", method="HEAD",
                        headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert "content-length" not in answer.headers
    length = get(server, "/page.html").headers["content-length"]
    kept = server.get("/page.html", method="HEAD",
                      headers={"Accept-Encoding": "gzip"})
    assert kept.headers["content-length"] == length


def test_a_range_is_not_cut_from_what_is_compressed(server):
    answer = get(server, "/page.html", Range="bytes=0-3")
    assert answer.status == 200
    assert gzip.decompress(answer.body) == PAGE


def test_a_changed_file_is_compressed_again(server):
    get(server, "/page.html")
    for text in (b"second " * 9000, b"third " * 9000):
        server.file("page.html", text)
        answer = get(server, "/page.html")
        assert gzip.decompress(answer.body) == text


def test_unchanged_is_not_sent_again(server):
    etag = get(server, "/page.html").headers["etag"]
    assert get(server, "/page.html", If_None_Match=etag).status == 304


def test_clients_that_come_together_get_the_same(server):
    clients = [server.connect() for _ in range(20)]
    for client in clients:
        client.send(b"GET /page.html HTTP/1.1\r\nHost: a\r\n"
                    b"Accept-Encoding: br\r\n\r\n")
    for client in clients:
        assert brotli.decompress(client.response().body) == PAGE
        client.close()


def test_a_client_that_leaves_in_the_middle(server):
    for _ in range(5):
        with server.connect() as client:
            client.send(b"GET /big.html HTTP/1.1\r\nHost: a\r\n"
                        b"Accept-Encoding: gzip\r\n\r\n")
            client.read_bytes(100)
    assert gzip.decompress(get(server, "/big.html").body) == BIG


def test_vary_is_said_to_all_where_it_is_true(start):
    server = start(http=TYPES + " gzip on; gzip_vary on;")
    server.file("page.html", PAGE)
    server.file("page.png", PAGE)
    for accept in ("gzip", "identity"):
        assert get(server, "/page.html", accept).headers["vary"] == \
            "Accept-Encoding"
    assert "vary" not in get(server, "/page.png").headers


def test_settings_of_locations(start):
    server = start(http=TYPES + " gzip on; gzip_comp_level 9;", server="""
        location /all/ { alias html/; gzip_types *; gzip_min_length 1; }
        location /off/ { alias html/; gzip off; }
        location /old/ { alias html/; gzip_http_version 1.0; }
        location /any/ { alias html/; gzip_proxied any; }
        location /auth/ { alias html/; gzip_proxied auth no_etag; }
        location /etag/ { alias html/; gzip_proxied no_etag; }
        location /ie/ { alias html/; gzip_disable msie6 "^bot"; }
        location /win/ { alias html/; gzip_window 512; gzip_hash 512; }
        """)
    server.file("page.html", PAGE)
    server.file("page.png", PAGE)
    server.file("one.txt", "x")

    def coded(path, **headers):
        answer = get(server, path, **headers)
        return answer.headers.get("content-encoding") == "gzip"

    assert coded("/all/page.png") and coded("/all/one.txt")
    assert not coded("/off/page.html")
    assert b"Content-Encoding: gzip" in server.raw(
        b"GET /old/page.html HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n")
    assert coded("/any/page.html", Via="1.1 a")
    assert not coded("/auth/page.html", Via="1.1 a")
    assert coded("/auth/page.html", Via="1.1 a", Authorization="Basic x")
    assert not coded("/etag/page.html", Via="1.1 a")
    assert not coded("/ie/page.html", User_Agent="Bot/1")
    assert not coded("/ie/page.html", User_Agent="Mozilla/4.0 (MSIE 6.0;)")
    assert coded("/ie/page.html", User_Agent="Mozilla/4.0 (MSIE 6.0; SV1)")
    assert coded("/ie/page.html", User_Agent="Mozilla/4.0 (MSIE 7.0;)")
    assert gzip.decompress(get(server, "/win/page.html").body) == PAGE


@pytest.mark.parametrize("path", ["/page.html", "/big.html"])
def test_ratio_is_logged(start, path):
    server = start(http="log_format r '$gzip_ratio'; gzip on;" + TYPES,
                   server="access_log access.log r;")
    server.file("page.html", PAGE)
    server.file("big.html", BIG)
    answer = get(server, path)
    whole = len(gzip.decompress(answer.body))
    wait_for(lambda: server.log("access.log").strip())
    assert abs(float(server.log("access.log")) - whole /
               len(answer.body)) < 0.02


@pytest.mark.parametrize("line, message", [
    ("gzip_comp_level 10;", "value must be between 1 and 9"),
    ("gzip_window 1000;", '"gzip_window" directive must be 512, 1k'),
    ("gzip_hash 256k;", '"gzip_hash" directive must be 512, 1k'),
    ("gzip_proxied sometimes;", 'invalid value "sometimes"'),
    ("gzip_http_version 2;", 'invalid value "2"'),
    ("gzip_disable '(';", "missing closing parenthesis"),
    ("brotli_comp_level 12;", "value must be between 0 and 11"),
    ("brotli_window 3k;", '"brotli_window" directive must be 1k'),
    ("zstd_comp_level 23;", "value must be between 1 and 22"),
    ("gzip maybe;", 'invalid value "maybe"'),
])
def test_mistakes_are_named(server, line, message):
    server.write(http=line)
    out = server.command("-t").stdout
    assert message in out and "ringmaster.conf:" in out


# ---- compressed forms that lie beside files ----

@pytest.fixture
def beside(start):
    server = start(http=TYPES + " gzip_vary on;", server="""
        gzip_static on; brotli_static on; zstd_static on;
        location /always/ { alias html/; gzip_static always;
                            brotli_static off; zstd_static off; }
        location /expand/ { alias html/; gzip_static always; gunzip on;
                            brotli_static off; zstd_static off; }
        """)
    server.file("page.html", PAGE)
    server.file("page.html.gz", gzip.compress(PAGE))
    server.file("page.html.br", brotli.compress(PAGE))
    server.file("many.html.gz", gzip.compress(PAGE) + gzip.compress(b"end"))
    server.file("cut.html.gz", gzip.compress(PAGE)[:-9])
    server.file("bad.html.gz", b"no gzip" * 100)
    server.file("alone.html", "alone")
    return server


def test_the_form_beside_a_file(beside):
    for coding in ("gzip", "br"):
        answer = get(beside, "/page.html", coding)
        assert answer.headers["content-encoding"] == coding
        assert answer.headers["content-type"] == "text/html"
        assert answer.headers["vary"] == "Accept-Encoding"
        assert EXPAND[coding](answer.body) == PAGE
    # What is liked most is not there: the next best.
    assert get(beside, "/page.html", "zstd, gzip;q=0.5").headers[
        "content-encoding"] == "gzip"
    plain = get(beside, "/page.html", "zstd")
    assert plain.body == PAGE
    assert plain.headers["vary"] == "Accept-Encoding"
    alone = get(beside, "/alone.html")
    assert alone.body == b"alone" and "vary" not in alone.headers


def test_ranges_are_cut_from_the_form_beside(beside):
    answer = get(beside, "/page.html", Range="bytes=0-1")
    assert answer.status == 206 and answer.body == b"\x1f\x8b"


def test_always_asks_nobody(beside):
    answer = beside.get("/always/page.html")
    assert answer.headers["content-encoding"] == "gzip"


def test_gunzip_expands_for_those_who_cannot(beside):
    answer = beside.get("/expand/page.html")
    assert "content-encoding" not in answer.headers
    assert answer.body == PAGE and answer.headers["etag"].startswith("W/")
    assert get(beside, "/expand/page.html").headers[
        "content-encoding"] == "gzip"
    assert beside.get("/expand/many.html").body == PAGE + b"end"


@pytest.mark.parametrize("name", ["cut", "bad"])
def test_what_cannot_be_expanded_does_not_look_whole(beside, name):
    answer = beside.raw(b"GET /expand/%s.html HTTP/1.1\r\nHost: a\r\n\r\n" %
                        name.encode())
    assert not answer.endswith(b"0\r\n\r\n")
