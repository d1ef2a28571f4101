"""Both codes change an address once, and every node knows it at once."""
import pytest

from nodes.fleet import fleet_of, sign_up, warm
from support.scenario import at_once, eventually, fresh_email
from support.usher import PASSWORD, Server


@pytest.fixture(scope="module")
def nodes():
    with fleet_of(Server, Server) as made:
        yield made[2]


def code(nodes, email, subject):
    """Of a mail that either node sent."""
    find = lambda: [n for n in nodes if any(mail["subject"] == subject for mail in n.mails(email))]
    return eventually(find)[0].code(email)


def test_of_fifty_tries_on_two_nodes_one_works_and_both_show_the_new_address(nodes):
    who, new = sign_up(nodes, fresh_email("mover")), fresh_email("moved")
    warm(nodes, who.access)
    asked = nodes[0].post("/auth/change-email", {"newEmail": new, "password": PASSWORD}, token=who.access)
    assert asked.status == 202
    body = {"currentCode": code(nodes, who.email, "Confirm that your address changes"),
            "newCode": code(nodes, new, "Confirm your new e-mail address")}
    answers = at_once([lambda n=n: nodes[n % 2].post("/auth/change-email/confirm", body, token=who.access) for n in range(50)])
    assert sorted(a.status for a in answers) == [200] + [400] * 49
    for node in nodes:
        eventually(lambda: node.get("/auth/me", token=who.access).json["user"]["email"] == new, 1)
        assert node.login(new).user["id"] == who.user["id"]
        assert node.login_answer(who.email).status == 401
