#!/usr/bin/python3
"""A long load with faults, and what must hold over it.

usage: tests/soak.py [MINUTES]        (default 10; $NUDGED_BUILD names the build folder)

Round after round: a few thousand events of a thousand customers, and meanwhile one fault:
the daemon killed, Redis restarted, its scripts flushed, the rules reloaded, or none. After
each round every message that was due has arrived, a second copy only where the daemon was
killed, and nothing is left in Redis but the customers. The daemon's memory is looked at in
rounds without a kill: it must not grow from one to the next for ever."""

import collections
import pathlib
import random
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "functional"))

from conftest import Shop, wait_until  # noqa: E402

EVENTS, CUSTOMERS, CONNECTIONS = 3000, 1000, 8
GROWTH_MOST_KB = 32 * 1024
FAULTS = ["none", "kill", "redis", "scripts", "reload"]
RULES = """
name: each
class: transactional
on: order.placed
send: each
---
name: cart
on: cart.updated
again: restart
until: order.placed
wait: 1h
send: each
"""


def event(rng, number):
    customer = {"id": rng.randrange(CUSTOMERS), "accepts_marketing": True}
    customer["email"] = f"c{customer['id']}@example.com"
    kind = rng.choice(["order.placed", "cart.updated"])
    return {"type": kind, "id": f"e{number}", "mark": f"m{number}", "customer": customer}


def memory_kb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1])
    return 0


def inject(fault, shop, daemon, redis):
    wait_until(lambda: shop.client.xlen("nudged:events") < EVENTS * 2 // 3, "a part of the events")
    if fault == "kill":
        daemon.kill()
        daemon.spawn()
    elif fault == "redis":
        redis.stop(signal.SIGTERM)
        shop.client = redis.start().client
    elif fault == "scripts":
        shop.client.script_flush()
    elif fault == "reload":
        daemon.process.send_signal(signal.SIGHUP)


def check(fault, events, mails):
    wanted = {e["mark"] for e in events if e["type"] == "order.placed"}
    got = collections.Counter(mail["Subject"] for mail in mails)
    twice = [mark for mark, times in got.items() if times > 1]
    assert set(got) == wanted, f"lost {len(wanted - set(got))}, not asked for {len(set(got) - wanted)}"
    assert len(twice) <= (CONNECTIONS if fault in ("kill", "redis") else 0), f"{len(twice)} twice"
    return len(wanted), len(twice)


def soak(shop, seconds):
    rng = random.Random(1)
    redis, smtp = shop.redis(), shop.smtp(connections=CONNECTIONS)
    shop.rules(RULES)
    shop.template("each.text.liquid", "---\nsubject: '{{ mark }}'\n---\nhello\n")
    daemon = shop.daemon().spawn()
    end, number, first_kb, rounds = time.monotonic() + seconds, 0, None, 0
    while time.monotonic() < end:
        fault = FAULTS[rounds % len(FAULTS)]
        events = [event(rng, number + n) for n in range(EVENTS)]
        number += EVENTS
        shop.push(*events)
        inject(fault, shop, daemon, redis)
        shop.wait_idle(120)
        sent, twice = check(fault, events, smtp.all_mails())
        assert shop.dead() == []
        now_kb = memory_kb(daemon.process.pid)
        first_kb = now_kb if fault == "kill" or first_kb is None else first_kb
        assert now_kb - first_kb < GROWTH_MOST_KB, f"{first_kb} kB grew to {now_kb} kB"
        rounds += 1
        print(f"round {rounds}: fault {fault}, {sent} messages, {twice} twice, {now_kb} kB", flush=True)
    print(f"{rounds} passed, 0 failed")


def main():
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 10
    with tempfile.TemporaryDirectory(prefix="nudged-soak-") as folder:
        shop = Shop(pathlib.Path(folder))
        try:
            soak(shop, minutes * 60)
        finally:
            shop.close()


if __name__ == "__main__":
    main()
