"""The live stream: what frames say, who may watch, and what viewers that are
slow, many, gone or hostile do to it.

Guards against frames that grow, that differ from the real figures, that are
no JSON, and against a viewer who costs the others, or the server, anything.
"""

import json
import os
import signal
import threading
import time

import pytest
from board import start_board
from conftest import PATIENCE, children, title, wait_for
from live import CLOSE, PING, PONG, NarrowClient, Stream, WebSocket

SITE = 'location / { return 200 "hello"; }'
FRAME_MAX = 4096
VIEWERS_MAX = 256
KEYS = ["v", "seq", "t", "instance", "up", "since", "generation", "started",
        "reloaded", "reload_ok", "workers", "draining", "cache", "recording",
        "s", "tot", "h", "w", "w_all", "m", "r"]


@pytest.fixture
def board(start):
    return start_board(start, server=SITE, level="info")[1]


def requests(board, count, path="/"):
    for _ in range(count):
        board.server.get(path)


# ---- what a frame says ----

def test_a_frame_has_all_parts(board):
    catalogue = board.json("/api/v1/catalogue")
    with Stream(board) as stream:
        assert stream.status == 200
        assert stream.headers["content-type"] == "text/event-stream"
        assert stream.headers["cache-control"] == "no-store"
        assert stream.event() == "retry: 1000"
        frame = stream.frames_until(lambda f: f["w_all"] == 2)[-1]
    assert list(frame) == KEYS
    assert frame["v"] == catalogue["frame"] == 1
    assert len(frame["s"]) == len(catalogue["history"])
    assert abs(frame["t"] - time.time()) < 5
    assert len(frame["instance"]) == 16
    int(frame["instance"], 16)
    assert frame["up"] is True and frame["cache"] is True
    assert frame["generation"] == 1 and frame["reload_ok"] is True
    assert frame["workers"] == 2 and frame["draining"] == 0
    assert frame["since"] == frame["started"] <= frame["t"] + 1
    assert list(frame["tot"]) == [
        "requests", "hits", "misses", "bypass", "mean", "created",
        "conn_limit", "conn_peak", "pool_threads"]
    assert frame["tot"]["conn_limit"] == 2 * 512
    assert [row[0] for row in frame["w"]] == [0, 1]
    assert {row[1] for row in frame["w"]} == set(board.server.workers())
    for row in frame["w"]:
        assert len(row) == len(catalogue["worker_columns"])
        assert row[2] == "running"


def test_frames_count_what_was_served(board):
    series = [s["name"] for s in
              board.json("/api/v1/catalogue")["history"]]
    at = series.index("requests")
    with Stream(board) as stream:
        before = stream.frames_until(
            lambda f: f["w"] and f["w"][0][4] is not None)[-1]
        requests(board, 20)
        requests(board, 5, "/%22%3Cb%3E?secret=1")
        frames = stream.frames_until(
            lambda f: f["tot"]["requests"] == 25)
        frames.append(stream.frame())
    assert before["tot"]["requests"] == 0
    assert [f["seq"] for f in [before] + frames] == list(
        range(before["seq"], before["seq"] + len(frames) + 1))
    rates = sum(f["s"][at] for f in frames)
    assert 18 < rates < 33		# seconds are not exact
    assert 18 < sum(row[4] for f in frames for row in f["w"]) < 33
    assert sum(sum(f["h"][1::2]) for f in frames) == 25
    assert all(f["h"][0::2] == sorted(set(f["h"][0::2])) for f in frames)
    shown = [r for f in frames for r in f["r"]]
    assert len({r[9] + str(r[8]) for r in shown}) == len(shown)
    assert all(len(f["r"]) <= 10 for f in frames)
    assert all(f["r"] == sorted(f["r"], key=lambda r: -r[0])
               for f in frames)
    newest = [r for f in frames for r in f["r"]
              if f["tot"]["requests"] == 25][0]
    assert newest[1:5] == ["127.0.0.1", "GET", "/%22%3Cb%3E", 200]
    assert 0 < newest[5] < 5 and newest[6] > 5
    assert newest[10] == "127.0.0.1:%d" % board.server.port
    busy = [f for f in frames if f["h"]]
    assert any(row[5] is not None for f in busy for row in f["w"])


def test_a_worker_shows_what_it_costs(board):
    stop = threading.Event()

    def load():
        while not stop.is_set():
            board.server.get("/")
    thread = threading.Thread(target=load)
    thread.start()
    try:
        with Stream(board) as stream:
            frame = stream.frames_until(
                lambda f: f["w"] and all(row[4] and row[6] is not None
                                         for row in f["w"]))[-1]
    finally:
        stop.set()
        thread.join()
    for row in frame["w"]:
        assert 0 < row[4] < 100000			# requests/s
        assert 0 < row[5] < 10 and 0 < row[6] < 10	# p99, lag
        assert row[7] >= 1 and row[8] >= 0		# ring, pool
        assert 0 <= row[10] < 1.5			# of a core
        assert row[11] > 1 << 20			# resident


def test_a_mark_is_told_once(board):
    with Stream(board) as stream:
        stream.frame()
        assert board.get("/toggle_cache", "POST").status == 200
        frames = stream.frames_until(lambda f: f["m"])
        frames += [stream.frame(), stream.frame()]
    marks = [mark for f in frames for mark in f["m"]]
    assert [mark[1] for mark in marks] == ["cache_off"]
    assert abs(marks[0][0] / 1000 - time.time()) < 10
    assert frames[-1]["cache"] is False


def test_the_last_frame_can_be_polled(board):
    with Stream(board) as stream:
        first = stream.frame()
        response = board.get("/api/v1/frame")
    assert response.status == 200
    assert response.headers["content-type"] == "application/json"
    assert json.loads(response.body)["seq"] - first["seq"] in (0, 1)


def test_a_stream_to_an_old_client_has_no_chunks(board):
    with Stream(board, version="1.0") as stream:
        assert "transfer-encoding" not in stream.headers
        assert stream.headers["connection"] == "close"
        assert stream.frame()["seq"] < stream.frame()["seq"]


def test_a_head_request_gets_no_stream(board):
    response = board.get("/api/v1/stream", "HEAD")
    assert response.status == 200
    assert response.headers["content-type"] == "text/event-stream"
    assert board.get("/api/v1/stream", "POST").status == 405


# ---- its size, and who is slow ----

HOSTILE = ["/" + "\\\"" * 2000, "/" + "\x80\xff" * 2000,
           "/" + "%00%1b%0a" * 500, "/" + "<b>" * 1000, "/x" * 2000,
           "/?" + "\"" * 1000]


@pytest.fixture
def hostile_load(start):
    """A dashboard over 16 workers, asked for hostile paths all the time."""
    server, board = start_board(start, server=SITE, workers=16)
    stop = threading.Event()

    def load():
        while not stop.is_set():
            for path in HOSTILE:
                server.get(path)
            stop.wait(0.2)
    thread = threading.Thread(target=load)
    thread.start()
    yield board
    stop.set()
    thread.join()


def test_frames_stay_short_and_a_slow_viewer_skips(hostile_load):
    """The slow one reads nothing, has little room, and costs nobody."""
    board = hostile_load
    slow = Stream(board, client=NarrowClient)
    skipped = []
    with slow, Stream(board) as fast:
        lines = [fast.line() for _ in range(16)]
        newest = json.loads(lines[-1])["seq"]
        for _ in range(newest):
            seq = slow.frame()["seq"]
            skipped.append(seq)
            if seq >= newest:
                break
    frames = [json.loads(line) for line in lines]
    assert all(len(line.encode()) <= FRAME_MAX for line in lines)
    assert max(len(line.encode()) for line in lines) > 3000
    assert all(f["w_all"] == 16 and len(f["w"]) == 16 for f in frames)
    assert any(f["r"] for f in frames)
    # The fast one had all of them, while the slow one was held up.
    assert [f["seq"] for f in frames] == list(
        range(frames[0]["seq"], frames[0]["seq"] + 16))
    assert skipped == sorted(skipped) and skipped[-1] >= newest
    assert len(skipped) < skipped[-1] - skipped[0] + 1


# ---- many ----

def test_viewers_have_a_limit(board):
    streams = [Stream(board) for _ in range(VIEWERS_MAX - 1)]
    streams.append(WebSocket(board))
    assert {stream.status for stream in streams} == {200, 101}
    refused = board.get("/api/v1/stream")
    assert refused.status == 503
    assert int(refused.headers["retry-after"]) > 0
    assert WebSocket(board).status == 503
    assert board.get("/api/v1/frame").status == 200
    seqs = {stream.frame()["seq"] for stream in streams}
    assert max(seqs) - min(seqs) <= 60		# all were served
    # Who goes makes room: a closed and a reset one.
    for stream in streams[0], streams[-1]:
        stream.client.close()

    def accepted():
        stream = Stream(board)
        if stream.status != 200:
            stream.client.close()
            return None
        return stream
    streams += [wait_for(accepted), wait_for(accepted)]
    for stream in streams:
        stream.client.close()


def test_a_viewer_that_goes_is_forgotten(board):
    pid = board.pid()

    def sockets():
        count = 0
        for fd in os.listdir("/proc/%d/fd" % pid):
            try:
                count += os.readlink("/proc/%d/fd/%s" % (pid, fd)) \
                    .startswith("socket:")
            except FileNotFoundError:
                pass			# it was one of a moment
        return count
    for kind in Stream, WebSocket:
        viewers = [kind(board) for _ in range(20)]
        full = sockets()
        assert full >= 20
        for viewer in viewers:
            viewer.client.close()
        wait_for(lambda: sockets() <= full - 20)


# ---- reload, and the end ----

def test_a_reload_ends_streams_at_once(board):
    server = board.server
    old = board.pid()
    with Stream(board) as stream, WebSocket(board) as ws:
        instance = stream.frame()["instance"]
        ws.frame()
        server.signal(signal.SIGHUP)
        while stream.frame():
            pass			# until its proper end
        assert stream.ended
        ws_code = int.from_bytes(ws.wait(CLOSE)[:2], "big")
        ws.send(0x80 | CLOSE, ws_code.to_bytes(2, "big"))
        assert ws.client.read_all() == b""
        assert ws_code == 1001
    wait_for(lambda: old not in children(server.pid()))
    wait_for(lambda: board.pid() not in (0, old))
    server.note_pids()
    board.wait_ready()
    with Stream(board) as stream:
        frame = stream.frame()
    assert frame["instance"] == instance
    assert frame["generation"] == 2 and frame["reload_ok"] is True
    assert "worker_shutdown_timeout" not in server.log()


def test_frames_tell_that_the_server_is_down(board):
    server = board.server
    with Stream(board) as stream:
        assert stream.frame()["up"] is True
        server.note_pids()
        killed = time.time()
        os.kill(server.pid(), signal.SIGKILL)
        server.process.wait(PATIENCE)
        server.process = None
        frames = stream.frames_until(lambda f: not f["up"])
        down = frames[-1]
        assert killed - 1 <= down["since"] <= killed + 5
        assert stream.frames_until(lambda f: not f["workers"] + f["draining"])
        after = stream.frame()
    assert after["up"] is False and after["since"] == down["since"]
    assert {row[2] for row in after["w"]} == {"gone"}


def test_a_viewer_that_never_answers_does_not_keep_it(board):
    """Neither one that reads nothing nor one that ignores our closing."""
    old = board.pid()
    with Stream(board, client=NarrowClient) as stream, WebSocket(board) as ws:
        stream.frame()
        ws.frame()
        board.server.signal(signal.SIGHUP)
        wait_for(lambda: old not in [
            pid for pid in children(board.server.pid())
            if "dashboard" in title(pid)])
        wait_for(lambda: board.pid() not in (0, old))
    board.server.note_pids()
    board.wait_ready()


# ---- WebSocket ----

def test_the_same_frames_over_a_websocket(board):
    with WebSocket(board) as ws, Stream(board) as stream:
        first = ws.frame()
        frames = {}
        for _ in range(3):
            frame = stream.frame()
            frames[frame["seq"]] = frame
        shared = [f for f in (ws.frame(), ws.frame())
                  if f["seq"] in frames]
        assert list(first) == KEYS
        assert shared
        for frame in shared:
            assert frame == frames[frame["seq"]]


def test_a_ping_is_answered(board):
    with WebSocket(board, behind=b"\x89\x83\0\0\0\0abc") as ws:
        assert ws.wait(PONG) == b"abc"		# sent with the handshake
        for payload in b"", b"x" * 125:
            ws.send(0x80 | PING, payload)
            assert ws.wait(PONG) == payload


def test_messages_are_dropped(board):
    with WebSocket(board) as ws:
        ws.send(0x81, b"hello")
        ws.send(0x01, b"x" * 1000)		# in parts, with a ping between
        ws.send(0x80 | PING, b"1")
        assert ws.wait(PONG) == b"1"
        ws.send(0x80, b"x" * 24)
        ws.send(0x82, b"x" * 1024)
        ws.send(0x80 | PONG, b"not asked for")
        ws.send(0x80 | PING, b"2")
        assert ws.wait(PONG) == b"2"


@pytest.mark.parametrize("payload, code", [
    (b"", 1000), (b"\x03\xe8", 1000), (b"\x03\xe9bye", 1001),
    (b"\x0f\xa0", 4000), (b"\x03", 1002), (b"\x03\xed", 1002),
    (b"\x03\xe8\xff", 1007),
])
def test_closing_is_answered(board, payload, code):
    with WebSocket(board) as ws:
        ws.send(0x80 | CLOSE, payload)
        assert ws.closed() == code


@pytest.mark.parametrize("frame, code", [
    (dict(first=0x81, payload=b"x", masked=False), 1002),
    (dict(first=0xc1, payload=b"x"), 1002),
    (dict(first=0x83, payload=b"x"), 1002),
    (dict(first=0x80, payload=b"x"), 1002),
    (dict(first=0x09, payload=b"x"), 1002),
    (dict(first=0x89, payload=b"x" * 126), 1002),
    (dict(first=0x82, payload=b"x" * 1025), 1009),
    (dict(first=0x82, payload=b"", length=1 << 40), 1009),
])
def test_what_breaks_the_protocol_ends_it(board, frame, code):
    with WebSocket(board) as ws:
        ws.send(**frame)
        assert ws.closed() == code


def test_many_pings_do_not_hold_up_others(board):
    with WebSocket(board) as hostile, Stream(board) as stream:
        hostile.client.socket.settimeout(0.2)
        with pytest.raises(TimeoutError):
            while True:			# never reading an answer
                hostile.send(0x80 | PING, b"x" * 125)
        seqs = [stream.frame()["seq"] for _ in range(3)]
        assert seqs == list(range(seqs[0], seqs[0] + 3))


@pytest.mark.parametrize("headers, version, status", [
    ({"Sec-WebSocket-Version": "8"}, "1.1", 426),
    ({"Sec-WebSocket-Version": None}, "1.1", 426),
    ({"Upgrade": None}, "1.1", 426), ({"Upgrade": "h2c"}, "1.1", 426),
    ({"Connection": "keep-alive"}, "1.1", 426), ({}, "1.0", 426),
    ({"Sec-WebSocket-Key": "AAAA"}, "1.1", 400),
    ({"Sec-WebSocket-Key": None}, "1.1", 400),
    ({"Sec-WebSocket-Key": "A" * 24}, "1.1", 400),
])
def test_other_handshakes_are_refused(board, headers, version, status):
    with WebSocket(board, headers, version) as ws:
        assert ws.status == status
        if status == 426:
            assert ws.response.headers["sec-websocket-version"] == "13"
            assert ws.response.headers["upgrade"] == "websocket"
            assert "upgrade" in ws.response.headers["connection"]


def test_a_handshake_is_a_get(board):
    response = board.get("/api/v1/ws", "POST")
    assert response.status == 405
    assert response.headers["allow"] == "GET"


# ---- pages of others ----

@pytest.mark.parametrize("kind", [Stream, WebSocket])
def test_other_names_and_sites_may_not_watch(board, kind):
    with kind(board, {"Host": "evil.example"}) as viewer:
        assert viewer.status in (403, 421)
    for origin in ("http://evil.example", "null", "http://localhost",
                   "http://localhost.evil.example:%d" % board.port):
        with kind(board, {"Host": "localhost:%d" % board.port,
                          "Origin": origin}) as viewer:
            assert viewer.status == 403
    own = "localhost:%d" % board.port
    with kind(board, {"Host": own, "Origin": "http://" + own}) as viewer:
        assert viewer.status in (200, 101)
        viewer.frame()
