"""The live view, in a terminal of our own (a pty)."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

import pytest

from conftest import PATIENCE
from ringload import json, ringload_binary

CONF = 'location / { return 200 "hello"; }'
ENTER, LEAVE = "\033[?1049h", "\033[?1049l"
ANSWERED = r"[1-9]\d* answered"


class Terminal:
    """ringload in a terminal; its standard output goes to a file."""

    def __init__(self, out, *args, columns=80, rows=24, env=None, by=()):
        self.text = ""
        waits, may_begin = os.pipe()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.read(waits, 1)
            os.environ.update({"TERM": "xterm", "LC_ALL": "C.UTF-8",
                               **(env or {})})
            os.dup2(os.open(str(out), os.O_WRONLY | os.O_CREAT, 0o644), 1)
            command = [*by, ringload_binary(), "--json", *args]
            os.execv(command[0], command)
        self.resize(columns, rows)
        self.before = termios.tcgetattr(self.fd)
        os.write(may_begin, b"!")
        os.close(may_begin)
        os.close(waits)

    def resize(self, columns, rows):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))

    def read_until(self, pattern, seconds=PATIENCE):
        deadline = time.monotonic() + seconds
        while not re.search(pattern, self.text):
            assert time.monotonic() < deadline, self.text[-4000:]
            if not select.select([self.fd], [], [], 0.1)[0]:
                continue
            try:
                self.text += os.read(self.fd, 65536).decode()
            except OSError:		# its other end is closed
                assert re.search(pattern, self.text), self.text[-4000:]
        return self.text

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def wait(self):
        """Its exit status; what it still writes is read."""
        while True:
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                break
            if not data:
                break
            self.text += data.decode()
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@pytest.fixture
def terminal(start, tmp_path):
    """terminal(*args): ringload with these, and the URL where they have none.
    """
    started = []
    url = "http://127.0.0.1:%d/" % start(server=CONF).port

    def new(*args, **kwargs):
        if args[0] != "ab":
            args = (*args, url)
        started.append(Terminal(tmp_path / "out", *args, **kwargs))
        return started[-1]
    new.out, new.url = tmp_path / "out", url
    yield new
    for one in started:
        os.close(one.fd)


def last_screen(text):
    """The rows of the newest picture."""
    return [re.sub(r"\033\[[0-9;?]*[A-Za-z]", "", row).rstrip("\r")
            for row in text.split("\033[H")[-2].split("\n")]


def test_shows_progress_and_restores_the_terminal(terminal):
    one = terminal("-d", "3s", "-c", "2")
    one.read_until(r" [1-9]\d %")
    assert one.wait() in (0, 4)
    assert one.text.startswith(ENTER)
    assert one.text.rstrip().endswith(LEAVE)
    assert "\033[?25h" in one.text
    rows = last_screen(one.text)
    assert len(rows) <= 24
    screen = "\n".join(rows)
    for word in ("http://127.0.0.1", "█", "s left", "rate", "p99", "now",
                 "total", "answered, 0 failed", "q: stop"):
        assert word in screen, screen
    assert json.loads(terminal.out.read_text())["requests"] > 0


def test_q_stops_and_prints(terminal):
    one = terminal("-d", "60s", "-c", "2", "--warmup", "0")
    one.read_until(ANSWERED)
    echo = termios.tcgetattr(one.fd)[3] & termios.ECHO
    assert not echo
    one.type("q")
    assert one.wait() == 0
    result = json.loads(terminal.out.read_text())
    assert result["partial"]


def test_r_changes_the_rate(terminal):
    one = terminal("-R", "50", "-d", "60s", "-c", "4", "-t", "2",
                   "--warmup", "0")
    one.read_until("of 50/s(?s:.)*r: change the rate")
    one.type("r30")
    one.read_until("new rate: 30_")
    one.type("\x1b")			# no, leave it
    one.type("r1000\x7f\r")
    one.read_until("of 100/s")
    one.read_until(r"rate +(9[5-9]|1\d\d)/s of 100/s")
    one.type("q")
    assert one.wait() in (0, 4)
    result = json.loads(terminal.out.read_text())
    stages = result["spec"]["stages"]
    assert [stage["rate"] for stage in stages] == [50, 50, 100, 100]
    assert stages[1]["at_seconds"] == stages[2]["at_seconds"] < 30
    first = stages[1]["at_seconds"]
    meant = 50 * first + 100 * (result["duration_seconds"] - first)
    assert abs(result["sent"] + result["unsent"] - meant) < 15


def test_the_closed_model_has_no_rate_to_change(terminal):
    one = terminal("-d", "60s", "-c", "2")
    one.read_until(ANSWERED)
    one.type("r5\rq")
    one.wait()
    assert "rate" not in one.text.replace(" rate  ", "")


def test_ctrl_c_restores_the_terminal(terminal):
    one = terminal("-d", "60s", "-c", "2")
    one.read_until(ANSWERED)
    one.type("\x03")
    one.read_until(re.escape(LEAVE))
    assert termios.tcgetattr(one.fd)[3] == one.before[3]
    assert one.wait() == 130
    assert json.loads(terminal.out.read_text())["partial"]


def test_errors_by_cause(start, tmp_path):
    server = start(server="location / { return 500; }")
    one = Terminal(tmp_path / "out", "-d", "60s", "-c", "1",
                   "http://127.0.0.1:%d/" % server.port)
    try:
        one.read_until("status not as expected")
        one.type("q")
        assert one.wait() == 1
    finally:
        os.close(one.fd)


def test_no_colour_and_ascii(terminal):
    one = terminal("-d", "2s", "-c", "1",
                   env={"NO_COLOR": "1", "LC_ALL": "C"})
    one.wait()
    picture = one.text[:one.text.index(LEAVE) - 30]
    assert not re.search(r"\033\[\d+m", picture)
    assert one.text.isascii()
    assert "#" in one.text and "answered" in one.text


@pytest.mark.parametrize("columns,rows", [(20, 4), (1, 1), (300, 100)])
def test_follows_the_size(terminal, columns, rows):
    one = terminal("-d", "60s", "-c", "1")
    one.read_until(ANSWERED)
    one.resize(columns, rows)
    seen = len(one.text)
    while one.text.count("\033[H", seen) < 4:
        one.read_until(r"(?s).{%d}\033\[H" % (len(one.text) + 1))
    one.type("q")
    one.wait()
    rows_seen = last_screen(one.text)
    assert len(rows_seen) <= rows
    assert max(map(len, rows_seen)) <= columns


# What a shell does with a job: begins it in the foreground or background,
# takes the terminal from it when it is told to, and waits for it.
JOB = """
import os, signal, subprocess, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
where, command = sys.argv[1], sys.argv[2:]
job = subprocess.Popen(command, preexec_fn=lambda: (
    os.setpgid(0, 0), where == "front" and os.tcsetpgrp(2, os.getpid()),
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)))
if where == "front":
    signal.sigwait([signal.SIGUSR1])
    os.tcsetpgrp(2, os.getpid())
sys.exit(job.wait())
"""


def test_a_background_job_gets_lines(terminal):
    """The screen is that of another program."""
    one = terminal("-d", "2s", "-c", "1",
                   by=(sys.executable, "-c", JOB, "back"))
    assert one.wait() in (0, 4)
    assert "\033" not in one.text
    assert len(re.findall(r"\d+ s +\d+ %", one.text)) >= 2


def test_put_into_the_background_it_ends(terminal):
    """And is not stopped because it puts the terminal back."""
    one = terminal("-d", "3s", "-c", "1",
                   by=(sys.executable, "-c", JOB, "front"))
    one.read_until(ANSWERED)
    os.kill(one.pid, signal.SIGUSR1)
    assert one.wait() in (0, 4)
    assert LEAVE in one.text


def test_a_dumb_terminal_gets_lines(terminal):
    one = terminal("-d", "2s", "-c", "1", env={"TERM": "dumb"})
    one.wait()
    assert "\033" not in one.text
    assert len(re.findall(r"\d+ s +\d+ %", one.text)) >= 2


def test_a_search_shows_its_steps(terminal):
    one = terminal("--find-max", "--slo", "err<1%", "-R", "10", "-d", "1s",
                   "-c", "2")
    one.read_until(r"step 2: 20/s, 10/s passed(?s:.)*answered .* ok")
    echo = termios.tcgetattr(one.fd)[3] & termios.ECHO
    assert not echo
    one.type("q")
    one.wait()
    assert one.text.count(ENTER) == one.text.count(LEAVE) == 1
    below = one.text[one.text.index(LEAVE):]
    assert len(re.findall(r"/s  answered ", below)) >= 2
    assert json.loads(terminal.out.read_text())["partial"]


def test_a_comparison_shows_its_rounds(terminal):
    one = terminal("ab", "--a", terminal.url, "--b", terminal.url + "b",
                   "--rounds", "3", "--round", "600ms", "-c", "1")
    one.read_until("round 1 of 3: A")
    one.read_until(r"round 2 of 3: B, B/A so far: rate \d+\.\d+")
    assert one.wait() == 0
    assert "A %s  B %sb" % (terminal.url, terminal.url) in one.text
    below = one.text[one.text.index(LEAVE):]
    assert below.count("round ") == 6
    assert json.loads(terminal.out.read_text())["rounds"] == 3


def test_keys_that_are_not_read_are_not_offered(terminal):
    one = terminal("-d", "2s", "-c", "1",
                   by=("/bin/sh", "-c", 'exec "$0" "$@" </dev/null'))
    one.wait()
    assert ENTER in one.text and "answered" in one.text
    assert "q: stop" not in one.text
