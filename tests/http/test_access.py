"""Roles and permissions: who may call what, what a change means to tokens that are out already, and that nobody climbs."""
import json
import re
import time
from datetime import datetime, timedelta, timezone

import pytest
from support.scenario import alive, assert_ended, assert_problem, at_once, audited, dead, eventually, fresh_email, fresh_name
from support.usher import PASSWORD, Server

ONE_NODE_AND_TWO = True
NOBODY = "01900000-0000-7000-8000-000000000000"
ROLES = ["none", "user", "support", "admin", "super_admin"]


def person(usher, role=None, **more):
    who = usher.sign_up(fresh_email(role or "person"), **more)
    if role == "none":
        usher.cli("user", "revoke", who.email, "user")
    elif role and role != "user":
        usher.cli("user", "grant", who.email, role)
    return who


@pytest.fixture(scope="module")
def people(usher, root):
    return {role: root if role == "super_admin" else person(usher, role) for role in ROLES}


def effective(usher, root, role):
    return usher.get(f"/roles/{role}", token=root.access).json["effectivePermissions"]


def allows(held, wanted):
    return any(all(g in ("*", w) for g, w in zip(p.split(":"), wanted.split(":"))) for p in held)


def make_role(usher, root, permissions=(), inherits=()):
    name = fresh_name("role")
    answer = usher.post("/roles", {"name": name, "permissions": list(permissions), "inherits": list(inherits)}, token=root.access)
    assert answer.status == 201, answer.body
    return name


def give(usher, giver, who, role, **more):
    return usher.post(f"/users/{who.user['id']}/roles", {"role": role} | more, token=giver.access)


def may(usher, who, permission):
    """Asked twice: by the check for proxies, and by the list."""
    checked = usher.get(f"/auth/check?permission={permission}", token=who.access).status == 204
    listed = usher.post("/access/check", {"permissions": [permission]}, token=who.access).json["allowed"]
    assert listed == {permission: checked}
    return checked


def soon(seconds):
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# ---- who may call what

def test_each_role_may_call_exactly_what_its_permissions_say(usher, root, people):
    """Role by operation, from the server's own description; ids that do not exist, so that nothing is changed."""
    held = {role: effective(usher, root, role) if role != "none" else [] for role in ROLES}
    cells = 0
    for path, methods in usher.get("/openapi.json").json["paths"].items():
        for method, operation in methods.items():
            permission = operation.get("x-permission")
            if not permission:
                continue
            target = re.sub(r"\{\w+\}", NOBODY, path)
            assert_problem(usher.call(method.upper(), target, body=b"{}"), 401, "token_missing")
            for role in ROLES:
                answer = usher.call(method.upper(), target, body=b'{"no such field":1}', token=people[role].access)
                if allows(held[role], permission):
                    assert answer.status in (200, 400, 404), (role, method, path, answer.body)
                else:
                    assert assert_problem(answer, 403, "permission_denied")["permission"] == permission
                cells += 1
    assert cells >= 5 * 15
    print(f"{cells} cells of role and operation")


def test_seeded_roles_form_one_line(usher, root, people):
    roles = {r["name"]: r for r in usher.get("/roles", token=root.access).json["roles"]}
    for role, next_one in (("super_admin", "admin"), ("admin", "support"), ("support", "user"), ("user", None)):
        assert roles[role]["seeded"] and roles[role]["inherits"] == ([next_one] if next_one else [])
        if next_one:
            assert all(allows(effective(usher, root, role), p) for p in effective(usher, root, next_one))
    assert "*:*" in roles["super_admin"]["permissions"]
    for role in ("super_admin", "admin", "support", "user"):
        assert_problem(usher.delete(f"/roles/{role}", token=root.access), 409, "role_protected")
    assert_problem(usher.patch("/roles/super_admin", {"permissions": []}, token=root.access), 409, "role_protected")
    catalogue = [p["name"] for p in usher.get("/permissions", token=root.access).json["permissions"]]
    asked = {o["x-permission"] for m in usher.get("/openapi.json").json["paths"].values() for o in m.values() if "x-permission" in o}
    assert asked <= set(catalogue)


@pytest.mark.parametrize("granted, wanted, allowed", [
    ("docs:read", "docs:read", True), ("docs:read", "docs:write", False), ("docs:*", "docs:write", True), ("*:read", "docs:read", True),
    ("*:read", "docs:write", False), ("*:*", "any:thing", True), ("docs:*", "docs:*", True), ("docs:read", "docs:*", False),
    ("docs:read", "*:read", False), ("docs:*", "docsx:read", False), ("doc:read", "docs:read", False),
])
def test_wildcards(usher, root, granted, wanted, allowed):
    who = person(usher)
    assert give(usher, root, who, make_role(usher, root, [granted])).status == 201
    assert may(usher, who, wanted) is allowed


@pytest.mark.parametrize("permission", ["", "docs", "docs:", ":read", "docs:read:x", "Docs:read", "docs read", "docs:re ad", "**:read",
                                        "docs:read\n", "a" * 65 + ":read", "dócs:read"])
def test_what_is_not_a_permission_is_refused(usher, root, permission):
    assert_problem(usher.post("/roles", {"name": fresh_name("bad"), "permissions": [permission]}, token=root.access), 400, "validation_failed")
    assert_problem(usher.post("/access/check", {"permissions": [permission]}, token=root.access), 400, "validation_failed")


@pytest.mark.parametrize("name", ["", "A", "1a", "a b", "a/b", "..", "ä", "a" * 65, "a%2f", "-a", "a\n"])
def test_what_is_not_a_role_name_is_refused(usher, root, name):
    assert_problem(usher.post("/roles", {"name": name}, token=root.access), 400, "validation_failed")


# ---- hierarchy

def test_inherited_permissions_reach_down_any_depth(usher, root):
    chain = [make_role(usher, root, ["deep:read"])]
    for _ in range(12):
        chain.append(make_role(usher, root, [], [chain[-1]]))
    who = person(usher)
    give(usher, root, who, chain[-1])
    assert may(usher, who, "deep:read")
    usher.patch(f"/roles/{chain[0]}", {"permissions": ["deep:write"]}, token=root.access)
    assert may(usher, who, "deep:write") and not may(usher, who, "deep:read")
    assert usher.delete(f"/roles/{chain[6]}", token=root.access).status == 204
    assert not may(usher, who, "deep:write")


def test_no_role_inherits_itself(usher, root):
    low = make_role(usher, root)
    middle = make_role(usher, root, [], [low])
    high = make_role(usher, root, [], [middle])
    for role, inherits in ((low, [high]), (low, [low]), (low, [middle]), (middle, [high]), ("user", [high, "admin"])):
        assert_problem(usher.patch(f"/roles/{role}", {"inherits": inherits}, token=root.access), 409, "role_cycle")
    assert_problem(usher.patch(f"/roles/{low}", {"inherits": ["nobody"]}, token=root.access), 400, "validation_failed")
    one, two = make_role(usher, root), make_role(usher, root)
    answers = at_once([lambda: usher.patch(f"/roles/{one}", {"inherits": [two]}, token=root.access),
                       lambda: usher.patch(f"/roles/{two}", {"inherits": [one]}, token=root.access)])
    assert sorted(a.status for a in answers) == [200, 409]


# ---- assignments

def test_a_change_of_roles_is_seen_at_the_next_request_with_the_same_token(usher, root):
    who, role = person(usher), make_role(usher, root, ["docs:read"])
    for _ in range(5):
        assert not may(usher, who, "docs:read")
        assert give(usher, root, who, role).status == 201
        assert may(usher, who, "docs:read")
        assert usher.delete(f"/users/{who.user['id']}/roles/{role}", token=root.access).status == 204
    give(usher, root, who, role)
    assert usher.get("/auth/me", token=who.access).json["roles"] == sorted(["user", role])
    usher.patch(f"/roles/{role}", {"permissions": []}, token=root.access)
    assert not may(usher, who, "docs:read")
    usher.patch(f"/roles/{role}", {"permissions": ["docs:read"]}, token=root.access)
    assert may(usher, who, "docs:read")
    usher.delete(f"/roles/{role}", token=root.access)
    assert not may(usher, who, "docs:read") and usher.get("/auth/me", token=who.access).json["roles"] == ["user"]


def test_an_assignment_says_who_gave_it_and_ends_by_itself(usher, root):
    who, role = person(usher), make_role(usher, root, ["brief:read"])
    until = soon(1.5)
    answer = give(usher, root, who, role, expiresAt=until)
    assert answer.status == 201 and answer.json["expiresAt"] == until and answer.json["givenBy"] == root.user["id"]
    assert may(usher, who, "brief:read")
    assert [usher.get("/auth/me", token=who.access).json["roles"] for _ in range(2)] == [sorted(["user", role])] * 2
    shown = usher.get(f"/users/{who.user['id']}/roles", token=root.access).json["roles"]
    assert [r["role"] for r in shown] == sorted(["user", role])
    eventually(lambda: soon(0) > until)
    assert not may(usher, who, "brief:read")
    # A check has filled memory anew: the text that was made before tells of no role that is gone.
    assert usher.get("/auth/check", token=who.access).status == 204
    me = usher.get("/auth/me", token=who.access).json
    assert me["roles"] == ["user"] and "brief:read" not in me["permissions"]
    shown = usher.get(f"/users/{who.user['id']}/roles", token=root.access).json["roles"]
    assert [r["role"] for r in shown] == ["user"]
    for wrong in (soon(-1), "tomorrow", "2099-01-01", 4102444800, "2099-13-01T00:00:00.000Z"):
        assert_problem(give(usher, root, who, role, expiresAt=wrong), 400, "validation_failed")


def test_refusals_are_in_the_log_by_default(usher):
    who = person(usher)
    usher.get("/auth/check?permission=users:read", token=who.access)
    usher.get("/auth/me", token=who.access[:-6] + "AAAAAA")
    for code in ("permission_denied", "token_invalid"):
        assert any(line["code"] == code for line in map(json.loads, usher.logged().splitlines()) if line["event"] == "request refused"), code


def test_nobody_gives_what_he_does_not_hold(usher, root):
    clerk, who = person(usher), person(usher)
    give(usher, root, clerk, make_role(usher, root, ["roles:*", "docs:read"]))
    docs, more = make_role(usher, root, ["docs:read"]), make_role(usher, root, ["docs:write"])
    assert give(usher, clerk, who, docs).status == 201
    for role in (more, "admin", "super_admin", "support"):
        assert_problem(give(usher, clerk, who, role), 403, "grant_exceeds_own")
        assert_problem(give(usher, clerk, clerk, role), 403, "grant_exceeds_own")
    for permissions in (["docs:write"], ["*:*"], ["docs:*"], ["*:read"]):
        assert_problem(usher.post("/roles", {"name": fresh_name("up"), "permissions": permissions}, token=clerk.access), 403, "grant_exceeds_own")
    for body in ({"inherits": ["admin"]}, {"permissions": ["docs:read", "docs:write"]}):
        assert_problem(usher.patch(f"/roles/{docs}", body, token=clerk.access), 403, "grant_exceeds_own")
    assert_problem(usher.post("/roles", {"name": fresh_name("up"), "inherits": [more]}, token=clerk.access), 403, "grant_exceeds_own")
    assert_problem(usher.delete(f"/users/{root.user['id']}/roles/super_admin", token=clerk.access), 403, "grant_exceeds_own")
    assert not may(usher, who, "docs:write") and not may(usher, clerk, "docs:write")


def test_the_last_super_admin_stays():
    with Server() as usher:
        only = person(usher, "super_admin")
        own = f"/users/{only.user['id']}"
        assert_problem(usher.delete(f"{own}/roles/super_admin", token=only.access), 409, "last_super_admin")
        for method, path in (("POST", own + "/disable"), ("DELETE", own)):
            assert_problem(usher.call(method, path, token=only.access), 409, "last_super_admin")
        assert_problem(give(usher, only, only, "super_admin", expiresAt=soon(60)), 409, "last_super_admin")
        assert usher.cli("user", "revoke", only.email, "super_admin", check=False).returncode != 0
        second = person(usher, "super_admin")
        answers = at_once([lambda w=w: usher.delete(f"/users/{w.user['id']}/roles/super_admin", token=w.access) for w in (only, second)])
        assert sorted(a.status for a in answers) in ([204, 409], [204, 403])
        left = [w for w in (only, second) if may(usher, w, "any:thing")]
        assert len(left) == 1


# ---- users, as administrators see them

def test_users_are_found_and_paged(usher, root):
    made = [person(usher) for _ in range(5)]
    seen, cursor = [], ""
    for _ in range(1000):
        page = usher.get(f"/users?limit=2{cursor}", token=root.access).json
        seen += [u["id"] for u in page["users"]]
        if "nextCursor" not in page:
            break
        cursor = f"&cursor={page['nextCursor']}"
    assert len(seen) == len(set(seen)) and {w.user["id"] for w in made} <= set(seen)
    found = usher.get(f"/users?search={made[0].email}", token=root.access).json["users"]
    assert [u["id"] for u in found] == [made[0].user["id"]]
    assert usher.get(f"/users/{made[0].user['id']}", token=root.access).json["email"] == made[0].email
    assert b"password" not in usher.get("/users", token=root.access).body.lower()
    for unknown in (NOBODY, "x", made[0].session):
        assert_problem(usher.get(f"/users/{unknown}", token=root.access), 404, "not_found")


def test_sessions_of_users_are_seen_and_ended_by_those_who_may(usher, root, people):
    who = person(usher)
    other = usher.login(who.email)
    path = f"/users/{who.user['id']}/sessions"
    shown = usher.get(path, token=root.access).json["sessions"]
    assert {s["sessionId"] for s in shown} == {who.session, other.session}
    assert_problem(usher.get(path, token=people["user"].access), 403, "permission_denied")
    assert_problem(usher.delete(f"{path}/{other.session}", token=people["user"].access), 403, "permission_denied")
    assert_problem(usher.delete(f"{path}/{root.session}", token=root.access), 404, "not_found")
    assert usher.delete(f"{path}/{other.session}", token=root.access).json == {"revoked": 1}
    dead(usher, other, "admin")
    assert alive(usher, who)
    assert usher.delete(path, token=root.access).json == {"revoked": 1}
    dead(usher, who, "admin")


def test_disabling_ends_everything_at_once_and_enabling_revives_nothing(usher, root):
    who = person(usher)
    assert alive(usher, who)
    assert usher.post(f"/users/{who.user['id']}/disable", token=root.access).status in (200, 204)
    assert_problem(usher.get("/auth/me", token=who.access), 401, "account_disabled")
    assert usher.refresh(who.refresh).code in ("account_disabled", "session_ended")
    assert_problem(usher.login_answer(who.email), 401, "account_disabled")
    assert_problem(usher.login_answer(who.email, "wrong-password"), 401, "invalid_credentials")
    before = len(usher.mails(who.email))
    for path in ("/auth/forgot-password", "/auth/resend-otp"):
        assert usher.post(path, {"email": who.email}).status == 202
    assert len(usher.mails(who.email)) == before
    assert usher.post(f"/users/{who.user['id']}/enable", token=root.access).status in (200, 204)
    dead(usher, who, "account_disabled")
    assert alive(usher, usher.login(who.email))


def test_a_login_beside_disabling_leaves_no_living_session(usher, root):
    for _ in range(5):
        who = person(usher)
        disable = f"/users/{who.user['id']}/disable"
        *logins, done = at_once([lambda: usher.login_answer(who.email)] * 4 + [lambda: usher.post(disable, token=root.access)])
        assert done.status in (200, 204)
        for login in logins:
            if login.status == 200:
                assert usher.get("/auth/me", token=login.json["accessToken"]).status == 401
                assert usher.refresh(login.json["refreshToken"]).status == 401


def test_a_deleted_account_leaves_nothing_to_the_next_of_its_address(usher, root):
    who = person(usher, "admin")
    assert usher.delete(f"/users/{who.user['id']}", token=root.access).status in (200, 204)
    assert usher.get("/auth/me", token=who.access).status == 401 and usher.refresh(who.refresh).status == 401
    assert_problem(usher.login_answer(who.email), 401, "invalid_credentials")
    assert_problem(usher.get(f"/users/{who.user['id']}", token=root.access), 404, "not_found")
    again = usher.sign_up(who.email, "another-good-horse-8")
    assert again.user["id"] != who.user["id"] and again.user["roles"] == ["user"]
    assert not may(usher, again, "users:read")
    assert usher.get("/auth/me", token=who.access).status == 401 and usher.refresh(who.refresh).status == 401
    assert usher.login_answer(who.email, PASSWORD).status == 401
    assert len(usher.get("/auth/sessions", token=again.access).json["sessions"]) == 1


def test_admins_do_not_act_on_those_above_them(usher, root, people):
    target = f"/users/{root.user['id']}"
    for method, path, body in (("POST", target + "/disable", None), ("DELETE", target, None), ("PATCH", target, {"firstName": "x"}),
                               ("DELETE", target + "/sessions", None)):
        answer = usher.call(method, path, body=body, token=people["admin"].access)
        assert answer.status == 403, (method, path, answer.body)
    assert alive(usher, root)


def test_each_change_is_audited_once_with_its_actor(usher, root):
    who, role = person(usher), make_role(usher, root, ["audit:me"])
    before = {a: len(audited(usher, a)) for a in ("role.created", "role.assigned", "role.unassigned", "role.deleted", "user.disabled")}
    role = make_role(usher, root, ["audit:me"])
    give(usher, root, who, role)
    usher.delete(f"/users/{who.user['id']}/roles/{role}", token=root.access)
    usher.delete(f"/roles/{role}", token=root.access)
    usher.post(f"/users/{who.user['id']}/disable", token=root.access)
    assert {a: len(audited(usher, a)) - n for a, n in before.items()} == dict.fromkeys(before, 1)
