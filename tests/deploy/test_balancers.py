"""The proxies of deploy/ really run, each in front of two nodes on PostgreSQL and Redis."""
import base64
import http.server
import json
import re
import socket
import threading
import time
from contextlib import contextmanager, suppress
from uuid import UUID

import pytest

from fleet import DEPLOY, NODES
from nodes.fleet import all_is_well, followed, wait_for, warm
from support.ports import free_port
from support.postgres import query
from support.proxy import caddy, haproxy, nginx
from support.scenario import assert_ended, assert_problem, eventually, fresh_email, statuses
from support.smtp import code_of
from support.usher import VECTORS, Server, sign_in_of

CLIENT, FORGED = "127.0.0.9", {"X-Forwarded-For": "203.0.113.7"}
# How each says where it listens.
PROXIES = {nginx: ("nginx.conf", "listen 80;", "listen 127.0.0.1:{};"),
           caddy: ("Caddyfile", "auth.example.org {{", "http://127.0.0.1:{} {{"),
           haproxy: ("haproxy.cfg", "bind :80\n", "bind 127.0.0.1:{}\n")}
every_proxy = pytest.mark.parametrize("start", PROXIES, ids=lambda start: start.__name__)


def in_front_of(ports, start, directory):
    file, listens, listens_here = PROXIES[start]
    text, port = (DEPLOY / file).read_text(), free_port()
    places = {f"{name}:3000": f"127.0.0.1:{ports[i]}" for i, name in enumerate(NODES)} | {listens.format(): listens_here.format(port)}
    for place, here in places.items():
        assert text.count(place) == 1, place
        text = text.replace(place, here)
    return start(str(directory), text, port)


def client_of(proxy):
    client = Server(source=CLIENT, timeout=30)
    client.port = proxy.port
    return client


@every_proxy
def test_journey_through_the_proxy(fleet, start, tmp_path):
    with in_front_of([node.port for node in fleet.nodes], start, tmp_path) as proxy:
        client, email = client_of(proxy), fresh_email(start.__name__)
        assert client.register(email).status == 201
        mail = eventually(lambda: fleet.sink.mails(email))[0]
        answer = client.post("/auth/verify-email", {"email": email, "otp": code_of(mail)}, headers=FORGED)
        assert answer.status == 200, answer.body
        first, second = sign_in_of(email, answer), client.login(email, headers=FORGED)
        shown = client.get("/auth/sessions", token=first.access, headers=FORGED).json["sessions"]
        assert {session["ipAddress"] for session in shown} == {CLIENT} and len(shown) == 2
        told = query(fleet.database, "SELECT DISTINCT ip_address FROM audit_events WHERE subject = %s", UUID(first.user["id"]).bytes)
        assert told == [(CLIENT,)]
        renewed = client.refresh(second.refresh)
        assert renewed.status == 200 and client.get("/auth/me", token=renewed.json["accessToken"]).status == 200
        assert client.post("/auth/logout", token=first.access).status == 204
        for _ in fleet.nodes:
            assert_ended(client.get("/auth/me", token=first.access), "logout")
        for path in ("/metrics", "/dev/mailbox?to=" + email):
            inside = client.get(path)
            assert inside.status == 404 and b"urn:usher" not in inside.body, path


class Patient(threading.Thread):
    """Refreshes, asks and asks again, each on a connection of its own: not so fast that the proxy's port runs out of them."""

    def __init__(self, proxy, email):
        super().__init__(daemon=True)
        self.client, self.answers, self.done = client_of(proxy), [], threading.Event()
        self.one = self.client.login(email)

    def run(self):
        while not self.done.is_set():
            renewed = self.client.refresh(self.one.refresh)
            self.answers.append(("refresh", renewed.status))
            if renewed.status == 200:
                self.one = sign_in_of(self.one.email, renewed)
            for path in ("/auth/check", "/auth/me"):
                self.answers.append((path, self.client.get(path, token=self.one.access).status))
            time.sleep(0.01)


@every_proxy
def test_a_rolling_restart_fails_no_request(fleet, start, tmp_path):
    ports = [node.port for node in fleet.nodes]
    with in_front_of(ports, start, tmp_path) as proxy:
        email = fresh_email("rolled")
        client = client_of(proxy)
        assert client.register(email).status == 201
        assert client.post("/auth/verify-email", {"email": email, "otp": code_of(eventually(lambda: fleet.sink.mails(email))[0])}).status == 200
        patient = [Patient(proxy, email) for _ in range(4)]
        for thread in patient:
            thread.start()
        for node, port in zip(fleet.nodes, ports):
            time.sleep(3)  # a proxy that had given a node up asks it again
            assert node.stop() == 0
            node.start(port)
            wait_for(followed, [node])
        for thread in patient:
            thread.done.set()
            thread.join()
        answers = [answer for thread in patient for answer in thread.answers]
        print(f"{start.__name__}: {len(answers)} requests, {len([a for a in answers if a[1] >= 300])} failed", proxy.logged())
    assert len(answers) > 500 and {status for _, status in answers} == {200, 204}


@every_proxy
def test_one_node_is_enough(fleet, start, tmp_path):
    with in_front_of([node.port for node in fleet.nodes], start, tmp_path) as proxy:
        client, email = client_of(proxy), fresh_email("left")
        client.register(email)
        one = sign_in_of(email, client.post("/auth/verify-email", {"email": email, "otp": code_of(eventually(lambda: fleet.sink.mails(email))[0])}))
        for node in fleet.nodes:
            node.kill()
            for _ in range(10):
                assert client.get("/auth/me", token=one.access).status == 200
                renewed = client.refresh(one.refresh)
                assert renewed.status == 200, renewed
                one.refresh = renewed.json["refreshToken"]
            node.start(node.port)
            eventually(lambda: node.get("/health/ready").status == 200, 20)  # noqa: B023
            before = served(node)
            eventually(lambda: client.get("/health/live").status == 200 and served(node) > before, 20)  # noqa: B023


@every_proxy
def test_without_the_database_the_nodes_are_asked_what_they_know_yet(fleet, start, tmp_path):
    """Their /health/ready says no; HAProxy and Caddy took both out by it and answered 503 themselves."""
    with in_front_of([node.port for node in fleet.nodes], start, tmp_path) as proxy:
        client, email = client_of(proxy), fresh_email("outage")
        client.register(email)
        one = sign_in_of(email, client.post("/auth/verify-email", {"email": email, "otp": code_of(eventually(lambda: fleet.sink.mails(email))[0])}))
        time.sleep(1)  # what the sign-in changed is polled once more
        warm(fleet.nodes, one.access)
        fleet.postgres.kill()
        try:
            checks, end = [], time.monotonic() + 6  # a proxy takes a node out after two or three seconds
            while time.monotonic() < end:
                checks.append(client.get("/auth/check", token=one.access))
                time.sleep(0.02)
            # A node that was not given the processor for half a second asks, in vain.
            assert all(answer.status == 204 or answer.json["code"] == "store_unavailable" for answer in checks), "a proxy's own answer"
            assert [answer.status for answer in checks].count(204) > 0.9 * len(checks) > 50
            assert_problem(refused := client.refresh(one.refresh), 503, "store_unavailable")
            assert "retry-after" in refused.headers
        finally:
            fleet.postgres.start()
            wait_for(all_is_well, fleet.nodes)
        assert client.refresh(one.refresh).status == 200


@every_proxy
def test_a_proxy_without_nodes_says_when_to_come_again(start, tmp_path):
    with in_front_of([free_port(), free_port()], start, tmp_path) as proxy:
        client = client_of(proxy)
        if start is nginx:  # it asks them each time, and cannot tell a node that is away from one that lost the request
            assert client.get("/auth/check").status == 502
            return
        refused = eventually(lambda: (answer := client.get("/auth/check")).status == 503 and answer, 10)
        assert refused.headers["retry-after"] == "1" and refused.headers["content-type"] == "application/problem+json"
        assert refused.json["code"] == "store_unavailable"


def served(node):
    return sum(float(line.split()[-1]) for line in node.get("/metrics").body.decode().splitlines() if line.startswith("usher_http_requests_total") and not re.search('route="(serving|ready|metrics)"', line))


@contextmanager
def backend(hangs_up):
    """A node that counts its calls; one that hangs up reads a request and closes the connection without an answer."""
    class Node(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path != "/health/serving":
                seen.append(self.command)
                if hangs_up:
                    self.close_connection = True
                    return
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET

        def log_message(self, *_):
            pass

    seen = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Node)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1], seen
    finally:
        server.shutdown()
        server.server_close()


@every_proxy
def test_what_may_have_been_done_is_not_done_twice(start, tmp_path):
    with backend(True) as (broken, got), backend(False) as (whole, kept), in_front_of([broken, whole], start, tmp_path) as proxy:
        client = client_of(proxy)
        while not got:  # until one was lost
            answer = client.post("/auth/login")
            assert answer.status == (502 if got else 200)
            assert got.count("POST") + kept.count("POST") == 1, "a POST went to both"
            kept.clear()
        assert [client.get("/auth/me").status for _ in range(4)] == [200] * 4


HIDDEN = b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"
FRAMINGS = [b"Content-Length: %d\r\nTransfer-Encoding: chunked" % (len(HIDDEN) + 5), b"Transfer-Encoding: chunked\r\nContent-Length: 5",
            b"Transfer-Encoding: xchunked", b"Transfer-Encoding : chunked", b"Transfer-Encoding:\x0bchunked", b"Transfer-Encoding: chunked, chunked",
            b"Content-Length: 0\r\nContent-Length: %d" % len(HIDDEN), b"Content-Length: +0", b"X: a\nTransfer-Encoding: chunked", b"Content-Length: 0, 0"]


def payloads():
    yield from (b"POST /auth/login HTTP/1.1\r\nHost: a\r\n" + framing + b"\r\n\r\n0\r\n\r\n" + HIDDEN for framing in FRAMINGS)
    garden = VECTORS / "http-malformed/http-garden-payloads.json"
    for case in json.loads(garden.read_text()) if garden.exists() else []:
        yield base64.b64decode(case["bytes_b64"])


def answers(port, sent):
    """The statuses that come back until the connection is closed or waits for more."""
    with socket.create_connection(("127.0.0.1", port), timeout=2) as link:
        received = b""
        with suppress(ConnectionError, TimeoutError):
            link.sendall(sent)
            while part := link.recv(65536):
                received += part
        return statuses(received)


@every_proxy
def test_no_node_sees_a_request_that_the_proxy_did_not_see(fleet, start, tmp_path):
    with in_front_of([node.port for node in fleet.nodes], start, tmp_path) as proxy:
        ran = 0
        for sent in payloads():
            before = sum(map(served, fleet.nodes))
            got = answers(proxy.port, sent + b"GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert sum(map(served, fleet.nodes)) - before <= len(got), (sent, got)
            assert client_of(proxy).get("/health/live").json == {"status": "ok"}, "an answer to somebody else's request"
            ran += 1
        print(f"{ran} requests that parsers read differently")
