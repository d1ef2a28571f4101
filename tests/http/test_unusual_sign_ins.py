"""Sign-ins that their user hears of, and what he can do about one that was not his."""
import json
import re
import urllib.parse

import pytest
from support.geo import write_places
from support.late_enrolment import begin_totp, enrol_passkey, enrol_totp
from support.passkey import SETTINGS as PASSKEYS
from support.scenario import assert_problem, at_once, eventually, events_of, fresh_email, fresh_name, mailed, records
from support.usher import PASSWORD

ONE_NODE_AND_TWO = True
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
PHONE = ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
         "Mobile/15E148 Safari/604.1")
LONDON, NEW_YORK, UNKNOWN = "81.2.69.160", "216.160.83.56", "203.0.113.5"


@pytest.fixture(scope="module")
def server(serve, store):
    return lambda **settings: serve(settings=store | {"verification.cool_down": "1s", "http.trusted_proxies": "127.0.0.1"} | settings)


@pytest.fixture(scope="module")
def usher(server):
    with server() as made:
        yield made


def sign_in(usher, email, agent=MAC, address="192.0.2.1", password=PASSWORD, device=None):
    return usher.login_answer(email, password, device, headers={"User-Agent": agent, "X-Forwarded-For": address})


def known(usher, agent=MAC, address="192.0.2.1"):
    """A user who signed in by this device before."""
    email = fresh_email("seen")
    usher.sign_up(email)
    assert sign_in(usher, email, agent, address).status == 200
    return email


def notices(usher, email):
    return [mail for mail in usher.mails(email) if "/auth/not-me" in mail["text"]]


def told(usher, email):
    return eventually(lambda: notices(usher, email))[0]


def link_of(mail):
    url = re.search(r"http\S+/auth/not-me\?token=\S+", mail["text"])[0]
    assert url in mail["html"].replace("&amp;", "&")
    return urllib.parse.urlsplit(url)


def path_of(mail):
    link = link_of(mail)
    return f"{link.path}?{link.query}"


def test_a_new_device_is_told_once_and_a_known_one_not(usher):
    email = known(usher)
    before = len(notices(usher, email))  # that of the client that registered is another device than the browser
    assert sign_in(usher, email, PHONE).status == 200
    mail = eventually(lambda: notices(usher, email)[:len(notices(usher, email)) - before])[0]
    assert mail["subject"] == "A new device signed in"
    assert "Safari on iPhone" in mail["text"] and "192.0.2.1" in mail["text"] and "UTC" in mail["text"]
    for agent in (PHONE, MAC, PHONE.replace("17.5", "17.6")):
        assert sign_in(usher, email, agent).status == 200
    assert len(notices(usher, email)) == before + 1
    assert [e for e in events_of(usher, email) if e[0] == "login.unusual"][-1] == ("login.unusual", "new_device")


def test_the_first_sign_in_is_not_told(usher):
    email = fresh_email("first")
    usher.sign_up(email)
    assert not notices(usher, email)


def test_looking_at_the_page_changes_nothing(usher):
    email = known(usher)
    mine = sign_in(usher, email, PHONE).json
    path = path_of(told(usher, email))
    for method in ("GET", "GET", "HEAD"):
        page = usher.call(method, path)
        assert page.status == 200 and page.headers["content-type"].startswith("text/html")
    assert "no-store" in page.headers["cache-control"] and page.headers["referrer-policy"] == "no-referrer"
    assert "script" not in page.headers["content-security-policy"]
    text = usher.get(path).body.decode()
    assert "Safari on iPhone" in text and '<form method="post"' in text
    assert usher.get("/auth/me", token=mine["accessToken"]).status == 200
    assert sign_in(usher, email).status == 200


def test_not_me_signs_out_voids_the_password_and_starts_a_reset(usher):
    email = known(usher)
    mine, strangers = sign_in(usher, email).json, sign_in(usher, email, PHONE).json
    path = path_of(told(usher, email))
    page = usher.call("POST", path, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert page.status == 200 and "secured" in page.body.decode()
    for session in (mine, strangers):
        assert_problem(usher.get("/auth/me", token=session["accessToken"]), 401, "session_ended")
        assert usher.refresh(session["refreshToken"]).json["reason"] == "not_me"
    assert_problem(sign_in(usher, email), 401, "invalid_credentials")
    code = mailed(usher, email, "Choose a new password")
    assert usher.post("/auth/reset-password", {"email": email, "otp": code, "newPassword": "Quite-another-1"}).status == 200
    assert sign_in(usher, email, password="Quite-another-1").status == 200
    assert ("login.denied", "") in events_of(usher, email)
    again = usher.call("POST", path)
    assert again.status == 404 and "does not work any more" in again.body.decode()
    assert usher.get(path).status == 404
    assert sign_in(usher, email, password="Quite-another-1").status == 200


@pytest.mark.parametrize("add", [enrol_totp, enrol_passkey])
def test_a_factor_that_a_stranger_had_to_add_goes_with_his_sign_in(server, add):
    role = fresh_name("must")
    with server(**PASSKEYS, **{"mfa.required_roles": role}) as usher:
        usher.cli("role", "create", role)
        email = known(usher)
        usher.cli("user", "grant", email, role)
        assert add(usher, sign_in(usher, email, PHONE).json["mfaToken"])[1].status == 200
        assert usher.call("POST", path_of(told(usher, email))).status == 200
        reset = {"email": email, "otp": mailed(usher, email, "Choose a new password"), "newPassword": "Quite-another-1"}
        assert usher.post("/auth/reset-password", reset).status == 200
        asked = sign_in(usher, email, password="Quite-another-1").json
        assert asked["methods"] == [] and "totp" in asked["enrol"], "nothing that he added is asked for"


def test_who_must_add_a_factor_proves_the_mailbox_first_where_rules_ask_for_more(server):
    with server(**{"mfa.policy": "required", "risk.new_country": "off", "risk.new_device": "step_up"}) as usher:
        email = fresh_email("new")
        usher.register(email)
        usher.post("/auth/verify-email", {"email": email, "otp": usher.code(email)})
        asked = sign_in(usher, email).json
        assert asked["methods"] == ["email_code"] and not asked.get("enrol")
        assert_problem(begin_totp(usher, asked["mfaToken"]), 403, "factor_not_allowed")
        next = by_code(usher, asked, eventually(lambda: usher.code(email))).json
        assert next["methods"] == [] and enrol_totp(usher, next["mfaToken"])[1].status == 200


def test_of_many_at_once_one_works(usher):
    email = known(usher)
    sign_in(usher, email, PHONE)
    path = path_of(told(usher, email))
    statuses = [answer.status for answer in at_once([lambda: usher.call("POST", path)] * 20)]
    assert sorted(statuses) == [200] + [404] * 19
    assert [e[0] for e in events_of(usher, email)].count("login.denied") == 1


@pytest.mark.parametrize("token", ["", "x", "ush_n_" + "A" * 43, "%00", "%ff%fe", "a" * 5000, "<script>"])
def test_a_link_that_is_none_is_refused(usher, token):
    for method in ("GET", "POST"):
        answer = usher.call(method, f"/auth/not-me?token={token}")
        assert answer.status == 404 and "<script>" not in answer.body.decode()
    assert usher.get("/auth/not-me").status == 404


def test_the_token_is_nowhere_but_in_the_mail(usher):
    email = known(usher)
    sign_in(usher, email, PHONE)
    path = path_of(told(usher, email))
    token = path.split("=")[1]
    usher.get(path)
    usher.call("POST", path)
    assert token not in usher.logged()
    assert token not in "".join(map(str, events_of(usher, email)))


# A name is whatever a client sends.
def test_what_a_device_calls_itself_stays_text(usher):
    email = known(usher)
    name = "</p><script>alert(1)</script>"
    assert sign_in(usher, email, device={"deviceName": name}).status == 200
    mail = told(usher, email)
    assert "<script>" not in mail["html"] and "<script>" not in usher.get(path_of(mail)).body.decode()


def test_a_right_password_after_many_wrong_ones_is_told(usher):
    email = known(usher)
    for _ in range(10):
        sign_in(usher, email, password="Not-the-password-1")
    assert sign_in(usher, email).status == 200
    mail = eventually(lambda: [m for m in notices(usher, email) if "after_failures" in m["text"]])[0]
    assert mail["subject"] == "An unusual sign-in"


@pytest.fixture(scope="module")
def strict(server, tmp_path_factory):
    places = write_places(tmp_path_factory.mktemp("geo") / "places.mmdb",
                          {LONDON + "/32": ("GB", 51.5, -0.1), NEW_YORK + "/32": ("US", 40.7, -74.0)})
    with server(**{"risk.new_device": "step_up", "risk.new_country": "notify", "risk.impossible_travel": "block",
                          "risk.many_accounts": "block", "risk.many_accounts_at": "5",
                          "risk.geo_database": str(places)}) as made:
        yield made


def trusted(usher, address=LONDON):
    """As known(), where a new device has to prove more."""
    email = fresh_email("seen")
    usher.sign_up(email, device={"deviceId": "mine"})
    assert sign_in(usher, email, MAC, address, device={"deviceId": "mine"}).status == 200
    return email


def by_code(usher, asked, code, method="email_code"):
    return usher.post("/auth/mfa/verify", {"mfaToken": asked["mfaToken"], "method": method, "code": code})


def test_a_new_device_proves_the_mailbox(strict):
    email = trusted(strict, UNKNOWN)
    answer = sign_in(strict, email, PHONE, UNKNOWN)
    assert answer.status == 200 and answer.json["methods"] == ["email_code"] and "accessToken" not in answer.json
    assert strict.get("/auth/me", token=answer.json["mfaToken"]).status == 401
    code = strict.code(email)
    wrong = "000000" if code != "000000" else "000001"
    assert_problem(by_code(strict, answer.json, wrong), 400, "otp_invalid")
    assert_problem(by_code(strict, answer.json, code, "totp"), 403, "factor_not_allowed")
    done = strict.post("/auth/mfa/verify", {"mfaToken": answer.json["mfaToken"], "method": "email_code", "code": code},
                       headers={"User-Agent": PHONE, "X-Forwarded-For": UNKNOWN})
    assert done.status == 200, done.body
    assert_problem(by_code(strict, answer.json, code), 401, "mfa_token_invalid")
    assert "accessToken" in sign_in(strict, email, PHONE, UNKNOWN).json


def mailed_code(usher, email, which):
    """The code of the mail number `which` of these sign-ins."""
    def sent():
        return [mail for mail in usher.mails(email) if mail["subject"] == "Confirm that it is you"]
    newest = eventually(lambda: sent() if len(sent()) == which else None)[0]
    return re.search(r"\b(\d{6})\b", newest["text"])[1]


def test_a_code_serves_the_sign_in_that_it_was_mailed_for(strict):
    email = trusted(strict, UNKNOWN)
    first = sign_in(strict, email, PHONE, UNKNOWN).json
    code_of_first = mailed_code(strict, email, 1)
    second = sign_in(strict, email, PHONE, UNKNOWN).json
    code_of_second = mailed_code(strict, email, 2)
    for asked, code in ((second, code_of_first), (first, code_of_second), (first, code_of_first)):
        if code_of_first != code_of_second:
            assert_problem(by_code(strict, asked, code), 400, "otp_invalid")
    assert by_code(strict, second, code_of_second).status == 200


def test_codes_that_nobody_uses_are_mailed_less_often_until_a_reset(server):
    with server(**{"risk.new_device": "step_up", "verification.cool_down": "60s"}) as usher:
        email = trusted(usher, UNKNOWN)
        for which in (1, 2, 3):
            asked = sign_in(usher, email, PHONE, UNKNOWN).json
            code = mailed_code(usher, email, which)
        refused = sign_in(usher, email, PHONE, UNKNOWN)
        assert_problem(refused, 429, "rate_limited")
        assert 50 <= int(refused.headers["retry-after"]) <= 60
        assert events_of(usher, email)[-1] == ("login.failed", "rate_limited")
        assert usher.post("/auth/forgot-password", {"email": email}).status == 202
        otp = mailed(usher, email, "Reset your password")
        assert usher.post("/auth/reset-password", {"email": email, "otp": otp, "newPassword": "Another-good-one-4"}).status == 200
        assert_problem(by_code(usher, asked, code), 401, "mfa_token_invalid")
        asked = sign_in(usher, email, PHONE, UNKNOWN, password="Another-good-one-4").json
        assert by_code(usher, asked, mailed_code(usher, email, 4)).status == 200


def test_a_traveller_faster_than_light_is_refused_on_record(strict):
    email = trusted(strict)
    answer = sign_in(strict, email, MAC, NEW_YORK, device={"deviceId": "mine"})
    assert_problem(answer, 403, "sign_in_refused")
    assert "travel" not in answer.body.decode(), "whoever tries is not told how he was found out"
    action, detail = events_of(strict, email)[-1]
    assert action == "login.failed" and detail == "sign_in_refused: new_country impossible_travel"
    assert sign_in(strict, email, MAC, LONDON, device={"deviceId": "mine"}).status == 200


def test_who_tries_many_accounts_is_refused(strict):
    email, address = trusted(strict, UNKNOWN), "198.51.100.7"
    for _ in range(4):
        sign_in(strict, fresh_email("nobody"), MAC, address, password="Not-the-password-1")
    assert_problem(sign_in(strict, email, MAC, address, device={"deviceId": "mine"}), 403, "sign_in_refused")
    assert "accessToken" in sign_in(strict, email, MAC, UNKNOWN, device={"deviceId": "mine"}).json


def test_rules_are_tried_on_the_past_before_they_are_on(usher):
    email = known(usher)
    sign_in(usher, email, MAC, "198.51.100.9")
    sign_in(usher, email, PHONE)
    said = usher.cli("risk", "replay", "--risk.new_device=off", "--risk.new_network=block").stdout.splitlines()
    user, = [bytes(id).hex() for id, in records(usher, "SELECT id FROM users WHERE email = ?", email)]
    hits = [hit for hit in map(json.loads, said[:-2]) if hit["user"].replace("-", "") == user]
    assert [(hit["signals"], hit["action"]) for hit in hits][-1:] == [("new_network", "block")]
    assert hits[-1]["ipAddress"] == "198.51.100.9" and hits[-1]["device"] == "Chrome on macOS"
    counts = dict(line.split(": ") for line in said[-2:])
    assert counts["new_network"].split()[0] == str(len(said) - 2 - sum("after_failures" == json.loads(x)["signals"] for x in said[:-2]))
    assert "is not a time" in usher.cli("risk", "replay", "yesterday", check=False).stderr
    assert [e for e in events_of(usher, email) if e == ("login.unusual", "new_network")] == []


def test_a_database_that_is_none_stops_the_start(tmp_path, server):
    path = tmp_path / "no.mmdb"
    path.write_text("nothing")
    with pytest.raises(Exception, match="risk.geo_database"):
        with server(**{"risk.geo_database": str(path)}):
            pass
