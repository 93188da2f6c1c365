"""Many who watch one product are told of it by daemons that are killed meanwhile: each once."""

import signal

from conftest import wait_until

RULES = """
name: back
class: transactional
on: product.restocked
send: {template: back, data: {title: product.title}}
---
name: cheaper
class: transactional
on: product.price_changed
if: product.price < product.was
send: {template: back, data: {title: product.title}}
"""


def settings(shop):
    shop.rules(RULES)
    shop.template("back.text.liquid", "---\nsubject: '{{ customer.id }} {{ title }}'\n---\nx\n")


def customer(number):
    return {"id": number, "email": f"c{number}@example.com"}


def watch(number, sku="POT", what="added", **more):
    return {"type": f"watch.{what}", "customer": customer(number), "product": {"sku": sku}, **more}


def restocked(sku="POT", **more):
    return {"type": "product.restocked", "id": "r1", "product": {"sku": sku, "title": "Teapot"}, **more}


def is_told(shop):
    return shop.idle() and shop.client.hlen("nudged:tell") == 0 and shop.idle()


def kills(people):
    """Where a daemon is killed, at which passage: near the ends, and so far in that its like remains."""
    return [("commit-answered", 1), ("tell", 2), ("told", 3), ("commit", people // 50),
            ("commit-answered", people // 33), ("told", people // 500), ("tell", people // 600)]


def run(shop, people):
    """`shop` has a Redis and settings(). From 1,200 people on."""
    shop.config["gateways"] = {"folder": {"kind": "maildir", "path": str(shop.folder / "mail")}}
    daemon = shop.daemon().spawn()
    for first in range(0, people, 500):
        shop.push(*(watch(i) for i in range(first, min(first + 500, people))))
    shop.wait_idle(300)
    assert shop.client.zcard("nudged:watch:POT") == people
    assert daemon.stop() == 0
    shop.push(restocked())
    for point, times in kills(people):
        daemon.spawn(f"{point}=kill@{times}", wait=False)
        assert daemon.ended() == -signal.SIGKILL, daemon.log()
    assert shop.client.hlen("nudged:tell") == 1  # they all came before its end
    daemon.spawn()
    wait_until(lambda: is_told(shop), "all to be told", 300)
    mails = (shop.folder / "mail").glob("new/*")
    subjects = [line for path in mails for line in path.read_text().splitlines() if line.startswith("Subject: ")]
    assert len(subjects) == len(set(subjects)) == people
