"""A server of its own for a test, and a client that speaks its HTTP contract.

    with Server() as usher:
        user = usher.sign_up("ada@example.org")
        assert usher.get("/auth/me", token=user.access).status == 200

Every server has a data directory of its own below /tmp and a port that the kernel chose; it ends with its test.
"""
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("USHER_BINARY", ROOT / "build/release/usher"))
VECTORS = Path(os.environ.get("USHER_VECTORS", ROOT.parent / "shared/vectors"))
PASSWORD = "correct-horse-battery-7"


@dataclass
class Answer:
    status: int
    headers: dict  # lower-case names; repeated ones are joined by ", "
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json["code"]


@dataclass
class SignedIn:
    email: str
    access: str
    refresh: str
    session: str
    user: dict


def sign_in_of(email, answer):
    body = answer.json
    return SignedIn(email, body["accessToken"], body["refreshToken"], body["sessionId"], body["user"])


class Client:
    """The calls of the contract, by the one call() that whoever inherits has."""

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.call("POST", path, body={} if body is None else body, **more)

    def patch(self, path, body, **more):
        return self.call("PATCH", path, body=body, **more)

    def delete(self, path, **more):
        return self.call("DELETE", path, **more)

    # Only loopback may read them: a server elsewhere, to which this is a trusted proxy, is told so.
    def mails(self, to):
        path = "/dev/mailbox?to=" + urllib.parse.quote(to, safe="")
        return self.get(path, headers={"X-Forwarded-For": "127.0.0.1"}).json["messages"]

    # The newest six digits that were mailed to an address.
    def code(self, to, wait=5.0):
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline:
            for mail in self.mails(to):
                if found := re.search(r"\b(\d{6})\b", mail["text"]):
                    return found[1]
            time.sleep(0.02)
        raise AssertionError(f"no code was mailed to {to}")

    def register(self, email, password=PASSWORD, **more):
        body = {"email": email, "password": password, "firstName": "Ada", "lastName": "Lovelace", "accountType": "INDIVIDUAL"}
        return self.post("/auth/register", body | more)

    def sign_in_by_code(self, email, device=None):
        body = {"email": email, "otp": self.code(email)} | ({"deviceInfo": device} if device else {})
        answer = self.post("/auth/verify-email", body)
        assert answer.status == 200, answer.body
        return sign_in_of(email, answer)

    def sign_up(self, email, password=PASSWORD, device=None):
        assert (made := self.register(email, password)).status == 201, made.body
        return self.sign_in_by_code(email, device)

    def login_answer(self, email, password=PASSWORD, device=None, headers=None):
        body = {"email": email, "password": password} | ({"deviceInfo": device} if device else {})
        return self.post("/auth/login", body, headers=headers)

    def login(self, email, password=PASSWORD, device=None, headers=None):
        answer = self.login_answer(email, password, device, headers)
        assert answer.status == 200, answer.body
        return sign_in_of(email, answer)

    def refresh(self, token, headers=None):
        return self.post("/auth/refresh", {"refreshToken": token}, headers=headers)


entered = []  # the servers that some test uses now


@dataclass(eq=False)
class Server(Client):
    settings: dict = field(default_factory=dict)  # {"sessions.idle_timeout": "1h"}
    env: dict = field(default_factory=dict)
    wrapper: list = field(default_factory=list)   # a command in front, such as ["faketime", "-f", "+1d"]
    data_dir: str = None                          # kept when given
    timeout: float = 10.0
    host: str = "127.0.0.1"
    source: str = None                            # the address that calls come from
    binary: Path = BINARY

    def __enter__(self):
        self._own_dir = self.data_dir is None
        if self._own_dir:
            self.data_dir = tempfile.mkdtemp(prefix="usher-test-")
        self.start()
        entered.append(self)
        return self

    def __exit__(self, *_):
        entered.remove(self)
        self.stop()
        if self._own_dir:
            self._last_log = self.logged()
            self.log_path.unlink()
            shutil.rmtree(self.data_dir, ignore_errors=True)

    def command(self, *words):
        flags = {"data.dir": self.data_dir, "log.format": "json"} | self.settings
        return [str(self.binary), *words, *(f"--{name}={value}" for name, value in flags.items())]

    def start(self, port=0):
        env = {k: v for k, v in os.environ.items() if not k.startswith("USHER_") and k not in ("PORT", "JWT_SECRET", "DATABASE_URL")}
        self.log_path = Path(self.data_dir + ".log")
        self.log = open(self.log_path, "ab")
        words = self.wrapper + self.command("serve") + [f"--http.listen={self.host}:{port}"]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=self.log, env=env | self.env, text=True)
        self.greeting = []
        for line in self.process.stdout:
            self.greeting.append(line.rstrip())
            found = re.search(rf"https?://(?:{re.escape(self.host)}|localhost):(\d+)", line)
            if found:
                self.port = int(found[1])
                return self
        raise RuntimeError(f"the server did not start: {self.process.wait()}\n{self.logged()[-3000:]}")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.close()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        return self.close()

    def close(self):
        self.process.stdout.close()
        self.log.close()
        return self.process.returncode

    def restart(self):
        self.stop()
        return self.start(self.port)

    def complained(self):
        """What it logged of late that is more than information."""
        return [line for line in self.logged().splitlines()[-200:] if '"level":"info"' not in line][-20:]

    def logged(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else self._last_log

    @property
    def nodes(self):
        return [self]

    @property
    def url(self):
        return f"http://{self.host}:{self.port}"

    # One request on a connection of its own. `body`: a dict is sent as JSON, bytes as they are.
    def call(self, method, path, body=None, token=None, headers=None):
        sent = {"User-Agent": "usher-tests/1.0"}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        if body is not None:
            sent["Content-Type"] = "application/json"
        sent |= headers or {}
        connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout, source_address=self.source and (self.source, 0))
        try:
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            answer_headers = {}
            for name, value in response.getheaders():
                name = name.lower()
                answer_headers[name] = f"{answer_headers[name]}, {value}" if name in answer_headers else value
            return Answer(response.status, answer_headers, response.read())
        finally:
            connection.close()

    # Runs a command of the same binary on the same store: usher.cli("user", "list").
    def cli(self, *words, check=True, env=None):
        done = subprocess.run(self.command(*words), capture_output=True, text=True, timeout=30, env=os.environ | self.env | (env or {}))
        if check:
            assert done.returncode == 0, done.stderr + done.stdout
        return done
