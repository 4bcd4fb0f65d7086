"""Random mixes of requests, valid and not, cut anywhere, by clients that
read everything, or leave at any time, politely or with a reset. A strict
model says what must come back. Guards against answers that are lost, doubled
or out of step, against connections that stay, and against counts that drift.
"""

import random
import re
import select
import socket
import struct
import threading
import time

from board import start_board
from conftest import wait_for

SEED = 1
SECONDS = 6
CLIENTS = 4
SMALL = bytes(range(256)) * 4
BIG = bytes(range(256)) * 800		# larger than what is kept in memory


class Ask:
    """One request: its bytes and what the answer must be."""

    def __init__(self, line, headers="", body=b"", status=200, answer=b"",
                 head=False):
        self.data = ("%s HTTP/1.1\r\nHost: x\r\n%s\r\n" % (line, headers)
                     ).encode() + body
        self.status, self.answer, self.head = status, answer, head


def chunked(rng, size):
    out = b""
    while size:
        n = rng.randint(1, size)
        out += b"%x%s\r\n" % (n, rng.choice([b"", b";a=b", b' ; c="d"']))
        out += b"z" * n + b"\r\n"
        size -= n
    return out + b"0\r\n" + rng.choice([b"", b"T: 1\r\n"]) + b"\r\n"


def framing(rng, expects=("", "Expect: 100-continue\r\n")):
    """Headers and a body that nobody reads."""
    size = rng.choice([0, 1, 100, 5000, 70000])
    expect = rng.choice(expects)
    if rng.random() < 0.5:
        return expect + "Content-Length: %d\r\n" % size, b"z" * size
    return (expect + "Transfer-Encoding: chunked\r\n",
            chunked(rng, size))


def valid(rng, etag):
    name, body = rng.choice([("small", SMALL), ("big", BIG)])
    kind = rng.randrange(8)
    if kind == 0:
        return Ask("HEAD /" + name, head=True)
    if kind == 1:
        first = rng.randrange(len(body))
        last = rng.randrange(first, len(body))
        return Ask("GET /" + name, "Range: bytes=%d-%d\r\n" % (first, last),
                   status=206, answer=body[first:last + 1])
    if kind == 2:
        return Ask("GET /" + name, "If-None-Match: %s\r\n" % etag[name],
                   status=304)
    if kind == 3:
        # With "Expect" the server may close instead of asking for it.
        return Ask("POST /" + name, *framing(rng, [""]), status=405,
                   answer=None)
    if kind == 4:
        return Ask("POST /said", *framing(rng), answer=b"said")
    if kind == 5:
        return Ask("GET /nothing", status=404, answer=None)
    if kind == 6:
        return Ask("GET /" + name, *framing(rng), answer=body)
    return Ask("GET /" + name, answer=body)


def invalid(rng):
    line, headers, status = rng.choice([
        ("GET small", "", 400), ("G(T /small", "", 400),
        ("GET /small", "Content-Length: +1\r\n", 400),
        ("GET /small", "Content-Length: 1\r\nContent-Length: 1\r\n", 400),
        ("POST /small", "Content-Length: 1\r\n"
         "Transfer-Encoding: chunked\r\n", 400),
        ("GET /small", "Transfer-Encoding: gzip\r\n", 501),
        ("GET /small", "A\r\n", 400), ("GET /small", " A: b\r\n", 400)])
    return Ask(line, headers, status=status, answer=None)


def mix(rng, etag):
    asks = [valid(rng, etag) for _ in range(rng.randint(1, 12))]
    if rng.random() < 0.4:
        asks.append(invalid(rng))
    else:
        asks.append(Ask("GET /small", "Connection: close\r\n", answer=SMALL))
    return asks


def pieces(rng, data):
    """The bytes, cut at random places; few cuts where it is much."""
    cuts = sorted(rng.randrange(len(data)) for _ in range(rng.randrange(9)))
    return [data[a:b] for a, b in zip([0] + cuts, cuts + [len(data)])]


def talk(rng, client, data, give_up=None):
    """Send and read at once, to the end; or until `give_up` bytes have come
    or nothing more does."""
    got, left = b"", pieces(rng, data)
    deadline = time.monotonic() + 10
    client.socket.setblocking(False)
    while time.monotonic() < deadline:
        readable, writable, _ = select.select(
            [client.socket], [client.socket] if left else [], [],
            5 if give_up is None else 0.01)
        if give_up is not None and (len(got) >= give_up or
                                    not (readable or writable)):
            return got
        if readable:
            more = client.socket.recv(65536)
            if not more:
                return got
            got += more
        if writable and left:
            left[0] = left[0][client.socket.send(left[0]):]
            if not left[0]:
                left.pop(0)
                time.sleep(rng.choice([0, 0, 0.001]))
    raise AssertionError("not closed after %d bytes" % len(got))


def check(asks, got):
    for ask in asks:
        while True:
            head, mark, rest = got.partition(b"\r\n\r\n")
            assert mark, "no answer to %r" % ask.data[:100]
            if not head.startswith(b"HTTP/1.1 100"):
                break
            got = rest
        assert int(head[9:12]) == ask.status, (head, ask.data[:300])
        length = re.search(rb"Content-Length: (\d+)", head)
        size = 0 if ask.head or ask.status == 304 else int(length[1])
        assert len(rest) >= size
        assert ask.answer is None or ask.head or rest[:size] == ask.answer
        got = rest[size:]
    assert got == b""


def reset(client):
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))


class Clients:
    """Some threads that do `step(rng)` until the time is over."""

    def __init__(self, step):
        self.failed, self.count = [], 0
        self.lock = threading.Lock()
        end = time.monotonic() + SECONDS

        def run(number):
            rng = random.Random(SEED * 1000 + number)
            while time.monotonic() < end and not self.failed:
                try:
                    count = step(rng)
                except Exception as error:	# told below
                    self.failed.append(repr(error))
                    return
                with self.lock:
                    self.count += count
        threads = [threading.Thread(target=run, args=(i,))
                   for i in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not self.failed, self.failed[0]


def settled(board):
    """The snapshot when nobody is connected any more."""
    def idle():
        snapshot = board.json()
        return snapshot["active_clients"] == 0 and snapshot
    snapshot = wait_for(idle)
    counts = snapshot["connections"]
    assert counts["accepted"] == counts["handled"] + counts["dropped"]
    assert counts["reading"] == counts["writing"] == counts["idle"] == 0
    return snapshot


def test_what_clients_get_is_what_they_asked_for(start):
    server, board = start_board(
        start, files={"small": SMALL, "big": BIG}, level="crit",
        server='location /said { return 200 "said"; }')
    etag = {name: server.get("/" + name).headers["etag"]
            for name in ("small", "big")}

    def patient(rng):
        asks = mix(rng, etag)
        with server.connect() as client:
            check(asks, talk(rng, client, b"".join(a.data for a in asks)))
        return len(asks)

    def rude(rng):
        asks = mix(rng, etag)
        data = b"".join(a.data for a in asks)
        data = data[:rng.randrange(1, len(data) + 1)]
        with server.connect() as client:
            try:
                talk(rng, client, data, rng.choice([1, 100, 100000]))
            except (ConnectionResetError, BrokenPipeError):
                pass
            if rng.random() < 0.5:
                reset(client)
        return 1
    count = Clients(patient).count
    board.wait_total(count + 2)
    settled(board)
    clients = Clients(rude).count
    snapshot = settled(board)
    assert snapshot["connections"]["accepted"] >= clients
    assert server.get("/small").body == SMALL
