"""Load tests that the dashboard starts: what may be asked for, that there is
one at a time, and that each ends and says so, whoever dies.

Guards against load on what is not ours or beyond the limits, and against a
generator, a dashboard or a server that hangs or is left behind.
"""

import json
import os
import pathlib
import signal

import pytest
from board import start_board
from conftest import PATIENCE, alive, children, wait_for
from generator import write_generator

JSON = {"Content-Type": "application/json"}
PAGE = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
SITE = 'location / { return 200 "hello"; }'


class Loads:
    """The load tests of a dashboard."""

    def __init__(self, server, board):
        self.server, self.board = server, board
        self.reports = server.dir / "reports"

    def post(self, path, body=None, headers=None):
        return self.board.get(path, "POST", {**JSON, **(headers or {})},
                              json.dumps(body or {}).encode())

    def begin(self, headers=None, **body):
        return self.post("/start_test", body, headers)

    def now(self):
        return self.board.json("/test_status")

    def over(self, seconds=PATIENCE):
        """Wait for its end; the status then."""
        def ended():
            now = self.now()
            return not now["running"] and now
        return wait_for(ended, seconds)

    def marks(self):
        return [(mark["kind"], mark["text"]) for mark in
                self.board.json("/api/v1/marks")["marks"]
                if mark["kind"].startswith("test_")]

    def kept(self):
        return self.board.json("/api/v1/tests")["tests"]

    def pid(self):
        """Of the generator; 0 if there is none."""
        return (children(self.board.pid()) or [0])[0]

    def seen(self):
        """What the generator of these tests found."""
        return wait_for(lambda: json.loads(
            (self.reports / "seen.json").read_text()))


@pytest.fixture
def tests(start, make):
    """tests(**how): those of a server whose generator makes no load."""
    def new(block="", **how):
        server = make()
        path = write_generator(server.dir, **how)

        def started(**parts):
            server.write(**parts)
            return server.start()
        return Loads(*start_board(started, server=SITE,
                                  block="ringload %s; %s" % (path, block)))
    return new


@pytest.fixture
def real(start, binary):
    """Those of a server with the load generator beside it."""
    if not os.access(pathlib.Path(binary).parent / "ringload", os.X_OK):
        pytest.fail("no ringload beside " + binary)
    return Loads(*start_board(start, server=SITE))


def test_it_runs_tells_how_it_is_doing_and_is_marked(tests):
    one = tests(seconds=2)
    assert one.now()["running"] is False
    response = one.begin()
    assert response.status == 202, response.body
    assert json.loads(response.body)["running"] is True
    now = wait_for(lambda: one.now()["done"] > 5 and one.now())
    assert now["preset"] == "burst" and now["p99"] == 0.25
    assert now["p50"] is None and now["eta_seconds"] == 7

    def told():
        frame = one.board.json("/api/v1/frame").get("test")
        return frame and frame["p99"] is not None and frame
    frame = wait_for(told)
    assert frame["running"] is True and frame["p99"] == 0.25
    assert set(frame) == {"running", "progress", "rate", "p99", "errors",
                          "eta"}
    end = one.over()
    assert end["error"] == "" and end["done"] >= 20
    kinds = [kind for kind, _ in one.marks()]
    assert kinds == ["test_end", "test_start"]
    wait_for(lambda: not one.board.json("/api/v1/frame")["test"]["running"])


def test_the_generator_is_told_what_was_asked_and_has_no_more(tests):
    one = tests()
    one.begin(preset="custom", clients=7, rate=50, duration=3,
              path="/a?b=%20c")
    seen = one.seen()
    assert seen["args"][-1] == "http://127.0.0.1:%d/a?b=%%20c" % \
        one.server.port
    for arg in ("--connections=7", "--rate=50", "--duration=3s",
                "--live-fd=3", "--save=%s/test_results.json" % one.reports):
        assert arg in seen["args"]
    assert not [arg for arg in seen["args"] if "allow" in arg]
    assert seen["nice"] >= 5
    # Its own three, what it tells by, the lock, the segment; and the listing
    # itself.
    assert seen["fds"] == ["0", "1", "2", "3", "4", "5", "6"]
    if os.getuid() == 0:
        assert seen["uid"] != 0
        assert one.reports.stat().st_uid == seen["uid"]


@pytest.mark.parametrize("body", [
    {"preset": "flood"}, {"preset": ""}, {"preset": 1},
    {"preset": "custom", "clients": 0},
    {"preset": "custom", "clients": 1001},
    {"preset": "custom", "clients": 1.5},
    {"preset": "custom", "clients": -1},
    {"preset": "custom", "clients": "many"},
    {"preset": "custom", "clients": None},
    {"preset": "custom", "rate": 20001},
    {"preset": "custom", "rate": 1e300},
    {"preset": "custom", "duration": 121},
    {"preset": "custom", "duration": 0},
    {"preset": "burst", "clients": 10}, {"unknown": 1},
])
def test_what_is_beyond_the_limits_is_refused(tests, body):
    one = tests()
    response = one.begin(**body)
    assert response.status == 400
    assert json.loads(response.body)["error"]["message"]
    assert one.now()["running"] is False and one.marks() == []


def test_at_the_limits_it_is_not(tests):
    one = tests(seconds=0)
    for body in ({"clients": 1000}, {"rate": 20000}, {"duration": 120},
                 {"clients": 1, "rate": 0, "duration": 1},
                 {"path": "/" + "x" * 1023}):
        response = one.begin(preset="custom", **body)
        assert response.status == 202, (body, response.body)
        one.over()


@pytest.mark.parametrize("body", [
    {"target": "example.com:80"}, {"target": "127.0.0.1:1"},
    {"target": "127.0.0.1"}, {"path": "http://example.com/"},
    {"path": "//example.com/"}, {"path": "@example.com/"}, {"path": ""},
    {"path": "x"}, {"path": 1}, {"target": True}, {"path": "/a b"}, {"path": "/\n"}, {"path": "/#x"},
    {"path": "/\u00e9"}, {"path": "/" + "x" * 1024},
    {"url": "http://example.com/"},
])
def test_a_foreign_target_is_impossible(tests, body):
    one = tests()
    assert one.begin(**body).status == 400
    assert one.pid() == 0 and not (one.reports / "seen.json").exists()


def test_another_listener_of_our_own_may_be_named(tests, make):
    one = tests()
    own = "127.0.0.1:%d" % one.server.port
    assert one.begin(target=own).status == 202
    assert own in one.seen()["args"][-1]
    # The dashboard is no part of what is tested.
    assert one.begin(target="127.0.0.1:%d" % one.board.port).status == 400


def test_there_is_one_at_a_time(tests):
    one = tests()
    assert one.begin().status == 202
    pid = wait_for(one.pid)
    response = one.begin(preset="classic")
    assert response.status == 409 and b"burst" in response.body
    assert children(one.board.pid()) == [pid]
    assert one.post("/api/v1/tests/stop").status == 202
    end = one.over()
    assert "stopped" in end["error"] and not alive(pid)
    assert one.post("/api/v1/tests/stop").status == 409
    assert one.marks()[0][0] == "test_end"
    assert one.begin().status == 202


def test_other_sites_cannot_start_or_stop_one(tests):
    one = tests()
    for headers in ({"Origin": "http://evil.example"},
                    {"Sec-Fetch-Site": "cross-site"}):
        assert one.begin(headers).status == 403
        assert one.post("/api/v1/tests/stop", {}, headers).status == 403
        for what in "note", "pin", "delete":
            assert one.post("/api/v1/tests/" + what, {"run": "x"},
                            headers).status == 403
    assert one.board.get("/start_test", headers={
        "Sec-Fetch-Site": "cross-site"}).status == 405
    assert one.now()["running"] is False
    # The first system's programs say nothing of where they are.
    assert one.board.get("/start_test").status == 202


def test_a_killed_generator_leaves_a_partial_result(tests):
    one = tests()
    one.begin(preset="custom", clients=3)
    wait_for(lambda: one.now()["done"] > 3)
    os.kill(one.pid(), signal.SIGKILL)
    end = one.over()
    assert "killed by signal 9" in end["error"]
    assert one.marks()[0][0] == "test_end"
    kept, = one.kept()
    assert kept["partial"] and "killed" in kept["partial_reason"]
    assert kept["verdict"]["state"] == "invalid"
    assert kept["requests"] == end["done"] > 3
    assert kept["spec"]["connections"] == 3
    assert one.begin().status == 202


def test_a_generator_that_does_not_end_is_killed(tests):
    one = tests(deaf=True)
    one.begin()
    pid = wait_for(one.pid)
    wait_for(lambda: one.now()["done"])
    one.post("/api/v1/tests/stop")
    one.over(20)
    assert not alive(pid)


def test_a_stopped_generator_is_killed(tests):
    one = tests()
    one.begin()
    wait_for(lambda: one.now()["done"])
    pid = one.pid()
    os.kill(pid, signal.SIGSTOP)
    one.post("/api/v1/tests/stop")
    assert one.now()["running"] is True
    one.over(20)
    assert not alive(pid)


@pytest.mark.parametrize("line", [
    "", "nonsense", "{}", "[1]", "x" * 10000, '{"progress":"much"}',
    '{"progress":1e999,"done":-5,"run":"' + "r" * 100 + '"}',
])
def test_what_it_tells_is_not_believed(tests, line):
    one = tests(seconds=1, line=line or " ")
    one.begin()
    assert one.now()["running"] is True
    end = one.over()
    assert end["done"] == 0 and end["run"] == ""
    assert 0 <= end["progress"] <= 1


def test_why_it_could_not_run_is_told(tests):
    one = tests(words="the server refused")
    one.begin()
    assert one.over()["error"] == "the server refused"
    assert one.marks()[0] == ("test_end", "the server refused")


def test_without_a_generator_there_is_a_reason(start):
    one = Loads(*start_board(start, server=SITE,
                             block="ringload /nowhere/ringload;"))
    response = one.begin()
    assert response.status == 503 and b"ringload" in response.body
    assert one.marks() == []


def test_a_killed_dashboard_takes_its_test_with_it(tests):
    one = tests()
    one.begin()
    wait_for(lambda: one.now()["done"])
    pid, old = one.pid(), one.board.pid()
    one.server.bad_lines_expected = True	# the master says who died
    os.kill(old, signal.SIGKILL)
    wait_for(lambda: not alive(pid))
    wait_for(lambda: one.board.pid() not in (0, old))
    one.board.wait_ready()
    wait_for(lambda: one.marks()[0][0] == "test_end")
    assert one.now()["running"] is False
    assert one.begin().status == 202


def test_a_reload_ends_the_test(tests):
    one = tests()
    one.begin()
    wait_for(lambda: one.now()["done"])
    pid = one.pid()
    one.server.reload()
    wait_for(lambda: not alive(pid))
    wait_for(lambda: one.marks() and one.marks()[0][0] == "test_end")
    assert [kind for kind, _ in one.marks()] == ["test_end", "test_start"]
    wait_for(lambda: one.begin().status == 202)


def test_the_end_of_the_server_is_the_end_of_the_test(tests):
    one = tests()
    one.begin()
    pid = wait_for(one.pid)
    assert one.server.stop() == 0
    wait_for(lambda: not alive(pid))


def test_a_test_of_a_page_ends_when_nobody_looks(tests):
    one = tests()
    assert one.begin(PAGE).status == 202
    pid = wait_for(one.pid)
    wait_for(lambda: not alive(pid), 2 * PATIENCE)
    assert "closed" in one.now()["error"]


# ---- with the real one ----


def test_the_servers_count_is_the_clients(real):
    before = real.board.json()["total_requests"]
    assert real.begin(preset="classic", path="/x").status == 202
    end = real.over()
    assert end["error"] == ""
    kept, = real.kept()
    assert kept["requests"] == 100 and kept["errors"] == 0
    assert not kept["partial"] and kept["name"] == "classic"
    assert kept["url"].endswith("/x") and kept["run"]
    assert "seconds" not in kept or kept["seconds"] == []
    real.board.wait_total(before + 100)


def test_the_cache_is_compared_and_left_as_it_was(real):
    assert real.begin(preset="cache").status == 202
    seen = wait_for(lambda: real.now()["progress"] > 0.15 and real.now())
    assert seen["running"] and seen["progress"] < 0.9
    end = real.over(60)
    assert end["error"] == ""
    assert [one["name"] for one in real.kept()] == ["cache, cache off",
                                                    "cache, cache on"]
    assert real.board.json()["cache_enabled"] is True


def test_the_cache_is_left_as_it_was_by_a_killed_one(real):
    assert real.begin(preset="cache").status == 202
    wait_for(lambda: not real.board.json()["cache_enabled"])
    os.kill(real.pid(), signal.SIGKILL)
    real.over()
    assert real.board.json()["cache_enabled"] is True


def test_a_stopped_test_is_kept_as_partial(real):
    real.begin(preset="custom", clients=5, duration=60)
    wait_for(lambda: real.now()["done"])
    real.post("/api/v1/tests/stop")
    real.over()
    kept, = real.kept()
    assert kept["partial"] and kept["requests"] > 0


def test_kept_runs_are_noted_pinned_compared_and_deleted(real):
    for _ in range(2):
        real.begin(preset="classic")
        real.over()
    new, old = [one["run"] for one in real.kept()]
    assert new > old
    whole = real.board.json("/api/v1/tests/" + new)
    assert whole["run"] == new and whole["latency"]["bins"]
    assert real.board.json("/api/v1/tests?n=1&offset=1")["tests"][0][
        "run"] == old
    assert real.post("/api/v1/tests/note",
                     {"run": new, "note": "<b>é"}).status == 200
    assert real.post("/api/v1/tests/pin",
                     {"run": new, "pinned": True}).status == 200
    kept = real.kept()
    assert kept[0]["note"] == "<b>é" and kept[0]["pinned"]
    assert not kept[1]["pinned"]
    two = real.board.json("/api/v1/tests/compare?a=%s&b=%s" % (old, new))
    assert {one["figure"] for one in two["differences"]} >= {
        "rate", "p50", "p99"}
    assert two["a"]["run"] == old and two["b"]["run"] == new
    assert real.post("/api/v1/tests/delete", {"run": old}).status == 200
    assert [one["run"] for one in real.kept()] == [new]
    for path in ("/api/v1/tests/" + old, "/api/v1/tests/compare?a=%s&b=%s"
                 % (old, new)):
        assert real.board.get(path).status == 404
    assert real.post("/api/v1/tests/delete", {"run": old}).status == 404
    assert real.post("/api/v1/tests/note", {"run": new}).status == 400
    assert real.board.get("/api/v1/tests/compare").status == 400


@pytest.mark.parametrize("how", ["kill", "reload"])
def test_the_result_outlives_the_dashboard(real, how):
    real.begin(preset="custom", clients=5, duration=60)
    wait_for(lambda: real.now()["done"])
    old = real.board.pid()
    if how == "reload":
        real.server.reload()
    else:
        real.server.bad_lines_expected = True
        os.kill(old, signal.SIGKILL)
    wait_for(lambda: not alive(old))
    wait_for(lambda: real.board.pid())
    real.board.wait_ready()
    kept, = wait_for(real.kept)
    assert kept["partial"] and kept["requests"] > 0
