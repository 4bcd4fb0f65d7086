"""access_log gzip: the file is always one that gzip understands."""

import gzip

import pytest

from conftest import wait_for


def lines(server):
    try:
        return gzip.decompress((server.dir / "a.gz").read_bytes()).decode()
    except FileNotFoundError:
        return ""


def test_lines_are_compressed(start):
    server = start(http="log_format f '$uri';", server="""
        location / {
            access_log a.gz f gzip=9 buffer=1k flush=50ms;
            return 200;
        }""")
    for i in range(300):
        server.get("/%d" % i)
    wait_for(lambda: lines(server).count("\n") == 300)
    assert sorted(lines(server).split()) == sorted(
        "/%d" % i for i in range(300))


def test_the_rest_is_written_at_the_end(start):
    server = start(http="log_format f '$uri';", server="""
        location / { access_log a.gz f gzip; return 200; }""")
    server.get("/a")
    server.stop()
    assert lines(server) == "/a\n"


@pytest.mark.parametrize("text, message", [
    ("gzip=0", 'invalid compression level "0"'),
    ("gzip=10", 'invalid compression level "10"'),
    ("gzip; access_log a.gz combined buffer=32k",
     "already defined with conflicting parameters"),
])
def test_errors_are_named(make, text, message):
    server = make()
    server.write(server="access_log a.gz combined %s;" % text)
    assert message in server.command("-t").stdout
