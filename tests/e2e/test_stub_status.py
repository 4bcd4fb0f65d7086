"""stub_status: nginx's text, with sums over all workers."""

import re

from conftest import wait_for

TEXT = re.compile(
    r"Active connections: (\d+) \n"
    r"server accepts handled requests\n"
    r" (\d+) (\d+) (\d+) \n"
    r"Reading: (\d+) Writing: (\d+) Waiting: (\d+) \n")

CONF = """
    location = /stub { stub_status; }
    location / {
        return 200 "$connections_active $connections_reading
$connections_writing $connections_waiting";
    }"""


def status(server):
    answer = server.get("/stub")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain"
    return [int(n) for n in TEXT.fullmatch(answer.body.decode()).groups()]


def test_the_first_request_sees_itself(start):
    assert status(start(server=CONF)) == [1, 1, 1, 1, 0, 1, 0]


def test_requests_and_connections_of_all_workers(start):
    server = start(server=CONF, workers=3)
    with server.connect() as client:
        for _ in range(7):
            client.request("/")
        for _ in range(5):
            server.get("/")

        def settled():
            active, accepts, handled, requests, reading, writing, waiting = \
                status(server)
            return (accepts == handled and requests == accepts + 6 and
                    (active, reading, writing, waiting) == (2, 0, 1, 1))
        wait_for(settled)


def test_states(start):
    server = start(server=CONF)
    with server.connect() as client:
        wait_for(lambda: status(server)[4:] == [0, 1, 1])
        client.send(b"GET / HTTP/1.1\r\n")
        wait_for(lambda: status(server)[4:] == [1, 1, 0])


def test_variables(start):
    server = start(server=CONF)
    assert server.get("/").body.split() == [b"1", b"0", b"1", b"0"]


def test_only_get_and_head(start):
    server = start(server=CONF)
    head = server.get("/stub", method="HEAD")
    assert head.status == 200 and head.body == b""
    assert server.get("/stub", method="POST", body=b"x").status == 405
