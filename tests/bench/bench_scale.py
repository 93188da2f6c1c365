"""What does not stay small: the shop of `pipeline` with 10 and 10,000 rules; the first order of 20,000 customers who
each have a timer, where there are no others and where there are 100,000 ($BENCH_CUSTOMERS=1000000); 1, 2 and 4 daemons
on one Redis, and how busy each part is; and Redis' memory by kind of key with so many customers."""

import collections
import re

import redis as redis_py

import shop
from contest import nudged
from crowd import TOKEN, crowd
from figures import count, ratios, rounds, row
from place import Folder, Nudged, Redis, SmtpSink

MESSAGES = count(20000, "BENCH_MESSAGES")
CUSTOMERS = count(100000, "BENCH_CUSTOMERS")
CONNECTIONS = 20
WEEK_S = 7 * 86400
SAMPLE = 2000  # keys of each kind that are measured


def client_of(redis):
    return redis_py.Redis(unix_socket_path=redis.socket)


def timers(customers):
    """Makes so many customers who wait for a week."""
    def prepare(folder, redis):
        with Nudged(folder, redis, {}, "first"):
            crowd(redis, client_of(redis).execute_command, shop.delivered(TOKEN), customers, WEEK_S)

    return prepare


# ---- Redis' memory ----------------------------------------------------------------------

def kind_of(key):
    """nudged:trace:id:7 → trace; of a key that stands alone, its name."""
    return re.sub(r"^nudged:", "", key.decode()).split(":")[0]


def by_kind(client):
    """kind → (keys, bytes): of each kind some are measured, whole, and those that stand alone all."""
    keys, found = collections.defaultdict(list), {}
    for key in client.scan_iter(count=5000):
        keys[kind_of(key)].append(key)
    for kind, names in keys.items():
        some = names[::max(1, len(names) // SAMPLE)]
        pipe = client.pipeline(transaction=False)
        for name in some:
            pipe.memory_usage(name, samples=0 if len(names) == 1 else 1000)
        sizes = [size or 0 for size in pipe.execute()]
        found[kind] = len(names), sum(sizes) / len(sizes) * len(names)
    return found


def memory():
    with Folder() as folder:
        redis = folder.start(Redis(folder.path))
        client = client_of(redis)
        shop.write(folder)
        empty = client.info("memory")["used_memory"]
        timers(CUSTOMERS)(folder.path, redis)
        before = client.info("memory")["used_memory"] - empty
        row(f"Redis with {CUSTOMERS:,} customers: all, MB", before / 2**20, "")
        row(f"Redis with {CUSTOMERS:,} customers: a customer, bytes", before / CUSTOMERS, "")
        for kind, (keys, size) in sorted(by_kind(client).items(), key=lambda item: -item[1][1]):
            if size > before / 1000:
                row(f"{kind}: keys", keys, "")
                row(f"{kind}: all, MB", size / 2**20, "")
                row(f"{kind}: a customer, bytes", size / CUSTOMERS, "")


# ---- Rates ------------------------------------------------------------------------------

def main():
    def one(**options):
        return lambda: nudged(MESSAGES, SmtpSink, CONNECTIONS, **options)

    # Each orders once, so that it is the same work: who orders again costs less.
    few, many = (f"{customers:,} customers with timers" for customers in (MESSAGES, CUSTOMERS))
    found = rounds({
        "10 rules, 2,000 customers": one(),
        "10,000 rules": one(rules=shop.many_rules(10000)),
        few: one(prepare=timers(MESSAGES), customers=MESSAGES),
        many: one(prepare=timers(CUSTOMERS), customers=CUSTOMERS),
        "2 daemons": one(daemons=2),
        "4 daemons": one(daemons=4)})
    against = {"10,000 rules": "10 rules, 2,000 customers", many: few,
               "2 daemons": "10 rules, 2,000 customers", "4 daemons": "10 rules, 2,000 customers"}
    columns = {"messages": ("messages", "1/s"), "processes": ("daemons", "µs"), "redis": ("Redis", "µs"),
               "anonymous": ("anonymous", "MB")}
    for name, figures in found.items():
        for figure, (column, unit) in columns.items():
            row(f"{name}: {column}", figures[figure], unit)
        for part, column in (("loop", "loops"), ("senders", "senders"), ("redis", "Redis"), ("sink", "sink")):
            row(f"{name}: {column} busy", [each * rate / 1e4 for each, rate in zip(figures[part], figures["messages"])],
                "%")
        if name in against:
            row(f"{name}: of the small one", ratios(figures["messages"], found[against[name]]["messages"]), "times")
    memory()


if __name__ == "__main__":
    main()
