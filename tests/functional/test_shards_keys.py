"""Persons with several keys, which lie in different shards: what is known under each holds for all of them."""

import itertools
import json
import threading

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
    addresses = (f"a{customer}-{n}@example.com" for n in itertools.count())
    return next(address for address in addresses if shard_of(f"email:{address}", COUNT) == shard)


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
    return {count["type"]: count["n"] for count in document.get("counts", [])}


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


def stop_sending(shop):
    """Nothing is taken for the gateway: messages wait."""
    assert shop.ctl("gateway", "pause", "smtp")[0] == 0


def test_what_waits_moves_and_is_withdrawn(shop, shards):
    """A message that waits in the outbox of the one shard is withdrawn by what the person does in the other; one
    that is not goes out from there, once."""
    smtp = shop.smtp()
    daemon = shop.daemon().spawn()
    guest, other = elsewhere(7), elsewhere(8)
    stop_sending(shop)
    for address in (guest, other):
        shards.push(event("cart.updated", {"email": address}))
        shards.push(event("order.placed", {"email": address}))
        shards.push(event("cart.updated", {"email": address}))
    wait_until(lambda: all(len((shards.document_of(f"email:{address}") or {}).get("open", [])) == 2
                           for address in (guest, other)), "the reminders to be decided")
    shards.push(event("order.placed", {"id": 7, "email": guest}), event("hello", {"id": 8, "email": other}))
    wait_until(lambda: not shards.document_of(f"email:{guest}") and not shards.document_of(f"email:{other}")
               and shards.document(7) and not shards.on_its_way(), "both to be joined")
    there = {key.decode().split("}")[0] + "}": shop.client.hget(key, "customer").decode()
             for key in shop.client.scan_iter("*:message:*")}
    assert set(there) == {shards.prefix_of(7), shards.prefix_of(8)}
    assert shop.ctl("gateway", "resume", "smtp")[0] == 0
    shards.wait_idle()
    assert sent(smtp) == sorted([f"thanks {guest}"] * 2 + [f"thanks {other}", f"cart {other}"])
    assert not [key for prefix in shards.prefixes for key in shop.client.scan_iter(f"{prefix}:message:*")]
    assert daemon.figure("nudged_events_dead_total") == 0


def test_a_message_in_a_senders_hand_settles_first(shop, shards):
    smtp = shop.smtp()
    address = elsewhere(7)
    key = f"email:{address}"
    held, go = threading.Event(), threading.Event()

    def answer(envelope):
        held.set()
        go.wait(30)
        return "250 taken"

    smtp.answers = answer
    shop.daemon().spawn()
    shards.push(event("order.placed", {"email": address}))
    assert held.wait(30)
    shards.push(event("hello", {"id": 7, "email": address}))
    wait_until(lambda: shards.document(7), "the person to be known")
    wait_until(lambda: shop.client.xlen(f"{shards.of_key(key)}:strays"), "the claim to go round")
    assert shards.document_of(key)
    go.set()
    shards.wait_idle()
    wait_until(lambda: shards.document_of(key) is None, "the person to be one")
    shards.wait_idle()
    assert len(shards.document(7)["sends"]) == 1 and not list(shop.client.scan_iter("*:message:*"))
    assert sent(smtp) == [f"thanks {address}"]


@pytest.mark.parametrize("point", ["commit", "commit-answered", "commit-lost", "move-read", "move-carried", "moved"])
@pytest.mark.parametrize("time", [1, 2])
def test_killed_between_two_steps(shop, shards, point, time):
    """Whatever was done by then, another daemon brings it to its end, and nothing is lost or there twice."""
    smtp = shop.smtp()
    address = elsewhere(7)
    key = f"email:{address}"
    one = shop.daemon("one").spawn()
    push(shards, event("order.placed", {"email": address}))
    shards.push(event("cart.updated", {"email": address}))
    shards.wait_idle()
    one.stop()
    shards.hold_mail()
    shards.push(event("order.placed", {"id": 7, "email": address}), event("cart.updated", {"email": address}))
    two = shop.daemon("two").spawn(failpoints=f"{point}=kill@{time}", wait=False)
    assert two.ended() == -9
    for prefix in shards.prefixes:
        shop.client.delete(f"{prefix}:instance:two")
    shop.client.hdel("nudged{0}:members", "two")
    shards.let_mail()
    three = shop.daemon("three").spawn()
    shards.wait_idle()
    assert shards.document_of(key) is None
    assert counts(shards.document(7)) == {"order.placed": 2, "cart.updated": 2}
    assert three.figure("nudged_events_dead_total") == 0
    wait_until(lambda: not shards.document(7).get("journeys"), "the cart to be reminded of")
    shards.wait_idle()
    mails = sent(smtp)
    assert mails in ([f"cart {address}"] + [f"thanks {address}"] * 2, [f"thanks {address}"] * 2), mails


def test_claims_that_cross(shop, shards):
    """Two ids use an address of a third shard at the same time, and nobody knows which was first: one has it in the
    end, in all shards; the other uses it again, and has it then."""
    shop.smtp()
    shop.daemon("one").spawn()
    shop.daemon("two").spawn()
    shards.wait_shared("one", "two", each=2)
    one = next(n for n in itertools.count() if shard_of(f"id:{n}", COUNT) == 0)
    two = next(n for n in itertools.count() if shard_of(f"id:{n}", COUNT) == 1)
    address = address_of(0, 2)
    shards.push(event("order.placed", {"email": address}))
    shards.push(event("hello", {"id": one, "email": address}), event("hello", {"id": two, "email": address}))
    shards.push(event("hello", {"email": address}))
    shards.wait_idle()
    def holder():
        redirect, = shop.client.scan_iter(f"{shards.of_key(f'email:{address}')}:to:*")
        return shop.client.get(redirect).decode().split("\n")[0]
    first = holder()
    assert first in (f"id:{one}", f"id:{two}")
    loser = two if first == f"id:{one}" else one
    assert not list(shop.client.scan_iter(f"{shards.prefix_of(loser)}:to:*"))
    assert sum(counts(shards.document(n)).get("order.placed", 0) for n in (one, two)) == 1
    push(shards, event("hello", {"id": loser, "email": address}))
    assert holder() == f"id:{loser}"
    push(shards, event("hello", {"email": address}))
    assert not list(shop.client.scan_iter(f"{shards.prefix_of(one if loser == two else two)}:to:*"))


def test_a_no_while_the_claim_is_under_way(shop, shards):
    smtp = shop.smtp()
    address = elsewhere(7)
    key = f"email:{address}"
    shop.daemon().spawn()
    push(shards, event("hello", {"email": address}))
    shards.push(event("hello", {"id": 7, "email": address}), event("customer.unsubscribed", {"email": address}))
    shards.wait_idle()
    assert shards.document_of(key) is None and shards.document(7)["said"]["all"][0] == "no"
    push(shards, event("news.out", {"id": 7}))
    assert sent(smtp) == []


def test_by_any_key(shop, shards):
    """nudgectl finds the person by a key of another shard; who is erased is erased by all."""
    shop.smtp()
    shop.daemon().spawn()
    address = elsewhere(7)
    key = f"email:{address}"
    push(shards, event("order.placed", {"email": address}))
    push(shards, event("hello", {"id": 7, "email": address}))
    for name in ("7", address):
        status, out, _ = shop.ctl("explain", "--json", name)
        assert status == 0 and json.loads(out.splitlines()[0])["customer"] == "id:7"
        status, out, _ = shop.ctl("customer", "show", name)
        assert status == 0 and "id:7" in out
    exported = shop.ctl("customer", "export", address)[1]
    assert json.loads(exported)["customer"] == "id:7" and address in json.loads(exported)["keys"][0] + exported
    assert shop.ctl("customer", "erase", "--yes", address)[0] == 0
    shards.wait_idle()
    assert shards.document(7) is None and not list(shop.client.scan_iter("*:to:*"))
    assert shop.ctl("explain", address)[0] == 1
    said = shop.client.hgetall(f"{shards.of_key(key)}:said")
    assert any(record.startswith(b"!") for record in said.values())
    push(shards, event("order.placed", {"email": address}))
    assert counts(shards.document_of(key)) == {"order.placed": 1}
    push(shards, event("customer.erased", {"email": address}))
    assert shards.document_of(key) is None
    (shop.folder / "export.json").write_text(exported)
    assert shop.ctl("customer", "import", "--after-erasure", str(shop.folder / "export.json"))[0] == 0
    shards.wait_idle()
    push(shards, event("order.placed", {"email": address}))
    assert counts(shards.document(7))["order.placed"] == 2 and shards.document_of(key) is None


def test_what_they_watch_comes_along(shop, shards):
    shop.rules(RULES + "---\nname: back\nclass: transactional\non: product.restocked\nsend: thanks\n")
    smtp = shop.smtp()
    shop.daemon().spawn()
    address = elsewhere(7)
    push(shards, event("watch.added", {"email": address}, product={"sku": "tea"}))
    push(shards, event("hello", {"id": 7, "email": address}))
    assert not list(shop.client.scan_iter(f"{shards.of_key(f'email:{address}')}:watch*"))
    shop.push({"type": "product.restocked", "id": "r1", "product": {"sku": "tea"}})
    wait_until(lambda: counts(shards.document(7)).get("product.restocked"), "them to be told")
    shards.wait_idle()
    assert sent(smtp) == [f"back {address}"]


def test_nobody_has_an_id(shop, shards):
    """Of two keys without an id one is the person, whichever an event names first; with an id all are theirs."""
    shop.config["customer"]["keys"] = ["customer.id", "customer.email", "customer.phone"]
    shop.smtp()
    shop.daemon().spawn()
    phones = [f"+49301234{n:03}" for n in range(8)]
    for phone in phones:
        address = f"{phone[1:]}@example.com"
        push(shards, event("order.placed", {"email": address}), event("order.placed", {"phone": phone}))
        push(shards, event("order.placed", {"email": address, "phone": phone}))
        push(shards, event("order.placed", {"phone": phone}))
        found = [document for key in (f"email:{address}", f"phone:{phone}") if (document := shards.document_of(key))]
        assert [counts(document) for document in found] == [{"order.placed": 4}]
    for n, phone in enumerate(phones):
        push(shards, event("hello", {"id": n, "phone": phone}))
        push(shards, event("order.placed", {"email": f"{phone[1:]}@example.com"}))
        assert counts(shards.document(n))["order.placed"] == 5
    assert len(list(shop.client.scan_iter("*:customer:*"))) == len(phones)
