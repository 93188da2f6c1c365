"""Features beside each other: what waits while a rule is paused, or the outbox is full, and who the customer is
changes meanwhile, by a join, an erasure, an import, an opt-out, or the rule by a reload."""

import re
import threading

import pytest

from conftest import PATIENCE, wait_until
from persons import HOUR_MS, LateRedis

RULES = """
name: cart
on: cart.updated
until: order.placed
again: restart
wait: 1h
send: letter
"""


def guest(number, kind="cart.updated", **more):
    return {"type": kind, "id": f"guest-{kind}-{number}", "customer": {
        "email": f"c{number}@example.com", "accepts_marketing": True}, **more}


def known(number, kind="cart.updated", **more):
    return {"type": kind, "id": f"known-{kind}-{number}", "customer": {
        "id": number, "accepts_marketing": True}, **more}


def both(number, kind="signed.in"):
    return {"type": kind, "id": f"both-{kind}-{number}", "customer": {
        "id": number, "email": f"c{number}@example.com"}}


@pytest.fixture
def pairs(shop):
    """A shop of which no mail is taken before `gate` is set."""
    shop.late = shop.redis(LateRedis)
    shop.mail = shop.smtp(connections=1)
    shop.gate = threading.Event()
    shop.mail.slow()
    shop.mail.answers = lambda envelope: "250 taken" if shop.gate.wait(PATIENCE) else "451 closed"
    shop.rules(RULES)
    shop.template("letter.text.liquid", "---\nsubject: '{{ customer.email }}'\n---\nx")
    yield shop
    shop.gate.set()


def decided(shop, *events):
    shop.push(*events)
    wait_until(lambda: shop.client.xlen("nudged:events") == 0, "the events to be decided")


def halted(shop, rule="cart"):
    return shop.client.zcard(f"nudged:halt:{rule}")


def rest(shop):
    def nothing_left():
        return shop.client.zcard("nudged:due") == 0 and shop.idle() and not [
            *shop.client.scan_iter("nudged:halt:*"), *shop.client.scan_iter("nudged:full:*"),
            *shop.client.scan_iter("nudged:message:*")]

    wait_until(lambda: nothing_left() and nothing_left(), lambda: f"rest: {shop.client.keys('nudged:*')}")
    return sorted(mail["Subject"] for mail in shop.mail.all_mails())


def open_halted(shop, *events):
    """Each event's run waits, as its rule is paused; mails are taken."""
    shop.gate.set()
    shop.daemon().spawn()
    decided(shop, *events)
    assert shop.ctl("rule", "pause", "cart")[0] == 0
    shop.late.forward(HOUR_MS)
    wait_until(lambda: halted(shop) == len(events), "the deadlines")


def test_two_who_wait_for_a_paused_rule_prove_to_be_one(pairs):
    """Each key's run waits; it is one rule and one person: one letter."""
    open_halted(pairs, guest(1), known(1), guest(2), known(3))
    decided(pairs, both(1), both(3))
    assert pairs.ctl("rule", "resume", "cart")[0] == 0
    assert rest(pairs) == ["c1@example.com", "c2@example.com", "c3@example.com"]
    assert not pairs.client.smembers("nudged:halts")


def test_who_waits_for_a_paused_rule_is_erased(pairs):
    open_halted(pairs, guest(1), guest(2))
    assert pairs.ctl("customer", "erase", "--yes", "email:c1@example.com")[0] == 0
    assert pairs.ctl("rule", "resume", "cart")[0] == 0
    assert rest(pairs) == ["c2@example.com"]
    assert not pairs.client.smembers("nudged:halts")
    assert not list(pairs.client.scan_iter("nudged:*c1@example.com*"))


def test_a_paused_rule_is_taken_out(pairs):
    """What waits ends with it; it is told of no more once it goes on."""
    open_halted(pairs, guest(1), guest(2))
    pairs.rules(RULES.replace("name: cart", "name: trolley"))
    assert pairs.ctl("reload")[0] == 0
    decided(pairs, guest(3))
    assert re.search("^cart +unknown +paused since .*, sends to 2 customers wait$", pairs.ctl("rule")[1], re.M)
    assert pairs.ctl("rule", "resume", "cart")[:2] == (0, "cart goes on, sends to 2 customers are asked again\n")
    pairs.late.forward(HOUR_MS)
    assert rest(pairs) == ["c3@example.com"]
    assert pairs.trace("email:c1@example.com")[-1] == ("cart", "ended", "rule-removed")
    assert not pairs.client.smembers("nudged:halts") and not pairs.client.hlen("nudged:halted")


@pytest.mark.parametrize("paused_there", [False, True])
def test_what_waits_for_a_paused_rule_moves_to_another_installation(pairs, paused_there):
    open_halted(pairs, guest(1), guest(2))
    status, out, _ = pairs.ctl("customer", "export", "email:c1@example.com")
    assert status == 0
    assert pairs.started[-1].stop() == 0
    pairs.config["state"] = str(pairs.folder / "other")
    pairs.config["redis"]["prefix"] = "other"
    two = pairs.daemon("two").spawn()
    if paused_there:
        assert pairs.ctl("rule", "pause", "cart", config=two.config)[0] == 0
    assert pairs.ctl("customer", "import", "--journeys", "-", config=two.config, stdin=out)[:2] == (
        0, "imported email:c1@example.com, 1 journey\n")
    if paused_there:
        wait_until(lambda: pairs.client.zcard("other:halt:cart") == 1, lambda: pairs.client.keys("other:*"))
        assert pairs.mail.mails.empty()
        assert pairs.ctl("rule", "resume", "cart", config=two.config)[0] == 0
    assert pairs.mail.next_mail()["Subject"] == "c1@example.com"
    wait_until(lambda: pairs.client.zcard("other:due") == 0 and not pairs.client.keys("other:halt*"),
               lambda: pairs.client.keys("other:*"))


def test_an_opt_out_of_an_address_while_its_cart_waits(pairs):
    """Said under the id, once both are one."""
    open_halted(pairs, guest(1), guest(2))
    decided(pairs, both(1), {"type": "customer.unsubscribed", "id": "no", "customer": {"id": 1}})
    assert pairs.ctl("rule", "resume", "cart")[0] == 0
    assert rest(pairs) == ["c2@example.com"]


def test_an_order_under_another_key_ends_a_cart_that_waits(pairs):
    open_halted(pairs, guest(1), guest(2))
    decided(pairs, known(1, "order.placed"), both(1))
    assert pairs.ctl("rule", "resume", "cart")[0] == 0
    assert rest(pairs) == ["c2@example.com"]
    assert pairs.trace("id:1")[-1] == ("cart", "ended", "until")


@pytest.mark.parametrize("change", ["join", "erase", "reload", "pause"])
def test_who_waits_for_room(pairs, change):
    pairs.config["outbox"] = {"most": 100}
    pairs.daemon().spawn()
    crowd = [guest(n) for n in range(100, 240)]
    decided(pairs, *crowd)
    pairs.late.forward(HOUR_MS)
    wait_until(lambda: pairs.client.zcard("nudged:full:marketing") == 40, "the deadlines")
    waiting = pairs.client.zrange("nudged:full:marketing", 0, -1)
    who = waiting[-1].decode().removeprefix("email:")
    number = int(who[1:].split("@")[0])
    wanted = sorted(f"c{n}@example.com" for n in range(100, 240))
    if change == "join":
        decided(pairs, known(number, "page.viewed"), both(number))
    elif change == "erase":
        assert pairs.ctl("customer", "erase", "--yes", f"email:{who}")[0] == 0
        wanted.remove(who)
    elif change == "reload":
        pairs.rules(RULES + "---\nname: more\non: other\nsend: letter\n")
        assert pairs.ctl("reload")[0] == 0
    else:
        assert pairs.ctl("rule", "pause", "cart")[0] == 0
    pairs.gate.set()
    if change == "pause":
        wait_until(lambda: halted(pairs) == len(waiting), "those who had no room")
        assert pairs.ctl("rule", "resume", "cart")[0] == 0
    assert rest(pairs) == wanted
