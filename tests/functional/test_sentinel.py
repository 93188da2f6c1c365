"""nudged with a master that Sentinels watch: it dies under load, hangs and comes back, is cut off, and loses
its replicas. Nothing that it had acknowledged and handed on is lost, nothing is sent twice but what it had
written last."""

import json

import pytest

from cluster_load import Background, ClusterLoad, TimedServer
from conftest import wait_until
from redis_sentinel import RedisSentinel
from shards import Shards

RULES = """
name: each
class: transactional
on: order.placed
send: each
"""


class World:
    """A shop over Sentinels, with two daemons, and orders that come all the time."""

    def __init__(self, shop, shards=0, **options):
        self.redis = shop.add(RedisSentinel(shop.folder / "sentinel", **options).start())
        self.shop, self.shards = shop, Shards(shop, shards, self.redis)
        self.server = shop.add(TimedServer())
        shop.config["gateways"] = {"smtp": {"kind": "smtp", "host": "127.0.0.1", "port": self.server.port,
                                            "tls": "never"}}
        shop.rules(RULES)
        shop.template("each.text.liquid", "---\nsubject: '{{ message.rule }} {{ order.id }}'\n---\nx")
        self.daemons = [shop.daemon(name).spawn() for name in ("one", "two")]
        self.shards.wait_shared("one", "two", each=2)
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
