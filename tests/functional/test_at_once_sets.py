"""Messages that begin at once, of daemons whose rules differ, under one cap, and beside an outbox that is full: each of
two decides as if it were alone, and Redis says which of them may."""

import json
import signal
import time

import pytest

from conftest import wait_until
from test_at_once import begun, hello, hello_shop, held, ready, subjects  # noqa: F401
from test_rule_sets import daemon

NEWS = """
{name: news, on: news, send: news}
---
{name: offer, on: offer, priority: 3, send: hello}
"""


@pytest.fixture
def capped_shop(hello_shop):  # noqa: F811
    """One offer in a week, whichever rule it is of."""
    hello_shop.config["policy"] = {"cap": "1 per 7d"}
    hello_shop.template("news.text.liquid", "---\nsubject: news {{ customer.id }}\n---\nnews\n")
    return hello_shop


def told(shop, number=1):
    return [item for item in shop.trace(f"id:{number}") if item[1] in ("sends", "refused")]


@pytest.mark.parametrize("dies", ["", "begun=kill@1"], ids=["both live", "one dies over its message"])
def test_one_cap(capped_shop, dies):
    """The one that is held decided that there is a place; meanwhile the other, with other rules, has taken it, and
    keeps it, also where nobody knows what became of its message."""
    words, gate, reached = held(capped_shop, "commit")
    ready(capped_shop, failpoints=words)
    capped_shop.push(hello(1, "offer"))
    wait_until(reached.exists, "the commit")
    other = daemon(capped_shop, "two", NEWS).spawn(failpoints=dies)
    capped_shop.push(hello(1, "news"))
    if dies:
        assert other.ended() == -signal.SIGKILL
    else:
        assert capped_shop.mail.next_mail()["Subject"] == "news 1"
    gate.unlink()
    wait_until(lambda: len(told(capped_shop)) == 2, lambda: f"{capped_shop.trace('id:1')}")
    assert ("offer", "refused", "cap") in told(capped_shop)
    if dies:
        other.lapse()
        wait_until(lambda: capped_shop.client.zcard("nudged:uncertain") == 1, "the message to be held")
    capped_shop.wait_idle()
    assert capped_shop.mail.mails.empty() and not begun(capped_shop, "email:marketing")


def test_the_outbox_fills_meanwhile(capped_shop):
    """One has decided that a message begins at once; behind its back the gateway is paused and the other fills the
    outbox, so that sends wait for room. Whoever wakes them, each goes out once."""
    shop = capped_shop
    shop.config["outbox"] = {"most": 100}
    words, gate, reached = held(shop, "commit")
    ready(shop, failpoints=words)
    shop.push(hello(1, "offer"))
    wait_until(reached.exists, "the commit")
    shop.client.hset("nudged:paused", "smtp", json.dumps({"at": int(time.time() * 1000), "by": "test"}))
    daemon(shop, "two", NEWS).spawn()
    shop.push(*[hello(number, "news") for number in range(2, 152)])
    wait_until(lambda: shop.client.xlen("nudged:events") == 1, "all but the first to be decided")
    wait_until(lambda: shop.client.zcard("nudged:full:marketing") > 0, "some to wait for room")
    gate.unlink()
    wait_until(lambda: shop.client.xlen("nudged:events") == 0, "the first to be decided")
    assert shop.mail.mails.empty()
    shop.client.hdel("nudged:paused", "smtp")
    wait_until(lambda: shop.mail.mails.qsize() == 151, lambda: f"all mails; {shop.mail.mails.qsize()} came")
    shop.wait_idle()
    assert subjects(shop) == sorted(["hello 1"] + [f"news {number}" for number in range(2, 152)])
    assert shop.dead() == []
