"""A PostgreSQL of its own for a test, alone or with a standby: on loopback, in a directory below /tmp, gone with the process
that started it.

    with Postgres() as postgres, Server(settings=postgres.settings()) as usher: ...
"""
import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg2

from support.ports import free_port
from support.together import Together

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
MASTER = "a-master-key-for-tests-only-0123456789"
CONF = """
listen_addresses = '{host}'
port = {port}
unix_socket_directories = ''
max_connections = 200
shared_buffers = '32MB'
fsync = {fsync}
"""

number = itertools.count(1)


@contextlib.contextmanager
def cursor_of(url):
    connection = psycopg2.connect(url, connect_timeout=5)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def query(url, text, *values):
    with cursor_of(url) as cursor:
        cursor.execute(text, values or None)
        return cursor.fetchall()


def execute(url, text, *values):
    with cursor_of(url) as cursor:
        cursor.execute(text, values or None)
        return cursor.rowcount


def as_nobody(signal_at_end):
    """What stands before a command: it ends with this process, and root runs it as nobody."""
    nobody = ["--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.getuid() == 0 else []
    return ["setpriv", *nobody, "--pdeathsig", signal_at_end]


def wait_for_answer(process, url, seconds=30):
    """Until the server that `process` became can be asked."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return query(url, "SELECT 1")
        except psycopg2.OperationalError:
            assert process.poll() is None and time.monotonic() < deadline, f"{process.args} did not start"
            time.sleep(0.05)


class Postgres:
    def __init__(self, fsync="off", conf="", host="127.0.0.1", parent=None, of=None):
        """`of`: the server whose standby it is."""
        self.host, self.port, self.fsync, self.conf, self.parent, self.of = host, free_port(), fsync, conf, parent, of

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="usher-postgres-", dir=self.parent)
        self.data = self.dir + "/data"
        if os.getuid() == 0:
            shutil.chown(self.dir, "nobody", "nogroup")
        self.create()
        self.start()
        return self

    def create(self):
        if self.of:
            shutil.rmtree(self.data, ignore_errors=True)
            self._run("pg_basebackup", "-d", self.of.url("postgres"), "-D", self.data, "-R", "-c", "fast", "--no-sync")
        else:
            self._run("initdb", "-D", self.data, "-U", "usher", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        with open(self.data + "/postgresql.conf", "a") as conf:
            conf.write(CONF.format(host=self.host, port=self.port, fsync=self.fsync) + self.conf)
        with open(self.data + "/pg_hba.conf", "a") as clients:
            clients.write(f"host all all {self.host}/24 trust\n")

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    # PostgreSQL refuses to run as root; SIGQUIT is its "immediate", also when this process is gone.
    def _words(self, program, *words):
        return [*as_nobody("QUIT"), str(PROGRAMS / program), *words]

    def _run(self, program, *words):
        done = subprocess.run(self._words(program, *words), capture_output=True, text=True, cwd="/")
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self):
        with open(self.dir + ".log", "ab") as log:
            self.process = subprocess.Popen(self._words("postgres", "-D", self.data), cwd="/", stdout=log, stderr=log)
        Path(self.dir + ".log").unlink()
        wait_for_answer(self.process, self.url("postgres"))

    # Every process by SIGKILL.
    def kill_at_once(self):
        for pid in self._processes():
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    # As a crash: nothing is finished.
    def kill(self):
        self.thaw()
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()

    def restart(self):
        self.kill()
        self.start()

    def _processes(self):
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]

    def freeze(self):
        """The parent first: from then on no child comes or goes."""
        self.process.send_signal(signal.SIGSTOP)
        while "T (stopped)" not in Path(f"/proc/{self.process.pid}/status").read_text():
            time.sleep(0.001)
        for pid in self._processes():
            os.kill(pid, signal.SIGSTOP)

    def thaw(self):
        if self.process.poll() is None:
            for pid in reversed(self._processes()):
                with contextlib.suppress(ProcessLookupError):  # a backend that ends by itself
                    os.kill(pid, signal.SIGCONT)

    def url(self, database):
        return f"postgresql://usher@{self.host}:{self.port}/{database}"

    def settings(self, **more):
        """The settings of a server on a new database; two servers with the same settings are two nodes."""
        name = f"test_{next(number)}"
        execute(self.url("postgres"), f"CREATE DATABASE {name}")
        return {"database.url": self.url(name), "keys.master": MASTER} | more


class PostgresPair(Together):
    """A primary and a standby that has everything before it is acknowledged."""

    def begin(self, stack):
        self.primary = stack.enter_context(Postgres())
        self.standby = stack.enter_context(Postgres(of=self.primary))
        self.wait_for_standby()

    def wait_for_standby(self):
        primary = self.primary.url("postgres")
        execute(primary, "ALTER SYSTEM SET synchronous_standby_names = '*'")
        execute(primary, "SELECT pg_reload_conf()")
        deadline = time.monotonic() + 30
        while query(primary, "SELECT sync_state FROM pg_stat_replication") != [("sync",)]:
            assert time.monotonic() < deadline, "the standby does not follow"
            time.sleep(0.02)

    def fail_over(self):
        self.primary.kill_at_once()
        self.primary, self.standby = self.standby, self.primary
        query(self.primary.url("postgres"), "SELECT pg_promote()")

    def come_back(self):
        """The old primary, made anew, becomes the standby."""
        self.standby.of = self.primary
        self.standby.create()
        self.standby.start()
        self.wait_for_standby()

    def settings(self):
        settings = self.primary.settings()
        hosts = f"127.0.0.1:{self.primary.port},127.0.0.1:{self.standby.port}"
        name = settings["database.url"].rpartition("/")[2]
        return settings | {"database.url": f"postgresql://usher@{hosts}/{name}?target_session_attrs=read-write"}
