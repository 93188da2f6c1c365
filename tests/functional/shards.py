"""An installation of many shards over one Redis: what stands where, as docs/scale.md says."""

import binascii
import json
import logging

from redis.cluster import ClusterNode, RedisCluster

from conftest import wait_until


def shard_of(key, shards):
    """The shard of a person by their key, "id:7": CRC-16/XMODEM, as a Redis Cluster's slots."""
    return binascii.crc_hqx(key.encode(), 0) % shards


class Shards:
    """A shop's installation, split; over one Redis, or over a cluster (redis_cluster)."""

    def __init__(self, shop, count, cluster=None):
        self.shop, self.count, self.cluster = shop, count, cluster
        if cluster:
            shop.config["redis"] = {"url": cluster.url}
            logging.getLogger("redis.cluster").setLevel(logging.CRITICAL)  # that a slot has moved is no news here
            shop.client = RedisCluster(startup_nodes=[ClusterNode("127.0.0.1", node.port) for node in cluster.nodes])
        else:
            shop.redis()
        shop.config["redis"]["shards"] = count
        shop.config["customer"] = {**shop.config.get("customer", {}), "keys": ["customer.id"]}
        self.prefixes = [f"nudged{{{shard}}}" for shard in range(count)]

    def prefix_of(self, customer):
        return self.prefixes[shard_of(f"id:{customer}", self.count)]

    def push(self, *events):
        pipe = self.shop.client.pipeline(transaction=False)
        for event in events:
            pipe.xadd(f"{self.prefix_of(event['customer']['id'])}:events", {"event": json.dumps(event)})
        return pipe.execute()

    def document(self, customer):
        return json.loads(self.shop.client.get(f"{self.prefix_of(customer)}:customer:id:{customer}"))

    def idle(self):
        client = self.shop.client
        return all(client.xlen(f"{prefix}:events") == 0 and client.zcard(f"{prefix}:taken") == 0
                   and client.zcard(f"{prefix}:later") == 0
                   and not any(client.scan_iter(f"{prefix}:begun:*"))
                   and sum(client.xlen(key) for key in client.scan_iter(f"{prefix}:outbox:*")) == 0
                   for prefix in self.prefixes)

    def wait_idle(self):
        wait_until(self.idle, "the daemons to have nothing left to do")

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
