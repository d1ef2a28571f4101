"""What needs a recent proof: refused with the methods, passed after one, for a while, and only by the token that tells of it."""
import time

import pytest
from support import jwt
from support.authenticator import enrol, sign_in
from support.scenario import alive, assert_problem, at_once, fresh_email
from support.usher import PASSWORD, Server, sign_in_of

BOTH_ENGINES = True
AFTER = 3


@pytest.fixture(scope="module")
def usher(store):
    with Server(settings=store | {"sessions.step_up_after": f"{AFTER}s"}) as server:
        yield server


@pytest.fixture
def root(usher):
    made = usher.sign_up(fresh_email("root"))
    usher.cli("user", "grant", made.email, "super_admin")
    return made


def sensitive(usher, access, who):
    return usher.post(f"/users/{who.user['id']}/enable", token=access)


def step_up(usher, who, method="password", proof=PASSWORD):
    return usher.post("/auth/step-up", {"method": method, "proof": proof}, token=who.access)


def wait_until_stale(usher, who):
    time.sleep(max(0, jwt.claims(who.access)["auth_time"] + AFTER + 1 - time.time()))
    refused = sensitive(usher, who.access, who)
    assert_problem(refused, 403, "step_up_required")
    return refused.json["methods"]


def test_a_sign_in_is_a_recent_proof_and_a_refresh_is_none(usher, root):
    assert sensitive(usher, root.access, root).status == 200
    assert wait_until_stale(usher, root) == ["password", "email_code"]
    fresh = usher.refresh(root.refresh).json
    assert_problem(sensitive(usher, fresh["accessToken"], root), 403, "step_up_required")
    assert usher.get("/users", token=root.access).status == 200, "reading needs none"


def test_a_proof_opens_it_for_a_while_and_only_to_its_token(usher, root):
    wait_until_stale(usher, root)
    assert_problem(step_up(usher, root, proof="wrong"), 400, "wrong_password")
    proved = step_up(usher, root)
    assert proved.status == 200 and proved.json["sessionId"] == root.session
    assert_problem(sensitive(usher, root.access, root), 403, "step_up_required")
    again = sign_in_of(root.email, proved)
    assert sensitive(usher, again.access, root).status == 200
    assert alive(usher, root) and alive(usher, again)
    assert usher.refresh(root.refresh).status == 200, "the tokens of before are not lost"
    wait_until_stale(usher, again)


def test_a_code_by_mail_is_a_proof_but_no_second_factor(usher, root):
    wait_until_stale(usher, root)
    assert usher.post("/auth/step-up/email-code", token=root.access).status == 202
    proved = step_up(usher, root, "email_code", usher.code(root.email))
    assert proved.status == 200
    claims = jwt.claims(proved.json["accessToken"])
    assert (claims["amr"], claims["aal"]) == (["otp"], 1), "it began by such a code"
    assert sensitive(usher, proved.json["accessToken"], root).status == 200


def test_who_has_a_second_factor_proves_that(usher, root):
    app, codes = enrol(usher, root)
    assert wait_until_stale(usher, root) == ["totp", "recovery_code"]
    refused = step_up(usher, root)
    assert_problem(refused, 400, "validation_failed")
    assert refused.json["errors"][0]["field"] == "method"
    assert_problem(usher.post("/auth/step-up/email-code", token=root.access), 400, "validation_failed")
    answers = at_once([lambda: step_up(usher, root, "recovery_code", codes[0])] * 20)
    assert [a.status for a in answers].count(200) == 1, "the code is used once"
    proved = next(a for a in answers if a.status == 200)
    me = usher.get("/auth/me", token=proved.json["accessToken"]).json["session"]
    claims = jwt.claims(proved.json["accessToken"])
    assert me["aal"] == claims["aal"] == 2 and me["amr"] == claims["amr"]
    assert me["authenticatedAt"] > me["createdAt"]
    assert sensitive(usher, proved.json["accessToken"], root).status == 200


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
