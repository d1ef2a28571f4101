"""Attacks by single requests that other servers fell for: tokens, headers, fields and verbs; each call meets the other of two nodes,
where there are two.

docs/security.md lists all cases.
"""
import base64
import hashlib
import json
import re

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from support import jwt, passkey
from support.jwt import INVALID, refused
from support.scenario import alive, assert_problem, fresh_email, holding, raw, statuses
from support.usher import PASSWORD

ONE_NODE_AND_TWO = True
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
NOBODY = "01900000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def usher(serve, store):
    with serve(settings=store | passkey.SETTINGS) as made:
        yield made


@pytest.fixture(scope="module")
def good(usher):
    made = usher.sign_up(fresh_email("good"))
    yield made
    assert all(alive(usher, made) for _ in range(4)), "nothing that was tried did it any harm"


# ---- tokens

@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", "", None, "ES384", "RS256", "PS256", "EdDSA", "HS256"])
def test_tokens_without_a_signature_are_refused(usher, good, name):
    """Case 64, CVE-2022-23540: alg none was good enough."""
    head = jwt.altered(jwt.header(good.access), {"alg": name})
    for signature in (b"", b"\0", b"\0" * 32, b"\0" * 64, b"\0" * 384):
        refused(usher, jwt.build(head, jwt.claims(good.access), lambda _: signature), *INVALID)
    refused(usher, ".".join(jwt.build(head, jwt.claims(good.access), lambda _: b"").split(".")[:2]), *INVALID)


def spellings_of_the_public_key(key):
    public = jwt.public_key(key)
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    shown = json.dumps(key).encode()
    return [pem, pem.strip(), pem + b" ", pem + b"\n", der, base64.b64encode(der), shown, json.dumps(key, separators=(",", ":")).encode(),
            jwt.decode(key["x"]), jwt.decode(key["x"]) + jwt.decode(key["y"]), key["x"].encode(), key["kid"].encode(), b""]


def test_the_public_key_is_no_secret(usher, good):
    """Case 65, CVE-2023-48223, CVE-2026-34950, CVE-2022-29217, CVE-2023-48238: it was taken for the secret of an HMAC."""
    key, tried = jwt.published(usher)[0], 0
    for secret in spellings_of_the_public_key(key):
        for name, digest in (("HS256", hashlib.sha256), ("HS384", hashlib.sha384), ("HS512", hashlib.sha512)):
            head = jwt.header(good.access) | {"alg": name}
            refused(usher, jwt.build(head, jwt.claims(good.access), jwt.hs(secret, digest)), *INVALID)
            tried += 1
    print(f"{tried} tokens signed by the public key")


def test_tokens_that_resemble_each_other_keep_their_own_fate(usher):
    """Case 69, GHSA-rp9m-7r4c-75qg: the cache of verified tokens took one for another."""
    who = usher.sign_up(fresh_email("alike"))
    tokens = [usher.refresh(who.refresh).json["accessToken"] for _ in range(4)]
    other = usher.login(who.email)
    assert len(set(tokens)) == 4 and len({t.split(".")[0] for t in tokens}) == 1
    for token in [token for token in tokens for _ in range(4)]:
        assert usher.get("/auth/me", token=token).json["session"]["sessionId"] == who.session
    crossed = tokens[0].rsplit(".", 1)[0] + "." + tokens[1].rsplit(".", 1)[1]
    refused(usher, crossed, "token_invalid")
    usher.post("/auth/logout", token=tokens[0])
    for token in tokens:
        refused(usher, token, "session_ended")
    assert alive(usher, other)


def test_signatures_of_nothing_are_refused(usher, good):
    """Case 70, CVE-2022-21449: r and s might be 0."""
    order = P256_ORDER.to_bytes(32, "big")
    one, zero, above, top = (1).to_bytes(32, "big"), bytes(32), (P256_ORDER + 1).to_bytes(32, "big"), b"\xff" * 32
    for signature in (zero + zero, zero + one, one + zero, order + one, one + order, order + order, above + above, top + top,
                      base64.b64decode("MAYCAQACAQA="), zero, b"\0" * 63, b"\0" * 65, b"\0" * 128):
        refused(usher, jwt.build(jwt.header(good.access), jwt.claims(good.access), lambda _: signature), "token_invalid")
    r, s = (int.from_bytes(part, "big") for part in (lambda b: (b[:32], b[32:]))(jwt.decode(good.access.rsplit(".", 1)[1])))
    der = encode_dss_signature(r, s)
    refused(usher, jwt.build(jwt.header(good.access), jwt.claims(good.access), lambda _: der), "token_invalid")


# ---- headers

@pytest.mark.parametrize("lines, status", [
    (b"Bearer", 401), (b"Bearer ", 401), (b"Bearer  {token}", 401), (b"Bearer %ff", 401), (b"Bearer \x80\xff\xfe", 401), (b"Bearer {token}\xc3\xa9", 401),
    (b"\xff{token}", 401), (b"Bearer {token}\r\nAuthorization: Bearer {token}", 401), (b"Bearer {token}\r\nAuthorization: Basic YTpi", 401),
    (b"Bearer " + b"a" * 12000, 401), (b"Bearer " + b"a" * 65536, 431), (b"Bearer {token}\0", 400),
])
def test_a_malformed_authorization_is_refused_and_stops_nobody(usher, good, lines, status):
    """Case 72, GHSA-xmf8-cvqr-rfgj: it was an exception that nobody caught."""
    for path in (b"/auth/me", b"/auth/check"):
        request = b"GET " + path + b" HTTP/1.1\r\nHost: a\r\nAuthorization: " + lines.replace(b"{token}", good.access.encode()) + b"\r\n\r\n"
        assert [statuses(raw(usher, request)) for _ in range(2)] == [[status]] * 2
    assert all(alive(usher, good) for _ in range(2))


COOKIES = ["sid=", "=;=;=", "sid", ";" * 500, "accessToken={token}", "Authorization=Bearer {token}", "accessToken={token}; accessToken=x",
           "a=%00%ff\xff; b=\"", "a=" + "x" * 12000]


@pytest.mark.parametrize("cookie", COOKIES, ids=range(len(COOKIES)))
def test_cookies_never_open_what_a_proxy_asks_about(usher, good, cookie):
    """Case 78, CVE-2026-25748: a malformed cookie was answered 200 at forward-auth."""
    sent = {"Cookie": cookie.replace("{token}", good.access).encode("latin-1")}
    for authorization in ({}, {"Authorization": "Bearer"}, {"Authorization": f"Bearer {good.access[:-9]}"}):
        answer = usher.get("/auth/check", headers=sent | authorization)
        assert answer.status == 401 and not any(name.startswith("x-usher") for name in answer.headers)
    passed = usher.get("/auth/check", headers=sent, token=good.access)
    assert (passed.status, passed.headers["x-usher-user"], passed.headers["x-usher-session"]) == (204, good.user["id"], good.session)


def test_cookies_beyond_the_limit_or_twice_open_nothing(usher, good):
    """Case 78, CVE-2026-25748: the same of cookies that are huge, or sent twice."""
    line = b"Cookie: accessToken=" + good.access.encode() + b"\r\n"
    for lines, status in ((line * 2, 401), (b"Cookie: a=" + b"x" * 65536 + b"\r\n", 431)):
        received = raw(usher, b"GET /auth/check HTTP/1.1\r\nHost: a\r\n" + lines + b"\r\n")
        assert statuses(received) == [status] and b"X-Usher" not in received


# ---- fields and verbs

def operations(usher):
    """(method, path with ids of nobody, operation) of the server's own description."""
    for path, methods in usher.get("/openapi.json").json["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def test_who_somebody_is_is_told_by_his_token_alone(usher, good):
    """Case 74, CVE-2025-61928: without a session, the user was read off the body."""
    stranger, tried = usher.sign_up(fresh_email("stranger")), 0
    claimed = {name: good.user["id"] for name in ("userId", "ownerId", "user", "sub", "tenant")}
    headers = {"X-User-Id": good.user["id"], "X-Usher-User": good.user["id"], "X-Usher-Session": good.session}
    for method, path, operation in operations(usher):
        if operation.get("security"):
            target = re.sub(r"{\w+}", good.session if "session" in path else good.user["id"], path)
            assert_problem(usher.call(method, target, body=claimed, headers=headers), 401, "token_missing")
            if operation.get("requestBody"):
                answer = usher.call(method, target, body=claimed, headers=headers, token=stranger.access)
                assert answer.status in (400, 403) and answer.code in ("unknown_field", "permission_denied"), (method, path, answer.body)
            tried += 1
    assert tried > 40
    me = usher.get("/auth/me?userId=" + good.user["id"], headers=headers, token=stranger.access).json
    assert me["user"]["id"] == stranger.user["id"] and me["session"]["sessionId"] == stranger.session


def test_nobody_writes_whose_a_thing_is(usher, good):
    """Case 75, CVE-2024-37905: the owner of one's own token could be changed."""
    me = usher.sign_up(fresh_email("climber"))
    _, key = passkey.add(usher, me)
    bodies = {("PATCH", "/auth/me"): {"firstName": "Ada"}, ("PATCH", f"/auth/passkeys/{key}"): {"name": "mine"},
              ("POST", "/auth/refresh"): {"refreshToken": me.refresh}, ("POST", "/auth/login"): {"email": me.email, "password": PASSWORD}}
    for (method, path), body in bodies.items():
        for name, value in {"userId": good.user["id"], "user": good.user["id"], "role": "admin", "roles": ["admin"], "scopes": ["*:*"],
                            "permissions": ["*:*"], "emailVerified": True, "aal": 2}.items():
            assert_problem(usher.call(method, path, body=body | {name: value}, token=me.access), 400, "unknown_field")
        assert usher.call(method, path, body=body, token=me.access).status in (200, 204)
    for method in ("PATCH", "PUT", "POST"):
        answer = usher.call(method, f"/auth/sessions/{me.session}", body={"userId": good.user["id"]}, token=me.access)
        assert_problem(answer, 405, "method_not_allowed")
    assert usher.get("/auth/me", token=me.access).json["roles"] == ["user"]
    assert [one["id"] for one in usher.get("/auth/passkeys", token=me.access).json["passkeys"]] == [key]


def test_only_what_is_documented_can_be_called(usher, good):
    """Case 76, CVE-2025-4210, CVE-2025-61524, CVE-2026-25227: some ways to administer were looked at less closely than others."""
    boss, helper = holding(usher, "super_admin"), holding(usher, "support")
    held = set(usher.get("/roles/support", token=boss.access).json["effectivePermissions"])
    documented = {(method, path): operation for method, path, operation in operations(usher)}
    assert held and not any("*" in one for one in held)
    for path in {path for _, path in documented}:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            operation, target = documented.get((method, path)), re.sub(r"{\w+}", NOBODY, path)
            if not operation:
                assert {usher.call(method, target, body={}, token=token).status for token in (None, boss.access)} <= {404, 405}, (method, path)
            elif permission := operation.get("x-permission"):
                assert_problem(usher.call(method, target, body={}), 401, "token_missing")
                for who, has in ((good, False), (helper, permission in held), (boss, True)):
                    answer = usher.call(method, target, body=b'{"no such field":1}', token=who.access)
                    assert (answer.status in (200, 400, 404)) if has else answer.json.get("permission") == permission, (method, path, answer.body)
