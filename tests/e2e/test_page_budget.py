"""What the page costs: bytes to load it, memory over a day, work when nobody
looks."""

from urllib.parse import urlsplit

from page import points, show, start_site, traffic, wait_row

PAGE_MAX = 60 * 1024
AGAIN_MAX = 8 * 1024		# headers that say that nothing changed
HEAP_GROWTH_MAX = 2 << 20
DAY_S = 86400
FRAMES = 8


def loaded(browser):
    """Path to the answer's header, of the page without its data; from the
    browser's own cache there is none."""
    browser.drain()
    return {urlsplit(one["response"]["url"]).path:
            {name.lower(): value
             for name, value in one["response"]["headers"].items()}
            for one in browser.network("responseReceived")
            if "/api/" not in one["response"]["url"] and
            one["response"]["status"] == 200 and
            one["response"]["url"].startswith("http") and
            not one["response"].get("fromDiskCache")}


def weight(answers):
    return sum(int(one["content-length"]) for one in answers.values())


def test_the_page_weighs_at_most_60_kb_and_next_to_nothing_again(
        start, browser):
    _, board = start_site(start)
    tab = browser.open(board)
    tab.wait(lambda: points(tab, "traffic"))
    first = loaded(browser)
    assert {"/", "/js/app.js", "/js/store.js", "/style.css"} <= set(first)
    assert weight(first) <= PAGE_MAX, first
    for path, one in first.items():
        assert "etag" in one, path
        assert int(one["content-length"]) < 1000 or \
            one["content-encoding"] == "gzip", path
    browser.events.clear()
    tab.go(browser.url(board))
    tab.wait_up()
    paths = {one["requestId"]: urlsplit(one["request"]["url"]).path
             for one in browser.network("requestWillBeSent")}
    again = {paths[one["requestId"]]: one["encodedDataLength"]
             for one in browser.network("loadingFinished")}
    assert sum(size for path, size in again.items()
               if not path.startswith("/api/")) <= AGAIN_MAX, again


STORE = """
    const path = performance.getEntriesByType('resource')
        .map(e => e.name).find(name => /store[^/]*\\.js$/.test(name));
    const { store } = await import(path);
"""
FEED = STORE + """
    let frame = store.last;
    for (let i = 0; i < arguments[0]; i++) {
        const t = frame.t + 1;
        frame = { ...frame, t, seq: frame.seq + 1,
            s: frame.s.map((v, at) => (t * 7 + at) % 97),
            h: [20, t % 9 + 1, 25, 3], r: i % 60 ? [] : [[t * 1000,
            'c', 'GET', '/' + t, 200, 0.001, 9, 'hit', 0, 'i' + t, 's']],
            m: i % 1800 ? [] : [[t * 1000, 'deploy', 'r' + i]] };
        store.push(frame);
        if (i % 900 === 899)
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
    show(tab, "inflight")		# to be fast: no rows to fill again
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


COUNT = STORE + """
    window.frames = window.elements = 0;
    store.on('frame', () => window.frames++);
    new MutationObserver(changes => {
        for (const { addedNodes, removedNodes } of changes)
            for (const node of [...addedNodes, ...removedNodes])
                window.elements += node instanceof Element;
    }).observe(document, { childList: true, subtree: true });
"""


def counts(tab):
    """Frames, elements that came or went, layouts so far."""
    metrics = {one["name"]: one["value"] for one in
               tab.cdp("Performance.getMetrics")["metrics"]}
    return *tab.js("return [frames, elements]"), metrics["LayoutCount"]


def test_a_frame_changes_texts_in_one_layout(start, browser):
    """Nor does it touch the tables out of sight, with requests coming in."""
    server, board = start_site(start)
    tab = browser.open(board)
    tab.cdp("Performance.enable")
    tab.js_async(COUNT)

    def frames_came(until):
        traffic(server, 1)
        return counts(tab)[0] >= until
    tab.wait(lambda: frames_came(FRAMES), 3 * FRAMES)
    before = counts(tab)
    tab.wait(lambda: frames_came(before[0] + FRAMES), 3 * FRAMES)
    frames, elements, layouts = (now - then for now, then in
                                 zip(counts(tab), before))
    assert elements == 0
    assert layouts <= 1.5 * frames
