"""The browser of the page's tests notices what it is there to notice.

Guards against tests of the page that pass because nobody looked: an error of
a script, a violation of the policy and a request to another machine must each
fail the test they happen in.
"""

import http.server
import threading

import pytest

POLICY = "default-src 'none'; script-src 'self'; img-src * data:"
PAGES = {
    "/": b"<!doctype html><link rel=icon href=data:,><p>quiet",
    "/throws": b"<!doctype html><script src=/throws.js></script>",
    "/throws.js": b"null.nothing();",
    "/rejects": b"<!doctype html><script src=/rejects.js></script>",
    "/rejects.js": b"Promise.reject(new Error('left alone'));",
    "/inline": b"<!doctype html><script>alert(1)</script>",
    "/missing": b"<!doctype html><script src=/nothing.js></script>",
    "/elsewhere": b"<!doctype html><img src=http://192.0.2.1/x.png>",
}


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = PAGES.get(self.path)
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/javascript" if
                         self.path.endswith(".js") else "text/html")
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_):
        pass


class Site:
    """Like a Board: it has a port."""

    def __init__(self, port):
        self.port = port


@pytest.fixture
def site():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Site(server.server_port)
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_quiet_page_is_no_complaint(browser, site):
    tab = browser.open(site, ready=False)
    assert tab.text("p") == "quiet"
    browser.check()
    assert [url for url in browser.requested() if url.endswith("/")]


@pytest.mark.parametrize("path, what", [
    ("/throws", "TypeError"), ("/rejects", "left alone"),
    ("/inline", "Content Security Policy"), ("/missing", "404"),
])
def test_errors_and_violations_are_noticed(browser, site, path, what):
    browser.expect("favicon.ico")
    tab = browser.open(site, path, ready=False)
    tab.wait(browser.complaints)
    with pytest.raises(AssertionError, match=what):
        browser.check()
    browser.expect(what)


def test_a_request_to_another_machine_is_noticed(browser, site):
    browser.expect("favicon.ico|192.0.2.1")
    tab = browser.open(site, "/elsewhere", ready=False)
    tab.wait(browser.foreign)
    with pytest.raises(AssertionError, match="left the machine"):
        browser.check()
    browser.events.clear()
