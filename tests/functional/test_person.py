"""One person under several keys: what is known under each holds for all of them."""

import json

from conftest import wait_until

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
    assert document(shop, "email:ana@example.com")["journeys"]
    push(shop, event("order.placed", BOTH))
    assert document(shop, "email:ana@example.com") is None
    assert document(shop, "id:7")["journeys"] == []
    assert shop.client.zrange("nudged:due", 0, -1) == []
    redirects = shop.client.keys("nudged:to:*")
    assert [shop.client.get(key) for key in redirects] == [b"id:7"]
    assert shop.client.memory_usage(redirects[0]) < 100
    assert sent(smtp) == ["thanks ana@example.com"]
    # From now on the address alone is enough.
    push(shop, event("cart.updated", EMAIL), event("order.placed", {"email": " ANA@Example.COM\n"}))
    assert {count["type"]: count["n"] for count in document(shop, "id:7")["counts"]} == {"order.placed": 2, "cart.updated": 2}
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
