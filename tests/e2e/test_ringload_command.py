"""The command line of ringload: what it takes, prints and returns."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import pytest

from conftest import PATIENCE, wait_for
from ringload import (ANSWER, misbehaving, read_head, refused_url,
                      ringload_binary, run, run_json)

CONF = 'location / { return 200 "hello"; }'
MANUAL = pathlib.Path(__file__).parents[2] / "man" / "ringload.1"


@pytest.fixture
def url(start):
    return "http://127.0.0.1:%d/" % start(server=CONF).port


# ---- what there is ----

def test_help_fits_a_terminal():
    lines = run("--help").stdout.splitlines()
    assert len(lines) < 24
    assert max(map(len, lines)) <= 80
    assert run("-h").stdout.splitlines() == lines


def test_help_and_manual_have_the_same_options():
    named = set(re.findall(r"--[a-z][a-z-]*|(?<!\S)-[a-zA-Z](?=, )",
                           run("--help").stdout))
    manual = set()
    for line in MANUAL.read_text().splitlines():
        if line.startswith(".It Fl"):
            manual |= {"-" + name.replace("\\", "") for name in
                       re.findall(r"Fl (-?[a-zA-Z][a-z-]*)", line)}
    assert named == manual
    assert len(named) > 40


def test_completions_have_the_same_options():
    named = set(re.findall(r"--([a-z][a-z-]*)", run("--help").stdout))
    folder = MANUAL.parents[1] / "scripts" / "completion"
    for file in ("bash/ringload", "zsh/_ringload"):
        text = (folder / file).read_text()
        assert set(re.findall(r"--([a-z][a-z-]*)", text)) == named, file


def test_completion_of_bash():
    shell = shutil.which("bash")
    script = MANUAL.parents[1] / "scripts" / "completion" / "bash" / "ringload"
    done = subprocess.run(
        [shell, "--norc", "-c", "source '%s'; COMP_WORDS=(ringload --arr);"
         "COMP_CWORD=1; _ringload; echo ${COMPREPLY[*]};"
         "COMP_WORDS=(ringload --arrivals p); COMP_CWORD=2; _ringload;"
         "echo ${COMPREPLY[*]}" % script],
        stdout=subprocess.PIPE, text=True, check=True, timeout=20)
    assert done.stdout.split() == ["--arrivals", "poisson"]


def test_version():
    assert re.fullmatch(r"ringload \d+\.\d+\.\d+\n", run("-V").stdout)
    assert run("--version").stdout == run("-V").stdout


@pytest.mark.skipif(not shutil.which("mandoc"), reason="no mandoc")
def test_the_manual_is_clean():
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning",
                           str(MANUAL)], stdout=subprocess.PIPE, text=True,
                          check=False, timeout=20)
    assert done.stdout == ""


# ---- signals ----

def test_a_generator_that_was_stopped_says_so(url):
    """Its slowest times are not the server's."""
    process = subprocess.Popen(
        [ringload_binary(), "-c", "2", "-d", "4s", "--json", "--live-fd", "2",
         "--quiet", url], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True)
    process.stderr.readline()		# a second is over
    process.send_signal(signal.SIGSTOP)
    time.sleep(0.8)			# that is what is measured
    process.send_signal(signal.SIGCONT)
    result = json.loads(process.communicate(timeout=60)[0])
    assert result["health"]["stalled_seconds"] >= 0.7
    assert result["latency"]["max"] >= 0.7
    assert result["verdict"]["state"] == "suspect"
    assert any("the generator stood still for" in reason
               for reason in result["verdict"]["reasons"])


# ---- standard streams ----

def test_closed_streams_are_no_sockets(tmp_path):
    """Nothing that is meant for people goes to the server."""
    seen = []

    def serve(connection):
        data = b""
        while got := connection.recv(65536):
            data += got
            connection.sendall(ANSWER * got.count(b"\r\n\r\n"))
        seen.append(data)

    def close():
        os.closerange(0, 3)
    with misbehaving(serve) as server:
        done = subprocess.run(
            [ringload_binary(), "-c", "8", "-R", "100", "-d", "2s",
             "--json", "--save=kept.json", server.url],
            cwd=tmp_path, preexec_fn=close, close_fds=False, timeout=60,
            check=False)
        wait_for(lambda: len(seen) >= 8)
    assert done.returncode == 1		# the result could not be printed
    kept, = json.loads((tmp_path / "kept.json").read_text())["results"]
    assert kept["requests"] > 0 and kept["errors"] == 0
    for data in seen:
        for request in data.split(b"\r\n\r\n")[:-1]:
            assert request.startswith(b"GET / HTTP/1.1\r\n"), request
        assert data.endswith(b"\r\n\r\n") or not data


def test_what_cannot_be_printed_is_kept(url, tmp_path):
    """A full disk, or a reader that left, costs no result."""
    for name, args in ("full", ("-o", "csv=/dev/full", "-o",
                                "md=table.md")), ("pipe", ("--json",)):
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(
            [ringload_binary(), "-c", "1", "-n", "1", "--quiet", *args,
             "--save=%s.json" % name, url], cwd=tmp_path, stdout=write,
            stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        os.close(write)
        assert done.returncode == 1
        assert "cannot write" in done.stderr
        assert len(json.loads((tmp_path / (name + ".json")).read_text())[
            "results"]) == 1
    assert (tmp_path / "table.md").read_text()


# ---- mistakes ----

@pytest.mark.parametrize("args,says", [
    ((), "a URL is missing"),
    (("--nonsense", "http://x/"), "--nonsense"),
    (("-Z", "http://x/"), "-Z"),
    (("-c",), "lacks its value"),
    (("-c", "0", "http://x/"), "from 1 on"),
    (("-c", "ten", "http://x/"), '"ten"'),
    (("-c", "1.5", "http://x/"), "whole number"),
    (("-d", "10q", "http://x/"), "10s, 500ms or 2m"),
    (("-d", "0", "http://x/"), "time"),
    (("-R", "-5", "http://x/"), "--rate"),
    (("--arrivals", "late", "http://x/"), "poisson"),
    (("-o", "xml", "http://x/"), '"xml"'),
    (("-o", "csv=", "http://x/"), "name of its file"),
    (("--json", "-o", "csv", "http://x/"), "only one format"),
    (("--slo", "p99", "http://x/"), "p99"),
    (("--fail-if", "p99>", "http://x/"), "p99>"),
    (("--fail-if", "p99>+5%", "http://x/"), "p99>+5%"),
    (("--find-max", "http://x/"), "--slo"),
    (("--live-fd", "77", "http://x/"), "not open"),
    (("http://x/", "http://y/"), "one URL at a time"),
    (("ab", "--a", "http://x/"), "--b"),
    (("--a", "http://x/", "http://y/"), "ringload ab"),
    (("compare", "one"), "two kept runs"),
])
def test_usage(args, says):
    done = run(*args, status=2)
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.parametrize("args,says", [
    (("ftp://127.0.0.1/",), "http"),
    (("--body", "@/no/such/file", "http://127.0.0.1/"), "/no/such/file"),
    (("-d", "11m", "http://127.0.0.1/"), "600"),
    (("-c", "10001", "http://127.0.0.1/"), "10000"),
    (("-R", "50001", "http://127.0.0.1/"), "50000"),
])
def test_what_cannot_be_run(args, says):
    done = run(*args, status=1)
    assert says in done.stderr.replace(",", "")
    assert done.stdout == ""


def test_another_machine_must_be_allowed():
    """192.0.2.1 is nobody's (RFC 5737)."""
    done = run("-n", 1, "http://192.0.2.1/", status=1)
    assert "--allow-target" in done.stderr
    since = time.monotonic()
    process = subprocess.Popen(
        [ringload_binary(), "-n", "1", "--quiet", "--allow-target",
         "192.0.2.1", "http://192.0.2.1/"], stderr=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True)
    try:
        first = process.stderr.readline()
        assert "http://192.0.2.1/ is not this machine" in first
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert process.returncode == 130
    assert time.monotonic() - since < 10


# ---- what it prints ----

def test_text(url):
    """It fits a terminal and has what people ask for."""
    done = run("-c", 2, "-n", 50, url)
    lines = done.stdout.splitlines()
    assert len(lines) <= 24 and max(map(len, lines)) <= 80
    for word in ("100", "p99", "valid"):
        assert word in done.stdout


def test_json_comes_first_things_first(url):
    done = run("--json", "-c", 2, "-n", 50, url)
    result = json.loads(done.stdout)
    assert list(result)[:4] == ["requests", "rate", "errors", "latency"]
    assert result["requests"] == 100
    assert 0 < result["latency"]["p50"] < 1
    assert {"p75", "p90", "p95", "p99", "p999", "max"} <= \
        set(result["latency"])
    assert result["url"] == url


def test_a_line_a_second_without_a_terminal(url):
    done = run("-d", "2s", "-c", 2, "--json", url, status=None)
    lines = done.stderr.splitlines()
    assert len(lines) >= 2
    assert re.match(r" +1 s +50 % +\d+/s +p50 .* p99 .* errors 0$", lines[0])
    assert run("-d", "1s", "-c", 1, "--json", "--quiet", url,
               status=None).stderr == ""


def test_outputs_to_files(url, tmp_path):
    run("-c", 2, "-n", 50, "-o", "json=r.json", "-o", "csv=r.csv", "-o",
        "hgrm=r.hgrm", "-o", "md=r.md", "-o", "text=r.txt", url,
        cwd=tmp_path)
    assert json.loads((tmp_path / "r.json").read_text())["requests"] == 100
    assert "," in (tmp_path / "r.csv").read_text().splitlines()[0]
    assert "Percentile" in (tmp_path / "r.hgrm").read_text()
    assert "|" in (tmp_path / "r.md").read_text()
    assert "p99" in (tmp_path / "r.txt").read_text()


def test_a_file_that_cannot_be_written(url):
    done = run("-c", 1, "-n", 1, "-o", "json=/no/such/place", url, status=1)
    assert "/no/such/place" in done.stderr


def test_a_full_standard_output(url):
    with open("/dev/full", "w") as full:
        done = subprocess.run([ringload_binary(), "-n", "1", url],
                              stdout=full, stderr=subprocess.PIPE, text=True,
                              check=False, timeout=30)
    assert done.returncode == 1
    assert "cannot write the result" in done.stderr


def test_live_lines(url):
    read, write = os.pipe()
    run("-d", "2s", "-c", 1, "--quiet", "--live-fd", write, url,
        fds=[write], status=None)
    os.close(write)
    with os.fdopen(read) as live:
        lines = [json.loads(line) for line in live]
    assert len(lines) >= 3
    assert [line["running"] for line in lines] == \
        [True] * (len(lines) - 1) + [False]
    assert lines[0]["progress"] == 0.5
    assert [line["done"] for line in lines] == \
        sorted(line["done"] for line in lines)


def test_nobody_reads_the_live_lines_any_more(url):
    """What started it is gone: the test ends."""
    read, write = os.pipe()
    process = subprocess.Popen(
        [ringload_binary(), "-d", "60s", "-c", "1", "--json", "--quiet",
         "--live-fd", str(write), url], stdout=subprocess.PIPE, text=True,
        pass_fds=[write])
    os.close(write)
    with os.fdopen(read) as live:
        assert live.readline()
    out, _ = process.communicate(timeout=PATIENCE)
    result = json.loads(out)
    assert result["partial"]
    assert "--live-fd" in result["partial_reason"]


# ---- objectives ----

def test_objectives(url):
    result = run_json("-c", 1, "-n", 50, "--slo", "p99<10s", "--slo",
                      "err<1%", url)
    assert result["passed"]
    assert [slo["passed"] for slo in result["slos"]] == [True, True]
    result = run_json("-c", 1, "-n", 50, "--slo", "p99<10s,p50<1us", url,
                      status=3)
    assert not result["passed"]
    assert [slo["passed"] for slo in result["slos"]] == [True, False]


def test_fail_if(url):
    run_json("-c", 1, "-n", 50, "--fail-if", "err>1%", url)
    run_json("-c", 1, "-n", 50, "--fail-if", "p50>1us", url, status=3)


def test_nothing_answered_is_a_failure():
    run("-n", 1, refused_url(), status=1)


# ---- its end ----

def interrupted(number, *signals):
    """Start a long test, send signals, return the process at its end."""
    def serve(connection):
        while read_head(connection):
            connection.sendall(ANSWER)
    with misbehaving(serve) as server:
        process = subprocess.Popen(
            [ringload_binary(), "-d", "60s", "-c", "2", "--json", server.url],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            assert process.stderr.readline()	# a second is over
            for number in signals:
                process.send_signal(number)
            out, _ = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    return process.returncode, out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_what_there_is(number):
    status, out = interrupted(number, number)
    assert status == 128 + number
    result = json.loads(out)
    assert result["partial"]
    assert result["partial_reason"] == "interrupted"
    assert result["requests"] > 0
    assert result["errors"] == 0


def test_one_that_stood_still_ends_when_it_is_told(url):
    """Requests are due in the moment that it sees the signal, and must not
    be given out for ever: about one in three did that."""
    processes = [subprocess.Popen(
        [ringload_binary(), "-R", "10", "-c", "2", "-t", "1", "-d", "60s",
         "--live-fd", "2", "--quiet", url], stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE) for _ in range(8)]
    try:
        for process in processes:
            process.stderr.readline()		# a second is over
        for process in processes:
            time.sleep(0.03)		# each in another moment
            process.send_signal(signal.SIGSTOP)
        time.sleep(0.3)			# some more are due
        for process in processes:
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGCONT)
        for process in processes:
            process.communicate(timeout=PATIENCE)
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert {process.returncode for process in processes} == {130}


def test_a_second_signal_ends_it_at_once(url):
    """While it waits for a name, say: here, for the 3 s of a warning."""
    process = subprocess.Popen(
        [ringload_binary(), "-n", "1", "--allow-target", "192.0.2.1",
         "http://192.0.2.1/"], stderr=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True)
    try:
        assert process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert process.returncode in (130, 143)
