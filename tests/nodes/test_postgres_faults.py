"""PostgreSQL dies, hangs, is slow, full, locked or has no connection left, under load: what was acknowledged stays, nobody is signed
out, and it heals without help."""
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

import psycopg2
import pytest

from history.load import MIX
from nodes.fleet import LONG, all_is_well, assert_no_promise_is_broken, fleet_of, sign_up, wait_for
from support.disk import fill, small_disk
from support.pgbouncer import PgBouncer
from support.postgres import Postgres, PostgresPair, execute, query
from support.scenario import eventually, fresh_email
from support.slow_link import BehindSlowLink, SlowLink
from support.usher import PASSWORD, Server


def postgres_killed(postgres, redis, nodes):
    postgres.kill()
    yield
    postgres.start()


def postgres_restarted(postgres, redis, nodes):
    postgres.restart()
    yield


def postgres_paused(postgres, redis, nodes):
    postgres.freeze()
    yield
    postgres.thaw()


@contextmanager
def transaction(nodes, *statements):
    """Of another client, which then does nothing but hold its locks."""
    with closing(psycopg2.connect(nodes[0].settings["database.url"])) as link, link.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        yield


def sessions_locked(postgres, redis, nodes):
    with transaction(nodes, "LOCK TABLE sessions"):
        yield


def deadlocks(postgres, redis, nodes):
    """Another client locks in the other order than Usher does."""
    url = nodes[0].settings["database.url"]
    done, found = threading.Event(), []

    def collide():
        while not done.is_set():
            with suppress(psycopg2.errors.DeadlockDetected), transaction(nodes, "SELECT 1 FROM sessions FOR UPDATE", "SELECT pg_sleep(0.1)",
                                                                         "SELECT 1 FROM users FOR UPDATE"):
                pass

    def counted():
        return query(url, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")[0][0]

    thread = threading.Thread(target=collide, daemon=True)
    thread.start()
    yield
    eventually(counted, 30)  # until somebody collided
    done.set()
    thread.join()


FAULTS = [postgres_restarted, postgres_paused, sessions_locked, deadlocks]
OFTEN_LOCKING_BOTH = MIX | {"revoke_others": 6}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_no_promise_is_broken_while(fleet, fault):
    assert_no_promise_is_broken(fleet, fault, OFTEN_LOCKING_BOTH if fault is deadlocks else MIX)


@pytest.mark.skipif(not LONG, reason="skipped: takes minutes, ./dev test --faults")
@pytest.mark.parametrize("fault", [postgres_killed, postgres_paused], ids=lambda fault: fault.__name__)
def test_nor_while_it_is_away_for_a_minute(fleet, fault):
    assert_no_promise_is_broken(fleet, fault, rounds=1, seconds=60.0)


def failed_over(pair, redis, nodes):
    """What the dead one acknowledged the other has, and it is found without a new setting."""
    pair.fail_over()
    yield
    wait_for(all_is_well, nodes)
    pair.come_back()


class PostgresBehindSlowLink(BehindSlowLink, Postgres):
    def settings(self):
        settings = super().settings()
        return settings | {"database.url": settings["database.url"].replace(f":{self.port}/", f":{self.link.port}/")}


def slow(postgres, redis, nodes):
    postgres.link.delay = (0.2, 2.0) if LONG else (0.05, 0.3)
    yield
    postgres.link.delay = (0, 0)


@contextmanager
def postgres_on_a_small_disk():
    with small_disk(160) as path, Postgres(parent=path) as postgres:
        yield postgres


def disk_full(postgres, redis, nodes):
    ballast = Path(postgres.dir).with_name("ballast")
    fill(ballast)

    def refuses():
        with suppress(psycopg2.Error):
            execute(postgres.url("postgres"), "SELECT pg_switch_wal()")  # the log needs a new file
        return nodes[0].register(fresh_email("full")).status == 503
    eventually(refuses, 10)
    yield
    ballast.unlink()
    if postgres.process.poll() is not None:  # it ends when it cannot write its log; who frees the disk starts it
        postgres.start()


def connections_exhausted(postgres, redis, nodes):
    """Others take every connection, those of the nodes as well."""
    taken, url = [], postgres.url("postgres")
    watching = psycopg2.connect(url)
    watching.autocommit = True
    with watching.cursor() as cursor:
        while True:
            with suppress(psycopg2.OperationalError):
                while True:
                    taken.append(psycopg2.connect(url))
            cursor.execute("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'usher'")
            if cursor.fetchone() == (0,):
                break
    eventually(lambda: nodes[0].get("/health/ready").status == 503)
    yield
    for link in [watching, *taken]:
        link.close()


@contextmanager
def behind_a_pooler():
    with Postgres() as postgres, PgBouncer(postgres) as pooler:
        yield pooler


def pooler_restarted(pooler, redis, nodes):
    pooler.kill()
    yield
    pooler.start()


KINDS = {failed_over: PostgresPair, pooler_restarted: behind_a_pooler, slow: PostgresBehindSlowLink, disk_full: postgres_on_a_small_disk,
         connections_exhausted: partial(Postgres, conf="max_connections = 60")}


@pytest.mark.parametrize("fault", KINDS, ids=lambda fault: fault.__name__)
def test_nor_on_a_postgres_of_its_own_while(fault):
    with fleet_of(Server, Server, postgres=KINDS[fault]) as fleet:
        assert_no_promise_is_broken(fleet, fault)


def test_a_server_that_falls_silent_once_it_is_connected_is_given_up(fleet):
    """The settings of a new connection once had no deadline: a start hung for ever."""
    postgres, _, nodes = fleet
    with SlowLink(postgres.port, last_words=b"Z\0\0\0\5I") as link:
        url = nodes[0].settings["database.url"].replace(f":{postgres.port}/", f":{link.port}/")
        done = subprocess.run(nodes[0].command("migrate", "status") + [f"--database.url={url}"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and "does not answer" in done.stderr, done.stderr


def test_a_password_change_that_is_repeated_stores_the_password(fleet):
    """Its first attempt once moved the hash away, and the next one stored an empty one."""
    postgres, _, nodes = fleet
    one, new = sign_up(nodes, fresh_email("repeated")), "another-Horse-battery-8"
    waits = "SELECT pid FROM pg_stat_activity WHERE application_name = 'usher' AND wait_event_type = 'Lock' AND query LIKE '%sessions%'"
    change = {"currentPassword": PASSWORD, "newPassword": new}
    with ThreadPoolExecutor(1) as pool:
        # The last step of the transaction waits; its connection is lost, and all of it is done again.
        with transaction(nodes, "SELECT 1 FROM sessions FOR UPDATE"):
            changing = pool.submit(nodes[0].post, "/auth/change-password", change, token=one.access)
            pid = eventually(lambda: query(postgres.url("postgres"), waits))[0][0]
            query(postgres.url("postgres"), "SELECT pg_terminate_backend(%s)", pid)
        assert changing.result().status == 200
    assert nodes[1].login_answer(one.email, new).status == 200
