"""Of ./dev bench --fleet: one node on PostgreSQL and Redis, as ratios to pgbench, redis-benchmark and the embedded store."""
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

from measure import (BUILD, ROOT, Server, Store, accepted, alternate, cpu_per_request, load, refresh_script, row, rss_mib, tool, usher,
                     warm)

sys.path.insert(0, str(ROOT / "tests"))
from support.postgres import PROGRAMS, Postgres, execute, query  # noqa: E402
from support.redis import Redis  # noqa: E402
from support.scenario import eventually, followed  # noqa: E402

CLIENTS, MANY = 16, 64
CONF = "shared_buffers = '256MB'\nmax_wal_size = '4GB'\n"
SELECT = "\\set id random(1, 100000)\nSELECT id, n, a, b FROM limits WHERE id = :id;\n"
UPDATE = "\\set id random(1, 100000)\nUPDATE limits SET n = n + 1 WHERE id = :id;\n"
LIMITS = ("CREATE TABLE limits AS SELECT id::bigint, 0::bigint AS n, repeat('a', 120) AS a, repeat('b', 120) AS b FROM generate_series(1, 100000) id;"
          "ALTER TABLE limits ADD PRIMARY KEY (id)")


def pgbench(url, script, seconds, clients=CLIENTS):
    """Transactions a second of one statement, prepared, by as many clients as the node has."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        out = tool(PROGRAMS / "pgbench", "-n", "-M", "prepared", "-c", clients, "-j", 1, "-T", seconds, "-f", file.name, url)
    return float(re.search(r"tps = ([\d.]+)", out)[1])


def redis_gets(redis):
    out = tool("redis-benchmark", "-p", redis.port, "-t", "get", "-c", CLIENTS, "-n", 100_000, "-d", 300, "--csv")
    return float(re.search(r'"GET","([\d.]+)"', out)[1])


def used_memory(redis):
    return int(re.search(r"used_memory:(\d+)", redis.cli("INFO", "memory"))[1])


def hot(embedded, node, tokens, rounds, seconds):
    warm(embedded, tokens)
    warm(node, tokens)
    us = alternate({name: (lambda one=one: cpu_per_request(one.process.pid, one.port, "/auth/check", tokens, seconds)[0])
                    for name, one in (("embedded", embedded), ("fleet", node))}, rounds)
    row("check from memory", f"on the embedded store: {us['embedded']:.2f} µs", f"{us['fleet']:.2f} µs CPU per request",
        f"{us['fleet'] / us['embedded']:.2f}", "1.0")


def misses(settings, redis, url, parts, rounds, seconds=1):
    """Each token for the first time: a signature to verify, and a row to read or the copy that another node made of it."""
    tokens, copies = [], []

    def first_checks(outcome):
        with usher(**settings) as node:
            eventually(lambda: followed(node), 5)
            before = used_memory(redis)
            figures = load(node.port, "/auth/check", tokens, seconds, connections=CLIENTS)
            assert figures["bad"] == 0 and figures["requests"] < len(tokens), figures
            answered = int(re.search(rf'outcome="{outcome}"}} (\d+)', node.get("/metrics").body.decode())[1])
            assert answered > 0.9 * figures["requests"], "most by " + outcome
            if outcome == "store":
                copies.append((used_memory(redis) - before) / figures["requests"])
            return figures["rate"]

    def read():
        tokens[:] = next(parts)
        return first_checks("store")

    def copied():
        with usher(**settings) as other:  # it comes further than the one that is measured
            load(other.port, "/auth/check", tokens, 3 * seconds, connections=CLIENTS)
        return first_checks("copy")

    rates = alternate({"select": lambda: pgbench(url, SELECT, seconds), "get": lambda: redis_gets(redis), "read": read, "copied": copied},
                      rounds)
    row(f"check, not in memory, {CLIENTS} clients", f"pgbench, one row by its key: {rates['select']:,.0f}/s", f"{rates['read']:,.0f}/s",
        f"{rates['read'] / rates['select']:.2f}", "printed")
    row("the same, which another node has read", f"redis-benchmark GET: {rates['get']:,.0f}/s", f"{rates['copied']:,.0f}/s",
        f"{rates['copied'] / rates['get']:.2f}", "printed")
    row("Redis, for a session", "–", f"{statistics.median(copies):.0f} B", "–", "< 400 B")


def refreshes(node, url, parts, clients, rounds, seconds):
    rates = alternate({"update": lambda: pgbench(url, UPDATE, seconds, clients),
                       "refresh": lambda: accepted(node.port, refresh_script(next(parts)), clients, seconds)}, rounds)
    row(f"refresh, durable, {clients} clients", f"pgbench, one row updated: {rates['update']:,.0f}/s", f"{rates['refresh']:,.0f}/s",
        f"{rates['refresh'] / rates['update']:.2f}", "≥ 0.7")


def listing(node, token, sessions):
    times = []
    for _ in range(200):
        began = time.perf_counter()
        answer = node.get("/auth/sessions", token=token)
        times.append(time.perf_counter() - began)
    assert answer.status == 200
    times.sort()
    row(f"a user's sessions listed, among {sessions:,}", "–", f"p50 {times[100] * 1000:.1f} ms, p99 {times[197] * 1000:.1f} ms", "–", "printed")


def expiry(node, url, token, seconds):
    """Most sessions are long over; the node clears them away once a minute while it is asked."""
    quiet = load(node.port, "/auth/check", [token], seconds, connections=8)["p99"]
    before = query(url, "SELECT count(*) FROM sessions")[0][0]
    execute(url, "UPDATE sessions SET ended_at = 1, end_reason = 'logout' WHERE get_byte(id, 15) >= 64")
    deadline = time.monotonic() + 90
    while query(url, "SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL")[0][0] > 0.74 * before:
        assert time.monotonic() < deadline, "nothing was cleared away"
        time.sleep(0.05)
    began, left = time.perf_counter(), query(url, "SELECT count(*) FROM sessions")[0][0]
    busy = load(node.port, "/auth/check", [token], seconds, connections=8)["p99"]
    cleared = (left - query(url, "SELECT count(*) FROM sessions")[0][0]) / (time.perf_counter() - began)
    row(f"check p99 while {cleared:,.0f} ended sessions a second are cleared away", f"quiet: {quiet:.2f} ms", f"{busy:.2f} ms",
        f"{busy / quiet:.1f}", "≤ 2")


def moved(store, target):
    """Into PostgreSQL by the product's own command; returns the settings of its nodes."""
    began = time.perf_counter()
    tool(BUILD / "usher", "data", "copy", f"--from=sqlite:{store.dir}/usher.db", f"--to={target['database.url']}", f"--data.dir={store.dir}")
    took = time.perf_counter() - began
    row("moved from the embedded store", "–", f"{len(store.pairs):,} of its sessions' tokens kept, {took:.0f} s", "–", "printed")
    return target | {"keys.master": Path(store.dir, "master.key").read_text().strip()}


def measure(sessions, rounds, seconds):
    store = Store(sessions, sessions // 2)
    with Postgres(fsync="on", conf=CONF) as postgres, Redis() as redis:
        settings = moved(store, postgres.settings()) | {"redis.url": redis.url, "sessions.ended_retention": "1d"}
        url = settings["database.url"]
        execute(url, LIMITS)
        execute(url, "VACUUM ANALYZE")
        each = len(store.pairs) // (3 * rounds + 1)
        parts = [store.pairs[i * each:(i + 1) * each] for i in range(3 * rounds)]
        spare = store.access[-2000:]
        misses(settings, redis, url, iter([pair[0] for pair in part] for part in parts[:rounds]), rounds)
        with usher(**settings) as node:
            with store.serve() as embedded:
                hot(embedded, node, spare, rounds, seconds)
            listing(node, spare[0], sessions)
            row("memory of that node", "–", f"{rss_mib(node.process.pid):.0f} MiB", "–", "printed")
        # On both cores, as its limit.
        with Server(settings=settings | {"log.level": "warn"}) as node:
            for i, clients in enumerate((CLIENTS, MANY), 1):
                refreshes(node, url, iter(parts[i * rounds:]), clients, rounds, seconds)
            expiry(node, url, spare[1], seconds)
    store.remove()
