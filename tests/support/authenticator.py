"""An authenticator app, whose codes are oathtool's, and what a person does with one."""
import subprocess
import time

from support.usher import PASSWORD, sign_in_of

STEP = 30


def now():
    return int(time.time()) // STEP


class Authenticator:
    """Knows a seed (Base32); no code is shown twice."""

    def __init__(self, seed):
        self.seed, self.last = seed, now() - 2

    def at(self, step):
        return subprocess.run(["oathtool", "--totp", "-b", "--now", f"@{step * STEP}", self.seed],
                              capture_output=True, text=True, check=True).stdout.strip()

    # The next that the server takes: clocks may differ by a step. None that may be too old when it arrives.
    def next(self):
        while self.last > now() or (self.last < now() - 1 and time.time() % STEP > STEP - 5):
            time.sleep(0.2)
        self.last = max(self.last + 1, now() - 1)
        return self.at(self.last)


def begin(usher, who, password=PASSWORD):
    return usher.post("/auth/mfa/totp", {"password": password}, token=who.access)


def enrol(usher, who, password=PASSWORD):
    """Adds an app; the app and the recovery codes."""
    begun = begin(usher, who, password)
    assert begun.status == 200, begun.body
    app = Authenticator(begun.json["secret"])
    confirmed = usher.post("/auth/mfa/totp/confirm", {"code": app.next()}, token=who.access)
    assert confirmed.status == 200, confirmed.body
    return app, confirmed.json["recoveryCodes"]


def ask(usher, email, password=PASSWORD):
    """The first step; the token of the second."""
    answer = usher.login_answer(email, password)
    assert answer.status == 200 and answer.json["mfaRequired"] is True, answer.body
    assert "accessToken" not in answer.json
    return answer.json["mfaToken"]


def prove(usher, token, code, method="totp", **more):
    return usher.post("/auth/mfa/verify", {"mfaToken": token, "method": method, "code": code} | more)


def sign_in(usher, email, app, password=PASSWORD):
    answer = prove(usher, ask(usher, email, password), app.next())
    assert answer.status == 200, answer.body
    return sign_in_of(email, answer)
