"""The files of the dashboard's page, as browsers ask for them.

Guards against a page that is stale after an upgrade, against a compressed
answer for who cannot read it, and against two forms of a file that share a
tag, which a cache would mix up.
"""

import gzip
import pathlib
import re

import pytest
from board import start_board

PAGE = pathlib.Path(__file__).parents[2] / "html" / "dashboard"
FILES = ["/", "/js/app.js", "/js/store.js", "/js/theme.js", "/style.css"]
TYPES = {
    ".css": "text/css; charset=utf-8",
    "": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}


@pytest.fixture
def board(start):
    return start_board(start)[1]


def test_every_file_is_served_both_ways(board):
    for name in FILES:
        plain = board.get(name)
        assert plain.status == 200, name
        content = plain.body
        assert len(content) > 100
        assert plain.headers["content-type"] == \
            TYPES[pathlib.PurePath(name).suffix]
        assert "content-encoding" not in plain.headers
        small = board.get(name, headers={"Accept-Encoding": "gzip"})
        assert small.headers["content-encoding"] == "gzip"
        assert gzip.decompress(small.body) == content
        assert small.headers["content-type"] == plain.headers["content-type"]
        assert small.headers["etag"] != plain.headers["etag"]
        for response in plain, small:
            assert response.headers["vary"] == "Accept-Encoding"
            assert response.headers["cache-control"] == "no-cache"


def test_the_page_is_whole(board):
    """It asks for nothing but what is there."""
    page = board.get("/").body.decode()
    assert page == (PAGE / "index.html").read_text()
    links = re.findall(r'(?:src|href)="(/[^"#?]*)', page)
    assert "/js/app.js" in links and "/style.css" in links
    for link in links:
        assert board.get(link).status == 200, link
    for name in "/js/app.js", "/js/store.js":
        code = board.get(name).body.decode()
        for link in re.findall(r'from"\./([^"]*)"', code):
            assert board.get("/js/" + link).status == 200, link


def test_every_source_is_listed():
    """Or a tarball would lack it, and a change would not be built."""
    listed = (PAGE.parent / "Makefile.inc").read_text()
    for kind in "css", "html", "js", "json":
        for file in PAGE.rglob("*." + kind):
            name = "html/dashboard/%s" % file.relative_to(PAGE)
            assert "\t%s" % name in listed, name


def test_what_others_made_is_served_with_its_licence(board):
    assert b"uPlot" in board.get("/uPlot.iife.min.js").body
    licence = board.get("/uPlot.LICENSE")
    assert licence.headers["content-type"].startswith("text/plain")
    assert b"Permission is hereby granted" in licence.body
    assert board.get("/favicon.svg").headers["content-type"] == \
        "image/svg+xml"


@pytest.mark.parametrize("accepted, coding", [
    ("gzip", "gzip"), ("br, GZIP;q=0.1", "gzip"), ("*", "gzip"),
    ("*;q=0.5", "gzip"), ("gzip, deflate, br, zstd", "gzip"),
    ("identity;q=0.5, gzip;q=0.5", "gzip"),
    ("", None), ("br", None), ("gzip;q=0", None), ("gzip;q=0, *", None),
    ("identity, gzip;q=0.5", None), ("gzip;q=nonsense", None),
])
def test_it_is_compressed_for_those_who_want_it(board, accepted, coding):
    response = board.get("/style.css", headers={"Accept-Encoding": accepted})
    assert response.status == 200
    assert response.headers.get("content-encoding") == coding


@pytest.mark.parametrize("accepted", ["identity", "gzip"])
def test_it_is_revalidated_by_its_tag(board, accepted):
    fields = {"Accept-Encoding": accepted}
    first = board.get("/style.css", headers=fields)
    tag = first.headers["etag"]
    assert tag.startswith('"')
    again = board.get("/style.css", headers=dict(fields, **{
        "If-None-Match": '"other", ' + tag}))
    assert again.status == 304
    assert again.body == b""
    assert again.headers["etag"] == tag
    assert again.headers["vary"] == "Accept-Encoding"
    other = board.get("/style.css", headers=dict(fields, **{
        "If-None-Match": '"other"'}))
    assert other.status == 200
    assert other.body == first.body


def test_head_tells_the_same_without_the_body(board):
    for accepted in "identity", "gzip":
        fields = {"Accept-Encoding": accepted}
        get = board.get("/", headers=fields)
        head = board.get("/", "HEAD", fields)
        assert head.status == 200
        assert head.body == b""
        for name in "content-length", "content-type", "etag", "vary":
            assert head.headers[name] == get.headers[name]
        assert int(head.headers["content-length"]) == len(get.body)


def test_without_scripts_the_page_leads_to_the_figures(board):
    page = board.get("/").body.decode()
    without = page.partition("<noscript>")[2].partition("</noscript>")[0]
    for path in "/metrics.json", "/metrics.prom":
        assert 'href="%s"' % path in without
        assert board.get(path).status == 200
