"""nudgectl over an installation of many shards: a person is found, piles and states are those of all."""

import json

import pytest

from conftest import wait_until
from shards import Shards, shard_of

RULES = """
name: welcome
class: transactional
on: customer.signed_up
send: hello
---
name: later
class: transactional
on: later.asked
again: restart
wait: 1s
send: hello
---
name: news
topic: news
on: news.published
send: hello
---
name: coupon
class: transactional
on: coupon.asked
send: {template: hello, code: gifts}
"""
SHARDS, CUSTOMERS = 4, 12


def event(kind, customer, **more):
    return {"type": kind, "id": f"{kind}-{customer}-{len(more)}",
            "customer": {"id": customer, "email": f"c{customer}@example.com"}, **more}


@pytest.fixture
def shards(shop):
    shards = Shards(shop, SHARDS)
    shop.rules(RULES)
    shop.template("hello.text.liquid", "---\nsubject: '{{ message.rule }} {{ given.code }}'\n---\nx")
    return shards


def rows(text):
    return [json.loads(line) for line in text.splitlines()]


def push(shop, *events):
    status, out, errors = shop.ctl("push", stdin="".join(json.dumps(event) + "\n" for event in events))
    assert status == 0, errors
    return out


def in_all(shards, word):
    return [prefix for prefix in shards.prefixes if shards.shop.client.exists(f"{prefix}:{word}")]


def test_push_finds_the_shard(shop, shards):
    smtp = shop.smtp()
    daemon = shop.daemon().spawn()
    assert push(shop, *[event("customer.signed_up", customer) for customer in range(CUSTOMERS)]) == "12 pushed\n"
    shards.wait_idle()
    assert smtp.mails.qsize() == CUSTOMERS
    for customer in range(CUSTOMERS):
        assert shards.document(customer)
    assert daemon.figure("nudged_events_moved_total") == 0
    daemon.stop()
    restocked = {"type": "product.restocked", "id": "r", "product": {"sku": "P"}}
    assert push(shop, restocked, event("customer.signed_up", 1)) == "2 pushed\n"
    assert [shop.client.xlen(f"{prefix}:events") for prefix in shards.prefixes] == [
        1 + (shard == shard_of("id:1", SHARDS)) for shard in range(SHARDS)]


def test_a_person_is_found(shop, shards):
    """By their id, or by an address that no key leads to."""
    smtp = shop.smtp()
    shop.daemon().spawn()
    push(shop, *[event("customer.signed_up", customer) for customer in range(CUSTOMERS)])
    shards.wait_idle()
    for customer in range(CUSTOMERS):
        status, out, _ = shop.ctl("explain", "--json", str(customer))
        assert status == 0 and rows(out)[0]["customer"] == f"id:{customer}"
        status, out, _ = shop.ctl("customer", "show", f"c{customer}@example.com")
        assert status == 0 and f"id:{customer}" in out
    assert shop.ctl("explain", "99")[0] == 1
    status, out, _ = shop.ctl("complete", "nudgectl", "explain", "1")
    exported = shop.ctl("customer", "export", "7")[1]
    assert shop.ctl("customer", "erase", "--yes", "7")[0] == 0
    assert not shop.client.exists(f"{shards.prefix_of(7)}:customer:id:7")
    (shop.folder / "export.json").write_text(exported)
    assert shop.ctl("customer", "import", "--after-erasure", str(shop.folder / "export.json"))[0] == 0
    assert shards.document(7)
    assert smtp.mails.qsize() == CUSTOMERS


def test_forecast(shop, shards):
    shop.smtp()
    shop.daemon().spawn()
    push(shop, *[event("customer.signed_up", customer) for customer in range(3)])
    shards.wait_idle()
    (shop.folder / "event.json").write_text(json.dumps({"type": "coupon.asked"}))
    shop.ctl("codes", "load", "gifts", str(codes_file(shop, 40)))
    for customer in range(3):
        status, out, errors = shop.ctl("explain", str(customer), "--event", str(shop.folder / "event.json"))
        assert status == 0 and f"c{customer}@example.com" in out, errors


def codes_file(shop, count):
    path = shop.folder / "codes.txt"
    path.write_text("".join(f"GIFT-{number}\n" for number in range(count)))
    return path


def test_codes(shop, shards):
    """They are spread, and a list is shown as one. Loaded again none is new."""
    smtp = shop.smtp()
    shop.daemon().spawn()
    path = codes_file(shop, 2500)
    assert shop.ctl("codes", "load", "gifts", str(path)) == (
        0, "gifts: 2500 of 2500 codes are new, 2500 are left\n", "")
    assert shop.ctl("codes", "load", "gifts", str(path)) == (
        0, "gifts: 0 of 2500 codes are new, 2500 are left\n", "")
    lengths = [shop.client.llen(f"{prefix}:codes:gifts") for prefix in shards.prefixes]
    assert sum(lengths) == 2500 and min(lengths) > 500
    push(shop, *[event("coupon.asked", customer) for customer in range(CUSTOMERS)])
    shards.wait_idle()
    given = [mail["Subject"] for mail in smtp.all_mails()]
    assert len(set(given)) == CUSTOMERS
    assert shop.ctl("codes", "ls") == (0, f"gifts  {2500 - CUSTOMERS} left of 2500\n", "")


def test_pauses(shop, shards):
    """A gateway and a rule are paused in every shard, and shown once."""
    smtp = shop.smtp()
    shop.daemon().spawn()
    assert shop.ctl("gateway", "pause", "smtp")[1] == "smtp is paused\n"
    assert shop.ctl("rule", "pause", "later")[1] == "later is paused\n"
    assert shop.ctl("rule", "resume", "later")[1] == "later goes on\n"
    push(shop, *[event("later.asked", customer) for customer in range(CUSTOMERS)])
    wait_until(lambda: sum(shop.client.zcard(f"{prefix}:due") for prefix in shards.prefixes) == CUSTOMERS,
               "all journeys to wait")
    assert shop.ctl("rule", "pause", "later")[1] == "later is paused\n"
    assert len(in_all(shards, "paused")) == len(in_all(shards, "halted")) == SHARDS

    def waiting():
        listed = {row["name"]: row for row in rows(shop.ctl("rule", "ls", "--json")[1])}
        return listed["later"]["waiting"] == CUSTOMERS

    wait_until(waiting, "all to wait for the rule")
    assert shop.ctl("gateway", "ls")[1].count("paused since") == 1
    assert shop.ctl("rule", "resume", "later")[1] == (
        f"later goes on, sends to {CUSTOMERS} customers are asked again\n")

    def queued():
        listed = rows(shop.ctl("gateway", "ls", "--json")[1])
        return listed[0]["transactional"] == CUSTOMERS

    wait_until(queued, "all messages to wait for the gateway")
    assert shop.ctl("gateway", "resume", "smtp")[1] == "smtp goes on\n"
    assert shop.ctl("gateway", "resume", "smtp")[1] == "smtp was not paused\n"
    shards.wait_idle()
    assert smtp.mails.qsize() == CUSTOMERS


def test_suppressions_hold_in_all(shop, shards):
    smtp = shop.smtp()
    shop.daemon().spawn()
    assert shop.ctl("suppress", "add", "c1@example.com", "c2@example.com")[1] == "2 added\n"
    assert shop.ctl("suppress", "add", "c1@example.com")[1] == "0 added, 1 there already\n"
    assert [shop.client.hlen(f"{prefix}:suppressed") for prefix in shards.prefixes] == [2] * SHARDS
    assert len(rows(shop.ctl("suppress", "ls", "--json")[1])) == 2
    assert len(shop.ctl("suppress", "export", "--csv")[1].splitlines()) == 3
    others = [event("customer.signed_up", customer) for customer in range(20, 30)]
    for other in others:  # whoever has that address
        other["customer"]["email"] = "c1@example.com"
    push(shop, *others, event("customer.signed_up", 3))
    shards.wait_idle()
    assert [mail["To"] for mail in smtp.all_mails()] == ["c3@example.com"]
    assert shop.ctl("suppress", "rm", "c1@example.com")[1] == "1 removed\n"
    assert [shop.client.hlen(f"{prefix}:suppressed") for prefix in shards.prefixes] == [1] * SHARDS


def test_dead_letters(shop, shards):
    """Of all shards by their time, each behind the number of its shard, by which it is named."""
    smtp = shop.smtp(suspect=100)
    shop.daemon().spawn()
    smtp.answers = lambda envelope: "554 5.6.0 no"
    for customer in range(CUSTOMERS):
        push(shop, event("customer.signed_up", customer))
        wait_until(lambda: sum(shop.client.xlen(f"{prefix}:dead") for prefix in shards.prefixes) == customer + 1,
                   "another dead letter")
    listed = rows(shop.ctl("dead", "ls", "--json")[1])
    assert [row["customer"] for row in listed] == [f"id:{customer}" for customer in reversed(range(CUSTOMERS))]
    for row in listed:
        assert row["shard"] == shard_of(row["customer"], SHARDS)
        assert row["id"].startswith(f"{row['shard']}/")
    out = shop.ctl("dead", "ls", "3")[1]
    assert out.endswith(f"and {CUSTOMERS - 3} more\n") and out.startswith(listed[0]["id"] + "  message")
    status, out, _ = shop.ctl("dead", "show", listed[5]["id"])
    assert status == 0 and out.startswith(f"{listed[5]['id']}\n")
    assert shop.ctl("dead", "show", listed[5]["id"].split("/")[1])[0] == 0  # it is in one shard alone
    assert shop.ctl("dead", "show", "9/1700000000000-0")[0] == 1
    assert shop.ctl("dead", "drop", listed[0]["id"])[1] == "1 dropped\n"
    assert shop.ctl("dead", "drop", listed[0]["id"])[:2] == (1, "0 dropped, 1 not\n")
    smtp.answers = lambda envelope: "250 taken"
    assert shop.ctl("dead", "retry", listed[1]["mid"])[1] == "1 retried\n"
    assert shop.ctl("dead", "retry", "--all")[1] == f"{CUSTOMERS - 2} retried\n"
    wait_until(lambda: smtp.mails.qsize() >= CUSTOMERS - 1, "the mails")
    shards.wait_idle()
    assert shop.ctl("dead", "ls")[1] == "no dead letters\n"


def test_outbox(shop, shards):
    shop.smtp()
    shop.daemon().spawn()
    shop.ctl("gateway", "pause", "smtp")
    push(shop, *[event("customer.signed_up", customer) for customer in range(CUSTOMERS)])

    def listed():
        return rows(shop.ctl("outbox", "ls", "--json")[1])

    wait_until(lambda: len(listed()) == CUSTOMERS, "all messages in the outbox")
    one = next(row for row in listed() if row["customer"] == "id:5")
    assert one["shard"] == shard_of("id:5", SHARDS)
    assert shop.ctl("outbox", "show", one["id"].split("/")[1])[0] == 0
    assert shop.ctl("outbox", "drop", one["id"])[1] == "1 dropped\n"
    assert shop.ctl("outbox", "drop", "--customer", "6")[1] == "1 dropped\n"
    assert len(listed()) == CUSTOMERS - 2
    assert shop.ctl("outbox", "drop", "--all")[1] == f"{CUSTOMERS - 2} dropped\n"


def test_status(shop, shards):
    shop.smtp()
    daemon = shop.daemon().spawn()
    shop.ctl("gateway", "pause", "smtp")
    push(shop, *[event("customer.signed_up", customer) for customer in range(CUSTOMERS)])

    def status():
        return json.loads(shop.ctl("status", "--json")[1])

    def waiting():
        return sum(queue["waiting"] for queue in status()["queues"])

    wait_until(lambda: waiting() == CUSTOMERS, "all messages in the outbox")
    told = status()
    assert [row["shard"] for row in told["shards"]] == list(range(SHARDS))
    assert [row["outbox"] for row in told["shards"]] == [
        sum(shard_of(f"id:{c}", SHARDS) == shard for c in range(CUSTOMERS)) for shard in range(SHARDS)]
    assert all(row["daemons"] == ["one"] for row in told["shards"])
    out = shop.ctl("status", "--shards")[1]
    assert [line.split()[0] for line in out.splitlines()[-SHARDS:]] == [str(shard) for shard in range(SHARDS)]
    daemon.stop()
    for _ in range(3):
        shop.client.xadd("nudged:events", {"event": json.dumps(event("news.published", 1))})
    told = json.loads(shop.ctl("status", "--json")[1])
    assert (told["events"]["waiting"], told["events"]["unmoved"]) == (3, 3)
