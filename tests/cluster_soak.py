#!/usr/bin/python3
"""Shards on a Redis Cluster whose nodes die, and what must hold.

usage: tests/cluster_soak.py [MINUTES]        (default 10; $NUDGED_BUILD names the build folder)

Three masters with a replica each, three daemons, 16 shards, a steady stream of orders. Every few seconds, by
chance: a master is killed, and comes back as a replica; one hangs until another has taken over; a slot of a
shard moves, at once or with a pause half way; a daemon is killed and started anew. Once a fourth master joins.
A fifth of the orders is of persons with two or three keys, who are joined meanwhile; some of them say no, half way
while nothing fails, or in between (cluster_persons).

When the time is over each order that was acknowledged is a message (cluster_load), second copies are only of
messages from right before a master or a daemon went, nothing was offered behind a no that was settled, each
person is one document, and nothing is left in Redis but customers."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "functional"))

from chaos import Chaos, main  # noqa: E402
from redis_cluster import RedisCluster, slot_of  # noqa: E402

SHARDS = 16


class Soak(Chaos):
    def __init__(self, shop):
        super().__init__(shop, shop.add(RedisCluster(shop.folder / "cluster").start()), SHARDS)

    def master(self):
        """One that has a replica to follow it."""
        return self.rng.choice([node for node in self.servers.living() if node.serves()
                                and any(view["of"] == node.id for view in node.view().values())])

    def settle(self):
        """All nodes are there, and see the same."""
        self.servers.wait_ok()

    # ---- Faults: each ends before the next begins ----

    def kill_master(self):
        master = self.master()
        self.load.begin_fault()
        master.kill()
        self.servers.wait_replaced(master)
        self.load.end_fault()
        master.start()
        self.settle()

    def hang_master(self):
        master = self.master()
        self.load.begin_fault()
        master.pause()
        self.servers.wait_replaced(master)
        self.load.end_fault()
        master.resume()
        self.settle()

    def slot(self):
        prefix = self.rng.choice(self.shards.prefixes)
        slot = slot_of(f"{prefix}:events")
        source = self.servers.owner(slot)
        to = self.rng.choice([node for node in self.servers.living() if node is not source
                              and "master" in node.view()[node.id]["flags"]])
        return slot, to

    def move_slot(self):
        self.servers.move(*self.slot())
        self.settle()

    def move_slot_slowly(self):
        slot, to = self.slot()
        self.servers.begin_move(slot, to)
        self.servers.move_keys(slot, to, count=3)
        self.pause(1, "a second, half way")
        while self.servers.move_keys(slot, to):
            pass
        self.servers.end_move(slot, to)
        self.settle()

    def add_master(self):
        self.load.alone.append(self.servers.add_master())

    FAULTS = [kill_master, kill_master, hang_master, move_slot, move_slot_slowly, Chaos.kill_daemon]
    ONCE = add_master


if __name__ == "__main__":
    main(Soak)
