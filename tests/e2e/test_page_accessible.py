"""The page for those who do not see it, or not well: axe-core finds nothing
serious in any of its states, and what it says by pictures it says in words,
too."""

import pathlib
import re
from itertools import zip_longest

import pytest
from page import (CHARTS, REQUESTS, WHO, chart_rows, figure, panel, points,
                  sentence, show, start_site, traffic, wait_row)
from selenium.webdriver.common.keys import Keys

AXE = pathlib.Path(__file__).parents[2] / "html" / "node_modules" / \
    "axe-core" / "axe.min.js"


@pytest.fixture(scope="session")
def axe():
    assert AXE.exists(), "no %s: run npm ci --ignore-scripts in html/ " \
        "(scripts/test does)" % AXE
    return AXE.read_text()


def check(tab, axe, *where):
    """Let axe-core look at all, or within some, for what is serious or
    critical. Light differs from dark in nothing but its contrasts."""
    if not tab.js("return Boolean(window.axe)"):
        tab.js(axe)
    found = tab.js_async("""
        const include = [...arguments].map(css => [css]);
        const dark = matchMedia('(prefers-color-scheme: dark)').matches;
        const result = await axe.run(include[0] ? { include } : document, {
            resultTypes: ['violations'], preload: false,
            ...(dark ? {} : { runOnly: ['color-contrast'] }) });
        return result.violations
            .filter(v => ['serious', 'critical'].includes(v.impact))
            .map(v => v.id + ': ' + v.help + ' ' + JSON.stringify(
                v.nodes.slice(0, 4).map(n => [n.target, n.any[0]?.message
                ?? n.failureSummary])));
        """, *where)
    assert not found, "%r: %s" % (where, "\n".join(found))


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_serious(start, browser, axe, theme):
    server, board = start_site(start)
    tab = browser.open(board)
    tab.media(prefers_color_scheme=theme, prefers_reduced_motion="reduce")
    traffic(server, 2)
    server.get("/nothing")
    wait_row(tab, "recent", "500")
    tab.wait(lambda: points(tab, "traffic"))
    check(tab, axe)
    for name in CHARTS:
        chart_rows(tab, name)
    check(tab, axe, *[figure(name) + " table" for name in CHARTS])
    for who, requests in zip_longest(WHO[1:], REQUESTS[1:],
                                     fillvalue=WHO[0]):
        show(tab, who)
        show(tab, requests)
        check(tab, axe, panel(who), panel(requests))
    show(tab, "recent")
    for opener, dialog in (("#help", "#help-dialog"),
                           ("#mark", "#mark-dialog"),
                           ("#panel-recent tbody tr", "#request-dialog")):
        tab.click(opener)
        tab.wait(dialog + "[open]")
        check(tab, axe, dialog)
        tab.press(Keys.ESCAPE)
        tab.wait(lambda: not tab.visible(dialog))
    tab.press("p")
    tab.wait("#pause-note")
    check(tab, axe, "#top")


def test_axe_finds_nothing_serious_when_the_server_is_down(
        start, browser, axe):
    server, board = start_site(start)
    browser.expect("ERR_|Failed to load|WebSocket")
    tab = browser.open(board)
    server.stop()
    tab.wait_text("#state", "down since", 20)
    for theme in "dark", "light":
        tab.media(prefers_color_scheme=theme,
                  prefers_reduced_motion="reduce")
        check(tab, axe)


def test_the_page_has_an_outline(start, browser):
    _, board = start_site(start)
    tab = browser.open(board)
    assert tab.js("return document.documentElement.lang") == "en"
    assert tab.count("h1") == 1 and tab.count("main") == 1
    assert tab.count("header#top") == 1
    levels = [int(level) for level in tab.js(
        "return [...document.querySelectorAll('h1,h2,h3')].filter("
        "e => e.checkVisibility()).map(e => e.tagName[1])")]
    assert levels[0] == 1
    assert all(b <= a + 1 for a, b in zip(levels, levels[1:]))
    assert tab.attr("#live", "aria-live") == "polite"
    assert tab.attr("#alert", "aria-live") == "assertive"


def test_pictures_and_times_are_told_in_words_and_no_more(start, browser):
    server, board = start_site(start)
    tab = browser.open(board)
    traffic(server, 2)
    wait_row(tab, "recent", "GET")
    title = tab.js("return document.querySelector('#panel-recent tbody "
                   "[title]').title")
    assert re.search(r"UTC|\dZ$", title)
    tab.wait(lambda: "now" in sentence(tab, "traffic"))
    text = sentence(tab, "traffic")
    for word in "last 30 s", "min", "max":
        assert word in text, text
    # A reader must not hear a frame a second.
    tab.js("window.said = 0; for (const css of ['#live', '#alert'])"
           "new MutationObserver(() => window.said++).observe("
           "document.querySelector(css), { childList: true, "
           "subtree: true, characterData: true })")
    first = chart_rows(tab, "traffic")[0][0]
    tab.wait(lambda: first not in [
        row[0] for row in chart_rows(tab, "traffic")[:2]],
        what="two more frames")
    assert tab.js("return window.said") == 0
