"""Acting in the name of a user: only to see, for a while, and on record."""
import re
from uuid import UUID

import pytest
from support import jwt, passkey
from support.scenario import alive, assert_ended, assert_problem, changed, dead, eventually, events_of, fresh_email, holding

ONE_NODE_AND_TWO = True
TOLD = "Somebody sees your account"


@pytest.fixture(scope="module")
def usher(serve, store):
    with serve(settings=store | passkey.SETTINGS | {"sessions.limit": 2}) as made:
        yield made


@pytest.fixture
def root(usher):
    return holding(usher, "super_admin")


@pytest.fixture
def ada(usher):
    return usher.sign_up(fresh_email("ada"))


def begin(usher, who, user, **fields):
    body = {"reason": "ticket 4711"} | fields
    return usher.post(f"/users/{user.user['id']}/impersonate", body, token=who.access)


def begun(usher, who, user, **fields):
    answer = begin(usher, who, user, **fields)
    assert answer.status == 201, answer.body
    return answer.json["accessToken"]


def over(usher, token):
    assert_ended(usher.get("/auth/me", token=token), "impersonation")
    assert_ended(usher.get("/auth/check", token=token), "impersonation")


def test_who_may_sees_what_the_user_sees_and_the_token_names_both(usher, root, ada):
    answer = begin(usher, root, ada, expiresIn=120).json
    assert set(answer) == {"accessToken", "expiresIn", "sessionId", "user"}, "there is no refresh token"
    assert answer["expiresIn"] == 120 and answer["user"]["id"] == ada.user["id"]
    token, claims = answer["accessToken"], jwt.claims(answer["accessToken"])
    assert claims["sub"] == ada.user["id"] and claims["act"] == {"sub": root.user["id"]}
    assert claims["amr"] == [] and claims["auth_time"] == 0, "of the user nothing was proved"
    me = usher.get("/auth/me", token=token).json
    assert me["user"]["email"] == ada.email and me["impersonatedBy"] == root.user["id"] and me["permissions"] == []
    assert me["session"]["impersonated"] is True and "authenticatedAt" not in me["session"]
    checked = usher.get("/auth/check", token=token)
    assert (checked.status, checked.headers["x-usher-user"], checked.headers["x-usher-impersonator"]) == (
        204, ada.user["id"], root.user["id"])
    asked = usher.post("/access/check", {"permissions": ["users:read"]}, token=token)
    assert asked.status == 200 and "true" not in asked.body.decode(), "what a page of the user's shows is seen as he sees it"
    own = usher.get("/auth/me", token=ada.access).json
    assert "impersonatedBy" not in own and "impersonated" not in own["session"]
    assert "x-usher-impersonator" not in usher.get("/auth/check", token=ada.access).headers


def test_it_changes_nothing(usher, root):
    """Whatever the reference lists, also of a user who may do everything."""
    boss = holding(usher, "super_admin")
    token = begun(usher, root, boss)
    operations = [(method, path, one) for path, item in usher.get("/openapi.json").json["paths"].items()
                  for method, one in item.items() if one.get("security") and one["operationId"] not in ("logout", "checkAccess")]
    assert len(operations) > 40
    denied = 0
    for method, path, _ in operations:
        answer = usher.call(method.upper(), re.sub(r"{\w+}", boss.session, path), token=token)
        if answer.status == 403:
            assert_problem(answer, 403, "impersonation_denied")
            denied += 1
        else:
            assert method == "get" and answer.status in (200, 404), (method, path, answer.body)
    assert denied > 25
    assert usher.get("/auth/me", token=token).json["session"]["amr"] == []
    assert alive(usher, boss) and len(usher.get("/auth/sessions", token=boss.access).json["sessions"]) == 2


def test_it_is_on_record_and_the_user_is_told_and_may_end_it(usher, root, ada):
    token = begun(usher, root, ada, reason="ticket\r\n4711 <b>")
    event = usher.get(f"/audit?subject={ada.user['id']}&action=impersonation.begun", token=root.access).json["events"][0]
    assert event["actor"] == root.user["id"] and event["detail"] == "ticket\r\n4711 <b>"
    eventually(lambda: TOLD in [mail["subject"] for mail in usher.mails(ada.email)])
    listed = [s for s in usher.get("/auth/sessions", token=ada.access).json["sessions"] if s.get("impersonated")]
    assert [s["deviceInfo"]["deviceName"] for s in listed] == ["Impersonation"]
    assert usher.delete(f"/auth/sessions/{listed[0]['sessionId']}", token=ada.access).status == 200
    assert_ended(usher.get("/auth/me", token=token), "logout")


def test_who_acts_signs_out_of_it(usher, root, ada):
    token = begun(usher, root, ada)
    assert usher.post("/auth/logout", token=token).status == 204
    assert_ended(usher.get("/auth/me", token=token), "logout")
    assert alive(usher, root) and alive(usher, ada)
    ended = usher.get(f"/audit?subject={ada.user['id']}&action=session.ended", token=root.access).json["events"][0]
    assert ended["actor"] == root.user["id"]


def test_it_ends_with_the_session_the_permission_and_the_account_of_who_acts(usher, root, ada):
    usher.post("/roles", {"name": "helper", "permissions": ["users:impersonate"]}, token=root.access)
    helper = holding(usher, "helper")
    token = begun(usher, helper, ada)
    usher.cli("user", "revoke", helper.email, "helper")
    over(usher, token)
    usher.cli("user", "grant", helper.email, "helper")
    assert_ended(usher.get("/auth/me", token=token), "impersonation")
    token = begun(usher, helper, ada)
    assert usher.post("/auth/logout", token=helper.access).status == 204
    over(usher, token)
    helper = usher.login(helper.email)
    token = begun(usher, helper, ada)
    assert usher.post(f"/users/{helper.user['id']}/disable", token=root.access).status == 200
    over(usher, token)
    assert alive(usher, ada)


def test_it_ends_at_its_time_and_with_the_sessions_of_the_user(usher, root, ada):
    first, second = begin(usher, root, ada).json, begin(usher, root, ada).json
    assert 3590 <= first["expiresIn"] <= 3600
    changed(usher, "UPDATE sessions SET expires_at = created_at + 1 WHERE id = ?", UUID(first["sessionId"]).bytes)
    assert_ended(usher.get("/auth/me", token=first["accessToken"]), "absolute")
    assert usher.get("/auth/me", token=second["accessToken"]).status == 200
    assert usher.post(f"/users/{ada.user['id']}/disable", token=root.access).status == 200
    assert_problem(usher.get("/auth/me", token=second["accessToken"]), 401, "account_disabled")


def test_it_takes_no_room_of_the_users_sessions(usher, root, ada):
    other = usher.login(ada.email)
    for _ in range(3):
        begun(usher, root, ada)
    assert alive(usher, ada) and alive(usher, other)
    usher.login(ada.email)
    dead(usher, ada, "limit")


def test_who_may_not_is_told_why(usher, root, ada):
    assert_problem(begin(usher, ada, root), 403, "permission_denied")
    usher.post("/roles", {"name": "helper", "permissions": ["users:impersonate"]}, token=root.access)
    helper = holding(usher, "helper")
    assert_problem(begin(usher, helper, root), 403, "grant_exceeds_own")
    assert_problem(begin(usher, root, root), 409, "conflict")
    for fields, name in [({"reason": ""}, "reason"), ({"reason": " \t"}, "reason"), ({"reason": "x" * 501}, "reason"), ({"expiresIn": 59}, "expiresIn"),
                         ({"expiresIn": 3601}, "expiresIn")]:
        refused = begin(usher, root, ada, **fields)
        assert_problem(refused, 400, "validation_failed")
        assert [error["field"] for error in refused.json["errors"]] == [name]
    missing = usher.post("/users/01890000-0000-7000-8000-000000000000/impersonate", {"reason": "x"}, token=root.access)
    assert_problem(missing, 404, "not_found")
    assert usher.post(f"/users/{ada.user['id']}/disable", token=root.access).status == 200
    assert_problem(begin(usher, root, ada), 409, "conflict")  # account_disabled would sign the caller out
    assert "impersonation.begun" not in [action for action, _ in events_of(usher, ada.email)]
