"""The PROXY protocol in: what a proxy says of its client is told, and
whoever does not begin with it is sent away."""

import struct
import time

import pytest

from conftest import wait_for

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
TCP4 = b"PROXY TCP4 192.0.2.1 192.0.2.2 123 5678\r\n"
HTTP = """
    server {
        listen 127.0.0.1:%%PORT%% proxy_protocol;
        location / {
            return 200 "$proxy_protocol_addr $proxy_protocol_port
$proxy_protocol_server_addr $proxy_protocol_server_port $remote_addr";
        }
        location /tlv {
            return 200 "$proxy_protocol_tlv_alpn $proxy_protocol_tlv_0x01
$proxy_protocol_tlv_0xAE $proxy_protocol_tlv_ssl_verify
$proxy_protocol_tlv_ssl_cn $proxy_protocol_tlv_none
$proxy_protocol_tlv_0x100 $proxy_protocol_tlv_ssl_0x21";
        }
        %s
    }"""
CONF = "events { }\ndaemon off;\npid run.pid;\nerror_log error.log info;\n" \
    "worker_processes 1;\nhttp {\n    access_log off;\n%s\n}\n"
GET = b"GET %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"


@pytest.fixture
def proxied(make):
    def new(more=""):
        server = make()
        server.write(CONF % HTTP.replace("%s", more))
        return server.start()
    return new


def binary(rest, command=0x21, family=0x11):
    return SIGNATURE + struct.pack(">BBH", command, family, len(rest)) + rest


IPV4 = bytes([192, 0, 2, 1, 192, 0, 2, 2]) + struct.pack(">HH", 123, 5678)


def told(server, header, path=b"/"):
    answer = server.raw(header + GET % path)
    assert answer.startswith(b"HTTP/1.1 200 "), (header, answer)
    return answer.partition(b"\r\n\r\n")[2].decode().split()


def test_both_versions_are_understood(proxied):
    server = proxied()
    ipv4 = ["192.0.2.1", "123", "192.0.2.2", "5678", "127.0.0.1"]
    assert told(server, TCP4) == ipv4
    assert told(server, binary(IPV4)) == ipv4
    assert told(server, b"PROXY TCP6 2001:DB8::1 ::2 123 5678\r\n") == \
        ["2001:db8::1", "123", "::2", "5678", "127.0.0.1"]
    for unknown in (b"PROXY UNKNOWN\r\n", b"PROXY UNKNOWN 1 2 3 4\r\n",
                    binary(b"", command=0x20), binary(b"abcd", family=0x31)):
        assert told(server, unknown) == ["127.0.0.1"]


def test_tlvs(proxied):
    def tlv(kind, value):
        return struct.pack(">BH", kind, len(value)) + value
    server = proxied()
    ssl = struct.pack(">BI", 1, 255) + tlv(0x21, b"TLSv1.3") + \
        tlv(0x22, b"name")
    header = binary(IPV4 + tlv(1, b"h2") + tlv(0xae, b"own") +
                    tlv(0x20, ssl))
    assert told(server, header, b"/tlv") == \
        ["h2", "h2", "own", "255", "name", "TLSv1.3"]
    assert 'unknown PROXY protocol TLV "none"' in server.log()
    assert told(server, TCP4, b"/tlv") == []
    # One that is longer than all of them.
    assert told(server, binary(IPV4 + b"\1\xff\xffx"), b"/tlv") == []
    assert "broken PROXY protocol TLV" in server.log()


def test_it_comes_once_and_in_any_pieces(proxied):
    server = proxied()
    for header in (TCP4, binary(IPV4)):
        with server.connect() as client:
            for i in range(len(header)):
                client.send(header[i:i + 1])
            for _ in range(3):
                assert client.request("/").body.split()[0] == b"192.0.2.1"


def test_it_may_come_long_before_the_request(proxied):
    server = proxied()
    with server.connect() as client:
        client.send(TCP4)
        time.sleep(0.2)		# the connection idles without a coroutine
        assert client.request("/").body.split()[0] == b"192.0.2.1"


@pytest.mark.parametrize("data, message", [
    (b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n",
     'broken header: "GET /x HTTP/1.1" while reading PROXY protocol, '
     "client: 127.0.0.1, server: 127.0.0.1:"),
    (b"PROXY TCP4 1.2.3.4 x 1 2\r\n", 'broken header: "PROXY TCP4 1.2.3.4 x'),
    (b"PROXY " + b"a" * 200, 'broken header: "PROXY aaaa'),
    (SIGNATURE + b"\x31\x11\0\0", "unknown PROXY protocol version: 3"),
    (SIGNATURE + b"\x21\x11\xff\xff", "header is too large while reading"),
    (binary(b"abc"), 'broken header: ""'),
    (b"\x16\x03\x01\x02", "broken header: "),
])
def test_anything_else_is_refused(proxied, data, message):
    server = proxied()
    assert server.raw(data) == b""
    wait_for(lambda: message in server.log())


def test_a_header_that_does_not_come_is_not_waited_for(proxied):
    server = proxied("client_header_timeout 300ms;")
    for part in (b"", b"PROXY TCP4 192.", SIGNATURE):
        with server.connect() as client:
            client.send(part)
            started = time.monotonic()
            assert client.read_all() == b""
            assert time.monotonic() - started < 4


def test_reload_may_change_it(make):
    server = make()
    server.write(server="location / { return 200 $proxy_protocol_addr.; }")
    server.start()
    assert server.get("/").body == b"."
    server.write(CONF % HTTP.replace("%s", ""))
    server.reload(workers=1)
    assert told(server, TCP4)[0] == "192.0.2.1"
