"""Shards on a real Redis Cluster: masters fail, slots move, nodes come; nothing is lost, nothing is sent
twice."""

import json

import pytest

import redis_cluster
from conftest import wait_until
from shards import Shards

RULES = """
name: each
class: transactional
on: order.placed
send: each
"""


def order(number, customer):
    return {"type": "order.placed", "id": f"o{number}-{customer}", "order": {"id": f"{number}-{customer}"},
            "customer": {"id": customer, "email": f"c{customer}@example.com"}}


@pytest.fixture
def shards(shop):
    cluster = shop.add(redis_cluster.RedisCluster(shop.folder / "cluster").start())
    shop.rules(RULES)
    shop.template("each.text.liquid", "---\nsubject: '{{ message.rule }} {{ order.id }}'\n---\nx")
    return Shards(shop, 16, cluster)


def subjects(smtp):
    return sorted(mail["Subject"] for mail in smtp.all_mails())


def test_over_all_masters(shop, shards):
    smtp = shop.smtp()
    one = shop.daemon("one").spawn()
    shop.daemon("two").spawn()
    shards.wait_shared("one", "two", each=2)
    owners = {shards.cluster.owner(f"{prefix}:meta").port for prefix in shards.prefixes}
    assert len(owners) == 3
    shards.push(*[order(0, customer) for customer in range(100)])
    shop.push(*[order(1, customer) for customer in range(50)])
    wait_until(lambda: smtp.mails.qsize() >= 150, "all mails")
    shards.wait_idle()
    assert subjects(smtp) == sorted([f"each 0-{c}" for c in range(100)] + [f"each 1-{c}" for c in range(50)])
    assert one.status()["redis"]


def test_nudgectl_over_the_cluster(shop, shards):
    """Each command goes to who has the shard: pushing, a person, states, what came to none."""
    smtp = shop.smtp()
    one = shop.daemon("one").spawn()
    events = "".join(json.dumps(order(0, customer)) + "\n" for customer in range(30))
    assert shop.ctl("push", stdin=events)[1] == "30 pushed\n"
    wait_until(lambda: smtp.mails.qsize() >= 30, "all mails")
    shards.wait_idle()
    for customer in range(30):
        assert f"id:{customer}" in shop.ctl("explain", str(customer))[1]
    assert shop.ctl("suppress", "add", "c1@example.com")[1] == "1 added\n"
    assert shop.ctl("gateway", "pause", "smtp")[1] == "smtp is paused\n"
    assert shop.ctl("dead", "ls")[1] == "no dead letters\n"
    told = json.loads(shop.ctl("status", "--json")[1])
    assert [row["daemons"] for row in told["shards"]] == [["one"]] * len(shards.prefixes)
    assert one.stop() == 0
    shop.push(*[order(1, customer) for customer in range(5)])
    assert json.loads(shop.ctl("status", "--json")[1])["events"]["unmoved"] == 5
