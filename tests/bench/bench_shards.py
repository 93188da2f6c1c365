"""The shop of `pipeline` as one installation, as 16 and 64 shards on one Redis, and as 16 shards on a Redis Cluster of
1, 3 and 6 masters without replicas. All of them have the same processors, so it is what a message costs that is looked
at, part by part; a rate grows with masters only where there are processors for them. All is counted from the first
message on, as shards may have much decided before a tenth is sent."""

import binascii
import socket

import shop
from contest import between, events, exactly, nudged
from figures import count, ratios, rounds, row, until
from place import Folder, Nudged, Redis, SmtpSink, free_port
from processes import Process

MESSAGES = count(20000, "BENCH_MESSAGES")
CONNECTIONS = 20
SHARDS, MANY = 16, 64
SLOTS = 16384


def crc(text):
    """CRC-16/XMODEM, by which both slots and shards are found."""
    return binascii.crc_hqx(text.encode(), 0)


def by_shard(messages, shards):
    """shard → its events."""
    found = {}
    for number, event in enumerate(events(messages)):
        found.setdefault(crc(f"id:{number % shop.CUSTOMERS}") % shards, []).append(event)
    return found


class Master(Redis):
    """A node of a cluster, which serves its slots from the beginning."""

    def __init__(self, folder, number, masters):
        self.home, self.port, self.bus = folder / f"node{number}", free_port(), free_port()
        self.home.mkdir()
        self.slots = range(number * SLOTS // masters, (number + 1) * SLOTS // masters)
        self.id = f"{number + 1:040x}"

    def line(self, me):
        return (f"{self.id} 127.0.0.1:{self.port}@{self.bus} {'myself,' if me is self else ''}master - 0 0 "
                f"{int(self.id, 16)} connected {self.slots[0]}-{self.slots[-1]}\n")

    def begin(self, masters):
        (self.home / "nodes.conf").write_text("".join(one.line(self) for one in masters)
                                              + f"vars currentEpoch {len(masters)} lastVoteEpoch 0\n")
        Process.__init__(self, ["redis-server", "--port", self.port, "--bind", "127.0.0.1", "--dir", self.home,
                                "--cluster-enabled", "yes", "--cluster-port", self.bus, "--save", "",
                                "--appendonly", "yes", "--auto-aof-rewrite-percentage", "0",
                                "--maxmemory-policy", "noeviction"])
        return self

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port))


class Cluster:
    def __init__(self, folder, masters):
        self.masters = [Master(folder.path, number, masters) for number in range(masters)]
        for one in self.masters:
            folder.start(one.begin(self.masters))
        until(lambda: all("cluster_state:ok" in one.ask("CLUSTER", "INFO") for one in self.masters), "the cluster")
        self.socket = None
        self.url = "redis+cluster://" + ",".join(f"127.0.0.1:{one.port}" for one in self.masters)

    def push(self, found):
        for shard, its in found.items():
            master = next(one for one in self.masters if crc(str(shard)) % SLOTS in one.slots)
            master.push(its, f"nudged{{{shard}}}:events")

    def used_us(self):
        return sum(one.used_us() for one in self.masters)


class OneRedis(Redis):
    def __init__(self, folder):
        super().__init__(folder.path)
        folder.started.append(self)
        self.url = f"unix://{self.socket}"

    def push(self, found):
        for shard, its in found.items():
            super().push(its, f"nudged{{{shard}}}:events")


def sharded(redis_of, shards=SHARDS):
    with Folder() as folder:
        redis, sink = redis_of(folder), folder.start(SmtpSink(folder.path))
        shop.write(folder)
        redis.push(by_shard(MESSAGES, shards))
        settings = {"gateways": {"sink": {**sink.settings(), "connections": CONNECTIONS}},
                    "redis": {"url": redis.url, "shards": shards, "accept_loss": True},
                    "customer": {"keys": ["customer.id"]}}
        daemon = folder.start(Nudged(folder.path, redis, settings))

        def used():
            loop, senders = daemon.parts_us()
            return {"loop": loop, "senders": senders, "redis": redis.used_us(), "sink": sink.used_us()}

        figures = between(MESSAGES, sink, used, begin=1)
        until(lambda: daemon.status()["sent"] == MESSAGES, "the last settlement")
        anonymous, _ = daemon.memory_mb()
        exactly(MESSAGES, sink, "nudged")
        return {**figures, "anonymous": anonymous}


def main():
    def cluster(masters):
        return lambda: sharded(lambda folder: Cluster(folder, masters))

    one = "no shards"
    found = rounds({
        one: lambda: nudged(MESSAGES, SmtpSink, CONNECTIONS, begin=1),
        f"{SHARDS} shards, one Redis": lambda: sharded(OneRedis),
        f"{MANY} shards, one Redis": lambda: sharded(OneRedis, MANY),
        f"{SHARDS} shards, 1 master": cluster(1),
        f"{SHARDS} shards, 3 masters": cluster(3),
        f"{SHARDS} shards, 6 masters": cluster(6)})
    columns = {"messages": ("messages", "1/s"), "loop": ("loop", "µs"), "senders": ("senders", "µs"),
               "redis": ("Redis", "µs"), "anonymous": ("anonymous", "MB")}
    for name, figures in found.items():
        for figure, (column, unit) in columns.items():
            row(f"{name}: {column}", figures[figure], unit)
        if name != one:
            row(f"{name}: of none", ratios(figures["messages"], found[one]["messages"]), "times")


if __name__ == "__main__":
    main()
