"""Runs concurrent clients against a server that is killed and restarted meanwhile, and judges what they recorded.

  tests/history/run.py [--seconds 60] [--clients 32] [--kills 6] [--seed N] [--rounds 1]

USHER_BINARY names another binary (a sanitizer's). Exits with 1 when a promise was broken; the history is then kept.
"""
import argparse
import os
import random
import sqlite3
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from history.checker import check  # noqa: E402
from history.load import SETTINGS, Load  # noqa: E402
from support.usher import Server  # noqa: E402

READY_WITHIN = 2.0


@dataclass
class Report:
    seed: int
    operations: int = 0
    seconds: float = 0.0
    restarts: list = field(default_factory=list)  # (how, seconds until ready)
    unsent: int = 0
    counts: dict = field(default_factory=dict)
    violations: list = field(default_factory=list)
    history: str = ""

    def __str__(self):
        kills = [took for how, took in self.restarts if how == "kill"]
        slowest = f", ready again after at most {max(took for _, took in self.restarts) * 1000:.0f} ms" if self.restarts else ""
        lines = [f"seed {self.seed}: {self.operations} operations in {self.seconds:.1f} s, {len(kills)} kills, "
                 f"{len(self.restarts) - len(kills)} orderly restarts{slowest}; {self.unsent} found nobody listening",
                 "  " + ", ".join(f"{k} {n}" for k, n in sorted(self.counts.items()))]
        lines += [f"  {len(self.violations)} violations; the history is in {self.history}"] if self.violations else []
        return "\n".join(lines + ["  " + v for v in self.violations[:20]])


def wait_until_ready(server, since):
    while True:
        try:
            if server.get("/health/ready").status == 200:
                return time.monotonic() - since
        except OSError:
            pass
        assert time.monotonic() - since < 10, "the server does not become ready"
        time.sleep(0.005)


def restart(server, load, how):
    """Ends it at once (kill) or in order (term), and starts it on the same port and data; how long until it was ready."""
    if how == "kill":
        server.kill()
    else:
        assert server.stop() == 0, f"SIGTERM: exit status {server.process.returncode}"
    load.up.clear()
    begun = time.monotonic()
    server.start(load.port)
    took = wait_until_ready(server, begun)
    load.up.set()
    return how, took


# Another process holds the database's write lock: for a moment, or for longer than the server waits (5 s).
def hold_lock(server, seconds):
    holder = sqlite3.connect(f"{server.data_dir}/usher.db", isolation_level=None, timeout=10)
    try:
        holder.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        holder.execute("ROLLBACK")
    finally:
        holder.close()


def run(server, seed, seconds=40.0, clients=32, kills=5, least=0, keep_in=None):
    """One round on a running server: load, `kills` kills and one of each other fault, then the judgement."""
    choice = random.Random(seed)
    report, begun = Report(seed), time.monotonic()
    with Load(server, seed, clients) as load:
        faults = ["kill"] * kills + ["term", "lock"] * (kills > 0)
        choice.shuffle(faults)
        for how in faults:
            time.sleep(seconds / (len(faults) + 1) * choice.uniform(0.6, 1.4))
            if how == "lock":
                hold_lock(server, choice.choice([0.5, 6.5]))
            else:
                report.restarts.append(restart(server, load, how))
        while time.monotonic() - begun < seconds or (len(load.ops) < least and time.monotonic() - begun < 4 * seconds):
            time.sleep(0.1)
    load.final()
    report.operations, report.seconds, report.unsent = len(load.ops), time.monotonic() - begun, load.unsent
    report.counts = dict(load.count())
    report.violations = check(load.ops, load.audit())
    if report.violations:
        report.history = str(Path(keep_in or "/tmp") / f"history-{seed}.txt")
        Path(report.history).write_text("\n".join(map(str, sorted(load.ops, key=lambda op: op.invoke))))
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("USHER_SEED", time.time_ns() % 1_000_000)))
    flags = parser.parse_args()
    broken = 0
    with Server(settings=SETTINGS) as server:
        for number in range(flags.rounds):
            report = run(server, flags.seed + number, flags.seconds, flags.clients, flags.kills)
            print(report, flush=True)
            broken += len(report.violations)
        sanitizer = [line for line in server.logged().splitlines() if "Sanitizer" in line]
    print("\n".join(sanitizer[:20]))
    return 1 if broken or sanitizer else 0


if __name__ == "__main__":
    sys.exit(main())
