"""Names that nobody resolves: what asks for one gives up within seconds, and everything else goes on."""
import os
import socket
import subprocess
import time

import pytest

from support.scenario import alive, fresh_email
from support.usher import Server

SILENT = "127.0.53.53"


@pytest.fixture
def wrapper(tmp_path):
    """A command in front, for which a server that never answers resolves names."""
    if os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        pytest.skip("skipped: needs mount namespaces")
    conf = tmp_path / "resolv.conf"
    conf.write_text(f"nameserver {SILENT}\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((SILENT, 53))
        yield ["unshare", "--mount", "sh", "-c", f'mount --bind {conf} "$(readlink -f /etc/resolv.conf)" && exec "$@"', "sh"]


def test_without_a_name_for_redis_all_else_works(wrapper):
    with Server(wrapper=wrapper, settings={"redis.url": "redis://cache.example.org:6379"}) as usher:
        one = usher.sign_up(fresh_email("nameless"))
        assert alive(usher, one) and usher.refresh(one.refresh).status == 200
        ready = usher.get("/health/ready")
        assert ready.status == 200 and ready.json["dependencies"]["redis"]["status"] != "ok"
        began = time.monotonic()
        assert usher.stop() == 0 and time.monotonic() - began < 6
        usher.start()


def test_a_mail_server_without_a_name_holds_up_nobody(wrapper):
    with Server(wrapper=wrapper, settings={"mail.smtp_url": "smtp://mail.example.org:25", "mail.from": "a@example.org"}) as usher:
        began = time.monotonic()
        assert usher.register(fresh_email("nameless")).status == 201 and time.monotonic() - began < 2
        began = time.monotonic()
        assert usher.stop() == 0 and time.monotonic() - began < 6
        usher.start()


def test_a_database_without_a_name_is_told_of_at_once(wrapper):
    server = Server(settings={"database.url": "postgresql://usher@db.example.org/usher", "keys.master": "k" * 40})
    server.data_dir = "/tmp"
    began = time.monotonic()
    done = subprocess.run([*wrapper, *server.command("serve")], capture_output=True, text=True, timeout=60)
    print(f"{time.monotonic() - began:.1f} s")
    assert done.returncode == 1 and "db.example.org" in done.stderr and time.monotonic() - began < 6, done.stderr
