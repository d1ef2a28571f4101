"""Ports for the servers that the tests start.

They lie below those that the kernel gives to outgoing connections and to listeners on port 0, so that none of these takes one
between its choice and its use. A process never gets the same one twice.
"""
import contextlib
import random
import socket

untried = random.sample(range(10000, 32000), 22000)


def free_port():
    while True:
        port = untried.pop()
        with contextlib.suppress(OSError), socket.socket() as one:
            one.bind(("", port))
            return port
