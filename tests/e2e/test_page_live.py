"""The page shows what the server does, second by second, and says the same
as /metrics. Guards against figures that stand still, that are of something
else, and charts without points."""

import re

import pytest
from load import Load
from page import (CARDS, CHARTS, REQUESTS, WHO, card, chart_rows,
                  figure, numbers, panel, points, rows, seconds, sentence,
                  show, start_site, traffic, wait_row)


def test_cards_change_while_a_load_runs(start, browser):
    server, board = start_site(start)
    tab = browser.open(board)
    before = {name: card(tab, name) for name in CARDS}
    changed = set()
    with Load(server, path="/file/a.txt"):
        def all_changed():
            changed.update(name for name in CARDS
                           if card(tab, name) != before[name])
            return changed >= {"live", "cache", "avg", "cookies"}
        tab.wait(all_changed, what="changed cards, of %s" % changed)
        first = max(numbers(card(tab, "live")))
        tab.wait(lambda: max(numbers(card(tab, "live"))) > first)
    assert seconds(tab.text("#card-avg .figure")) > 0


def test_figures_agree_with_the_metrics(start, browser):
    server, board = start_site(start)
    tab = browser.open(board)
    count = traffic(server, 4)
    truth = board.wait_total(count)
    tab.wait(lambda: count in numbers(card(tab, "live")))
    assert {truth["cache_hits"], truth["cache_misses"]} <= \
        set(numbers(card(tab, "cache")))
    tab.wait(lambda: numbers(tab.text("#card-cookies .figure"))[0] ==
             truth["unique_sessions"])
    assert numbers(card(tab, "pool"))[0] == truth["thread_pool_size"]
    mean = seconds(tab.text("#card-avg .figure"))
    assert mean == pytest.approx(truth["average_response_time"], rel=0.1)
    cache = truth["cache_hits"] + truth["cache_misses"]
    assert re.search(r"%", tab.text("#card-cache .figure"))
    assert numbers(tab.text("#card-cache .figure"))[0] == pytest.approx(
        100 * truth["cache_hits"] / cache, abs=1)	# of rates


def test_every_chart_has_points_and_says_so(start, browser):
    server, board = start_site(start)
    tab = browser.open(board)
    with Load(server, new=1, kept=1):
        for name in CHARTS:
            tab.wait(lambda: len(points(tab, name)) >= 1 and
                     max(max(numbers(cell) or [0])
                         for row in points(tab, name)
                         for cell in row[1:]) > 0,
                     what="points of " + name)
        for name in "traffic", "latency", "status":
            tab.wait(lambda: len(points(tab, name)) >= 3,
                     what="three points of " + name)
    for name in CHARTS:
        tab.wait(lambda: re.search(r"\d", sentence(tab, name)),
                 what="figures in the sentence of " + name)
        assert tab.text(figure(name) + " figcaption")


def test_the_traffic_chart_counts_the_requests(start, browser):
    server, board = start_site(start)
    tab = browser.open(board)
    for _ in range(30):
        server.get("/")
    board.wait_total(30)
    tab.wait(lambda: 30 in numbers(chart_rows(tab, "traffic")[0][-1]),
             what="a total of 30")
    tab.click("#chart-requests-mode")		# now requests per second
    tab.wait(lambda: 0 in numbers(chart_rows(tab, "traffic")[0][-1]),
             what="a rate of 0 at last")


def test_tables_hold_what_they_are_named_for(start, browser):
    server, board = start_site(start)
    tab = browser.open(board)
    traffic(server, 1)
    for name in "200 OK", "301 Moved", "404 Not Found", "500 Internal":
        wait_row(tab, "recent", name)
    for name in WHO:
        show(tab, name)
        tab.wait(lambda: rows(tab, panel(name)), what="rows of " + name)
        assert tab.count(panel(name) + " thead th") > 1
    show(tab, "workers")
    pids = {str(pid) for pid in server.workers()}
    text = " ".join(sum(rows(tab, panel("workers")), []))
    assert pids <= set(re.findall(r"\d+", text.replace(",", "")))


def test_requests_recent_slowest_errors_and_in_flight(start, browser):
    server, board = start_site(start)
    tab = browser.open(board)
    traffic(server, 2)
    with server.connect() as slow:
        slow.send(b"GET /slow/big.txt HTTP/1.1\r\nHost: x\r\n\r\n")
        slow.read_until(b"\r\n\r\n")
        show(tab, "inflight")
        wait_row(tab, "inflight", r"/slow/big\.txt")
    for name in REQUESTS[:2]:
        show(tab, name)
        wait_row(tab, name, r"/file/a\.txt")
    show(tab, "errors")
    wait_row(tab, "errors", "/broken")
    assert not [row for row in rows(tab, panel("errors"))
                if "/file/a.txt" in row]


def test_a_request_tells_where_its_time_went(start, browser):
    server, board = start_site(start)
    tab = browser.open(board)
    server.get("/file/a.txt")
    wait_row(tab, "recent", r"/file/a\.txt")
    tab.js("document.querySelector('#panel-recent tbody tr')"
           ".scrollIntoView({ block: 'center' })")
    tab.click("#panel-recent tbody tr")
    tab.wait("#request-dialog[open]")
    text = tab.text("#request-dialog")
    assert "/file/a.txt" in text and "200" in text
    assert seconds(text.partition("Took")[2]) > 0


def test_the_server_log_is_there(start, browser):
    server, board = start_site(start)
    tab = browser.open(board)
    server.get("/file/nothing-here")
    show(tab, "logs")
    wait_row(tab, "logs", "nothing-here")
