"""/toggle_cache switches the file cache of all workers, for programs and
the dashboard's own page, and for no other site."""

import json

import pytest
from board import start_board
from conftest import wait_for


@pytest.fixture
def pair(start):
    return start_board(start, files={"a.txt": "small"})


def cache(board):
    return board.json()["caches"][0]


def toggle(board, method="POST", **headers):
    fields = {name.replace("_", "-"): value
              for name, value in headers.items()}
    return board.get("/toggle_cache", method, fields)


def test_the_switch_changes_what_the_server_does(pair):
    server, board = pair
    for _ in range(20):
        assert server.get("/a.txt").body == b"small"
    before = board.wait_total(20)
    assert before["cache_enabled"] is True
    assert before["cache_hits"] + before["cache_misses"] == 20
    assert before["cache_hits"] >= 18		# a miss in each worker

    response = toggle(board)
    assert response.status == 200
    assert json.loads(response.body) == {"cache_enabled": False}
    for _ in range(20):
        assert server.get("/a.txt").body == b"small"
    off = board.wait_total(40)
    assert off["cache_enabled"] is False
    assert off["cache_hits"] == before["cache_hits"]
    assert off["cache_misses"] == before["cache_misses"]
    assert off["caches"][0]["bypassed"] == 20
    assert off["marks"][0]["kind"] == "cache_off"

    assert json.loads(toggle(board).body) == {"cache_enabled": True}
    for _ in range(20):
        server.get("/a.txt")
    on = board.wait_total(60)
    assert on["cache_hits"] + on["cache_misses"] == 40
    assert on["caches"][0]["bypassed"] == 20
    assert on["marks"][0]["kind"] == "cache_on"


def test_new_workers_take_the_switch_over(pair):
    server, board = pair
    toggle(board)
    server.reload()
    wait_for(lambda: board.get("/healthz").status == 200)
    server.get("/a.txt")
    snapshot = board.wait_total(1)
    assert snapshot["cache_enabled"] is False
    assert snapshot["caches"][0]["bypassed"] == 1


def test_get_is_for_programs_and_our_own_page(pair):
    _, board = pair
    own = "http://localhost"
    for headers in ({}, {"Origin": own}, {"Referer": own + "/"},
                    {"Sec_Fetch_Site": "same-origin"}):
        before = cache(board)["enabled"]
        assert toggle(board, "GET", **headers).status == 200
        assert cache(board)["enabled"] is not before


@pytest.mark.parametrize("headers", [
    {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"},
    {"Origin": "http://evil.example"}, {"Origin": "null"},
    {"Referer": "http://evil.example/"},
    {"Referer": "http://localhost.evil.example/"},
])
def test_other_sites_are_refused(pair, headers):
    _, board = pair
    response = toggle(board, "GET", **headers)
    assert response.status == 405
    assert response.headers["allow"] == "POST"
    assert toggle(board, "POST", **headers).status == 403
    assert cache(board)["enabled"] is True


def test_the_address_bar_is_asked_first(pair):
    _, board = pair
    response = toggle(board, "GET", Sec_Fetch_Site="none")
    assert response.status == 200
    assert b'<form method="post" action="/toggle_cache">' in response.body
    assert cache(board)["enabled"] is True


def test_the_form_leads_back_to_the_page(pair):
    _, board = pair
    response = board.get("/toggle_cache", "POST", {
        "Accept": "text/html,*/*;q=0.8", "Origin": "null",
        "Sec-Fetch-Site": "same-origin",
        "Content-Type": "application/x-www-form-urlencoded"}, b"")
    assert response.status == 303
    assert response.headers["location"] == "/"
    assert cache(board)["enabled"] is False


def test_a_flush_empties_the_cache_of_all_workers(pair):
    server, board = pair
    for _ in range(20):
        assert server.get("/a.txt").body == b"small"
    board.wait_total(20)
    assert wait_for(lambda: cache(board)["entries"])
    response = board.get("/api/v1/cache/flush", "POST", body=b"")
    assert response.status == 200
    # Though nobody asks a worker for anything.
    assert wait_for(lambda: cache(board)["entries"] == 0)
    misses = cache(board)["misses"]
    for _ in range(20):
        assert server.get("/a.txt").body == b"small"
    board.wait_total(40)
    after = cache(board)
    assert after["misses"] > misses and after["entries"] > 0
    assert after["enabled"] is True
