"""Every error that openapi.json declares for an operation is answered by that operation, in the one shape of errors."""
import re
import secrets
import time

import pytest
from support import jwt
from support import late_enrolment as late
from support.authenticator import ask, begin, enrol, prove
from support.guessing import HEARD
from support.passkey import SETTINGS, Passkey, add, creation_options, sign_in, step_up_by
from support.scenario import assert_problem, at_once, eventually, fresh_email, fresh_name, holds
from support.usher import PASSWORD, ROOT, Server

SECRET = secrets.token_urlsafe(48)
NOBODY = "01900000-0000-7000-8000-000000000000"
METHODS = {"get", "post", "put", "patch", "delete"}
ERRORS = re.findall(r"^USHER_ERROR\((\w+), (\d+)", (ROOT / "src/core/errors.def").read_text(), re.MULTILINE)
STATUS = {code: int(status) for code, status in ERRORS}

# Declared wherever they can happen, but not to be had by asking.
NOT_PROVOKED = {
    "internal": "no request is known that reaches it",
    "overloaded": "needs full queues: test_edge.py",
    "session_limit": "needs a limit: test_session_limit.py",
    "passkey_limit": "needs a limit: test_passkeys.py",
    "sign_in_refused": "needs a rule that blocks: test_unusual_sign_ins.py",
    "approval_pending": "needs a rule that asks for approvals: test_approvals.py",
    "approval_denied": "the same",
    "approval_number_wrong": "the same",
    "rate_limited": "needs a small budget: test_rate_limits.py",
    "store_unavailable": "needs a store that does not answer: test_edge.py",
    ("beginTotp", "conflict"): "only a race sees it: own_factors_test.cc",
    ("removeTotp", "conflict"): "only a race sees it: own_factors_test.cc",
    ("renewRecoveryCodes", "conflict"): "only a race sees it: own_factors_test.cc",
    ("claimApproval", "factor_not_allowed"): "needs a rule that mails codes: test_approvals.py",
    ("stepUpByPasskey", "conflict"): "only a race sees it: step_up_test.cc",
    ("changeEmail", "conflict"): "only a race sees it: email_change_test.cc",
    ("deleteMe", "conflict"): "only a race sees it: deletion_test.cc",
    ("confirmEmail", "conflict"): "only a race sees it",
    ("stepUp", "conflict"): "only a race sees it: step_up_test.cc",
    ("refresh", "account_disabled"): "disabling ends the sessions, and their reason is told; only a race sees this",
}


class World:
    """A server whose signing secret is known, so that an expired token can be made, and one account of each kind."""

    def __init__(self, usher):
        self.usher = usher
        self.root = usher.sign_up(fresh_email("root"))
        usher.cli("user", "grant", self.root.email, "super_admin")
        self.user = usher.sign_up(fresh_email("plain"))
        self.gone = usher.sign_up(fresh_email("gone"))
        usher.post("/auth/logout", token=self.gone.access)
        self.disabled = usher.sign_up(fresh_email("disabled"))
        usher.cli("user", "disable", self.disabled.email)
        token = self.user.access
        self.expired = jwt.build(jwt.header(token), jwt.claims(token) | {"exp": int(time.time()) - 1}, jwt.hs(SECRET))
        token = self.root.access
        self.stale = jwt.build(jwt.header(token), jwt.claims(token) | {"auth_time": int(time.time()) - 3600}, jwt.hs(SECRET))
        usher.post("/roles", {"name": "everything", "permissions": ["*:*"]}, token=self.root.access)
        boss = usher.sign_up(fresh_email("boss"))
        usher.cli("user", "grant", boss.email, "everything")
        begun = usher.post(f"/users/{boss.user['id']}/impersonate", {"reason": "to see"}, token=self.root.access)
        self.impersonated = begun.json["accessToken"]
        self.api = usher.get("/openapi.json").json
        self.operations = [
            (method, path, operation)
            for path, methods in self.api["paths"].items() for method, operation in methods.items() if method in METHODS
        ]

    def schema(self, operation):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        return self.api["components"]["schemas"][content["$ref"].rsplit("/", 1)[1]] if content else None

    # A call with paths that exist. `known=False`: with ids and names that do not.
    def ask(self, method, path, token=None, known=True, body=None, headers=None):
        values = {"id": self.user.user["id"], "name": "support", "sessionId": self.user.session}
        unknown = {"id": NOBODY, "name": "nobody", "sessionId": NOBODY}
        path = re.sub(r"\{(\w+)\}", lambda m: (values if known else unknown).get(m[1], NOBODY), path)
        return self.usher.call(method.upper(), path, body=body, token=token, headers=headers)


@pytest.fixture(scope="module")
def world():
    settings = {"tokens.secret": SECRET, "verification.cool_down": "1s", "http.trusted_proxies": "127.0.0.1",
                "mfa.required_roles": "must", "mfa.phishing_resistant_roles": "keyed"} | SETTINGS
    with Server(settings=settings) as usher:
        yield World(usher)


def declared(operation):
    return re.findall(r"`(\w+)`:", " ".join(answer["description"] for answer in operation["responses"].values()))


def of_caller(token_of):
    return lambda w, m, p, o: w.ask(m, p, token=token_of(w), body=b"{}")


def with_body(body, headers=None):
    return lambda w, m, p, o: w.ask(m, p, token=w.root.access, body=body, headers=headers)


def wrong_type(w, m, p, o):
    first = next(iter(w.schema(o)["properties"]))
    return w.ask(m, p, token=w.root.access, body={first: {"no": 1}})


def unknown_field(w, m, p, o):
    body, query = (b'{"no such field":1}', "") if w.schema(o) else (None, "?nosuchfield=1")
    return w.ask(m, p + query, token=w.root.access, body=body)


# What each of these means to any operation: (world, method, path, operation) -> answer
GENERIC = {
    "token_missing": of_caller(lambda w: None),
    "token_malformed": lambda w, m, p, o: w.ask(m, p, headers={"Authorization": "Basic YTpi"}),
    "token_invalid": of_caller(lambda w: w.user.access[:-6] + "AAAAAA"),
    "token_expired": of_caller(lambda w: w.expired),
    "session_ended": of_caller(lambda w: w.gone.access),
    "account_disabled": of_caller(lambda w: w.disabled.access),
    "step_up_required": of_caller(lambda w: w.stale),
    "impersonation_denied": of_caller(lambda w: w.impersonated),
    "permission_denied": of_caller(lambda w: w.user.access),
    "malformed_json": with_body(b'{"a":'),
    "duplicate_key": with_body(b'{"a":1,"a":2}'),
    "unknown_field": unknown_field,
    "validation_failed": wrong_type,
    "body_too_large": with_body(b'{"a":"' + b"x" * 66_000 + b'"}'),
    "unsupported_media_type": with_body(b"a=1", {"Content-Type": "application/x-www-form-urlencoded"}),
    "not_found": lambda w, m, p, o: w.ask(m, p, token=w.root.access, known=False, body=sample(w, o)),
}


def sample(world, operation):
    schema = world.schema(operation)
    values = {"role": "support", "expiresAt": "2099-01-01T00:00:00.000Z"}
    return {name: values.get(name, "x") for name in schema.get("required", [])} if schema else None


def unverified_login(w):
    email = fresh_email("new")
    w.usher.register(email)
    return w.usher.post("/auth/login", {"email": email, "password": PASSWORD})


def guesses(w):
    """The last answer to more guesses than are heard."""
    w.guessed = w.usher.sign_up(fresh_email("guessed"))
    guess = {"currentPassword": "wrong", "newPassword": "another-good-horse-8"}
    return [w.usher.post("/auth/change-password", guess, token=w.guessed.access) for _ in range(HEARD + 1)][-1]


def parallel_changes(w):
    one = w.usher.sign_up(fresh_email("racer"))
    body = {"currentPassword": PASSWORD, "newPassword": "another-good-horse-8"}
    answers = at_once([lambda: w.usher.post("/auth/change-password", body, token=one.access)] * 8)
    return next(a for a in answers if a.status == 409)


def limited_admin(w, permissions):
    """Somebody who may do this, and nothing else."""
    role, who = fresh_name("limited"), w.usher.sign_up(fresh_email("limited"))
    assert w.usher.post("/roles", {"name": role, "permissions": permissions}, token=w.root.access).status == 201
    w.usher.cli("user", "grant", who.email, role)
    return who.access


def on_root(method, path, permission, body=b"{}"):
    """Somebody with one permission acts upon the super_admin."""
    return lambda w: w.usher.call(method, f"/users/{w.root.user['id']}{path}", body=body, token=limited_admin(w, [permission]))


def accept_invitation(w, token, password=PASSWORD):
    body = {"token": token, "password": password, "firstName": "Ada", "lastName": "Lovelace"}
    return w.usher.post("/auth/accept-invitation", body)


def invitation_token(w, email=None):
    email = email or fresh_email("invited")
    w.usher.post("/invitations", {"email": email}, token=w.root.access)
    eventually(lambda: w.usher.mails(email))
    return re.search(r"ush_i_[\w-]{43}", w.usher.mails(email)[0]["text"])[0]


def overtaken_invitation(w):
    email = fresh_email("overtaken")
    token = invitation_token(w, email)
    w.usher.sign_up(email)
    return accept_invitation(w, token)


def cycle(w):
    low, high = fresh_name("low"), fresh_name("high")
    w.usher.post("/roles", {"name": low}, token=w.root.access)
    w.usher.post("/roles", {"name": high, "inherits": [low]}, token=w.root.access)
    return w.usher.patch(f"/roles/{low}", {"inherits": [high]}, token=w.root.access)


def factored(w):
    """Somebody with an authenticator app."""
    if not hasattr(w, "with_app"):
        w.with_app = w.usher.sign_up(fresh_email("factored"))
        w.app, _ = enrol(w.usher, w.with_app)
    return w.with_app


def change_email(w, who, email=None, password=PASSWORD):
    body = {"newEmail": email or fresh_email("wanted"), "password": password}
    return w.usher.post("/auth/change-email", body, token=who.access)


def confirm_email(w, who, current, new):
    return w.usher.post("/auth/change-email/confirm", {"currentCode": current, "newCode": new}, token=who.access)


def taken_email(w):
    """Registered by somebody else after the codes were mailed."""
    who, wanted = w.usher.sign_up(fresh_email("mover")), fresh_email("wanted")
    assert change_email(w, who, wanted).status == 202
    code = w.usher.code(wanted)
    eventually(lambda: "changes" in w.usher.mails(who.email)[0]["subject"])
    assert w.usher.register(wanted).status == 201
    return confirm_email(w, who, w.usher.code(who.email), code)


def delete_me(w, who, password=PASSWORD):
    return w.usher.delete("/auth/me", body={"password": password}, token=who.access)


def restore(w, email, password=PASSWORD):
    return w.usher.post("/auth/restore-account", {"email": email, "password": password})


def unverified_restore(w):
    email = fresh_email("new")
    w.usher.register(email)
    return restore(w, email)


def leaver(w):
    who = w.usher.sign_up(fresh_email("leaver"))
    assert delete_me(w, who).status == 200
    return who


def leaver_by_passkey(w):
    who = w.usher.sign_up(fresh_email("leaver"))
    passkey, _ = add(w.usher, who)
    assert delete_me(w, who).status == 200
    return sign_in(w.usher, passkey)


def step(w, who, path, **more):
    return w.usher.post("/auth/mfa" + path, {"password": PASSWORD, "method": "totp", "code": "000000"} | more, token=who.access)


def step_up(w, who, method, proof):
    return w.usher.post("/auth/step-up", {"method": method, "proof": proof}, token=who.access)


def too_many_confirmations(w):
    who = w.usher.sign_up(fresh_email("guessed"))
    assert begin(w.usher, who).status == 200
    tries = [w.usher.post("/auth/mfa/totp/confirm", {"code": "000000"}, token=who.access) for _ in range(HEARD + 1)]
    return tries[-1]


def too_many_proofs(w):
    who = w.usher.sign_up(fresh_email("guessed"))
    enrol(w.usher, who)
    token = ask(w.usher, who.email)
    return [prove(w.usher, token, "000000") for _ in range(HEARD + 1)][-1]


def holder(w, role):
    """Somebody whose role asks for a second factor, and who has none."""
    who = w.usher.sign_up(fresh_email(role))
    if role not in [each["name"] for each in w.usher.get("/roles", token=w.root.access).json["roles"]]:
        w.usher.cli("role", "create", role)
    holds(w.usher, who, role)
    return who


def waiting(w, role="must"):
    return ask(w.usher, holder(w, role).email)


def keyed_proof(w):
    who = holder(w, "keyed")
    add(w.usher, who)
    return prove(w.usher, ask(w.usher, who.email), "000000")


def locked_while_waiting(w, meanwhile=lambda token: token):
    """A sign-in that began before somebody tried too many passwords."""
    who = holder(w, "must")
    token = ask(w.usher, who.email)
    begun = meanwhile(token)
    for _ in range(HEARD + 1):
        w.usher.login_answer(who.email, "wrong")
    return token, begun


def late_passkey_of_who_is_locked(w):
    token, made = locked_while_waiting(w, lambda token: Passkey().create(late.begin_passkey(w.usher, token).json))
    return late.add_passkey(w.usher, token, made)


def too_many_late_confirmations(w):
    token = waiting(w)
    late.begin_totp(w.usher, token)
    return [late.confirm_totp(w.usher, token, "000000") for _ in range(HEARD + 1)][-1]


def late_passkey(w, passkey, **how):
    token = waiting(w)
    return late.add_passkey(w.usher, token, passkey.create(late.begin_passkey(w.usher, token).json, **how))


def late_passkey_of_who_has_one(w):
    """A second sign-in goes on with what it began before the passkey was there."""
    who, passkey = holder(w, "must"), Passkey()
    token = ask(w.usher, who.email)
    made = passkey.create(late.begin_passkey(w.usher, token).json)
    add(w.usher, who)
    return late.add_passkey(w.usher, token, made)


# What belongs to one operation: (operationId, code) -> world -> answer
def add_passkey(w, passkey, who):
    return w.usher.post("/auth/passkeys", {"credential": passkey.create(creation_options(w.usher, who))}, token=who.access)


def unknown_passkey():
    passkey = Passkey()
    passkey.user = bytes(16)
    return passkey


SPECIFIC = {
    ("register", "password_rejected"): lambda w: w.usher.register(fresh_email(), "password"),
    ("verifyEmail", "otp_invalid"): lambda w: w.usher.post("/auth/verify-email", {"email": w.user.email, "otp": "000000"}),
    ("login", "invalid_credentials"): lambda w: w.usher.post("/auth/login", {"email": w.user.email, "password": "wrong"}),
    ("login", "email_not_verified"): unverified_login,
    ("login", "account_disabled"): lambda w: w.usher.post("/auth/login", {"email": w.disabled.email, "password": PASSWORD}),
    ("listHistory", "validation_failed"): lambda w: w.usher.get("/auth/history?limit=0", token=w.user.access),
    ("listUserHistory", "validation_failed"): lambda w: w.usher.get(f"/users/{w.user.user['id']}/history?limit=0",
                                                                    token=w.root.access),
    ("claimApproval", "mfa_token_invalid"): lambda w: w.usher.post("/auth/mfa/approval", {"mfaToken": "ush_m_x"}),
    ("refresh", "refresh_invalid"): lambda w: w.usher.refresh("ush_r_x"),
    ("refresh", "session_ended"): lambda w: w.usher.refresh(w.gone.refresh),
    ("check", "permission_denied"): lambda w: w.usher.get("/auth/check?permission=users:read", token=w.user.access),
    ("revokeAllSessions", "validation_failed"): lambda w: w.usher.delete("/auth/sessions?except=x", token=w.user.access),
    ("listSessions", "validation_failed"): lambda w: w.usher.get("/auth/sessions?limit=0", token=w.user.access),
    ("resetPassword", "otp_invalid"): lambda w: w.usher.post(
        "/auth/reset-password", {"email": w.user.email, "otp": "000000", "newPassword": PASSWORD}),
    ("resetPassword", "password_rejected"): lambda w: w.usher.post(
        "/auth/reset-password", {"email": w.user.email, "otp": "000000", "newPassword": "password"}),
    ("changePassword", "wrong_password"): lambda w: w.usher.post(
        "/auth/change-password", {"currentPassword": "wrong", "newPassword": "another-good-horse-8"}, token=w.user.access),
    ("changePassword", "password_rejected"): lambda w: w.usher.post(
        "/auth/change-password", {"currentPassword": PASSWORD, "newPassword": "password"}, token=w.user.access),
    ("changePassword", "conflict"): parallel_changes,
    ("changePassword", "too_many_attempts"): guesses,
    ("login", "too_many_attempts"): lambda w: (guesses(w), w.usher.login_answer(w.guessed.email))[1],
    ("beginTotp", "wrong_password"): lambda w: begin(w.usher, w.user, "wrong"),
    ("beginTotp", "factor_exists"): lambda w: begin(w.usher, factored(w)),
    ("beginTotp", "too_many_attempts"): lambda w: (guesses(w), begin(w.usher, w.guessed))[1],
    ("confirmTotp", "otp_invalid"): lambda w: w.usher.post("/auth/mfa/totp/confirm", {"code": "000000"}, token=w.user.access),
    ("confirmTotp", "factor_exists"): lambda w: w.usher.post("/auth/mfa/totp/confirm", {"code": "000000"}, token=factored(w).access),
    ("confirmTotp", "too_many_attempts"): too_many_confirmations,
    ("removeTotp", "wrong_password"): lambda w: step(w, w.user, "/totp/remove", password="wrong"),
    ("removeTotp", "otp_invalid"): lambda w: step(w, factored(w), "/totp/remove"),
    ("removeTotp", "too_many_attempts"): lambda w: (guesses(w), step(w, w.guessed, "/totp/remove"))[1],
    ("renewRecoveryCodes", "wrong_password"): lambda w: step(w, w.user, "/recovery-codes", password="wrong"),
    ("renewRecoveryCodes", "otp_invalid"): lambda w: step(w, factored(w), "/recovery-codes"),
    ("renewRecoveryCodes", "too_many_attempts"): lambda w: (guesses(w), step(w, w.guessed, "/recovery-codes"))[1],
    ("removeTotp", "not_found"): lambda w: step(w, w.user, "/totp/remove"),
    ("renewRecoveryCodes", "not_found"): lambda w: step(w, w.user, "/recovery-codes"),
    ("verifyFactor", "mfa_token_invalid"): lambda w: prove(w.usher, "ush_m_x", "000000"),
    ("beginTotp", "factor_not_allowed"): lambda w: begin(w.usher, holder(w, "keyed")),
    ("verifyFactor", "factor_not_allowed"): keyed_proof,
    ("beginTotpAtSignIn", "mfa_token_invalid"): lambda w: late.begin_totp(w.usher, "ush_m_x"),
    ("beginTotpAtSignIn", "factor_not_allowed"): lambda w: late.begin_totp(w.usher, waiting(w, "keyed")),
    ("confirmTotpAtSignIn", "mfa_token_invalid"): lambda w: late.confirm_totp(w.usher, "ush_m_x", "000000"),
    ("confirmTotpAtSignIn", "factor_not_allowed"): lambda w: late.confirm_totp(w.usher, waiting(w, "keyed"), "000000"),
    ("confirmTotpAtSignIn", "otp_invalid"): lambda w: late.confirm_totp(w.usher, waiting(w), "000000"),
    ("confirmTotpAtSignIn", "too_many_attempts"): too_many_late_confirmations,
    ("beginTotpAtSignIn", "too_many_attempts"): lambda w: late.begin_totp(w.usher, locked_while_waiting(w)[0]),
    ("beginPasskeyAtSignIn", "too_many_attempts"): lambda w: late.begin_passkey(w.usher, locked_while_waiting(w)[0]),
    ("addPasskeyAtSignIn", "too_many_attempts"): late_passkey_of_who_is_locked,
    ("claimApproval", "too_many_attempts"): lambda w: w.usher.post("/auth/mfa/approval", {"mfaToken": locked_while_waiting(w)[0]}),
    ("beginPasskeyAtSignIn", "mfa_token_invalid"): lambda w: late.begin_passkey(w.usher, "ush_m_x"),
    ("beginPasskeyAtSignIn", "factor_not_allowed"): lambda w: late.begin_passkey(w.usher, ask(w.usher, factored(w).email)),
    ("addPasskeyAtSignIn", "mfa_token_invalid"): lambda w: late.add_passkey(w.usher, "ush_m_x", unknown_passkey().create(creation_options(w.usher, w.user))),
    ("addPasskeyAtSignIn", "factor_not_allowed"): late_passkey_of_who_has_one,
    ("addPasskeyAtSignIn", "passkey_invalid"): lambda w: late_passkey(w, Passkey(rp_id="example.com")),
    ("addPasskeyAtSignIn", "passkey_exists"): lambda w: late_passkey(w, add(w.usher, w.user)[0]),
    ("verifyFactor", "otp_invalid"): lambda w: prove(w.usher, ask(w.usher, factored(w).email), "000000"),
    ("verifyFactor", "too_many_attempts"): too_many_proofs,
    ("removeUserFactors", "grant_exceeds_own"): on_root("DELETE", "/mfa", "users:write"),
    ("addPasskey", "passkey_invalid"): lambda w: add_passkey(w, Passkey(rp_id="example.com"), w.user),
    ("addPasskey", "passkey_exists"): lambda w: add_passkey(w, add(w.usher, w.user)[0], w.root),
    ("passkeySignIn", "passkey_invalid"): lambda w: sign_in(w.usher, unknown_passkey()),
    ("passkeySignIn", "validation_failed"): lambda w: w.usher.post("/auth/passkeys/sign-in", {"credential": 1}),
    ("stepUpByPasskey", "passkey_invalid"): lambda w: step_up_by(w.usher, w.user, unknown_passkey()),
    ("stepUpByPasskey", "validation_failed"): lambda w: w.usher.post("/auth/step-up/passkey", {"credential": 1}, token=w.user.access),
    ("deleteMe", "wrong_password"): lambda w: delete_me(w, w.user, "wrong"),
    ("deleteMe", "too_many_attempts"): lambda w: (guesses(w), delete_me(w, w.guessed))[1],
    ("deleteMe", "last_super_admin"): lambda w: delete_me(w, w.root),
    ("login", "account_deletion_pending"): lambda w: w.usher.post("/auth/login", {"email": leaver(w).email, "password": PASSWORD}),
    ("passkeySignIn", "account_deletion_pending"): leaver_by_passkey,
    ("restoreAccount", "invalid_credentials"): lambda w: restore(w, w.user.email, "wrong"),
    ("restoreAccount", "email_not_verified"): unverified_restore,
    ("restoreAccount", "account_disabled"): lambda w: restore(w, w.disabled.email),
    ("restoreAccount", "too_many_attempts"): lambda w: (guesses(w), restore(w, w.guessed.email))[1],
    ("changeEmail", "wrong_password"): lambda w: change_email(w, w.user, password="wrong"),
    ("changeEmail", "too_many_attempts"): lambda w: (guesses(w), change_email(w, w.guessed))[1],
    ("confirmEmail", "otp_invalid"): lambda w: confirm_email(w, w.user, "000000", "000000"),
    ("confirmEmail", "email_taken"): taken_email,
    ("stepUp", "wrong_password"): lambda w: step_up(w, w.user, "password", "wrong"),
    ("stepUp", "otp_invalid"): lambda w: step_up(w, w.user, "email_code", "000000"),
    ("stepUp", "too_many_attempts"): lambda w: (guesses(w), step_up(w, w.guessed, "password", PASSWORD))[1],
    ("sendStepUpCode", "validation_failed"): lambda w: w.usher.post("/auth/step-up/email-code", token=factored(w).access),
    ("listDevelopmentMails", "not_found"): lambda w: w.usher.get("/dev/mailbox", headers={"X-Forwarded-For": "203.0.113.9"}),
    ("metrics", "not_found"): lambda w: w.usher.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}),
    ("createRole", "role_exists"): lambda w: w.usher.post("/roles", {"name": "admin"}, token=w.root.access),
    ("createRole", "grant_exceeds_own"): lambda w: w.usher.post(
        "/roles", {"name": "greedy", "permissions": ["a:b"]}, token=limited_admin(w, ["roles:write"])),
    ("updateRole", "role_cycle"): cycle,
    ("updateRole", "role_protected"): lambda w: w.usher.patch("/roles/super_admin", {"description": "x"}, token=w.root.access),
    ("updateRole", "grant_exceeds_own"): lambda w: w.usher.patch(
        "/roles/admin", {"description": "x"}, token=limited_admin(w, ["roles:write"])),
    ("deleteRole", "role_protected"): lambda w: w.usher.delete("/roles/support", token=w.root.access),
    ("deleteRole", "grant_exceeds_own"): lambda w: w.usher.delete(
        f"/roles/{spare_role(w)}", token=limited_admin(w, ["roles:write"])),
    ("assignRole", "grant_exceeds_own"): lambda w: w.usher.post(
        f"/users/{w.user.user['id']}/roles", {"role": "admin"}, token=limited_admin(w, ["roles:assign"])),
    ("assignRole", "last_super_admin"): lambda w: w.usher.post(
        f"/users/{w.root.user['id']}/roles", {"role": "super_admin", "expiresAt": "2099-01-01T00:00:00.000Z"}, token=w.root.access),
    ("unassignRole", "grant_exceeds_own"): lambda w: w.usher.delete(
        f"/users/{w.root.user['id']}/roles/super_admin", token=limited_admin(w, ["roles:assign"])),
    ("unassignRole", "last_super_admin"): lambda w: w.usher.delete(
        f"/users/{w.root.user['id']}/roles/super_admin", token=w.root.access),
    ("listUsers", "validation_failed"): lambda w: w.usher.get("/users?limit=0", token=w.root.access),
    ("listEvents", "validation_failed"): lambda w: w.usher.get("/audit?subject=x", token=w.root.access),
    ("listUserSessions", "validation_failed"): lambda w: w.usher.get(
        f"/users/{w.user.user['id']}/sessions?limit=0", token=w.root.access),
    ("updateUser", "grant_exceeds_own"): on_root("PATCH", "", "users:write"),
    ("deleteUser", "grant_exceeds_own"): on_root("DELETE", "", "users:write"),
    ("disableUser", "grant_exceeds_own"): on_root("POST", "/disable", "users:write"),
    ("enableUser", "grant_exceeds_own"): on_root("POST", "/enable", "users:write"),
    ("requirePasswordReset", "grant_exceeds_own"): on_root("POST", "/require-password-reset", "users:write"),
    ("acceptInvitation", "invitation_invalid"): lambda w: accept_invitation(w, "ush_i_unknown"),
    ("acceptInvitation", "password_rejected"): lambda w: accept_invitation(w, invitation_token(w), password="password"),
    ("acceptInvitation", "email_taken"): overtaken_invitation,
    ("invite", "email_taken"): lambda w: w.usher.post("/invitations", {"email": w.user.email}, token=w.root.access),
    ("invite", "grant_exceeds_own"): lambda w: w.usher.post(
        "/invitations", {"email": fresh_email(), "roles": ["super_admin"]}, token=limited_admin(w, ["users:invite"])),
    ("listInvitations", "validation_failed"): lambda w: w.usher.get("/invitations?limit=0", token=w.root.access),
    ("impersonateUser", "grant_exceeds_own"): on_root("POST", "/impersonate", "users:impersonate", {"reason": "to see"}),
    ("impersonateUser", "conflict"): lambda w: w.usher.post(
        f"/users/{w.root.user['id']}/impersonate", {"reason": "to see"}, token=w.root.access),
    ("revokeUserSessions", "grant_exceeds_own"): on_root("DELETE", "/sessions", "sessions:revoke"),
    ("revokeUserSession", "grant_exceeds_own"): on_root("DELETE", f"/sessions/{NOBODY}", "sessions:revoke"),
    ("deleteUser", "last_super_admin"): lambda w: w.usher.delete(f"/users/{w.root.user['id']}", token=w.root.access),
    ("disableUser", "last_super_admin"): lambda w: w.usher.post(f"/users/{w.root.user['id']}/disable", token=w.root.access),
}


def spare_role(w):
    name = fresh_name("spare")
    w.usher.post("/roles", {"name": name, "permissions": ["spare:read"]}, token=w.root.access)
    return name


@pytest.mark.parametrize("code", STATUS)
def test_each_declared_error_is_answered(world, code):
    if code in NOT_PROVOKED:
        pytest.skip(f"skipped: {NOT_PROVOKED[code]}")
    unseen = []
    for method, path, operation in world.operations:
        name = operation["operationId"]
        if code not in declared(operation) or (name, code) in NOT_PROVOKED:
            continue
        probe = SPECIFIC.get((name, code))
        if not probe and code not in GENERIC:
            unseen.append(f"{name}: no test provokes it")
            continue
        answer = probe(world) if probe else GENERIC[code](world, method, path, operation)
        try:
            assert_problem(answer, STATUS[code], code)
        except AssertionError as error:
            unseen.append(f"{name}: {error}")
    assert not unseen, "\n".join(unseen)


def test_the_table_names_only_what_is_declared(world):
    declarations = {(operation["operationId"], code) for _, _, operation in world.operations for code in declared(operation)}
    assert set(SPECIFIC) <= declarations
    used = {code for _, code in declarations}
    print(f"{len(declarations)} pairs of operation and error; {len(used)} codes; not provoked: {list(NOT_PROVOKED)}")


# Section 1 of the contract: these paths and fields are fixed.
FIXED = {
    ("post", "/auth/register"): {"email", "password", "firstName", "lastName", "accountType", "deviceInfo"},
    ("post", "/auth/verify-email"): {"email", "otp", "deviceInfo"},
    ("post", "/auth/resend-otp"): {"email"},
    ("post", "/auth/login"): {"email", "password", "deviceInfo"},
    ("post", "/auth/refresh"): {"refreshToken"},
    ("post", "/auth/logout"): None,
    ("get", "/auth/me"): None,
    ("get", "/auth/check"): None,
    ("patch", "/auth/me"): {"firstName", "lastName"},
    ("get", "/auth/sessions"): None,
    ("delete", "/auth/sessions/{sessionId}"): None,
    ("delete", "/auth/sessions"): None,
    ("post", "/auth/forgot-password"): {"email"},
    ("post", "/auth/reset-password"): {"email", "otp", "newPassword"},
    ("post", "/auth/change-password"): {"currentPassword", "newPassword"},
}


def test_the_fixed_paths_and_fields_are_there(world):
    found = {(method, path): operation for method, path, operation in world.operations}
    for call, fields in FIXED.items():
        schema = world.schema(found[call])
        assert (set(schema["properties"]) if schema else None) == fields, call


def test_the_description_is_openapi_and_its_page_works_offline(world):
    assert world.api["openapi"].startswith("3.1")
    names = [operation["operationId"] for _, _, operation in world.operations]
    assert len(names) == len(set(names))
    page = world.usher.get("/docs")
    assert page.status == 200 and page.headers["content-type"].startswith("text/html")
    assert not re.search(rb"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", page.body)
