"""All of the page with the keyboard alone: its keys, the order of its stops
and that one sees where one is."""

import re

import pytest
from page import (figure, panel, points, start_site, traffic,
                  wait_row)
from selenium.webdriver.common.keys import Keys


@pytest.fixture
def site(start, browser):
    server, board = start_site(start)
    return server, board, browser.open(board)


def pressed(tab, css):
    return tab.attr(css, "aria-pressed") == "true"


def test_help_opens_closes_and_gives_the_focus_back(site):
    _, _, tab = site
    tab.js("document.querySelector('#theme').focus()")
    tab.press("?")
    tab.wait("#help-dialog[open]")
    text = " ".join(tab.texts("#help-dialog kbd, #help-dialog code"))
    for key in "?", "t", "c", "1", "5", "/", "p", "Space", "[", "]", "Esc":
        assert key in text
    for word in "status", "path", "client", "method", "worker", "min":
        assert word + ":" in text
    tab.press("3")				# not through a dialog
    tab.press(Keys.ESCAPE)
    tab.wait(lambda: not tab.visible("#help-dialog"))
    assert tab.focused() == "#theme"
    assert not pressed(tab, "#ranges button[data-range='3600']")


def test_digits_choose_the_range_and_p_and_space_pause(site):
    _, board, tab = site
    for key, value in zip("23451", (300, 3600, 86400, 604800, 30)):
        tab.press(key)
        tab.wait(lambda: pressed(
            tab, "#ranges button[data-range='%d']" % value))
    for key in "p", " ":
        tab.press(key)
        tab.wait("#pause-note")
        assert pressed(tab, "#pause")
        tab.press(key)
        tab.wait(lambda: not pressed(tab, "#pause"))
    tab.js("document.querySelector('#cache-switch').focus()")
    tab.press(" ")				# is the button's
    tab.wait(lambda: board.json()["cache_enabled"] is False)
    assert not pressed(tab, "#pause")


def test_c_switches_the_cache(site):
    _, board, tab = site
    tab.press("c")
    tab.wait(lambda: board.json()["cache_enabled"] is False)
    tab.wait_text("#live", "(?i)cache.* off")
    tab.press("c")
    tab.wait(lambda: board.json()["cache_enabled"] is True)


def test_slash_goes_to_the_filter_where_keys_are_text(site):
    server, board, tab = site
    board.wait_total(traffic(server, 1))
    tab.press("/")
    tab.wait(lambda: tab.focused() == "#filter")
    tab.press("cp?1")
    assert tab.find("#filter").get_attribute("value") == "cp?1"
    assert not tab.visible("#help-dialog")
    assert board.json()["cache_enabled"] is True
    tab.write("#filter", "status:404")
    wait_row(tab, "recent", "404")
    tab.press(Keys.ESCAPE)
    tab.wait(lambda: tab.focused() != "#filter")
    tab.chord(Keys.ALT, "c")		# with a modifier: the browser's
    tab.chord(Keys.CONTROL, "p")
    assert board.json()["cache_enabled"] is True
    assert not pressed(tab, "#pause")


def test_brackets_walk_through_the_marks(site):
    _, board, tab = site
    for text in "first", "second":
        board.get("/api/v1/marks", "POST",
                  {"Content-Type": "application/json"},
                  b'{"text": "%s"}' % text.encode())
        tab.wait(lambda: text in (tab.attr("#identity", "title") or ""))
    said = []
    for key in "[[]":
        tab.press(key)
        tab.wait(lambda: tab.text("#live") and
                 tab.text("#live") not in said[-1:])
        said.append(tab.text("#live"))
    assert "second" in said[0] and "first" in said[1]
    assert "second" in said[2]


FOCUS = """
    const e = document.activeElement, r = e.getBoundingClientRect();
    const look = () => { const s = getComputedStyle(e); return [
        s.outlineStyle, s.outlineWidth, s.outlineColor, s.boxShadow,
        s.backgroundColor, s.borderColor].join() };
    const s = getComputedStyle(e);
    return { id: e.id || e.tagName + '.' + e.className + ' ' +
            (e.getAttribute('aria-label') || e.textContent).trim()
            .slice(0, 30),
        outline: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth),
        shadow: s.boxShadow, body: e === document.body,
        seen: r.width > 0 && r.bottom > 0 && r.top < innerHeight &&
            r.right > 0 && r.left < innerWidth,
        y: r.top + scrollY, named: e.matches('[role=img],[role=tab]') ||
            Boolean((e.getAttribute('aria-label') || e.textContent ||
            e.labels?.[0]?.textContent || e.title || '').trim()) };
"""


def walk(tab, limit=120):
    """Every stop of the Tab key, until it leaves the page."""
    stops = []
    for _ in range(limit):
        tab.press(Keys.TAB)
        stop = tab.js(FOCUS)
        if stop["body"] or stops and stop["id"] == stops[0]["id"]:
            return stops
        stops.append(stop)
    raise AssertionError("the focus goes on and on: %r" % stops[-10:])


def test_tab_stops_at_everything_and_is_seen_there(site):
    server, board, tab = site
    board.wait_total(traffic(server, 1))
    tab.wait(lambda: points(tab, "traffic"))
    tab.js("document.activeElement.blur()")
    stops = walk(tab)
    names = [stop["id"] for stop in stops]
    assert "skip" in names[0].lower()
    for one in stops:
        assert one["outline"] or one["shadow"] != "none", \
            "the focus is not seen on " + one["id"]
        assert one["seen"], "out of sight: " + one["id"]
        assert one["named"], "without a name: " + one["id"]
    order = ["pause", "theme", "help", "cache-switch", "tab-servers",
             "tab-recent", "filter", "csv"]
    assert [name for name in names if name in order] == order
    assert len([name for name in names if "as-table" in name]) == 6
    assert len(set(names) & {"tab-recent", "tab-slowest"}) == 1


def test_the_skip_link_leads_to_the_figures_and_arrows_to_tabs(site):
    _, _, tab = site
    tab.press(Keys.TAB, Keys.ENTER)
    tab.wait(lambda: tab.focused() == "#main")
    tab.js("document.querySelector('#tab-recent').focus()")
    for key, name in ((Keys.ARROW_RIGHT, "slowest"), (Keys.END, "logs"),
                      (Keys.ARROW_RIGHT, "recent"),
                      (Keys.ARROW_LEFT, "logs"), (Keys.HOME, "recent")):
        tab.press(key)
        tab.wait(lambda: tab.focused() == "#tab-" + name)
        tab.wait(panel(name))
        assert tab.attr("#tab-" + name, "aria-selected") == "true"
        assert tab.count("#requests [aria-selected=true]") == 1


def test_a_request_opens_and_closes_with_the_keyboard(site):
    server, _, tab = site
    server.get("/file/a.txt")
    wait_row(tab, "recent", r"/file/a\.txt")
    tab.js("document.querySelector('#csv').focus()")
    for _ in range(15):			# past the buttons that sort
        tab.press(Keys.TAB)
        if tab.js("return Boolean(document.activeElement.closest("
                  "'#panel-recent tbody tr'))"):
            break
    tab.press(Keys.ENTER)
    tab.wait("#request-dialog[open]")
    assert tab.js("return document.querySelector('#request-dialog')"
                  ".contains(document.activeElement)")
    tab.press(Keys.ESCAPE)
    tab.wait(lambda: not tab.visible("#request-dialog"))
    assert tab.js("return Boolean(document.activeElement.closest("
                  "'#panel-recent'))")


def test_arrows_read_a_chart_out(site):
    _, _, tab = site
    tab.wait(lambda: len(points(tab, "traffic")) >= 3)
    tab.press("p")			# it moves under the cursor
    tab.js("document.querySelector(arguments[0]).focus()",
           figure("traffic") + " [role=img]")
    tab.press(Keys.END)
    last = tab.wait(lambda: re.search(r"\d", tab.text("#live")) and
                    tab.text("#live"))
    tab.press(Keys.ARROW_LEFT)
    tab.wait(lambda: tab.text("#live") not in ("", last))
