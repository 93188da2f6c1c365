"""Random events of persons with several keys come to the same, whether their keys lie in one Redis or in many shards:
the same persons, of whom the same is known, and the same messages."""

import collections
import json
import pathlib
import random
import tempfile

import pytest

from conftest import Shop, wait_until
from shards import Shards

RULES = """
name: receipt
class: transactional
on: order.placed
send: {template: letter, data: {mark: event.data.mark}}
---
name: cart
topic: carts
on: cart.updated
again: restart
until: order.placed
limit: 2 per 7d
wait: 1h
send: {template: letter, data: {mark: start.mark}}
---
name: now
topic: news
on: news.out
send: {template: letter, data: {mark: event.data.mark}}
"""
LETTER = "---\nsubject: '{{ message.rule }} {{ mark }}'\n---\n{{ mark }}\n"
KINDS = ["order.placed"] * 2 + ["cart.updated"] * 4 + ["news.out"] * 2 + ["customer.changed", "customer.unsubscribed",
         "customer.resubscribed", "customer.erased"]
WAVES, PERSONS = 16, 8


class Story:
    """Events in waves: between two of them all that follows has come to rest, so that nothing depends on which of
    two shards is faster: in a wave no person is named twice, and before each stands a word of the same persons by the
    same keys, which starts nothing: what they mean is known then."""

    def __init__(self, seed):
        self.rng, self.number = random.Random(seed), 0
        self.shared = set()  # persons who used the address of another, and those

    def who(self, person):
        """Most by the keys that are theirs; now and then somebody uses the address of another."""
        rng = self.rng
        keys = {"id": str(person), "email": f"p{person}@example.com", "phone": f"+4912345{person:04}"}
        if rng.random() < 0.06:
            other = (person + 1) % PERSONS
            keys["email"] = f"p{other}@example.com"
            self.shared |= {f"id:{person}", f"id:{other}"}
        names = rng.choice([["id"], ["email"], ["phone"], ["id", "email"], ["email", "phone"], ["id", "phone"],
                            ["id", "email", "phone"]])
        return {name: keys[name] for name in names}

    def event(self, person):
        self.number += 1
        kind = self.rng.choice(KINDS)
        event = {"type": kind, "id": f"e{self.number}", "mark": f"m{self.number}", "customer": self.who(person)}
        if kind == "customer.erased" and self.rng.random() < 0.7:
            event["type"] = "order.placed"
        if kind == "customer.changed":
            event["customer"]["accepts_marketing"] = self.rng.random() < 0.7
        if kind.endswith("subscribed"):
            event["topic"] = self.rng.choice(["all", "carts", "news"])
        return event

    def wave(self):
        # Neighbours may name one another's address.
        first = self.rng.randrange(2)
        return [self.event(person) for person in range(first, PERSONS, 2) if self.rng.random() < 0.8]


def known(client, prefixes):
    """What is known of each person, by all of their keys."""
    found = {}
    for prefix in prefixes:
        for key in client.scan_iter(f"{prefix}:customer:*"):
            document = json.loads(client.get(key))
            own = key.decode().split(":customer:")[1]
            profile = {}
            for _, layer in reversed(document.get("profile", [])):
                profile.update(layer)
            said = {topic: word[0] for topic, word in document.get("said", {}).items()}
            keys = sorted({own, *document.get("keys", [])[1:]})
            found[own if own.startswith("id:") else "nobody's " + " ".join(keys)] = {
                "profile": profile, "said": said,
                "counts": {count["type"]: count["n"] for count in document.get("counts", [])},
                "sends": sorted(rule for _, rule, *_ in document.get("sends", [])),
                "journeys": sorted(journey["rule"] for journey in document.get("journeys", []))}
    return found


def same(key, here, there, shared):
    """Of a key that somebody lost to another id the shard of that other hears nothing any more: what the first one says
    later counts for messages to it, and stands in no document of the other."""
    parts = [part for part in here or {} if key not in shared or part != "said"]
    return bool(here) == bool(there) and all(here[part] == there[part] for part in parts)


def tell(shop, smtp, story, push, wait_idle, prefixes):
    told = []
    for _ in range(WAVES):
        wave = story.wave()
        push(*[{"type": "hello", "id": f"{event['id']}-hello", "customer": event["customer"]} for event in wave])
        wait_idle()
        push(*wave)
        wait_idle()
        told.append(known(shop.client, prefixes))
    return told, collections.Counter(mail["Subject"] for mail in smtp.all_mails())


def open_shop(shop):
    shop.rules(RULES)
    shop.template("letter.text.liquid", LETTER)
    shop.config["customer"] = {"keys": ["customer.id", "customer.email", "customer.phone"]}
    shop.config["policy"] = {"consent": "true"}
    return shop.smtp()


@pytest.fixture
def other_shop():
    with tempfile.TemporaryDirectory(prefix="nudged-") as folder:
        other = Shop(pathlib.Path(folder))
        yield other
        other.close()


def alone(shop, seed):
    smtp = open_shop(shop)
    shop.redis()
    shop.daemon().spawn()
    return tell(shop, smtp, Story(seed), shop.push, shop.wait_idle, ["nudged"])


def over_shards(shop, story, daemons):
    smtp = open_shop(shop)
    shards = Shards(shop, 4, keys=["customer.id", "customer.email", "customer.phone"])
    for name in daemons:
        shop.daemon(name).spawn()
    shards.wait_shared(*daemons, each=len(daemons))
    return tell(shop, smtp, story, shards.push, shards.wait_idle, shards.prefixes)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_same_persons(shop, other_shop, seed):
    story = Story(seed)
    one, many = alone(other_shop, seed), over_shards(shop, story, ["one", "two"][:1 + seed % 2])
    for number, (here, there) in enumerate(zip(one[0], many[0])):
        for key in sorted({*here, *there}):
            assert same(key, here.get(key), there.get(key), story.shared), (key, number, here.get(key), there.get(key))
    assert one[1] == many[1]


RECEIPT = """
name: receipt
class: transactional
on: order.placed
send: {template: letter, to: event.data.order.address, data: {mark: event.data.mark}}
"""


def kill(shop, shards, daemon):
    daemon.kill()
    for prefix in shards.prefixes:
        shop.client.delete(f"{prefix}:instance:{daemon.name}")
    shop.client.hdel("nudged{0}:members", daemon.name)


@pytest.mark.parametrize("seed", [4, 5])
def test_all_at_once_and_killed(shop, seed):
    """Orders of persons by any of their keys, pushed together, while daemons are killed: each is counted once, of one
    person, and none is without its receipt."""
    smtp = open_shop(shop)
    shop.rules(RECEIPT)
    shards, rng = Shards(shop, 4, keys=["customer.id", "customer.email", "customer.phone"]), random.Random(seed)
    persons, orders = range(20), collections.Counter()
    daemons = [shop.daemon(name).spawn() for name in ("one", "two")]
    shards.wait_shared("one", "two", each=2)
    for number in range(12):
        events = []
        for _ in range(50):
            person = rng.choice(persons)
            keys = {"id": str(person), "email": f"p{person}@example.com", "phone": f"+4912345{person:04}"}
            names = rng.choice([["id"], ["email"], ["phone"], ["id", "email"], ["email", "phone"], ["id", "phone"]])
            orders[person] += 1
            events.append({"type": "order.placed", "mark": f"{person}-{orders[person]}",
                           "id": f"{person}-{orders[person]}", "order": {"address": f"p{person}@example.com"},
                           "customer": {name: keys[name] for name in names}})
        (shop.push if rng.random() < 0.3 else shards.push)(*events)
        if number % 4 == 3:
            kill(shop, shards, daemons[number // 4 % 2])
            daemons[number // 4 % 2].spawn()
    shards.push(*[{"type": "hello", "id": f"last-{person}", "customer": {
        "id": str(person), "email": f"p{person}@example.com", "phone": f"+4912345{person:04}"}} for person in persons])
    wait_until(lambda: shop.client.xlen("nudged:events") == 0, "what was pushed blindly to be moved")
    shards.wait_idle()
    found = known(shop.client, shards.prefixes)
    assert sorted(found) == sorted(f"id:{person}" for person in persons)
    assert {key: one["counts"].get("order.placed", 0) for key, one in found.items()} == {
        f"id:{person}": orders[person] for person in persons}
    sent = collections.Counter(mail["Subject"] for mail in smtp.all_mails())
    assert set(sent) == {f"receipt {person}-{n + 1}" for person in persons for n in range(orders[person])}
    assert not shop.client.xlen("nudged{0}:dead")
