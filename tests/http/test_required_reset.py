"""An administrator makes a user choose a new password, and never sees or chooses one."""
import pytest
from support.passkey import SETTINGS, add, sign_in
from support.scenario import assert_problem, dead, eventually, fresh_email, records
from support.usher import PASSWORD

ONE_NODE_AND_TWO = True
NEW = "Quite-another-1"


@pytest.fixture(scope="module")
def usher(serve, store):
    with serve(settings=store | SETTINGS | {"verification.cool_down": "1s"}) as made:
        yield made


def demand(usher, root, who):
    return usher.post(f"/users/{who.user['id']}/require-password-reset", token=root.access)


def told(usher, who):
    return eventually(lambda: [m for m in usher.mails(who.email) if m["subject"] == "Choose a new password"])[0]


def test_all_sessions_end_and_the_password_opens_nothing_until_the_reset(usher, root):
    who = usher.sign_up(fresh_email("leaked"))
    other = usher.login(who.email)
    answer = demand(usher, root, who)
    assert answer.status == 200 and answer.json == {"revoked": 2}
    dead(usher, who, "admin")
    dead(usher, other, "admin")
    mail = told(usher, who)
    code = usher.code(who.email)
    assert code in mail["text"] and code not in answer.body.decode()
    right, wrong = usher.login_answer(who.email), usher.login_answer(who.email, "not-the-password-1")
    assert_problem(right, 401, "invalid_credentials")
    assert {k: v for k, v in right.json.items() if k != "requestId"} == {k: v for k, v in wrong.json.items() if k != "requestId"}
    reset = usher.post("/auth/reset-password", {"email": who.email, "otp": code, "newPassword": NEW})
    assert reset.status == 200
    assert usher.login(who.email, NEW).user["id"] == who.user["id"]
    assert_problem(usher.login_answer(who.email, PASSWORD), 401, "invalid_credentials")


def test_the_code_of_the_mail_is_not_the_only_way(usher, root):
    who = usher.sign_up(fresh_email("late"))
    assert demand(usher, root, who).status == 200
    first = told(usher, who)
    eventually(lambda: usher.post("/auth/forgot-password", {"email": who.email}) and
               [m for m in usher.mails(who.email) if m["subject"] == "Reset your password"], pause=0.5)
    code = usher.code(who.email)
    assert code not in first["text"]
    assert usher.post("/auth/reset-password", {"email": who.email, "otp": code, "newPassword": NEW}).status == 200


def test_a_passkey_still_opens(usher, root):
    who = usher.sign_up(fresh_email("keyed"))
    passkey, _ = add(usher, who)
    assert demand(usher, root, who).status == 200
    assert sign_in(usher, passkey).status == 200


def test_it_needs_the_permission_and_leaves_a_record(usher, root):
    who, plain = usher.sign_up(fresh_email("target")), usher.sign_up(fresh_email("plain"))
    assert_problem(demand(usher, plain, who), 403, "permission_denied")
    assert usher.login_answer(who.email).status == 200
    assert demand(usher, root, who).status == 200
    query = "SELECT count(*) FROM audit_events JOIN users ON users.id = subject WHERE email = ? AND action = ?"
    assert records(usher, query, who.email, "password.reset_required")[0][0] == 1
