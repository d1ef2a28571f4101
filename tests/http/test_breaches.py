"""New passwords are looked up among leaked ones, without telling the service which."""
import hashlib
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from support.scenario import assert_problem, fresh_email
from support.usher import PASSWORD, Server

LEAKED = "a-password-of-another-leak-4"


class Ranges(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, self.headers["Add-Padding"]))
        self.server.behave(self)

    def log_message(self, *_):
        pass


def answer(request, body, status=200, headers=()):
    request.send_response(status)
    for name, value in headers:
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def honest(request):
    digest = hashlib.sha1(LEAKED.encode()).hexdigest().upper()
    padding = hashlib.sha1(PASSWORD.encode()).hexdigest().upper()
    lines = ["0018A45C4D1DEF81644B54AB7F969B88D65:3", padding[5:] + ":0"]
    if request.path == "/range/" + digest[:5]:
        lines.append(digest[5:] + ":42")
    answer(request, "\r\n".join(lines).encode())


@contextmanager
def service():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Ranges)
    server.asked, server.behave = [], honest
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def ranges():
    with service() as made:
        yield made


@pytest.fixture(scope="module")
def usher(ranges):
    with Server(settings={"passwords.breach_url": f"http://127.0.0.1:{ranges.server_port}/range/"}) as made:
        yield made


def assert_breached(answer, field):
    assert_problem(answer, 400, "password_rejected")
    assert [(e["field"], e["code"]) for e in answer.json["errors"]] == [(field, "breached")]


def test_a_leaked_password_is_refused_wherever_one_is_set(usher):
    one = usher.sign_up(fresh_email("leaked"))
    assert_breached(usher.register(fresh_email("new"), LEAKED), "password")
    change = {"currentPassword": PASSWORD, "newPassword": LEAKED}
    assert_breached(usher.post("/auth/change-password", change, token=one.access), "newPassword")
    usher.post("/auth/forgot-password", {"email": one.email})
    reset = {"email": one.email, "otp": usher.code(one.email), "newPassword": LEAKED}
    assert_breached(usher.post("/auth/reset-password", reset), "newPassword")


def test_the_service_hears_five_digits(usher, ranges):
    ranges.asked.clear()
    usher.register(fresh_email("private"), LEAKED)
    assert ranges.asked == [("/range/" + hashlib.sha1(LEAKED.encode()).hexdigest()[:5].upper(), "true")]


def test_a_sign_in_asks_nobody(usher, ranges):
    one = usher.sign_up(fresh_email("quiet"))
    ranges.asked.clear()
    usher.login(one.email)
    assert ranges.asked == []


@pytest.mark.parametrize("behave", [
    lambda request: answer(request, b"sorry", 503),
    lambda request: answer(request, b"", 302, [("Location", "http://169.254.169.254/")]),
    lambda request: answer(request, b"x" * (2 << 20)),
    lambda request: request.connection.close(),
    lambda request: time.sleep(8),
], ids=["503", "redirect", "endless", "cut", "silent"])
def test_a_service_that_fails_keeps_nobody_out_and_is_left_alone(behave):
    with service() as ranges, Server(settings={"passwords.breach_url": f"http://127.0.0.1:{ranges.server_port}/range/"}) as usher:
        ranges.behave = behave
        began = time.monotonic()
        assert usher.register(fresh_email("unasked"), LEAKED).status == 201
        assert time.monotonic() - began < 6
        assert usher.register(fresh_email("unasked"), LEAKED).status == 201
        assert len(ranges.asked) == 1


def test_a_url_of_another_kind_is_refused():
    with pytest.raises(RuntimeError, match="passwords.breach_url must begin with"):
        with Server(settings={"passwords.breach_url": "file:///etc/passwd"}):
            pass
