"""`nudgectl dead retry` of what is of somebody who has moved to another shard meanwhile: it comes to where they
are, and counts once."""

import json

import pytest

from conftest import wait_until
from shards import Shards
from test_shards_keys import COUNT, elsewhere, event, push, sent

RULES = """
name: thanks
class: transactional
on: order.placed
send: thanks
---
name: news
on: news.out
limit: 1 per 7d
send: news
"""


@pytest.fixture
def shards(shop):
    shards = Shards(shop, COUNT, keys=["customer.id", "customer.email"])
    shop.rules(RULES)
    for name in ("thanks", "news"):
        shop.template(f"{name}.text.liquid", "---\nsubject: '{{ message.rule }}'\n---\nx")
    return shards


def letters(shop):
    return [json.loads(line) for line in shop.ctl("dead", "ls", "--json")[1].splitlines()]


def refuse(smtp):
    smtp.answers = lambda envelope: "554 5.6.0 not like this"


def take(smtp):
    smtp.answers = lambda envelope: "250 taken"


@pytest.mark.parametrize("rule, kind", [("thanks", "order.placed"), ("news", "news.out")])
def test_a_message(shop, shards, rule, kind):
    smtp = shop.smtp()
    refuse(smtp)
    shop.daemon().spawn()
    address = elsewhere(7)
    push(shards, event(kind, {"email": address}))
    [letter] = letters(shop)
    push(shards, event("hello", {"id": 7, "email": address}))
    assert shards.document_of(f"email:{address}") is None
    take(smtp)
    assert shop.ctl("dead", "retry", letter["id"])[0] == 0
    shards.wait_idle()
    assert sent(smtp) == [f"{rule} {address}"]
    assert len(shards.document(7)["sends"]) == 1
    told = shop.ctl("explain", "7")[1]
    assert f"{rule} sent" in told
    assert not shop.client.exists(f"{shards.of_key(f'email:{address}')}:trace:email:{address}")


def test_a_message_that_is_over_a_limit_by_now(shop, shards):
    smtp = shop.smtp()
    refuse(smtp)
    shop.daemon().spawn()
    address = elsewhere(7)
    push(shards, event("news.out", {"email": address}))
    [letter] = letters(shop)
    take(smtp)
    push(shards, event("news.out", {"id": 7, "email": address}))
    shards.wait_idle()
    assert shop.ctl("dead", "retry", letter["id"])[0] == 0
    shards.wait_idle()
    assert sent(smtp) == [f"news {address}"]
    told = shop.ctl("explain", "7")[1]
    assert "limit" in told.split("message.requeued")[1], told
    assert not [key for prefix in shards.prefixes for key in shop.client.scan_iter(f"{prefix}:message:*")]


def test_a_message_waits_for_the_event_that_may_take_it_back(shop, shards):
    """Where that comes to their shard later than the message, an order of theirs is asked for all the same."""
    smtp = shop.smtp()
    refuse(smtp)
    shop.rules(RULES.replace("on: order.placed", "on: order.placed\nuntil: order.paid"))
    daemon = shop.daemon().spawn()
    address = elsewhere(7)
    push(shards, event("order.placed", {"email": address}))
    [letter] = letters(shop)
    push(shards, event("order.paid", {"id": 7, "email": address}))
    shards.wait_idle()
    take(smtp)
    assert daemon.stop() == 0
    assert shop.ctl("dead", "retry", letter["id"])[0] == 0
    old, new, client = shards.of_key(f"email:{address}"), shards.prefix_of(7), shop.client
    [(_, moved), (told, fields)] = client.xrange(f"{old}:events")
    assert b"customer.moved" in moved[b"event"] and b"message.requeued" in fields[b"event"]
    client.xdel(f"{old}:events", told)
    daemon.spawn()
    [(mid, due)] = wait_until(lambda: client.zrange(f"{new}:later", 0, -1, withscores=True), "it to come")
    later = wait_until(lambda: (client.zscore(f"{new}:later", mid) or -1) != due, "its time to come")
    assert later and client.zscore(f"{new}:later", mid) and smtp.mails.empty()
    client.xadd(f"{old}:events", fields)
    shards.wait_idle()
    assert smtp.mails.empty() and "until" in shop.ctl("explain", "7")[1].split("message.requeued")[1]
    assert not [key for prefix in shards.prefixes for key in client.scan_iter(f"{prefix}:message:*")]


def test_one_who_moved_before_it_died(shop, shards):
    """The letter stands where they are."""
    smtp = shop.smtp()
    shop.daemon().spawn()
    address = elsewhere(7)
    assert shop.ctl("gateway", "pause", "smtp")[0] == 0
    shards.push(event("order.placed", {"email": address}))
    wait_until(lambda: (shards.document_of(f"email:{address}") or {}).get("open"), "it to be decided")
    shards.push(event("hello", {"id": 7, "email": address}))
    wait_until(lambda: shards.document_of(f"email:{address}") is None and not shards.on_its_way(), "them to be one")
    refuse(smtp)
    assert shop.ctl("gateway", "resume", "smtp")[0] == 0
    shards.wait_idle()
    [letter] = letters(shop)
    take(smtp)
    assert shop.ctl("dead", "retry", letter["id"])[0] == 0
    shards.wait_idle()
    assert sent(smtp) == [f"thanks {address}"] and len(shards.document(7)["sends"]) == 1


def test_an_event(shop, shards):
    """That could not be read, and can after a mend, is led to them."""
    shop.smtp()
    shop.daemon().spawn()
    address = elsewhere(7)
    push(shards, event("hello", {"email": address}))
    bad = {"type": "order.placed", "id": "o1", "customer": {"email": address}}
    shop.client.xadd(f"{shards.of_key(f'email:{address}')}:dead",
                     {"kind": "event", "reason": "none", "detail": "", "body": json.dumps(bad)})
    push(shards, event("hello", {"id": 7, "email": address}))
    [letter] = letters(shop)
    assert shop.ctl("dead", "retry", letter["id"])[0] == 0
    shards.wait_idle()
    assert {count["type"]: count["n"] for count in shards.document(7)["counts"]}["order.placed"] == 1


@pytest.mark.parametrize("point", ["commit", "commit-answered", "move-read", "move-carried", "moved"])
def test_killed_between_two_steps(shop, shards, point):
    """What is on its way from shard to shard comes once."""
    smtp = shop.smtp()
    refuse(smtp)
    daemon = shop.daemon("one").spawn()
    people = {customer: elsewhere(customer) for customer in range(20, 24)}  # of more the gateway would be to blame
    push(shards, *[event("order.placed", {"email": address}) for address in people.values()])
    ids = [letter["id"] for letter in letters(shop)]
    push(shards, *[event("hello", {"id": customer, "email": address}) for customer, address in people.items()])
    take(smtp)
    assert len(ids) == len(people) and daemon.stop() == 0
    shards.hold_mail()
    assert shop.ctl("dead", "retry", *ids)[0] == 0
    assert shop.daemon("two").spawn(failpoints=f"{point}=kill", wait=False).ended() == -9
    for prefix in shards.prefixes:
        shop.client.delete(f"{prefix}:instance:two")
    shop.client.hdel("nudged{0}:members", "two")
    shards.let_mail()
    shop.daemon("three").spawn()
    shards.wait_idle()
    assert sent(smtp) == sorted(f"thanks {address}" for address in people.values())
    assert all(len(shards.document(customer)["sends"]) == 1 for customer in people) and not letters(shop)
