"""A deadline is acted on when everything that Redis accepted before it was decided: after an outage,
through a backlog, whichever way the events came."""

import json
import time

import pytest

from conftest import wait_until

RULES = """
name: cart
class: transactional
on: cart.updated
until: order.placed
again: ignore
wait: 50s
send: reminder
"""

BUYERS, OTHERS = range(200), range(200, 220)


def at(seconds):
    """A time of the shop's, so far from now."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def event(kind, number, seconds):
    return {"type": kind, "id": f"{kind}-{number}", "time": at(seconds),
            "customer": {"id": number, "email": f"c{number}@example.com"}}


def backlog():
    """(accepted so many seconds ago, event): carts, much else, and orders, all before the carts'
    deadlines, which are 50 s ago."""
    for number in (*BUYERS, *OTHERS):
        yield -100, event("cart.updated", number, -100)
    for number in range(3000):
        yield -90, event("noise", 1000 + number, -90)
    for number in BUYERS:
        yield -80, event("order.placed", number, -80)


@pytest.fixture
def carts(shop):
    shop.redis()
    shop.mail = shop.smtp(connections=4)
    shop.rules(RULES)
    shop.template("reminder.text.liquid", "---\nsubject: '{{ customer.id }}'\n---\nx")
    shop.config["events"] = {"batch": 2}
    return shop


def only_others_are_reminded(shop):
    wait_until(lambda: shop.client.zcard("nudged:due") == 0 and shop.idle(), "all deadlines")
    assert sorted(int(mail["Subject"]) for mail in shop.mail.all_mails()) == list(OTHERS)


def test_stream_after_an_outage(carts):
    """The first deadlines are due long before the orders are read."""
    start = time.time()
    pipe = carts.client.pipeline(transaction=False)
    for number, (seconds, body) in enumerate(backlog()):
        pipe.xadd("nudged:events", {"event": json.dumps(body)},
                  id=f"{int((start + seconds) * 1000)}-{number + 1}")
    pipe.execute()
    for name in ("one", "two"):
        carts.daemon(name).spawn()
    only_others_are_reminded(carts)


def test_list_after_an_outage(carts):
    """The ids that the orders get in the stream are later than the deadlines."""
    pipe = carts.client.pipeline(transaction=False)
    for _, body in backlog():
        pipe.lpush("nudged:inbox", json.dumps(body))
    pipe.execute()
    for name in ("one", "two"):
        carts.daemon(name).spawn()
    only_others_are_reminded(carts)
