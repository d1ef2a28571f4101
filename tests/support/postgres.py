"""A PostgreSQL of its own for a test: on loopback, in a directory below /tmp, gone with the process that started it.

    with Postgres() as postgres, Server(settings=postgres.settings()) as usher: ...
"""
import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg2

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
MASTER = "a-master-key-for-tests-only-0123456789"
CONF = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 200
shared_buffers = '32MB'
fsync = {fsync}
"""

number = itertools.count(1)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


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


class Postgres:
    def __init__(self, fsync="off", conf=""):
        self.port, self.fsync, self.conf = free_port(), fsync, conf

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="usher-postgres-")
        self.data = self.dir + "/data"
        if os.getuid() == 0:
            shutil.chown(self.dir, "nobody", "nogroup")
        self._run("initdb", "-D", self.data, "-U", "usher", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        with open(self.data + "/postgresql.conf", "a") as conf:
            conf.write(CONF.format(port=self.port, fsync=self.fsync) + self.conf)
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    # PostgreSQL refuses to run as root; SIGQUIT is its "immediate", also when this process is gone.
    def _words(self, program, *words):
        as_nobody = ["--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.getuid() == 0 else []
        return ["setpriv", *as_nobody, "--pdeathsig", "QUIT", str(PROGRAMS / program), *words]

    def _run(self, program, *words):
        done = subprocess.run(self._words(program, *words), capture_output=True, text=True, cwd="/")
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self):
        with open(self.dir + ".log", "ab") as log:
            self.process = subprocess.Popen(self._words("postgres", "-D", self.data), cwd="/", stdout=log, stderr=log)
        Path(self.dir + ".log").unlink()
        deadline = time.monotonic() + 30
        while True:
            try:
                return query(self.url("postgres"), "SELECT 1")
            except psycopg2.OperationalError:
                assert self.process.poll() is None and time.monotonic() < deadline, "PostgreSQL did not start"
                time.sleep(0.05)

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
        return f"postgresql://usher@127.0.0.1:{self.port}/{database}"

    def settings(self, **more):
        """The settings of a server on a new database; two servers with the same settings are two nodes."""
        name = f"test_{next(number)}"
        execute(self.url("postgres"), f"CREATE DATABASE {name}")
        return {"database.url": self.url(name), "keys.master": MASTER} | more
