"""One person under several keys: what is known under each holds for all of them."""

import json
import random
import threading

import pytest
from conftest import Gate, wait_until

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

ID = {"id": 7}
EMAIL = {"email": "ana@example.com"}
BOTH = {**ID, **EMAIL}


def event(kind, customer, **more):
    event.number += 1
    return {"type": kind, "id": f"e{event.number}", "customer": {"accepts_marketing": True, **customer}, **more}


event.number = 0


def open_shop(shop):
    shop.redis()
    smtp = shop.smtp()
    shop.rules(RULES)
    for name in ("cart", "news", "thanks"):
        shop.template(f"{name}.text.liquid", "---\nsubject: '{{ message.rule }}'\n---\nx")
    return smtp


def push(shop, *events):
    shop.push(*events)
    shop.wait_idle()


def document(shop, key):
    text = shop.client.get(f"nudged:customer:{key}")
    return json.loads(text) if text else None


def sent(smtp):
    return sorted(f"{mail['Subject']} {mail['To']}" for mail in smtp.all_mails())


def test_cart_of_a_guest_order_of_an_account(shop):
    smtp = open_shop(shop)
    shop.daemon().spawn()
    push(shop, event("cart.updated", EMAIL))
    assert document(shop, "email:ana@example.com").get("journeys")
    push(shop, event("order.placed", BOTH))
    assert document(shop, "email:ana@example.com") is None
    assert not document(shop, "id:7").get("journeys")
    assert shop.client.zrange("nudged:due", 0, -1) == []
    redirects = shop.client.keys("nudged:to:*")
    assert [shop.client.get(key) for key in redirects] == [b"id:7"]
    assert shop.client.memory_usage(redirects[0]) < 100
    assert sent(smtp) == ["thanks ana@example.com"]
    # From now on the address alone is enough.
    push(shop, event("cart.updated", EMAIL), event("order.placed", {"email": " ANA@Example.COM\n"}))
    counts = {count["type"]: count["n"] for count in document(shop, "id:7")["counts"]}
    assert counts == {"order.placed": 2, "cart.updated": 2}
    assert document(shop, "email:ana@example.com") is None
    did = shop.trace("id:7")
    assert did.index((None, "joined", "email:ana@example.com")) < did.index(("cart", "ended", "until"))
    assert did[0] == ("cart", "waits", None)  # what was done for the guest comes first


def test_unsubscribed_as_an_address_mailed_as_an_id(shop):
    smtp = open_shop(shop)
    shop.daemon().spawn()
    push(shop, event("customer.unsubscribed", EMAIL))
    push(shop, event("news.out", BOTH))
    push(shop, event("news.out", ID))
    assert sent(smtp) == []


def test_a_newer_yes_under_the_other_key_lifts_the_no(shop):
    """The address said no, the account yes, later, before anybody knew that they are one."""
    smtp = open_shop(shop)
    shop.daemon().spawn()
    push(shop, event("customer.unsubscribed", EMAIL))
    push(shop, event("customer.resubscribed", ID))
    push(shop, event("x", BOTH))
    assert shop.client.hgetall("nudged:said") == {}
    push(shop, event("news.out", ID))
    assert sent(smtp) == ["news ana@example.com"]


def test_chain_from_address_to_number_to_id(shop):
    """email, then email and phone, then phone and id: one person, found by each of them."""
    open_shop(shop)
    shop.daemon(customer={"keys": ["customer.id", "customer.email", "customer.phone"]}).spawn()
    phone = {"phone": "+40721"}
    push(shop, event("cart.updated", EMAIL))
    push(shop, event("x", {**EMAIL, **phone}))
    assert document(shop, "email:ana@example.com")["keys"][1:] == ["phone:+40721"]
    push(shop, event("x", {**ID, **phone}))
    push(shop, event("order.placed", phone), event("order.placed", EMAIL))
    assert shop.client.keys("nudged:customer:*") == [b"nudged:customer:id:7"]
    whole = document(shop, "id:7")
    assert set(whole["keys"][1:]) == {"phone:+40721", "email:ana@example.com"}
    assert {count["type"]: count["n"] for count in whole["counts"]} == {"order.placed": 2, "cart.updated": 1}
    for name in ("7", "ANA@example.com", "phone: +40721", "email:ana@EXAMPLE.com"):
        status, out, _ = shop.ctl("explain", name)
        assert status == 0 and "joined: phone:+40721" not in out and "joined: email:ana@example.com" in out


def test_an_address_belongs_to_the_id_that_used_it_last(shop):
    open_shop(shop)
    shop.daemon().spawn()
    other = {"id": 9}
    push(shop, event("x", {**BOTH, "name": "Ana"}))
    push(shop, event("order.placed", EMAIL))
    push(shop, event("x", {**other, **EMAIL, "name": "Bo"}))
    push(shop, event("order.placed", EMAIL))
    # In one batch too, where the order of the entries counts.
    push(shop, event("order.placed", EMAIL), event("x", BOTH), event("order.placed", EMAIL),
         event("x", {**other, **EMAIL}), event("order.placed", EMAIL))
    counts = {key: document(shop, key)["counts"][0]["n"] for key in ("id:7", "id:9")}
    assert counts == {"id:7": 2, "id:9": 3}
    names = {key: document(shop, key)["profile"] for key in ("id:7", "id:9")}
    assert "Ana" in json.dumps(names["id:7"]) and "Bo" in json.dumps(names["id:9"])
    assert not shop.client.exists("nudged:customer:email:ana@example.com")


def test_of_an_event_without_an_id_the_first_key_is_meant(shop):
    open_shop(shop)
    shop.daemon(customer={"keys": ["customer.id", "customer.email", "customer.phone"]}).spawn()
    push(shop, event("x", BOTH), event("x", {"id": 9, "phone": "+40"}))
    push(shop, event("order.placed", {**EMAIL, "phone": "+40"}))
    assert document(shop, "id:7")["counts"] and not document(shop, "id:9").get("counts")
    push(shop, event("order.placed", {"phone": "+40"}))
    assert document(shop, "id:9")["counts"]


def test_both_keys_meet_in_one_batch(shop):
    """… which is read as one: the cart of the guest and the order of the account, in their order."""
    smtp = open_shop(shop)
    daemon = shop.daemon()
    shop.push(event("cart.updated", EMAIL), event("order.placed", ID), event("cart.updated", EMAIL),
              event("x", BOTH))
    daemon.spawn()
    shop.wait_idle()
    assert [step for step in shop.trace("id:7") if step[0] == "cart"][:3] == [
        ("cart", "waits", None), ("cart", "ended", "until"), ("cart", "waits", None)]
    assert shop.client.keys("nudged:customer:*") == [b"nudged:customer:id:7"]
    wait_until(lambda: "cart ana@example.com" in sent_so_far(smtp), "the reminder of the newer cart")


seen_mails = {}


def sent_so_far(smtp):
    seen_mails.setdefault(id(smtp), []).extend(sent(smtp))
    return seen_mails[id(smtp)]


def test_a_join_while_another_daemon_decides_about_the_guest(shop):
    """One daemon has read the guest's document; another joins it; the first finds it moved."""
    open_shop(shop)
    gate = Gate(shop)
    first = shop.daemon("first").spawn(failpoints=f"commit=wait:{gate.path}@1")
    shop.push(event("order.placed", EMAIL))
    gate.wait()
    shop.daemon("second").spawn()
    shop.push(event("order.placed", BOTH))
    wait_until(lambda: shop.client.xlen("nudged:events") == 1, "the second daemon's commit")
    gate.open()
    shop.wait_idle()
    assert document(shop, "id:7")["counts"][0]["n"] == 2
    assert document(shop, "email:ana@example.com") is None
    first.wait_healthy()


def test_a_guest_is_born_while_another_daemon_decides_about_the_account(shop):
    """One daemon has read that nothing stands under the address; another writes the guest."""
    open_shop(shop)
    gate = Gate(shop)
    shop.daemon("first").spawn(failpoints=f"commit=wait:{gate.path}@1")
    shop.push(event("order.placed", BOTH))
    gate.wait()
    shop.daemon("second").spawn()
    shop.push(event("order.placed", EMAIL))
    wait_until(lambda: shop.client.xlen("nudged:events") == 1, "the second daemon's commit")
    assert document(shop, "email:ana@example.com")
    gate.open()
    shop.wait_idle()
    assert document(shop, "id:7")["counts"][0]["n"] == 2
    assert document(shop, "email:ana@example.com") is None


def test_killed_over_a_join_and_told_again(shop):
    """kill -9 before the commit that joins, and after it, its answer not read; the event pushed once more."""
    open_shop(shop)
    shop.daemon("first").spawn()
    push(shop, event("order.placed", EMAIL))
    shop.started[-1].stop()
    order = event("order.placed", BOTH)
    shop.push(order)
    for number, failpoint in enumerate(("commit=kill@1", "commit-answered=kill@1")):
        killed = shop.daemon(f"killed{number}").spawn(failpoints=failpoint, wait=False)
        killed.ended()
        killed.lapse()
    shop.daemon("last").spawn()
    push(shop, order, {**order, "customer": EMAIL})
    assert document(shop, "id:7")["counts"][0]["n"] == 2
    assert document(shop, "email:ana@example.com") is None
    assert [step for step in shop.trace("id:7") if step[1] == "joined"] == [(None, "joined", "email:ana@example.com")]


def test_a_deadline_of_a_joined_key(shop):
    smtp = open_shop(shop)
    shop.daemon().spawn()
    push(shop, event("cart.updated", EMAIL))
    push(shop, event("x", BOTH))
    assert shop.client.zrange("nudged:due", 0, -1) == [b"id:7"]
    assert smtp.next_mail()["Subject"] == "cart"
    wait_until(lambda: any(step[:2] == ("cart", "sent") for step in shop.trace("id:7")), "the trace of it")
    assert not shop.client.exists("nudged:trace:email:ana@example.com")


def test_a_deadline_that_was_taken_when_its_key_was_joined(shop):
    smtp = open_shop(shop)
    gate = Gate(shop)
    shop.daemon("first").spawn(failpoints=f"timers-taken={gate.action}@1")
    push(shop, event("cart.updated", EMAIL))
    gate.wait()
    shop.push(event("x", {"id": "9"}))  # the first one has asked for what comes next
    wait_until(lambda: shop.client.xpending("nudged:events", "nudged")["pending"], "it to have an event in hand")
    shop.daemon("second").spawn()
    shop.push(event("x", BOTH))
    wait_until(lambda: document(shop, "id:7"), "the second daemon's commit")
    gate.open()
    assert smtp.next_mail()["Subject"] == "cart"
    shop.wait_idle()
    assert sent(smtp) == []
    assert sorted(shop.client.keys("nudged:customer:*")) == [b"nudged:customer:id:7", b"nudged:customer:id:9"]
    assert shop.client.zcard("nudged:taken") == 0


def test_an_outcome_of_a_message_of_a_joined_key(shop):
    """A sender has it when the account takes over; that the address is none is the account's news."""
    smtp = open_shop(shop)
    begun, over = threading.Event(), threading.Event()

    def answer(_):
        begun.set()
        over.wait()
        return "550 5.1.1 nobody"

    smtp.slow()
    smtp.answers = answer
    shop.daemon().spawn()
    shop.push(event("news.out", EMAIL))
    begun.wait()
    shop.push(event("x", BOTH))
    wait_until(lambda: document(shop, "id:7"), "the join")
    assert len(document(shop, "id:7")["sends"]) == 1
    over.set()
    shop.wait_idle()
    wait_until(lambda: not document(shop, "id:7").get("sends"), "its place to be free")
    assert ("news", "bounced", "550 5.1.1 nobody") in shop.trace("id:7")
    assert not shop.client.exists("nudged:trace:email:ana@example.com")


def test_one_mailbox_in_many_spellings(shop):
    smtp = open_shop(shop)
    shop.daemon().spawn()
    spellings = ["anna@münchen.example", " Anna@MÜNCHEN.example ", "ANNA@xn--mnchen-3ya.example\n"]
    push(shop, event("customer.unsubscribed", {"email": spellings[0]}))
    for spelling in spellings:
        push(shop, event("news.out", {"email": spelling}))
        push(shop, event("news.out", {"id": 7, "email": spelling}))
    assert sent(smtp) == []
    assert shop.client.keys("nudged:customer:*") == [b"nudged:customer:id:7"]


def test_a_broken_document_under_another_key_is_let_be(shop):
    smtp = open_shop(shop)
    daemon = shop.daemon().spawn()
    shop.client.set("nudged:customer:email:ana@example.com", "broken")
    push(shop, event("order.placed", BOTH), event("order.placed", BOTH))
    assert document(shop, "id:7")["counts"][0]["n"] == 2
    assert shop.client.get("nudged:customer:email:ana@example.com") == b"broken"
    assert shop.dead() == [] and "ana@example.com" not in daemon.log().split("known of a customer under another key")[1]
    assert sent(smtp) == ["thanks ana@example.com"] * 2


@pytest.mark.parametrize("daemons", [1, 2])
def test_many_people_with_many_keys(shop, daemons):
    """At random, in batches and over daemons: each event counts once, for the person whom a model in
    the order of the entries says; nobody stands in two documents."""
    open_shop(shop)
    keys = {"customer": {"keys": ["customer.id", "customer.email", "customer.phone"]}}
    for number in range(daemons):
        shop.daemon(f"d{number}", **keys).spawn()
    choice = random.Random(daemons)
    events = []
    for person in range(40):
        names = [("id", person), ("email", f"p{person}@example.com"), ("phone", f"+{person}")]
        for _ in range(12):
            some = choice.sample(names, choice.choice((1, 1, 2, 3)))
            events.append(event("order.placed", dict(some)))
        events.append(event("order.placed", dict(names)))
    choice.shuffle(events)
    shop.push(*events)
    shop.wait_idle()
    counts = {}
    for key in shop.client.scan_iter("nudged:customer:*"):
        counts[key.decode().split(":", 2)[2]] = json.loads(shop.client.get(key))["counts"][0]["n"]
    assert counts == {f"id:{person}": 13 for person in range(40)}
