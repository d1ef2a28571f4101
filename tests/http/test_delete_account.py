"""Deleting one's own account, and taking it back while that is possible."""
import uuid

import pytest
from support.authenticator import enrol, prove
from support.passkey import SETTINGS, add, request_options
from support.passkey import sign_in as by_passkey
from support.scenario import assert_problem, changed, dead, eventually, fresh_email, records
from support.usher import PASSWORD, sign_in_of

ONE_NODE_AND_TWO = True


@pytest.fixture(scope="module")
def usher(serve, store):
    with serve(settings=store | SETTINGS | {"verification.cool_down": "1s"}) as made:
        yield made


def delete(usher, who, password=PASSWORD):
    return usher.delete("/auth/me", body={"password": password}, token=who.access)


def restore(usher, email, password=PASSWORD):
    return usher.post("/auth/restore-account", {"email": email, "password": password})


def subjects(usher, email):
    return [mail["subject"] for mail in usher.mails(email)]


def actions(usher, who):
    query = "SELECT action FROM audit_events WHERE subject = ? ORDER BY at, id"
    return [row[0] for row in records(usher, query, uuid.UUID(who.user["id"]).bytes)]


def test_sessions_end_and_only_who_knows_the_password_learns_why(usher):
    who = usher.sign_up(fresh_email("leaver"))
    other = usher.login(who.email)
    answer = delete(usher, who)
    assert answer.status == 200 and answer.json["deleteAfter"]
    dead(usher, who, "account_deleted")
    dead(usher, other, "account_deleted")
    eventually(lambda: "Your account is going to be deleted" in subjects(usher, who.email))
    assert_problem(usher.login_answer(who.email), 403, "account_deletion_pending")
    assert_problem(usher.login_answer(who.email, "wrong-password-1"), 401, "invalid_credentials")
    assert_problem(restore(usher, who.email, "wrong-password-1"), 401, "invalid_credentials")
    assert_problem(usher.login_answer(who.email), 403, "account_deletion_pending")


def test_it_is_taken_back_by_signing_in(usher):
    who = usher.sign_up(fresh_email("back"))
    assert delete(usher, who).status == 200
    back = restore(usher, who.email)
    assert back.status == 200 and back.json["user"]["id"] == who.user["id"]
    assert usher.get("/auth/me", token=back.json["accessToken"]).status == 200
    assert usher.login_answer(who.email).status == 200
    assert [a for a in actions(usher, who) if a in ("user.deletion_asked", "user.restored")] == ["user.deletion_asked", "user.restored"]
    assert restore(usher, who.email).status == 200, "as a sign-in, when there is nothing to take back"


def test_taking_it_back_needs_the_second_factor(usher):
    who = usher.sign_up(fresh_email("careful"))
    app, codes = enrol(usher, who)
    assert delete(usher, who).status == 200
    asked = restore(usher, who.email)
    assert asked.status == 200 and asked.json["mfaRequired"] is True
    assert_problem(usher.login_answer(who.email), 403, "account_deletion_pending")
    assert prove(usher, asked.json["mfaToken"], "000000").status == 400
    assert_problem(usher.login_answer(who.email), 403, "account_deletion_pending")
    done = prove(usher, asked.json["mfaToken"], codes[0], "recovery_code")
    assert done.status == 200 and sign_in_of(who.email, done).user["id"] == who.user["id"]
    assert usher.login_answer(who.email).json["mfaRequired"] is True


def test_a_passkey_takes_it_back_when_asked_to(usher):
    who = usher.sign_up(fresh_email("keyed"))
    passkey, _ = add(usher, who)
    assert delete(usher, who).status == 200
    assert_problem(by_passkey(usher, passkey), 403, "account_deletion_pending")
    body = {"credential": passkey.get(request_options(usher)), "restore": True}
    assert usher.post("/auth/passkeys/sign-in", body).status == 200
    assert by_passkey(usher, passkey).status == 200


def test_it_needs_the_password_and_a_recent_proof(usher):
    who = usher.sign_up(fresh_email("guarded"))
    assert_problem(delete(usher, who, "wrong-password-1"), 400, "wrong_password")
    changed(usher, "UPDATE sessions SET authenticated_at = authenticated_at - 3600000 WHERE id = ?", uuid.UUID(who.session).bytes)
    late = sign_in_of(who.email, usher.refresh(who.refresh))
    assert_problem(delete(usher, late), 403, "step_up_required")
    assert usher.login_answer(who.email).status == 200


def test_without_a_grace_nothing_personal_is_left(serve, store):
    with serve(settings=store | SETTINGS | {"accounts.deletion_grace": "0s"}) as usher:
        who = usher.sign_up(fresh_email("gone"))
        add(usher, who)
        answer = delete(usher, who)
        assert answer.status == 200 and answer.json == {}
        dead(usher, who, "account_deleted")
        id = uuid.UUID(who.user["id"]).bytes
        assert records(usher, "SELECT email, first_name, last_name, password_hash FROM users WHERE id = ?", id) == [("", "", "", "")]
        for table in ("passkeys", "familiar", "verification_codes", "role_assignments"):
            assert records(usher, f"SELECT count(*) FROM {table} WHERE user_id = ?", id)[0][0] == 0, table
        held = records(usher, "SELECT device_name, user_agent, ip_address FROM sessions WHERE user_id = ?", id)
        assert held and all(tuple(row) == (None, None, "") for row in held)
        eventually(lambda: "Your account was deleted" in subjects(usher, who.email))
        assert_problem(usher.login_answer(who.email), 401, "invalid_credentials")
        assert_problem(restore(usher, who.email), 401, "invalid_credentials")
        assert usher.sign_up(who.email).user["id"] != who.user["id"]
