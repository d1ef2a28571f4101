"""A Redis of its own for a test, alone, under a sentinel, or as a cluster: on loopback, in a directory below /tmp, gone with
the process that started it. All have a url and start(), kill(), freeze(), thaw() for the server that the nodes use."""
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress

from support.ports import free_port
from support.scenario import eventually
from support.together import Together

STATE = "usher:{changes}:state"


class Redis:
    def __init__(self, *more, host="127.0.0.1"):
        self.host, self.port, self.more = host, free_port(), more

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="usher-redis-")
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    @property
    def url(self):
        return f"redis://{self.host}:{self.port}"

    # Nothing is kept on disk: what starts again knows nothing.
    def words(self):
        return ["--bind", self.host, "--protected-mode", "no", "--port", str(self.port), "--save", "", "--appendonly", "no", "--dir",
                self.dir, "--logfile", self.dir + "/log", *self.more]

    def start(self):
        words = ["setpriv", "--pdeathsig", "KILL", "redis-server", *self.words()]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while subprocess.run(self._cli("ping"), capture_output=True, text=True).stdout.strip() != "PONG":
            assert self.process.poll() is None and time.monotonic() < deadline, "Redis did not start"
            time.sleep(0.02)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def _cli(self, *words):
        return ["redis-cli", "-h", self.host, "-p", str(self.port), *words]

    def cli(self, *words):
        done = subprocess.run(self._cli(*words), capture_output=True, text=True, timeout=10)
        assert done.returncode == 0 and not done.stdout.startswith(("ERR", "(error)")), done.stdout + done.stderr
        return done.stdout.strip()

    def said(self, *words):
        """What cli() says; nothing where a sentinel, which gives it another master, ends its connections."""
        with suppress(AssertionError):
            return self.cli(*words)
        return ""


class Sentinel(Redis):
    """Decides alone, after two seconds, that the master at a port is gone; earlier, a busy machine would make it change its mind."""

    def __init__(self, master_port):
        super().__init__()
        self.master_port = master_port

    def words(self):
        conf = self.dir + "/sentinel.conf"
        with open(conf, "w") as settings:
            settings.write(f"bind 127.0.0.1\nport {self.port}\ndir {self.dir}\nlogfile {self.dir}/log\n"
                           f"sentinel monitor main 127.0.0.1 {self.master_port} 1\n"
                           "sentinel down-after-milliseconds main 2000\nsentinel failover-timeout main 3000\n")
        return [conf, "--sentinel"]


class RedisWithSentinel(Together):
    """Two servers, of which a sentinel makes one the master."""

    def begin(self, stack):
        self.master = stack.enter_context(Redis())
        self.replica = stack.enter_context(Redis("--replicaof", "127.0.0.1", str(self.master.port)))
        self.sentinel = stack.enter_context(Sentinel(self.master.port))
        self.wait_for_replica()

    @property
    def url(self):
        return f"redis+sentinel://127.0.0.1:{self.sentinel.port}/main"

    def wait_for_replica(self):
        """Until a failure of the master would be healed."""
        eventually(self.is_healed, 60)

    def is_healed(self):
        """As the sentinel sees it: on a busy machine it may take the server that it has just promoted for dead, and go back."""
        port = self.sentinel.cli("SENTINEL", "get-master-addr-by-name", "main").split("\n")[-1]
        self.master, self.replica = sorted((self.master, self.replica), key=lambda one: str(one.port) != port)
        return "master_link_status:up" in self.replica.said("INFO", "replication") and self.is_known_to_sentinel(self.replica)

    def is_known_to_sentinel(self, replica):
        lines = self.sentinel.cli("SENTINEL", "replicas", "main").split("\n")
        fields = dict(zip(lines[::2], lines[1::2]))
        return (fields.get("port"), fields.get("flags")) == (str(replica.port), "slave")

    def fail_over(self, behind=0.0):
        """The master dies; with `behind`, after its replica has missed changes for so many seconds."""
        if behind:
            self.replica.cli("REPLICAOF", "127.0.0.1", str(free_port()))  # frozen, it would still read what was sent
            time.sleep(behind)
            newest, missed = (int(one.cli("HGET", "usher:{changes}:state", "number")) for one in (self.master, self.replica))
            assert missed < newest
        self.master.kill()
        eventually(lambda: self.sentinel.cli("SENTINEL", "get-master-addr-by-name", "main").endswith(str(self.replica.port)), 20)

    def come_back(self):
        """The old master, empty, becomes the replica; the sentinel would see to that within ten seconds or more."""
        self.master.start()
        self.master, self.replica = self.replica, self.master
        self.replica.said("REPLICAOF", "127.0.0.1", str(self.master.port))
        self.wait_for_replica()


class RedisCluster(Together):
    """Three masters."""

    def begin(self, stack):
        buses = [str(free_port()) for _ in range(3)]
        self.nodes = [stack.enter_context(Redis("--cluster-enabled", "yes", "--cluster-port", bus)) for bus in buses]
        for i, (node, bus) in enumerate(zip(self.nodes, buses)):
            node.cli("CLUSTER", "ADDSLOTSRANGE", str(i * 5461), str(16383 if i == 2 else i * 5461 + 5460))
            node.cli("CLUSTER", "SET-CONFIG-EPOCH", str(i + 1))
            if i:
                self.nodes[0].cli("CLUSTER", "MEET", "127.0.0.1", str(node.port), bus)
        for node in self.nodes:
            eventually(lambda: "cluster_state:ok" in node.cli("CLUSTER", "INFO"), 20)  # noqa: B023

    @property
    def url(self):
        return "redis://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def holder(self):
        slot = int(self.nodes[0].cli("CLUSTER", "KEYSLOT", STATE))
        return getattr(self, "moved_to", self.nodes[min(slot // 5461, 2)])

    def move(self):
        """The slot of the changes goes to another master, key by key, as a cluster is balanced anew."""
        source = self.holder()
        target = next(node for node in self.nodes if node is not source)
        slot = source.cli("CLUSTER", "KEYSLOT", STATE)
        ids = {node: node.cli("CLUSTER", "MYID") for node in (source, target)}
        target.cli("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[source])
        source.cli("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[target])
        for key in source.cli("CLUSTER", "GETKEYSINSLOT", slot, "10").split():
            source.cli("MIGRATE", "127.0.0.1", str(target.port), key, "0", "1000")
            time.sleep(0.2)
        for node in (target, source, *self.nodes):
            node.cli("CLUSTER", "SETSLOT", slot, "NODE", ids[target])
        self.moved_to = target
