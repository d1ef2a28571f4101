"""Rotation of refresh tokens: honest clients are never logged out, thieves always are."""
import base64
import time
from datetime import datetime, timedelta

import pytest
from support.scenario import alive, assert_ended, assert_problem, at_once, audited, changed, dead, eventually, fresh_email, records, renew
from support.usher import Server, sign_in_of

ONE_NODE_AND_TWO = True
PHONE = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                       "Version/17.5 Mobile/15E148 Safari/604.1"}
DESK = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0"}
DESK_UPDATED = {"User-Agent": DESK["User-Agent"].replace("127.0", "128.0")}
SAFETY = "A device was signed out for your safety"


@pytest.fixture(scope="module")
def strict():
    """Without any grace: what is old is old at once."""
    with Server(settings={"sessions.refresh_grace": "0s"}) as server:
        yield server


ANNOUNCE = "INSERT INTO changes (txid, kind, key, at) SELECT usher_txid(), 'user', user_id, usher_now() FROM sessions WHERE id = ?"


def change_store(usher, statement, *values):
    """Changes one row, whose id is the last value, while the server is down. A copy of it in Redis is believed until a change of its user is announced."""
    usher.stop()
    assert changed(usher, statement, *values) == 1
    if "redis.url" in usher.settings:
        assert changed(usher, ANNOUNCE, values[-1]) == 1
    usher.start(usher.port)


def row_of(signed_in):
    return bytes.fromhex(signed_in.session.replace("-", ""))


def test_a_refresh_gives_a_new_pair_of_the_same_session(usher, ada):
    answer = usher.refresh(ada.refresh).json
    assert answer["sessionId"] == ada.session
    assert answer["refreshToken"] != ada.refresh and answer["accessToken"] != ada.access
    assert alive(usher, ada)  # the access token before it stays good until it expires
    assert usher.get("/auth/me", token=answer["accessToken"]).status == 200
    assert "session.refresh" not in {row[0] for row in records(usher, "SELECT action FROM audit_events")}


@pytest.mark.parametrize("count", [20, 50])
def test_parallel_refreshes_of_one_token_have_one_successor(usher, ada, count):
    token = ada.refresh
    for _ in range(3):
        answers = at_once([lambda: usher.refresh(token)] * count)
        assert {a.status for a in answers} == {200}
        successors = {a.json["refreshToken"] for a in answers}
        assert len(successors) == 1 and token not in successors
        assert {usher.get("/auth/me", token=a.json["accessToken"]).status for a in answers[:5]} == {200}
        token = successors.pop()
    assert len(usher.get("/auth/sessions", token=ada.access).json["sessions"]) == 1


def test_a_lost_answer_is_given_again(usher, ada):
    first = renew(usher, ada.refresh)
    assert [renew(usher, ada.refresh) for _ in range(5)] == [first] * 5
    second = renew(usher, first)
    assert renew(usher, ada.refresh) == second  # a slow tab, within the grace
    assert renew(usher, first) == second
    assert renew(usher, second) not in {first, second, ada.refresh}


def test_a_client_that_never_stores_a_new_token_stays_signed_in(strict):
    who = strict.sign_up(fresh_email("stubborn"))
    first = renew(strict, who.refresh)
    assert [renew(strict, who.refresh) for _ in range(3)] == [first] * 3
    assert len(audited(strict, "session.refresh_repeated_late", who.session)) == 3
    assert alive(strict, who)


def test_an_older_token_after_the_grace_is_theft(strict):
    who = strict.sign_up(fresh_email("victim"))
    other = strict.login(who.email)
    first = renew(strict, who.refresh)
    second = renew(strict, first)
    assert_ended(strict.refresh(who.refresh), "refresh_reuse")
    who.refresh = second
    dead(strict, who, "refresh_reuse")
    assert_ended(strict.refresh(first), "refresh_reuse")
    assert alive(strict, other)  # one session, not the account
    assert audited(strict, "session.ended", who.session) == [(who.session.replace("-", ""), "refresh_reuse")]


def test_the_grace_is_as_long_as_the_setting_says():
    with Server(settings={"sessions.refresh_grace": "1s"}) as usher:
        who = usher.sign_up(fresh_email("graced"))
        first = renew(usher, who.refresh)
        second = renew(usher, first)
        assert renew(usher, who.refresh) == second
        time.sleep(1.05)  # the grace
        assert renew(usher, first) == second  # whose successor was never used
        third = renew(usher, second)
        assert_ended(usher.refresh(who.refresh), "refresh_reuse")
        assert_ended(usher.refresh(third), "refresh_reuse")


def test_theft_is_told_to_the_user_once(strict):
    who = strict.sign_up(fresh_email("told"), device={"deviceName": "Old phone"})
    renew(strict, renew(strict, who.refresh))
    for _ in range(3):
        assert_ended(strict.refresh(who.refresh), "refresh_reuse")
    mails = eventually(lambda: [m for m in strict.mails(who.email) if m["subject"] == SAFETY])
    assert len(mails) == 1 and "Old phone" in mails[0]["text"]
    assert who.refresh not in mails[0]["text"] + mails[0]["html"]


def test_a_late_answer_for_another_device_is_theft(strict):
    who = strict.sign_up(fresh_email("carried"))
    renew(strict, who.refresh, PHONE)
    assert_ended(strict.refresh(who.refresh, DESK), "refresh_reuse")
    dead(strict, who, "refresh_reuse")


def test_a_late_answer_for_the_same_device_after_an_update_is_not(strict):
    who = strict.sign_up(fresh_email("updated"))
    first = renew(strict, who.refresh, DESK)
    assert renew(strict, who.refresh, DESK_UPDATED) == first


def test_a_session_may_move_to_another_device_with_its_newest_token(strict):
    who = strict.sign_up(fresh_email("moved"))
    assert renew(strict, renew(strict, who.refresh, PHONE), DESK)
    assert alive(strict, who)


def test_parallel_thieves_end_the_session_exactly_once(strict):
    who = strict.sign_up(fresh_email("chased"))
    newest = renew(strict, renew(strict, who.refresh))
    answers = at_once([lambda: strict.refresh(who.refresh)] * 10 + [lambda: strict.refresh(newest)] * 10)
    assert {a.status for a in answers[:10]} == {401}
    dead(strict, who, "refresh_reuse")
    assert len(audited(strict, "session.ended", who.session)) == 1


def test_a_restart_changes_no_verdict(usher, strict, ada):
    first = renew(usher, ada.refresh)
    usher.restart()
    assert renew(usher, ada.refresh) == first
    assert alive(usher, ada)
    who = strict.sign_up(fresh_email("restarted"))
    newest = renew(strict, renew(strict, who.refresh))
    strict.restart()
    assert alive(strict, who)
    assert_ended(strict.refresh(who.refresh), "refresh_reuse")
    strict.restart()
    who.refresh = newest
    dead(strict, who, "refresh_reuse")


def test_a_kill_right_after_the_answer_loses_neither_refresh_nor_logout(usher, ada):
    other = usher.login(ada.email)
    token = renew(usher, ada.refresh)
    assert usher.post("/auth/logout", token=other.access).status == 204
    usher.kill()
    usher.start(usher.port)
    assert renew(usher, ada.refresh) == token
    assert renew(usher, token) != token
    dead(usher, other, "logout")


def test_a_refresh_in_flight_never_revives_a_session(usher):
    who = usher.sign_up(fresh_email("race"))
    outcomes = set()
    for _ in range(25):
        one = usher.login(who.email)
        calls = [lambda: usher.refresh(one.refresh)] * 3 + [lambda: usher.post("/auth/logout", token=one.access)]
        *renewed, out = at_once(calls)
        assert out.status == 204
        for answer in renewed:
            outcomes.add(answer.status)
            if answer.status == 200:
                one.access, one.refresh = answer.json["accessToken"], answer.json["refreshToken"]
            else:
                assert_ended(answer, "logout")
        dead(usher, one, "logout")
    print(f"refresh beside logout answered {sorted(outcomes)}")
    assert len(usher.get("/auth/sessions", token=who.access).json["sessions"]) == 1


def test_a_store_that_went_back_is_brought_forward_and_nobody_is_logged_out(usher, ada):
    newest = ada.refresh
    for _ in range(3):
        newest = renew(usher, newest)
    change_store(usher, "UPDATE sessions SET generation = 1 WHERE id = ?", row_of(ada))
    successor = renew(usher, newest)
    assert renew(usher, successor) != successor
    assert len(audited(usher, "session.refresh_fast_forward", ada.session)) == 1


@pytest.mark.parametrize("days, reason", [(31, "idle"), (366, "absolute")])
def test_unused_and_old_sessions_end_with_their_reason(usher, ada, days, reason):
    ms = days * 86_400_000
    shown = usher.get("/auth/sessions", token=ada.access).json["sessions"][0]["expiresAt"]
    token = renew(usher, ada.refresh)
    assert usher.get("/auth/sessions", token=ada.access).json["sessions"][0]["expiresAt"] == shown  # never slides
    if reason == "idle":
        change_store(usher, "UPDATE sessions SET created_at = created_at - ?, refreshed_at = refreshed_at - ?, "
                            "last_active_at = last_active_at - ? WHERE id = ?", ms, ms, ms, row_of(ada))
    else:
        change_store(usher, "UPDATE sessions SET created_at = created_at - ?, expires_at = expires_at - ? WHERE id = ?",
                     ms, ms, row_of(ada))
    assert_ended(usher.get("/auth/me", token=ada.access), reason)
    assert_ended(usher.refresh(token), reason)
    assert [detail for _, detail in audited(usher, "session.ended", ada.session)] == [reason]


def test_shorter_timeouts_bind_sessions_that_began_before():
    with Server() as usher:
        who = usher.sign_up(fresh_email("policy"))
        change_store(usher, "UPDATE sessions SET created_at = created_at - 7200000, last_active_at = last_active_at - 7200000 "
                            "WHERE id = ?", row_of(who))
        assert alive(usher, who)
        usher.settings["sessions.absolute_timeout"] = "1h"
        usher.restart()
        dead(usher, who, "absolute")


def test_a_role_has_timeouts_of_its_own():
    shorter = {"sessions.role_idle_timeouts": "admin=1h", "sessions.role_absolute_timeouts": "admin=12h"}
    with Server(settings=shorter) as usher:
        who, boss = usher.sign_up(fresh_email("user")), usher.sign_up(fresh_email("boss"))
        usher.cli("user", "grant", boss.email, "admin")
        boss = usher.login(boss.email)
        shown = usher.get("/auth/me", token=boss.access).json["session"]
        began, ends = (datetime.fromisoformat(shown[name]) for name in ("createdAt", "expiresAt"))
        assert ends - began == timedelta(hours=12)
        assert shown["expiresAt"] in [s["expiresAt"] for s in usher.get("/auth/sessions", token=boss.access).json["sessions"]]
        answer = usher.login_answer(boss.email)
        assert answer.json["refreshExpiresIn"] == 3600
        unused = sign_in_of(boss.email, answer)
        for signed_in in (who, unused):
            change_store(usher, "UPDATE sessions SET created_at = created_at - 7200000, last_active_at = last_active_at - 7200000 "
                                "WHERE id = ?", row_of(signed_in))
        assert alive(usher, who) and alive(usher, boss)
        dead(usher, unused, "idle")


def forgeries(token, other):
    text = token.removeprefix("ush_r_")
    data = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1 << at % 8
        yield "ush_r_" + base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
    theirs = other.removeprefix("ush_r_")
    yield from (text, "ush_r_", "ush_r_" + theirs[:len(text) // 2] + text[len(text) // 2:], token + "A", token[:-1], token + "=",
                " " + token, token + "\n", token.upper(), "ush_r_" + "A" * len(text), "USH_R_" + text, token.replace("ush_r_", "ush_r_ "))


def test_forged_refresh_tokens_open_nothing_and_harm_nobody(usher, ada):
    other = usher.sign_up(fresh_email("other"))
    tried = 0
    for forged in forgeries(ada.refresh, other.refresh):
        assert_problem(usher.refresh(forged), 401, "refresh_invalid")
        tried += 1
    print(f"{tried} forgeries")
    assert_problem(usher.refresh(ada.access), 401, "refresh_invalid")
    assert usher.get("/auth/me", token=ada.refresh).status == 401
    assert alive(usher, ada) and renew(usher, ada.refresh)
