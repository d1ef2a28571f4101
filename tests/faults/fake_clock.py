"""A server whose wall clock the test sets (libfaketime); time since boot runs on."""
import glob
import tempfile
from datetime import datetime, timezone
from pathlib import Path

import pytest

from support.usher import Server

HOUR, DAY, YEAR = 3600, 86_400, 365 * 86_400


def library():
    found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    if not found:
        pytest.skip("skipped: the package faketime is not installed")
    return found[0]


class ClockServer(Server):
    """Begins with the true time; shift() and freeze() set the clock of the running server and of later starts."""

    def __enter__(self):
        self.clock = Path(tempfile.mkstemp(prefix="usher-clock-")[1])
        self.clock.write_text("+0\n")
        self.env = self.env | {"LD_PRELOAD": library(), "FAKETIME_TIMESTAMP_FILE": str(self.clock), "FAKETIME_NO_CACHE": "1",
                               "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"}
        return super().__enter__()

    def __exit__(self, *error):
        super().__exit__(*error)
        self.clock.unlink()

    def set(self, text):
        draft = self.clock.with_suffix(".next")
        draft.write_text(text + "\n")
        draft.replace(self.clock)  # nobody reads half of it

    def shift(self, seconds):
        self.set(f"{seconds:+d}")

    # The clock stands still at a time given in milliseconds since 1970.
    def freeze(self, millis):
        at = datetime.fromtimestamp(millis // 1000, timezone.utc)
        self.set(f"{at:%Y-%m-%d %H:%M:%S}.{millis % 1000:03d}")

    def restart_at(self, millis):
        self.stop()
        self.freeze(millis)
        return self.start(self.port)
