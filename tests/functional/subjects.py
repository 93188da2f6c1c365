"""What tests of a person's rights share: an installation that knows much of one, and all that it keeps."""

import json
import pathlib

from conftest import wait_until

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
until: order.placed
steps: [{wait: 1h}, {send: news}]
---
name: monthly
on: {every: month, on: 1, at: "00:00"}
if: customer.count("never") > 0
send: news
"""
ANA = {"id": 7, "email": "Ana.Pop@example.com"}
BOB = {"id": 8, "email": "bob@example.com", "accepts_marketing": True}


def event(kind, customer, **more):
    event.number += 1
    return {"type": kind, "id": f"e{event.number}", "customer": customer, **more}


event.number = 0


def open_shop(shop, **config):
    """A shop whose messages go nowhere until it is told to."""
    shop.redis()
    smtp = shop.smtp()
    shop.rules(RULES)
    for name in ("news", "thanks"):
        shop.template(f"{name}.text.liquid", "---\nsubject: '{{ message.rule }}'\n---\nx")
    shop.config["archive"] = {"folder": "archive", "size": "1KiB"}
    shop.config.update(config)
    return smtp


def push(shop, *events):
    shop.push(*events)
    decided(shop)


def decided(shop):
    wait_until(lambda: shop.client.xlen("nudged:events") == 0, "all events to be decided")


def make_known(shop):
    """Ana under two keys: a cart that waits, a message that waits, a mail that was sent, a letter."""
    push(shop, event("cart.updated", {"email": ANA["email"]}, cart={"total": 3}),
         event("cart.updated", BOB))
    push(shop, event("customer.created", {**ANA, "first_name": "Ana", "accepts_marketing": True}))
    push(shop, event("customer.unsubscribed", {"id": 7}, topic="tips"))
    wait_until(lambda: shop.client.zscore("nudged:zone:shop", "id:7") is not None, "the index to have her")
    push(shop, '{"type": "order.placed", "customer": {"email": "ANA.POP@example.com"', event("bad time", ANA, time="x"))


def _text(client, key):
    kind = client.type(key)
    if kind == b"string":
        return client.get(key)
    if kind == b"hash":
        return b"\n".join(part for pair in client.hgetall(key).items() for part in pair)
    if kind == b"list":
        return b"\n".join(client.lrange(key, 0, -1))
    if kind == b"set":
        return b"\n".join(client.smembers(key))
    if kind == b"zset":
        return b"\n".join(client.zrange(key, 0, -1))
    return b"\n".join(part for _, fields in client.xrange(key) for pair in fields.items() for part in pair)


def kept_in_redis(shop):
    """Every byte of Redis but the stream of events that are to be decided: key -> text."""
    return {key: key + b"\n" + _text(shop.client, key) for key in shop.client.keys("*")}


def archive(shop):
    return pathlib.Path(shop.config["state"]) / "archive"


def kept_in_archive(shop):
    return {path.name.encode(): path.read_bytes() for path in archive(shop).glob("*")}


def naming(kept, *words):
    """Where one of these stands, in any case."""
    texts = {name: text.decode(errors="replace").casefold() for name, text in kept.items()}
    return sorted(name for name, text in texts.items() if any(word.casefold() in text for word in words))


def document(shop, key="id:7"):
    text = shop.client.get(f"nudged:customer:{key}")
    return json.loads(text) if text else None


def events_seen(found):
    """How many events a document remembers, with and without an effect."""
    return sum(isinstance(item, str) and len(item) == 16
               for item in found.get("seen", []) + found.get("ring", []))
