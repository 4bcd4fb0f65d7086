"""Which server a host is for. Guards against a wrong priority: exact, the
longest wildcard at the start, then at the end, regular expressions in order,
the default server; and against hosts that are compared as they came."""

import pytest

from conftest import Server

CONF = r"""
worker_processes 1;
daemon off;
pid run.pid;
error_log error.log notice;
events { }
http {
    access_log off;
    server { listen 127.0.0.1:%%PORT%%; server_name first;
             return 200 first; }
    server { listen 127.0.0.1:%%PORT%% default_server; server_name _;
             return 200 default; }
    server { listen 127.0.0.1:%%PORT%%;
             server_name exact.example EXACT2.example; return 200 exact; }
    server { listen 127.0.0.1:%%PORT%%; server_name *.example;
             return 200 star; }
    server { listen 127.0.0.1:%%PORT%%; server_name *.sub.example;
             return 200 longer; }
    server { listen 127.0.0.1:%%PORT%%; server_name www.*;
             return 200 www; }
    server { listen 127.0.0.1:%%PORT%%; server_name www.a.*;
             return 200 www-a; }
    server { listen 127.0.0.1:%%PORT%%; server_name .dot.org;
             return 200 dot; }
    server { listen 127.0.0.1:%%PORT%%; server_name ~^re[0-9]+\.x$;
             return 200 regex; }
    server { listen 127.0.0.1:%%PORT%%; server_name ~^re;
             return 200 regex2; }
    server { listen 127.0.0.1:%%PORT%%; server_name 127.0.0.1 [::1];
             return 200 address; }
    server { listen 127.0.0.1:%%PORT%%; server_name "";
             return 200 none; }
}
"""


@pytest.fixture(scope="module")
def shared(binary):
    server = Server(binary)
    server.write(CONF)
    yield server.start()
    server.finish()


@pytest.mark.parametrize("host,body", [
    ("exact.example", "exact"), ("EXACT.Example", "exact"),
    ("exact2.example", "exact"), ("exact.example.", "exact"),
    ("exact.example:99", "exact"), ("a.example", "star"),
    ("a.b.example", "star"), ("sub.example", "star"),
    ("a.sub.example", "longer"), ("b.a.SUB.example", "longer"),
    ("example", "default"), ("www.x", "www"), ("www.example", "star"),
    ("www.a.x", "www-a"), ("www.a", "www"), ("www", "default"),
    ("dot.org", "dot"), ("a.dot.org", "dot"), ("xdot.org", "default"),
    ("re1.x", "regex"), ("RE12.X", "regex"), ("re1.y", "regex2"),
    ("127.0.0.1", "address"), ("[::1]:80", "address"), ("first", "first"),
    ("other", "default"), ("_", "default"),
])
def test_priority(shared, host, body):
    answer = shared.get("/", headers={"Host": host})
    assert answer.body.decode() == body


@pytest.mark.parametrize("host", ["a..b", "a/b", "a b", "a:b", "a:99999",
                                  "[::1", "a@b", ".", "a\\b"])
def test_bad_hosts(shared, host):
    assert shared.get("/", headers={"Host": host}).status == 400


def test_a_host_in_the_target_counts(shared):
    answer = shared.get("http://exact.example/", headers={"Host": "first"})
    assert answer.body == b"exact"


def test_without_a_host(shared):
    assert shared.raw(b"GET / HTTP/1.0\r\n\r\n").endswith(b"none")
    answer = shared.raw(b"GET / HTTP/1.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_two_hosts_are_refused(shared):
    answer = shared.raw(b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_a_name_with_a_dot_in_front_is_shown_without(start):
    server = start(server="server_name .example.com; return 200 "
                          "$server_name;")
    assert server.get("/").body == b"example.com"
