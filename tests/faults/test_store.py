"""The embedded store is full, locked by another process, or damaged.

"Cannot ask" is 503 with Retry-After, never 401 and never 200 for what memory may not answer; the process lives on and
recovers by itself.
"""
import os
import sqlite3
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from faults.shim import disk
from support.disk import fill, small_disk
from support.scenario import assert_ended, assert_problem, at_once, eventually, locked
from support.usher import PASSWORD, Server

TRUST = 1.0  # seconds that memory is trusted after the store was last heard


def writes_of(usher, held):
    """What needs the store to write, as calls."""
    return [lambda: usher.post("/auth/login", {"email": held.email, "password": PASSWORD}),
            lambda: usher.refresh(held.refresh),
            lambda: usher.delete("/auth/sessions", token=held.access),
            lambda: usher.call("POST", "/auth/logout", token=held.access),
            lambda: usher.register("other@example.org"),
            lambda: usher.post("/auth/change-password", {"currentPassword": PASSWORD, "newPassword": "another-Horse-battery-8"},
                               token=held.access)]


def assert_cannot_ask(answer):
    assert_problem(answer, 503, "store_unavailable")
    assert int(answer.headers["retry-after"]) > 0


def write_until_refused(usher, held):
    """The last page that is free may take a few writes more."""
    refresh = held.refresh
    for _ in range(3000):
        answer = usher.refresh(refresh)
        if answer.status != 200:
            assert_cannot_ask(answer)
            held.refresh = refresh
            return
        refresh = answer.json["refreshToken"]
    raise AssertionError("the disk never became full")


def assert_full_disk_is_survived(usher, held, ended):
    process = usher.process.pid
    for write in writes_of(usher, held):
        assert_cannot_ask(write())
    # Reading goes on, and nothing that was refused was done.
    assert usher.get("/auth/me", token=held.access).status == 200
    assert usher.get("/auth/check", token=held.access).status == 204
    assert_ended(usher.get("/auth/me", token=ended.access), "logout")
    assert usher.get("/health/live").status == 200
    assert usher.process.poll() is None and usher.process.pid == process


def assert_recovered(usher, held):
    eventually(lambda: usher.refresh(held.refresh).status == 200, 10)
    assert usher.get("/auth/me", token=held.access).status == 200
    again = usher.login(held.email)
    assert usher.call("POST", "/auth/logout", token=again.access).status == 204
    assert_ended(usher.get("/auth/me", token=again.access), "logout")
    assert usher.get("/health/ready").status == 200


def held_and_ended(usher):
    held = usher.sign_up("full@example.org")
    ended = usher.login(held.email)
    assert usher.call("POST", "/auth/logout", token=ended.access).status == 204
    return held, ended


def test_a_full_file_system():
    with small_disk() as path, Server(data_dir=str(path / "data")) as usher:
        held, ended = held_and_ended(usher)
        fill(path / "ballast")
        write_until_refused(usher, held)
        assert_full_disk_is_survived(usher, held, ended)
        (path / "ballast").unlink()
        assert_recovered(usher, held)
        usher.restart()
        assert_ended(usher.get("/auth/me", token=ended.access), "logout")
        assert usher.get("/auth/me", token=held.access).status == 200


# The same at every write, wherever mounting is not permitted.
def test_a_disk_that_refuses_every_write():
    data_dir = tempfile.mkdtemp(prefix="usher-full-")
    switch = Path(data_dir + ".full")
    with Server(data_dir=data_dir, env=disk(data_dir, full=switch)) as usher:
        held, ended = held_and_ended(usher)
        switch.touch()
        assert_full_disk_is_survived(usher, held, ended)
        switch.unlink()
        assert_recovered(usher, held)


def test_a_database_that_another_process_has_locked():
    with Server(timeout=20) as usher:
        held, ended = held_and_ended(usher)
        usher.get("/auth/check", token=held.access)
        with locked(usher):
            answers, begun = [], time.monotonic()
            calls = writes_of(usher, held)
            threads = [threading.Thread(target=lambda call=call: answers.append((call(), time.monotonic() - begun)))
                       for call in calls]
            for thread in threads:
                thread.start()
            # Meanwhile memory answers, and the store can still be read.
            while any(thread.is_alive() for thread in threads):
                assert usher.get("/auth/check", token=held.access).status == 204
                assert usher.get("/auth/me", token=held.access).status == 200
                assert_ended(usher.get("/auth/me", token=ended.access), "logout")
                time.sleep(0.05)
            assert len(answers) == len(calls)
            for answer, took in answers:
                assert_cannot_ask(answer)
                assert took < 15, f"a caller waited {took:.1f} s"
        assert_recovered(usher, held)


# Nothing can be read either: the store stands still. In WAL mode only the locking bytes stop readers, as a recovery does.
@contextmanager
def stalled(usher):
    holder = sqlite3.connect(f"{usher.data_dir}/usher.db", isolation_level=None)
    locks = subprocess.Popen(["/usr/bin/python3", "-c", STALL, f"{usher.data_dir}/usher.db-shm"], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
    try:
        assert locks.stdout.readline().strip() == "held"
        yield
    finally:
        locks.stdin.close()
        locks.wait(10)
        holder.close()


# Takes, exclusively, every lock byte of the shared memory but the one that says that it is in use (wal-index, offset 120).
STALL = """
import fcntl, sys
shm = open(sys.argv[1], "r+b")
for byte in range(120, 128):
    while True:
        try:
            fcntl.lockf(shm, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
            break
        except OSError:
            pass
print("held", flush=True)
sys.stdin.read()
"""


def test_a_store_that_stands_still():
    with Server(timeout=40) as usher:
        held, ended = held_and_ended(usher)
        cold = usher.login(held.email)
        time.sleep(0.5)  # the sign-out's change is polled and has dropped the user's copies, which the next check makes anew
        assert usher.get("/auth/check", token=held.access).status == 204
        with stalled(usher):
            # Memory answers only while it was lately told of changes.
            assert usher.get("/auth/check", token=held.access).status == 204
            time.sleep(TRUST + 0.5)
            sent = time.monotonic()
            answers = at_once([lambda: usher.get("/auth/check", token=held.access),
                               lambda: usher.get("/auth/check", token=ended.access),
                               lambda: usher.get("/auth/me", token=cold.access), lambda: usher.refresh(held.refresh),
                               lambda: usher.call("POST", "/auth/logout", token=cold.access), lambda: usher.get("/health/live")])
            took = time.monotonic() - sent
            for answer in answers[:-1]:
                assert_cannot_ask(answer)
            assert answers[-1].status == 200 and took < 30, f"a caller waited {took:.1f} s"
        eventually(lambda: usher.get("/health/ready").status == 200, 25)
        assert usher.get("/auth/me", token=cold.access).status == 200
        assert_ended(usher.get("/auth/check", token=ended.access), "logout")
        assert_recovered(usher, held)
        print(f"refused after {took:.1f} s")


def damaged(data_dir, change):
    with Server(data_dir=data_dir) as usher:
        usher.sign_up("before@example.org")
    change(Path(data_dir) / "usher.db")
    server = Server(data_dir=data_dir)
    done = subprocess.run(server.command("serve") + ["--http.listen=127.0.0.1:0"], capture_output=True, text=True, timeout=20)
    return done.returncode, done.stderr + done.stdout


def no_database(path):
    path.write_bytes(b"this is no database at all, whatever its name says " * 200)


def broken_pages(path):
    content = bytearray(path.read_bytes())
    content[100:4096] = os.urandom(3996)
    path.write_bytes(content)


@pytest.mark.parametrize("change, said", [(no_database, "not an SQLite database"), (broken_pages, "damaged")])
def test_a_damaged_file_is_named_at_the_start(tmp_path, change, said):
    status, output = damaged(str(tmp_path / "data"), change)
    assert status not in (0, None) and status > 0, output
    assert said in output and "usher.db" in output, output


def test_a_second_server_on_the_same_directory_is_refused():
    with Server() as usher:
        second = Server(data_dir=usher.data_dir)
        done = subprocess.run(second.command("serve") + ["--http.listen=127.0.0.1:0"], capture_output=True, text=True, timeout=20)
        assert done.returncode > 0 and "another server" in done.stderr + done.stdout
        assert str(usher.process.pid) in done.stderr + done.stdout
        assert usher.get("/health/ready").status == 200
