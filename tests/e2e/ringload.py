"""The command ringload, and servers that misbehave for it.

RINGLOAD names the binary; by default it is beside that of RINGMASTER.
"""

import contextlib
import json
import os
import pathlib
import socket
import struct
import subprocess

from backend import Acceptor
from conftest import free_port

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def ringload_binary():
    beside = pathlib.Path(os.environ.get("RINGMASTER", "ringmaster"))
    path = os.environ.get("RINGLOAD", str(beside.with_name("ringload")))
    return os.path.abspath(path)


def run(*args, status=0, timeout=60, cwd=None, env=None, fds=()):
    """Run it to its end; its exit status must be the expected one."""
    done = subprocess.run(
        [ringload_binary(), *map(str, args)], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd,
        timeout=timeout, check=False, pass_fds=fds,
        env={**os.environ, **(env or {})})
    assert "Sanitizer" not in done.stderr, done.stderr
    assert "runtime error" not in done.stderr, done.stderr
    assert status is None or done.returncode == status, \
        (done.returncode, done.stdout, done.stderr)
    return done


def run_json(*args, **kwargs):
    """The result, as ringload prints it."""
    return json.loads(run("--json", "--quiet", *args, **kwargs).stdout)


def causes(result):
    """Failed requests by cause."""
    return {cause["cause"]: cause["count"] for cause in result["causes"]
            if cause["count"]}


def read_head(connection):
    """A request without body; b"" at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        got = connection.recv(65536)
        if not got:
            return b""
        data += got
    return data


def reset(connection):
    """Close with RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          struct.pack("ii", 1, 0))
    connection.close()


@contextlib.contextmanager
def misbehaving(serve):
    """A server that calls `serve(connection)` in a thread for each one."""
    server = Acceptor(lambda connection, _: serve(connection))
    server.url = "http://127.0.0.1:%d/" % server.port
    try:
        yield server
    finally:
        server.stop()


def refused_url():
    return "http://127.0.0.1:%d/" % free_port()
