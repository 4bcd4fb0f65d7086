"""Results that are kept, comparisons, and the search for the limit."""

import json
import re
import subprocess
import time

import pytest

from ringload import (ANSWER, misbehaving, read_head, refused_url,
                      ringload_binary, run, run_json)

CONF = 'location / { return 200 "hello"; }'


@pytest.fixture
def url(start):
    return "http://127.0.0.1:%d/" % start(server=CONF).port


def slow(seconds):
    """Answers so much later."""
    def serve(connection):
        while read_head(connection):
            time.sleep(seconds)
            connection.sendall(ANSWER)
    return serve


def kept(path):
    return json.loads(path.read_text())["results"]


def test_each_second_is_told_while_one_thread_has_ended():
    """The first connection has its answers long before the other."""
    pauses = iter([0, 0.1])

    def serve(connection):
        pause = next(pauses)
        while read_head(connection):
            time.sleep(pause)
            connection.sendall(ANSWER)
    with misbehaving(serve) as server:
        done = run("-c", 2, "-t", 2, "-n", 35, server.url)
    lines = re.findall(r"^ *(\d+) s +(\d+) %", done.stderr, re.M)
    assert [int(second) for second, _ in lines] == list(
        range(1, len(lines) + 1))
    assert len(lines) >= 3 and lines[-1][1] == "100"


# ---- --save ----

def test_save_appends(url, tmp_path):
    path = tmp_path / "reports" / "test_results.json"
    for count in (1, 2):
        run("-c", count, "-n", 5, "--save", "--quiet", "--name",
            "run %d" % count, "--note", "a note", url, cwd=tmp_path)
        results = kept(path)
        assert len(results) == count
        assert results[-1]["requests"] == 5 * count
        assert results[-1]["name"] == "run %d" % count
        assert results[-1]["note"] == "a note"
    assert results[0]["run"] < results[1]["run"]
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_save_elsewhere(url, tmp_path):
    run("-c", 1, "-n", 1, "--save=mine.json", "--quiet", url, cwd=tmp_path)
    assert len(kept(tmp_path / "mine.json")) == 1


def test_save_by_several_at_once(url, tmp_path):
    """Each result is there, whoever came first."""
    processes = [subprocess.Popen(
        [ringload_binary(), "-c", "1", "-n", "5", "--save=r.json", "--quiet",
         url], cwd=tmp_path) for _ in range(5)]
    assert [process.wait(60) for process in processes] == [0] * 5
    assert len(kept(tmp_path / "r.json")) == 5


def test_a_file_that_cannot_be_kept(url, tmp_path):
    (tmp_path / "file").write_text("")
    done = run("-n", 1, "--save=file/x.json", "--quiet", url, status=1,
               cwd=tmp_path)
    assert "file/x.json" in done.stderr


# ---- ringload ab ----

def test_ab_tells_the_slower_one():
    with misbehaving(slow(0.001)) as a, misbehaving(slow(0.02)) as b:
        done = run("ab", "--a", a.url, "--b", b.url, "--rounds", 4,
                   "--round", "300ms", "-c", 1)
        assert "B is " in done.stdout
        assert "slower at p50 (95 % interval" in done.stdout
        assert done.stderr.count("round ") == 8
        letters = [line.split()[4] for line in done.stderr.splitlines()
                   if line.startswith("round ")]
        assert letters == list("ABBAABBA")


def test_ab_as_json_and_fail_if():
    with misbehaving(slow(0.001)) as a, misbehaving(slow(0.02)) as b:
        args = ("ab", "--rounds", 3, "--round", "300ms", "-c", 1,
                "--fail-if", "p50>+5%")
        result = run_json(*args, "--a", a.url, "--b", b.url, status=3)
        assert result["rounds"] == 3
        difference = {d["figure"]: d for d in result["differences"]}["p50"]
        assert difference["shown"] and difference["ratio"] > 3
        assert difference["low"] <= difference["ratio"] <= difference["high"]
        assert result["a"]["url"] == a.url and result["b"]["url"] == b.url
        assert result["a"]["requests"] > result["b"]["requests"]
        run_json(*args, "--a", b.url, "--b", a.url)


@pytest.mark.parametrize("how", [
    ("--round", "300ms"), ("-n", 30), ("-R", 100, "--round", "500ms")])
def test_a_side_of_ab_is_all_of_its_rounds(how):
    """Its rate is over its own time, not over that of both."""
    with misbehaving(slow(0.01)) as a:
        result = run_json("ab", "--rounds", 4, "-c", 1, *how, "--a", a.url,
                          "--b", a.url)
    rates = [d for d in result["differences"] if d["figure"] == "rate"][0]
    for side in "ab":
        one = result[side]
        assert 0.6 < one["rate"] / rates[side] < 1.7
        assert one["latency"]["count"] / one["duration_seconds"] \
            == pytest.approx(one["rate"], rel=0.1)


def test_ab_of_the_same(url):
    result = run_json("ab", "--rounds", 4, "--round", "300ms", "-c", 1,
                      "--a", url, "--b", url)
    for difference in result["differences"]:
        assert difference["words"]
        if difference["ratio"] is not None:	# enough for this figure
            assert difference["low"] <= difference["ratio"]
            assert difference["ratio"] <= difference["high"]


# ---- ringload compare ----

def test_compare_kept_runs(tmp_path):
    with misbehaving(slow(0.001)) as a, misbehaving(slow(0.02)) as b:
        for server, connections in ((a, 1), (b, 2)):
            run("-d", "3s", "--warmup", 0, "-c", connections, "--quiet",
                "--save", server.url, cwd=tmp_path, status=None)
    ids = [result["run"] for result in
           kept(tmp_path / "reports" / "test_results.json")]
    done = run("compare", *ids, cwd=tmp_path)
    assert "slower at p50" in done.stdout
    assert "the URL differs" in done.stdout
    assert "connections differs: 1 and 2" in done.stdout
    assert "too narrow" in done.stdout
    run("compare", *ids, "--fail-if", "p50>+5%", cwd=tmp_path, status=3)
    run("compare", *reversed(ids), "--fail-if", "p50>+5%", cwd=tmp_path)
    done = run("compare", ids[0], "no-such-run", cwd=tmp_path, status=1)
    assert "no-such-run" in done.stderr


def test_kept_texts_give_no_orders_to_a_terminal(tmp_path):
    """A file of results may come from anywhere."""
    orders = "\x1b[2J\x07\n\x9b2J"
    seconds = [{"second": i, "requests": 9, "p50": 1, "p99": 1}
               for i in range(9)]
    (tmp_path / "r.json").write_text(json.dumps({
        "version": 1, "results": [
            {"run": run, "url": run + orders, "place": {"host": run + orders},
             "seconds": seconds, "duration_seconds": 9} for run in "ab"]}))
    done = run("compare", "--from", "r.json", "a", "b", cwd=tmp_path)
    assert "A: a?[2J???2J  (run a)" in done.stdout
    assert "the host differs: a?[2J" in done.stdout
    (tmp_path / "r.json").write_text('{"version":1,\x1b[2J')
    broken = run("compare", "--from", "r.json", "a", "b", cwd=tmp_path,
                 status=1)
    for text in done.stdout, broken.stderr:
        assert not set(text) & {"\x1b", "\x07", "\x9b"}


# ---- --find-max ----

def test_find_max():
    """A server that needs 10 ms for each of 2 connections: 200/s at most,
    less on a busy machine."""
    with misbehaving(slow(0.01)) as server:
        done = run("--find-max", "--slo", "err<1%", "-R", 25, "-d",
                   "700ms", "--confirm", "1s", "-c", 2, "--json", server.url,
                   timeout=120)
        result = json.loads(done.stdout)
        assert result["passed"]
        assert result["spec"]["rate"] <= 250
        assert "highest rate:" in done.stderr
        assert "confirmation: ok" in done.stderr
        assert " no: " in done.stderr


def test_find_max_of_what_never_passes():
    with misbehaving(slow(0.05)) as server:
        done = run("--find-max", "--slo", "p50<1ms", "-R", 4, "-d", "600ms",
                   "-c", 2, server.url, status=3)
        assert "no rate passed" in done.stderr


def test_find_max_ends_where_nobody_answers():
    """A lower rate would not help."""
    done = run("--find-max", "--slo", "p99<1s", "-d", "600ms", refused_url(),
               status=1)
    assert done.stderr.count("answered") == 2	# the step, and why it failed
    assert "not one request was answered" in done.stderr


def test_find_max_ends_when_the_server_dies():
    count = iter(range(100))

    def serve(connection):
        while read_head(connection):
            if next(count, None) is None:
                server.listener.close()
                return
            connection.sendall(ANSWER)
    with misbehaving(serve) as server:
        done = run("--find-max", "--slo", "err<1%", "-R", 50, "-d", "600ms",
                   "-c", 2, "--timeout", "200ms", server.url, status=1)
    steps = done.stderr.count("/s  answered ")
    assert 2 <= steps <= 8, done.stderr
