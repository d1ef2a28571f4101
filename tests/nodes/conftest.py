import pytest

from nodes.fleet import fleet_of
from support.usher import Server


@pytest.fixture(scope="module")
def fleet():
    with fleet_of(Server, Server, Server) as made:
        yield made
