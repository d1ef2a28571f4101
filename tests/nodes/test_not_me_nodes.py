"""The link "this was not me" works once, and everywhere."""
import re

import pytest

from nodes.fleet import fleet_of, sign_up, warm
from support.scenario import assert_ended, at_once, eventually, fresh_email
from support.usher import PASSWORD, Server


@pytest.fixture(scope="module")
def nodes():
    with fleet_of(Server, Server) as made:
        yield made[2]


def test_of_fifty_tries_on_two_nodes_one_works_and_all_sessions_end_on_both(nodes):
    owner = sign_up(nodes, fresh_email("notme"))
    stranger = nodes[1].login(owner.email, device={"deviceId": "the stranger's"})
    for session in (owner, stranger):
        warm(nodes, session.access)
    mails = eventually(lambda: [m for node in nodes for m in node.mails(owner.email) if "/auth/not-me" in m["text"]])
    path = re.search(r"/auth/not-me\?token=\S+", mails[0]["text"])[0]
    answers = at_once([lambda n=n: nodes[n % 2].call("POST", path) for n in range(50)])
    assert sorted(a.status for a in answers) == [200] + [404] * 49
    for node in nodes:
        for session in (owner, stranger):
            assert_ended(node.get("/auth/me", token=session.access), "not_me")
            assert_ended(node.refresh(session.refresh), "not_me")
        assert node.login_answer(owner.email, PASSWORD).status == 401
