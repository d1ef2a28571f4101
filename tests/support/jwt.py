"""Access tokens taken apart and put together by hand, so that no library's opinion stands between test and server."""
import base64
import hashlib
import hmac
import json


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
