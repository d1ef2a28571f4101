"""Copies that nodes make of sessions in Redis: they spare PostgreSQL a reading, and open nothing that has ended."""
import re
import socket

import pytest

from nodes.fleet import check_of, fleet_of, sign_up, wait_for, warm
from support.scenario import dead, eventually, followed, fresh_email
from support.usher import Server


@pytest.fixture(scope="module")
def fleet():
    with fleet_of(Server, Server) as made:
        yield made


def asked(node):
    """How often a check was answered by a copy, and by PostgreSQL."""
    text = node.get("/metrics").body.decode()
    return tuple(int(re.search(rf'usher_checks_total{{outcome="{by}"}} (\d+)', text)[1]) for by in ("copy", "store"))


def restarted(node, meanwhile=lambda: None):
    """It remembers nothing, and follows Redis again. A running one may still be writing a copy."""
    node.stop()
    meanwhile()
    node.start()
    wait_for(followed, [node])
    return node


def key_of(session):
    return f"usher:{{sessions}}:{session}"


class Link:
    """Commands with bytes in them, which redis-cli does not take."""

    def __init__(self, redis):
        self.socket = socket.create_connection((redis.host, redis.port), timeout=5)
        self.lines = self.socket.makefile("rb")

    def __call__(self, *words):
        words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
        head = self.lines.readline()
        if head[:1] != b"$" or head[1:2] == b"-":
            return None if head[:1] == b"$" else head.strip()
        return self.lines.read(int(head[1:]) + 2)[:-2]


@pytest.fixture(scope="module")
def redis(fleet):
    return Link(fleet[1])


def copied(fleet, redis, name):
    """Somebody whose session the first node has read, and its copy."""
    nodes = fleet[2]
    one = sign_up(nodes, fresh_email(name))

    def copy():
        restarted(nodes[0])
        assert check_of(nodes[0], one.access) == 204
        return redis("GET", key_of(one.session))

    return one, eventually(copy, 20)


def put_back(redis, session, copy):
    assert redis("SET", key_of(session), copy, "PX", 600_000) == b"+OK"


def test_what_one_node_has_read_the_others_need_not_read(fleet, redis):
    one, copy = copied(fleet, redis, "copied")
    assert len(copy) < 250 and one.email.encode() not in copy
    assert 0 < int(redis("PTTL", key_of(one.session))[1:]) <= 900_000

    def by_copy():
        node = restarted(fleet[2][1])
        assert [check_of(node, one.access) for _ in range(3)] == [204] * 3
        return asked(node) == (1, 0)

    # A node that has not polled since it began believes none.
    eventually(by_copy, 20)
    assert fleet[2][1].get("/auth/me", token=one.access).json["user"]["email"] == one.email


def test_a_copy_from_before_a_sign_out_opens_nothing(fleet, redis):
    """As from a Redis that went back to what it held."""
    nodes = fleet[2]
    one, copy = copied(fleet, redis, "signed-out")
    assert nodes[0].post("/auth/logout", {}, token=one.access).status < 300
    put_back(redis, one.session, copy)
    for node in nodes:
        dead(node, one, "logout")
        put_back(redis, one.session, copy)
        dead(restarted(node), one, "logout")
        assert asked(node)[0] == 0


def test_a_copy_from_before_a_change_of_roles_gives_none_back(fleet, redis):
    nodes = fleet[2]
    one, _ = copied(fleet, redis, "demoted")
    nodes[0].cli("user", "grant", one.email, "support")

    def with_the_role():
        assert check_of(restarted(nodes[0]), one.access, "users:read") == 204
        return redis("GET", key_of(one.session))

    copy = eventually(with_the_role, 20)
    nodes[0].cli("user", "revoke", one.email, "support")
    for node in nodes:
        put_back(redis, one.session, copy)
        assert check_of(restarted(node), one.access, "users:read") == 403
        assert check_of(node, one.access) == 204


def test_one_that_was_changed_or_moved_to_another_session_is_none(fleet, redis):
    nodes = fleet[2]
    one, copy = copied(fleet, redis, "owner")
    other, _ = copied(fleet, redis, "thief")
    warm(nodes, other.access)
    forged = [copy, copy[:-1] + bytes([copy[-1] ^ 1]), b"", b"x" * 200, copy[:40], b"\x00" + copy[1:]]
    for made in forged:
        node = restarted(nodes[1], lambda: put_back(redis, other.session, made))  # noqa: B023
        assert check_of(node, other.access) == 204
        assert asked(node) == (0, 1), made
    assert check_of(nodes[1], one.access) == 204


def test_a_list_where_a_copy_should_be_is_none(fleet, redis):
    one, _ = copied(fleet, redis, "garbled")
    redis("DEL", key_of(one.session))
    redis("LPUSH", key_of(one.session), "a")
    node = restarted(fleet[2][1])
    assert check_of(node, one.access) == 204
    assert asked(node) == (0, 1)
