"""The level of the error logs and the replacing of a worker on the page: they
change the server and draw marks, by keyboard as well, and what the server
refuses is not shown as done."""

import re

from page import panel, see, sentence, show, start_site
from selenium.webdriver.common.keys import Keys

LEVEL = panel("logs") + " select"
REPLACE = panel("workers") + " .tools button"
WHICH = panel("workers") + " select"


def value(tab, css):
    return tab.js("return document.querySelector(arguments[0]).value", css)


def choose(tab, css, text):
    """By keyboard: the first letters of an option choose it."""
    see(tab, css)
    tab.js("document.querySelector(arguments[0]).focus()", css)
    tab.press(text)
    tab.wait(lambda: value(tab, css) == text)


def test_the_level_is_chosen_and_marked(start, browser):
    _, board = start_site(start)
    tab = browser.open(board)
    show(tab, "logs")
    tab.wait(LEVEL)
    assert value(tab, LEVEL) == "configured"
    choose(tab, LEVEL, "warn")
    tab.wait(lambda: board.json()["logs"]["level"] == "warn")
    tab.wait(lambda: "log level at" in sentence(tab, "traffic"))
    tab.go(browser.url(board))
    tab.wait_up()
    show(tab, "logs")
    tab.wait(lambda: value(tab, LEVEL) == "warn")


def test_a_level_that_is_refused_is_taken_back(start, browser):
    _, board = start_site(start)
    tab = browser.open(board)
    browser.expect("ERR_BLOCKED_BY_CLIENT|Failed to load")
    show(tab, "logs")
    tab.wait(LEVEL)
    tab.block("*/api/v1/logs/level*")
    see(tab, LEVEL)
    tab.js("document.querySelector(arguments[0]).focus()", LEVEL)
    tab.press("warn")
    tab.wait_text("#alert", "not set")
    tab.wait(lambda: value(tab, LEVEL) == "configured")
    assert board.json()["logs"]["level"] == ""


def test_a_worker_is_replaced_when_that_was_confirmed(start, browser):
    server, board = start_site(start)
    tab = browser.open(board)
    show(tab, "workers")
    tab.wait(lambda: tab.texts(WHICH + " option") == ["0", "1"])
    before = board.json()["workers"][1]["pid"]
    choose(tab, WHICH, "1")
    tab.press(Keys.TAB, Keys.ENTER)
    tab.wait_text("#confirm-dialog", "Replace worker 1")
    tab.press(Keys.ESCAPE)
    tab.wait(lambda: not tab.visible("#confirm-dialog"))
    assert board.json()["workers"][1]["pid"] == before
    tab.click(REPLACE)
    tab.click("#confirm-dialog .main")
    tab.wait(lambda: board.json()["workers"][1]["pid"] not in (0, before))
    tab.wait(lambda: re.search("worker replaced at",
                               sentence(tab, "traffic")))
    server.note_pids()
