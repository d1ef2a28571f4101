"""What a person does whose sign-in waits for a second factor that he has yet to add."""
from support.authenticator import Authenticator
from support.passkey import Passkey


def begin_totp(usher, token):
    return usher.post("/auth/mfa/enrol/totp", {"mfaToken": token})


def confirm_totp(usher, token, code):
    return usher.post("/auth/mfa/enrol/totp/confirm", {"mfaToken": token, "code": code})


def enrol_totp(usher, token):
    app = Authenticator(begin_totp(usher, token).json["secret"])
    return app, confirm_totp(usher, token, app.next())


def begin_passkey(usher, token):
    return usher.post("/auth/mfa/enrol/passkey/options", {"mfaToken": token})


def add_passkey(usher, token, credential, **more):
    return usher.post("/auth/mfa/enrol/passkey", {"mfaToken": token, "credential": credential} | more)


def enrol_passkey(usher, token, **more):
    passkey = Passkey()
    return passkey, add_passkey(usher, token, passkey.create(begin_passkey(usher, token).json), **more)
