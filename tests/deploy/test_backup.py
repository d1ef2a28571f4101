"""Back-up and restore as OPERATIONS.md tells it: its commands are run, while the server is used, on both engines."""
import os
import re
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.postgres import PROGRAMS
from support.scenario import alive, assert_ended, dead, eventually, fresh_email, records
from support.usher import BINARY, ROOT, Server

SECTION = re.search(r"^## Back-up and restore$(.*?)(?=^## )", (ROOT / "docs/OPERATIONS.md").read_text(), re.M | re.S)[1]
COMMANDS = dict(re.findall(r"^```sh\n# (.*?)\n(.*?)^```$", SECTION, re.M | re.S))


@pytest.fixture(params=["embedded", "postgres"])
def usher(request, postgres):
    settings = postgres.settings() if request.param == "postgres" else {}
    with Server(settings=settings | {"limits.enabled": "false"}) as server:
        server.engine = request.param
        yield server


@pytest.fixture
def run(usher, tmp_path):
    """Runs what a block of the page says, with the places of this server."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/usher").symlink_to(BINARY)
    (tmp_path / "backup").mkdir()
    env = {"PATH": f"{tmp_path}/bin:{PROGRAMS}:{os.environ['PATH']}", "USHER_DATA_DIR": usher.data_dir}
    if url := usher.settings.get("database.url"):
        env |= {"USHER_DATABASE_URL": url, "USHER_KEYS_MASTER": usher.settings["keys.master"]}

    def run_block(title):
        text = COMMANDS[title].replace("/var/lib/usher", usher.data_dir).replace("/backup", f"{tmp_path}/backup")
        text = text.replace("postgresql://usher:password@db/usher", url or "")
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
    return run_block


@contextmanager
def used_meanwhile(usher):
    """Sign-ins and refreshes that do not stop; there were some when the block begins."""
    ended, one, done = threading.Event(), usher.sign_up(fresh_email("busy")), []

    def work():
        while not ended.is_set():
            other = usher.login(one.email)
            assert usher.refresh(other.refresh).status == 200
            done.append(other)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        eventually(lambda: done)
        yield
    finally:
        ended.set()
        worker.join()


def lose(usher):
    usher.kill()
    if usher.engine == "embedded":
        for file in Path(usher.data_dir).glob("*"):
            file.unlink()
    else:
        server, _, name = usher.settings["database.url"].rpartition("/")
        for text in (f"DROP DATABASE {name}", f"CREATE DATABASE {name}"):
            subprocess.run(["psql", "-q", "-c", text, f"{server}/postgres"], check=True, timeout=30)


def test_what_a_backup_gives_back(usher, run):
    ada, old, refreshed, later_ended = (usher.sign_up(fresh_email(name)) for name in ("ada", "old", "refreshed", "ended"))
    usher.post("/auth/logout", token=old.access)
    with used_meanwhile(usher):
        run(f"back up: {usher.engine}")
    for _ in range(3):
        refreshed.refresh = usher.refresh(refreshed.refresh).json["refreshToken"]
    usher.post("/auth/logout", token=later_ended.access)
    dead(usher, later_ended, "logout")
    newer, stranger = usher.login(ada.email), usher.sign_up(fresh_email("stranger"))

    # Whoever knows that nobody was signed out since goes on without ending all sessions.
    lose(usher)
    run(f"restore: {usher.engine}")
    usher.start(usher.port)
    assert alive(usher, ada) and usher.refresh(ada.refresh).status == 200
    dead(usher, old, "logout")
    assert usher.refresh(refreshed.refresh).status == 200, "a refresh token that the back-up does not know yet"
    # What came after the back-up is unknown, and what ended after it lives: the page warns of it.
    assert_ended(usher.get("/auth/me", token=newer.access), "unknown")
    assert usher.login_answer(stranger.email).status == 401
    assert alive(usher, later_ended)

    # Everybody else ends them before the server starts.
    lose(usher)
    run(f"restore: {usher.engine}")
    run("end all sessions")
    usher.start(usher.port)
    for one in (ada, refreshed, later_ended):
        dead(usher, one, "admin")
    dead(usher, old, "logout")
    assert not records(usher, "SELECT id FROM sessions WHERE ended_at IS NULL")
    assert alive(usher, usher.login(ada.email))
