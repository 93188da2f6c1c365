"""All that stands in Redis has an owner and an end: the table of docs/redis.md, held against a busy
installation and against what is left of it when everything is done."""

import re

import pytest

from conftest import SOURCE, wait_until

RULES = """name: receipt
class: transactional
limit: 100 per 30d
on: order.placed
send: receipt
---
name: text
class: transactional
on_uncertain: hold
on: order.placed
if: has(order.phone)
send: {template: text, via: sms, to: order.phone}
---
name: cart
class: transactional
on: cart.updated
again: parallel
until: {on: order.placed, if: order.id == start.cart.id}
steps: [{send: saved}, {wait: 1d}, {send: reminder}]
---
name: news
topic: news
on: news.out
send: news
"""
ROW = re.compile(r"^\| `P:([^`]+)` \| (\w+)[^|]*\| ([^|]+) \| (expires|empties|stays)[^|]* \|", re.M)


@pytest.fixture
def busy(shop):
    """A shop that has something of everything; `busy.mail.answers` and `busy.api.status` say what
    becomes of it."""
    shop.redis()
    shop.mail = shop.smtp(rate="1000 per 1s", warmup={"first": 100000, "until": 1000000}, per_domain={
        "full.example": {"rate": "1 per 1h"}, "default": {"rate": "1000 per 1s"}})
    shop.api = shop.http()
    shop.config["gateways"]["api"] = {"kind": "http", "url": f"http://127.0.0.1:{shop.api.port}/"}
    shop.config["channels"] = {"email": "smtp", "sms": "api"}
    shop.config["mail"]["unsubscribe_mailto"] = "out@shop.example"
    shop.rules(RULES)
    for name in ("receipt", "saved", "reminder", "news"):
        shop.template(f"{name}.text.liquid", f"---\nsubject: {name}\n---\nx {{{{ unsubscribe_url }}}}\n")
    shop.template("text.text.liquid", "x")
    shop.template("api.json.liquid", '{"text": {{ message.text | json }}}')
    return shop


def rows():
    """(what a key looks like, its type, what becomes of it), of the page."""
    page = (SOURCE / "docs/redis.md").read_text()
    found = [(re.sub(r"<[^>]+>", "\0", name), kind, end) for name, kind, whose, end in ROW.findall(page)]
    assert len(found) > 20
    return [(re.compile("nudged:" + re.escape(name).replace(re.escape("\0"), ".+")), kind, end)
            for name, kind, end in found]


def check(client, done):
    """Every key has its row; the names of those that were seen. `done`: nothing is left to do."""
    table, seen = rows(), set()
    for key in map(bytes.decode, client.scan_iter("*", count=1000)):
        kind = client.type(key).decode()
        matching = [row for row in table if row[0].fullmatch(key)]
        if kind == "none":
            continue  # it went meanwhile
        assert len(matching) == 1, f"{key} has no row of its own"
        assert kind == matching[0][1], key
        expires = client.pttl(key) > 0
        assert expires == (matching[0][2] == "expires"), key
        if done and matching[0][2] == "empties":
            assert kind == "stream" and client.xlen(key) == 0, f"{key} is left"
        seen.add(key.split(":")[1])
    return seen


def person(number, **more):
    return {"id": number, "email": f"c{number}@example.com", "accepts_marketing": True, **more}


def order(number, customer, **more):
    return {"type": "order.placed", "id": f"o{number}", "customer": customer,
            "order": {"id": f"c{number}", **more}}


def begin(shop):
    """Of everything something that is not done: waiting, retried, held, full, unread."""
    def answers(envelope):
        [to] = envelope.rcpt_tos
        return {"2": "550 5.1.1 nobody", "3": "451 4.3.0 later"}.get(to[1], "250 taken")

    shop.mail.answers = answers
    shop.api.status = 504
    carts = [{"type": "cart.updated", "id": f"k{n}", "customer": person(n),
              "cart": {"id": f"c{n}", "lines": ["x" * 100] * 30}} for n in range(1, 60)]
    shop.push(*carts, order(1, person(1, phone="+40721000001"), phone="+40721000001"),
              {"type": "customer.unsubscribed", "id": "u4", "customer": person(4), "topic": "news"},
              {"type": "news.out", "customer": person(5)}, {"type": "news.out", "customer": person(4)},
              {"type": "customer.erased", "id": "e6", "customer": person(6)}, "no json",
              *[{"type": "news.out", "customer": {**person(n), "email": f"c{n}@full.example"}} for n in (70, 71)])
    shop.client.hset("nudged:paused", "folder", "{}")
    shop.client.lpush("nudged:inbox", '{"type": "news.out", "customer": {"id": 7, "email": "c7@example.com"}}')
    wait_until(lambda: shop.client.zcard("nudged:uncertain") and shop.client.zcard("nudged:later")
               and shop.client.zcard("nudged:holding:email:marketing")
               and shop.client.hlen("nudged:suppressed") and not shop.client.exists("nudged:inbox")
               and shop.client.xlen("nudged:events") == 0, "something of everything")


def end(shop):
    """All of it is done: retried, dropped, ordered."""
    shop.mail.answers = lambda envelope: "250 taken"
    shop.push(*[order(n, person(n)) for n in range(1, 60)])
    shop.client.delete("nudged:domain:smtp:full.example")
    assert shop.ctl("uncertain", "drop", "--all")[0] == 0
    for mid in shop.client.zrange("nudged:later", 0, -1):
        shop.client.zadd("nudged:later", {mid: 1})
    wait_until(lambda: shop.client.zcard("nudged:later") == 0 and shop.idle()
               and not shop.client.exists("nudged:queues")
               and not list(shop.client.scan_iter("nudged:message:*")), "everything to be done")
    shop.wait_idle()


def test_every_key_has_an_owner_and_an_end(busy):
    one, two = busy.daemon("one").spawn(), busy.daemon("two").spawn()
    begin(busy)
    seen = check(busy.client, done=False)
    assert {"customer", "starts", "to", "trace", "due", "message", "body", "outbox", "later", "uncertain",
            "suppressed", "said", "dead", "rate", "meta", "channels", "instance", "rules", "sets", "set",
            "accepted", "events", "domain", "warmup", "held", "holding", "paused"} <= seen
    two.kill()  # what it had is looked after
    end(busy)
    assert one.stop() == 0
    seen = check(busy.client, done=True)
    assert not seen & {"starts", "due", "taken", "message", "body", "later", "uncertain", "full", "held", "holding",
                       "queues"}, seen
