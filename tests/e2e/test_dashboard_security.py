"""The dashboard against pages of other sites and against what clients send.

Guards against DNS rebinding (a foreign name that resolves to this machine),
against framing and sniffing, and against paths of requests that become
markup in an answer.
"""

import json

import pytest
from board import start_board
from conftest import Client

SITE = 'location / { return 200 "hello"; }'


@pytest.fixture
def board(start):
    return start_board(start, server=SITE, level="info",
                       block="allowed_hosts ops.example;")[1]


@pytest.mark.parametrize("host", [
    "localhost", "LOCALHOST:5000", "127.0.0.1", "127.0.0.1:1", "[::1]",
    "[::1]:5000", "localhost.", "ops.example", "Ops.Example:9999",
])
def test_its_own_names_are_answered(board, host):
    for path in "/", "/metrics", "/style.css":
        assert board.get(path, headers={"Host": host}).status == 200


@pytest.mark.parametrize("host", [
    "evil.example", "localhost.evil.example", "127.0.0.1.nip.io",
    "127.0.0.2", "[::2]", "192.0.2.1:5000", "ops.example.evil.example",
    "xlocalhost",
])
def test_other_names_are_refused(board, host):
    for path in "/", "/metrics", "/toggle_cache", "/nothing":
        response = board.get(path, headers={"Host": host})
        assert response.status == 403
        assert b"allowed_hosts" in response.body
        assert b"total_requests" not in response.body
    response = board.get("/toggle_cache", "POST", {"Host": host})
    assert response.status == 403
    assert board.json()["cache_enabled"] is True
    assert "a host that is not allowed was asked for" in board.server.log()


def test_an_old_request_without_a_host_is_refused(board):
    with Client(("127.0.0.1", board.port)) as client:
        client.send(b"GET /metrics HTTP/1.0\r\n\r\n")
        assert client.response().status == 403


@pytest.mark.parametrize("path, status", [
    ("/", 200), ("/metrics", 200), ("/style.css", 200), ("/healthz", 200),
    ("/nothing", 404), ("/metrics?n=x", 400),
])
def test_every_answer_has_the_headers_of_defence(board, path, status):
    response = board.get(path)
    assert response.status == status
    headers = response.headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert not [name for name in headers
                if name.startswith("access-control-")]


def test_unknown_paths_are_404_in_the_form_that_suits(board):
    response = board.get("/no<b>thing")
    assert response.status == 404
    assert response.headers["content-type"] == "application/json"
    assert json.loads(response.body)["error"]["status"] == 404
    response = board.get("/no<b>thing", headers={"Accept": "text/html"})
    assert response.status == 404
    assert response.headers["content-type"].startswith("text/html")
    assert b"There is no such page" in response.body
    assert b"<b>" not in response.body


@pytest.mark.parametrize("path, method, allow", [
    ("/", "POST", "GET, HEAD"), ("/metrics", "DELETE", "GET, HEAD"),
    ("/metrics", "PUT", "GET, HEAD"), ("/style.css", "POST", "GET, HEAD"),
    ("/toggle_cache", "PUT", "POST"), ("/toggle_cache", "HEAD", "POST"),
])
def test_other_methods_are_405(board, path, method, allow):
    response = board.get(path, method)
    assert response.status == 405
    assert response.headers["allow"] == allow


HOSTILE = [
    "/<script>alert(1)</script>", "/%3Cscript%3Ealert(2)%3C/script%3E",
    "/\"onload='x'", "/%22%3E%3Cimg%20src=x%20onerror=alert(3)%3E",
    "/%1b[31mred%1b]0;title%07", "/%ff%fe%C2%9B", "/%E2%80%AEgpj.exe",
    "/a%0d%0aSet-Cookie:%20x=1",
]


def test_what_clients_send_stays_text(start):
    server, board = start_board(start, server=SITE)
    evil = {"User-Agent": "<script>alert('ua')</script>",
            "Referer": "http://x/<script>"}
    for path in HOSTILE:
        server.get(path, headers=evil)
    board.wait_total(len(HOSTILE))
    paths = [r["path"] for r in board.json()["recent_requests"]]
    assert len(paths) == len(HOSTILE)
    text = board.get("/metrics.prom").body
    assert b"alert" not in text		# no client text in labels
    board.get("/metrics").body.decode()


def test_listening_for_others_is_a_configuration_error(make):
    server = make()
    for address in "0.0.0.0:5000", "5000", "[::]:5000", "192.0.2.1:5000":
        server.write(main="dashboard {\nlisten %s;\n}" % address)
        result = server.command("-t")
        assert result.returncode == 1
        assert "it has no authentication" in result.stdout
        assert "ringmaster.conf:6" in result.stdout
