"""Events over the web to an installation of many shards: each goes to its own, a list in parts."""

import re

import pytest

import web_hooks
from conftest import wait_until
from shards import Shards, shard_of
from web_hooks import Hooks, hook_shop
from web_intake import TOKEN, Web, web_shop

SHARDS = 4


def order(number, customer):
    return {"type": "order.placed", "id": f"o{number}-{customer}", "order": {"name": f"#{number}"},
            "customer": {"id": customer, "email": f"c{customer}@example.com"}}


@pytest.fixture
def shards(shop):
    shards = Shards(shop, SHARDS)
    web_shop(shop)
    shop.rules("name: thanks\nclass: transactional\non: order.placed\nsend: hello\n"
               "---\nname: back\nclass: transactional\non: product.restocked\nsend: hello\n")
    shop.template("hello.text.liquid", "---\nsubject: '{{ customer.id }}'\n---\nx")
    return shards


def test_a_list_goes_to_its_shards(shop, shards):
    smtp = shop.smtp()
    daemon = shop.daemon().spawn()
    web = Web(daemon)
    events = [order(1, customer) for customer in range(12)]
    assert len({shard_of(f"id:{customer}", SHARDS) for customer in range(12)}) == SHARDS
    status, _, told = web.post(events, token=TOKEN, **{"Idempotency_Key": "one"})
    assert status == 202, told
    shards.wait_idle()
    for customer in range(12):
        assert shards.document(customer)["counts"][0]["n"] == 1
    assert daemon.figure("nudged_events_moved_total") == 0
    status, _, told = web.post(events, token=TOKEN, **{"Idempotency_Key": "one"})
    assert status == 202, told
    shards.wait_idle()
    assert daemon.figure("nudged_events_duplicate_total") == 0  # the shards know the request
    assert sum(1 for prefix in shards.prefixes for _ in shop.client.scan_iter(f"{prefix}:once:*")) == SHARDS
    assert smtp.mails.qsize() == 12


def test_what_cannot_be_appended_is_repeated_whole(shop, shards):
    """One shard refuses: the answer is 503. Repeated, what the others have is there already."""
    smtp = shop.smtp()
    daemon = shop.daemon().spawn()
    web = Web(daemon)
    broken = shards.prefix_of(0)
    shop.client.rename(f"{broken}:events", "kept")
    shop.client.set(f"{broken}:events", "no stream")
    events = [order(1, customer) for customer in range(12)]
    status, _, _ = web.post(events, token=TOKEN, **{"Idempotency_Key": "two"})
    assert status == 503
    others = [customer for customer in range(12) if shards.prefix_of(customer) != broken]
    wait_until(lambda: smtp.mails.qsize() == len(others), "the mails of the other shards")
    shop.client.delete(f"{broken}:events")
    shop.client.rename("kept", f"{broken}:events")
    assert web.post(events, token=TOKEN, **{"Idempotency_Key": "two"})[0] == 202
    wait_until(lambda: smtp.mails.qsize() == 12, "all mails")
    shards.wait_idle()
    assert sorted(mail["Subject"] for mail in smtp.all_mails()) == sorted(str(customer) for customer in range(12))
    assert daemon.figure("nudged_events_duplicate_total") == 0


def test_who_watches_is_told_in_every_shard(shop, shards):
    smtp = shop.smtp()
    web = Web(shop.daemon().spawn())
    for customer in range(8):
        assert web.post({"type": "watch.added", "id": f"w{customer}", "product": {"sku": "POT"},
                         "customer": {"id": customer, "email": f"c{customer}@example.com"}}, token=TOKEN)[0] == 202
    shards.wait_idle()
    assert web.post({"type": "product.restocked", "id": "r", "product": {"sku": "POT"}}, token=TOKEN)[0] == 202
    wait_until(lambda: smtp.mails.qsize() == 8, "who watches to be told")
    shards.wait_idle()
    assert sorted(mail["Subject"] for mail in smtp.all_mails()) == sorted(str(customer) for customer in range(8))


def test_a_provider_tells_of_mails_of_every_shard(shop, shards):
    """Whose mail it was is found, whichever shard they are in; and each delivery is told once."""
    smtp = shop.smtp()
    hook_shop(shop, "mailgun")
    hooks = Hooks(shop.daemon().spawn())
    for customer in range(8):
        shards.push(order(1, customer))
        mid = re.match(r"<([0-9a-f]{32})@", smtp.next_mail()["Message-ID"])[1]
        shards.wait_idle()
        headers, body = web_hooks.mailgun("complained", mid, token=f"a-token-of-one-delivery-{customer}")
        assert hooks.send("mailgun", headers, body) == (200, "1 taken, 0 known\n")
        assert hooks.send("mailgun", headers, body)[0] == 401
        assert hooks.send("mailgun", headers, body.replace(mid.encode(), b"f" * 32))[0] == 401
        shards.wait_idle()
        assert "complained" in [what for _, what, _ in shop.trace_at(shards.prefix_of(customer), f"id:{customer}")]
    assert len({shard_of(f"id:{customer}", SHARDS) for customer in range(8)}) == SHARDS
