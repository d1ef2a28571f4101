"""A small file system, and how to fill it."""
import os
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(mebibytes=64):
    """A directory on a file system of its own, or a skip where mounting is not permitted."""
    path = tempfile.mkdtemp(prefix="usher-small-")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", path], capture_output=True)
    if mounted.returncode != 0:
        os.rmdir(path)
        pytest.skip("skipped: mounting is not permitted")
    try:
        yield Path(path)
    finally:
        subprocess.run(["umount", "-l", path], check=True)
        os.rmdir(path)
        Path(path + ".log").unlink(missing_ok=True)


def fill(path):
    with open(path, "wb", buffering=0) as ballast:
        for size in (1 << 16, 1):
            try:
                while True:
                    ballast.write(b"x" * size)
            except OSError:
                pass
