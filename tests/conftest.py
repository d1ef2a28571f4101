"""Fixtures of the black-box tests: a server for each module, and accounts on it.

USHER_TEST_STORES names the stores, sqlite or of STORES, on which modules run that say of themselves that they run on several.
"""
import contextlib
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from support.pair import Pair  # noqa: E402
from support.pgbouncer import PgBouncer  # noqa: E402
from support.postgres import Postgres  # noqa: E402
from support.redis import Redis, RedisCluster, RedisWithSentinel  # noqa: E402
from support.scenario import eventually, followed, fresh_email, holding  # noqa: E402
from support.usher import Server, entered  # noqa: E402


def pytest_generate_tests(metafunc):
    """A module that says ONE_NODE_AND_TWO runs on the embedded store, and on two nodes on PostgreSQL and Redis."""
    if "kind" in metafunc.fixturenames and getattr(metafunc.module, "ONE_NODE_AND_TWO", False):
        # Each name is one object: pytest would else take it for another one, and make a new server for each test.
        kinds = map(sys.intern, os.environ.get("USHER_TEST_STORES", "sqlite,pair").split(","))
        metafunc.parametrize("kind", list(kinds), indirect=True, scope="module")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A test that fails shows what its servers complained of."""
    report = (yield).get_result()
    if report.failed:
        report.sections += [(f"complaints of {server.url}", "\n".join(server.complained())) for server in entered]


# What stands beside or before PostgreSQL; the nodes of a pair are two.
STORES = {"postgres": contextlib.nullcontext, "pooler": PgBouncer, "sentinel": lambda _: RedisWithSentinel(), "cluster": lambda _: RedisCluster(),
          "pair": lambda _: Redis()}


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
def kind(request):
    """The name of the store."""
    return getattr(request, "param", "sqlite")


@pytest.fixture(scope="module")
def behind(request, kind):
    """What the servers of the store ask beside or instead of PostgreSQL, if not the embedded one."""
    if kind == "sqlite":
        yield None
        return
    with STORES[kind](request.getfixturevalue("postgres")) as made:
        yield made


@pytest.fixture(scope="module")
def redis(kind, behind):
    """The one that a test may stop or empty, if there is one."""
    return behind if kind == "pair" else None


@pytest.fixture(scope="module")
def store(request, kind, behind):
    """The settings by which a server finds a new store."""
    if kind == "sqlite":
        return {}
    if kind in ("postgres", "pooler"):
        return behind.settings()
    return request.getfixturevalue("postgres").settings() | {"redis.url": behind.url}


@pytest.fixture(scope="module")
def serve(kind):
    """Makes a server of settings: one node, or two that answer in turn."""
    return Pair if kind == "pair" else Server


@pytest.fixture(scope="module")
def usher(serve, store):
    """With Redis, where there is one, from beginning to end."""
    def redis_is_used():
        return "redis.url" not in store or followed(server)

    with serve(settings=store) as server:
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
    return holding(usher, "super_admin")
