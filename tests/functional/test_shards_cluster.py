"""Shards on a real Redis Cluster: masters fail, slots move, nodes come; nothing is lost, nothing is sent
twice."""

import json

import pytest
import redis

from cluster_load import Background, ClusterLoad, TimedServer
from conftest import wait_until
from redis_cluster import RedisCluster, slot_of
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
    cluster = shop.add(RedisCluster(shop.folder / "cluster").start())
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
    wait_until(lambda: all(shop.client.hget(f"{prefix}:meta", "forgotten") for prefix in shards.prefixes),
               "what erasures leave to be looked through in each shard")
    assert "warning" not in one.log()


def test_what_is_left_of_the_erased_is_looked_through_in_every_slot(shop, shards):
    """Dead letters that name them, which only the thread that looks after such things deletes."""
    shop.smtp()
    daemon = shop.daemon("one").spawn()
    people = [{"id": customer, "email": f"c{customer}@example.com"} for customer in range(12)]
    for person in people:
        shop.client.xadd(f"{shards.prefix_of(person['id'])}:events",
                         {"event": '{"type": "x", "customer": {"email": "%s"' % person["email"]})
    shards.push(*[{"type": "customer.created", "id": "c", "customer": person} for person in people])
    shards.wait_idle()
    letters = {f"{shards.prefix_of(person['id'])}:dead" for person in people}
    assert sum(map(shop.client.xlen, letters)) == 12
    shards.push(*[{"type": "customer.erased", "id": "e", "customer": person} for person in people])
    wait_until(lambda: not any(map(shop.client.xlen, letters)), daemon.log)


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


def test_a_master_dies_under_load(shop, shards):
    """What was acknowledged by it and by its replica is not lost, and nothing goes twice but what it had
    written last."""
    server = shop.add(TimedServer())
    shop.config["gateways"] = {"smtp": {"kind": "smtp", "host": "127.0.0.1", "port": server.port, "tls": "never"}}
    shop.daemon("one").spawn()
    shop.daemon("two").spawn()
    shards.wait_shared("one", "two", each=2)
    load = ClusterLoad(shards)
    pushing = Background(load, 100)
    try:
        wait_until(lambda: len(load.kept) > 100, "some orders")
        master = shards.cluster.owner(f"{shards.prefixes[0]}:events")
        load.begin_fault()
        master.kill()
        shards.cluster.wait_replaced(master)
        load.end_fault()
        master.start()
        kept = len(load.kept)
        wait_until(lambda: len(load.kept) > kept + 100, "orders to go on")
    finally:
        pushing.end()
    shards.wait_idle()
    lost, _, outside = load.judge(server)
    assert (lost, outside) == (0, 0)


def test_what_was_moved_to_a_master_that_dies(shop, shards):
    """Its replica is far behind, so what it was given stays where it came from, and is given once more to the
    replica. The daemon knows that the message has gone."""
    smtp, cluster = shop.smtp(), shards.cluster
    shop.daemon("one").spawn()
    shards.wait_shared("one", each=1)
    source = cluster.owner("nudged:events")
    customer = next(customer for customer in range(100)
                    if cluster.owner(f"{shards.prefix_of(customer)}:events") is not source)
    prefix = shards.prefix_of(customer)
    master = cluster.owner(f"{prefix}:events")
    replica = cluster.replica_of(master)
    replica.pause()
    master.client.set(prefix.replace("nudged", "filler"), b"x" * 32_000_000)  # more than sockets hold
    shop.push(order(0, customer))
    wait_until(lambda: smtp.mails.qsize() == 1, "its mail")
    assert shop.client.xlen("nudged:events") == 1
    master.kill()
    replica.resume()
    cluster.wait_replaced(master)
    wait_until(lambda: shop.client.xlen("nudged:events") == 0, "it to be moved again")
    shards.wait_idle()
    assert shards.document(customer) and subjects(smtp) == [f"each 0-{customer}"]


def test_a_master_that_lost_its_replica(shop):
    """With min-replicas-to-write it refuses (NOREPLICAS): its shards stand still, the daemon says why, the others go
    on, and so do its own when the replica is back. Nothing is lost or sent twice."""
    options = ["--min-replicas-to-write", "1", "--min-replicas-max-lag", "1"]
    cluster = shop.add(RedisCluster(shop.folder / "cluster", options=options).start())
    shop.rules(RULES)
    shop.template("each.text.liquid", "---\nsubject: '{{ message.rule }} {{ order.id }}'\n---\nx")
    shards, smtp = Shards(shop, 16, cluster), shop.smtp()
    daemon = shop.daemon("one").spawn()
    master = cluster.owner(f"{shards.prefixes[0]}:events")
    here = [customer for customer in range(100) if cluster.owner(f"{shards.prefix_of(customer)}:events") is master]
    there = [customer for customer in range(100) if customer not in here]
    shards.push(*[order(0, customer) for customer in here + there])
    shards.wait_idle()
    replica = cluster.replica_of(master)
    replica.pause()
    refused = "degraded: Redis refuses: NOREPLICAS Not enough good replicas to write.\n"
    wait_until(lambda: daemon.ask("GET", "/health") == (503, f"running\n{refused}"),
               lambda: daemon.ask("GET", "/health"))
    with pytest.raises(redis.exceptions.ResponseError, match="NOREPLICAS"):
        shards.push(order(1, here[0]))
    shards.push(*[order(1, customer) for customer in there])
    wait_until(lambda: all(shards.document(customer)["counts"][0]["n"] == 2 for customer in there),
               "the other shards to go on")
    replica.resume()
    cluster.wait_ok()
    daemon.wait_healthy()
    shards.push(*[order(1, customer) for customer in here])
    shards.wait_idle()
    assert subjects(smtp) == sorted(f"each {number}-{customer}" for number in (0, 1) for customer in here + there)


def test_a_shard_moves_to_another_master(shop, shards):
    """While its slot is half moved the shard stands still, and all others go on, but for messages to addresses
    of which it would know; then it goes on too."""
    smtp = shop.smtp()
    shop.daemon("one").spawn()
    prefix, cluster = shards.prefixes[3], shards.cluster
    here = [customer for customer in range(400) if shards.prefix_of(customer) == prefix][:20]
    there = [customer for customer in range(400) if shards.prefix_of(customer) != prefix][:20]
    shards.push(*[order(0, customer) for customer in here + there])
    shards.wait_idle()
    assert len(smtp.all_mails()) == 40
    slot = slot_of(f"{prefix}:events")
    to = next(node for node in cluster.nodes[:3] if node is not cluster.owner(slot))
    cluster.begin_move(slot, to)
    cluster.move_keys(slot, to, count=5)
    shards.push(*[order(1, customer) for customer in there])
    wait_until(lambda: all(shards.document(customer)["counts"][0]["n"] == 2 for customer in there),
               "the other shards to go on")
    assert smtp.mails.qsize() > 0
    while cluster.move_keys(slot, to):
        pass
    cluster.end_move(slot, to)
    shards.push(*[order(1, customer) for customer in here])
    wait_until(lambda: smtp.mails.qsize() == 40, "the shard to go on")
    shards.wait_idle()
    assert subjects(smtp) == sorted(f"each 1-{customer}" for customer in here + there)
    for customer in here:
        assert shards.document(customer)["counts"][0]["n"] == 2
