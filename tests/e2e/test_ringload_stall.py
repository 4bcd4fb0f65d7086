"""Coordinated omission: a server that stands still for a second is seen in
the response times of the open model, though few requests were under way."""

import os
import signal
import subprocess
import time

import pytest

from conftest import wait_for
from ringload import json, ringload_binary

CONF = 'location / { return 200 "hello"; }'


def test_a_stop_of_one_second(start):
    """At 1,000/s for 5 s a fifth of all requests is due while nothing is
    answered: p99 must be near 1 s, and at least so on a busy machine. From sending on, only one request of
    each connection was slow: 20 of 5,000 are less than 1 %."""
    server = start(server=CONF, workers=1)
    read, write = os.pipe()
    process = subprocess.Popen(
        [ringload_binary(), "--json", "--quiet", "-R", "1000", "-c", "20",
         "-d", "5s", "--warmup", "0", "--live-fd", str(write),
         "http://127.0.0.1:%d/" % server.port],
        stdout=subprocess.PIPE, text=True, pass_fds=[write])
    os.close(write)
    workers = server.workers()
    with os.fdopen(read) as live:	# open: its end would end the test
        try:
            assert json.loads(live.readline())["running"]
            for pid in workers:
                os.kill(pid, signal.SIGSTOP)
            time.sleep(1)
        finally:
            for pid in workers:
                os.kill(pid, signal.SIGCONT)
        out, _ = process.communicate(timeout=30)
    assert process.returncode in (0, 4)
    result = json.loads(out)
    assert result["errors"] == 0
    assert result["requests"] + result["unfinished"] + result["unsent"] \
        == pytest.approx(5000, abs=5)
    assert result["latency"]["p99"] > 0.8
    assert result["service"]["p99"] < 0.5
    assert result["service"]["max"] > 0.8
    wait_for(lambda: server.get("/").status == 200)
