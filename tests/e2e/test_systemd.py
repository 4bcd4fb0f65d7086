"""The server under systemd: what it tells NOTIFY_SOCKET, and sockets that it
is given by LISTEN_FDS. The tests play systemd.

Fails if a service counts as started, reloaded or alive before or without
being so; if the service manager loses the server in an upgrade; or if a
client is refused whose connection a passed socket holds."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest

from conftest import BAD_LINE, PATIENCE, alive, children, wait_for

NOBODY = 65534

# Becomes the server, with the descriptors of argv[1] from 3 on.
LAUNCHER = """
import fcntl, os, sys
fds = [fcntl.fcntl(int(fd), fcntl.F_DUPFD, 100) for fd in sys.argv[1].split()]
os.closerange(3, 100)
for number, fd in enumerate(fds, 3):
    os.dup2(fd, number)
os.closerange(100, 200)
for name in ("LISTEN_PID", "WATCHDOG_PID"):
    os.environ.setdefault(name, str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


class Manager:
    """A service manager: starts a server and hears what it says."""

    def __init__(self, server, abstract=False):
        self.server = server
        self.messages = []
        path = str(server.dir / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + path if abstract else path)
        self.path = "@" + path if abstract else path

    def launch(self, sockets=(), **environment):
        """Start the server, with sockets and variables."""
        server = self.server
        fds = [s if isinstance(s, int) else s.fileno() for s in sockets]
        environment = {"NOTIFY_SOCKET": self.path,
                       "LISTEN_FDS": str(len(fds)), **environment}
        server.process = subprocess.Popen(
            [sys.executable, "-c", LAUNCHER, " ".join(map(str, fds)),
             server.binary, "-p", str(server.dir) + "/", "-c",
             server.conf.name, "-e", "error.log"],
            env={**os.environ, **environment}, pass_fds=fds,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    def start(self, sockets=(), **environment):
        """The same, until it says that it is ready."""
        self.launch(sockets, **environment)
        message = self.wait("READY=1")
        self.server.wait_started()
        return message

    def hear(self, seconds):
        """The next message, as a dictionary; None if there is none."""
        self.socket.settimeout(max(seconds, 0.001))
        try:
            text = self.socket.recv(4096).decode()
        except socket.timeout:
            return None
        message = dict(line.split("=", 1) for line in text.splitlines())
        self.messages.append(message)
        return message

    def wait(self, line, seconds=PATIENCE):
        """The next message with this line; others are put aside."""
        name, value = line.split("=", 1)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            message = self.hear(deadline - time.monotonic())
            if message and re.fullmatch(value, message.get(name, "\n")):
                return message
        return pytest.fail("never said %s, but %s" % (line, self.messages))

    def silence(self, line, seconds):
        """Is this not said for so long?"""
        name, value = line.split("=", 1)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            message = self.hear(deadline - time.monotonic())
            if message and message.get(name) == value:
                return False
        return True


@pytest.fixture
def manager(make):
    """manager(**parts): a Manager of a server with this configuration."""
    def new(abstract=False, **parts):
        server = make()
        server.file("index.html", "hello")
        server.write(**parts)
        return Manager(server, abstract)
    return new


def listener(address, share=False):
    s = socket.socket(socket.AF_UNIX if isinstance(address, str)
                      else socket.AF_INET, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if share:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind(address)
    s.listen(64)
    return s


def rewrite(server, old, new):
    server.conf.write_text(server.conf.read_text().replace(old, new))


# ---- what it says ----

@pytest.mark.parametrize("abstract", (False, True))
def test_ready_when_it_serves(manager, abstract):
    manager = manager(abstract)
    message = manager.start()
    assert message["STATUS"] == "2 workers, 0 connections, 0 requests/s"
    assert len(manager.server.workers()) == 2
    assert manager.server.get().body == b"hello"
    assert len(manager.messages) == 1


def test_never_ready_without_workers(manager):
    manager = manager(main="worker_rlimit_nofile 5;")
    manager.server.bad_lines_expected = True
    manager.launch()
    assert manager.server.process.wait(20) == 1
    assert manager.silence("READY=1", 0.1)


def test_nobody_listens(manager):
    manager = manager()
    manager.socket.close()
    manager.launch()
    manager.server.wait_started()
    assert manager.server.get().body == b"hello"


@pytest.mark.parametrize("path", ("", "vsock:2:1", "/" + 200 * "x"))
def test_socket_of_another_kind(manager, path):
    manager = manager()
    manager.launch(NOTIFY_SOCKET=path)
    manager.server.wait_started()
    assert manager.server.get().body == b"hello"


def test_reload(manager):
    manager = manager(server='location = /new { return 200 "old"; }')
    manager.start()
    rewrite(manager.server, '"old"', '"new"')
    before = time.monotonic_ns() // 1000
    manager.server.signal(signal.SIGHUP)
    message = manager.wait("RELOADING=1")
    assert before <= int(message["MONOTONIC_USEC"]) <= \
        time.monotonic_ns() // 1000
    manager.wait("READY=1")
    wait_for(lambda: manager.server.get("/new").body == b"new")


def test_reload_that_fails(manager):
    manager = manager()
    manager.start()
    rewrite(manager.server, "http {", "htp {")
    manager.server.signal(signal.SIGHUP)
    manager.wait("RELOADING=1")
    message = manager.wait("READY=1")
    assert re.fullmatch(r"2 workers, .* requests?/s; the last reload failed: "
                        r'unknown directive "htp" in .*:\d+',
                        message["STATUS"])
    assert manager.server.get().body == b"hello"
    rewrite(manager.server, "htp {", "http {")
    manager.server.signal(signal.SIGHUP)
    manager.wait("RELOADING=1")
    assert "failed" not in manager.wait("READY=1")["STATUS"]


def test_status_goes_on(manager):
    manager = manager()
    manager.start()
    with manager.server.connect() as client:
        client.request("/")
        manager.wait(r"STATUS=2 workers, 1 connection, \d+ requests?/s", 8)


@pytest.mark.parametrize("number", (signal.SIGQUIT, signal.SIGTERM))
def test_stop(manager, number):
    manager = manager(main="worker_shutdown_timeout 7s;")
    manager.start()
    manager.server.signal(number)
    message = manager.wait("STOPPING=1")
    assert message["STATUS"].startswith("Stopping: ")
    assert message.get("EXTEND_TIMEOUT_USEC") == \
        ("12000000" if number == signal.SIGQUIT else None)
    assert manager.server.process.wait(10) == 0


def test_stop_without_a_limit_has_one(manager):
    manager = manager()
    manager.server.file("large", 20000000 * b"x")
    manager.start()
    with manager.server.connect() as client:
        client.send(b"GET /large HTTP/1.0\r\n\r\n")
        client.read_until(b"\r\n\r\n")
        began = time.monotonic()
        manager.server.signal(signal.SIGQUIT)
        message = manager.wait("STOPPING=1")
        assert message["EXTEND_TIMEOUT_USEC"] == "15000000"
        assert manager.server.process.wait(PATIENCE) == 0
        assert time.monotonic() - began > 9.9


# ---- the watchdog ----

def test_watchdog_wants_workers_that_go_on(manager):
    manager = manager()
    manager.start(WATCHDOG_USEC="800000")
    for _ in range(3):
        manager.wait("WATCHDOG=1", 0.8)
    stopped = manager.server.workers()[0]
    os.kill(stopped, signal.SIGSTOP)
    try:
        stuck = "worker process %d is stuck" % stopped
        wait_for(lambda: stuck in manager.server.log())
        while manager.hear(0):
            pass
        assert manager.silence("WATCHDOG=1", 1)
        assert manager.server.get().body == b"hello"
    finally:
        os.kill(stopped, signal.SIGCONT)
    manager.wait("WATCHDOG=1", 2)
    assert "worker process %d goes on" % stopped in manager.server.log()


@pytest.mark.parametrize("environment", (
    {"WATCHDOG_USEC": "400000", "WATCHDOG_PID": "1"},
    {"WATCHDOG_USEC": "soon"}))
def test_no_watchdog(manager, environment):
    manager = manager()
    manager.start(**environment)
    assert manager.silence("WATCHDOG=1", 0.5)


# ---- the upgrade ----

@pytest.fixture
def upgraded(manager):
    """A manager after USR2, with the process ids of both masters."""
    manager = manager()
    manager.start(WATCHDOG_USEC="800000")
    server, old = manager.server, manager.server.pid()
    server.signal(signal.SIGUSR2)
    wait_for(lambda: server.pid() not in (0, old) and
             len(server.workers()) == 2)
    server.note_pids()
    new = server.pid()
    yield manager, old, new
    if alive(new):
        os.kill(new, signal.SIGKILL)
    try:
        os.waitpid(new, 0)		# it is our child, not the old one's
    except ChildProcessError:
        pass


def test_upgrade(upgraded):
    manager, old, new = upgraded
    server = manager.server
    assert new in children(os.getpid())
    for _ in range(3):
        manager.wait("WATCHDOG=1", 0.8)
    os.kill(old, signal.SIGQUIT)
    assert manager.wait("MAINPID=.*") == {"MAINPID": str(new)}
    assert server.process.wait(10) == 0
    assert not [m for m in manager.messages if "STOPPING" in m]
    manager.wait("READY=1")
    for _ in range(3):
        manager.wait("WATCHDOG=1", 0.8)
    assert server.get().body == b"hello"
    os.kill(new, signal.SIGQUIT)
    manager.wait("STOPPING=1")
    assert os.waitpid(new, 0) == (new, 0)


def test_upgrade_is_called_off(upgraded):
    manager, old, new = upgraded
    server = manager.server
    os.kill(new, signal.SIGQUIT)
    assert os.waitpid(new, 0) == (new, 0)
    wait_for(lambda: "new binary process %d exited" % new in server.log())
    wait_for(lambda: server.pid() == old)
    while manager.hear(0):
        pass
    assert server.get().body == b"hello"
    manager.wait("WATCHDOG=1", 0.8)
    assert not [m for m in manager.messages
                if "MAINPID" in m or "STOPPING" in m]


def test_new_binary_dies_at_once(manager):
    manager = manager()
    manager.server.bad_lines_expected = True
    manager.start()
    server, old = manager.server, manager.server.pid()
    rewrite(server, "http {", "htp {")
    server.signal(signal.SIGUSR2)
    wait_for(lambda: re.search(r"new binary process \d+ exited",
                               server.log()))
    assert server.pid() == old
    assert server.get().body == b"hello"


# ---- the unit ----

@pytest.fixture
def units(binary, tmp_path):
    """The unit files, for the binary that is tested."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze (Debian: systemd)")
    built = pathlib.Path(binary).parent / "scripts/systemd/ringmaster.service"
    if not built.exists():
        pytest.skip("no %s: make all" % built)
    text = re.sub(r"(?m)^(Exec\w+=)\S*/ringmaster", r"\1" + binary,
                  built.read_text())
    (tmp_path / built.name).write_text(text)
    source = pathlib.Path(__file__).parents[2] / "scripts/systemd"
    shutil.copy(source / "ringmaster.socket", tmp_path)
    return [str(tmp_path / name)
            for name in ("ringmaster.service", "ringmaster.socket")]


def test_units_are_right(units):
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True, text=True)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_unit_is_a_safe_one(units):
    result = subprocess.run(
        ["systemd-analyze", "security", "--no-pager", "--offline=true",
         "--threshold=15", units[0]], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_root_tests_what_another_user_runs(make):
    if os.geteuid() != 0:
        pytest.skip("only root can be both")
    server = make()
    server.write(http="access_log access.log;")
    server.file("index.html", "hello")
    os.chown(server.dir, NOBODY, NOBODY)
    assert server.command("-s", "reload").returncode == 1
    assert not (server.dir / "error.log").exists()
    assert server.command("-t").returncode == 0
    assert (server.dir / "error.log").exists()
    server.start(user=NOBODY)
    assert server.get().body == b"hello"


# ---- sockets ----

def answers(server, count=20):
    for _ in range(count):
        assert server.get().body == b"hello"


def owners(server, path):
    """How many workers hold this socket open?"""
    inode = os.fstat(path.fileno()).st_ino
    count = 0
    for pid in server.workers():
        links = []
        for fd in os.listdir("/proc/%d/fd" % pid):
            try:
                links.append(os.readlink("/proc/%d/fd/%s" % (pid, fd)))
            except OSError:
                continue
        count += "socket:[%d]" % inode in links
    return count


@pytest.mark.parametrize("sockets", (1, 2, 3))
@pytest.mark.parametrize("workers", (1, 2))
def test_passed_sockets(manager, sockets, workers):
    manager = manager(workers=workers)
    server = manager.server
    passed = [listener(("127.0.0.1", server.port), share=True)
              for _ in range(sockets)]
    waiting = server.connect()		# before there is a server
    waiting.send(b"GET / HTTP/1.0\r\n\r\n")
    manager.start(passed)
    assert waiting.response().body == b"hello"
    answers(server)
    assert [owners(server, s) for s in passed] == sockets * [workers]


def test_passed_socket_outlives_the_server(manager):
    manager = manager()
    server = manager.server
    path = str(server.dir / "http.sock")
    rewrite(server, "root html;", "root html; listen unix:%s;" % path)
    passed = [listener(("127.0.0.1", server.port)), listener(path)]
    manager.start(passed)
    server.reload()
    answers(server)
    assert server.stop() == 0
    assert os.path.exists(path)
    with server.connect() as waiting:
        waiting.send(b"GET / HTTP/1.0\r\n\r\n")
        manager.start(passed)
        assert waiting.response().body == b"hello"
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 200")


def test_passed_socket_in_an_upgrade(manager):
    manager = manager(workers=3)
    server = manager.server
    passed = listener(("127.0.0.1", server.port))
    manager.start([passed])
    old = server.pid()
    server.signal(signal.SIGUSR2)
    wait_for(lambda: server.pid() not in (0, old) and
             len(server.workers()) == 3)
    server.note_pids()
    new = server.pid()
    os.kill(old, signal.SIGQUIT)
    assert server.process.wait(10) == 0
    answers(server)
    assert owners(server, passed) == 3
    os.kill(new, signal.SIGQUIT)
    assert os.waitpid(new, 0) == (new, 0)


def test_sockets_that_nobody_wants(manager):
    manager = manager()
    server = manager.server
    with listener(("127.0.0.1", 0)) as other, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams, \
            socket.socket() as deaf, listener("\0" + str(server.dir)) as no, \
            open("/dev/null", "rb") as file:
        datagrams.bind(("127.0.0.1", server.port))
        manager.start([other, datagrams, deaf, file, no],
                      LISTEN_FDNAMES="other:datagrams::file")
        answers(server, 1)
        log = server.log()
        assert re.search(r'\[warn\] .*: descriptor 3 "other" '
                         r'\(127.0.0.1 port %d\), passed by systemd, is '
                         r'closed: no "listen" names it'
                         % other.getsockname()[1], log)
        for number, name in ((4, "datagrams"), (5, ""), (6, "file")):
            assert re.search(r'descriptor %d "%s".*, passed by systemd, is '
                             'closed: it is no socket that listens'
                             % (number, name), log)
        assert 'descriptor 7 "" (unix:), passed by systemd, is closed' in log
        assert not owners(server, other)


@pytest.mark.parametrize("count", ("-1", "1x", "4097", ""))
def test_count_that_is_none(manager, count):
    manager = manager()
    server = manager.server
    manager.start(LISTEN_FDS=count)
    answers(server, 1)
    assert 'LISTEN_FDS "%s" is not a number of sockets' % count in server.log()


def test_more_promised_than_there_are(manager):
    manager = manager()
    server = manager.server
    passed = listener(("127.0.0.1", server.port))
    manager.start([passed], LISTEN_FDS="7")
    answers(server)
    assert owners(server, passed) == 2
    assert not BAD_LINE.search(server.log())


def test_sockets_of_another_process(manager):
    manager = manager()
    server = manager.server
    with listener(("127.0.0.1", 0)) as other:
        manager.start([other], LISTEN_PID="1")
        answers(server, 1)
        assert "passed by systemd" not in server.log()
