"""Access tokens taken apart and put together by hand, so that no library's opinion stands between test and server."""
import base64
import hashlib
import hmac
import json

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from support.scenario import assert_problem

INVALID = ("token_invalid", "token_malformed")


def encode(data):
    if isinstance(data, (dict, list)):
        data = json.dumps(data, separators=(",", ":"))
    if isinstance(data, str):
        data = data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def header(token):
    return json.loads(decode(token.split(".")[0]))


def claims(token):
    return json.loads(decode(token.split(".")[1]))


def build(head, payload, sign):
    """`sign` takes the signing input (bytes) and returns the signature (bytes)."""
    text = f"{encode(head)}.{encode(payload)}"
    return f"{text}.{encode(sign(text.encode()))}"


def hs(secret, digest=hashlib.sha256):
    secret = secret.encode() if isinstance(secret, str) else secret
    return lambda text: hmac.new(secret, text, digest).digest()


def altered(original, changes):
    return {k: v for k, v in (original | changes).items() if v is not None}


def published(usher):
    return usher.get("/.well-known/jwks.json").json["keys"]


def number(text):
    return int.from_bytes(decode(text), "big")


def public_key(key):
    """A JWK as a key of python3-cryptography, by the letters of RFC 7518 and 8037."""
    if key["kty"] == "EC":
        return ec.EllipticCurvePublicNumbers(number(key["x"]), number(key["y"]), ec.SECP256R1()).public_key()
    if key["kty"] == "OKP":
        return ed25519.Ed25519PublicKey.from_public_bytes(decode(key["x"]))
    return rsa.RSAPublicNumbers(number(key["e"]), number(key["n"])).public_key()


def refused(usher, token, *codes):
    answer = usher.get("/auth/me", token=token)
    assert answer.status == 401 and answer.code in codes, (answer.body, token)
    assert_problem(answer, 401, answer.code)
