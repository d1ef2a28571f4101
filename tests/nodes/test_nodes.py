"""Several nodes on one PostgreSQL and one Redis: what one of them ended is over on all.

USHER_SEED repeats a run.
"""
import base64
import json
import re
import statistics
import threading
import time

import pytest

from nodes.fleet import REACH_BY_POLL, Busy, assert_no_promise_is_broken, check_of, fleet_of, followed, sign_up, wait_for, warm
from nodes.reach import Reach, Share
from support.redis import Redis
from support.scenario import alive, assert_problem, dead, eventually, fresh_email
from support.usher import PASSWORD, ROOT, Server

REACH = 0.1  # what the documents promise of a node that answers from memory, while all is well


@pytest.fixture(scope="module")
def nodes():
    with fleet_of(Server, Server, Server) as (_, _, made):
        yield made


def seconds_until_each(nodes, condition, began):
    """For each node how long after `began` the condition held first."""
    times, waiting = [], list(nodes)
    while waiting:
        assert time.monotonic() - began < 5, "never"
        for node in list(waiting):
            if condition(node):
                times.append(time.monotonic() - began)
                waiting.remove(node)
    return times


def show(what, seconds):
    """The 99th percentile; none is beyond the trust limit, whatever the machine does meanwhile."""
    ordered = sorted(s * 1000 for s in seconds)
    p99 = ordered[int(len(ordered) * 0.99)]
    print(f"{what}: median {statistics.median(ordered):.1f} ms, p99 {p99:.1f} ms, worst {ordered[-1]:.1f} ms, of {len(ordered)}")
    assert statistics.median(seconds) < REACH and max(seconds) < REACH_BY_POLL
    return p99 / 1000


def test_what_one_node_ended_the_others_refuse_at_once(nodes):
    """99 of 100 within 100 ms while four fifths of the processors are busy. What else runs on the machine may spoil a try, not three."""
    email = fresh_email("revoked")
    sign_up(nodes, email)
    tries = []
    with Busy(nodes, share=0.8):
        while not tries or (min(tries) >= REACH and len(tries) < 3):
            time.sleep(3)  # until the clients have found their pace
            with Share() as share, Reach(nodes, email, PASSWORD) as reach:
                pass
            tries.append(show(f"sign-out asked until refused on another node, {share.of_all:.0%} of the processors busy", reach.times))
    assert min(tries) < REACH


def test_nor_do_busier_processors_keep_them_from_it(nodes):
    email = fresh_email("revoked")
    sign_up(nodes, email)
    with Busy(nodes), Share() as share, Reach(nodes, email, PASSWORD) as reach:
        pass
    show(f"the same, {share.of_all:.0%} of the processors busy", reach.times)


def test_roles_and_disabled_accounts_are_obeyed_by_all(nodes):
    here, *there = nodes
    root, who = sign_up(nodes, fresh_email("root")), sign_up(nodes, fresh_email("who"))
    here.cli("user", "grant", root.email, "super_admin")
    roles, disabled = [], []
    for _ in range(20):
        warm(nodes, who.access)
        began = time.monotonic()
        assert here.post(f"/users/{who.user['id']}/roles", {"role": "support"}, token=root.access).status == 201
        roles += seconds_until_each(there, lambda node: check_of(node, who.access, "users:read") == 204, began)  # noqa: B023
        began = time.monotonic()
        assert here.delete(f"/users/{who.user['id']}/roles/support", token=root.access).status in (200, 204)
        roles += seconds_until_each(there, lambda node: check_of(node, who.access, "users:read") == 403, began)  # noqa: B023
        began = time.monotonic()
        assert here.post(f"/users/{who.user['id']}/disable", token=root.access).status < 300
        disabled += seconds_until_each(there, lambda node: check_of(node, who.access) == 401, began)  # noqa: B023
        assert_problem(there[0].get("/auth/me", token=who.access), 401, "account_disabled")
        assert here.post(f"/users/{who.user['id']}/enable", token=root.access).status < 300
        who = there[0].login(who.email)
    show("role given or taken until obeyed by another node", roles)
    show("account disabled until refused by another node", disabled)


def test_what_the_command_line_does_every_node_obeys_when_it_returns(nodes):
    who = sign_up(nodes, fresh_email("by-hand"))
    warm(nodes, who.access)
    nodes[0].cli("session", "revoke", who.email)
    seconds_until_each(nodes, lambda node: check_of(node, who.access) == 401, time.monotonic())
    for node in nodes:
        dead(node, who, "admin")


def test_all_sessions_of_all_users_end_on_every_node_at_once(nodes):
    here = [sign_up(nodes, fresh_email("everybody")) for _ in range(3)]
    for one in here:
        warm(nodes, one.access)
    nodes[0].cli("session", "revoke-all")
    for one in here:
        seconds_until_each(nodes, lambda node: check_of(node, one.access) == 401, time.monotonic())  # noqa: B023
        dead(nodes[-1], one, "admin")
    assert nodes[0].cli("session", "revoke-all").stdout.startswith("ended 0 sessions in ")


def test_a_refresh_token_has_one_successor_on_all_nodes(nodes):
    one = sign_up(nodes, fresh_email("tabs"))
    for _ in range(5):
        answers, threads = [], []
        for node in nodes * 8:
            threads.append(threading.Thread(target=lambda n=node: answers.append(n.refresh(one.refresh))))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {a.status for a in answers} == {200}
        assert len({a.json["refreshToken"] for a in answers}) == 1
        one.refresh = answers[0].json["refreshToken"]


def test_a_node_that_stood_still_believes_nothing_it_remembers(nodes):
    """SIGSTOP: its memory says that the session lives, and its clock that memory is old."""
    here, still = nodes[0], nodes[-1]
    one = sign_up(nodes, fresh_email("stopped"))
    for pause in (0.3, 1.5, 3.0):
        one = here.login(one.email)
        warm(nodes, one.access)
        still.process.send_signal(19)
        try:
            time.sleep(pause)
            assert here.delete(f"/auth/sessions/{one.session}", token=one.access).status == 200
            answers = []
            waiting = threading.Thread(target=lambda: answers.append(check_of(still, one.access)))  # noqa: B023
            waiting.start()
            time.sleep(REACH_BY_POLL)
        finally:
            still.process.send_signal(18)
        waiting.join()
        assert answers == [401], pause


def test_without_redis_the_polls_carry_everything():
    with fleet_of(Server, Server, redis=None) as (_, _, nodes):
        times = []
        one = sign_up(nodes, fresh_email("polled"))
        for _ in range(10):
            one = nodes[0].login(one.email)
            warm(nodes, one.access)
            began = time.monotonic()
            assert nodes[0].post("/auth/logout", token=one.access).status == 204
            # Nobody else is asked before the answer: when it comes, the others have polled.
            times += seconds_until_each(nodes[1:], lambda node: check_of(node, one.access) == 401, began)  # noqa: B023
        print(f"sign-out asked until refused on another node, without Redis: worst {max(times) * 1000:.0f} ms of {len(times)}")
        assert max(times) < REACH_BY_POLL


def test_keys_are_rotated_under_load_and_nobody_notices():
    """The new key signs once every node has read it."""
    def kid():
        return json.loads(base64.urlsafe_b64decode(nodes[1].login(one.email).access.split(".")[0] + "=="))["kid"]

    def keys_rotated(postgres, redis, nodes):
        old = kid()
        nodes[0].cli("keys", "rotate")
        yield
        eventually(lambda: kid() != old, 40)

    with fleet_of(Server, Server, Server) as fleet:
        nodes = fleet[2]
        one = sign_up(nodes, fresh_email("patient"))
        assert_no_promise_is_broken(fleet, keys_rotated)
        assert all(alive(node, one) for node in nodes)


def test_a_user_of_redis_who_may_what_the_documents_say_is_enough():
    sentence = re.search(r"The user needs (.*?)on `usher", (ROOT / "docs/OPERATIONS.md").read_text(), re.S)[1]
    commands = re.findall(r"`([A-Z]+)`", sentence)
    with Redis() as redis:
        redis.cli("ACL", "SETUSER", "usher", "on", ">secret", "resetkeys", "~usher:*", "-@all", *(f"+{name.lower()}" for name in commands))
        settings = {"redis.url": redis.url.replace("redis://", "redis://usher:secret@"), "limits.enabled": "true"}
        with fleet_of(Server, Server, redis=None, **settings) as (_, _, nodes):
            wait_for(followed, nodes, 5)
            one = sign_up(nodes, fresh_email("allowed"))
            warm(nodes, one.access)
            nodes[0].post("/auth/logout", token=one.access)
            eventually(lambda: check_of(nodes[1], one.access) == 401, 1)
            assert all(map(followed, nodes))
            assert redis.cli("ACL", "LOG") == ""


def test_what_is_watched_moves():
    def values(node):
        lines = [line.rsplit(" ", 1) for line in node.get("/metrics").body.decode().splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in lines}

    with Redis("--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru") as redis:
        with fleet_of(Server, Server, redis=None, **{"redis.url": redis.url}) as (_, _, nodes):
            wait_for(followed, nodes, 5)
            one, first = sign_up(nodes, fresh_email("watched")), nodes[0]
            note = first.get("/health/ready").json["dependencies"]["redis"]["note"]
            assert "allkeys-lru" in note and "allkeys-lru" in first.logged()
            before = values(first)
            assert before["usher_stream_age_seconds"] < 0.5 and before["usher_changes_age_seconds"] < 1
            assert "usher_fills_discarded_total" in before
            first.post("/auth/logout", token=one.access)
            after = values(first)
            for name in ("usher_change_seconds_count", 'usher_changes_published_total{outcome="ok"}'):
                assert after[name] > before[name]
            redis.cli("XTRIM", "usher:{changes}:entries", "MAXLEN", "0")
            redis.cli("HINCRBY", "usher:{changes}:state", "number", "5")
            eventually(lambda: values(first)["usher_stream_gaps_total"] > after["usher_stream_gaps_total"], 5)
            redis.freeze()
            eventually(lambda: values(first)["usher_stream_age_seconds"] > 1, 5)
            first.post("/auth/logout", token=nodes[1].login(one.email).access)
            assert values(first)['usher_changes_published_total{outcome="failed"}'] > before['usher_changes_published_total{outcome="failed"}']
            redis.thaw()
