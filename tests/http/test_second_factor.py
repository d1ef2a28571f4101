"""Second factors: an app is asked for after the password, each code opens once, and what gets around it does not.

oathtool makes the codes and zbarimg reads the QR code.
"""
import re
import subprocess
import urllib.parse

import pytest
from support.authenticator import Authenticator, ask, begin, enrol, now, prove, sign_in
from support.scenario import actions_of, alive, assert_problem, at_once, dead, eventually, fresh_email, records
from support.usher import PASSWORD, sign_in_of

ONE_NODE_AND_TWO = True
NEW = "another-good-horse-8"


@pytest.fixture(scope="module")
def usher(serve, store):
    with serve(settings=store | {"verification.cool_down": "1s", "mfa.issuer": "Usher & Söhne"}) as server:
        yield server


@pytest.fixture
def ada(usher):
    return usher.sign_up(fresh_email("ada"))


def read_qr(svg, tmp_path):
    """What is written in the squares of the SVG, drawn as a bitmap."""
    size = int(re.search(r'viewBox="0 0 (\d+) ', svg)[1])
    dark = {(int(x), int(y)) for x, y in re.findall(r"M(\d+),(\d+)h1v1h-1z", svg)}
    scale, picture = 4, tmp_path / "qr.pgm"
    rows = [bytes(0 if (x // scale, y // scale) in dark else 255 for x in range(size * scale)) for y in range(size * scale)]
    picture.write_bytes(b"P5 %d %d 255\n" % (size * scale, size * scale) + b"".join(rows))
    return subprocess.run(["zbarimg", "-q", "--raw", str(picture)], capture_output=True, text=True, check=True).stdout.strip()


def test_an_app_is_added_and_asked_for(usher, ada, tmp_path):
    other = usher.login(ada.email)
    begun = begin(usher, ada)
    assert begun.status == 200 and begun.headers["cache-control"] == "no-store"
    uri = urllib.parse.urlsplit(begun.json["uri"])
    asked = urllib.parse.parse_qs(uri.query)
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert urllib.parse.unquote(uri.path) == f"/Usher & Söhne:{ada.email}"
    assert asked["secret"] == [begun.json["secret"]] and asked["issuer"] == ["Usher & Söhne"]
    assert read_qr(begun.json["qrSvg"], tmp_path) == begun.json["uri"]
    assert usher.get("/auth/mfa", token=ada.access).json == {"methods": [], "recoveryCodesLeft": 0}
    assert usher.login_answer(ada.email).json["accessToken"], "not confirmed: not asked for"

    app = Authenticator(begun.json["secret"])
    assert_problem(usher.post("/auth/mfa/totp/confirm", {"code": "000000"}, token=ada.access), 400, "otp_invalid")
    confirmed = usher.post("/auth/mfa/totp/confirm", {"code": app.next()}, token=ada.access)
    assert confirmed.status == 200 and len(set(confirmed.json["recoveryCodes"])) == 10
    assert confirmed.json["revoked"] == 2
    assert alive(usher, ada)
    dead(usher, other, "factor_changed")
    assert usher.get("/auth/mfa", token=ada.access).json == {"methods": ["totp", "recovery_code"], "recoveryCodesLeft": 10}
    assert_problem(begin(usher, ada), 409, "factor_exists")

    answer = usher.login_answer(ada.email)
    assert set(answer.json) == {"mfaRequired", "mfaToken", "expiresIn", "methods", "enrol"}
    assert answer.json["methods"] == ["totp", "recovery_code"] and answer.json["expiresIn"] == 300
    assert answer.headers["cache-control"] == "no-store"
    assert len(usher.get("/auth/sessions", token=ada.access).json["sessions"]) == 1, "no session before the second step"
    proved = prove(usher, answer.json["mfaToken"], app.next(), deviceInfo={"deviceName": "Ada's phone"})
    assert proved.status == 200 and proved.json["sessionId"] != ada.session
    again = sign_in_of(ada.email, proved)
    assert alive(usher, again)
    listed = usher.get("/auth/sessions", token=again.access).json["sessions"]
    assert [s["deviceInfo"]["deviceName"] for s in listed if s["current"]] == ["Ada's phone"]
    done = actions_of(usher, ada.email)
    assert [a for a in done if a.startswith(("factor.", "login.factor"))] == [
        "factor.begun", "factor.refused", "factor.added", "login.factor_asked", "factor.proved"]


def test_the_token_of_the_second_step_opens_nothing_else(usher, ada):
    enrol(usher, ada)
    token = ask(usher, ada.email)
    for path in ("/auth/me", "/auth/check", "/auth/sessions", "/auth/mfa"):
        assert usher.get(path, token=token).status == 401
    assert_problem(usher.refresh(token), 401, "refresh_invalid")
    assert_problem(prove(usher, ada.access, "000000"), 401, "mfa_token_invalid")
    assert_problem(prove(usher, ada.refresh, "000000"), 401, "mfa_token_invalid")
    assert_problem(prove(usher, token + "A", "000000"), 401, "mfa_token_invalid")
    assert records(usher, "SELECT count(*) FROM sign_in_challenges WHERE token_hash = ?", token.encode())[0][0] == 0


def test_each_step_opens_once_also_after_a_restart(usher, ada):
    app, _ = enrol(usher, ada)
    used = app.at(app.last)
    assert_problem(prove(usher, ask(usher, ada.email), used), 400, "otp_invalid")
    code = app.next()
    assert prove(usher, ask(usher, ada.email), code).status == 200
    usher.restart()
    for old in (code, used):
        assert_problem(prove(usher, ask(usher, ada.email), old), 400, "otp_invalid")
    assert_problem(prove(usher, ask(usher, ada.email), app.at(now() + 3)), 400, "otp_invalid")
    assert sign_in(usher, ada.email, app)


def test_an_app_that_was_begun_does_not_outlive_the_password(usher, ada):
    app = Authenticator(begin(usher, ada).json["secret"])
    usher.post("/auth/change-password", {"currentPassword": PASSWORD, "newPassword": NEW}, token=ada.access)
    assert_problem(usher.post("/auth/mfa/totp/confirm", {"code": app.next()}, token=ada.access), 400, "otp_invalid")
    assert usher.get("/auth/mfa", token=ada.access).json["methods"] == []


def test_a_recovery_code_opens_once_however_it_is_typed(usher, ada):
    _, codes = enrol(usher, ada)
    typed = codes[0].upper().replace("-", " ")
    assert prove(usher, ask(usher, ada.email), typed, "recovery_code").status == 200
    for again in (typed, codes[0]):
        assert_problem(prove(usher, ask(usher, ada.email), again, "recovery_code"), 400, "otp_invalid")
    assert usher.get("/auth/mfa", token=ada.access).json["recoveryCodesLeft"] == 9


@pytest.mark.parametrize("method", ["totp", "recovery_code"])
def test_of_fifty_at_once_one_signs_in(usher, ada, method):
    app, codes = enrol(usher, ada)
    tokens = [ask(usher, ada.email) for _ in range(10)]
    code = app.next() if method == "totp" else codes[0]
    answers = at_once([lambda t=tokens[n % 10]: prove(usher, t, code, method) for n in range(50)])
    assert [a.status for a in answers].count(200) == 1
    assert {a.code for a in answers if a.status != 200} <= {"otp_invalid", "mfa_token_invalid", "too_many_attempts"}


def test_a_mailbox_does_not_stand_in_for_it(usher, ada):
    app, _ = enrol(usher, ada)
    usher.post("/auth/forgot-password", {"email": ada.email})
    eventually(lambda: usher.mails(ada.email)[0]["subject"].startswith("Reset"))
    code = usher.code(ada.email)
    assert usher.post("/auth/reset-password", {"email": ada.email, "otp": code, "newPassword": NEW}).status == 200
    assert usher.login_answer(ada.email, NEW).json["mfaRequired"]
    assert alive(usher, sign_in(usher, ada.email, app, NEW))


def test_what_changed_since_the_first_step_voids_it(usher, ada):
    app, _ = enrol(usher, ada)
    token = ask(usher, ada.email)
    usher.delete("/auth/sessions?except=current", token=ada.access)
    assert_problem(prove(usher, token, app.next()), 401, "mfa_token_invalid")


def test_taking_it_away_needs_password_and_code(usher, ada):
    app, codes = enrol(usher, ada)
    other = sign_in(usher, ada.email, app)

    def proof(password=PASSWORD, code="000000", method="totp"):
        return {"password": password, "method": method, "code": code}

    for path in ("/auth/mfa/totp/remove", "/auth/mfa/recovery-codes"):
        wrong = usher.post(path, proof("wrong"), token=ada.access)
        assert_problem(wrong, 400, "wrong_password")
        assert wrong.json["errors"][0]["field"] == "password"
        assert_problem(usher.post(path, proof(), token=ada.access), 400, "otp_invalid")
    renewed = usher.post("/auth/mfa/recovery-codes", proof(code=codes[0], method="recovery_code"), token=ada.access)
    assert renewed.status == 200 and not set(renewed.json["recoveryCodes"]) & set(codes)
    removed = usher.post("/auth/mfa/totp/remove", proof(code=renewed.json["recoveryCodes"][0], method="recovery_code"), token=ada.access)
    assert removed.json == {"revoked": 1}
    dead(usher, other, "factor_changed")
    assert usher.login(ada.email)
    assert_problem(usher.post("/auth/mfa/totp/remove", proof(), token=ada.access), 404, "not_found")
    told = {"An authenticator app was added", "A recovery code was used", "Your recovery codes were replaced", "Your authenticator app was removed"}
    eventually(lambda: told <= {m["subject"] for m in usher.mails(ada.email)})


def test_who_lost_everything_is_helped_by_an_administrator(usher, ada):
    root = usher.sign_up(fresh_email("root"))
    usher.cli("user", "grant", root.email, "super_admin")
    path = f"/users/{ada.user['id']}/mfa"
    assert_problem(usher.delete(path, token=root.access), 404, "not_found")
    enrol(usher, ada)
    assert_problem(usher.delete(path, token=ada.access), 403, "permission_denied")
    assert usher.delete(path, token=root.access).json == {"revoked": 1}
    dead(usher, ada, "factor_changed")
    back = usher.login(ada.email)
    enrol(usher, back)
    assert "removed the second factor" in usher.cli("user", "remove-factors", ada.email).stdout
    assert usher.cli("user", "remove-factors", ada.email, check=False).returncode != 0
    assert usher.login(ada.email)


def test_guesses_are_counted_whatever_token_they_come_with(usher, ada):
    app, codes = enrol(usher, ada)
    answers = [prove(usher, ask(usher, ada.email), f"{n:06}", "recovery_code" if n % 2 else "totp") for n in range(20)]
    assert {a.code for a in answers} == {"otp_invalid"}
    late = prove(usher, ask(usher, ada.email), codes[0], "recovery_code")
    assert_problem(late, 429, "too_many_attempts")
    assert 0 < int(late.headers["retry-after"]) <= 30
    assert_problem(usher.post("/auth/mfa/totp/remove", {"password": PASSWORD, "method": "totp", "code": app.next()}, token=ada.access),
                   429, "too_many_attempts")
    usher.cli("user", "unlock", ada.email)
    assert prove(usher, ask(usher, ada.email), codes[0], "recovery_code").status == 200, "it was not used up"
