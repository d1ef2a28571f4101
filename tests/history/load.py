"""Concurrent clients of one server, or of several nodes, that record all they do, for the checker.

Few users with many sessions, so that the operations meet. Every request has an id of its own (the server must believe
X-Request-Id: http.trusted_proxies=127.0.0.1), by which its audit rows are found.
"""
import base64
import hashlib
import itertools
import math
import random
import re
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field

from history.checker import ENDS_ALL, OK, REFUSED, UNKNOWN, AuditRow, Op
from history.wire import NoAnswer, NotSent, Wire
from support.scenario import records

SETTINGS = {"http.trusted_proxies": "127.0.0.1", "log.level": "warn", "sessions.step_up_after": "0s"} | dict.fromkeys(
    ["limits.sign_ins", "limits.mails", "limits.calls"], "0")  # all clients come from one address
# What a client does next, by weight. A sign-in costs 10 ms of a core.
MIX = {"me": 26, "check": 30, "list": 3, "refresh": 12, "twin_refresh": 6, "lost_refresh": 5, "login": 6, "wrong_login": 0.4,
       "lost_login": 0.5, "logout": 1.8, "lost_logout": 0.5, "revoke_one": 1.2, "revoke_all": 0.1, "revoke_others": 0.2,
       "lost_revoke_all": 0.05, "change_password": 0.15, "disable": 0.08}
UNSENT = "unsent"
FEWEST_SESSIONS = 3   # of a user, below which clients sign in
CHANCE_OF_DEAD = 0.12  # to use a session that has ended
TRIES_WHILE_CHANGING = 3  # sign-ins of a user: the server counts those with the old password, and may wait long with its answer


def generation_of(token):
    """ush_r_ + base64url(version, key id [4], session id [16], generation [8], MAC)."""
    raw = token.removeprefix("ush_r_")
    return int.from_bytes(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))[21:29], "big")


def fingerprint(token):
    return hashlib.sha256(token.encode()).hexdigest()[:16]


@dataclass
class Held:
    """A session as the clients know it."""
    id: str
    user: "User"
    access: str
    refresh: str
    lock: threading.Lock = field(default_factory=threading.Lock)

    def store(self, answer):
        with self.lock:
            if generation_of(answer["refreshToken"]) > generation_of(self.refresh):
                self.access, self.refresh = answer["accessToken"], answer["refreshToken"]


@dataclass
class User:
    email: str
    passwords: list                                 # every one it had; the last is in force
    id: str = None
    sessions: list = field(default_factory=list)    # all there ever were
    live: list = field(default_factory=list)
    dead: list = field(default_factory=list)        # the last that clients think ended
    changing: threading.Lock = field(default_factory=threading.Lock)  # of the password: one at a time
    unsettled: bool = False                         # nobody knows which password is in force: guesses would be counted
    tries: int = 0                                  # sign-ins begun while it is being changed, since the last that succeeded
    lock: threading.Lock = field(default_factory=threading.Lock)

    def may_sign_in(self):
        with self.lock:
            if self.unsettled or (self.changing.locked() and self.tries >= TRIES_WHILE_CHANGING):
                return False
            self.tries += self.changing.locked()
            return True

    def bury(self, held):
        with self.lock:
            if held in self.live:
                self.live.remove(held)
                self.dead = (self.dead + [held])[-20:]


class Load:
    """A history in the making: `with Load(server, seed) as load: …` runs the clients; then final(), ops and audit()."""

    def __init__(self, server, seed, clients=32, users=16, mix=None, nodes=None):
        self.nodes = nodes or [server]
        self.server, self.seed, self.client_count = server, seed, clients
        self.prefix, self.ids = f"h{uuid.uuid4().hex[:10]}", itertools.count(1)
        self.mix = mix or MIX
        self.port = server.port
        self.users = [User(f"u{n}.{self.prefix}@example.org", [f"first-Secret-{self.prefix}-{n}"]) for n in range(users)]
        self.admin = User(f"admin.{self.prefix}@example.org", [f"admin-Secret-{self.prefix}"])
        self.ops, self.unsent, self.crashes = [], 0, []
        self.rest = 0  # seconds of each client after each operation
        self.stopping, self.up = threading.Event(), threading.Event()
        self.up.set()

    # Registers all users; their first sessions are part of the history.
    def prepare(self):
        client = Client(self, 0, random.Random(self.seed))
        for user in [self.admin, *self.users]:
            client.sign_up(user)
        client.close()
        self.server.cli("user", "grant", self.admin.email, "super_admin")
        return self

    def __enter__(self):
        self.prepare()
        return self.run()

    def run(self):
        self.threads = [Client(self, n + 1, random.Random(f"{self.seed}/{n}")) for n in range(self.client_count)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.stopping.set()
        self.up.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), "a client hangs"
        assert not self.crashes, self.crashes[0]

    # Asks for every session that clients hold whether it lives, and with its newest token.
    def final(self):
        client = Client(self, 0, random.Random(self.seed))
        for user in [self.admin, *self.users]:
            for held in user.sessions:
                client.use("me", held, final=True)
                client.refresh(held, final=True)
        client.close()
        return self

    def new_id(self):
        return f"{self.prefix}-{next(self.ids)}"

    def record(self, op):
        self.ops.append(op)  # atomic

    def audit(self):
        """The audit rows of this history's requests."""
        rows = records(self.server, "SELECT action, request_id, session_id, detail FROM audit_events WHERE request_id LIKE ?",
                       self.prefix + "-%")
        return [AuditRow(action, request, str(uuid.UUID(bytes=bytes(session))) if session else None, detail)
                for action, request, session, detail in rows]

    def count(self):
        return Counter(f"{op.kind}:{op.outcome}" for op in self.ops)


class Client(threading.Thread):
    def __init__(self, load, number, choice):
        super().__init__(daemon=True)
        self.load, self.number, self.random = load, number, choice
        self.agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
        self.wires, self.seconds = ([Wire(node) for node in load.nodes] for _ in range(2))
        self.choose_nodes()

    # Each operation goes to any node, and each of two at once.
    def choose_nodes(self):
        self.wire, self.second = self.random.choice(self.wires), self.random.choice(self.seconds)

    def run(self):
        names, weights = list(self.load.mix), list(self.load.mix.values())
        try:
            while not self.load.stopping.is_set():
                self.load.up.wait(60)
                self.choose_nodes()
                user = self.random.choice(self.load.users)
                what = self.random.choices(names, weights)[0]
                if len(user.live) < FEWEST_SESSIONS and what not in ("wrong_login", "lost_login"):
                    what = "login"
                getattr(self, "do_" + what)(user)
                time.sleep(self.load.rest)
        except Exception as error:  # told by Load.stop
            self.load.crashes.append(error)
        self.close()

    def close(self):
        for wire in self.wires + self.seconds:
            wire.close()

    def pick(self, user):
        with user.lock:
            buried = user.dead and self.random.random() < CHANCE_OF_DEAD
            pool = user.dead if buried or not user.live else user.live
            return self.random.choice(pool) if pool else None

    # One request of an operation. Its answer goes into `op`; the body is returned when it succeeded.
    def perform(self, op, method, path, body=None, token=None):
        if self.send(self.wire, op, method, path, body, token):
            return self.receive(self.wire, op, method == "HEAD")
        return None

    def send(self, wire, op, method, path, body=None, token=None):
        op.invoke, op.port = time.monotonic(), wire.node.port
        try:
            wire.send(method, path, body, token, op.id, self.agent)
            return True
        except NotSent:
            op.outcome = UNSENT  # it did not happen and is not recorded
            self.load.unsent += 1
            time.sleep(0.01)
        except NoAnswer:
            self.note_unknown(op)
        return False

    def receive(self, wire, op, head_only=False):
        try:
            status, headers, body = wire.receive(head_only)
        except NoAnswer:
            return self.note_unknown(op)
        op.complete, op.status = time.monotonic(), status
        op.outcome = OK if status < 300 else UNKNOWN if status >= 500 else REFUSED
        op.code, op.reason = body.get("code", ""), body.get("reason", "")
        if status == 503 and "retry-after" not in headers:
            op.status, op.code = 599, "503 without Retry-After"
        if op.outcome == OK:
            self.take(op, body)
        self.load.record(op)
        return body if op.outcome == OK else None

    # Before the operation is recorded: what its answer says of tokens and sessions.
    def take(self, op, body):
        op.count = body.get("revoked") if op.kind in ENDS_ALL else None
        if op.kind == "list":
            op.listed = [one["sessionId"] for one in body["sessions"]]
        if "refreshToken" in body:
            op.session = body["sessionId"]
            op.answered, op.token = generation_of(body["refreshToken"]), fingerprint(body["refreshToken"])

    def note_unknown(self, op):
        op.outcome, op.complete = UNKNOWN, time.monotonic()
        self.load.record(op)

    # Sends and goes away before the answer.
    def abandon(self, op, method, path, body=None, token=None):
        if not self.send(self.wire, op, method, path, body, token):
            return
        if self.random.random() < 0.5:
            time.sleep(self.random.random() * 0.004)
        self.wire.close(reset=self.random.random() < 0.5)
        self.note_unknown(op)

    def op(self, kind, user, held=None, **more):
        return Op(self.load.new_id(), kind, user.email, 0.0, client=self.number, session=held.id if held else None, **more)

    # Sessions

    def sign_up(self, user):
        body = {"email": user.email, "password": user.passwords[0], "firstName": "Ada", "lastName": "Byron",
                "accountType": "INDIVIDUAL"}
        self.wire.send("POST", "/auth/register", body)
        assert (answer := self.wire.receive())[0] == 201, answer
        deadline, code = time.monotonic() + 10, None
        while not code and time.monotonic() < deadline:
            texts = [mail["text"] for node in self.load.nodes for mail in node.mails(user.email)]
            code = next((found[1] for text in texts if (found := re.search(r"\b(\d{6})\b", text))), None)
        op = self.op("login", user, password=0)
        answer = self.perform(op, "POST", "/auth/verify-email", {"email": user.email, "otp": code})
        assert answer, op
        self.adopt(user, answer)

    def adopt(self, user, answer):
        held = Held(answer["sessionId"], user, answer["accessToken"], answer["refreshToken"])
        user.id = answer["user"]["id"]
        with user.lock:
            user.tries = 0
            user.live.append(held)
            user.sessions.append(held)
        return held

    def login(self, user, version=None):
        version = len(user.passwords) - 1 if version is None else version
        op = self.op("login", user, password=version)
        answer = self.perform(op, "POST", "/auth/login", {"email": user.email, "password": user.passwords[version]})
        if answer:
            self.adopt(user, answer)
        return op

    def use(self, kind, held, final=False):
        op = self.op(kind, held.user, held, final=final)
        path = {"me": "/auth/me", "check": "/auth/check", "list": "/auth/sessions"}[kind]
        method = "HEAD" if kind == "check" and self.random.random() < 0.2 else "GET"
        self.perform(op, method, path, token=held.access)
        self.bury_if_refused(op, held)
        return op

    def bury_if_refused(self, op, held):
        if op.outcome == REFUSED and op.status == 401:
            held.user.bury(held)

    def refresh(self, held, final=False):
        token = held.refresh
        op = self.op("refresh", held.user, held, presented=generation_of(token), final=final)
        if answer := self.perform(op, "POST", "/auth/refresh", {"refreshToken": token}):
            held.store(answer)
        self.bury_if_refused(op, held)
        return op

    # What a client does

    def do_me(self, user):
        if held := self.pick(user):
            self.use("me", held)

    def do_check(self, user):
        if held := self.pick(user):
            self.use("check", held)

    def do_list(self, user):
        if held := self.pick(user):
            self.use("list", held)

    def do_refresh(self, user):
        if held := self.pick(user):
            self.refresh(held)

    # Two tabs: the same token, at the same time.
    def do_twin_refresh(self, user):
        if not (held := self.pick(user)):
            return
        token = held.refresh
        ops = [self.op("refresh", user, held, presented=generation_of(token)) for _ in range(2)]
        wires = [self.wire, self.second]
        sent = [self.send(wire, op, "POST", "/auth/refresh", {"refreshToken": token}) for wire, op in zip(wires, ops)]
        for wire, op, was_sent in zip(wires, ops, sent):
            if was_sent and (answer := self.receive(wire, op)):
                held.store(answer)
            self.bury_if_refused(op, held)

    # A tunnel: the answer never arrives, and the client asks again with the token it has.
    def do_lost_refresh(self, user):
        if not (held := self.pick(user)):
            return
        token = held.refresh
        op = self.op("refresh", user, held, presented=generation_of(token))
        self.abandon(op, "POST", "/auth/refresh", {"refreshToken": token})
        self.refresh(held)

    def do_login(self, user):
        if user.may_sign_in():
            self.login(user)
        else:
            time.sleep(0.001)

    def do_lost_login(self, user):
        if not user.may_sign_in():
            return
        version = len(user.passwords) - 1
        op = self.op("login", user, password=version)
        self.abandon(op, "POST", "/auth/login", {"email": user.email, "password": user.passwords[version]})

    def do_wrong_login(self, user):
        op = self.op("login", user, wrong=True)
        self.perform(op, "POST", "/auth/login", {"email": user.email, "password": "not-the-Password-9"})

    def do_logout(self, user):
        if held := self.pick(user):
            user.bury(held)
            self.perform(self.op("logout", user, held), "POST", "/auth/logout", token=held.access)
            self.use("me", held)

    def do_lost_logout(self, user):
        if held := self.pick(user):
            self.abandon(self.op("logout", user, held), "POST", "/auth/logout", token=held.access)

    def do_revoke_one(self, user):
        held, target = self.pick(user), self.pick(user)
        if held and target:
            user.bury(target)
            op = self.op("revoke_one", user, held, target=target.id)
            self.perform(op, "DELETE", f"/auth/sessions/{target.id}", token=held.access)
            self.bury_if_refused(op, held)
            self.use("check", target)

    def revoke_all(self, user, keep, how):
        if held := self.pick(user):
            op = self.op("revoke_all", user, held, keep=held.id if keep else None)
            how(op, "DELETE", "/auth/sessions" + ("?except=current" if keep else ""), token=held.access)

    def do_revoke_all(self, user):
        self.revoke_all(user, False, self.perform)

    def do_revoke_others(self, user):
        self.revoke_all(user, True, self.perform)

    def do_lost_revoke_all(self, user):
        self.revoke_all(user, False, self.abandon)

    def do_change_password(self, user):
        if not user.changing.acquire(blocking=False):
            return
        try:
            if held := self.pick(user):
                self.change_password(user, held)
        finally:
            user.changing.release()

    def change_password(self, user, held):
        version = len(user.passwords)
        new = f"Password-number-{version}-{user.email[:2]}-{self.load.prefix}"
        op = self.op("change_password", user, held, keep=held.id, password=version)
        body = {"currentPassword": user.passwords[-1], "newPassword": new}
        if self.perform(op, "POST", "/auth/change-password", body, token=held.access) is not None:
            user.passwords.append(new)
            return
        self.bury_if_refused(op, held)
        if op.outcome == UNKNOWN:
            user.unsettled = True
            self.settle_password(user, new)

    # An administrator locks the account and opens it again.
    def do_disable(self, user):
        if not user.changing.acquire(blocking=False):
            return
        try:
            token = self.load.admin.live[0].access
            op = self.op("disable", user, enabling=math.inf, until=math.inf)
            self.perform(op, "POST", f"/users/{user.id}/disable", None, token)
            op.enabling = time.monotonic()
            while self.send_enable(user, token) >= 500:
                self.load.up.wait(60)
            op.until = time.monotonic()
        finally:
            user.changing.release()

    def send_enable(self, user, token):
        try:
            self.wire.send("POST", f"/users/{user.id}/enable", None, token, None, self.agent)
            return self.wire.receive()[0]
        except (NotSent, NoAnswer):
            time.sleep(0.01)
            return 599

    # The answer was lost: signing in tells which password is in force. The new one is tried as its version.
    def settle_password(self, user, new):
        user.passwords.append(new)
        while not self.load.stopping.is_set():
            self.load.up.wait(60)
            for version in (len(user.passwords) - 1, len(user.passwords) - 2):
                op = self.login(user, version)
                if op.outcome == OK:
                    if version != len(user.passwords) - 1:
                        user.passwords.append(user.passwords[version])  # counted on: a change that did not happen
                    user.unsettled = False
                    return
