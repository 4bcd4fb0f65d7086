"""Viewers of the dashboard's live stream: server-sent events, WebSocket."""

import base64
import hashlib
import json
import os
import socket
import struct

from conftest import Client

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class NarrowClient(Client):
    """A connection that can receive little before it is read from."""

    def __init__(self, address, timeout=15.0):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(timeout)
        self.socket.connect(address)
        self.buffer = b""


class Stream:
    """A reader of /api/v1/stream; `status` and `headers` are the answer's."""

    def __init__(self, board, headers=None, version="1.1", client=Client):
        self.client = client(("127.0.0.1", board.port))
        fields = {"Host": "localhost", **(headers or {})}
        self.client.send(("GET /api/v1/stream HTTP/%s\r\n" % version + "".join(
            "%s: %s\r\n" % item for item in fields.items())
            + "\r\n").encode())
        lines = self.client.read_until(b"\r\n\r\n").decode().split("\r\n")
        self.status = int(lines[0].split(" ")[1])
        self.headers = {name.lower(): value.strip() for name, _, value in
                        (line.partition(":") for line in lines[1:])}
        self.chunked = self.headers.get("transfer-encoding") == "chunked"
        self.text = b""
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()

    def _more(self):
        """Some more of the body; sets `ended` at its proper end."""
        if not self.chunked:
            try:
                self.client._more()
            except EOFError:
                self.ended = True
            self.text += self.client.buffer
            self.client.buffer = b""
            return
        size = int(self.client.read_until(b"\r\n"), 16)
        self.text += self.client.read_bytes(size)
        assert self.client.read_bytes(2) == b"\r\n"
        self.ended = size == 0

    def event(self):
        """The next block of lines; None at the end."""
        while b"\n\n" not in self.text:
            if self.ended:
                assert not self.text
                return None
            self._more()
        block, _, self.text = self.text.partition(b"\n\n")
        return block.decode()

    def line(self):
        """The next frame as it was sent; None at the end."""
        while True:
            event = self.event()
            if event is None:
                return None
            if event == "retry: 1000":
                continue
            number, _, data = event.partition("\n")
            assert data.startswith("data: ") and "\n" not in data
            line = data[len("data: "):]
            assert number == "id: %d" % json.loads(line)["seq"]
            return line

    def frame(self):
        line = self.line()
        return line and json.loads(line)

    def frames_until(self, condition, count=15):
        """Frames up to one for which the condition holds."""
        frames = []
        for _ in range(count):
            frames.append(self.frame())
            if condition(frames[-1]):
                return frames
        raise AssertionError("not in %d frames: %r" % (count, frames[-1]))


class WebSocket:
    """A client of /api/v1/ws, written from RFC 6455."""

    def __init__(self, board, headers=None, version="1.1", behind=b"",
                 method="GET"):
        self.client = Client(("127.0.0.1", board.port))
        key = base64.b64encode(os.urandom(16))
        fields = {"Host": "localhost", "Upgrade": "websocket",
                  "Connection": "keep-alive, Upgrade",
                  "Sec-WebSocket-Version": "13",
                  "Sec-WebSocket-Key": key.decode(), **(headers or {})}
        self.client.send(("%s /api/v1/ws HTTP/%s\r\n" % (method, version) +
                          "".join("%s: %s\r\n" % item for item in
                                  fields.items() if item[1] is not None)
                          + "\r\n").encode() + behind)
        self.response = None
        head = self.client.read_until(b"\r\n\r\n")
        self.status = int(head.split(b" ")[1])
        if self.status != 101:
            self.client.buffer = head + b"\r\n\r\n" + self.client.buffer
            self.response = self.client.response()
            return
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        lines = head.split(b"\r\n")
        assert b"Sec-WebSocket-Accept: " + accept in lines
        assert b"Upgrade: websocket" in lines
        assert b"Connection: upgrade" in lines

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()

    def send(self, first, payload=b"", masked=True, length=None):
        """A frame: its first byte, its payload, and what length it says."""
        length = len(payload) if length is None else length
        bit = 0x80 if masked else 0
        if length < 126:
            head = struct.pack("!BB", first, bit | length)
        elif length < 65536:
            head = struct.pack("!BBH", first, bit | 126, length)
        else:
            head = struct.pack("!BBQ", first, bit | 127, length)
        if masked:
            mask = os.urandom(4)
            payload = mask + bytes(byte ^ mask[i % 4]
                                   for i, byte in enumerate(payload))
        self.client.send(head + payload)

    def receive(self):
        """The next frame: opcode and payload."""
        first, second = self.client.read_bytes(2)
        assert first & 0x80 and not first & 0x70 and not second & 0x80
        if second == 126:
            second, = struct.unpack("!H", self.client.read_bytes(2))
            assert second >= 126
        return first & 0x0f, self.client.read_bytes(second)

    def frame(self):
        """The next frame of the dashboard."""
        opcode, payload = self.receive()
        assert opcode == TEXT
        return json.loads(payload)

    def wait(self, opcode):
        """The payload of the next frame with this opcode."""
        while True:
            got, payload = self.receive()
            if got == opcode:
                return payload
            assert got == TEXT

    def closed(self):
        """The code it was closed with; nothing follows that."""
        code, = struct.unpack("!H", self.wait(CLOSE)[:2])
        assert self.client.read_all() == b""
        return code
