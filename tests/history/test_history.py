"""Concurrent clients, kills and restarts: no promise of a session is broken, and the audit tells of each event once.

USHER_SEED repeats a run, USHER_LONG=1 makes it ten minutes; USHER_BINARY may name a binary built with ThreadSanitizer,
whose reports fail the run.
"""
import os
import random

import pytest

from history.load import SETTINGS
from history.run import READY_WITHIN, run
from support import usher
from support.usher import Server

LONG = os.environ.get("USHER_LONG") == "1"
SEED = int(os.environ.get("USHER_SEED") or random.SystemRandom().randrange(1_000_000))
WITH_TSAN = b"__tsan_init" in usher.BINARY.read_bytes()


def test_concurrent_clients_with_kills():
    rounds, seconds = (10, 60) if LONG else (1, 35)
    with Server(settings=SETTINGS) as server:
        for number in range(rounds):
            report = run(server, SEED + number, seconds, clients=32, kills=5, least=5000, keep_in="/tmp")
            print(report)
            assert not report.violations, str(report)
            assert report.operations >= 5000
            assert max(took for _, took in report.restarts) < READY_WITHIN, report.restarts
        log = server.logged().splitlines()
    # A full queue of password hashes and a locked store are answers (503), not faults of the server.
    strange = [line for line in log if "Sanitizer" in line or ('"level":"error"' in line and '"status":503' not in line)]
    assert not strange, "\n".join(strange[:20])


@pytest.mark.skipif(not WITH_TSAN, reason="skipped: a binary without ThreadSanitizer")
def test_threads_do_not_race():
    with Server(settings=SETTINGS, env={"TSAN_OPTIONS": "halt_on_error=0 exitcode=66"}, timeout=30) as server:
        report = run(server, SEED, 60 if LONG else 15, clients=16, kills=0)
        print(report)
        status = server.stop()
        log = server.logged()
    assert "WARNING: ThreadSanitizer" not in log, log[log.index("WARNING: ThreadSanitizer"):][:4000]
    assert status == 0 and not report.violations, str(report)
