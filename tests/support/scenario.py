"""What the scenarios share: fresh names, parallel calls, waiting for a condition, expected refusals, raw sockets."""
import itertools
import re
import socket
import sqlite3
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest

import support.postgres
from support.usher import VECTORS

count = itertools.count(1)


def fresh_email(name="someone"):
    return f"{name}{next(count):05}@example.org"


def fresh_name(name):
    return f"{name}-{next(count)}"


def holding(usher, *roles):
    """Somebody new, to whom an operator has given roles."""
    one = usher.sign_up(fresh_email("helper"))
    for role in roles:
        usher.cli("user", "grant", one.email, role)
    return one


def vectors(path):
    """The path of public test data, or a skip that says so."""
    if not (VECTORS / path).exists():
        pytest.skip("skipped: no vectors")
    return VECTORS / path


def assert_problem(answer, status, code):
    """The one shape of errors: RFC 9457, never a word of the inside."""
    assert (answer.status, answer.json.get("code")) == (status, code), answer
    body = answer.json
    assert answer.headers["content-type"] == "application/problem+json; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert body["status"] == status and body["type"] == f"urn:usher:error:{code}"
    assert body["title"] and body["detail"]
    assert body["requestId"] == answer.headers["x-request-id"]
    assert set(body) <= {"type", "title", "status", "code", "detail", "requestId", "errors", "reason", "permission", "methods"}
    for error in body.get("errors", []):
        assert set(error) == {"field", "code", "message"}
    if status == 401:
        assert answer.headers["www-authenticate"].startswith('Bearer realm="usher"')
    if status == 503:
        assert int(answer.headers["retry-after"]) > 0
    return body


def assert_ended(answer, reason):
    assert_problem(answer, 401, "session_ended")
    assert answer.json["reason"] == reason


def events_of(usher, email):
    """(action, detail) of each event that happened to the account, the oldest first."""
    query = ("SELECT action, detail FROM audit_events JOIN users ON users.id = subject WHERE email = ? "
             "ORDER BY at, audit_events.id")
    return [tuple(row) for row in records(usher, query, email)]


def actions_of(usher, email):
    return [action for action, _ in events_of(usher, email)]


def dead(usher, signed_in, reason):
    """Neither token of a session opens anything, and both say why."""
    assert_ended(usher.get("/auth/me", token=signed_in.access), reason)
    assert_ended(usher.refresh(signed_in.refresh), reason)


def renew(usher, token, headers=None):
    """The next refresh token of an honest client."""
    answer = usher.refresh(token, headers)
    assert answer.status == 200, answer.body
    return answer.json["refreshToken"]


def an_hour_later(usher, who):
    """The same session, whose user proved long ago who he is; a refresh is no proof."""
    changed(usher, "UPDATE sessions SET authenticated_at = authenticated_at - 3600000 WHERE id = ?", uuid.UUID(who.session).bytes)
    fresh = usher.refresh(who.refresh).json
    return replace(who, access=fresh["accessToken"], refresh=fresh["refreshToken"])


def alive(usher, signed_in):
    return usher.get("/auth/me", token=signed_in.access).status == 200


def at_once(calls):
    """Runs the calls in as many threads, started together; their results in order."""
    barrier = threading.Barrier(len(calls))

    def run(call):
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def eventually(condition, seconds=5.0, pause=0.02):
    """The first true value of the condition; fails when there is none in time."""
    end = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        assert time.monotonic() < end, f"still {value!r} after {seconds} s"
        time.sleep(pause)


def followed(node):
    """Whether it hears of changes by Redis."""
    return node.get("/health/ready").json["dependencies"]["redis"]["status"] == "ok"


def mailed(usher, email, subject):
    """The code of the newest mail, once that is the one that was asked for."""
    eventually(lambda: usher.mails(email) and usher.mails(email)[0]["subject"].startswith(subject))
    return usher.code(email)


def records(usher, query, *values):
    """Rows of the store, read beside the running server; `?` stands for a value."""
    if url := usher.settings.get("database.url"):
        return support.postgres.query(url, query.replace("?", "%s"), *values)
    store = sqlite3.connect(f"{usher.data_dir}/usher.db")
    try:
        return store.execute(query, values).fetchall()
    finally:
        store.close()


def changed(usher, statement, *values):
    """How many rows the statement changed."""
    if url := usher.settings.get("database.url"):
        return support.postgres.execute(url, statement.replace("?", "%s"), *values)
    with sqlite3.connect(f"{usher.data_dir}/usher.db") as store:
        count = store.execute(statement, values).rowcount
    store.close()
    return count


def holds(usher, who, role):
    """He held it when the settings began to name it: his session goes on."""
    assert changed(usher, "UPDATE role_assignments SET role = ? WHERE user_id = ?", role, uuid.UUID(who.user["id"]).bytes) == 1


@contextmanager
def locked(usher):
    """Another process holds the write lock of the database."""
    holder = sqlite3.connect(f"{usher.data_dir}/usher.db", isolation_level=None)
    try:
        holder.execute("BEGIN IMMEDIATE")
        yield
        holder.execute("ROLLBACK")
    finally:
        holder.close()


def audited(usher, action, session=None):
    found = records(usher, "SELECT session_id, detail FROM audit_events WHERE action = ?", action)
    events = [(bytes(id or b"").hex(), detail) for id, detail in found]
    return [event for event in events if session is None or event[0] == session.replace("-", "")]


def raw(usher, sent, seconds=3.0):
    """Bytes on a socket of their own; everything that comes back until the server closes or is silent."""
    with socket.create_connection(("127.0.0.1", usher.port), timeout=seconds) as link:
        link.settimeout(seconds)
        received = b""
        try:
            link.sendall(sent)
            link.shutdown(socket.SHUT_WR)
            while part := link.recv(65536):
                received += part
        except (ConnectionError, TimeoutError):
            pass
        return received


def statuses(received):
    """The status codes of the answers in raw bytes."""
    return [int(code) for code in re.findall(rb"HTTP/1\.1 (\d{3}) ", received)]
