"""A Debian 12 that holds nothing else, in a directory: entered by chroot, or booted with its own systemd."""
import os
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.scenario import eventually
from support.usher import ROOT

BASE = ROOT / "build/bookworm.tar"  # made once
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
CGROUPS = [Path("/sys/fs/cgroup", name) for name in ("", "systemd", "unified")]


def run(*words, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=300, **more)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@contextmanager
def skipped_because(what):
    """For what the surroundings may lack."""
    try:
        yield
    except (AssertionError, OSError) as why:
        pytest.skip(f"skipped: {what}: {str(why)[-300:]}")


class Debian:
    def __init__(self, root):
        self.root, self.enter = root, ["chroot", root]
        if not BASE.exists():
            with skipped_because("no mirror of Debian"):
                run("debootstrap", "--variant=minbase", "bookworm", root)
            run("tar", "-C", root, "--numeric-owner", "-cf", f"{BASE}.part", ".")
            Path(f"{BASE}.part").rename(BASE)
        else:
            run("tar", "-C", root, "--numeric-owner", "-xpf", BASE)
        root.chmod(0o755)  # pytest keeps its directories to itself
        (root / "etc/resolv.conf").write_bytes(Path("/etc/resolv.conf").read_bytes())
        (root / "etc/dpkg/dpkg.cfg.d/quick").write_text("force-unsafe-io\n")
        self.apt("update")

    def run(self, *words):
        return run(*self.enter, *words, env=ENVIRONMENT).strip()

    def apt(self, *words):
        return self.run("apt-get", "-qq", "-y", "--no-install-recommends", *words)

    def install(self, package):
        (self.root / package.name).write_bytes(package.read_bytes())
        self.apt("install", "/" + package.name)

    @contextmanager
    def booted(self):
        """On the network of this machine, in control groups of its own."""
        groups = [path / f"usher-test-{os.getpid()}" for path in CGROUPS if (path / "cgroup.procs").exists()]
        with skipped_because("no control groups can be made"):
            for group in groups:
                group.mkdir()
        join = "".join(f"echo $$ >{group}/cgroup.procs; " for group in groups)
        nspawn = subprocess.Popen(["sh", "-ec", join + "exec setpriv --pdeathsig KILL systemd-nspawn -q -D \"$0\" --register=no --keep-unit --console=pipe -b",
                                   str(self.root)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            with skipped_because("no system can be booted here"):
                first = eventually(lambda: [child for child in children(nspawn.pid) if Path(f"/proc/{child}/comm").read_text() == "systemd\n"], 20)[0]
            self.enter = ["nsenter", "-t", first, "-m", "-u", "-i", "-p"]
            yield
        finally:
            self.enter = ["chroot", self.root]
            nspawn.send_signal(signal.SIGTERM)  # shuts it down in order
            nspawn.wait(60)
            for group in groups:
                for path in sorted([path for path in group.rglob("*") if path.is_dir()], reverse=True):
                    path.rmdir()
                group.rmdir()


def children(pid):
    path = Path(f"/proc/{pid}/task/{pid}/children")
    assert path.exists(), "it has ended"
    return path.read_text().split()
