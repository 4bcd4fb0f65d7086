"""Choosing what is shown: filter, pause, zoom, ranges, and the address that
holds it all. Guards against a filter that hides without saying so, a pause
that loses data, and links that show the receiver something else."""

import csv
import io
import re

import pytest
from board import start_board
from page import (chart_rows, figure, hash_of, is_known, numbers, panel,
                  points, rows, see, sentence, show, start_site, traffic,
                  wait_row)
from selenium.webdriver.common.keys import Keys

RANGES = {"30": "last 30 seconds", "300": "last 5 minutes",
          "3600": "last hour", "86400": "last 24 hours",
          "604800": "last 7 days"}


@pytest.fixture
def site(start, browser):
    server, board = start_site(start)
    return server, board, browser.open(board)


def type_filter(tab, text):
    tab.write("#filter", text)


def only(tab, name, pattern):
    """All rows of a panel match, and there are some."""
    see(tab, panel(name))

    def all_match():
        found = [" | ".join(row) for row in rows(tab, panel(name))]
        return found and all(re.search(pattern, row) for row in found)
    tab.wait(all_match, what="only rows with " + pattern)


FILTERS = [
    ("status:404", r"\b404\b"), ("status:5xx", r"\b5\d\d\b"),
    ("path:/file", "/file/"), ("broken", "/broken"),
    ("method:HEAD", r"\bHEAD\b"), ("status:2xx path:/file", "/file/"),
]


def test_the_filter_leaves_what_it_names_and_says_how_many(site):
    server, board, tab = site
    count = traffic(server, 3)
    server.get("/", "HEAD")
    board.wait_total(count + 1)
    wait_row(tab, "recent", "HEAD")
    for text, pattern in FILTERS:
        type_filter(tab, text)
        only(tab, "recent", pattern)
        shown = tab.text("#requests .shown")
        assert re.search(r"\d+ of \d+", shown), shown
        few, all_of_them = numbers(shown)[:2]
        assert few == len(rows(tab, panel("recent"))) <= all_of_them
        assert few <= count
    type_filter(tab, " ")
    tab.wait(lambda: len(rows(tab, panel("recent"))) > few)


def test_a_filter_is_explained_and_is_that_of_the_file_too(site):
    server, board, tab = site
    board.wait_total(traffic(server, 2))
    type_filter(tab, "status:banana")
    tab.wait_text("#filter-error", "status")
    assert tab.attr("#filter", "aria-invalid") == "true"
    type_filter(tab, "status:404")
    tab.wait(lambda: not tab.text("#filter-error"))
    only(tab, "recent", "404")
    tab.wait(lambda: "status=404" in tab.attr("#csv", "href"))
    text = tab.js_async("return (await fetch(document.querySelector("
                        "'#csv').href)).text()")
    table = list(csv.DictReader(io.StringIO(text)))
    assert len(table) == 2 and {row["status"] for row in table} == {"404"}


def test_pause_holds_the_page_and_loses_nothing(site):
    server, board, tab = site
    tab.wait(lambda: len(points(tab, "traffic")) >= 2)
    tab.click("#pause")
    assert tab.attr("#pause", "aria-pressed") == "true"
    held = chart_rows(tab, "traffic")
    for _ in range(17):
        server.get("/")
    board.wait_total(17)
    tab.wait_text("#pause-note", r"paused, [3-9] s behind")
    assert chart_rows(tab, "traffic") == held
    tab.click("#pause")
    tab.wait(lambda: not tab.visible("#pause-note"))
    tab.wait(lambda: 17 in numbers(chart_rows(tab, "traffic")[0][-1]))
    before = sum(is_known(row) for row in held)

    def complete():
        """What was known then, and three seconds more, without a hole."""
        known = [is_known(row) for row in chart_rows(tab, "traffic")]
        return len(known) >= before + 3 and all(known[:before + 3])
    tab.wait(complete)


def test_ranges(site):
    _, _, tab = site
    for value, name in RANGES.items():
        css = "#ranges button[data-range='%s']" % value
        tab.click(css)
        tab.wait(lambda: tab.attr(css, "aria-pressed") == "true")
        assert tab.count("#ranges button[aria-pressed=true]") == 1
        tab.wait(lambda: name in sentence(tab, "traffic"),
                 what="the sentence tells the range " + name)
    tab.click("#ranges button[data-range='300']")
    tab.wait(lambda: len(points(tab, "traffic")) >= 2)


def times(tab, name):
    return [row[0] for row in chart_rows(tab, name)]


def test_a_drag_zooms_all_charts_and_escape_goes_back(site):
    _, _, tab = site
    tab.wait(lambda: len(points(tab, "traffic")) >= 3)
    wide = {name: len(times(tab, name)) for name in ("traffic", "latency")}
    for name in wide:
        tab.click(figure(name) + " button.as-table")	# the chart again
    assert "zoom" not in hash_of(tab)
    tab.drag(figure("traffic") + " .u-over", 0.4, 0.8)
    tab.wait(lambda: "zoom" in hash_of(tab))
    for name in wide:
        assert 0 < len(times(tab, name)) < wide[name], name
    tab.press(Keys.ESCAPE)
    tab.wait(lambda: "zoom" not in hash_of(tab))
    for name in wide:
        tab.wait(lambda: len(times(tab, name)) >= wide[name])


def test_the_address_restores_the_view(site, browser):
    server, board, tab = site
    board.wait_total(traffic(server, 2))
    tab.click("#ranges button[data-range='300']")
    show(tab, "workers")
    show(tab, "errors")
    type_filter(tab, "status:5xx")
    only(tab, "errors", "500")
    tab.wait(lambda: "5xx" in hash_of(tab))
    other = browser.open(board, "/" + hash_of(tab))
    only(other, "errors", "500")
    assert other.find("#filter").get_attribute("value") == "status:5xx"
    assert other.attr("#ranges button[aria-pressed=true]",
                      "data-range") == "300"
    assert other.attr("#tab-workers", "aria-selected") == "true"
    assert other.visible(panel("workers"))
    assert not other.visible(panel("servers"))


NONSENSE = [
    "#range=1e99&zoom=NaN,9&tab=nothing&filter=%3Cimg%20src=x%3E",
    "#zoom=9-1&range=-5&=&&=&__proto__=1&tab=__proto__&%",
    "#tab=" + "x" * 5000,
]


def test_an_address_of_nonsense_shows_the_usual(start, browser):
    _, board = start_board(start)
    tab = browser.open(ready=False)
    for fragment in NONSENSE:
        tab.go("about:blank")
        tab.go(browser.url(board, "/" + fragment))
        tab.wait_up()
        tab.wait(lambda: points(tab, "traffic"), what=fragment[:40])
        assert tab.count("#ranges button[aria-pressed=true]") == 1
        assert tab.count("#requests [role=tab][aria-selected=true]") == 1


def test_the_choice_of_total_or_rate_is_remembered(site, browser):
    _, board, tab = site
    button = "#chart-requests-mode"
    before = tab.text(button), tab.attr(button, "aria-pressed")
    tab.click(button)
    after = tab.text(button), tab.attr(button, "aria-pressed")
    assert after != before
    other = browser.open(board)
    assert (other.text(button), other.attr(button, "aria-pressed")) == after
