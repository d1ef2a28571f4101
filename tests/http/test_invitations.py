"""People are invited by mail, and accept it once."""
import re

import pytest
from support.authenticator import ask, enrol, prove  # noqa: F401
from support.scenario import alive, assert_problem, at_once, changed, eventually, events_of, fresh_email, holding
from support.usher import PASSWORD, sign_in_of

ONE_NODE_AND_TWO = True


@pytest.fixture(scope="module")
def usher(serve, store):
    with serve(settings=store | {"invitations.link": "https://app.example.org/join", "mfa.required_roles": "careful"}) as made:
        yield made


@pytest.fixture
def root(usher):
    return holding(usher, "super_admin")


def invite(usher, who, email, **more):
    return usher.post("/invitations", {"email": email} | more, token=who.access)


def token_of(usher, email):
    def sent():
        links = [re.search(r"join#token=(ush_i_[\w-]{43})", mail["text"]) for mail in usher.mails(email)]
        return next((found[1] for found in links if found), None)
    eventually(sent)
    return sent()


def accept(usher, token, **more):
    return usher.post("/auth/accept-invitation", {"token": token, "password": PASSWORD, "firstName": "Ada", "lastName": "Lovelace"} | more)


def test_who_accepts_is_signed_in_with_the_roles(usher, root):
    email = fresh_email("invited")
    answer = invite(usher, root, email, roles=["support"])
    assert answer.status == 201 and answer.json["email"] == email and answer.json["roles"] == ["support"]
    assert answer.json["invitedBy"] == root.user["id"] and "token" not in answer.body.decode()
    assert answer.json["id"] in [one["id"] for one in usher.get("/invitations", token=root.access).json["invitations"]]
    accepted = accept(usher, token_of(usher, email))
    assert accepted.status == 201, accepted.body
    who = sign_in_of(email, accepted)
    me = usher.get("/auth/me", token=who.access).json
    assert me["roles"] == ["support", "user"] and me["user"]["emailVerified"] is True and me["user"]["firstName"] == "Ada"
    assert answer.json["id"] not in [one["id"] for one in usher.get("/invitations", token=root.access).json["invitations"]]
    assert alive(usher, usher.login(email))
    assert [a for a, _ in events_of(usher, email)][:3] == ["user.registered", "role.assigned", "invitation.accepted"]
    assert_problem(invite(usher, root, email), 409, "email_taken")


def test_a_token_is_good_once_under_many_tries(usher, root):
    email = fresh_email("once")
    invite(usher, root, email)
    token = token_of(usher, email)
    answers = at_once([lambda: accept(usher, token)] * 10)
    assert sorted(a.status for a in answers) == [201] + [400] * 9
    assert {a.json["code"] for a in answers if a.status == 400} == {"invitation_invalid"}


def test_it_can_be_withdrawn_and_does_not_wait_for_ever(usher, root):
    for spoil in (lambda one: usher.delete(f"/invitations/{one['id']}", token=root.access),
                  lambda one: changed(usher, "UPDATE invitations SET expires_at = 1 WHERE email = ?", one["email"])):
        email = fresh_email("late")
        one = invite(usher, root, email).json
        token = token_of(usher, email)
        spoil(one)
        assert_problem(accept(usher, token), 400, "invitation_invalid")
        assert_problem(usher.delete(f"/invitations/{one['id']}", token=root.access), 404, "not_found")


def test_it_ends_with_the_account_of_who_invited(usher, root):
    other = usher.sign_up(fresh_email("leaver"))
    usher.cli("user", "grant", other.email, "admin")
    email = fresh_email("orphan")
    assert invite(usher, other, email).status == 201
    token = token_of(usher, email)
    assert usher.delete(f"/users/{other.user['id']}", token=root.access).status == 204
    assert_problem(accept(usher, token), 400, "invitation_invalid")


def test_a_role_that_asks_for_a_second_factor_asks_for_it(usher, root):
    usher.post("/roles", {"name": "careful", "permissions": ["posts:write"]}, token=root.access)
    email = fresh_email("careful")
    invite(usher, root, email, roles=["careful"])
    accepted = accept(usher, token_of(usher, email))
    assert accepted.status == 201 and accepted.json["mfaRequired"] is True and "accessToken" not in accepted.json


def test_a_weak_password_uses_nothing_up(usher, root):
    email = fresh_email("weak")
    invite(usher, root, email)
    token = token_of(usher, email)
    assert_problem(accept(usher, token, password="password"), 400, "password_rejected")
    assert accept(usher, token).status == 201
