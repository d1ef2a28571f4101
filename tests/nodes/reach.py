"""How long after asking for a sign-out on one node the others refuse the session; measured in a process of its own, for the threads
of the test would hold it up.

    with Reach(nodes, email, password) as reach: …
    reach.times  # seconds, for each sign-out and each other node
"""
import http.client
import json
import subprocess
import sys
import time

ROUNDS = 100


class Reach:
    def __init__(self, nodes, email, password):
        self.words = ["/usr/bin/python3", __file__, email, password, *(f"{node.host}:{node.port}" for node in nodes)]

    def __enter__(self):
        self.process = subprocess.Popen(self.words, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_):
        out, _ = self.process.communicate(timeout=300)
        self.times = json.loads(out)


class Share:
    """How busy the machine's processors were: `with Share() as share: …`, then share.of_all, from 0 to 1."""

    def __enter__(self):
        self.began = self.times()
        return self

    def __exit__(self, *_):
        spent = [now - then for now, then in zip(self.times(), self.began)]
        self.of_all = 1 - (spent[3] + spent[4]) / sum(spent)  # idle, and waiting for a disk

    @staticmethod
    def times():
        with open("/proc/stat") as file:
            return [int(word) for word in file.readline().split()[1:9]]


def ask(link, method, path, token=None, body=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    link.request(method, path, json.dumps(body) if body else None, headers)
    answer = link.getresponse()
    return answer.status, answer.read()


def check(link, token):
    return ask(link, "GET", "/auth/check", token)[0]


def sign_out_once(here, there, email, password):
    _, body = ask(here, "POST", "/auth/login", body={"email": email, "password": password})
    one = json.loads(body)
    token, times, waiting = one["accessToken"], [], list(there)
    assert [check(link, token) for link in there for _ in range(3)] == [204] * 3 * len(there)
    began = time.monotonic()
    assert ask(here, "DELETE", f"/auth/sessions/{one['sessionId']}", token)[0] == 200
    while waiting:
        assert time.monotonic() - began < 5, "never"
        for link in list(waiting):
            if check(link, token) == 401:
                times.append(time.monotonic() - began)
                waiting.remove(link)
    assert_dead(there[-1], token, one["refreshToken"])
    return times


def assert_dead(link, token, refresh_token):
    """Neither token opens anything, and both say why."""
    for status, body in (ask(link, "GET", "/auth/me", token), ask(link, "POST", "/auth/refresh", body={"refreshToken": refresh_token})):
        problem = json.loads(body)
        assert (status, problem["code"], problem["reason"]) == (401, "session_ended", "logout"), body


def run(email, password, *nodes):
    here, *there = (http.client.HTTPConnection(node, timeout=30) for node in nodes)
    json.dump([took for _ in range(ROUNDS) for took in sign_out_once(here, there, email, password)], sys.stdout)


if __name__ == "__main__":
    run(*sys.argv[1:])
