"""Events a second of types that nobody reads, of 690 bytes: the daemon with ten rules, and in the same rounds a bare
loop in C, XREADGROUP COUNT 100 and XACK (bare_reader.c), which does nothing with them."""

import subprocess
import time

import shop
from figures import BUILD, count, fail, ratios, rounds, row, until
from place import Folder, Nudged, Redis

EVENTS = count(300000, "BENCH_EVENTS")


def viewed(number):
    return shop.event(number, customers=20000).replace("order.placed", "order.viewed")


def filled(folder):
    redis = folder.start(Redis(folder.path))
    redis.push(viewed(number) for number in range(EVENTS))
    if redis.ask("XLEN", "nudged:events") != f":{EVENTS}\r\n":
        fail("the events are not all there")
    return redis


def bare():
    with Folder() as folder:
        redis = filled(folder)
        before = redis.used_us()
        done = subprocess.run([BUILD / "tests/bench/bare_reader", redis.socket, "nudged:events", str(EVENTS)],
                              stdout=subprocess.PIPE, text=True, check=True)
        return {"events": EVENTS / float(done.stdout), "redis": (redis.used_us() - before) / EVENTS}


def nudged():
    with Folder() as folder:
        redis = filled(folder)
        shop.write(folder)
        daemon = folder.start(Nudged(folder.path, redis, {}))
        decided = lambda: daemon.status()["decided"]
        until(lambda: decided() > EVENTS // 10, "the first events")
        first, before, begin = decided(), (daemon.used_us(), redis.used_us()), time.monotonic()
        until(lambda: decided() >= EVENTS, "the last event")
        took, each, after = time.monotonic() - begin, EVENTS - first, (daemon.used_us(), redis.used_us())
        if decided() != EVENTS:
            fail(f"{decided()} events of {EVENTS}")
        return {"events": each / took, "processes": (after[0] - before[0]) / each,
                "redis": (after[1] - before[1]) / each, "anonymous": daemon.memory_mb()[0]}


def main():
    found = rounds({"nudged": nudged, "a bare loop in C": bare})
    columns = {"events": ("events", "1/s"), "processes": ("its process", "µs"), "redis": ("Redis", "µs"),
               "anonymous": ("anonymous", "MB")}
    for name, figures in found.items():
        for figure, (column, unit) in columns.items():
            if figure in figures:
                row(f"{name}: {column}", figures[figure], unit)
    row("a bare loop in C: nudged to it", ratios(found["nudged"]["events"], found["a bare loop in C"]["events"]),
        "times")


if __name__ == "__main__":
    main()
