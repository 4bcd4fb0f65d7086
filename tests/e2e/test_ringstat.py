"""ringstat's one-shot outputs and line modes: what they say of a server that
serves, reloads, loses a worker, stops and comes back; and of files that are
none of it. The server never helps: only its segment is read."""

import csv
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import time
import xml.etree.ElementTree

import pytest

from conftest import PATIENCE, Client, wait_for
from load import Load
from ringstat import (begin, counters, follow, ringstat_binary, run,
                      segment)

SITE = 'location / { return 200 "hello"; } location /no { return 503; }'
ROOT = pathlib.Path(__file__).parents[2]
NOBODY = 65534


@pytest.fixture
def served(start):
    """A server with one worker that has answered three requests."""
    server = start(server=SITE, workers=1)
    for path in ("/a", "/b", "/no/c"):
        server.get(path)
    wait_for(lambda: counters(segment(server))["total_requests"] == 3)
    return server


def lines(process):
    return process.stdout.read().decode().splitlines()


# ---- what there is ----

def test_help_fits_a_terminal():
    text = run("--help")[0].decode().splitlines()
    assert len(text) <= 24 and max(map(len, text)) <= 80


def test_help_manual_and_completions_have_the_same_options():
    text = run("--help")[0].decode()
    named = set(re.findall(r"--[a-z][a-z-]*|(?<!\S)-[a-zA-Z1](?=, )", text))
    manual = set()
    for line in (ROOT / "man" / "ringstat.1").read_text().splitlines():
        if line.startswith(".It Fl"):
            manual |= {"-" + name for name in
                       re.findall(r"Fl (-?[a-zA-Z1][a-z-]*)", line)}
    assert named == manual
    assert len(named) > 30
    for file in ("bash/ringstat", "zsh/_ringstat"):
        text = (ROOT / "scripts" / "completion" / file).read_text()
        assert set(re.findall(r"--[a-z][a-z-]*", text)) == \
            {name for name in named if name.startswith("--")}, file


def test_completion_of_bash():
    script = ROOT / "scripts" / "completion" / "bash" / "ringstat"
    done = subprocess.run(
        [shutil.which("bash"), "--norc", "-c", "source '%s'; "
         "COMP_WORDS=(ringstat --insta); COMP_CWORD=1; _ringstat; "
         "echo ${COMPREPLY[@]}" % script],
        stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.split() == ["--instances", "--instance"]


@pytest.mark.parametrize("args, said", [
    (["--nonsense"], "no option --nonsense"),
    (["-f"], "-f lacks its value"),
    (["-1", "-j"], "one kind of output at a time"),
    (["-i", "0"], "--interval takes a time"),
    (["-c", "many"], "--count takes a whole number"),
    (["-1", "extra"], '"extra" is too much'),
    (["--diff", "one.pb"], "--diff takes two snapshots"),
    (["--wait", "nonsense > 1"], 'unknown name "nonsense"'),
    (["--prom", "-f", "http.*"], "--filter is for"),
    (["-1", "-q", "aborted"], "--query goes with --requests"),
    (["-1", "--timeout", "1s"], "--timeout goes with --wait"),
])
def test_bad_usage_is_told(args, said):
    out, err = run(*args, status=2)
    assert said in err and err.startswith("ringstat: ")
    assert out == b""


# ---- one sample ----

def test_all_forms_say_the_same(served):
    where = segment(served)
    text = run("-n", where, "-1", "-i", "20ms")[0].decode().splitlines()
    rows = {line.split()[0]: line.split()[1] for line in text}
    assert rows["total_requests"] == "3"
    assert rows["http.codes.503.count"] == "1"
    numbers = counters(where)
    assert set(numbers) == set(rows)
    assert numbers["http.duration.count"] == 3
    out, _ = run("-n", where, "-x", "-i", "10ms")
    root = xml.etree.ElementTree.fromstring(out)
    assert {stat.find("name").text for stat in root} == set(rows)
    table = list(csv.DictReader(
        run("-n", where, "--csv", "-i", "10ms")[0].decode().splitlines()))
    assert {row["name"] for row in table} == set(rows)
    listed = run("-n", where, "-l")[0].decode().splitlines()
    assert [line.split()[0] for line in listed] == list(rows)
    prom = run("-n", where, "--prom")[0].decode()
    assert 'http_requests_total{server="",code="503"} 1\n' in prom or \
        re.search(r'http_requests_total\{.*code="503"\} 1\n', prom)


def test_filters(served):
    where = segment(served)
    found = counters(where, "-f", "http.codes.*", "-f", "pool.*",
                     "-f", "^*.wait.*")
    assert found["http.codes.200.count"] == 2 and "pool.busy" in found
    assert not [name for name in found if ".wait." in name or
                not name.startswith(("http.codes.", "pool."))]


def test_series_are_those_that_prom_prints(served):
    where = segment(served)
    table = run("-n", where, "--series")[0].decode().splitlines()
    standard = table[2].split()
    assert standard[0] == "standard"
    prom = run("-n", where, "--prom")[0].decode().splitlines()
    count = len([line for line in prom if line.startswith("ringmaster_")])
    assert int(standard[6]) == count == sum(map(int, standard[1:6]))


def test_a_rate_takes_two_samples(start):
    server = start(server=SITE)
    with Load(server):
        out, _ = run("-n", segment(server), "-j", "-i", "300ms",
                     "-f", "total_requests", "-f", "http.duration.p99")
    rows = json.loads(out)["counters"]
    assert rows["total_requests"]["change"] > 10
    assert rows["total_requests"]["average"] > 0
    assert 0 < rows["http.duration.p99"]["change"] < 1


# ---- snapshots ----

def test_snapshots_are_read_again_and_compared(served, tmp_path):
    where = segment(served)
    for name in ("a.pb", "b.pb"):
        (tmp_path / name).write_bytes(run("-n", where, "--pb")[0])
        served.get("/a")
        wait_for(lambda: counters(where)["total_requests"] >= 4)
    assert counters(tmp_path / "a.pb")["total_requests"] == 3
    out, said = run("--diff", tmp_path / "a.pb", tmp_path / "b.pb",
                    "-f", "total_requests", "-f", "connections.limit")
    name, old, new, change, rate = out.split()
    assert (name, old, new, change) == \
        (b"total_requests", b"3", b"4", b"1.00")
    assert float(rate) > 0 and said == ""
    requests, _ = run("-n", tmp_path / "a.pb", "-R")
    assert [line.split()[-1] for line in requests.splitlines()] == \
        [b"/a", b"/b", b"/no/c"]
    _, said = run("--diff", tmp_path / "b.pb", tmp_path / "a.pb")
    assert "the second snapshot is the older one" in said


def test_what_is_no_snapshot_is_told(tmp_path):
    (tmp_path / "x.pb").write_bytes(b"nonsense")
    (tmp_path / "empty.pb").write_bytes(b"")
    for name in ("x.pb", "empty.pb"):
        _, said = run("-n", tmp_path / name, "-1", status=1)
        assert "is no snapshot of ringmaster" in said
    _, said = run("-n", tmp_path / "none.pb", "-1", status=1)
    assert "No such file" in said


# ---- the life of a server ----

def test_totals_never_fall_through_reload_and_crash(start):
    server = start(server=SITE, workers=2)
    server.bad_lines_expected = True
    process = begin("-n", segment(server), "--csv", "-i", "20ms", "-c", "0",
                    "-f", "total_requests", "-f", "processes.respawns")
    with Load(server) as load:
        server.reload()
        victim = server.workers()[0]
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda: len(server.workers()) == 2 and
                 victim not in server.workers())
        time.sleep(0.2)
    wait_for(lambda: counters(segment(server))["total_requests"] >= load.ok)
    process.terminate()
    rows = [row for row in csv.DictReader(lines(process))
            if row["average"] is not None]
    process.wait()
    totals = [int(row["value"]) for row in rows
              if row["name"] == "total_requests"]
    assert totals == sorted(totals) and totals[-1] > totals[0]
    assert len(totals) > 10
    assert counters(segment(server))["processes.respawns"] == 1


def test_the_last_state_of_a_server_that_stopped(served):
    where = segment(served)
    served.stop()
    out, said = run("-n", where, "-1", status=4)
    assert re.search(rb"^total_requests +3 ", out, re.M)
    assert re.fullmatch(r"ringstat: ringmaster: stopped \d s ago\n", said)
    out, _ = run("-n", where, "-j", status=4)
    assert json.loads(out)["state"] == "stopped"
    out, _ = run("-n", where, "-R", status=4)
    assert len(out.splitlines()) == 3
    served.start()
    out, said = run("-n", where, "-j", "-i", "10ms")
    assert json.loads(out)["state"] == "running" and said == ""
    assert json.loads(out)["counters"]["total_requests"]["value"] == 0


def test_the_last_state_of_a_server_that_was_killed(served):
    where = segment(served)
    served.bad_lines_expected = True
    served.note_pids()
    served.kill()
    out, said = run("-n", where, "-1", status=4)
    assert re.search(rb"^total_requests +3 ", out, re.M)
    assert re.search(rb"^active_clients +0 ", out, re.M)
    assert "stopped" in said


def test_it_goes_on_with_the_next_server(served):
    """The file is replaced; who follows the old one must notice."""
    process = follow(served, query=" or path = /second")
    served.stop()
    assert b"ringmaster: stopped " in process.stderr.readline()
    served.start()
    assert b"ringmaster: runs again\n" in process.stderr.readline()
    served.get("/second")
    assert process.stdout.readline().endswith(b"/second\n")
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 0


def test_instances_of_a_folder(start, tmp_path):
    text = "metrics_segment %s/%s.shm;"
    _, said = run("-n", tmp_path, "-1", status=1)
    assert "no ringmaster was found in %s" % tmp_path in said
    one = start(server=SITE, main=text % (tmp_path, "one"))
    one.get("/")
    assert counters(str(tmp_path))["total_requests"] >= 0
    two = start(server=SITE, main=text % (tmp_path, "two"))
    (tmp_path / "other.shm").write_bytes(b"x" * 5000)
    listed = run("-n", tmp_path, "--instances")[0].decode().splitlines()
    assert [line.split()[:2] for line in listed] == \
        [["one", "running"], ["two", "running"]]
    _, said = run("-n", tmp_path, "-1", status=1)
    assert "several instances run, choose one with -n" in said
    two.stop()
    out, said = run("-n", tmp_path, "-1", "-i", "10ms")
    assert out and said == ""
    assert " stopped " in run("-n", tmp_path, "--instances")[0].decode()


# ---- files that are none ----

@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_it_takes_the_right_to_read_and_no_other(served):
    where = segment(served)
    _, said = run("-n", where, "-1", status=1, user=NOBODY, group=NOBODY,
                  extra_groups=[])
    assert "Permission denied" in said
    os.chown(where, 0, NOBODY)
    where.chmod(0o440)
    out, said = run("-n", where, "-1", "-i", "10ms", user=NOBODY, group=NOBODY,
                    extra_groups=[])
    assert re.search(rb"^total_requests +3 ", out, re.M) and said == ""


def damaged(where, target, at, data):
    shutil.copy(where, target)
    with open(target, "r+b") as file:
        file.seek(at)
        file.write(data)
    return target


def test_files_that_are_no_segment_are_told(served, tmp_path):
    where, target = segment(served), tmp_path / "x.shm"
    cases = [(damaged(where, tmp_path / "a.shm", 0, b"x"),
              "is no metrics segment"),
             (damaged(where, tmp_path / "b.shm", 8, b"\1\0\0\0"),
              "has layout 1, and this program knows layout "),
             (damaged(where, tmp_path / "c.shm", 16, b"x"),
              "is of another build")]
    shutil.copy(where, target)
    os.truncate(target, 100000)
    cases.append((target, "cut short or damaged"))
    (tmp_path / "d.shm").write_bytes(b"")
    cases.append((tmp_path / "d.shm", "is no metrics segment"))
    os.mkfifo(tmp_path / "e.shm")
    cases.append((tmp_path / "e.shm", "is no metrics segment"))
    cases.append((tmp_path / "f.shm", "No such file"))
    for file, words in cases:
        out, said = run("-n", file, "-1", status=1)
        assert words in said and str(file) in said and out == b""


def test_a_damaged_segment_harms_nobody(served, tmp_path):
    """Whatever is written over it, but for the head that is checked."""
    dice, where = random.Random(7), segment(served)
    size = where.stat().st_size
    for _ in range(6):
        target = tmp_path / "x.shm"
        shutil.copy(where, target)
        with open(target, "r+b") as file:
            for _ in range(3000):
                file.seek(dice.randrange(600, size) & ~7)
                file.write(dice.randbytes(8))
        for args in (["-j"], ["-R"], ["--pb"], ["--prom"]):
            process = begin("-n", target, *args)
            _, said = process.communicate(timeout=PATIENCE)
            assert process.returncode in (1, 4), (args, said)


# ---- waiting ----

def test_wait_ends_when_it_is_true(served):
    where = segment(served)
    process = begin("-n", where, "--timeout", "20s", "--wait",
                    "total_requests >= 5 and http.codes.503.count = 1")
    served.get("/")
    time.sleep(0.2)
    assert process.poll() is None
    served.get("/")
    assert process.wait(PATIENCE) == 0
    with Load(served):
        run("-n", where, "--wait", "rate(total_requests) > 20 and "
            "recent(http.duration.p99) < 5s", "-i", "200ms",
            "--timeout", "20s")


def test_wait_times_out(served):
    begun = time.monotonic()
    out, said = run("-n", segment(served), "--wait", "total_requests > 1M",
                    "--timeout", "300ms", status=3)
    assert 0.3 <= time.monotonic() - begun < 20
    assert (out, said) == (b"", "")


def test_wait_and_start_timeout_are_for_servers_to_come(make):
    server = make()
    server.write(server=SITE)
    where = segment(server)
    _, said = run("-n", where, "--wait", "total_requests = 0",
                  "--timeout", "0", status=3)
    assert "no ringmaster came" in said
    run("-n", where, "-t", "200ms", "-1", status=1)
    waiting = [begin("-n", where, "--wait", "connections.limit > 0",
                     "--timeout", "20s"),
               begin("-n", where, "-t", "off", "-l")]
    server.start()
    for process in waiting:
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 0


# ---- requests ----

def test_requests_come_as_lines(served):
    process = follow(served, query=" or status >= 500 or path ~ '/x*'")
    served.get("/seen-by-nobody")
    served.get("/no/1")
    served.raw(b"GET /x\xc2\x9b%1b[31m HTTP/1.1\r\nHost: a\r\n"
               b"Connection: close\r\n\r\n")
    served.get("/x2")
    first, second, third = [process.stdout.readline().decode().rstrip("\n")
                            for _ in range(3)]
    process.terminate()
    assert process.communicate(timeout=PATIENCE) == (b"", b"")
    assert process.returncode == 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z 127\.0\.0\.1 "
                        r"503 \S+ \w?s \S+ \w*B GET \S* /no/1", first)
    assert "/x" in second and third.endswith(" /x2")
    assert not re.search("[\0-\x1f\x7f-\x9f]", first + second)


def test_requests_that_could_not_be_seen_are_counted(served):
    process = follow(served, query=" or path = /")
    before = counters(segment(served))["total_requests"]
    process.send_signal(signal.SIGSTOP)
    with Client(("127.0.0.1", served.port)) as client:
        for _ in range(500):
            assert client.request("/").status == 200
    wait_for(lambda: counters(segment(served))["total_requests"] ==
             before + 500)
    process.send_signal(signal.SIGCONT)
    said = process.stderr.readline()
    assert said == b"ringstat: 244 requests came too fast to be seen\n"
    process.terminate()
    assert len(lines(process)) == 256
    assert process.wait(PATIENCE) == 0


def test_the_number_of_lines_has_an_end(served):
    process = follow(served, "-c", "30")
    while process.poll() is None:
        served.get("/begin")
    assert len(lines(process)) < 30 and process.returncode == 0


# ---- who reads ----

def test_a_reader_that_goes_ends_it(served):
    for args in (["--csv", "-i", "10ms", "-c", "0"], ["-R"]):
        process = begin("-n", segment(served), *args)
        process.stdout.close()
        with Load(served):
            assert process.wait(10) == 1
        assert process.stderr.read() == b""


def test_a_full_disk_is_told(served):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [ringstat_binary(), "-n", segment(served), "-l"], stdout=full,
            stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert "cannot print it: No space left" in done.stderr
