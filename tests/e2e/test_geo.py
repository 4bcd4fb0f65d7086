"""geo: the value of an address is that of the smallest network, or of the
range, that it is in."""

import pytest

SHOW = "location / { return 200 [$v]; }"


def value(server, address, **headers):
    fields = {name.replace("_", "-"): text for name, text in headers.items()}
    answer = server.get("/?ip=" + address, headers=fields)
    return answer.body.decode()[1:-1]


def test_networks(start):
    server = start(http="""
        geo $arg_ip $v {
            default         other;
            192.0.2.0/24    test;
            192.0.2.128/25  half;
            192.0.2.200     one;
            10.0.0.0/8      gone;
            delete 10.0.0.0/8;
            2001:db8::/32   six;
            ::1             own;
            255.255.255.255 none;
        }""", server=SHOW)
    for address, expected in (
            ("192.0.2.0", "test"), ("192.0.2.127", "test"),
            ("192.0.2.128", "half"), ("192.0.2.199", "half"),
            ("192.0.2.200", "one"), ("192.0.2.201", "half"),
            ("192.0.3.0", "other"), ("10.1.2.3", "other"),
            ("2001:db8:1::", "six"), ("2001:db9::", "other"),
            ("::1", "own"), ("::ffff:192.0.2.200", "one"),
            ("", "none"), ("x", "none"), ("192.0.2.200:80", "none"),
            ("unix:", "none"), ("1" * 3000, "none")):
        assert value(server, address) == expected, address


def test_what_is_nowhere_is_empty(start):
    server = start(http="geo $arg_ip $v { 192.0.2.0/24 a; }", server=SHOW)
    assert value(server, "192.0.2.1") == "a"
    for address in ("192.0.3.1", "::1", "x", "0.0.0.0"):
        assert value(server, address) == ""


def test_ranges(start):
    server = start(http="""
        geo $arg_ip $v {
            ranges;
            default                  other;
            192.0.2.0-192.0.2.99     a;
            192.0.2.10-192.0.2.19    b;
            10.0.0.5-10.3.0.5        c;
            10.9.0.0-10.9.255.255    d;
            delete 10.9.0.0-10.9.255.255;
        }""", server=SHOW)
    for address, expected in (
            ("192.0.1.255", "other"), ("192.0.2.0", "a"),
            ("192.0.2.9", "a"), ("192.0.2.10", "b"), ("192.0.2.19", "b"),
            ("192.0.2.20", "a"), ("192.0.2.99", "a"),
            ("192.0.2.100", "other"), ("10.0.0.4", "other"),
            ("10.0.0.5", "c"), ("10.2.0.0", "c"), ("10.3.0.5", "c"),
            ("10.3.0.6", "other"), ("10.9.1.1", "other"),
            ("::1", "other"), ("::ffff:192.0.2.10", "b"), ("x", "other")):
        assert value(server, address) == expected, address


def test_proxies_tell_the_address(start):
    server = start(http="""
        geo $once { proxy 127.0.0.0/8; proxy 10.0.0.0/8;
            127.0.0.0/8 local; 10.0.0.0/8 proxy; 192.0.2.0/24 test; }
        geo $all { proxy 127.0.0.0/8; proxy 10.0.0.0/8; proxy_recursive;
            127.0.0.0/8 local; 10.0.0.0/8 proxy; 192.0.2.0/24 test; }
        geo $none { 127.0.0.0/8 local; 192.0.2.0/24 test; }""",
                   server='location / { return 200 "[$once $all $none]"; }')
    assert value(server, "") == "local local local"
    assert value(server, "", X_Forwarded_For="192.0.2.1") == \
        "test test local"
    assert value(server, "", X_Forwarded_For="192.0.2.1, 10.0.0.1") == \
        "proxy test local"
    assert value(server, "", X_Forwarded_For="x") == "local local local"


def test_the_client_is_whom_realip_finds(start):
    server = start(http="geo $v { 192.0.2.0/24 test; }", server="""
        set_real_ip_from 127.0.0.1; """ + SHOW)
    assert value(server, "") == ""
    assert value(server, "", X_Real_IP="192.0.2.1") == "test"


def test_volatile(start):
    server = start(http="geo $x $v { volatile; 192.0.2.1 a; 192.0.2.2 b; }",
                   server="""
        set $x 192.0.2.1; set $y $v; set $x 192.0.2.2;
        location / { return 200 "[$y$v]"; }""")
    assert value(server, "") == "ab"


def test_included_and_large(make):
    server = make()
    server.write(http="""
        geo $arg_ip $v { include networks.conf; 0.0.0.0/0 other; }
        geo $arg_ip $w { ranges; include ranges.conf; }""",
                 server="location / { return 200 [$v$w]; }")
    names = ["10.%d.%d.%d" % (i >> 16, i >> 8 & 255, i & 255)
             for i in range(0, 60000, 2)]
    (server.dir / "networks.conf").write_text(
        "".join("%s n%d;\n" % (name, i) for i, name in enumerate(names)))
    (server.dir / "ranges.conf").write_text(
        "".join("%s-%s r%d;\n" % (name, name, i)
                for i, name in enumerate(names)))
    server.start()
    for i in (0, 1, 12345, len(names) - 1):
        assert value(server, names[i]) == "n%dr%d" % (i, i)
    assert value(server, "10.0.0.1") == "other"


@pytest.mark.parametrize("text, message", [
    ("geo v { }", 'invalid variable name "v"'),
    ("geo a $v { }", 'invalid variable name "a"'),
    ("geo $uri { }", 'the duplicate "uri" variable'),
    ("geo $nothing $v { }", 'unknown "nothing" variable'),
    ("geo $v { x y; }", 'invalid network "x"'),
    ("geo $v { 10.0.0.0/33 y; }", 'invalid network "10.0.0.0/33"'),
    ("geo $v { delete x; }", 'invalid network "x"'),
    ("geo $v { proxy x; }", 'invalid network "x"'),
    ("geo $v { 10.0.0.1; }", "invalid number of the geo parameters"),
    ("geo $v { a b c; }", "invalid number of the geo parameters"),
    ("geo $v { a { } }", 'unexpected "{"'),
    ("geo $v { 10.0.0.1 a; ranges; }",
     'the "ranges" directive must be the first directive'),
    ("geo $v { ranges; 10.0.0.1 a; }", 'invalid range "10.0.0.1"'),
    ("geo $v { ranges; 10.0.0.2-10.0.0.1 a; }", "invalid range"),
    ("geo $v { ranges; ::1-::2 a; }", 'invalid range "::1-::2"'),
    ("geo $v { ranges; 10.0.0.1-10.0.0.9 a; 10.0.0.5-10.0.0.10 b; }",
     'range "10.0.0.5-10.0.0.10" overlaps "10.0.0.1-10.0.0.9"'),
])
def test_errors(refused, text, message):
    assert message in refused(http=text)


@pytest.mark.parametrize("inside, message", [
    ("10.0.0.1/24 a;", "low address bits of 10.0.0.1/24 are meaningless"),
    ("10.0.0.1 a; 10.0.0.1 b;",
     'duplicate network "10.0.0.1", value: "b", old value: "a"'),
    ("delete 10.0.0.1;", 'no network "10.0.0.1" to delete'),
    ("ranges; 1.0.0.1-1.0.0.2 a; 1.0.0.1-1.0.0.2 b;",
     'duplicate range "1.0.0.1-1.0.0.2", value: "b", old value: "a"'),
    ("ranges; delete 1.0.0.1-1.0.0.2;",
     'no address range "1.0.0.1-1.0.0.2" to delete'),
    ("ranges; default a; default b;",
     'duplicate default geo range value: "b", old value: "a"'),
])
def test_warnings(make, inside, message):
    server = make()
    server.write(http="geo $v { %s }" % inside)
    result = server.command("-t")
    assert result.returncode == 0, result.stdout
    assert "[warn] " + message in result.stdout
