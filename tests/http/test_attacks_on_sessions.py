"""Attacks on sessions and refresh tokens that other servers fell for; each call meets the other of two nodes, where there are two.

docs/security.md lists all cases. USHER_LONG=1 repeats a race as often as its case says.
"""
import os
import time
import uuid
from contextlib import contextmanager

import pytest
from support import jwt, passkey
from support.authenticator import ask, enrol, prove
from support.scenario import (alive, an_hour_later, assert_ended, assert_problem, at_once, audited, changed, dead, eventually, fresh_email, locked,
                              records, renew)
from support.usher import PASSWORD, sign_in_of

ONE_NODE_AND_TWO = True
ROUNDS = 200 if os.environ.get("USHER_LONG") == "1" else 40
GRACE = 2
LATER = "another-good-horse-8"


@pytest.fixture(scope="module")
def usher(serve, store):
    with serve(settings=store | passkey.SETTINGS | {"sessions.refresh_grace": f"{GRACE}s", "verification.cool_down": "1s"}, timeout=30) as made:
        yield made


def restart(usher, redis):
    """All that is kept outside of the database is gone."""
    usher.stop()
    if redis:
        redis.kill()
        redis.start()
    usher.start(usher.port)


def past_the_grace():
    time.sleep(GRACE + 0.1)


# ---- refresh tokens

def test_fifty_tries_of_a_refresh_token_have_one_successor(usher, ada):
    """Case 1, CVE-2026-1035: reuse was checked, and then recorded."""
    token = ada.refresh
    for _ in range(ROUNDS):
        answers = at_once([lambda: usher.refresh(token)] * 50)
        assert {a.status for a in answers} == {200}
        successors = {a.json["refreshToken"] for a in answers}
        assert len(successors) == 1 and token not in successors
        token = successors.pop()
    assert len(usher.get("/auth/sessions", token=ada.access).json["sessions"]) == 1


def test_a_restart_makes_no_old_refresh_token_new(usher, redis, ada):
    """Case 2, CVE-2026-9802: what was stale was decided by the start of the process."""
    first = renew(usher, ada.refresh)
    restart(usher, redis)
    assert renew(usher, ada.refresh) == first, "as without a restart: the answer was lost"
    second = renew(usher, first)
    past_the_grace()
    restart(usher, redis)
    assert_ended(usher.refresh(ada.refresh), "refresh_reuse")
    ada.refresh = second
    dead(usher, ada, "refresh_reuse")


def test_tabs_and_lost_answers_sign_nobody_out_and_a_thief_does(usher, ada):
    """Case 5, better-auth#8512, hydra#1831, supabase/auth#466: honest clients were taken for thieves."""
    other = usher.login(ada.email)
    first = {a.json["refreshToken"] for a in at_once([lambda: usher.refresh(ada.refresh)] * 10)}
    assert len(first) == 1
    first = first.pop()
    past_the_grace()
    assert renew(usher, ada.refresh) == first, "its successor was never used: the answer may have been lost"
    second = renew(usher, first)
    assert renew(usher, ada.refresh) == renew(usher, first) == second and alive(usher, ada)
    past_the_grace()
    assert_ended(usher.refresh(ada.refresh), "refresh_reuse")
    ada.refresh = second
    dead(usher, ada, "refresh_reuse")
    assert alive(usher, other) and renew(usher, other.refresh)


# ---- sign-out

def ways_to_end(usher, root, who):
    own, admins = "/auth/sessions", f"/users/{who.user['id']}/sessions"
    return [("logout", lambda one: usher.post("/auth/logout", token=one.access)),
            ("logout", lambda one: usher.delete(f"{own}/{one.session}", token=who.access)),
            ("logout_all", lambda one: usher.delete(f"{own}?except=current", token=who.access)),
            ("admin", lambda one: usher.delete(f"{admins}/{one.session}", token=root.access)),
            ("admin", lambda one: usher.delete(admins, token=root.access))]


def test_what_was_ended_stays_ended_when_all_memory_is_lost(usher, redis, root, ada):
    """Case 8, CVE-2025-29928, and 10, keycloak#31296: the cache and the database did not end together, or memory alone knew."""
    ended = []
    for reason, end in ways_to_end(usher, root, ada):
        one = usher.login(ada.email)
        assert all(alive(usher, one) for _ in range(4)), "each node remembers it"
        assert end(one).status in (200, 204)
        dead(usher, one, reason)
        ended.append((one, reason))
    if redis:
        redis.cli("FLUSHALL")
        for one, reason in ended:
            dead(usher, one, reason)
    restart(usher, redis)
    for one, reason in ended:
        assert jwt.claims(one.access)["exp"] > time.time() + 3600
        dead(usher, one, reason)
    assert alive(usher, root)


def test_signing_one_device_out_leaves_the_others_alone(usher, ada):
    """Case 11, keycloak#35813, #35486: a sign-out reached too little or too much."""
    agents = ({"User-Agent": "app/1.0"}, {"User-Agent": "web/1.0"})
    phone, desk, same = (usher.login(ada.email, headers=agents[n % 2]) for n in range(3))
    older, phone.refresh = phone.refresh, renew(usher, phone.refresh, agents[0])
    assert usher.post("/auth/logout", token=phone.access).status == 204
    dead(usher, phone, "logout")
    assert_ended(usher.refresh(older, agents[0]), "logout")
    for left, agent in ((desk, agents[1]), (same, agents[0])):
        assert alive(usher, left) and renew(usher, left.refresh, agent)


@contextmanager
def out_of_order(usher, kind, postgres):
    """Nobody can write to the store."""
    if kind == "sqlite":
        with locked(usher):
            yield
        return
    postgres().freeze()
    try:
        yield
    finally:
        postgres().thaw()
    eventually(lambda: all(usher.get("/health/ready").status == 200 for _ in range(4)), 25)


def test_a_sign_out_that_cannot_be_stored_says_so(request, usher, kind, redis, ada):
    """Case 12, CVE-2020-15223: 200 was answered, and the token lived."""
    other = usher.login(ada.email)
    with out_of_order(usher, kind, lambda: request.getfixturevalue("postgres")):
        for answer in at_once([lambda: usher.post("/auth/logout", token=ada.access), lambda: usher.refresh(ada.refresh),
                               lambda: usher.delete(f"/auth/sessions/{other.session}", token=ada.access)] * 2):
            assert_problem(answer, 503, "store_unavailable")
    assert alive(usher, ada) and alive(usher, other)
    if redis:
        redis.kill()  # changes go by polls: a sign-out waits for them
        assert usher.delete(f"/auth/sessions/{other.session}", token=ada.access).status == 200
        dead(usher, other, "logout")
        redis.start()
        usher.wait_for_redis()
    assert usher.post("/auth/logout", token=ada.access).status == 204
    dead(usher, ada, "logout")


# ---- accounts that are closed

CLOSED = {
    "disabled": ("account_disabled", lambda usher, root, who: usher.post(f"/users/{who.user['id']}/disable", token=root.access)),
    "deleted": ("account_deleted", lambda usher, root, who: usher.delete(f"/users/{who.user['id']}", token=root.access)),
    "leaving": ("account_deleted", lambda usher, root, who: usher.delete("/auth/me", body={"password": PASSWORD}, token=who.access)),
    "reset": ("admin", lambda usher, root, who: usher.post(f"/users/{who.user['id']}/require-password-reset", token=root.access)),
}


@pytest.mark.parametrize("how", CLOSED)
def test_a_closed_account_refreshes_nothing(usher, root, ada, how):
    """Case 13, CVE-2023-22492: refresh tokens outlived the account."""
    reason, close = CLOSED[how]
    newer = usher.refresh(ada.refresh).json
    assert all(alive(usher, ada) for _ in range(4))
    assert close(usher, root, ada).status in (200, 204)
    answers = [usher.get("/auth/me", token=ada.access), usher.refresh(ada.refresh), usher.get("/auth/check", token=newer["accessToken"]),
               usher.refresh(newer["refreshToken"])]
    assert {a.status for a in answers} == {401}
    assert {a.code if a.code == "account_disabled" else a.json["reason"] for a in answers} <= {reason, "account_disabled"}


def test_a_disabled_user_gets_in_by_no_way(usher, root, ada):
    """Case 14, CVE-2026-1609, GHSA-wv3h-x6c4-r867: some ways in did not look whether the account was disabled."""
    key, _ = passkey.add(usher, ada)
    app, recovery = enrol(usher, ada)
    asked, half = key.get(passkey.request_options(usher)), ask(usher, ada.email)
    seen = usher.post(f"/users/{ada.user['id']}/impersonate", {"reason": "ticket 7"}, token=root.access).json["accessToken"]
    assert usher.post("/auth/forgot-password", {"email": ada.email}).status == 202
    eventually(lambda: usher.mails(ada.email)[0]["subject"].startswith("Reset"))
    otp = usher.code(ada.email)
    assert usher.post(f"/users/{ada.user['id']}/disable", token=root.access).status == 200
    credentials = {"email": ada.email, "password": PASSWORD}
    ways = {"account_disabled": [usher.post("/auth/login", credentials), usher.post("/auth/restore-account", credentials),
                                 usher.refresh(ada.refresh), usher.get("/auth/me", token=ada.access), usher.get("/auth/me", token=seen),
                                 usher.post("/auth/step-up", {"method": "recovery_code", "proof": recovery[0]}, token=ada.access)],
            "conflict": [usher.post(f"/users/{ada.user['id']}/impersonate", {"reason": "ticket 7"}, token=root.access)],
            "passkey_invalid": [usher.post("/auth/passkeys/sign-in", {"credential": asked}), passkey.sign_in(usher, key)],
            "mfa_token_invalid": [prove(usher, half, app.next()), prove(usher, half, recovery[1], "recovery_code")],
            "otp_invalid": [usher.post("/auth/verify-email", {"email": ada.email, "otp": otp}),
                            usher.post("/auth/reset-password", {"email": ada.email, "otp": otp, "newPassword": LATER})]}
    for code, answers in ways.items():
        assert [a.code for a in answers] == [code] * len(answers) and not any(b"accessToken" in a.body for a in answers)
    assert usher.post(f"/users/{ada.user['id']}/enable", token=root.access).status == 200
    dead(usher, ada, "account_disabled")
    assert prove(usher, ask(usher, ada.email), recovery[1], "recovery_code").status == 200 and passkey.sign_in(usher, key).status == 200


def test_who_registers_anew_inherits_nothing(usher, root, ada):
    """Case 16, GHSA-2vg6-77g8-24mp: a second store kept the sessions of deleted users."""
    key, _ = passkey.add(usher, ada)
    usher.cli("user", "grant", ada.email, "support")
    assert usher.get("/auth/check?permission=users:read", token=ada.access).status == 204
    assert usher.delete(f"/users/{ada.user['id']}", token=root.access).status == 204
    dead(usher, ada, "account_deleted")
    again = usher.sign_up(ada.email, LATER)
    assert again.user["id"] != ada.user["id"] and again.user["roles"] == ["user"]
    dead(usher, ada, "account_deleted")
    assert usher.login_answer(ada.email).status == 401 and passkey.sign_in(usher, key).status == 400
    assert usher.get("/auth/check?permission=users:read", token=again.access).status == 403
    assert [s["sessionId"] for s in usher.get("/auth/sessions", token=again.access).json["sessions"]] == [again.session]


def test_a_shorter_life_binds_the_sessions_there_are(usher, ada):
    """Case 17, GHSA-64w3-5q9m-68xf: long sessions outlived the policy that allowed them."""
    old = usher.login(ada.email)
    changed(usher, "UPDATE sessions SET created_at = created_at - 7200000 WHERE id = ?", uuid.UUID(old.session).bytes)
    usher.restart()
    assert alive(usher, old)
    usher.settings["sessions.absolute_timeout"] = "1h"
    try:
        usher.restart()
        dead(usher, old, "absolute")
        assert alive(usher, ada)
    finally:
        del usher.settings["sessions.absolute_timeout"]
        usher.restart()
    dead(usher, old, "absolute")


# ---- whose session it is

def test_the_next_on_a_shared_browser_is_another(usher, ada):
    """Case 20, CVE-2025-12390: a sign-out without all of its cookies left a session to the next user."""
    bob = usher.sign_up(fresh_email("bob"))
    jar = {"Cookie": f"sid={ada.session}; accessToken={ada.access}; refreshToken={ada.refresh}"}
    assert_problem(usher.post("/auth/logout", headers=jar), 401, "token_missing")
    assert alive(usher, ada), "cookies are not looked at: nothing was half ended"
    assert usher.post("/auth/logout", token=ada.access, headers={"Cookie": f"sid={bob.session}"}).status == 204
    dead(usher, ada, "logout")
    again = usher.login(bob.email, headers=jar)
    assert again.session not in (ada.session, bob.session)
    assert usher.get("/auth/me", token=again.access, headers=jar).json["user"]["id"] == bob.user["id"]
    dead(usher, ada, "logout")


def test_no_client_chooses_the_id_of_its_session(usher, ada):
    """Case 22, CVE-2024-38513: the server adopted an id that the client had sent."""
    chosen = str(uuid.uuid4())
    headers = {"Cookie": f"sid={chosen}; sessionId={chosen}", "X-Session-Id": chosen, "X-Usher-Session": chosen}
    for name in ("sessionId", "sid", "id"):
        assert_problem(usher.post("/auth/login", {"email": ada.email, "password": PASSWORD, name: chosen}), 400, "unknown_field")
    answer = usher.login_answer(ada.email, headers=headers, device={"deviceId": chosen})
    assert answer.status == 200 and answer.json["sessionId"] != chosen and "set-cookie" not in answer.headers
    assert usher.get("/auth/me", token=answer.json["accessToken"], headers=headers).json["session"]["sessionId"] == answer.json["sessionId"]
    assert records(usher, "SELECT count(*) FROM sessions WHERE id = ?", uuid.UUID(chosen).bytes) == [(0,)]


def test_each_step_of_a_sign_in_has_secrets_of_its_own(usher, ada):
    """Case 23, CVE-2022-25896, CVE-2023-29019: an id from before the sign-in was good after it. A step-up keeps the session, and its
    proof is told by the new tokens alone."""
    usher.cli("user", "grant", ada.email, "super_admin")
    who = usher.login(ada.email)
    app, recovery = enrol(usher, who)
    half = ask(usher, ada.email)
    both = sign_in_of(ada.email, prove(usher, half, app.next()))
    assert_problem(prove(usher, half, recovery[0], "recovery_code"), 401, "mfa_token_invalid")
    late = an_hour_later(usher, both)
    proved = sign_in_of(ada.email, usher.post("/auth/step-up", {"method": "recovery_code", "proof": recovery[0]}, token=late.access))
    assert proved.session == both.session != who.session
    target = f"/users/{ada.user['id']}/enable"
    assert_problem(usher.post(target, token=late.access), 403, "step_up_required")
    assert usher.post(target, token=proved.access).status == 200
    assert usher.post("/auth/logout", token=proved.access).status == 204
    for one in (both, late, proved):
        dead(usher, one, "logout")
    made = [half, who.refresh, both.refresh, *(one.access for one in (who, both, late, proved))]
    assert len(set(made)) == len(made) and alive(usher, who)


def test_sessions_without_a_device_are_their_users(usher):
    """Case 24, CVE-2024-39683: a session without a User-Agent was everybody's."""
    nameless = {"User-Agent": ""}
    one, other = (usher.login(usher.sign_up(fresh_email("nameless")).email, headers=nameless) for _ in range(2))
    for who, foreign in ((one, other), (other, one)):
        listed = usher.get("/auth/sessions", token=who.access, headers=nameless).json["sessions"]
        assert who.session in [s["sessionId"] for s in listed] and foreign.session not in [s["sessionId"] for s in listed] and len(listed) == 2
        assert_problem(usher.delete(f"/auth/sessions/{foreign.session}", token=who.access, headers=nameless), 404, "not_found")
        assert len(audited(usher, "session.end_refused", foreign.session)) == 1
    assert alive(usher, one) and alive(usher, other)
