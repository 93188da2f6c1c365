"""nudged with a master that Sentinels watch: it dies under load, hangs and comes back, is cut off, and loses
its replicas. Nothing that it had acknowledged and handed on is lost, nothing is sent twice but what it had
written last."""

import json

import pytest

from cluster_load import Background, ClusterLoad, TimedServer
from conftest import wait_until
from redis_sentinel import RedisSentinel
from shards import Shards
from web_intake import TOKEN, Web, web_shop

RULES = """
name: each
class: transactional
on: order.placed
send: each
"""


class World:
    """A shop over Sentinels, with two daemons, and orders that come all the time."""

    def __init__(self, shop, shards=0, daemons=("one", "two"), **options):
        self.redis = shop.add(RedisSentinel(shop.folder / "sentinel", **options).start())
        self.shop, self.shards = shop, Shards(shop, shards, self.redis)
        self.server = shop.add(TimedServer())
        shop.config["gateways"] = {"smtp": {"kind": "smtp", "host": "127.0.0.1", "port": self.server.port,
                                            "tls": "never"}}
        shop.rules(RULES)
        shop.template("each.text.liquid", "---\nsubject: '{{ message.rule }} {{ order.id }}'\n---\nx")
        self.daemons = [shop.daemon(name).spawn() for name in daemons]
        self.shards.wait_shared(*daemons, each=len(daemons))
        self.load = ClusterLoad(self.shards)
        self.pushing = Background(self.load, 100)

    def wait_kept(self, count=100):
        kept = len(self.load.kept)
        wait_until(lambda: len(self.load.kept) > kept + count, "orders to go on")

    def judge(self):
        self.pushing.end()
        self.shards.wait_idle()
        lost, _, outside = self.load.judge(self.server)
        assert (lost, outside) == (0, 0)


@pytest.fixture
def begin(shop):
    worlds = []

    def start(*arguments, **options):
        worlds.append(World(shop, *arguments, **options))
        worlds[0].wait_kept()
        return worlds[0]
    yield start
    worlds[0].pushing.over.set()


@pytest.mark.parametrize("shards", [0, 4])
def test_a_master_dies_under_load(begin, shards):
    world = begin(shards)
    master = world.redis.owner()
    world.load.begin_fault()
    master.kill()
    world.redis.wait_replaced(master)
    world.load.end_fault()
    master.start()
    world.wait_kept()
    world.judge()


@pytest.mark.parametrize("shards", [0, 4])
def test_a_master_hangs_and_comes_back(begin, shards):
    """For ten seconds it is a master still, in its own eyes; what is written to it then is thrown away."""
    world = begin(shards)
    master = world.redis.owner()
    world.load.begin_fault()
    master.pause()
    world.redis.wait_replaced(master)
    world.load.end_fault()
    world.wait_kept()
    master.resume()
    world.wait_kept()
    world.redis.wait_whole()
    world.judge()


def test_a_master_that_is_cut_off_from_all_but_the_daemons(begin):
    """Until Sentinels have replaced it, what it takes is lost with it: its own word is all that a daemon has."""
    world = begin()
    master = world.redis.owner()
    world.load.begin_fault()
    master.cut()
    world.redis.wait_replaced(master)
    world.load.end_fault()
    world.wait_kept()
    left = master.client.info("commandstats")["cmdstat_evalsha"]["calls"]
    world.wait_kept()
    assert master.client.info("commandstats")["cmdstat_evalsha"]["calls"] == left
    master.heal()
    world.redis.wait_whole()
    world.judge()


def names(server, name):
    """The connections that bear it there."""
    return [client for client in server.client.client_list() if client["name"] == name]


@pytest.mark.parametrize("restarted", [False, True])
def test_a_daemon_does_not_go_back_to_a_master_that_was_replaced(shop, restarted):
    """The only Sentinel that answers has not heard of the failover: the daemon waits for one that has, and says so
    once; also one that starts only then, and nudgectl: the state folder has what was followed."""
    redis = shop.add(RedisSentinel(shop.folder / "sentinel").start())
    shards = Shards(shop, 0, redis)
    shop.rules(RULES)
    shop.template("each.text.liquid", "---\nsubject: '{{ order.id }}'\n---\nx")
    mail, daemon = shop.smtp(), shop.daemon("one").spawn()
    lost = redis.owner()
    behind, *others = redis.sentinels
    behind.deafen(redis)
    behind.pause()
    lost.cut()
    heir = redis.wait_replaced(lost)
    wait_until(lambda: names(heir, "nudged"), "it to follow")
    daemon.wait_healthy()
    behind.resume()
    for sentinel in others:
        sentinel.pause()
    before = lost.client.info("commandstats")["cmdstat_evalsha"]["calls"]
    if restarted:
        daemon.kill()
        daemon.spawn(wait=False)
    heir.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    told = "a Sentinel that knows less than was known is not believed"
    wait_until(lambda: told in daemon.log(), daemon.log)
    wait_until(lambda: daemon.ask("GET", "/health")[0] == 503, "it to be without Redis")
    assert "was followed before" in shop.ctl("push", stdin='{"type": "x", "customer": {"id": 1}}')[2]
    event = {"type": "order.placed", "id": "a", "order": {"id": "7"}, "customer": {"id": 1, "email": "a@example.com"}}
    heir.client.xadd("nudged:events", {"event": json.dumps(event)})
    for sentinel in others:
        sentinel.resume()
    daemon.wait_healthy()
    wait_until(lambda: not mail.mails.empty(), "the mail")
    assert [one["Subject"] for one in mail.all_mails()] == ["7"]
    assert lost.client.info("commandstats")["cmdstat_evalsha"]["calls"] == before
    assert daemon.log().count(told) == 1


def test_nudgectl_behind_sentinels(begin, shop):
    world = begin()
    assert shop.ctl("push", stdin=json.dumps({"type": "x", "customer": {"id": 1}}))[1] == "1 pushed\n"
    assert json.loads(shop.ctl("status", "--json")[1])["daemons"]
    master = world.redis.owner()
    world.load.begin_fault()
    master.kill()
    world.redis.wait_replaced(master)
    world.load.end_fault()
    assert shop.ctl("push", stdin=json.dumps({"type": "x", "customer": {"id": 1}}))[1] == "1 pushed\n"
    world.judge()


def test_a_master_that_lost_its_replicas(begin, shop):
    """With min-replicas-to-write it refuses (NOREPLICAS). Nothing is decided or sent then, the daemon says why, the
    web answers 503, nudgectl fails with Redis' words, and all goes on by itself when a replica is back."""
    web_shop(shop)
    world = begin(replicas=1, options=["min-replicas-to-write 1", "min-replicas-max-lag 1"], daemons=("one",))
    daemon, event = world.daemons[0], {"type": "order.placed", "id": "a", "order": {"id": "web"},
                                      "customer": {"id": 1, "email": "a@example.com"}}
    web, [replica] = Web(daemon), world.redis.replicas()
    refused = "degraded: Redis refuses: NOREPLICAS Not enough good replicas to write."
    replica.pause()
    for page, state in (("/health", "running"), ("/ready", "no lease")):
        wait_until(lambda page=page, state=state: daemon.ask("GET", page) == (503, f"{state}\n{refused}\n"),
                   lambda page=page: daemon.ask("GET", page))
    status, headers, said = web.post(event, token=TOKEN)
    assert status == 503 and int(headers["Retry-After"]) > 0, (status, headers, said)
    status, _, errors = shop.ctl("push", stdin=json.dumps(event))
    assert status != 0 and "NOREPLICAS" in errors, (status, errors)
    copies = len(world.server.copies)
    replica.resume()
    world.wait_kept()
    daemon.wait_healthy()
    assert web.post(event, token=TOKEN)[0] == 202
    wait_until(lambda: len(world.server.copies) > copies, "messages to go on")
    assert daemon.log().count("the lease of this daemon cannot be renewed") == 1
    world.judge()
    assert not [times for times in world.server.copies.values() if len(times) > 1]


def test_a_failover_to_a_replica_that_was_resynced_under_load(begin):
    """The master has given it up, as more waited for it than may; so it has all of it anew, while orders come."""
    world = begin(replicas=1, options=["repl-backlog-size 16kb", "client-output-buffer-limit replica 64kb 32kb 1"])
    master, [replica] = world.redis.owner(), world.redis.replicas()
    world.load.begin_fault()
    replica.pause()
    before = master.client.info("stats")["sync_full"]
    master.client.set("filler", b"x" * 32_000_000)  # more than sockets hold
    wait_until(lambda: master.client.info("replication")["connected_slaves"] == 0, "the replica to be given up")
    replica.resume()
    wait_until(lambda: master.client.info("stats")["sync_full"] > before, "a full resync")
    world.redis.wait_whole()
    world.load.end_fault()
    world.wait_kept()
    world.load.begin_fault()
    master.kill()
    world.redis.wait_replaced(master)
    world.load.end_fault()
    master.start()
    world.wait_kept()
    world.judge()
