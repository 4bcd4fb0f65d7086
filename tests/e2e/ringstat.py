"""The command ringstat.

RINGSTAT names the binary; by default it is beside that of RINGMASTER.
"""

import json
import os
import pathlib
import select
import subprocess

from conftest import wait_for

ENV = {"LC_ALL": "C.UTF-8"}


def ringstat_binary():
    beside = pathlib.Path(os.environ.get("RINGMASTER", "ringmaster"))
    path = os.environ.get("RINGSTAT", str(beside.with_name("ringstat")))
    return os.path.abspath(path)


def begin(*args, **kwargs):
    """Start it, with pipes for what it prints and says."""
    return subprocess.Popen(
        [ringstat_binary(), *map(str, args)], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
        env={**os.environ, **ENV}, **kwargs)


def run(*args, status=0, timeout=30, **kwargs):
    """Run it to its end; its exit status must be the expected one. What it
    prints is bytes, what it says is text."""
    process = begin(*args, **kwargs)
    try:
        out, said = process.communicate(timeout=timeout)
    finally:
        process.kill()
    said = said.decode()
    assert "Sanitizer" not in said and "runtime error" not in said, said
    assert process.returncode == status, (process.returncode, out, said)
    return out, said


def follow(server, *args, query=""):
    """Start -R, and return once it shows what the server answers."""
    process = begin("-n", segment(server), "-R", "-q",
                    "path ~ /begin" + query, *args)

    def shows():
        server.get("/begin")
        return select.select([process.stdout], [], [], 0.05)[0]
    wait_for(shows)
    server.get("/begin/end")
    while not process.stdout.readline().endswith(b"/begin/end\n"):
        pass
    return process


def segment(server):
    return server.dir / "ringmaster.shm"


def counters(where, *args, status=0):
    """{name: value} of all counters, or of those that args let through."""
    out, _ = run("-n", where, "-j", "-i", "10ms", *args, status=status)
    return {name: row["value"]
            for name, row in json.loads(out)["counters"].items()}
