"""limit_rate and limit_rate_after, roughly. Guards against a limit that is
not kept and against one that stalls."""

import time

import pytest

from conftest import wait_for


@pytest.mark.parametrize("size", [30000, 300000])	# in memory; from a file
@pytest.mark.parametrize("after", [0, 10000])
def test_rate(start, size, after):
    rate = (size - after) // 3	# a second's worth may go at once
    server = start(files={"f": "x" * size}, server="""
        limit_rate %d; limit_rate_after %d;""" % (rate, after))
    begun = time.monotonic()
    assert len(server.get("/f").body) == size
    assert 1.4 < time.monotonic() - begun < 10


def test_others_are_not_held_up(start):
    server = start(workers=1, files={"f": "x" * 300000}, server="""
        location /f { limit_rate 50k; }
        location / { return 200 fast; }""")
    with server.connect() as slow:
        slow.send(b"GET /f HTTP/1.1\r\nHost: x\r\n\r\n")
        slow.read_until(b"\r\n\r\n")
        begun = time.monotonic()
        for _ in range(20):
            assert server.get("/").body == b"fast"
        assert time.monotonic() - begun < 5	# of the six it takes


def test_a_client_that_goes_is_not_waited_for(start):
    server = start(server="""
        location /slow { limit_rate 10; return 200 "%s"; }
        location /status { stub_status; }""" % ("x" * 1000))
    with server.connect() as client:
        client.send(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.read_until(b"x")
        assert b"Active connections: 2" in server.get("/status").body
    wait_for(lambda: b"Active connections: 1" in server.get("/status").body)


def test_variables_say_how_fast(start):
    server = start(files={"f": "x" * 40000}, server="""
        location / { limit_rate $arg_rate; limit_rate_after $arg_after; }
        location /set/ {
            alias %%DIR%%/html/;
            set $limit_rate 10k;
            add_header X-Rate $limit_rate;
        }""")

    def seconds(path):
        begun = time.monotonic()
        answer = server.get(path)
        assert len(answer.body) == 40000
        return time.monotonic() - begun, answer

    for path in ("/f", "/f?rate=0", "/f?rate=10k&after=1m"):
        assert seconds(path)[0] < 1
    assert seconds("/f?rate=10k")[0] > 1.4
    took, answer = seconds("/set/f")
    assert took > 1.4
    assert answer.headers["x-rate"] == "10240"
    assert seconds("/f?rate=fast")[0] < 1
    assert 'invalid size "fast"' in server.log()
