"""What was said of an address holds for it in every shard: a bounce, a no, a yes, wherever it was said."""

import pytest

from conftest import wait_until
from shards import Shards

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
"""

ADDRESSES = [f"a{number}@example.com" for number in range(8)]


@pytest.fixture
def shards(shop):
    shards = Shards(shop, 4)
    shop.rules(RULES)
    for name in ("news", "thanks"):
        shop.template(f"{name}.text.liquid", "---\nsubject: '{{ message.rule }} {{ customer.id }}'\n---\nx")
    return shards


class Talk:
    """Events of persons, of whom `other` writes to the same address from another shard."""

    def __init__(self, shards):
        self.shards, self.number = shards, 0

    def event(self, kind, customer, address, **more):
        self.number += 1
        return {"type": kind, "id": f"e{self.number}", **more,
                "customer": {"id": customer, "email": address, "accepts_marketing": True}}

    def other(self, customer):
        """Somebody of another shard."""
        return next(f"other{n}-{customer}" for n in range(100)
                    if self.shards.prefix_of(f"other{n}-{customer}") != self.shards.prefix_of(customer))

    def say(self, kind, **more):
        """One for each address, by its first person."""
        self.shards.push(*[self.event(kind, f"p{i}", address, **more) for i, address in enumerate(ADDRESSES)])

    def say_others(self, kind, **more):
        self.shards.push(*[self.event(kind, self.other(f"p{i}"), address, **more)
                           for i, address in enumerate(ADDRESSES)])

    def settle(self):
        """All is decided, sent, and known where it is to be."""
        client = self.shards.shop.client
        self.shards.wait_idle()
        wait_until(lambda: not any(client.xlen(f"{prefix}:words") for prefix in self.shards.prefixes),
                   "what was said to come to its shard")


def sent(smtp):
    return sorted(f"{mail['Subject'].split()[0]} {mail['To']}" for mail in smtp.all_mails())


def whys(shop, shards, customer):
    return [(what, why) for _, what, why in shop.trace_at(shards.prefix_of(customer), f"id:{customer}")]


def test_a_bounce_suppresses_in_every_shard(shop, shards):
    smtp, talk = shop.smtp(), Talk(shards)
    smtp.answers = lambda envelope: "550 5.1.1 no such user"
    shop.daemon().spawn()
    shards.push(talk.event("order.placed", "well", "well@example.com"))
    talk.say("order.placed")
    talk.settle()
    assert not smtp.all_mails()
    smtp.answers = lambda envelope: "250 taken"
    talk.say_others("order.placed")
    shards.push(talk.event("order.placed", "fine", "fine@example.com"))
    talk.settle()
    assert sent(smtp) == ["thanks fine@example.com"]
    for i in range(len(ADDRESSES)):
        customer = talk.other(f"p{i}")
        assert whys(shop, shards, customer)[-1][1] == "suppressed"


def test_a_no_holds_in_every_shard(shop, shards):
    """A no to all: what must go, goes."""
    smtp, talk = shop.smtp(), Talk(shards)
    shop.daemon().spawn()
    talk.say("customer.unsubscribed")
    talk.settle()
    talk.say_others("news.out")
    talk.say_others("order.placed")
    talk.settle()
    assert sent(smtp) == [f"thanks {address}" for address in ADDRESSES]
    for i in range(len(ADDRESSES)):
        # Where the address's shard is the person's own it is known before anything is decided.
        assert {"unsubscribed", "no-consent"} & {why for _, why in whys(shop, shards, talk.other(f"p{i}"))}


def test_a_yes_comes_too(shop, shards):
    smtp, talk = shop.smtp(), Talk(shards)
    shop.daemon().spawn()
    talk.say("customer.unsubscribed")
    talk.say("customer.resubscribed")
    talk.settle()
    talk.say_others("news.out")
    talk.settle()
    assert sent(smtp) == [f"news {address}" for address in ADDRESSES]


@pytest.mark.parametrize("point", ["words-read", "words-learnt"])
def test_killed_while_words_are_carried(shop, shards, point):
    smtp, talk = shop.smtp(), Talk(shards)
    one = shop.daemon("one").spawn(failpoints=f"{point}=kill@1")
    talk.say("customer.unsubscribed")
    assert one.ended() == -9
    two = shop.daemon("two").spawn()
    for prefix in shards.prefixes:
        shop.client.delete(f"{prefix}:instance:one")
    talk.settle()
    talk.say_others("news.out")
    talk.settle()
    assert sent(smtp) == []
    assert two.status()["state"] == "running"


def test_nobody_can_say(shop, shards):
    """The shards of the addresses do not answer: what is to go there waits, and goes later."""
    smtp, talk = shop.smtp(), Talk(shards)
    shop.daemon().spawn(failpoints="breaker=fail")  # what waits for that is soon tried again
    shards.push(talk.event("order.placed", "first", "first@example.com"))
    talk.settle()
    smtp.all_mails()
    for prefix in shards.prefixes[1:]:
        shop.client.set(f"{prefix}:suppressed", "spoilt")
    home = [n for n in range(40) if shards.prefix_of(f"h{n}") == shards.prefixes[0]][:8]
    shards.push(*[talk.event("order.placed", f"h{n}", f"h{n}@example.com") for n in home])
    wait_until(lambda: shop.client.zcard(f"{shards.prefixes[0]}:later"), "a message to wait")
    waiting = shop.client.zcard(f"{shards.prefixes[0]}:later")
    for prefix in shards.prefixes[1:]:
        shop.client.delete(f"{prefix}:suppressed")
    wait_until(lambda: smtp.mails.qsize() == len(home), "all mails")
    assert waiting and sent(smtp) == sorted(f"thanks h{n}@example.com" for n in home)
