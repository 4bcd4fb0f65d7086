"""Upstream servers and zones of limits on the page: there when there are any,
and no byte of them otherwise."""

from board import start_board
from page import numbers, panel, rows, see, show, start_site
from test_page_accessible import axe, check

HTTP = """
    limit_req_zone $arg_k zone=per_key:1m rate=1r/m;
    limit_conn_zone $arg_k zone=at_once:1m;
    upstream app { server 127.0.0.1:%d; server 127.0.0.1:%d max_fails=1; }"""
SITE = """
    location / { proxy_pass http://app; }
    location /few { limit_req zone=per_key; limit_conn at_once 9;
                    empty_gif; }"""


def asked_for(browser):
    return [path for path in browser.requested() if "upstreams" in path]


def test_a_site_without_upstreams_has_no_tables_of_them(start, browser):
    _, board = start_site(start)
    tab = browser.open(board)
    show(tab, "limits")
    tab.wait(lambda: rows(tab, panel("limits")))
    assert not tab.visible("#tab-upstreams")
    assert tab.count("#panel-limits table") == 1
    assert not asked_for(browser)


def row_of(tab, css, name):
    found = [row for row in rows(tab, css) if name in row]
    return found[0] if found else []


def test_servers_and_zones_are_shown(start, browser, backends, axe):
    good, dead = backends(), backends()
    dead.stop()
    server, board = start_board(start, http=HTTP % (good.port, dead.port),
                                server=SITE, workers=1)
    server.bad_lines_expected = True
    for _ in range(7):
        assert server.get("/").status == 200
    few = [server.get("/few?k=a").status for _ in range(4)]
    tab = browser.open(board)
    see(tab, "#who")
    tab.wait(lambda: tab.visible("#tab-upstreams"))
    show(tab, "upstreams")
    tab.wait(lambda: len(rows(tab, panel("upstreams"))) == 2)
    names = ["127.0.0.1:%d" % one.port for one in (good, dead)]
    one, other = [row_of(tab, panel("upstreams"), name) for name in names]
    assert one[:3] == ["app", names[0], "up"]
    assert other[:3] == ["app", names[1], "✕ left alone"]
    head = tab.texts("#panel-upstreams th")
    cell = dict(zip(head, one))
    assert [cell[name] for name in ("Requests", "2xx", "Active", "Failures")
            ] == ["7", "7", "0", "0"]
    assert numbers(cell["p50"])[0] > 0
    assert dict(zip(head, other))["Failures"] == "1"
    assert tab.attr("#panel-upstreams tbody tr:nth-child(2) .at-failures",
                    "title") == "not connected: 1"
    assert "showing 2" in tab.text("#who .shown")
    check(tab, axe, panel("upstreams"))
    show(tab, "limits")
    zone = tab.wait(lambda: row_of(tab, panel("limits"), "per_key"))
    head = tab.texts("#panel-limits table:has(.at-passed_rate) th")
    cell = dict(zip(head, zone))
    assert [cell[name] for name in ("Passed", "Rejected", "Dry run")] == [
        str(few.count(200)), str(few.count(503)), "0"]
    assert (cell["At most"], cell["Full"]) == ("64 B", "0")
    check(tab, axe, panel("limits"))
    see(tab, "#requests")
    tab.wait(lambda: row_of(tab, panel("recent"), "/"))
    tab.click("#panel-recent tbody tr:last-child")
    tab.wait_text("#request-body", r"Passed to127\.0\.0\.1:\d+, ")


def test_a_link_opens_the_table(start, browser, backends):
    backend = backends()
    server, board = start_board(
        start, http=HTTP % (backend.port, backend.port), server=SITE)
    tab = browser.open(board, "/#who=upstreams")
    see(tab, "#who")
    tab.wait(lambda: rows(tab, panel("upstreams")))
    assert tab.visible("#tab-upstreams")
