"""A sign-in from a new device waits until it is approved where its user is signed in."""
import pytest
from support.scenario import actions_of, assert_problem, at_once, eventually, fresh_email

ONE_NODE_AND_TWO = True
NEW = {"deviceId": "a new one", "deviceName": "Ada's new laptop"}


@pytest.fixture(scope="module")
def usher(serve, store):
    with serve(settings=store | {"verification.cool_down": "1s", "risk.new_device": "approve"}) as made:
        yield made


@pytest.fixture
def owner(usher):
    return usher.sign_up(fresh_email("owner"), device={"deviceId": "mine"})


def ask(usher, email):
    answer = usher.login_answer(email, device=NEW)
    assert answer.status == 200 and "accessToken" not in answer.json, answer.body
    return answer.json


def claim(usher, asked):
    return usher.post("/auth/mfa/approval", {"mfaToken": asked["mfaToken"], "deviceInfo": NEW})


def waiting(usher, owner):
    return usher.get("/auth/approvals", token=owner.access).json["approvals"]


def enter(usher, owner, number):
    return usher.post(f"/auth/approvals/{waiting(usher, owner)[0]['id']}", {"number": number}, token=owner.access)


def test_the_number_of_the_new_device_opens_it(usher, owner):
    asked = ask(usher, owner.email)
    assert asked["methods"] == ["approval"] and 10 <= int(asked["approvalNumber"]) <= 99
    assert_problem(claim(usher, asked), 409, "approval_pending")
    assert usher.get("/auth/me", token=asked["mfaToken"]).status == 401
    shown = waiting(usher, owner)
    assert [one["device"] for one in shown] == ["Ada's new laptop"] and set(shown[0]) == {"id", "device", "ipAddress", "at", "expiresAt"}
    assert len(usher.get("/auth/sessions", token=owner.access).json["sessions"]) == 1
    assert enter(usher, owner, asked["approvalNumber"]).status == 204
    assert waiting(usher, owner) == []
    answer = claim(usher, asked)
    assert answer.status == 200 and usher.get("/auth/me", token=answer.json["accessToken"]).status == 200
    assert_problem(claim(usher, asked), 401, "mfa_token_invalid")
    assert "accessToken" in usher.login_answer(owner.email, device=NEW).json
    mail = eventually(lambda: [m for m in usher.mails(owner.email) if m["subject"] == "A new device waits for your approval"])
    assert "Ada's new laptop" in mail[0]["text"] and f" {asked['approvalNumber']} " not in mail[0]["text"]


def test_a_wrong_number_denies(usher, owner):
    asked = ask(usher, owner.email)
    wrong = "10" if asked["approvalNumber"] != "10" else "11"
    assert_problem(enter(usher, owner, wrong), 400, "approval_number_wrong")
    assert waiting(usher, owner) == []
    assert_problem(claim(usher, asked), 403, "approval_denied")
    assert_problem(claim(usher, asked), 401, "mfa_token_invalid")


def test_a_denial_is_on_record_and_final(usher, owner):
    asked = ask(usher, owner.email)
    path = f"/auth/approvals/{waiting(usher, owner)[0]['id']}"
    assert usher.delete(path, token=owner.access).status == 204
    assert_problem(usher.delete(path, token=owner.access), 404, "not_found")
    assert_problem(usher.post(path, {"number": asked["approvalNumber"]}, token=owner.access), 404, "not_found")
    assert_problem(claim(usher, asked), 403, "approval_denied")
    assert actions_of(usher, owner.email)[-3:] == ["login.approval_asked", "login.denied", "login.failed"]


def test_nobody_else_decides(usher, owner):
    asked = ask(usher, owner.email)
    path = f"/auth/approvals/{waiting(usher, owner)[0]['id']}"
    other = usher.sign_up(fresh_email("other"))
    assert waiting(usher, other) == []
    for answer in (usher.post(path, {"number": asked["approvalNumber"]}, token=other.access),
                   usher.delete(path, token=other.access)):
        assert_problem(answer, 404, "not_found")
    assert_problem(usher.post(path, {"number": "12"}), 401, "token_missing")
    assert enter(usher, owner, asked["approvalNumber"]).status == 204


def test_of_many_claims_one_gets_a_session(usher, owner):
    asked = ask(usher, owner.email)
    answers = at_once([lambda: enter(usher, owner, asked["approvalNumber"])] + [lambda: claim(usher, asked)] * 10)
    statuses = [answer.status for answer in answers[1:]] + [claim(usher, asked).status]
    assert answers[0].status == 204 and statuses.count(200) == 1, statuses


def test_without_another_session_or_after_many_in_vain_a_code_is_mailed(usher, owner):
    for _ in range(3):
        assert ask(usher, owner.email)["methods"] == ["approval"]
    assert ask(usher, owner.email)["methods"] == ["email_code"]
    alone = usher.sign_up(fresh_email("alone"))
    usher.post("/auth/logout", token=alone.access)
    asked = ask(usher, alone.email)
    assert asked["methods"] == ["email_code"] and asked.get("approvalNumber") is None
    assert_problem(claim(usher, asked), 403, "factor_not_allowed")
    done = usher.post("/auth/mfa/verify", {"mfaToken": asked["mfaToken"], "method": "email_code", "code": usher.code(alone.email),
                                           "deviceInfo": NEW})
    assert done.status == 200, done.body
