"""What the tests of the dashboard share: a server that has one, asked."""

import json

from conftest import Client, children, free_port, title, wait_for


class Board:
    """The dashboard of a server, on its own port."""

    def __init__(self, server, port):
        self.server, self.port = server, port

    def get(self, path="/", method="GET", headers=None, body=None):
        fields = {"Connection": "close"}
        fields.update(headers or {})
        client = Client(("127.0.0.1", self.port))
        with client:
            return client.request(path, method, fields, body)

    def json(self, path="/metrics"):
        response = self.get(path)
        assert response.status == 200, response.body
        return json.loads(response.body)

    def wait_total(self, count):
        """The snapshot once it holds `count` requests: it is exact."""
        def counted():
            snapshot = self.json()
            return snapshot["total_requests"] >= count and snapshot
        snapshot = wait_for(counted)
        assert snapshot["total_requests"] == count
        return snapshot

    def pid(self):
        """The process, 0 if there is none."""
        for pid in children(self.server.pid()):
            try:
                if title(pid).endswith(": dashboard process"):
                    return pid
            except OSError:
                continue
        return 0

    def wait_ready(self):
        wait_for(lambda: self.get("/healthz").status == 200)
        return self


def start_board(start, main="", block="", **parts):
    """Start a server with a dashboard; returns both."""
    port = free_port()
    main += " dashboard { listen 127.0.0.1:%d; %s }" % (port, block)
    server = start(main=main, **parts)
    return server, Board(server, port).wait_ready()
