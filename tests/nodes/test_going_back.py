"""A database that lost its last transactions: the node that ended a session ends it again."""
import time
from uuid import UUID

import pytest

from nodes.fleet import ENDED_AGAIN, REACH_BY_POLL, check_of, fleet_of, sign_up, warm
from support.postgres import PostgresPair, execute, query
from support.scenario import alive, audited, dead, eventually, fresh_email, records
from support.usher import Server


class AsynchronousPair(PostgresPair):
    """What the standby does not have yet is acknowledged all the same."""

    def wait_for_standby(self):
        behind = "SELECT 1 FROM pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn()"
        eventually(lambda: query(self.primary.url("postgres"), behind), 30)


@pytest.fixture(scope="module")
def fleet():
    with fleet_of(Server, Server) as made:
        yield made


def newest(node):
    return records(node, "SELECT max(seq) FROM changes")[0][0]


def lose(node, one, since, then=""):
    """As if a sign-out, its record and its announcement had never reached this database; what follows may be there before a node looks."""
    execute(node.settings["database.url"], f"""
        UPDATE sessions SET ended_at = NULL, end_reason = NULL WHERE id = %s;
        DELETE FROM audit_events WHERE session_id = %s AND action = 'session.ended';
        DELETE FROM changes WHERE seq > %s; {then}""", UUID(one.session).bytes, UUID(one.session).bytes, since)


def assert_refused(nodes, one):
    """By every node, from the trust limit on."""
    began = time.monotonic()
    while (asked := time.monotonic() - began) < 3 * REACH_BY_POLL:
        assert asked < REACH_BY_POLL or [check_of(node, one.access) for node in nodes] == [401] * len(nodes), asked
    for node in nodes:
        dead(node, one, "logout")


@pytest.mark.parametrize("then", ["", "INSERT INTO changes (txid, kind, key, at) SELECT usher_txid(), kind, key, usher_now() FROM changes, generate_series(1, 9) LIMIT 9"],
                         ids=["", "and-was-written-to"])
def test_the_node_that_signed_out_does_it_again(fleet, then):
    _, _, nodes = fleet
    one, other = sign_up(nodes, fresh_email("lost")), sign_up(nodes, fresh_email("other"))
    warm(nodes, one.access)
    since = newest(nodes[0])
    assert nodes[0].post("/auth/logout", token=one.access).status == 204
    lose(nodes[0], one, since, then)
    assert_refused(nodes, one)
    assert audited(nodes[0], "session.ended", one.session) == [(one.session.replace("-", ""), "logout again: the database had lost it")]
    assert alive(nodes[0], other)


def test_after_an_asynchronous_fail_over():
    with fleet_of(Server, Server, redis=None, postgres=AsynchronousPair) as (pair, _, nodes):
        one, other = sign_up(nodes, fresh_email("lost")), sign_up(nodes, fresh_email("other"))
        warm(nodes, one.access)
        pair.wait_for_standby()
        pair.standby.kill()
        assert nodes[0].post("/auth/logout", token=one.access).status == 204
        pair.primary.kill_at_once()
        pair.standby.start()
        query(pair.standby.url("postgres"), "SELECT pg_promote()")
        eventually(lambda: all(node.get("/health/ready").status == 200 for node in nodes), 30)
        assert_refused(nodes, one)
        assert alive(nodes[1], other) and ENDED_AGAIN in nodes[0].logged()


def test_a_node_that_has_stopped_by_then_does_not(fleet):
    _, _, (here, there) = fleet
    one = sign_up([here, there], fresh_email("revived"))
    since, before = newest(here), there.logged().count(ENDED_AGAIN)
    assert here.post("/auth/logout", token=one.access).status == 204
    time.sleep(REACH_BY_POLL)  # what is lost before the other node has seen it is no loss to that one
    here.stop()
    try:
        lose(there, one, since)
        eventually(lambda: there.logged().count(ENDED_AGAIN) > before)
        assert alive(there, one), "the other node does not know who ended it: the documents say so"
    finally:
        here.start(here.port)
    assert alive(here, one)
