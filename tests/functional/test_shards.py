"""An installation of many shards: a person is in one of them, any number of daemons share them, and what
all share, gateways above all, is shared."""

import json
import threading

import pytest

from conftest import wait_until
from shards import Shards, shard_of

RULES = """
name: each
class: transactional
on: order.placed
send: each
---
name: third
class: transactional
on: order.placed
if: customer.count("order.placed") == 3
send: third
"""


def order(number, customer):
    return {"type": "order.placed", "id": f"o{number}-{customer}", "order": {"id": f"{number}-{customer}"},
            "customer": {"id": customer, "email": f"c{customer}@example.com"}}


@pytest.fixture
def shards(shop):
    shards = Shards(shop, 4)
    shop.rules(RULES)
    for name in ("each", "third"):
        shop.template(f"{name}.text.liquid", "---\nsubject: '{{ message.rule }} {{ order.id }}'\n---\nx")
    return shards


def wanted(customers, orders=3):
    return sorted([f"each {n}-{customer}" for customer in customers for n in range(orders)]
                  + [f"third 2-{customer}" for customer in customers if orders >= 3])


def subjects(smtp):
    return sorted(mail["Subject"] for mail in smtp.all_mails())


def test_a_person_is_in_one_shard(shop, shards):
    smtp = shop.smtp()
    daemon = shop.daemon().spawn()
    customers = range(20)
    assert len({shard_of(f"id:{customer}", 4) for customer in customers}) == 4
    for n in range(3):
        shards.push(*[order(n, customer) for customer in customers])
    shards.wait_idle()
    assert subjects(smtp) == wanted(customers)
    for customer in customers:
        assert shards.document(customer)["counts"][0]["n"] == 3
    keys = [key.decode() for key in shop.client.scan_iter("*:customer:*")]
    assert len(keys) == 20
    assert not [key for key in shop.client.scan_iter("nudged:*")]
    status = daemon.status()
    assert (status["instance"], status["decided"], status["sent"]) == ("one", 60, 80)
    assert daemon.figure("nudged_events_decided_total") == 60


def test_two_daemons_share_and_one_dies(shop, shards):
    """Both work on each shard. What the dead one had is taken over by the other, and nothing is lost or
    sent twice."""
    smtp = shop.smtp()
    one = shop.daemon("one").spawn()
    two = shop.daemon("two").spawn()
    shards.wait_shared("one", "two", each=2)
    shards.push(*[order(0, customer) for customer in range(40)])
    shards.wait_idle()
    two.kill()
    for prefix in shards.prefixes:
        shop.client.delete(f"{prefix}:instance:two")
    shards.push(*[order(n, customer) for n in (1, 2) for customer in range(40)])
    shards.wait_idle()
    shards.wait_shared("one", each=1)
    assert subjects(smtp) == wanted(range(40))
    assert one.status()["state"] == "running"


def test_who_comes_gets_a_share_and_who_leaves_gives_it_back(shop, shards):
    """Three daemons: two on each shard. Orders go on being decided meanwhile."""
    smtp = shop.smtp()
    pushed, over = [], threading.Event()

    def load():
        for n in range(3):
            for customer in range(100):
                shards.push(order(n, customer))
                pushed.append(customer)
                over.wait(0.01)

    shop.daemon("one").spawn()
    loader = threading.Thread(target=load)
    loader.start()
    try:
        shop.daemon("two").spawn()
        three = shop.daemon("three").spawn()
        shards.wait_shared("one", "two", "three", each=2)
        assert three.stop() == 0
        shards.wait_shared("one", "two", each=2)
        assert shop.client.hkeys("nudged{0}:members")  # one and two, who say so each second
    finally:
        over.set()
        loader.join()
    shards.wait_idle()
    assert len(pushed) == 300
    assert subjects(smtp) == wanted(range(100))


def test_shards_share_the_connections_of_a_gateway(shop, shards):
    """`connections` bounds the daemon, not each of its shards."""
    smtp = shop.smtp(connections=2)
    smtp.slow()
    lock, now, most = threading.Lock(), 0, 0
    met = threading.Event()

    def answer(envelope):
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        met.wait(0.005)
        with lock:
            now -= 1
        return "250 taken"

    smtp.answers = answer
    shop.daemon().spawn()
    shards.push(*[order(0, customer) for customer in range(60)])
    shards.wait_idle()
    assert subjects(smtp) == wanted(range(60), orders=1)
    assert most == 2


def test_a_gateway_that_refuses_all_shards_is_to_blame(shop, shards):
    """Its refusals are one row, whichever shard a message is of: at five nobody's is dead."""
    smtp = shop.smtp(suspect=5, connections=1)
    smtp.answers = lambda envelope: "550 5.7.1 refused by policy"
    daemon = shop.daemon().spawn()
    customers = [customer for customer in range(40)][:8]
    assert max(sum(shard_of(f"id:{c}", 4) == shard for c in customers) for shard in range(4)) < 5
    shards.push(*[order(0, customer) for customer in customers])
    wait_until(lambda: daemon.figure("nudged_attempts_total", result="gateway-fault") >= 1, "the gateway to be blamed")
    smtp.answers = lambda envelope: "250 taken"
    wait_until(lambda: smtp.mails.qsize() == len(customers), "all mails")
    shards.wait_idle()
    assert subjects(smtp) == wanted(customers, orders=1)
    assert not any(shop.client.xlen(f"{prefix}:dead") for prefix in shards.prefixes)


def test_reload_reaches_all_shards(shop, shards):
    smtp = shop.smtp()
    daemon = shop.daemon().spawn()
    shop.rules(RULES.replace("send: each", "send: third"))
    assert daemon.ask("POST", "/reload") == (200, "reloaded, 2 rules\n")
    shards.push(*[order(0, customer) for customer in range(12)])
    shards.wait_idle()
    assert subjects(smtp) == sorted(f"each 0-{customer}" for customer in range(12))
    for prefix in shards.prefixes:
        assert int(shop.client.hget(f"{prefix}:rules", "last")) == 2


def test_another_number_of_shards_is_refused(shop, shards):
    shop.smtp()
    shop.daemon().spawn().stop()
    other = shop.daemon("other", redis={**shop.config["redis"], "shards": 5}).spawn(wait=False)
    assert other.ended() == 78
    assert "`redis.shards`" in other.log()


def test_a_shop_that_knows_of_no_shards(shop, shards):
    """What stands in P:events, or in the wrong shard, comes to its own, in order."""
    smtp = shop.smtp()
    shop.daemon("one").spawn()
    shop.daemon("two").spawn()
    shards.wait_shared("one", "two", each=2)
    shop.push(*[order(0, customer) for customer in range(30)])
    pipe = shop.client.pipeline(transaction=False)
    for customer in range(30):
        pipe.xadd("nudged{3}:events", {"event": json.dumps(order(1, customer))})
    pipe.execute()
    shop.push(*[order(2, customer) for customer in range(30)])
    wait_until(lambda: smtp.mails.qsize() >= 120, "all mails")
    shards.wait_idle()
    assert not shop.client.xlen("nudged:events") and not any(shop.client.xlen(f"{p}:strays") for p in shards.prefixes)
    assert subjects(smtp) == wanted(range(30))
