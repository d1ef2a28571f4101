"""The Debian package in a fresh Debian 12: installed, upgraded, removed and purged as apt does it, run by its systemd."""
import os
import re
from dataclasses import dataclass

import pytest

from bookworm import Debian, run
from support.ports import free_port
from support.scenario import alive, eventually, fresh_email
from support.usher import ROOT, Server

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="debootstrap, chroot and systemd-nspawn need root")


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
def packages(tmp_path_factory):
    """This version, and a later one of the same build."""
    first = ROOT / run("./dev", "package", cwd=ROOT).split()[-1]
    directory = tmp_path_factory.mktemp("later")
    run("cpack", "--config", ROOT / "build/release/CPackConfig.cmake", "-B", directory, "-D", "CPACK_PACKAGE_VERSION=99.1")
    return first, next(directory.glob("usher_99.1_*.deb"))


def test_no_secrets_of_who_builds_it_are_packaged():
    """OPERATIONS.md has an operator write them to deploy/.env."""
    secrets, before = ROOT / "deploy/.env", (ROOT / "deploy/.env").exists()
    if not before:
        secrets.write_text("KEYS_MASTER=not-for-everybody\n")
    try:
        package = ROOT / run("./dev", "package", cwd=ROOT).split()[-1]
        assert ".env" not in run("dpkg-deb", "--contents", package)
    finally:
        if not before:
            secrets.unlink()


def test_no_link_of_the_packaged_pages_for_operators_leads_nowhere(packages):
    listed = {line.split()[5].removeprefix("./") for line in run("dpkg-deb", "--contents", packages[0]).splitlines()}
    for page in ("README.md", "docs/OPERATIONS.md", "docs/security.md"):
        place = "usr/share/doc/usher/" + page
        assert place in listed
        for link in re.findall(r"\]\(([^)#:]+)", (ROOT / page).read_text()):
            to = os.path.normpath(os.path.join(os.path.dirname(place), link))
            assert to in listed or to + "/" in listed or page == "README.md" and link in ("CONTRIBUTING.md", "LICENSE"), (page, link)


def test_a_life_of_the_package(tmp_path, packages):
    debian, (first, later), port = Debian(tmp_path), packages, free_port()
    settings, data = tmp_path / "etc/usher/usher.toml", tmp_path / "var/lib/usher"
    # Where no systemd runs.
    debian.install(first)
    assert debian.run("stat", "-c", "%n %U:%G %a", "/var/lib/usher", "/etc/usher").splitlines() == [
        "/var/lib/usher usher:usher 700", "/etc/usher root:usher 750"]
    settings.write_text(edited := settings.read_text().replace(":3000", f":{port}") + '\n[sessions]\nidle_timeout = "7d"\n')
    with Installed(debian=debian) as usher:
        ada = usher.sign_up(fresh_email("ada"))
        assert usher.login_answer(ada.email).json["refreshExpiresIn"] == 7 * 86400, "other settings than those of /etc"
        assert debian.run("stat", "-c", "%U", "/var/lib/usher/usher.db") == "usher"
    debian.apt("remove", "usher")
    assert not (tmp_path / "usr/bin/usher").exists() and {"usher.db", "master.key"} <= {path.name for path in data.iterdir()}
    debian.install(first)
    assert settings.read_text() == edited

    debian.apt("install", "systemd-sysv")
    usher.port, usher.timeout = port, 30

    def process():
        return debian.run("systemctl", "show", "--value", "--property", "MainPID", "usher")

    def started_again(before):
        eventually(lambda: serves(usher) and process() not in ("0", before), 30)
        assert alive(usher, ada)
        return process()

    with debian.booted():
        began = started_again("0")
        debian.run("systemctl", "reload", "usher")
        debian.install(later)
        assert debian.run("dpkg-query", "-W", "-f", "${Version}", "usher") == "99.1" and settings.read_text() == edited
        began = started_again(began)
        assert usher.refresh(ada.refresh).status == 200
        debian.run("sh", "-c", "kill -KILL " + began)
        began = started_again(began)
        debian.run("systemctl", "stop", "usher")
        assert debian.run("systemctl", "show", "--value", "--property", "Result", "usher") == "success" and not serves(usher)
        debian.run("systemctl", "start", "usher")
        assert serves(usher), "it counts as started once it serves"
        started_again("0")
        debian.apt("purge", "usher")
        assert not serves(usher) and not data.exists() and not settings.parent.exists()
    assert not list(tmp_path.glob("etc/systemd/system/**/usher.service")), "something of the unit is left"


def serves(usher):
    try:
        return usher.get("/health/ready").status == 200
    except ConnectionError:
        return False
