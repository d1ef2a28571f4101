"""Redis is lost, full, hanging or wrong, under load: no promise is broken, for Redis is never the truth."""
import random
import socket
import time

import pytest

from faults.test_limits import resident_kib
from nodes.fleet import LONG, assert_no_promise_is_broken, check_of, fleet_of, sign_up
from support.fake_redis import FakeRedis
from support.redis import STATE, Redis, RedisCluster, RedisWithSentinel
from support.scenario import eventually, fresh_email
from support.slow_link import BehindSlowLink
from support.usher import Server


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


def epoch_of(redis):
    return redis.cli("HGET", STATE, "epoch")


def redis_evicts(postgres, redis, nodes):
    """Others' keys fill it, and it throws out any, again and again."""
    redis.cli("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
    redis.cli("CONFIG", "SET", "maxmemory", "6mb")
    epochs, rounds = {epoch_of(redis)}, 0
    with socket.create_connection((redis.host, redis.port)) as link:
        # Which keys go is chance.
        while rounds < 5 or (len(epochs) == 1 and rounds < 50):
            rounds += 1
            link.sendall(b"".join(b"SET other:%d %s\r\n" % (random.randrange(10**9), b"x" * 20_000) for _ in range(500)))
            done = b""
            while done.count(b"\n") < 500:
                done += link.recv(1 << 16)
            epochs.add(epoch_of(redis))
    assert len(epochs) > 1, "nothing of Usher's was evicted"
    yield
    redis.cli("CONFIG", "SET", "maxmemory", "0")
    redis.cli("FLUSHALL")


def redis_answers_garbage(postgres, redis, nodes):
    before = [resident_kib(node) for node in nodes]
    redis.kill()
    with FakeRedis(redis.port, FakeRedis.GARBAGE) as fake:
        yield
    redis.start()
    assert fake.asked > 5
    for node, kib in zip(nodes, before):
        assert resident_kib(node) < kib + 64 * 1024, "keeps what never ends"


def redis_never_answers(postgres, redis, nodes):
    """It accepts; nothing comes back."""
    redis.kill()
    with FakeRedis(redis.port, [lambda link: None]) as fake:
        yield
    redis.start()
    assert fake.asked > 2


FAULTS = [redis_killed, redis_paused, redis_flushed, redis_read_only, redis_full, redis_evicts, redis_answers_garbage,
          redis_never_answers]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_no_promise_is_broken_while(fleet, fault):
    assert_no_promise_is_broken(fleet, fault)


@pytest.mark.skipif(not LONG, reason="skipped: takes minutes, ./dev test --faults")
@pytest.mark.parametrize("fault", [redis_killed, redis_paused], ids=lambda fault: fault.__name__)
def test_nor_while_it_is_away_for_half_a_minute(fleet, fault):
    assert_no_promise_is_broken(fleet, fault, rounds=1, seconds=30.0)


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


class RedisBehindSlowLink(BehindSlowLink, Redis):
    @property
    def url(self):
        return f"redis://{self.host}:{self.link.port}"


def slow(postgres, redis, nodes):
    """Sometimes slower than a caller waits for it."""
    redis.link.delay = (0.05, 0.4)
    yield
    redis.link.delay = (0, 0)


KINDS = {RedisWithSentinel: [failed_over, failed_over_to_a_replica_that_missed_something], RedisCluster: [slot_moved, holder_paused],
         RedisBehindSlowLink: [slow]}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_nor_on_another_kind_of_redis(kind):
    with fleet_of(Server, Server, redis=kind) as fleet:
        for fault in KINDS[kind]:
            assert_no_promise_is_broken(fleet, fault)


def test_a_node_on_an_isolated_old_master_hears_by_polling():
    """What the others publish never reaches the Redis that it follows, which looks healthy."""
    def isolated_master(postgres, redis, nodes):
        yield

    with Redis() as old:
        def isolated(settings, **more):
            return Server(settings=settings | {"redis.url": old.url}, **more)

        with fleet_of(Server, Server, isolated) as fleet:
            assert_no_promise_is_broken(fleet, isolated_master)


def test_each_outage_is_told_once_and_so_is_its_end():
    """A second one within a minute was not, and then the last line of the log said that all was well."""
    with fleet_of(Server, Server, **{"log.level": "info"}) as (_, redis, nodes):
        one = sign_up(nodes, fresh_email("told"))

        def told(text):
            """After a session was read that the first node does not know yet."""
            check_of(nodes[0], nodes[1].login(one.email).access)
            return len([line for line in nodes[0].logged().splitlines() if text in line and "read from the database alone" in line])

        for turn in (1, 2):
            redis.kill()
            eventually(lambda: told('"level":"warn"') == turn, 15, 0.2)  # noqa: B023
            redis.start()
            eventually(lambda: told("Redis can be asked again") == turn, 15, 0.2)  # noqa: B023
        assert told('"level":"warn"') == 2
