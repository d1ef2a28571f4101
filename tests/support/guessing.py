"""An attack on one account's password: many guesses at once, over nodes, addresses, endpoints and spellings.

The nodes trust 127.0.0.1 as a proxy, so that a guess can claim any address.
"""
import http.client
import itertools
import json
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

# What docs/OPERATIONS.md promises of guesses that come without a pause.
HEARD = 20
FIRST_WAIT = 30  # seconds, then one more is heard; the next wait is twice as long
PROXY = {"http.trusted_proxies": "127.0.0.1"}


def most_heard(seconds):
    """Of guesses that come without a pause for so long."""
    heard, wait = HEARD, FIRST_WAIT
    while seconds >= wait:
        heard, seconds, wait = heard + 1, seconds - wait, wait * 2
    return heard


def spelling(email, choose):
    return "".join(c.upper() if choose.random() < 0.3 else c for c in email)


def address(choose):
    if choose.random() < 0.5:
        return ".".join(str(choose.randrange(1, 224)) for _ in range(4))
    return f"2001:db8:{choose.randrange(65536):x}:{choose.randrange(65536):x}::{choose.randrange(1, 65536):x}"


def guess(link, number, email, token, choose):
    """The code of the answer."""
    password = f"guess number {number}"
    path, body = ("/auth/login", {"email": spelling(email, choose), "password": password})
    headers = {"Content-Type": "application/json", "X-Forwarded-For": address(choose)}
    if token and number % 2:
        path, body = "/auth/change-password", {"currentPassword": password, "newPassword": "what the thief would like 8"}
        headers["Authorization"] = f"Bearer {token}"
    link.request("POST", path, json.dumps(body), headers)
    answer = link.getresponse()
    return json.loads(answer.read())["code"]


def attack(nodes, email, count, token=None, clients=16):
    """How often each code was answered: no more guesses are heard than may be. `token`: of a stolen session, by which half
    of them go to change-password."""
    numbers, began = itertools.count(), time.monotonic()

    def client(which):
        choose, codes = random.Random(which), Counter()
        link = http.client.HTTPConnection(nodes[which % len(nodes)].host, nodes[which % len(nodes)].port, timeout=60)
        while (number := next(numbers)) < count:
            codes[guess(link, number, email, token, choose)] += 1
        link.close()
        return codes

    with ThreadPoolExecutor(clients) as pool:
        codes = sum(pool.map(client, range(clients)), Counter())
    heard = codes["invalid_credentials"] + codes["wrong_password"]
    assert HEARD <= heard <= most_heard(time.monotonic() - began), codes
    assert heard + codes["too_many_attempts"] == count, codes
    return codes
