"""What soaks over several Redis servers that die have in common: three daemons, a stream of orders, faults one after
the other, and what is judged in the end."""

import collections
import os
import pathlib
import random
import sys
import tempfile
import time

# Sentinels that were late, on a busy machine, do nothing for 30 s.
os.environ.setdefault("NUDGED_PATIENCE", "240")

import cluster_persons  # noqa: E402
from cluster_load import Background, TimedServer  # noqa: E402
from conftest import Shop, wait_until  # noqa: E402
from messages import message  # noqa: E402
from shards import Shards  # noqa: E402

RATE = 50  # orders a second
SEED = int(os.environ.get("SOAK_SEED", 1))
RULES = """
name: each
class: transactional
on: order.placed
send: {template: each, to: event.data.to}
"""


class Chaos:
    """`servers`: started; each fault of FAULTS ends before the next begins."""

    FAULTS = []
    ONCE = None  # in the midst of the first half

    def __init__(self, shop, servers, shards):
        self.shop, self.servers, self.rng = shop, servers, random.Random(SEED)
        self.shards = Shards(shop, shards, servers, ("customer.id", "customer.email", "customer.phone"))
        self.server = shop.add(TimedServer())
        shop.config["gateways"] = {"smtp": {"kind": "smtp", "host": "127.0.0.1", "port": self.server.port,
                                            "tls": "never", "connections": 4}}
        shop.config["policy"] = {"consent": "true"}
        shop.rules(RULES + cluster_persons.RULES)
        shop.template("each.text.liquid", "---\nsubject: '{{ message.rule }} {{ order.id }}'\n---\nx")
        self.load = cluster_persons.PersonsLoad(self.shards)
        self.daemons = [shop.daemon(name).spawn() for name in ("one", "two", "three")]
        self.done = collections.Counter()

    def pause(self, seconds, what):
        end = time.monotonic() + seconds
        wait_until(lambda: time.monotonic() > end, what)

    def kill_daemon(self):
        daemon = self.rng.choice(self.daemons)
        self.load.begin_fault()
        daemon.kill()
        self.load.end_fault()
        daemon.spawn(wait=False)

    # ---- The time ----

    def fail(self, seconds, once=None):
        """Something, again and again; `once` in between."""
        begin, told = time.monotonic(), 0
        pushing = Background(self.load, RATE)
        try:
            while (now := time.monotonic()) < begin + seconds:
                late = once and now > begin + seconds / 2
                fault, once = (once, None) if late else (self.rng.choice(self.FAULTS), once)
                self.done[fault.__name__] += 1
                fault(self)
                self.pause(self.rng.uniform(1, 4), "the next fault")
                if now - begin >= told + 60:
                    told += 60
                    print(f"{told // 60} min: {self.load.number} orders, faults {dict(self.done)}", flush=True)
        finally:
            pushing.end()

    def rest(self):
        """What was said until now is settled."""
        for daemon in self.daemons:
            daemon.wait_healthy()
        wait_until(self.shards.idle, self.left, patience=120)
        self.load.settled()

    def decline(self):
        self.load.decline("in between")

    def run(self, seconds):
        self.fail(seconds / 2, once=type(self).ONCE)
        self.rest()
        self.load.decline("half way")
        self.rest()
        self.fail(seconds / 2, once=type(self).decline)

    def left(self):
        """What still waits, by shard."""
        client, found = self.shop.client, {}
        for prefix in self.shards.prefixes:
            sizes = {key.decode(): client.xlen(key) for word in ("events", "outbox") for key in
                     client.scan_iter(f"{prefix}:{word}*")}
            sizes.update({f"{prefix}:{name}": client.zcard(f"{prefix}:{name}") for name in ("taken", "later")})
            sizes.update({key.decode(): {mid.decode(): (word, message(client, mid, prefix))
                                         for mid, word in client.hgetall(key).items()}
                          for key in client.scan_iter(f"{prefix}:begun:*")})
            if waits := {key: size for key, size in sizes.items() if size}:
                found[prefix] = waits, self.shards.workers(prefix)
        return f"the daemons to have nothing left to do: {found}"

    def end(self):
        self.rest()
        for person in self.load.persons:  # whoever has not been named by all of their keys yet
            self.load.offer(person, tuple(person.keys))
        self.rest()
        for person in self.load.persons:
            for name in person.keys:
                self.load.offer(person, (name,))
        self.rest()
        offered = [number for number in self.load.forbidden if f"deal {number}" in self.server.copies]
        parts = {person.keys["id"]: found for person in self.load.persons
                 if len(found := self.load.documents(person)) != 1}
        lost, second, outside = self.load.judge(self.server)
        dead = sum(self.shop.client.xlen(f"{prefix}:dead") for prefix in self.shards.prefixes)
        missing = [number for number in self.load.kept if f"each {number}" not in self.server.copies]
        figures = {"orders": self.load.number, "lost": lost, "twice, right before a master or daemon went": second,
                   "twice, else": outside, "dead letters": dead, "deals": self.load.deals,
                   "deals behind a no": len(self.load.forbidden), "of these sent": len(offered),
                   "persons in parts": len(parts), **self.done}
        for name, value in figures.items():
            print(f"{value:>8} {name}")
        assert not lost and not outside and not dead and not offered and not parts, (figures, missing, offered, parts)


def main(soak):
    """`soak(shop)` makes it."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 10
    with tempfile.TemporaryDirectory(prefix="nudged-soak-") as folder:
        shop = Shop(pathlib.Path(folder))
        try:
            running = soak(shop)
            running.run(minutes * 60)
            running.end()
        finally:
            shop.close()
    print("1 passed, 0 failed")
