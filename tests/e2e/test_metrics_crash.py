"""A worker killed in the middle of a metrics update.

Guards against torn counts and a lock that nobody can take any more. Needs a
build with --enable-test-hooks, which lets a worker kill itself with its slot
locked after a number of changed cells; skipped otherwise.
"""

import subprocess

import pytest

from board import start_board
from conftest import wait_for

# Workers see only those variables that the configuration names.
HOOK = "env RINGMASTER_TEST_DIE_IN_FLUSH;"


@pytest.fixture
def dying(binary, monkeypatch):
    hooks = subprocess.run([binary, "-V"], capture_output=True, text=True,
                           check=True)
    if "--enable-test-hooks" not in hooks.stdout + hooks.stderr:
        pytest.skip("not built with --enable-test-hooks")
    return lambda cells: monkeypatch.setenv("RINGMASTER_TEST_DIE_IN_FLUSH",
                                            str(cells))


def totals(board):
    """The number of requests, as each part of the snapshot has it."""
    data = board.json()
    return {data["total_requests"], data["http"]["duration"]["count"],
            sum(code["count"] for code in data["http"]["codes"])}


@pytest.mark.parametrize("cells", [1, 40, 97, 250])
def test_a_torn_flush_is_taken_back_whole(start, dying, cells):
    dying(cells)
    server, board = start_board(start, workers=1, main=HOOK,
                                server='location / { return 200 "x"; }')
    server.bad_lines_expected = True	# a worker that is killed is an [alert]
    answered = 0
    for _ in range(60):
        try:
            answered += server.get("/").status == 200
        except (EOFError, OSError):
            pass			# the worker that died had it
    wait_for(lambda: board.json()["shm"]["recoveries"] == 1)
    wait_for(lambda: board.json()["active_clients"] == 0)
    wait_for(lambda: len(totals(board)) == 1)
    # At most the flush it died in is missing: a request or none.
    assert answered - min(totals(board)) in (-1, 0, 1)


def test_counting_goes_on_exactly_after_a_recovery(start, dying):
    dying(60)
    server, board = start_board(start, workers=1, main=HOOK,
                                server='location / { return 200 "x"; }')
    server.bad_lines_expected = True
    for _ in range(20):
        try:
            server.get("/")
        except (EOFError, OSError):
            pass
    wait_for(lambda: board.json()["shm"]["recoveries"] == 1)
    wait_for(lambda: board.json()["active_clients"] == 0)
    before = board.json()["total_requests"]
    for _ in range(50):
        assert server.get("/").status == 200
    wait_for(lambda: board.json()["total_requests"] == before + 50)
    assert board.json()["shm"]["recoveries"] == 1
