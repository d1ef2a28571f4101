"""The record of events: who may read it, and that what was changed in the store behind its back is named."""
import base64
import hashlib
import json
import subprocess
import time
from datetime import datetime, timezone
from uuid import UUID

import pytest
from support.scenario import assert_problem, changed, eventually, fresh_email, fresh_name, records

ONE_NODE_AND_TWO = True
DER_OF_ED25519 = bytes.fromhex("302a300506032b6570032100")  # RFC 8410, before the 32 bytes of a key


def ask(usher, root, **query):
    return usher.get("/audit?" + "&".join(f"{name}={value}" for name, value in query.items()), token=root.access)


def verify(usher, *head):
    return usher.cli("audit", "verify", *head, check=False)


def sealed(usher):
    """What verify says once every event is in a seal."""
    return eventually(lambda: (said := verify(usher)) and ", 0 not sealed yet" in said.stdout and said)


def test_only_who_may_read_it_reads_it(usher, root):
    plain, support = usher.sign_up(fresh_email("plain")), usher.sign_up(fresh_email("support"))
    usher.cli("user", "grant", support.email, "support")
    for who in (plain, support):
        assert assert_problem(ask(usher, who), 403, "permission_denied")["permission"] == "audit:read"
    assert usher.get("/audit").status == 401
    usher.cli("role", "create", "auditor", "audit:read")
    usher.cli("user", "grant", plain.email, "auditor")
    assert ask(usher, plain).status == 200


def test_each_filter_finds_what_it_says(usher, root):
    who = usher.sign_up(fresh_email("watched"))
    usher.login_answer(who.email, "not-the-password")
    usher.post(f"/users/{who.user['id']}/disable", token=root.access)

    def actions(**query):
        return [event["action"] for event in ask(usher, root, **query).json["events"]]

    subject = who.user["id"]
    assert actions(subject=subject) == ["session.ended", "user.disabled", "login.failed", "session.created",
                                        "user.email_verified", "user.registered"]
    assert actions(subject=subject, actor=root.user["id"]) == ["session.ended", "user.disabled"]
    assert actions(session=who.session) == ["session.ended", "session.created"]
    assert actions(subject=subject, action="login.failed") == ["login.failed"]
    assert len(actions(subject=subject, ipAddress="127.0.0.1")) == 6
    assert actions(subject=subject, ipAddress="192.0.2.1") == []
    newest = ask(usher, root, subject=subject, limit=1).json["events"][0]
    assert newest["actorSession"] == root.session and newest["requestId"]
    assert newest["at"] not in [e["at"] for e in ask(usher, root, subject=subject, to=newest["at"]).json["events"]]
    assert newest["action"] in actions(subject=subject, **{"from": newest["at"]})


def test_an_event_tells_what_changed_and_no_name(usher, root):
    who, role = usher.sign_up(fresh_email("changed")), fresh_name("writers")

    def newest(action, **query):
        return ask(usher, root, action=action, limit=1, **query).json["events"][0]["detail"]

    def give(**more):
        assert usher.post(f"/users/{who.user['id']}/roles", {"role": role} | more, token=root.access).status == 201
        return newest("role.assigned", subject=who.user["id"])

    usher.post("/roles", {"name": role, "permissions": ["posts:read", "posts:write"], "inherits": ["user"]}, token=root.access)
    assert newest("role.created") == f"{role} +posts:read +posts:write +user"
    usher.patch(f"/roles/{role}", {"permissions": ["posts:drop", "posts:read"], "inherits": [], "description": "Secret plans"},
                token=root.access)
    assert newest("role.updated") == f"{role} +posts:drop -posts:write -user description"
    assert give(expiresAt="2100-01-01T00:00:00.000Z") == f"{role} until 2100-01-01T00:00:00.000Z"
    assert give() == f"{role} instead of until 2100-01-01T00:00:00.000Z"
    usher.delete(f"/roles/{role}", token=root.access)
    assert newest("role.deleted") == f"{role} -posts:drop -posts:read description"
    usher.patch("/auth/me", {"lastName": "Renamed"}, token=who.access)
    assert newest("user.renamed", subject=who.user["id"]) == "lastName"


def test_pages_hold_each_event_once(usher, root):
    who = usher.sign_up(fresh_email("paged"))
    for _ in range(4):
        usher.login_answer(who.email, "not-the-password")
    seen, query = [], {"subject": who.user["id"], "limit": 2}
    while True:
        page = ask(usher, root, **query).json
        seen += [event["id"] for event in page["events"]]
        if "nextCursor" not in page:
            break
        query["cursor"] = page["nextCursor"]
    assert len(seen) == len(set(seen)) == 7 and seen == sorted(seen, reverse=True)


@pytest.mark.parametrize("query, code", [
    ({"subject": "x"}, "invalid_id"), ({"actor": "1"}, "invalid_id"), ({"session": ""}, "invalid_id"),
    ({"cursor": "y"}, "invalid_id"), ({"from": "yesterday"}, "invalid_time"), ({"to": "2026-13-01T00:00:00Z"}, "invalid_time"),
    ({"action": "%00"}, "invalid_character"), ({"ipAddress": "%ff"}, "invalid_character"), ({"action": "a" * 101}, "too_long"),
    ({"limit": "0"}, "out_of_range"), ({"limit": "101"}, "out_of_range"), ({"limit": "1x"}, "out_of_range"),
])
def test_a_bad_filter_is_named(usher, root, query, code):
    problem = assert_problem(ask(usher, root, **query), 400, "validation_failed")
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [(next(iter(query)), code)]


def test_events_are_sealed_within_seconds(usher, root):
    usher.login_answer(root.email, "not-the-password")
    said = sealed(usher)
    assert said.returncode == 0, said.stdout + said.stderr


def test_what_is_changed_in_the_store_is_named(usher, root):
    who = usher.sign_up(fresh_email("hidden"))
    usher.login_answer(who.email, "not-the-password")
    assert sealed(usher).returncode == 0
    (id, detail), = records(usher, "SELECT audit_events.id, detail FROM audit_events JOIN users ON users.id = subject "
                                   "WHERE email = ? AND action = 'login.failed'", who.email)
    name = str(UUID(bytes=bytes(id)))
    assert changed(usher, "UPDATE audit_events SET detail = 'account_disabled' WHERE id = ?", id) == 1
    said = verify(usher)
    assert said.returncode == 1 and f"event {name} of seal " in said.stdout and "was changed" in said.stdout
    assert changed(usher, "UPDATE audit_events SET detail = ? WHERE id = ?", detail, id) == 1
    assert verify(usher).returncode == 0


def test_a_head_that_was_noted_is_compared(usher, root):
    said = sealed(usher)
    head = said.stdout.split("head ")[1].strip()
    assert verify(usher, head).returncode == 0
    number, digest = head.split(":")
    other = verify(usher, f"{number}:{'0' * 64}")
    assert other.returncode == 1 and f"seal {number} has another head than was noted" in other.stdout
    later = verify(usher, f"{int(number) + 1000}:{digest}")
    assert later.returncode == 1 and "is missing" in later.stdout
    for bad in ("x", "1:", f":{digest}", f"1:{digest[:-1]}", f"1:{digest[:-1]}G", f"-1:{digest}"):
        assert "is no head" in verify(usher, bad).stderr, bad


def text(value):
    data = value.encode()
    return len(data).to_bytes(8, "big") + data


def maybe(id):
    return b"\1" + UUID(id).bytes if id else b"\0"


def millis(time):
    moment = datetime.fromisoformat(time.replace("Z", "+00:00")).astimezone(timezone.utc)
    return round(moment.timestamp() * 1000).to_bytes(8, "big")


def digest_of(e):
    version = "v2" if e["device"] else "v1"
    return hashlib.sha256(text(f"usher audit event {version}") + UUID(e["id"]).bytes + millis(e["at"]) + text(e["action"]) +
                          maybe(e.get("subject")) + maybe(e.get("session")) + text(e["detail"]) + text(e["ipAddress"]) +
                          text(e["requestId"]) + maybe(e.get("actor")) + maybe(e.get("actorSession")) +
                          (text(e["device"]) if e["device"] else b"")).hexdigest()


def head_of(seal):
    leaves = b"".join(UUID(id).bytes + bytes.fromhex(digest) for id, digest in seal["leaves"])
    return hashlib.sha256(text("usher audit seal v1") + seal["number"].to_bytes(8, "big") + millis(seal["at"]) +
                          bytes.fromhex(seal["before"]) + len(seal["leaves"]).to_bytes(8, "big") + leaves).hexdigest()


def test_what_is_exported_is_verified_without_usher(usher, root, tmp_path):
    time.sleep(1)
    sealed(usher)
    lines = [json.loads(line) for line in usher.cli("audit", "export").stdout.splitlines()]
    key, = [line["key"] for line in lines if "key" in line]
    events = {line["event"]["id"]: digest_of(line["event"]) for line in lines if "event" in line}
    seals = [line["seal"] for line in lines if "seal" in line]
    before = "0" * 64
    for number, seal in enumerate(seals, 1):
        assert seal["number"] == number and seal["before"] == before and seal["head"] == head_of(seal)
        assert all(events[id] == digest for id, digest in seal["leaves"])
        before = seal["head"]
    point = base64.urlsafe_b64decode(key["x"] + "=")
    (tmp_path / "key.der").write_bytes(DER_OF_ED25519 + point)
    signed = [seal for seal in seals if seal["signature"]]
    assert signed
    for seal in signed:
        (tmp_path / "head").write_bytes(b"usher audit head v1" + seal["number"].to_bytes(8, "big") + bytes.fromhex(seal["head"]))
        (tmp_path / "signature").write_bytes(base64.urlsafe_b64decode(seal["signature"] + "=="))
        subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key.der", "-rawin", "-in", "head",
                        "-sigfile", "signature"], cwd=tmp_path, check=True, capture_output=True, timeout=10)


def test_the_command_line_searches(usher, root):
    who = usher.sign_up(fresh_email("searched"))
    usher.login_answer(who.email, "not-the-password")
    found = [json.loads(line) for line in usher.cli("audit", "search", f"subject={who.email}", "action=login.failed").stdout.splitlines()]
    assert [(event["subject"], event["detail"]) for event in found] == [(who.user["id"], "invalid_credentials")]
    assert usher.cli("audit", "search", f"session={who.session}", "to=2001-01-01T00:00:00Z").stdout == ""
    for bad in ("who=x", "from=then", "session=1", "subject=nobody@example.org"):
        assert usher.cli("audit", "search", bad, check=False).returncode == 1, bad
