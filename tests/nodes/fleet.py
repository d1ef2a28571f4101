"""Several nodes on one PostgreSQL and one Redis, and the judgement of what they do while something fails.

USHER_LONG_FAULTS=1 runs each fault for minutes, USHER_SEED repeats a run.
"""
import os
import random
import threading
import time
from contextlib import ExitStack, contextmanager

from history.checker import check
from history.load import SETTINGS, Load
from nodes.reach import Share
from support.postgres import Postgres
from support.redis import Redis
from support.scenario import eventually, followed
from support.usher import Server

LONG = os.environ.get("USHER_LONG_FAULTS") == "1"
SEED = int(os.environ.get("USHER_SEED") or random.SystemRandom().randrange(1_000_000))
# What the documents promise of a node that answers from memory, while polls alone carry changes.
REACH_BY_POLL = 1.0
# What a node logs when its database has lost what was committed.
ENDED_AGAIN = "sessions were ended again"


@contextmanager
def fleet_of(*servers, redis=Redis, postgres=Postgres, **more):
    """`servers` are called with their settings, as Server is; `redis` may be None."""
    with ExitStack() as stack:
        database = stack.enter_context(postgres())
        store = stack.enter_context(redis()) if redis else None
        settings = database.settings() | SETTINGS | ({"redis.url": store.url} if redis else {}) | more
        nodes = [stack.enter_context(server(settings=dict(settings), timeout=30)) for server in servers]
        if redis:
            wait_for(followed, nodes, 5)
        yield database, store, nodes


def wait_for(condition, nodes, seconds=20):
    """Until it holds of each."""
    eventually(lambda: all(map(condition, nodes)), seconds)


def all_is_well(node):
    return node.get("/health/ready").status == 200 and followed(node)


def sign_up(nodes, email):
    """The code may be in any node's development mailbox."""
    first = nodes[0]
    assert first.register(email).status == 201
    holder = eventually(lambda: next((node for node in nodes if node.mails(email)), None))
    answer = first.post("/auth/verify-email", {"email": email, "otp": holder.code(email)})
    assert answer.status == 200, answer.body
    return first.login(email)


def check_of(node, token, permission=""):
    return node.get("/auth/check" + (f"?permission={permission}" if permission else ""), token=token).status


def warm(nodes, token):
    """Until each node answers from memory."""
    for node in nodes:
        assert [check_of(node, token) for _ in range(3)] == [204] * 3


class Busy:
    """Clients that keep the nodes at work: checks, refreshes and sign-ins of their own. With `share` they rest as long as it takes for
    the processors to be no busier than that, by all who use them."""

    def __init__(self, nodes, clients=8, share=None):
        self.load = Load(nodes[0], SEED, clients, users=4, nodes=nodes,
                         mix={"check": 60, "me": 20, "refresh": 10, "login": 3, "logout": 1})
        self.share, self.done = share, threading.Event()

    def __enter__(self):
        self.load.__enter__()
        if self.share:
            self.load.rest = 0.005
            self.thread = threading.Thread(target=self.adapt, daemon=True)
            self.thread.start()
        return self.load

    def adapt(self):
        while not self.done.is_set():
            with Share() as share:
                self.done.wait(0.3)
            self.load.rest *= min(2.0, max(0.5, share.of_all / self.share))

    def __exit__(self, *_):
        self.done.set()
        self.load.stop()


def assert_no_promise_is_broken(fleet, fault, mix=None, rounds=10 if LONG else 1, seconds=5.0 if LONG else 2.0):
    """A fault is a generator: it breaks something, yields, and heals it. It is injected under load, and the whole history judged."""
    postgres, redis, nodes = fleet
    with Load(nodes[0], SEED, clients=16, users=8, nodes=nodes, mix=mix) as load:
        time.sleep(1.5)
        for _ in range(rounds):
            during = fault(postgres, redis, nodes)
            next(during)
            time.sleep(seconds)
            healed = time.monotonic()
            for _ in during:
                pass
            wait_for(all_is_well, nodes)
            recovery = time.monotonic() - healed
            time.sleep(1.0)
        eventually(lambda: len(load.ops) > 300, 55)  # on a busy machine
    load.final()
    violations = check(load.ops, load.audit(), reach=REACH_BY_POLL)
    counts = load.count()
    print(f"{fault.__name__}: {len(load.ops)} operations, {sum(n for k, n in counts.items() if k.endswith(':unknown'))} without a "
          f"certain answer, all is well again {recovery:.2f} s after its end; seed {SEED}")
    assert not violations, "\n".join(violations[:20])
    assert not any(ENDED_AGAIN in node.logged() for node in nodes), "nothing that was committed is lost by any of these faults"
    return load
