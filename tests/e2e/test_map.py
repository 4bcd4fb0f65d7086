"""map: which value a variable has, in nginx's order of looking it up, and
what a client can make of it."""

import pytest

SHOW = "location / { return 200 [$v]; }"


def value(server, key):
    return server.get("/?k=" + key).body.decode()[1:-1]


def test_keys_count_in_any_case_and_before_expressions(start):
    server = start(http=r"""
        map $arg_k $v {
            default     other;
            ~^a         expression;
            abc         exact;
            ""          empty;
            \default    word;
            \~x         tilde;
            *.b         star;
            "a b"       quoted;
        }""", server=SHOW)
    for key, expected in (("abc", "exact"), ("ABC", "exact"),
                          ("abcd", "expression"), ("Abcd", "other"),
                          ("", "empty"), ("default", "word"),
                          ("~x", "tilde"), ("a.b", "expression"),
                          ("*.b", "star"), ("x.b", "other")):
        assert value(server, key) == expected, key
    assert server.get("/").body == b"[empty]"


def test_host_names(start):
    server = start(http="""
        map $arg_k $v {
            hostnames;
            default          other;
            example.com      exact;
            *.example.com    star;
            www.example.*    tail;
            .example.org     dot;
        }""", server=SHOW)
    for key, expected in (("example.com", "exact"),
                          ("EXAMPLE.com.", "exact"),
                          ("www.example.com", "star"),
                          ("a.b.example.com.", "star"),
                          ("www.example.net", "tail"),
                          ("example.org", "dot"),
                          ("a.example.org", "dot"),
                          ("badexample.org", "other"),
                          ("." * 500, "other"), ("a." * 500, "other")):
        assert value(server, key) == expected, key


def test_expressions_capture(start):
    server = start(http=r"""
        map $arg_k $v {
            ~^(?<first>\d+)-(\d+)$  $first+$2;
            ~*^x(.)                 <$1>;
            ~^                      none;
        }""", server=SHOW)
    assert value(server, "12-34") == "12+34"
    assert value(server, "Xyz") == "<y>"
    assert value(server, "12") == "none"
    assert value(server, "") == ""		# no expression sees it


def test_values_have_variables_and_maps_may_be_chained(start):
    server = start(http="""
        map $w $v { default "$uri is $w"; x $arg_other$w; }
        map $arg_k$arg_l $w { one two; onetwo x; }""", server=SHOW)
    assert value(server, "one") == "/ is two"
    assert value(server, "one&l=two&other=y") == "yx"
    assert value(server, "none") == "/ is "


def test_a_value_is_made_once_unless_it_is_volatile(start):
    server = start(http="""
        map $x $once { default $x; }
        map $x $volatile { volatile; default $x; }
        log_format f "$once $volatile";""", server="""
        set $x 1;
        set $y $once$volatile;
        set $x 2;
        location / { return 200 "$once $volatile"; }""")
    assert server.get("/").body == b"1 2"


def test_a_cycle_ends(start):
    server = start(http="""
        map $v $w { default $v; }
        map $w $v { default $w; }""", server=SHOW)
    assert server.get("/").body == b"[]"
    assert "cycle while evaluating variable" in server.log()


def test_an_expression_that_takes_too_long_is_none(start):
    server = start(http="""
        map $arg_k $v { ~^(a+)+$ bad; default safe; }""", server=SHOW)
    assert value(server, "aaaa") == "bad"
    assert value(server, "a" * 3000 + "b") == "safe"
    assert 'a regular expression of "map" failed on' in server.log()


def test_included_and_large(make):
    server = make()
    server.write(http="map $arg_k $v { include keys.conf; }", server=SHOW)
    (server.dir / "keys.conf").write_text(
        "".join("k%d v%d;\n" % (i, i) for i in range(20000)))
    server.start()
    for i in (0, 7, 19999):
        assert value(server, "k%d" % i) == "v%d" % i
    assert value(server, "k20000") == ""


@pytest.mark.parametrize("http, message", [
    ("map a v { }", 'invalid variable name "v"'),
    ("map a $ { }", 'invalid variable name "$"'),
    ("map a { }", 'invalid number of arguments in "map" directive'),
    ("map a $uri { }", 'the duplicate "uri" variable'),
    ("map a $args { }", 'the duplicate "args" variable'),
    ("map $nothing $v { }", 'unknown "nothing" variable'),
    ("map a $v { x $nothing; }", 'unknown "nothing" variable'),
    ("map a $v { x; }", "invalid number of the map parameters"),
    ("map a $v { x y z; }", "invalid number of the map parameters"),
    ("map a $v { x { } }", 'unexpected "{"'),
    ("map a $v { default 1; default 2; }",
     "duplicate default map parameter"),
    ("map a $v { x 1; X 2; }", 'conflicting parameter "X"'),
    ("map a $v { hostnames; a*b 1; }", 'invalid hostname or wildcard "a*b"'),
    ("map a $v { hostnames; .a 1; *.a 2; }", 'conflicting parameter "*.a"'),
    ("map a $v { ~( 1; }", "pcre2_compile() failed"),
])
def test_errors(refused, http, message):
    assert message in refused(http=http, server=SHOW)
