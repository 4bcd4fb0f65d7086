"""ringstat's screens, driven as by hand in a terminal: each screen and key,
while the server serves, reloads, loses a worker, stops and comes back; and
the terminal is as it was, however ringstat ends."""

import os
import re
import shutil
import signal
import subprocess
import unicodedata

import pytest

from conftest import wait_for
from pane import Pane
from ringload import ringload_binary
from ringstat import run, segment

pytestmark = pytest.mark.skipif(not shutil.which("tmux"),
                                reason="needs tmux (Debian: tmux)")

SITE = """
    server_name shop.example;
    location / { return 200 "hello"; }
    location /no { return 503; }
    location = /old { return 301 /; }
"""
SIZES = [(80, 24), (200, 60)]
TITLES = {
    1: ("─ Requests ─", "Connections", "Avg response", "Caching", "Sessions",
        "Thread pool", "Errors", "Clients", "Response time",
        "Status classes"),
    2: ("Name", "Current", "Change", "Average", "Avg_10", "Avg_100",
        "total_requests"),
    3: ("─ Workers ─", "lag p99", "─ Worker 0 ─", "running"),
    4: ("Servers, locations, upstreams", "shop.example", "p99"),
    5: ("Distribution of response times", "Percentiles",
        "Response times over time", "Stages", "handler"),
    6: ("Paths by requests", "─ Clients ─", "─ Status ─", "─ Methods ─",
        "127.0.0.1"),
    7: ("Requests, newest first", "127.0.0.1", "GET /", "─ Request ─"),
}


@pytest.fixture
def pane(tmp_path):
    """pane(server, *args): its screens."""
    panes = []

    def new(server, *args, **kwargs):
        panes.append(Pane(tmp_path, "-n", segment(server), *args, **kwargs))
        return panes[-1]
    yield new
    for one in panes:
        one.close()


@pytest.fixture
def load(start):
    """A server that answers a hundred requests a second."""
    server = start(server=SITE)
    process = subprocess.Popen(
        [ringload_binary(), "-R", "100", "-c", "4", "-d", "5m", "--quiet",
         "http://127.0.0.1:%d/" % server.port],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield server
    process.kill()
    process.wait()


def cells(row):
    """The characters of a row, one a column; of a wide one the second is
    NUL."""
    found = []
    for character in row:
        if unicodedata.combining(character):
            continue
        found.append(character)
        if unicodedata.east_asian_width(character) in "WF":
            found.append("\0")
    return found


def aligned(pane, columns, rows):
    """Each border goes on below until its corner."""
    seen = [cells(row) + [" "] * columns for row in pane.rows()]
    assert len(seen) == rows
    for i, row in enumerate(seen):
        assert "".join(row[columns:]).strip() == "", row
        for at, character in enumerate(row):
            if character in "╭╮":
                below = next(seen[k][at] for k in range(i + 1, rows)
                             if seen[k][at] != "│")
                assert below in "╰╯", (i, at, row)


@pytest.mark.parametrize("columns,rows", SIZES)
def test_every_screen(load, pane, columns, rows):
    one = pane(load, columns=columns, rows=rows)
    one.wait("live, every 1.0 s", *TITLES[1])
    for choose in ("%d", "F%d"):
        for number, titles in TITLES.items():
            one.keys(choose % number)
            one.wait(*titles)
            aligned(one, columns, rows)
    one.keys("Tab")
    one.wait(*TITLES[1])
    one.keys("BTab")
    one.wait(*TITLES[7])
    one.keys("Left")
    one.wait(*TITLES[6])
    one.keys("q")
    assert one.ended() == 0


def test_rates_are_those_of_the_server(load, pane):
    one = pane(load, "-i", "500ms")
    wait_for(lambda: re.search(r"│ (9\d|1[01]\d)(\.\d)?/s ", one.text()))
    one.keys("3")

    def rates():
        return [float(rate) for rate in re.findall(
            r" running +\d+ +(\d+(?:\.\d+)?) ", one.text())]
    wait_for(lambda: len(rates()) == 2 and 90 <= sum(rates()) < 120)
    one.keys("5")
    one.wait("p50", "p99.99", "lately")
    one.keys("s")
    one.wait("last interval")
    one.keys("s")
    one.wait("since start")


def selected(pane):
    """What the box below the counters describes."""
    return pane.text().split("─ Counter ─")[1].split("\n")[1].strip(" │")


def test_keys_of_the_counters(load, pane):
    one = pane(load, "-i", "200ms")
    one.keys("2")
    one.wait("1-14 of")
    first = selected(one)
    one.keys("j", "Down")
    wait_for(lambda: selected(one) != first)
    one.keys("k", "Up")
    wait_for(lambda: selected(one) == first)
    one.keys("Space")
    one.wait("2-15 of")
    one.keys("PgDn", "PgUp", "b")
    one.keys("G")
    wait_for(lambda: re.search(r" (\d+)-(\d+) of \2 ", one.text()))
    one.keys("g")
    one.wait("1-14 of")
    shown = int(re.search(r"of (\d+) ", one.text())[1])
    one.keys("d")
    wait_for(lambda: int(re.search(r"of (\d+) ", one.text())[1]) > shown)
    one.keys("d", "v")
    wait_for(lambda: int(re.search(r"of (\d+) ", one.text())[1]) > shown)
    one.keys("V", "s")
    one.wait("Counters by activity")
    one.keys("s", "/")
    one.type("total_reqx")
    one.wait("filter: /total_reqx_")
    one.keys("BSpace", "Enter")
    one.wait("total_requests", "1-1 of 1")
    one.keys("Escape")
    one.wait("1-14 of")


def test_forms_of_numbers(load, pane):
    for _ in range(1200):
        load.get("/")
    one = pane(load, "-f", "cache_*", "-f", "connections.accepted")
    one.keys("2")
    one.wait("connections.accepted", "1,")
    one.keys("e", "r")
    wait_for(lambda: re.search(r"accepted +1\d{3}\b", one.text()))
    assert "total_requests" not in one.text()


def test_help_pause_and_interval(load, pane):
    one = pane(load)
    one.keys("h")
    one.wait("Keys", "any key closes", "take a sample now")
    one.keys("x")
    one.wait_gone("any key closes")
    one.keys("+")
    one.wait("every 2.0 s")
    one.keys("-", "-", "-", "-")
    one.wait("every 0.1 s")
    one.keys("7", "p")
    one.wait("paused at", "p go on")
    newest = one.rows()[4]
    load.get("/while/paused")
    assert one.rows()[4] == newest
    one.keys("C-t")
    wait_for(lambda: one.rows()[4] != newest)
    one.keys("0", "C-l", "p")
    one.wait("live, every", "GET /")


def test_requests_are_filtered_and_made_visible(start, pane):
    server = start(server=SITE)
    one = pane(server, "-i", "100ms")
    one.keys("7")
    one.wait("none")
    for path in ("/漢字", "/e\u0301", "/\u009b31mevil", "/\u202egpj", "/no/x"):
        server.raw(b"GET %s HTTP/1.0\r\n\r\n" % path.encode())
    seen = one.wait("GET /漢字", "GET /e\u0301", r"GET /\x9b31mevil",
                    r"GET /\u{202e}gpj", "503", "1-5 of 5")
    assert "\x9b" not in seen and "\u202e" not in seen
    aligned(one, 80, 24)
    one.keys("/")
    one.type("status >= 500")
    one.keys("Enter")
    one.wait("1-1 of 1", "GET /no/x")
    one.keys("Escape", "/")
    one.type("EVIL")
    one.keys("Enter")
    one.wait("1-1 of 1", r"\x9b31mevil")
    one.keys("6")
    one.wait(r"/\x9b31mevil", "5 requests seen of 5")
    one.keys("s", "s")
    one.wait("Paths by errors")
    aligned(one, 80, 24)
    one.keys("4", "d")
    one.wait("/no", "= /old")
    aligned(one, 80, 24)


def test_lists_of_the_server(start, pane):
    server = start(server=SITE, http="metrics_top agents $http_user_agent;"
                   "metrics_top paths $uri;")
    for agent in ("curl", "curl", "=1+1", "\u009b31mevil", "a\u202eb"):
        server.raw(b"GET /no HTTP/1.0\r\nUser-Agent: %s\r\n\r\n" %
                   agent.encode())
    one = pane(server, "-i", "200ms")
    one.keys("6")
    one.wait("Paths by requests", "t lists")
    one.keys("t")
    seen = one.wait("agents by requests", "$http_user_agent", "1-4 of 4",
                    "left: 5 requests since ", "0 of other keys",
                    "=1+1", r"\x9b31mevil", r"a\u{202e}b")
    assert "\x9b" not in seen and "\u202e" not in seen
    assert re.search(r" 2 +40\.?0? ?% .* 2 +curl", seen), seen
    aligned(one, 80, 24)
    one.keys("s", "s", "/")
    one.type("curl")
    one.keys("Enter")
    one.wait("agents by errors", "1-1 of 1")
    one.keys("t")
    one.wait("paths by errors", "none")
    one.keys("t")
    one.wait("Paths by errors")


def test_reload_and_a_lost_worker_are_seen(load, pane):
    one = pane(load, "-i", "200ms", columns=200, rows=60)
    one.wait("Events", "start")
    load.reload()
    one.wait("gen 2", "reload ", "▼")
    victim = load.workers()[0]
    os.kill(victim, signal.SIGKILL)
    one.wait("worker lost", str(victim))
    one.keys("3")
    one.wait("1 respawned")
    load.bad_lines_expected = True


def test_stop_and_start_are_seen(start, pane):
    server = start(server=SITE)
    one = pane(server, "-i", "200ms")
    one.wait("live, every", "gen 1")
    server.get("/no/more")
    one.keys("7")
    one.wait("GET /no/more")
    server.stop()
    seen = one.wait("stopped ", " ago")
    assert "GET /no/more" in seen
    for number, titles in TITLES.items():
        one.keys(str(number))
        one.wait(titles[0], "stopped ")
    server.start()
    one.wait("live, every")
    server.get("/again")
    one.keys("7")
    one.wait("GET /again")


def test_another_size(load, pane):
    one = pane(load)
    one.wait(*TITLES[1])
    one.resize(60, 20)
    one.wait("ringstat needs 80x24", "this is 60x20")
    one.resize(200, 60)
    one.wait("Events", *TITLES[1])
    aligned(one, 200, 60)
    one.resize(80, 24)
    one.wait(*TITLES[1])
    one.wait_gone("Events")
    aligned(one, 80, 24)
    one.keys("q")
    assert one.ended() == 0


def test_without_utf8_it_is_ascii(load, pane):
    load.raw("GET /漢 HTTP/1.0\r\n\r\n".encode())
    one = pane(load, env={"LC_ALL": "C"})
    for number, titles in TITLES.items():
        one.keys(str(number))
        seen = one.wait(*(title.replace("─", "-") for title in titles))
        assert seen.isascii()
    one.keys("/")
    one.type("bytes_sent > 1 and path !~ '*/'")
    one.keys("Enter")
    one.wait(r"GET /\u{6f22}")


COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9\d|10\d)[;m]")


@pytest.mark.parametrize("env,colour", [
    ({}, True),
    ({"TERM_INSIDE": "xterm-256color"}, True),
    ({"TERM_INSIDE": "xterm"}, True),
    ({"TERM_INSIDE": "linux"}, True),
    ({"TERM_INSIDE": "vt100"}, False),
    ({"NO_COLOR": "1"}, False),
])
def test_terminals(load, pane, env, colour):
    one = pane(load, "-i", "200ms", env=env)
    for number, titles in TITLES.items():
        one.keys(str(number))
        one.wait(*titles)
        seen = one.text("-e")
        assert bool(COLOUR.search(seen)) == colour, seen
    one.keys("q")
    assert one.ended() == 0


@pytest.mark.parametrize("term", ["dumb", "no-such-terminal"])
def test_a_terminal_that_cannot(start, pane, term):
    one = pane(start(server=SITE), env={"TERM_INSIDE": term})
    one.wait("ringstat: ", term, "ringstat -1")
    assert one.ended() == 1


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "QUIT", "PIPE",
                                  "ABRT", "SEGV"])
def test_a_signal_leaves_the_terminal_as_it_was(start, pane, name):
    number = getattr(signal, "SIG" + name)
    one = pane(start(server=SITE))
    one.wait("live, every")
    assert one.is_screen()
    one.signal(number)
    # What a sanitizer makes of the last ones is its own.
    assert one.ended() == 128 + number or name in ("ABRT", "SEGV")


def test_ctrl_c_and_ctrl_z(start, pane):
    one = pane(start(server=SITE))
    one.wait("live, every")
    one.keys("C-z")
    one.wait("STOPPED")
    assert not one.is_screen()
    one.keys("Enter")
    one.wait("live, every")
    assert one.is_screen()
    one.keys("2")
    one.wait("Current")
    # Nothing can be done about this one but to come back well.
    one.signal(signal.SIGSTOP)
    wait_for(lambda: one.is_stopped())
    one.keys("Enter")
    wait_for(lambda: not one.is_stopped())
    one.wait("live, every", "Current")
    one.wait_gone("STOPPED")
    one.keys("C-c")
    one.ended()


def test_a_snapshot_is_shown(load, pane, tmp_path):
    file = tmp_path / "one.pb"
    run("-n", segment(load), "--wait", "total_requests > 100")
    file.write_bytes(run("-n", segment(load), "--pb")[0])
    one = Pane(tmp_path, "-n", file)
    try:
        one.wait("snapshot of", *TITLES[1])
        one.keys("7")
        one.wait("GET /")
    finally:
        one.close()
