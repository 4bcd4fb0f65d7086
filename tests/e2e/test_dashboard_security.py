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
        assert response.status == 421
        assert b"allowed_hosts" in response.body
        assert b"total_requests" not in response.body
    response = board.get("/toggle_cache", "POST", {"Host": host})
    assert response.status == 421
    assert board.json()["cache_enabled"] is True
    assert "a host that is not allowed was asked for" in board.server.log()


def test_an_old_request_without_a_host_is_refused(board):
    with Client(("127.0.0.1", board.port)) as client:
        client.send(b"GET /metrics HTTP/1.0\r\n\r\n")
        assert client.response().status == 421


@pytest.mark.parametrize("path, status", [
    ("/", 200), ("/metrics", 200), ("/style.css", 200), ("/healthz", 200),
    ("/nothing", 404), ("/metrics?n=x", 400), ("/style.css", 304),
    ("/style.css", 412),
])
def test_every_answer_has_the_headers_of_defence(board, path, status):
    conditions = {304: {"If-None-Match": "*"}, 412: {"If-Match": '"x"'}}
    response = board.get(path, headers=conditions.get(status))
    assert response.status == status
    headers = response.headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    assert "connect-src 'self'" in policy
    assert "require-trusted-types-for 'script'" in policy
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
        assert "auth_basic_user_file" in result.stdout
        assert "ringmaster.conf:6" in result.stdout


def test_on_purpose_others_are_listened_for(make):
    server = make()
    server.write(main="dashboard { listen 0.0.0.0:5000; insecure on; }")
    result = server.command("-t")
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("headers", [
    {"Origin": "http://evil.example"}, {"Origin": "null"},
    {"Origin": "http://localhost.evil.example"},
])
def test_no_other_site_gets_a_web_socket(board, headers):
    fields = {"Upgrade": "websocket", "Connection": "Upgrade",
              "Sec-WebSocket-Version": "13",
              "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    response = board.get("/api/v1/ws", headers={**fields, **headers})
    assert response.status == 403
    assert b"Only the dashboard's own page" in response.body
    with Client(("127.0.0.1", board.port)) as client:
        own = client.request("/api/v1/ws", headers={
            **fields, "Origin": "http://localhost"})
    assert own.status == 101


# ---- changes ----

def post(board, path="/api/v1/cache", body=b'{"enabled":false}',
         kind="application/json", **headers):
    fields = {"Content-Type": kind} if kind else {}
    fields.update((name.replace("_", "-"), value)
                  for name, value in headers.items())
    return board.get(path, "POST", fields, body)


def enabled(board):
    return board.json()["cache_enabled"]


def test_the_cache_is_set_and_not_toggled(board):
    for on in False, False, True, True, False:
        body = json.dumps({"enabled": on}).encode()
        response = post(board, body=body)
        assert response.status == 200
        assert json.loads(response.body) == {"cache_enabled": on}
        assert enabled(board) is on
    kinds = [mark["kind"] for mark in board.json()["marks"]]
    assert kinds.count("cache_off") == 2 and kinds.count("cache_on") == 1
    log = board.server.log()
    assert log.count("dashboard: 127.0.0.1 switched the file cache off") == 2
    assert log.count("dashboard: 127.0.0.1 switched the file cache on") == 1


@pytest.mark.parametrize("kind", [
    "application/x-www-form-urlencoded",
    "Application/X-WWW-Form-URLencoded; charset=utf-8",
])
def test_a_form_sets_it_too(board, kind):
    assert post(board, body=b"enabled=false", kind=kind).status == 200
    assert enabled(board) is False


@pytest.mark.parametrize("body, kind, status", [
    (b"", None, 400), (b"{}", "application/json", 400),
    (b'{"enabled":1}', "application/json", 400),
    (b'{"enabled":"true"}', "application/json", 400),
    (b'{"enabled":true', "application/json", 400),
    (b'{"enabled":false,"x":true}', "application/json", 400),
    (b'{"enabled":false,"enabled":true}', "application/json", 400),
    (b"enabled=off", "application/x-www-form-urlencoded", 400),
    (b'{"enabled":false}', "text/plain", 415),
    (b'{"enabled":false}', None, 415),
    (b'{"enabled":false}', "application/json2", 415),
    (b'{"enabled":false}'.ljust(4097), "application/json", 413),
])
def test_what_is_not_understood_changes_nothing(board, body, kind, status):
    response = post(board, body=body, kind=kind)
    assert response.status == status
    assert json.loads(response.body)["error"]["status"] == status
    if status == 400:
        assert "Expected:" in json.loads(response.body)["error"]["message"] \
            or b'{\\"enabled\\": true}' in response.body
    assert enabled(board) is True


def test_the_largest_body_is_read_and_chunks_count_too(board):
    assert post(board, body=b'{"enabled":false}'.ljust(4096)).status == 200
    assert enabled(board) is False
    for size, status in (4096, 200), (4097, 413):
        text = b'{"enabled":true}'.ljust(size)
        with Client(("127.0.0.1", board.port)) as client:
            client.send(b"POST /api/v1/cache HTTP/1.1\r\nHost: localhost\r\n"
                        b"Content-Type: application/json\r\n"
                        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n"
                        b"0\r\n\r\n" % (size, text))
            response = client.response()
        assert response.status == status
        assert response.headers["content-type"] == "application/json"
    assert enabled(board) is True


@pytest.mark.parametrize("body, kind", [
    (b'{"text":"version 7 \\u00e9 <b>"}', "application/json"),
    ("text=version+7+\u00e9+%3Cb%3E".encode(),
     "application/x-www-form-urlencoded"),
])
def test_a_deployment_is_marked(board, body, kind):
    response = post(board, "/api/v1/marks", body, kind)
    assert response.status == 201
    mark = json.loads(response.body)
    assert mark["kind"] == "deploy"
    assert mark["text"] == "version 7 \u00e9 <b>"
    assert mark == board.json("/api/v1/marks")["marks"][0]
    assert 'dashboard: 127.0.0.1 set the mark "version 7' in \
        board.server.log()


@pytest.mark.parametrize("text", [
    "", "x" * 96, "\u00e9" * 48, "a\nb", "a\x1b[31m", "a\x7f", "a\x9b",
    "\ud800", 7, None, True,
])
def test_what_is_no_text_is_no_mark(board, text):
    body = json.dumps({"text": text}).encode()
    assert post(board, "/api/v1/marks", body).status == 400
    kinds = [mark["kind"] for mark in board.json("/api/v1/marks")["marks"]]
    assert "deploy" not in kinds


def test_the_longest_text_is_a_mark(board):
    body = json.dumps({"text": "x" * 95}).encode()
    response = post(board, "/api/v1/marks", body)
    assert response.status == 201
    assert json.loads(response.body)["text"] == "x" * 95


def test_the_cache_is_emptied(start):
    server, board = start_board(start, workers=1, files={"a.txt": "small"})
    for _ in range(2):
        assert server.get("/a.txt").body == b"small"
    assert board.wait_total(2)["cache_misses"] == 1
    for body, kind in (b"", None), (b"{}", "application/json"):
        response = post(board, "/api/v1/cache/flush", body, kind)
        assert response.status == 200
        assert json.loads(response.body) == {"flushed": True}
    assert server.get("/a.txt").body == b"small"
    snapshot = board.wait_total(3)
    assert snapshot["cache_misses"] == 2
    assert [mark["kind"] for mark in snapshot["marks"]].count(
        "cache_flush") == 2
    assert "dashboard: 127.0.0.1 emptied the file cache" in server.log()


@pytest.mark.parametrize("headers", [
    {"Origin": "http://evil.example"}, {"Sec_Fetch_Site": "cross-site"},
    {"Referer": "http://evil.example/"},
])
@pytest.mark.parametrize("path, body", [
    ("/api/v1/cache", b'{"enabled":false}'), ("/api/v1/cache/flush", b""),
    ("/api/v1/marks", b'{"text":"x"}'),
])
def test_another_site_changes_nothing(board, path, body, headers):
    marks = board.json("/api/v1/marks")["marks"]
    response = post(board, path, body, **headers)
    assert response.status == 403
    assert enabled(board) is True
    assert board.json("/api/v1/marks")["marks"] == marks
    assert "a change from another site was refused" in board.server.log()


def test_a_browser_that_says_nothing_is_asked_first(board):
    agent = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"}
    response = board.get("/toggle_cache", headers=agent)
    assert response.status == 200
    assert b'<form method="post" action="/toggle_cache">' in response.body
    assert enabled(board) is True


def test_changes_are_405_for_other_methods(board):
    for path, allow in (("/api/v1/cache", "POST"), ("/start_test", "POST"),
                        ("/api/v1/session", "GET, HEAD"),
                        ("/api/v1/cache/flush", "POST"),
                        ("/api/v1/marks", "GET, HEAD, POST"),
                        ("/test_status", "GET, HEAD")):
        response = board.get(path, "DELETE")
        assert response.status == 405
        assert response.headers["allow"] == allow
    for path in "/api/v1/cache", "/api/v1/cache/flush":
        assert board.get(path).status == 405


def test_the_old_get_forms_can_be_left_out(start):
    board = start_board(start, block="change_by_get off;")[1]
    response = board.get("/toggle_cache")
    assert response.status == 405
    assert response.headers["allow"] == "POST"
    assert enabled(board) is True
    assert board.get("/toggle_cache", "POST").status == 200
    assert enabled(board) is False


def test_without_authentication_the_session_is_nobodys(board):
    session = board.json("/api/v1/session")
    assert session["user"] == "" and session["auth"] is False
    assert len(session["token"]) == 64
    assert board.json("/api/v1/session") == session
