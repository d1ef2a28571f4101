"""A passkey in memory: what a browser and an authenticator make of the server's options, and ways to get it wrong."""
import base64
import hashlib
import json
import os
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ORIGIN = "https://app.example.org"
SETTINGS = {"webauthn.rp_id": "example.org", "webauthn.origins": f"{ORIGIN},https://example.com", "webauthn.rp_name": "Example"}
UP, UV, BE, BS, AT = 1, 4, 8, 16, 64


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    return bytes([major << 5 | 24, n]) if n < 256 else bytes([major << 5 | 25]) + struct.pack(">H", n)


def cbor(value):
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, (bytes, str)):
        data = value if isinstance(value, bytes) else value.encode()
        return head(2 if isinstance(value, bytes) else 3, len(data)) + data
    if isinstance(value, dict):
        return head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())
    return head(4, len(value)) + b"".join(map(cbor, value))


class Passkey:
    def __init__(self, algorithm=-7, rp_id="example.org", flags=UP | UV | BE | BS, counts=False):
        self.algorithm, self.rp_id, self.flags = algorithm, rp_id, flags
        self.count, self.counts = 0, counts
        self.id, self.user = os.urandom(32), None
        make = {-7: lambda: ec.generate_private_key(ec.SECP256R1()), -8: ed25519.Ed25519PrivateKey.generate,
                -257: lambda: rsa.generate_private_key(65537, 2048)}
        self.key = make[algorithm]()

    def cose(self):
        public = self.key.public_key()
        if self.algorithm == -8:
            return {1: 1, 3: -8, -1: 6, -2: public.public_bytes(Encoding.Raw, PublicFormat.Raw)}
        numbers = public.public_numbers()
        if self.algorithm == -257:
            return {1: 3, 3: -257, -1: numbers.n.to_bytes(256, "big"), -2: numbers.e.to_bytes(3, "big")}
        return {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}

    def sign(self, data):
        if self.algorithm == -8:
            return self.key.sign(data)
        if self.algorithm == -257:
            return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self.key.sign(data, ec.ECDSA(hashes.SHA256()))

    def authenticator_data(self, credential=b""):
        flags = self.flags | (AT if credential else 0)
        return hashlib.sha256(self.rp_id.encode()).digest() + struct.pack(">BI", flags, self.count) + credential

    def envelope(self, response):
        return {"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": response,
                "authenticatorAttachment": "platform", "clientExtensionResults": {}}

    def create(self, options, origin=ORIGIN, kind="webauthn.create", packed=False):
        """navigator.credentials.create(), toJSON()."""
        self.user = unb64(options["user"]["id"])
        client = client_data(kind, options["challenge"], origin)
        key = cbor(self.cose())
        data = self.authenticator_data(bytes(16) + struct.pack(">H", len(self.id)) + self.id + key)
        statement = {"alg": self.algorithm, "sig": self.sign(data + hashlib.sha256(client).digest())} if packed else {}
        attestation = {"fmt": "packed" if packed else "none", "attStmt": statement, "authData": data}
        return self.envelope({"clientDataJSON": b64(client), "attestationObject": b64(cbor(attestation)), "authenticatorData": b64(data),
                              "publicKey": b64(key), "publicKeyAlgorithm": self.algorithm, "transports": ["internal", "hybrid"]})

    def get(self, options, origin=ORIGIN, kind="webauthn.get", **other):
        """navigator.credentials.get(), toJSON(). `other` members of the response take the place of the right ones; None: none."""
        self.count += self.counts
        client, data = client_data(kind, options["challenge"], origin), self.authenticator_data()
        response = {"clientDataJSON": b64(client), "authenticatorData": b64(data), "userHandle": b64(self.user),
                    "signature": b64(self.sign(data + hashlib.sha256(client).digest()))} | other
        return self.envelope({name: value for name, value in response.items() if value is not None})


def client_data(kind, challenge, origin):
    return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}).encode()


def creation_options(usher, who):
    return usher.post("/auth/passkeys/options", token=who.access).json


def request_options(usher):
    return usher.post("/auth/passkeys/sign-in/options").json


def add(usher, who, passkey=None, **how):
    """The passkey, which is the user's from now on, and what the server calls it."""
    passkey = passkey or Passkey()
    made = passkey.create(creation_options(usher, who), **how)
    answer = usher.post("/auth/passkeys", {"name": "laptop", "credential": made}, token=who.access)
    assert answer.status == 201, answer.body
    return passkey, answer.json["id"]


def sign_in(usher, passkey, **how):
    return usher.post("/auth/passkeys/sign-in", {"credential": passkey.get(request_options(usher), **how)})


def step_up_by(usher, who, passkey, **how):
    options = usher.post("/auth/step-up/passkey/options", token=who.access).json
    return usher.post("/auth/step-up/passkey", {"credential": passkey.get(options, **how)}, token=who.access)
