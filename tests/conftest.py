"""Fixtures of the black-box tests: a server for each module, and accounts on it."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from support.scenario import fresh_email  # noqa: E402
from support.usher import Server  # noqa: E402


@pytest.fixture(scope="module")
def usher():
    with Server() as server:
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
