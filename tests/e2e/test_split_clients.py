"""split_clients: shares of clients, the same ones as nginx gives them."""

import pytest

SHOW = "location / { return 200 [$v]; }"
WORD = 0xffffffff


def murmur2(data):
    """MurmurHash2, from its definition."""
    factor = 0x5bd1e995
    value = len(data)
    while len(data) >= 4:
        word = int.from_bytes(data[:4], "little") * factor & WORD
        word = (word ^ word >> 24) * factor & WORD
        value = (value * factor & WORD) ^ word
        data = data[4:]
    if data:
        value = (value ^ int.from_bytes(data, "little")) * factor & WORD
    value = (value ^ value >> 13) * factor & WORD
    return value ^ value >> 15


def test_shares_are_those_of_the_hash(start):
    server = start(http="""
        split_clients "x${arg_k}" $v { 0.5% a; 25% b; 0.07% c; * d; }""",
                   server=SHOW)
    limits = []
    for share in (50, 2500, 7):
        limits.append(sum(limits[-1:]) + share * WORD // 10000)
    seen = set()
    with server.connect() as client:
        for i in range(400):
            key = "k" * (i % 7) + str(i)
            number = murmur2(b"x" + key.encode())
            expected = "abcd"[sum(number >= limit for limit in limits)]
            assert client.request("/?k=" + key).body.decode() == \
                "[%s]" % expected
            seen.add(expected)
    assert seen >= set("abd")


def test_the_rest_is_empty_and_the_last_share_whole(start):
    server = start(http="""
        split_clients $arg_k $w { 0.01% a; }
        split_clients $arg_k $x { 99.99% a; 0.01% b; }
        split_clients $arg_k $v { 100% "$w<$x>"; }""", server=SHOW)
    assert server.get("/?k=a").body == b"[$w<$x>]"


@pytest.mark.parametrize("inside, message", [
    ("50 a;", 'invalid percent value "50"'),
    ("0% a;", 'invalid percent value "0%"'),
    ("x% a;", 'invalid percent value "x%"'),
    ("% a;", 'invalid percent value "%"'),
    ("1.234% a;", 'invalid percent value "1.234%"'),
    ("-1% a;", 'invalid percent value "-1%"'),
    ("99999999999999999999% a;", "invalid percent value"),
    ("60% a; 40.01% b;", "percent total is greater than 100%"),
    ("100% a; * b; 1% c;", "percent total is greater than 100%"),
    ("50%;", "invalid number of the split_clients parameters"),
    ("50% a b;", "invalid number of the split_clients parameters"),
])
def test_errors(refused, inside, message):
    assert message in refused(http="split_clients a $v { %s }" % inside,
                              server=SHOW)
