"""Servers, stores and load of the benchmarks: what runs on which core, and how CPU time is read."""
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build/release"
sys.path.insert(0, str(ROOT / "tests/support"))
from ports import free_port  # noqa: E402
from usher import Server  # noqa: E402

SERVER_CORE, LOAD_CORE = "0", "1"
TICKS = os.sysconf("SC_CLK_TCK")

NGINX = """worker_processes 1; daemon off; error_log stderr crit; pid {dir}/pid;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {dir}; proxy_temp_path {dir};
 fastcgi_temp_path {dir}; uwsgi_temp_path {dir}; scgi_temp_path {dir};
 server {{ listen 127.0.0.1:{port} reuseport; default_type application/json; location / {{ return 200 '{{"status":"ok"}}'; }} }} }}
"""


class Nginx:
    """`return 200` by one worker on the server's core."""

    def __enter__(self):
        self.dir, self.port = tempfile.mkdtemp(prefix="usher-bench-"), free_port()
        config = Path(self.dir, "nginx.conf")
        config.write_text(NGINX.format(dir=self.dir, port=self.port))
        self.process = subprocess.Popen(["taskset", "-c", SERVER_CORE, "nginx", "-c", str(config), "-p", self.dir],
                                        stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        self.pid = int(children[0])
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


def usher(**settings):
    """One I/O thread, everything on the server's core."""
    return Server(settings={"http.threads": 1, "log.level": "warn"} | settings, wrapper=["taskset", "-c", SERVER_CORE])


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss_mib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def lua(path, tokens):
    """A wrk script that sends each token in turn, or none."""
    script = tempfile.NamedTemporaryFile("w", suffix=".lua", delete=False)
    headers = [f'"GET {path} HTTP/1.1\\r\\nHost: localhost\\r\\nAuthorization: Bearer {t}\\r\\n\\r\\n"' for t in tokens]
    headers = headers or [f'"GET {path} HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n"']
    script.write("local all = {" + ",\n".join(headers) + "}\nlocal i = 0\n"
                 "request = function() i = i + 1; if i > #all then i = 1 end; return all[i] end\n")
    script.close()
    return script.name


def load(port, path, tokens=(), seconds=4, connections=64):
    """Runs wrk; returns requests, errors and latency percentiles in milliseconds."""
    script = lua(path, tokens)
    done = subprocess.run(["taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script,
                           f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True)
    os.unlink(script)
    requests = int(re.search(r"(\d+) requests in", done.stdout)[1])
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout)
    scale = {"us": 0.001, "ms": 1, "s": 1000}[p99[2]]
    return {"requests": requests, "bad": int(bad[1]) if bad else 0, "p99": float(p99[1]) * scale, "rate": requests / seconds}


def cpu_per_request(pid, port, path, tokens=(), seconds=4):
    """Microseconds of the server's CPU time for each request, and the load's figures."""
    load(port, path, tokens, seconds=1)
    before = cpu_seconds(pid)
    figures = load(port, path, tokens, seconds)
    assert figures["bad"] == 0, figures
    return (cpu_seconds(pid) - before) / figures["requests"] * 1e6, figures


def row(what, limit, figure, ratio, goal):
    print(f"| {what} | {limit} | {figure} | {ratio} | {goal} |", flush=True)


def tool(*words):
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, check=True).stdout


class Store:
    """A data directory with sessions in it; `pairs` are (access token, refresh token)."""

    def __init__(self, sessions, tokens):
        self.dir = tempfile.mkdtemp(prefix="usher-bench-")
        lines = tool(BUILD / "bench_fill", self.dir, sessions, tokens).splitlines()
        self.pairs = [line.split(" ") for line in lines]
        self.access = [pair[0] for pair in self.pairs]

    def serve(self, **settings):
        server = usher(**settings)
        server.data_dir = self.dir
        return server

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)


def warm(server, tokens, path="/auth/check"):
    """Brings each session into memory, as its first request does."""
    if path == "/auth/me":
        for token in tokens:
            server.get(path, token=token)
        return
    load(server.port, path, tokens, seconds=2)


def alternate(measures, rounds):
    """Runs the measures in turn, so that what disturbs the machine disturbs all; the medians."""
    figures = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            figures[name].append(measure())
    return {name: statistics.median(all_) for name, all_ in figures.items()}


def refresh_script(pairs):
    tokens = ",\n".join(f'"{refresh}"' for _, refresh in pairs)
    length = len(pairs[0][1])  # of each, so that the load costs little of what is measured
    start = f"POST /auth/refresh HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Type: application/json\\r\\nContent-Length: {length + 19}\\r\\n\\r\\n"
    return ("local free = {" + tokens + "}\nlocal head, tail = 1, #free\n"
            "request = function()\n  local t = free[head]; free[head] = nil; head = head + 1\n"
            f"  return '{start}{{\"refreshToken\":\"' .. t .. '\"}}'\nend\n"
            "response = function(status, headers, body)\n  local _, at = body:find('\"refreshToken\":\"', 1, true)\n"
            f"  if at then tail = tail + 1; free[tail] = body:sub(at + 1, at + {length}) end\nend\n")


def wrk(port, script, connections, seconds):
    path = tempfile.NamedTemporaryFile("w", suffix=".lua", delete=False)
    path.write(script)
    path.close()
    out = tool("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", path.name, f"http://127.0.0.1:{port}")
    os.unlink(path.name)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    requests = int(re.search(r"(\d+) requests in", out)[1]) - (int(bad[1]) if bad else 0)
    return requests / seconds, int(bad[1]) if bad else 0


def accepted(port, script, connections, seconds):
    rate, refused = wrk(port, script, connections, seconds)
    if refused:
        raise SystemExit(f"{refused} requests were refused")
    return rate
