"""What listens on the port of a Redis that is gone, and answers commands by functions of the connection, in turn."""
import itertools
import os
import socketserver
import threading


def endless(link):
    link.sendall(b"*1000000000\r\n")
    for _ in range(20_000):  # gigabytes, unless the client goes away
        link.sendall(b"$1000\r\n%s\r\n" % (b"x" * 1000) * 100)


def says(reply):
    return lambda link: link.sendall(reply)


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            while self.request.recv(65536):
                self.server.asked += 1
                next(self.server.answers)(self.request)
        except OSError:
            pass


class FakeRedis(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    block_on_close = False
    GARBAGE = [lambda link: link.sendall(os.urandom(200)), endless, says(b":1\r\n"), says(b"+OK\r\n"), says(b"$-1\r\n"),
               says(b"*2\r\n$10\r\nhalf"), says(b"-WRONGTYPE of what?\r\n"), says(b"$-7\r\n"), says(b"*1\r\n*2\r\n$1\r\na\r\n:7\r\n"),
               says(b"*" * 5000), says(b":1\r\n" * 50)]

    def __init__(self, port, answers):
        super().__init__(("127.0.0.1", port), Handler)
        self.answers, self.asked, self.links = itertools.cycle(answers), 0, []

    def get_request(self):
        link, peer = super().get_request()
        self.links.append(link)
        return link, peer

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
        for link in self.links:
            try:
                link.shutdown(2)
            except OSError:
                pass
