"""./dev bench: every promise of one node as a ratio to a limit that is measured in the same run.

Prints a Markdown table; docs/benchmarks.md holds the last one that was committed. Nothing is asserted here.
"""
import argparse
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import audit
import fleet
from measure import (BUILD, Nginx, Server, Store, accepted, alternate, cpu_per_request, load, refresh_script, row, rss_mib, tool, usher,
                     warm)


def cached(server):
    return int(float(re.search(r"^usher_sessions_cached (\S+)", server.get("/metrics").body.decode(), re.M)[1]))


def remember(server, tokens):
    """Checks them until memory holds (nearly) all."""
    while cached(server) < 0.99 * len(tokens):
        load(server.port, "/auth/check", tokens, seconds=20)


def hot_path(small, large, rounds, seconds):
    hot, wide = large.access[::max(len(large.access) // 2000, 1)][:2000], large.access
    with Nginx() as nginx, small.serve() as one, large.serve() as million:
        warm(one, small.access)
        warm(million, hot)
        warm(one, small.access[:50], "/auth/me")

        def of(pid, port, path, tokens=()):
            return lambda: cpu_per_request(pid, port, path, tokens, seconds)[0]
        us = alternate({
            "nginx": of(nginx.pid, nginx.port, "/auth/check", hot),
            "static": of(one.process.pid, one.port, "/health/live"),
            "check_1": of(one.process.pid, one.port, "/auth/check", small.access[:1]),
            "check_million": of(million.process.pid, million.port, "/auth/check", hot),
            "me": of(one.process.pid, one.port, "/auth/me", small.access[:50]),
        }, rounds)
        # A third of them first: by then the tables of fixed size (verified tokens, the readers' pages) are resident.
        remember(million, wide[::3])
        before = rss_mib(million.process.pid), cached(million)
        remember(million, wide)
        grown = rss_mib(million.process.pid) - before[0], cached(million) - before[1]
        load(million.port, "/auth/check", wide, seconds=5)
        uniform = cpu_per_request(million.process.pid, million.port, "/auth/check", wide, seconds)[0]
    limit = f"nginx `return 200`: {us['nginx']:.2f} µs"
    for name, what, goal in [("static", "static answer", "≤ 1.0"), ("check_1", "check, 1 session hot", "≤ 1.15"),
                             ("check_million", "check, 1,000,000 sessions, 2,000 hot tokens", "≤ 1.15"), ("me", "`/auth/me`", "≤ 1.4")]:
        row(what, limit, f"{us[name]:.2f} µs CPU per request", f"{us[name] / us['nginx']:.2f}", goal)
    row(f"check, uniform over {len(wide):,} sessions", limit, f"{uniform:.2f} µs", f"{uniform / us['nginx']:.2f}", "printed")
    row(f"memory of a cached session, {grown[1]:,} more of them", "–", f"{grown[0] * 1024 * 1024 / grown[1]:.0f} B", "–", "≤ 250 B")


def single_commits(seconds):
    with tempfile.TemporaryDirectory(prefix="usher-bench-") as directory:
        return float(tool(BUILD / "bench_limits", "sqlite", seconds, directory))


def refreshes(store, rounds, seconds):
    parts = iter(store.pairs[i * 5000:(i + 1) * 5000] for i in range(rounds))
    with Server(settings={"log.level": "warn"}, data_dir=store.dir) as server:
        rates = alternate({"single": lambda: single_commits(seconds),
                           "refresh": lambda: accepted(server.port, refresh_script(next(parts)), 64, seconds)}, rounds)
    row("refresh, durable, 64 clients", f"SQLite FULL, single commits: {rates['single']:,.0f}/s", f"{rates['refresh']:,.0f}/s",
        f"{rates['refresh'] / rates['single']:.1f}", "≥ 5")


LOGIN = ("wrk.method = 'POST'\nwrk.path = '/auth/login'\nwrk.headers['Content-Type'] = 'application/json'\n"
         "wrk.body = '{\"email\":\"ada@example.org\",\"password\":\"correct-horse-battery-7\"}'\n")


def logins(rounds, seconds):
    cores = os.cpu_count()
    with Server(settings={"log.level": "warn"}) as server:
        token = server.sign_up("ada@example.org").access
        rates = alternate({"raw": lambda: float(tool(BUILD / "bench_limits", "argon2", seconds, cores)),
                           "login": lambda: accepted(server.port, LOGIN, 16, seconds)}, rounds)
        p99 = alternate({"quiet": lambda: load(server.port, "/auth/check", [token], seconds, connections=8)["p99"],
                         "storm": lambda: p99_in_storm(server.port, token, seconds)}, rounds)
    row("login", f"raw argon2id, {cores} threads: {rates['raw']:.0f}/s", f"{rates['login']:.0f}/s",
        f"{rates['login'] / rates['raw']:.2f}", "≥ 0.95")
    row("check p99 during a login storm", f"quiet: {p99['quiet']:.2f} ms", f"{p99['storm']:.2f} ms",
        f"{p99['storm'] / p99['quiet']:.1f}", "≤ 3")


def p99_in_storm(port, token, seconds):
    storm = subprocess.Popen(["wrk", "-t1", "-c16", f"-d{seconds + 2}s", "-s", write_login(), f"http://127.0.0.1:{port}"],
                             stdout=subprocess.DEVNULL)
    time.sleep(1)
    busy = load(port, "/auth/check", [token], seconds, connections=8)
    storm.wait()
    return busy["p99"]


def write_login():
    path = Path(tempfile.gettempdir(), "usher-bench-login.lua")
    path.write_text(LOGIN)
    return str(path)


def seconds_to_first_answer(data_dir):
    # What the server needs, not what the interpreter that starts it needs.
    server = Server(settings={"log.level": "warn"}, data_dir=data_dir)
    began = time.perf_counter()
    with server:
        server.get("/health/live")
        took = time.perf_counter() - began
        time.sleep(1)
        return took, rss_mib(server.process.pid)


def starts(large):
    empty = tempfile.mkdtemp(prefix="usher-bench-")
    seconds_to_first_answer(empty)
    small = [seconds_to_first_answer(empty) for _ in range(5)]
    big = [seconds_to_first_answer(large.dir) for _ in range(3)]
    shutil.rmtree(empty)
    first = statistics.median(s[0] for s in small)
    row("start to first answer, empty store", "–", f"{first * 1000:.0f} ms", "–", "< 50 ms")
    row("start to first answer, 1,000,000 sessions", "–", f"{statistics.median(s[0] for s in big) * 1000:.0f} ms", "–", "< 1 s")
    row("idle memory", "–", f"{statistics.median(s[1] for s in small):.1f} MiB", "–", "< 30 MiB")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--quick", action="store_true", help="a tenth of the sessions and fewer rounds")
    options.add_argument("--fleet", action="store_true", help="a node on PostgreSQL and Redis instead")
    options.add_argument("--audit", action="store_true", help="the record of events instead")
    chosen = options.parse_args()
    quick = chosen.quick
    sessions, rounds, seconds = (100_000, 1, 2) if quick else (1_000_000, 5, 4)
    wide = sessions // 5
    print("| what | limit | measured | ratio | goal |\n|---|---|---|---|---|")
    if chosen.fleet:
        return fleet.measure(sessions, rounds, seconds)
    if chosen.audit:
        return audit.measure(sessions, rounds)
    small, large = Store(1000, 1000), Store(sessions, wide)
    try:
        hot_path(small, large, rounds, seconds)
        refreshes(large, rounds, seconds)
        logins(rounds, seconds)
        starts(large)
    finally:
        small.remove()
        large.remove()


main()
