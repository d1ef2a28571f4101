"""Nodes that cannot reach Redis, PostgreSQL, or either: packets vanish, nobody is refused or reset.

A node that cannot ask says so with 503. It never answers from memory for longer than is promised, and never says 401 for want
of an answer.
"""
import time

import pytest

from nodes.fleet import LONG, REACH_BY_POLL, all_is_well, assert_no_promise_is_broken, check_of, fleet_of, sign_up, wait_for, warm
from support.network import Network
from support.postgres import Postgres
from support.redis import Redis
from support.scenario import alive, assert_problem, dead, eventually, fresh_email


@pytest.fixture(scope="module")
def network():
    with Network(nodes=3) as made:
        yield made


@pytest.fixture(scope="module")
def fleet(network):
    with fleet_of(*network.servers(), postgres=lambda: Postgres(host=network.postgres), redis=lambda: Redis(host=network.redis),
                  **{"http.trusted_proxies": network.clients}) as made:
        yield made


@pytest.fixture(autouse=True)
def healed(network):
    yield
    network.heal()


def one_cut_from_redis(net):
    net.cut(net.nodes[0], net.redis)
    yield


def one_cut_from_postgres(net):
    net.cut(net.nodes[0], net.postgres)
    yield


def one_cut_from_both(net):
    net.cut(net.nodes[0], net.redis)
    net.cut(net.nodes[0], net.postgres)
    yield


def all_cut_from_redis(net):
    for node in net.nodes:
        net.cut(node, net.redis)
    yield


def one_deaf(net):
    """What it asks arrives and is done, and the answer vanishes."""
    net.swallow(net.redis, net.nodes[0])
    net.swallow(net.postgres, net.nodes[0])
    yield


def flapping(net):
    for away, back in ((0.3, 0.3), (0.7, 0.2), (1.2, 0.4)):
        net.cut(net.nodes[0], net.redis)
        net.cut(net.nodes[1], net.postgres)
        time.sleep(away)
        net.heal()
        time.sleep(back)
    yield


FAULTS = [one_cut_from_redis, one_cut_from_postgres, one_cut_from_both, all_cut_from_redis, one_deaf, flapping]


@pytest.mark.parametrize("cut", FAULTS, ids=lambda cut: cut.__name__)
def test_no_promise_is_broken_while(network, fleet, cut):
    def fault(postgres, redis, nodes):
        yield from cut(network)
        network.heal()

    fault.__name__ = cut.__name__
    assert_no_promise_is_broken(fleet, fault)


def answers_until(node, token, seconds):
    """(when it was asked, when it was answered, status) of checks, one after the other."""
    began, answers = time.monotonic(), []
    while (asked := time.monotonic() - began) < seconds:
        status = check_of(node, token)
        answers.append((asked, time.monotonic() - began, status))
    return answers


def held_and_ended(nodes):
    """Two sessions that every node holds in memory; the second is about to end. Whatever was cut before is healed."""
    wait_for(all_is_well, nodes)
    held = sign_up(nodes, fresh_email("cut-off"))
    ended = nodes[1].login(held.email)
    warm(nodes, held.access)
    warm(nodes, ended.access)
    return held, ended


def test_a_node_that_can_ask_nobody_says_503_after_a_second(network, fleet):
    nodes = fleet[2]
    held, ended = held_and_ended(nodes)
    network.cut(network.nodes[0], network.redis)
    network.cut(network.nodes[0], network.postgres)
    assert nodes[1].post("/auth/logout", token=ended.access).status == 204
    answers = answers_until(nodes[0], ended.access, REACH_BY_POLL + 0.2)
    believed = [asked for asked, _, status in answers if status == 204]
    assert max(believed, default=0) <= REACH_BY_POLL and 503 in {status for *_, status in answers} <= {204, 503}
    for path in ("/auth/check", "/auth/me", "/auth/sessions"):
        assert_problem(nodes[0].get(path, token=held.access), 503, "store_unavailable")
    assert_problem(nodes[0].refresh(held.refresh), 503, "store_unavailable")
    assert nodes[0].get("/health/ready").status == 503 and nodes[0].get("/health/live").status == 200
    assert alive(nodes[1], held)
    healed = time.monotonic()
    network.heal()
    eventually(lambda: check_of(nodes[0], held.access) == 204, 20)
    dead(nodes[0], ended, "logout")
    print(f"cut off: 204 until {max(believed, default=0):.2f} s after the sign-out, then 503, the first after "
          f"{max(done - asked for asked, done, _ in answers):.1f} s of waiting; healed after {time.monotonic() - healed:.1f} s")


def test_a_node_without_postgres_answers_from_memory_while_the_stream_tells_it_of_ends(network, fleet):
    nodes = fleet[2]
    held, ended = held_and_ended(nodes)
    network.cut(network.nodes[0], network.postgres)
    time.sleep(2 * REACH_BY_POLL)
    eventually(lambda: check_of(nodes[0], held.access) == check_of(nodes[0], ended.access) == 204, 5)
    assert nodes[1].delete("/auth/sessions?except=current", token=held.access).status == 200
    eventually(lambda: check_of(nodes[0], ended.access) == 503, REACH_BY_POLL)  # some milliseconds, on a processor of its own
    network.heal()
    eventually(lambda: check_of(nodes[0], held.access) == 204, 20)
    dead(nodes[0], ended, "logout_all")


@pytest.mark.skipif(not LONG, reason="skipped: takes half a minute, ./dev test --faults")
def test_what_never_reached_the_stream_is_obeyed_within_half_a_minute(network, fleet):
    """One node commits a sign-out that it cannot publish, and another hears the stream but cannot read what was committed."""
    nodes = fleet[2]
    _, ended = held_and_ended(nodes)
    network.cut(network.nodes[0], network.postgres)
    network.cut(network.nodes[1], network.redis)
    assert nodes[1].post("/auth/logout", token=ended.access).status == 204
    answers = answers_until(nodes[0], ended.access, 31)
    print(f"cut crosswise: 204 until {max(asked for asked, _, status in answers if status == 204):.1f} s after the sign-out")
    assert all(status == 503 for asked, _, status in answers if asked > 30)


@pytest.mark.skipif(not LONG, reason="skipped: takes half a minute, ./dev test --faults")
def test_a_node_that_is_cut_off_alone_is_left_out_after_half_a_minute(network, fleet):
    """As long as it may answer something from memory it may not be the only one; after that it is better asked no more."""
    nodes = fleet[2]
    wait_for(all_is_well, nodes)
    network.cut(network.nodes[0], network.postgres)
    cut = time.monotonic()
    answer = eventually(lambda: (answer := nodes[0].get("/health/serving")).status == 503 and answer, 40)
    assert answer.json == {"status": "unavailable"} and 28 < time.monotonic() - cut < 33
    assert nodes[1].get("/health/serving").status == 200
    network.heal()
    eventually(lambda: nodes[0].get("/health/serving").status == 200, 20)
