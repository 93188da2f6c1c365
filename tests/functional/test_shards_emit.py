"""What a rule emits for a customer of another shard comes there: nothing is lost, nothing comes twice, and what one
customer caused keeps its order, whoever is killed meanwhile."""

import pytest

from conftest import wait_until
from shards import Shards, shard_of

RULES = """
name: refer
on: order.placed
if: has(customer.friend)
steps:
- emit: {type: points.changed, data: {order: order.id}, for: customer.friend}
---
name: points
class: transactional
on: points.changed
send: points
---
name: ball
on: ball.caught
if: has(customer.friend)
steps:
- emit: {type: ball.caught, for: customer.friend}
"""
SHARDS, CUSTOMERS, ORDERS, STEP = 4, 12, 3, 3


def friend(customer):
    return (customer + STEP) % CUSTOMERS


def shard(customer):
    return shard_of(f"id:{customer}", SHARDS)


ABROAD = [customer for customer in range(CUSTOMERS) if shard(customer) != shard(friend(customer))]


def person(customer, **more):
    return {"id": customer, "email": f"c{customer}@example.com", "friend": friend(customer), **more}


def order(number, customer, **more):
    return {"type": "order.placed", "id": f"o{number}-{customer}", "order": {"id": f"{number}-{customer}"},
            "customer": person(customer, **more)}


@pytest.fixture
def shards(shop):
    shards = Shards(shop, SHARDS)
    shop.rules(RULES)
    shop.template("points.text.liquid", "---\nsubject: '{{ customer.id }} {{ event.data.order }}'\n---\nx")
    assert len(ABROAD) > CUSTOMERS // 2 and len(ABROAD) < CUSTOMERS
    return shards


def known(shop, shards):
    """Everybody is, before anybody orders."""
    shards.push(*[{"type": "seen", "id": "s", "customer": person(customer)} for customer in range(CUSTOMERS)])


def orders():
    return [order(number, customer) for number in range(ORDERS) for customer in range(CUSTOMERS)]


def wanted():
    return sorted(f"{friend(customer)} {number}-{customer}"
                  for number in range(ORDERS) for customer in range(CUSTOMERS))


def subjects(smtp):
    return sorted(mail["Subject"] for mail in smtp.all_mails())


def moved(shop, shards):
    return not any(shop.client.type(f"{prefix}:strays") == b"stream" and shop.client.xlen(f"{prefix}:strays")
                   for prefix in shards.prefixes)


def wait_settled(shop, shards):
    wait_until(lambda: moved(shop, shards) and shards.idle() and moved(shop, shards), "all to be moved and decided")


def forget(shop, shards, name):
    """A daemon that was killed: its leases are over."""
    for prefix in shards.prefixes:
        shop.client.delete(f"{prefix}:instance:{name}")
    shop.client.hdel("nudged{0}:members", name)


def test_each_comes_once(shop, shards):
    smtp = shop.smtp()
    daemons = [shop.daemon(name).spawn() for name in ("one", "two")]
    known(shop, shards)
    shards.wait_idle()
    shards.push(*orders())
    wait_until(lambda: smtp.mails.qsize() >= CUSTOMERS * ORDERS, "all mails")
    wait_settled(shop, shards)
    assert subjects(smtp) == wanted()
    assert sum(daemon.figure("nudged_events_moved_total") for daemon in daemons) == len(ABROAD) * ORDERS
    assert sum(daemon.figure("nudged_events_duplicate_total") for daemon in daemons) == 0
    assert len(list(shop.client.scan_iter("*:customer:*"))) == CUSTOMERS


def test_what_one_customer_causes_keeps_its_order(shop, shards):
    """Over several batches of who decides and of who moves. (Two daemons decide batches of one stream side by side.)"""
    shop.config["events"] = {"batch": 10}
    shop.rules("name: refer\non: order.placed\nsteps:\n"
               "- emit: {type: points.changed, data: {n: order.n}, for: customer.friend}\n"
               "---\nname: keep\non: points.changed\nsteps:\n"
               "- set: {list: 'has(customer.list) ? customer.list + [n] : [n]'}\n")
    shop.smtp()
    shop.daemon().spawn()
    known(shop, shards)
    shards.wait_idle()
    shards.push(*[{"type": "order.placed", "id": f"o{n}", "order": {"n": n}, "customer": person(ABROAD[0])}
                  for n in range(300)])
    wait_settled(shop, shards)
    assert shards.document(friend(ABROAD[0]))["fields"]["list"] == list(range(300))


@pytest.mark.parametrize("point", ["commit", "commit-answered", "move-read", "move-carried", "moved"])
def test_killed_between_two_steps(shop, shards, point):
    """What another daemon then finds it brings to its end, and nothing twice."""
    smtp = shop.smtp()
    known(shop, shards)
    first = shop.daemon("first").spawn()
    shards.wait_idle()
    first.stop()
    shards.hold_mail()
    shards.push(*orders())
    one = shop.daemon("one").spawn(failpoints=f"{point}=kill@2", wait=False)
    assert one.ended() == -9
    forget(shop, shards, "one")
    shards.let_mail()
    two = shop.daemon("two").spawn()
    wait_until(lambda: smtp.mails.qsize() >= CUSTOMERS * ORDERS, "all mails")
    wait_settled(shop, shards)
    assert subjects(smtp) == wanted()
    assert two.figure("nudged_events_duplicate_total") == 0


def test_nobody_is_known_there(shop, shards):
    """It is seen where they would be: there is no document of a stranger, and no letter."""
    shop.smtp()
    daemon = shop.daemon().spawn()
    strangers = [f"stranger{number}" for number in range(8)]
    shards.push(*[order(number, 1, friend=stranger) for number, stranger in enumerate(strangers)])
    abroad = [one for one in strangers if shard(one) != shard(1)]
    assert 0 < len(abroad) < len(strangers)
    wait_until(lambda: daemon.figure("nudged_events_nobody_total") == len(abroad), "strangers to be met")
    wait_settled(shop, shards)
    assert len(list(shop.client.scan_iter("*:customer:*"))) == 1
    assert not any(shop.client.xlen(f"{prefix}:dead") for prefix in shards.prefixes)
    assert shop.ctl("explain", "1")[1].count("no-such-customer") == len(strangers) - len(abroad)


def test_a_shard_that_is_away_holds_up_its_own(shop, shards):
    smtp = shop.smtp()
    shop.daemon().spawn()
    known(shop, shards)
    shards.wait_idle()
    away = shards.prefixes[0]
    shop.client.rename(f"{away}:events", "kept")
    shop.client.set(f"{away}:events", "no stream")
    here = [event for event in orders() if shards.prefix_of(event["customer"]["id"]) != away]
    shards.push(*here)
    there = [event for event in here if shards.prefix_of(friend(event["customer"]["id"])) == away]
    assert there
    wait_until(lambda: smtp.mails.qsize() == len(here) - len(there), "the mails of all others")
    wait_until(lambda: sum(shop.client.xlen(f"{prefix}:strays") for prefix in shards.prefixes) == len(there),
               "the others to wait")
    shop.client.delete(f"{away}:events")
    shop.client.rename("kept", f"{away}:events")
    wait_until(lambda: smtp.mails.qsize() == len(here), "their mails")


def test_strays_that_cannot_be_written(shop, shards):
    """Then nothing is decided that would need them; mended, all goes on."""
    smtp = shop.smtp()
    daemon = shop.daemon().spawn()
    known(shop, shards)
    shards.wait_idle()
    one = ABROAD[0]
    shop.client.set(f"{shards.prefix_of(one)}:strays", "no stream")
    shards.push(order(0, one))
    wait_until(lambda: "strays is a string, not a stream" in daemon.log(), "the key to be told of")
    assert shop.client.xlen(f"{shards.prefix_of(one)}:events") == 1
    shop.client.delete(f"{shards.prefix_of(one)}:strays")
    wait_until(lambda: smtp.mails.qsize() == 1, "the mail")
    wait_settled(shop, shards)


def test_a_chain_over_shards_ends(shop, shards):
    """Two customers who throw a ball to each other, in two shards: the ninth throw is a dead letter, once."""
    shop.smtp()
    one = ABROAD[0]
    shop.daemon().spawn()
    known(shop, shards)
    shards.wait_idle()
    shards.push({"type": "seen", "id": "s2", "customer": person(friend(one), friend=one)},
                {"type": "ball.caught", "id": "b", "customer": person(one)})
    wait_until(lambda: sum(shop.client.xlen(f"{prefix}:dead") for prefix in shards.prefixes) == 1, "a dead letter")
    wait_settled(shop, shards)
    letters = [fields for prefix in shards.prefixes for _, fields in shop.client.xrange(f"{prefix}:dead")]
    assert [letter[b"reason"] for letter in letters] == [b"loop"]
    caught = [next(row["n"] for row in shards.document(customer)["counts"] if row["type"] == "ball.caught")
              for customer in (one, friend(one))]
    assert sum(caught) == 9
