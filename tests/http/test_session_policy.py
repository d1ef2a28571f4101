"""sessions.on_…: what an event of an account does to its sessions."""
import pytest

from support import jwt, passkey
from support.authenticator import enrol
from support.scenario import alive, assert_problem, dead, eventually, fresh_email, holding
from support.usher import PASSWORD, Server, sign_in_of

NEW_PASSWORD = "another one, quite as long"
PROOFS = {f"sessions.on_{event}": "step_up" for event in ("password_change", "factor_added", "passkey_added", "email_change",
                                                         "role_change")}
ENDS = {"sessions.on_password_change": "end_all", "sessions.on_role_change": "end_others",
        "sessions.on_passkey_added": "end_others"}


@pytest.fixture(scope="module")
def proving():
    with Server(settings=passkey.SETTINGS | PROOFS, timeout=30) as usher:
        yield usher


@pytest.fixture(scope="module")
def ending():
    with Server(settings=passkey.SETTINGS | ENDS, timeout=30) as usher:
        yield usher


def admin(usher):
    return usher.login(holding(usher, "super_admin").email)


def sensitive(usher, who):
    return usher.post(f"/users/{who.user['id']}/enable", token=who.access)


def change_password(usher, who):
    return usher.post("/auth/change-password", {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD}, token=who.access)


def owes_a_proof(usher, who):
    assert alive(usher, who)
    assert_problem(sensitive(usher, who), 403, "step_up_required")
    assert "authenticatedAt" not in usher.get("/auth/me", token=who.access).json["session"]


def test_others_prove_anew_who_they_are_after_a_change_of_password(proving):
    here = admin(proving)
    there = proving.login(here.email)
    assert sensitive(proving, there).status == 200
    assert change_password(proving, here).json["revoked"] == 0
    assert sensitive(proving, here).status == 200, "who changed it proved who he is"
    owes_a_proof(proving, there)
    assert jwt.claims(proving.refresh(there.refresh).json["accessToken"])["auth_time"] == 0
    proved = proving.post("/auth/step-up", {"method": "password", "proof": NEW_PASSWORD}, token=there.access)
    assert proved.status == 200
    assert sensitive(proving, sign_in_of(here.email, proved)).status == 200
    assert_problem(sensitive(proving, there), 403, "step_up_required")
    events = proving.get(f"/audit?subject={here.user['id']}", token=here.access).json["events"]
    assert [e["detail"] for e in events if e["action"] == "session.proofs_taken_back"] == ["password_changed", "roles_changed"]


def test_others_prove_anew_who_they_are_after_an_app_was_added(proving):
    here = admin(proving)
    there = proving.login(here.email)
    enrol(proving, here)
    assert sensitive(proving, here).status == 200
    owes_a_proof(proving, there)


def test_others_prove_anew_who_they_are_after_a_passkey_was_added(proving):
    here = admin(proving)
    there = proving.login(here.email)
    passkey.add(proving, here)
    assert sensitive(proving, here).status == 200
    owes_a_proof(proving, there)


def test_others_end_with_a_new_passkey_and_so_do_sign_ins_under_way(ending):
    here = ending.sign_up(fresh_email("key"))
    there = ending.login(here.email)
    second = passkey.creation_options(ending, here)
    passkey.add(ending, here)
    assert alive(ending, here)
    dead(ending, there, "factor_changed")
    late = ending.post("/auth/passkeys", {"credential": passkey.Passkey().create(second)}, token=here.access)
    assert_problem(late, 400, "passkey_invalid")
    assert len(ending.get("/auth/passkeys", token=here.access).json["passkeys"]) == 1


def test_others_prove_anew_who_they_are_after_the_address_changed(proving):
    here, new = admin(proving), fresh_email("moved")
    there = proving.login(here.email)
    proving.post("/auth/change-email", {"newEmail": new, "password": PASSWORD}, token=here.access)
    eventually(lambda: proving.mails(new))
    codes = {"currentCode": proving.code(here.email), "newCode": proving.code(new)}
    assert proving.post("/auth/change-email/confirm", codes, token=here.access).json == {"email": new, "revoked": 0}
    assert sensitive(proving, here).status == 200
    owes_a_proof(proving, there)


def test_a_new_role_takes_proofs_back(proving):
    root, one = admin(proving), admin(proving)
    given = proving.post(f"/users/{one.user['id']}/roles", {"role": "support"}, token=root.access)
    assert given.status in (200, 201), given.json
    owes_a_proof(proving, one)
    assert sensitive(proving, root).status == 200


def test_every_session_may_end_with_the_password(ending):
    here = ending.sign_up(fresh_email("all"))
    there = ending.login(here.email)
    assert change_password(ending, here).json["revoked"] == 2
    dead(ending, here, "password_changed")
    dead(ending, there, "password_changed")


def test_a_new_role_may_end_sessions(ending):
    root, one = admin(ending), ending.sign_up(fresh_email("promoted"))
    assert ending.post(f"/users/{one.user['id']}/roles", {"role": "support"}, token=root.access).status in (200, 201)
    dead(ending, one, "roles_changed")
    ending.cli("user", "grant", root.email, "support")
    dead(ending, root, "roles_changed")


def test_who_gives_himself_a_role_goes_on(ending):
    root = admin(ending)
    other = ending.login(root.email)
    assert ending.post(f"/users/{root.user['id']}/roles", {"role": "support"}, token=root.access).status in (200, 201)
    assert alive(ending, root)
    dead(ending, other, "roles_changed")


@pytest.mark.parametrize("setting, value", [("password_reset", "end_others"), ("disable", "keep"), ("password_change", "keep")])
def test_what_would_leave_a_door_open_is_refused_at_start(tmp_path, setting, value):
    server = Server(settings={f"sessions.on_{setting}": value}, data_dir=str(tmp_path / "data"))
    done = server.cli("serve", "--http.listen=127.0.0.1:0", check=False)
    assert done.returncode != 0
    assert f"sessions.on_{setting} must not be milder than" in done.stderr


def test_a_timeout_of_a_role_that_would_have_no_effect_is_refused_at_start(tmp_path):
    server = Server(settings={"sessions.role_idle_timeouts": "admin=31d"}, data_dir=str(tmp_path / "data"))
    done = server.cli("serve", "--http.listen=127.0.0.1:0", check=False)
    assert done.returncode != 0
    assert "sessions.role_idle_timeouts of admin must not be longer than sessions.idle_timeout" in done.stderr
