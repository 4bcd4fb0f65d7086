"""Tables of Who that say why: all status codes, what a long turn of a worker
was long with, what the cache is worth, and how full zones are."""

from board import start_board
from page import panel, rows, see, show, start_site, traffic
from test_page_accessible import axe, check


def cells(tab, css, caption, name):
    """The row that begins with `name`, by the heads of its table."""
    head = tab.texts("%s [aria-label=\"%s\"] th" % (css, caption))
    for row in rows(tab, "%s [aria-label=\"%s\"]" % (css, caption)):
        if row[0] == name:
            return dict(zip(head, row))
    return None


def test_each_status_code_is_counted(start, browser, axe):
    server, board = start_site(start)
    board.wait_total(traffic(server, 4))
    tab = browser.open(board)
    see(tab, "#who")
    show(tab, "servers")
    css = "#panel-servers"
    for code, times, share in (("200", "8", "40"), ("301", "4", "20"),
                               ("404", "4", "20"), ("500", "4", "20")):
        row = tab.wait(lambda code=code: cells(tab, css, "Status codes", code))
        assert row["Requests"] == times
        assert row["Share"].startswith(share)
    check(tab, axe, panel("servers"))


def test_a_worker_says_what_its_longest_turn_was(start, browser, axe):
    server, board = start_board(start, workers=1, server=r"""
        server_name example.org;
        location /slow { %s return 204; }""" % (
            'rewrite "^/slow/(a+)+$" /x;' * 30))
    tab = browser.open(board)
    see(tab, "#who")
    show(tab, "workers")

    def told():
        server.get("/slow/" + "a" * 20 + "b")
        row = cells(tab, "#panel-workers", "Workers", "w0")
        return row and "recv example.org /slow" in row["It was"] and row
    row = tab.wait(told)
    assert row["Longest turn"].endswith("s")
    check(tab, axe, panel("workers"))


def test_the_cache_has_times_of_hits_and_misses(start, browser, axe):
    server, board = start_site(start)
    traffic(server, 3)
    tab = browser.open(board)
    see(tab, "#who")
    show(tab, "cache")
    row = tab.wait(lambda: cells(tab, "#panel-cache", "Caches", "files"))
    for name in "Hit p50", "Hit p99", "Miss p50", "Miss p99":
        assert row[name].endswith("s"), row
    check(tab, axe, panel("cache"))
