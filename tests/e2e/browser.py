"""A real browser for the tests of the page: Debian's Chromium, driven by
Debian's chromedriver and python3-selenium.

One browser serves the whole session; a test gets windows of its own, on
origins of its own (every server has a new port), and what it stored is
cleared when it ends:

    def test_shows(browser, start):
        _, board = start_board(start)
        tab = browser.open(board)
        tab.wait("#state[data-state=up]")

At the end of each test the console must hold no error, no violation of the
policy may have been reported and no request may have left the machine. A
test that breaks something on purpose says so: browser.expect(REGEX).
"""

import json
import re
import shutil
import tempfile
import time
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.common.exceptions import (
    NoSuchElementException, StaleElementReferenceException)
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from conftest import PATIENCE

FLAGS = """
    --headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run
    --disable-background-networking --disable-component-update
    --disable-sync --no-proxy-server
    --disable-background-timer-throttling
    --disable-renderer-backgrounding
    --disable-backgrounding-occluded-windows
""".split()

WIDTH, HEIGHT = 1280, 900

# What Chromium says by itself when a server is away or refuses.
NETWORK = r"Failed to load resource|net::ERR_|WebSocket connection"


def need(name):
    """The path of a program of Debian."""
    path = shutil.which(name)
    assert path, "no %s: install Debian's packages chromium, " \
        "chromium-driver and python3-selenium (scripts/test does)" % name
    return path


class Tab:
    """One window of the browser; all methods act in it."""

    def __init__(self, browser, handle):
        self.browser, self.handle = browser, handle
        self.driver = browser.driver

    def use(self):
        if self.browser.current != self.handle:
            self.driver.switch_to.window(self.handle)
            self.browser.current = self.handle
        return self

    # ---- asking ----

    def go(self, url):
        self.use()
        self.driver.get(url)
        return self

    def js(self, script, *args):
        """Run statements; what they `return` comes back."""
        self.use()
        return self.driver.execute_script(script, *args)

    def js_async(self, script, *args):
        """Run the body of an async function and wait for its result."""
        self.use()
        ok, value = self.driver.execute_async_script(
            "const done = [...arguments].pop();"
            "(async function () {" + script + "}).apply(null, arguments)"
            ".then(v => done([true, v]), e => done([false, String(e)]));",
            *args)
        assert ok, value
        return value

    def cdp(self, command, **params):
        """A command of the Chrome DevTools Protocol."""
        self.use()
        return self.driver.execute_cdp_cmd(command, params)

    def find(self, css):
        self.use()
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def count(self, css):
        return self.js("return document.querySelectorAll(arguments[0])"
                       ".length", css)

    def texts(self, css):
        """The text of all that match, white space folded."""
        return self.js(
            "return [...document.querySelectorAll(arguments[0])].map("
            "e => e.textContent.replace(/\\s+/g, ' ').trim())", css)

    def text(self, css):
        found = self.texts(css)
        assert found, "nothing matches " + css
        return found[0]

    def attr(self, css, name):
        return self.find(css).get_dom_attribute(name)

    def style(self, css, name):
        """A computed property of the first that matches."""
        return self.js("return getComputedStyle(document.querySelector("
                       "arguments[0])).getPropertyValue(arguments[1])",
                       css, name)

    def visible(self, css):
        """Does one match, and can it be seen?"""
        return self.js(
            "return [...document.querySelectorAll(arguments[0])].some("
            "e => e.checkVisibility({ visibilityProperty: true }))", css)

    def focused(self):
        """The element with the keyboard: "#id", or its name and text."""
        return self.js(
            "const e = document.activeElement;"
            "return e.id ? '#' + e.id : e.tagName.toLowerCase() + ' ' +"
            "(e.getAttribute('aria-label') || e.textContent || '')"
            ".trim().slice(0, 40)")

    def wait(self, condition, seconds=PATIENCE, what=None):
        """Until a selector matches something visible, or a function
        returns what is true; returns that."""
        deadline = time.monotonic() + seconds
        value = None
        while True:
            try:
                value = self.visible(condition) \
                    if isinstance(condition, str) else condition()
                if value:
                    return value
            except (StaleElementReferenceException, NoSuchElementException,
                    OSError, ValueError, LookupError):
                pass
            if time.monotonic() > deadline:
                name = what or getattr(condition, "__name__", condition)
                raise AssertionError("%s: not within %g s, last %r; #state "
                                     "is %r" % (name, seconds, value,
                                                self.texts("#state")))
            time.sleep(0.05)

    def wait_text(self, css, pattern, seconds=PATIENCE):
        """Until the text of the first match is found by `pattern`."""
        last = [None]

        def matches():
            last[0] = self.text(css)
            return re.search(pattern, last[0])
        try:
            return self.wait(matches, seconds)
        except AssertionError as error:
            raise AssertionError("%s: %r never matched %r, last %r" % (
                error, css, pattern, last[0])) from None

    def wait_up(self):
        """Until it shows a server that runs, be it well or not."""
        self.wait("#state:is([data-state=up], [data-state=degraded])",
                  what="the page is up")
        return self

    # ---- acting ----

    def click(self, css):
        """As a mouse does: what covers the element is an error."""
        element = self.find(css)
        self.js("arguments[0].scrollIntoView({ block: 'center' })", element)
        element.click()

    def press(self, *keys):
        """Keys of the keyboard, to whatever has the focus."""
        self.use()
        ActionChains(self.driver, duration=0).send_keys(*keys).perform()

    def chord(self, modifier, key):
        """A key while another is held."""
        self.use()
        ActionChains(self.driver, duration=0).key_down(modifier) \
            .send_keys(key).key_up(modifier).perform()

    def write(self, css, text):
        """Replace what is in a field, by typing."""
        self.click(css)
        self.js("document.querySelector(arguments[0]).select()", css)
        self.press(Keys.DELETE, text)

    def drag(self, css, begin, end):
        """Drag over an element, from a part of its width to another."""
        element = self.find(css)
        self.js("arguments[0].scrollIntoView({ block: 'center' })", element)
        width = element.size["width"]
        ActionChains(self.driver, duration=40).move_to_element_with_offset(
            element, int((begin - 0.5) * width), 0).click_and_hold() \
            .move_by_offset(int((end - begin) * width / 2), 2) \
            .move_by_offset(int((end - begin) * width / 2), 2) \
            .release().perform()

    def media(self, **features):
        """media(prefers_color_scheme="dark"); nothing: as it is."""
        self.cdp("Emulation.setEmulatedMedia", features=[
            {"name": name.replace("_", "-"), "value": value}
            for name, value in features.items()])

    def resize(self, width, height=HEIGHT, mobile=False):
        self.cdp("Emulation.setTouchEmulationEnabled", enabled=mobile)
        self.cdp("Emulation.setDeviceMetricsOverride", width=width,
                 height=height, deviceScaleFactor=1, mobile=mobile)
        self.wait(lambda: self.js("return innerWidth") == width)

    def block(self, *patterns):
        """Let requests for these fail; nothing: let all through."""
        self.cdp("Network.enable")
        self.cdp("Network.setBlockedURLs", urls=list(patterns))

    def before_scripts(self, source):
        """Run `source` in every document before its own scripts."""
        self.cdp("Page.addScriptToEvaluateOnNewDocument", source=source)

    def heap(self):
        """Bytes of its heap in use, once all garbage is collected."""
        self.cdp("HeapProfiler.enable")
        for _ in range(2):
            self.cdp("HeapProfiler.collectGarbage")
        return self.cdp("Runtime.getHeapUsage")["usedSize"]

    def screenshot(self, path):
        self.use()
        self.driver.save_screenshot(str(path))

    def close(self):
        self.use()
        self.driver.close()
        self.browser.current = None
        self.browser.tabs.remove(self)


class Browser:
    """What one test does with Chromium."""

    def __init__(self, driver):
        self.driver = driver
        self.home = self.current = driver.window_handles[0]
        self.tabs, self.origins, self.expected = [], set(), []
        self.events, self.console = [], []

    def open(self, board=None, path="/", user=None, ready=True):
        """A window, at a page of the dashboard.

        user:   "name:password" of basic authentication
        ready:  wait until the page shows a running server
        """
        self.driver.switch_to.new_window("window")
        tab = Tab(self, self.driver.current_window_handle)
        self.current = tab.handle
        self.tabs.append(tab)
        tab.resize(WIDTH)
        if board:
            tab.go(self.url(board, path, user))
            if ready:
                tab.wait_up()
        return tab

    def url(self, board, path="/", user=None):
        host = "127.0.0.1:%d" % board.port
        self.origins.add("http://" + host)
        return "http://%s%s%s" % (user + "@" if user else "", host, path)

    def expect(self, pattern):
        """Messages of the console that this test provokes."""
        self.expected.append(pattern)

    # ---- what it did ----

    def drain(self):
        """Take over what the browser has noted."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])
            event = message["message"]
            self.events.append((event["method"], event["params"],
                                message["webview"]))
        self.console += self.driver.get_log("browser")

    def network(self, method):
        """The parameters of the events of one kind so far."""
        self.drain()
        return [params for name, params, _ in self.events
                if name == "Network." + method]

    def requested(self):
        """Addresses asked for, in order, WebSockets too."""
        self.drain()
        return [params["request"]["url"] if "request" in params else
                params["url"] for name, params, _ in self.events
                if name in ("Network.requestWillBeSent",
                            "Network.webSocketCreated")]

    def foreign(self):
        """Addresses that are not those of the dashboards opened."""
        found = []
        for url in self.requested():
            parts = urlsplit(url)
            scheme = {"ws": "http"}.get(parts.scheme, parts.scheme)
            if scheme in ("data", "blob", "about"):
                continue
            host = parts.netloc.rpartition("@")[2]
            if "%s://%s" % (scheme, host) not in self.origins:
                found.append(url)
        return found

    def complaints(self):
        """Errors and violations in the console nobody expected."""
        self.drain()
        return [entry["message"] for entry in self.console
                if entry["level"] in ("SEVERE", "WARNING") and
                not any(re.search(pattern, entry["message"])
                        for pattern in self.expected)]

    # ---- its end ----

    def screenshots(self):
        """Keep pictures of what is to be seen; returns their folder."""
        folder = tempfile.mkdtemp(prefix="ringmaster-page-")
        for number, tab in enumerate(self.tabs):
            tab.screenshot("%s/%d.png" % (folder, number))
        return folder

    def close(self):
        for handle in self.driver.window_handles:
            if handle != self.home:
                self.driver.switch_to.window(handle)
                self.driver.close()
        self.driver.switch_to.window(self.home)
        for origin in self.origins:
            self.driver.execute_cdp_cmd("Storage.clearDataForOrigin", {
                "origin": origin, "storageTypes":
                "local_storage,cookies,indexeddb,cache_storage"})

    def check(self):
        """No errors, no violations, nothing asked of others."""
        complaints, foreign = self.complaints(), self.foreign()
        assert not complaints, "the console says:\n" + "\n".join(complaints)
        assert not foreign, "requests left the machine: %r" % foreign


def launch():
    """Chromium with an empty profile; quit() ends it."""
    options = webdriver.ChromeOptions()
    options.binary_location = need("chromium")
    for flag in FLAGS:
        options.add_argument(flag)
    # Even Chromium's own curiosity finds nobody.
    options.add_argument("--host-resolver-rules=MAP * ~NOTFOUND, "
                         "EXCLUDE 127.0.0.1, EXCLUDE localhost")
    options.add_experimental_option(
        "perfLoggingPrefs", {"enableNetwork": True, "enablePage": False})
    options.set_capability("goog:loggingPrefs",
                           {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(service=Service(need("chromedriver")),
                              options=options)
    driver.set_page_load_timeout(20)
    driver.set_script_timeout(60)
    return driver
