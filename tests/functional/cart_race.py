"""Carts whose reminders are due, and orders that come within milliseconds of that, before or after:
no reminder where Redis accepted the order before the deadline."""

import json
import random
import time

from conftest import wait_until
from persons import clock_text

HOUR_MS = 3600 * 1000
APART_MS = 2  # from deadline to deadline
NEAR_MS = 6  # an order lies so far from its deadline, at most
RULES = """
name: cart
class: transactional
on: cart.updated
again: restart
until: order.placed
wait: 1h
send: letter
"""


def settings(shop):
    """No second of grace: the deadline itself is raced."""
    shop.config["timers"] = {"settle": "0s"}
    shop.rules(RULES)
    shop.template("letter.text.liquid", "---\nsubject: '{{ customer.id }}'\n---\nx\n")


def place(client, kind, number, **more):
    event = {"type": kind, "id": f"{kind}{number}", "customer": {"id": number, "email": f"c{number}@example.com"}, **more}
    entry = client.xadd("nudged:events", {"event": json.dumps(event)})
    return int(entry.split(b"-")[0])


def run(shop, pairs, seed, daemons=2):
    """How many orders came before their deadlines, and how many reminders went out; fails where both did."""
    rng, client = random.Random(seed), shop.client
    settings(shop)
    for number in range(daemons):
        shop.daemon(f"d{number}").spawn()
    first_ms = int(time.time() * 1000) + 1000 + 2 * pairs  # when all carts are decided
    deadlines = [first_ms + number * APART_MS for number in range(pairs)]
    for number, deadline in enumerate(deadlines):
        place(client, "cart.updated", number, time=clock_text(deadline - HOUR_MS))
    wait_until(lambda: client.xlen("nudged:events") == 0, "the carts")
    assert time.time() * 1000 < first_ms, "the machine is too slow for this many carts"
    orders = sorted((deadline + rng.randint(-NEAR_MS, NEAR_MS), number) for number, deadline in enumerate(deadlines))
    accepted = {}
    for at_ms, number in orders:
        while time.time() * 1000 < at_ms:
            pass
        accepted[number] = place(client, "order.placed", number)
    wait_until(lambda: shop.idle() and client.zcard("nudged:due") == 0, "all to be over")
    reminded = {number for number in range(pairs)
                if any(what == "sends" for _, what, _ in shop.trace(f"id:{number}"))}
    before = {number for number, at_ms in accepted.items() if at_ms < deadlines[number]}
    wrong = before & reminded
    assert not wrong, [(number, accepted[number] - deadlines[number]) for number in sorted(wrong)[:5]]
    lost = {number for number, at_ms in accepted.items() if at_ms > deadlines[number] + 5000} - reminded
    assert not lost
    return len(before), len(reminded)
