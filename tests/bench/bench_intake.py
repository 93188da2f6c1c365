"""Events a second of types that nobody reads, of 690 bytes: the daemon with ten rules, of customers that it knows and
of whom no more than an id is said, and of customers whose name and address each event tells; and in the same rounds a
bare loop in C, XREADGROUP COUNT 100 and XACK (bare_reader.c), which does nothing with them."""

import json
import subprocess
import time

import shop
from figures import BUILD, count, fail, ratios, rounds, row, until
from place import Folder, Nudged, Redis

EVENTS = count(300000, "BENCH_EVENTS")


def viewed(number):
    """Somebody looks at a page: it tells who by an id."""
    event = {"type": "page.viewed", "id": f"v{number}", "source": "https://shop.example",
             "customer": {"id": str(number % shop.CUSTOMERS)}, "page": {"url": "https://shop.example/p/", "title": ""}}
    event["page"]["title"] = "x" * (shop.EVENT_BYTES - len(json.dumps(event)))
    return json.dumps(event)


def told(number):
    """Likewise, with all that is known of who it is."""
    return shop.event(number).replace("order.placed", "order.viewed")


def fill(redis, event):
    redis.push(event(number) for number in range(EVENTS))
    if redis.ask("XLEN", "nudged:events") != f":{EVENTS}\r\n":
        fail("the events are not all there")


def bare():
    with Folder() as folder:
        redis = folder.start(Redis(folder.path))
        fill(redis, viewed)
        before = redis.used_us()
        done = subprocess.run([BUILD / "tests/bench/bare_reader", redis.socket, "nudged:events", str(EVENTS)],
                              stdout=subprocess.PIPE, text=True, check=True)
        return {"events": EVENTS / float(done.stdout), "redis": (redis.used_us() - before) / EVENTS}


def decided(daemon):
    return daemon.status()["decided"]


def nudged(event):
    with Folder() as folder:
        redis = folder.start(Redis(folder.path))
        shop.write(folder)
        with Nudged(folder.path, redis, {}) as first:  # customers are known, by an event of another type
            redis.push(shop.event(number).replace("order.placed", "order.seen")
                       for number in range(10**6, 10**6 + shop.CUSTOMERS))
            until(lambda: decided(first) == shop.CUSTOMERS, "all customers")
        fill(redis, event)
        daemon = folder.start(Nudged(folder.path, redis, {}))
        until(lambda: decided(daemon) > EVENTS // 10, "the first events", pause_s=0.02)
        first, before, begin = decided(daemon), (daemon.used_us(), redis.used_us()), time.monotonic()
        until(lambda: decided(daemon) >= EVENTS, "the last event", 300, pause_s=0.02)
        took, each, after = time.monotonic() - begin, EVENTS - first, (daemon.used_us(), redis.used_us())
        if decided(daemon) != EVENTS:
            fail(f"{decided(daemon)} events of {EVENTS}")
        return {"events": each / took, "processes": (after[0] - before[0]) / each,
                "redis": (after[1] - before[1]) / each, "anonymous": daemon.memory_mb()[0]}


def main():
    bare_name = "a bare loop in C"
    found = rounds({"nudged, an id": lambda: nudged(viewed), "nudged, name and address": lambda: nudged(told),
                    bare_name: bare})
    columns = {"events": ("events", "1/s"), "processes": ("its process", "µs"), "redis": ("Redis", "µs"),
               "anonymous": ("anonymous", "MB")}
    for name, figures in found.items():
        for figure, (column, unit) in columns.items():
            if figure in figures:
                row(f"{name}: {column}", figures[figure], unit)
        if name == "nudged, an id":
            row(f"{name}: of the aim", [events / min(60000, 0.8 * bare_events) for events, bare_events
                                        in zip(figures["events"], found[bare_name]["events"])], "times")
        if name != bare_name:
            row(f"{name}: of the bare loop", ratios(figures["events"], found[bare_name]["events"]), "times")


if __name__ == "__main__":
    main()
