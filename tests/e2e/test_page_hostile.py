"""What clients send stays text on the page, and breaks no layout: paths,
user agents and referrers come from whoever can connect."""

import re

import pytest
from page import REQUESTS, SITE, panel, rows, show, start_site, wait_row
from test_page_look import fits

HOSTILE = [
    "/<script>window.broken=1</script>",
    "/%3Cimg%20src=x%20onerror=window.broken=1%3E",
    "/\"'><svg/onload=window.broken=1>",
    "/{{7*7}}${7*7}<%=7*7%>",
    "/%1b[31mred%1b]0;title%07",
    "/%E2%80%AEgpj.exe",				# right to left override
    "/%ff%fe%C2%9B",
    "/=cmd|'/C calc'!A0",
    "/a%0d%0aSet-Cookie:%20x=1",
    "/%F0%9F%92%A9%CC%81%CC%81%CC%81",
    "/__proto__", "/constructor",
]
EVIL = {
    "User-Agent": "<script>window.broken=1</script>\x1b[2J=cmd|x",
    "Referer": "http://x/\"><img src=x onerror=window.broken=1>",
}

COUNT = """
    return ['script', 'img', 'svg', 'iframe', 'link', 'style', 'a']
        .map(name => document.querySelectorAll(name).length)"""

ISOLATED = """
    const cells = [...document.querySelectorAll('#panel-recent td')]
        .filter(c => c.textContent.includes('gpj'));
    return cells.length > 0 && cells.every(c =>
        !c.textContent.includes('\\u202e') || c.querySelector('bdi') ||
        /isolate/.test(getComputedStyle(c).unicodeBidi))"""


@pytest.fixture
def site(start, browser):
    server, board = start_site(start, http="large_client_header_buffers "
                               "4 32k;", server=SITE)
    return server, board, browser.open(board)


def ask(server, path):
    """As it is; a refusal is as good."""
    head = "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" % path
    head += "".join("%s: %s\r\n" % item for item in EVIL.items())
    server.raw(head.encode("latin-1") + b"\r\n")


def test_hostile_requests_are_text(site):
    server, _, tab = site
    before = tab.js(COUNT)
    for i, path in enumerate(HOSTILE):
        ask(server, path)
        if i % 6 == 5:			# no more than fit into a frame
            server.get("/after-%d" % i)
            wait_row(tab, "recent", "/after-%d" % i)
    server.get("/the-last")
    for name in REQUESTS:
        show(tab, name)
        if name in ("recent", "slowest"):
            wait_row(tab, name, "the-last")
            wait_row(tab, name, re.escape("window.broken=1"))
    show(tab, "recent")
    assert tab.js("return window.broken") is None
    assert tab.js(COUNT) == before
    text = tab.js("return document.body.textContent")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)
    fits(tab)
    assert tab.js(ISOLATED), "what runs right to left leaves its cell"


@pytest.mark.parametrize("width", [320, 1280])
def test_long_ones_break_no_layout(site, width):
    server, board, tab = site
    tab.resize(width)
    ask(server, "/" + "a" * 8000)
    ask(server, "/" + "%3Cb%3E" * 1000)
    server.get("/the-last")
    wait_row(tab, "recent", "the-last")
    fits(tab)
    assert tab.js("return Math.max(...[...document.querySelectorAll("
                  "'#panel-recent tbody tr')].map(r => r.offsetHeight))") \
        < 400
    tab.js("document.querySelectorAll('#panel-recent tbody tr')[1]"
           ".scrollIntoView({ block: 'center' })")
    tab.click("#panel-recent tbody tr:nth-child(2)")
    tab.wait("#request-dialog[open]")
    fits(tab)
    assert tab.js("const r = document.querySelector('#request-dialog')"
                  ".getBoundingClientRect();"
                  "return r.left >= 0 && r.right <= innerWidth")


def test_the_log_shows_no_secrets(start, browser):
    server, board = start_site(start, server="""
        location / { root html; }""", level="info")
    tab = browser.open(board)
    server.get("/nothing-here?password=hunter2&token=s3cr3t", headers={
        "Authorization": "Basic aHVudGVyMg==", "Cookie": "uid=c00kie",
        "Referer": "http://x/?password=hunter2"})
    show(tab, "logs")
    wait_row(tab, "logs", "nothing-here")
    for name in REQUESTS:
        show(tab, name)
        tab.wait(lambda: name == "inflight" or rows(tab, panel(name)) or
                 tab.text(panel(name)))
    text = tab.js("return document.body.textContent")
    for secret in "hunter2", "s3cr3t", "aHVudGVyMg", "c00kie":
        assert secret not in text


def test_a_hostile_filter_and_a_hostile_mark_are_text(start, browser):
    _, board = start_site(start)
    tab = browser.open(board, "/#filter=%3Cimg%20src=x%20onerror="
                       "window.broken=1%3E")
    assert "onerror" in tab.find("#filter").get_property("value")
    board.get("/api/v1/marks", "POST", {"Content-Type": "application/json"},
              b'{"text": "<img src=x onerror=window.broken=2>"}')
    tab.wait(lambda: "onerror" in tab.attr("#identity", "title"))
    tab.press("[")
    tab.wait_text("#live", "onerror")
    assert tab.js("return window.broken") is None
    assert tab.count("img[src=x]") == 0
