"""nudgectl reshard counts what another number of shards would take, and says how: the steps that it prints move an
installation from 4 shards to 6, and nobody gets a message twice, and none is lost."""

import json
import os
import subprocess

import pytest

from conftest import BUILD, wait_until
from shards import Shards, shard_of

RULES = """
name: welcome
class: transactional
on: customer.signed_up
limit: 1 per 30d
send: hello
---
name: later
class: transactional
on: later.asked
again: restart
until: order.placed
steps:
- wait: 1d
- send: hello
"""
CUSTOMERS = 18


def event(kind, customer):
    return {"type": kind, "id": f"{kind}-{customer}",
            "customer": {"id": customer, "email": f"c{customer}@example.com"}}


@pytest.fixture
def shards(shop):
    shards = Shards(shop, 4)
    shop.rules(RULES)
    shop.template("hello.text.liquid", "---\nsubject: '{{ message.rule }} {{ customer.id }}'\n---\nx")
    return shards


def moved():
    return sum(shard_of(f"id:{customer}", 4) != shard_of(f"id:{customer}", 6) for customer in range(CUSTOMERS))


def test_the_steps_that_it_prints(shop, shards):
    smtp = shop.smtp()
    daemon = shop.daemon("one").spawn()
    shards.push(*[event(kind, customer) for customer in range(CUSTOMERS)
                  for kind in ("customer.signed_up", "later.asked")])
    wait_until(lambda: smtp.mails.qsize() == CUSTOMERS, "the welcomes")
    shards.wait_idle()
    shop.ctl("suppress", "add", "c3@example.com")
    before = {key: shop.client.dump(key) for key in shop.client.scan_iter() if b":customer:" in key}
    told = json.loads(shop.ctl("reshard", "--to", "6", "--json")[1])
    assert [told[name] for name in ("shards", "to", "customers", "moved", "waiting", "events", "messages",
                                    "uncertain", "dead")] == [4, 6, CUSTOMERS, moved(), CUSTOMERS, 0, 0, 0, 0]
    lengths = [shop.client.strlen(key) for key in before]
    assert min(lengths) * CUSTOMERS <= told["bytes"] <= max(lengths) * CUSTOMERS
    assert sorted(shop.ctl("reshard", "--to", "6", "--customers")[1].split()) == sorted(
        f"id:{customer}" for customer in range(CUSTOMERS))
    assert before == {key: shop.client.dump(key) for key in before}
    shop.config["redis"] = {**shop.config["redis"], "prefix": "wide", "shards": 6}
    two = shop.daemon("two")
    folder = shop.folder / "move"
    folder.mkdir()
    words = {**os.environ, "PATH": f"{BUILD}:{os.environ['PATH']}", "old": str(daemon.config),
             "new": str(two.config), "n": "6"}
    for step in told["steps"]:
        if "command" in step:
            done = subprocess.run(["sh", "-c", step["command"]], cwd=folder, env=words, capture_output=True, text=True,
                                  timeout=300)
            assert done.returncode == 0, (step, done.stdout, done.stderr)
    assert daemon.ended() == 0 and not (folder / "failed").exists()
    for customer in range(CUSTOMERS):
        prefix = f"wide{{{shard_of(f'id:{customer}', 6)}}}"
        assert len(json.loads(shop.client.get(f"{prefix}:customer:id:{customer}"))["journeys"]) == 1
    assert len(list(shop.client.scan_iter("wide{*:customer:*"))) == CUSTOMERS
    # What was said before is known: the events again are duplicates, and a limit counts what went.
    shards.prefixes, shards.count = [f"wide{{{shard}}}" for shard in range(6)], 6
    shards.prefix_of = lambda customer: shards.prefixes[shard_of(f"id:{customer}", 6)]
    two.spawn()
    shards.push(*[event(kind, customer) for customer in range(CUSTOMERS)
                  for kind in ("customer.signed_up", "later.asked")])
    shards.push(*[{**event("customer.signed_up", customer), "id": "again"} for customer in range(CUSTOMERS)])
    shards.push(event("order.placed", 5))
    shards.wait_idle()
    for prefix in shards.prefixes:  # a day has gone by
        for customer in shop.client.zrange(f"{prefix}:due", 0, -1):
            key = f"{prefix}:customer:{customer.decode()}"
            document = json.loads(shop.client.get(key))
            for journey in document["journeys"]:
                journey["at"] -= 86400000
            shop.client.set(key, json.dumps(document, separators=(",", ":")))
            shop.client.zincrby(f"{prefix}:due", -86400000, customer)
    wait_until(lambda: smtp.mails.qsize() >= 2 * CUSTOMERS - 2, "what waited to be sent")
    shards.wait_idle()
    assert sorted(mail["Subject"] for mail in smtp.all_mails()) == sorted(
        [f"welcome {customer}" for customer in range(CUSTOMERS)]
        + [f"later {customer}" for customer in range(CUSTOMERS) if customer not in (3, 5)])
    assert two.figure("nudged_events_duplicate_total") == 2 * CUSTOMERS


def test_for_people(shop, shards):
    shop.smtp()
    shop.daemon("one").spawn()
    shards.push(*[event("later.asked", customer) for customer in range(CUSTOMERS)])
    shards.wait_idle()
    status, out, errors = shop.ctl("reshard", "--to", "6")
    assert (status, errors) == (0, "")
    assert out.startswith(f"customers  {CUSTOMERS}, of which {moved()} would be in another shard\n"
                          f"waiting    {CUSTOMERS} customers\n")
    assert "does not come along" in out and "\n10. start the daemons" in out
    for wrong in (["reshard"], ["reshard", "--to", "0"], ["reshard", "--to", "x"], ["reshard", "--to", "1025"],
                  ["reshard", "--to", "6", "--json", "--customers"]):
        assert shop.ctl(*wrong)[0] == 64
