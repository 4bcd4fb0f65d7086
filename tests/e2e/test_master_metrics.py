"""What the master keeps in the metrics, seen through the dashboard."""

import json
import os
import signal
import time

import pytest
from conftest import (PATIENCE, Client, alive, children, free_port, title,
                      wait_for)

HELLO = 'location / { return 200 "hello"; }'


class Dashboard:
    def __init__(self, port):
        self.port = port

    def snapshot(self):
        with Client(("127.0.0.1", self.port)) as client:
            response = client.request("/metrics", headers={
                "Host": "127.0.0.1:%d" % self.port, "Connection": "close"})
        assert response.status == 200
        return json.loads(response.body)

    def total(self):
        return self.snapshot()["total_requests"]


@pytest.fixture
def watched(make):
    """A server with two workers, and its dashboard."""
    server, port = make(), free_port()
    server.dashboard = Dashboard(port)
    server.main = "dashboard { listen 127.0.0.1:%d; }" % port
    server.write(server=HELLO, main=server.main)
    return server.start()


def ask(server, count):
    for _ in range(count):
        assert server.get("/").status == 200


def test_totals_survive_the_death_of_workers(watched):
    watched.bad_lines_expected = True
    ask(watched, 20)
    wait_for(lambda: watched.dashboard.total() == 20)
    time.sleep(0.3)
    for pid in watched.workers():
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not alive(pid))
    wait_for(lambda: len(watched.workers()) == 2)
    ask(watched, 5)
    wait_for(lambda: watched.dashboard.total() == 25)
    snapshot = watched.dashboard.snapshot()
    assert snapshot["active_clients"] == 0
    assert any("signal 9" in mark["text"] for mark in snapshot["marks"])


def test_totals_survive_a_reload(watched):
    ask(watched, 10)
    watched.reload()
    ask(watched, 10)
    wait_for(lambda: watched.dashboard.total() == 20)
    identity = watched.dashboard.snapshot()["identity"]
    assert identity["generation"] == 2
    assert identity["last_reload_ok"] is True


def test_totals_survive_an_upgrade(watched):
    ask(watched, 10)
    old = watched.pid()
    watched.signal(signal.SIGUSR2)
    wait_for(lambda: watched.pid() not in (0, old) and
             len(watched.workers()) == 2)
    watched.note_pids()
    os.kill(old, signal.SIGQUIT)
    watched.process.wait(PATIENCE)
    ask(watched, 10)
    wait_for(lambda: watched.dashboard.total() == 20)
    assert watched.dashboard.snapshot()["identity"]["master_pid"] == \
        watched.pid()
    os.kill(watched.pid(), signal.SIGTERM)
    wait_for(lambda: not watched.pid_file.exists())
    watched.process = None


def test_reload_that_failed_is_shown_with_its_cause(watched):
    before = watched.dashboard.snapshot()["identity"]
    watched.write(main=watched.main, server="nonsense on;")
    watched.signal(signal.SIGHUP)
    identity = wait_for(lambda: [
        found for found in [watched.dashboard.snapshot()["identity"]]
        if found["last_reload_ok"] is False])[0]
    assert 'unknown directive "nonsense"' in identity["last_reload_error"]
    assert identity["config"]["hash"] == before["config"]["hash"]
    assert identity["generation"] == before["generation"]


def test_killed_dashboard_comes_back(watched):
    watched.bad_lines_expected = True
    ask(watched, 3)
    time.sleep(1)
    pid = [child for child in children(watched.pid())
           if "dashboard" in title(child)][0]
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not alive(pid))
    wait_for(lambda: watched.dashboard.total() == 3)
    # What it serves itself is not counted as the site's.
    for _ in range(5):
        assert watched.dashboard.total() == 3
