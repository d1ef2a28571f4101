"""What settings ask of sign-ins beside the password: of everybody, of a role, by passkeys alone."""
import re

import pytest
from support import jwt
from support.authenticator import Authenticator, ask, enrol, prove
from support.late_enrolment import add_passkey, begin_passkey, begin_totp, confirm_totp, enrol_passkey, enrol_totp
from support.passkey import SETTINGS, Passkey, add, sign_in
from support.scenario import actions_of, alive, assert_problem, at_once, dead, events_of, eventually, fresh_email, holds
from support.usher import PASSWORD, sign_in_of

ONE_NODE_AND_TWO = True


@pytest.fixture(scope="module")
def server(serve, store):
    return lambda **settings: serve(settings=store | SETTINGS | {"verification.cool_down": "1s"} | settings)


@pytest.fixture(scope="module")
def usher(server):
    """A second factor is asked of everybody."""
    with server(**{"mfa.policy": "required"}) as made:
        yield made


@pytest.fixture(scope="module")
def strict(server):
    """Passkeys alone."""
    with server(**{"mfa.policy": "phishing_resistant"}) as made:
        yield made


def registered(usher):
    """An account whose address is proved; what its first sign-in answered."""
    email = fresh_email("policy")
    usher.register(email)
    answer = usher.post("/auth/verify-email", {"email": email, "otp": usher.code(email)})
    assert answer.status == 200 and "accessToken" not in answer.json, answer.body
    return email, answer.json


def refusals(usher, email):
    return [detail for action, detail in events_of(usher, email) if action == "login.failed"]


def test_who_must_and_has_nothing_adds_an_app_and_is_signed_in(usher):
    email, asked = registered(usher)
    assert asked["methods"] == [] and asked["enrol"] == ["totp", "passkey"]
    app, answer = enrol_totp(usher, asked["mfaToken"])
    assert answer.status == 200 and len(answer.json["recoveryCodes"]) == 10, answer.body
    claims = jwt.claims(answer.json["tokens"]["accessToken"])
    assert claims["amr"] == ["otp", "mfa"] and claims["aal"] == 2
    assert usher.get("/auth/me", token=answer.json["tokens"]["accessToken"]).status == 200
    assert_problem(confirm_totp(usher, asked["mfaToken"], app.next()), 401, "mfa_token_invalid")
    again = usher.login_answer(email).json
    assert again["methods"] == ["totp", "recovery_code"] and again["enrol"] == []
    assert prove(usher, again["mfaToken"], app.next()).json["accessToken"]
    assert eventually(lambda: [m for m in usher.mails(email) if m["subject"] == "An authenticator app was added"])
    assert actions_of(usher, email).count("factor.added") == 1


def test_who_must_and_has_nothing_may_add_a_passkey_instead(usher):
    email, asked = registered(usher)
    passkey, answer = enrol_passkey(usher, asked["mfaToken"], name="laptop")
    assert answer.status == 200, answer.body
    claims = jwt.claims(answer.json["accessToken"])
    assert claims["amr"] == ["otp", "swk", "user", "mfa"] and claims["aal"] == 2
    again = usher.login_answer(email).json
    assert again["methods"] == ["passkey"] and again["enrol"] == [], "a password alone adds nothing past it"
    assert_problem(begin_totp(usher, again["mfaToken"]), 403, "factor_not_allowed")
    assert_problem(begin_passkey(usher, again["mfaToken"]), 403, "factor_not_allowed")
    assert sign_in(usher, passkey).json["accessToken"]


def test_the_token_opens_nothing_else_and_nothing_is_a_session_before(usher):
    email, asked = registered(usher)
    begin_totp(usher, asked["mfaToken"])
    assert usher.get("/auth/me", token=asked["mfaToken"]).status == 401
    assert_problem(prove(usher, asked["mfaToken"], "000000"), 403, "factor_not_allowed")
    assert "session.created" not in actions_of(usher, email)
    for call in (begin_totp, begin_passkey):
        assert_problem(call(usher, "ush_m_nonsense"), 401, "mfa_token_invalid")
    assert_problem(confirm_totp(usher, asked["mfaToken"], "000000"), 400, "otp_invalid")


def test_a_challenge_for_a_passkey_belongs_to_its_sign_in(usher):
    email, asked = registered(usher)
    other = usher.login_answer(email).json["mfaToken"]
    credential = Passkey().create(begin_passkey(usher, asked["mfaToken"]).json)
    assert_problem(add_passkey(usher, other, credential), 400, "passkey_invalid")
    assert_problem(add_passkey(usher, asked["mfaToken"], credential), 400, "passkey_invalid")


def test_of_fifty_confirmations_one_signs_in(usher):
    email, asked = registered(usher)
    app = Authenticator(begin_totp(usher, asked["mfaToken"]).json["secret"])
    code = app.next()
    answers = at_once([lambda: confirm_totp(usher, asked["mfaToken"], code)] * 50)
    assert [answer.status for answer in answers].count(200) == 1, sorted({answer.status for answer in answers})
    assert actions_of(usher, email).count("session.created") == 1


def test_a_role_may_need_it(server):
    with server(**{"mfa.required_roles": "support,admin"}) as usher:
        plain = usher.sign_up(fresh_email("plain"))
        helper = usher.sign_up(fresh_email("helper"))
        usher.cli("user", "grant", helper.email, "support")
        dead(usher, helper, "factor_required")
        assert usher.login_answer(plain.email).json["accessToken"] and alive(usher, plain)
        asked = usher.login_answer(helper.email).json
        assert asked["enrol"] == ["totp", "passkey"]
        proved = enrol_totp(usher, asked["mfaToken"])[1].json["tokens"]["accessToken"]
        usher.cli("user", "revoke", helper.email, "support")
        usher.cli("user", "grant", helper.email, "admin")
        assert usher.get("/auth/me", token=proved).status == 200, "it has proved what the new role asks for"
        older = usher.sign_up(fresh_email("older"))
        holds(usher, older, "support")
        assert alive(usher, older)
        assert enrol_totp(usher, usher.login_answer(older.email).json["mfaToken"])[1].status == 200
        dead(usher, older, "factor_changed")


def ended_by(done):
    return int(re.search(r"^ended (\d+) sessions? in ", done.stdout, re.M)[1])


def test_a_setting_acts_on_living_sessions_by_command(server):
    with server() as usher:
        plain, factored = usher.sign_up(fresh_email("plain")), usher.sign_up(fresh_email("factored"))
        app, _ = enrol(usher, factored)
        proved = prove(usher, ask(usher, factored.email), app.next()).json["accessToken"]
        unproved = "--mfa.policy=required", "session", "revoke-unproved"
        assert ended_by(usher.cli("session", "revoke-unproved")) == 0, "by the policy of now"
        assert ended_by(usher.cli(*unproved)) >= 2, "others' of this store, too"
        dead(usher, plain, "factor_required")
        dead(usher, factored, "factor_required")
        assert usher.get("/auth/me", token=proved).status == 200
        assert ended_by(usher.cli(*unproved)) == 0


def test_one_that_finds_no_room_adds_nothing_and_is_on_record(server):
    with server(**{"mfa.required_roles": "support", "sessions.limit": 1, "sessions.at_limit": "refuse"}) as usher:
        who = usher.sign_up(fresh_email("full"))
        holds(usher, who, "support")
        token = usher.login_answer(who.email).json["mfaToken"]
        passkey, answer = enrol_passkey(usher, token)
        assert_problem(answer, 403, "session_limit")
        assert refusals(usher, who.email) == ["session_limit"]
        newest = usher.get("/auth/history?limit=1", token=who.access).json["attempts"][0]
        assert (newest["outcome"], newest["reason"]) == ("refused", "session_limit")
        assert usher.get("/auth/passkeys", token=who.access).json == {"passkeys": []}
        assert_problem(sign_in(usher, passkey), 400, "passkey_invalid")
        assert "passkey.added" not in actions_of(usher, who.email)
        assert usher.post("/auth/logout", token=who.access).status == 204
        _, answer = enrol_passkey(usher, token)
        assert answer.status == 200, "the refusal used nothing up"
        assert refusals(usher, who.email) == ["session_limit"]


def test_passkeys_alone_block_apps(server):
    with server() as usher:
        who, older = usher.sign_up(fresh_email("strict")), usher.sign_up(fresh_email("older"))
        app, _ = enrol(usher, older)
        enrolled, _ = add(usher, who)
        usher.stop()
        usher.settings["mfa.policy"] = "phishing_resistant"
        usher.start()
        asked = usher.login_answer(who.email).json
        assert asked["methods"] == ["passkey"] and asked["enrol"] == []
        assert_problem(prove(usher, asked["mfaToken"], "000000"), 403, "factor_not_allowed")
        assert sign_in(usher, enrolled).json["accessToken"]
        # An app is proved before a passkey takes its place.
        token = ask(usher, older.email)
        assert_problem(begin_passkey(usher, token), 403, "factor_not_allowed")
        more = prove(usher, token, app.next())
        assert more.status == 200 and more.json["mfaRequired"] and more.json["enrol"] == ["passkey"], more.body
        passkey, answer = enrol_passkey(usher, more.json["mfaToken"])
        assert jwt.claims(answer.json["accessToken"])["amr"] == ["pwd", "otp", "mfa", "swk", "user"]
        assert sign_in(usher, passkey).json["accessToken"]


def test_no_app_is_added_where_only_passkeys_will_do(strict):
    email, asked = registered(strict)
    assert asked["enrol"] == ["passkey"]
    assert_problem(begin_totp(strict, asked["mfaToken"]), 403, "factor_not_allowed")
    _, answer = enrol_passkey(strict, asked["mfaToken"])
    who = sign_in_of(email, answer)
    assert_problem(strict.post("/auth/mfa/totp", {"password": PASSWORD}, token=who.access), 403, "factor_not_allowed")


def test_off_adds_no_more_apps(server):
    with server(**{"mfa.policy": "off"}) as usher:
        who = usher.sign_up(fresh_email("off"))
        assert_problem(usher.post("/auth/mfa/totp", {"password": PASSWORD}, token=who.access), 403, "factor_not_allowed")
