"""metrics_persist: what was counted goes on after a restart, by names, and
whatever is wrong with the file or its place, the server serves.

Guards against totals that are lost, that go down while the server can know
better, or that land in another server's; and against rates that take what
former runs counted for requests of now."""

import os
import re
import signal

import pytest
from board import start_board
from conftest import alive, children, title, wait_for

SITES = 'server_name one.example; location / { return 200 "hello"; }'
TWO = """server { listen 127.0.0.1:%%PORT%%; server_name two.example;
    location / { return 200 "two"; } }"""
STORE = "metrics_persist counts.pb;"


@pytest.fixture
def pair(start):
    return start_board(start, main=STORE, server=SITES, http=TWO)


def ask(server, count, host="one.example"):
    for _ in range(count):
        assert server.get("/", headers={"Host": host}).status == 200


def served(board, name):
    """Requests of a server, by the metrics."""
    return {one["name"]: sum(code["count"] for code in one["codes"])
            for one in board.json()["servers"]}.get(name)


def restart(server, board):
    server.stop()
    server.start()
    board.wait_ready()


def test_counts_go_on_after_a_restart(pair):
    server, board = pair
    ask(server, 10)
    ask(server, 4, "two.example")
    before = board.wait_total(14)
    restart(server, board)
    after = board.wait_total(14)
    assert "go on from 14 requests" in server.log()
    for name in ("instance", "counted"):
        assert after["identity"][name] == before["identity"][name]
    assert after["average_response_time"] == pytest.approx(
        before["average_response_time"])
    assert after["http"]["duration"]["max_seconds"] == \
        before["http"]["duration"]["max_seconds"]
    assert after["connections"]["accepted"] >= \
        before["connections"]["accepted"]
    ask(server, 1)
    board.wait_total(15)
    assert served(board, "one.example") == 11
    assert served(board, "two.example") == 4


def recorded(board):
    """Requests of the last five minutes, by the history."""
    answer = board.json("/api/v1/history?range=5m&series=requests")
    return answer["series"][0]["total"]


def test_what_former_runs_counted_is_no_rate_of_now(pair):
    server, board = pair
    ask(server, 50)
    wait_for(lambda: recorded(board) == 50)
    peak = board.json()["http"]["rates"]["peak"]
    restart(server, board)
    ask(server, 5)
    wait_for(lambda: recorded(board) == 55)
    assert board.json()["http"]["rates"]["peak"] <= peak + 5


def test_a_server_that_is_gone_is_dropped_and_logged(pair):
    server, board = pair
    ask(server, 3)
    ask(server, 2, "two.example")
    board.wait_total(5)
    server.stop()
    text = server.conf.read_text().replace("two.example", "three.example")
    server.conf.write_text(text)
    server.start()
    board.wait_ready()
    board.wait_total(5)
    assert 'the counts of server "two.example" are dropped' in server.log()
    assert served(board, "one.example") == 3
    assert served(board, "three.example") == 0


@pytest.mark.parametrize("spoil, why", [
    (lambda data: data[:-20], "it was cut short, or is something else"),
    (lambda data: data[:50] + b"x" + data[51:], "it is damaged"),
    (lambda _: b"<html>", "it was cut short, or is something else"),
    (lambda _: b"\0" * ((16 << 20) + 1), "it is too large"),
])
def test_a_file_that_cannot_be_used_is_put_aside(pair, spoil, why):
    server, board = pair
    ask(server, 3)
    board.wait_total(3)
    server.stop()
    store = server.dir / "counts.pb"
    spoilt = spoil(store.read_bytes())
    store.write_bytes(spoilt)
    server.start()
    board.wait_ready()
    assert board.json()["total_requests"] == 0
    assert re.search(r"\[warn\].*cannot be used, %s: the file was put aside "
                     % why, server.log())
    assert (server.dir / "counts.pb.bad").read_bytes() == spoilt
    ask(server, 2)
    board.wait_total(2)
    restart(server, board)
    board.wait_total(2)


def test_the_segment_of_a_killed_master_has_it_all(pair):
    server, board = pair
    ask(server, 7)
    board.wait_total(7)
    kill_master(server)
    server.start()
    board.wait_ready()
    assert board.json()["total_requests"] == 7


def kill_master(server):
    """And wait until its workers have left, too."""
    workers = server.workers()
    server.note_pids()
    os.kill(server.pid(), signal.SIGKILL)
    server.process.wait()
    server.process = None
    for pid in workers:
        wait_for(lambda pid=pid: not alive(pid))
    server.pid_file.unlink()


def test_without_a_segment_it_is_what_was_last_written(pair):
    server, board = pair
    store = server.dir / "counts.pb"
    wait_for(store.exists)
    ask(server, 7)
    board.wait_total(7)
    written = store.stat().st_ino, store.stat().st_mtime_ns
    server.reload()
    wait_for(lambda: (store.stat().st_ino,
                      store.stat().st_mtime_ns) != written)
    ask(server, 2)
    board.wait_total(9)
    kill_master(server)
    for left in server.dir.glob("*.shm"):
        left.unlink()
    server.start()
    board.wait_ready()
    assert board.json()["total_requests"] == 7


@pytest.mark.parametrize("path", ["missing/counts.pb", "/dev/full"])
def test_a_place_that_cannot_be_written_to_is_said_once(start, path):
    server, board = start_board(start, main="metrics_persist %s;" % path,
                                server=SITES)
    wait_for(lambda: "keeping the metrics in" in server.log())
    server.reload()
    board.wait_ready()
    ask(server, 3)
    board.wait_total(3)
    server.stop()
    lines = [line for line in server.log().splitlines()
             if "keeping the metrics in" in line]
    assert len(lines) == 1 and "[error]" in lines[0]


def test_a_reload_and_an_upgrade_count_on_as_ever(pair):
    server, board = pair
    ask(server, 3)
    server.reload()
    ask(server, 3)
    old = server.pid()
    server.signal(signal.SIGUSR2)
    wait_for(lambda: server.pid() not in (0, old) and
             len(server.workers()) == 2)
    server.note_pids()
    os.kill(old, signal.SIGQUIT)
    server.process.wait()
    server.process = None
    ask(server, 3)
    wait_for(lambda: board.json()["total_requests"] == 9)
    assert "go on from" not in server.log()
    new = server.pid()
    os.kill(new, signal.SIGQUIT)
    wait_for(lambda: not alive(new))
    server.start()
    board.wait_ready()
    board.wait_total(9)


def test_off_keeps_nothing(start):
    server, board = start_board(start, main="metrics_persist off;",
                                server=SITES)
    ask(server, 3)
    board.wait_total(3)
    restart(server, board)
    assert board.json()["total_requests"] == 0
    assert not list(server.dir.glob("*.pb*"))


def test_nobody_is_left_who_writes(pair):
    server, _ = pair
    wait_for((server.dir / "counts.pb").exists)
    wait_for(lambda: not [pid for pid in children(server.pid())
                          if "writer" in title(pid)])
    assert not (server.dir / "counts.pb.new").exists()
