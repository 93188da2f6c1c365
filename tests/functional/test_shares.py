"""Several journeys of a rule, one of several, and who gets which: `per`, `while`, `again: collect`, splits and
hold-outs, beside restarts, other daemons, other keys, an erasure and dead letters."""

import json

import pytest

from conftest import wait_until
from test_revival import letters

MASK = 2 ** 64 - 1


def place(purpose, name, key):
    """A customer's place among 10,000, by the hash as it is described: FNV-1a, the finaliser of MurmurHash3."""
    state = 0xcbf29ce484222325
    for byte in f"{purpose}\0{name}\0{key}".encode():
        state = ((state ^ byte) * 0x100000001b3) & MASK
    for factor in (0xff51afd7ed558ccd, 0xc4ceb9fe1a85ec53, 1):
        state = ((state ^ (state >> 33)) * factor) & MASK
    return (state >> 32) * 10000 >> 32


def customer(number, **more):
    return {"id": number, "email": f"c{number}@example.com", "accepts_marketing": True, **more}


def event(kind, number, identity, **data):
    return {"type": kind, "id": identity, "customer": customer(number), **data}


def subjects(shop, count):
    wait_until(lambda: shop.mail.mails.qsize() >= count, f"{count} mails")
    return sorted(mail["Subject"] for mail in shop.mail.all_mails())


def document(shop, key):
    return json.loads(shop.client.get(f"nudged:customer:{key}"))


@pytest.fixture
def open_shop(shop):
    shop.redis()
    shop.mail = shop.smtp()
    shop.template("plain.text.liquid", "---\nsubject: '{{ message.rule }} {{ message.step }} {{ order.id }}'\n---\nx")
    shop.template("stock.text.liquid",
                  "---\nsubject: '{{ start.sku }}:{% for c in collected %} {{ c.sku }}{% endfor %}'\n---\nx")
    return shop


# --- again: collect ---

STOCK = """
name: stock
on: product.restocked
again: collect
until: order.placed
steps:
- wait: 2s
- {id: mail, send: stock}
"""


def test_three_products_are_one_mail(open_shop):
    """Also when the daemon is killed between them, and another has lost nothing of what joined."""
    shop = open_shop
    shop.rules(STOCK)
    one = shop.daemon().spawn()
    shop.push(event("product.restocked", 7, "a", sku="tea"), event("product.restocked", 8, "a8", sku="mug"))
    wait_until(lambda: shop.client.llen("nudged:starts:id:7") == 1, "the first")
    shop.push(event("product.restocked", 7, "b", sku="cup"))
    wait_until(lambda: shop.client.llen("nudged:starts:id:7") == 2, "the second")
    one.kill()
    shop.push(event("product.restocked", 7, "b", sku="cup"), event("product.restocked", 7, "c", sku="pot"))
    one.spawn()
    assert subjects(shop, 2) == ["mug: mug", "tea: tea cup pot"]
    shop.wait_idle()
    assert shop.client.exists("nudged:starts:id:7") == 0 and shop.dead() == []
    assert [item[:2] for item in shop.trace("id:7") if item[0] == "stock"] == [
        ("stock", "waits"), ("stock", "collected"), ("stock", "collected"), ("stock", "sends"), ("stock", "sent")]


def test_collected_by_two_daemons_beside_an_order(open_shop):
    """Events of many people, dealt to two daemons in any order: each mail has all of its own, and none is sent where
    an order came."""
    shop = open_shop
    shop.rules(STOCK.replace("2s", "3s"))
    daemons = [shop.daemon(name).spawn() for name in ("one", "two")]
    people = range(30)
    for step in range(4):
        shop.push(*[event("product.restocked", number, f"{number}-{step}", sku=f"s{step}") for number in people])
    shop.push(*[event("order.placed", number, f"o{number}", order={"id": number}) for number in people
                if number % 3 == 0])
    sent = [subject.split(": ")[1] for subject in subjects(shop, 20)]  # whichever was read first
    shop.wait_idle()
    assert sent == ["s0 s1 s2 s3"] * 20 and shop.mail.mails.empty() and shop.dead() == []
    assert not list(shop.client.scan_iter("nudged:starts:*"))
    assert [daemon.stop() for daemon in daemons] == [0, 0]


def test_an_erasure_forgets_what_was_collected(open_shop):
    shop = open_shop
    shop.rules(STOCK.replace("2s", "1h"))
    shop.daemon().spawn()
    shop.push(event("product.restocked", 7, "a", sku="tea"), event("product.restocked", 7, "b", sku="cup"))
    wait_until(lambda: shop.client.llen("nudged:starts:id:7") == 2, "both")
    shop.push({"type": "customer.erased", "id": "e", "customer": {"id": 7}})
    shop.wait_idle()
    assert not shop.client.exists("nudged:starts:id:7") and not shop.client.exists("nudged:customer:id:7")


# --- per ---

ORDERS = """
name: review
class: transactional
on: order.delivered
per: order.id
again: restart
until: {on: order.returned, if: order.id == start.order.id}
steps:
- wait: 2s
- {id: ask, send: plain}
"""


def test_orders_in_flight(open_shop):
    """One journey for each; the daemon that takes the return lacks the rule, and ends that of the order alone."""
    shop = open_shop
    shop.rules(ORDERS)
    one = shop.daemon().spawn()
    shop.push(*[event("order.delivered", 7, f"d{order}", order={"id": order}) for order in ("A", "B", "C", 4)])
    wait_until(lambda: shop.client.llen("nudged:starts:id:7") == 4, "four journeys")
    assert sorted(journey["per"] for journey in document(shop, "id:7")["journeys"]) == ["4", "A", "B", "C"]
    one.kill()
    (shop.folder / "rules" / "rules.yaml").write_text("{name: other, on: nothing, send: plain}")
    two = shop.daemon("two").spawn()
    shop.push(event("order.returned", 7, "r", order={"id": "B"}))
    wait_until(lambda: ("review", "ended", "until") in shop.trace("id:7"), "the end")
    shop.rules(ORDERS)
    one.spawn()
    assert subjects(shop, 3) == ["review ask 4", "review ask A", "review ask C"]
    shop.wait_idle()
    assert shop.dead() == [] and two.stop() == 0


def test_a_letter_of_one_order_beside_a_mail_of_another(open_shop):
    """A dead letter that goes back is no older run than that of another value; of its own it is."""
    shop = open_shop
    shop.rules(ORDERS.replace("2s", "0s"))
    shop.mail.answers = lambda envelope: "554 5.6.0 no"
    shop.daemon().spawn()
    for order in ("A", "B"):
        shop.push(event("order.delivered", 7, f"d{order}", order={"id": order}))
    wait_until(lambda: shop.client.xlen("nudged:dead") == 2, "both letters")
    shop.wait_idle()
    shop.mail.answers = lambda envelope: "250 taken"
    shop.push(event("order.delivered", 7, "again", order={"id": "B"}))
    assert subjects(shop, 1) == ["review ask B"]
    shop.wait_idle()
    shop.ctl("dead", "retry", *letters(shop))
    assert subjects(shop, 1) == ["review ask A"]
    wait_until(lambda: ("review", "withdrawn", "restart") in shop.trace("id:7"), "the other one to be taken back")
    shop.wait_idle()
    assert shop.mail.mails.empty() and shop.dead() == []


# --- while ---

def test_while_tells_what_failed(open_shop):
    shop = open_shop
    shop.rules("name: cart\non: cart.updated\nagain: restart\nwhile: customer.cart_open\n"
               "steps: [{send: plain}, {wait: 1s}, "
               "{send: plain}]")
    shop.daemon().spawn()
    shop.push({"type": "cart.updated", "id": "a", "customer": customer(7, cart_open=True)})
    subjects(shop, 1)
    shop.push({"type": "cart.closed", "id": "b", "customer": {"id": 7, "cart_open": None}})
    wait_until(lambda: ("cart", "ended", "no-longer") in shop.trace("id:7"), "the end")
    status, out, _ = shop.ctl("explain", "id:7")
    assert status == 0 and "cart ended: no-longer: customer.cart_open: no such field" in out
    shop.wait_idle()
    assert shop.mail.mails.empty() and shop.dead() == []


# --- split, holdout ---

SPLIT = """
name: winback
on: hello
again: parallel
holdout: 20
steps:
- wait: 1s
- split: {name: words, shares: {a: 30, b: 50, rest: 20}}
  then:
    a: [{id: a, send: plain}]
    b: [{wait: %s}, {id: b, send: plain}]
- {id: all, send: plain}
"""
PEOPLE = 40


def expected(number, key=None):
    """The subjects that a customer gets."""
    key = key or f"id:{number}"
    if place("holdout", "winback", key) < 2000:
        return []
    share = place("split", "words", key)
    first = ["winback a "] if share < 3000 else ["winback b "] if share < 8000 else []
    return first + ["winback all "]


def test_shares_are_for_ever(open_shop):
    """The same over restarts, edits of the steps, two daemons: what the hash says of each customer."""
    shop = open_shop
    shop.rules(SPLIT % "1s")
    daemons = [shop.daemon(name).spawn() for name in ("one", "two")]
    for edit in range(2):
        shop.push(*[event("hello", number, f"{number}-{edit}") for number in range(PEOPLE)])
        wanted = sorted(subject for number in range(PEOPLE) for subject in expected(number))
        assert len(wanted) > PEOPLE  # else it shows nothing
        assert [subject + " " if subject[-1] != " " else subject for subject in subjects(shop, len(wanted))] == wanted
        shop.wait_idle()
        assert shop.mail.mails.empty()
        for daemon in daemons:
            assert daemon.stop() == 0
        shop.rules(SPLIT % "2s")
        for daemon in daemons:
            daemon.spawn()
    held = [number for number in range(PEOPLE) if not expected(number)]
    assert held and all(shop.trace(f"id:{number}")[-1] == ("winback", "ended", "holdout") for number in held)
    assert not any("sends" in document(shop, f"id:{number}") for number in held)


def test_a_guest_keeps_their_share(open_shop):
    """Those who were first known by their address have its share when they get an account."""
    shop = open_shop
    shop.rules(SPLIT % "1s")
    shop.daemon().spawn()
    shop.push(*[{"type": "x", "id": f"g{number}", "customer": {"email": f"c{number}@example.com"}}
                for number in range(PEOPLE)])
    shop.wait_idle()
    shop.push(*[event("hello", number, f"{number}") for number in range(PEOPLE)])
    wanted = sorted(subject for number in range(PEOPLE) for subject in expected(number, f"email:c{number}@example.com"))
    assert [subject.strip() for subject in subjects(shop, len(wanted))] == [subject.strip() for subject in wanted]
    shop.wait_idle()
    assert shop.mail.mails.empty()
    assert document(shop, "id:7")["first"][0] == "email:c7@example.com"


def test_data_of_the_last_release(open_shop):
    """A document that tells nothing of `first` is by its own key; its journey goes on under a rule with `per`."""
    shop = open_shop
    shop.rules(ORDERS)
    one = shop.daemon().spawn()
    shop.push(event("order.delivered", 7, "d", order={"id": "A"}))
    wait_until(lambda: shop.client.llen("nudged:starts:id:7") == 1, "the journey")
    one.kill()
    old = document(shop, "id:7")
    del old["first"], old["journeys"][0]["per"]
    shop.client.set("nudged:customer:id:7", json.dumps(old, separators=(",", ":")))
    one.spawn()
    shop.push(event("order.delivered", 7, "d2", order={"id": "B"}))
    assert subjects(shop, 2) == ["review ask A", "review ask B"]
    shop.wait_idle()
    assert "first" not in document(shop, "id:7") and shop.dead() == []
