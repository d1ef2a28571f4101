"""A node is killed, stopped, restarted, or its clock is wrong, under load: the others go on, and nobody is signed out."""
import random
import time

import pytest

from faults.fake_clock import HOUR, YEAR, ClockServer
from history.checker import UNKNOWN
from history.load import MIX
from history.run import READY_WITHIN
from nodes.fleet import LONG, SEED, all_is_well, assert_no_promise_is_broken, check_of, fleet_of, sign_up
from support.scenario import alive, assert_problem, eventually, fresh_email
from support.usher import Server


def node_killed(postgres, redis, nodes):
    port = nodes[-1].port
    nodes[-1].kill()
    yield
    nodes[-1].start(port)


def node_stopped(postgres, redis, nodes):
    nodes[-1].process.send_signal(19)
    yield
    nodes[-1].process.send_signal(18)


@pytest.mark.parametrize("fault", [node_killed, node_stopped], ids=lambda fault: fault.__name__)
def test_no_promise_is_broken_while(fleet, fault):
    assert_no_promise_is_broken(fleet, fault)


def test_nodes_are_killed_again_and_again(fleet):
    """At random points of whatever they do; each serves again within two seconds."""
    random_ = random.Random(SEED)

    def nodes_killed(postgres, redis, nodes):
        for _ in range(500 if LONG else 15):
            time.sleep(random_.random() * 0.3)
            node = random_.choice(nodes)
            port = node.port
            node.kill()
            began = time.monotonic()
            node.start(port)
            assert time.monotonic() - began < READY_WITHIN
        yield

    assert_no_promise_is_broken(fleet, nodes_killed, rounds=1)


def test_a_rolling_restart_costs_nothing_but_the_connections_of_the_node_that_stops(fleet):
    _, _, nodes = fleet
    away = []  # (port, from, until)

    def rolling_restart(postgres, redis, nodes):
        for node in nodes:
            began = time.monotonic()
            assert node.stop() == 0, f"SIGTERM: exit status {node.process.returncode}"
            node.start(node.port)
            eventually(lambda: all_is_well(node), 20)  # noqa: B023
            away.append((node.port, began, time.monotonic()))
        yield

    patient = {what: weight for what, weight in MIX.items() if not what.startswith("lost")}
    load = assert_no_promise_is_broken(fleet, rolling_restart, patient)
    uncertain = [op for op in load.ops if op.outcome == UNKNOWN]
    elsewhere = [op for op in uncertain if not any(port == op.port and op.invoke < until and op.complete > since
                                                   for port, since, until in away)]
    print(f"rolling restart: {len(uncertain)} requests without an answer by the node that stopped, {len(elsewhere)} elsewhere; "
          f"{load.unsent} found nobody listening")
    assert len(away) >= len(nodes) and not elsewhere, "\n".join(map(str, elsewhere[:20]))


def test_everything_is_restarted_and_nobody_is_signed_out(fleet):
    def everything_restarted(postgres, redis, nodes):
        for node in nodes:
            node.stop()
        postgres.restart()
        redis.kill()
        redis.start()
        for node in nodes:
            node.start(node.port)
        yield

    assert_no_promise_is_broken(fleet, everything_restarted)


def test_nobody_lost_a_session_after_all_that(fleet):
    nodes = fleet[2]
    one = sign_up(nodes, fresh_email("survivor"))
    assert all(alive(node, one) for node in nodes)


@pytest.mark.parametrize("seconds", [HOUR, -HOUR, YEAR, -YEAR, 90, -90] if LONG else [HOUR])
def test_a_node_whose_clock_jumps_says_so_and_signs_nobody_out(seconds):
    def clock_jumps(postgres, redis, nodes):
        wrong = nodes[-1]
        wrong.shift(seconds)
        eventually(lambda: check_of(wrong, one.access) == 503, 10)
        assert wrong.get("/health/ready").status == 503
        assert (answer := wrong.get("/health/serving")).status == 503 and answer.json == {"status": "clock_skew"}
        assert_problem(wrong.get("/auth/check", token=one.access), 503, "clock_skew")
        assert_problem(wrong.refresh(one.refresh), 503, "clock_skew")
        assert_problem(wrong.login_answer(one.email), 503, "clock_skew")
        yield
        assert all(alive(node, one) for node in nodes[:-1])
        wrong.shift(0)
        eventually(lambda: check_of(wrong, one.access) == 204, 10)

    with fleet_of(Server, Server, ClockServer) as fleet:
        one = sign_up(fleet[2], fresh_email("punctual"))
        assert_no_promise_is_broken(fleet, clock_jumps, rounds=1)
        assert all(alive(node, one) for node in fleet[2])
