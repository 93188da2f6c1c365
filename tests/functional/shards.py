"""An installation of many shards over one Redis: what stands where, as docs/scale.md says."""

import binascii
import json

from conftest import wait_until
from redis_cluster import GONE


def shard_of(key, shards):
    """The shard of a person by their key, "id:7": CRC-16/XMODEM, as a Redis Cluster's slots."""
    return binascii.crc_hqx(key.encode(), 0) % shards


class Shards:
    """A shop's installation, split or (0) whole; over one Redis, over a cluster (redis_cluster), or over a master
    that Sentinels watch (redis_sentinel)."""

    def __init__(self, shop, count, cluster=None, keys=("customer.id",)):
        self.shop, self.count, self.cluster = shop, max(count, 1), cluster
        if cluster:
            shop.config["redis"] = {"url": cluster.url}
            shop.client = cluster.connect()
        else:
            shop.redis()
        shop.config["redis"]["shards"] = count
        shop.config["customer"] = {**shop.config.get("customer", {}), "keys": list(keys)}
        self.prefixes = [f"nudged{{{shard}}}" for shard in range(count)] or ["nudged"]

    def prefix_of(self, customer):
        return self.prefixes[shard_of(f"id:{customer}", self.count)]

    def of_key(self, key):
        """The prefix of a key's own shard: "email:ana@example.com"."""
        return self.prefixes[shard_of(key, self.count)]

    def push(self, *events):
        """To the shard of the first key that each names."""
        pipe = self.shop.client.pipeline(transaction=False)
        for event in events:
            key = next(f"{name}:{event['customer'][name]}" for name in ("id", "email", "phone")
                       if name in event["customer"])
            pipe.xadd(f"{self.of_key(key)}:events", {"event": json.dumps(event)})
        return pipe.execute()

    def hold_mail(self):
        """Until `let_mail` nothing is sent: what a daemon has in hand when it is killed may go twice."""
        assert self.shop.ctl("gateway", "pause", "smtp")[0] == 0

    def let_mail(self):
        assert self.shop.ctl("gateway", "resume", "smtp")[0] == 0

    def document(self, customer):
        return self.document_of(f"id:{customer}")

    def document_of(self, key):
        """What stands under a key; None: nothing does."""
        text = self.shop.client.get(f"{self.of_key(key)}:customer:{key}")
        return json.loads(text) if text else None

    def on_its_way(self):
        """Events that are anywhere: of one Redis all streams are looked at in the same moment, as what leaves one comes
        to another."""
        pipe = self.shop.client.pipeline(transaction=not self.cluster)
        keys = [f"{prefix}:{name}" for prefix in self.prefixes for name in ("events", "strays", "words")]
        for key in keys:
            pipe.xlen(key)
        return {key: count for key, count in zip(keys, pipe.execute()) if count}

    def in_hand(self):
        """What is left besides events: by key how much, or who has it."""
        client, left = self.shop.client, {}
        for prefix in self.prefixes:
            for key in (f"{prefix}:taken", f"{prefix}:later"):
                left[key] = client.zcard(key)
            for key in client.scan_iter(f"{prefix}:begun:*"):
                left[key.decode()] = client.hgetall(key)
            for key in client.scan_iter(f"{prefix}:outbox:*"):
                left[key.decode()] = client.xlen(key)
        return {key: much for key, much in left.items() if much}

    def left(self):
        try:
            return self.on_its_way() or self.in_hand() or self.on_its_way()
        except GONE as gone:
            if not self.cluster:
                raise
            self.shop.client.nodes_manager.initialize()  # it still asked the master from before a failover
            return {"a node": str(gone)}

    def idle(self):
        return not self.left()

    def wait_idle(self):
        wait_until(self.idle, lambda: f"the daemons to have nothing left to do: {self.left()}")

    def workers(self, prefix):
        """Who has a lease in the shard."""
        return sorted(key.decode().rsplit(":", 1)[1]
                      for key in self.shop.client.scan_iter(f"{prefix}:instance:*"))

    def wait_shared(self, *names, each):
        """Until these are all that work, so many on each shard."""
        def shared():
            told = [self.workers(prefix) for prefix in self.prefixes]
            return (all(len(workers) == each and set(workers) <= set(names) for workers in told)
                    and set(sum(told, [])) == set(names))

        wait_until(shared, lambda: f"the shards to be shared: {[self.workers(p) for p in self.prefixes]}")
