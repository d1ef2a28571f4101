"""A keep-alive HTTP/1.1 connection that can send without reading: two requests at once, or an answer that is never read."""
import json
import select
import socket
import struct


class NotSent(Exception):
    """Nobody listens: the request did not happen."""


class NoAnswer(Exception):
    """The request may have happened."""


class Wire:
    def __init__(self, node, timeout=20.0):
        self.node, self.timeout, self.socket, self.rest = node, timeout, None, b""

    def send(self, method, path, body=None, token=None, request_id=None, agent="history/1.0"):
        data = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"User-Agent: {agent}"]
        if request_id:
            lines.append(f"X-Request-Id: {request_id}")
        if token:
            lines.append(f"Authorization: Bearer {token}")
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
        message = "\r\n".join(lines).encode() + b"\r\n\r\n" + data
        if self.socket and select.select([self.socket], [], [], 0)[0]:
            self.close()  # the server ended it meanwhile
        if self.socket is None:
            try:
                self.socket = socket.create_connection((self.node.host, self.node.port), self.timeout)
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                raise NotSent from error
        try:
            self.socket.sendall(message)
        except OSError as error:
            self.close()
            raise NoAnswer from error

    def receive(self, head_only=False):
        """(status, headers, body); the body is JSON where it is one."""
        try:
            while b"\r\n\r\n" not in self.rest:
                self.read_more()
            head, _, self.rest = self.rest.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            size = 0 if head_only else int(headers.get("content-length", 0))
            while len(self.rest) < size:
                self.read_more()
            body, self.rest = self.rest[:size], self.rest[size:]
        except (OSError, ValueError) as error:
            self.close()
            raise NoAnswer from error
        if headers.get("connection", "").lower() == "close":
            self.close()
        return int(lines[0].split()[1]), headers, json.loads(body) if "json" in headers.get("content-type", "") and body else {}

    def read_more(self):
        data = self.socket.recv(65536)
        if not data:
            raise OSError("closed")
        self.rest += data

    def close(self, reset=False):
        if self.socket:
            if reset:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.socket.close()
        self.socket, self.rest = None, b""
