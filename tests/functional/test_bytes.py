"""What a customer takes of Redis, as docs/performance.md says it."""

import re

from conftest import SOURCE

RULES = """name: cart
class: transactional
on: cart.updated
again: restart
until: order.placed
wait: 1h
send: cart
"""
BOUNDS = {"document": 392, "trace": 280, "waiting": 760}


def measure(shop):
    """Bytes by MEMORY USAGE: of a customer with one order, and of one with a waiting cart."""
    shop.redis()
    shop.smtp()
    shop.rules(RULES)
    shop.template("cart.text.liquid", "---\nsubject: cart\n---\nx\n")
    shop.daemon().spawn()
    line = {"title": "A hundred bytes: all that belongs to one line of a cart", "price": 12.5, "count": 2}
    shop.push({"type": "order.placed", "id": "o1", "order": {"id": "o1", "total": 64.9},
               "customer": {"id": 7, "email": "ana@example.com", "accepts_marketing": True}},
              {"type": "cart.updated", "id": "c1", "cart": {"id": "c1", "lines": [line] * 31, "note": "x" * 40},
               "customer": {"id": 8, "email": "eva@example.com"}})
    shop.wait_idle()

    def usage(key):
        return shop.client.memory_usage(f"nudged:{key}", samples=0)

    [start] = shop.client.lrange("nudged:starts:id:8", 0, -1)
    assert 3000 < len(start) < 3060  # what 3 KB of the allocator have room for
    return {"document": usage("customer:id:7"), "trace": usage("trace:id:7"),
            "waiting": usage("customer:id:8") + usage("starts:id:8") - len(start)}


def test_bytes_of_a_customer(shop):
    measured = measure(shop)
    print(measured)
    assert all(measured[what] <= most for what, most in BOUNDS.items()), measured
    if not shop.client.info("server")["redis_version"].startswith("7.0."):
        return  # the page's figures are that one's
    page = (SOURCE / "docs/performance.md").read_text()
    told = dict(re.findall(r"^\| `(\w+)` \|.*\| (\d+) \|$", page, re.M))
    assert {what: int(told[what]) for what in BOUNDS} == measured
