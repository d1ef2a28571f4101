"""The Debian package in a Debian 12 that holds nothing else: installed, upgraded, removed and purged as apt does it."""
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.scenario import alive, fresh_email
from support.usher import ROOT, Server

BASE = ROOT / "build/bookworm.tar"  # made once
pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="debootstrap and chroot need root")


def run(*words, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=300, **more)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


class Debian:
    """No /proc, no services, nothing mounted: what a package must get along with."""

    def __init__(self, root):
        self.root = root
        if not BASE.exists():
            run("debootstrap", "--variant=minbase", "bookworm", root)
            run("tar", "-C", root, "--numeric-owner", "-cf", f"{BASE}.part", ".")
            Path(f"{BASE}.part").rename(BASE)
        else:
            run("tar", "-C", root, "--numeric-owner", "-xpf", BASE)
        root.chmod(0o755)  # pytest keeps its directories to itself
        (root / "etc/resolv.conf").write_bytes(Path("/etc/resolv.conf").read_bytes())
        (root / "etc/dpkg/dpkg.cfg.d/quick").write_text("force-unsafe-io\n")

    def run(self, *words):
        return run("chroot", self.root, *words, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"})

    def apt(self, *words):
        return self.run("apt-get", "-qq", "-y", "--no-install-recommends", *words)

    def install(self, package):
        (self.root / package.name).write_bytes(package.read_bytes())
        self.apt("install", "/" + package.name)

    def owned(self, path):
        return self.run("stat", "-c", "%U:%G %a", path).strip()


@dataclass
class Installed(Server):
    """What the unit starts, as the user that the unit names."""
    debian: Debian = None

    def __post_init__(self):
        self.data_dir = f"{self.debian.root}/var/lib/usher"

    def command(self, *words):
        unit = (self.debian.root / "lib/systemd/system/usher.service").read_text()
        user, start = (re.search(rf"^{name}=(.*)$", unit, re.M)[1] for name in ("User", "ExecStart"))
        return ["chroot", str(self.debian.root), "setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--pdeathsig", "KILL", *start.split()]


@pytest.fixture
def debian(tmp_path):
    made = Debian(tmp_path)
    made.apt("update")
    return made


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """This version, and a later one of the same build."""
    built = ROOT / run("./dev", "package", cwd=ROOT).split()[-1]
    directory = tmp_path_factory.mktemp("later")
    run("cpack", "--config", ROOT / "build/release/CPackConfig.cmake", "-B", directory, "-D", "CPACK_PACKAGE_VERSION=99.1")
    return built, next(directory.glob("usher_99.1_*.deb"))


def test_installed_upgraded_removed_and_purged(debian, packages):
    first, later = packages
    settings, data = debian.root / "etc/usher/usher.toml", debian.root / "var/lib/usher"
    debian.install(first)
    assert (debian.owned("/var/lib/usher"), debian.owned("/etc/usher")) == ("usher:usher 700", "root:usher 750")
    assert (debian.root / "etc/systemd/system/multi-user.target.wants/usher.service").is_symlink()
    settings.write_text(edited := settings.read_text() + '\n[sessions]\nidle_timeout = "7d"\n')

    with Installed(debian=debian) as usher:
        ada = usher.sign_up(fresh_email("ada"))
        answer = usher.login_answer(ada.email).json
        assert answer["refreshExpiresIn"] == 7 * 86400, "the settings of /etc are not those of the service"
        assert debian.owned("/var/lib/usher/usher.db").startswith("usher:usher")
        debian.install(later)  # beneath the running server
        assert debian.run("dpkg-query", "-W", "-f", "${Version}", "usher") == "99.1"
        assert alive(usher, ada)
        usher.restart()
        assert alive(usher, ada) and usher.refresh(ada.refresh).status == 200
        assert settings.read_text() == edited
        again = usher.refresh(answer["refreshToken"]).json

        usher.stop()
        debian.apt("remove", "usher")
        assert not (debian.root / "usr/bin/usher").exists() and (data / "usher.db").exists() and (data / "master.key").exists()
        debian.install(later)
        usher.start()
        assert usher.get("/auth/me", token=again["accessToken"]).status == 200
        assert settings.read_text() == edited

    debian.apt("purge", "usher")
    assert not data.exists() and not settings.parent.exists()
    assert not list(debian.root.glob("etc/systemd/system/**/usher.service")), "something of the unit is left"
