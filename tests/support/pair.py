"""Two nodes on one store that look to a scenario like one server: each call goes to the other node than the call before.

    with Pair(settings=store) as usher: ...   # store: of one PostgreSQL and one Redis
"""
import itertools
import time

from support.scenario import eventually, followed
from support.together import Together
from support.usher import Client, Server

# What one node did the other hears of in a few milliseconds, on a busy machine in some more (docs/reliability.md).
HEARD = 0.025


class Pair(Client, Together):
    def __init__(self, settings, **more):
        self.settings = settings  # of both: what a test changes holds for both after a restart
        self.nodes = [Server(settings=settings, **more) for _ in range(2)]
        self._turns = itertools.count()

    def begin(self, stack):
        for node in self.nodes:
            stack.enter_context(node)
        self.wait_for_redis()

    def wait_for_redis(self):
        """Until each node hears of changes by it, not by polls alone."""
        eventually(lambda: all(map(followed, self.nodes)), 10)

    @property
    def next_node(self):
        return self.nodes[next(self._turns) % 2]

    def call(self, method, *words, **more):
        answer = self.next_node.call(method, *words, **more)
        if method != "GET" and answer.status < 300:
            time.sleep(HEARD)
        return answer

    # For raw sockets, and for start() as a scenario writes it.
    @property
    def port(self):
        return self.next_node.port

    # A mail lies in the development mailbox of the node that sent it.
    def mails(self, to):
        return sorted((mail for node in self.nodes for mail in node.mails(to)), key=lambda mail: mail["sentAt"], reverse=True)

    def cli(self, *words, **more):
        done = self.nodes[0].cli(*words, **more)
        time.sleep(HEARD)
        return done

    def logged(self):
        return "".join(node.logged() for node in self.nodes)

    def start(self, _=0):
        for node in self.nodes:
            node.start(node.port)
        self.wait_for_redis()

    def stop(self):
        return max(node.stop() for node in self.nodes)

    def kill(self):
        return max(node.kill() for node in self.nodes)

    # Both are down before one of them starts: what only memory knew is gone.
    def restart(self):
        self.stop()
        self.start()
