"""Rules that were drawn at random (journey_rules.py), and random events, through the daemon and through
`nudgectl test`: the same decisions. Redis' clock is set forward from one event, or deadline, to the next."""

import datetime
import json
import random

import pytest

from journey_rules import Grammar
from journey_shop import World
from journey_text import counting, document
from journey_types import CODES, KEYS, SLOT_MINUTES, TOPICS
from journey_zones import NOWHERE, PLACES
from persons import clock_text
from test_replay_agrees import Clock, agree

CUSTOMERS, SLOTS, EACH = 6, 10, 5
ZONES = [None, NOWHERE, *PLACES]
LETTER = "---\nsubject: '{{ message.rule }}'\n---\n{{ step }}\n"


def make_events(rng, begin):
    """(seconds after `begin`, event): each arrives at a time of its own, for what `nudgectl test` has sent
    cannot be withdrawn."""
    world, begin_ms = World(rng, CUSTOMERS, zones=ZONES, moves=True), int(begin.timestamp() * 1000)
    for slot in range(SLOTS):
        second = slot * SLOT_MINUTES * 60 + 7
        at_ms = begin_ms + second * 1000
        for number, event in enumerate(world.events(EACH, at_ms) if slot else world.first(at_ms)):
            yield second + number, {**event, "time": clock_text(at_ms + number * 1000)}


def set_shop(shop, rng, begin):
    """Its configuration, and its table."""
    policy = shop.config["policy"] = {}
    if rng.random() < 0.5:
        policy["cap"] = f"{rng.randrange(1, 5)} per 105m"
    if rng.random() < 0.5:
        policy["quiet_hours"] = {"from": "10:00", "to": "12:00"}
    shop.config.update(topics=TOPICS, gateways={"file": {"kind": "maildir", "path": "mail"}}, customer={
        "fields": {"points": {"default": 0, "on": "order.placed", "set": "points + n"}}})
    grammar = Grammar(rng, int(begin.timestamp() * 1000), night=[])
    rules = [counting(), *map(document, grammar.rules(rng.randrange(5, 10)))]
    shop.rules("---\n".join(json.dumps(rule, indent=1) + "\n" for rule in rules))
    shop.template("letter.text.liquid", LETTER)
    shop.template("coded.text.liquid", LETTER + "{{ given.code }}\n")
    return {key: rng.randrange(10) for key in KEYS[1:]}


@pytest.mark.parametrize("seed", [1])
def test_random_rules_agree(shop, seed):
    rng = random.Random(seed)
    tomorrow = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    begin = tomorrow.replace(hour=8, minute=0, second=0, microsecond=0)
    stock, events = set_shop(shop, rng, begin), list(make_events(rng, begin))
    clock = Clock(shop, begin)
    shop.client.hset("nudged:table:stock", mapping=stock)
    shop.client.rpush(f"nudged:codes:{CODES}", *[f"code{number}" for number in range(1000)])
    clock.set(0)
    assert agree(shop, clock, events, days=1, tables={"stock": stock}) > 5
