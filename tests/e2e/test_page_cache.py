"""The switch of the cache on the page: it changes the server and draws a
mark, and takes back what it showed if the server would not."""

from page import sentence, start_site, wait_row
from selenium.webdriver.common.keys import Keys

SWITCH = "#cache-switch"


def pressed(tab):
    return tab.attr(SWITCH, "aria-pressed")


def open_page(start, browser):
    server, board = start_site(start)
    return server, board, browser.open(board)


def marks(board):
    return [one["kind"] for one in board.json("/api/v1/marks")["marks"]]


def test_the_switch_changes_the_server_and_draws_a_mark(start, browser):
    server, board, tab = open_page(start, browser)
    assert pressed(tab) == "true"
    tab.click(SWITCH)
    tab.wait(lambda: board.json()["cache_enabled"] is False)
    tab.wait(lambda: pressed(tab) == "false")
    assert "cache_off" in marks(board)
    tab.wait(lambda: "cache off at" in sentence(tab, "traffic"),
             what="the mark in the sentence of the chart")
    server.get("/file/a.txt")
    wait_row(tab, "recent", "bypass")
    tab.click(SWITCH)
    tab.wait(lambda: board.json()["cache_enabled"] is True)
    tab.wait(lambda: pressed(tab) == "true")
    assert "cache_on" in marks(board)


def test_a_switch_that_fails_is_taken_back(start, browser):
    _, board, tab = open_page(start, browser)
    browser.expect("ERR_BLOCKED_BY_CLIENT|Failed to load")
    tab.block("*/api/v1/cache*", "*/toggle_cache*")
    tab.click(SWITCH)
    tab.wait(lambda: tab.text("#alert"), what="the failure is announced")
    tab.wait(lambda: pressed(tab) == "true")
    assert board.json()["cache_enabled"] is True
    tab.block()
    tab.click(SWITCH)
    tab.wait(lambda: board.json()["cache_enabled"] is False)


def test_the_switch_is_shown_before_the_server_has_answered(start, browser):
    """The page is optimistic; and it shows what others switch."""
    _, board, tab = open_page(start, browser)
    board.get("/toggle_cache", "POST")
    tab.wait(lambda: pressed(tab) == "false")
    board.get("/toggle_cache", "POST")
    tab.wait(lambda: pressed(tab) == "true")
    tab.cdp("Network.emulateNetworkConditions", offline=False, latency=2000,
            downloadThroughput=-1, uploadThroughput=-1)
    tab.js("document.querySelector(arguments[0]).click()", SWITCH)
    assert pressed(tab) == "false"
    tab.wait(lambda: board.json()["cache_enabled"] is False)
    tab.wait(lambda: pressed(tab) == "false")


def test_a_mark_of_a_deploy_is_drawn(start, browser):
    _, board, tab = open_page(start, browser)
    tab.click("#mark")
    tab.wait(lambda: tab.focused() == "#mark-text")
    tab.press("release 7", Keys.ENTER)
    tab.wait(lambda: not tab.visible("#mark-dialog"))
    newest = board.json("/api/v1/marks")["marks"][0]
    assert (newest["kind"], newest["text"]) == ("deploy", "release 7")
    tab.wait(lambda: "deploy at" in sentence(tab, "traffic"),
             what="the mark in the sentence of the chart")
    tab.press("[")
    tab.wait_text("#live", "release 7")
