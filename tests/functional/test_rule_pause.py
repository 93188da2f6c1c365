"""A rule that is paused, by hand or by policy.brake: matches start nothing, due sends wait, and all is
asked again when it is resumed; over all daemons, and exactly."""

import json
import threading

import pytest

from conftest import PATIENCE, Gate, wait_until
from persons import HOUR_MS, LateRedis

RULES = """
name: news
on: news
send: letter
---
name: cart
on: cart.updated
until: order.placed
again: restart
wait: 1h
send: letter
---
name: receipt
class: transactional
on: order.placed
if: has(order.receipt)
send: letter
"""


def event(kind, number, **data):
    return {"type": kind, "id": f"{kind}-{number}", **data, "customer": {
        "id": number, "email": f"c{number}@example.com", "accepts_marketing": True}}


@pytest.fixture
def open_shop(shop):
    shop.late = shop.redis(LateRedis)
    shop.mail = shop.smtp()
    shop.rules(RULES)
    shop.template("letter.text.liquid", "---\nsubject: '{{ customer.id }}'\n---\nx")
    return shop


def decided(shop, *pushed):
    shop.push(*pushed)
    wait_until(lambda: shop.client.xlen("nudged:events") == 0, "the events to be decided")


def waiting(shop, rule):
    return shop.client.zcard(f"nudged:halt:{rule}")


def sent(shop):
    def nothing_left():
        return shop.client.zcard("nudged:due") == 0 and shop.idle() and not [
            *shop.client.scan_iter("nudged:halt:*"), *shop.client.scan_iter("nudged:full:*")]

    # what is taken stands in neither queue for a moment
    wait_until(lambda: nothing_left() and nothing_left(), "everything to be sent")
    return sorted(int(mail["Subject"]) for mail in shop.mail.all_mails())


def test_pause_and_resume(open_shop):
    shop = open_shop
    daemon = shop.daemon().spawn()
    decided(shop, *(event("cart.updated", n) for n in range(20)))
    assert shop.ctl("rule", "pause", "cart", "news")[:2] == (0, "cart is paused\nnews is paused\n")
    assert shop.ctl("rule", "pause", "cart")[1] == "cart was paused already\n"
    decided(shop, event("news", 1), event("cart.updated", 99), event("order.placed", 50, order={"receipt": 1}))
    assert shop.trace("id:1")[-1] == ("news", "passed-over", "paused")
    assert shop.trace("id:99") == [("cart", "passed-over", "paused")]
    shop.late.forward(HOUR_MS)
    wait_until(lambda: waiting(shop, "cart") == 20, "the deadlines")
    assert shop.trace("id:0")[-1] == ("cart", "paused", "by hand")
    wait_until(lambda: len(daemon.status()["paused_rules"]) == 2, "the status")
    assert daemon.figure("nudged_rules_paused") == 2
    assert "the rule cart is paused by " in shop.ctl("status")[1]
    assert "cart  marketing  paused since " in shop.ctl("rule")[1]
    assert "sends to 20 customers wait" in shop.ctl("rule", "ls")[1]
    rows = [json.loads(line) for line in shop.ctl("rule", "ls", "--json")[1].splitlines()]
    assert [(row["name"], row["paused"], row.get("waiting")) for row in rows] == [
        ("cart", True, 20), ("news", True, 0), ("receipt", False, None)]
    decided(shop, *(event("order.placed", n) for n in range(0, 20, 2)), event("customer.unsubscribed", 1))
    assert waiting(shop, "cart") == 10
    assert shop.ctl("rule", "resume", "cart")[:2] == (0, "cart goes on, sends to 10 customers are asked again\n")
    assert sent(shop) == [3, 5, 7, 9, 11, 13, 15, 17, 19, 50]
    assert shop.trace("id:1")[-1] == ("cart", "refused", "no-consent")
    assert shop.client.smembers("nudged:halts") == set()
    status, _, errors = shop.ctl("rule", "pause", "crat")
    assert status == 1 and "did you mean `cart`" in errors


def test_resume_without_nudgectl(open_shop):
    """Who waits is woken by the daemons, whoever took the pause away; a daemon that dies loses nothing."""
    shop = open_shop
    daemon = shop.daemon().spawn()
    shop.ctl("rule", "pause", "cart")
    shop.client.hdel("nudged:halted", "cart")
    decided(shop, *(event("cart.updated", n) for n in range(50)))
    shop.client.hset("nudged:halted", "cart", "by somebody")
    shop.late.forward(HOUR_MS)
    wait_until(lambda: waiting(shop, "cart") == 50, "the deadlines")
    daemon.kill()
    shop.client.hdel("nudged:halted", "cart")
    daemon.spawn()
    assert sent(shop) == list(range(50))


def test_exact(open_shop):
    """A daemon that has not heard of it yet is told by its commit, either way."""
    shop = open_shop
    shop.config["timers"] = {"settle": "0s"}
    gate = Gate(shop)
    daemon = shop.daemon()
    daemon.spawn(f"commit={gate.action}")
    shop.push(event("news", 1))
    gate.wait()
    shop.client.hset("nudged:halted", "news", '{"at":1,"by":"ana"}')
    gate.open()
    wait_until(lambda: shop.trace("id:1") == [("news", "passed-over", "paused")], "the second decision")
    shop.client.hdel("nudged:halted", "news")
    decided(shop, event("news", 2))
    assert sent(shop) == [2]


def test_brake(open_shop):
    """Two daemons never let more than that go; the rest waits, until somebody has looked."""
    shop = open_shop
    shop.config["policy"] = {"brake": "25 per 1h"}
    one, two = shop.daemon("one").spawn(), shop.daemon("two").spawn()
    decided(shop, *(event("news", n) for n in range(60)), *(event("order.placed", n, order={"receipt": 1})
                                                          for n in range(100, 140)))
    wait_until(lambda: shop.idle(), "the mails")
    mails = [int(mail["Subject"]) for mail in shop.mail.all_mails()]
    assert len([n for n in mails if n < 100]) == 25 and len([n for n in mails if n >= 100]) == 40
    assert waiting(shop, "news") >= 1
    waited = waiting(shop, "news")
    traces = [shop.trace(f"id:{n}")[-1] for n in range(60)]
    assert sum(did == ("news", "paused", "brake") for did in traces) == waited
    assert sum(did == ("news", "passed-over", "paused") for did in traces) == 60 - 25 - waited
    for daemon in (one, two):
        wait_until(lambda: "policy.brake has paused a rule" in daemon.log(), "it to be told")
        assert daemon.log().count("policy.brake has paused a rule") == 1
        assert "brake: policy.brake has paused the rule news" in daemon.ask("GET", "/health")[1]
    assert "paused since" in shop.ctl("rule")[1] and "by policy.brake" in shop.ctl("rule")[1]
    shop.ctl("rule", "resume", "news")
    assert len(sent(shop)) == waited


@pytest.mark.parametrize("point", ["commit", "commit-answered", "commit-lost"])
def test_brake_over_kills(open_shop, point):
    shop = open_shop
    shop.config["policy"] = {"brake": "10 per 1h"}
    daemon = shop.daemon()
    daemon.spawn(f"{point}={'fail' if point == 'commit-lost' else 'kill'}@7")
    shop.push(*(event("news", n) for n in range(30)))
    if point != "commit-lost":
        daemon.ended()
        daemon.spawn()
    wait_until(lambda: shop.idle(), "the mails")
    assert sum(("news", "sends", "letter") in shop.trace(f"id:{n}") for n in range(30)) == 10
    mails, held = len(shop.mail.all_mails()), shop.client.zcard("nudged:uncertain")
    assert mails <= 10 <= mails + held  # what the daemon had in hand when it was killed is held


def test_beside_quiet_hours_and_room(open_shop):
    """What was paused waits for the end of the night next, or for room in the outbox."""
    shop = open_shop
    shop.config["policy"] = {"quiet_hours": {"from": "00:00", "to": "23:59"}}
    shop.daemon().spawn()
    decided(shop, *(event("cart.updated", n) for n in range(3)))
    shop.ctl("rule", "pause", "cart")
    shop.late.forward(HOUR_MS)
    wait_until(lambda: waiting(shop, "cart") == 3, "the deadlines")
    shop.ctl("rule", "resume", "cart")
    wait_until(lambda: all(shop.trace(f"id:{n}")[-1][1] == "quiet-hours" for n in range(3)), "the night")
    assert waiting(shop, "cart") == 0


def test_full_outbox(open_shop):
    shop = open_shop
    gate = threading.Event()
    shop.mail.slow()
    shop.mail.answers = lambda envelope: "250 taken" if gate.wait(PATIENCE) else "451 closed"
    shop.config["outbox"] = {"most": 100}
    shop.daemon().spawn()
    decided(shop, *(event("news", n) for n in range(110)))
    full = shop.client.zcard("nudged:full:marketing")
    assert full >= 10
    shop.ctl("rule", "pause", "news")
    gate.set()
    wait_until(lambda: waiting(shop, "news") == full, "those who waited for room")
    assert shop.client.zcard("nudged:full:marketing") == 0
    shop.ctl("rule", "resume", "news")
    assert sent(shop) == list(range(110))
