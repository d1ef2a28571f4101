"""sessions.limit: how many sessions a user may have at the same time."""
import pytest

from support.scenario import alive, assert_problem, at_once, dead, fresh_email
from support.usher import Server, sign_in_of

LIMIT = {"sessions.limit": 3}


@pytest.fixture(scope="module")
def ending():
    with Server(settings=LIMIT, timeout=30) as usher:
        yield usher


@pytest.fixture(scope="module")
def refusing():
    with Server(settings=LIMIT | {"sessions.at_limit": "refuse"}, timeout=30) as usher:
        yield usher


def test_the_fourth_session_ends_the_one_that_was_used_least_lately(ending):
    first = ending.sign_up(fresh_email("fourth"))
    others = [ending.login(first.email) for _ in range(3)]
    dead(ending, first, "limit")
    assert all(alive(ending, one) for one in others)
    assert len(ending.get("/auth/sessions", token=others[0].access).json["sessions"]) == 3


def test_of_sign_ins_at_once_three_sessions_are_left(ending):
    one = ending.sign_up(fresh_email("crowd"))
    answers = at_once([lambda: ending.login_answer(one.email)] * 20)
    assert {a.status for a in answers} == {200}
    assert sum(alive(ending, sign_in_of(one.email, a)) for a in answers) == 3
    dead(ending, one, "limit")


def test_of_sign_ins_at_once_those_that_fit_are_let_in(refusing):
    one = refusing.sign_up(fresh_email("refused"))
    answers = at_once([lambda: refusing.login_answer(one.email)] * 20)
    assert sorted(a.status for a in answers) == [200] * 2 + [403] * 18
    assert_problem(refusing.login_answer(one.email), 403, "session_limit")
    assert alive(refusing, one)


def test_a_session_that_is_signed_out_makes_room(refusing):
    one = refusing.sign_up(fresh_email("room"))
    others = [refusing.login(one.email) for _ in range(2)]
    assert refusing.login_answer(one.email).status == 403
    assert refusing.post("/auth/logout", token=others[0].access).status == 204
    assert refusing.login_answer(one.email).status == 200
