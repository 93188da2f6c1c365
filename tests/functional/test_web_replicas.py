"""`web.wait_replicas`: what the web is told to be taken outlives the loss of the master, and what replicas
do not have in time is refused, and taken once when it comes again."""

import threading

import pytest

from conftest import wait_until
from redis_sentinel import RedisSentinel
from shards import Shards
from web_intake import EVENT, Web, web_shop

RULES = "{name: each, class: transactional, on: order.placed, send: each}"


@pytest.fixture
def begin(shop):
    """A shop over a master with one replica, and the way to its web."""
    def start(shards=0, **web):
        servers = shop.add(RedisSentinel(shop.folder / "sentinel", replicas=1).start())
        spread = Shards(shop, shards, servers)
        mail = shop.smtp()
        shop.rules(RULES)
        shop.template("each.text.liquid", "---\nsubject: '{{ order.name }}'\n---\nx")
        daemon = web_shop(shop, **web).daemon().spawn()
        return servers, spread, mail, daemon, Web(daemon)
    return start


@pytest.mark.parametrize("shards", [0, 4])
@pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": "one"}], ids=["id", "key"])
def test_a_replica_that_lags(begin, shards, headers):
    """503 as long as it does, whatever the event is known by; then the repetition is one with the first."""
    servers, spread, mail, daemon, web = begin(shards, wait_replicas=1, wait_timeout="1s")
    replica = servers.replicas()[0]
    replica.pause()
    for _ in range(2):
        status, told, body = web.post(EVENT, **headers)
        assert (status, bool(told["Retry-After"])) == (503, True)
        assert body["reason"] == "replicas-behind" and "Redis has the events" in body["detail"]
    wait_until(lambda: daemon.figure("nudged_web_refused_total", reason="replicas-behind") == 2, "the figures")
    replica.resume()
    wait_until(lambda: web.post(EVENT, **headers)[0] == 202, "the replica to have it")
    spread.wait_idle()
    assert [one["Subject"] for one in mail.all_mails()] == ["#1001"]


def test_more_replicas_than_there_are(begin):
    _, _, _, _, web = begin(wait_replicas=2, wait_timeout="300ms")
    assert web.post(EVENT)[0] == 503


def test_many_at_once_share_a_question(begin):
    servers, _, _, _, web = begin(wait_replicas=1, wait_timeout="8s")
    master = servers.owner()
    before = master.client.info("commandstats")["cmdstat_info"]["calls"]
    answers = []
    posts = [threading.Thread(target=lambda n=n: answers.append(web.post({**EVENT, "id": f"o{n}"})[0]))
             for n in range(40)]
    for post in posts:
        post.start()
    for post in posts:
        post.join()
    assert answers == [202] * 40
    assert master.client.info("commandstats")["cmdstat_info"]["calls"] - before < 40


def test_a_master_that_dies_after_its_word(begin):
    """With the daemon, so that nobody knows of the event but the replica."""
    servers, spread, mail, daemon, web = begin(wait_replicas=1, wait_timeout="8s")
    lost = servers.owner()
    assert web.post(EVENT)[0] == 202
    lost.kill()
    daemon.kill()
    heir = servers.wait_replaced(lost)
    daemon.spawn()
    wait_until(lambda: heir.client.exists("nudged:trace:id:7"), "the event to be decided")
    spread.wait_idle()
    assert {one["Subject"] for one in mail.all_mails()} == {"#1001"}


def test_nobody_is_waited_for_by_default(begin):
    servers, _, _, _, web = begin()
    servers.replicas()[0].pause()
    assert web.post(EVENT)[0] == 202
