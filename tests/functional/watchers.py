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
    """Where daemons are killed, at which passage: first as they tell, where it is known how many are told by then, and
    that some remain; then as they decide, which may be slower."""
    return [("commit-answered", 1), ("tell", 2), ("told", 3), ("told", people // 500), ("tell", people // 600)], \
        [("commit", people // 150), ("commit-answered", people // 33)]


def kill(daemon, points):
    for point, times in points:
        daemon.spawn(f"{point}=kill@{times}", wait=False)
        assert daemon.ended() == -signal.SIGKILL, daemon.log()


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
    telling, deciding = kills(people)
    kill(daemon, telling)
    assert shop.client.hlen("nudged:tell") == 1  # they all came before its end
    kill(daemon, deciding)
    daemon.spawn()
    wait_until(lambda: is_told(shop), "all to be told", 300)
    mails = (shop.folder / "mail").glob("new/*")
    subjects = [line for path in mails for line in path.read_text().splitlines() if line.startswith("Subject: ")]
    assert len(subjects) == len(set(subjects)) == people
