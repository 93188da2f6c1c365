#!/usr/bin/python3
"""nudgectl simulate with the shipped rules and configuration: events a second of one core's time, and
memory. A day and a week of a shop; of the day also with half of its customers, and with half of its
events: memory goes by customers.

$BENCH_EVENTS (1,000,000) of $BENCH_EVENTS / 10 customers; people look more than they buy."""

import json
import os
import pathlib
import random
import resource
import subprocess
import sys
import tempfile

BUILD, SOURCE = (pathlib.Path(os.environ[name]) for name in ("NUDGED_BUILD", "NUDGED_SOURCE"))
EVENTS = int(os.environ.get("BENCH_EVENTS", "1000000"))
BEGIN_MS = 1772402400000  # 2026-03-02, midnight in Helsinki
DAY_MS = 24 * 3600 * 1000
# How often each comes, of 42.
KINDS = {"customer.signed_up": 1, "cart.updated": 6, "order.placed": 2, "order.paid": 2, "order.shipped": 2,
         "order.delivered": 2, "product.viewed": 17, "page.viewed": 10}
EVENT = ('{"received":%d,"entry":"%d-0","event":{"type":"%s","id":"e-%d","source":"https://shop.example","customer":'
         '{"id":"%d","email":"ana.%d@example.com","first_name":"Ana","last_name":"Popescu","locale":"ro","timezone":'
         '"Europe/Bucharest","accepts_marketing":true%s},%s}}\n')


def items(rng, least):
    return ",".join('{"sku":"TEA-%d","title":"Mountain tea","quantity":%d,"price":%d.%d,"url":'
                    '"https://shop.example/p/%d"}' % (rng.randrange(100), rng.randrange(1, 4), rng.randrange(50),
                                                      rng.randrange(10, 100), rng.randrange(1000))
                    for _ in range(rng.randrange(least, 4)))


def data(rng, kind, number):
    if kind == "cart.updated":
        return ('"cart":{"id":"c%d","total":%d.%d,"currency":"EUR","url":"https://shop.example/cart/c%d","items":[%s]}'
                % (number, rng.randrange(250), rng.randrange(10, 100), number, items(rng, 0)))
    if kind in ("order.placed", "order.paid"):
        return ('"order":{"id":"o%d","number":"%d","total":%d.%d,"currency":"EUR","items":[%s]}'
                % (number, number, rng.randrange(250), rng.randrange(10, 100), items(rng, 1)))
    if kind in ("order.shipped", "order.delivered"):
        return ('"order":{"id":"o%d","number":"%d","carrier":"fast","track_url":"https://track.example/%d"}'
                % (number, number, number))
    if kind == "customer.signed_up":
        return '"gift":{"code":"WELCOME-10","percent":10}'
    return ('"product":{"sku":"TEA-%d","category":"tea","price":%d.%d,"currency":"EUR","title":"Mountain tea from the '
            'Rhodope","url":"https://shop.example/p/%d"}' % (rng.randrange(100), rng.randrange(60),
                                                             rng.randrange(10, 100), rng.randrange(1000)))


def write(path, events, customers, days):
    rng = random.Random(42)
    kinds = [kind for kind, often in KINDS.items() for _ in range(often)]
    with open(path, "w") as out:
        for number in range(events):
            at_ms, who, kind = BEGIN_MS + number * days * DAY_MS // events, rng.randrange(customers), rng.choice(kinds)
            birthday = f',"birthday":"{1960 + who % 40}-{1 + who % 12:02}-{1 + who % 28:02}"' if who % 3 == 0 else ""
            out.write(EVENT % (at_ms, at_ms, kind, number, who, who, birthday, data(rng, kind, number)))


def used():
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime + resource.getrusage(resource.RUSAGE_CHILDREN).ru_stime


def run(path, threads):
    """Seconds of processor time, MiB, and the figures."""
    before = used()
    done = subprocess.run(["/usr/bin/time", "-f", "%M", BUILD / "nudgectl", "simulate", "--config",
                           SOURCE / "nudged.yaml", "--events", path, "--threads", str(threads), "--json"],
                          cwd=SOURCE, capture_output=True, text=True, check=True)
    return used() - before, int(done.stderr.splitlines()[-1]) / 1024, json.loads(done.stdout)


def measure(name, path, events, customers, days):
    write(path, events, customers, days)
    rounds = [run(path, 1) for _ in range(3)]
    seconds, megabytes, figures = min(rounds, key=lambda one: one[0])
    print(f"simulate_{name}\t{events / seconds:.0f}\tevents/s", flush=True)
    print(f"simulate_{name}_memory\t{megabytes:.0f}\tMiB", flush=True)
    print(f"simulate_{name}_messages\t{figures['all']['sent'] / events:.3f}\tmessages/event", flush=True)
    path.unlink()


def main():
    with tempfile.TemporaryDirectory(prefix="bench-simulate-") as folder:
        path, customers = pathlib.Path(folder) / "events.jsonl", EVENTS // 10
        measure("day", path, EVENTS, customers, 1)
        measure("week", path, EVENTS, customers, 7)
        measure("half_customers", path, EVENTS, customers // 2, 1)
        measure("half_events", path, EVENTS // 2, customers, 1)
        path.write_text("")
        print(f"simulate_empty_memory\t{run(path, 1)[1]:.0f}\tMiB", flush=True)


if __name__ == "__main__":
    sys.exit(main())
