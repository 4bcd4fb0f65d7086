"""A master that starts, changes its sockets and ends: nothing is lost or left.

Guards against files of a server that never ran or runs no more, a start that
reports success although nobody serves, a dashboard that leaves most of its
connections waiting, and totals that an upgrade forgets.
"""

import os
import signal

import pytest

from board import Board, start_board
from conftest import PATIENCE, Client, wait_for

UNIX = 'server { listen unix:%%DIR%%/s; return 200 "hello"; }'
HELLO = 'location / { return 200 "hello"; }'
LAST_STATE = "ringmaster.shm"	# stays when a server stops
LEFT = ("s", "run.pid", LAST_STATE, "ringmaster.shm.new")


def left(server):
    return [name for name in LEFT if (server.dir / name).exists()]


def background(server):
    server.write(server.conf.read_text().replace("daemon off;", ""))


@pytest.mark.parametrize("daemon", [False, True])
@pytest.mark.parametrize("replace, cause", [
    ("pid nowhere/run.pid;", 'nowhere/run.pid" failed (2: '),
    ("pid run.pid; metrics_segment nowhere/x;", 'nowhere/x" failed (2: '),
])
def test_a_start_that_fails_leaves_nothing(make, daemon, replace, cause):
    server = make()
    server.write(http=UNIX)
    server.write(server.conf.read_text().replace("pid run.pid;", replace))
    if daemon:
        background(server)
    done = server.command()
    assert done.returncode == 1
    assert done.stdout.count("[emerg]") == 1
    assert cause in done.stdout
    assert left(server) == []


@pytest.mark.parametrize("daemon", [False, True])
def test_a_start_without_one_worker_is_a_failure(make, daemon):
    server = make()
    server.bad_lines_expected = True
    server.write(main="working_directory %%DIR%%/nowhere;", http=UNIX)
    if daemon:
        background(server)
    done = server.command()
    assert done.returncode == 1
    assert "chdir" in server.log()
    assert "[emerg]" in server.log()
    if daemon:
        assert "the error log says why" in done.stdout
        wait_for(lambda: server.log().endswith("exit\n"))
    assert left(server) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])
def test_the_file_of_a_unix_socket_goes_with_the_server(start, number):
    server = start(http=UNIX)
    assert (server.dir / "s").exists()
    assert server.stop(number) == 0
    assert left(server) == [LAST_STATE]


def test_a_dashboard_that_takes_over_the_sockets_of_workers(start):
    server, board = start_board(start, workers=4, server=HELLO)
    text = server.conf.read_text()
    text = text.replace(":%d;" % board.port, ":moved;")
    text = text.replace(":%d;" % server.port, ":%d;" % board.port)
    server.write(text.replace(":moved;", ":%d;" % server.port))
    server.reload()
    moved = Board(server, server.port)

    def site():
        with Client(("127.0.0.1", board.port)) as client:
            return client.request("/").body
    wait_for(lambda: moved.get("/healthz").status == 200)
    wait_for(lambda: site() == b"hello")	# the former dashboard leaves
    for _ in range(40):
        assert moved.get("/healthz").status == 200
        assert site() == b"hello"


def test_an_upgrade_keeps_the_segment_when_another_is_named(start):
    server, board = start_board(start, server=HELLO)
    for _ in range(7):
        assert server.get("/").status == 200
    board.wait_total(7)
    server.write(server.conf.read_text() + "metrics_segment other.shm;\n")
    old = server.pid()
    server.signal(signal.SIGUSR2)
    wait_for(lambda: server.pid() not in (0, old) and
             len(server.workers()) == 2)
    server.note_pids()
    os.kill(old, signal.SIGQUIT)
    assert server.process.wait(PATIENCE) == 0
    server.process = None
    board.wait_ready().wait_total(7)
    assert not (server.dir / "other.shm").exists()
    os.kill(server.pid(), signal.SIGQUIT)
    wait_for(lambda: not server.pid_file.exists())
    assert left(server) == [LAST_STATE]


def test_a_new_binary_that_cannot_serve_leaves_the_old_one_as_it_was(start):
    server = start(http=UNIX, server=HELLO)
    server.bad_lines_expected = True
    old, text = server.pid(), server.conf.read_text()
    server.write("working_directory %%DIR%%/nowhere;\n" + text)
    server.signal(signal.SIGUSR2)
    wait_for(lambda: "new binary process" in server.log() and
             "exited with code 1" in server.log().split("new binary")[-1])
    wait_for(lambda: server.pid() == old)
    with Client(str(server.dir / "s")) as client:
        assert client.request("/").body == b"hello"
    assert server.get("/").body == b"hello"
    assert server.stop() == 0
    assert left(server) == [LAST_STATE]


def test_a_killed_new_binary_is_reported_as_killed(start):
    server = start(server=HELLO)
    server.bad_lines_expected = True
    old = server.pid()
    server.signal(signal.SIGUSR2)
    wait_for(lambda: server.pid() not in (0, old) and
             len(server.workers()) == 2)
    server.note_pids()
    new = server.pid()
    os.kill(new, signal.SIGKILL)
    wait_for(lambda: server.pid() == old)
    assert "new binary process %d exited on signal 9" % new in server.log()
    assert server.get("/").body == b"hello"
