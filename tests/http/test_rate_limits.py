"""Who guesses is stopped, who is many is slowed down, and nobody else notices."""
import pytest

from support.guessing import HEARD, PROXY, attack
from support.scenario import alive, assert_problem, at_once, fresh_email
from support.usher import Server

NEW = "another-good-battery-9"
LIMITS = {"limits.exempt": "10.0.0.0/8", "limits.sign_ins": 5, "limits.mails": 3, "limits.calls": 50}


@pytest.fixture(scope="module")
def behind_proxy():
    with Server(settings=PROXY, timeout=60) as usher:
        yield usher


@pytest.fixture(scope="module")
def counted():
    with Server(settings=PROXY | LIMITS) as usher:
        yield usher


# By default of an account that nobody guessed at before.
def login_from(usher, address, email=None):
    return usher.login_answer(email or fresh_email("nobody"), "wrong password 1", headers={"X-Forwarded-For": address})


def assert_wait(answer, code, most):
    assert_problem(answer, 429, code)
    assert 0 < int(answer.headers["retry-after"]) <= most


# ---- guesses of an account

def test_ten_thousand_guesses_stop_at_the_twentieth(behind_proxy):
    owner = behind_proxy.sign_up(fresh_email("guessed"))
    print(dict(attack([behind_proxy], owner.email, 10_000, owner.access)))
    assert_wait(behind_proxy.login_answer(owner.email), "too_many_attempts", 120)
    assert alive(behind_proxy, owner), "the owner's sessions do not suffer"


def test_the_owner_gets_in_by_mail_at_once(behind_proxy):
    owner = behind_proxy.sign_up(fresh_email("locked-out"))
    attack([behind_proxy], owner.email, 50)
    assert_wait(behind_proxy.login_answer(owner.email), "too_many_attempts", 60)
    assert behind_proxy.post("/auth/forgot-password", {"email": owner.email}).status == 202
    body = {"email": owner.email, "otp": behind_proxy.code(owner.email), "newPassword": NEW}
    assert behind_proxy.post("/auth/reset-password", body).status == 200
    assert behind_proxy.login_answer(owner.email, NEW).status == 200


def test_the_operator_lets_in(behind_proxy):
    owner = behind_proxy.sign_up(fresh_email("unlocked"))
    attack([behind_proxy], owner.email, 50)
    assert behind_proxy.cli("user", "unlock", owner.email).stdout == f"unlocked {owner.email}\n"
    assert behind_proxy.login_answer(owner.email).status == 200


def test_an_address_without_an_account_is_counted_alike(behind_proxy):
    attack([behind_proxy], fresh_email("nobody-here"), 200)


def test_a_restart_forgets_no_guesses():
    with Server() as usher:
        owner = usher.sign_up(fresh_email("restarted"))
        for _ in range(HEARD):
            assert_problem(usher.login_answer(owner.email, "wrong password 1"), 401, "invalid_credentials")
        usher.restart()
        assert_wait(usher.login_answer(owner.email), "too_many_attempts", 30)


def test_a_right_password_makes_mistakes_forgotten(behind_proxy):
    owner = behind_proxy.sign_up(fresh_email("clumsy"))
    for _ in range(3):
        for _ in range(HEARD - 1):
            assert_problem(behind_proxy.login_answer(owner.email, "wrong password 1"), 401, "invalid_credentials")
        assert behind_proxy.login_answer(owner.email).status == 200


def test_honest_parallel_sign_ins_are_no_guesses(behind_proxy):
    owner = behind_proxy.sign_up(fresh_email("many-devices"))
    assert {a.status for a in at_once([lambda: behind_proxy.login_answer(owner.email)] * 20)} == {200}


# ---- requests of an address

def test_an_address_spends_its_budget_and_others_keep_theirs(counted):
    for left in range(4, -1, -1):
        answer = login_from(counted, "192.0.2.1")
        assert answer.status == 401
        limit, remaining, reset = (int(answer.headers[f"ratelimit-{name}"]) for name in ("limit", "remaining", "reset"))
        assert (limit, remaining) == (5, left) and (5 - left) * 12 - 6 < reset <= (5 - left) * 12
    refused = login_from(counted, "192.0.2.1")
    assert_wait(refused, "rate_limited", 12)
    assert refused.headers["ratelimit-remaining"] == "0"
    assert login_from(counted, "192.0.2.2").status == 401
    assert counted.get("/health/live", headers={"X-Forwarded-For": "192.0.2.1"}).status == 200


def test_every_way_to_guess_draws_on_one_budget(counted):
    proxied = {"X-Forwarded-For": "192.0.2.20"}
    body = {"email": "nobody@example.org", "otp": "000000"}
    for _ in range(2):
        assert counted.post("/auth/verify-email", body, headers=proxied).status == 400
        assert counted.post("/auth/reset-password", body | {"newPassword": NEW}, headers=proxied).status == 400
    assert login_from(counted, "192.0.2.20").status == 401
    assert_wait(counted.post("/auth/verify-email", body, headers=proxied), "rate_limited", 12)


def test_mails_have_a_budget_of_their_own(counted):
    proxied = {"X-Forwarded-For": "192.0.2.30"}
    answers = [counted.post("/auth/forgot-password", {"email": fresh_email("spam")}, headers=proxied) for _ in range(4)]
    assert [a.status for a in answers] == [202, 202, 202, 429]
    assert login_from(counted, "192.0.2.30").status == 401


def test_an_ipv6_network_is_one_client(counted):
    statuses = [login_from(counted, f"2001:db8:0:30::{n}").status for n in range(1, 8)]
    assert statuses == [401] * 5 + [429] * 2
    assert login_from(counted, "2001:db8:0:31::1").status == 401


def test_exempt_networks_are_not_counted(counted):
    answers = [login_from(counted, "10.1.2.3") for _ in range(8)]
    assert {a.status for a in answers} == {401}
    assert not any(name.startswith("ratelimit") for a in answers for name in a.headers)


def test_a_made_up_header_makes_no_new_client():
    """X-Forwarded-For of somebody who is no trusted proxy."""
    with Server(settings=LIMITS) as usher:
        statuses = [login_from(usher, f"192.0.2.{n}").status for n in range(8)]
        assert statuses == [401] * 5 + [429] * 3


def test_checks_are_not_counted(counted):
    one = counted.sign_up(fresh_email("checked"))
    proxied = {"X-Forwarded-For": "192.0.2.40"}
    assert {counted.get("/auth/check", token=one.access, headers=proxied).status for _ in range(100)} == {204}
    statuses = [counted.get("/auth/sessions", token=one.access, headers=proxied).status for _ in range(60)]
    assert statuses[:50] == [200] * 50 and 429 in statuses[50:]


def test_limits_can_be_lifted():
    with Server(settings=PROXY | LIMITS | {"limits.enabled": "false"}) as usher:
        owner = usher.sign_up(fresh_email("free"))
        assert {login_from(usher, "192.0.2.1", owner.email).status for _ in range(30)} == {401}
        assert usher.login_answer(owner.email).status == 200


def test_a_refused_guess_leaves_a_line_in_the_log(counted):
    for _ in range(6):
        login_from(counted, "192.0.2.50")
    assert '"code":"rate_limited"' in counted.logged()
    metrics = counted.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).body.decode()
    assert 'usher_limited_total{by="address"}' in metrics
