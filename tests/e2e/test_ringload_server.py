"""The server's part of a result: where the time of requests went, what each
worker did, and whether server and client counted the same.

Guards against parts that do not add up or blame the wrong side, against
counts that agree by chance, and against a test that leaves anything behind in
a server.
"""

import contextlib
import os
import signal
import subprocess
import threading
import time

import pytest
from board import start_board
from conftest import wait_for
from ringload import json, ringload_binary, run, run_json

PARTS = ["slip", "kernel", "queue", "header", "parse", "pool_wait",
         "handler", "upstream", "send", "return"]
SITE = 'location / { return 200 "hello"; }'


def url(server, path="/"):
    return "http://127.0.0.1:%d%s" % (server.port, path)


def segment(server):
    return "--server=%s" % (server.dir / "ringmaster.shm")


def measure(server, *args, path="/", **kwargs):
    return run_json(segment(server), *args, url(server, path),
                    **{"status": None, **kwargs})


def seconds(parts):
    assert [part["stage"] for part in parts] == PARTS
    return {part["stage"]: part["seconds"] for part in parts}


def share(parts):
    return {part["stage"]: part["share"] for part in parts}


@contextlib.contextmanager
def begun(server, *args):
    """A test that runs: process and what it tells; it is over in the end."""
    read, write = os.pipe()
    with subprocess.Popen(
            [ringload_binary(), segment(server), "--json", "--quiet",
             "--live-fd", str(write), *args, url(server)],
            stdout=subprocess.PIPE, text=True, pass_fds=[write]) as process:
        os.close(write)
        with os.fdopen(read) as live:
            try:
                assert json.loads(live.readline())["running"]
                yield process
            finally:
                process.kill()


@pytest.mark.parametrize("args", [
    ("-c", "4", "-d", "1s"), ("-c", "100", "-n", "1"),
    ("-c", "8", "-n", "50", "--no-keepalive"), ("-R", "500", "-d", "1s"),
    ("-c", "4", "-n", "40", "--pipeline", "4", "-t", "2"),
    ("-c", "4", "-n", "40", "-t", "2"),
])
def test_both_sides_count_the_same(start, args):
    server = start(server=SITE)
    result = measure(server, *args)
    part = result["server"]
    if "--pipeline" in args:
        assert part is None	# none can be told from its neighbours
        return
    assert result["errors"] == 0
    assert part["agrees"] and part["disagreement"] == ""
    assert part["requests"] == result["requests"] == result["sent"]
    assert sum(one["requests"] for one in part["workers"]) == \
        result["requests"]
    assert sum(one["connections"] for one in part["workers"]) == \
        result["connects"]
    assert [one["index"] for one in part["workers"]] == [0, 1]
    assert 0.5 <= part["balance"] <= 1
    assert 0 < part["followed"] <= result["requests"]
    assert part["generation"] == 1 and part["version"]


def test_of_a_hundred_at_once_all_are_followed(start):
    server = start(server=SITE)
    result = measure(server, "-c", "100", "-n", "1")
    assert result["server"]["followed"] == 100
    assert len(result["server"]["slowest"]) == 10


def test_parts_add_up_to_the_response_time(start):
    server = start(server=SITE)
    result = measure(server, "-c", "16", "-n", "100", "--warmup", "0")
    part, latency = result["server"], result["latency"]
    longest = result["latency"]["max"] * 1.001
    for one in part["slowest"]:
        assert sum(seconds(one["parts"]).values()) == \
            pytest.approx(one["seconds"], rel=1e-6)
        assert one["seconds"] <= longest
        assert one["worker"] in (0, 1)
        assert 0 <= one["at_seconds"] <= result["duration_seconds"]
        longest = one["seconds"]
    assert latency["min"] <= sum(seconds(part["median"]).values()) <= \
        latency["p90"]
    assert latency["p90"] <= sum(seconds(part["tail"]).values()) <= \
        latency["max"] * 1.001
    for bar in "median", "tail":
        assert sum(share(part[bar]).values()) == pytest.approx(1, abs=1e-6)
        assert min(seconds(part[bar]).values()) >= 0


def test_a_slow_sender_is_seen_in_send(start):
    server = start(server="location / { limit_rate 20k; }")
    server.file("slow", b"x" * 40000)
    result = measure(server, "-c", "4", "-n", "2", path="/slow")
    assert result["errors"] == 0
    assert seconds(result["server"]["median"])["send"] > 0.2
    assert share(result["server"]["median"])["send"] > 0.9


def test_a_stopped_worker_is_seen_before_it_reads(start):
    """What came while it was stopped was received after it; of what it was
    just answering any part may be long."""
    server = start(server=SITE, workers=1)
    with begun(server, "-R", "200", "-c", "50", "-d", "3s", "--warmup",
               "0") as process:
        worker, = server.workers()
        os.kill(worker, signal.SIGSTOP)
        try:
            time.sleep(0.5)	# it is how long it stands still
        finally:
            os.kill(worker, signal.SIGCONT)
        result = json.loads(process.communicate(timeout=30)[0])
    tail = result["server"]["tail"]
    assert sum(seconds(tail).values()) > 0.4
    waiting = share(tail)
    assert waiting["kernel"] + waiting["slip"] > 0.8, waiting
    assert waiting["handler"] + waiting["send"] + waiting["queue"] < 0.2


def test_waiting_for_a_thread_is_seen(start):
    """A file is opened on the pool when it is not in the cache."""
    server = start(main="thread_pool default threads=1;")
    for i in range(50):
        server.file("f%d" % i, b"x")
    urls = server.dir / "urls"
    urls.write_text("".join(url(server, "/f%d\n" % i) for i in range(50)))
    result = run_json(segment(server), "--urls", urls, "-c", "50", "-n", "1",
                      status=None)
    assert result["errors"] == 0
    waits = [seconds(one["parts"])["pool_wait"]
             for one in result["server"]["slowest"]]
    assert max(waits) > 0


def test_a_reload_does_not_disturb_it(start):
    server = start(server=SITE)
    with begun(server, "-c", "4", "-d", "3s") as process:
        server.reload()
        result = json.loads(process.communicate(timeout=30)[0])
    part = result["server"]
    assert part["agrees"], (part, result["causes"])
    assert part["generation"] == 2 and part["followed"] > 0
    mark, = part["marks"]
    assert mark["text"].startswith("reload") and 0 < mark["at_seconds"] < 3
    assert sum(one["requests"] for one in part["workers"]) == \
        part["requests"]


def test_after_a_killed_one_comes_the_next(start):
    server = start(server=SITE)
    with begun(server, "-c", "2", "-d", "20s") as process:
        process.kill()
    begin = time.monotonic()
    result = wait_for(lambda: (
        one := measure(server, "-c", "10", "-n", "1"))["server"] and one, 10)
    assert result["server"]["followed"] == 10
    assert result["server"]["agrees"]
    assert time.monotonic() - begin < 8


def test_one_test_at_a_time_is_followed(start):
    server = start(server=SITE)
    with begun(server, "-R", "50", "-d", "2s") as process:
        other = measure(server, "-c", "10", "-n", "1")
        result = json.loads(process.communicate(timeout=30)[0])
    assert other["server"] is None and other["requests"] == 10
    assert result["server"]["followed"] > 0
    # And those of the other one show.
    assert not result["server"]["agrees"]
    assert result["server"]["requests"] == result["requests"] + 10


def test_other_clients_are_told_of(start):
    server = start(server=SITE)
    with begun(server, "-R", "50", "-d", "2s") as process:
        for _ in range(7):
            assert server.get("/").status == 200
        result = json.loads(process.communicate(timeout=30)[0])
    part = result["server"]
    assert part["requests"] == result["requests"] + 7
    assert not part["agrees"]
    assert "also had 7 requests of other clients" in part["disagreement"]
    assert part["disagreement"] in result["verdict"]["hints"]


def test_failed_requests_do_not_spoil_the_counts(start):
    """Answers that are not as expected were answered; those that were aborted
    may be counted or not."""
    server = start(server='location / { return 404 "no"; }')
    result = measure(server, "-c", "4", "-n", "5")
    assert result["errors"] == 20 and result["server"] is None
    server = start(server="location / { limit_rate 10k; }")
    server.file("slow", b"x" * 30000)
    server.file("index.html", b"x")
    urls = server.dir / "urls"
    urls.write_text(url(server, "/slow\n") + url(server, "/\n"))
    result = run_json(segment(server), "--urls", urls, "-c", "4", "-n", "4",
                      "--timeout", "500ms", status=None)
    assert result["errors"] > 0 and result["server"]["agrees"]
    assert result["server"]["requests"] <= result["sent"]


def test_a_server_that_is_not_under_test_is_left_out(start):
    named, tested = start(server=SITE), start(server=SITE)
    result = run_json(segment(named), "-c", "4", "-n", "5", url(tested))
    assert result["requests"] == 20 and result["server"] is None


def test_a_segment_that_cannot_be_used_is_an_error(start):
    server = start(server=SITE)
    for path, why in ((server.dir / "none", "no ringmaster runs with it"),
                      ("/dev/null", "not one of this version"),
                      ("/dev/fd/999", "")):
        done = run("--server=%s" % path, "-n", "1", url(server), status=1)
        assert "cannot be used" in done.stderr and why in done.stderr
    left = server.dir / "left.shm"
    left.write_bytes((server.dir / "ringmaster.shm").read_bytes())
    done = run("--server=%s" % left, "-n", "1", url(server), status=1)
    assert "no ringmaster runs with it" in done.stderr


def test_marks_of_strangers_mean_nothing(start):
    """Neither without a test nor with the key of no test."""
    server = start(server=SITE)
    for tag in ("0" * 16 + "." + "0" * 16, "1" * 16 + "." + "2" * 16, "",
                "x" * 5000, "1.2"):
        assert server.get("/", headers={"X-Ringload": tag}).status == 200
    with begun(server, "-R", "50", "-d", "2s") as process:
        for number in range(20):
            assert server.get("/", headers={
                "X-Ringload": "%016x.%016x" % (1, number)}).status == 200
        result = json.loads(process.communicate(timeout=30)[0])
    part = result["server"]
    assert part["followed"] <= result["requests"]
    assert sum(seconds(part["median"]).values()) < 0.5


def test_it_is_printed_within_a_terminal(start):
    server = start(server=SITE)
    text = run(segment(server), "--quiet", "-o", "text", "-c", "20", "-n",
               "20", url(server), status=None).stdout
    assert "server    counts agree; balance of workers" in text
    for words in "\nmedian ", "\nslowest 1%", "tail: ", "\nworker ":
        assert words in text
    assert max(map(len, text.splitlines())) <= 80


def test_many_connections_on_two_threads(start):
    """Stamps of several threads go to the one that watches."""
    server = start(server=SITE)
    threads = threading.active_count()
    result = measure(server, "-c", "64", "-t", "2", "-d", "2s")
    part = result["server"]
    assert part["agrees"] and part["requests"] == result["requests"]
    assert 100 < part["followed"] < 10000
    assert threading.active_count() == threads


# ---- ringload ab --b-set ----

CACHED = {"index.html": "x" * 1000}


def cache_is_on(board):
    return board.json()["cache_enabled"]


def ab(server, *args, **kwargs):
    return run("ab", segment(server), "--a", url(server), "--b-set",
               "cache=off", "-c", "2", "--round", "300ms", *args, **kwargs)


def test_ab_switches_the_cache_and_puts_it_back(start):
    server, board = start_board(start, files=CACHED)
    for on in True, False:
        if cache_is_on(board) is not on:
            assert board.get("/toggle_cache", "POST").status == 200
        before = board.json()
        two = json.loads(ab(server, "--rounds", "2", "--json",
                            "--quiet").stdout)
        after = board.json()
        assert after["cache_enabled"] is on
        assert two["a"]["name"] == "cache on"
        assert two["b"]["name"] == "cache off"
        # Of warm-ups there are more.
        assert after["cache_hits"] - before["cache_hits"] >= \
            two["a"]["requests"]
        assert after["caches"][0]["bypassed"] - \
            before["caches"][0]["bypassed"] >= two["b"]["requests"]


@pytest.mark.parametrize("signals", [(signal.SIGINT,),
                                     (signal.SIGTERM, signal.SIGTERM)])
def test_ab_puts_the_cache_back_after_a_signal(start, signals):
    server, board = start_board(start, files=CACHED)
    with subprocess.Popen(
            [ringload_binary(), "ab", segment(server), "--a", url(server),
             "--b-set", "cache=off", "-c", "2", "--quiet"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        wait_for(lambda: not cache_is_on(board))
        for number in signals:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)
        assert process.wait(20) == 128 + signals[0]
    assert cache_is_on(board)


def test_ab_without_a_server_to_be_changed_is_refused(start):
    server = start(server=SITE)
    done = run("ab", "--server=%s" % (server.dir / "none"), "--a",
               url(server), "--b-set", "cache=off", status=1)
    assert "no ringmaster runs with it" in done.stderr
    done = run("ab", segment(server), "--a", url(server), "--b-set",
               "gzip=off", status=2)
    assert "cache=off or cache=on" in done.stderr
    run("--b-set", "cache=off", url(server), status=2)
