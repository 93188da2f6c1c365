"""nudgectl simulate and diff cut a history into parts by people: what they print has the same bytes as when it is not
cut, whatever ties people together."""

import datetime
import json
import os
import random
import subprocess

import pytest
from conftest import BUILD, PATIENCE

BEGIN = datetime.datetime(2026, 3, 2, 10, 0, tzinfo=datetime.timezone.utc)
PLAIN = """name: cart
on: cart.updated
again: restart
until: order.placed
limit: 2 per 7d
steps:
  - wait: 20m
  - send: {template: note, via: email}
  - wait: 1h
  - send: {template: note, via: email}
---
name: receipt
class: transactional
on: order.placed
send: note
---
name: morning
on: {every: day, at: "11:00", spread: 0s}
if: customer.count("order.placed", duration("30d")) > 0
send: note
"""
# One that is sent makes an event, of which another is made, and all that at the same instant.
CHAIN = PLAIN + """---
name: after
on: message.sent
if: message.rule == "receipt"
again: parallel
steps:
  - emit: {type: thanked}
  - wait: 20m
  - send: note
---
name: thanks
class: transactional
on: thanked
send: note
"""
# Who is told of is named in the profile, or in the event alone.
PROFILE = CHAIN + """---
name: friend
on: order.placed
if: has(customer.referred_by)
steps:
  - emit: {type: friend.ordered, for: customer.referred_by}
---
name: reward
class: transactional
on: friend.ordered
send: note
"""
NAMED = PROFILE.replace("for: customer.referred_by", "for: order.friend").replace("has(customer.referred_by)",
                                                                                "has(order.friend)")
RULES = {"plain": PLAIN, "chain": CHAIN, "profile": PROFILE, "named": NAMED}


class Shop:
    """Few people and few moments: much falls together."""

    def __init__(self, rng, words):
        self.rng, self.words = rng, words

    def customer(self):
        rng, who = self.rng, self.rng.randrange(40)
        customer = {"locale": "en", "accepts_marketing": rng.random() < 0.9}
        if rng.random() < 0.7:
            customer["id"] = rng.choice([who, str(who)])
        if "id" not in customer or rng.random() < 0.4:
            customer["email"] = rng.choice(["c%d@example.com", "C%d@Example.com"]) % who
        if rng.random() < 0.2:
            customer["phone"] = "+40 7000000%02d" % (who // 2)  # two share one
        if rng.random() < 0.2:
            customer["referred_by"] = str(rng.randrange(45))
        return customer

    def event(self, number):
        rng = self.rng
        kinds = ["cart.updated"] * 4 + ["order.placed"] * 3 + ["page.viewed"] * 2
        kind = rng.choice(kinds + self.words)
        at_ms = int(BEGIN.timestamp() * 1000) + number // 7 * 5 * 60 * 1000
        event = {"type": kind, "time": at_ms // 1000, "customer": self.customer()}
        if rng.random() < 0.9:
            event["id"] = f"e{rng.randrange(number, number + 2)}"
        if kind == "order.placed":
            event["order"] = {"id": str(number), "friend": str(rng.randrange(45))}
        return event

    def line(self, number):
        rng, event = self.rng, self.event(number)
        at_ms, form = event["time"] * 1000, rng.random()
        if form < 0.1:
            data = {key: event.pop(key) for key in ("customer", "order") if key in event}
            event.update(specversion="1.0", source="shop", data=data)
        text = json.dumps(event)
        if 0.1 < form < 0.15:
            text = text.replace('"customer"', '"c\\u0075stomer"')
        elif 0.15 < form < 0.2:
            text = text.replace('"email": "c', '"email": "\\u0063')
        elif 0.2 < form < 0.22:
            text = rng.choice(['{"type": 7}', "[]", '{"type":"x","time":%d}' % (at_ms // 1000), '{"type":'])
        if form > 0.5:
            text = '{"received":%d,"entry":"%d-%d","event":%s}' % (at_ms, at_ms, number, text)
        return text


WORDS = ["customer.unsubscribed", "customer.subscribed", "customer.erased"]


@pytest.fixture
def history(shop):
    shop.template("note.text.liquid", "---\nsubject: 'For {{ customer.id }} {{ message.rule }}'\n---\nHello\n")
    shop.rules(PLAIN)
    shop.daemon()

    def write(seed, words, count=600):
        dealt = Shop(random.Random(seed), words)
        paths = shop.folder / "one.jsonl", shop.folder / "two.jsonl"
        files = [path.open("w") for path in paths]
        for number in range(count):
            files[number % 3 == 0].write(dealt.line(number) + "\n")
        for file in files:
            file.close()
        return paths

    shop.write = write
    return shop


def simulate(shop, paths, *options, status=0):
    """All that is printed, and the messages."""
    messages = shop.folder / "messages.jsonl"
    done, out, err = shop.ctl("simulate", "--events", *paths, "--messages", messages, *options)
    assert done == status, err
    return out, err, messages.read_text()


@pytest.mark.parametrize("words", ([], WORDS), ids=["quiet", "words"])
@pytest.mark.parametrize("rules", RULES)
def test_the_same_in_parts(history, rules, words):
    history.rules(RULES[rules])
    paths = history.write(f"{rules} {len(words)}", words)
    whole = simulate(history, paths, "--parts", "1", "--threads", "1")
    assert whole[2].count("\n") > 100 and "no event" in whole[0] + whole[1]
    assert simulate(history, paths) == whole
    for parts in (2, 7, 64):
        for threads in (1, 2):
            assert simulate(history, paths, "--parts", str(parts), "--threads", str(threads)) == whole


def test_rendered_and_within_times(history):
    history.rules(PROFILE)
    paths = history.write(1, [])
    options = ("--render", "--json", "--from", "2026-03-02T12:00:00Z", "--to", "2026-03-03T10:00:00Z")
    whole = simulate(history, paths, "--parts", "1", *options)
    assert '"subject"' in whole[2]
    assert simulate(history, paths, "--parts", "7", *options) == whole


def test_strict(history):
    paths = history.write(2, [])
    whole = simulate(history, paths, "--parts", "1", "--strict", status=65)
    cut = simulate(history, paths, "--parts", "7", "--strict", status=65)
    assert cut[:2] == whole[:2] and ": error: " in whole[1]


def test_a_difference(history):
    old, new = history.folder / "old", history.folder / "new"
    for folder, rules in ((old, PROFILE), (new, PROFILE.replace("limit: 2 per 7d\n", ""))):
        folder.mkdir()
        (folder / "rules.yaml").write_text(rules)
    paths = history.write(3, WORDS)
    told = [history.ctl("diff", old, new, "--events", *paths, "--parts", parts, "--budget",
                        "+5 messages, +0 people over 1 per 1d") for parts in ("1", "2", "7", "64")]
    assert told[0][0] == 1 and told[1:] == told[:1] * 3


def test_where_there_is_no_room_for_them(history, monkeypatch):
    paths = history.write(4, [])
    whole = simulate(history, paths, "--parts", "1")
    monkeypatch.setenv("TMPDIR", str(history.folder / "nowhere"))
    assert simulate(history, paths, "--parts", "7") == whole


def test_a_file_that_becomes_shorter(history):
    """Nothing is read before the second file, which is a pipe, has a writer."""
    path, _ = history.write(6, [])
    pipe = history.folder / "pipe"
    os.mkfifo(pipe)
    running = subprocess.Popen([BUILD / "nudgectl", "--config", history.started[0].config, "simulate", "--events",
                                path, pipe], stderr=subprocess.PIPE, text=True)
    with pipe.open("w"):
        os.truncate(path, 0)
    _, err = running.communicate(timeout=PATIENCE)
    assert (running.returncode, err) == (65, f"{path}: error: cannot be read: it became shorter meanwhile\n")


def test_how_many(history):
    paths = history.write(5, [], count=10)
    for parts in ("0", "x", "65537", ""):
        assert "it is a number from 1 to 65536" in simulate_error(history, paths, parts)


def simulate_error(shop, paths, parts):
    status, _, err = shop.ctl("simulate", "--events", *paths, "--parts", parts)
    assert status == 64
    return err
