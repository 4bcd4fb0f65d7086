"""Pipelined requests: each is answered, in order, however the bytes are cut.
Guards against answers that overtake each other and requests that are lost
where two of them meet."""

import pytest

FILES = {"small": b"s" * 100, "big": b"b" * 200000, "empty": b""}


def requests(paths):
    return b"".join(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode()
                    for path in paths)


def test_200_deep(start):
    server = start(server="location / { return 200 $uri; }")
    paths = ["/%d" % i for i in range(200)]
    with server.connect() as client:
        client.send(requests(paths))
        for path in paths:
            assert client.response().body == path.encode()


def test_mixed_answers(start):
    server = start(files=FILES, server="location /r { return 200 $uri; }")
    kinds = [("/small", 200, FILES["small"]), ("/big", 200, FILES["big"]),
             ("/empty", 200, b""), ("/missing", 404, None),
             ("/r", 200, b"/r")]
    wanted = kinds * 8 + kinds[::-1] * 8
    with server.connect() as client:
        client.send(requests(path for path, _, _ in wanted))
        for path, status, body in wanted:
            answer = client.response()
            assert answer.status == status
            assert body is None or answer.body == body, path


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 1000])
def test_cut_anywhere(start, size):
    server = start(server="location / { return 200 $uri; }")
    paths = ["/%d" % i for i in range(10 if size < 10 else 200)]
    data = requests(paths)
    with server.connect() as client:
        for i in range(0, len(data), size):
            client.send(data[i:i + size])
        for path in paths:
            assert client.response().body == path.encode()


def test_heads_and_conditions_between(start):
    server = start(files=FILES)
    with server.connect() as client:
        client.send(b"HEAD /big HTTP/1.1\r\nHost: x\r\n\r\n"
                    b"GET /small HTTP/1.1\r\nHost: x\r\n"
                    b"If-None-Match: *\r\n\r\n" + requests(["/small"]))
        assert client.response(head=True).headers[
            "content-length"] == "200000"
        assert client.response().status == 304
        assert client.response().body == FILES["small"]


def test_nothing_is_answered_behind_the_last(start):
    server = start(server="location / { return 200 $uri; }")
    close = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = server.raw(requests(["/1"]) + close + requests(["/never"] * 9))
    assert answer.count(b"HTTP/1.1 200") == 2
    assert b"/never" not in answer
    bad = server.raw(requests(["/1"]) + b"bad\r\n\r\n" + requests(["/never"]))
    assert b"HTTP/1.1 400" in bad and b"/never" not in bad


def test_more_than_fits_into_the_sockets(start):
    """A client that sends all before it reads anything."""
    server = start(files={"f": "x" * 1000})
    count = 2000
    server.write(server="keepalive_requests 100000;")
    server.reload()
    with server.connect() as client:
        client.send(requests(["/f"] * count))
        for _ in range(count):
            assert len(client.response().body) == 1000
