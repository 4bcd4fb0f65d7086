"""Logs to a syslog daemon: error_log and access_log, over UDP and unix
sockets; nobody waits for a daemon that is not there."""

import re
import socket
import time

import pytest

from conftest import PATIENCE, wait_for

HEAD = re.compile(rb"<(\d+)>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d "
                  rb"(?:(\S+) )?(\w+): (.*)", re.DOTALL)


@pytest.fixture
def daemon():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        s.settimeout(PATIENCE)
        yield s


def message(daemon):
    """Priority, host, tag and text of the next message."""
    match = HEAD.fullmatch(daemon.recv(65536))
    assert match
    return int(match[1]), match[2], match[3], match[4]


def test_access_log(start, daemon):
    address = "server=127.0.0.1:%d" % daemon.getsockname()[1]
    server = start(http="log_format f escape=none '$uri\n$status';", server="""
        location / { access_log syslog:%s f; return 200; }
        location /all {
            access_log syslog:severity=alert,%s,facility=user,tag=me_1 f;
            return 404;
        }
        location /short { access_log syslog:%s,nohostname f; return 200; }
        location /if {
            access_log syslog:%s f if=$arg_log;
            return 200;
        }
        location /two {
            access_log syslog:%s f;
            access_log syslog:%s f;
            access_log a.log f;
            return 200;
        }""" % ((address,) * 6))
    server.get("/x")
    assert message(daemon) == (23 * 8 + 6, socket.gethostname().lower()
                               .encode(), b"nginx", b"/x\n200")
    server.get("/all")
    assert message(daemon)[::2] == (1 * 8 + 1, b"me_1")
    server.get("/short")
    assert message(daemon)[1:] == (None, b"nginx", b"/short\n200")
    server.get("/if")
    server.get("/if?log=0")
    server.get("/if?log=1")
    assert message(daemon)[3] == b"/if\n200"
    server.get("/two")
    assert message(daemon) == message(daemon)
    wait_for(lambda: server.log("a.log") == "/two\n200\n")


def test_error_log(start, daemon):
    address = "server=127.0.0.1:%d" % daemon.getsockname()[1]
    server = start(server="""
        location / { error_log syslog:%s,facility=mail; }
        location /warn { error_log syslog:%s crit; error_log other.log; }"""
        % (address, address))
    server.get("/missing")
    priority, _, tag, text = message(daemon)
    assert (priority, tag) == (2 * 8 + 3, b"nginx")
    assert re.match(rb"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[error\] .*/missing",
                    text)
    assert b"\n" not in text
    server.get("/warn")
    assert "/warn" in server.log("other.log")
    assert "/missing" not in server.log()
    daemon.settimeout(0.2)
    with pytest.raises(TimeoutError):
        message(daemon)


def test_the_masters_lines(start, daemon):
    server = start(main="error_log syslog:server=127.0.0.1:%d info;"
                   % daemon.getsockname()[1])
    text = b""
    while b"start worker process" not in text:
        text = message(daemon)[3]
    server.reload()
    while b"reconfiguring" not in text:
        text = message(daemon)[3]


def test_a_unix_socket_may_come_and_go(start):
    server = start(server="""
        location / {
            access_log syslog:server=unix:%%DIR%%/log.sock;
            return 200;
        }""")
    path = server.dir / "log.sock"
    begun = time.monotonic()
    for _ in range(20):
        assert server.get("/").status == 200
    assert time.monotonic() - begun < 20
    for _ in range(2):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
            daemon.bind(str(path))
            path.chmod(0o777)
            daemon.settimeout(PATIENCE)
            server.get("/")
            assert b"GET / HTTP" in message(daemon)[3]
        path.unlink()
    wait_for(lambda: "lines were lost" in server.log())


def test_a_daemon_that_does_not_read_stops_nobody(start):
    server = start(workers=1, server="""
        access_log syslog:server=unix:%%DIR%%/log.sock;
        location / { return 200; }""")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind(str(server.dir / "log.sock"))
        (server.dir / "log.sock").chmod(0o777)
        begun = time.monotonic()
        for _ in range(300):
            assert server.get("/").status == 200
        assert time.monotonic() - begun < 30


@pytest.mark.parametrize("text, message", [
    ("syslog:", 'unknown syslog parameter ""'),
    ("syslog:tag=a", "no syslog server specified"),
    ("syslog:server=127.0.0.1,server=127.0.0.1",
     'duplicate syslog "server"'),
    ("syslog:server=127.0.0.1,facility=x", 'unknown syslog facility "x"'),
    ("syslog:server=127.0.0.1,severity=x", 'unknown syslog severity "x"'),
    ("syslog:server=127.0.0.1,tag=a-b", 'syslog "tag" only allows '
     "alphanumeric characters and underscore"),
    ("syslog:server=127.0.0.1,tag=" + "a" * 33,
     "syslog tag length exceeds 32"),
    ("syslog:server=127.0.0.1,x", 'unknown syslog parameter "x"'),
    ("syslog:server=unix:", "no bytes in the unix domain socket path"),
])
def test_errors_are_named(make, text, message):
    for directive in ("error_log", "access_log"):
        server = make()
        server.write(server="%s %s;" % (directive, text))
        assert message in server.command("-t").stdout
