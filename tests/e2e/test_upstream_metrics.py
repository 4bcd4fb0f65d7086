"""What the metrics say of upstream servers and of limits.

Guards against figures that differ from what clients and servers saw, and
that a reload, an upgrade or a worker's death changes.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest
from backend import OK
from board import start_board
from conftest import wait_for

PROXY = "location / { proxy_pass http://app; }"
NONE = {"c1xx": 0, "c2xx": 0, "c3xx": 0, "c4xx": 0, "c5xx": 0, "aborted": 0}


def group(*servers, more=""):
    return "upstream app { %s %s }" % (" ".join(
        "server 127.0.0.1:%d %s;" % (getattr(server, "port", server), how)
        for server, how in servers), more)


def by_path(request, _):
    """/404/x is answered with 404."""
    return b"HTTP/1.1 %d X\r\nContent-Length: 4\r\n\r\nbody" % int(
        request.uri.split("/")[1])


def peers(board):
    return {peer["address"]: {**peer, "upstream": upstream["name"]}
            for upstream in board.json()["upstreams"]
            for peer in upstream["peers"]}


def peer(board, backend):
    return peers(board)["127.0.0.1:%d" % getattr(backend, "port", backend)]


def failures(found):
    return {name: count for name, count in found["failures"].items() if count}


def wait_classes(board, backend, **wanted):
    """The server once it was asked so often; the figures are exact."""
    def asked():
        found = peer(board, backend)
        return sum(found["classes"].values()) >= sum(wanted.values()) and \
            found
    found = wait_for(asked)
    assert found["classes"] == {**NONE, **wanted}
    return found


def dead_port(backends):
    backend = backends()
    backend.stop()
    return backend.port


def test_requests_count_by_the_class_of_their_answer(start, backends):
    backend = backends(by_path)
    server, board = start_board(start, http=group((backend, "")),
                                server=PROXY)
    for status, times in ((200, 7), (302, 3), (404, 5), (503, 2)):
        for _ in range(times):
            assert server.get("/%d/" % status).status == status
    found = wait_classes(board, backend, c2xx=7, c3xx=3, c4xx=5, c5xx=2)
    assert found["upstream"] == "app"
    wait_for(lambda: peer(board, backend)["state"] == "up")
    assert failures(found) == {}
    sent = sum(len(request.head) + 4 for request in backend.requests)
    assert found["bytes_out"] == sent
    assert found["bytes_in"] == 17 * len(by_path(backend.requests[0], None))
    assert found["connect"]["count"] == backend.connections
    assert found["header"]["count"] == found["response"]["count"] == 17
    assert 0 < found["response"]["p50"] <= found["response"]["max_seconds"]
    wait_for(lambda: peer(board, backend)["active"] == 0)


def test_a_group_without_a_block_is_named_by_its_address(start, backends):
    backend = backends()
    server, board = start_board(start, server="""
        location /a { proxy_pass http://127.0.0.1:%d; }
        location /b { set $to 127.0.0.1:%d; proxy_pass http://$to; }
        location /c { set $to 127.0.0.2:%d; proxy_pass http://$to; }
        """ % ((backend.port,) * 3))
    server.bad_lines_expected = True
    assert server.get("/a").status == server.get("/b").status == 200
    assert server.get("/c").status == 502	# nobody knew of it before
    found = wait_classes(board, backend, c2xx=2)
    assert found["upstream"] == "127.0.0.1:%d" % backend.port
    other = wait_for(lambda: peers(board).get("other"))
    assert failures(other) == {"connect": 1}


def test_servers_that_only_a_variable_knows_are_other(start, backends):
    backend = backends()
    server, board = start_board(start, server="""
        location / { set $to 127.0.0.1:%d; proxy_pass http://$to; }
        """ % backend.port)
    assert server.get("/").status == 200
    other = wait_for(lambda: peers(board).get("other"))
    assert other["classes"] == {**NONE, "c2xx": 1}


def answers_late(answer):
    """Sends the first part, and nothing more."""
    def fn(_, connection):
        connection.sendall(answer)
        connection.recv(1)
        return False
    return fn


@pytest.mark.parametrize("answer,reason,status", [
    (lambda *_: False, "closed", 502),
    (lambda *_: b"220 smtp.example.org\r\n\r\n", "invalid", 502),
    (answers_late(b"HTTP/1.1 200"), "timeout", 504),
])
def test_a_server_without_an_answer_has_failed(start, backends, answer,
                                               reason, status):
    backend = backends(answer)
    server, board = start_board(
        start, http=group((backend, "")),
        server="proxy_read_timeout 300ms;" + PROXY)
    server.bad_lines_expected = True
    assert server.get("/").status == status
    found = wait_classes(board, backend, aborted=1)
    assert failures(found) == {reason: 1}
    assert found["connect"]["count"] == found["response"]["count"] == 1
    assert found["header"]["count"] == 0


def test_an_answer_that_breaks_off_has_failed(start, backends):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"
    backend = backends(lambda *_: head, close=True)
    server, board = start_board(start, http=group((backend, "")),
                                server=PROXY)
    server.bad_lines_expected = True
    with server.connect() as client:
        client.send(b"GET / HTTP/1.0\r\n\r\n")
        assert client.read_all().endswith(b"half")
    found = wait_classes(board, backend, c2xx=1)
    assert failures(found) == {"closed": 1}
    assert found["bytes_in"] == len(head)


def test_a_server_that_is_not_reached_has_failed(start, backends):
    dead = dead_port(backends)
    with socket.socket() as full, socket.socket() as first, \
            socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for client in first, second:	# no more are taken
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        port = full.getsockname()[1]
        server, board = start_board(start, server="""
            proxy_connect_timeout 300ms;
            location /dead { proxy_pass http://127.0.0.1:%d; }
            location /full { proxy_pass http://127.0.0.1:%d; }
            """ % (dead, port))
        server.bad_lines_expected = True
        assert server.get("/dead").status == 502
        assert server.get("/full").status == 504
        for to, reason in ((dead, "connect"), (port, "connect_timeout")):
            found = wait_classes(board, to, aborted=1)
            assert failures(found) == {reason: 1}
            assert found["connect"]["count"] == 0
            assert found["response"]["count"] == 1


def test_a_status_is_a_failure_where_the_next_one_is_asked(start, backends):
    bad = backends(lambda *_: OK.replace(b"200 OK", b"500 No"))
    good = backends()
    server, board = start_board(
        start, http=group((bad, "max_fails=0"), (good, "")), workers=1,
        server="proxy_next_upstream http_500;" + PROXY)
    for _ in range(10):
        assert server.get("/").status == 200
    found = wait_classes(board, bad, c5xx=5)
    assert failures(found) == {"status": 5}
    found = wait_classes(board, good, c2xx=10)
    assert failures(found) == {}


def test_the_state_of_a_server(start, backends):
    up, down, failed = backends(), backends(), dead_port(backends)
    server, board = start_board(start, workers=1, server=PROXY, http=group(
        (up, ""), (down, "down"), (failed, "fail_timeout=2s")))
    server.bad_lines_expected = True
    for port in up, down, failed:
        wait_for(lambda port=port: peer(board, port)["state"] ==
                 ("down" if port is down else "up"))
    for _ in range(4):
        assert server.get("/").status == 200
    wait_for(lambda: peer(board, failed)["state"] == "unavail")
    wait_for(lambda: peer(board, up)["state"] == "up")
    text = board.get("/metrics.prom?name[]=ringmaster_upstream_peer_state")
    line = 'state{upstream="app",peer="127.0.0.1:%d",state="unavail"} 1\n'
    assert line % failed in text.body.decode()
    wait_for(lambda: peer(board, failed)["state"] == "up")


def test_what_is_active_and_what_is_kept(start, backends):
    waiting = []
    backend = backends(lambda request, connection: waiting.append(connection)
                       if request.uri == "/wait" else OK)
    server, board = start_board(start, workers=1, http=group((backend, "")),
                                server=PROXY)
    with server.connect() as one, server.connect() as two:
        for client in one, two:
            client.send(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_for(lambda: peer(board, backend)["active"] == 2)
        wait_for(lambda: len(waiting) == 2)
        for connection in waiting:
            connection.sendall(OK)
        assert one.response().status == two.response().status == 200
    wait_for(lambda: peer(board, backend)["keepalive_idle"] == 2)
    wait_for(lambda: peer(board, backend)["active"] == 0)
    backend.hang_up()
    wait_for(lambda: peer(board, backend)["keepalive_idle"] == 0)


def test_a_reload_keeps_what_was_counted(start, backends):
    old, both, new = backends(), backends(), backends()
    server, board = start_board(start, server=PROXY,
                                http=group((old, ""), (both, "")))
    for _ in range(10):
        assert server.get("/").status == 200
    before = {backend: len(backend.requests) for backend in (old, both)}
    for backend, count in before.items():
        wait_classes(board, backend, c2xx=count)
    text = server.conf.read_text()
    server.conf.write_text(text.replace(
        "server 127.0.0.1:%d" % old.port, "server 127.0.0.1:%d" % new.port))
    server.reload(workers=2)
    for _ in range(10):
        assert server.get("/").status == 200
    assert len(old.requests) == before[old]
    wait_classes(board, both, c2xx=len(both.requests))
    wait_classes(board, new, c2xx=len(new.requests))
    found = wait_classes(board, old, c2xx=before[old])
    assert found["state"] == "unknown"
    wait_for(lambda: peer(board, new)["state"] == "up" ==
             peer(board, both)["state"])


def test_a_killed_worker_takes_no_counts_along(start, backends):
    backend = backends(lambda request, _: None if request.uri == "/wait"
                       else OK)
    server, board = start_board(start, http=group((backend, "")),
                                server=PROXY)
    server.bad_lines_expected = True
    for _ in range(10):
        assert server.get("/").status == 200
    with server.connect() as client:
        client.send(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_for(lambda: peer(board, backend)["active"] == 1)
        wait_classes(board, backend, c2xx=10)
        killed = server.workers()
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: len(set(server.workers()) - set(killed)) == 2)
    found = wait_for(lambda: peer(board, backend)["state"] == "up" and
                     peer(board, backend))
    assert found["active"] == found["keepalive_idle"] == 0
    assert found["classes"] == {**NONE, "c2xx": 10}
    assert server.get("/").status == 200
    wait_classes(board, backend, c2xx=11)


def test_a_request_tells_where_it_was_passed(start, backends):
    backend = backends(lambda *_: time.sleep(0.01) or OK)
    server, board = start_board(start, workers=1, http=group((backend, "")),
                                server=PROXY + "location /own { return 204; }")
    for _ in range(32):			# one of 16 is timed
        assert server.get("/").status == 200
    server.get("/own")
    snapshot = board.wait_total(33)
    own, passed = snapshot["recent_requests"][:2]
    assert own["upstream"] == "" and own["upstream_time"] == 0
    assert passed["upstream"] == "127.0.0.1:%d" % backend.port
    assert 0 < passed["upstream_time"] <= passed["response_time"]
    stages = snapshot["http"]["stages"]
    assert stages["upstream"]["count"] == stages["handler"]["count"] >= 2
    assert stages["upstream"]["sum_seconds"] >= 0.02
    assert stages["handler"]["p50"] < 0.01


# ---- limits ----

ZONES = """limit_req_zone $arg_k zone=rate:1m rate=1r/m;
    limit_req_zone $arg_k zone=quick:1m rate=20r/s;
    limit_req_zone $arg_other zone=other:1m rate=1r/m;
    limit_req_zone $arg_k zone=tried:1m rate=20r/s;
    limit_conn_zone $arg_k zone=conn:1m;"""
LIMITS = """
    location /rate/ { limit_req zone=other; limit_req zone=rate; }
    location /quick/ { limit_req zone=quick burst=2; }
    location /dry/ { limit_req_dry_run on; limit_req zone=tried burst=2; }
    location /conn/ { limit_conn conn 1; limit_rate 100; }
    location /conn/dry/ { limit_conn_dry_run on; limit_conn conn 1; }"""


def wait_zone(board, zone, **wanted):
    def counted():
        found = {one["name"]: one for one in board.json()["limits"]}[zone]
        for other in "name", "size_bytes", "used_bytes", "peak_bytes", "full":
            del found[other]
        return sum(found.values()) >= sum(wanted.values()) and found
    found = wait_for(counted)
    assert {name: count for name, count in found.items() if count} == wanted


@pytest.fixture
def limited(start):
    server, board = start_board(start, http=ZONES, server=LIMITS)
    for name in "rate", "quick", "dry", "conn", "conn/dry":
        server.file(name + "/x", b"x" * 100000)
    return server, board


def test_what_becomes_of_requests_before_a_rate(limited):
    server, board = limited
    statuses = [server.get("/rate/x?k=a").status for _ in range(5)]
    assert statuses == [200] + [503] * 4
    wait_zone(board, "rate", passed=1, rejected=4)
    assert server.get("/rate/x?k=b&other=c").status == 200
    wait_zone(board, "rate", passed=2, rejected=4)
    assert server.get("/rate/x?k=d&other=c").status == 503
    wait_zone(board, "other", passed=1, rejected=1)
    wait_zone(board, "rate", passed=2, rejected=4)	# it was not asked
    assert [server.get("/quick/x?k=a").status for _ in range(3)] == [200] * 3
    wait_zone(board, "quick", passed=1, delayed=2)


def test_what_would_become_of_requests(limited):
    server, board = limited
    assert [server.get("/dry/x?k=a").status for _ in range(9)] == [200] * 9
    zone = wait_for(lambda: [
        zone for zone in board.json()["limits"] if zone["name"] == "tried" and
        zone["passed"] + zone["delayed_dry_run"] +
        zone["rejected_dry_run"] == 9])[0]
    assert zone["delayed_dry_run"] >= 2 and zone["rejected_dry_run"] >= 1
    assert zone["delayed"] == zone["rejected"] == 0


def test_what_becomes_of_requests_at_once(limited):
    server, board = limited
    with server.connect() as client:
        client.send(b"GET /conn/x?k=a HTTP/1.1\r\nHost: x\r\n\r\n")
        client.read_until(b"\r\n\r\n")
        assert server.get("/conn/x?k=a").status == 503
        assert server.get("/conn/dry/x?k=a").status == 200
    wait_zone(board, "conn", passed=1, rejected=1, rejected_dry_run=1)


def test_a_reload_keeps_what_limits_counted(limited):
    server, board = limited
    assert server.get("/rate/x?k=a").status == 200
    wait_zone(board, "rate", passed=1)
    server.reload(workers=2)
    assert server.get("/rate/x?k=a").status == 503
    wait_zone(board, "rate", passed=1, rejected=1)


def test_promtool_accepts_it(start, backends):
    if not shutil.which("promtool"):
        pytest.skip("no promtool (prometheus)")
    backend = backends()
    server, board = start_board(start, http=ZONES + group((backend, "")),
                                server=PROXY + LIMITS,
                                block="metrics_detail full;")
    assert server.get("/").status == 200
    wait_classes(board, backend, c2xx=1)
    text = board.get("/metrics.prom").body
    result = subprocess.run(["promtool", "check", "metrics"], input=text,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            timeout=60)
    assert result.returncode == 0, result.stdout
    families = set(re.findall(r"# TYPE ringmaster_((?:upstream|limit)_\w+)",
                              text.decode()))
    assert families == {
        "upstream_requests_total", "upstream_connect_seconds",
        "upstream_header_seconds", "upstream_response_seconds",
        "upstream_bytes_total", "upstream_peer_state", "upstream_active",
        "upstream_keepalive_idle", "upstream_failures_total",
        "limit_requests_total", "limit_zone_size_bytes",
        "limit_zone_used_bytes", "limit_zone_peak_bytes",
        "limit_zone_full_total"}
