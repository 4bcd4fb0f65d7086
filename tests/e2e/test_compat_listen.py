"""listen with a range of ports: each of them, and no more."""

import socket

import pytest

from conftest import Client, free_port

CONF = """
daemon off;
pid run.pid;
error_log error.log notice;
events { }
http {
    access_log off;
    server {
        listen %(listen)s;
        location / { return 200 "$server_port"; }
    }
}
"""


def free_ports(count):
    """The first of `count` ports in a row that nobody has."""
    while True:
        first = free_port()
        sockets = [socket.socket() for _ in range(count)]
        try:
            for i, s in enumerate(sockets):
                s.bind(("127.0.0.1", first + i))
            return first
        except (OSError, OverflowError):
            continue
        finally:
            for s in sockets:
                s.close()


@pytest.mark.parametrize("host", ["127.0.0.1:", "*:", ""])
def test_range(make, host):
    server = make()
    first = free_ports(4)
    server.write(CONF % {"listen": "%s%d-%d" % (host, first + 1, first + 2)})
    server.start()
    for port in (first + 1, first + 2):
        with Client(("127.0.0.1", port)) as client:
            assert client.request("/").body == b"%d" % port
    for port in (first, first + 3):
        with pytest.raises(ConnectionRefusedError):
            Client(("127.0.0.1", port))


@pytest.mark.parametrize("ports", ["8080-8079", "8080-", "-8080", "8080-x",
                                   "1-65536", "0-1"])
def test_not_a_range(make, ports):
    server = make()
    server.write(CONF % {"listen": "127.0.0.1:" + ports})
    result = server.command("-t")
    assert result.returncode == 1
    assert "invalid port in \"127.0.0.1:%s\"" % ports in result.stdout
