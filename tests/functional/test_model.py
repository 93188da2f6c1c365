"""10,000 events of 500 customers, the daemon killed three times on the way: exactly the
messages that a short model of the rules expects, none lost, and a second copy only of what
a killed daemon had in its hands."""

import collections
import random

from conftest import wait_until
from messages import body, message

EVENTS, CUSTOMERS, CONNECTIONS, KILLS = 10_000, 500, 8, 3
AHEAD = 64  # so many more at most wait in hand for a connection (docs/redis.md, "Begun at once")
RULES = """
name: welcome
on: customer.signed_up
limit: 1 per 30d
send: welcome
---
name: cart
on: cart.updated
if: cart.total >= 20.0 && size(cart.items) > 0
again: restart
until: order.placed
wait: 15s
send: cart
---
name: viewed
on: product.viewed
if: customer.count("product.viewed") >= 3
again: ignore
until: [order.placed, cart.updated]
limit: 1 per 7d
wait: 15s
send: viewed
---
name: thanks
class: transactional
on: order.placed
if: order.total > 0
send: thanks
"""
TEMPLATE = "---\nsubject: '{{ message.rule }} {{ customer.first_name }} {{ mark }}'\n---\n{{ customer.first_name }}\n"
SCRIPTS = ["abcdefgh", "ăâîșțĂÂÎȘȚ", "äöåÄÖÅ", "абвгдежзийщъыьэюяЁ", "字漢日本語", "😀🎁🍵"]


def make_name(rng):
    letters = rng.choice(SCRIPTS)
    return "".join(rng.choice(letters) for _ in range(rng.randint(1, 5)))


def make_events(rng):
    customers = [{"id": str(n), "first_name": make_name(rng), "last_name": make_name(rng),
                  "email": f"c{n}@example.com", "accepts_marketing": rng.random() < 0.8}
                 for n in range(CUSTOMERS)]
    types = ["customer.signed_up"] + ["cart.updated"] * 3 + ["product.viewed"] * 4 + ["order.placed"] * 2
    events = []
    for number in range(EVENTS):
        if number > 20 and rng.random() < 0.03:
            events.append(rng.choice(events[-20:]))  # pushed twice
            continue
        customer = rng.choice(customers)
        if rng.random() < 0.01:
            customer["accepts_marketing"] = not customer["accepts_marketing"]
        kind = rng.choice(types)
        event = {"type": kind, "id": f"e{number}", "mark": f"m{number}", "customer": dict(customer)}
        if kind == "cart.updated":
            event["cart"] = {"total": round(rng.uniform(0, 60), 2), "items": [1] * rng.randint(0, 2)}
        elif kind == "order.placed":
            event["order"] = {"total": rng.choice([0, 12, 99.5])}
        events.append(event)
    return events


def expected(events):
    """(rule, mark) of each message, by the rules read as prose. All waits are longer than
    the whole pushing takes, so no timer fires before the last event."""
    out, seen = {}, set()
    state = collections.defaultdict(lambda: {"cart": None, "viewed": None, "views": 0,
                                             "welcomed": False, "accepts": False})
    for event in events:
        if event["id"] in seen:
            continue
        seen.add(event["id"])
        who, kind = event["customer"], event["type"]
        one = state[who["id"]]
        one["accepts"], one["who"] = who["accepts_marketing"], who
        if kind == "customer.signed_up" and one["accepts"] and not one["welcomed"]:
            one["welcomed"] = True
            out["welcome", event["mark"]] = who
        elif kind == "cart.updated":
            one["viewed"] = None
            good = event["cart"]["total"] >= 20 and event["cart"]["items"]
            one["cart"] = event["mark"] if good else None
        elif kind == "product.viewed":
            one["views"] += 1
            if one["views"] >= 3 and one["viewed"] is None:
                one["viewed"] = event["mark"]
        elif kind == "order.placed":
            one["cart"] = one["viewed"] = None
            if event["order"]["total"] > 0:
                out["thanks", event["mark"]] = who
    for one in state.values():
        for rule in ("cart", "viewed"):
            if one[rule] and one["accepts"]:
                out[rule, one[rule]] = one["who"]
    return out


def name_of(client, mid):
    said = body(client, mid)
    return said["rule"], said["event"]["data"]["mark"]


def in_hand(client):
    """(rule, mark) of what a daemon had when it was killed. Its last words may still be on their way to
    Redis, until Redis has seen each of its connections end."""
    wait_until(lambda: not [one["name"] for one in client.client_list() if one["name"].startswith("nudged")],
               "the killed daemon's connections to end")
    mids = [key.rpartition(b":")[2] for key in client.scan_iter("nudged:message:*")]
    return {name_of(client, mid) for mid in mids if message(client, mid)["state"] == "taken"}


def test_ten_thousand_events_and_three_kills(shop):
    rng = random.Random(20260301)
    events = make_events(rng)
    wanted = expected(events)
    shop.redis()
    smtp = shop.smtp(connections=CONNECTIONS)
    shop.rules(RULES)
    for name in ("welcome", "cart", "viewed", "thanks"):
        shop.template(f"{name}.text.liquid", TEMPLATE)
    shop.push(*events)
    daemon, had = shop.daemon(), []
    for kill in range(KILLS):
        daemon.spawn()
        left = EVENTS * (KILLS - kill) // (KILLS + 1)
        wait_until(lambda: shop.client.xlen("nudged:events") <= left, "a part of the events")
        daemon.kill()
        had.append(in_hand(shop.client))
    daemon.spawn()
    wait_until(lambda: shop.client.zcard("nudged:due") == 0 and shop.idle(), "all timers", 120)

    got = collections.Counter()
    for mail in smtp.all_mails():
        rule, name, mark = mail["Subject"].split(" ", 2)
        who = wanted[rule, mark]  # nothing that the model does not expect
        to = mail["To"].addresses[0]
        assert (to.addr_spec, to.display_name, name) == (
            who["email"], f"{who['first_name']} {who['last_name']}", who["first_name"])
        assert mail.get_content().strip() == who["first_name"]
        got[rule, mark] += 1
    assert all(len(names) <= 2 * (CONNECTIONS + AHEAD) for names in had)  # as many again are on their way to Redis
    mids = shop.client.zrange("nudged:uncertain", 0, -1)
    held = {name_of(shop.client, mid) for mid in mids}
    assert {message(shop.client, mid)["class"] for mid in mids} <= {"marketing"}
    assert set(got) | held == set(wanted)
    twice = {name for name, times in got.items() if times > 1}
    assert {rule for rule, _ in twice} <= {"thanks"}
    assert twice | held <= set.union(*had)
    assert max(got.values()) <= 1 + KILLS
    assert shop.dead() == []
