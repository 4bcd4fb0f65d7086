"""The dashboard's numbers are those of the requests that were made.

Guards against lost or doubled counts when several workers serve, against the
dashboard counting its own requests, and against formats that disagree.
"""

import json
import re

from board import start_board
from conftest import wait_for

SITE = """
    location = /ok { return 200 "hello"; }
    location = /gone { return 404 "no"; }
    location = /moved { return 301 /ok; }
"""

SEED = [("active_clients", int), ("total_requests", int),
        ("average_response_time", float), ("recent_requests", list),
        ("cache_enabled", bool), ("cache_hits", int), ("cache_misses", int),
        ("unique_sessions", int), ("thread_pool_size", int),
        ("queue_size", int)]


def test_the_first_keys_have_their_order_and_types(start):
    server, board = start_board(start, server=SITE)
    for fresh in True, False:
        response = board.get("/metrics")
        assert response.status == 200
        assert response.headers["content-type"] == "application/json"
        pairs = json.loads(response.body, object_pairs_hook=list)
        assert [key for key, _ in pairs[:len(SEED)]] == [k for k, _ in SEED]
        for (key, value), (_, kind) in zip(pairs, SEED):
            if kind is float:
                assert isinstance(value, (int, float)), key
                assert not isinstance(value, bool), key
            else:
                assert type(value) is kind, key
        if fresh:
            server.get("/ok")
            board.wait_total(1)


def test_every_request_is_counted_once_over_all_workers(start):
    server, board = start_board(start, workers=3, server=SITE)
    for path, count in ("/ok", 40), ("/gone", 15), ("/moved", 5):
        for _ in range(count):
            server.get(path)
    snapshot = board.wait_total(60)
    classes = snapshot["http"]["classes"]
    assert classes["c2xx"] == 40
    assert classes["c3xx"] == 5
    assert classes["c4xx"] == 15
    assert sum(worker["requests"] for worker in snapshot["workers"]) == 60
    assert len(snapshot["workers"]) == 3
    assert snapshot["http"]["duration"]["count"] == 60
    assert 0 < snapshot["average_response_time"] < 5
    codes = {c["code"]: c["count"] for c in snapshot["http"]["codes"]}
    assert codes == {200: 40, 301: 5, 404: 15}


def test_the_formats_agree(start):
    server, board = start_board(start, server=SITE)
    for _ in range(30):
        server.get("/ok")
    for _ in range(12):
        server.get("/gone")
    board.wait_total(42)
    for path in "/metrics.prom", "/metrics.om":
        text = board.get(path).body.decode()
        counts = {}
        for labels, value in re.findall(
                r"^ringmaster_http_requests_total\{([^}]*)\} (\d+)$", text,
                re.M):
            code = re.search(r'code="(\w+)"', labels).group(1)
            counts[code] = counts.get(code, 0) + int(value)
        assert {k: v for k, v in counts.items() if v} == \
            {"200": 30, "404": 12}, path
    canonical = board.json("/metrics.json?json=proto")
    assert canonical["totalRequests"] == "42"


def test_its_own_requests_and_connections_are_not_counted(start):
    server, board = start_board(start, server=SITE)
    server.get("/ok")
    for _ in range(20):
        board.get("/")
        board.get("/metrics")
        board.get("/nothing")
    snapshot = board.wait_total(1)
    assert snapshot["active_clients"] == 0
    assert len(snapshot["recent_requests"]) == 1
    assert len(snapshot["workers"]) == 2


def test_open_connections_are_the_active_clients(start):
    server, board = start_board(start, server=SITE)
    clients = [server.connect() for _ in range(3)]
    for client in clients:
        client.request("/ok")
    wait_for(lambda: board.json()["active_clients"] == 3)
    wait_for(lambda: board.json()["connections"]["idle"] == 3)
    for client in clients:
        client.close()
    wait_for(lambda: board.json()["active_clients"] == 0)


def test_recent_requests_come_newest_first(start):
    # One worker: of two, one may learn late that an answer was sent.
    server, board = start_board(start, server=SITE, workers=1)
    for i in range(25):
        server.get("/ok?%d" % i if i < 24 else "/gone")
    recent = board.wait_total(25)["recent_requests"]
    assert len(recent) == 10
    assert recent[0]["path"] == "/gone"
    assert recent[0]["status"] == 404
    assert recent[0]["method"] == "GET"
    assert recent[0]["client_ip"] == "127.0.0.1"
    assert recent[0]["response_time"] >= 0
    assert [r["path"] for r in recent[1:]] == ["/ok"] * 9
    assert recent == sorted(recent, key=lambda r: -r["time_unix_ms"])
    assert len(board.json("/metrics?n=25")["recent_requests"]) == 25
    assert board.json("/metrics?n=0")["recent_requests"] == []
    assert board.get("/metrics?n=1000").status == 200
    assert board.get("/metrics?n=1001").status == 400
    assert board.get("/metrics?n=x").status == 400
