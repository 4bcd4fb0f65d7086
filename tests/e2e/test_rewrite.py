"""rewrite, set, if, break, return: what they promise."""

import pytest

from conftest import wait_for

SERVER = r"""
    set $shared "of the server";
    rewrite ^/moved/(.*)$ /echo/$1 last;
    if ($arg_block) { return 403; }
    if ($arg_late) { set $late "${arg_late}!"; }
    if ($uri ~ ^/inner/(?<inner>.*)$) { rewrite ^ /echo?inner=$inner? last; }

    location /echo { return 200 "$uri|$args|$1|$shared|$request_uri"; }
    location /set {
        set $a "<$arg_x>";
        set $b "$a$a";
        set $args "y=2";
        return 200 "$a|$b|$args|$late";
    }
    location /append { rewrite ^/append(.*)$ /echo$1?z=1 last; }
    location /drop { rewrite ^ /echo? last; }
    location /chain {
        rewrite ^/chain/(.*)$ /chained/$1;
        rewrite ^/chained/(.*)$ /echo/again/$1;
    }
    location /stay {
        rewrite ^/stay/(.*)$ /echo/$1 break;
        root %%DIR%%/html/stayed;
    }
    location /broken {
        rewrite ^ /echo;
        break;
        return 200 "not reached";
    }
    location /loop { rewrite ^ /loop/again last; }
    location /url { rewrite ^/url/(.*)$ http://example.com/$1; }
    location /perm { rewrite ^/perm/(.*)$ /there/$1 permanent; }
    location /temp { rewrite ^/temp/(.*)$ /there/$1?q=1 redirect; }
    location /nothing { rewrite ^/nothing(.*)$ $1 last; }
    location /up { rewrite ^ /echo/../../$arg_p last; }
    location /if {
        set $how "none";
        if ($arg_a = "1") { set $how "equal"; }
        if ($arg_a != "1") { set $how "other"; }
        if ($arg_r ~ "^(x+)(y*)$") { set $how "$1-$2"; }
        if ($arg_r !~* "x") { set $how "$how no x"; }
        if ($arg_ret) { return 202 "returned $how"; }
        return 200 $how;
    }
    location /site {
        root html/one;
        if ($arg_two) { root html/two; }
        if ($arg_type) { break; }
    }
    location /captures {
        if ($arg_v ~ (b+)) { return 200 "$1"; }
        return 200 "[$1]";
    }
"""

FILES = {"stayed/echo/f.txt": "stayed", "one/site/f": "one",
         "two/site/f": "two"}


@pytest.fixture
def server(start):
    return start(server=SERVER, files=FILES)


def logged(server, message):
    wait_for(lambda: message in server.log())


def text(server, target):
    return server.get(target).body.decode()


@pytest.mark.parametrize("target, answer", [
    ("/moved/on?k=v", "/echo/on|k=v|on|of the server|/moved/on?k=v"),
    ("/inner/x?k=v", "/echo|inner=x||of the server|/inner/x?k=v"),
    ("/append/x?k=v",
     "/echo/x|z=1&k=v|/x|of the server|/append/x?k=v"),
    ("/append/x", "/echo/x|z=1|/x|of the server|/append/x"),
    ("/drop?k=v", "/echo|||of the server|/drop?k=v"),
    ("/chain/x", "/echo/again/x||x|of the server|/chain/x"),
    ("/set?x=1", "<1>|<1><1>|y=2|"),
    ("/set?late=now", "<>|<><>|y=2|now!"),
])
def test_uri_and_variables(server, target, answer):
    assert text(server, target) == answer


def test_break_stays_in_the_location(server):
    assert text(server, "/stay/f.txt") == "stayed"
    assert server.get("/broken").status == 404


def test_a_condition_of_the_server(server):
    assert server.get("/echo?block=0").status == 200
    assert server.get("/echo?block=1").status == 403


def test_a_cycle_ends(server):
    assert server.get("/loop").status == 500
    logged(server, "rewrite or internal redirection cycle while processing "
                    '"/loop/again"')


@pytest.mark.parametrize("target, status, location", [
    ("/url/a%20b?k=v", 302, "http://example.com/a%20b?k=v"),
    ("/url/a%2Bb", 302, "http://example.com/a+b"),
    ("/url/a+b", 302, "http://example.com/a+b"),
    ("/perm/x", 301, "/there/x"),
    ("/temp/x?k=v", 302, "/there/x?q=1&k=v"),
])
def test_redirects(server, target, status, location):
    response = server.get(target)
    assert response.status == status
    assert response.headers["location"].endswith(location)


def test_no_path_is_an_error(server):
    assert server.get("/nothing").status == 500
    logged(server, "the rewritten URI has a zero length")


def test_a_path_does_not_leave_the_root(server):
    assert server.get("/up?p=etc").status == 404


@pytest.mark.parametrize("target, answer", [
    ("/if?a=1&r=x", "x-"),
    ("/if?a=1", "equal no x"),
    ("/if?a=2&r=xxyy", "xx-yy"),
    ("/if?a=2&r=q", "other no x"),
])
def test_conditions_in_their_order(server, target, answer):
    assert text(server, target) == answer


def test_return_in_a_condition(server):
    response = server.get("/if?a=1&r=x&ret=1")
    assert (response.status, response.body) == (202, b"returned x-")


def test_settings_of_the_last_condition_that_holds(server):
    assert text(server, "/site/f") == "one"
    assert text(server, "/site/f?two=1") == "two"
    assert text(server, "/site/f?two=1&type=1") == "one"


def test_captures_of_a_condition(server):
    assert text(server, "/captures?v=abbc") == "bb"
    assert text(server, "/captures?v=ac") == "[]"


def test_a_variable_that_was_not_set(start):
    server = start(server="""
        location /a { return 200 "<$x>"; }
        location /quiet { uninitialized_variable_warn off;
                          return 200 "<$y>"; }
        location /b { set $x 1; set $y 2; return 200 "<$x>"; }""")
    assert text(server, "/quiet") == "<>"
    assert text(server, "/a") == "<>"
    assert text(server, "/b") == "<1>"
    logged(server, 'using uninitialized "x" variable')
    assert '"y" variable' not in server.log()


def test_rewrite_log(start):
    server = start(server="""
        error_log error.log notice; rewrite_log on;
        location / { rewrite ^/a /b?c=d; rewrite ^/x /y; return 204; }""")
    assert server.get("/a").status == 204
    logged(server, '"^/a" matches "/a"')
    logged(server, 'rewritten data: "/b", args: "c=d"')
    logged(server, '"^/x" does not match "/b"')


@pytest.mark.parametrize("condition, answer", [
    ("-f %%DIR%%/html/$arg_p", "ynn"), ("!-f %%DIR%%/html/$arg_p", "nyy"),
    ("-d %%DIR%%/html/$arg_p", "nyn"), ("-e %%DIR%%/html/$arg_p", "yyn"),
    ("!-x %%DIR%%/html/$arg_p", "yny"),
])
def test_files(start, condition, answer):
    server = start(server="location / { if (%s) { return 200 y; } "
                   "return 200 n; }" % condition, files={"d/f": ""})
    assert "".join(text(server, "/?p=" + p)
                   for p in ("d/f", "d", "none")) == answer


def test_an_error_page_passes_the_rewrites_of_the_server(start):
    """A named location does not: it is how maintenance is done."""
    server = start(server="""
        error_page 503 @sorry; error_page 404 /gone;
        if ($arg_down) { return 503; }
        location / { return 404; }
        location = /gone { return 200 "gone $arg_down"; }
        location @sorry { return 200 sorry; }""")
    response = server.get("/?down=1")
    assert (response.status, response.body) == (503, b"sorry")
    assert server.get("/x").body == b"gone "


@pytest.mark.parametrize("directives, error", [
    ("rewrite ^ ''", "empty replacement"),
    ("rewrite ^ / later", 'invalid parameter "later"'),
    ("rewrite ( /", "pcre2_compile() failed"),
    ("set x 1", 'invalid variable name "x"'),
    ("set $uri 1", 'the duplicate "uri" variable'),
    ("return x", 'invalid return code "x"'),
    ("return 1000", 'invalid return code "1000"'),
    ("if $x { }", 'invalid condition "$x"'),
    ("if ($args { }", 'invalid condition "$args"'),
    ("if ($args is x) { }", 'unexpected "is" in condition'),
    ("if (-q x) { }", 'invalid condition "-q"'),
    ("if ($args = a b) { }", 'invalid condition "$args"'),
    ("if ($nobody) { }", 'unknown "nobody" variable'),
    ("location / { if ($args) { location /x { } } }",
     '"location" directive is not allowed here'),
    ("if ($args) { root html; }", '"root" directive is not allowed here'),
])
def test_errors(make, directives, error):
    if not directives.endswith("}"):
        directives += ";"
    server = make()
    server.write(server=directives)
    result = server.command("-t")
    assert result.returncode == 1
    assert error in result.stdout
    assert " in %s:" % server.conf in result.stdout


def test_a_header_variable_that_is_set_elsewhere(start):
    """Where nothing set it, it is the header."""
    server = start(server="""
        location /early { return 200 "<$http_x>"; }
        location /set { set $http_x own; return 200 "<$http_x>"; }
        set $http_y "$http_x!";
        location /again { return 200 "<$http_y>"; }""")
    for path, answer in ("/early", b"<sent>"), ("/set", b"<own>"), \
            ("/again", b"<sent!>"):
        assert server.get(path, headers={"X": "sent"}).body == answer
