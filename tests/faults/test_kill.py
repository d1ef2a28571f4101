"""kill -9 at random points of sign-up, login, refresh, logout and password reset.

After each kill the server is ready again in less than two seconds, no account is half made, no lock is left, and what was
acknowledged holds. USHER_LONG_FAULTS=1 kills 500 times, USHER_SEED repeats a run.
"""
import http.client
import os
import random
import re
import sqlite3
import threading
import time

from history.checker import check
from history.load import SETTINGS, Load
from history.run import READY_WITHIN, restart
from support.usher import PASSWORD, Server

LONG = os.environ.get("USHER_LONG_FAULTS") == "1"
SEED = int(os.environ.get("USHER_SEED") or random.SystemRandom().randrange(1_000_000))
KILLS = 500 if LONG else 15
MIX = {"me": 10, "check": 5, "refresh": 25, "twin_refresh": 5, "lost_refresh": 3, "login": 12, "logout": 8, "revoke_one": 3,
       "change_password": 1, "lost_revoke_all": 0.3}


class Registrar(threading.Thread):
    """Makes accounts and resets their passwords, one step after the other, whatever happens to the server."""

    def __init__(self, server, load, number):
        super().__init__(daemon=True)
        self.server, self.load, self.number = server, load, number
        self.made, self.broken, self.resets = 0, [], 0

    def run(self):
        try:
            while not self.load.stopping.is_set():
                self.made += 1
                self.live_one_life(f"new{self.number}-{self.made}@example.org")
        except Exception as error:
            self.broken.append(repr(error))

    # A step is repeated until it is answered: whatever a kill left, the account can be finished and used.
    def live_one_life(self, email):
        body = {"email": email, "password": PASSWORD, "firstName": "Ada", "lastName": "Byron", "accountType": "INDIVIDUAL"}
        if not self.until(lambda: self.server.post("/auth/register", body).status == 201, "register"):
            return
        if not self.until(lambda: self.is_verified(email), "verify"):
            return
        self.until(lambda: self.reset(email), "reset")

    def until(self, step, name, patience=25.0):
        deadline = time.monotonic() + patience
        while not self.load.stopping.is_set():
            try:
                if step():
                    return True
            except (OSError, ValueError, http.client.HTTPException):  # killed meanwhile
                self.load.up.wait(10)
            if time.monotonic() > deadline:
                self.broken.append(f"{name} never succeeds for {self.number}-{self.made}")
                return False
            time.sleep(0.02)
        return False

    def is_verified(self, email):
        login = self.server.post("/auth/login", {"email": email, "password": PASSWORD})
        if login.status == 200:
            return True
        # The right password of an unfinished account: a new code is sent when the cool-down allows.
        assert login.status in (403, 503), login
        for mail in self.server.mails(email)[:1]:
            if found := re.search(r"\b(\d{6})\b", mail["text"]):
                return self.server.post("/auth/verify-email", {"email": email, "otp": found[1]}).status == 200
        return False

    def reset(self, email):
        self.server.post("/auth/forgot-password", {"email": email})
        for mail in self.server.mails(email)[:1]:
            if found := re.search(r"\b(\d{6})\b", mail["text"]):
                body = {"email": email, "otp": found[1], "newPassword": "another-Horse-battery-8"}
                if self.server.post("/auth/reset-password", body).status == 200:
                    assert self.server.post("/auth/login", {"email": email, "password": PASSWORD}).status in (401, 503)
                    assert self.server.post("/auth/login", {"email": email, "password": body["newPassword"]}).status in (200, 503)
                    self.resets += 1
                    return True
        return False


def half_made(path):
    """What no moment may leave behind, as sentences."""
    db = sqlite3.connect(path)
    try:
        questions = {
            "users without a role": "SELECT count(*) FROM users WHERE id NOT IN (SELECT user_id FROM role_assignments)",
            "verified users without the event": "SELECT count(*) FROM users WHERE email_verified_at IS NOT NULL AND id NOT IN "
                                                "(SELECT subject FROM audit_events WHERE action = 'user.email_verified')",
            "users without the event": "SELECT count(*) FROM users WHERE id NOT IN "
                                       "(SELECT subject FROM audit_events WHERE action = 'user.registered')",
            "sessions without the event": "SELECT count(*) FROM sessions WHERE id NOT IN "
                                          "(SELECT session_id FROM audit_events WHERE action = 'session.created')",
            "ends without the event": "SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL AND id NOT IN "
                                      "(SELECT session_id FROM audit_events WHERE action = 'session.ended')",
            "sessions of nobody": "SELECT count(*) FROM sessions WHERE user_id NOT IN (SELECT id FROM users)",
        }
        found = [f"{n} {what}" for what, sql in questions.items() if (n := db.execute(sql).fetchone()[0])]
        return found + [text for (text,) in db.execute("PRAGMA integrity_check") if text != "ok"]
    finally:
        db.close()


def test_kills_leave_nothing_half_done():
    choice, restarts, operations, seed = random.Random(SEED), [], 0, SEED
    with Server(settings=SETTINGS | {"verification.cool_down": "1s"}) as server:
        while len(restarts) < KILLS:
            seed += 1
            with Load(server, seed, clients=12, users=8, mix=MIX) as load:
                registrars = [Registrar(server, load, f"{seed}.{n}") for n in range(3)]
                for one in registrars:
                    one.start()
                for _ in range(min(15, KILLS - len(restarts))):
                    time.sleep(choice.uniform(0.02, 0.6))
                    restarts.append(restart(server, load, "kill")[1])
                    assert half_made(server.data_dir + "/usher.db") == []
                wait_for(lambda: all(one.resets for one in registrars) or any(one.broken for one in registrars), 30)
            for one in registrars:
                one.join(30)
                assert not one.broken, one.broken
            load.final()
            violations = check(load.ops, load.audit())
            assert not violations, "\n".join([f"seed {seed}", *violations[:10]])
            operations += len(load.ops)
        assert max(restarts) < READY_WITHIN, restarts
        assert "example.org" in server.cli("user", "list").stdout
        print(f"seed {SEED}: {operations} operations, {len(restarts)} kills, "
              f"ready again after at most {max(restarts) * 1000:.0f} ms")


def wait_for(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert condition()
