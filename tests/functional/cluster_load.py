"""Orders pushed into an installation on a cluster, or behind Sentinels, where nodes die, and what must have come of
them by a model of its own: each order that the cluster acknowledged, and a replica had, is a message.

A cluster that promotes a replica loses what its master had acknowledged and not handed on; so a shop that
wants to lose nothing waits for a replica (WAIT), as this one does, and pushes again what it cannot know of.
What nudged wrote in that last moment is lost too: a message that went then may go again, and so may one that a
daemon had in hand when it was killed (`on_uncertain: resend`). That window is all in which a second copy may be."""

import collections
import json
import threading
import time

import redis

from conftest import SmtpServer, parse
from redis_cluster import GONE

REPLICA_MS = 500  # that a push waits for one
WINDOW = 3.0  # seconds before a master went in which what it wrote may be lost: its replica is behind by milliseconds


class TimedServer(SmtpServer):
    """Knows when each order's message came."""

    def __init__(self):
        self.copies = collections.defaultdict(list)
        super().__init__()

    async def handle_DATA(self, server, session, envelope):
        self.copies[parse(envelope.content)["Subject"]].append(time.monotonic())
        return "250 taken"


class ClusterLoad:
    def __init__(self, shards, customers=500):
        self.shards, self.cluster = shards, shards.cluster
        self.customers = customers
        self.number = 0
        self.kept, self.again = set(), []
        self.owners = {}
        self.alone = []  # masters that have no replica, and never fail
        self.faults = []  # when a master or a daemon went, and until when that matters

    # ---- Pushing ----

    def owner(self, prefix):
        if prefix not in self.owners:
            self.owners[prefix] = self.cluster.owner(f"{prefix}:events")
        return self.owners[prefix]

    def event_of(self, number):
        customer = number % self.customers
        address = f"c{customer}@example.com"
        return {"type": "order.placed", "id": f"o{number}", "order": {"id": str(number)}, "to": address,
                "customer": {"id": customer, "email": address}}

    def prefix_of(self, customer):
        return self.shards.prefix_of(customer["id"])

    def push_one(self, number):
        return self.push_event(self.event_of(number))

    def push_event(self, event):
        """True: it was acknowledged, and a replica has it."""
        prefix = self.prefix_of(event["customer"])
        try:
            owner = self.owner(prefix)
            pipe = owner.client.pipeline(transaction=False)
            pipe.xadd(f"{prefix}:events", {"event": json.dumps(event)}).execute_command("WAIT", 1, REPLICA_MS)
            if pipe.execute()[1] >= 1 or owner in self.alone:
                return True
        except (*GONE, redis.exceptions.ResponseError, OSError):
            pass
        self.owners.pop(prefix, None)
        return False

    def push(self, count):
        numbers = self.again + list(range(self.number, self.number + count))
        self.number += count
        self.again = []
        for number in numbers:
            if self.push_one(number):
                self.kept.add(number)
            else:
                self.again.append(number)

    def push_rest(self):
        while self.again:
            self.push(0)

    # ---- Judging ----

    def begin_fault(self):
        self.faults.append([time.monotonic(), None])

    def end_fault(self):
        self.faults[-1][1] = time.monotonic()

    def in_window(self, moment):
        return any(begin - WINDOW <= moment <= (end or moment) for begin, end in self.faults)

    def judge(self, server):
        """(how many were lost, second copies in the window, second copies outside of it)."""
        lost = [number for number in self.kept if f"each {number}" not in server.copies]
        second = [times for times in server.copies.values() if len(times) > 1]
        outside = [times for times in second if not self.in_window(times[0])]
        return len(lost), len(second) - len(outside), len(outside)


class Background:
    """Pushes at a rate until it is ended."""

    def __init__(self, load, rate):
        self.load, self.pause, self.over = load, 1 / rate, threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.over.wait(self.pause):
            self.load.push(1)

    def end(self):
        self.over.set()
        self.thread.join()
        self.load.push_rest()
