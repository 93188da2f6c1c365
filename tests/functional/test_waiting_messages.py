"""Messages that wait: for a daemon with their template, beyond their give_up, beside a record that
was spoilt by hand."""

import json
import threading
import time

from conftest import wait_until
from messages import message

RULES = """name: hello
class: transactional
on: hello
send: hello
"""
TEMPLATE = "---\nsubject: hello {{ customer.id }}\n---\nhello\n"


def hello(number):
    return {"type": "hello", "id": f"h{number}", "customer": {"id": number, "email": f"c{number}@example.com"}}


def metric(daemon, name):
    return daemon.figure(f"nudged_{name}")


def customers(shop):
    return sorted(int(mail["Subject"].split()[1]) for mail in shop.mail.all_mails())


def decide(shop, count):
    """So many messages that were decided and not sent."""
    shop.redis()
    shop.mail = shop.smtp()
    shop.rules(RULES)
    shop.template("hello.text.liquid", TEMPLATE)
    away = {"smtp": {**shop.config["gateways"]["smtp"], "port": 1}}
    zero = shop.daemon("zero", gateways=away).spawn()
    shop.push(*[hello(number) for number in range(count)])
    wait_until(lambda: len(shop.client.keys("nudged:message:*")) == count, "the messages")
    wait_until(lambda: shop.client.xlen("nudged:events") == 0, "the events to be decided")
    assert zero.stop() == 0
    for mid in shop.client.zrange("nudged:later", 0, -1):
        shop.client.zadd("nudged:later", {mid: 1})


def without_template(shop):
    """A daemon that has neither the template nor its rule."""
    for name in ("none", "no-rules"):
        (shop.folder / name).mkdir()
    return shop.daemon("one", templates=str(shop.folder / "none"), rules=str(shop.folder / "no-rules")).spawn()


def test_template_is_at_another_daemon(shop):
    decide(shop, 20)
    attempts = {key: shop.client.hget(key, "attempts") for key in shop.client.keys("nudged:message:*")}
    one = without_template(shop)

    def put_back():
        waiting = shop.client.zrange("nudged:later", 0, -1, withscores=True)
        return len(waiting) == 20 and all(at > 1 for _, at in waiting) and waiting

    waiting = wait_until(put_back, "all to be put back")
    assert all(at - time.time() * 1000 <= 10_000 for _, at in waiting)
    assert attempts == {key: shop.client.hget(key, "attempts") for key in attempts}
    assert one.log().count("a message waits for a daemon that has its template") == 1
    for mid in shop.client.zrange("nudged:later", 0, -1):
        shop.client.zadd("nudged:later", {mid: time.time() * 1000 + 3_600_000})
    two = shop.daemon("two").spawn()
    wait_until(lambda: shop.mail.mails.qsize() == 20, "all to be sent at once by the one that can")
    shop.wait_idle()
    assert customers(shop) == list(range(20)) and shop.dead() == []
    assert metric(one, "messages_sent_total") == 0 and metric(two, "messages_sent_total") == 20


def test_a_slow_daemon_that_has_the_template_gets_its_messages(shop):
    """One that lacks it is quick: each message passes through its hand once, and waits for the other."""
    decide(shop, 40)
    one = without_template(shop)
    two = shop.daemon("two", gateways={"smtp": {**shop.config["gateways"]["smtp"], "connections": 1}}).spawn()
    slow = threading.Event()  # nobody sets it
    shop.mail.answers = lambda envelope: slow.wait(0.1) or "250 taken"
    wait_until(lambda: shop.mail.mails.qsize() == 40, "all to be sent")
    shop.wait_idle()
    assert customers(shop) == list(range(40)) and shop.dead() == []
    assert metric(one, "messages_retried_total") <= 40 and metric(two, "messages_sent_total") == 40


def test_a_reload_brings_the_template(shop):
    decide(shop, 5)
    one = without_template(shop)
    wait_until(lambda: shop.client.scard("nudged:lacking:email:transactional") == 5, "all to be put back")
    for mid in shop.client.zrange("nudged:later", 0, -1):
        shop.client.zadd("nudged:later", {mid: time.time() * 1000 + 3_600_000})
    (shop.folder / "none" / "hello.text.liquid").write_text(TEMPLATE)
    assert one.ask("POST", "/reload")[0] == 200
    wait_until(lambda: shop.mail.mails.qsize() == 5, "all to be sent at once")
    shop.wait_idle()
    assert shop.dead() == []


def test_no_daemon_has_the_template(shop):
    decide(shop, 1)
    [key] = shop.client.keys("nudged:message:*")
    shop.client.hset(key, "give_up", int(time.time() * 1000) + 5_000)
    one = without_template(shop)
    [letter] = wait_until(shop.dead, "the dead letter")
    assert letter["reason"] == b"no-template"
    shop.wait_idle()
    assert metric(one, "messages_dead_total") == 1
    assert shop.client.keys("nudged:message:*") == shop.client.keys("nudged:body:*") == []


def test_nothing_is_sent_after_its_give_up(shop):
    """A gateway that was away for longer; then the orders, then the gateway."""
    shop.redis()
    shop.mail = shop.smtp()
    shop.rules("name: cart\non: cart\nuntil: order\nlimit: 1 per 7d\nsend: cart\n")
    shop.template("cart.text.liquid", "---\nsubject: cart {{ customer.id }}\n---\n{{ unsubscribe_url }}\n")
    shop.config["mail"]["unsubscribe_mailto"] = "out@shop.example"
    away = {"smtp": {**shop.config["gateways"]["smtp"], "port": 1}}
    one = shop.daemon("one", gateways=away).spawn()
    event = lambda kind, n: {"type": kind, "id": f"{kind}{n}", "customer": {
        "id": n, "email": f"c{n}@example.com", "accepts_marketing": True}}
    shop.push(*[event("cart", number) for number in range(20)])
    wait_until(lambda: len(shop.client.keys("nudged:message:*")) == 20, "20 messages")
    wait_until(lambda: shop.client.xlen("nudged:events") == 0, "the carts to be decided")
    assert one.stop() == 0
    for key in shop.client.keys("nudged:message:*"):
        shop.client.hset(key, "give_up", 1)
    for mid in shop.client.zrange("nudged:later", 0, -1):
        shop.client.zadd("nudged:later", {mid: 1})
    two = shop.daemon("two").spawn()
    wait_until(lambda: len(shop.dead()) == 20, "20 dead letters")
    shop.wait_idle()
    assert {letter["reason"] for letter in shop.dead()} == {b"gave-up"}
    assert shop.mail.mails.empty() and metric(two, "messages_dead_total") == 20
    assert shop.client.keys("nudged:message:*") == shop.client.keys("nudged:body:*") == []
    assert json.loads(shop.client.get("nudged:customer:id:3")).get("sends", []) == []  # its place is free


def test_spoilt_record_harms_one_message(shop):
    """80 in hand, one record becomes of another type: 79 are settled, SIGTERM waits for none, and the
    next daemon sends nothing again."""
    shop.redis()
    shop.mail = shop.smtp(connections=80)
    shop.mail.slow()
    gate = threading.Event()
    shop.mail.answers = lambda envelope: gate.wait() and "250 taken"
    shop.config["mail"]["bounce_domain"] = "bounces.shop.example"  # so that each is looked at when it was sent
    shop.rules(RULES)
    shop.template("hello.text.liquid", TEMPLATE)
    one = shop.daemon("one", drain="10m").spawn()
    shop.push(*[hello(number) for number in range(80)])
    in_hand = lambda: [key for key in shop.client.keys("nudged:message:*")
                       if message(shop.client, key.rpartition(b":")[2]).get("state") == "taken"]
    wait_until(lambda: len(in_hand()) == 80, "80 in hand")
    spoilt = in_hand()[0]
    shop.client.delete(spoilt)
    shop.client.set(spoilt, "text")
    gate.set()
    wait_until(lambda: shop.mail.mails.qsize() == 80, "80 mails")
    shop.wait_idle()
    assert shop.client.keys("nudged:message:*") == [spoilt]
    status, health = one.ask("GET", "/health")
    assert status == 200 and f"degraded: {spoilt.decode()} is no whole message" in health
    assert one.log().count(spoilt.decode()) == 1
    assert one.stop() == 0
    shop.daemon("two").spawn()
    shop.push(hello(99))
    wait_until(lambda: shop.mail.mails.qsize() == 81, "another mail")
    shop.wait_idle()
    assert customers(shop) == [*range(80), 99]
