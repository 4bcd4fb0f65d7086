"""What ringload counts is what the server counts; and -c N -n 1 is N
requests at the same time."""

import json
import select
import socket
import subprocess

import pytest

from conftest import wait_for
from ringload import (ANSWER, causes, misbehaving, read_head,
                      ringload_binary, run, run_json)

CONF = """
    location / { return 200 "hello"; }
    location /none { return 404; }"""


def url(server, path="/"):
    return "http://127.0.0.1:%d%s" % (server.port, path)


def requests_of(server):
    """By stub_status; its own requests are not counted below."""
    return int(server.get("/stub").body.split()[9])


@pytest.mark.parametrize("args,count", [
    (("-c", 100, "-n", 1), 100),
    (("-c", 7, "-n", 30), 210),
    (("-c", 7, "-n", 30, "-t", 2), 210),
    (("-c", 2, "-n", 60, "--pipeline", 6), 120),
    (("-c", 5, "-n", 20, "--no-keepalive"), 100),
])
def test_closed_model(start, args, count):
    server = start(server=CONF + " location = /stub { stub_status; }")
    before = requests_of(server)
    result = run_json(*args, url(server))
    assert (result["requests"], result["errors"]) == (count, 0)
    assert result["sent"] == count
    assert result["latency"]["count"] == count
    assert requests_of(server) - before == count + 1


def test_open_model(start):
    server = start(server=CONF + " location = /stub { stub_status; }")
    before = requests_of(server)
    result = run_json("-R", 200, "-d", "2s", "-c", 20, "--warmup", 0,
                      url(server))
    sent = result["requests"] + result["errors"] + result["unfinished"]
    assert sent == result["sent"]
    assert requests_of(server) - before == sent + 1
    assert abs(sent + result["unsent"] - 400) <= 1
    assert result["spec"]["model"] == "open"


def test_bytes_and_statuses(start):
    server = start(server=CONF)
    result = run_json("-c", 2, "-n", 5, url(server, "/none"), status=1)
    assert result["statuses"] == [{"code": 404, "count": 10}]
    assert result["errors"] == 10
    one = len(server.raw(b"GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    assert result["bytes_in"] == 10 * one


def drain(listener, connections):
    """Accept all that is there."""
    while select.select([listener], [], [], 0)[0]:
        connections.append(listener.accept()[0])


def test_100_at_the_same_time():
    """All connections are open before the first request, and no request
    waits for the answer to another: the server lets only a few connect for
    a while, and answers when it has all 100 requests."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    process = subprocess.Popen(
        [ringload_binary(), "-c", "100", "-n", "1", "--json", "--quiet",
         "http://127.0.0.1:%d/" % listener.getsockname()[1]],
        stdout=subprocess.PIPE, text=True)
    connections = [listener.accept()[0]]
    assert not select.select(connections, [], [], 0.5)[0]
    listener.listen(1024)		# the others ask again after a second
    while not select.select(connections, [], [], 0)[0]:
        select.select([listener, *connections], [], [], 20)
        drain(listener, connections)
    drain(listener, connections)
    assert len(connections) == 100
    for connection in connections:
        connection.settimeout(20)
        assert read_head(connection)
    for connection in connections:
        connection.sendall(ANSWER)
    result = json.loads(process.communicate(timeout=30)[0])
    for connection in connections:
        connection.close()
    listener.close()
    assert process.returncode == 0
    assert (result["requests"], result["errors"]) == (100, 0)


def test_body_and_headers():
    heads = []

    def serve(connection):
        data = b""
        while len(data) < 5 or not data.endswith(b"hello"):
            got = connection.recv(65536)
            if not got:
                return
            data += got
        heads.append(data)
        connection.sendall(ANSWER)
    with misbehaving(serve) as server:
        run("-c", 1, "-n", 1, "--quiet", "-H", "X-Test: yes", "--body",
            "hello", server.url)
        wait_for(lambda: heads)
    lines = heads[0].decode().split("\r\n")
    assert lines[0] == "POST / HTTP/1.1"
    assert "X-Test: yes" in lines
    assert "Content-Length: 5" in lines


def test_a_body_from_a_file(tmp_path):
    (tmp_path / "body").write_bytes(b"from a file: hello")
    heads = []

    def serve(connection):
        data = b""
        while not data.endswith(b"hello"):
            data += connection.recv(65536)
        heads.append(data)
        connection.sendall(ANSWER)
    with misbehaving(serve) as server:
        run("-c", 1, "-n", 1, "--quiet", "-X", "PUT", "--body", "@body",
            server.url, cwd=tmp_path)
    assert heads[0].startswith(b"PUT / ")
    assert heads[0].endswith(b"\r\n\r\nfrom a file: hello")


def test_heads_that_are_alike_but_not_the_same():
    """What is known of a head is used for the same bytes only: those of a
    longer one, or of another answer, are read anew; whole or in pieces."""
    same = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
    answers = [
        (200, same + b"ab"),
        (200, same + b"cd"),
        (200, same.replace(b": 2", b": 20") + b"e" * 20),
        (201, same.replace(b"200", b"201") + b"fg"),
        (200, same.replace(b"\r\n\r\n", b"\r\nX: y\r\n\r\n") + b"hi"),
        (200, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
              b"3\r\njkl\r\n0\r\n\r\n"),
        (200, same + b"mn"),
        (404, same.replace(b"200 OK", b"404 No") + b"op"),
        (200, same + b"qr"),
        (200, same.replace(b"2\r\n", b"2\r\nConnection: close\r\n") +
         b"st"),
        (200, same + b"uv"),
    ]
    rest = iter([(data, len(data)) for _, data in answers] +
                [(data, 30) for _, data in answers])
    connections = []

    def serve(connection):
        connections.append(connection)
        while read_head(connection):
            data, piece = next(rest)
            connection.sendall(data[:piece])
            connection.sendall(data[piece:])
            if b"close" in data:
                connection.close()
                return
    with misbehaving(serve) as server:
        result = run_json("-c", 1, "-n", len(answers) * 2, server.url)
    assert result["requests"] == (len(answers) - 1) * 2
    assert causes(result) == {"status": 2}
    assert {s["code"]: s["count"] for s in result["statuses"]} == {
        200: 18, 201: 2, 404: 2}
    assert result["bytes_in"] == 2 * sum(len(data) for _, data in answers)
    assert len(connections) == 3
