"""auth_basic: who knows a password gets in, and checking it stops nobody."""

import base64
import os
import threading
import time

from conftest import wait_for

SLOW = "$2b$10$abcdefghijklmnopqrstuuqflPDzB6gcMhKa1rZqKiun2YGL5sa2u"
HASHES = {
    "bcrypt": "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
    "sha512": "$6$salt$egUxKNxDs8kPfh8iPMNcosMhb2eWah6d3R44JDm5Rj/j/XWR5E33"
              "QPd0YmHXoDHOIDR6kL5D3JcQcz0O8FHE00",
    "yescrypt": "$y$j75$abcdefgh$uMUXG79B2cFpoAYyDccUnsaH/aGTyBYMlnQidzyag01",
    "plain": "{PLAIN}secret",
    "comment": "{PLAIN}secret:Jane Doe, :x",
}


def basic(user, password="secret"):
    text = "%s:%s" % (user, password)
    return {"Authorization":
            "Basic " + base64.b64encode(text.encode()).decode()}


def site(start, users, server="", **kwargs):
    made = start(server="""
        auth_basic "closed site";
        auth_basic_user_file users;""" + server, **kwargs)
    (made.dir / "users").write_text(users)
    made.file("x", "in")
    return made


def test_all_kinds_of_hashes(start):
    server = site(start, "# users\n\n" + "".join(
        "%s:%s\n" % item for item in HASHES.items()))
    for name in HASHES:
        assert server.get("/x", headers=basic(name)).status == 200, name
        assert server.get("/x", headers=basic(name)).status == 200, name
        answer = server.get("/x", headers=basic(name, "Secret"))
        assert answer.status == 401, name
        assert answer.headers["www-authenticate"] == \
            'Basic realm="closed site"'
    assert 'user "plain": password mismatch' in server.log()


def test_nobody_else_gets_in(start):
    server = site(start, "a:{PLAIN}secret\nempty:\nnone\n#no:{PLAIN}secret\n"
                  "crlf:{PLAIN}secret\r\nlast:{PLAIN}secret")
    for good in ("a", "crlf", "last"):
        assert server.get("/x", headers=basic(good)).status == 200
    for user in ("A", "aa", "none", "#no", "", "a\nlast", "x" * 3000):
        assert server.get("/x", headers=basic(user)).status == 401, user
    assert server.get("/x", headers=basic("empty", "")).status == 401
    assert server.get("/x", headers=basic("a", "s" * 4000)).status == 401
    for value in ("", "Basic", "Basic ", "Basic !!!!", "Basic YQ==",
                  "Bearer " + basic("a")["Authorization"][6:]):
        assert server.get("/x", headers={"Authorization": value}).status \
            == 401, value
    assert 'user "aa" was not found in "%s/users"' % server.dir in \
        server.log()


def test_a_change_of_the_file_counts_at_once(start):
    server = site(start, "a:{PLAIN}secret\n", workers=1)
    users = server.dir / "users"
    assert server.get("/x", headers=basic("a")).status == 200
    users.write_text("a:{PLAIN}Secret\n")
    assert server.get("/x", headers=basic("a")).status == 401
    assert server.get("/x", headers=basic("a", "Secret")).status == 200
    (server.dir / "new").write_text("b:{PLAIN}secret\n")
    os.replace(server.dir / "new", users)
    assert server.get("/x", headers=basic("a", "Secret")).status == 401
    assert server.get("/x", headers=basic("b")).status == 200
    users.unlink()
    assert server.get("/x", headers=basic("b")).status == 403
    assert "failed (2: No such file or directory)" in server.log()


def test_a_large_file_of_users(start):
    server = site(start, "".join(
        "user%d:{PLAIN}secret\n" % i for i in range(20000)))
    for name in ("user0", "user19999", "user0"):
        assert server.get("/x", headers=basic(name)).status == 200
    assert server.get("/x", headers=basic("user20000")).status == 401


def test_a_directory_is_no_file_of_users(start):
    server = site(start, "", server="""
        location /d/ { auth_basic_user_file html; }""")
    assert server.get("/d/", headers=basic("a")).status == 500
    assert "is not a regular file" in server.log()


def test_variables(start):
    server = site(start, "a:{PLAIN}secret\n", server="""
        location /v/ {
            auth_basic $arg_realm;
            auth_basic_user_file $arg_file;
        }
        location ~ ^/r { auth_basic $uri; }""")
    server.file("v/x", "in")
    answer = server.get("/v/x?realm=here")
    assert answer.headers["www-authenticate"] == 'Basic realm="here"'
    assert server.get("/v/x?realm=off").status == 200
    assert server.get("/v/x?realm=r&file=users",
                      headers=basic("a")).status == 200
    assert server.get("/v/x?realm=r&file=%s/users" % server.dir,
                      headers=basic("a")).status == 200
    assert server.get("/v/x?realm=r&file=other",
                      headers=basic("a")).status == 403
    # What a client sends does not become another line of the answer.
    answer = server.get("/r%0d%0aX-Evil:%20yes")
    assert "x-evil" not in answer.headers
    assert answer.headers["www-authenticate"] == 'Basic realm="/r"'


def test_levels(start):
    server = site(start, "a:{PLAIN}secret\n", server="""
        location /off/ { auth_basic off; }
        location /other/ { auth_basic_user_file others; }""")
    (server.dir / "others").write_text("b:{PLAIN}secret\n")
    server.file("off/x", "in")
    server.file("other/x", "in")
    assert server.get("/off/x").status == 200
    assert server.get("/other/x", headers=basic("a")).status == 401
    assert server.get("/other/x", headers=basic("b")).status == 200


def test_remote_user_is_logged(start):
    server = site(start, "a:{PLAIN}secret\n", server="access_log a.log f;",
                  http="log_format f '$remote_user';")
    server.get("/x", headers=basic("a"))
    wait_for(lambda: server.log("a.log") == "a\n")


def test_the_challenge_stays_with_an_error_page(start):
    server = site(start, "", server="""
        error_page 401 /401.html;
        location = /401.html { auth_basic off; }""")
    server.file("401.html", "who are you?")
    answer = server.get("/x")
    assert (answer.status, answer.body) == (401, b"who are you?")
    assert answer.headers["www-authenticate"] == 'Basic realm="closed site"'


def test_satisfy(start):
    server = site(start, "a:{PLAIN}secret\n", server="""
        location /any/in/ { satisfy any; allow 127.0.0.1; deny all; }
        location /any/out/ { satisfy any; deny all; }
        location /all/in/ { allow 127.0.0.1; deny all; }
        location /all/out/ { deny all; }
        location /only/ { satisfy any; auth_basic off; deny all; }""")
    expected = {"any/in": (200, 200), "any/out": (401, 200),
                "all/in": (401, 200), "all/out": (403, 403),
                "only": (403, 403)}
    for name, statuses in expected.items():
        server.file(name + "/x", "in")
        path = "/%s/x" % name
        answers = server.get(path), server.get(path, headers=basic("a"))
        assert tuple(a.status for a in answers) == statuses, name
        assert ("www-authenticate" in answers[0].headers) == \
            (statuses[0] == 401), name


def test_slow_passwords_do_not_hold_up_others(start):
    server = site(start, "a:%s\n" % SLOW, workers=1, server="""
        location /open/ { auth_basic off; }""")
    server.file("open/x", "x")
    statuses = []

    def guess(i):
        with server.connect(timeout=60) as client:
            statuses.append(client.request(
                "/x", headers=basic("a", str(i))).status)
    threads = [threading.Thread(target=guess, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    longest = 0
    while len(statuses) < 8:
        began = time.monotonic()
        assert server.get("/open/x").status == 200
        longest = max(longest, time.monotonic() - began)
    for thread in threads:
        thread.join()
    assert statuses == [401] * 8
    # One after the other they would have taken more than a second.
    assert longest < 1


def test_a_right_password_is_checked_once(start):
    server = site(start, "a:%s\n" % SLOW, workers=1)
    with server.connect() as client:
        assert client.request("/x", headers=basic("a")).status == 200
        began = time.monotonic()
        for _ in range(200):
            assert client.request("/x", headers=basic("a")).status == 200
        assert time.monotonic() - began < 10 # each check takes longer


def test_who_leaves_while_waiting_is_forgotten(start):
    server = site(start, "a:%s\n" % SLOW, workers=1,
                  server="access_log a.log f;",
                  http="log_format f '$status';")
    clients = [server.connect() for _ in range(12)]
    for i, client in enumerate(clients):
        fields = basic("a", str(i))["Authorization"]
        client.send(("GET /x HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\n"
                     "\r\n" % fields).encode())
    for client in clients:
        client.close()
    wait_for(lambda: len(server.log("a.log").split()) == 12)
    assert server.log("a.log").split().count("499") >= 8
    assert server.get("/x", headers=basic("a")).status == 200


def test_auth_delay_ends_with_the_client(start):
    server = site(start, "a:{PLAIN}secret\n", level="info",
                  server="auth_delay 1s; access_log a.log f; "
                  "location /long/ { auth_delay 60s; }",
                  http="log_format f '$status';")
    began = time.monotonic()
    assert server.get("/x", headers=basic("a", "bad")).status == 401
    assert time.monotonic() - began >= 1
    assert server.get("/x", headers=basic("a")).status == 200
    assert server.log().count("delaying unauthorized request") == 1
    with server.connect() as client:
        client.send(b"GET /long/x HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_for(lambda: server.log().count("delaying") == 2)
    wait_for(lambda: "499" in server.log("a.log"))


def test_errors_in_the_configuration(start):
    server = start()
    for text, message in (
            ("auth_basic a; auth_basic b;",
             '"auth_basic" directive is duplicate'),
            ("auth_basic_user_file a; auth_basic_user_file b;",
             '"auth_basic_user_file" directive is duplicate'),
            ("auth_basic;", 'invalid number of arguments in "auth_basic"'),
            ("auth_basic $nothing;", 'unknown "nothing" variable'),
            ("auth_delay x;", '"auth_delay" directive invalid value')):
        server.write(server=text)
        assert message in server.command("-t").stdout, text
