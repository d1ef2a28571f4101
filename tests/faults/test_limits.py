"""Few file descriptors, and memory under garbage."""
import random
import socket
import time
from functools import partial

from support.scenario import at_once, eventually, fresh_email
from support.usher import Server


def test_accepting_resumes_when_descriptors_are_free_again():
    with Server(wrapper=["prlimit", "--nofile=64:64"]) as usher:
        held = usher.sign_up(fresh_email("few"))
        hoard = []
        try:
            for _ in range(200):
                link = socket.create_connection(("127.0.0.1", usher.port), timeout=5)
                hoard.append(link)
            time.sleep(0.3)
            cpu = cpu_seconds(usher)
            time.sleep(1)
            assert cpu_seconds(usher) - cpu < 0.5, "spins while it cannot accept"
        finally:
            for link in hoard:
                link.close()
        eventually(lambda: works(usher, held), 10)
        assert usher.process.poll() is None
        assert usher.refresh(held.refresh).status == 200
        assert usher.get("/health/ready").status == 200
        assert "cannot accept connections" in usher.logged()


def works(usher, held):
    try:
        return usher.get("/auth/me", token=held.access).status == 200
    except OSError:
        return False


def cpu_seconds(usher):
    fields = open(f"/proc/{usher.process.pid}/stat").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def resident_kib(usher):
    for line in open(f"/proc/{usher.process.pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1])


def garbage(choice, token):
    """Requests that are wrong in every layer."""
    noise = bytes(choice.randrange(256) for _ in range(choice.randrange(1, 400)))
    word = "".join(choice.choice("abcdefghij./%?=&-_~0123") for _ in range(choice.randrange(1, 300)))
    kinds = [
        lambda: noise + b"\r\n\r\n",
        lambda: f"GET /{word} HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
        lambda: f"GET /auth/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {word}.{word}.{word}\r\n\r\n".encode(),
        lambda: (f"GET /auth/check HTTP/1.1\r\nHost: x\r\n"
                 f"Authorization: Bearer {token[:-8]}{choice.randrange(10**8):08d}\r\n\r\n").encode(),
        lambda: f"GET / HTTP/1.1\r\nHost: x\r\n{word}: {'y' * choice.randrange(20_000)}\r\n\r\n".encode(),
        lambda: b"POST /auth/refresh HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
                + str(len(noise)).encode() + b"\r\n\r\n" + noise,
        lambda: (f"POST /auth/refresh HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                 f"Transfer-Encoding: chunked\r\n\r\n{word}").encode(),
        lambda: ("POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                 "Content-Length: 4000\r\n\r\n" + "[" * 4000).encode(),
        lambda: f"{word.upper()[:20]} / HTTP/9.9\r\n\r\n".encode(),
        lambda: b'POST /auth/refresh HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 66\r\n\r\n'
                + b'{"refreshToken":"ush_r_' + noise.hex()[:41].ljust(41, "0").encode() + b'"}',
    ]
    return choice.choice(kinds)()


def send_garbage(usher, seed, token, count):
    choice = random.Random(seed)
    for _ in range(count):
        with socket.create_connection(("127.0.0.1", usher.port), timeout=5) as link:
            try:
                link.sendall(garbage(choice, token))
                link.shutdown(socket.SHUT_WR)
                while link.recv(65536):
                    pass
            except (ConnectionError, TimeoutError):
                pass


def test_memory_stays_flat_under_garbage():
    # A small table of verified tokens: the pages of a large one become resident as they are read, up to its fixed size.
    with Server(settings={"log.level": "error", "tokens.cache_entries": "1024"}) as usher:
        held = usher.sign_up(fresh_email("flat"))
        at_once([partial(send_garbage, usher, seed, held.access, 250) for seed in range(16)])
        warm = resident_kib(usher)
        at_once([partial(send_garbage, usher, seed, held.access, 1250) for seed in range(16, 32)])
        after = resident_kib(usher)
        print(f"resident {warm} KiB after 4,000 and {after} KiB after 24,000 garbage requests")
        assert after < warm + 4096, f"grew from {warm} to {after} KiB"
        assert usher.get("/auth/me", token=held.access).status == 200
