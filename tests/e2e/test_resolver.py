"""resolver: names in a proxy_pass with variables are looked up as the server
runs, once for all who want them, and no forged answer counts."""

import collections
import socket
import struct
import threading
import time

import pytest

from backend import Acceptor
from conftest import wait_for

A, CNAME, AAAA = 1, 5, 28


def labels(name):
    return b"".join(bytes([len(part)]) + part.encode()
                    for part in name.split(".")) + b"\0"


def message(query, code=0, records=(), truncated=False):
    """The answer to a query: records of (type, ttl, data)."""
    flags = 0x8180 | code | truncated << 9
    return query[:2] + struct.pack("!5H", flags, 1, len(records), 0, 0) + \
        query[12:] + b"".join(struct.pack(
            "!HHHIH", 0xc00c, kind, 1, ttl, len(data)) + data
            for kind, ttl, data in records)


def local(last=1, ttl=60):
    return A, ttl, bytes([127, 0, 0, last])


def same_port():
    """Sockets for both ways to ask, on a port that is free for both."""
    while True:
        listener = socket.create_server(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind(listener.getsockname())
            return udp, listener
        except OSError:
            listener.close()
            udp.close()


class NameServer:
    """`answer(name, type, query)` gives messages to be sent in their order;
    by TCP if by_tcp(...) is given."""

    def __init__(self, answer, by_tcp=None):
        self.answer, self.by_tcp = answer, by_tcp
        self.asked = collections.Counter()
        self.udp, listener = same_port()
        self.port = self.udp.getsockname()[1]
        self.tcp = Acceptor(self._stream, listener)
        threading.Thread(target=self._packets, daemon=True).start()

    def _ask(self, answer, query):
        at, parts = 12, []
        while query[at]:
            parts.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        kind = struct.unpack("!H", query[at + 1:at + 3])[0]
        self.asked[".".join(parts), kind] += 1
        return answer(".".join(parts), kind, query)

    def _packets(self):
        while True:
            query, peer = self.udp.recvfrom(4096)
            if not query:
                return
            self.peer = peer
            for packet in self._ask(self.answer, query):
                self.udp.sendto(packet, peer)

    def _stream(self, stream, _):
        query = stream.recv(4096)
        for answer in self._ask(self.by_tcp, query[2:]):
            stream.sendall(struct.pack("!H", len(answer)) + answer)
        self.tcp.forget(stream)

    def stop(self):
        self.udp.sendto(b"", ("127.0.0.1", self.port))
        self.tcp.stop()


@pytest.fixture
def nameserver():
    running = []

    def begin(*args):
        running.append(NameServer(*args))
        return running[-1]
    yield begin
    for server in running:
        server.stop()


@pytest.fixture
def site(start, backends):
    """A server that passes "/NAME" on to the host NAME."""
    def begin(*servers, more="", http=""):
        backend = backends()
        server = start(workers=1, level="info", http=http, server="""
            resolver %s ipv6=off %s;
            location ~ ^/(?<name>[^/]+) {
                proxy_connect_timeout 1s;
                add_header X-Asked $upstream_addr always;
                proxy_pass http://$name:%d;
            }""" % (" ".join("127.0.0.1:%d" % s.port for s in servers), more,
                    backend.port))
        server.backend_port = backend.port
        return server
    return begin


def test_names_are_looked_up_once(site, nameserver):
    dns = nameserver(lambda name, kind, query: [message(
        query, records=[local()])])
    server = site(dns)
    for name in ("a.example", "A.EXAMPLE", "a.example."):
        answer = server.get("/" + name)
        assert (answer.status, answer.body) == (200, b"ok")
        assert answer.headers["x-asked"] == "127.0.0.1:%d" % \
            server.backend_port
    assert dns.asked == {("a.example", A): 1}
    assert server.get("/127.0.0.1").status == 200	# needs no look-up
    assert dns.asked.total() == 1


@pytest.mark.parametrize("more, ttl, again", [
    ("", 0, 3), ("", 60, 1), ("valid=1h", 0, 1)])
def test_how_long_they_are_remembered(site, nameserver, more, ttl, again):
    dns = nameserver(lambda name, kind, query: [message(
        query, records=[local(ttl=ttl)])])
    server = site(dns, more=more)
    for _ in range(3):
        assert server.get("/a.example").status == 200
    assert dns.asked["a.example", A] == again


def test_forgotten_after_their_time(site, nameserver):
    dns = nameserver(lambda name, kind, query: [message(
        query, records=[local(ttl=3600)])])
    server = site(dns, more="valid=50ms")
    server.get("/a.example")
    wait_for(lambda: server.get("/a.example") and
             dns.asked["a.example", A] == 2)


def test_both_kinds_of_addresses(start, backends, nameserver):
    six = bytes(15) + b"\1"
    dns = nameserver(lambda name, kind, query: [message(query, records=[
        local() if kind == A else (AAAA, 60, six)])])
    server = start(workers=1, server="""
        resolver 127.0.0.1:%d;
        location ~ ^/(?<name>.+) {
            add_header X-Asked $upstream_addr always;
            proxy_pass http://$name:%d; }""" % (dns.port, backends().port))
    seen = {server.get("/b.example").headers["x-asked"].split(", ")[0][:3]
            for _ in range(2)}
    assert seen == {"127", "[::"}
    assert dns.asked == {("b.example", A): 1, ("b.example", AAAA): 1}


def test_several_addresses_in_turn(site, nameserver):
    """The next one is asked if one does not answer."""
    dns = nameserver(lambda name, kind, query: [message(
        query, records=[local(2), local(1)])])
    server = site(dns)
    answers = [server.get("/m.example").headers["x-asked"] for _ in range(2)]
    one, two = ("127.0.0.%d:%d" % (last, server.backend_port)
                for last in (1, 2))
    assert sorted(answers) == sorted([one, "%s, %s" % (two, one)])


def test_other_names(site, nameserver):
    """A name of a name, and one of itself."""
    names = {"w.example": "x.example", "loop.example": "loop.example"}

    def answer(name, kind, query):
        if name in names:
            return [message(query, records=[
                (CNAME, 60, labels(names[name]))])]
        return [message(query, records=[local()])]
    dns = nameserver(answer)
    server = site(dns)
    assert server.get("/w.example").status == 200
    assert server.get("/loop.example").status == 502
    assert "loop.example could not be resolved (3: Host not found)" in \
        server.log()
    assert dns.asked["loop.example", A] <= 10


def test_what_is_too_long_comes_by_tcp(site, nameserver):
    whole = [local(1)] * 200

    def by_tcp(name, kind, query):
        return [message(query, records=whole)] if name == "t.example" else []
    dns = nameserver(lambda name, kind, query: [message(
        query, truncated=True)], by_tcp)
    server = site(dns, more="; resolver_timeout 500ms")
    assert server.get("/t.example").status == 200
    assert server.get("/none.example").status == 502


@pytest.mark.parametrize("code, text", [
    (2, "Server failure"), (3, "Host not found"), (5, "Operation refused"),
    (0, "Host not found")])
def test_failures_are_told_and_not_remembered(site, nameserver, code, text):
    dns = nameserver(lambda name, kind, query: [message(query, code=code)])
    server = site(dns)
    for _ in range(2):
        assert server.get("/f.example").status == 502
    assert dns.asked["f.example", A] == 2
    assert "f.example could not be resolved (%d: %s), client: " % (
        code or 3, text) in server.log()


@pytest.mark.parametrize("name", [
    "a..b", "x" * 64, "x." * 128, "%00", "a%0ab", "a_%c3"])
def test_what_is_no_name_is_not_asked_for(site, nameserver, name):
    dns = nameserver(lambda *_: [])
    server = site(dns)
    assert server.get("/" + name).status in (400, 500, 502)
    assert not dns.asked


def test_who_does_not_answer(site, nameserver):
    dns = nameserver(lambda *_: [])
    server = site(dns, more="; resolver_timeout 200ms")
    begun = time.monotonic()
    assert server.get("/s.example").status == 502
    assert time.monotonic() - begun < 5
    assert "s.example could not be resolved (110: Operation timed out)" in \
        server.log()


def test_forged_answers_do_not_count(site, nameserver):
    """Another's number, name, kind or address, and what is torn."""
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    evil = [(A, 3600, bytes([127, 9, 9, 9]))]

    def answer(name, kind, query):
        stranger.sendto(message(query, records=evil), dns.peer)
        good = message(query, records=[local()])
        other = bytes([query[0] ^ 1]) + query[1:]
        return [
            message(other, records=evil),
            message(query[:12] + labels("evil.example") + query[-4:],
                    records=evil),
            message(query[:-3] + bytes([AAAA]) + query[-2:], records=evil),
            query, b"x", good[:-3],
            message(query, code=1, records=evil), good]
    dns = nameserver(answer)
    server = site(dns)
    answer = server.get("/v.example")
    assert answer.status == 200
    assert answer.headers["x-asked"].startswith("127.0.0.1:")
    stranger.close()


def test_many_wait_for_one_answer(site, nameserver):
    """And whoever asked first may go."""
    go = threading.Event()

    def answer(name, kind, query):
        go.wait(10)
        return [message(query, records=[local()])]
    dns = nameserver(answer)
    server = site(dns)
    clients = [server.connect() for _ in range(5)]
    for client in clients:
        client.send(b"GET /q.example HTTP/1.1\r\nHost: x\r\n\r\n")
    wait_for(lambda: dns.asked)
    clients.pop(0).close()
    wait_for(lambda: "prematurely closed" in server.log())
    go.set()
    for client in clients:
        assert client.response().body == b"ok"
        client.close()
    assert dns.asked.total() == 1


def test_groups_are_not_looked_up(site, nameserver, backends):
    dns = nameserver(lambda *_: [])
    server = site(dns, http="upstream u.example { server 127.0.0.1:%d; }" %
                  backends().port)
    server.write(workers=1, server="""
        resolver 127.0.0.1:%d;
        location ~ ^/(?<name>.+) { proxy_pass http://$name; }""" % dns.port,
        http="upstream u.example { server 127.0.0.1:%d; }" %
        backends().port)
    server.reload()
    assert server.get("/u.example").status == 200
    assert not dns.asked


@pytest.mark.parametrize("lines, message", [
    ("resolver;", "invalid number of arguments"),
    ("resolver valid=1s;", "no name servers defined"),
    ("resolver 127.0.0.1 valid=x;", "invalid parameter: valid=x"),
    ("resolver 127.0.0.1 ipv6=maybe;", "invalid parameter: ipv6=maybe"),
    ("resolver 127.0.0.1 ipv4=off ipv6=off;",
     '"ipv4" and "ipv6" cannot both be "off"'),
    ("resolver 127.0.0.1:0;", 'invalid port in resolver "127.0.0.1:0"'),
    ("resolver 127.0.0.1; resolver 127.0.0.1;",
     '"resolver" directive is duplicate'),
])
def test_mistakes_are_named(start, lines, message):
    server = start()
    server.write(http=lines)
    assert message in server.command("-t").stdout
