"""A PgBouncer in transaction mode before a Postgres: fewer connections than its users want, of which none is theirs.

    with Postgres() as postgres, PgBouncer(postgres) as pooler, Server(settings=pooler.settings()) as usher: ...
"""
import os
import shutil
import subprocess
import tempfile
import urllib.parse

from support.ports import free_port
from support.postgres import as_nobody, wait_for_answer

CONF = """
[databases]
* = host=127.0.0.1 port={server} user=usher
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 6
max_client_conn = 200
server_login_retry = 1
"""


class PgBouncer:
    def __init__(self, postgres):
        self.postgres, self.port = postgres, free_port()

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="usher-pgbouncer-")
        with open(self.dir + "/pgbouncer.ini", "w") as conf:
            conf.write(CONF.format(server=self.postgres.port, port=self.port))
        if os.getuid() == 0:
            shutil.chown(self.dir, "nobody", "nogroup")
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    def start(self):
        self.process = subprocess.Popen([*as_nobody("KILL"), "/usr/sbin/pgbouncer", "-q", self.dir + "/pgbouncer.ini"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_answer(self.process, self.url("postgres"), 10)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def url(self, database):
        return f"postgresql://usher@127.0.0.1:{self.port}/{database}"

    def settings(self, **more):
        """As Postgres.settings(), through the pooler."""
        made = self.postgres.settings(**{"database.pool_mode": "transaction"}, **more)
        return made | {"database.url": self.url(urllib.parse.urlsplit(made["database.url"]).path[1:])}
