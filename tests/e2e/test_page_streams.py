"""How frames get to the page: one stream for all its windows, and ways
around what stands between. Guards against a browser whose six connections
are all streams, and against a page that is blank behind a bad proxy."""

import re

import pytest
from page import Proxy, keep, kept, start_site, wait_row

STREAM, SOCKET, POLL = "/api/v1/stream", "/api/v1/ws", "/api/v1/frame"


@pytest.fixture
def proxy(start):
    server, board = start_site(start)
    with Proxy(board) as proxy:
        proxy.server, proxy.board = server, board
        yield proxy


def open_page(browser, proxy):
    browser.expect("ERR_|Failed to load|WebSocket")
    tab = browser.open(proxy)
    keep(tab)
    return tab


def alive(tab, proxy, path="/file/a.txt"):
    """What happens now is seen."""
    proxy.server.get(path)
    wait_row(tab, "recent", path.replace(".", r"\."), 15)


def test_a_stream_is_taken_if_there_is_one(browser, proxy):
    tab = open_page(browser, proxy)
    alive(tab, proxy)
    assert proxy.asked(STREAM) and not proxy.asked(SOCKET)
    assert not proxy.asked(POLL)


@pytest.mark.parametrize("refused, way", [
    ([STREAM], SOCKET), ([STREAM, SOCKET], POLL),
])
def test_ways_around(browser, proxy, refused, way):
    proxy.refused = refused
    tab = open_page(browser, proxy)

    def taken():
        asked = [one.split(" ")[1] for one in proxy.requests
                 if re.search("/(stream|ws|frame)$", one)]
        return asked[-3:] == [POLL] * 3 if way == POLL else \
            asked[-1] == way and proxy.streams() == 1
    tab.wait(taken, 30)
    alive(tab, proxy)
    assert taken()


def test_a_stream_refused_for_a_while_is_tried_again(browser, proxy):
    proxy.refused = [STREAM, SOCKET, POLL]
    browser.expect("ERR_|Failed to load|WebSocket")
    tab = browser.open(proxy, ready=False)
    keep(tab)
    tab.wait(lambda: proxy.asked(POLL) or len(proxy.asked(STREAM)) > 1)
    assert tab.attr("#state", "data-state") != "up"
    proxy.refused = []
    tab.wait_up()
    assert kept(tab)


def test_two_windows_share_a_stream(browser, proxy):
    first = open_page(browser, proxy)
    second = browser.open(proxy)
    third = browser.open(proxy)
    alive(first, proxy)
    for tab in second, third:
        wait_row(tab, "recent", r"/file/a\.txt")
    first.wait(lambda: proxy.streams() == 1, what="one stream")


def test_when_the_window_with_the_stream_closes_another_has_it(
        browser, proxy):
    first = open_page(browser, proxy)
    second = browser.open(proxy)
    second.wait(lambda: proxy.streams() == 1)
    first.close()
    alive(second, proxy)
    second.wait(lambda: proxy.streams() == 1)


def test_a_stream_that_stands_still_is_noticed(browser, proxy):
    tab = open_page(browser, proxy)
    proxy.flows.clear()
    tab.wait(lambda: tab.attr("#state", "data-state") not in
             ("up", "healthy"), 30, "a state that is not up")
    proxy.flows.set()
    tab.wait_up()
    alive(tab, proxy)
    assert kept(tab)
