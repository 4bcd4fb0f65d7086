"""userid: ids are random, stay with the client, and are never weak."""

import base64
import re

from conftest import wait_for


def cookie(answer, name="uid"):
    """The cookie's value and its attributes."""
    parts = answer.headers["set-cookie"].split("; ")
    key, _, value = parts[0].partition("=")
    assert key == name
    return value, parts[1:]


def test_a_new_client_gets_a_safe_cookie(start):
    server = start(server="userid on; location / { return 200; }")
    seen = set()
    for _ in range(40):
        value, attributes = cookie(server.get("/"))
        assert len(base64.b64decode(value, validate=True)) == 16
        assert attributes == ["path=/", "httponly", "samesite=lax"]
        seen.add(value)
    assert len(seen) == 40


def test_a_known_client_keeps_its_id(start):
    server = start(http="log_format f '$uid_got|$uid_set';", server="""
        userid on;
        access_log a.log f;
        location / { return 200; }""")
    value, _ = cookie(server.get("/"))
    answer = server.get("/", headers={"Cookie": "x=y; uid=%s" % value})
    assert "set-cookie" not in answer.headers
    wait_for(lambda: server.log("a.log").count("\n") == 2)
    words = base64.b64decode(value)
    text = "uid=" + "".join(
        "%08X" % int.from_bytes(words[i:i + 4], "little")
        for i in range(0, 16, 4))
    assert sorted(server.log("a.log").split()) == sorted(
        ["-|" + text, text + "|-"])


def test_bad_cookies_are_replaced(start):
    server = start(server="userid on; location / { return 200; }")
    for value in ("short", "!" * 24):
        answer = server.get("/", headers={"Cookie": "uid=" + value})
        assert "set-cookie" in answer.headers
    assert "client sent too short userid cookie" in server.log()
    assert "client sent invalid userid cookie" in server.log()


def test_the_directives_shape_the_cookie(start):
    server = start(server="""
        userid on;
        userid_name me;
        userid_domain example.com;
        userid_path /p;
        userid_expires max;
        userid_p3p 'policyref="/p3p.xml"';
        userid_flags secure samesite=strict;
        location / { return 200; }
        location /off { userid off; return 200; }
        location /log { userid log; return 200; }
        location /plain { userid_flags off; userid_expires off;
                          userid_domain none; return 200; }
        location /days { userid_expires 10d; return 200; }""")
    answer = server.get("/")
    assert cookie(answer, "me")[1] == [
        "expires=Thu, 31-Dec-37 23:55:55 GMT", "domain=example.com",
        "path=/p", "secure", "samesite=strict"]
    assert answer.headers["p3p"] == 'policyref="/p3p.xml"'
    assert "set-cookie" not in server.get("/off").headers
    assert "set-cookie" not in server.get("/log").headers
    assert cookie(server.get("/plain"), "me")[1] == ["path=/p"]
    assert re.fullmatch(
        r"expires=[A-Z][a-z]{2}, \d\d-[A-Z][a-z]{2}-\d\d (\d\d:){2}\d\d GMT",
        cookie(server.get("/days"), "me")[1][0])


def test_a_mark_renews_cookies_without_it(start):
    server = start(server="""
        userid on;
        location / { return 200; }
        location /marked { userid_mark t; return 200; }""")
    value, _ = cookie(server.get("/"))
    marked, _ = cookie(server.get("/marked",
                                  headers={"Cookie": "uid=" + value}))
    assert marked == value[:22] + "t="
    again = server.get("/marked", headers={"Cookie": "uid=" + marked})
    assert "set-cookie" not in again.headers


def test_service_is_the_first_word(start):
    server = start(server="""
        userid on;
        userid_service 258;
        location / { return 200; }""")
    value, _ = cookie(server.get("/"))
    assert base64.b64decode(value)[:4] == b"\0\0\1\2"


def test_wrong_arguments(make):
    for directive in ("userid maybe;", "userid_flags sometimes;",
                      "userid_mark xx;", "userid_expires never;"):
        server = make()
        server.write(server=directive)
        assert server.command("-t").returncode == 1, directive
