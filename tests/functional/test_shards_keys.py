"""Persons with several keys, which lie in different shards: what is known under each holds for all of them."""

import itertools
import json

import pytest

from conftest import wait_until
from shards import Shards, shard_of

RULES = """
name: cart
on: cart.updated
until: order.placed
again: restart
steps: [{wait: 2s}, {send: cart}]
---
name: news
on: news.out
send: news
---
name: thanks
class: transactional
on: order.placed
send: thanks
"""

COUNT = 4


def address_of(customer, shard):
    """One whose own shard that is."""
    return next(address for n in itertools.count() if shard_of(f"email:{(address := f'a{customer}-{n}@example.com')}", COUNT) == shard)


def elsewhere(customer):
    """An address whose own shard is the next one to the customer's."""
    return address_of(customer, (shard_of(f"id:{customer}", COUNT) + 1) % COUNT)


@pytest.fixture
def shards(shop):
    shards = Shards(shop, COUNT, keys=["customer.id", "customer.email"])
    shop.rules(RULES)
    for name in ("cart", "news", "thanks"):
        shop.template(f"{name}.text.liquid", "---\nsubject: '{{ message.rule }}'\n---\nx")
    return shards


numbers = itertools.count()


def event(kind, customer, **more):
    return {"type": kind, "id": f"e{next(numbers)}", "customer": {"accepts_marketing": True, **customer}, **more}


def counts(document):
    return {count["type"]: count["n"] for count in document["counts"]}


def push(shards, *events):
    shards.push(*events)
    shards.wait_idle()


def sent(smtp):
    return sorted(f"{mail['Subject']} {mail['To']}" for mail in smtp.all_mails())


def test_a_key_of_another_shard_leads_to_its_person(shop, shards):
    shop.smtp()
    shop.daemon().spawn()
    address = elsewhere(7)
    push(shards, event("order.placed", {"id": 7, "email": address}))
    redirects = [key for key in shop.client.scan_iter(f"{shards.of_key(f'email:{address}')}:to:*")]
    assert len(redirects) == 1
    assert shop.client.get(redirects[0]).split(b"\n")[0] == b"id:7"
    assert shop.client.memory_usage(redirects[0]) <= 128
    push(shards, event("order.placed", {"email": address.upper()}))
    assert counts(shards.document(7)) == {"order.placed": 2}
    assert shards.document_of(f"email:{address}") is None


def test_who_was_known_by_an_address_moves(shop, shards):
    smtp = shop.smtp()
    shop.daemon().spawn()
    address = elsewhere(7)
    key = f"email:{address}"
    push(shards, event("cart.updated", {"email": address}))
    assert shards.document_of(key)["journeys"]
    push(shards, event("order.placed", {"id": 7, "email": address}))
    assert shards.document_of(key) is None
    document = shards.document(7)
    assert not document.get("journeys") and counts(document) == {"order.placed": 1, "cart.updated": 1}
    assert sent(smtp) == [f"thanks {address}"]
    assert not shop.client.exists(f"{shards.of_key(key)}:trace:{key}", f"{shards.of_key(key)}:starts:{key}")
    assert not shop.client.zcard(f"{shards.of_key(key)}:due")
