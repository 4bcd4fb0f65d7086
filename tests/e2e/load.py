"""A little load: clients that ask again and again, and count what fails."""

import threading
import time

from conftest import PATIENCE, Client


class Load:
    """`new` clients with a connection a request, `kept` that keep theirs.

    A kept connection that the server closes between two requests is asked
    again on a new one, as RFC 9112 9.3.1 has clients do; `stale` counts
    these.
    """

    def __init__(self, server, new=3, kept=3, path="/", timeout=PATIENCE):
        self.address = ("127.0.0.1", server.port)
        self.path, self.timeout = path, timeout
        self.ok = self.stale = 0
        self.failed = []
        self.bodies = set()
        self.longest = 0.0
        self.stopping = False
        self.lock = threading.Lock()
        self.threads = [
            threading.Thread(target=self._run, args=(i < kept,), daemon=True)
            for i in range(new + kept)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        time.sleep(0.2)
        return self

    def __exit__(self, *_):
        self.stopping = True
        for thread in self.threads:
            thread.join(10)

    def _ask(self, client, keep):
        fields = {} if keep else {"Connection": "close"}
        response = client.request(self.path, headers=fields)
        if response.status != 200:
            raise ValueError("status %d" % response.status)
        return response

    def _one(self, client, keep):
        """Returns the connection for the next request, or None."""
        fresh = client is None
        try:
            client = client or Client(self.address, self.timeout)
            response = self._ask(client, keep)
        except (EOFError, ConnectionResetError, BrokenPipeError) as error:
            if client:
                empty = not client.buffer
                client.close()
                if not fresh and empty:
                    with self.lock:
                        self.stale += 1
                    return self._one(None, keep)
            raise error
        with self.lock:
            self.ok += 1
            self.bodies.add(response.body)
        if keep and response.headers.get("connection") != "close":
            return client
        client.close()
        return None

    def _run(self, keep):
        client = None
        while not self.stopping:
            begin = time.monotonic()
            try:
                client = self._one(client, keep)
            except (OSError, EOFError, ValueError) as error:
                client = None
                with self.lock:
                    self.failed.append(repr(error))
            self.longest = max(self.longest, time.monotonic() - begin)
            time.sleep(0.001)
        if client:
            client.close()
