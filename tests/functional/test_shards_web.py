"""Events over the web to an installation of many shards: each goes to its own, a list in parts."""

import contextlib
import http.client
import re
from concurrent.futures import ThreadPoolExecutor

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
    assert sum(1 for prefix in shards.prefixes for _ in shop.client.scan_iter(f"{prefix}:once:*")) == SHARDS + 1
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


def of_shard(number, shard):
    """A customer of that shard."""
    return next(customer for customer in range(number * 100, number * 100 + 100)
                if shard_of(f"id:{customer}", SHARDS) == shard)


def test_a_key_is_known_in_all_shards(shop, shards):
    """With events of persons of other shards it is another request all the same, and nothing of it is taken."""
    smtp = shop.smtp()
    web = Web(shop.daemon().spawn())
    key = {"Idempotency_Key": "three"}
    assert web.post(order(1, of_shard(1, 0)), token=TOKEN, **key)[0] == 202
    for shard in range(SHARDS):
        for events in (order(2, of_shard(2, shard)), [order(3, of_shard(3, other)) for other in range(SHARDS)]):
            assert web.post(events, token=TOKEN, **key)[0] == 422
    assert web.post(order(1, of_shard(1, 0)), token=TOKEN, **key)[0] == 202
    shards.wait_idle()
    assert [mail["Subject"] for mail in smtp.all_mails()] == [str(of_shard(1, 0))]
    assert len(list(shop.client.scan_iter("*:customer:*"))) == 1


def test_two_at_once_under_one_key(shop, shards):
    """Each for persons of other shards: one of them is taken whole, the other not at all."""
    smtp = shop.smtp()
    web = Web(shop.daemon().spawn())
    taken = []
    for turn in range(10):
        bodies = [[order(turn, of_shard(turn * 2 + half + 1, 2 * half + shard)) for shard in range(2)]
                  for half in range(2)]
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda body: web.post(body, token=TOKEN, **{"Idempotency_Key": f"k{turn}"})[0],
                                    bodies))
        assert sorted(answers) == [202, 422]
        taken += [str(event["customer"]["id"]) for event in bodies[answers.index(202)]]
    shards.wait_idle()
    assert sorted(mail["Subject"] for mail in smtp.all_mails()) == sorted(taken)


def test_a_key_is_kept_everywhere_until_the_same_time(shop, shards):
    """A repetition that completes the request makes no shard remember it for longer than that of the key."""
    shop.smtp()
    daemon = shop.daemon().spawn()
    web = Web(daemon)
    events = [order(1, of_shard(1, shard)) for shard in range(SHARDS)]
    shop.client.rename("nudged{2}:events", "kept")
    shop.client.set("nudged{2}:events", "no stream")
    key = {"Idempotency_Key": "four"}
    assert web.post(events, token=TOKEN, **key)[0] == 503
    shop.client.delete("nudged{2}:events")
    shop.client.rename("kept", "nudged{2}:events")
    names = list(shop.client.scan_iter("nudged{*}:once:*"))
    reserved = next(name for name in names if b" " not in shop.client.get(name))
    shop.client.pexpire(reserved, 1060000)  # most of the day has gone by
    assert web.post(events, token=TOKEN, **key)[0] == 202
    left = {name: shop.client.pttl(name) for name in shop.client.scan_iter("nudged{*}:once:*")}
    assert len(left) == SHARDS + 1
    (new,) = set(left) - set(names)
    assert 900000 < left[new] <= left[reserved] - 50000
    shop.client.pexpire(reserved, 30000)  # its day is over: the same again is a new request
    assert web.post(events, token=TOKEN, **key)[0] == 202
    assert shop.client.pttl(reserved) > 80000000
    shards.wait_idle()
    assert daemon.figure("nudged_events_duplicate_total") == 0


@pytest.mark.parametrize("point", ["reserve-lost=fail", "append-lost=fail", "append=kill", "reserved=kill",
                                   "append=kill@3"])
def test_an_answer_that_is_lost(shop, shards, point):
    """The client repeats it, and all of it is there once."""
    smtp = shop.smtp()
    one = shop.daemon("one").spawn(failpoints=f"{point}{'@1' if '@' not in point else ''}")
    events = [order(1, of_shard(1, shard)) for shard in range(SHARDS)]
    key = {"Idempotency_Key": "five"}
    if "kill" in point:
        with contextlib.suppress(OSError, http.client.HTTPException):
            assert Web(one).post(events, token=TOKEN, **key)[0] == 503
        assert one.ended() == -9
        for prefix in shards.prefixes:
            shop.client.delete(f"{prefix}:instance:one")
        shop.client.hdel("nudged{0}:members", "one")
        one = shop.daemon("two").spawn()
    else:
        assert Web(one).post(events, token=TOKEN, **key)[0] == 503
    other = [order(2, of_shard(2, shard)) for shard in range(SHARDS)]
    assert Web(one).post(other, token=TOKEN, **key)[0] == 422
    assert Web(one).post(events, token=TOKEN, **key)[0] == 202
    wait_until(lambda: smtp.mails.qsize() >= SHARDS, "all mails")
    shards.wait_idle()
    assert sorted(mail["Subject"] for mail in smtp.all_mails()) == sorted(
        str(event["customer"]["id"]) for event in events)
    assert one.figure("nudged_events_duplicate_total") == 0


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
