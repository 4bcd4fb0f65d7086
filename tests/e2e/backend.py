"""A server behind the proxy that answers whatever a test tells it to."""

import contextlib
import socket
import threading

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Request:
    """What the backend was sent: first line, headers (lower case), body."""

    def __init__(self, head, connection):
        lines = head.decode("latin-1").split("\r\n")
        self.head = head
        self.line = lines[0]
        self.method, self.uri, self.version = lines[0].split(" ")
        self.fields = [tuple(line.split(": ", 1)) for line in lines[1:]]
        self.headers = {name.lower(): value for name, value in self.fields}
        self.body = b""
        self.connection = connection	# its number

    def __repr__(self):
        return "%s %r %r" % (self.line, self.headers, self.body)


class Acceptor:
    """Listens, on a port of its own unless `listener` is given, and calls
    `serve(connection, number)` in a thread for each connection."""

    def __init__(self, serve, listener=None):
        self.serve = serve
        self.listener = listener or socket.create_server(
            ("127.0.0.1", 0), backlog=1024)
        address = self.listener.getsockname()
        self.port = None if isinstance(address, str) else address[1]
        self.accepted, self.sockets = 0, set()
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.accepted += 1
                self.sockets.add(connection)
                number = self.accepted
            threading.Thread(target=self._run, args=(connection, number),
                             daemon=True).start()

    def _run(self, connection, number):
        with contextlib.suppress(OSError):
            self.serve(connection, number)

    def forget(self, connection):
        with self.lock:
            self.sockets.discard(connection)
        connection.close()

    def hang_up(self):
        """Close all connections that are open."""
        with self.lock:
            for connection in self.sockets:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def stop(self):
        # close() alone does not wake accept()
        with contextlib.suppress(OSError):	# a second time
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)
        self.hang_up()


def unix_listener(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(64)
    return listener


class Backend(Acceptor):
    """`answer(request, socket)` is called in a thread for each request. What
    it returns is sent, unless it is None; False closes the connection.
    `close` says that each is closed after an answer."""

    def __init__(self, answer=lambda *_: OK, close=False, read_body=True,
                 path=None):
        self.answer, self.close_each = answer, close
        self.read_body = read_body
        self.requests = []
        super().__init__(self._serve, path and unix_listener(path))

    @property
    def connections(self):
        return self.accepted

    def _body(self, request, connection, rest):
        if request.headers.get("transfer-encoding") == "chunked":
            while not rest.endswith(b"0\r\n\r\n"):
                rest += connection.recv(65536)
            return rest
        size = int(request.headers.get("content-length", 0))
        while len(rest) < size:
            data = connection.recv(65536)
            if not data:
                break
            rest += data
        return rest

    def _one(self, connection, number):
        head = b""
        while b"\r\n\r\n" not in head:
            data = connection.recv(65536)
            if not data:
                return False
            head += data
        head, _, rest = head.partition(b"\r\n\r\n")
        request = Request(head, number)
        if self.read_body:
            request.body = self._body(request, connection, rest)
        with self.lock:
            self.requests.append(request)
        answer = self.answer(request, connection)
        if answer:
            connection.sendall(answer)
        return answer is not False and not self.close_each

    def _serve(self, connection, number):
        connection.settimeout(10)
        try:
            while self._one(connection, number):
                pass
        finally:
            self.forget(connection)
