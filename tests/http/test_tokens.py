"""Access tokens: what is forged, altered or meant for something else is refused; what is good verifies by public keys alone."""
import base64
import hashlib
import json
import secrets
import subprocess
import time
from pathlib import Path

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from jwcrypto import jwk as jwcrypto_jwk
from jwcrypto import jwt as jwcrypto_jwt
from support import jwt
from support.authenticator import ask, enrol, prove
from support.jwt import INVALID, refused
from support.scenario import alive, eventually, fresh_email
from support.usher import Server

SECRET = secrets.token_urlsafe(48)


def verified_by_hand(token, key):
    text, signature = token.rsplit(".", 1)[0].encode(), jwt.decode(token.rsplit(".", 1)[1])
    public = jwt.public_key(key)
    if key["kty"] == "EC":
        signature = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
        public.verify(signature, text, ec.ECDSA(hashes.SHA256()))
    elif key["kty"] == "OKP":
        public.verify(signature, text)
    else:
        public.verify(signature, text, padding.PKCS1v15(), hashes.SHA256())


def es256(private):
    def sign(text):
        r, s = decode_dss_signature(private.sign(text, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return sign


@pytest.fixture(scope="module")
def good(usher):
    return usher.sign_up(fresh_email("good"))


# ---- what a token is

def test_a_token_has_the_claims_of_a_jwt_access_token_and_no_permissions(usher, good):
    head, claims = jwt.header(good.access), jwt.claims(good.access)
    assert set(head) == {"alg", "kid", "typ"} and (head["alg"], head["typ"]) == ("ES256", "at+jwt")
    assert set(claims) == {"iss", "sub", "aud", "iat", "exp", "auth_time", "aal", "amr", "jti", "sid"}
    assert (claims["iss"], claims["aud"], claims["sub"], claims["sid"]) == ("usher", "usher", good.user["id"], good.session)
    assert claims["exp"] - claims["iat"] == 604800 and abs(claims["iat"] - time.time()) < 60


SIGNERS = [({}, "ES256", "EC"), ({"tokens.algorithm": "EdDSA"}, "EdDSA", "OKP"), ({"tokens.algorithm": "RS256"}, "RS256", "RSA")]


@pytest.mark.parametrize("settings, algorithm, kind", SIGNERS)
def test_other_implementations_verify_by_the_published_keys(settings, algorithm, kind, tmp_path):
    with Server(settings=settings) as usher:
        token = usher.sign_up(fresh_email("judged")).access
        tampered = token[:-8] + ("A" * 8 if token[-8:] != "A" * 8 else "B" * 8)
        answer = usher.get("/.well-known/jwks.json")
        keys = answer.json["keys"]
        assert answer.headers["content-type"].startswith("application/jwk-set+json") and "max-age" in answer.headers["cache-control"]
        key = next(k for k in keys if k["kid"] == jwt.header(token)["kid"])
        assert (key["alg"], key["kty"], key["use"]) == (algorithm, kind, "sig")
        assert not {"d", "p", "q", "k", "dp", "dq", "qi"} & set(key)
        if kind == "RSA":
            assert jwt.number(key["n"]).bit_length() >= 3072

        verified_by_hand(token, key)
        judge = pyjwt.PyJWK(key)
        assert pyjwt.decode(token, judge.key, algorithms=[algorithm], audience="usher", issuer="usher")["sid"]
        made = jwcrypto_jwt.JWT(jwt=token, key=jwcrypto_jwk.JWK(**key), algs=[algorithm])
        assert json.loads(made.claims)["iss"] == "usher"
        if algorithm != "EdDSA":  # which the jose tool does not know
            (tmp_path / "jwks").write_bytes(answer.body)
            for text, status in ((token, 0), (tampered, 1)):
                done = subprocess.run(["jose", "jws", "ver", "-i-", "-k", tmp_path / "jwks", "-O-"], input=text.encode(), capture_output=True)
                assert done.returncode == status, done.stderr
        with pytest.raises(Exception):
            verified_by_hand(tampered, key)
        with pytest.raises(pyjwt.InvalidTokenError):
            pyjwt.decode(tampered, judge.key, algorithms=[algorithm], audience="usher")
        refused(usher, tampered, "token_invalid")


def test_a_secret_signs_by_hs256_and_is_published_nowhere():
    with Server(env={"JWT_SECRET": SECRET}) as usher:
        token = usher.sign_up(fresh_email("shared")).access
        assert jwt.header(token)["alg"] == "HS256"
        assert pyjwt.decode(token, SECRET, algorithms=["HS256"], audience="usher")["iss"] == "usher"
        assert jwt.published(usher) == [] or all(key["kty"] != "oct" for key in jwt.published(usher))
        assert SECRET not in usher.logged() + usher.get("/openapi.json").body.decode() + "".join(usher.greeting)
        head, claims = jwt.header(token), jwt.claims(token)
        assert usher.get("/auth/me", token=jwt.build(head, claims, jwt.hs(SECRET))).status == 200
        for size, digest in (("HS384", hashlib.sha384), ("HS512", hashlib.sha512)):
            refused(usher, jwt.build(head | {"alg": size}, claims, jwt.hs(SECRET, digest)), *INVALID)


NOW = int(time.time())
WRONG_CLAIMS = [
    ({"iss": "other"}, "token_invalid"), ({"iss": None}, "token_invalid"), ({"iss": ["usher"]}, "token_invalid"),
    ({"aud": "other"}, "token_invalid"), ({"aud": ["usher", "other"]}, "token_invalid"), ({"aud": None}, "token_invalid"),
    ({"exp": NOW - 10}, "token_expired"), ({"exp": 0}, "token_expired"), ({"exp": str(NOW + 600)}, "token_invalid"),
    ({"exp": NOW + 600.5}, "token_invalid"), ({"exp": None}, "token_invalid"), ({"exp": -1}, "token_invalid"), ({"exp": 2 ** 70}, "token_invalid"),
    ({"exp": True}, "token_invalid"), ({"iat": None}, "token_invalid"), ({"iat": "x"}, "token_invalid"),
    ({"sub": "x"}, "token_invalid"), ({"sub": None}, "token_invalid"), ({"sub": {"id": 1}}, "token_invalid"),
    ({"sid": None}, "token_invalid"), ({"sid": ""}, "token_invalid"), ({"jti": None}, "token_invalid"),
    ({"sid": "01900000-0000-7000-8000-000000000000"}, "session_ended"), ({"sub": "01900000-0000-7000-8000-000000000000"}, "session_ended"),
]
WRONG_HEADERS = [{"typ": "JWT"}, {"typ": None}, {"typ": "logout+jwt"}, {"typ": "AT+JWT"}, {"typ": "application/at+jwt"}, {"typ": "dpop+jwt"},
                 {"kid": None}, {"kid": ""}, {"kid": 7}, {"kid": "unknown"}, {"kid": "../../dev/null"}, {"kid": "' OR '1'='1"}, {"kid": "a" * 4000},
                 {"kid": "\u0000"}, {"crit": ["exp"]}, {"crit": []}, {"jku": "http://127.0.0.1/keys"}, {"jwk": {"kty": "oct", "k": "AA"}},
                 {"x5u": "http://127.0.0.1/"}, {"x5c": ["AA"]}, {"zip": "DEF"}, {"b64": False}, {"alg": "none"}, {"alg": None}, {"alg": ["HS256"]}]


@pytest.fixture(scope="module")
def shared():
    """A server whose secret is known, so that tokens are wrong in one thing and rightly signed."""
    with Server(settings={"tokens.secret": SECRET}) as server:
        server.token = server.sign_up(fresh_email("shared")).access
        yield server


@pytest.mark.parametrize("changes, code", WRONG_CLAIMS)
def test_rightly_signed_tokens_with_a_wrong_claim_are_refused(shared, changes, code):
    head, claims = jwt.header(shared.token), jwt.claims(shared.token)
    refused(shared, jwt.build(head, jwt.altered(claims, changes), jwt.hs(SECRET)), code)
    assert shared.get("/auth/me", token=shared.token).status == 200


@pytest.mark.parametrize("changes", WRONG_HEADERS, ids=lambda c: json.dumps(c)[:40])
def test_rightly_signed_tokens_with_a_wrong_header_are_refused(shared, changes):
    head, claims = jwt.header(shared.token), jwt.claims(shared.token)
    refused(shared, jwt.build(jwt.altered(head, changes), claims, jwt.hs(SECRET)), *INVALID)


def test_payloads_that_are_no_claims_are_refused(shared):
    head, claims = jwt.header(shared.token), jwt.claims(shared.token)
    twice = json.dumps(claims)[:-1] + ',"sub":"01900000-0000-7000-8000-000000000000"}'
    for payload in ("", "{", "[]", "null", '"text"', "{}", twice, json.dumps(claims) + " x", "\x00"):
        refused(shared, jwt.build(head, payload, jwt.hs(SECRET)), *INVALID)
    for header in ("", "{", "[]", json.dumps(head)[:-1] + ',"alg":"none"}'):
        refused(shared, jwt.build(header, claims, jwt.hs(SECRET)), *INVALID)


# ---- forgeries; more are in test_attacks_on_requests.py

def test_a_foreign_key_signs_nothing(usher, good):
    private = ec.generate_private_key(ec.SECP256R1())
    own = pyjwt.algorithms.ECAlgorithm.to_jwk if hasattr(pyjwt.algorithms.ECAlgorithm, "to_jwk") else None
    head, claims = jwt.header(good.access), jwt.claims(good.access)
    for changes in ({}, {"kid": "mine"}, {"jwk": json.loads(own(private.public_key())) if own else {"kty": "EC"}},
                    {"jku": f"{usher.url}/.well-known/jwks.json"}, {"kid": f"{usher.url}/keys"}):
        refused(usher, jwt.build(head | changes, claims, es256(private)), "token_invalid")


def test_every_altered_character_is_seen(usher, good):
    """Each third character; a last one that only holds unused bits must not have two spellings either."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for at in [*range(0, len(good.access), 3), *range(len(good.access) - 4, len(good.access))]:
        old = good.access[at]
        new = "A" if old == "." else alphabet[alphabet.index(old) ^ 1]
        answer = usher.get("/auth/check", token=good.access[:at] + new + good.access[at + 1:])
        assert answer.status == 401, (at, old, new)
    for spoilt in (good.access + "=", good.access + ".", "." + good.access, good.access[:-1], good.access + "A", good.access.replace(".", "..")):
        refused(usher, spoilt, *INVALID)
    assert alive(usher, good)


# ---- keys

@pytest.mark.parametrize("secret, why", [
    ("x7Kq", "32"), ("password" * 4, ""), ("a" * 64, ""), ("your-256-bit-secret-goes-here-change-me", ""), ("changeme-changeme-changeme-changeme", ""),
    ("12345678901234567890123456789012", ""), ("your-super-secret-jwt-key-change-in-production", ""), ("secretsecretsecretsecretsecretsecret", ""),
])
def test_a_weak_secret_stops_the_start_with_the_reason(usher, secret, why):
    done = usher.cli("serve", "--http.listen=127.0.0.1:0", check=False, env={"JWT_SECRET": secret})
    said = done.stderr + done.stdout
    assert done.returncode != 0 and "JWT_SECRET" in said and "openssl rand" in said and why in said
    assert secret not in said


def test_rotation_under_use_refuses_nobody(usher):
    who = usher.sign_up(fresh_email("rotated"))
    before = {key["kid"] for key in jwt.published(usher)}
    usher.cli("keys", "rotate")
    new = eventually(lambda: {key["kid"] for key in jwt.published(usher)} - before)
    tokens, end = [who.access], time.monotonic() + 3
    while time.monotonic() < end:
        answer = usher.refresh(who.refresh)
        assert answer.status == 200
        who.refresh = answer.json["refreshToken"]
        tokens.append(answer.json["accessToken"])
        for token in (tokens[0], tokens[-1], tokens[len(tokens) // 2]):
            assert usher.get("/auth/me", token=token).status == 200
            verified_by_hand(token, next(k for k in jwt.published(usher) if k["kid"] == jwt.header(token)["kid"]))
    print(f"{len(tokens)} tokens, of keys {sorted({jwt.header(t)['kid'] for t in tokens})}, new {sorted(new)}")
    assert {"keys"} <= set(usher.get("/.well-known/jwks.json").json)


def test_tokens_and_keys_survive_a_restart_and_another_algorithm(usher):
    who = usher.sign_up(fresh_email("survivor"))
    algorithms = lambda: sorted(key["alg"] for key in jwt.published(usher))  # noqa: E731
    before = algorithms()
    usher.settings["tokens.algorithm"] = "EdDSA"
    usher.restart()
    try:
        # Published at once, so that every verifier knows it when it begins to sign.
        assert algorithms() == sorted(before + ["EdDSA"]) and alive(usher, who)
        renewed = usher.refresh(who.refresh).json
        assert usher.get("/auth/me", token=renewed["accessToken"]).status == 200
        # A command that runs without the server's flags changes nothing.
        del usher.settings["tokens.algorithm"]
        usher.cli("keys", "list")
        assert algorithms() == sorted(before + ["EdDSA"])
    finally:
        usher.settings.pop("tokens.algorithm", None)
        usher.restart()
    assert alive(usher, who) and usher.get("/auth/me", token=renewed["accessToken"]).status == 200


# ---- secrets at rest

def files_of(usher):
    return [path for path in Path(usher.data_dir).iterdir() if path.is_file()] + [usher.log_path]


def test_no_secret_is_written_anywhere():
    with Server(settings={"log.level": "debug"}) as usher:
        password, later = "canary-horse-battery-1", "canary-horse-battery-2"
        who = usher.sign_up(fresh_email("canary"), password)
        verify_code = usher.code(who.email)
        usher.login_answer(who.email, "canary-wrong-password-3")
        usher.post("/auth/forgot-password", {"email": who.email})
        reset_code = eventually(lambda: next((m for m in usher.mails(who.email) if m["subject"].startswith("Reset")), None)) and usher.code(who.email)
        renewed = usher.refresh(who.refresh).json
        usher.get("/auth/me", token=who.access[:-4] + "AAAA")
        usher.refresh(who.refresh[:-4] + "AAAA")
        usher.post("/auth/change-password", {"currentPassword": password, "newPassword": later}, token=renewed["accessToken"])
        usher.post("/auth/login", b'{"email":"a","password":"canary-malformed-4"')
        last = usher.login(who.email, later)
        assert usher.refresh(last.refresh + "x").status == 401
        app, recovery_codes = enrol(usher, last, later)
        asked = ask(usher, who.email, later)
        prove(usher, asked, recovery_codes[0], "recovery_code")
        usher.stop()
        seed = base64.b32decode(app.seed).hex()
        secrets_made = {app.seed, asked, *recovery_codes, password, later, "canary-wrong-password-3", "canary-malformed-4", last.refresh, last.access,
                        *(t for t in (who.access, who.refresh, renewed["accessToken"], renewed["refreshToken"]))}
        signatures = {token.rsplit(".", 1)[-1][-40:] for token in secrets_made}
        kept = {path.name: path.read_bytes() for path in files_of(usher)}
        assert any(name.startswith("usher.db") for name in kept)
        for name, data in kept.items():
            for text in secrets_made | signatures:
                assert text.encode() not in data, f"{text[:12]}… is in {name}"
            assert bytes.fromhex(seed) not in data, f"a seed is in {name}"
        for code in (verify_code, reset_code):
            assert f'"{code}"' not in usher.logged() and f" {code} " not in usher.logged()
        master = next(p for p in files_of(usher) if "key" in p.name or "master" in p.name)
        assert master.stat().st_mode & 0o077 == 0
