"""A daemon that was killed, and starts again: of what it had in hand it knows how far each message was, so
that only what its gateway may have taken is uncertain."""

import signal

import pytest
import yaml

from conftest import is_stopped, wait_until
from test_at_once import begun, hello, hello_shop, ready, subjects  # noqa: F401

UNSENT = ["send-begin", "send-before-end"]  # nobody can have it
TAKEN = ["sent", "settle"]  # the gateway has said so, and Redis does not know


def killed(shop, place, kind):
    daemon = ready(shop, failpoints=f"{place}=kill@1")
    shop.push(hello(1, kind))
    assert daemon.ended() == -signal.SIGKILL
    return daemon


def whats(shop):
    return [what for _, what, _ in shop.trace("id:1")]


@pytest.mark.parametrize("kind", ["hello", "offer"])
@pytest.mark.parametrize("place", UNSENT)
def test_what_nobody_can_have_goes_out_once(hello_shop, place, kind):  # noqa: F811
    killed(hello_shop, place, kind).spawn()
    hello_shop.wait_idle()
    assert subjects(hello_shop) == ["hello 1"]
    assert hello_shop.client.zcard("nudged:uncertain") == 0
    assert whats(hello_shop) == ["sends", "sent"]


@pytest.mark.parametrize("kind", ["hello", "offer"])
@pytest.mark.parametrize("place", TAKEN)
def test_what_was_taken_does_not_go_again(hello_shop, place, kind):  # noqa: F811
    daemon = killed(hello_shop, place, kind).spawn()
    hello_shop.wait_idle()
    assert subjects(hello_shop) == ["hello 1"]
    assert hello_shop.client.zcard("nudged:uncertain") == 0 and hello_shop.client.keys("nudged:message:*") == []
    assert hello_shop.trace("id:1")[-1][1:] == ("sent", "its daemon ended")
    assert "1 messages had gone when a daemon ended" in daemon.log()
    assert daemon.figure("nudged_messages_sent_total", gateway="smtp") == 1


def test_what_a_gateway_may_have_is_uncertain(hello_shop):  # noqa: F811
    """The answer came, but not as far as the memory."""
    killed(hello_shop, "send-answered", "offer").spawn()
    wait_until(lambda: hello_shop.client.zcard("nudged:uncertain") == 1, "the offer to be held")
    assert whats(hello_shop) == ["sends", "uncertain"]


def test_a_daemon_without_a_name_has_another_one_each_time(hello_shop):  # noqa: F811
    """So nobody but its file says whose place it takes; and nobody waits for that lease to end."""
    daemon = hello_shop.daemon("one")
    settings = yaml.safe_load(daemon.config.read_text())
    del settings["instance"]
    daemon.config.write_text(yaml.safe_dump(settings))
    daemon.spawn(failpoints="send-before-end=kill@1")
    hello_shop.push(hello(1, "offer"))
    assert daemon.ended() == -signal.SIGKILL
    daemon.spawn()
    assert hello_shop.mail.next_mail()["Subject"] == "hello 1"
    hello_shop.wait_idle()
    assert subjects(hello_shop) == [] and hello_shop.client.zcard("nudged:uncertain") == 0
    [lease] = hello_shop.client.keys("nudged:instance:*")
    assert lease.endswith(b"-%d" % daemon.process.pid)


def test_who_is_only_frozen_has_its_hand_still(hello_shop):  # noqa: F811
    """Another process in its place may not go by what it reads there: the first one may send any moment."""
    frozen = ready(hello_shop, failpoints="send-before-end=stop@1")
    hello_shop.push(hello(1, "offer"))
    wait_until(lambda: is_stopped(frozen), "the daemon to stop itself")
    second = hello_shop.daemon("second", instance="one", admin={"socket": str(hello_shop.folder / "second.sock")})
    second.spawn()
    wait_until(lambda: hello_shop.client.zcard("nudged:uncertain") == 1, "the offer to be held")
    assert "cannot lock" in second.log()
    frozen.process.send_signal(signal.SIGCONT)
    frozen.ended()
    hello_shop.wait_idle()
    assert subjects(hello_shop) == ["hello 1"] and hello_shop.client.zcard("nudged:uncertain") == 1


def test_withdrawn_while_its_daemon_was_away(hello_shop):  # noqa: F811
    """Nobody can have it, so it gives its place back."""
    daemon = killed(hello_shop, "send-before-end", "offer")
    assert len(begun(hello_shop, "email:marketing")) == 1
    [entry] = hello_shop.push({"type": "customer.unsubscribed", "id": "no", "customer": {"id": 1}})
    pushed = int(entry.partition(b"-")[0])

    def is_behind():
        seconds, us = hello_shop.client.time()
        return seconds * 1000 + us // 1000 > pushed + 1000

    wait_until(is_behind, "marketing to wait for that event")
    daemon.spawn()
    hello_shop.wait_idle()
    assert subjects(hello_shop) == [] and hello_shop.client.zcard("nudged:uncertain") == 0
    assert whats(hello_shop)[-1] == "withdrawn"
