"""An installation of the release before messages began at once goes on under this program. What that program had left
when it was killed stands in before_at_once.json, as commands that write it again; its times are moved. Of customers

    1, 2    receipts in its hand             3, 4    offers in its hand; then 3 said no to all
    5, 6    receipts in the outbox           7, 8    offers in the outbox; then 7 said no, and 8 ordered
    9       a receipt that is tried again    10      an offer that is held
    11      paid: read, not decided          12      paid: nobody has read it

and events that nothing reads: one was read by that program, one was not."""

import json
import pathlib
import signal

import pytest

from conftest import wait_until
from test_at_once import begun, held, ready, subjects
from test_format_1 import load

MINUTE = 60_000
RULES = """
{name: receipt, class: transactional, on: paid, on_uncertain: resend, send: mail}
---
{name: offer, on: offer, until: order, on_uncertain: hold, send: mail}
"""
TEMPLATE = "---\nsubject: '{{ event.type }} {{ customer.id }}'\n---\n{{ unsubscribe_url }}\n"


def event(number, kind):
    return {"type": kind, "id": f"{kind}{number}",
            "customer": {"id": number, "email": f"c{number}@example.com", "accepts_marketing": True}}


def left_by(shop, name):
    """A shop with what another program had left in Redis, a minute ago."""
    data = json.loads((pathlib.Path(__file__).parent / name).read_text())
    shop.redis()
    shop.mail = shop.smtp(connections=4)
    shop.rules(RULES)
    shop.template("mail.text.liquid", TEMPLATE)
    shop.config["mail"]["unsubscribe_mailto"] = "out@shop.example"
    state = pathlib.Path(shop.config["state"])
    state.mkdir()
    (state / "secret").write_text(data["secret"])
    (state / "secret").chmod(0o600)
    load(shop, data, MINUTE)
    return shop


@pytest.fixture
def before(shop):
    return left_by(shop, "before_at_once.json")


RECEIPTS = sorted(f"paid {number}" for number in (1, 2, 5, 6, 9, 11, 12))


def hurry(shop):
    waiting = shop.client.zrange("nudged:later", 0, -1)
    if waiting:
        shop.client.zadd("nudged:later", dict.fromkeys(waiting, 1), xx=True)


def ended(shop):
    hurry(shop)
    return shop.client.zcard("nudged:later") == 0 and shop.idle()


def customers(shop, key):
    mids = [mid.decode() for mid in shop.client.zrange(key, 0, -1)]
    return sorted(shop.client.hget(f"nudged:message:{mid}", "customer").decode() for mid in mids)


def check(shop):
    """Nothing is lost; what was in a sender's hand may have arrived: an offer is held, or ended by a no."""
    assert customers(shop, "nudged:uncertain") == ["id:10", "id:4"]
    for number in (7, 8):
        assert "withdrawn" in [what for _, what, _ in shop.trace(f"id:{number}")]
    assert "withdrawn, may have arrived" in [what for _, what, _ in shop.trace("id:3")]
    assert shop.dead() == [] and not shop.client.exists("nudged:begun:email:transactional")


def test_it_goes_on(before):
    """And once its outbox is empty, messages begin at once."""
    daemon = before.daemon("one").spawn()
    wait_until(lambda: ended(before), daemon.log)
    assert subjects(before) == RECEIPTS
    check(before)
    assert daemon.figure("nudged_events_unread_total") == 2
    words, gate, reached = held(before, "send-begin")
    daemon.stop()
    ready(before, failpoints=words)
    before.push(event(13, "paid"))
    wait_until(reached.exists, "the sender")
    assert len(begun(before)) == 1
    gate.unlink()
    before.wait_idle()
    assert subjects(before) == ["paid 13"]


@pytest.mark.parametrize("point", ["begun", "commit-answered", "taken", "sent", "unread-answered"])
def test_killed_as_it_goes_on(before, point):
    daemon = before.daemon("one")
    daemon.spawn(f"{point}=kill@1", wait=False)
    assert daemon.ended() == -signal.SIGKILL
    daemon.spawn()
    wait_until(lambda: ended(before), daemon.log)
    sent = subjects(before)
    assert sorted(set(sent)) == RECEIPTS
    twice = {subject for subject in sent if sent.count(subject) > 1}
    for subject in twice:
        assert "uncertain" in [what for _, what, _ in before.trace(f"id:{subject.split()[1]}")]
    check(before)
