"""Who watches a product hears what happens to it: each once, whatever becomes of the daemon."""

import json

import pytest
import watchers
from conftest import wait_until
from watchers import customer, is_told, restocked, watch
from web_intake import Web, web_shop

KEEP = 400 * 24 * 60 * 60 * 1000


@pytest.fixture
def watched(shop):
    shop.redis()
    shop.sink = shop.smtp()
    watchers.settings(shop)
    return shop


def told(shop):
    """The subjects of all mails that were sent."""
    wait_until(lambda: is_told(shop), "all to be told")
    return sorted(mail["Subject"] for mail in shop.sink.all_mails())


def test_each_watcher_gets_an_event(watched):
    watched.daemon().spawn()
    watched.push(watch(1), watch(2), watch(3, "CUP"), watch(4), watch(4, what="removed"))
    watched.wait_idle()
    watched.push(restocked())
    assert told(watched) == ["1 Teapot", "2 Teapot"]
    assert watched.dead() == []
    watched.push(restocked())  # the same once more: it has its id
    assert told(watched) == []
    watched.push(restocked(id="r2"))
    assert told(watched) == ["1 Teapot", "2 Teapot"]
    status, out, _ = watched.ctl("explain", "1")
    assert status == 0
    assert "product.restocked" in out and "back" in out, out


def test_prices(watched):
    watched.daemon().spawn()
    watched.push(watch(1), watch(2))
    watched.wait_idle()
    for was, price, expected in [(20, 30, []), (30, 20, ["1 Teapot", "2 Teapot"])]:
        watched.push({"type": "product.price_changed", "id": f"p{price}",
                      "product": {"sku": "POT", "title": "Teapot", "price": price, "was": was}})
        assert told(watched) == expected


def test_the_newest_word_stands(watched):
    watched.daemon().spawn()
    watched.push(watch(1, what="removed", time="2026-03-02T10:00:00Z"), watch(1, time="2026-03-02T09:00:00Z"),
                 watch(2, time="2026-03-02T10:00:00Z"), watch(2, what="removed", time="2026-03-02T09:00:00Z"))
    watched.wait_idle()
    watched.push(restocked())
    assert told(watched) == ["2 Teapot"]


def test_who_is_joined_is_told_once(watched):
    watched.daemon().spawn()
    guest = {"email": "c1@example.com"}
    watched.push({**watch(1), "customer": guest}, {**watch(1, "CUP"), "customer": guest},
                 {**watch(1), "customer": {"id": 1}})
    watched.wait_idle()
    assert watched.client.zcard("nudged:watch:POT") == 2
    watched.push({"type": "order.placed", "customer": customer(1)})
    watched.wait_idle()
    assert watched.client.zrange("nudged:watch:POT", 0, -1) == [b"id:1"]
    assert watched.client.zrange("nudged:watch:CUP", 0, -1) == [b"id:1"]
    assert not watched.client.exists("nudged:watching:email:c1@example.com")
    watched.push(restocked(), restocked("CUP", id="r3"))
    assert told(watched) == ["1 Teapot", "1 Teapot"]


def test_who_is_erased_watches_nothing(watched):
    watched.daemon().spawn()
    watched.push(watch(1), watch(2))
    watched.wait_idle()
    watched.push({"type": "customer.erased", "customer": customer(1)})
    watched.wait_idle()
    assert watched.client.zrange("nudged:watch:POT", 0, -1) == [b"id:2"]
    assert not watched.client.exists("nudged:watching:id:1")
    watched.push(restocked())
    assert told(watched) == ["2 Teapot"]


def test_watches_are_exported_and_come_back(watched):
    daemon = watched.daemon().spawn()
    watched.push(watch(1), watch(1, "CUP"), watch(1, "CUP", "removed"))
    watched.wait_idle()
    status, exported, _ = watched.ctl("customer", "export", "1")
    assert status == 0
    found = {row["product"]: row["watches"] for row in json.loads(exported)["watches"]}
    assert found == {"POT": True, "CUP": False}
    path = watched.folder / "export.json"
    path.write_text(exported)
    daemon.stop()
    watched.client.flushall()  # another installation
    daemon.spawn()
    status, out, err = watched.ctl("customer", "import", str(path))
    assert status == 0, out + err
    assert watched.client.zrange("nudged:watch:POT", 0, -1) == [b"id:1"]
    assert not watched.client.exists("nudged:watch:CUP")
    assert json.loads(watched.ctl("customer", "export", "1")[1])["watches"] == json.loads(exported)["watches"]


def test_bounds_and_lifetimes(watched):
    watched.daemon().spawn()
    watched.push(*(watch(1, f"P{i}", time=1772445600 + i) for i in range(120)))
    watched.wait_idle()
    mine = watched.client.hgetall("nudged:watching:id:1")
    assert sorted(mine) == sorted(f"P{i}".encode() for i in range(20, 120))
    assert len(watched.client.keys("nudged:watch:*")) == 100
    for key in ("nudged:watching:id:1", "nudged:watch:P119"):
        assert KEEP - 60000 < watched.client.pttl(key) <= KEEP


def test_what_is_no_product_is_a_dead_letter(watched):
    watched.daemon().spawn()
    watched.push({"type": "product.restocked", "product": {"title": "Teapot"}}, {"type": "order.placed"},
                 {**restocked(), "customer": customer(7)})
    assert told(watched) == ["7 Teapot"]  # one that names a customer is theirs alone, as any event
    assert [letter["reason"] for letter in watched.dead()] == [b"no-customer"] * 2


def test_over_the_web(watched):
    web_shop(watched)
    web = Web(watched.daemon().spawn())
    assert web.post([watch(1), watch(2)])[0] == 202
    watched.wait_idle()
    status, _, answer = web.post(restocked())
    assert status == 202, answer
    assert told(watched) == ["1 Teapot", "2 Teapot"]


def test_killed_while_all_are_told(watched):
    """SIGKILL again and again, in the middle of it: nobody twice, nobody forgotten."""
    watchers.run(watched, 1500)
