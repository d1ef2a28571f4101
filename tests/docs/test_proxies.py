"""The proxy examples of SESSION_MANAGEMENT.md: nginx really runs, and so does Caddy where it is installed."""
import http.server
import re
import tempfile
import threading
import time

import pytest

import documents as d
from support.ports import free_port
from support.proxy import CADDY, NGINX, caddy, nginx
from support.usher import Server

PAGE = d.DOCS / "SESSION_MANAGEMENT.md"


class App(http.server.BaseHTTPRequestHandler):
    """The application behind the proxy: says whom it was told is calling."""

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = f"{self.command} {self.headers.get('X-Usher-User')} {self.headers.get('X-Usher-Roles')}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def app():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), App)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def example(language, usher, app, port):
    text = next(block.text for block in d.blocks(PAGE) if block.language == language)
    for written, real in (("127.0.0.1:3000", f"127.0.0.1:{usher.port}"), ("127.0.0.1:4000", f"127.0.0.1:{app}")):
        assert written in text
        text = text.replace(written, real)
    return text.replace("listen 8080", f"listen 127.0.0.1:{port}").replace(":8080 {", f"http://127.0.0.1:{port} {{")


def start_nginx(directory, usher, app):
    port = free_port()
    return nginx(directory, example("nginx", usher, app, port), port)


def start_caddy(directory, usher, app):
    port = free_port()
    return caddy(directory, example("caddyfile", usher, app, port), port)


@pytest.mark.parametrize("start", [
    pytest.param(start_nginx, id="nginx", marks=pytest.mark.skipif(not NGINX, reason="nginx is not installed")),
    pytest.param(start_caddy, id="caddy", marks=pytest.mark.skipif(not CADDY, reason="caddy is not installed")),
])
def test_proxy_lets_living_sessions_through(start, app):
    with tempfile.TemporaryDirectory(prefix="usher-proxy-") as directory, Server() as usher, start(directory, usher, app) as proxy:
        ada = usher.sign_up("ada@example.org")
        told = f"{ada.user['id']} user"
        assert proxy.call("GET", "/", ada.access)[::2] == (200, f"GET {told}")
        assert proxy.call("POST", "/orders", ada.access, body=b"x" * 100_000)[::2] == (200, f"POST {told}")

        forged = {"X-Usher-User": "somebody-else", "X-Usher-Roles": "super_admin"}
        assert proxy.call("GET", "/", ada.access, headers=forged)[2] == f"GET {told}"
        assert proxy.call("GET", "/", headers=forged)[0] == 401

        status, headers, _ = proxy.call("GET", "/")
        assert (status, headers["WWW-Authenticate"]) == (401, 'Bearer realm="usher"')
        assert proxy.call("GET", "/auth/me", ada.access)[0] == 200
        assert proxy.call("POST", "/auth/logout", ada.access)[0] == 204
        status, headers, _ = proxy.call("GET", "/", ada.access)
        assert status == 401 and 'error="invalid_token"' in headers["WWW-Authenticate"]


@pytest.mark.skipif(not NGINX, reason="nginx is not installed")
def test_nginx_says_503_when_the_check_cannot_be_asked(app):
    with tempfile.TemporaryDirectory(prefix="usher-proxy-") as directory, Server() as usher, start_nginx(directory, usher, app) as proxy:
        ada = usher.sign_up("ada@example.org")
        usher.stop()
        status, headers, _ = proxy.call("GET", "/", ada.access)
        assert (status, headers["Retry-After"]) == (503, "1")
        usher.start(usher.port)
        deadline = time.monotonic() + 15  # nginx rests an upstream that failed
        while (status := proxy.call("GET", "/", ada.access)[0]) != 200 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert status == 200


def test_permission_example_is_a_check():
    assert re.search(r"`proxy_pass http://usher/auth/check\?permission=[a-z]+:[a-z]+;`", PAGE.read_text())
