"""Of ./dev bench --audit: what the record of events costs the database, and how fast it is verified."""
import os
import shutil
import sqlite3
import sys
import tempfile
import time

from measure import BUILD, ROOT, Server, row, tool

sys.path.insert(0, str(ROOT / "tests"))
from support.postgres import Postgres, execute, query  # noqa: E402
from support.scenario import eventually  # noqa: E402

INSERT = ("INSERT INTO audit_events (id, at, action, actor, subject, session_id, actor_session, ip_address, request_id, detail) "
          "VALUES (?, ?, 'session.created', ?, ?, ?, NULL, '192.0.2.17', '71a220c52a4a668e00000002', 'pwd')")
SCAN = ("SELECT sum(at + length(id) + length(action) + length(subject) + length(request_id) + length(detail)) FROM "
        "(SELECT * FROM audit_events ORDER BY id)")
STATEMENTS = "shared_preload_libraries = 'pg_stat_statements'\npg_stat_statements.track_utility = on\n"


def event(at):
    id = bytearray(at.to_bytes(6, "big") + os.urandom(10))
    id[6], id[8] = 0x70 | id[6] & 15, 0x80 | id[8] & 63
    return bytes(id), at, os.urandom(16), os.urandom(16), os.urandom(16)


def seconds_of(action):
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def verification(events, rounds):
    directory = tempfile.mkdtemp(prefix="usher-bench-")
    verify = (BUILD / "usher", "audit", "verify", f"--data.dir={directory}")
    try:
        tool(*verify)  # makes the store
        store, first = sqlite3.connect(f"{directory}/usher.db"), int(time.time() * 1000) - 50 * events
        with store:
            store.executemany(INSERT, (event(first + 50 * n) for n in range(events)))
        with Server(settings={"log.level": "warn"}, data_dir=directory):
            eventually(lambda: ", 0 not sealed yet" in tool(*verify), seconds=120)
        scan = min(seconds_of(lambda: store.execute(SCAN).fetchall()) for _ in range(rounds))
        took = min(seconds_of(lambda: tool(*verify)) for _ in range(rounds))
        store.close()
    finally:
        shutil.rmtree(directory)
    row(f"`usher audit verify`, {events:,} events, one core", f"SQLite reads them: {events / scan:,.0f}/s", f"{events / took:,.0f}/s",
        f"{scan / took:.2f}", "≥ 500,000/s")


def database_ms(url, like):
    (ms,), = query(url, "SELECT coalesce(sum(total_exec_time), 0) FROM pg_stat_statements WHERE query LIKE %s", like)
    return ms


def cost(sign_ins):
    """The statements of sign-ins and sign-outs, one at a time, by the database's own count."""
    with Postgres(fsync="on", conf=STATEMENTS) as postgres, Server(settings=postgres.settings() | {"log.level": "warn"}) as server:
        url = server.settings["database.url"]
        execute(url, "CREATE EXTENSION pg_stat_statements")
        who = server.sign_up("ada@example.org")
        query(url, "SELECT pg_stat_statements_reset()")
        for _ in range(sign_ins):
            server.post("/auth/logout", token=server.login(who.email).access)
        written, sealing, all = (database_ms(url, like) for like in ("INSERT INTO audit_events%", "%audit_seals%", "%"))
        looking = database_ms(url, "SELECT%FROM audit_events%")
        polls = database_ms(url, "%changes%") - database_ms(url, "INSERT INTO changes%")
    own = all - written - sealing - looking - polls
    row(f"events of {sign_ins} sign-ins and sign-outs", f"their other statements and commits: {own / sign_ins:.2f} ms each",
        f"{written / sign_ins:.3f} ms", f"{written / own:.2f}", "< 0.10")
    row("the same with sealing, which runs beside them", "", f"{(written + sealing + looking) / sign_ins:.3f} ms",
        f"{(written + sealing + looking) / own:.2f}", "printed")


def measure(events, rounds):
    verification(events, rounds)
    cost(events // 2000)
