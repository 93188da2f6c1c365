"""What was answered with 202 is decided exactly once, whoever is killed meanwhile: the daemon, or nudged-web."""

import http.client
import json
import os
import pathlib
import random
import signal
import threading
import time

from conftest import PATIENCE, wait_until
from web_intake import Web, web_shop

PUSHERS, EVENTS = 4, 60
SECRET = "a-token-of-the-shop-that-is-long"


def order(number):
    return {"type": "order.placed", "id": f"o{number}", "customer": {"id": number % 17, "email": "a@shop.example"},
            "order": {"name": f"#{number}"}}


def children(daemon):
    """Processes that the daemon has started and that are nudged-web."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            name, rest = path.read_text().split("(", 1)[1].rsplit(")", 1)
        except OSError:
            continue
        if int(rest.split()[1]) == daemon.process.pid and name == "nudged-web":
            found.append(int(path.parent.name))
    return found


def would_be_held(client):
    """A message over which two daemons have ended: at the third it is held, for somebody to say what becomes of it."""
    return any(int(client.hget(key, "deaths") or 0) >= 2 for key in client.scan_iter("nudged:message:*")
               if client.type(key) == b"hash")


class Pusher(threading.Thread):
    """Pushes its events one after the other, each until it is answered with 202; every third without an id and with
    an Idempotency-Key, every fourth in a list."""

    def __init__(self, web, numbers):
        super().__init__()
        self.web, self.numbers, self.taken, self.wrong = web, numbers, [], []

    def run(self):
        for number in self.numbers:
            self.push(number)

    def push(self, number):
        body, headers = order(number), {}
        if number % 3 == 0:
            del body["id"]
            headers["Idempotency_Key"] = f"key-{number}"
        while True:
            try:
                status, _, told = self.web.post([body] if number % 4 == 0 else body, token=SECRET, **headers)
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                continue
            if status == 202:
                self.taken.append(number)
                return
            if status not in (429, 503):
                self.wrong.append((number, status, told))
                return


def test_202_is_decided_exactly_once(shop):
    chance = random.Random(14)
    shop.redis()
    shop.config["gateways"] = {"folder": {"kind": "maildir", "path": str(shop.folder / "mail")}}
    shop.rules("name: thanks\nclass: transactional\non: order.placed\nsend: thanks\nagain: parallel\n")
    shop.template("thanks.text.liquid", "---\nsubject: 'order {{ order.name }}'\n---\nx\n")
    web_shop(shop, f"{SECRET} *\n", limits={"rate": "100000 per 1s"})
    first = shop.daemon().spawn()
    web = Web(first)
    first.stop()
    shop.config["web"]["listen"] = f"127.0.0.1:{web.port}"
    daemon = shop.daemon("two").spawn()
    pushers = [Pusher(web, range(first, PUSHERS * EVENTS, PUSHERS)) for first in range(PUSHERS)]
    for pusher in pushers:
        pusher.start()
    since = 0
    for _ in range(12):
        goal = sum(len(pusher.taken) for pusher in pushers) + chance.randint(1, 16)
        wait_until(lambda goal=goal: sum(len(pusher.taken) for pusher in pushers) >= goal
                   or not any(pusher.is_alive() for pusher in pushers), daemon.log)
        if chance.random() < 0.5:
            # What five daemons in a row end over is a dead letter: each gets done what it has found.
            wait_until(lambda since=since: not shop.client.xrange("nudged:events", "-", since, count=1), daemon.log)
            wait_until(lambda: not would_be_held(shop.client), daemon.log)
            daemon.kill()
            since = int(time.time() * 1000)
            daemon.spawn()
        else:
            for child in children(daemon):
                os.kill(child, signal.SIGKILL)
    for pusher in pushers:
        pusher.join(PATIENCE)
    assert [pusher.wrong for pusher in pushers] == [[]] * PUSHERS
    assert sorted(number for pusher in pushers for number in pusher.taken) == list(range(PUSHERS * EVENTS))
    shop.wait_idle()
    assert shop.client.zrange("nudged:uncertain", 0, -1) == []
    subjects = sorted(line for path in (shop.folder / "mail").glob("new/*") for line in path.read_text().splitlines()
                      if line.startswith("Subject: "))
    assert subjects == sorted(f"Subject: order #{number}" for number in range(PUSHERS * EVENTS))
    assert shop.dead() == []
