"""Who may see the dashboard: users with passwords and holders of tokens.

Guards against a dashboard that others can reach without being asked who they
are, against guessing, against pages of other sites that make a browser send
its password along, and against files of users that anybody could change.
"""

import base64
import json
import threading
import time

import pytest
from board import Board
from conftest import free_port, wait_for

# Made by htpasswd -B, -m and openssl passwd -6.
USERS = """\
# who may see it
ann:$2y$04$cc4BxK68b3RXlTpsbcFs7eyT/cVhZW5dD4qVxFPvUHMpV1qjUn1kG
bob:$apr1$4CZhVmLC$TjaUWda4VsxJ9bRBe9EtW1:a comment
j\u00f6rg:$6$saltsalt$hRM5XZ86KXEw9UOmjigeVqFgULtFB2sgpC9lXQDfMib3Zgw7mEi\
UvBJI2EplzfAqxL5Vvwp2scFtv/uamSo5z0
plain:{PLAIN}gr\u00fcn
"""
PASSWORD = "correct horse"
TOKEN = "5bd1c2aa0f5c9c3e8d51a2f87e6d1b34"
TOKENS = "# scrapers\nprometheus:%s\n0123456789abcdef\n" % TOKEN


def basic(user="ann", password=PASSWORD):
    text = ("%s:%s" % (user, password)).encode()
    return {"Authorization": "Basic " + base64.b64encode(text).decode()}


def bearer(token=TOKEN):
    return {"Authorization": "Bearer " + token}


def secret(server, name, text):
    path = server.dir / name
    path.write_text(text)
    path.chmod(0o600)			# the master's alone
    return path


@pytest.fixture
def guarded(make):
    """guarded(block): a Board with users and tokens."""
    def new(block="auth_basic_user_file users; auth_token_file tokens;",
            **parts):
        server, port = make(), free_port()
        secret(server, "users", USERS)
        secret(server, "tokens", TOKENS)
        server.write(main="dashboard { listen 127.0.0.1:%d; %s }" %
                     (port, block), **parts)
        server.start()
        return Board(server, port).wait_ready()
    return new


@pytest.fixture
def board(guarded):
    return guarded()


# ---- who may see ----

PATHS = ["/", "/metrics", "/metrics.prom", "/api/v1/snapshot",
         "/api/v1/session", "/favicon.svg", "/nothing", "/toggle_cache"]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_seen_by_nobody(board, path):
    response = board.get(path)
    assert response.status == 401
    challenge = response.headers["www-authenticate"]
    assert 'Basic realm="ringmaster", charset="UTF-8"' in challenge
    assert 'Bearer realm="ringmaster"' in challenge
    assert "invalid_token" not in challenge
    assert json.loads(response.body)["error"]["status"] == 401
    assert "content-security-policy" in response.headers
    page = board.get(path, headers={"Accept": "text/html"})
    assert page.status == 401
    assert page.headers["content-type"].startswith("text/html")


def test_health_is_for_everybody(board):
    assert board.get("/healthz").body == b"ok\n"


@pytest.mark.parametrize("user, password", [
    ("ann", PASSWORD), ("bob", PASSWORD), ("j\u00f6rg", PASSWORD),
    ("plain", "gr\u00fcn"),
])
def test_users_pass_by_their_password(board, user, password):
    headers = basic(user, password)
    for path in "/", "/metrics", "/api/v1/snapshot":
        assert board.get(path, headers=headers).status == 200
    session = json.loads(board.get("/api/v1/session", headers=headers).body)
    assert session["user"] == user and session["auth"] is True
    assert board.get("/nothing", headers=headers).status == 404


def test_tokens_pass(board):
    for token, name in (TOKEN, "prometheus"), ("0123456789abcdef", "token"):
        response = board.get("/api/v1/session", headers=bearer(token))
        assert json.loads(response.body)["user"] == name
        assert board.get("/metrics.prom", headers=bearer(token)).status == 200


@pytest.mark.parametrize("headers", [
    basic("ann", "Correct horse"), basic("ann", ""), basic("", PASSWORD),
    basic("eve", PASSWORD), basic("ann", PASSWORD + "x"),
    basic("ANN", PASSWORD), basic("ann:ann", PASSWORD),
    basic("x\u001b[31m", "y"),
], ids=repr)
def test_wrong_passwords_do_not(board, headers):
    response = board.get("/metrics", headers=headers)
    assert response.status == 401
    assert b"total_requests" not in response.body


def test_failures_are_late_and_in_the_log(board):
    start = time.monotonic()
    assert board.get("/", headers=basic("eve", "x")).status == 401
    assert board.get("/", headers=basic("ann", "x")).status == 401
    response = board.get("/", headers=bearer("x" * 20))
    assert response.status == 401
    assert 'error="invalid_token"' in response.headers["www-authenticate"]
    assert time.monotonic() - start >= 3
    log = board.server.log()
    assert '[warn]' in log
    assert 'user "eve" sent a wrong name or password, client: 127.0.0.1' in log
    assert 'user "ann" sent a wrong name or password, client: 127.0.0.1' in log
    assert "an unknown token was sent, client: 127.0.0.1" in log
    assert "xxxxxxxx" not in log and "horse" not in log


def test_what_a_client_calls_itself_cannot_forge_a_line(board):
    evil = "x\u202e\u0085y\u009b31m"
    assert board.get("/", headers=basic(evil, "x")).status == 401
    raw = (board.server.dir / "error.log").read_bytes()
    line = next(line for line in raw.splitlines() if b"sent a wrong" in line)
    assert b"[warn]" in line and b"client: 127.0.0.1" in line
    assert b"\x1b" not in raw


@pytest.mark.parametrize("value", [
    "Basic", "Basic !", "Basic YW5u", "Bearer", "Digest x=y",
    "Basic YQo6Yg==", "Basic " + "A" * 2000,
])
def test_what_is_no_credentials_is_told_at_once(board, value):
    response = board.get("/", headers={"Authorization": value})
    assert response.status == 401
    assert "sent a wrong" not in board.server.log()


def test_with_one_kind_the_other_is_not_offered(guarded):
    users = guarded("auth_basic_user_file users;")
    challenge = users.get("/").headers["www-authenticate"]
    assert "Bearer" not in challenge
    assert users.get("/", headers=bearer()).status == 401
    tokens = guarded("auth_token_file tokens;")
    challenge = tokens.get("/").headers["www-authenticate"]
    assert "Basic" not in challenge
    assert tokens.get("/", headers=basic()).status == 401
    assert tokens.get("/metrics", headers=bearer()).status == 200


def test_guessing_is_limited_and_shuts_nobody_out(board):
    """While 32 failures wait, no password is looked at but those that are
    remembered, and tokens."""
    assert board.get("/metrics", headers=basic()).status == 200
    statuses = []

    def guess(number):
        response = board.get("/", headers=basic("bob", "guess%d" % number))
        statuses.append(response.status)
        if response.status == 429:
            assert response.headers["retry-after"] == "1"
    threads = [threading.Thread(target=guess, args=(n,)) for n in range(80)]
    for thread in threads:
        thread.start()
    wait_for(lambda: 429 in statuses)
    assert board.get("/metrics", headers=basic()).status == 200
    assert board.get("/metrics", headers=bearer()).status == 200
    for thread in threads:
        thread.join()
    assert set(statuses) == {401, 429}
    assert statuses.count(401) >= 32
    # Afterwards all is as before.
    assert board.get("/", headers=basic("bob")).status == 200


def test_many_who_come_at_once_are_let_in(board):
    """As all viewers do after a reload: none of them is told to go away."""
    statuses = []

    def come(user):
        statuses.append(board.get("/metrics", headers=basic(user)).status)
    threads = [threading.Thread(target=come, args=(name,))
               for name in ["ann", "bob", "j\u00f6rg"] * 30]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) == {200} and len(statuses) == 90


@pytest.mark.parametrize("block, who", [
    ("auth_basic_user_file users;", "4 users and 0 tokens"),
    ("auth_basic_user_file users; auth_token_file tokens;",
     "4 users and 2 tokens"),
    ("", "whoever is on this machine"),
    ("insecure on;", 'whoever reaches it, as "insecure" is on'),
])
def test_the_log_says_who_may_see_it(guarded, block, who):
    board = guarded(block)
    assert "the dashboard is at 127.0.0.1:%d, for %s\n" % (
        board.port, who) in board.server.log()


# ---- who may change ----

OWN = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}


def switch(board, **headers):
    fields = {"Content-Type": "application/json"}
    fields.update(headers)
    return board.get("/api/v1/cache", "POST", fields, b'{"enabled":false}')


def enabled(board):
    response = board.get("/metrics", headers=bearer())
    return json.loads(response.body)["cache_enabled"]


def token_of(board, headers):
    return json.loads(board.get("/api/v1/session",
                                headers=headers).body)["token"]


def test_a_program_changes_with_its_password_alone(board):
    response = switch(board, **basic())
    assert response.status == 200
    assert enabled(board) is False
    assert "dashboard: ann switched the file cache off" in board.server.log()
    assert board.get("/toggle_cache", headers=basic("bob")).status == 200
    assert "dashboard: bob switched the file cache on" in board.server.log()


def test_a_page_needs_the_token_of_its_session(board):
    ann, bob = basic(), basic("bob")
    token = token_of(board, ann)
    for headers in (OWN, {**OWN, "X-Ringmaster-Token": "x" * 64},
                    {**OWN, "X-Ringmaster-Token": token[:-1]},
                    {**OWN, "X-Ringmaster-Token": token_of(board, bob)},
                    {"Referer": "http://localhost/"}):
        response = switch(board, **ann, **headers)
        assert response.status == 403
        assert b"X-Ringmaster-Token" in response.body
        assert enabled(board) is True
    fields = {**OWN, "X-Ringmaster-Token": token}
    assert switch(board, **ann, **fields).status == 200
    assert enabled(board) is False


def test_the_token_opens_nothing_to_other_sites(board):
    fields = {"Origin": "http://evil.example",
              "X-Ringmaster-Token": token_of(board, basic())}
    assert switch(board, **basic(), **fields).status == 403
    assert enabled(board) is True


def test_without_a_script_the_form_asks_and_brings_the_token(board):
    fields = {**OWN, **basic(), "Accept": "text/html",
              "Content-Type": "application/x-www-form-urlencoded"}
    page = board.get("/toggle_cache", "POST", fields, b"")
    assert page.status == 200
    assert enabled(board) is True
    token = token_of(board, basic())
    assert ('name="token" value="%s"' % token).encode() in page.body
    response = board.get("/toggle_cache", "POST", fields,
                         b"token=" + token.encode())
    assert response.status == 303
    assert enabled(board) is False


def test_a_link_is_asked_about(board):
    for headers in (OWN, {"Sec-Fetch-Site": "none"},
                    {"User-Agent": "Mozilla/5.0 Firefox/128.0"}):
        response = board.get("/toggle_cache", headers={**basic(), **headers})
        assert response.status == 200
        assert b"<form" in response.body
        assert enabled(board) is True


def test_the_token_is_the_same_after_a_reload(board):
    token = token_of(board, basic())
    old = board.pid()
    board.server.reload()
    wait_for(lambda: board.pid() not in (0, old))
    assert token_of(board, basic()) == token


# ---- the files ----

def test_a_reload_takes_over_changed_users(board):
    server = board.server
    assert board.get("/metrics", headers=basic()).status == 200
    secret(server, "users", "cid:{PLAIN}new\n")
    secret(server, "tokens", "z" * 16 + "\n")
    old = board.pid()
    server.reload()
    wait_for(lambda: board.get("/metrics", headers=basic("cid", "new"))
             .status == 200 and board.pid() not in (0, old))
    assert board.get("/metrics", headers=basic()).status == 401
    assert board.get("/metrics", headers=bearer()).status == 401
    assert board.get("/metrics", headers=bearer("z" * 16)).status == 200


def test_a_reload_with_a_fault_changes_nobody(board):
    server = board.server
    secret(server, "users", "cid:oops-in-clear\n")
    server.signal(1)
    wait_for(lambda: "line 1 of" in server.log())
    assert "oops" not in server.log()
    assert board.get("/metrics", headers=basic()).status == 200


def check(make, block, message, line=5, **files):
    """-t says `message` and where."""
    server = make()
    for name, text in files.items():
        secret(server, name, text)
    server.write(main="dashboard {\n%s\n}" % block)
    result = server.command("-t")
    assert result.returncode == 1
    assert message.replace("%%DIR%%", str(server.dir)) in result.stdout
    assert "ringmaster.conf:%d" % (line + 1) in result.stdout
    return result.stdout


@pytest.mark.parametrize("directive, text, message", [
    ("auth_basic_user_file", "", "there is no user in it"),
    ("auth_basic_user_file", "# ann:x\n\n", "there is no user in it"),
    ("auth_basic_user_file", "ann\n", 'line 1 of "%%DIR%%/secrets": it is '
     "not NAME:HASH"),
    ("auth_basic_user_file", USERS + "eve:insecret\n", "line 6 of"),
    ("auth_basic_user_file", USERS + USERS, "a name is in it twice"),
    ("auth_token_file", "\n", "there is no token in it"),
    ("auth_token_file", "insecret\n", "line 1 of"),
    ("auth_token_file", TOKENS + "name:insecret insecret insecret\n",
     "letters, digits"),
])
def test_malformed_files_are_told_by_line(make, directive, text, message):
    output = check(make, directive + " secrets;", message, secrets=text)
    assert "insecret" not in output


def test_missing_files_are_told(make):
    for directive in "auth_basic_user_file", "auth_token_file":
        check(make, directive + " none;", 'open() "%%DIR%%/none" failed '
              "(2: No such file or directory)")
        check(make, directive + " html;", '"%%DIR%%/html" is not a regular '
              "file")


@pytest.mark.parametrize("mode", [0o660, 0o602, 0o666])
def test_files_that_others_can_write_are_refused(make, mode):
    server = make()
    path = secret(server, "users", USERS)
    server.write(main="dashboard { auth_basic_user_file %s; }" % path)
    path.chmod(mode)
    result = server.command("-t")
    assert result.returncode == 1
    assert "can be written by others than its owner" in result.stdout
    path.chmod(0o644)
    assert server.command("-t").returncode == 0


def test_with_users_others_may_be_listened_for(make):
    server = make()
    for name, text in ("users", USERS), ("tokens", TOKENS):
        secret(server, name, text)
    for directive in "auth_basic_user_file users;", "auth_token_file tokens;":
        server.write(main="dashboard { listen 0.0.0.0:5000; %s }" % directive)
        result = server.command("-t")
        assert result.returncode == 0, result.stdout


def test_a_configuration_is_shown_without_secrets(make):
    server = make()
    secret(server, "users", USERS)
    secret(server, "tokens", TOKENS)
    server.write(main="dashboard { auth_basic_user_file users; "
                 "auth_token_file tokens; }")
    output = server.command("-T").stdout
    assert "auth_token_file" in output
    assert TOKEN not in output and "$apr1$" not in output
