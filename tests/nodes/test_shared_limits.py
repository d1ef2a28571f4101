"""Limits hold across nodes, and when Redis is away."""
import pytest

from nodes.fleet import fleet_of, sign_up, wait_for
from support.guessing import PROXY, attack
from support.scenario import alive, assert_problem, at_once, eventually, followed, fresh_email
from support.usher import Server, sign_in_of

SIGN_INS, SESSIONS = 8, 3


@pytest.fixture(scope="module")
def fleet():
    with fleet_of(Server, Server, **(PROXY | {"limits.enabled": "true", "limits.sign_ins": SIGN_INS, "sessions.limit": SESSIONS})) as made:
        yield made


def heard_from(nodes, address, tries=30):
    """How many sign-ins of one address are not refused for their number."""
    answers = [nodes[n % len(nodes)].login_answer(fresh_email("budget"), "wrong password 1", headers={"X-Forwarded-For": address})
               for n in range(tries)]
    assert {a.status for a in answers} <= {401, 429}
    return sum(a.status == 401 for a in answers)


def test_ten_thousand_guesses_on_two_nodes_stop_at_the_twentieth(fleet):
    nodes = fleet[2]
    owner = sign_up(nodes, fresh_email("guessed"))
    print(dict(attack(nodes, owner.email, 10_000, owner.access)))
    for node in nodes:
        assert_problem(node.login_answer(owner.email), 429, "too_many_attempts")


def test_an_address_has_one_budget_on_all_nodes(fleet):
    assert SIGN_INS <= heard_from(fleet[2], "192.0.2.1") <= SIGN_INS + 2


def test_of_sign_ins_at_once_on_two_nodes_no_more_sessions_are_left_than_may_be(fleet):
    nodes = fleet[2]
    owner = sign_up(nodes, fresh_email("crowd"))
    answers = at_once([lambda n=n: nodes[n % 2].login_answer(owner.email) for n in range(20)])
    assert {a.status for a in answers} == {200}
    living = [[alive(node, sign_in_of(owner.email, a)) for a in answers] for node in nodes]
    assert living[0] == living[1] and sum(living[0]) == SESSIONS


def test_without_redis_each_node_is_stricter_by_itself(fleet):
    postgres, redis, nodes = fleet
    redis.kill()
    try:
        assert SIGN_INS <= heard_from(nodes, "192.0.2.2") <= SIGN_INS + 2, "half of it on each of two"
        attack(nodes, fresh_email("guessed-without-redis"), 500)
    finally:
        redis.start()
    wait_for(followed, nodes)
    eventually(lambda: SIGN_INS <= heard_from(nodes, f"198.51.100.{next(number)}") <= SIGN_INS + 2, 10)


number = iter(range(1, 255))
