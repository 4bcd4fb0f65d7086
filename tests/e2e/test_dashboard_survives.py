"""The dashboard stays up, and its totals never go backwards, whatever becomes
of the workers, the configuration or itself."""

import os
import signal

from board import start_board
from conftest import Client, wait_for

SITE = 'location / { return 200 "hello"; }'


def test_killed_workers_lose_no_counts(start):
    server, board = start_board(start, server=SITE)
    server.bad_lines_expected = True		# a killed worker is an alert
    total = 0
    for _ in range(4):
        for _ in range(25):
            server.get("/")
        total += 25
        board.wait_total(total)
        victim = server.workers()[0]
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda: victim not in server.workers() and
                 len(server.workers()) == 2)
        server.note_pids()
        assert board.json()["total_requests"] == total
    snapshot = board.json()
    assert snapshot["processes"]["exits_signaled"] == 4
    assert snapshot["processes"]["respawns"] == 4
    assert "crash" in [mark["kind"] for mark in snapshot["marks"]]


def test_reloads_lose_no_counts(start):
    server, board = start_board(start, server=SITE)
    total = 0
    for generation in range(1, 5):
        for _ in range(25):
            server.get("/")
        total += 25
        snapshot = board.wait_total(total)
        assert snapshot["identity"]["generation"] == generation
        server.reload()
        wait_for(lambda: board.get("/healthz").status == 200)
    assert board.json()["total_requests"] == total
    assert board.json()["processes"]["reloads_ok"] == 4


def test_totals_never_go_backwards_during_reloads(start):
    server, board = start_board(start, server=SITE)
    seen = 0
    for i in range(60):
        server.get("/")
        if i % 20 == 10:
            server.signal(signal.SIGHUP)
        now = wait_for(lambda: board.json())["total_requests"]
        assert now >= seen
        seen = now
    board.wait_total(60)
    server.note_pids()


def test_a_failed_reload_shows(start):
    server, board = start_board(start, server=SITE)
    text = server.conf.read_text()
    server.conf.write_text(text.replace("events", "evnts"))
    server.signal(signal.SIGHUP)
    wait_for(lambda: board.json()["processes"]["reloads_failed"] == 1)
    identity = board.json()["identity"]
    assert identity["last_reload_ok"] is False
    assert "evnts" in identity["last_reload_error"]
    assert board.get("/healthz").status == 200


def test_a_killed_dashboard_comes_back(start):
    server, board = start_board(start, server=SITE)
    server.bad_lines_expected = True
    for _ in range(10):
        server.get("/")
    board.wait_total(10)
    victim = board.pid()
    assert victim
    workers = server.workers()
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: board.pid() not in (0, victim))
    server.note_pids()
    board.wait_ready()
    assert board.json()["total_requests"] == 10
    assert server.workers() == workers


def test_many_at_once_are_answered_or_told_to_wait(start):
    server, board = start_board(start, server=SITE)
    clients = [Client(("127.0.0.1", board.port)) for _ in range(64)]
    for client in clients:
        client.send(b"GET /metrics.prom HTTP/1.1\r\nHost: localhost\r\n\r\n")
    statuses = {client.response().status for client in clients}
    assert 200 in statuses and statuses <= {200, 503}
    for client in clients:
        client.close()
    assert board.get("/healthz").status == 200
