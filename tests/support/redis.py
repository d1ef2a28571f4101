"""A Redis of its own for a test: on loopback, in a directory below /tmp, gone with the process that started it."""
import shutil
import signal
import subprocess
import tempfile
import time

from support.postgres import free_port


class Redis:
    def __init__(self, *more):
        self.port, self.more = free_port(), more

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="usher-redis-")
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    # Nothing is kept on disk: what starts again knows nothing.
    def start(self):
        words = ["setpriv", "--pdeathsig", "KILL", "redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "",
                 "--appendonly", "no", "--dir", self.dir, "--logfile", self.dir + "/log", *self.more]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while subprocess.run(["redis-cli", "-p", str(self.port), "ping"], capture_output=True, text=True).stdout.strip() != "PONG":
            assert self.process.poll() is None and time.monotonic() < deadline, "Redis did not start"
            time.sleep(0.02)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def cli(self, *words):
        done = subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True, text=True, timeout=10)
        assert done.returncode == 0 and not done.stdout.startswith(("ERR", "(error)")), done.stdout + done.stderr
        return done.stdout.strip()
