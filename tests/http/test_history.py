"""What a user sees of the attempts to sign in to his account."""
import pytest
from support.authenticator import ask, enrol, prove
from support.scenario import assert_problem, fresh_email
from support.usher import PASSWORD

ONE_NODE_AND_TWO = True
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"


@pytest.fixture(scope="module")
def usher(serve, store):
    with serve(settings=store | {"verification.cool_down": "1s", "http.trusted_proxies": "127.0.0.1"}) as made:
        yield made


@pytest.fixture
def owner(usher):
    return usher.sign_up(fresh_email("history"))


def try_to_sign_in(usher, email, password=PASSWORD, agent=MAC, address="192.0.2.7"):
    return usher.login_answer(email, password, headers={"User-Agent": agent, "X-Forwarded-For": address})


def history(usher, user, query=""):
    answer = usher.get("/auth/history" + query, token=user.access)
    assert answer.status == 200, answer.body
    return answer.json


def outcomes(usher, user):
    return [(one["outcome"], one.get("reason")) for one in history(usher, user)["attempts"]]


def test_each_attempt_tells_when_where_by_what_and_what_became_of_it(usher, owner):
    try_to_sign_in(usher, owner.email, "not-the-password")
    signed_in = try_to_sign_in(usher, owner.email).json
    newest, noticed, refused, first = (history(usher, owner)["attempts"] + [None] * 4)[:4]
    if newest["outcome"] == "noticed":
        newest, noticed = noticed, newest
    assert noticed["outcome"] == "noticed" and noticed["reason"] == "new_device"
    assert newest["outcome"] == "succeeded" and newest["methods"] == ["pwd"] and newest["sessionId"] == signed_in["sessionId"]
    assert refused["outcome"] == "refused" and refused["reason"] == "invalid_credentials" and "sessionId" not in refused
    for one in (newest, noticed, refused):
        assert one["device"] == "Chrome on macOS" and one["ipAddress"] == "192.0.2.7" and one["requestId"]
        assert one["at"].endswith("Z")
    assert first["outcome"] == "succeeded" and first["methods"] == ["otp"]


def test_second_factors_and_their_refusals_are_in_it(usher, owner):
    app, _ = enrol(usher, owner)
    token = ask(usher, owner.email)
    prove(usher, token, "000000" if app.next() != "000000" else "111111")
    assert prove(usher, token, app.next()).status == 200
    first, *_ = [one for one in history(usher, owner)["attempts"] if one["outcome"] == "succeeded"]
    assert first["methods"] == ["pwd", "otp", "mfa"]
    assert ("factor_asked", None) in outcomes(usher, owner)
    refused, = [one for one in history(usher, owner)["attempts"] if one.get("reason") == "otp_invalid"]
    assert refused["methods"] == ["totp"]


def test_what_is_done_while_signed_in_is_no_attempt(usher, owner):
    before = outcomes(usher, owner)
    usher.post("/auth/change-password", {"currentPassword": "not-the-password", "newPassword": "Another-good-1"},
               token=owner.access)
    usher.patch("/auth/me", {"firstName": "Eve"}, token=owner.access)
    assert outcomes(usher, owner) == before


def test_nobody_sees_anothers(usher, owner):
    other = usher.sign_up(fresh_email("other"))
    for _ in range(2):
        try_to_sign_in(usher, owner.email, "not-the-password")
    assert [outcome for outcome, _ in outcomes(usher, other)] == ["succeeded"]
    assert_problem(usher.get("/auth/history"), 401, "token_missing")
    assert_problem(usher.get(f"/users/{owner.user['id']}/history", token=other.access), 403, "permission_denied")


def test_it_comes_in_pages(usher, owner):
    for _ in range(5):
        try_to_sign_in(usher, owner.email, "not-the-password")
    whole, pages, cursor = history(usher, owner)["attempts"], [], ""
    while True:
        page = history(usher, owner, "?limit=2" + cursor)
        pages += page["attempts"]
        if "nextCursor" not in page:
            break
        cursor = f"&cursor={page['nextCursor']}"
    assert pages == whole and len(whole) == 6
    for bad in ("?cursor=x", "?limit=0", "?limit=101"):
        assert_problem(usher.get("/auth/history" + bad, token=owner.access), 400, "validation_failed")


def test_administrators_see_it_too(usher, owner):
    root = usher.sign_up(fresh_email("root"))
    usher.cli("user", "grant", root.email, "support")
    try_to_sign_in(usher, owner.email, "not-the-password")
    seen = usher.get(f"/users/{owner.user['id']}/history", token=root.access)
    assert seen.status == 200 and seen.json["attempts"] == history(usher, owner)["attempts"]
    for nobody in ("01890a5d-ac96-774b-bcce-b302099a8057", "x"):
        assert_problem(usher.get(f"/users/{nobody}/history", token=root.access), 404, "not_found")
