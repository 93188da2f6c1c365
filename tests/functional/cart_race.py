"""Carts whose reminders are due, and orders that come within milliseconds of that, before or after:
no reminder where Redis accepted the order before the deadline."""

import json
import random
import time

from conftest import wait_until
from persons import clock_text

HOUR_MS = 3600 * 1000
WAVE = 50  # pairs that race at a time: a machine that is late with one is in time again for the next
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
    event = {"type": kind, "id": f"{kind}{number}", "customer": {"id": number, "email": f"c{number}@example.com"},
             **more}
    entry = client.xadd("nudged:events", {"event": json.dumps(event)})
    return int(entry.split(b"-")[0])


class Waves:
    """Carts and orders, wave by wave. Each wave's deadlines begin `lead_ms` after its first cart: longer,
    where the carts of the wave before were not all decided by then."""

    def __init__(self, client, rng):
        self.client, self.rng = client, rng
        self.lead_ms = 200
        self.deadlines, self.accepted = {}, {}

    def carts(self, numbers):
        first_ms = int(time.time() * 1000) + self.lead_ms
        for place_in_wave, number in enumerate(numbers):
            self.deadlines[number] = first_ms + place_in_wave * APART_MS
            place(self.client, "cart.updated", number, time=clock_text(self.deadlines[number] - HOUR_MS))
        wait_until(lambda: self.client.xlen("nudged:events") == 0, "the carts")
        if time.time() * 1000 > first_ms:
            self.lead_ms = min(2 * self.lead_ms, 10000)

    def orders(self, numbers):
        for at_ms, number in sorted((self.deadlines[n] + self.rng.randint(-NEAR_MS, NEAR_MS), n) for n in numbers):
            while time.time() * 1000 < at_ms:
                pass
            self.accepted[number] = place(self.client, "order.placed", number)


def run(shop, pairs, seed, daemons=2):
    """How many orders came before their deadlines, and how many reminders went out; fails where both did."""
    waves, client = Waves(shop.client, random.Random(seed)), shop.client
    settings(shop)
    for number in range(daemons):
        shop.daemon(f"d{number}").spawn()
    for first in range(0, pairs, WAVE):
        numbers = range(first, min(first + WAVE, pairs))
        waves.carts(numbers)
        waves.orders(numbers)
    wait_until(lambda: client.zcard("nudged:due") == 0 and shop.idle(), "all to be over")
    accepted, deadlines = waves.accepted, waves.deadlines
    reminded = {number for number in range(pairs)
                if any(what == "sends" for _, what, _ in shop.trace(f"id:{number}"))}
    before = {number for number, at_ms in accepted.items() if at_ms < deadlines[number]}
    wrong = before & reminded
    assert not wrong, [(number, accepted[number] - deadlines[number]) for number in sorted(wrong)[:5]]
    lost = {number for number, at_ms in accepted.items() if at_ms > deadlines[number] + 5000} - reminded
    assert not lost
    return len(before), len(reminded)
