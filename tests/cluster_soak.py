#!/usr/bin/python3
"""Shards on a Redis Cluster whose nodes die, and what must hold.

usage: tests/cluster_soak.py [MINUTES]        (default 10; $NUDGED_BUILD names the build folder)

Three masters with a replica each, three daemons, 16 shards, a steady stream of orders. Every few seconds, by
chance: a master is killed, and comes back as a replica; one hangs until another has taken over; a slot of a
shard moves, at once or with a pause half way; a daemon is killed and started anew. Once a fourth master joins.

When the time is over each order that was acknowledged is a message (cluster_load), second copies are only of
messages from right before a master or a daemon went, and nothing is left in Redis but customers."""

import collections
import os
import pathlib
import random
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "functional"))

from cluster_load import Background, ClusterLoad, TimedServer  # noqa: E402
from conftest import Shop, wait_until  # noqa: E402
from redis_cluster import RedisCluster, slot_of  # noqa: E402
from shards import Shards  # noqa: E402

RATE = 50  # orders a second
SHARDS = 16
SEED = int(os.environ.get("SOAK_SEED", 1))
RULES = """
name: each
class: transactional
on: order.placed
send: each
"""


class Soak:
    def __init__(self, shop):
        self.shop, self.rng = shop, random.Random(SEED)
        self.cluster = shop.add(RedisCluster(shop.folder / "cluster").start())
        self.shards = Shards(shop, SHARDS, self.cluster)
        self.server = shop.add(TimedServer())
        shop.config["gateways"] = {"smtp": {"kind": "smtp", "host": "127.0.0.1", "port": self.server.port,
                                            "tls": "never", "connections": 4}}
        shop.rules(RULES)
        shop.template("each.text.liquid", "---\nsubject: '{{ message.rule }} {{ order.id }}'\n---\nx")
        self.load = ClusterLoad(self.shards)
        self.daemons = [shop.daemon(name).spawn() for name in ("one", "two", "three")]
        self.done = collections.Counter()

    def master(self):
        """One that has a replica to follow it."""
        return self.rng.choice([node for node in self.cluster.living() if node.serves()
                                and any(view["of"] == node.id for view in node.view().values())])

    def settle(self):
        """All nodes are there, and see the same."""
        self.cluster.wait_ok()

    # ---- Faults: each ends before the next begins ----

    def kill_master(self):
        master = self.master()
        self.load.begin_fault()
        master.kill()
        self.cluster.wait_replaced(master)
        self.load.end_fault()
        master.start()
        self.settle()

    def hang_master(self):
        master = self.master()
        self.load.begin_fault()
        master.pause()
        self.cluster.wait_replaced(master)
        self.load.end_fault()
        master.resume()
        self.settle()

    def slot(self):
        prefix = self.rng.choice(self.shards.prefixes)
        slot = slot_of(f"{prefix}:events")
        source = self.cluster.owner(slot)
        to = self.rng.choice([node for node in self.cluster.living() if node is not source
                              and "master" in node.view()[node.id]["flags"]])
        return slot, to

    def move_slot(self):
        self.cluster.move(*self.slot())
        self.settle()

    def move_slot_slowly(self):
        slot, to = self.slot()
        self.cluster.begin_move(slot, to)
        self.cluster.move_keys(slot, to, count=3)
        half = time.monotonic() + 1
        wait_until(lambda: time.monotonic() > half, "a second, half way")
        while self.cluster.move_keys(slot, to):
            pass
        self.cluster.end_move(slot, to)
        self.settle()

    def kill_daemon(self):
        daemon = self.rng.choice(self.daemons)
        self.load.begin_fault()
        daemon.kill()
        self.load.end_fault()
        daemon.spawn(wait=False)

    def add_master(self):
        self.load.alone.append(self.cluster.add_master())

    FAULTS = [kill_master, kill_master, hang_master, move_slot, move_slot_slowly, kill_daemon]

    # ---- The time ----

    def run(self, seconds):
        begin, told = time.monotonic(), 0
        pushing = Background(self.load, RATE)
        try:
            while (now := time.monotonic()) < begin + seconds:
                late = now > begin + seconds / 3 and not self.done["add_master"]
                fault = type(self).add_master if late else self.rng.choice(self.FAULTS)
                self.done[fault.__name__] += 1
                fault(self)
                pause = time.monotonic() + self.rng.uniform(1, 4)
                wait_until(lambda until=pause: time.monotonic() > until, "the next fault")
                if now - begin >= told + 60:
                    told += 60
                    print(f"{told // 60} min: {self.load.number} orders, faults {dict(self.done)}", flush=True)
        finally:
            pushing.end()

    def left(self):
        """What still waits, by shard."""
        client, found = self.shop.client, {}
        for prefix in self.shards.prefixes:
            sizes = {key.decode(): client.xlen(key) for word in ("events", "outbox") for key in
                     client.scan_iter(f"{prefix}:{word}*")}
            sizes.update({f"{prefix}:{name}": client.zcard(f"{prefix}:{name}") for name in ("taken", "later")})
            sizes.update({key.decode(): client.hlen(key) for key in client.scan_iter(f"{prefix}:begun:*")})
            if waits := {key: size for key, size in sizes.items() if size}:
                found[prefix] = waits, self.shards.workers(prefix)
        return f"the daemons to have nothing left to do: {found}"

    def end(self):
        for daemon in self.daemons:
            daemon.wait_healthy()
        wait_until(self.shards.idle, self.left, patience=180)
        lost, second, outside = self.load.judge(self.server)
        dead = sum(self.shop.client.xlen(f"{prefix}:dead") for prefix in self.shards.prefixes)
        figures = {"orders": self.load.number, "lost": lost, "twice, right before a master or daemon went": second,
                   "twice, else": outside, "dead letters": dead, **self.done}
        for name, value in figures.items():
            print(f"{value:>8} {name}")
        assert not lost and not outside and not dead, figures


def main():
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 10
    with tempfile.TemporaryDirectory(prefix="nudged-cluster-") as folder:
        shop = Shop(pathlib.Path(folder))
        try:
            soak = Soak(shop)
            soak.run(minutes * 60)
            soak.end()
        finally:
            shop.close()
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
