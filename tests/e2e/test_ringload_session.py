"""Connections of a scenario that are users: with cookies, and thinking."""

import itertools
import threading
import time

from ringload import ANSWER, misbehaving, read_head, run_json


def scenario(tmp_path, url, session):
    path = tmp_path / "scenario"
    path.write_text("scenario s { target %s; request a { get /; }"
                    " session %s; }" % (url, session))
    return path


def cookies(head):
    return [line.split(b": ", 1)[1] for line in head.split(b"\r\n")
            if line.lower().startswith(b"cookie: ")]


def answer(*headers, status=b"200 OK"):
    return b"HTTP/1.1 %s\r\nContent-Length: 0\r\n%s\r\n" % (
        status, b"".join(header + b"\r\n" for header in headers))


class Shop:
    """Knows a user again, on whatever connection; `leave` after so many
    requests on one."""

    def __init__(self, leave=0):
        self.users = itertools.count()
        self.lock = threading.Lock()
        self.seen = []			# Cookie headers, in order
        self.leave = leave

    def serve(self, connection):
        for count in itertools.count(1):
            head = read_head(connection)
            if not head:
                return
            sent = cookies(head)
            with self.lock:
                self.seen.append(sent)
            headers = [b"Set-Cookie: count=%d" % count]
            if not sent:
                headers.append(b"Set-Cookie: user=%d; Path=/" %
                               next(self.users))
            if count == self.leave:
                connection.sendall(answer(b"Connection: close", *headers))
                return
            connection.sendall(answer(*headers))


def test_each_connection_keeps_its_own_cookies(tmp_path):
    shop = Shop()
    with misbehaving(shop.serve) as server:
        path = scenario(tmp_path, server.url, "cookies=keep")
        result = run_json("-c", 3, "-n", 4, "--scenario", path)
    assert result["requests"] == 12 and result["errors"] == 0
    assert result["spec"]["cookies"]
    assert next(shop.users) == 3
    assert shop.seen.count([]) == 3
    for user in range(3):
        sent = [c[0] for c in shop.seen if c and b"user=%d" % user in c[0]]
        assert [sorted(c.split(b"; ")) for c in sent] == [
            [b"count=%d" % i, b"user=%d" % user] for i in (1, 2, 3)]


def test_a_user_outlives_its_connection(tmp_path):
    shop = Shop(leave=2)
    with misbehaving(shop.serve) as server:
        path = scenario(tmp_path, server.url, "cookies=keep")
        result = run_json("-c", 1, "-n", 6, "--scenario", path)
        assert server.accepted == 3
    assert result["requests"] == 6
    assert next(shop.users) == 1


def test_cookies_are_removed_and_also_set_by_errors(tmp_path):
    answers = iter([
        answer(b"Set-Cookie: a=1", b"Set-Cookie: b=2",
               status=b"404 Not Found"),
        b"HTTP/1.1 103 Early Hints\r\nSet-Cookie: c=3\r\n\r\n" +
        answer(b"set-cookie: a=; Max-Age=0"), ANSWER])
    seen = []

    def serve(connection):
        for data in answers:
            seen.append(cookies(read_head(connection)))
            connection.sendall(data)

    with misbehaving(serve) as server:
        path = scenario(tmp_path, server.url, "cookies=keep")
        result = run_json("-c", 1, "-n", 3, "--scenario", path)
    assert result["requests"] == 2 and result["errors"] == 1
    assert seen == [[], [b"a=1; b=2"], [b"b=2"]]


def test_without_session_there_are_no_cookies():
    shop = Shop()
    with misbehaving(shop.serve) as server:
        run_json("-c", 1, "-n", 3, server.url)
    assert shop.seen == [[], [], []]


def test_thinking_is_no_part_of_response_times(tmp_path):
    pauses = []

    def serve(connection):
        while True:
            begin = time.monotonic()
            if not read_head(connection):
                return
            pauses.append(time.monotonic() - begin)
            connection.sendall(ANSWER)

    with misbehaving(serve) as server:
        path = scenario(tmp_path, server.url, "think=100ms..150ms")
        result = run_json("-c", 1, "-n", 5, "--scenario", path)
    assert result["requests"] == 5
    assert min(pauses[1:5]) >= 0.099		# the first one is at once
    assert result["latency"]["min"] < 0.09
    assert result["spec"]["think_max_seconds"] == 0.15
    # nobody thinks after the last answer
    assert 0.4 <= result["duration_seconds"] < sum(pauses[1:5]) + 0.09


def test_the_end_does_not_wait_for_thinkers(tmp_path):
    def serve(connection):
        while read_head(connection):
            connection.sendall(ANSWER)

    with misbehaving(serve) as server:
        path = scenario(tmp_path, server.url, "think=1m")
        begin = time.monotonic()
        result = run_json("-c", 4, "-d", "300ms", "--warmup", 0,
                          "--scenario", path)
    assert result["requests"] == 4
    assert time.monotonic() - begin < 20
