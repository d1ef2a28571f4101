"""Nodes of an earlier version and of this one side by side; ./dev test --from REV builds the earlier one."""
import os
import time
from pathlib import Path

import pytest

from nodes.fleet import all_is_well, assert_no_promise_is_broken, fleet_of, sign_up
from support.scenario import alive, eventually, fresh_email
from support.usher import BINARY, Server

BEFORE = os.environ.get("USHER_BINARY_BEFORE")


@pytest.mark.skipif(not BEFORE, reason="skipped: no earlier version to run beside this one; ./dev test --from REV builds it")
def test_a_rolling_update_and_the_way_back_sign_nobody_out():
    def earlier(**more):
        return Server(binary=Path(BEFORE), **more)

    def there_and_back_and_there(postgres, redis, nodes):
        for binary in (BINARY, Path(BEFORE), BINARY):
            for node in nodes:
                assert node.stop() == 0
                node.binary = binary
                node.start(node.port)
                eventually(lambda: all_is_well(node), 20)  # noqa: B023
                time.sleep(0.5)  # of both versions at once
        yield

    with fleet_of(earlier, earlier, earlier) as fleet:
        one = sign_up(fleet[2], fresh_email("traveller"))
        assert_no_promise_is_broken(fleet, there_and_back_and_there)
        assert all(alive(node, one) for node in fleet[2])
