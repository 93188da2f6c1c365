"""What the archive costs: events that no rule matches are decided with and without it, in turns; events a second, and
the processor's time of the loop and of the thread that forces the archive to the disk."""

import time

import shop
from figures import count, ratios, rounds, row, until
from place import Folder, Nudged, Redis

EVENTS = count(40000, "BENCH_EVENTS")
RULE = "{name: never, on: order.placed, if: order.total > 1000, send: thanks}\n"


def decided(archive):
    with Folder() as folder:
        redis = folder.start(Redis(folder.path))
        shop.write(folder, RULE)
        redis.push(shop.event(number) for number in range(EVENTS))
        daemon = folder.start(Nudged(folder.path, redis, {"archive": {"folder": "archive"}} if archive else {}))
        until(lambda: daemon.status()["decided"] > 0, "the first events")
        first, before, begin = daemon.status()["decided"], daemon.parts_us(), time.monotonic()
        until(lambda: daemon.status()["decided"] >= EVENTS, "the last event", pause_s=0.02)
        took, each, after = time.monotonic() - begin, EVENTS - first, daemon.parts_us()
        return {"events": each / took, "loop": (after[0] - before[0]) / each, "others": (after[1] - before[1]) / each}


def main():
    found = rounds({"without": lambda: decided(False), "with": lambda: decided(True)})
    for name, figures in found.items():
        row(f"{name}: events", figures["events"], "1/s")
        row(f"{name}: loop", figures["loop"], "µs")
        row(f"{name}: other threads", figures["others"], "µs")
    row("with: of without", ratios(found["with"]["events"], found["without"]["events"]), "times")


if __name__ == "__main__":
    main()
