"""From the embedded store to PostgreSQL and back: everything moves, nobody is signed out, nothing comes back to life."""
import json
import subprocess
from pathlib import Path

import pytest

from support.scenario import alive, audited, dead, fresh_email, records
from support.usher import BINARY, Server


def copy(source, target, check=True):
    """As an operator types it, beside no server."""
    words = [*source.command("data", "copy"), f"--from=sqlite:{source.data_dir}/usher.db", f"--to={target}"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert not check or done.returncode == 0, done.stderr
    return done


def on_postgres(embedded, settings):
    """A server on PostgreSQL with the key of the embedded store, as the command says."""
    key = Path(embedded.data_dir, "master.key").read_text().strip()
    return Server(settings=settings | {"keys.master": key})


@pytest.fixture
def embedded():
    with Server(settings={"verification.cool_down": "1s"}) as server:
        yield server


def test_everything_moves_and_nobody_is_signed_out(embedded, postgres, tmp_path):
    settings = postgres.settings()
    root = embedded.sign_up(fresh_email("root"))
    embedded.cli("user", "grant", root.email, "super_admin")
    assert embedded.post("/roles", {"name": "editor", "permissions": ["docs:*"], "inherits": ["support"]}, token=root.access).status == 201
    who = embedded.sign_up(fresh_email("mover"), device={"deviceName": "Zoë's 📱"})
    embedded.cli("user", "grant", who.email, "editor")
    ended, used = embedded.login(who.email), embedded.login(who.email)
    embedded.post("/auth/logout", token=ended.access)
    lost = embedded.refresh(used.refresh).json  # its successor is never shown
    sessions = embedded.get("/auth/sessions", token=who.access).json["sessions"]
    events = len(records(embedded, "SELECT id FROM audit_events"))
    embedded.register(fresh_email("pending"))
    embedded.stop()
    done = copy(embedded, settings["database.url"])
    assert "users" in done.stdout and "USHER_KEYS_MASTER_FILE=" + embedded.data_dir in done.stdout
    with on_postgres(embedded, settings) as moved:
        assert alive(moved, who) and alive(moved, root)
        dead(moved, ended, "logout")
        assert moved.get("/auth/me", token=lost["accessToken"]).status == 200
        assert moved.refresh(used.refresh).json["refreshToken"] == lost["refreshToken"]
        assert moved.get("/auth/check?permission=docs:write&permission=users:read", token=who.access).status == 204
        shown = {s["sessionId"]: s for s in moved.get("/auth/sessions", token=who.access).json["sessions"]}
        assert set(shown) == {s["sessionId"] for s in sessions}
        assert all(shown[s["sessionId"]]["deviceInfo"] == s["deviceInfo"] for s in sessions)
        assert moved.login(who.email).user == who.user | {"roles": sorted(["editor", "user"])}
        assert len(records(moved, "SELECT id FROM audit_events")) >= events
        assert len(audited(moved, "session.ended", ended.session)) == 1
        moved.stop()
        # And back.
        back = Server(data_dir=str(tmp_path / "back"))
        words = [*embedded.command("data", "copy"), f"--from={settings['database.url']}", f"--to=sqlite:{back.data_dir}/usher.db"]
        assert subprocess.run(words, capture_output=True, text=True).returncode == 0
        Path(back.data_dir, "master.key").write_bytes(Path(embedded.data_dir, "master.key").read_bytes())
        Path(back.data_dir, "master.key").chmod(0o600)
        with back:
            assert alive(back, who)
            dead(back, ended, "logout")


def test_lines_of_json_move_everything_while_the_server_goes_on(embedded, postgres):
    settings = postgres.settings()
    who = embedded.sign_up(fresh_email("lines"), device={"deviceName": "Zoë's 📱"})
    ended = embedded.login(who.email)
    embedded.post("/auth/logout", token=ended.access)
    done = subprocess.run(embedded.command("data", "export"), capture_output=True, text=True, check=True, timeout=60)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert rows[0]["usher"] == "export" and rows[-1] == {"end": len(rows) - 2} and f"{len(rows) - 2} rows" in done.stderr
    assert who.email in {row["row"]["email"] for row in rows if row.get("table") == "users"}
    assert alive(embedded, who)
    with_database = [f"--database.url={settings['database.url']}", f"--keys.master={settings['keys.master']}"]
    for text, said in ((done.stdout[:done.stdout.rindex('{"end')], "not whole"), (done.stdout, f"{len(rows) - 2} rows"), (done.stdout, "not empty")):
        read = subprocess.run([*embedded.command("data", "import"), *with_database], input=text, capture_output=True, text=True, timeout=60)
        assert said in read.stdout + read.stderr and (read.returncode == 0) == (said.endswith("rows"))
    with on_postgres(embedded, settings) as moved:
        assert alive(moved, who)
        dead(moved, ended, "logout")


def test_an_export_of_no_store_makes_none(tmp_path):
    done = subprocess.run([str(BINARY), "data", "export", f"--data.dir={tmp_path}/none"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and f"there is no store {tmp_path}/none/usher.db" in done.stderr
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_copied_is_said_and_left_alone(embedded, postgres):
    settings = postgres.settings()
    who = embedded.sign_up(fresh_email("stays"))
    done = copy(embedded, settings["database.url"], check=False)
    assert done.returncode == 1 and "another server runs" in done.stderr
    embedded.stop()
    for url, says in (("postgresql://usher@127.0.0.1:1/none", "cannot connect"), ("sqlite:/tmp/x.db", "sqlite:FILE"), ("mysql://h", "sqlite:FILE")):
        done = copy(embedded, url, check=False)
        assert done.returncode == 1 and says in done.stderr, done.stderr
    done = subprocess.run([*embedded.command("data", "copy"), f"--to={settings['database.url']}"], capture_output=True, text=True)
    assert done.returncode == 1 and "--from" in done.stderr
    done = subprocess.run([*embedded.command("data", "copy"), "--from=sqlite:/no/such.db", f"--to={settings['database.url']}"], capture_output=True, text=True)
    assert done.returncode == 1 and "/no/such.db" in done.stderr
    copy(embedded, settings["database.url"])
    done = copy(embedded, settings["database.url"], check=False)
    assert done.returncode == 1 and "not empty" in done.stderr
    embedded.start(embedded.port)
    assert alive(embedded, who)
