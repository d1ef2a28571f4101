"""Another e-mail address: by the codes of both mailboxes, and without telling who has an account."""
import time
import uuid

import pytest
from support.scenario import alive, assert_problem, at_once, changed, dead, eventually, fresh_email, records
from support.usher import PASSWORD

ONE_NODE_AND_TWO = True
ASKED = "Confirm that your address changes"


@pytest.fixture(scope="module")
def usher(serve, store):
    with serve(settings=store | {"verification.cool_down": "1s"}) as made:
        yield made


def ask(usher, who, email, password=PASSWORD):
    return usher.post("/auth/change-email", {"newEmail": email, "password": password}, token=who.access)


def confirm(usher, who, current, new):
    return usher.post("/auth/change-email/confirm", {"currentCode": current, "newCode": new}, token=who.access)


def subjects(usher, email):
    return [mail["subject"] for mail in usher.mails(email)]


def asked(usher, who, email):
    """The codes of both mailboxes."""
    assert ask(usher, who, email).status == 202
    eventually(lambda: ASKED in subjects(usher, who.email)[:1])
    return usher.code(who.email), usher.code(email)


def actions(usher, who):
    query = "SELECT action FROM audit_events WHERE subject = ? ORDER BY at, id"
    return [row[0] for row in records(usher, query, uuid.UUID(who.user["id"]).bytes)]


def test_both_codes_change_the_address_and_both_mailboxes_are_told(usher):
    who, new = usher.sign_up(fresh_email("mover")), fresh_email("moved")
    other = usher.login(who.email)
    codes = asked(usher, who, new)
    assert usher.get("/auth/me", token=who.access).json["user"]["email"] == who.email
    done = confirm(usher, who, *codes)
    assert done.status == 200 and done.json == {"email": new, "revoked": 1}
    assert usher.get("/auth/me", token=who.access).json["user"]["email"] == new
    dead(usher, other, "email_changed")
    assert_problem(usher.login_answer(who.email), 401, "invalid_credentials")
    assert usher.login(new).user["id"] == who.user["id"]
    for mailbox in (who.email, new):
        eventually(lambda: "The e-mail address of your account was changed" in subjects(usher, mailbox))
    assert {"user.email_change_asked", "user.email_changed"} <= set(actions(usher, who))
    assert_problem(confirm(usher, who, *codes), 400, "otp_invalid")
    assert usher.sign_up(who.email).user["id"] != who.user["id"], "the old address is free"


def test_one_mailbox_is_not_enough(usher):
    who, new = usher.sign_up(fresh_email("half")), fresh_email("whole")
    old_code, new_code = asked(usher, who, new)
    assert_problem(confirm(usher, who, old_code, "12345"), 400, "otp_invalid")
    assert_problem(confirm(usher, who, "12345", new_code), 400, "otp_invalid")
    stranger = usher.sign_up(fresh_email("stranger"))
    assert_problem(confirm(usher, stranger, old_code, new_code), 400, "otp_invalid")
    assert actions(usher, who).count("user.code_refused") == 2
    assert usher.get("/auth/me", token=who.access).json["user"]["email"] == who.email
    assert confirm(usher, who, old_code, new_code).status == 200


def test_an_address_with_an_account_is_answered_alike_and_its_owner_is_told(usher):
    who, owner = usher.sign_up(fresh_email("asker")), usher.sign_up(fresh_email("owner"))
    taken = ask(usher, who, owner.email.upper())
    other = usher.sign_up(fresh_email("asker"))
    free = ask(usher, other, fresh_email("free"))
    assert (taken.status, taken.body) == (free.status, free.body)
    eventually(lambda: "Your address was asked for" in subjects(usher, owner.email))
    assert "Confirm your new e-mail address" not in subjects(usher, owner.email)
    assert alive(usher, owner)


def test_a_password_that_changed_meanwhile_voids_it(usher):
    who, new = usher.sign_up(fresh_email("void")), fresh_email("voided")
    codes = asked(usher, who, new)
    body = {"currentPassword": PASSWORD, "newPassword": "Quite-another-1"}
    assert usher.post("/auth/change-password", body, token=who.access).status == 200
    assert_problem(confirm(usher, who, *codes), 400, "otp_invalid")


def test_it_needs_a_recent_proof_and_the_password(usher):
    who = usher.sign_up(fresh_email("late"))
    assert_problem(ask(usher, who, fresh_email(), "wrong"), 400, "wrong_password")
    refused = ask(usher, who, who.email.upper())
    assert_problem(refused, 400, "validation_failed")
    assert refused.json["errors"][0]["code"] == "unchanged"
    changed(usher, "UPDATE sessions SET authenticated_at = authenticated_at - 3600000 WHERE id = ?", uuid.UUID(who.session).bytes)
    late = usher.refresh(who.refresh).json["accessToken"]
    answer = usher.post("/auth/change-email", {"newEmail": fresh_email(), "password": PASSWORD}, token=late)
    assert_problem(answer, 403, "step_up_required")


def test_codes_are_mailed_once_in_a_while(usher):
    who = usher.sign_up(fresh_email("eager"))
    answers = at_once([lambda: ask(usher, who, fresh_email("many"))] * 8)
    assert sorted(answer.status for answer in answers) == [202] + [429] * 7
    assert all(answer.code == "rate_limited" and "retry-after" in answer.headers for answer in answers if answer.status == 429)


def test_of_two_who_want_one_address_one_gets_it(usher):
    new = fresh_email("wanted")
    first, second = usher.sign_up(fresh_email("first")), usher.sign_up(fresh_email("second"))
    codes = asked(usher, first, new)
    time.sleep(1.1)  # one address gets one mail in this time, whoever asks
    assert ask(usher, second, new).status == 202
    eventually(lambda: usher.code(new) != codes[1])
    eventually(lambda: ASKED in subjects(usher, second.email)[:1])
    both = [(first, codes), (second, (usher.code(second.email), usher.code(new)))]
    answers = at_once([lambda w=who, c=code: confirm(usher, w, *c) for who, code in both])
    assert sorted(answer.status for answer in answers) == [200, 409]
    lost = next(answer for answer in answers if answer.status == 409)
    assert lost.code in ("email_taken", "conflict")
