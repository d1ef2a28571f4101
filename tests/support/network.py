"""A network of its own for a test: nodes, each in a namespace, whose packets to PostgreSQL and Redis go through a router that
can swallow them. Gone with the process that started it.

    host: clients .1, PostgreSQL .2, Redis .3 -- .6 router .9 -- .10 first node
                                                        .13 -- .14 second node …
"""
import os
import shutil
import subprocess
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from support.scenario import eventually
from support.together import Together
from support.usher import Server


@contextmanager
def namespace():
    """The process that keeps a new one."""
    process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "sleep", "infinity"])
    try:
        own = Path("/proc/self/ns/net").readlink()
        eventually(lambda: Path(f"/proc/{process.pid}/ns/net").readlink() != own)
        yield process.pid
    finally:
        process.kill()
        process.wait()


def ip(words, inside=None):
    enter = ["nsenter", "-t", str(inside), "-n"] if inside else []
    done = subprocess.run([*enter, "ip", *words.split()], capture_output=True, text=True)
    assert done.returncode == 0, f"ip {words}: {done.stderr}"


class Network(Together):
    def __init__(self, nodes):
        net = f"198.18.{os.getpid() % 256}."  # RFC 2544: for tests, routed nowhere
        self.all, self.clients, self.postgres, self.redis = net + "0/24", net + "1", net + "2", net + "3"
        self.router_address = net + "6"
        self.gateways = [net + str(9 + 4 * i) for i in range(nodes)]
        self.nodes = [net + str(10 + 4 * i) for i in range(nodes)]
        self.swallowed = set()

    def begin(self, stack):
        if not shutil.which("ip") or subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode != 0:
            pytest.skip("skipped: needs network namespaces")
        self.router = stack.enter_context(namespace())
        self.inside = [stack.enter_context(namespace()) for _ in self.nodes]
        self.connect()

    def connect(self):
        link = f"usher{os.getpid()}"
        ip(f"link add {link} type veth peer name outside netns {self.router}")
        for address in (self.clients, self.postgres, self.redis):
            ip(f"address add {address}/29 dev {link}")
        ip(f"link set {link} up")
        ip(f"address add {self.router_address}/29 dev outside", self.router)
        ip("link set outside up", self.router)
        ip(f"route add {self.all} via {self.router_address}")
        subprocess.run(["nsenter", "-t", str(self.router), "-n", "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"], check=True)
        for i, (gateway, node, inside) in enumerate(zip(self.gateways, self.nodes, self.inside)):
            ip(f"link add node{i} type veth peer name net netns {inside}", self.router)
            ip(f"address add {gateway}/30 dev node{i}", self.router)
            ip(f"link set node{i} up", self.router)
            ip(f"address add {node}/30 dev net", inside)
            ip("link set net up", inside)
            ip(f"route add default via {gateway}", inside)

    def servers(self):
        """As many as there are nodes, to be called with their settings."""
        return [partial(Server, host=node, wrapper=["nsenter", "-t", str(inside), "-n"]) for node, inside in zip(self.nodes, self.inside)]

    def swallow(self, source, target):
        """From now on what one sends the other vanishes: no refusal, no reset."""
        ip(f"rule add from {source} to {target} blackhole", self.router)
        self.swallowed.add((source, target))

    def cut(self, one, other):
        self.swallow(one, other)
        self.swallow(other, one)

    def heal(self):
        while self.swallowed:
            source, target = self.swallowed.pop()
            ip(f"rule del from {source} to {target} blackhole", self.router)
