"""What the page costs: bytes to load it, memory over a day, work when nobody
looks."""

from urllib.parse import urlsplit

from page import points, start_site, traffic, wait_row

PAGE_MAX = 60 * 1024
HEAP_GROWTH_MAX = 2 << 20
DAY_S = 86400


def test_the_page_weighs_at_most_60_kb(start, browser):
    _, board = start_site(start)
    tab = browser.open(board)
    tab.wait(lambda: points(tab, "traffic"))
    sizes = {}
    names = {one["requestId"]: one["request"]["url"]
             for one in browser.network("requestWillBeSent")}
    encodings = {one["requestId"]: one["response"]["headers"]
                 for one in browser.network("responseReceived")}
    for one in browser.network("loadingFinished"):
        path = urlsplit(names[one["requestId"]]).path
        if not path.startswith("/api/"):
            sizes[path] = one["encodedDataLength"]
    assert "/" in sizes and len(sizes) > 5
    assert sum(sizes.values()) <= PAGE_MAX, sizes
    for key, headers in encodings.items():
        path = urlsplit(names[key]).path
        if sizes.get(path, 0) > 1500:
            fields = {name.lower() for name in headers}
            assert {"content-encoding", "etag"} <= fields, path


def test_a_second_visit_loads_next_to_nothing(start, browser):
    _, board = start_site(start)
    tab = browser.open(board)
    tab.wait(lambda: points(tab, "traffic"))
    browser.drain()
    browser.events.clear()
    tab.go(browser.url(board))
    tab.wait_up()
    names = {one["requestId"]: urlsplit(one["request"]["url"]).path
             for one in browser.network("requestWillBeSent")}
    assert sum(one["encodedDataLength"]
               for one in browser.network("loadingFinished")
               if not names[one["requestId"]].startswith("/api/")) < 12000


FEED = """
    const path = performance.getEntriesByType('resource')
        .map(e => e.name).find(name => /store[^/]*\\.js$/.test(name));
    const { store } = await import(path);
    const frame = structuredClone(store.last);
    for (let i = 0; i < arguments[0]; i++) {
        frame.t++;
        frame.seq++;
        frame.s = frame.s.map((v, at) => (frame.t * 7 + at) % 97);
        frame.h = [20, frame.t % 9 + 1, 25, 3];
        frame.m = i % 1800 ? [] : [[frame.t * 1000, 'deploy', 'r' + i]];
        frame.r = [];
        store.push(structuredClone(frame));
        if (i % 400 === 399)
            await new Promise(done => requestAnimationFrame(
                () => setTimeout(done)));
    }
    return frame.t;
"""


def test_the_heap_is_flat_over_a_day(start, browser):
    server, board = start_site(start)
    tab = browser.open(board)
    traffic(server, 1)
    wait_row(tab, "recent", "500")
    # Frames of a day to come; those of now must not mix with them.
    tab.block("*/api/v1/stream*", "*/api/v1/ws*", "*/api/v1/frame*")
    browser.expect("ERR_|Failed to load|WebSocket")
    tab.js_async(FEED, 2 * 3600)
    warm = tab.heap()
    nodes = tab.count("*")
    tab.js_async(FEED, DAY_S)
    assert tab.heap() - warm < HEAP_GROWTH_MAX
    assert tab.count("*") - nodes < 1000


WATCH = """
    window.drawn = 0;
    for (const name of ['stroke', 'fill', 'fillRect', 'drawImage',
        'putImageData']) {
        const old = CanvasRenderingContext2D.prototype[name];
        CanvasRenderingContext2D.prototype[name] = function (...args) {
            window.drawn++;
            return old.apply(this, args); };
    }
    window.hide = false;
    for (const [name, value] of [['hidden', () => window.hide],
        ['visibilityState', () => window.hide ? 'hidden' : 'visible']])
        Object.defineProperty(Document.prototype, name, { get: value });
    window.setHidden = (hidden) => { window.hide = hidden;
        document.dispatchEvent(new Event('visibilitychange')); };
"""


def test_nothing_is_drawn_when_nobody_looks(start, browser):
    server, board = start_site(start)
    tab = browser.open(ready=False)
    tab.before_scripts(WATCH)
    tab.go(browser.url(board))
    tab.wait_up()
    tab.wait(lambda: tab.js("return window.drawn") > 0)
    tab.js("window.setHidden(true)")
    tab.wait(lambda: tab.js_async(
        "const before = window.drawn;"
        "await new Promise(done => setTimeout(done, 1500));"
        "return window.drawn === before"), what="drawing stops")
    tab.js("window.setHidden(false)")
    before = tab.js("return window.drawn")
    tab.wait(lambda: tab.js("return window.drawn") > before)
    server.get("/")
    wait_row(tab, "recent", "GET")
