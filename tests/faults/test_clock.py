"""The wall clock is set while the server runs, and expiry to the second.

Setting the clock signs nobody out and revives nothing; idle and absolute time-outs are kept to the second.
"""
import time
from datetime import datetime

import pytest

from faults.fake_clock import DAY, HOUR, YEAR, ClockServer
from support.scenario import assert_ended, assert_problem, eventually, fresh_email, records

JUMPS = [HOUR, -HOUR, YEAR, -YEAR, 90, -90]


@pytest.fixture(scope="module")
def usher():
    with ClockServer() as server:
        yield server


@pytest.fixture(autouse=True)
def true_time(request):
    yield
    if "usher" in request.fixturenames:
        request.getfixturevalue("usher").shift(0)


def shown_time(usher):
    return datetime.strptime(usher.get("/health/live").headers["date"], "%a, %d %b %Y %H:%M:%S GMT").timestamp()


# Sets the server's clock to the true time and so many seconds.
def jump(usher, seconds):
    usher.shift(seconds)
    eventually(lambda: abs(shown_time(usher) - time.time() - seconds) < 15, 5)


def sessions_ended(usher, email):
    return records(usher, "SELECT count(*) FROM sessions JOIN users ON users.id = user_id "
                          "WHERE email = ? AND ended_at IS NOT NULL", email)[0][0]


@pytest.mark.parametrize("seconds", JUMPS)
def test_a_jump_signs_nobody_out_and_revives_nothing(usher, seconds):
    email = fresh_email("clock")
    held, ended = usher.sign_up(email), usher.login(email)
    late = usher.login(email)
    assert usher.call("POST", "/auth/logout", token=ended.access).status == 204
    jump(usher, seconds)

    # By the clock the access token of the long jump has expired; the session has not.
    me = usher.get("/auth/me", token=held.access)
    if seconds < 7 * DAY:
        assert me.status == 200, me
    else:
        assert_problem(me, 401, "token_expired")
    refreshed = usher.refresh(held.refresh)
    assert refreshed.status == 200, refreshed
    assert usher.get("/auth/me", token=refreshed.json["accessToken"]).status == 200
    # A client that is told 0 would throw a living session away.
    assert (refreshed.json["expiresIn"], refreshed.json["refreshExpiresIn"]) == (7 * DAY, 30 * DAY)
    assert_ended(usher.refresh(ended.refresh), "logout")
    assert usher.get("/auth/me", token=ended.access).status == 401
    made = usher.login(email)
    assert usher.get("/auth/me", token=made.access).status == 200

    jump(usher, 0)
    # What was made a year ago, by the clock of then, is too old now.
    made_lives = seconds != -YEAR
    for token in (refreshed.json["refreshToken"], late.refresh, *[made.refresh] * made_lives):
        again = usher.refresh(token)
        assert again.status == 200, again
        assert usher.get("/auth/me", token=again.json["accessToken"]).status == 200
    assert_ended(usher.get("/auth/me", token=ended.access), "logout")
    assert_ended(usher.refresh(ended.refresh), "logout")
    assert sessions_ended(usher, email) == 1


def test_what_ended_during_a_jump_stays_dead_afterwards_and_after_a_restart(usher):
    email = fresh_email("clock")
    held, ended = usher.sign_up(email), usher.login(email)
    jump(usher, YEAR)
    fresh = usher.refresh(ended.refresh).json
    assert usher.call("POST", "/auth/logout", token=fresh["accessToken"]).status == 204
    jump(usher, 0)
    for _ in range(2):
        assert_ended(usher.get("/auth/me", token=ended.access), "logout")
        assert_ended(usher.refresh(ended.refresh), "logout")
        assert_ended(usher.refresh(fresh["refreshToken"]), "logout")
        assert usher.get("/auth/me", token=held.access).status == 200
        usher.restart()


@pytest.mark.parametrize("seconds", [YEAR, -YEAR])
def test_timers_do_not_follow_the_wall_clock(usher, seconds):
    held = usher.sign_up(fresh_email("clock"))
    jump(usher, seconds)
    # The feed of changes is polled on, so memory stays trusted and the server ready.
    end = time.monotonic() + 2.5
    while time.monotonic() < end:
        assert usher.get("/health/ready").status == 200
        assert usher.refresh(held.refresh).status == 200
        time.sleep(0.1)


def last_active(usher, session):
    return records(usher, "SELECT last_active_at FROM sessions WHERE lower(hex(id)) = ?", session.replace("-", ""))[0][0]


LIVES = {"sessions.idle_timeout": f"{HOUR}s", "sessions.absolute_timeout": f"{2 * HOUR}s"}


def test_idle_sessions_end_to_the_second():
    with ClockServer(settings=LIVES) as usher:
        signed_in = [usher.sign_up("idle@example.org"), *(usher.login("idle@example.org") for _ in range(3))]
        usher.stop()
        used = [last_active(usher, one.session) for one in signed_in]
        usher.start(usher.port)
        for i, use in enumerate((me_works, refresh_works)):
            usher.restart_at(used[i] + (HOUR - 1) * 1000)
            use(usher, signed_in[i])
        for i, use in enumerate((me_is_refused, refresh_is_refused), 2):
            usher.restart_at(used[i] + (HOUR + 1) * 1000)
            use(usher, signed_in[i], "idle")
        # A use counts from then on: the first two live another hour.
        usher.restart_at(used[0] + (2 * HOUR - 30) * 1000)
        me_works(usher, signed_in[0])


def test_refreshing_never_passes_the_absolute_end():
    with ClockServer(settings=LIVES) as usher:
        held, other = usher.sign_up("absolute@example.org"), usher.login("absolute@example.org")
        usher.stop()
        began = {one.session: last_active(usher, one.session) for one in (held, other)}
        usher.start(usher.port)
        for seconds in (50 * 60, 100 * 60, 2 * HOUR - 1):
            usher.restart_at(began[held.session] + seconds * 1000)
            for one in (held, other):
                answer = usher.refresh(one.refresh)
                assert answer.status == 200, (seconds, answer)
                one.refresh, one.access = answer.json["refreshToken"], answer.json["accessToken"]
            session = usher.get("/auth/me", token=held.access).json["session"]
            ends = datetime.fromisoformat(session["expiresAt"].replace("Z", "+00:00")).timestamp() * 1000
            assert abs(ends - began[held.session] - 2 * HOUR * 1000) < 1000
        usher.restart_at(began[other.session] + (2 * HOUR + 1) * 1000)
        refresh_is_refused(usher, held, "absolute")
        # Its access token was given no longer life than the session.
        assert_problem(usher.get("/auth/me", token=other.access), 401, "token_expired")
        assert usher.get("/auth/check", token=other.access).status == 401


def me_works(usher, one):
    answer = usher.get("/auth/me", token=one.access)
    assert answer.status == 200, answer


def refresh_works(usher, one):
    answer = usher.refresh(one.refresh)
    assert answer.status == 200, answer


def me_is_refused(usher, one, reason):
    assert_ended(usher.get("/auth/me", token=one.access), reason)
    assert usher.get("/auth/check", token=one.access).status == 401


def refresh_is_refused(usher, one, reason):
    assert_ended(usher.refresh(one.refresh), reason)
