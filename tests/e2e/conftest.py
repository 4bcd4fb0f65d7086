"""End-to-end tests: the real binary over real sockets.

RINGMASTER names the binary (default: ./ringmaster). A test asks for the
fixture `start` and gets a function that starts a server of its own on a free
port in a temporary prefix:

    def test_answers(start):
        server = start(server='location / { return 200 "hello"; }')
        assert server.get("/").body == b"hello"

After the test every server is stopped and its error log must hold neither an
[alert] nor a sanitizer's report.
"""

import itertools
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

from backend import Backend

CONF = """\
worker_processes %%WORKERS%%;
daemon off;
pid run.pid;
error_log error.log %%LEVEL%%;
%%MAIN%%
events { worker_connections 512; }
http {
    access_log off;
    %%HTTP%%
    server {
        listen 127.0.0.1:%%PORT%%;
        root html;
        %%SERVER%%
    }
}
"""

QUIT = signal.SIGQUIT		# Server.signal hides the module

# Seconds for what takes milliseconds, since a machine may be slow. Only a
# test that fails waits for so long.
PATIENCE = 30.0

BAD_LINE = re.compile(r"\[alert\]|Sanitizer|runtime error:")


# Ports below those that the kernel gives to clients; each process of tests
# that run side by side (pytest-xdist) takes of a range of its own.
PORTS_A_WORKER = 5000
FIRST_PORT = 12000 + PORTS_A_WORKER * \
    int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
PORTS = itertools.cycle(range(FIRST_PORT, FIRST_PORT + PORTS_A_WORKER))


def free_port():
    """A port of 127.0.0.1 that nobody listens on."""
    for port in PORTS:
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


def wait_for(condition, seconds=PATIENCE):
    """Ask until the answer is true; OSError, ValueError and EOFError mean "not
    yet": who is leaving may close a connection before it got a request."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            value = condition()
            if value:
                return value
        except (OSError, ValueError, EOFError):
            pass
        if time.monotonic() > deadline:
            raise AssertionError("timed out after %g s" % seconds)
        time.sleep(0.005)


def alive(pid):
    """Does the process run (a zombie does not)?"""
    try:
        stat = pathlib.Path("/proc/%d/stat" % pid).read_text()
    except OSError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] not in "ZX"


def birth(pid):
    """When the process began, in ticks since boot; None if it is gone.
    Numbers are used again: another one would be of another time."""
    try:
        stat = pathlib.Path("/proc/%d/stat" % pid).read_text()
    except OSError:
        return None
    return int(stat.rsplit(")", 1)[1].split()[19])


def children(pid):
    """Its children; /proc/PID/task/PID/children is not in every kernel."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue			# it has just ended
        if int(fields[1]) == pid:
            found.append(int(path.parent.name))
    return sorted(found)


def title(pid):
    raw = pathlib.Path("/proc/%d/cmdline" % pid).read_bytes()
    return raw.rstrip(b"\0").decode()


class Response:
    """One answer: status (int), reason, headers (lower-case names), body."""

    def __init__(self, status, reason, headers, body):
        self.status, self.reason = status, reason
        self.headers, self.body = headers, body

    def __repr__(self):
        return "Response(%d, %r, %d bytes)" % (
            self.status, self.headers, len(self.body))


class Client:
    """One connection; reads one answer at a time."""

    def __init__(self, address, timeout=PATIENCE):
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(address)
        else:
            self.socket = socket.create_connection(address, timeout)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def _more(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError("closed with %d bytes left" % len(self.buffer))
        self.buffer += data

    def read_until(self, mark):
        while mark not in self.buffer:
            self._more()
        part, _, self.buffer = self.buffer.partition(mark)
        return part

    def read_bytes(self, size):
        while len(self.buffer) < size:
            self._more()
        part, self.buffer = self.buffer[:size], self.buffer[size:]
        return part

    def read_all(self):
        """What comes until the server closes."""
        while True:
            try:
                self._more()
            except EOFError:
                part, self.buffer = self.buffer, b""
                return part

    def _chunked(self):
        body = b""
        while True:
            size = int(self.read_until(b"\r\n").split(b";")[0], 16)
            if size == 0:
                while self.read_until(b"\r\n"):
                    pass
                return body
            body += self.read_bytes(size)
            assert self.read_bytes(2) == b"\r\n"

    def response(self, head=False):
        """Read one answer; `head` if the request was a HEAD."""
        lines = self.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        _, status, reason = (lines[0] + "  ").split(" ", 2)
        status, headers = int(status), {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            name, value = name.lower(), value.strip()
            old = headers.get(name)
            headers[name] = value if old is None else old + ", " + value
        if head or status in (204, 304) or status < 200:
            body = b""
        elif headers.get("transfer-encoding") == "chunked":
            body = self._chunked()
        elif "content-length" in headers:
            body = self.read_bytes(int(headers["content-length"]))
        else:
            body = self.read_all()
        return Response(status, reason.strip(), headers, body)

    def request(self, path="/", method="GET", headers=None, body=None):
        fields = {"Host": "localhost"}
        fields.update(headers or {})
        if body is not None and "Transfer-Encoding" not in fields:
            fields["Content-Length"] = str(len(body))
        text = "%s %s HTTP/1.1\r\n" % (method, path)
        text += "".join("%s: %s\r\n" % item for item in fields.items())
        self.send(text.encode("latin-1") + b"\r\n" + (body or b""))
        return self.response(head=method == "HEAD")


class Server:
    """A ringmaster of our own, in a prefix of its own."""

    def __init__(self, binary):
        self.binary = binary
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="ringmaster-"))
        self.dir.chmod(0o755)		# workers run as another user
        (self.dir / "html").mkdir()
        self.port = free_port()
        self.conf = self.dir / "ringmaster.conf"
        self.pid_file = self.dir / "run.pid"
        self.process = None
        self.bad_lines_expected = False
        self.pids = {}			# and when each began

    # ---- its files ----

    def write(self, text=None, workers=2, level="notice", main="", http="",
              server=""):
        """Write the configuration: the parts of the usual one, or `text`.
        %%PORT%% and %%DIR%% are replaced in all of it."""
        text = CONF if text is None else text
        for name, value in (("WORKERS", workers), ("LEVEL", level),
                            ("MAIN", main), ("HTTP", http),
                            ("SERVER", server), ("PORT", self.port),
                            ("DIR", self.dir)):
            text = text.replace("%%" + name + "%%", str(value))
        self.conf.write_text(text)

    def file(self, name, data):
        """A file under the root."""
        path = self.dir / "html" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def log(self, name="error.log"):
        try:
            return (self.dir / name).read_text(errors="replace")
        except OSError:
            return ""

    # ---- its life ----

    def command(self, *args, binary=None, timeout=PATIENCE, **kwargs):
        """Run the binary with our -p -c -e and `args` to its end."""
        return subprocess.run(
            [binary or self.binary, "-p", str(self.dir), "-c",
             str(self.conf), "-e", "error.log", *args],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=timeout, check=False, **kwargs)

    def start(self, argv0=None, limits=(), user=None, args=()):
        """Start it in the foreground and wait for its pid file.

        argv0:   the name it is called by
        limits:  (resource.RLIMIT_..., value) pairs
        user:    a numeric user and group to run all of it as
        """
        # Else what was started ends while the server goes on.
        assert "daemon off;" in self.conf.read_text() + " ".join(args)

        def prepare():
            for what, value in limits:
                resource.setrlimit(what, (value, value))
            if user is not None:
                os.setgroups([])
                os.setgid(user)
                os.setuid(user)
        self.process = subprocess.Popen(
            [argv0 or self.binary, "-p", str(self.dir) + "/", "-c",
             self.conf.name, "-e", "error.log", *args],
            executable=self.binary, preexec_fn=prepare,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        self.wait_started()
        return self

    def wait_started(self):
        def started():
            if self.process.poll() is not None:
                pytest.fail("did not start, status %d:\n%s" % (
                    self.process.returncode, self.log()))
            return self.pid_file.read_text().strip()
        wait_for(started)
        wait_for(self.has_children)
        self.note_pids()

    def has_children(self):
        """The master's children are there, and are what they will be."""
        text = self.conf.read_text()
        count = re.search(r"worker_processes\s+(\d+)", text)
        if not re.search(r"^http\s*{", text, re.M) or \
                "master_process off" in text:
            return True
        names = [title(pid) for pid in children(self.pid())]
        return len(names) >= (int(count[1]) if count else 1) and \
            not [name for name in names if ": master" in name]

    def note_pids(self):
        """Remember who runs, to leave nobody behind."""
        for pid in (self.pid(), self.pid(old=True)):
            if pid and alive(pid):
                for one in (pid, *children(pid)):
                    self.pids.setdefault(one, birth(one))

    def pid(self, old=False):
        """The master's, by the pid file; 0 without one."""
        try:
            name = str(self.pid_file) + (".oldbin" if old else "")
            return int(pathlib.Path(name).read_text())
        except (OSError, ValueError):
            return 0

    def workers(self, master=None):
        """Workers that are not on their way out."""
        found = []
        for pid in children(master or self.pid()):
            try:
                if title(pid).endswith(": worker process"):
                    found.append(pid)
            except OSError:
                continue
        return found

    def signal(self, number):
        self.note_pids()
        os.kill(self.pid(), number)

    def reload(self, workers=None):
        """SIGHUP, and wait until only new workers are left."""
        before = set(self.workers())
        self.signal(signal.SIGHUP)
        count = len(before) if workers is None else workers

        def done():
            now = [pid for pid in children(self.pid())
                   if "worker" in title(pid)]
            return len(now) == count and not before & set(now)
        wait_for(done)
        self.note_pids()

    def stop(self, number=QUIT):
        """End it, by a signal to the master; returns its exit status."""
        if not self.process:
            return None
        self.note_pids()
        master = self.pid()
        if master and alive(master):
            os.kill(master, number)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self.process = None
        return status

    def left(self):
        """Those of its processes that were noted and still run."""
        return [pid for pid, born in self.pids.items()
                if alive(pid) and birth(pid) == born]

    def kill(self):
        for pid in self.left():
            os.kill(pid, signal.SIGKILL)
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def finish(self):
        """Stop, complain about bad lines, remove everything."""
        try:
            self.stop()
            self.kill()
            bad = [line for line in self.log().splitlines()
                   if BAD_LINE.search(line)]
            assert self.bad_lines_expected or not bad, "\n".join(bad)
        finally:
            self.kill()
            shutil.rmtree(self.dir, ignore_errors=True)

    # ---- its clients ----

    def connect(self, timeout=PATIENCE):
        return Client(("127.0.0.1", self.port), timeout)

    def get(self, path="/", method="GET", headers=None, body=None):
        """One request on a connection of its own."""
        fields = {"Connection": "close"}
        fields.update(headers or {})
        with self.connect() as client:
            return client.request(path, method, fields, body)

    def raw(self, data):
        """Send bytes, shut our side, and return all that comes back."""
        with self.connect() as client:
            client.send(data)
            client.socket.shutdown(socket.SHUT_WR)
            return client.read_all()


@pytest.fixture(scope="session")
def binary():
    path = os.path.abspath(os.environ.get("RINGMASTER", "ringmaster"))
    if not os.access(path, os.X_OK):
        pytest.exit("no binary %s: set RINGMASTER" % path, 2)
    return path


@pytest.fixture
def make(binary):
    """make(): a Server that is not started; finished after the test."""
    servers = []

    def new():
        servers.append(Server(binary))
        return servers[-1]
    yield new
    errors = []
    for server in servers:
        try:
            server.finish()
        except Exception as error:	# finish the others, too
            errors.append(error)
    if errors:
        raise errors[0]


@pytest.fixture
def start(make):
    """start(**parts): a Server with this configuration, running."""
    def new(files=None, **parts):
        server = make()
        server.write(**parts)
        for name, data in (files or {}).items():
            server.file(name, data)
        return server.start()
    return new


@pytest.fixture
def refused(make):
    """refused(**parts): what -t says of a configuration that is wrong."""
    def new(**parts):
        server = make()
        server.write(**parts)
        result = server.command("-t")
        assert result.returncode == 1, result.stdout
        return result.stdout
    return new


@pytest.fixture
def backends():
    """A function that starts backends, which end with the test."""
    running = []

    def begin(*args, **kwargs):
        running.append(Backend(*args, **kwargs))
        return running[-1]
    yield begin
    for backend in running:
        backend.stop()


@pytest.fixture(scope="session")
def chromium():
    """The browser of all tests that want one."""
    try:
        from browser import launch
    except ImportError as error:
        pytest.fail("%s: install Debian's python3-selenium, chromium and "
                    "chromium-driver (scripts/test does)" % error)
    driver = launch()
    yield driver
    driver.quit()


@pytest.fixture
def browser(chromium, make, request):
    """A Browser (browser.py) with no window yet. Its windows are closed
    before the servers of the test are stopped."""
    from browser import Browser
    failed = request.session.testsfailed
    browser = Browser(chromium)
    yield browser
    try:
        if request.session.testsfailed > failed and browser.tabs:
            print("screenshots: " + browser.screenshots())
        browser.drain()
    finally:
        browser.close()
    browser.check()
