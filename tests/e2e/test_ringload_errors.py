"""Whatever a server does wrong is counted under its own cause, and nothing
that it does stops or crashes ringload."""

import json
import socket
import subprocess
import time

import pytest

from ringload import (ANSWER, causes, misbehaving, read_head, refused_url,
                      reset, ringload_binary, run, run_json)

CONNECTIONS, EACH = 3, 2
ALL = CONNECTIONS * EACH


def answering(data, then=None):
    """Answers every request with these bytes; then ends the connection."""
    def serve(connection):
        while read_head(connection):
            connection.sendall(data)
            if then:
                then(connection)
                return
    return serve


def close(connection):
    connection.close()


def measure(url, *args, status=1):
    return run_json("-c", CONNECTIONS, "-n", EACH, "--timeout", "500ms",
                    *args, url, status=status)


def test_refused():
    result = measure(refused_url())
    assert causes(result) == {"connect_refused": ALL}
    assert (result["requests"], result["errors"]) == (0, ALL)


def test_reset():
    def serve(connection):
        read_head(connection)
        reset(connection)
    with misbehaving(serve) as server:
        assert causes(measure(server.url)) == {"reset": ALL}


def test_closed_without_an_answer():
    def serve(connection):
        read_head(connection)
        connection.close()
    with misbehaving(serve) as server:
        assert causes(measure(server.url)) == {"closed": ALL}


def test_says_nothing():
    def serve(connection):
        while connection.recv(65536):
            pass
    with misbehaving(serve) as server:
        assert causes(measure(server.url)) == {"timeout": ALL}


def test_slow_trickle():
    """Each byte in time, but not all of them."""
    def serve(connection):
        read_head(connection)
        for byte in ANSWER * 10:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)
    with misbehaving(serve) as server:
        assert causes(measure(server.url)) == {"timeout": ALL}


@pytest.mark.parametrize("data", [
    b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    b"\0" * 100,
    b"HTTP/1.1 abc OK\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200000,
], ids=["ssh", "zeros", "status", "length", "lengths", "chunk", "large"])
def test_rubbish(data):
    with misbehaving(answering(data)) as server:
        assert causes(measure(server.url)) == {"malformed": ALL}


@pytest.mark.parametrize("data", [
    b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    b"HTTP/1.1 200 OK\r\nContent-",
], ids=["length", "chunked", "head"])
def test_shorter_than_announced(data):
    with misbehaving(answering(data, close)) as server:
        assert causes(measure(server.url)) == {"truncated": ALL}


def test_longer_than_announced():
    """The rest is not taken for the next answer."""
    data = ANSWER + b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
    with misbehaving(answering(data)) as server:
        result = measure(server.url, status=0)
        assert (result["requests"], result["errors"]) == (ALL, 0)
        assert server.accepted == ALL


def test_tls():
    """What a TLS server says to plain HTTP: a fatal alert."""
    alert = bytes.fromhex("15030100020246")
    with misbehaving(answering(alert, close)) as server:
        assert causes(measure(server.url)) == {"tls": ALL}


def test_status():
    data = b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
    with misbehaving(answering(data)) as server:
        result = measure(server.url)
        assert causes(result) == {"status": ALL}
        assert result["statuses"] == [{"code": 500, "count": ALL}]


def test_closes_after_each_request():
    """As it says it will."""
    data = ANSWER.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    with misbehaving(answering(data, close)) as server:
        result = measure(server.url, status=0)
        assert (result["requests"], causes(result)) == (ALL, {})
        assert result["connects"] == server.accepted == ALL


def test_closes_after_each_request_without_a_word():
    """Whether the next request was sent by then is chance, and nobody's
    error."""
    with misbehaving(answering(ANSWER, close)) as server:
        result = measure(server.url, status=0)
        assert (result["requests"], causes(result)) == (ALL, {})
        assert server.accepted == ALL


EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def once_then(end):
    """Answers on a connection once; on reading a second request, ends."""
    def serve(connection):
        read_head(connection)
        connection.sendall(EMPTY)
        if read_head(connection):
            end(connection)
    return serve


@pytest.mark.parametrize("end", [close, reset])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE",
                                    "OPTIONS", "TRACE"])
def test_a_kept_connection_that_was_closed_is_nobodys_error(end, method):
    with misbehaving(once_then(end)) as server:
        result = run_json("-c", 1, "-n", 3, "-X", method, server.url)
        assert (result["requests"], causes(result)) == (3, {})
        assert (result["sent"], result["retried"]) == (3, 2)
        assert server.accepted == 3
        assert any("2 requests were sent again" in hint
                   for hint in result["verdict"]["hints"])


def test_its_time_counts_from_the_first_sending():
    def end(connection):
        time.sleep(0.2)
        connection.close()
    with misbehaving(once_then(end)) as server:
        for model in (("-n", 2), ("-R", 20, "-d", "500ms", "--warmup", 0)):
            result = run_json("-c", 1, *model, server.url)
            assert result["retried"] > 0 and not result["errors"]
            assert result["latency"]["max"] >= 0.19
            assert result["service"]["max"] >= 0.19


@pytest.mark.parametrize("method", ["POST", "PATCH", "LOCK", "MINE"])
def test_what_must_not_be_sent_twice_is_not(method):
    with misbehaving(once_then(close)) as server:
        result = run_json("-c", 1, "-n", 3, "-X", method, server.url)
        assert (result["requests"], causes(result)) == (2, {"closed": 1})
        assert result["retried"] == 0


def test_nothing_is_sent_a_third_time():
    """A connection that never answered is no race, also the second one."""
    turn = iter([once_then(close), close])

    def serve(connection):
        next(turn, reset)(connection)
    with misbehaving(serve) as server:
        result = run_json("-c", 1, "-n", 2, server.url)
        assert result["requests"] == 1 and result["retried"] == 1
        assert sum(causes(result).values()) == 1
        assert server.accepted == 2


def test_half_an_answer_is_not_asked_for_again():
    def half(connection):
        connection.sendall(ANSWER[:10])
        connection.close()
    with misbehaving(once_then(half)) as server:
        result = run_json("-c", 1, "-n", 2, server.url)
        assert causes(result) == {"truncated": 1}
        assert result["retried"] == 0


def test_an_interim_answer_is_a_byte_of_it():
    def interim(connection):
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        connection.close()
    with misbehaving(once_then(interim)) as server:
        result = run_json("-c", 1, "-n", 2, server.url)
        assert causes(result) == {"closed": 1}
        assert result["retried"] == 0


@pytest.mark.parametrize("how", ["says so", "says nothing"])
def test_a_connection_that_ends_amid_a_pipeline(how):
    """As that of a server does that answers so many requests on each."""
    last = ANSWER.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") \
        if how == "says so" else ANSWER
    def serve(connection):
        if read_head(connection):
            connection.sendall(ANSWER + last)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
    with misbehaving(serve) as server:
        result = run_json("-c", 1, "-n", 4, "--pipeline", 4, server.url)
        assert (result["requests"], causes(result)) == (4, {})
        assert (result["sent"], result["retried"]) == (4, 2)
        # at most once
        result = run_json("-c", 1, "-n", 5, "--pipeline", 5, server.url)
        assert (result["requests"], causes(result)) == (4, {"closed": 1})
        assert (result["sent"], result["retried"]) == (5, 3)


def test_what_is_pipelined_is_sent_again_together():
    def serve(connection):
        data = b""
        while data.count(b"\r\n\r\n") < 4:
            data += connection.recv(65536)
        connection.sendall(ANSWER * 4)
        if connection.recv(65536):
            reset(connection)
    with misbehaving(serve) as server:
        result = run_json("-c", 1, "-n", 8, "--pipeline", 4, server.url)
        assert (result["requests"], result["retried"]) == (8, 4)


def test_interim_answers():
    """1xx come before the answer, and are none."""
    data = (b"HTTP/1.1 100 Continue\r\n\r\n"
            b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + ANSWER)
    with misbehaving(answering(data)) as server:
        result = measure(server.url, status=0)
        assert (result["requests"], causes(result)) == (ALL, {})
        assert result["statuses"] == [{"code": 200, "count": ALL}]


def test_a_storm_of_interim_answers():
    """They are no answer, however many come."""
    data = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 100
    with misbehaving(answering(data)) as server:
        result = measure(server.url)
        assert causes(result) == {"malformed": ALL}
        assert result["statuses"] == []


def test_until_the_end_of_the_connection():
    data = b"HTTP/1.0 200 OK\r\n\r\nall of it"
    with misbehaving(answering(data, close)) as server:
        result = measure(server.url, status=0)
        assert (result["requests"], causes(result)) == (ALL, {})


@pytest.mark.parametrize("data,words", [
    (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 20000, "x"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\nhal", "half")])
def test_an_answer_that_is_not_over_at_the_end(data, words, tmp_path):
    """Its memory is given back, which a sanitizer looks after."""
    (tmp_path / "scenario").write_text(
        "scenario s { request a { get /; expect body %s; } }" % words)

    with misbehaving(answering(data)) as server:
        result = run_json("-c", CONNECTIONS, "-d", "500ms", "--scenario",
                          tmp_path / "scenario", server.url, status=1)
        assert result["unfinished"] == CONNECTIONS


def test_a_mixture_is_told_apart():
    """Requests of one run that end in different ways."""
    kinds = [ANSWER, b"rubbish\r\n\r\n",
             b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"]
    turn = iter(range(10 ** 6))

    def serve(connection):
        while read_head(connection):
            connection.sendall(kinds[next(turn) % 3])
    with misbehaving(serve) as server:
        result = run_json("-c", 1, "-n", 30, server.url)
        assert result["requests"] == 10
        assert causes(result) == {"malformed": 10, "status": 10}


def test_out_of_descriptors():
    """Whoever started it left it too few: those connections fail that have
    none, and the verdict says whose fault that is."""
    with misbehaving(answering(ANSWER)) as server:
        done = subprocess.run(
            ["sh", "-c", "ulimit -n 20; exec 3<. 4<. 5<. 6<. 7<. 8<. 9<.;"
             ' exec "$0" "$@"', ringload_binary(), "-c", "12", "-n", "2",
             "--json", "--quiet", server.url], stdout=subprocess.PIPE,
            text=True, timeout=60, check=False)
    result = json.loads(done.stdout)
    assert done.returncode == 4 and 0 < result["requests"] < 24
    assert causes(result) == {"descriptors": 24 - result["requests"]}
    assert "out of file descriptors" in result["verdict"]["reasons"][0]


def test_a_name_that_does_not_resolve():
    done = run("-n", 1, "http://no-such-host.invalid/", status=1)
    assert done.stdout == ""
    assert "no-such-host.invalid" in done.stderr


def test_a_server_that_is_gone_ends_the_test():
    """More than half of the requests fail for 3 s."""
    since = time.monotonic()
    result = run_json("-d", "60s", "-c", 2, refused_url(), status=1)
    assert time.monotonic() - since < 15
    assert result["partial"]
    assert "failed for 3 s" in result["partial_reason"]
