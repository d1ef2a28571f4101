"""What needs a recent proof: refused with the methods, passed after one, for a while, and only by the token that tells of it."""
import time

import pytest
from support import jwt
from support.authenticator import enrol, sign_in
from support.scenario import alive, an_hour_later, assert_problem, at_once, eventually, holding
from support.usher import PASSWORD, sign_in_of

ONE_NODE_AND_TWO = True


@pytest.fixture
def root(usher):
    return holding(usher, "super_admin")


def sensitive(usher, who):
    return usher.post(f"/users/{who.user['id']}/enable", token=who.access)


def step_up(usher, who, method="password", proof=PASSWORD):
    return usher.post("/auth/step-up", {"method": method, "proof": proof}, token=who.access)


def methods_asked_for(usher, who):
    refused = sensitive(usher, who)
    assert_problem(refused, 403, "step_up_required")
    return refused.json["methods"]


def test_a_sign_in_is_a_recent_proof_and_a_refresh_is_none(usher, root):
    assert sensitive(usher, root).status == 200
    late = an_hour_later(usher, root)
    assert methods_asked_for(usher, late) == ["password", "email_code"]
    assert usher.get("/users", token=late.access).status == 200, "reading needs none"


def test_a_proof_opens_it_to_its_token_and_loses_none(usher, root):
    late = an_hour_later(usher, root)
    assert_problem(step_up(usher, late, proof="wrong"), 400, "wrong_password")
    proved = step_up(usher, late)
    assert proved.status == 200 and proved.json["sessionId"] == root.session
    assert methods_asked_for(usher, late), "a copy of an older access token gains nothing"
    again = sign_in_of(root.email, proved)
    assert sensitive(usher, again).status == 200
    assert alive(usher, late) and alive(usher, again)
    assert usher.refresh(late.refresh).status == 200, "a lost answer signs nobody out"
    assert methods_asked_for(usher, an_hour_later(usher, again))


def test_a_code_by_mail_is_a_proof_but_no_second_factor(usher, root):
    late = an_hour_later(usher, root)
    assert usher.post("/auth/step-up/email-code", token=late.access).status == 202
    eventually(lambda: usher.mails(root.email)[0]["subject"] == "Confirm that it is you")
    proved = step_up(usher, late, "email_code", usher.code(root.email))
    assert proved.status == 200
    claims = jwt.claims(proved.json["accessToken"])
    assert (claims["amr"], claims["aal"]) == (["otp"], 1), "it began by such a code"
    assert sensitive(usher, sign_in_of(root.email, proved)).status == 200


def test_a_code_by_mail_serves_the_session_that_asked_for_it(usher, root):
    asker, other = an_hour_later(usher, root), an_hour_later(usher, usher.login(root.email))
    for which, (session, stranger) in enumerate(((asker, other), (other, asker)), 1):
        assert usher.post("/auth/step-up/email-code", token=session.access).status == 202
        eventually(lambda: [m["subject"] for m in usher.mails(root.email)].count("Confirm that it is you") == which)
        code = usher.code(root.email)
        assert_problem(step_up(usher, stranger, "email_code", code), 400, "otp_invalid")
        assert step_up(usher, session, "email_code", code).status == 200


def test_codes_by_mail_that_nobody_uses_wait_for_each_other(usher, root):
    answers = [usher.post("/auth/step-up/email-code", token=root.access) for _ in range(4)]
    assert [answer.status for answer in answers] == [202, 202, 202, 429]
    assert_problem(answers[-1], 429, "rate_limited")
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_who_has_a_second_factor_proves_that(usher, root):
    by_password = usher.login(root.email)
    _, codes = enrol(usher, by_password)
    late = an_hour_later(usher, by_password)
    assert methods_asked_for(usher, late) == ["totp", "recovery_code"]
    refused = step_up(usher, late)
    assert_problem(refused, 400, "validation_failed")
    assert refused.json["errors"][0]["field"] == "method"
    assert_problem(usher.post("/auth/step-up/email-code", token=late.access), 400, "validation_failed")
    answers = at_once([lambda: step_up(usher, late, "recovery_code", codes[0])] * 20)
    assert [a.status for a in answers].count(200) == 1, "the code is used once"
    proved = sign_in_of(root.email, next(a for a in answers if a.status == 200))
    me = usher.get("/auth/me", token=proved.access).json["session"]
    claims = jwt.claims(proved.access)
    assert me["aal"] == claims["aal"] == 2 and me["amr"] == claims["amr"] == ["pwd", "recovery_code", "mfa"]
    assert sensitive(usher, proved).status == 200


def test_a_stolen_session_that_guesses_does_not_close_its_owners_way_in(usher, root):
    app, _ = enrol(usher, root)
    answers = [step_up(usher, root, "totp", "000000") for _ in range(21)]
    assert [a.status for a in answers] == [400] * 20 + [429]
    assert sign_in(usher, root.email, app)


def test_a_session_does_not_tell_of_a_second_factor_that_was_removed(usher, root):
    app, codes = enrol(usher, root)
    both = sign_in(usher, root.email, app)
    proof = {"password": PASSWORD, "method": "recovery_code", "code": codes[0]}
    assert usher.post("/auth/mfa/totp/remove", proof, token=both.access).status == 200
    assert usher.get("/auth/me", token=both.access).json["session"]["aal"] == 1
    assert jwt.claims(step_up(usher, both).json["accessToken"])["aal"] == 1


def test_what_a_session_says_of_its_sign_in_is_true(usher, root):
    by_code = usher.get("/auth/me", token=root.access).json["session"]
    assert (by_code["amr"], by_code["aal"]) == (["otp"], 1)
    by_password = usher.login(root.email)
    claims = jwt.claims(by_password.access)
    assert (claims["amr"], claims["aal"]) == (["pwd"], 1) and abs(claims["auth_time"] - time.time()) < 5
    app, _ = enrol(usher, by_password)
    by_both = sign_in(usher, root.email, app)
    claims = jwt.claims(by_both.access)
    assert (claims["amr"], claims["aal"]) == (["pwd", "otp", "mfa"], 2)
    listed = usher.get("/auth/sessions", token=by_both.access).json["sessions"]
    assert {s["sessionId"]: s["aal"] for s in listed} == {by_password.session: 1, by_both.session: 2}
