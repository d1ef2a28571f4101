"""Passkeys made and used by Chromium with a virtual authenticator: a judge that is not ours."""
import contextlib
import functools
import http.server
import subprocess
import threading

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions
from support import jwt
from support.passkey import creation_options, request_options
from support.scenario import assert_problem, fresh_email
from support.usher import ROOT, Server

CREATE = """const [options, done] = arguments;
navigator.credentials.create({publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options)})
  .then(made => done(made.toJSON()), error => done(error.name));"""
GET = """const [options, done] = arguments;
navigator.credentials.get({publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options)})
  .then(made => done(made.toJSON()), error => done(error.name));"""


# The library by which most applications do it.
BY_LIBRARY = """const [way, options, done] = arguments;
SimpleWebAuthnBrowser[way]({optionsJSON: options}).then(done, error => done(error.name));"""


@functools.cache
def library():
    node = ROOT / "tests/node"
    subprocess.run([node / "install"], check=True, timeout=300)
    return (node / "node_modules/@simplewebauthn/browser/dist/bundle/index.umd.min.js").read_text()


class Page(http.server.BaseHTTPRequestHandler):
    """The application, on an origin of its own."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>application</title>")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def origin():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def usher(origin):
    with Server(settings={"webauthn.rp_id": "localhost", "webauthn.origins": origin}) as server:
        yield server


@contextlib.contextmanager
def browser(origin, **authenticator):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(argument)
    driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
    try:
        driver.set_script_timeout(20)
        chosen = {"protocol": "ctap2", "transport": "internal", "has_resident_key": True, "has_user_verification": True,
                  "is_user_verified": True} | authenticator
        driver.add_virtual_authenticator(VirtualAuthenticatorOptions(**chosen))
        driver.get(origin)
        yield driver
    finally:
        driver.quit()


def test_a_passkey_is_made_and_signs_in_without_a_user_name(usher, origin):
    who = usher.sign_up(fresh_email("browser"))
    with browser(origin) as driver:
        made = driver.execute_async_script(CREATE, creation_options(usher, who))
        answer = usher.post("/auth/passkeys", {"name": "Chromium", "credential": made}, token=who.access)
        assert answer.status == 201, (made, answer.body)
        assert driver.execute_async_script(CREATE, creation_options(usher, who)) == "InvalidStateError", "it is excluded"
        for _ in range(2):
            got = driver.execute_async_script(GET, request_options(usher))
            answer = usher.post("/auth/passkeys/sign-in", {"credential": got})
            assert answer.status == 200, (got, answer.body)
        assert answer.json["user"]["email"] == who.email and jwt.claims(answer.json["accessToken"])["aal"] == 2
        options = usher.post("/auth/step-up/passkey/options", token=who.access).json
        got = driver.execute_async_script(GET, options)
        assert usher.post("/auth/step-up/passkey", {"credential": got}, token=who.access).status == 200
        assert_problem(usher.post("/auth/passkeys/sign-in", {"credential": got}), 400, "passkey_invalid")


def test_a_user_who_is_not_verified_makes_none(usher, origin):
    who = usher.sign_up(fresh_email("browser"))
    with browser(origin, is_user_verified=False) as driver:
        assert driver.execute_async_script(CREATE, creation_options(usher, who)) == "NotAllowedError"


def test_simplewebauthn_understands_every_answer(usher, origin):
    who = usher.sign_up(fresh_email("browser"))
    with browser(origin) as driver:
        driver.execute_script(library() + ";window.SimpleWebAuthnBrowser = SimpleWebAuthnBrowser;")

        def ask(way, options):
            return driver.execute_async_script(BY_LIBRARY, way, options)

        made = ask("startRegistration", creation_options(usher, who))
        answer = usher.post("/auth/passkeys", {"name": "By a library", "credential": made}, token=who.access)
        assert answer.status == 201, (made, answer.body)
        assert ask("startRegistration", creation_options(usher, who)) == "InvalidStateError"
        answer = usher.post("/auth/passkeys/sign-in", {"credential": ask("startAuthentication", request_options(usher))})
        assert answer.status == 200 and answer.json["user"]["email"] == who.email, answer.body
        options = usher.post("/auth/step-up/passkey/options", token=who.access).json
        proved = usher.post("/auth/step-up/passkey", {"credential": ask("startAuthentication", options)}, token=who.access)
        assert proved.status == 200, proved.body
