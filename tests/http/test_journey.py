"""The journey of the contract: register, three devices, refresh, sign one out, sign all out."""
import re
import time

import pytest
from support import jwt
from support.scenario import alive, assert_ended, assert_problem, audited, dead, eventually, fresh_email


ONE_NODE_AND_TWO = True
CHROME_MAC = ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
              "Chrome/126.0.0.0 Safari/537.36")
SAFARI_IPHONE = ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                 "Version/17.5 Mobile/15E148 Safari/604.1")
FIREFOX_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def sessions(usher, token, query=""):
    answer = usher.get("/auth/sessions" + query, token=token)
    assert answer.status == 200, answer.body
    return answer.json["sessions"]


def test_register_three_devices_sign_one_out_sign_all_out(usher):
    email = fresh_email("journey")
    made = usher.register(email)
    assert made.status == 201
    assert made.json["email"] == email and made.json["otpExpiresIn"] == 600 and made.json["message"]

    phone = usher.sign_in_by_code(email, device={"deviceName": "iPhone", "platform": "ios"})
    laptop = usher.login(email, device={"deviceName": "MacBook"})
    browser = usher.login(email, headers={"User-Agent": CHROME_MAC})
    shown = sessions(usher, phone.access)
    assert {s["sessionId"]: s["deviceInfo"]["deviceName"] for s in shown} == {
        phone.session: "iPhone", laptop.session: "MacBook", browser.session: "Chrome on macOS"}
    assert [s["sessionId"] for s in shown if s["current"]] == [phone.session]

    renewed = usher.refresh(laptop.refresh)
    assert renewed.status == 200
    laptop.access, laptop.refresh = renewed.json["accessToken"], renewed.json["refreshToken"]
    assert renewed.json["sessionId"] == laptop.session

    ended = usher.delete(f"/auth/sessions/{laptop.session}", token=phone.access)
    assert (ended.status, ended.json) == (200, {"revoked": 1})
    dead(usher, laptop, "logout")
    assert alive(usher, phone) and alive(usher, browser)
    assert laptop.session not in [s["sessionId"] for s in sessions(usher, phone.access)]

    ended = usher.delete("/auth/sessions", token=browser.access)
    assert (ended.status, ended.json) == (200, {"revoked": 2})
    dead(usher, phone, "logout_all")
    dead(usher, browser, "logout_all")
    dead(usher, laptop, "logout")
    assert usher.login(email).session not in {phone.session, laptop.session, browser.session}


def test_tokens_have_the_fields_of_the_contract(usher):
    email = fresh_email("fields")
    usher.register(email, firstName="Ada", lastName="Lovelace", accountType="ORGANIZATION")
    answer = usher.post("/auth/verify-email", {"email": email, "otp": usher.code(email)})
    body = answer.json
    assert set(body) == {"accessToken", "refreshToken", "tokenType", "expiresIn", "refreshExpiresIn", "sessionId", "user"}
    assert body["accessToken"].startswith("eyJ") and body["refreshToken"].startswith("ush_r_")
    assert (body["tokenType"], body["expiresIn"], body["refreshExpiresIn"]) == ("Bearer", 604800, 2592000)
    user = body["user"]
    assert set(user) == {"id", "email", "firstName", "lastName", "accountType", "emailVerified", "roles", "createdAt"}
    assert TIME.fullmatch(user.pop("createdAt")) and len(user.pop("id")) == 36
    assert user == {"email": email, "firstName": "Ada", "lastName": "Lovelace", "accountType": "ORGANIZATION",
                    "emailVerified": True, "roles": ["user"]}


def test_login_refresh_and_me_agree_on_the_user(usher, ada):
    again = usher.login(ada.email)
    renewed = usher.refresh(again.refresh).json
    me = usher.get("/auth/me", token=renewed["accessToken"]).json
    assert ada.user == again.user == renewed["user"] == me["user"]
    assert set(me) == {"user", "session", "roles", "permissions"}
    assert me["session"]["sessionId"] == again.session and me["session"]["current"] is True
    assert me["roles"] == ["user"] and isinstance(me["permissions"], list)


def test_check_names_the_caller_and_renews_nothing(usher, ada):
    answer = usher.get("/auth/check", token=ada.access)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["x-usher-user"] == ada.user["id"]
    assert answer.headers["x-usher-session"] == ada.session
    assert answer.headers["x-usher-roles"] == "user"
    assert "set-cookie" not in answer.headers
    assert usher.call("HEAD", "/auth/check", token=ada.access).status == 204
    denied = usher.get("/auth/check?permission=users:read", token=ada.access)
    assert assert_problem(denied, 403, "permission_denied")["permission"] == "users:read"
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        forwarded = usher.call(method, "/auth/check", token=ada.access, headers={"X-Forwarded-Method": method})
        assert forwarded.status == 204, method
    assert_problem(usher.call("POST", "/auth/check", token=ada.access), 405, "method_not_allowed")


def test_logout_ends_the_session_that_asks_and_no_other(usher, ada):
    other = usher.login(ada.email)
    answer = usher.post("/auth/logout", token=ada.access)
    assert (answer.status, answer.body) == (204, b"")
    dead(usher, ada, "logout")
    assert_ended(usher.post("/auth/logout", token=ada.access), "logout")
    assert alive(usher, other)


def test_a_browser_is_told_to_forget_what_it_kept(usher, ada):
    assert usher.post("/auth/logout", token=ada.access).headers["clear-site-data"] == '"cache"'


def test_a_misspelt_query_never_passes_as_none(usher, ada):
    for method, path in (("GET", "/auth/check?permisson=users:read"), ("DELETE", "/auth/sessions?exept=current"),
                         ("GET", "/auth/sessions?limit=1&page=2"), ("GET", "/auth/check?PERMISSION=a:b&permission=c:d")):
        body = assert_problem(usher.call(method, path, token=ada.access), 400, "unknown_field")
        assert body["errors"][0]["code"] == "unknown_field"
    assert alive(usher, ada)


def test_no_token_is_good_for_longer_than_its_session(serve, store):
    with serve(settings=store | {"sessions.absolute_timeout": "300s", "sessions.idle_timeout": "200s"}) as usher:
        who = usher.sign_up(fresh_email("short"))
        for answer in (usher.login_answer(who.email), usher.refresh(who.refresh)):
            body = answer.json
            assert 280 <= body["expiresIn"] <= 300 and body["refreshExpiresIn"] == 200  # of the session's five minutes some pass
            claims = jwt.claims(body["accessToken"])
            assert claims["exp"] - claims["iat"] == body["expiresIn"]


def test_except_current_keeps_the_session_that_asks(usher, ada):
    others = [usher.login(ada.email) for _ in range(3)]
    answer = usher.delete("/auth/sessions?except=current", token=ada.access)
    assert (answer.status, answer.json) == (200, {"revoked": 3})
    for other in others:
        dead(usher, other, "logout_all")
    assert alive(usher, ada)
    assert_problem(usher.delete("/auth/sessions?except=others", token=ada.access), 400, "validation_failed")
    assert alive(usher, ada)


def test_only_ones_own_sessions_can_be_ended(usher, ada):
    stranger = usher.sign_up(fresh_email("stranger"))
    for name in (stranger.session, stranger.user["id"], "00000000-0000-0000-0000-000000000000", "x", "..%2f" + ada.session):
        assert_problem(usher.delete(f"/auth/sessions/{name}", token=ada.access), 404, "not_found")
    assert alive(usher, stranger)
    assert len(audited(usher, "session.end_refused", stranger.session)) == 1
    assert usher.delete(f"/auth/sessions/{ada.session}", token=ada.access).json == {"revoked": 1}
    dead(usher, ada, "logout")


@pytest.mark.parametrize("agent, device, expected", [
    (CHROME_MAC, None, {"deviceName": "Chrome on macOS", "platform": "macos", "userAgent": CHROME_MAC}),
    (SAFARI_IPHONE, None, {"deviceName": "Safari on iPhone", "platform": "ios", "userAgent": SAFARI_IPHONE}),
    (FIREFOX_WINDOWS, {"deviceName": "Desk"}, {"deviceName": "Desk", "platform": "windows", "userAgent": FIREFOX_WINDOWS}),
    (CHROME_MAC, {"userAgent": FIREFOX_WINDOWS},
     {"deviceName": "Firefox on Windows", "platform": "windows", "userAgent": FIREFOX_WINDOWS}),
    (CHROME_MAC, {"deviceName": "", "appVersion": "4.2", "deviceId": "d-1"},
     {"deviceName": "Chrome on macOS", "platform": "macos", "userAgent": CHROME_MAC, "appVersion": "4.2", "deviceId": "d-1"}),
    ("", None, {"deviceName": "Unknown device"}),
    ("x" * 5000, None, {"deviceName": "Unknown device", "userAgent": "x" * 256}),
])
def test_what_is_missing_of_the_device_is_read_off_the_user_agent(usher, ada, agent, device, expected):
    signed_in = usher.login(ada.email, device=device, headers={"User-Agent": agent})
    shown = [s for s in sessions(usher, signed_in.access) if s["current"]]
    assert shown[0]["deviceInfo"] == expected
    assert shown[0]["ipAddress"] == "127.0.0.1"


def test_sessions_are_paged_by_cursor_newest_activity_first(usher, ada):
    made = [ada] + [usher.login(ada.email) for _ in range(6)]
    seen, query, pages = [], "?limit=3", 0
    while query:
        answer = usher.get("/auth/sessions" + query, token=ada.access).json
        assert len(answer["sessions"]) <= 3
        seen += answer["sessions"]
        pages += 1
        query = f"?limit=3&cursor={answer['nextCursor']}" if "nextCursor" in answer else ""
    assert pages == 3
    assert {s["sessionId"] for s in seen} == {s.session for s in made} and len(seen) == len(made)
    assert "nextCursor" not in usher.get("/auth/sessions", token=ada.access).json
    for query in ("limit=0", "limit=101", "limit=x", "limit=", "cursor=x", "cursor=1.2", "limit=-1", "limit=1e1"):
        assert_problem(usher.get("/auth/sessions?" + query, token=ada.access), 400, "validation_failed")
    everyone = sessions(usher, ada.access)
    assert everyone == sorted(everyone, key=lambda s: s["lastActive"], reverse=True)


def test_last_active_moves_with_each_use_and_nothing_else_does(usher, ada):
    first = sessions(usher, ada.access)[0]

    def moved():
        usher.get("/auth/me", token=ada.access)
        now = sessions(usher, ada.access)[0]
        return now if now["lastActive"] > first["lastActive"] else None

    time.sleep(1.05)  # the second that is stored must have changed
    later = eventually(moved)
    assert {k: v for k, v in later.items() if k != "lastActive"} == {k: v for k, v in first.items() if k != "lastActive"}
    assert all(TIME.fullmatch(later[name]) for name in ("createdAt", "lastActive", "expiresAt"))


def test_nothing_in_the_list_works_as_a_credential(usher, ada):
    for shown in sessions(usher, ada.access):
        for text in (shown["sessionId"], *shown["deviceInfo"].values()):
            assert usher.get("/auth/me", token=text.replace(" ", "")).status == 401
            assert_problem(usher.refresh(text), 401, "refresh_invalid")


def test_names_are_changed_and_stored_as_sent(usher, ada):
    name = "  Zoë\t\"Ω\" <b>𝒜</b> ' OR 1=1 --  "
    answer = usher.patch("/auth/me", {"firstName": name}, token=ada.access)
    assert answer.status == 200 and answer.json["user"] == ada.user | {"firstName": name}
    assert usher.get("/auth/me", token=ada.access).json["user"] == answer.json["user"]
    assert usher.patch("/auth/me", {}, token=ada.access).json["user"] == answer.json["user"]
    assert usher.patch("/auth/me", {"lastName": "King"}, token=ada.access).json["user"]["lastName"] == "King"
