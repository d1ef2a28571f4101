"""The client code of docs/clients, run by node: tests/node."""
import re
import subprocess

from support.usher import ROOT


def test_clients_work_with_the_real_server():
    done = subprocess.run([ROOT / "tests/node/run"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-10_000:] + done.stderr[-5_000:]
    summary = dict(re.findall(r"^ℹ (tests|pass|fail|skipped) (\d+)$", done.stdout, re.M))
    assert int(summary["pass"]) == int(summary["tests"]) > 0, summary
    print(f"node: {summary['pass']} tests passed")
