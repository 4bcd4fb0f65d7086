"""Load tests from the page: a click, its progress, its end, its row in the
list and its band on the charts; with the keyboard alone, too.

Guards against figures of the page that are not the server's, and against a
card that goes on when the test does not.
"""

import json
import os
import pathlib
import signal

import pytest
from board import start_board
from conftest import children, wait_for
from generator import write_generator
from page import SITE, numbers, see, start_site
from selenium.webdriver.common.keys import Keys

LAST = "#tests tbody tr:not([hidden])"


@pytest.fixture
def slow(make, browser):
    """The page of a server whose generator makes no load and goes on."""
    server = make()
    path = write_generator(server.dir)

    def started(**parts):
        server.write(**parts)
        return server.start()
    server, board = start_board(started, server=SITE,
                                block="ringload %s;" % path)
    return board, browser.open(board)


@pytest.fixture
def site(start, browser, binary):
    if not os.access(pathlib.Path(binary).parent / "ringload", os.X_OK):
        pytest.fail("no ringload beside " + binary)
    server, board = start_site(start)
    return server, board, browser.open(board)


def running(tab):
    return tab.attr("#card-test", "aria-busy") == "true"


def band(tab):
    """How many pixels of a line across the top of a plot have the tint of a
    test and nothing else."""
    return tab.js("""
        const plot = document.querySelector('[data-chart=latency] .plot canvas');
        const y = Math.round(20 * devicePixelRatio);
        const { data } = plot.getContext('2d').getImageData(0, y,
            plot.width, 1);
        return data.filter((alpha, i) => i % 4 === 3 &&
            Math.abs(alpha - 0.13 * 255) <= 2).length;""")


def test_a_click_runs_a_test_to_its_row_and_its_band(site):
    _, board, tab = site
    before = board.json()["total_requests"]
    assert tab.text("#start-test") == "Start test"
    tab.click("#start-test")
    tab.wait(lambda: running(tab))
    tab.wait("#test-progress")
    seen = set()

    def ended():
        seen.add(tab.js("return document.querySelector("
                        "'#test-progress').value"))
        return not running(tab)
    tab.wait(ended, 30)
    assert len(seen) > 3 and sorted(seen)[-1] > 0.5
    see(tab, "#tests")
    tab.wait(LAST)
    kept = board.json("/api/v1/tests")["tests"][0]
    assert kept["spec"]["connections"] == 100 and kept["requests"] > 100
    assert not kept["partial"]
    tab.wait("#tests-where .stages")
    text = tab.text("#tests-where")
    assert "Median, " in text and "Slowest 1 %, " in text
    assert "Server and client counted the same." in text
    assert "Balance of workers " in text
    shown = tab.text(LAST + " .at-requests").replace(",", "")
    if "M" not in shown:
        assert int(shown) == kept["requests"]
    assert kept["verdict"]["state"] in tab.text(LAST + " .at-verdict")
    assert numbers(tab.text(LAST + " .at-errors")) == [kept["errors"]]
    # Nothing was lost on either side.
    board.wait_total(before + kept["requests"] + kept["errors"])
    see(tab, "[data-chart=latency]")
    tab.wait(lambda: "test ended" in tab.attr(
        "[data-chart=latency] .plot", "aria-label"))
    assert band(tab) > 20


def test_the_classic_preset_is_a_hundred_requests(site):
    _, board, tab = site
    before = board.json()["total_requests"]
    tab.js("const e = document.querySelector('#test-preset');"
           "e.value = 'classic'; e.dispatchEvent(new Event('change'))")
    tab.click("#start-test")
    see(tab, "#tests")
    tab.wait(LAST, 20)
    assert tab.text(LAST + " .at-requests") == "100"
    board.wait_total(before + 100)
    tab.go(tab.browser.url(board))
    tab.wait_up()
    assert tab.find("#test-preset").get_attribute("value") == "classic"


def test_all_of_it_with_the_keyboard_alone(site):
    _, board, tab = site
    tab.js("document.querySelector('#test-preset').focus()")
    for _ in range(8):
        tab.press(Keys.ARROW_DOWN)
    assert tab.find("#test-preset").get_attribute("value") == "custom"
    tab.press(Keys.TAB)
    assert tab.focused() == "#start-test"
    tab.press(Keys.ENTER)
    tab.wait("#test-dialog[open]")
    tab.js("document.querySelector('#test-dialog [name=clients]').select()")
    tab.press("3")
    tab.js("document.querySelector('#test-dialog [name=duration]').select()")
    tab.press("1")
    tab.press(Keys.ENTER)
    tab.wait(lambda: board.json("/api/v1/tests")["total"] == 1, 20)
    tab.wait(lambda: not running(tab), 20)
    tab.wait_text("#live", "The test ended")
    kept, = board.json("/api/v1/tests")["tests"]
    assert kept["spec"]["connections"] == 3
    tab.wait(LAST)
    for css, key in ((" .at-note input", "first"), (" .at-pin button", " ")):
        tab.js("document.querySelector(arguments[0]).focus()", LAST + css)
        tab.press(key)
        if key == "first":
            tab.press(Keys.TAB)

    def changed():
        kept, = board.json("/api/v1/tests")["tests"]
        return kept["pinned"] and kept["note"] == "first"
    tab.wait(changed)
    tab.wait(lambda: tab.attr(LAST + " .at-pin button",
                              "aria-pressed") == "true")
    tab.js("document.querySelector(arguments[0]).focus()",
           LAST + " .at-delete button")
    tab.press(Keys.ENTER)
    tab.wait("#confirm-dialog[open]")
    tab.press(Keys.TAB)
    tab.press(Keys.ENTER)
    tab.wait(lambda: board.json("/api/v1/tests")["total"] == 0)
    tab.wait(lambda: not tab.visible(LAST))


def test_t_starts_it_and_stop_ends_it(slow):
    board, tab = slow
    tab.press("t")
    tab.wait(lambda: running(tab))
    tab.wait_text("#test-reason", "7 s left")
    assert tab.js("return document.querySelector('#start-test').disabled")
    tab.press("t")
    assert len(children(board.pid())) == 1
    tab.click("#stop-test")
    tab.wait(lambda: not running(tab), 15)
    tab.wait_text("#test-reason", "stopped")
    assert not tab.visible("#stop-test")


def test_a_killed_generator_is_told(slow):
    board, tab = slow
    tab.click("#start-test")
    pid = wait_for(lambda: children(board.pid()))[0]
    tab.wait_text("#test-reason", "left")
    os.kill(pid, signal.SIGKILL)
    tab.wait(lambda: not running(tab))
    tab.wait_text("#test-reason", "killed")
    see(tab, "#tests")
    tab.wait_text(LAST + " .at-verdict", "partial")


def test_a_test_of_another_is_shown_and_refuses_ours(slow):
    board, tab = slow
    response = board.get("/start_test", "POST")
    assert response.status == 202
    tab.wait(lambda: running(tab))
    tab.wait_text("#test-reason", "left")
    assert json.loads(board.get("/test_status").body)["running"]


def test_what_others_write_is_text(slow):
    board, tab = slow
    headers = {"Content-Type": "application/json"}
    board.get("/start_test", "POST")
    pid = wait_for(lambda: children(board.pid()))[0]
    wait_for(lambda: board.json("/test_status")["done"])
    os.kill(pid, signal.SIGKILL)
    run = wait_for(lambda: board.json("/api/v1/tests")["tests"])[0]["run"]
    note = "<img src=x onerror=alert(1)>"
    board.get("/api/v1/tests/note", "POST", headers,
              json.dumps({"run": run, "note": note}).encode())
    see(tab, "#tests")
    tab.wait(lambda: tab.visible(LAST) and tab.js(
        "return document.querySelector(arguments[0]).value",
        LAST + " .at-note input") == note)
    assert tab.count("#tests img") == 0


def test_cache_on_and_off_are_compared_at_the_end(site):
    _, _, tab = site
    tab.js("const e = document.querySelector('#test-preset');"
           "e.value = 'cache'; e.dispatchEvent(new Event('change'))")
    tab.click("#start-test")
    tab.wait(lambda: running(tab))
    tab.wait("#tests-compared table", 60)
    text = tab.text("#tests-compared")
    assert "cache on" in text and "cache off" in text
    assert text.index("cache on") < text.index("cache off")
    assert not running(tab)


def test_two_are_compared(site):
    _, board, tab = site
    for count in 1, 2:
        board.get("/start_test", "POST", {"Content-Type": "application/json"},
                  b'{"preset": "classic"}')
        wait_for(lambda: board.json("/api/v1/tests")["total"] == count)
        wait_for(lambda: not board.json("/test_status")["running"])
    see(tab, "#tests")
    tab.wait(lambda: tab.count(LAST) == 2)
    for box in tab.driver.find_elements("css selector",
                                        LAST + " .at-tick input"):
        box.click()
    tab.click("#tests-compare")
    tab.wait("#tests-compared table")
    text = tab.text("#tests-compared")
    assert "p99" in text and "rate" in text
