"""deploy/usher.service: systemd takes it, finds it closed, and the server lives within what it allows."""
import re
import signal
import socket
import subprocess

from support.scenario import eventually, fresh_email
from support.usher import BINARY, ROOT, Server

UNIT = ROOT / "deploy/usher.service"


def analyze(*words):
    done = subprocess.run(["systemd-analyze", *map(str, words)], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def values(name):
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.M)


def test_systemd_understands_every_line(tmp_path):
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/usr/bin/usher", str(BINARY)))
    assert not analyze("verify", "--man=no", copy).stderr


def test_exposure_is_low():
    print(analyze("security", "--offline=true", "--no-pager", "--threshold=15", UNIT).stdout.splitlines()[-1])  # 1.5 of 10


def test_it_is_started_again_however_long_the_database_is_away():
    assert values("Restart") == ["on-failure"] and values("StartLimitIntervalSec") == ["0"]


def test_it_is_killed_only_after_it_would_have_ended_by_itself():
    shown = subprocess.run([str(BINARY), "config"], capture_output=True, text=True, check=True).stdout
    assert int(values("TimeoutStopSec")[0]) > int(re.search(r"http.stop_timeout = (\d+)s", shown)[1]) + 1.5


def calls_of(group):
    """The system calls of a group of systemd's, those of the groups in it included."""
    words = [line.strip() for line in analyze("syscall-filter", group).stdout.splitlines()[1:]]
    found = {word for word in words if re.fullmatch(r"\w+", word)}
    return found.union(*(calls_of(word) for word in words if word.startswith("@")))


def allowed_calls():
    allowed = set()
    for line in values("SystemCallFilter"):
        named = set()
        for word in line.removeprefix("~").split():
            named |= calls_of(word) if word.startswith("@") else {word}
        allowed = allowed - named if line.startswith("~") else allowed | named
    return allowed


def test_the_server_asks_the_system_for_nothing_else(tmp_path):
    """A life of it under strace: start, accounts, passwords, mail, sign-out, stop."""
    log = tmp_path / "calls"
    with Server(wrapper=["strace", "-D", "-f", "-q", "-o", str(log)], timeout=60) as usher:
        ada = usher.sign_up(fresh_email("ada"))
        other = usher.login(ada.email)
        assert usher.refresh(other.refresh).status == 200 and usher.get("/metrics").status == 200
        assert usher.delete("/auth/sessions", token=ada.access).status == 200
        pid = usher.process.pid
    text = eventually(lambda: (seen := log.read_text()) and f"{pid} +++ exited" in re.sub(" +", " ", seen) and seen)
    used = set(re.findall(r"^\d+ +(\w+)\(", text, re.M)) - {"fchown"}  # which SQLite calls when it is root, and not as usher
    assert len(used) > 40 and used <= allowed_calls(), used - allowed_calls()
    assert set(re.findall(r"socket\((AF_\w+)", text)) <= set(values("RestrictAddressFamilies")[0].split())
    assert not re.findall(r"mmap\([^)]*PROT_WRITE\|PROT_EXEC|mprotect\([^)]*PROT_EXEC", text), "MemoryDenyWriteExecute"


def test_systemd_is_told_when_it_is_ready_reloads_and_stops(tmp_path):
    assert values("Type") == ["notify"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        with Server(env={"NOTIFY_SOCKET": str(tmp_path / "notify")}) as usher:
            assert manager.recv(100) == b"READY=1" and usher.get("/health/ready").status == 200
            usher.process.send_signal(signal.SIGHUP)
            assert [manager.recv(100), manager.recv(100)] == [b"RELOADING=1", b"READY=1"]
            assert usher.get("/health/ready").status == 200
        assert manager.recv(100) == b"STOPPING=1"
