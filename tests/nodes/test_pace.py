"""A check that may be answered from memory takes no longer while Redis or PostgreSQL fails."""
import time

import pytest

from nodes.fleet import LONG, Busy, all_is_well, sign_up, wait_for, warm
from nodes.pace import Pace
from nodes.test_postgres_faults import postgres_killed, postgres_paused
from nodes.test_redis_faults import FAULTS as REDIS_FAULTS
from support.scenario import fresh_email

# Of waiting for the processor, which clients, nodes and stores share.
SLACK = 0.01
ROUNDS, SECONDS = (10, 2.0) if LONG else (1, 2.0)
FAULTS = [*REDIS_FAULTS, postgres_killed, postgres_paused]


@pytest.fixture(scope="module")
def steady(fleet):
    """A session that each node holds in memory, beside clients who keep them a little busy."""
    nodes = fleet[2]
    one = sign_up(nodes, fresh_email("steady"))
    with Busy(nodes, clients=2):
        yield one


def p99(answers):
    return sorted(took for took, _ in answers)[int(len(answers) * 0.99)]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_checks_from_memory_keep_their_pace_while(fleet, steady, fault):
    nodes, quiet, broken = fleet[2], [], []
    warm(nodes, steady.access)
    with Pace(nodes[0], steady.access) as pace:
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
