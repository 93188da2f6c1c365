#!/usr/bin/python3
"""nudgectl simulate with the shipped rules and configuration: events a second of one core's time, and memory. A day
and a week of a shop; of the day also with half of its customers, and with half of its events: memory goes by customers.

$BENCH_EVENTS (1,000,000) of $BENCH_EVENTS / 10 customers; people look more than they buy."""

import json
import os
import pathlib
import random
import subprocess
import tempfile

from figures import BUILD, SOURCE, count, fail, rounds, row

EVENTS = count(1000000, "BENCH_EVENTS")
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


def run(path):
    """Seconds of processor time, MB, and the figures."""
    with open(path.with_suffix(".out"), "w+") as out:
        running = subprocess.Popen([BUILD / "nudgectl", "simulate", "--config", SOURCE / "nudged.yaml", "--events",
                                    path, "--threads", "1", "--json"], cwd=SOURCE, stdin=subprocess.DEVNULL, stdout=out)
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
        if running.returncode:
            fail(f"simulate: exit status {running.returncode}")
        out.seek(0)
        return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, json.load(out)


def measured(path, events):
    seconds, megabytes, figures = run(path)
    return {"events": events / seconds, "memory": megabytes, "messages": figures["all"]["sent"] / events}


def main():
    with tempfile.TemporaryDirectory(prefix="nudged-bench-") as folder:
        ways, customers = {}, EVENTS // 10
        for name, events, who, days in (("a day", EVENTS, customers, 1), ("a week", EVENTS, customers, 7),
                                        ("a day, half of the customers", EVENTS, customers // 2, 1),
                                        ("a day, half of the events", EVENTS // 2, customers, 1)):
            path = pathlib.Path(folder) / f"{len(ways)}.jsonl"
            write(path, events, who, days)
            ways[name] = lambda p=path, e=events: measured(p, e)
        for name, figures in rounds(ways).items():
            row(f"{name}: events", figures["events"], "1/s")
            row(f"{name}: memory", figures["memory"], "MB")
            row(f"{name}: messages for an event", figures["messages"], "")


if __name__ == "__main__":
    main()
