"""The limit of connections: idle ones make room for new ones, busy ones
stay. Guards against a server that is full of clients who want nothing."""

CONF = """
worker_processes 1;
daemon off;
pid run.pid;
error_log error.log notice;
events { worker_connections 40; }
http {
    access_log off;
    server { listen 127.0.0.1:%%PORT%%; root html; limit_rate $RATE; }
}
"""


def test_the_oldest_idle_connection_is_closed(make):
    server = make()
    server.write(CONF.replace("$RATE", "0"))
    server.file("f", "x")
    server.start()
    clients = []
    for _ in range(100):
        clients.append(server.connect())
        assert clients[-1].request("/f").body == b"x"
    assert clients[-1].request("/f").body == b"x"
    assert clients[-5].request("/f").body == b"x"
    assert clients[0].read_all() == b""
    for client in clients:
        client.close()


def test_busy_connections_stay(make):
    server = make()
    server.bad_lines_expected = True	# it says that they are not enough
    server.write(CONF.replace("$RATE", "200k"))
    server.file("f", "x" * 600000)
    server.start()
    busy = [server.connect() for _ in range(10)]
    for client in busy:
        client.send(b"GET /f HTTP/1.1\r\nHost: x\r\n\r\n")
        client.read_until(b"\r\n\r\n")
    idle = [server.connect() for _ in range(100)]
    for client in busy:
        assert len(client.read_bytes(600000)) == 600000
    for client in busy + idle:
        client.close()
    assert server.get("/f").status == 200
