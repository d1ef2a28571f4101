"""Builds powercut.c once and tells how to run a server with it."""
import atexit
import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

SOURCE = Path(__file__).with_name("powercut.c")


@functools.cache
def library():
    """The path of the shared object."""
    compiler = next(found for name in ("clang-19", "clang", "cc", "gcc") if (found := shutil.which(name)))
    folder = tempfile.mkdtemp(prefix="usher-shim-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = Path(folder) / "powercut.so"
    done = subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", made, SOURCE, "-ldl", "-lpthread"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return str(made)


def disk(data_dir, after=None, seed=1, sync="honest", full=None):
    """The environment of a server whose disk loses power at operation number `after`, or is full while `full` exists."""
    env = {"LD_PRELOAD": library(), "POWERCUT_DIR": str(data_dir), "POWERCUT_SEED": str(seed), "POWERCUT_SYNC": sync}
    return env | ({"POWERCUT_AFTER": str(after)} if after else {}) | ({"POWERCUT_FULL": str(full)} if full else {})
