"""Judges a recorded history of concurrent operations against the promises of a session server.

Pure: a list of Op and the rows of the audit go in, sentences about broken promises come out. The times are those of one
clock on the clients' side: what an operation did, it did between `invoke` and `complete`. An operation whose answer was
never read (UNKNOWN) may have happened or not, until SETTLE after it was given up.

  (a) nothing that began after an acknowledged end of a session succeeds in it
  (b) a refresh token has one successor: the generations of a session are one chain
  (c) what was answered with success and not ended since is alive at the end
  (d) nobody is refused whose session was not ended
  (e) the audit tells exactly of what happened
"""
import math
from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass, field

OK, REFUSED, UNKNOWN = "ok", "refused", "unknown"
SETTLE = 15.0
USES = {"me", "check", "refresh", "list"}
ENDS_ALL = {"revoke_all", "change_password", "reset_password", "disable"}
NEW_PASSWORD = {"change_password", "reset_password"}
# Reasons that these clients never give: they are honest and quick.
UNDESERVED = {"refresh_reuse", "unknown", "idle", "absolute", "limit", "device_denied"}


@dataclass
class Op:
    id: str                  # the request's id, which its audit rows carry
    kind: str                # login, a kind of USES, logout, revoke_one, or a kind of ENDS_ALL
    user: str
    invoke: float
    complete: float = math.inf
    outcome: str = UNKNOWN
    client: int = 0
    port: int = None         # of the node that was asked
    session: str = None      # that acts; of a login: that it made
    target: str = None       # of revoke_one
    keep: str = None         # that ENDS_ALL spares
    presented: int = None    # generation of the refresh token that was shown
    answered: int = None     # and of the one in the answer, also of a login
    token: str = None        # a fingerprint of the one in the answer
    count: int = None        # how many sessions the answer says were ended
    listed: list = None      # session ids in the answer of list
    password: int = None     # its version, counted up by every change; of a change: the new one
    wrong: bool = False      # the password was meant to be refused
    enabling: float = 0.0    # of disable: when enabling the account again began
    until: float = 0.0       # and when it was enabled for certain
    status: int = 0
    code: str = ""
    reason: str = ""
    final: bool = False      # asked at the very end

    @property
    def settled(self):
        if self.outcome != UNKNOWN:
            return self.complete
        return (self.invoke if math.isinf(self.complete) else self.complete) + SETTLE

    def __str__(self):
        ends = "…" if math.isinf(self.complete) else f"{self.complete:.4f}"
        said = " ".join(str(x) for x in (self.status or "", self.code, self.reason) if x)
        shown = ("target", "keep", "presented", "answered", "count", "password")
        more = "".join(f" {name}={value}" for name in shown if (value := getattr(self, name)) is not None)
        return f"[{self.invoke:.4f}–{ends}] {self.id} {self.kind} session={self.session}{more} {self.outcome} {said}".rstrip()


@dataclass
class Life:
    """What the history says about one session."""
    id: str
    user: str
    made: Op
    ops: list = field(default_factory=list)
    dead_from: float = math.inf    # it has ended by then for certain
    ended_by: Op = None
    doubt_from: float = math.inf   # it may have ended from then on
    doubted: Op = None


@dataclass
class AuditRow:
    action: str
    request: str
    session: str = None
    detail: str = ""


def check(ops, audit=None, reach=0.0):
    """The violations; with `audit` (AuditRows of the same requests) also those of (e).

    `reach`: seconds that an end may take to be obeyed by nodes that answer from memory. A refresh has none: it asks the store.
    """
    lives = read_lives(ops)
    found = [*check_answers(ops), *check_logins(ops), *check_listings(ops, lives), *check_targets(ops, lives)]
    for life in lives.values():
        found += [*check_dead(life, reach), *check_chain(life), *check_alive(life), *check_refusals(life)]
    return found + (check_audit(ops, lives, audit) if audit is not None else [])


def read_lives(ops):
    lives, by_user = {}, defaultdict(list)
    for op in ops:
        if op.kind == "login" and op.outcome == OK:
            lives[op.session] = Life(op.session, op.user, op)
            by_user[op.user].append(lives[op.session])
    for op in ops:
        if op.session in lives and op.kind != "login":
            lives[op.session].ops.append(op)
        if op.outcome == REFUSED:
            continue
        if op.kind in ("logout", "revoke_one"):
            if life := lives.get(op.target or op.session):
                note_end(life, op)
        elif op.kind in ENDS_ALL:
            for life in by_user[op.user]:
                if life.id != op.keep:
                    note_end(life, op)
    return lives


def note_end(life, op):
    if life.made.invoke <= op.settled and op.invoke < life.doubt_from:
        life.doubt_from, life.doubted = op.invoke, op
    certain = op.outcome == OK and life.made.complete <= op.invoke
    if certain and op.complete < life.dead_from:
        life.dead_from, life.ended_by = op.complete, op


def check_dead(life, reach):
    refused_at, refusal = math.inf, None
    for op in life.ops:
        if op.outcome == REFUSED and op.status == 401 and op.complete < refused_at:
            refused_at, refusal = op.complete, op
    for op in life.ops:
        if op.outcome != OK or op.kind not in USES:
            continue
        allowed = 0.0 if op.kind == "refresh" else reach
        if op.invoke > life.dead_from + allowed:
            yield f"(a) used after its end: {op}; ended by {life.ended_by}"
        elif op.invoke > refused_at + allowed:
            yield f"(a) used after it was refused: {op}; refused {refusal}"


def check_chain(life):
    refreshes = sorted((op for op in life.ops if op.kind == "refresh"), key=lambda op: op.complete)
    answers = [life.made, *(op for op in refreshes if op.outcome == OK)]
    shown_first, texts = {}, {}
    for op in refreshes:
        shown_first[op.presented] = min(op.invoke, shown_first.get(op.presented, math.inf))
    newest, before = -1, []  # the highest generation answered so far, and when
    for op in answers:
        if texts.setdefault(op.answered, op.token) != op.token:
            yield f"(b) two tokens of generation {op.answered}: {op}"
        if op is not life.made:
            if op.answered <= op.presented:
                yield f"(b) answered what is not newer: {op}"
            # A token is made when its predecessor is shown, never otherwise.
            if shown_first.get(op.answered - 1, math.inf) > op.complete:
                yield f"(b) a second successor, nobody had shown generation {op.answered - 1}: {op}"
            at = bisect_left(before, (op.invoke, -1)) - 1
            if at >= 0 and before[at][1] > op.answered:
                yield f"(b) went back below generation {before[at][1]}: {op}"
        newest = max(newest, op.answered)
        before.append((op.complete, newest))


def check_alive(life):
    if not math.isinf(life.doubt_from):
        return
    probes = [op for op in life.ops if op.final]
    for kind in ("me", "refresh"):
        if not any(op.kind == kind and op.outcome == OK for op in probes):
            said = "; ".join(str(op) for op in probes if op.kind == kind) or "nobody asked"
            yield f"(c) lost at the end ({kind}): session {life.id} of {life.made}: {said}"


def check_refusals(life):
    for op in life.ops:
        if op.outcome != REFUSED or op.status != 401:
            continue
        if op.complete < life.doubt_from:
            yield f"(d) refused though nobody ended it: {op}"
        elif op.reason in UNDESERVED:
            yield f"(d) refused for a reason that nobody gave: {op}"


# Refusals that belong to no session, and answers that should not exist.
def check_answers(ops):
    for op in ops:
        if op.status >= 500 and op.status != 503:
            yield f"(d) not an answer: {op}"
        elif op.outcome == REFUSED and op.status not in (401, 404, 409) and op.code != "wrong_password":
            yield f"(d) refused for no reason: {op}"


def check_logins(ops):
    changes = defaultdict(list)
    for op in ops:
        if op.kind in ENDS_ALL and op.outcome != REFUSED:
            changes[op.user].append(op)
    for op in ops:
        if op.kind != "login" or op.outcome == UNKNOWN:
            continue
        if op.outcome == OK:
            if op.wrong:
                yield f"(a) a wrong password was accepted: {op}"
            for change in changes[op.user]:
                newer = change.kind in NEW_PASSWORD and op.password is not None and change.password > op.password
                if newer and change.outcome == OK and change.complete < op.invoke:
                    yield f"(a) signed in with an old password: {op}; changed by {change}"
                locked = change.kind == "disable" and change.outcome == OK
                if locked and change.complete < op.invoke and op.complete < change.enabling:
                    yield f"(a) signed in to a disabled account: {op}; {change}"
        elif not op.wrong and not any(excuses(change, op) for change in changes[op.user]):
            yield f"(d) a good password was refused: {op}"


# Whether a refused sign-in may be due to this change.
def excuses(change, login):
    overlaps = change.invoke <= login.complete and max(change.settled, change.until) >= login.invoke
    newer = change.kind in NEW_PASSWORD and login.password is not None and change.password > login.password
    return overlaps or (newer and change.invoke <= login.complete)


PAGE = 100


def check_listings(ops, lives):
    by_user = defaultdict(list)
    for life in lives.values():
        by_user[life.user].append(life)
    for op in ops:
        if op.kind != "list" or op.outcome != OK:
            continue
        listed = set(op.listed)
        for life in by_user[op.user]:
            if life.id in listed and op.invoke > life.dead_from:
                yield f"(a) listed after its end: session {life.id} in {op}; ended by {life.ended_by}"
            lives_on = life.made.complete < op.invoke and life.doubt_from > op.complete
            if lives_on and life.id not in listed and len(listed) < PAGE:
                yield f"(c) not listed though alive: session {life.id} in {op}"


def check_targets(ops, lives):
    for op in ops:
        life = lives.get(op.target)
        if life and op.status == 404 and life.made.complete < op.invoke and op.complete < life.doubt_from:
            yield f"(d) not found though alive: {op}"


TOLD_WITH_ENDS = {"change_password": "password.changed", "reset_password": "password.reset", "disable": "user.disabled"}
# Told of an operation beside what is counted.
TOLD_BESIDE = {"session.refresh_repeated_late", "user.email_verified"}


# (e). Every row names the request that caused it, so rows and answers are compared one by one.
def check_audit(ops, lives, audit):
    rows, found = defaultdict(lambda: defaultdict(list)), []
    for row in audit:
        rows[row.request][row.action].append(row)
    known = {op.id: op for op in ops}
    for request in rows:
        if request not in known:
            found.append(f"(e) rows of a request that nobody made: {request} {dict(rows[request])}")
    for op in ops:
        for action, allowed in expected(op).items():
            count = len(rows[op.id][action])
            if count not in allowed:
                found.append(f"(e) {count} rows of {action}, not {'/'.join(map(str, allowed))}: {op}")
        strange = set(rows[op.id]) - set(expected(op)) - TOLD_BESIDE
        if "session.refresh_fast_forward" in strange:
            found.append(f"(c) the store had lost an acknowledged refresh: {op}")
        elif strange:
            found.append(f"(e) unexpected rows {sorted(strange)}: {op}")
        if op.outcome == OK and op.kind == "login":
            if [row.session for row in rows[op.id]["session.created"]] != [op.session]:
                found.append(f"(e) the row is of another session: {op}")
    return found + check_ends(lives, audit)


def expected(op):
    """Action -> how many rows may tell of this operation. Absent: none."""
    def times(n):
        return {OK: (n,), REFUSED: (0,), UNKNOWN: range(n + 1)}[op.outcome]
    many = range(100_000)
    if op.kind == "login":
        failed = {REFUSED: (1,) if op.wrong else (0, 1), UNKNOWN: (0, 1), OK: (0,)}[op.outcome]
        return {"session.created": times(1), "login.failed": failed}
    if op.kind == "logout":
        return {"session.ended": {OK: (0, 1), REFUSED: (0,), UNKNOWN: (0, 1)}[op.outcome]}  # of two at once, one ends it
    if op.kind == "revoke_one":
        return {"session.ended": times(1)}
    if op.kind in ENDS_ALL:
        ended = {OK: many if op.count is None else (op.count,), REFUSED: (0,), UNKNOWN: many}[op.outcome]
        return {"session.ended": ended} | ({TOLD_WITH_ENDS[op.kind]: times(1)} if op.kind in TOLD_WITH_ENDS else {})
    return {}


def check_ends(lives, audit):
    found = []
    created = Counter(row.session for row in audit if row.action == "session.created")
    ended = Counter(row.session for row in audit if row.action == "session.ended")
    found += [f"(e) session {session} was created {n} times" for session, n in created.items() if n > 1]
    found += [f"(e) session {session} ended {n} times" for session, n in ended.items() if n > 1]
    for life in lives.values():
        if not math.isinf(life.dead_from) and not ended[life.id]:
            found.append(f"(e) no row tells of the end of session {life.id} by {life.ended_by}")
        if math.isinf(life.doubt_from) and ended[life.id]:
            found.append(f"(e) a row tells of an end that nobody asked for: session {life.id}")
    return found
