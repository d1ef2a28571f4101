"""Fixtures of the black-box tests: a server for each module, and accounts on it.

USHER_TEST_STORES names the stores of STORES on which the modules of both engines run; sqlite and postgres by default.
"""
import contextlib
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from support.pgbouncer import PgBouncer  # noqa: E402
from support.postgres import Postgres  # noqa: E402
from support.redis import RedisCluster, RedisWithSentinel  # noqa: E402
from support.scenario import eventually, fresh_email  # noqa: E402
from support.usher import Server  # noqa: E402


def pytest_generate_tests(metafunc):
    """A module that says BOTH_ENGINES runs on the embedded store and on PostgreSQL."""
    if "store" in metafunc.fixturenames and getattr(metafunc.module, "BOTH_ENGINES", False):
        stores = os.environ.get("USHER_TEST_STORES", "sqlite,postgres").split(",")
        metafunc.parametrize("store", stores, indirect=True, scope="module")


STORES = {"postgres": contextlib.nullcontext, "pooler": PgBouncer, "sentinel": lambda _: RedisWithSentinel(), "cluster": lambda _: RedisCluster()}


@pytest.fixture(scope="session")
def postgres():
    with Postgres() as server:
        yield server


@pytest.fixture
def postgres_alone():
    """One that a test may freeze or kill."""
    with Postgres() as server:
        yield server


@pytest.fixture(scope="module")
def store(request):
    """The settings by which a server finds a new store."""
    name = getattr(request, "param", "sqlite")
    if name == "sqlite":
        yield {}
        return
    postgres = request.getfixturevalue("postgres")
    with STORES[name](postgres) as behind:
        yield behind.settings() if name in ("postgres", "pooler") else postgres.settings() | {"redis.url": behind.url}


@pytest.fixture(scope="module")
def usher(store):
    """With Redis, where there is one, from beginning to end."""
    def redis_is_used():
        return "redis.url" not in store or server.get("/health/ready").json["dependencies"]["redis"]["status"] == "ok"

    with Server(settings=store) as server:
        eventually(redis_is_used, 10)
        yield server
        eventually(redis_is_used, 10)


@pytest.fixture
def ada(usher):
    """Somebody who has just registered."""
    return usher.sign_up(fresh_email("ada"))


@pytest.fixture(scope="module")
def root(usher):
    """The first super_admin, made as an operator makes one."""
    made = usher.sign_up(fresh_email("root"))
    usher.cli("user", "grant", made.email, "super_admin")
    return made
