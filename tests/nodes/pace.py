"""A client that asks for one session at a steady pace; in a process of its own, for the threads of the test would hold it up.

    with Pace(node, token) as pace: …
    pace.of(began, ended)  # of each request that was sent between the two: seconds until the answer, and its status
"""
import json
import select
import socket
import subprocess
import sys
import time

A_SECOND = 400


class Pace:
    def __init__(self, node, token):
        self.words = ["/usr/bin/python3", __file__, node.host, str(node.port), token]

    def __enter__(self):
        self.process = subprocess.Popen(self.words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_):
        out, _ = self.process.communicate(timeout=30)
        self.answers = json.loads(out)

    def of(self, began, ended):
        return [(took, status) for sent, took, status in self.answers if began <= sent < ended]


def run(host, port, token):
    link = socket.create_connection((host, int(port)))
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    request = f"GET /auth/check HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    answers, due = [], time.monotonic()
    while not select.select([sys.stdin], [], [], max(0, due - time.monotonic()))[0]:
        sent = time.monotonic()
        link.sendall(request)
        answer = link.recv(65536)
        answers.append((sent, time.monotonic() - sent, int(answer[9:12])))
        due = max(due + 1 / A_SECOND, time.monotonic())
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    run(*sys.argv[1:])
