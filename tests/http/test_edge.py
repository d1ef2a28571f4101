"""The process at its edges: slow and many clients, full queues, a store that is silent, signals, TLS, proxies, metrics."""
import datetime
import http.client
import json
import resource
import signal
import socket
import sqlite3
import ssl
import statistics
import subprocess
import threading
import time

import pytest
from cryptography import x509
from support.ports import free_port
from support.scenario import alive, assert_problem, at_once, eventually, fresh_email, statuses
from support.usher import Server

HASTY = {"http.header_timeout": "1s", "http.body_timeout": "1s", "http.idle_timeout": "1s"}
LIVE = b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"


def connect(usher, seconds=8):
    return socket.create_connection(("127.0.0.1", usher.port), timeout=seconds)


def drain(link):
    received = b""
    try:
        while part := link.recv(65536):
            received += part
    except ConnectionError:
        pass
    return received


def metric(usher, name):
    for line in usher.get("/metrics").body.decode().splitlines():
        if line.startswith(name + " "):
            return float(line.split()[-1])
    raise AssertionError(f"there is no metric {name}")


# ---- slow and many clients

@pytest.fixture(scope="module")
def hasty():
    with Server(settings=HASTY) as server:
        yield server


BEGINNINGS = [
    (b"", []), (b"GET /hea", [408]), (b"GET /health/live HTTP/1.1\r\nHost: a\r\nX: ", [408]),
    (b"POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{", [408]),
    (b"POST /auth/login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", [408]), (LIVE, [200]), (LIVE + b"GET", [200, 408]),
]


def begin(usher, sent):
    with connect(usher) as link:
        link.sendall(sent)
        return statuses(drain(link))


def test_who_is_too_slow_is_told_and_closed(hasty):
    seen = at_once([lambda sent=sent: begin(hasty, sent) for sent, _ in BEGINNINGS])
    assert seen == [expected for _, expected in BEGINNINGS]


def test_a_byte_now_and_then_buys_no_time_and_harms_nobody(hasty):
    slow = [connect(hasty) for _ in range(50)]
    try:
        start, times = time.monotonic(), []
        while time.monotonic() - start < 1.5:
            for link in slow:
                try:
                    link.send(b"a")
                except ConnectionError:
                    pass
            before = time.perf_counter()
            assert hasty.get("/health/live").status == 200
            times.append(time.perf_counter() - before)
            time.sleep(0.05)
        print(f"beside 50 slow clients: median {statistics.median(times) * 1000:.1f} ms, worst {max(times) * 1000:.1f} ms")
        for link in slow:
            link.settimeout(5)
            assert statuses(drain(link)) in ([408], [])  # [] when its own late byte reset the connection
    finally:
        for link in slow:
            link.close()


def test_a_hundred_pipelined_requests_are_answered_in_order(usher, root):
    token = root.access.encode()
    kinds = [(LIVE, 200), (b"GET /auth/me HTTP/1.1\r\nHost: a\r\n\r\n", 401), (b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", 404),
             (b"GET /auth/sessions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + token + b"\r\n\r\n", 200),
             (b"POST /auth/refresh HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", 400)]
    with connect(usher) as link:
        link.sendall(b"".join(kinds[n % 5][0] for n in range(100)))
        link.shutdown(socket.SHUT_WR)
        assert statuses(drain(link)) == [kinds[n % 5][1] for n in range(100)]


def resident(usher):
    for line in open(f"/proc/{usher.process.pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) // 1024


def test_two_thousand_idle_connections_cost_little_and_others_are_served(usher, root):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    before, links = resident(usher), []
    try:
        for _ in range(2000):
            links.append(connect(usher))
            links[-1].sendall(b"GET /health")
        eventually(lambda: metric(usher, "usher_http_connections") >= 2000)
        times = []
        for _ in range(50):
            start = time.perf_counter()
            assert usher.get("/auth/me", token=root.access).status == 200
            times.append(time.perf_counter() - start)
        grown = resident(usher) - before
        print(f"2000 idle: {grown} MiB more, a check {statistics.median(times) * 1000:.1f} ms")
        assert grown < 64 and statistics.median(times) < 0.25
    finally:
        for link in links:
            link.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    eventually(lambda: metric(usher, "usher_http_connections") < 50)


def test_more_connections_than_allowed_are_sent_away():
    with Server(settings={"http.max_connections": "8"}) as usher:
        links = [connect(usher) for _ in range(8)]
        for link in links:
            link.sendall(LIVE)
            assert b" 200 " in link.recv(65536)
        with connect(usher) as late:
            assert statuses(drain(late)) in ([503], [])
        links.pop().close()
        eventually(lambda: served(usher))
        for link in links:
            link.close()


def served(usher):
    try:
        return usher.get("/health/live").status == 200
    except (ConnectionError, http.client.HTTPException):
        return False


# ---- full queues, a silent store

SLOW_HASH = {"passwords.memory_kib": "131072", "passwords.passes": "4", "passwords.hash_threads": "1"}


def test_full_queues_answer_at_once_and_checks_go_on():
    with Server(settings=SLOW_HASH | {"passwords.hash_queue": "1"}) as usher:
        who = usher.sign_up(fresh_email("busy"))
        answers = at_once([lambda: usher.login_answer(who.email, "wrong-password")] * 12
                          + [lambda: usher.get("/auth/me", token=who.access)] * 4)
        refused = [a for a in answers if a.status == 503]
        assert refused and {a.status for a in answers[:12]} <= {401, 503} and {a.status for a in answers[12:]} == {200}
        for answer in refused:
            assert_problem(answer, 503, "overloaded")


def test_a_full_work_lane_is_503_and_the_fast_lane_goes_on():
    with Server(settings=SLOW_HASH | {"http.workers": "1", "http.queue": "1"}) as usher:
        who = usher.sign_up(fresh_email("lane"))
        assert alive(usher, who)
        answers = at_once([lambda: usher.login_answer(who.email)] * 8 + [lambda: usher.get("/health/live")] * 4)
        assert {a.status for a in answers[8:]} == {200}
        assert {a.status for a in answers[:8]} == {200, 503}
        assert_problem(next(a for a in answers if a.status == 503), 503, "overloaded")


def test_a_store_that_does_not_answer_is_503_and_never_401(usher):
    who = usher.sign_up(fresh_email("locked"))
    assert alive(usher, who)
    usher.timeout = 20  # a writer waits 5 s, and those that came meanwhile wait once more
    lock = sqlite3.connect(f"{usher.data_dir}/usher.db", isolation_level=None, timeout=10)
    try:
        lock.execute("BEGIN IMMEDIATE")
        answers = at_once([lambda: usher.post("/auth/logout", token=who.access), lambda: usher.refresh(who.refresh),
                           lambda: usher.login_answer(who.email), lambda: usher.post("/auth/forgot-password", {"email": who.email})])
        for answer in answers:
            assert_problem(answer, 503, "store_unavailable")
        assert usher.get("/auth/me", token=who.access).status in (200, 503)
    finally:
        lock.execute("ROLLBACK")
        lock.close()
        usher.timeout = 10
    assert alive(usher, who)
    assert usher.refresh(who.refresh).status == 200 and usher.post("/auth/logout", token=who.access).status == 204


# ---- stopping

def test_sigterm_finishes_work_in_flight_and_exits_quietly():
    with Server(settings=SLOW_HASH) as usher:
        who = usher.sign_up(fresh_email("last"))
        idle = connect(usher)
        answers = []
        calls = [threading.Thread(target=lambda: answers.append(usher.login_answer(who.email))) for _ in range(3)]
        for call in calls:
            call.start()
        eventually(lambda: metric(usher, "usher_http_in_flight") >= 4)  # the three and the one that asks
        start = time.monotonic()
        usher.process.send_signal(signal.SIGTERM)
        for call in calls:
            call.join()
        assert [a.status for a in answers] == [200] * 3
        assert usher.process.wait(10) == 0 and time.monotonic() - start < 10
        assert drain(idle) == b""
        with pytest.raises(OSError):
            connect(usher, 1)
        usher.close()
        usher.start(usher.port)
        for answer in answers:  # what was answered is kept
            assert usher.get("/auth/me", token=answer.json["accessToken"]).status == 200


def test_a_server_that_drains_serves_and_says_that_it_will_stop():
    """Caddy 2.6 lost a POST that found the port closed: load balancers must see the stop before it comes."""
    with Server(settings={"http.drain_time": "2s"}) as usher:
        who = usher.sign_up(fresh_email("drained"))
        start = time.monotonic()
        usher.process.send_signal(signal.SIGTERM)
        ready = eventually(lambda: (answer := usher.get("/health/ready")).status == 503 and answer, 1)
        assert ready.json["status"] == "draining" and ready.json["dependencies"]["store"]["status"] == "ok" and "retry-after" in ready.headers
        serving = usher.get("/health/serving")
        assert (serving.status, serving.json) == (503, {"status": "draining"}) and "retry-after" in serving.headers
        while time.monotonic() - start < 1.5:
            renewed = usher.refresh(who.refresh)
            assert renewed.status == 200 and usher.get("/auth/me", token=renewed.json["accessToken"]).status == 200
            who.refresh = renewed.json["refreshToken"]
        assert usher.process.wait(5) == 0 and time.monotonic() - start >= 2
        usher.close()
        usher.start(usher.port)
        assert usher.get("/health/ready").status == 200
        start = time.monotonic()
        usher.process.send_signal(signal.SIGTERM)
        eventually(lambda: usher.get("/health/ready").status == 503, 1)
        usher.process.send_signal(signal.SIGINT)
        assert usher.process.wait(5) == 0 and time.monotonic() - start < 2, "the second signal does not wait"


def test_sigterm_does_not_wait_for_a_store_that_hangs(postgres_alone):
    with Server(settings=postgres_alone.settings(), timeout=30) as usher:
        who = usher.sign_up(fresh_email("stuck"))
        postgres_alone.freeze()
        try:
            calls = [threading.Thread(target=lambda: ignore_end(lambda: usher.login_answer(who.email))) for _ in range(150)]
            for call in calls:
                call.start()
            time.sleep(1)  # every worker hangs, and the others wait for one
            start = time.monotonic()
            usher.process.send_signal(signal.SIGTERM)
            assert usher.process.wait(15) == 0
            assert time.monotonic() - start < 10
            for call in calls:
                call.join()
        finally:
            postgres_alone.thaw()
        usher.close()
        usher.start(usher.port)
        assert alive(usher, who)


def ignore_end(call):
    try:
        call()
    except (ConnectionError, http.client.HTTPException):
        pass


def test_an_idle_server_stops_at_once():
    with Server() as usher:
        start = time.monotonic()
        assert usher.stop() == 0
        assert time.monotonic() - start < 2.5
        usher.start()


# ---- TLS

def make_certificate(directory, name, names="DNS:localhost,IP:127.0.0.1"):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                    "-addext", f"subjectAltName={names}", "-keyout", directory / "key.pem", "-out", directory / "cert.pem"],
                   check=True, capture_output=True)


def shown_certificate(usher):
    pem = ssl.get_server_certificate(("127.0.0.1", usher.port))
    return x509.load_pem_x509_certificate(pem.encode()).subject.rfc4514_string()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_by_setting_and_a_new_certificate_without_a_restart(tmp_path):
    make_certificate(tmp_path, "first")
    with Server(settings={"http.tls_cert": tmp_path / "cert.pem", "http.tls_key": tmp_path / "key.pem"}) as usher:
        trust = ssl.create_default_context(cafile=tmp_path / "cert.pem")
        link = http.client.HTTPSConnection("localhost", usher.port, context=trust, timeout=5)
        link.request("GET", "/health/live")
        answer = link.getresponse()
        assert answer.status == 200 and answer.read() and "max-age=31536000" in answer.getheader("Strict-Transport-Security")
        assert link.sock.version() == "TLSv1.3"
        assert shown_certificate(usher) == "CN=first"

        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, ConnectionError)), connect(usher) as plain:
            old.wrap_socket(plain)
        with connect(usher) as plain:  # no redirect that would have sent a password in clear first
            plain.sendall(LIVE)
            assert b"HTTP/1.1 3" not in drain(plain) and b"HTTP/1.1 2" not in drain(plain)

        make_certificate(tmp_path, "second")
        usher.process.send_signal(signal.SIGHUP)
        eventually(lambda: shown_certificate(usher) == "CN=second")
        link.request("GET", "/health/live")  # a connection of before goes on
        assert link.getresponse().read()
        link.close()
        (tmp_path / "cert.pem").write_text("nonsense")
        usher.process.send_signal(signal.SIGHUP)
        eventually(lambda: "certificate" in usher.logged())
        assert shown_certificate(usher) == "CN=second"


def test_a_certificate_that_cannot_be_used_stops_the_start(usher, tmp_path):
    (tmp_path / "cert.pem").write_text("nonsense")
    (tmp_path / "key.pem").write_text("nonsense")
    with Server() as other:
        other.stop()
        done = other.cli("serve", "--http.listen=127.0.0.1:0", f"--http.tls_cert={tmp_path}/cert.pem", f"--http.tls_key={tmp_path}/key.pem", check=False)
        assert done.returncode == 1 and "cert.pem" in done.stderr
        other.start()


# ---- proxies

PROXY_HEADERS = ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP", "X_Forwarded_For"]


def seen_address(usher, who, headers):
    signed_in = usher.login(who.email, headers=headers)
    return usher.get("/auth/me", token=signed_in.access).json["session"]["ipAddress"]


def test_a_stranger_does_not_choose_his_address(usher):
    who = usher.sign_up(fresh_email("stranger"))
    for name in PROXY_HEADERS:
        assert seen_address(usher, who, {name: "203.0.113.9"}) == "127.0.0.1", name


@pytest.fixture(scope="module")
def proxied():
    with Server(settings={"http.trusted_proxies": "127.0.0.1,10.0.0.0/8"}) as server:
        server.who = server.sign_up(fresh_email("proxied"))
        yield server


@pytest.mark.parametrize("forwarded, address", [
    ("203.0.113.9", "203.0.113.9"), ("198.51.100.1, 203.0.113.9", "203.0.113.9"), ("203.0.113.9, 10.1.2.3", "203.0.113.9"),
    ("203.0.113.9, 10.1.2.3, 10.9.9.9", "203.0.113.9"), ("2001:db8::1", "2001:db8::1"), ("203.0.113.9:4711", "203.0.113.9"),
    ("[2001:db8::1]:443", "2001:db8::1"), ("nonsense", "127.0.0.1"), ("203.0.113.9, nonsense", "127.0.0.1"), ("", "127.0.0.1"),
    ("::ffff:203.0.113.9", "203.0.113.9"), ("203.0.113.9\t", "203.0.113.9"), ("unknown", "127.0.0.1"), ("1" * 3000, "127.0.0.1"),
])
def test_behind_a_trusted_proxy_the_nearest_untrusted_address_counts(proxied, forwarded, address):
    assert seen_address(proxied, proxied.who, {"X-Forwarded-For": forwarded}) == address


def test_a_trusted_proxy_names_the_request_and_only_in_plain_characters(proxied):
    assert proxied.get("/health/live", headers={"X-Request-Id": "abc-1.2_3"}).headers["x-request-id"] == "abc-1.2_3"
    for bad in ("a b", "a\"b", "<x>", "a" * 65, "", "a;b"):
        assert proxied.get("/health/live", headers={"X-Request-Id": bad}).headers["x-request-id"] != bad
    for name in ("X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Prefix", "X-Original-URL", "X-Rewrite-URL"):
        assert proxied.get("/health/live", headers={name: "evil.example/admin"}).status == 200


# ---- health and metrics

def test_health(usher):
    live = usher.get("/health/live")
    assert (live.status, live.json) == (200, {"status": "ok"})
    ready = usher.get("/health/ready")
    assert ready.status == 200 and ready.json["status"] == "ok"
    assert {"store", "changes"} <= set(ready.json["dependencies"])
    assert all(d["status"] == "ok" for d in ready.json["dependencies"].values())


def test_metrics_are_prometheus_text_without_names_of_people(usher, root):
    usher.get("/auth/me", token=root.access)
    usher.get("/auth/me", token="a.b.c")
    answer = usher.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    text, kinds = answer.body.decode(), {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            kinds[name] = kind
        elif not line.startswith("#"):
            name = line.split("{")[0].split(" ")[0]
            base = next((name.removesuffix(s) for s in ("_bucket", "_sum", "_count") if name.removesuffix(s) in kinds), name)
            assert base in kinds, line
            float(line.rsplit(" ", 1)[1])
    assert kinds["usher_http_requests_total"] == kinds["usher_checks_total"] == "counter" and kinds["usher_http_connections"] == "gauge"
    assert root.email not in text and root.user["id"] not in text and root.session not in text
    before = metric(usher, 'usher_http_requests_total{route="login",status="4xx"}')
    usher.login_answer(root.email, "wrong-password")
    assert metric(usher, 'usher_http_requests_total{route="login",status="4xx"}') == before + 1


def test_metrics_are_for_loopback_or_a_listener_of_their_own(proxied):
    assert_problem(proxied.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}), 404, "not_found")
    port = free_port()
    with Server(settings={"metrics.listen": f"127.0.0.1:{port}"}) as usher:
        assert_problem(usher.get("/metrics"), 404, "not_found")
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        link.request("GET", "/metrics")
        answer = link.getresponse()
        assert answer.status == 200 and b"usher_http_connections" in answer.read()
        link.request("GET", "/auth/me")
        assert link.getresponse().status == 404
        link.close()


def test_the_log_is_one_object_a_line_in_utc(usher, root):
    usher.get("/nothing%0d%0aforged:yes")
    usher.login_answer(root.email, headers={"User-Agent": "a\tb\x1b[31m"})
    lines = usher.logged().splitlines()
    assert lines
    for line in lines:
        entry = json.loads(line)
        stamp = next(v for k, v in entry.items() if k in ("time", "at", "ts"))
        assert stamp.endswith("Z") and datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00"))


# ---- usher health

def health(usher, listen=None):
    """What a container's health check says of the server on this port: its exit code and its one line."""
    done = usher.cli("health", f"--http.listen={listen or f'127.0.0.1:{usher.port}'}", check=False)
    said = done.stdout + done.stderr
    assert said.count("\n") == 1 and said.startswith("ready" if done.returncode == 0 else "usher: "), said
    return done.returncode, said


def test_health_tells_a_ready_server_from_none():
    with Server() as usher:
        for listen in ("127.0.0.1", "0.0.0.0", ""):
            assert health(usher, f"{listen}:{usher.port}") == (0, "ready\n")
        usher.stop()
        assert health(usher) == (1, f"usher: cannot connect to 127.0.0.1 port {usher.port}: Connection refused\n")
        usher.start()


def test_health_names_what_is_missing(postgres_alone):
    with Server(settings=postgres_alone.settings()) as usher:
        assert health(usher)[0] == 0
        postgres_alone.kill()
        code, said = health(usher)
        assert code == 1 and said.startswith("usher: not ready: ") and '"store":{"status":"cannot be asked"' in said, said
        postgres_alone.start()
        eventually(lambda: health(usher)[0] == 0)


def test_health_does_not_wait_for_a_server_that_is_silent(usher):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        code, said = health(usher, f"127.0.0.1:{silent.getsockname()[1]}")
        assert code == 1 and "no answer in time" in said and time.monotonic() - start < 3


def test_health_of_a_server_with_tls_is_asked_by_its_address(tmp_path):
    make_certificate(tmp_path, "auth.example.org", names="DNS:auth.example.org")
    with Server(settings={"http.tls_cert": tmp_path / "cert.pem", "http.tls_key": tmp_path / "key.pem"}) as usher:
        assert health(usher)[0] == 0
        without_tls = Server(data_dir=usher.data_dir)
        assert health(without_tls, f"127.0.0.1:{usher.port}")[0] == 1
