"""Events that come to no shard, or to another than their customer's, are brought there: nothing is lost, nothing
doubled, and what came by one way keeps its order, whoever is killed meanwhile."""

import json

import pytest

from conftest import wait_until
from shards import Shards, shard_of

RULES = """
name: each
class: transactional
on: order.placed
send: each
---
name: back
class: transactional
on: product.restocked
send: each
"""
SHARDS, CUSTOMERS, ORDERS = 4, 12, 3


def order(number, customer):
    """Without an id, so that nothing but its place in the stream tells it from a repetition."""
    return {"type": "order.placed", "customer": {"id": customer, "email": f"c{customer}@example.com"},
            "order": {"id": f"{number}-{customer}"}}


@pytest.fixture
def shards(shop):
    shards = Shards(shop, SHARDS)
    shop.rules(RULES)
    shop.template("each.text.liquid", "---\nsubject: '{{ message.rule }} {{ event.data.order.id }}'\n---\nx")
    return shards


def push(shop, stream, *events):
    pipe = shop.client.pipeline(transaction=False)
    for event in events:
        pipe.xadd(stream, {"event": json.dumps(event)})
    pipe.execute()


def orders():
    return [order(number, customer) for number in range(ORDERS) for customer in range(CUSTOMERS)]


def wrong_of(shards, customer):
    """The stream of a shard that is not the customer's."""
    return f"{shards.prefixes[(shard_of(f'id:{customer}', SHARDS) + 1) % SHARDS]}:events"


def wait_moved(shop, shards):
    def moved():
        return (shop.client.xlen("nudged:events") == 0
                and all(shop.client.xlen(f"{prefix}:strays") == 0 for prefix in shards.prefixes))

    wait_until(moved, "all to be moved")
    shards.wait_idle()


def check_orders(smtp):
    assert sorted(mail["Subject"] for mail in smtp.all_mails()) == sorted(
        f"each {event['order']['id']}" for event in orders())


def check_in_shards(shop, shards):
    """Each customer's own shard knows all of them, and no other one does."""
    for customer in range(CUSTOMERS):
        assert shards.document(customer)["counts"][0]["n"] == ORDERS
    assert len([key for key in shop.client.scan_iter("*:customer:*")]) == CUSTOMERS


def test_blind_pushes(shop, shards):
    smtp = shop.smtp()
    daemon = shop.daemon().spawn()
    push(shop, "nudged:events", *orders())
    wait_moved(shop, shards)
    wait_until(lambda: smtp.mails.qsize() == CUSTOMERS * ORDERS, "all mails")
    check_orders(smtp)
    check_in_shards(shop, shards)
    assert daemon.figure("nudged_events_moved_total") == CUSTOMERS * ORDERS
    assert daemon.figure("nudged_events_duplicate_total") == 0


def test_pushes_to_another_shard(shop, shards):
    """A batch has some that are right and some that are not."""
    smtp = shop.smtp()
    daemon = shop.daemon().spawn()
    for number, event in enumerate(orders()):
        right = f"{shards.prefix_of(event['customer']['id'])}:events"
        push(shop, right if number % 3 == 0 else wrong_of(shards, event["customer"]["id"]), event)
    wait_moved(shop, shards)
    wait_until(lambda: smtp.mails.qsize() == CUSTOMERS * ORDERS, "all mails")
    check_orders(smtp)
    check_in_shards(shop, shards)
    assert daemon.figure("nudged_events_moved_total") == CUSTOMERS * ORDERS * 2 // 3
    assert daemon.figure("nudged_events_duplicate_total") == 0


@pytest.mark.parametrize("stray", [False, True], ids=["blind", "stray"])
@pytest.mark.parametrize("point", ["move-read", "move-carried", "moved", "strays", "strays-put"])
def test_killed_between_two_steps(shop, shards, stray, point):
    """What another daemon then finds it brings to its end, and nothing twice."""
    if point.startswith("strays") and not stray:
        pytest.skip("nothing is put aside")
    smtp = shop.smtp()
    one = shop.daemon("one")
    shards.hold_mail()
    for event in orders():
        push(shop, wrong_of(shards, event["customer"]["id"]) if stray else "nudged:events", event)
    one.spawn(failpoints=f"{point}=kill@{2 if stray else 1}", wait=False)
    assert one.ended() == -9
    for prefix in shards.prefixes:  # its leases are over
        shop.client.delete(f"{prefix}:instance:one")
    shop.client.hdel("nudged{0}:members", "one")
    shards.let_mail()
    two = shop.daemon("two").spawn()
    wait_moved(shop, shards)
    wait_until(lambda: smtp.mails.qsize() >= CUSTOMERS * ORDERS, "all mails")
    shards.wait_idle()
    check_orders(smtp)
    check_in_shards(shop, shards)
    assert two.figure("nudged_events_duplicate_total") == 0


def test_two_daemons_move(shop, shards):
    smtp = shop.smtp()
    daemons = [shop.daemon(name).spawn() for name in ("one", "two")]
    for event in orders():
        push(shop, "nudged:events", event)
    wait_moved(shop, shards)
    wait_until(lambda: smtp.mails.qsize() == CUSTOMERS * ORDERS, "all mails")
    check_orders(smtp)
    assert sum(daemon.figure("nudged_events_moved_total") for daemon in daemons) == CUSTOMERS * ORDERS
    assert sum(daemon.figure("nudged_events_duplicate_total") for daemon in daemons) == 0


def test_what_is_no_event_is_a_dead_letter_of_the_first_shard(shop, shards):
    shop.smtp()
    shop.daemon().spawn()
    push(shop, "nudged:events", "no object", {"type": "order.placed"})
    shop.client.xadd("nudged:events", {"other": "1"})
    push(shop, "nudged:events", {**order(0, 1), "time": "never"})
    wait_moved(shop, shards)
    reasons = [fields[b"reason"] for _, fields in shop.client.xrange("nudged{0}:dead")]
    assert reasons == [b"no-object", b"no-customer", b"no-event"]
    own = shop.client.xrange(f"{shards.prefix_of(1)}:dead")
    assert [fields[b"reason"] for _, fields in own] == [b"bad-time"]


def test_who_watches_is_told_in_every_shard(shop, shards):
    smtp = shop.smtp()
    shop.daemon().spawn()
    push(shop, "nudged:events", *[
        {"type": "watch.added", "id": f"w{customer}", "product": {"sku": "POT"},
         "customer": {"id": customer, "email": f"c{customer}@example.com"}} for customer in range(CUSTOMERS)])
    wait_moved(shop, shards)
    push(shop, "nudged:events", {"type": "product.restocked", "id": "r", "product": {"sku": "POT"}})
    wait_moved(shop, shards)
    wait_until(lambda: smtp.mails.qsize() >= CUSTOMERS, "all mails")
    shards.wait_idle()
    assert sorted(mail["To"] for mail in smtp.all_mails()) == sorted(
        f"c{customer}@example.com" for customer in range(CUSTOMERS))


def test_killed_again_and_again(shop, shards):
    """Two daemons at once, each of which dies somewhere, while a shop pushes by every way that there is."""
    smtp = shop.smtp()
    points = ["move-read", "move-carried", "moved", "strays", "strays-put", "batch-read", "commit-answered"]
    number = 0
    for turn, point in enumerate(points):
        daemons = [shop.daemon(f"d{turn}{half}") for half in "ab"]
        for daemon in daemons:
            daemon.spawn(failpoints=f"{point}=kill@{2 + turn % 2}", wait=False)

        def killed():
            return any(daemon.process.poll() is not None for daemon in daemons)

        def read():
            return killed() or not any(shop.client.xlen(stream) for stream in streams)

        streams = ["nudged:events", *[f"{prefix}:events" for prefix in shards.prefixes],
                   *[f"{prefix}:strays" for prefix in shards.prefixes]]
        while not killed():  # each passes by once more what is to be passed
            for way in range(3):
                customer = number % CUSTOMERS
                push(shop, ["nudged:events", wrong_of(shards, customer),
                            f"{shards.prefix_of(customer)}:events"][way], order(number, customer))
                number += 1
            wait_until(read, "what was pushed to be read, or a daemon to be killed")
        for daemon in daemons:
            if daemon.process.poll() is None:
                daemon.kill()
            else:
                daemon.ended()
            for prefix in shards.prefixes:
                shop.client.delete(f"{prefix}:instance:{daemon.name}")
            shop.client.hdel("nudged{0}:members", daemon.name)
    last = shop.daemon("last").spawn()
    wait_moved(shop, shards)
    wait_until(lambda: sum(shards.document(customer)["counts"][0]["n"] for customer in range(CUSTOMERS)) == number,
               "all to be decided")
    shards.wait_idle()
    assert last.figure("nudged_events_duplicate_total") == 0
    assert not any(shop.client.xlen(f"{prefix}:dead") for prefix in shards.prefixes)
    uncertain = sum(shop.client.zcard(f"{prefix}:uncertain") for prefix in shards.prefixes)
    assert len({mail["Subject"] for mail in smtp.all_mails()}) + uncertain >= number
