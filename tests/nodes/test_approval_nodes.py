"""A sign-in that waits is approved at any node, and completed once."""
import pytest

from nodes.fleet import fleet_of, sign_up
from support.scenario import at_once, fresh_email
from support.usher import Server

NEW = {"deviceId": "a new one"}


@pytest.fixture(scope="module")
def nodes():
    with fleet_of(Server, Server, **{"risk.new_device": "approve"}) as made:
        yield made[2]


def test_of_fifty_approvals_and_fifty_claims_on_two_nodes_one_of_each_succeeds(nodes):
    owner = sign_up(nodes, fresh_email("approval"))
    asked = nodes[0].login_answer(owner.email, device=NEW).json
    path = f"/auth/approvals/{nodes[1].get('/auth/approvals', token=owner.access).json['approvals'][0]['id']}"
    approved = at_once([lambda n=n: nodes[n % 2].post(path, {"number": asked["approvalNumber"]}, token=owner.access)
                        for n in range(50)])
    assert sorted(a.status for a in approved) == [204] + [404] * 49
    claimed = at_once([lambda n=n: nodes[n % 2].post("/auth/mfa/approval", {"mfaToken": asked["mfaToken"]}) for n in range(50)])
    assert [a.status for a in claimed].count(200) == 1, [a.status for a in claimed]


def test_an_approval_and_a_denial_at_once_do_not_both_succeed(nodes):
    owner = sign_up(nodes, fresh_email("approval"))
    asked = nodes[0].login_answer(owner.email, device=NEW).json
    path = f"/auth/approvals/{nodes[1].get('/auth/approvals', token=owner.access).json['approvals'][0]['id']}"
    answers = at_once([lambda: nodes[0].post(path, {"number": asked["approvalNumber"]}, token=owner.access),
                       lambda: nodes[1].delete(path, token=owner.access)] * 10)
    assert [a.status for a in answers].count(204) == 1
    yes = any(a.status == 204 for a in answers[::2])
    assert nodes[0].post("/auth/mfa/approval", {"mfaToken": asked["mfaToken"]}).status == (200 if yes else 403)
