"""A real proxy for a test: in the foreground, on loopback, with a directory of its own, until the block ends."""
import http.client
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

PROGRAMS = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"
NGINX, CADDY, HAPROXY = (shutil.which(name, path=PROGRAMS) for name in ("nginx", "caddy", "haproxy"))


class Proxy:
    def __init__(self, command, port):
        self.port = port
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=self.log)
        deadline = time.monotonic() + 10
        while self.process.poll() is None and time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError(f"the proxy did not start: {self.logged()}")

    def logged(self):
        self.log.seek(0)
        return self.log.read()

    def call(self, method, path, token=None, body=None, headers=None):
        sent = ({"Authorization": f"Bearer {token}"} if token else {}) | (headers or {})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body=body, headers=sent)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.log.close()


def nginx(directory, text, port):
    """`text` is what stands in a file of /etc/nginx/conf.d."""
    temp = "".join(f"{kind}_temp_path {directory}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config = Path(directory, "nginx.conf")
    config.write_text(f"daemon off;\nmaster_process off;\npid {directory}/pid;\nerror_log stderr;\nevents {{}}\n"
                      f"http {{\naccess_log off;\n{temp}{text}}}\n")
    return Proxy([NGINX, "-p", directory, "-c", str(config)], port)


def caddy(directory, text, port):
    config = Path(directory, "Caddyfile")
    config.write_text("{\nadmin off\nauto_https off\n}\n" + text)
    return Proxy([CADDY, "run", "--config", str(config), "--adapter", "caddyfile"], port)


def haproxy(directory, text, port):
    config = Path(directory, "haproxy.cfg")
    config.write_text(text)
    return Proxy([HAPROXY, "-db", "-f", str(config)], port)
