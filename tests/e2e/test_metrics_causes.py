"""What was turned away, failed or took long, and why, as the metrics have it.

Guards against a cause that is counted as another one or not at all. Each is
brought about from outside.
"""

import base64
import os
import re
import signal

from board import Board, start_board
from conftest import CONF, free_port, wait_for

SLOW = "limit_rate 100;"


def labels(board, family):
    """A family of Prometheus: the value of its only label, and its value."""
    text = board.get("/metrics.prom").body.decode()
    return {label: float(value) for label, value in re.findall(
        r'^%s\{\w+="(\w+)"\} (\S+)$' % family, text, re.M)}


def begin(server, path="/x"):
    """A client whose answer has begun."""
    client = server.connect()
    client.send(("GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path).encode())
    client.read_until(b"\r\n\r\n")
    return client


def test_too_many_connections_are_dropped(make):
    server = make()
    port = free_port()
    server.write(CONF.replace("worker_connections 512",
                              "worker_connections 20"), workers=1, server=SLOW,
                 main="dashboard { listen 127.0.0.1:%d; }" % port)
    board = Board(server.start(), port).wait_ready()
    server.bad_lines_expected = True	# it says that they are not enough
    server.file("x", b"x" * 100000)
    busy = [begin(server) for _ in range(20)]
    others = [server.connect() for _ in range(5)]
    for client in others:
        assert client.read_all() == b""
    found = wait_for(lambda: board.json()["connections"]["dropped"] == 5 and
                     board.json()["connections"])
    assert found["drops"] == {"limit": 5, "memory": 0}
    assert found["accepted"] == found["handled"] + found["dropped"] == 25
    assert labels(board, "ringmaster_connections_dropped_total") == {
        "limit": 5, "memory": 0}
    for client in busy + others:
        client.close()


def test_refused_by_limit_conn(start):
    server, board = start_board(
        start, http="limit_conn_zone $arg_k zone=z:1m;", server="""
        limit_conn z 1; %s
        location /dry { limit_conn_dry_run on; alias html; }""" % SLOW)
    server.file("x", b"x" * 100000)
    first = begin(server, "/x?k=a")
    for _ in range(3):
        begin(server, "/x?k=a").close()
    begin(server, "/dry/x?k=a").close()
    wait_for(lambda: board.json()["connections"]["refused"] == 3)
    assert board.json()["connections"]["dropped"] == 0
    first.close()


def test_failed_accepts_by_errno(start):
    """More clients come at once than there are descriptors."""
    server, board = start_board(start, workers=1,
                                main="worker_rlimit_nofile 32;")
    server.bad_lines_expected = True
    worker = server.workers()[0]
    os.kill(worker, signal.SIGSTOP)
    clients = [server.connect() for _ in range(60)]
    os.kill(worker, signal.SIGCONT)
    found = wait_for(lambda: board.json()["connections"]["accept_errors"]
                     and board.json()["connections"])
    causes = {cause["error"]: cause["count"]
              for cause in found["accept_causes"]}
    assert causes.pop("EMFILE") > 0
    assert set(causes) == {"other", "ENFILE", "ENOMEM", "ENOBUFS",
                           "ECONNABORTED", "EPERM"}
    assert not any(causes.values())
    assert labels(board, "ringmaster_connections_accept_errors_total")[
        "EMFILE"] > 0
    for client in clients:
        client.close()


def test_operations_in_flight_and_failed(start, backends):
    """One that another server refuses, and a receive for each client."""
    closed = backends()
    closed.stop()
    server, board = start_board(start, workers=1, server="""
        location / { proxy_pass http://127.0.0.1:%d; }""" % closed.port,
                                block="metrics_detail full;")
    clients = [server.connect() for _ in range(7)]
    for _ in range(3):
        assert server.get("/").status == 502

    def rings():
        ring = board.json()["workers"][0]["ring"]
        ops = {op["op"]: op["inflight"] for op in ring["ops"]}
        # Of one moment: they are shown each 100 ms.
        return ops["recv"] == 7 and sum(ops.values()) == ring["inflight"] \
            and ring["coroutines"] >= 2
    wait_for(rings)
    wait_for(lambda: board.json()["uring"]["errors"] == [
        {"op": "connect", "error": "ECONNREFUSED", "count": 3}])
    assert 'ringmaster_uring_errors_total{op="connect",errno="ECONNREFUSED"}' \
        ' 3' in board.get("/metrics.prom").body.decode()
    for client in clients:
        client.close()


def test_the_longest_turn_says_what_it_was(start):
    """Regular expressions that take their time, in a location."""
    server, board = start_board(start, workers=1, server=r"""
        server_name example.org;
        location /slow { %s return 204; }""" % (
            'rewrite "^/slow/(a+)+$" /x;' * 30))

    def stalled():
        """Again, as the machine may make another turn longer."""
        assert server.get("/slow/" + "a" * 20 + "b").status == 204
        worker = board.json()["workers"][0]
        return (worker["longest_stall"] or {}).get("location") == "/slow" \
            and worker
    worker = wait_for(stalled)
    assert worker["stalls"] > 0
    for name in "longest", "recent":
        stall = worker[name + "_stall"]
        assert stall["server"] == "example.org"
        assert stall["location"] == "/slow"
        assert stall["work"] == "recv"
        assert 0.01 < stall["work_seconds"] <= stall["seconds"]
        assert stall["seconds"] == worker[name + "_stall_seconds"]
        assert stall["completions"] > 0


def test_a_zone_says_how_full_it_is(start):
    """Its keys take memory, which is given back when nobody is served."""
    server, board = start_board(
        start, http="limit_conn_zone $arg_k zone=z:32k;", server="""
        limit_conn z 1; %s""" % SLOW)
    server.bad_lines_expected = True
    server.file("x", b"x" * 100000)

    def zone():
        return board.json()["limits"][0]
    clients = [begin(server, "/x?k=%d" % i) for i in range(50)]
    found = wait_for(lambda: zone()["used_bytes"] == 50 * 64 and zone())
    assert found["peak_bytes"] == 50 * 64
    assert 400 * 64 < found["size_bytes"] < 32768
    assert found["full"] == 0
    for i in range(50, 520):		# more than there is room for
        clients.append(begin(server, "/x?k=%d" % i))
    found = wait_for(lambda: zone()["full"] > 0 and zone())
    assert found["peak_bytes"] == found["size_bytes"]
    for client in clients:
        client.close()
    wait_for(lambda: zone()["used_bytes"] == 0)
    assert zone()["peak_bytes"] == found["peak_bytes"]


def test_tables_of_the_segment(start):
    _, board = start_board(start, server="location /a { }")
    tables = {table["table"]: table for table in board.json()["shm"]["tables"]}
    assert set(tables) == {"scopes", "peers", "zones", "processes"}
    assert tables["processes"]["used"] == 3	# and the dashboard
    assert tables["scopes"]["used"] >= 2
    for table in tables.values():
        assert table["used"] <= table["peak"] < table["limit"]
        assert table["dropped"] == 0
    shm = board.json()["shm"]
    assert shm["size_bytes"] == shm["used_bytes"] + shm["free_bytes"]


def test_response_times_by_what_the_cache_did(start):
    server, board = start_board(start, workers=1, server="""
        location /none { return 204; }""")
    server.file("a", b"a" * 1000)
    for _ in range(9):
        assert server.get("/a").status == 200
    for _ in range(4):
        server.get("/none")
    found = board.wait_total(13)
    cache = found["caches"][0]
    assert cache["miss_duration"]["count"] == 1
    assert cache["hit_duration"]["count"] == 8
    assert found["http"]["duration"]["count"] == 13
    assert cache["hit_bytes"] == 8 * cache["miss_bytes"] > 8000
    assert 'ringmaster_cache_request_duration_seconds_count{cache="files",' \
        'result="hit"} 8' in board.get("/metrics.prom").body.decode()


def test_what_is_no_request_by_kind(start):
    server, board = start_board(start, workers=1)
    for request in (b"nonsense\r\n\r\n", b"GET / HTTP/9.1\r\n\r\n",
                    b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\n\r\n",
                    b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 40000 +
                    b"\r\n\r\n",
                    b"GET / HTTP/1.1\r\nHost: x\r\n"
                    b"Transfer-Encoding: x\r\n\r\n"):
        server.raw(request)
    assert wait_for(lambda: board.json()["http"]["parse_errors"] == 5 and
                    board.json()["http"]["parse_causes"]) == {
        "bad_request": 1, "line_too_long": 1, "headers_too_large": 1,
        "transfer_coding": 1, "version": 1, "proxy_protocol": 0}
    assert labels(board, "ringmaster_http_parse_errors_total")[
        "version"] == 1


def test_passwords_by_result(start):
    server, board = start_board(start, server="""
        auth_basic realm; auth_basic_user_file users; location / { }""")
    (server.dir / "users").write_text("ann:{PLAIN}secret\n")
    server.bad_lines_expected = True
    server.file("x", b"x")
    for user, times, status in ((b"ann:secret", 3, 200), (b"ann:x", 2, 401),
                                (b"bob:secret", 1, 401), (None, 4, 401)):
        fields = {"Authorization": "Basic " + base64.b64encode(
            user).decode()} if user else None
        for _ in range(times):
            assert server.get("/x", headers=fields).status == status
    board.wait_total(10)
    assert board.json()["http"]["auth"] == {"ok": 3, "failed": 3, "none": 4}
    assert labels(board, "ringmaster_auth_attempts_total") == {
        "ok": 3, "failed": 3, "none": 4}


def test_closed_connections_by_their_requests(start):
    server, board = start_board(start, workers=1,
                                block="metrics_detail full;",
                                server="location / { return 204; }")
    for requests in (0, 1, 1, 5, 12):
        with server.connect() as client:
            for _ in range(requests):
                assert client.request("/").status == 204
    closed = {"none": 1, "one": 2, "below_10": 1, "below_100": 1,
              "below_1000": 0, "more": 0}
    wait_for(lambda: board.json()["connections"]["closed"] == closed)
    assert board.json()["connections"]["duration"]["count"] == 5
    assert "ringmaster_connection_duration_seconds_count 5" in \
        board.get("/metrics.prom").body.decode()
