"""What a body may hold: each field of each request, wrong in every way there is."""
import pytest
from support.scenario import assert_problem, fresh_email
from support.usher import PASSWORD

EMAIL, DEVICE = "valid@example.org", {"deviceName": "a"}
BODIES = {
    "/auth/register": {"email": EMAIL, "password": PASSWORD, "firstName": "A", "lastName": "B", "accountType": "INDIVIDUAL"},
    "/auth/verify-email": {"email": EMAIL, "otp": "123456"},
    "/auth/resend-otp": {"email": EMAIL},
    "/auth/login": {"email": EMAIL, "password": PASSWORD},
    "/auth/refresh": {"refreshToken": "ush_r_x"},
    "/auth/forgot-password": {"email": EMAIL},
    "/auth/reset-password": {"email": EMAIL, "otp": "123456", "newPassword": PASSWORD},
    "/auth/change-password": {"currentPassword": PASSWORD, "newPassword": PASSWORD},
    "/roles": {"name": "a"},
    "/access/check": {"permissions": ["a:b"]},
}
FIELDS = [(path, name) for path, body in BODIES.items() for name in body]
WRONG = [None, True, 7, -1.5, [], ["a"], {}, {"$ne": None}, {"a": "b"}]
PRIVILEGED = ["role", "roles", "id", "userId", "emailVerified", "isAdmin", "permissions", "tenant", "__proto__",
              "constructor", "email ", "Email"]


def refuse(usher, root, path, body, code, field=None):
    answer = usher.post(path, body, token=root.access)
    shown = assert_problem(answer, 400, code)
    if field:
        assert field in [error["field"] for error in shown["errors"]], (body, shown)


@pytest.mark.parametrize("path, name", FIELDS)
def test_a_field_that_is_missing_or_of_a_wrong_type_is_named(usher, root, path, name):
    body = BODIES[path]
    refuse(usher, root, path, {k: v for k, v in body.items() if k != name}, "validation_failed", name)
    for value in WRONG:
        if isinstance(value, list) and isinstance(body[name], list):
            continue
        refuse(usher, root, path, body | {name: value}, "validation_failed", name)
    for item in (None, True, 7, [], {}):
        if isinstance(body[name], list):
            refuse(usher, root, path, body | {name: [item]}, "validation_failed", f"{name}[0]")


LENGTHS = [("/auth/register", "firstName", 1, 100), ("/auth/register", "lastName", 1, 100), ("/auth/register", "email", 1, 320),
           ("/auth/login", "email", 1, 320), ("/auth/login", "password", 1, 4096), ("/auth/verify-email", "otp", 1, 64),
           ("/auth/refresh", "refreshToken", 1, 1024), ("/auth/reset-password", "otp", 1, 64), ("/roles", "name", 1, 64)]


@pytest.mark.parametrize("path, name, least, most", LENGTHS)
def test_lengths_count_characters_and_have_bounds(usher, root, path, name, least, most):
    for value in ("a" * (most + 1), "𝒜" * (most + 1), "a" * (least - 1)):
        refuse(usher, root, path, BODIES[path] | {name: value}, "validation_failed", name)


def test_names_of_a_hundred_characters_pass_whatever_their_bytes(usher):
    assert usher.register(fresh_email(), firstName="𝒜" * 100, lastName="é" * 100).status == 201


@pytest.mark.parametrize("name", ["deviceName", "platform", "appVersion", "userAgent", "deviceId"])
def test_device_fields_are_optional_texts_of_at_most_256(usher, root, name):
    body = BODIES["/auth/login"]
    refuse(usher, root, "/auth/login", body | {"deviceInfo": {name: "a" * 257}}, "validation_failed", "deviceInfo." + name)
    for value in (7, [], {}, False):
        refuse(usher, root, "/auth/login", body | {"deviceInfo": {name: value}}, "validation_failed", "deviceInfo." + name)
    for device in ({name: "é" * 256}, {name: None}, {name: ""}, {}, None):
        answer = usher.post("/auth/login", {"email": root.email, "password": PASSWORD, "deviceInfo": device})
        assert answer.status == 200, (device, answer.body)
    for device in (7, "x", [], [DEVICE]):
        refuse(usher, root, "/auth/login", body | {"deviceInfo": device}, "validation_failed", "deviceInfo")


@pytest.mark.parametrize("path", BODIES)
def test_unknown_and_privileged_fields_are_refused(usher, root, path):
    for name in PRIVILEGED:
        if name in BODIES[path] or (path, name) == ("/roles", "permissions"):
            continue
        refuse(usher, root, path, BODIES[path] | {name: "super_admin"}, "unknown_field", name)
    if "deviceInfo" in BODIES[path]:
        refuse(usher, root, path, BODIES[path] | {"deviceInfo": {"trusted": "true"}}, "unknown_field", "deviceInfo.trusted")


@pytest.mark.parametrize("path", BODIES)
def test_bodies_that_are_not_one_object_with_each_key_once_are_refused(usher, root, path):
    for sent in (b"", b" ", b"{", b"{}{}", b'{"a":1,}', b"\xef\xbb\xbf{}", b'{"a":"\xff"}', b"nul", b"{'a':1}", b'{"a":1}x', b"\x00"):
        refuse(usher, root, path, sent, "malformed_json")
    for sent in (b"[]", b"null", b"true", b"7", b'"text"'):
        refuse(usher, root, path, sent, "validation_failed")
    for sent in (b'{"email":"a","email":"b"}', b'{"x":{"a":1,"\\u0061":2}}', b'{"a":[{"b":1,"b":1}]}'):
        refuse(usher, root, path, sent, "duplicate_key")


@pytest.mark.parametrize("value", ["individual", "ADMIN", "", "INDIVIDUAL ", "BOTH", "ＩNDIVIDUAL"])
def test_account_types_are_the_two_of_the_contract(usher, root, value):
    refuse(usher, root, "/auth/register", BODIES["/auth/register"] | {"accountType": value}, "validation_failed", "accountType")


@pytest.mark.parametrize("email", ["", "a", "a@", "@b.org", "a@b", "a b@c.org", "a@b..org", "a@-b.org", "a@[127.0.0.1]", "<a@b.org>",
                                   "a@b.org>", "a@b.org,c@d.org", "a@b.org\r\nBcc: c@d.org", "a@b.org%0a", '"a"@b.org', "a@b@c.org",
                                   "a\u200b@b.org", "a@1.2.3.4", ".a@b.org", "a.@b.org", "a..b@c.org", "x" * 65 + "@b.org"])
@pytest.mark.parametrize("path", ["/auth/register", "/auth/resend-otp", "/auth/forgot-password"])
def test_what_is_not_an_address_is_refused_where_mail_would_go(usher, root, path, email):
    refuse(usher, root, path, BODIES[path] | {"email": email}, "validation_failed", "email")


def test_me_takes_names_and_nothing_else(usher, ada):
    for body in ({"email": "b@c.org"}, {"id": "1"}, {"roles": ["admin"]}, {"emailVerified": True}, {"firstName": "x", "userId": "1"}):
        assert_problem(usher.patch("/auth/me", body, token=ada.access), 400, "unknown_field")
    for value in ("", "a" * 101, 7, [], {}):
        assert_problem(usher.patch("/auth/me", {"firstName": value}, token=ada.access), 400, "validation_failed")
    assert usher.get("/auth/me", token=ada.access).json["user"] == ada.user


def test_ids_of_others_in_query_or_header_change_nothing(usher, root, ada):
    answer = usher.get(f"/auth/me?userId={root.user['id']}&id={root.user['id']}", token=ada.access,
                       headers={"X-User-Id": root.user["id"], "X-Usher-User": root.user["id"], "Cookie": "sid=chosen"})
    assert answer.json["user"]["id"] == ada.user["id"]
    assert "set-cookie" not in answer.headers
