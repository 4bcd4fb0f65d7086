"""Reports of load tests that the dashboard draws, and the page of all.

Guards against a picture that stops the loop or the pool, against requests for
pictures beyond all measure, and against names of runs that become markup.
"""

import json
import os
import pathlib
import struct
import threading
import time

import pytest
from board import start_board
from conftest import Client, wait_for
from ringload import run as ringload

SITE = 'location / { return 200 "hello"; }'
NAME = "<script>alert(1)</script>"


@pytest.fixture
def board(start):
    """A dashboard with two results."""
    server, board = start_board(start, server=SITE)
    for name in (NAME, "second"):
        ringload("-c", 4, "-n", 10, "--quiet", "--name", name,
                 "--save=%s/reports/test_results.json" % server.dir,
                 "http://127.0.0.1:%d/" % server.port)
    return board


def runs(board):
    return [test["run"] for test in board.json("/api/v1/tests")["tests"]]


def size(picture):
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", picture[16:24])


def test_a_picture_of_a_run(board):
    answer = board.get("/api/v1/reports/" + runs(board)[1])
    assert answer.status == 200
    assert answer.headers["content-type"] == "image/png"
    assert size(answer.body) == (3200, 2000)
    assert b"ringmaster LoadResults" in answer.body
    small = board.get("/api/v1/reports/last?thumb=1")
    assert size(small.body) == (600, 315)
    assert b"ringmaster LoadResults" not in small.body


@pytest.mark.parametrize("form, begins", [
    ("svg", b"<?xml"), ("pdf", b"%PDF-"), ("html", b"<!DOCTYPE html>"),
    ("csv", b"second_s,"), ("json", b'{"version":1'), ("md", b"## "),
    ("txt", b"")])
def test_formats_are_kept_by_name(board, form, begins):
    run = runs(board)[0]
    answer = board.get("/api/v1/reports/%s?format=%s" % (run, form))
    assert answer.status == 200
    assert answer.body.startswith(begins)
    assert answer.headers["content-disposition"] == \
        'attachment; filename="%s.%s"' % (run, form)


def test_two_runs_and_many(board):
    a, b = runs(board)
    text = board.get("/api/v1/reports/compare?format=txt&a=%s&b=%s" % (a, b))
    assert a.encode() in text.body and b.encode() in text.body
    assert size(board.get("/api/v1/reports/compare?scale=1&a=%s&b=%s" %
                          (a, b)).body) == (1600, 1000)
    assert size(board.get("/api/v1/reports/trend?scale=50%").body) == \
        (800, 500)


def test_what_did_not_change_is_not_drawn_again(board):
    path = "/api/v1/reports/last?thumb=1"
    first = board.get(path)
    known = {"If-None-Match": first.headers["etag"]}
    assert board.get(path, headers=known).status == 304
    assert board.get("/api/v1/reports/last?scale=1",
                     headers=known).status == 200
    results = board.server.dir / "reports/test_results.json"
    os.utime(results)
    assert board.get(path, headers=known).status == 200


@pytest.mark.parametrize("query, status", [
    ("last?format=gif", 400), ("last?theme=pink", 400),
    ("last?size=9000x9000", 400), ("last?size=4000x4000", 400),
    ("last?scale=-1", 400), ("last?scale=99", 400), ("last?panel=x", 400),
    ("last?size=1600", 400), ("trend?n=100000", 400), ("compare", 400),
    ("compare?a=1&b=2", 404), ("nosuch", 404), ("..%2f..%2fetc", 404),
    ("01ARYZ6S41TSV4RRFFQ69G5FAV", 404)])
def test_what_is_refused(board, query, status):
    assert board.get("/api/v1/reports/" + query).status == status


def test_the_page_of_all(board):
    answer = board.get("/reports/", headers={"Accept": "text/html"})
    page = answer.body.decode()
    assert answer.status == 200
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    for run in runs(board):
        assert 'src="/api/v1/reports/%s?thumb=1"' % run in page


def test_without_results(start):
    board = start_board(start, server=SITE)[1]
    assert board.get("/api/v1/reports/last").status == 404
    page = board.get("/reports/")
    assert page.status == 200
    assert b"No test was kept yet" in page.body


def test_damaged_results(start):
    server, board = start_board(start, server=SITE)
    server.bad_lines_expected = True
    path = pathlib.Path(server.dir) / "reports/test_results.json"
    path.write_text('{"version":1,"results":[{')
    assert board.get("/api/v1/reports/last").status == 500
    assert board.get("/reports/").status == 500
    assert board.get("/healthz").status == 200


def test_the_dashboard_goes_on_while_it_draws(board):
    """Many ask for pictures: who asks for something else does not wait."""
    statuses = []

    def draw(i):
        with Client(("127.0.0.1", board.port), timeout=60) as client:
            statuses.append(client.request(
                "/api/v1/reports/last?scale=1&size=%dx900" % (1200 + i),
                "GET", {"Connection": "close"}).status)
    threads = [threading.Thread(target=draw, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    slowest = 0
    while any(thread.is_alive() for thread in threads):
        begin = time.monotonic()
        assert board.get("/healthz").status == 200
        assert json.loads(board.get("/api/v1/tests?n=1").body)["total"] == 2
        slowest = max(slowest, time.monotonic() - begin)
    for thread in threads:
        thread.join()
    assert set(statuses) <= {200, 503} and 200 in statuses
    assert slowest < 2
    wait_for(lambda: board.get("/api/v1/reports/last?thumb=1").status == 200)
