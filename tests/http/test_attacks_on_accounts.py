"""Attacks on passwords, codes and second factors that other servers fell for; each call meets the other of two nodes, where there are two.

docs/security.md lists all cases.
"""
import re

import pytest
from support import jwt, passkey
from support.authenticator import ask, enrol, now, prove, sign_in
from support.guessing import HEARD
from support.scenario import alive, an_hour_later, assert_problem, at_once, eventually, fresh_email, holding, mailed
from support.usher import PASSWORD, sign_in_of

ONE_NODE_AND_TWO = True
NEW = "another-good-horse-8"
WRONG = "not-the-password-1"
TRIES = 50


@pytest.fixture(scope="module")
def usher(serve, store):
    with serve(settings=store | passkey.SETTINGS | {"verification.cool_down": "1s"}, timeout=30) as made:
        yield made


def boss(usher):
    return usher.login(holding(usher, "super_admin").email)


def reset_code(usher, email):
    assert usher.post("/auth/forgot-password", {"email": email}).status == 202
    return mailed(usher, email, "Reset")


def reset(usher, email, otp, password=NEW):
    return usher.post("/auth/reset-password", {"email": email, "otp": otp, "newPassword": password})


def invited(usher):
    """The address and the token of an invitation."""
    email = fresh_email("invited")
    assert usher.post("/invitations", {"email": email}, token=boss(usher).access).status == 201
    return email, re.search(r"ush_i_[\w-]{43}", eventually(lambda: usher.mails(email))[0]["text"])[0]


def accept(usher, token):
    return usher.post("/auth/accept-invitation", {"token": token, "password": PASSWORD, "firstName": "Ada", "lastName": "Lovelace"})


# ---- codes

def test_of_fifty_tries_of_a_mailed_code_one_signs_in(usher):
    """Case 6, CVE-2026-53518, GHSA-7w99-5wm4-3g79: a code was read, and then deleted. What goes by codes here are one-time codes."""
    email = fresh_email("code")
    assert usher.register(email).status == 201
    body = {"email": email, "otp": usher.code(email)}
    answers = at_once([lambda: usher.post("/auth/verify-email", body)] * TRIES)
    assert sorted(a.status for a in answers) == [200] + [400] * (TRIES - 1)
    one = sign_in_of(email, next(a for a in answers if a.status == 200))
    assert_problem(usher.post("/auth/verify-email", body), 400, "otp_invalid")
    assert [s["sessionId"] for s in usher.get("/auth/sessions", token=one.access).json["sessions"]] == [one.session]


def test_no_step_of_a_reset_is_skipped(usher, ada):
    """Case 34, CVE-2026-18963: the password was set without the code of the mail."""
    pending, bob = fresh_email("pending"), usher.sign_up(fresh_email("bob"))
    assert usher.register(pending).status == 201
    _, invitation = invited(usher)
    assert usher.post("/auth/step-up/email-code", token=ada.access).status == 202
    stepping_up = mailed(usher, ada.email, "Confirm that it is you")
    for body in ({"email": ada.email, "newPassword": NEW}, {"email": ada.email, "otp": "", "newPassword": NEW},
                 {"email": ada.email, "otp": None, "newPassword": NEW}, {"email": ada.email, "otp": 0, "newPassword": NEW}):
        assert_problem(usher.post("/auth/reset-password", body), 400, "validation_failed")
    for otp in ("000000", stepping_up, usher.code(pending), reset_code(usher, bob.email), invitation[:64], ada.session):
        assert_problem(reset(usher, ada.email, otp), 400, "otp_invalid")
    assert_problem(reset(usher, pending, usher.code(pending)), 400, "otp_invalid")
    assert_problem(usher.post("/auth/change-password", {"newPassword": NEW}, token=ada.access), 400, "validation_failed")
    assert usher.login_answer(ada.email, NEW).status == 401 and alive(usher, usher.login(ada.email))
    assert reset(usher, ada.email, reset_code(usher, ada.email)).status == 200 and alive(usher, usher.login(ada.email, NEW))


def test_what_is_mailed_is_good_once_and_adds_no_passkey(usher, ada):
    """Case 36, CVE-2026-37982: the link of a mail was used again, to add a passkey."""
    pending = fresh_email("pending")
    email, invitation = invited(usher)
    assert usher.register(pending).status == 201
    verification, otp = usher.code(pending), reset_code(usher, ada.email)
    uses = [(invitation, 201, lambda: accept(usher, invitation)), (otp, 200, lambda: reset(usher, ada.email, otp)),
            (verification, 200, lambda: usher.post("/auth/verify-email", {"email": pending, "otp": verification}))]
    for secret, status, use in uses:
        answers = at_once([use] * TRIES)
        assert [a.status for a in answers].count(status) == 1
        assert {(a.status, a.code) for a in answers if a.status not in (status, 400)} <= {(503, "overloaded")}
        assert use().status == 400
        for path in ("/auth/passkeys/options", "/auth/passkeys"):
            assert usher.post(path, token=secret).status == 401
        assert_problem(usher.post("/auth/mfa/enrol/passkey/options", {"mfaToken": secret}), 401, "mfa_token_invalid")
    back = usher.login(ada.email, NEW)
    late = an_hour_later(usher, back)
    assert_problem(usher.post("/auth/passkeys/options", token=late.access), 403, "step_up_required")
    assert passkey.add(usher, back) and alive(usher, usher.login(email)), "a sign-in is a fresh proof"


def test_a_change_of_address_does_not_outlive_a_reset(usher, ada):
    """Case 42, formbricks#8848: the token of the new address was good after the password had changed."""
    def asked(who, password):
        new = fresh_email("new")
        assert usher.post("/auth/change-email", {"newEmail": new, "password": password}, token=who.access).status == 202
        return {"currentCode": mailed(usher, who.email, "Confirm that your address"), "newCode": mailed(usher, new, "Confirm your new")}

    codes = asked(ada, PASSWORD)
    assert reset(usher, ada.email, reset_code(usher, ada.email)).status == 200
    back = usher.login(ada.email, NEW)
    assert_problem(usher.post("/auth/change-email/confirm", codes, token=back.access), 400, "otp_invalid")
    assert usher.get("/auth/me", token=back.access).json["user"]["email"] == ada.email
    eventually(lambda: usher.post("/auth/change-email", {"newEmail": fresh_email(), "password": NEW}, token=back.access).status == 202, pause=0.3)


# ---- second factors

def test_a_mailbox_is_no_second_factor(usher):
    """Case 30, GHSA-wc43-73w7-x2f5: a code by mail was not counted as it should be."""
    root = boss(usher)
    target = f"/users/{root.user['id']}/enable"
    assert usher.post(target, token=root.access).status == 200
    late = an_hour_later(usher, root)
    assert_problem(usher.post(target, token=late.access), 403, "step_up_required")
    assert usher.post("/auth/step-up/email-code", token=late.access).status == 202
    otp = mailed(usher, root.email, "Confirm that it is you")
    proved = usher.post("/auth/step-up", {"method": "email_code", "proof": otp}, token=late.access).json["accessToken"]
    assert usher.post(target, token=proved).status == 200
    assert jwt.claims(proved)["aal"] == 1 and "mfa" not in jwt.claims(proved)["amr"]
    app, _ = enrol(usher, usher.login(root.email))
    both = sign_in(usher, root.email, app)
    assert jwt.claims(both.access)["aal"] == 2 and jwt.claims(both.access)["amr"] == ["pwd", "otp", "mfa"]
    assert usher.get("/auth/me", token=both.access).json["session"]["amr"] == ["pwd", "otp", "mfa"]
    assert_problem(usher.post("/auth/step-up/email-code", token=both.access), 400, "validation_failed")


def test_each_totp_step_opens_once(usher, ada):
    """Case 31, CVE-2025-6014, CVE-2025-55003, CVE-2026-33473: it was not remembered which step was used."""
    app, _ = enrol(usher, ada)
    older, halves = app.at(app.last), [ask(usher, ada.email) for _ in range(10)]
    code = app.next()
    answers = at_once([lambda n=n: prove(usher, halves[n % 10], code) for n in range(TRIES)])
    assert [a.status for a in answers].count(200) == 1
    assert {a.code for a in answers if a.status != 200} <= {"otp_invalid", "mfa_token_invalid", "too_many_attempts"}
    usher.cli("user", "unlock", ada.email)
    for at in (lambda: code, lambda: older, lambda: app.at(now() + 3)):
        assert_problem(prove(usher, ask(usher, ada.email), at()), 400, "otp_invalid")
    usher.restart()
    for old in (code, older):
        assert_problem(prove(usher, ask(usher, ada.email), old), 400, "otp_invalid")
    assert alive(usher, sign_in(usher, ada.email, app))


# ---- guessing

def guess(usher, *emails):
    """As many as are heard."""
    for n in range(HEARD):
        assert_problem(usher.login_answer(emails[n % len(emails)], WRONG), 401, "invalid_credentials")


def test_an_account_that_waits_is_closed_at_every_step(usher, ada):
    """Case 32, CVE-2026-9798, -16103, -88770: the lock was looked at when a sign-in began, not when it ended, and not by other ways."""
    app, recovery = enrol(usher, ada)
    half = ask(usher, ada.email)
    guess(usher, ada.email)
    proof = {"password": PASSWORD, "method": "recovery_code", "code": recovery[0]}
    for answer in (usher.login_answer(ada.email), usher.post("/auth/restore-account", {"email": ada.email, "password": PASSWORD}),
                   prove(usher, half, app.next()), prove(usher, half, recovery[0], "recovery_code"),
                   usher.post("/auth/change-password", {"currentPassword": PASSWORD, "newPassword": NEW}, token=ada.access),
                   usher.post("/auth/change-email", {"newEmail": fresh_email(), "password": PASSWORD}, token=ada.access),
                   usher.post("/auth/mfa/totp/remove", proof, token=ada.access), usher.post("/auth/mfa/recovery-codes", proof, token=ada.access),
                   usher.delete("/auth/me", body={"password": PASSWORD}, token=ada.access)):
        assert_problem(answer, 429, "too_many_attempts")
        assert b"accessToken" not in answer.body
    assert alive(usher, ada), "what is signed in goes on"
    usher.cli("user", "unlock", ada.email)
    assert prove(usher, half, recovery[0], "recovery_code").status == 200, "nothing was used up"


def test_guesses_of_a_code_close_every_way_that_takes_one(usher, ada):
    """Case 32, CVE-2026-16103: the same of the second factor."""
    _, recovery = enrol(usher, ada)
    halves = [ask(usher, ada.email) for _ in range(2)]
    for n in range(HEARD):
        assert_problem(prove(usher, halves[n % 2], f"{n:06}", "totp" if n % 3 else "recovery_code"), 400, "otp_invalid")
    for half in (*halves, ask(usher, ada.email)):
        assert_problem(prove(usher, half, recovery[0], "recovery_code"), 429, "too_many_attempts")
    usher.cli("user", "unlock", ada.email)
    assert prove(usher, halves[0], recovery[0], "recovery_code").status == 200


def test_all_spellings_of_an_address_are_guessed_at_together(usher):
    """Case 33, CVE-2025-24806: each spelling had a counter of its own."""
    name = fresh_email("Grace.Hopper").split("@")[0]
    spellings = [f"{name}@xn--bcher-kva.example", f"{name.upper()}@BÜCHER.example", f" {name.lower()}@bücher.example ", f"{name}@ｂücher.EXAMPLE"]
    made = usher.sign_up(spellings[0])
    other = usher.sign_up(f"{name.replace('.', '')}@xn--bcher-kva.example")
    assert other.user["id"] != made.user["id"]
    for spelling in spellings:
        assert usher.login(spelling).user["id"] == made.user["id"]
    guess(usher, *spellings)
    for spelling in spellings:
        assert_problem(usher.login_answer(spelling), 429, "too_many_attempts")
    assert alive(usher, usher.login(other.email)), "a dot more or less is another account"


def test_a_password_counts_to_its_last_byte(usher):
    """Case 80, Okta 2024-10-30: a long name before the password left no room for it in what was hashed."""
    local, long = fresh_email("x").split("@")[0].ljust(64, "x"), "correct horse battery staple " * 3
    email = f"{local}@{'a' * 60}.{'b' * 60}.{'c' * 50}.example"
    for password in (long[:72] + "A", "horse\0battery-staple-7", "ü" * 36 + "-end"):
        made = usher.register(email, password, firstName="F" * 100, lastName="L" * 100)
        assert made.status == 201, made.body
        usher.sign_in_by_code(email)
        for other in (password[:-1], password + "A", password[:-1] + "B", password[:36], password[:72], password.split("\0")[0], password + "\0"):
            if other != password:
                assert usher.login_answer(email, other).status == 401, repr(other)
        assert usher.login(email, password)
        email = "y" + email[1:] if email[0] == "x" else "z" + email[1:]
