"""A code that one node mailed works once, whichever nodes it is sent to."""
import pytest

from nodes.fleet import fleet_of, sign_up
from support.scenario import at_once, eventually, fresh_email
from support.usher import PASSWORD, Server

NEW_PASSWORD = "another-horse-battery-8"


@pytest.fixture(scope="module")
def nodes():
    with fleet_of(Server, Server) as made:
        yield made[2]


def code(nodes, email, subject):
    """Of a mail that either node sent."""
    return eventually(lambda: [n for n in nodes if any(subject in mail["subject"] for mail in n.mails(email))])[0].code(email)


def fifty(nodes, path, body):
    return sorted(a.status for a in at_once([lambda n=n: nodes[n % 2].post(path, body) for n in range(50)]))


def test_of_fifty_proofs_of_an_address_one_signs_in(nodes):
    email = fresh_email("proof")
    assert nodes[0].register(email).status == 201
    otp = code(nodes, email, "")
    assert fifty(nodes, "/auth/verify-email", {"email": email, "otp": otp}) == [200] + [400] * 49
    assert len(nodes[1].get("/auth/sessions", token=nodes[1].login(email).access).json["sessions"]) == 2


def test_of_fifty_resets_one_sets_the_password(nodes):
    who = sign_up(nodes, fresh_email("reset"))
    nodes[1].post("/auth/forgot-password", {"email": who.email})
    otp = code(nodes, who.email, "password")
    body = {"email": who.email, "otp": otp, "newPassword": NEW_PASSWORD}
    assert fifty(nodes, "/auth/reset-password", body) == [200] + [400] * 49
    assert nodes[0].login_answer(who.email, PASSWORD).status == 401
    assert nodes[0].login_answer(who.email, NEW_PASSWORD).status == 200
