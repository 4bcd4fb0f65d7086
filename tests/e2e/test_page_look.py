"""How it looks: dark and light, by the system and by its button, on a phone
and on a desk. Guards against a theme half switched, and against pages that
one has to push sideways."""

import pytest
from page import (CHARTS, REQUESTS, WHO, chart_rows, points, show,
                  start_site, traffic)

DARK, LIGHT = "rgb(15, 20, 32)", "rgb(245, 247, 250)"
TEXT = {DARK: "rgb(230, 234, 242)", LIGHT: "rgb(27, 34, 48)"}


def ground(tab):
    """The colour of the page; its text must go with it."""
    colour, text = tab.js(
        "return [getComputedStyle(document.documentElement).backgroundColor,"
        "getComputedStyle(document.body).color]")
    assert text == TEXT[colour]
    return colour


def test_dark_and_light_follow_the_system(start, browser):
    _, board = start_site(start)
    tab = browser.open(board)
    for scheme, colour in (("dark", DARK), ("light", LIGHT),
                           ("dark", DARK)):
        tab.media(prefers_color_scheme=scheme)
        tab.wait(lambda: ground(tab) == colour)


@pytest.mark.parametrize("system", ["dark", "light"])
def test_the_button_overrides_and_is_remembered(start, browser, system):
    _, board = start_site(start)
    tab = browser.open(board)
    tab.media(prefers_color_scheme=system)
    first, other = (DARK, LIGHT) if system == "dark" else (LIGHT, DARK)
    tab.wait(lambda: ground(tab) == first)
    for _ in range(3):			# system, dark, light
        tab.click("#theme")
        if ground(tab) == other:
            break
    tab.wait(lambda: ground(tab) == other)
    label = tab.attr("#theme", "aria-label")
    assert ("dark" if other == DARK else "light") in label.lower()
    again = browser.open(board)
    again.media(prefers_color_scheme=system)
    tab.wait(lambda: ground(again) == other)
    assert again.attr("#theme", "aria-label") == label
    for _ in range(2):
        again.click("#theme")
        if "system" in again.attr("#theme", "aria-label").lower():
            break
    tab.wait(lambda: ground(again) == first)


WIDE = """
    const wide = [...document.querySelectorAll('body *')].filter(e => {
        const r = e.getBoundingClientRect();
        if (!r.width || !e.checkVisibility() || r.right <= innerWidth + 1)
            return false;
        for (let p = e.parentElement; p; p = p.parentElement)
            if (/auto|scroll|hidden|clip/.test(
                getComputedStyle(p).overflowX) && p !== document.body &&
                p !== document.documentElement)
                return false;
        return true; });
    return [document.documentElement.scrollWidth - innerWidth,
        wide.slice(0, 5).map(e => e.tagName + '#' + e.id + '.' +
        e.className)];
"""


def fits(tab):
    excess, wide = tab.js(WIDE)
    assert excess <= 0, "%d px too wide: %r" % (excess, wide)


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_must_be_pushed_sideways(start, browser, width):
    server, board = start_site(start)
    tab = browser.open(board)
    tab.resize(width, mobile=width < 600)
    board.wait_total(traffic(server, 2))
    tab.wait(lambda: points(tab, "traffic"))
    fits(tab)
    for name in CHARTS:
        chart_rows(tab, name)
        fits(tab)
    for name in WHO + REQUESTS:
        show(tab, name)
        fits(tab)
    tab.press("?")
    tab.wait("#help-dialog[open]")
    fits(tab)
    assert tab.js("const r = document.querySelector('#help-dialog')"
                  ".getBoundingClientRect();"
                  "return r.left >= 0 && r.right <= innerWidth")


def test_a_phone_has_one_column_of_things_big_enough_to_touch(
        start, browser):
    _, board = start_site(start)
    tab = browser.open(board)
    tab.resize(320, mobile=True)
    lefts = tab.js("return [...document.querySelectorAll('figure.chart')]"
                   ".map(e => Math.round(e.getBoundingClientRect().left))")
    assert len(set(lefts)) == 1
    small = tab.js("""
        return [...document.querySelectorAll(
            'header button, #cards button, [role=tab]')]
            .filter(e => e.checkVisibility()).map(e => {
                const r = e.getBoundingClientRect();
                return [e.id || e.textContent, r.width, r.height]; })
            .filter(([, w, h]) => h < 44 || w < 24)""")
    assert not small


def test_no_motion_and_forced_colours_for_who_wants_them(start, browser):
    _, board = start_site(start)
    tab = browser.open(ready=False)
    tab.media(prefers_reduced_motion="reduce", forced_colors="active")
    tab.go(browser.url(board)).wait_up()
    assert "none" != tab.style("#cache-switch", "border-top-style")
    tab.click("#theme")
    tab.press("?")
    tab.wait("#help-dialog[open]")
    assert tab.js("return document.getAnimations().filter("
                  "a => a.playState === 'running').length") == 0
