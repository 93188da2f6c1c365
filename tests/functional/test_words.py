"""What a person said outlives everything: a document, a join, a merge; an erasure, what came before it."""

import json

RULES = """
name: news
on: news.out
topic: news
send: news
---
name: thanks
class: transactional
on: order.placed
send: thanks
---
name: cart
on: cart.updated
again: restart
steps: [{wait: 1h}, {send: news}]
"""

ID = {"id": 7}
EMAIL = {"email": "ana@example.com"}


def event(kind, customer, **more):
    event.number += 1
    more = {"id": f"e{event.number}", **more}
    return {"type": kind, "customer": {"accepts_marketing": True, **customer}, **more}


event.number = 0


def open_shop(shop, **config):
    shop.redis()
    smtp = shop.smtp()
    shop.rules(RULES)
    for name in ("news", "thanks"):
        shop.template(f"{name}.text.liquid", "---\nsubject: '{{ message.rule }}'\n---\nx")
    shop.daemon(**config).spawn()
    return smtp


def push(shop, *events):
    shop.push(*events)
    shop.wait_idle()


def document(shop, key="id:7"):
    text = shop.client.get(f"nudged:customer:{key}")
    return json.loads(text) if text else None


def records(shop):
    return sorted(shop.client.hvals("nudged:said"))


def sent(smtp):
    return sorted(f"{mail['Subject']} {mail['To']}" for mail in smtp.all_mails())


def test_a_no_outlives_the_document(shop):
    smtp = open_shop(shop)
    push(shop, event("news.out", {**ID, **EMAIL}), event("customer.unsubscribed", ID))
    smtp.all_mails()
    assert len(records(shop)) == 3  # the id, the address as a key, and the mailbox
    assert len(set(records(shop))) == 1 and records(shop)[0].startswith(b"-")
    assert shop.client.ttl("nudged:said") == -1
    for key in shop.client.keys("nudged:customer:*") + shop.client.keys("nudged:to:*"):
        shop.client.delete(key)  # as if all had expired
    before = sent(smtp)
    push(shop, event("news.out", ID), event("news.out", {"email": " ANA@Example.com"}))
    push(shop, event("news.out", {"id": 8, **EMAIL}))
    assert sent(smtp) == before
    assert document(shop)["said"]["all"][0] == "no"
    # A yes lifts it for the person, and for the address that names them now.
    push(shop, event("customer.subscribed", {"id": 8, **EMAIL}), event("news.out", {"id": 8}))
    assert len(sent(smtp)) == len(before) + 1


def test_a_restored_document_has_no_say(shop):
    smtp = open_shop(shop)
    push(shop, event("cart.updated", {**ID, **EMAIL}))
    old = shop.client.get("nudged:customer:id:7")
    push(shop, event("customer.unsubscribed", ID, topic="NEWS"))
    shop.client.set("nudged:customer:id:7", old)
    push(shop, event("news.out", ID))
    assert sent(smtp) == []
    assert document(shop)["said"] == {"news": ["no", document(shop)["said"]["news"][1]]}


def test_by_the_times_of_what_was_said(shop):
    smtp = open_shop(shop)
    push(shop, event("customer.resubscribed", {**ID, **EMAIL}, time="2026-03-02T10:00:00Z"))
    push(shop, event("customer.unsubscribed", ID, time="2026-03-02T09:00:00Z"))
    push(shop, event("news.out", ID))
    assert records(shop) == []
    assert sent(smtp) == ["news ana@example.com"]


def test_consent_that_was_withdrawn_is_not_refilled(shop):
    smtp = open_shop(shop)
    push(shop, event("a", {**ID, **EMAIL, "accepts_marketing": None}, time="2026-03-02T10:00:00Z"))
    push(shop, event("a", {**ID, "first_name": "Ana"}, time="2026-03-02T09:00:00Z"))
    out = event("news.out", ID)
    del out["customer"]["accepts_marketing"]
    push(shop, out)
    assert sent(smtp) == []
    said = [layer["accepts_marketing"] for _, layer in document(shop)["profile"] if "accepts_marketing" in layer]
    assert said == [None]


def test_opt_in(shop):
    smtp = open_shop(shop, topics={"news": "opt-in"})
    push(shop, event("news.out", {**ID, **EMAIL}))
    assert sent(smtp) == []
    push(shop, event("customer.subscribed", ID, topic="news"))
    push(shop, event("news.out", {**ID, "accepts_marketing": False}))
    assert sent(smtp) == ["news ana@example.com"]


def test_erasure(shop):
    smtp = open_shop(shop)
    push(shop, event("cart.updated", {**ID, **EMAIL}), event("customer.unsubscribed", ID, topic="tips"))
    erased = {"type": "customer.erased", "id": "gone", "customer": ID}
    late = event("order.placed", ID, time="2026-03-02T09:00:00Z")
    push(shop, erased)
    left = shop.client.keys("*")
    assert not [key for key in left if b"7" in key.split(b":", 2)[-1] or b"ana" in key], left
    assert not shop.client.keys("nudged:to:*") and not shop.client.keys("nudged:message:*")
    assert all(record.split(b"\n")[0].startswith(b"!") and b"=tips" in record for record in records(shop))
    assert shop.client.zcard("nudged:due") == 0
    # What happened before is dropped; pushing the order to forget once more takes nothing.
    push(shop, late)
    assert document(shop) is None and shop.trace("id:7") == []
    push(shop, event("order.placed", {**ID, **EMAIL}))
    push(shop, erased)
    assert document(shop)["counts"][0]["n"] == 1
    assert document(shop)["said"]["tips"][0] == "no"
    assert sent(smtp) == ["thanks ana@example.com"]


def test_an_opt_out_costs_less_than_100_bytes(shop):
    shop.redis()
    before = shop.client.memory_usage("nudged:said") or 0
    pipe = shop.client.pipeline()
    for number in range(100_000):
        pipe.hset("nudged:said", f"{number * 7919:016x}", "-1764370000000")
    pipe.execute()
    assert (shop.client.memory_usage("nudged:said", samples=0) - before) / 100_000 < 100
