"""The HTTP edge of every route: media types, sizes, the Authorization header, methods, headers, CORS."""
import gzip
import http.client
import json

import pytest
from support.scenario import alive, assert_problem, fresh_email, raw, statuses
from support.usher import PASSWORD, Server

LOGIN = {"email": "nobody@example.org", "password": "wrong-password"}


def post(usher, body, headers):
    return usher.call("POST", "/auth/login", body=body, headers=headers)


@pytest.mark.parametrize("media", ["application/json", "application/json; charset=utf-8", 'application/json;charset="UTF-8"',
                                   "APPLICATION/JSON", "application/json ; charset=UTF-8"])
def test_json_in_utf8_is_read(usher, media):
    assert_problem(post(usher, json.dumps(LOGIN).encode(), {"Content-Type": media}), 401, "invalid_credentials")


@pytest.mark.parametrize("media", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json",
                                   "application/json; charset=utf-16", "application/json; charset=iso-8859-1", "application/jsonp",
                                   "application/json, text/plain", "application/json+x", "application/json; x=1", "*/*"])
def test_other_media_types_are_refused(usher, media):
    assert_problem(post(usher, json.dumps(LOGIN).encode(), {"Content-Type": media}), 415, "unsupported_media_type")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "x-gzip", "identity, gzip"])
def test_encoded_bodies_are_refused(usher, encoding):
    sent = gzip.compress(json.dumps(LOGIN).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    assert_problem(post(usher, sent, headers), 415, "unsupported_media_type")


def test_a_body_of_64_kib_is_read_and_one_byte_more_is_not(usher):
    frame = len(json.dumps(LOGIN | {"password": ""}))
    whole = json.dumps(LOGIN | {"password": "x" * (65536 - frame)}).encode()
    assert len(whole) == 65536
    assert_problem(post(usher, whole, {}), 400, "validation_failed")
    assert_problem(post(usher, whole + b" ", {}), 413, "body_too_large")
    chunked = b"POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert statuses(raw(usher, chunked + b"10001\r\n" + b"x" * 0x10001 + b"\r\n0\r\n\r\n")) == [413]


@pytest.mark.parametrize("sent, status", [
    (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 17000 + b"\r\n\r\n", 431),
    (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 101 + b"\r\n", 431),
    (b"GET /auth/me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + b"a" * 65536 + b"\r\n\r\n", 431),
    (b"GET / HTTP/1.1\r\n\r\n", 400), (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400), (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400),
    (b"GET http://evil.example/ HTTP/1.1\r\nHost: a\r\n\r\n", 400), (b"FOO / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    (b"get / HTTP/1.1\r\nHost: a\r\n\r\n", 501), (b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405), (b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
    (b"PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n", 501), (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
])
def test_what_is_not_plain_http_is_refused_and_closed(usher, sent, status):
    received = raw(usher, sent + b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n")
    assert statuses(received) == [status]
    head, body = received.split(b"\r\n\r\n", 1)
    assert b"application/problem+json" in head and b"Connection: close" in head and json.loads(body)["status"] == status


@pytest.mark.parametrize("value, code", [
    (None, "token_missing"), ("", "token_malformed"), ("Bearer", "token_malformed"), ("Bearer ", "token_malformed"),
    ("Basic YTpi", "token_malformed"), ("Digest x", "token_malformed"), ("{token}", "token_malformed"), ("Bearer  {token}", "token_malformed"),
    ("Bearer {token} x", "token_malformed"), ("Bearer {token},x", "token_malformed"), ("Bearer %ff", "token_malformed"),
    ("Bearer \xff\xfe", "token_malformed"), ("Bearer {token}\xe9", "token_malformed"), ("Bearer\t{token}", "token_malformed"),
    ("BearerX {token}", "token_malformed"), ("Bearer \"{token}\"", "token_malformed"), ("Bearer a.b", "token_malformed"),
    ("Bearer a.b.c.d", "token_malformed"), ("Bearer ..", "token_malformed"), ("Bearer " + "a" * 12000, "token_malformed"),
])
@pytest.mark.parametrize("path", ["/auth/me", "/auth/check", "/auth/sessions"])
def test_malformed_authorization_never_reaches_a_handler(usher, root, path, value, code):
    headers = {} if value is None else {"Authorization": value.replace("{token}", root.access).encode("latin-1")}
    assert_problem(usher.get(path, headers=headers), 401, code)


def test_the_scheme_has_no_case_and_there_is_one_header(usher, root):
    assert usher.get("/auth/me", headers={"Authorization": "bearer " + root.access}).status == 200
    line = b"Authorization: Bearer " + root.access.encode() + b"\r\n"
    for lines in (line + line, line + b"authorization: Basic YTpi\r\n", b"AUTHORIZATION:\r\n" + line):
        received = raw(usher, b"GET /auth/me HTTP/1.1\r\nHost: a\r\n" + lines + b"\r\n")
        assert statuses(received) == [401] and b"token_malformed" in received
    assert alive(usher, root)


def test_tokens_elsewhere_are_not_looked_at(usher, root):
    for path, headers in ((f"/auth/me?access_token={root.access}", {}), ("/auth/me", {"Cookie": f"accessToken={root.access}"}),
                          ("/auth/me", {"X-Access-Token": root.access}), ("/auth/me", {"Proxy-Authorization": f"Bearer {root.access}"})):
        assert_problem(usher.get(path, headers=headers), 401, "token_missing")


COMMON = {"x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer",
          "cross-origin-resource-policy": "same-origin"}


def test_every_answer_carries_the_security_headers(usher, root):
    for answer in (usher.get("/auth/me", token=root.access), usher.get("/auth/me"), usher.get("/nothing"), usher.get("/docs"),
                   usher.get("/openapi.json"), usher.get("/health/live"), usher.get("/.well-known/jwks.json"),
                   usher.post("/auth/login", LOGIN), usher.call("PUT", "/auth/login"), usher.call("OPTIONS", "/auth/login")):
        assert COMMON.items() <= answer.headers.items(), answer
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers and "x-powered-by" not in answer.headers
        assert answer.headers["x-request-id"]


def test_answers_that_depend_on_a_credential_are_never_stored(usher):
    who = usher.sign_up(fresh_email("cache"))
    renewed = usher.refresh(who.refresh)
    for answer in (renewed, usher.login_answer(who.email), usher.get("/auth/me", token=who.access), usher.get("/auth/sessions", token=who.access),
                   usher.get("/auth/check", token=who.access), usher.patch("/auth/me", {}, token=who.access),
                   usher.post("/access/check", {"permissions": ["a:b"]}, token=who.access), usher.get("/auth/me"),
                   usher.delete("/auth/sessions", token=who.access)):
        assert answer.headers["cache-control"] == "no-store", answer


def test_request_ids_differ_and_are_not_taken_from_strangers(usher):
    ids = {usher.get("/health/live", headers={"X-Request-Id": "mine"}).headers["x-request-id"] for _ in range(20)}
    assert len(ids) == 20 and "mine" not in ids


@pytest.mark.parametrize("method, path, status, allow", [
    ("PUT", "/auth/login", 405, "POST"), ("GET", "/auth/login", 405, "POST"), ("DELETE", "/auth/login", 405, "POST"),
    ("POST", "/auth/sessions", 405, "DELETE"), ("HEAD", "/auth/login", 405, "POST"), ("GET", "/auth/login/", 404, None),
    ("GET", "//auth/me", 404, None), ("GET", "/AUTH/ME", 404, None), ("GET", "/auth/../auth/me", 404, None), ("GET", "/auth%2fme", 404, None),
    ("GET", "/auth/sessions/a/b", 404, None), ("GET", "/", 404, None), ("GET", "/.git/config", 404, None), ("GET", "/debug", 404, None),
])
def test_unknown_paths_and_methods(usher, root, method, path, status, allow):
    answer = usher.call(method, path, token=root.access)
    assert answer.status == status
    if method != "HEAD":
        assert_problem(answer, status, {404: "not_found", 405: "method_not_allowed"}[status])
    assert (allow in answer.headers["allow"]) if allow else "allow" not in answer.headers


def test_head_is_get_without_a_body_and_options_lists_the_methods(usher, root):
    for path in ("/auth/me", "/auth/sessions", "/openapi.json", "/health/live", "/roles"):
        got, head = usher.get(path, token=root.access), usher.call("HEAD", path, token=root.access)
        assert (head.status, head.body) == (got.status, b"")
        assert head.headers["content-type"] == got.headers["content-type"]
    answer = usher.call("OPTIONS", "/auth/me")
    assert (answer.status, answer.body) == (204, b"")
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "PATCH", "DELETE", "OPTIONS"}


def test_reading_changes_nothing(usher):
    """GET, HEAD and OPTIONS of every path, with a token, a body and a query that would matter elsewhere."""
    who = usher.sign_up(fresh_email("reader"))
    body = json.dumps({"email": who.email, "password": PASSWORD, "refreshToken": who.refresh, "firstName": "X"}).encode()
    for path in usher.get("/openapi.json").json["paths"]:
        path = path.replace("{id}", who.user["id"]).replace("{sessionId}", who.session).replace("{name}", "user")
        for method in ("GET", "HEAD", "OPTIONS"):
            usher.call(method, path + "?except=current&_method=DELETE", token=who.access, body=body,
                       headers={"X-HTTP-Method-Override": "DELETE"})
    me = usher.get("/auth/me", token=who.access).json
    assert me["user"] == who.user
    assert len(usher.get("/auth/sessions", token=who.access).json["sessions"]) == 1
    assert usher.refresh(who.refresh).json["refreshToken"] != who.refresh


APP = "https://app.example.com"
FOREIGN = ["https://evil.example", "null", "http://app.example.com", "https://app.example.com.evil.example", "https://xapp.example.com",
           "https://app.example.com:8443", "https://APP.example.com", "https://app.example.com/", "https://sub.app.example.com", "*", ""]


@pytest.fixture(scope="module")
def crossed():
    with Server(settings={"http.cors_origins": APP + ",http://localhost:5173"}) as server:
        yield server


def allowed(answer):
    return {k: v for k, v in answer.headers.items() if k.startswith("access-control-")}


def test_a_listed_origin_may_call_and_read(crossed):
    for origin in (APP, "http://localhost:5173"):
        answer = crossed.get("/auth/me", headers={"Origin": origin})
        assert answer.headers["access-control-allow-origin"] == origin
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert "Origin" in answer.headers["vary"]
        preflight = crossed.call("OPTIONS", "/auth/sessions", headers={
            "Origin": origin, "Access-Control-Request-Method": "DELETE", "Access-Control-Request-Headers": "authorization,content-type"})
        assert preflight.status == 204
        assert "DELETE" in preflight.headers["access-control-allow-methods"]
        assert {"authorization", "content-type"} <= set(preflight.headers["access-control-allow-headers"].lower().split(", "))


@pytest.mark.parametrize("origin", FOREIGN)
def test_any_other_origin_gets_no_permission(crossed, origin):
    for method, path in (("GET", "/auth/me"), ("POST", "/auth/login"), ("OPTIONS", "/auth/login"), ("GET", "/nothing")):
        answer = crossed.call(method, path, headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
        assert allowed(answer) == {} and "Origin" in answer.headers["vary"]


def test_without_the_setting_there_is_no_cors(usher):
    answer = usher.get("/auth/me", headers={"Origin": APP})
    assert allowed(answer) == {}


def test_a_connection_serves_many_requests_and_closes_when_asked(usher):
    link = http.client.HTTPConnection("127.0.0.1", usher.port, timeout=5)
    for _ in range(5):
        link.request("GET", "/health/live")
        answer = link.getresponse()
        assert answer.status == 200 and answer.read() is not None
    link.request("GET", "/health/live", headers={"Connection": "close"})
    assert link.getresponse().getheader("Connection") == "close"
    old = raw(usher, b"GET /health/live HTTP/1.0\r\n\r\nGET /health/live HTTP/1.0\r\n\r\n")
    assert statuses(old) == [200]
