"""lookup(): what the shop keeps in Redis, as it is when a condition is asked."""

import json

from conftest import wait_until

RULES = """
name: back
class: transactional
on: product.watched
again: ignore
if: lookup("stock", product.sku, 0) == 0
until: {on: stock.changed, if: 'lookup("stock", start.product.sku, 0) == 7'}
steps:
  - wait: 1s
  - if: lookup("stock", product.sku, 0) > 0
    then:
      - send:
          template: letter
          data: {price: 'lookup("price", lookup("group", product.sku, "none"), {"eur": 9}).eur'}
    else:
      - send: {template: letter, data: {price: '"none"'}}
"""


def open_shop(shop):
    shop.redis()
    shop.mail = shop.smtp()
    shop.rules(RULES)
    shop.template("letter.text.liquid", "---\nsubject: '{{ price }}'\n---\nx")
    return shop.daemon().spawn()


def watched(number, sku="TEA"):
    return {"type": "product.watched", "id": str(number), "product": {"sku": sku},
            "customer": {"id": number, "email": f"c{number}@example.com"}}


def test_later_value(shop):
    """What is asked after a wait is what stands there then; a key may depend on another answer."""
    daemon = open_shop(shop)
    shop.push(watched(1))
    wait_until(lambda: shop.trace("id:1"), "the journey")
    shop.client.hset("nudged:table:stock", "TEA", 3)
    shop.client.hset("nudged:table:group", "TEA", "hot")
    shop.client.hset("nudged:table:price", "hot", json.dumps({"eur": 4.5}))
    assert shop.mail.next_mail()["Subject"] == "4.5"
    shop.push(watched(2))
    shop.wait_idle()
    assert [did[1] for did in shop.trace("id:2")] == ["no-match"]
    shop.client.hdel("nudged:table:stock", "TEA")
    shop.push(watched(3))
    assert shop.mail.next_mail()["Subject"] == "none"
    assert shop.client.hlen("nudged:table:price") == 1  # nothing is written there
    assert daemon.figure("nudged_lookups_total") > 0


def test_wrong_type(shop):
    daemon = open_shop(shop)
    shop.client.set("nudged:table:stock", "TEA")
    shop.push(watched(1))
    shop.wait_idle()
    assert shop.trace("id:1") == [(None, "no-match", "lookup(): nudged:table:stock is not a hash")]
    assert "nudged:table:stock is not a hash" in daemon.ask("GET", "/health")[1]
    assert daemon.log().count("nudged:table:stock") == 1
    status, out, _ = shop.ctl("explain", "1")
    assert status == 0 and "nudged:table:stock is not a hash" in out, out


def test_until(shop):
    """It is asked when the event of `until` comes, of the start's product."""
    open_shop(shop)
    shop.push(watched(1))
    wait_until(lambda: shop.trace("id:1"), "the journey")
    shop.client.hset("nudged:table:stock", "TEA", 7)
    shop.push({"type": "stock.changed", "id": "s", "customer": {"id": 1}})
    wait_until(lambda: ("back", "ended", "until") in shop.trace("id:1"), "its end")


def test_many_at_once(shop):
    """A batch of one customer's events may ask for more than one of them could."""
    shop.redis()
    shop.smtp()
    shop.rules("name: r\nclass: transactional\non: x\nif: '[0,1,2,3,4,5,6,7,8,9].all(i, "
               "lookup(\"t\", k + string(i), 1) == 1)'\nsend: letter\n")
    shop.template("letter.text.liquid", "---\nsubject: 'a'\n---\nx")
    daemon = shop.daemon()
    daemon.spawn()
    shop.push(*({"type": "x", "id": f"{n}", "k": f"k{n}-", "customer": {"id": 7, "email": "a@example.com"}}
                for n in range(60)))
    shop.wait_idle()
    assert [did[1] for did in shop.trace("id:7") if did[1] in ("sends", "no-match")] == ["sends"] * 50
    assert daemon.figure("nudged_messages_decided_total", channel="email") == 60


def test_eval(shop, tmp_path):
    shop.redis()
    shop.daemon()
    table = tmp_path / "tables.json"
    table.write_text('{"stock": {"TEA": 3}}')
    ask = ['lookup("stock", "TEA", 0) + lookup("stock", "JAM", 1)']
    assert shop.ctl("eval", "--table", str(table), *ask)[:2] == (0, "4\n")
    status, _, errors = shop.ctl("eval", *ask)
    assert status == 1 and "no table is known here" in errors
