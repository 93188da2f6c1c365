"""Large events: what waits keeps its start apart, so that no size below that of an event keeps a
customer from anything."""

import json

from conftest import wait_until

RULES = """name: receipt
class: transactional
on: order.placed
send: receipt
---
name: feedback
class: transactional
on: order.placed
again: parallel
wait: 3d
send: feedback
---
name: reminder
class: transactional
on: cart.updated
again: restart
until: order.placed
wait: 1d
send: {template: reminder, data: {last: 'start.cart.lines[size(start.cart.lines) - 1]'}}
"""


def large_shop(shop):
    shop.redis()
    smtp = shop.smtp()
    shop.rules(RULES)
    for name in ("receipt", "feedback", "reminder"):
        shop.template(f"{name}.text.liquid",
                      f"---\nsubject: '{name} {{{{ order.id }}}}{{{{ last }}}}'\n---\nx")
    return smtp


def lines(size):
    return [f"{number:05} {'x' * 93}" for number in range(size // 100)]


def event(type, id, size):
    thing = type.split(".")[0]
    return {"type": type, "id": id, "customer": {"id": 7, "email": "ana@example.com"},
            thing: {"id": id, "lines": lines(size)}}


def make_due(shop, rule):
    """The journeys of a rule are due now: as after the wait."""
    key = "nudged:customer:id:7"
    document = json.loads(shop.client.get(key))
    seconds, _ = shop.client.time()
    for journey in document["journeys"]:
        if journey["rule"] == rule:
            journey["at"] = seconds * 1000 - 1
    shop.client.set(key, json.dumps(document, separators=(",", ":")))
    shop.client.zadd("nudged:due", {"id:7": seconds * 1000 - 1})


def test_a_large_order_beside_a_rule_that_waits(shop):
    """The receipt goes out, `until` is applied, counts are kept, explain shows it."""
    smtp = large_shop(shop)
    shop.daemon().spawn()
    shop.push(event("cart.updated", "c1", 75_000), event("order.placed", "o1", 75_000))
    shop.wait_idle()
    assert [mail["Subject"] for mail in smtp.all_mails()] == ["receipt o1"]
    assert shop.dead() == []
    assert ("reminder", "ended", "until") in shop.trace("id:7")
    assert "receipt" in shop.ctl("explain", "id:7")[1]
    assert shop.client.llen("nudged:starts:id:7") == 1
    assert shop.client.strlen("nudged:customer:id:7") < 2000


def test_large_orders_within_a_wait(shop):
    """Each keeps its own start, whole, until its journey ends."""
    smtp = large_shop(shop)
    daemon = shop.daemon().spawn()
    shop.push(*[event("order.placed", f"o{number}", 35_000) for number in range(4)])
    shop.push(event("order.placed", "o4", 250_000))
    shop.wait_idle()
    assert daemon.stop() == 0
    make_due(shop, "feedback")
    daemon.spawn()
    wait_until(lambda: smtp.mails.qsize() == 10, "receipts and feedbacks")
    shop.wait_idle()
    subjects = [mail["Subject"] for mail in smtp.all_mails()]
    assert sorted(subjects) == sorted(f"{rule} o{number}" for number in range(5)
                                      for rule in ("feedback", "receipt"))
    assert shop.dead() == [] and not shop.client.exists("nudged:starts:id:7")


def test_a_large_start_is_whole(shop):
    smtp = large_shop(shop)
    daemon = shop.daemon().spawn()
    shop.push(event("cart.updated", "c1", 200_000))
    shop.wait_idle()
    assert daemon.stop() == 0
    make_due(shop, "reminder")
    daemon.spawn()
    assert smtp.next_mail()["Subject"] == f"reminder {lines(200_000)[-1]}"


def test_a_start_that_is_lost(shop):
    """Deleted by hand: that journey is a dead letter, the others go on."""
    smtp = large_shop(shop)
    daemon = shop.daemon().spawn()
    shop.push(event("order.placed", "o1", 1000))
    shop.wait_idle()
    [start] = shop.client.lrange("nudged:starts:id:7", 0, -1)
    shop.push(event("order.placed", "o2", 1000))
    shop.wait_idle()
    assert daemon.stop() == 0
    make_due(shop, "feedback")
    shop.client.lrem("nudged:starts:id:7", 0, start)
    daemon.spawn()
    wait_until(lambda: smtp.mails.qsize() == 3, "the other feedback")
    shop.wait_idle()
    assert {mail["Subject"] for mail in smtp.all_mails()} == {"receipt o1", "receipt o2",
                                                              "feedback o2"}
    [letter] = shop.dead()
    assert (letter["kind"], letter["reason"]) == (b"journey", b"start-lost")
    assert json.loads(letter["body"])["rule"] == "feedback"
    assert ("feedback", "ended", "start-lost") in shop.trace("id:7")
