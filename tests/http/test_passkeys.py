"""Passkeys: adding, naming and removing them, and signing in by one, with everything that must be refused."""
import time

import pytest
from support import jwt
from support.authenticator import enrol
from support.passkey import BE, BS, ORIGIN, SETTINGS, UP, UV, Passkey, add, b64, creation_options, request_options, sign_in, step_up_by, unb64
from support.scenario import actions_of, alive, assert_problem, at_once, changed, dead, fresh_email, records
from support.usher import Server, sign_in_of

ONE_NODE_AND_TWO = True


@pytest.fixture(scope="module")
def usher(serve, store):
    with serve(settings=store | SETTINGS | {"verification.cool_down": "1s"}) as server:
        yield server


@pytest.fixture
def ada(usher):
    return usher.sign_up(fresh_email("ada"))


def invalid(answer):
    assert_problem(answer, 400, "passkey_invalid")


@pytest.mark.parametrize("algorithm", [-7, -8, -257])
@pytest.mark.parametrize("packed", [False, True])
def test_a_passkey_is_added_and_signs_in(usher, ada, algorithm, packed):
    options = creation_options(usher, ada)
    assert options["rp"] == {"id": "example.org", "name": "Example"}
    assert options["user"]["name"] == ada.email and len(unb64(options["user"]["id"])) == 16
    assert len(unb64(options["challenge"])) == 32 and options["attestation"] == "none"
    assert [each["alg"] for each in options["pubKeyCredParams"]] == [-7, -8, -257]
    assert options["authenticatorSelection"]["userVerification"] == options["authenticatorSelection"]["residentKey"] == "required"

    passkey, name = add(usher, ada, Passkey(algorithm), packed=packed)
    listed = usher.get("/auth/passkeys", token=ada.access).json["passkeys"]
    assert [(each["id"], each["name"], each["transports"]) for each in listed] == [(name, "laptop", ["internal", "hybrid"])]
    assert listed[0]["backupEligible"] and listed[0]["backedUp"] and "lastUsedAt" not in listed[0]
    assert creation_options(usher, ada)["excludeCredentials"][0]["id"] == b64(passkey.id)

    answer = sign_in(usher, passkey)
    assert answer.status == 200 and answer.headers["cache-control"] == "no-store", answer.body
    assert answer.json["user"]["email"] == ada.email
    claims = jwt.claims(answer.json["accessToken"])
    assert claims["amr"] == ["swk", "user", "mfa"] and claims["aal"] == 2
    assert "lastUsedAt" in usher.get("/auth/passkeys", token=ada.access).json["passkeys"][0]
    assert "passkey.added" in actions_of(usher, ada.email)


def test_a_passkey_of_one_device_says_so(usher, ada):
    passkey, _ = add(usher, ada, Passkey(flags=UP | UV))
    assert jwt.claims(sign_in(usher, passkey).json["accessToken"])["amr"] == ["hwk", "user", "mfa"]


def test_a_passkey_stands_for_the_second_factor(usher, ada):
    passkey, _ = add(usher, ada)
    enrol(usher, ada)
    assert sign_in(usher, passkey).json["accessToken"]


def test_adding_needs_a_recent_proof(serve, store):
    with serve(settings=store | SETTINGS | {"sessions.step_up_after": "3s"}) as server:
        user = server.sign_up(fresh_email("ada"))
        made = Passkey().create(creation_options(server, user))
        _, name = add(server, user)
        time.sleep(3.1)
        for method, path, body in [("POST", "/options", None), ("POST", "", {"credential": made}), ("DELETE", f"/{name}", None)]:
            assert_problem(server.call(method, "/auth/passkeys" + path, body=body, token=user.access), 403, "step_up_required")


@pytest.mark.parametrize("how", [{"origin": "https://example.org.evil.test"}, {"origin": ORIGIN + ":444"}, {"kind": "webauthn.get"}])
def test_a_registration_for_another_site_adds_nothing(usher, ada, how):
    made = Passkey().create(creation_options(usher, ada), **how)
    invalid(usher.post("/auth/passkeys", {"credential": made}, token=ada.access))
    assert usher.get("/auth/passkeys", token=ada.access).json == {"passkeys": []}


@pytest.mark.parametrize("flags", [UP, UV, UP | UV | BS, 0])
def test_a_registration_with_wrong_flags_adds_nothing(usher, ada, flags):
    invalid(usher.post("/auth/passkeys", {"credential": Passkey(flags=flags).create(creation_options(usher, ada))}, token=ada.access))
    assert usher.get("/auth/passkeys", token=ada.access).json == {"passkeys": []}


def test_a_challenge_is_good_once_and_for_its_session_and_purpose(usher, ada):
    options, passkey = creation_options(usher, ada), Passkey()
    made = passkey.create(options)
    other_session, bob = usher.login(ada.email), usher.sign_up(fresh_email("bob"))
    # Each try uses it up, also one that fails.
    for thief in (other_session, bob):
        made = passkey.create(creation_options(usher, ada))
        for who in (thief, ada):
            invalid(usher.post("/auth/passkeys", {"credential": made}, token=who.access))
    made = passkey.create(options)
    assert usher.post("/auth/passkeys", {"credential": made}, token=ada.access).status == 201
    invalid(usher.post("/auth/passkeys", {"credential": made}, token=ada.access))

    of_sign_in = options | {"challenge": request_options(usher)["challenge"]}
    invalid(usher.post("/auth/passkeys", {"credential": Passkey().create(of_sign_in)}, token=ada.access))
    invalid(usher.post("/auth/passkeys/sign-in", {"credential": passkey.get(creation_options(usher, ada))}))
    invalid(usher.post("/auth/passkeys/sign-in", {"credential": passkey.get({"challenge": b64(bytes(32))})}))


def test_a_challenge_ages(serve, store):
    with serve(settings=store | SETTINGS | {"webauthn.challenge_life": "30s"}) as server:
        user = server.sign_up(fresh_email("ada"))
        passkey, _ = add(server, user)
        options = request_options(server)
        assert options["timeout"] == 30_000
        answer = passkey.get(options)
        assert changed(server, "UPDATE passkey_challenges SET expires_at = 1") >= 1
        invalid(server.post("/auth/passkeys/sign-in", {"credential": answer}))


def test_a_passkey_belongs_to_one_account(usher, ada):
    passkey, _ = add(usher, ada)
    bob = usher.sign_up(fresh_email("bob"))
    owner = passkey.user
    for who in (bob, ada):
        made = passkey.create(creation_options(usher, who))
        assert_problem(usher.post("/auth/passkeys", {"credential": made}, token=who.access), 409, "passkey_exists")
    passkey.user = owner
    assert sign_in(usher, passkey).json["user"]["email"] == ada.email


def test_one_of_many_registrations_at_once_succeeds(usher, ada):
    bob, passkey = usher.sign_up(fresh_email("bob")), Passkey()
    made = [(who, passkey.create(creation_options(usher, who))) for who in (ada, bob) * 5]
    statuses = at_once([lambda who=who, m=m: usher.post("/auth/passkeys", {"credential": m}, token=who.access).status for who, m in made])
    assert sorted(statuses) == [201] + [409] * 9


def test_a_user_has_no_more_than_the_limit(serve, store):
    with serve(settings=store | SETTINGS | {"webauthn.limit": 2}) as server:
        who, other = server.sign_up(fresh_email("ada")), server.sign_up(fresh_email("bob"))
        _, first = add(server, who)
        late = Passkey()
        made = late.create(creation_options(server, who))
        add(server, who)
        assert_problem(server.post("/auth/passkeys/options", token=who.access), 403, "passkey_limit")
        assert_problem(server.post("/auth/passkeys", {"credential": made}, token=who.access), 403, "passkey_limit")
        invalid(sign_in(server, late))
        assert server.post("/auth/step-up/passkey/options", token=who.access).status == 200, "those that he has stay good"
        add(server, other)
        assert server.delete(f"/auth/passkeys/{first}", token=who.access).status == 200
        late, _ = add(server, who)
        assert sign_in(server, late).status == 200
        assert len(server.get("/auth/passkeys", token=who.access).json["passkeys"]) == 2


@pytest.mark.parametrize("how", [
    {"origin": "https://evil.test"}, {"origin": "http://app.example.org"}, {"kind": "webauthn.create"}, {"signature": b64(bytes(70))},
    {"userHandle": b64(bytes(16))}, {"userHandle": None}, {"authenticatorData": b64(bytes(37))}, {"clientDataJSON": b64(b"{}")},
])
def test_a_sign_in_that_is_not_whole_is_refused(usher, ada, how):
    passkey, _ = add(usher, ada)
    invalid(sign_in(usher, passkey, **how))
    assert sign_in(usher, passkey).status == 200


@pytest.mark.parametrize("flags", [UP | BE | BS, UV | BE | BS, UP | UV, UP | UV | BS])
def test_a_sign_in_with_wrong_flags_is_refused(usher, ada, flags):
    passkey, _ = add(usher, ada)
    passkey.flags = flags
    invalid(sign_in(usher, passkey))


def test_a_sign_in_for_another_service_is_refused(usher, ada):
    passkey, _ = add(usher, ada)
    passkey.rp_id = "example.com"
    invalid(sign_in(usher, passkey))


def test_the_origin_of_another_domain_is_listed_and_may_sign_in(usher, ada):
    assert usher.get("/.well-known/webauthn").json == {"origins": [ORIGIN, "https://example.com"]}
    passkey, _ = add(usher, ada)
    assert sign_in(usher, passkey, origin="https://example.com").status == 200


def test_a_sign_in_is_not_repeated(usher, ada):
    passkey, _ = add(usher, ada)
    answer = passkey.get(request_options(usher))
    statuses = at_once([lambda: usher.post("/auth/passkeys/sign-in", {"credential": answer}).status for _ in range(20)])
    assert sorted(statuses) == [200] + [400] * 19


def test_a_challenge_is_used_up_by_a_sign_in_that_fails(usher, ada):
    passkey, _ = add(usher, ada)
    options = request_options(usher)
    invalid(usher.post("/auth/passkeys/sign-in", {"credential": passkey.get(options, signature=b64(bytes(70)))}))
    invalid(usher.post("/auth/passkeys/sign-in", {"credential": passkey.get(options)}))


def test_a_copy_is_found_by_its_counter(usher, ada):
    passkey, _ = add(usher, ada, Passkey(counts=True))
    assert sign_in(usher, passkey).status == 200 and sign_in(usher, passkey).status == 200
    for behind in (1, 0):
        passkey.count = behind
        invalid(sign_in(usher, passkey))
    assert actions_of(usher, ada.email).count("passkey.maybe_cloned") == 2
    assert records(usher, "SELECT max(sign_count) FROM passkeys JOIN users ON users.id = user_id WHERE email = ?", ada.email) == [(2,)]
    passkey.count = 2
    assert sign_in(usher, passkey).status == 200


def test_whoever_may_not_sign_in_is_told_no_more_than_a_stranger(usher, ada):
    passkey, stranger = add(usher, ada)[0], Passkey()
    stranger.user = bytes(16)
    usher.cli("user", "disable", ada.email)
    refused, unknown = sign_in(usher, passkey), sign_in(usher, stranger)
    invalid(refused)
    invalid(unknown)
    drop = lambda problem: {k: v for k, v in problem.items() if k != "requestId"}
    assert drop(refused.json) == drop(unknown.json)
    assert actions_of(usher, ada.email)[-1] == "login.failed"


def test_passkeys_are_named_by_their_owner_alone(usher, ada):
    _, name = add(usher, ada)
    bob = usher.sign_up(fresh_email("bob"))
    for method, body in (("PATCH", {"name": "mine"}), ("DELETE", None)):
        assert_problem(usher.call(method, f"/auth/passkeys/{name}", body=body, token=bob.access), 404, "not_found")
    assert usher.call("PATCH", f"/auth/passkeys/{name}", body={"name": "Schlüssel 🔑"}, token=ada.access).status == 204
    assert usher.get("/auth/passkeys", token=ada.access).json["passkeys"][0]["name"] == "Schlüssel 🔑"
    assert "passkey.renamed" in actions_of(usher, ada.email)


def test_a_passkey_that_was_removed_signs_nobody_in(usher, ada):
    passkey, name = add(usher, ada)
    by_passkey = sign_in_of(ada.email, sign_in(usher, passkey))
    answer = passkey.get(request_options(usher))
    removed = usher.call("DELETE", f"/auth/passkeys/{name}", token=ada.access)
    assert removed.json == {"revoked": 1} and alive(usher, ada)
    dead(usher, by_passkey, "factor_changed")
    invalid(usher.post("/auth/passkeys/sign-in", {"credential": answer}))
    assert_problem(usher.call("DELETE", f"/auth/passkeys/{name}", token=ada.access), 404, "not_found")
    assert "passkey.removed" in actions_of(usher, ada.email)


def test_mails_tell_of_each_change(usher, ada):
    _, name = add(usher, ada)
    usher.call("DELETE", f"/auth/passkeys/{name}", token=ada.access)
    subjects = [mail["subject"] for mail in usher.mails(ada.email)]
    assert {"A passkey was added", "A passkey was removed"} <= set(subjects)


def test_passkeys_go_with_their_account(usher, ada):
    passkey, _ = add(usher, ada)
    root = usher.sign_up(fresh_email("root"))
    usher.cli("user", "grant", root.email, "super_admin")
    assert usher.call("DELETE", f"/users/{ada.user['id']}", token=root.access).status == 204
    assert records(usher, "SELECT count(*) FROM passkeys WHERE credential_id = ?", passkey.id) == [(0,)]
    invalid(sign_in(usher, passkey))


def test_a_passkey_of_another_rp_id_signs_nobody_in(store, tmp_path):
    folder = str(tmp_path / "data")
    with Server(settings=store | SETTINGS, data_dir=folder) as server:
        user = server.sign_up(fresh_email("ada"))
        passkey, _ = add(server, user)
    with Server(settings=store | SETTINGS | {"webauthn.rp_id": "other.org"}, data_dir=folder) as server:
        passkey.rp_id = "other.org"
        invalid(sign_in(server, passkey))


def test_the_form_is_strict(usher, ada):
    passkey, _ = add(usher, ada)
    for bend in ({"type": "password"}, {"rawId": b64(bytes(32))}):
        invalid(usher.post("/auth/passkeys/sign-in", {"credential": passkey.get(request_options(usher)) | bend}))
        made = Passkey().create(creation_options(usher, ada)) | bend
        invalid(usher.post("/auth/passkeys", {"credential": made}, token=ada.access))
    for bad in ("not base64!", b64(bytes(32)) + "=", 7, None):
        answer = usher.post("/auth/passkeys/sign-in", {"credential": passkey.get(request_options(usher)) | {"id": bad}})
        assert_problem(answer, 400, "validation_failed")


def test_a_passkey_is_a_recent_proof(serve, store):
    with serve(settings=store | SETTINGS | {"sessions.step_up_after": "3s"}) as server:
        user = server.sign_up(fresh_email("ada"))
        passkey, name = add(server, user)
        options = server.post("/auth/step-up/passkey/options", token=user.access).json
        assert [each["id"] for each in options["allowCredentials"]] == [b64(passkey.id)] and options["userVerification"] == "required"
        time.sleep(3.1)
        asked = server.delete(f"/auth/passkeys/{name}", token=user.access)
        assert_problem(asked, 403, "step_up_required")
        assert asked.json["methods"] == ["password", "email_code", "passkey"]
        proved = step_up_by(server, user, passkey)
        assert proved.status == 200 and proved.json["sessionId"] == user.session, proved.body
        claims = jwt.claims(proved.json["accessToken"])
        assert {"swk", "user", "mfa"} <= set(claims["amr"]) and claims["aal"] == 2
        assert server.delete(f"/auth/passkeys/{name}", token=proved.json["accessToken"]).status == 200


def test_who_has_an_app_may_step_up_by_a_passkey(usher, ada):
    passkey, _ = add(usher, ada)
    enrol(usher, ada)
    assert step_up_by(usher, ada, passkey).status == 200


def test_a_step_up_is_by_the_callers_own_passkey_and_challenge(usher, ada):
    passkey, _ = add(usher, ada)
    bob = usher.sign_up(fresh_email("bob"))
    of_bob, _ = add(usher, bob)
    for wrong in (of_bob, Passkey()):
        wrong.user = passkey.user
        invalid(step_up_by(usher, ada, wrong))
    invalid(step_up_by(usher, ada, passkey, origin="https://evil.test"))
    invalid(step_up_by(usher, ada, passkey, userHandle=b64(bytes(16))))
    assert step_up_by(usher, ada, passkey, userHandle=None).status == 200, "the session says who it is"

    options = usher.post("/auth/step-up/passkey/options", token=ada.access).json
    other = usher.login(ada.email)
    invalid(usher.post("/auth/step-up/passkey", {"credential": passkey.get(options)}, token=other.access))
    invalid(usher.post("/auth/step-up/passkey", {"credential": passkey.get(options)}, token=ada.access))
    invalid(usher.post("/auth/step-up/passkey", {"credential": passkey.get(request_options(usher))}, token=ada.access))
    options = usher.post("/auth/step-up/passkey/options", token=ada.access).json
    invalid(usher.post("/auth/passkeys/sign-in", {"credential": passkey.get(options)}))
    answer = usher.post("/auth/step-up", {"method": "passkey", "proof": "x"}, token=ada.access)
    assert_problem(answer, 400, "validation_failed")
