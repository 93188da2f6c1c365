#!/usr/bin/python3
"""A master that Sentinels watch, and what must hold while it fails.

usage: tests/sentinel_soak.py [MINUTES]        (default 10; $NUDGED_BUILD names the build folder)

A master with two replicas, three Sentinels, three daemons, four shards ($SOAK_SHARDS; 0: none), a steady stream
of orders. Every few seconds, by chance: the master is killed, and comes back as a replica; it hangs until another
has taken over; it is cut off from all but the daemons, until then; a replica, both of them, or a Sentinel is gone
for a while; a daemon is killed and started anew. Else all is as in the soak of a cluster, and judged the same.

What a master that is cut off takes is lost with it: nothing is in that time but what may be sent twice."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent / "functional"))

from chaos import Chaos, main  # noqa: E402
from conftest import wait_until  # noqa: E402
from redis_sentinel import RedisSentinel  # noqa: E402

SHARDS = int(os.environ.get("SOAK_SHARDS", 4))


class Soak(Chaos):
    def __init__(self, shop):
        super().__init__(shop, shop.add(RedisSentinel(shop.folder / "sentinel").start()), SHARDS)

    def settle(self):
        """All are there, and see the same."""
        self.servers.wait_whole()
        wait_until(lambda: all(self.servers.is_known(sentinel) for sentinel in self.servers.sentinels),
                   "Sentinels to see all")

    def replace(self, begin, end):
        """What `begin` does to the master lasts until another one is."""
        master = self.servers.owner()
        self.load.begin_fault()
        begin(master)
        self.servers.wait_replaced(master)
        self.load.end_fault()
        self.load.owners.clear()
        self.pause(self.rng.uniform(0, 2), "it to come back")
        end(master)
        self.settle()

    # ---- Faults ----

    def kill_master(self):
        self.replace(lambda master: master.kill(), lambda master: master.start())

    def hang_master(self):
        self.replace(lambda master: master.pause(), lambda master: master.resume())

    def cut_master(self):
        self.replace(lambda master: master.cut(), lambda master: master.heal())

    def lose_replicas(self):
        """With none of them nothing is acknowledged, but all goes on."""
        lost = self.servers.replicas()[:self.rng.randint(1, 2)]
        for replica in lost:
            replica.kill()
        self.pause(self.rng.uniform(0, 3), "them to be missed")
        for replica in lost:
            replica.start()
        self.settle()

    def lose_sentinel(self):
        sentinel = self.rng.choice(self.servers.sentinels)
        sentinel.pause()
        self.pause(self.rng.uniform(0, 3), "it to be missed")
        sentinel.resume()
        self.settle()

    FAULTS = [kill_master, kill_master, hang_master, cut_master, lose_replicas, lose_sentinel, Chaos.kill_daemon]


if __name__ == "__main__":
    main(Soak)
