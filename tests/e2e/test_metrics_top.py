"""metrics_top: the most frequent values of a key, whatever clients send.

Guards against counts that get lost with a worker, lists that grow with what
clients send, secrets in them, and keys that become markup, commands of a
terminal or formulas.
"""

import csv
import io
import os
import re
import signal

import pytest

from board import start_board
from conftest import wait_for

SITE = 'location / { return 200 "hello"; } location /bad { return 503; }'
AGENTS = "metrics_top agents $http_user_agent size=20;"


def top(board, name="agents", n=1024):
    return next(one for one in board.json("/api/v1/tops?n=%d" % n)["tops"]
                if one["name"] == name)


def wait_top(board, requests, name="agents"):
    """The list once it has so many requests: it is exact."""
    found = wait_for(lambda: top(board, name)["requests"] >= requests and
                     top(board, name))
    assert found["requests"] == requests
    return found


def ask(server, agent, count=1, path="/"):
    with server.connect() as client:
        for _ in range(count):
            client.request(path, headers={"User-Agent": agent})


def counts(found):
    return {key["key"]: key["requests"] for key in found["keys"]}


def test_keys_are_counted_with_what_they_cost(start):
    server, board = start_board(start, http=AGENTS, server=SITE)
    ask(server, "curl", 5)
    ask(server, "wget", 2, "/bad")
    ask(server, "wget", 1)
    server.get("/")			# no such header: not counted
    found = wait_top(board, 8)
    assert (found["key"], found["size"]) == ("$http_user_agent", 20)
    assert counts(found) == {"curl": 5, "wget": 3}
    curl, wget = found["keys"]
    assert (curl["server_errors"], wget["server_errors"]) == (0, 2)
    assert curl["over"] == wget["over"] == 0 and not curl["cut"]
    assert found["server_errors"] == 2
    assert curl["bytes_sent"] + wget["bytes_sent"] == found["bytes_sent"] > 0
    assert found["other"] == {
        "key": "", "cut": False, "requests": 0, "over": 0, "bytes_sent": 0,
        "average_response_time": 0, "server_errors": 0}
    first = board.json("/api/v1/tops?n=1")["tops"][0]
    assert counts(first) == {"curl": 5}
    assert first["other"]["requests"] == 3
    assert first["other"]["server_errors"] == 2
    assert board.json()["tops"] == []	# only where asked for


def test_many_keys_find_no_more_room(start):
    server, board = start_board(start, http=AGENTS, server=SITE)
    with server.connect() as client:
        for i in range(400):
            client.request("/", headers={"User-Agent": "scan %d" % i})
            if i % 8 == 0:		# more than 1/20 of all
                client.request("/", headers={"User-Agent": "true one"})
    found = wait_top(board, 450)
    assert len(found["keys"]) == 20
    one = next(key for key in found["keys"] if key["key"] == "true one")
    assert one["requests"] - one["over"] <= 50 <= one["requests"]
    certain = sum(key["requests"] - key["over"] for key in found["keys"])
    assert found["other"]["requests"] == 450 - certain
    assert all(key["over"] <= 450 / 20 for key in found["keys"])


def test_nothing_is_lost_by_reloads_and_dead_workers(start):
    server, board = start_board(start, http=AGENTS, server=SITE)
    server.bad_lines_expected = True	# a worker that is killed is an [alert]
    for i in range(6):
        ask(server, "steady", 10)
        ask(server, "once %d" % i)
        before = wait_top(board, 11 * (i + 1))
        if i % 2 == 0:
            server.reload()
        else:
            killed = server.workers()
            for pid in killed:
                os.kill(pid, signal.SIGKILL)
            wait_for(lambda gone=killed: len(server.workers()) == 2 and
                     not set(gone) & set(server.workers()))
        assert counts(top(board)) == counts(before)
    assert counts(top(board))["steady"] == 60


def test_another_key_begins_anew(start):
    server, board = start_board(start, http=AGENTS, server=SITE)
    ask(server, "curl", 3)
    since = wait_top(board, 3)["since_unix_ms"]
    text = server.conf.read_text()
    server.conf.write_text(text.replace(
        AGENTS, "metrics_top paths $uri; " + AGENTS))
    server.reload()
    assert counts(top(board)) == {"curl": 3}
    assert top(board)["since_unix_ms"] == since
    server.get("/a")
    assert counts(wait_top(board, 1, "paths")) == {"/a": 1}
    server.conf.write_text(text.replace("$http_user_agent", "$uri"))
    server.reload()
    assert top(board)["requests"] == 0
    assert len(board.json("/api/v1/tops")["tops"]) == 1
    ask(server, "curl", path="/b")
    assert counts(wait_top(board, 1)) == {"/b": 1}
    server.conf.write_text(text.replace(AGENTS, ""))
    server.reload()
    assert board.json("/api/v1/tops") == {"tops": []}


def test_a_map_chooses_what_is_counted(start):
    http = """map $status $failed { ~^5 $uri; default ""; }
        metrics_top failures $failed;"""
    server, board = start_board(start, http=http, server=SITE)
    server.get("/")
    server.get("/bad")
    assert counts(wait_top(board, 1, "failures")) == {"/bad": 1}


def test_queries_are_not_kept(start):
    http = """metrics_top uris $request_uri; metrics_top from $http_referer;
        metrics_top lines $request; metrics_top own $arg_a;"""
    server, board = start_board(start, http=http, server=SITE)
    server.get("/x?a=public&token=secret-1", headers={
        "Referer": "http://site/y?token=secret-2"})
    wait_top(board, 1, "own")
    answer = board.get("/api/v1/tops").body
    assert b"secret" not in answer
    found = {one["name"]: one["keys"][0]["key"]
             for one in board.json("/api/v1/tops")["tops"]}
    assert found == {
        "uris": "/x?[redacted]", "from": "http://site/y?[redacted]",
        "lines": "GET /x?[redacted] HTTP/1.1", "own": "public"}


HOSTILE = [b"<script>alert(1)</script>", b"\x1b[31mred\x1b]0;t\x07",
           b"=cmd|' /C calc'!A0", b"+1", b"-1", b"@x", b'"quote",comma',
           b"\xff\xfe not text", b"\xc2\x9b31m", "ünïcode".encode(),
           b"%s%n{{x}}", b"x" * 1000]


def test_hostile_keys_are_only_text(start):
    server, board = start_board(start, http=AGENTS, server=SITE)
    for agent in HOSTILE:
        with server.connect() as client:
            client.send(b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: " + agent +
                        b"\r\nConnection: close\r\n\r\n")
            client.read_all()
    refused = HOSTILE[1]		# control characters end in 400
    wait_top(board, len(HOSTILE) - 1)
    found = {key["key"]: key for key in top(board)["keys"]}
    assert refused.decode() not in found
    assert "%FF%FE not text" in found and "ünïcode" in found
    assert found["x" * 128]["cut"] and not found["@x"]["cut"]
    table = board.get("/api/v1/tops?format=csv&name=agents")
    assert table.headers["content-type"].startswith("text/csv;")
    rows = list(csv.reader(io.StringIO(table.body.decode())))
    assert rows[0][:4] == ["list", "key", "requests", "over"]
    cells = [row[1] for row in rows[1:]]
    assert not [cell for cell in cells if re.match(r"[=+@\t\r-]", cell)]
    assert rows[-1][1] == ""		# what is left
    assert board.get("/api/v1/tops?n=1025").status == 400
    assert board.json("/api/v1/tops?name=nobody") == {"tops": []}


def test_keys_are_no_labels(start):
    server, board = start_board(start, http=AGENTS, server=SITE)
    ask(server, "unheard-of")
    wait_top(board, 1)
    assert b"unheard-of" not in board.get("/metrics.prom").body


@pytest.mark.parametrize("directive, words", [
    ("metrics_top a $nobody;", 'unknown "nobody" variable'),
    ("metrics_top a;", "invalid number of arguments"),
    ("metrics_top a $uri size=0;", 'invalid size in "size=0"'),
    ("metrics_top a $uri size=1025;", "it is 1 to 1024"),
    ("metrics_top a $uri keys=5;", 'invalid parameter "keys=5"'),
    ("metrics_top a $uri; metrics_top a $host;", 'duplicate "metrics_top"'),
    ("metrics_top %s $uri;" % ("x" * 96), "has 1 to 95 bytes"),
    ("metrics_top a $host$args;", '"$args", which may hold secrets'),
    ("metrics_top a $cookie_id;", '"$cookie_id", which may hold secrets'),
    ("".join("metrics_top t%d $uri;" % i for i in range(9)),
     'more than 8 "metrics_top" directives'),
])
def test_what_is_wrong_is_said_with_its_line(refused, directive, words):
    output = refused(http=directive)
    assert words in output
    assert re.search(r"ringmaster\.conf:\d+", output)
