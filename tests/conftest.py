"""Fixtures of the black-box tests: a server for each module, and accounts on it."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from support.postgres import Postgres  # noqa: E402
from support.scenario import fresh_email  # noqa: E402
from support.usher import Server  # noqa: E402


def pytest_generate_tests(metafunc):
    """A module that says BOTH_ENGINES runs on the embedded store and on PostgreSQL."""
    if "store" in metafunc.fixturenames and getattr(metafunc.module, "BOTH_ENGINES", False):
        metafunc.parametrize("store", ["sqlite", "postgres"], indirect=True, scope="module")


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
    engine = getattr(request, "param", "sqlite")
    return request.getfixturevalue("postgres").settings() if engine == "postgres" else {}


@pytest.fixture(scope="module")
def usher(store):
    with Server(settings=store) as server:
        yield server


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
