"""A full outbox: sends wait for room, first come first served; events are read and decided all the
same, so that who orders or unsubscribes meanwhile is not written to."""

import re
import threading

import pytest

from conftest import PATIENCE, wait_until

RULES = """
name: news
on: news
give_up: 1h
send: letter
---
name: cart
on: cart.updated
until: order.placed
again: restart
wait: 1s
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


def events(kind, numbers, **data):
    return [event(kind, n, **data) for n in numbers]


@pytest.fixture
def crowd(shop):
    """A shop of which no mail is taken before `open()`."""
    shop.redis()
    shop.mail = shop.smtp(connections=1)
    shop.gate = threading.Event()
    shop.open = shop.gate.set
    shop.mail.slow()
    shop.mail.answers = lambda envelope: "250 taken" if shop.gate.wait(PATIENCE) else "451 closed"
    shop.config["outbox"] = {"most": 100}
    shop.rules(RULES)
    shop.template("letter.text.liquid", "---\nsubject: '{{ customer.id }}'\n---\nx")
    yield shop
    shop.open()


def outbox(shop):
    return (sum(shop.client.xlen(key) for key in shop.client.scan_iter("nudged:outbox:*"))
            + sum(shop.client.hlen(key) for key in shop.client.scan_iter("nudged:begun:*")))


def waiting(shop, kind="marketing"):
    return shop.client.zcard(f"nudged:full:{kind}")


def decided(shop, *pushed):
    shop.push(*pushed)
    wait_until(lambda: shop.client.xlen("nudged:events") == 0, "the events to be decided")


def written_to(shop):
    """Who got a mail, when nothing waits any more; each once."""
    wait_until(lambda: shop.client.zcard("nudged:due") == 0 and shop.idle(), "everything to be sent")
    numbers = [int(mail["Subject"]) for mail in shop.mail.all_mails()]
    assert len(numbers) == len(set(numbers))
    return set(numbers)


def test_opt_outs(crowd):
    daemon = crowd.daemon().spawn()
    decided(crowd, *events("news", range(200)))
    assert (outbox(crowd), waiting(crowd)) == (100, 100)
    decided(crowd, *events("customer.unsubscribed", range(0, 200, 2)))
    crowd.open()
    late = written_to(crowd) - set(range(1, 200, 2))
    assert len(late) <= 1  # one was with the gateway already
    assert crowd.trace("id:198") == [("news", "outbox-full", None), ("news", "refused", "no-consent")]
    wait_until(lambda: "below its bound" in daemon.log(), "the daemon to count once more")
    assert daemon.log().count("over its bound") == daemon.log().count("below its bound") == 1


def test_orders(crowd):
    """Deadlines come while the outbox is full, and orders are read meanwhile."""
    crowd.daemon().spawn()
    decided(crowd, *events("cart.updated", range(200)))
    wait_until(lambda: waiting(crowd) == 100, "the deadlines")
    decided(crowd, *events("order.placed", range(0, 200, 2)))
    assert waiting(crowd) <= 50 + 1
    crowd.open()
    assert len(written_to(crowd) - set(range(1, 200, 2))) <= 1


def test_receipts_go_first(crowd):
    """Those have twice the room, and are woken before the others; who waits longest comes first."""
    daemon = crowd.daemon().spawn()
    decided(crowd, *events("news", range(150)))
    decided(crowd, *events("order.placed", range(200, 400), order={"receipt": True}))
    assert (outbox(crowd), waiting(crowd), waiting(crowd, "transactional")) == (200, 50, 100)
    wait_until(lambda: daemon.status()["full"] == 150, "the figure")
    assert "outbox-full: sends of 150 customers wait for room\n" in daemon.ask("GET", "/health")[1]
    assert daemon.figure("nudged_outbox_full") == 150
    assert "sends to 150 customers wait for room" in crowd.ctl("status")[1]
    crowd.open()
    order = [int(crowd.mail.next_mail()["Subject"]) for _ in range(350)]
    assert written_to(crowd) == set() and sorted(order) == [*range(150), *range(200, 400)]
    place = {number: place for place, number in enumerate(order)}
    receipts, letters = [place[n] for n in range(300, 400)], [place[n] for n in range(100, 150)]
    assert max(receipts[:50]) < min(letters)  # the last ones may have been woken together
    assert sum(receipts) / 100 < sum(letters) / 50
    wait_until(lambda: daemon.figure("nudged_outbox_full") == 0, "the figure of none")


def test_give_up(crowd):
    """Its time runs while it waits; then it is refused."""
    crowd.daemon().spawn()
    decided(crowd, *events("news", range(150)))
    for key in crowd.client.zrange("nudged:full:marketing", 0, -1):  # as if the hour were over
        name = f"nudged:customer:{key.decode()}"
        document = crowd.client.get(name).decode()
        crowd.client.set(name, re.sub(r'"at":\d+', '"at":1000', document))
        crowd.client.zadd("nudged:due", {key: 1000})
    wait_until(lambda: waiting(crowd) == 0, "the refusals")
    assert crowd.trace("id:149") == [("news", "outbox-full", None), ("news", "refused", "outbox-full")]
    assert crowd.client.zcard("nudged:due") == 0
    assert outbox(crowd) == 100


def test_while_no_daemon_is_there(crowd):
    """The opt-outs that came while nobody was there are decided before anybody is woken, and before
    what stands in the outbox goes."""
    crowd.mail.answers = lambda envelope: "250 taken" if crowd.gate.is_set() else "451 closed"
    daemon = crowd.daemon().spawn()
    decided(crowd, *events("news", range(200)))
    gateway = lambda: daemon.status()["gateways"][0]
    wait_until(lambda: crowd.client.zcard("nudged:later") >= 10 and gateway()["breaker"] == "open"
               and gateway()["sending"] == 0, "the first of them to be put off, and the gateway to be left alone")
    daemon.kill()
    assert waiting(crowd) == 100
    crowd.push(*events("noise", range(1000, 4000)), *events("customer.unsubscribed", range(200)))
    seconds = crowd.client.time()[0]
    wait_until(lambda: crowd.client.time()[0] >= seconds + 2, "them to be older than a second")
    crowd.open()
    crowd.client.zadd("nudged:later", dict.fromkeys(crowd.client.zrange("nudged:later", 0, -1), 1))
    crowd.daemon("two", events={"batch": 5}).spawn()
    assert written_to(crowd) == set()
    assert crowd.trace("id:199")[-1] == ("news", "refused", "no-consent")


def test_two_daemons_of_which_one_dies(crowd):
    """Each wakes and decides; one is killed in the middle of it. Nobody is lost or written to
    twice."""
    dying = crowd.daemon("one").spawn(failpoints="commit=kill@150")
    crowd.daemon("two").spawn()
    decided(crowd, *events("news", range(400)))
    crowd.open()
    wait_until(lambda: waiting(crowd) < 150, "half of them")
    if dying.process.poll() is None:
        dying.kill()
    dying.process = None
    taken = crowd.client.zrange("nudged:taken", 0, -1)
    if taken:  # as if its leases had run out
        crowd.client.zadd("nudged:taken", dict.fromkeys(taken, 1), xx=True)
    wait_until(lambda: waiting(crowd) == 0 and crowd.client.zcard("nudged:due") == 0, "the others")
    decided_once = [crowd.trace(f"id:{n}").count(("news", "sends", "letter")) for n in range(400)]
    assert decided_once == [1] * 400
