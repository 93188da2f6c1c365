"""Events that come in another order than they happened, and what is remembered for it: ends, sends
that limits count, messages that wait. One daemon; what is sent is seen at an SMTP server."""

import json
from datetime import datetime, timedelta, timezone

import pytest

from conftest import wait_until
from messages import all_messages

CART = """
name: cart
on: cart.updated
if: cart.total >= 20
again: restart
until: {on: order.placed, if: order.cart == start.cart.id}
limit: 9 per 7d
wait: 2s
send: cart
---
name: control
class: transactional
on: control
again: ignore
wait: 3s
send: control
"""


def customer(number):
    return {"id": number, "email": f"c{number}@example.com", "accepts_marketing": True}


def ago(seconds):
    return (datetime.now(timezone.utc) - timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def cart(total=80, seconds=0, who=1, **more):
    return {"type": "cart.updated", "time": ago(seconds), "customer": customer(who),
            "cart": {"id": "k", "total": total}, **more}


def order(who=1, cart="k", **more):
    return {"type": "order.placed", "customer": customer(who), "order": {"cart": cart}, **more}


@pytest.fixture
def cart_shop(shop):
    shop.redis()
    shop.mail = shop.smtp()
    shop.rules(CART)
    for name in ("cart", "control", "receipt"):
        shop.template(f"{name}.text.liquid", f"---\nsubject: {name} {{{{ customer.id }}}}\n---\nx\n")
    return shop


def push(shop, *events):
    """One after the other: in one batch or in several, it makes no difference."""
    for event in events:
        shop.push(event)
        wait_until(lambda: shop.client.xlen("nudged:events") == 0, "the event to be decided")


def until_control(shop):
    """What is sent until the control's mail, whose deadline is behind those of all others."""
    push(shop, {"type": "control", "customer": customer(99)})
    subjects = []
    while "control 99" not in subjects:
        subjects.append(shop.mail.next_mail()["Subject"])
    return subjects[:-1]


def document(shop, who=1):
    return json.loads(shop.client.get(f"nudged:customer:id:{who}"))


def test_ends_that_come_before_their_older_start(cart_shop):
    """The order, and the emptied cart, win; an order of another cart, and a newer cart, do not."""
    cart_shop.daemon().spawn()
    push(cart_shop,
         order(who=1, time=ago(1)), cart(seconds=2, who=1),
         cart(total=0, seconds=1, who=2), cart(seconds=2, who=2),
         order(who=3, cart="other", time=ago(1)), cart(seconds=2, who=3),
         cart(total=0, seconds=2, who=4), cart(seconds=1, who=4))
    assert sorted(until_control(cart_shop)) == ["cart 3", "cart 4"]
    assert ("cart", "passed-over", "until") in cart_shop.trace("id:1")
    assert ("cart", "passed-over", "no-longer") in cart_shop.trace("id:2")
    [end] = document(cart_shop, 1)["ends"]
    assert end["event"] == {"type": "order.placed", "data": {"order": {"cart": "k"}}}


def test_a_clock_that_is_fast(cart_shop):
    """A cart with a time that is yet to come is not newer than the order behind it."""
    cart_shop.daemon().spawn()
    push(cart_shop, cart(seconds=-60), order())
    assert until_control(cart_shop) == []


def close_gateway(shop):
    shop.mail.answers = lambda envelope: "451 later" if b"@example.com" in envelope.content else "250 taken"


def waiting(shop):
    return {fields["state"] for fields in all_messages(shop.client)}


@pytest.mark.parametrize("make, why", [
    (lambda: cart(total=0), "no-longer"), (lambda: cart(total=90), "restart"), (order, "until")])
def test_what_waits_in_the_outbox_is_withdrawn(cart_shop, make, why):
    close_gateway(cart_shop)
    cart_shop.daemon().spawn()
    push(cart_shop, cart())
    wait_until(lambda: waiting(cart_shop) == {"later"}, "the gateway to refuse the reminder")
    push(cart_shop, make())
    assert waiting(cart_shop) == set()
    assert ("cart", "withdrawn", why) in cart_shop.trace("id:1")


def test_one_reminder_a_week(cart_shop):
    """Each cart restarts the rule; those after a reminder are runs of their own for its limit."""
    cart_shop.rules(CART.replace("9 per 7d", "1 per 7d").replace("2s", "0s"))
    cart_shop.daemon().spawn()
    push(cart_shop, cart(total=30))
    assert cart_shop.mail.next_mail()["Subject"] == "cart 1"
    for times in range(1, 4):
        push(cart_shop, cart(total=30 + times))
        wait_until(lambda: cart_shop.trace("id:1").count(("cart", "refused", "limit")) == times,
                   "the next reminder to be refused")
    assert until_control(cart_shop) == []


RECEIPTS = CART.replace("9 per 7d", "1 per 7d") + """
---
name: receipt
class: transactional
on: receipt
send: receipt
"""


def receipts(numbers):
    return [{"type": "receipt", "id": f"r{number}", "customer": customer(1)} for number in numbers]


def test_a_limit_outlives_what_comes_between(cart_shop):
    """140 receipts later, and after the rule was away, the limit still counts its message."""
    cart_shop.rules(RECEIPTS)
    daemon = cart_shop.daemon().spawn()
    push(cart_shop, cart())
    assert cart_shop.mail.next_mail()["Subject"] == "cart 1"
    cart_shop.rules(RECEIPTS[RECEIPTS.index("name: control"):])
    assert cart_shop.ctl("reload")[0] == 0
    cart_shop.push(*receipts(range(140)))
    for _ in range(140):
        assert cart_shop.mail.next_mail()["Subject"] == "receipt 1"
    cart_shop.wait_idle()
    cart_shop.rules(RECEIPTS)
    assert cart_shop.ctl("reload")[0] == 0
    push(cart_shop, cart(total=33))
    assert until_control(cart_shop) == []
    assert ("cart", "refused", "limit") in cart_shop.trace("id:1")
    assert len(document(cart_shop)["open"]) <= 64  # those that a commit found to be gone are forgotten
    assert daemon.process.poll() is None


def test_what_waits_is_withdrawn_whatever_came_after_it(cart_shop):
    """The first of 71 messages that wait; all of them are still known."""
    cart_shop.rules(RECEIPTS)
    close_gateway(cart_shop)
    cart_shop.daemon().spawn()
    push(cart_shop, cart())
    wait_until(lambda: waiting(cart_shop) == {"later"}, "the gateway to refuse the reminder")
    [reminder] = cart_shop.client.scan_iter("nudged:message:*")
    cart_shop.push(*receipts(range(70)))
    wait_until(lambda: len(list(cart_shop.client.scan_iter("nudged:message:*"))) == 71, "the receipts")
    push(cart_shop, order())
    assert ("cart", "withdrawn", "until") in cart_shop.trace("id:1")
    assert not cart_shop.client.exists(reminder)
    assert len(list(cart_shop.client.scan_iter("nudged:message:*"))) == 70
    assert len(document(cart_shop)["open"]) == 70


@pytest.mark.parametrize("first, then, goes_out", [("cart", "order", False), ("order", "cart", True)])
def test_a_daemon_dies_between_two_of_one_millisecond(cart_shop, first, then, goes_out):
    """What came first is taken over when what came later is decided already. By their entries the later one is the
    newer: the order ends the cart before it, and lets the cart behind it be."""
    made = {"cart": cart, "order": lambda: order(time=ago(0))}
    time = ago(0)
    dead = cart_shop.daemon("dead").spawn(failpoints="batch-read=kill@1")
    cart_shop.push({**made[first](), "id": "first", "time": time})
    assert dead.ended() == -9
    cart_shop.daemon("other").spawn()
    cart_shop.push({**made[then](), "id": "then", "time": time})
    wait_until(lambda: cart_shop.client.xlen("nudged:events") == 1, "the second to be decided")
    dead.lapse()
    wait_until(lambda: cart_shop.client.xlen("nudged:events") == 0, "the first to be taken over")
    assert until_control(cart_shop) == (["cart 1"] if goes_out else [])
