"""The fleet of deploy/compose.yaml as plain processes on loopback, with precisely the environment that it gives them."""
import re
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest
import yaml

from nodes.fleet import followed, wait_for
from support.postgres import Postgres, execute
from support.redis import Redis
from support.smtp import Sink
from support.usher import ROOT, Server

DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
NODES = ("usher-1", "usher-2")


def filled(text, values):
    """`text` with what stands in .env; a name that is not there fails, as in compose."""
    return re.sub(r"\$\{(\w+):\?\}", lambda found: values[found[1]], text)


def image_environment():
    line = re.search(r"^ENV (.*)$", (DEPLOY / "Dockerfile").read_text(), re.M)[1]
    return dict(pair.split("=", 1) for pair in line.split())


@dataclass
class Fleet:
    nodes: list
    postgres: Postgres
    sink: Sink
    database: str


@contextmanager
def running(directory):
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        values = {"POSTGRES_PASSWORD": "a" * 32, "REDIS_PASSWORD": "b" * 32, "KEYS_MASTER": "c" * 48, "PUBLIC_URL": "https://auth.example.org", "MAIL_FROM": "Usher <usher@example.org>"}
        sink = stack.enter_context(Sink(directory / "mails"))
        values["SMTP_URL"] = f"smtp://127.0.0.1:{sink.port}"
        postgres = stack.enter_context(Postgres())
        execute(postgres.url("postgres"), "CREATE DATABASE usher")
        patch.setenv("REDISCLI_AUTH", values["REDIS_PASSWORD"])
        redis = stack.enter_context(Redis(*(filled(word, values) for word in COMPOSE["services"]["redis"]["command"][1:])))
        # The names that only the network of the containers knows.
        places = {"@postgres/": f"@127.0.0.1:{postgres.port}/", "@redis:6379": f"@127.0.0.1:{redis.port}",
                  COMPOSE["services"]["nginx"]["networks"]["default"]["ipv4_address"]: "127.0.0.1"}
        nodes = []
        for name in NODES:
            env = image_environment() | COMPOSE["services"][name]["environment"]
            for place, here in places.items():
                assert any(place in value for value in env.values()), place
                env = {key: filled(value, values).replace(place, here) for key, value in env.items()}
            nodes.append(stack.enter_context(Server(env=env, timeout=30)))
        wait_for(followed, nodes, 5)
        yield Fleet(nodes, postgres, sink, postgres.url("usher"))
