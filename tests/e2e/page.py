"""What the tests of the page share: a server worth looking at, the figures
and tables of the page as numbers, and a proxy that breaks its streams."""

import re
import socket
import threading

from board import start_board
from conftest import PATIENCE

# Every status class, a cached file, sessions, a slow answer.
SITE = """
    userid on;
    location / { return 200 "hello"; }
    location /file/ { alias html/; }
    location /slow/ { alias html/; limit_rate 2k; }
    location /old { return 301 /; }
    location /broken { return 500; }
    location /missing { return 404; }
"""
FILES = {"a.txt": "small", "big.txt": "x" * 40000}

CARDS = ["test", "live", "cache", "avg", "cookies", "pool"]
CHARTS = ["traffic", "latency", "status", "heatmap", "stages", "workers"]
WHO = ["servers", "workers", "cache", "limits"]
REQUESTS = ["recent", "slowest", "inflight", "errors", "logs"]

UNITS = {"s": 1, "ms": 1e-3, "µs": 1e-6, "μs": 1e-6, "us": 1e-6, "ns": 1e-9}


def start_site(start, **parts):
    """A server with SITE and a dashboard; returns both."""
    parts.setdefault("server", SITE)
    parts.setdefault("files", FILES)
    return start_board(start, **parts)


def traffic(server, count=3):
    """`count` requests of each kind, one after the other."""
    for _ in range(count):
        for path in ("/", "/file/a.txt", "/old", "/missing", "/broken"):
            server.get(path)
    return 5 * count


def numbers(text):
    """All numbers in a text of the page, without their separators."""
    return [float(one.replace(",", "").replace("\u202f", "")) for one in
            re.findall(r"-?\d+(?:[,\u202f]\d{3})*(?:\.\d+)?", text)]


def seconds(text):
    """The first time with a unit in a text, in seconds."""
    found = re.search(r"(\d[\d,]*(?:\.\d+)?)\s*([mµμun]?s)(?![a-z])",
                      text)
    return float(found[1].replace(",", "")) * UNITS[found[2]] \
        if found else None


def card(tab, name):
    """The text of a card: its figure and its details."""
    return tab.text("#card-%s .figure" % name) + " | " + \
        " ".join(tab.texts("#card-%s .detail" % name))


def panel(name):
    return "#panel-" + name


def show(tab, name):
    """Choose one of the tabs on the page; what is in it may be loaded
    then."""
    tab.click("#tab-" + name)
    tab.wait(panel(name) + " .scroll")


def see(tab, css):
    """Scroll there."""
    tab.js("document.querySelector(arguments[0]).scrollIntoView("
           "{ block: 'center' })", css)


def rows(tab, css):
    """The cells of the rows in sight of the tables within `css`; a line of
    a list is a row of one cell."""
    return tab.js(
        "const line = e => e.textContent.replace(/\\s+/g, ' ').trim();"
        "return [...document.querySelectorAll(`${arguments[0]} tbody tr, "
        "${arguments[0]} ol li`)].filter(e => e.checkVisibility()).map("
        "e => e.cells ? [...e.cells].map(line) : [line(e)])", css)


def wait_row(tab, name, pattern, seconds=PATIENCE):
    """A row of a panel whose text matches, once there is one. Tables are
    kept up to date where they are in sight."""
    see(tab, panel(name))

    def matching():
        return [row for row in rows(tab, panel(name))
                if re.search(pattern, " | ".join(row))]
    return tab.wait(matching, seconds, "a row of %s that matches %r" % (
        name, pattern))[0]


def figure(name):
    return "figure.chart[data-chart=%s]" % name


def chart_rows(tab, name):
    """A chart's "Show as table": its rows as they are now."""
    css = figure(name)
    tab.js("""
        const button = document.querySelector(`${arguments[0]} .as-table`);
        button.scrollIntoView({ block: 'center' });
        if (document.querySelector(`${arguments[0]} table`)
            ?.checkVisibility())
            button.click();		// hide it, to show it anew
        button.click();""", css)
    return rows(tab, css)


def is_known(row):
    """Does a row hold a number besides its time?"""
    return any(re.search(r"\d", cell) for cell in row[1:])


def points(tab, name):
    """Rows of a chart's table that hold numbers."""
    return [row for row in chart_rows(tab, name) if is_known(row)]


def sentence(tab, name):
    """What a chart says in words; it does so where it is in sight."""
    css = figure(name) + " [role=img]"
    see(tab, css)
    return tab.attr(css, "aria-label")


def hash_of(tab):
    """The fragment of the address."""
    return tab.js("return location.hash")


def keep(tab):
    """Leave a sign in the page that a reload of it would lose."""
    tab.js("window.keptByTest = true")


def kept(tab):
    return tab.js("return window.keptByTest === true")


class Proxy:
    """Between the page and its dashboard: a port that passes all on, but
    can refuse requests by their path, and stop what flows.

    As a Board it has a port, so that a browser can open it.
    """

    def __init__(self, board):
        self.target = ("127.0.0.1", board.port)
        self.refused = []
        self.requests = []		# "METHOD path", in order
        self.heads = []
        self.open = {}			# connection to its last path
        self.flows = threading.Event()
        self.flows.set()
        self.sockets = set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.flows.set()
        self.cut()

    def cut(self):
        """End all connections."""
        for one in list(self.sockets):
            self._end(one)

    def streams(self):
        """How many connections carry a stream now."""
        return sum(path in ("/api/v1/stream", "/api/v1/ws")
                   for path in list(self.open.values()))

    def asked(self, path):
        return [one for one in list(self.requests)
                if one.split(" ")[1].startswith(path)]

    def _end(self, one):
        self.sockets.discard(one)
        self.open.pop(one, None)
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass			# it had ended

    def _accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            try:
                server = socket.create_connection(self.target)
            except OSError:
                client.close()
                continue
            self.sockets |= {client, server}
            for one, other, up in ((client, server, True),
                                   (server, client, False)):
                threading.Thread(target=self._pump, args=(one, other, up),
                                 daemon=True).start()

    def _passes(self, client, data):
        """Note the request that begins here; may it pass?"""
        head = re.match(rb"([A-Z]+) (\S+) HTTP/1\.1\r\n", data)
        if not head:
            return True
        method, path = head[1].decode(), head[2].decode()
        self.requests.append("%s %s" % (method, path))
        self.heads.append(data.partition(b"\r\n\r\n")[0].decode("latin-1"))
        self.open[client] = path.partition("?")[0]
        return not any(path.startswith(one) for one in self.refused)

    def _pump(self, source, sink, upwards):
        try:
            while data := source.recv(65536):
                self.flows.wait()
                if upwards and not self._passes(source, data):
                    break
                sink.sendall(data)
        except OSError:
            pass			# one of them has gone
        self._end(source)
        self._end(sink)
        source.close()
