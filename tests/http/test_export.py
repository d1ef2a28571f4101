"""A user's copy of what is stored of him."""
import pytest
from support import passkey
from support.authenticator import enrol
from support.scenario import assert_problem, changed, events_of, fresh_email
from support.usher import PASSWORD

ONE_NODE_AND_TWO = True


@pytest.fixture(scope="module")
def usher(serve, store):
    with serve(settings=store | passkey.SETTINGS) as made:
        yield made


def export(usher, who):
    return usher.get("/auth/me/export", token=who.access)


def test_it_tells_what_there_is_and_nothing_of_others(usher):
    who, other = usher.sign_up(fresh_email("owner")), usher.sign_up(fresh_email("stranger"))
    usher.login(who.email)
    usher.login_answer(who.email, "a wrong password")
    usher.cli("user", "grant", who.email, "support")
    passkey.add(usher, who)
    answer = export(usher, who)
    assert answer.status == 200 and answer.headers["content-disposition"] == 'attachment; filename="account.json"'
    assert answer.headers["cache-control"] == "no-store" and answer.headers["content-type"].startswith("application/json")
    data = answer.json
    assert data["account"][0]["email"] == who.email and data["account"][0]["id"] == who.user["id"]
    assert {r["role"] for r in data["roles"]} == {"user", "support"}
    assert len(data["sessions"]) == 2 and who.session in [s["id"] for s in data["sessions"]]
    assert len(data["passkeys"]) == 1 and data["familiar"] and data["truncated"] == []
    assert "known" not in [one["trait"] for one in data["familiar"]], "a mark of the server's own"
    actions = [event["action"] for event in data["events"]]
    assert {"session.created", "login.failed", "passkey.added", "user.exported"} <= set(actions)
    assert other.email not in answer.body.decode() and other.user["id"] not in answer.body.decode()
    assert "user.exported" in [action for action, _ in events_of(usher, who.email)]


def test_no_secret_is_in_it(usher):
    who = usher.sign_up(fresh_email("secret"))
    app, codes = enrol(usher, who)
    text = export(usher, who).body.decode()
    assert '"authenticatorApps":[{"createdAt":"' in text
    for secret in (PASSWORD, "argon2id", app.seed, who.refresh, who.refresh[10:30], *codes):
        assert secret not in text


def test_it_needs_a_recent_proof(usher):
    who = usher.sign_up(fresh_email("stale"))
    changed(usher, "UPDATE sessions SET authenticated_at = authenticated_at - 3600000 WHERE user_id = ?", bytes.fromhex(
        who.user["id"].replace("-", "")))
    fresh = usher.refresh(who.refresh).json["accessToken"]
    assert_problem(usher.get("/auth/me/export", token=fresh), 403, "step_up_required")
