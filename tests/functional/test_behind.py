"""Marketing that stands in the outbox waits while events are behind: nothing of it is begun after an
opt-out or an order that Redis accepted before. Receipts go on."""

import json

import pytest

from conftest import wait_until

RULES = """
name: news
on: news
give_up: 1h
send: letter
---
name: cart
on: cart.updated
until: order.placed
give_up: 1h
send: letter
---
name: receipt
class: transactional
on: order.placed
send: receipt
"""

LETTERS, RECEIPTS = range(40), range(100, 120)


def event(kind, number):
    return {"type": kind, "id": f"{kind}-{number}", "customer": {
        "id": number, "email": f"c{number}@example.com", "accepts_marketing": True}}


def events(kind, numbers):
    return [event(kind, number) for number in numbers]


@pytest.fixture
def closed(shop):
    """A shop whose gateway takes nothing before `open()`."""
    shop.redis()
    shop.mail = shop.smtp(connections=4)
    shop.mail.greylisting = True
    shop.rules(RULES)
    for name in ("letter", "receipt"):
        shop.template(f"{name}.text.liquid", f"---\nsubject: '{name} {{{{ customer.id }}}}'\n---\nx")
    return shop


def put_off(shop, failpoints=""):
    """Carts of even numbers, news of odd ones, and receipts: all wait for another try."""
    daemon = shop.daemon().spawn(failpoints)
    shop.push(*events("cart.updated", LETTERS[::2]), *events("news", LETTERS[1::2]),
              *events("order.placed", RECEIPTS))
    count = len(LETTERS) + len(RECEIPTS)
    wait_until(lambda: shop.client.zcard("nudged:later") == count, "the messages to be put off")
    return daemon


def end_some(shop, push):
    """Every other cart's order, every other reader's opt-out, behind much else. Who is left."""
    push(*events("noise", range(1000, 3000)), *events("order.placed", LETTERS[::4]),
         *events("customer.unsubscribed", LETTERS[1::4]))
    wait_until(lambda: shop.client.llen("nudged:inbox") + shop.client.xlen("nudged:events") > 0,
               "the events")
    seconds = shop.client.time()[0]
    wait_until(lambda: shop.client.time()[0] >= seconds + 2, "them to be older than a second")
    return {number for number in LETTERS if number % 4 > 1}


def open_gateway(shop):
    """And all that was put off is due."""
    shop.mail.greylisting = False
    mids = shop.client.zrange("nudged:later", 0, -1)
    shop.client.zadd("nudged:later", dict.fromkeys(mids, 1))


def push_list(shop):
    def push(*pushed):
        shop.client.lpush("nudged:inbox", *map(json.dumps, pushed))
    return push


def sent(shop, before=()):
    """Who got a letter, and a receipt; each once."""
    wait_until(lambda: shop.client.zcard("nudged:later") == 0 and shop.idle(), "all to be sent")
    subjects = [*before, *(mail["Subject"] for mail in shop.mail.all_mails())]
    assert len(subjects) == len(set(subjects))
    return tuple({int(s.split()[1]) for s in subjects if s.startswith(kind)}
                 for kind in ("letter", "receipt"))


@pytest.mark.parametrize("way", ["stream", "list"])
def test_while_no_daemon_was_there(closed, way):
    put_off(closed).kill()
    left = end_some(closed, closed.push if way == "stream" else push_list(closed))
    open_gateway(closed)
    for name in ("one", "two"):
        closed.daemon(name, events={"batch": 5}).spawn()
    assert sent(closed) == (left, {*RECEIPTS, *LETTERS[::4]})


def test_an_intake_that_is_stopped(closed):
    """A shared key is wrong, and no event can be decided. Receipts that wait go at once."""
    put_off(closed).kill()
    closed.client.lpush("nudged:due", "not what it should be")
    left = end_some(closed, closed.push)
    open_gateway(closed)
    daemon = closed.daemon("two").spawn()
    receipts = [closed.mail.next_mail()["Subject"] for _ in RECEIPTS]
    wait_until(lambda: daemon.status()["behind"] == 1, "it to be told")
    answer = daemon.ask("GET", "/health")
    assert "degraded: nudged:due is a list" in answer[1] and "\nbehind: " in answer[1]
    assert answer[0] == 200
    assert daemon.figure("nudged_channels_behind") == 1
    assert "marketing waits for events that came before it" in closed.ctl("status", config=daemon.config)[1]
    assert closed.mail.mails.empty()
    closed.client.delete("nudged:due")
    assert sent(closed, receipts) == (left, {*RECEIPTS, *LETTERS[::4]})
    wait_until(lambda: daemon.status()["behind"] == 0, "it to be over")
    assert "behind: " not in daemon.ask("GET", "/health")[1]


def test_two_daemons_of_which_one_dies(closed):
    """One has read the orders and the opt-outs, and is killed before it decides them. The other has
    a gateway that works, and no event to read."""
    commits = len(LETTERS) + len(RECEIPTS)
    dying = put_off(closed, f"commit=kill@{commits + 1}")
    left = end_some(closed, closed.push)
    dying.ended()
    open_gateway(closed)
    other = closed.daemon("two").spawn()
    receipts = [closed.mail.next_mail()["Subject"] for _ in RECEIPTS]
    wait_until(lambda: other.status()["behind"] == 1, "letters to wait")
    closed.client.delete("nudged:instance:one")  # as if its lease had run out
    assert sent(closed, receipts) == (left, {*RECEIPTS, *LETTERS[::4]})
