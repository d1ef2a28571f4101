"""Several nodes on one PostgreSQL and one Redis: what one of them ended is over on all, whatever fails meanwhile.

USHER_LONG_FAULTS=1 runs each fault for minutes, USHER_SEED repeats a run.
"""
import os
import random
import statistics
import threading
import time
from contextlib import ExitStack, contextmanager

import pytest

from history.checker import check
from history.load import SETTINGS, Load
from support.postgres import Postgres
from support.redis import Redis, RedisCluster, RedisWithSentinel
from support.scenario import alive, assert_problem, dead, eventually, fresh_email
from support.usher import Server

LONG = os.environ.get("USHER_LONG_FAULTS") == "1"
SEED = int(os.environ.get("USHER_SEED") or random.SystemRandom().randrange(1_000_000))
# What the documents promise of a node that answers from memory: while all is well, and while polls alone carry changes.
REACH, REACH_BY_POLL = 0.1, 1.0


@contextmanager
def fleet_of(count, redis=Redis, **more):
    with ExitStack() as stack:
        postgres = stack.enter_context(Postgres())
        store = stack.enter_context(redis()) if redis else None
        settings = postgres.settings() | SETTINGS | ({"redis.url": store.url} if redis else {}) | more
        nodes = [stack.enter_context(Server(settings=dict(settings), timeout=30)) for _ in range(count)]
        if redis:
            for node in nodes:
                eventually(lambda: followed(node))  # noqa: B023
        yield postgres, store, nodes


@pytest.fixture(scope="module")
def fleet():
    with fleet_of(3) as made:
        yield made


@pytest.fixture(scope="module")
def nodes(fleet):
    return fleet[2]


def followed(node):
    return node.get("/health/ready").json["dependencies"]["redis"]["status"] == "ok"


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


def seconds_until_each(nodes, condition, began):
    """For each node how long after `began` the condition held first."""
    times, waiting = [], list(nodes)
    while waiting:
        assert time.monotonic() - began < 5, "never"
        for node in list(waiting):
            if condition(node):
                times.append(time.monotonic() - began)
                waiting.remove(node)
    return times


def show(what, seconds):
    ordered = sorted(s * 1000 for s in seconds)
    p99 = ordered[int(len(ordered) * 0.99)]
    print(f"{what}: median {statistics.median(ordered):.1f} ms, p99 {p99:.1f} ms, worst {ordered[-1]:.1f} ms, of {len(ordered)}")
    # The promise is 100 ms for 99 of 100; a busy machine may hold up any single one, but none beyond the trust limit.
    assert statistics.median(seconds) < REACH and max(seconds) < REACH_BY_POLL


class Busy:
    """Clients that keep the nodes at work: checks, refreshes and sign-ins of their own."""

    def __init__(self, nodes, clients=8):
        self.load = Load(nodes[0], SEED, clients, users=4, nodes=nodes,
                         mix={"check": 60, "me": 20, "refresh": 10, "login": 3, "logout": 1})

    def __enter__(self):
        return self.load.__enter__()

    def __exit__(self, *_):
        self.load.stop()


def test_what_one_node_ended_the_others_refuse_at_once(nodes):
    here, *there = nodes
    email, times = fresh_email("revoked"), []
    sign_up(nodes, email)
    with Busy(nodes):
        for _ in range(100):
            one = here.login(email)
            warm(nodes, one.access)
            began = time.monotonic()
            assert here.delete(f"/auth/sessions/{one.session}", token=one.access).status == 200
            times += seconds_until_each(there, lambda node: check_of(node, one.access) == 401, began)  # noqa: B023
            dead(there[-1], one, "logout")
    show("sign-out asked until refused on another node, under load", times)


def test_roles_and_disabled_accounts_are_obeyed_by_all(nodes):
    here, *there = nodes
    root, who = sign_up(nodes, fresh_email("root")), sign_up(nodes, fresh_email("who"))
    here.cli("user", "grant", root.email, "super_admin")
    roles, disabled = [], []
    for _ in range(20):
        warm(nodes, who.access)
        began = time.monotonic()
        assert here.post(f"/users/{who.user['id']}/roles", {"role": "support"}, token=root.access).status == 201
        roles += seconds_until_each(there, lambda node: check_of(node, who.access, "users:read") == 204, began)  # noqa: B023
        began = time.monotonic()
        assert here.delete(f"/users/{who.user['id']}/roles/support", token=root.access).status in (200, 204)
        roles += seconds_until_each(there, lambda node: check_of(node, who.access, "users:read") == 403, began)  # noqa: B023
        began = time.monotonic()
        assert here.post(f"/users/{who.user['id']}/disable", token=root.access).status < 300
        disabled += seconds_until_each(there, lambda node: check_of(node, who.access) == 401, began)  # noqa: B023
        assert_problem(there[0].get("/auth/me", token=who.access), 401, "account_disabled")
        assert here.post(f"/users/{who.user['id']}/enable", token=root.access).status < 300
        who = there[0].login(who.email)
    show("role given or taken until obeyed by another node", roles)
    show("account disabled until refused by another node", disabled)


def test_what_the_command_line_does_every_node_obeys_when_it_returns(nodes):
    who = sign_up(nodes, fresh_email("by-hand"))
    warm(nodes, who.access)
    nodes[0].cli("session", "revoke", who.email)
    seconds_until_each(nodes, lambda node: check_of(node, who.access) == 401, time.monotonic())
    for node in nodes:
        dead(node, who, "admin")


def test_a_refresh_token_has_one_successor_on_all_nodes(nodes):
    one = sign_up(nodes, fresh_email("tabs"))
    for _ in range(5):
        answers, threads = [], []
        for node in nodes * 8:
            threads.append(threading.Thread(target=lambda n=node: answers.append(n.refresh(one.refresh))))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {a.status for a in answers} == {200}
        assert len({a.json["refreshToken"] for a in answers}) == 1
        one.refresh = answers[0].json["refreshToken"]


def test_a_node_that_stood_still_believes_nothing_it_remembers(nodes):
    """SIGSTOP: its memory says that the session lives, and its clock that memory is old."""
    here, still = nodes[0], nodes[-1]
    one = sign_up(nodes, fresh_email("stopped"))
    for pause in (0.3, 1.5, 3.0):
        one = here.login(one.email)
        warm(nodes, one.access)
        still.process.send_signal(19)
        try:
            time.sleep(pause)
            assert here.delete(f"/auth/sessions/{one.session}", token=one.access).status == 200
            answers = []
            waiting = threading.Thread(target=lambda: answers.append(check_of(still, one.access)))  # noqa: B023
            waiting.start()
            time.sleep(REACH_BY_POLL)
        finally:
            still.process.send_signal(18)
        waiting.join()
        assert answers == [401], pause


def test_without_redis_the_polls_carry_everything():
    with fleet_of(2, redis=None) as (_, _, nodes):
        times = []
        one = sign_up(nodes, fresh_email("polled"))
        for _ in range(10):
            one = nodes[0].login(one.email)
            warm(nodes, one.access)
            began = time.monotonic()
            assert nodes[0].post("/auth/logout", token=one.access).status == 204
            # Nobody else is asked before the answer: when it comes, the others have polled.
            times += seconds_until_each(nodes[1:], lambda node: check_of(node, one.access) == 401, began)  # noqa: B023
        print(f"sign-out asked until refused on another node, without Redis: worst {max(times) * 1000:.0f} ms of {len(times)}")
        assert max(times) < REACH_BY_POLL


# ---- faults, under load, judged by the history

def redis_killed(postgres, redis, nodes):
    redis.kill()
    yield
    redis.start()


def redis_paused(postgres, redis, nodes):
    redis.freeze()
    yield
    redis.thaw()


def redis_flushed(postgres, redis, nodes):
    for _ in range(5):
        redis.cli("FLUSHALL")
        time.sleep(0.05)
    yield


def redis_read_only(postgres, redis, nodes):
    redis.cli("REPLICAOF", "127.0.0.1", "1")
    yield
    redis.cli("REPLICAOF", "NO", "ONE")


def redis_full(postgres, redis, nodes):
    redis.cli("CONFIG", "SET", "maxmemory", "1")
    yield
    redis.cli("CONFIG", "SET", "maxmemory", "0")


def postgres_restarted(postgres, redis, nodes):
    postgres.restart()
    yield


def postgres_paused(postgres, redis, nodes):
    postgres.freeze()
    yield
    postgres.thaw()


def node_killed(postgres, redis, nodes):
    port = nodes[-1].port
    nodes[-1].kill()
    yield
    nodes[-1].start(port)


def node_stopped(postgres, redis, nodes):
    nodes[-1].process.send_signal(19)
    yield
    nodes[-1].process.send_signal(18)


FAULTS = [redis_killed, redis_paused, redis_flushed, redis_read_only, redis_full, postgres_restarted, postgres_paused, node_killed,
          node_stopped]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_no_promise_is_broken_while(fleet, fault):
    assert_no_promise_is_broken(fleet, fault)


def assert_no_promise_is_broken(fleet, fault):
    postgres, redis, nodes = fleet
    rounds, seconds = (10, 5.0) if LONG else (1, 2.0)
    with Load(nodes[0], SEED, clients=16, users=8, nodes=nodes) as load:
        time.sleep(1.5)
        for _ in range(rounds):
            during = fault(postgres, redis, nodes)
            next(during)
            time.sleep(seconds)
            healed = time.monotonic()
            for _ in during:
                pass
            for node in nodes:
                eventually(lambda: node.get("/health/ready").status == 200 and followed(node), 20)  # noqa: B023
            recovery = time.monotonic() - healed
            time.sleep(1.0)
    load.final()
    violations = check(load.ops, load.audit(), reach=REACH_BY_POLL)
    counts = load.count()
    print(f"{fault.__name__}: {len(load.ops)} operations, {sum(n for k, n in counts.items() if k.endswith(':unknown'))} without a "
          f"certain answer, all is well again {recovery:.2f} s after its end; seed {SEED}")
    assert not violations, "\n".join(violations[:20])
    assert len(load.ops) > 300


def test_nobody_lost_a_session_after_all_that(nodes):
    one = sign_up(nodes, fresh_email("survivor"))
    assert all(alive(node, one) for node in nodes)


# ---- a master that sentinels choose, and a cluster

def failed_over(postgres, redis, nodes):
    redis.fail_over()
    yield
    redis.come_back()


def failed_over_to_a_replica_that_missed_something(postgres, redis, nodes):
    redis.fail_over(behind=0.5)
    yield
    redis.come_back()


def slot_moved(postgres, redis, nodes):
    redis.move()
    yield


def holder_paused(postgres, redis, nodes):
    redis.holder().freeze()
    yield
    redis.holder().thaw()


KINDS = {RedisWithSentinel: [failed_over, failed_over_to_a_replica_that_missed_something], RedisCluster: [slot_moved, holder_paused]}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_nor_with_sentinels_or_a_cluster(kind):
    with fleet_of(2, redis=kind) as fleet:
        for fault in KINDS[kind]:
            assert_no_promise_is_broken(fleet, fault)
