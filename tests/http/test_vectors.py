"""Public collections of what breaks servers, sent to this one. Skipped, and said so, where they are not there."""
import base64
import json

import pytest
from support.scenario import alive, assert_problem, eventually, fresh_email, raw, statuses, vectors

REFUSALS = {400, 405, 413, 414, 431, 501}
PROBE = b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"


def send_login(usher, body):
    return usher.call("POST", "/auth/login", body=body)


def unhurt(usher):
    assert usher.get("/health/live").status == 200 and usher.process.poll() is None


# ---- JSON

def test_json_suite(usher):
    counts = {"n": 0, "y": 0, "i": 0}
    for path in sorted(vectors("json/test_parsing").glob("*.json")):
        kind, body = path.name[0], path.read_bytes()
        answer = send_login(usher, body)
        counts[kind] += 1
        if kind == "n":
            expected = {(400, "malformed_json")} if len(body) <= 65536 else {(413, "body_too_large")}
        elif kind == "y":
            expected = {(400, "validation_failed"), (400, "unknown_field")}
        else:
            expected = {(400, code) for code in ("malformed_json", "validation_failed", "unknown_field")}
        assert (answer.status, answer.code) in expected, (path.name, answer.body)
        if kind == "i":
            assert send_login(usher, body).code == answer.code
    print(f"JSONTestSuite: {counts}")
    unhurt(usher)


def test_json_that_parsers_disagree_about_is_read_alike_everywhere(usher):
    ran = 0
    for path in sorted(vectors("json/test_transform").glob("*.json")):
        codes = {usher.call("POST", to, body=path.read_bytes()).code for to in ("/auth/login", "/auth/register", "/auth/refresh", "/auth/forgot-password")}
        assert len(codes) == 1, (path.name, codes)
        if path.name.startswith("object_same_key"):
            assert codes == {"duplicate_key"}
        ran += 1
    print(f"{ran} files of test_transform")


@pytest.mark.parametrize("depth", [31, 33, 500, 30_000])
def test_depth_is_bounded(usher, depth):
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        body = (opening * depth + "1" + closing * depth).encode()
        if len(body) <= 65536:
            assert send_login(usher, body).status == 400
    unhurt(usher)


# ---- texts

def texts():
    """Naughty strings and injection lists, each text once."""
    found = dict.fromkeys(json.loads(vectors("naughty-strings/blns.json").read_text()))
    for path in sorted(vectors("injection").rglob("*.txt")):
        lines = path.read_text(errors="replace").splitlines()
        found |= dict.fromkeys(lines[::max(1, len(lines) // 150)])
    return list(found)


def test_hostile_names_are_kept_byte_for_byte_or_refused(usher, ada):
    kept = refused = 0
    for text in texts():
        answer = usher.patch("/auth/me", {"firstName": text}, token=ada.access)
        fits = 1 <= len(text) <= 100 and "\0" not in text
        assert answer.status == (200 if fits else 400), (text, answer.body)
        if fits:
            assert answer.json["user"]["firstName"] == text
            kept += 1
        else:
            assert_problem(answer, 400, "validation_failed")
            refused += 1
    assert usher.get("/auth/me", token=ada.access).status == 200
    print(f"{kept} names kept, {refused} refused")


def test_hostile_device_fields_are_kept_byte_for_byte(usher, ada):
    fitting = [t for t in texts() if 1 <= len(t) <= 256 and "\0" not in t][::3]
    names = ("deviceName", "platform", "appVersion", "deviceId", "userAgent")
    batches = [fitting[at:at + len(names)] for at in range(0, len(fitting), len(names))]
    for batch in batches:
        device = dict(zip(names, batch))
        signed_in = usher.login(ada.email, device=device)
        me = usher.get("/auth/me", token=signed_in.access)
        assert device.items() <= me.json["session"]["deviceInfo"].items()
        assert usher.post("/auth/logout", token=signed_in.access).status == 204
    print(f"{len(fitting)} texts in device fields")


def test_hostile_texts_as_address_password_token_code_query_and_header(usher, root, ada):
    ran = 0
    for text in texts()[::11]:
        body = {"email": text, "password": text}
        assert send_login(usher, json.dumps(body).encode()).status in (400, 401)
        assert usher.post("/auth/refresh", {"refreshToken": text}).status in (400, 401)
        assert usher.post("/auth/verify-email", {"email": ada.email, "otp": text}).status == 400
        assert usher.post("/auth/forgot-password", {"email": text + "@example.org"}).status in (202, 400)
        quoted = "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "surrogatepass"))
        found = usher.get("/users?search=" + quoted, token=root.access)
        assert found.status in (200, 400, 414)
        assert usher.get(f"/roles/{quoted}" if quoted else "/roles/x", token=root.access).status in (404, 414)
        header = text.encode("utf-8", "surrogatepass").translate(None, b"\r\n\0")
        answer = usher.get("/auth/me", token=ada.access, headers={"User-Agent": header, "X-Forwarded-For": header, "X-Request-Id": header})
        assert answer.status in (200, 400) and set(answer.headers) >= {"x-request-id", "content-length"}
        ran += 1
    assert alive(usher, ada)
    for line in usher.logged().splitlines():
        json.loads(line)  # nothing broke a line of the log
    print(f"{ran} texts in six places")


def test_mails_stay_one_letter_whatever_the_device_is_called(usher):
    evil = "Phone\r\nBcc: thief@example.org\r\n\r\n<script>alert(1)</script>\u202e"
    who = usher.sign_up(fresh_email("lettered"), device={"deviceName": evil})
    first = usher.refresh(who.refresh, {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile/15E148 Safari/604.1"})
    second = first.json["refreshToken"]
    for _ in range(6):  # so many rotations that the first one's time is forgotten
        second = usher.refresh(second).json["refreshToken"]
    assert usher.refresh(who.refresh).json.get("reason") == "refresh_reuse"
    mail = eventually(lambda: next((m for m in usher.mails(who.email) if "signed out" in m["subject"]), None))
    assert "\nBcc:" not in mail["text"] and "<script>" not in mail["html"] and "\u202e" not in mail["text"] + mail["html"]
    assert "\n" not in mail["subject"] and usher.mails("thief@example.org") == []


# ---- HTTP on raw sockets

def with_host(request):
    """Many of the public cases lack a Host, for which alone they would be refused."""
    return request.replace(b"\r\n", b"\r\nHost: a\r\n", 1) if b"\nhost:" not in request.lower() else request


def http_errors():
    for case in json.loads(vectors("http-malformed/llhttp-cases.json").read_text()):
        reason = (case["llhttp_error"] or {}).get("reason", "")
        if not reason or "Pause" in reason:
            continue
        sent = base64.b64decode(case["bytes_b64"])
        yield case, reason, b"GET " + sent + b" HTTP/1.1\r\n\r\n" if case["kind"] == "url" else sent


def test_llhttp_errors_are_refused_and_nothing_after_them_is_served(usher):
    ran = 0
    for case, reason, sent in http_errors():
        for request in (sent, with_host(sent)):
            seen = statuses(raw(usher, request + PROBE))
            allowed = REFUSALS | ({404} if reason.startswith("Data after") else set())
            assert len(seen) <= 1 and set(seen) <= allowed, (case["id"], seen)
            ran += 1
    print(f"{ran} malformed requests")
    unhurt(usher)


def test_well_formed_llhttp_requests_get_an_answer_each(usher):
    """Whatever is asked for is not there, so that each answer is a 4xx; no one is swallowed into another."""
    ran = 0
    for case in json.loads(vectors("http-malformed/llhttp-cases.json").read_text()):
        if case["llhttp_error"] or case["paused_or_upgrade"] or case["kind"] != "http" or case["meta"] != {"type": "request"}:
            continue
        seen = statuses(raw(usher, base64.b64decode(case["bytes_b64"])))
        assert all(400 <= status < 500 or status in (204, 501) for status in seen), (case["id"], seen)
        ran += 1
    print(f"{ran} requests")
    unhurt(usher)


def test_http_garden_payloads_smuggle_nothing(usher):
    ran = 0
    for case in json.loads(vectors("http-malformed/http-garden-payloads.json").read_text()):
        sent = base64.b64decode(case["bytes_b64"])
        honest = max(1, len([line for line in sent.split(b"\r\n") if line.endswith(b" HTTP/1.1")])) if "Pipelined" in case["mistake"] else 1
        for request in (sent, with_host(sent)):
            seen = statuses(raw(usher, request))
            assert len(seen) <= honest and all(400 <= status < 500 or status == 501 for status in seen), (case["n"], case["mistake"], seen)
            ran += 1
    print(f"{ran} payloads")
    unhurt(usher)


SMUGGLED = b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize("framing", [
    b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"Content-Length: 0, 0\r\n",
    b"Content-Length: +0\r\n", b"Content-Length: 0x0\r\n", b"Content-Length: -1\r\n", b"Content-Length: \r\n", b"Content-Length: 1e1\r\n",
    b"Content-Length: 0\r\nContent-Length: 0\r\n", b"Transfer-Encoding: xchunked\r\n", b"Transfer-Encoding: chunked, chunked\r\n",
    b"Transfer-Encoding: identity\r\n", b"Transfer-Encoding: gzip, chunked\r\n", b"Transfer-Encoding : chunked\r\n", b"Transfer-Encoding:\x0bchunked\r\n",
    b" Transfer-Encoding: chunked\r\n", b"X: a\nTransfer-Encoding: chunked\r\n", b"Content-Length: 99999999999999999999\r\n", b"X: a\r\n b\r\n",
    b"Transfer-Encoding: \"chunked\"\r\n", b"Content\xa0-Length: 0\r\n", b"X: \0\r\n", b"X: a\rb\r\n",
])
def test_ambiguous_framing_is_refused_and_the_connection_closed(usher, framing):
    request = b"POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" + framing + b"\r\n"
    for body in (b"", b"0\r\n\r\n"):
        received = raw(usher, request + body + SMUGGLED)
        assert len(statuses(received)) == 1 and statuses(received)[0] in (400, 413, 501), received[:200]
        assert b"openapi" not in received


@pytest.mark.parametrize("chunks", [b"g\r\n", b"-1\r\n", b"+1\r\na\r\n0\r\n\r\n", b"0x1\r\na\r\n0\r\n\r\n", b"1\na\r\n0\r\n\r\n", b"1\r\nab\r\n0\r\n\r\n",
                                    b"ffffffffffffffff1\r\n", b" 1\r\na\r\n0\r\n\r\n", b"\r\n", b"1;\r\na\r\n0\r\n\r\n", b"1;a=\"\r\n\"\r\na\r\n0\r\n\r\n"])
def test_malformed_chunks_are_refused_and_the_connection_closed(usher, chunks):
    request = b"POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    received = raw(usher, request + chunks + SMUGGLED)
    assert statuses(received) in ([400], [413]), received[:200]


# ---- secrets

def test_no_weak_secret_signs_tokens(usher):
    words = vectors("weak-secrets/zxcvbn-top-10000-passwords.txt").read_text().split()
    long_ones = sorted(words, key=len, reverse=True)[:6]
    for secret in [*long_ones, *(w * (32 // len(w) + 1) for w in long_ones), *("-".join(words[at:at + 6]) for at in range(0, 24, 6))]:
        done = usher.cli("config", check=False, env={"JWT_SECRET": secret})
        assert done.returncode == 1 and "JWT_SECRET" in done.stderr and secret not in done.stderr, secret
