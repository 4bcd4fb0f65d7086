"""The dashboard when the server stops or is killed.

Whoever looks at it shall see that the server is down: it stays when the
master is killed, watches an ordered end to its end, and never stands in the
way of the next start.
"""

import os
import signal

import pytest
from board import start_board
from conftest import PATIENCE, Client, alive, title, wait_for

SITE = 'location / { return 200 "hello"; }'
DOWN = "ringmaster: dashboard process (server is down)"


def kill_master(server, board):
    """SIGKILL to it; returns the dashboard's pid, which stays."""
    dashboard = board.pid()
    workers = server.workers()
    server.note_pids()
    os.kill(server.pid(), signal.SIGKILL)
    server.process.wait(PATIENCE)
    server.process = None
    wait_for(lambda: not [pid for pid in workers if alive(pid)])
    wait_for(lambda: title(dashboard) == DOWN)
    return dashboard


@pytest.fixture
def pair(start):
    return start_board(start, server=SITE)


def test_it_stays_when_the_master_is_killed(pair):
    server, board = pair
    for _ in range(10):
        server.get("/")
    board.wait_total(10)
    dashboard = kill_master(server, board)
    response = board.get("/healthz")
    assert response.status == 503
    assert b"The master is gone" in response.body
    assert board.json()["total_requests"] == 10
    assert board.get("/").status == 200
    assert alive(dashboard)
    assert "the master process is gone" in server.log()


def test_a_master_that_nobody_reaps_is_gone(pair):
    """As in a container whose first process asks for no children."""
    server, board = pair
    wait_for(lambda: board.get("/api/v1/frame").status == 200)
    server.note_pids()
    os.kill(server.pid(), signal.SIGKILL)
    wait_for(lambda: board.get("/healthz").status == 503)
    wait_for(lambda: board.json("/api/v1/frame")["up"] is False)
    wait_for(lambda: board.json()["processes"]["workers_current"] == 0)


def test_it_stays_connected_to_its_viewers(pair):
    server, board = pair
    with Client(("127.0.0.1", board.port)) as viewer:
        assert viewer.request("/healthz").status == 200
        kill_master(server, board)
        assert viewer.request("/healthz").status == 503


def test_it_gives_way_to_a_new_master(pair):
    server, board = pair
    dashboard = kill_master(server, board)
    server.start()
    board.wait_ready()
    wait_for(lambda: not alive(dashboard))
    assert server.get("/").body == b"hello"
    assert board.json()["total_requests"] == 1
    assert board.pid() not in (0, dashboard)


def test_a_start_right_after_the_kill_succeeds(pair):
    server, board = pair
    for _ in range(3):
        server.note_pids()
        os.kill(server.pid(), signal.SIGKILL)
        server.process.wait(PATIENCE)
        server.pid_file.unlink()
        server.start()
        board.wait_ready()
        assert server.get("/").body == b"hello"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT,
                                    signal.SIGINT])
def test_it_leaves_when_it_is_told_to(pair, number):
    server, board = pair
    dashboard = kill_master(server, board)
    os.kill(dashboard, number)
    wait_for(lambda: not alive(dashboard))


def test_another_server_does_not_take_its_place(pair, make):
    server, board = pair
    dashboard = kill_master(server, board)
    other = make()
    other.write(server=SITE,
                main="dashboard { listen 127.0.0.1:%d; }" % board.port)
    done = other.command()
    assert done.returncode == 1
    assert "bind() to 127.0.0.1:%d failed" % board.port in done.stdout
    assert alive(dashboard)
    assert board.get("/healthz").status == 503


def test_a_second_start_does_not_disturb_a_server_that_runs(pair):
    server, board = pair
    server.get("/")
    board.wait_total(1)
    segment = server.dir / "ringmaster.shm"
    before = segment.stat().st_ino
    done = server.command()
    assert done.returncode == 1
    assert "Address already in use" in done.stdout
    assert segment.stat().st_ino == before
    assert board.get("/healthz").status == 200
    board.wait_total(1)


def test_a_killed_new_binary_leaves_no_dashboard_behind(pair):
    """Its dashboard must not stay while the old master's serves."""
    server, board = pair
    server.bad_lines_expected = True
    old = server.pid()
    server.signal(signal.SIGUSR2)
    wait_for(lambda: server.pid() not in (0, old) and board.pid())
    server.note_pids()
    orphan = board.pid()
    os.kill(server.pid(), signal.SIGKILL)
    wait_for(lambda: server.pid() == old)
    wait_for(lambda: not alive(orphan))
    assert board.get("/healthz").status == 200


def test_it_watches_a_graceful_stop_to_its_end(pair):
    server, board = pair
    dashboard = board.pid()
    with server.connect() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n")	# not all of it
        wait_for(lambda: board.json()["connections"]["reading"] == 1)
        server.signal(signal.SIGQUIT)
        wait_for(lambda: board.json()["processes"]["workers_current"] == 0)
        assert title(dashboard) == "ringmaster: dashboard process"
        assert "draining" in [worker["state"]
                              for worker in board.json()["workers"]]
        client.send(b"\r\n")
        assert client.response().body == b"hello"
    assert server.process.wait(PATIENCE) == 0
    server.process = None
    assert not alive(dashboard)


def test_it_goes_with_the_others_in_a_fast_stop(pair):
    server, board = pair
    dashboard = board.pid()
    with server.connect() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
        wait_for(lambda: board.json()["connections"]["reading"] == 1)
        assert server.stop(signal.SIGTERM) == 0
    assert not alive(dashboard)
