"""An installation of format 3, whose messages were hashes from the moment that they were begun at once, goes on under
this program. What that program had left when its daemons were killed stands in format_3.json, as commands that write it
again; its times are moved. Of customers

    1       a receipt in a daemon's hand            2       an offer in another's
    4       a receipt that is tried again"""

import pytest

from conftest import wait_until
from messages import message
from test_at_once import begun, held, ready, subjects
from test_before_at_once import customers, ended, event, left_by


@pytest.fixture
def former(shop):
    return left_by(shop, "format_3.json")


def test_it_goes_on(former):
    """What was in hand may have arrived; what begins from now on is packed."""
    assert len(begun(former)) == len(begun(former, "email:marketing")) == 1
    daemon = former.daemon("one").spawn()
    wait_until(lambda: ended(former), daemon.log)
    assert subjects(former) == ["paid 1", "paid 4"]
    assert customers(former, "nudged:uncertain") == ["id:2"]
    assert former.client.hget("nudged:meta", "format") == b"4"
    assert former.dead() == [] and begun(former) == begun(former, "email:marketing") == {}
    daemon.stop()
    words, gate, reached = held(former, "send-begin")
    ready(former, failpoints=words)
    former.push(event(13, "paid"))
    wait_until(reached.exists, "the sender")
    [mid] = begun(former)
    assert former.client.type(f"nudged:message:{mid}") == b"string"
    assert message(former.client, mid)["customer"] == "id:13"
    gate.unlink()
    former.wait_idle()
    assert subjects(former) == ["paid 13"]


def test_its_daemon_must_have_ended(former):
    """One that lives would take what is packed for no message."""
    consumer = former.client.xinfo_consumers("nudged:events", "nudged")[0]["name"].decode()
    name, epoch = consumer.rsplit(":", 1)
    former.client.set(f"nudged:instance:{name}", epoch, px=10_000)
    daemon = former.daemon("three")
    daemon.spawn(wait=False)
    assert daemon.ended() != 0
    assert consumer in daemon.log() and former.client.hget("nudged:meta", "format") == b"3"
