"""The checker finds each kind of broken promise in a planted history, and accepts what a right server may answer."""
import itertools
import math

from history.checker import OK, REFUSED, UNKNOWN, AuditRow, Op, check

ids = itertools.count(1)


def op(kind, invoke, complete, outcome=OK, **more):
    more = {"user": "ada", "session": "s1", "id": f"r{next(ids)}"} | more
    if outcome == REFUSED:
        more = {"status": 401, "code": "session_ended", "reason": "logout"} | more
    return Op(kind=kind, invoke=invoke, complete=complete, outcome=outcome, **more)


def login(at=0.0, session="s1", **more):
    return op("login", at, at + 0.1, session=session, **({"answered": 0, "token": f"{session}.0"} | more))


def refresh(invoke, complete, presented, answered, session="s1", **more):
    return op("refresh", invoke, complete, session=session, presented=presented, answered=answered,
              **({"token": f"{session}.{answered}"} | more))


def alive(generation=0, session="s1", at=100.0, user="ada"):
    return [op("me", at, at + 0.1, session=session, final=True, user=user),
            refresh(at + 1, at + 1.1, generation, generation + 1, session=session, final=True, user=user)]


def rows(*ops):
    """The audit that a right server writes of these operations."""
    found = []
    for one in ops:
        if one.outcome == OK and one.kind == "login":
            found.append(AuditRow("session.created", one.id, one.session))
        if one.outcome == OK and one.kind in ("logout", "revoke_one"):
            found.append(AuditRow("session.ended", one.id, one.target or one.session))
    return found


def letters(found):
    return {sentence[1] for sentence in found}


# (a)

def test_use_after_an_acknowledged_logout_is_found():
    for kind in ("me", "check"):
        history = [login(), op("logout", 1, 2), op(kind, 2.1, 2.2)]
        assert letters(check(history)) == {"a"}


def test_refresh_after_an_acknowledged_revoke_all_is_found():
    history = [login(), login(0.2, "s2"), op("revoke_all", 1, 2, session="s2", keep="s2"), refresh(3, 3.1, 0, 1), *alive(0, "s2")]
    assert letters(check(history)) == {"a"}


def test_use_after_every_other_kind_of_end_is_found():
    for kind in ("revoke_all", "change_password", "reset_password", "disable"):
        history = [login(), op(kind, 1, 2, session=None, password=2), op("me", 2.1, 2.2)]
        assert letters(check(history)) == {"a"}, kind
    history = [login(), login(0.2, "s2"), op("revoke_one", 1, 2, session="s2", target="s1"), op("me", 3, 3.1), *alive(0, "s2")]
    assert letters(check(history)) == {"a"}


def test_use_after_a_refusal_is_found_though_the_end_was_never_acknowledged():
    history = [login(), op("logout", 1, 1.5, UNKNOWN), op("me", 2, 2.1, REFUSED), op("me", 3, 3.1)]
    assert letters(check(history)) == {"a"}


def test_listing_after_the_end_is_found():
    history = [login(), login(0.2, "s2"), op("logout", 1, 2), op("list", 3, 3.1, session="s2", listed=["s1", "s2"]),
               *alive(0, "s2")]
    assert letters(check(history)) == {"a"}


def test_an_old_password_after_the_change_is_found():
    history = [login(password=1), op("change_password", 1, 2, keep="s1", password=2), login(3, "s2", password=1),
               *alive(), *alive(0, "s2")]
    assert letters(check(history)) == {"a"}


def test_a_wrong_password_that_is_accepted_is_found():
    assert letters(check([login(wrong=True), *alive()])) == {"a"}


def test_use_beside_a_revocation_may_succeed_or_fail():
    for answer in (op("me", 1.5, 2.5), op("me", 1.5, 2.5, REFUSED)):
        assert check([login(), op("logout", 1, 2), answer]) == []


def test_a_session_made_beside_a_revoke_all_may_live_or_not():
    ended = op("revoke_all", 0.05, 2, session="s0")
    assert check([login(), ended, op("me", 3, 3.1)]) == []
    assert check([login(), ended, op("me", 3, 3.1, REFUSED)]) == []


def test_a_session_made_after_a_revoke_all_is_not_covered_by_it():
    assert check([op("revoke_all", 1, 2, session="s0"), login(3), *alive()]) == []
    assert letters(check([op("revoke_all", 1, 2, session="s0"), login(3), op("me", 4, 4.1, REFUSED), *alive()])) == {"a", "d"}


def test_signing_in_to_a_disabled_account_is_found():
    disable = op("disable", 1, 2, session=None, enabling=5, until=6)
    assert letters(check([disable, login(3), *alive()])) == {"a"}
    refused = op("login", 3, 3.1, REFUSED, session=None, code="account_disabled")
    assert check([disable, refused, login(5.5), *alive()]) == []
    refused.invoke, refused.complete = 7, 7.1
    assert letters(check([disable, refused])) == {"d"}


# (b)

def test_two_successors_of_one_token_are_found():
    fork = [login(), refresh(1, 1.1, 0, 1), refresh(2, 2.1, 0, 2), *alive(2)]
    assert letters(check(fork)) == {"b"}
    texts = [login(), refresh(1, 1.1, 0, 1), refresh(1, 1.2, 0, 1, token="another"), *alive(1)]
    assert letters(check(texts)) == {"b"}


def test_a_generation_that_goes_back_is_found():
    assert letters(check([login(), refresh(1, 1.1, 0, 1), refresh(2, 2.1, 1, 2), refresh(3, 3.1, 0, 1), *alive(2)])) == {"b"}
    assert letters(check([login(), refresh(1, 1.1, 0, 1), refresh(2, 2.1, 1, 1), *alive(1)])) == {"b"}


def test_parallel_and_repeated_refreshes_have_one_successor():
    twins = [login(), refresh(1, 1.5, 0, 1), refresh(1, 1.6, 0, 1), *alive(1)]
    assert check(twins) == []
    late = [login(), refresh(1, 1.1, 0, 1), refresh(2, 2.1, 1, 2), refresh(3, 3.1, 0, 2), *alive(2)]  # the current one again
    assert check(late) == []


def test_a_lost_answer_leaves_one_successor():
    retry = [login(), refresh(1, 1.1, 0, None, outcome=UNKNOWN, token=None), refresh(2, 2.1, 0, 1), *alive(1)]
    assert check([*retry]) == []
    # Generation 1 was shown by a request whose answer nobody read.
    unread = [login(), refresh(1, 1.1, 0, 1), refresh(2, 2.1, 1, None, outcome=UNKNOWN, token=None),
              refresh(3, 3.1, 0, 2), *alive(2)]
    assert check(unread) == []


# (c)

def test_a_session_that_is_gone_at_the_end_is_found():
    me, again = alive()
    me.outcome, me.status = REFUSED, 401
    assert "c" in letters(check([login(), me, again]))
    assert letters(check([login()])) == {"c"}  # nobody asked


def test_an_acknowledged_refresh_that_is_lost_is_found():
    shown = op("refresh", 100, 100.1, REFUSED, presented=1, final=True, code="refresh_invalid", reason="")
    assert "c" in letters(check([login(), refresh(1, 1.1, 0, 1), alive()[0], shown]))
    forwarded = [login(), refresh(1, 1.1, 0, 1), *alive(1)]
    row = AuditRow("session.refresh_fast_forward", forwarded[-1].id, "s1")
    assert letters(check(forwarded, rows(*forwarded) + [row])) == {"c"}


def test_a_living_session_that_is_not_listed_is_found():
    history = [login(), op("list", 1, 1.1, listed=[]), *alive()]
    assert letters(check(history)) == {"c"}


def test_a_session_whose_end_is_unknown_may_be_either():
    doubt = op("logout", 1, math.inf, UNKNOWN)
    assert check([login(), doubt, *alive()]) == []
    assert check([login(), doubt, op("me", 2, 2.1, REFUSED)]) == []


# (d)

def test_a_refusal_without_an_end_is_found():
    history = [login(), op("me", 1, 1.1, REFUSED, code="token_invalid", reason=""), op("logout", 2, 3)]
    assert letters(check(history)) == {"d"}


def test_a_refusal_before_the_end_began_is_found():
    assert letters(check([login(), op("check", 1, 1.1, REFUSED), op("logout", 2, 3)])) == {"d"}


def test_a_living_session_that_cannot_be_ended_is_found():
    history = [login(), login(0.2, "s2"), op("revoke_one", 1, 2, REFUSED, session="s2", target="s1", status=404),
               *alive(), *alive(0, "s2")]
    assert letters(check(history)) == {"d"}


def test_an_undeserved_theft_alarm_is_found():
    history = [login(), op("logout", 1, 2), op("refresh", 3, 3.1, REFUSED, presented=0, reason="refresh_reuse")]
    assert letters(check(history)) == {"d"}


def test_server_errors_other_than_503_are_found():
    assert letters(check([login(), op("me", 1, 1.1, UNKNOWN, status=500), *alive()])) == {"d"}
    assert check([login(), op("me", 1, 1.1, UNKNOWN, status=503), *alive()]) == []


def test_a_good_password_that_is_refused_is_found():
    assert letters(check([op("login", 1, 1.1, REFUSED, session=None, code="invalid_credentials", reason="")])) == {"d"}
    beside = op("change_password", 0.5, 1.05, session="s0", password=2)
    assert check([beside, op("login", 1, 1.1, REFUSED, session=None, password=1)]) == []


# (e)

def test_missing_and_doubled_rows_are_found():
    history = [login(), op("logout", 1, 2)]
    right = rows(*history)
    assert check(history, right) == []
    for i in range(len(right)):
        assert letters(check(history, right[:i] + right[i + 1:])) == {"e"}
        assert letters(check(history, right + [right[i]])) == {"e"}


def test_rows_without_a_cause_are_found():
    history = [login(), *alive()]
    assert letters(check(history, rows(*history) + [AuditRow("session.ended", "r0", "s1")])) == {"e"}
    assert letters(check(history, rows(*history) + [AuditRow("session.ended", history[1].id, "s1")])) == {"e"}


def test_a_refused_operation_leaves_no_row():
    history = [login(), *alive(), op("revoke_one", 3, 3.1, REFUSED, session="s1", target="s9", status=404)]
    assert letters(check(history, rows(*history) + [AuditRow("session.ended", history[-1].id, "s9")])) == {"e"}


def test_the_number_of_ended_sessions_is_told_truly():
    history = [login(), login(0.2, "s2"), op("revoke_all", 1, 2, session="s2", count=2)]
    ends = [AuditRow("session.ended", history[2].id, s) for s in ("s1", "s2")]
    assert check(history, rows(*history) + ends) == []
    assert letters(check(history, rows(*history) + ends[:1])) == {"e"}


def test_failed_logins_are_told_once():
    failed = op("login", 1, 1.1, REFUSED, session=None, wrong=True, code="invalid_credentials", reason="")
    row = AuditRow("login.failed", failed.id)
    assert check([failed], [row]) == []
    assert letters(check([failed], [])) == letters(check([failed], [row, row])) == {"e"}


def test_an_unknown_operation_may_have_left_its_rows():
    doubt = op("login", 1, math.inf, UNKNOWN, session=None)
    row = AuditRow("session.created", doubt.id, "s7")
    assert check([doubt], []) == check([doubt], [row]) == []
    assert letters(check([doubt], [row, row])) == {"e"}


def test_two_logouts_at_once_end_it_once():
    history = [login(), op("logout", 1, 2), op("logout", 1.1, 2.1)]
    assert check(history, rows(*history[:2])) == []
