"""A check that may be answered from memory takes no longer while something fails."""
import time
from contextlib import contextmanager
from functools import partial

import pytest

from nodes import test_partitions as partitions
from nodes import test_postgres_faults as of_postgres
from nodes import test_redis_faults as of_redis
from nodes.fleet import LONG, Busy, all_is_well, fleet_of, sign_up, wait_for, warm
from nodes.pace import Pace
from nodes.test_node_faults import node_killed, node_stopped
from support.network import Network
from support.postgres import Postgres
from support.redis import Redis
from support.scenario import fresh_email
from support.usher import Server

# Of waiting for the processor, which clients, nodes and stores share.
SLACK = 0.01
ROUNDS, SECONDS = (10, 2.0) if LONG else (1, 2.0)
FAULTS = [*of_redis.FAULTS, of_postgres.postgres_killed, of_postgres.postgres_paused, of_postgres.sessions_locked, node_killed,
                   node_stopped]
# Where checks may be answered from memory all the time; a node that is cut from both says 503 after a second.
CUTS = [partitions.one_cut_from_redis, partitions.one_cut_from_postgres, partitions.all_cut_from_redis]
# Of a cluster one after the other: a slot that has moved tells who holds it.
OWN = [({"redis": of_redis.RedisCluster}, of_redis.KINDS[of_redis.RedisCluster])]
OWN += [({"redis": kind}, [fault]) for kind, faults in of_redis.KINDS.items() if kind is not of_redis.RedisCluster for fault in faults]
OWN += [({"postgres": kind}, [fault]) for fault, kind in of_postgres.KINDS.items()]


@contextmanager
def steady(nodes):
    """A session that each node holds in memory, beside clients who keep them a little busy."""
    one = sign_up(nodes, fresh_email("steady"))
    with Busy(nodes, clients=2):
        yield one


@pytest.fixture(scope="module")
def held(fleet):
    with steady(fleet[2]) as one:
        yield one


def p99(answers):
    return sorted(took for took, _ in answers)[int(len(answers) * 0.99)]


def assert_pace_is_kept(fleet, one, fault):
    nodes, quiet, broken = fleet[2], [], []
    warm(nodes, one.access)
    with Pace(nodes[0], one.access) as pace:
        for _ in range(ROUNDS):
            wait_for(all_is_well, nodes)
            began = time.monotonic()
            time.sleep(SECONDS)
            broke, during = time.monotonic(), fault(*fleet)
            next(during)
            time.sleep(max(0.0, broke + SECONDS - time.monotonic()))
            quiet.append((began, broke))
            broken.append((broke, time.monotonic()))
            for _ in during:
                pass
    before, meanwhile = ([answer for window in windows for answer in pace.of(*window)] for windows in (quiet, broken))
    print(f"{fault.__name__}: p99 of checks {p99(before) * 1000:.2f} ms before, {p99(meanwhile) * 1000:.2f} ms meanwhile: "
          f"{p99(meanwhile) / p99(before):.2f} times, of {len(before)} and {len(meanwhile)}")
    assert {status for _, status in meanwhile} == {204} and len(meanwhile) > 200
    assert p99(meanwhile) < 2 * p99(before) + SLACK


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_checks_from_memory_keep_their_pace_while(fleet, held, fault):
    assert_pace_is_kept(fleet, held, fault)


def test_and_while_packets_vanish():
    with Network(nodes=3) as network:
        stores = {"postgres": partial(Postgres, host=network.postgres), "redis": partial(Redis, host=network.redis)}
        with fleet_of(*network.servers(), **stores, **{"http.trusted_proxies": network.clients}) as fleet, steady(fleet[2]) as one:
            for cut in CUTS:
                def fault(postgres, redis, nodes):
                    yield from cut(network)  # noqa: B023
                    network.heal()

                fault.__name__ = cut.__name__
                assert_pace_is_kept(fleet, one, fault)


@pytest.mark.parametrize(("stores", "faults"), OWN, ids=lambda one: "-".join(fault.__name__ for fault in one) if isinstance(one, list) else "")
def test_and_on_stores_of_another_kind_while(stores, faults):
    with fleet_of(Server, Server, **stores) as fleet, steady(fleet[2]) as one:
        for fault in faults:
            assert_pace_is_kept(fleet, one, fault)
