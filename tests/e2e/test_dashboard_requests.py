"""The tables of single requests and of log lines: the slow one among many,
what is in flight, what failed; their filters, and what must not be shown."""

import csv
import io
import os
import signal

from board import start_board
from conftest import Client, wait_for

SITE = '''keepalive_requests 100000;
    location / { return 200 "hello"; }
    location /missing { return 404; }
    location /broken { return 500; }
    location /files/ { }
    location /slow/ { limit_rate 20k; }'''
SLOW = 40 * 1024		# bytes: at 20k a second, of which one is given
BIG = 400 * 1024


def ask(board, query=""):
    return board.json("/api/v1/requests?" + query)


def paths(board, query):
    return [one["path"] for one in ask(board, query)["requests"]]


def connect(server):
    return Client(("127.0.0.1", server.port))


def pipeline(server, count):
    """Many requests, quickly."""
    head = b"GET /fast HTTP/1.1\r\nHost: a\r\n\r\n"
    with connect(server) as client:
        for _ in range(count // 500):
            client.send(head * 500)
            for _ in range(500):
                assert client.response().status == 200


def inflight(board, count):
    """Those in flight, once they are so many."""
    def there():
        found = ask(board, "kind=inflight")["requests"]
        return len(found) == count and [found]
    return wait_for(there)[0]


def test_the_slow_one_is_found_among_many(start):
    server, board = start_board(start, server=SITE)
    server.file("slow/one", b"x" * SLOW)
    pipeline(server, 20000)
    with connect(server) as client:
        assert client.request("/slow/one?secret").status == 200
    pipeline(server, 30000)
    board.wait_total(50001)
    found = ask(board, "kind=slowest&n=1")
    slow = found["requests"][0]
    assert slow["path"] == "/slow/one" and slow["response_time"] > 0.5
    assert slow["bytes_sent"] > SLOW and slow["client_ip"] == "127.0.0.1"
    assert found["shown"] == 1 and found["matched"] > 1
    times = [one["response_time"]
             for one in ask(board, "kind=slowest")["requests"]]
    assert times == sorted(times, reverse=True) and len(times) <= 100
    assert paths(board, "kind=slowest&min=0.5") == ["/slow/one"]
    assert "/slow/one" not in paths(board, "kind=slowest&max=0.5")
    keys = [(one["worker"], one["request_id"])
            for one in ask(board, "kind=slowest")["requests"]]
    assert len(keys) == len(set(keys))		# each once


def test_failed_ones_are_found_among_many(start):
    server, board = start_board(start, server=SITE)
    server.file("slow/big", b"x" * BIG)
    server.get("/missing?secret")
    server.get("/broken")
    with connect(server) as client:
        client.send(b"GET /slow/big HTTP/1.1\r\nHost: a\r\n\r\n")
        client.read_bytes(1)
    pipeline(server, 20000)
    wait_for(lambda: len(paths(board, "kind=errors")) == 3)
    found = ask(board, "kind=errors")["requests"]
    assert {one["path"]: (one["status"], one["aborted"])
            for one in found} == {"/missing": (404, False),
                                  "/broken": (500, False),
                                  "/slow/big": (200, True)}
    times = [one["time_unix_ms"] for one in found]
    assert times == sorted(times, reverse=True)
    assert paths(board, "kind=errors&status=5xx") == ["/broken"]
    assert paths(board, "kind=errors&status=aborted") == ["/slow/big"]
    assert board.get("/api/v1/requests?kind=errors").body.find(b"secret") < 0


def test_a_new_dashboard_process_knows_them(start):
    server, board = start_board(start, server=SITE)
    server.bad_lines_expected = True
    server.file("slow/one", b"x" * SLOW)
    server.get("/broken")
    with connect(server) as client:
        client.request("/slow/one")
    victim = board.pid()
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: board.pid() not in (0, victim))
    server.note_pids()
    board.wait_ready()
    assert paths(board, "kind=errors") == ["/broken"]
    assert paths(board, "kind=slowest&n=1") == ["/slow/one"]


def test_what_is_in_flight_is_shown(start):
    server, board = start_board(start, server=SITE)
    server.file("slow/big", b"x" * BIG)
    assert inflight(board, 0) == []
    sending, reading, after = (connect(server) for _ in range(3))
    with sending, reading, after:
        sending.send(b"GET /slow/big?secret HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_for(lambda: inflight(board, 1))
        reading.send(b"GET /half HTTP/1.1\r\nHos")
        inflight(board, 2)
        after.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /half HT")
        assert after.response().status == 200
        found = inflight(board, 3)
        assert [one["state"] for one in found] == [
            "sending", "reading", "reading"]
        ages = [one["age"] for one in found]
        assert ages == sorted(ages, reverse=True) and 0 < ages[2] < 60
        assert found[0]["path"] == "/slow/big"
        assert found[0]["method"] == "GET" and found[1]["method"] == ""
        assert found[1]["path"] == ""
        assert found[0]["bytes_sent"] >= 20 * 1024
        assert found[1]["client_ip"] == "127.0.0.1"
        assert all(one["worker"] in (0, 1) for one in found)
        first = found[0]["bytes_sent"]
        wait_for(lambda: inflight(board, 3)[0]["bytes_sent"] > first)
        assert paths(board, "kind=inflight&path=/slow") == ["/slow/big"]
        assert paths(board, "kind=inflight&status=200") == []
        assert paths(board, "kind=inflight&min=100") == []
        assert board.json()["http"]["in_flight"] == 3
    inflight(board, 0)


def test_the_oldest_in_flight_are_shown_and_all_counted(start):
    server, board = start_board(start, server=SITE, workers=1)
    clients = [connect(server) for _ in range(70)]
    for client in clients:
        client.send(b"GET /half HTTP")
    wait_for(lambda: ask(board, "kind=inflight")["all"] == 70)
    found = ask(board, "kind=inflight&n=5")
    assert (found["shown"], found["matched"], found["kept"]) == (5, 64, 64)
    assert wait_for(lambda: board.json()["connections"]["peak"] == 70)
    for client in clients:
        client.close()


def test_requests_are_filtered(start):
    server, board = start_board(start, server=SITE)
    for path in ["/", "/missing?secret", "/broken", "/=1+1", "/missing/b"]:
        server.get(path)
    with connect(server) as client:
        client.request("/post", "POST", body=b"")
    board.wait_total(6)
    assert len(paths(board, "")) == 6
    assert len(paths(board, "n=2")) == 2
    assert paths(board, "n=0") == []
    found = ask(board, "n=1&status=4xx")
    assert (found["kind"], found["shown"], found["matched"],
            found["kept"]) == ("recent", 1, 2, 6)
    assert sorted(paths(board, "status=4xx")) == ["/missing", "/missing/b"]
    assert paths(board, "status=500") == ["/broken"]
    assert paths(board, "path=ing/") == ["/missing/b"]
    assert paths(board, "method=post") == ["/post"]
    assert len(paths(board, "client=127.")) == 6
    assert paths(board, "client=27.1") == []
    assert len(paths(board, "worker=0")) + len(paths(board, "worker=1")) == 6
    assert len(paths(board, "since=60")) == 6
    assert paths(board, "until=1000") == []
    assert len(paths(board, "max=5")) == 6
    assert paths(board, "min=5") == []


def test_wrong_filters_are_refused(start):
    _, board = start_board(start, server=SITE)
    for wrong in ["kind=x", "kind=", "n=1001", "n=x", "n=-1", "status=x",
                  "worker=", "since=x", "since=99999999999", "until=x",
                  "min=x",
                  "min=1.2.3", "max=99999", "max=0.0000000001", "min=.",
                  "format=xml"]:
        answer = board.get("/api/v1/requests?" + wrong)
        assert answer.status == 400, wrong
    for wrong in ["level=x", "n=1001", "since_id=x"]:
        assert board.get("/api/v1/logs?" + wrong).status == 400, wrong


def test_csv_has_the_same(start):
    server, board = start_board(start, server=SITE)
    server.get("/missing")
    server.get("/=1+1,\"x\"")
    board.wait_total(2)

    def rows(query):
        body = board.get("/api/v1/requests?format=csv" + query).body.decode()
        return list(csv.DictReader(io.StringIO(body)))
    assert [row["path"] for row in rows("&status=4xx")] == ["/missing"]
    assert rows("&status=2xx")[0]["path"] == '/=1+1,"x"'
    assert rows("&status=2xx")[0]["client_ip"] == "127.0.0.1"
    assert [row["status"] for row in rows("&kind=errors")] == ["404"]
    with connect(server) as client:
        client.send(b"GET /half")
        inflight(board, 1)
        assert [row["state"] for row in rows("&kind=inflight")] == ["reading"]


def test_log_lines_are_shown_without_secrets(start):
    server, board = start_board(start, server="location /x/ { }")
    server.get("/x/none?password=hunter2&a=%22b")

    def lines(query=""):
        return board.json("/api/v1/logs?" + query)["lines"]
    found = wait_for(lambda: lines("level=error"))
    assert "/x/none" in found[0]["message"]
    assert '"GET /x/none?[redacted] HTTP/1.1"' in found[0]["message"]
    assert "hunter2" in server.log()
    everything = board.get("/api/v1/logs?n=512").body.decode()
    assert "hunter2" not in everything
    assert "[notice]" not in lines("level=error")
    assert found[0]["level"] == "error" and found[0]["time_unix_ns"] > 0
    assert found[0]["pid"] in server.workers()
    notices = lines("text=START+WORKER+PROCESSES")
    assert notices and notices[0]["pid"] == server.pid()
    ids = [line["id"] for line in lines()]
    assert ids == sorted(ids)


def test_log_lines_are_followed(start):
    server, board = start_board(start, server="location /x/ { }")
    first = board.json("/api/v1/logs")
    assert first["matched"] == first["shown"] == len(first["lines"])
    last = first["last_id"]
    server.get("/x/one")
    server.get("/x/two")
    query = "/api/v1/logs?level=error&since_id=%d" % last
    wait_for(lambda: board.json(query)["matched"] == 2)
    found = board.json(query + "&n=1")
    assert found["shown"] == 1 and found["last_id"] >= last + 2
    assert "/x/two" in found["lines"][0]["message"]
    query = "/api/v1/logs?since_id=%d" % found["last_id"]
    assert board.json(query)["lines"] == []


def test_a_level_that_is_not_logged_is_not_shown(start):
    server, board = start_board(start, level="crit",
                                server="location /x/ { }")
    server.get("/x/none")
    board.wait_total(1)
    assert board.json("/api/v1/logs?level=error")["lines"] == []
