"""The page outlives the server: what was killed is said to be down since
when, and when it is back the page goes on by itself, with a gap where nothing
was known."""

import os
import re
import signal

import pytest
from conftest import wait_for
from page import (chart_rows, figure, is_known, keep, kept, numbers, points,
                  sentence, start_site, wait_row)

DOWN = r"server down since \d{1,2}:\d\d(:\d\d)?"


def victims(server, board, who):
    """In the order in which they are killed."""
    master = [server.pid()]
    return {"master": master, "everything": master + server.workers() +
            [board.pid()]}[who]


def kill(pids):
    for pid in pids:
        if pid:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass			# went with its parent


def has_gap(tab):
    known = [is_known(row) for row in chart_rows(tab, "traffic")]
    first = known.index(True)
    last = len(known) - 1 - known[::-1].index(True)
    return last - first >= 2 and not all(known[first:last])


@pytest.mark.parametrize("who", ["master", "everything"])
def test_killed_and_back(start, browser, who):
    server, board = start_site(start)
    server.bad_lines_expected = True
    browser.expect("ERR_|Failed to load|WebSocket")
    server.get("/")
    tab = browser.open(board)
    keep(tab)
    tab.wait(lambda: len(points(tab, "traffic")) >= 2)
    tab.click(figure("traffic") + " button.as-table")
    server.note_pids()
    kill(victims(server, board, who))
    server.process.wait(10)
    server.process = None
    tab.wait_text("#state", DOWN, 20)
    said = tab.text("#state")
    tab.wait(lambda: tab.text("#alert"), what="the outage is announced")
    assert tab.attr("#state", "data-state") in ("down", "lost")
    tab.wait(lambda: tab.js("return document.title") != "ringmaster")

    server.pid_file.unlink(missing_ok=True)
    wait_for(lambda: who == "master" or not server.left())
    server.start()
    tab.wait_up()
    # Soon: what was before it leaves the chart after 30 s.
    tab.wait(lambda: has_gap(tab), 15, "a gap between two points")
    tab.wait_text("#state", "healthy", 20)
    assert kept(tab), "the page was loaded again"
    assert tab.text("#state") != said
    server.get("/")
    wait_row(tab, "recent", r"GET", 15)


def test_all_workers_killed(start, browser):
    server, board = start_site(start)
    server.bad_lines_expected = True
    tab = browser.open(board)
    keep(tab)
    old = {str(pid) for pid in server.workers()}
    tab.wait(lambda: old <= set(re.findall(r"\d+", " ".join(
        sum(chart_rows(tab, "workers"), [])))) or
        tab.text("#state") == "healthy")
    kill(server.workers())
    wait_for(lambda: len(server.workers()) == 2 and
             not {str(pid) for pid in server.workers()} & old)
    server.note_pids()
    tab.wait(lambda: "crash at" in sentence(tab, "traffic"),
        what="the crash is a mark")
    tab.wait_up()
    assert kept(tab)
    for _ in range(9):
        server.get("/")
    board.wait_total(9)
    tab.wait(lambda: 9 in numbers(tab.text("#card-live .figure") + " " +
                                  " ".join(tab.texts("#card-live .detail"))))


def test_a_reload_of_the_server_is_not_one_of_the_page(start, browser):
    server, board = start_site(start)
    browser.expect("ERR_|Failed to load")
    tab = browser.open(board)
    keep(tab)
    generation = board.json()["identity"]["generation"]
    for round_ in (1, 2):
        server.reload()
        tab.wait(lambda: generation + round_ in numbers(
            tab.text("#identity")), 15, "the new generation")
    tab.wait_up()
    assert kept(tab)
    tab.wait(lambda: "reload at" in sentence(tab, "traffic"))
    server.get("/file/a.txt")
    wait_row(tab, "recent", r"/file/a\.txt")


def test_a_failed_reload_is_told_with_its_reason(start, browser):
    server, board = start_site(start)
    tab = browser.open(board)
    text = server.conf.read_text()
    server.conf.write_text(text.replace("events", "evnts"))
    server.signal(signal.SIGHUP)
    tab.wait_text("#top", "evnts")
    tab.wait("#state[data-state=degraded]")
    server.conf.write_text(text)
    server.reload()
    tab.wait_up()


def test_a_killed_dashboard_comes_back_to_the_page(start, browser):
    server, board = start_site(start)
    server.bad_lines_expected = True
    browser.expect("ERR_|Failed to load|WebSocket")
    tab = browser.open(board)
    keep(tab)
    victim = board.pid()
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: board.pid() not in (0, victim))
    server.note_pids()
    board.wait_ready()
    server.get("/file/a.txt")
    wait_row(tab, "recent", r"/file/a\.txt", 20)
    tab.wait_up()
    assert kept(tab)
