"""The level of the error logs and the workers can be changed while the server
runs, by a POST that is the dashboard's own page's or a program's.

Guards against a level that does not reach a process or outlives a reload, a
worker that is replaced at a client's expense, and changes by other sites."""

import json
import os
import re
import signal
import socket
import threading

import pytest
from backend import OK
from board import Board, start_board
from conftest import Client, alive, free_port, wait_for

SITE = '''location / { return 200 "hello"; }
    location /closed { auth_basic a; auth_basic_user_file html/users; }'''
LEVEL, DRAIN = "/api/v1/logs/level", "/api/v1/workers/drain"


@pytest.fixture
def pair(start):
    return start_board(start, files={"users": "a:{PLAIN}b\n"}, server=SITE)


def post(board, path, body, **headers):
    fields = {"Content-Type": "application/json"}
    fields.update((name.replace("_", "-"), value)
                  for name, value in headers.items())
    return board.get(path, "POST", fields, json.dumps(body).encode())


def marks(board):
    return [(mark["kind"], mark["text"]) for mark in board.json()["marks"]]


def worker(board, index=0):
    return board.json()["workers"][index]


# ---- the level ----

def complain(server):
    """Have a worker log a line of level info; how many there are."""
    assert server.get("/closed").status == 401
    return server.log().count("[info]")


def drain(board, number=0):
    """Replace a worker; the process id of the former one."""
    before = worker(board, number)["pid"]
    answer = post(board, DRAIN, {"worker": number})
    assert answer.status == 202
    assert json.loads(answer.body) == {"worker": number, "pid": before}
    wait_for(lambda: not alive(before))
    wait_for(lambda: worker(board, number)["state"] == "running")
    assert worker(board, number)["pid"] != before
    board.server.note_pids()
    return before


def test_the_level_goes_up_and_down_and_a_reload_ends_it(pair):
    server, board = pair
    assert complain(server) == 0
    answer = post(board, LEVEL, {"level": "info"})
    assert answer.status == 200
    assert json.loads(answer.body) == {"level": "info"}
    wait_for(lambda: complain(server))
    assert board.json()["logs"]["level"] == "info"
    assert re.search(r"\[notice\].* 127\.0\.0\.1 set the level of the error "
                     "logs: info", server.log())
    assert marks(board)[0] == ("log_level", "info, by 127.0.0.1")

    # The master looks at the level before it looks whom to replace.
    assert post(board, LEVEL, {"level": "crit"}).status == 200
    assert "set the level of the error logs: crit" in server.log()
    drain(board)
    assert "as was asked for" not in server.log()

    server.reload()
    assert board.wait_ready().json()["logs"]["level"] == ""
    before = drain(board)
    assert "worker process %d is replaced, as was asked for" % before in \
        server.log()


def test_configured_is_a_level(pair):
    server, board = pair
    post(board, LEVEL, {"level": "info"})
    wait_for(lambda: complain(server))
    assert post(board, LEVEL, {"level": "configured"}).status == 200
    assert marks(board)[0] == ("log_level", "as configured, by 127.0.0.1")
    wait_for(lambda: complain(server) == complain(server))
    assert board.json()["logs"]["level"] == ""


def test_the_same_level_again_is_no_change(pair):
    _, board = pair
    for _ in range(2):
        assert post(board, LEVEL, {"level": "warn"}).status == 200
    assert [kind for kind, _ in marks(board)].count("log_level") == 1


def test_new_workers_have_the_level(pair):
    server, board = pair
    server.bad_lines_expected = True
    post(board, LEVEL, {"level": "info"})
    for pid in server.workers():
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda pid=pid: not alive(pid))
    wait_for(lambda: len(server.workers()) == 2)
    wait_for(lambda: complain(server))


# ---- a worker ----

class Load(threading.Thread):
    """Requests without pause, on new and on kept connections."""

    def __init__(self, port):
        super().__init__()
        self.port, self.done, self.failed = port, 0, []
        self.stopping = threading.Event()

    def run(self):
        client = None
        while not self.stopping.is_set():
            try:
                client = client or Client(("127.0.0.1", self.port), 20)
                answer = client.request("/")
                assert answer.body == b"hello"
                self.done += 1
                if self.done % 5 == 0 or \
                        answer.headers.get("connection") == "close":
                    client.close()
                    client = None
            except Exception as error:
                self.failed.append(error)
                return

    def end(self):
        self.stopping.set()
        self.join()
        return self.failed


def test_a_worker_is_replaced_and_no_request_is_lost(pair):
    server, board = pair
    loads = [Load(server.port) for _ in range(4)]
    for load in loads:
        load.start()
    for number in (0, 1, 0):
        before = drain(board, number)
    assert [load.end() for load in loads] == [[]] * 4
    snapshot = board.json()
    assert len(snapshot["workers"]) == 2
    assert snapshot["processes"]["exits_drained"] == 3
    assert snapshot["processes"]["respawns"] == 0
    board.wait_total(sum(load.done for load in loads))
    assert marks(board)[0] == ("drain", "worker 0 (%d), by 127.0.0.1" %
                               before)
    assert "127.0.0.1 had worker 0 (%d) replaced" % before in server.log()


def test_one_that_still_serves_stays_until_it_has(start):
    with socket.create_server(("127.0.0.1", 0)) as slow:
        server, board = start_board(
            start, workers=1, server="location / { proxy_pass "
            "http://127.0.0.1:%d; }" % slow.getsockname()[1])
        with server.connect() as client:
            client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            asked, _ = slow.accept()
            before = worker(board)["pid"]
            assert post(board, DRAIN, {"worker": 0}).status == 202
            wait_for(lambda: worker(board)["pid"] not in (0, before))
            server.note_pids()
            assert post(board, DRAIN, {"worker": 0}).status == 409
            assert alive(before)
            with asked:
                asked.recv(4096)
                asked.sendall(OK)
            assert client.response().body == b"ok"
        wait_for(lambda: not alive(before))


# ---- who may not ----

@pytest.mark.parametrize("path, good, bad", [
    (LEVEL, {"level": "warn"}, [{}, {"level": "loud"}, {"level": 4},
                                {"level": None}, {"other": "warn"}]),
    (DRAIN, {"worker": 0}, [{}, {"worker": -1}, {"worker": 0.5},
                            {"worker": 128}, {"worker": 1e300},
                            {"worker": "0; 1"}, {"pid": 1}]),
])
def test_hostile_ones_are_refused(pair, path, good, bad):
    _, board = pair
    for body in bad:
        assert post(board, path, body).status == 400, body
    for headers, status in (
            ({"Sec_Fetch_Site": "cross-site"}, 403),
            ({"Sec_Fetch_Site": "same-site"}, 403),
            ({"Origin": "http://evil.example"}, 403),
            ({"Origin": "null"}, 403),
            ({"Referer": "http://evil.example/"}, 403),
            ({"Host": "evil.example"}, 421),
            ({"Content_Type": "text/plain"}, 415)):
        assert post(board, path, good, **headers).status == status, headers
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        answer = board.get(path, method)
        assert answer.status == 405
        assert answer.headers["allow"] == "POST"
    assert board.get("%s?worker=0&level=warn" % path).status == 405
    assert post(board, path, good, Origin="http://localhost",
                Sec_Fetch_Site="same-origin").status in (200, 202)
    assert len(marks(board)) == 2		# with that of the start


def test_a_worker_that_there_is_not(pair):
    _, board = pair
    assert post(board, DRAIN, {"worker": 2}).status == 404
    assert post(board, DRAIN, {"worker": 127}).status == 404


@pytest.mark.parametrize("path, body", [(LEVEL, {"level": "warn"}),
                                        (DRAIN, {"worker": 0})])
def test_a_browser_needs_the_token(make, path, body):
    server, port = make(), free_port()
    secret = server.dir / "tokens"
    secret.write_text("ann:5bd1c2aa0f5c9c3e8d51a2f87e6d1b34\n")
    secret.chmod(0o600)
    server.write(main="dashboard { listen 127.0.0.1:%d; "
                 "auth_token_file tokens; }" % port, server=SITE)
    server.start()
    board = Board(server, port).wait_ready()
    assert post(board, path, body).status == 401
    who = {"Authorization": "Bearer 5bd1c2aa0f5c9c3e8d51a2f87e6d1b34"}
    own = dict(who, Sec_Fetch_Site="same-origin")
    assert post(board, path, body, **own).status == 403
    session = json.loads(board.get("/api/v1/session", headers=who).body)
    answer = post(board, path, body, X_Ringmaster_Token=session["token"],
                  **own)
    assert answer.status in (200, 202)
    answer = json.loads(board.get("/metrics", headers=who).body)
    assert answer["marks"][0]["text"].endswith(", by ann")
