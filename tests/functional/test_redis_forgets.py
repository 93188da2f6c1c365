"""A Redis that has lost its last moments, as one that died, or whose replica took over: what a daemon settled in
them it finds again, in nobody's hand; what it still has in hand is left to it; and what it has sent, or was decided
once more, it does not send again."""

import collections
import json
import signal
import threading

import pytest

from conftest import Daemon, parse, wait_until

RULES = """
name: each
class: transactional
on: order.placed
on_uncertain: %s
send: each
"""
# A bound of the gateway's makes messages go by way of the outbox.
GONE = "it had gone, and Redis had lost that"
WAYS = {"begun at once": {}, "taken": {"rate": "1000 per 1s"}}


class Gates:
    """The server takes each mail when its gate is open; counts what it took."""

    def __init__(self, server):
        self.open = collections.defaultdict(threading.Event)
        self.came, self.taken = collections.Counter(), collections.Counter()
        server.slow()
        server.answers = self.answer

    def answer(self, envelope):
        subject = parse(envelope.content)["Subject"]
        self.came[subject] += 1
        self.open[subject].wait()
        self.taken[subject] += 1
        return "250 taken"


@pytest.fixture
def begin(shop):
    gates = []

    def start(policy, way):
        shop.server = shop.redis()
        gates.append(Gates(shop.smtp(**way, connections=4)))
        shop.rules(RULES % policy)
        shop.template("each.text.liquid", "---\nsubject: '{{ order.id }}'\n---\nx")
        shop.daemon("one").spawn(failpoints="breaker=fail")  # what waits for that is soon tried again
        return gates[0]
    yield start
    for gate in gates[0].open.values():
        gate.set()


def push(shop, *orders):
    shop.push(*({"type": "order.placed", "id": order, "order": {"id": order},
                 "customer": {"id": order, "email": f"{order}@example.com"}} for order in orders))


def says(shop, customer, word):
    return word in shop.ctl("explain", customer)[1]


@pytest.mark.parametrize("policy", ["hold", "resend"])
@pytest.mark.parametrize("way", WAYS)
def test_how_a_message_was_settled(shop, begin, policy, way):
    gates = begin(policy, WAYS[way])
    push(shop, "settled", "held")
    wait_until(lambda: gates.came["settled"] and gates.came["held"], "both to be in hand")
    kept = shop.server.keep()
    gates.open["settled"].set()
    wait_until(lambda: says(shop, "settled", " sent "), "it to be settled")
    shop.server.lose(kept)
    shop.client = shop.server.client
    assert not says(shop, "settled", " sent ")
    push(shop, "new")
    gates.open["new"].set()
    wait_until(lambda: gates.taken["new"], "the daemon to go on")
    assert not says(shop, "settled", "Redis lost it")  # while something is in hand that was before
    gates.open["held"].set()
    wait_until(lambda: says(shop, "settled", f"Redis lost it: {policy}"), lambda: shop.ctl("explain", "settled"))
    if policy == "hold":
        message = json.loads(shop.ctl("uncertain", "--json")[1])
        assert message["customer"] == "id:settled"
        assert shop.ctl("uncertain", "retry", message["id"])[0] == 0
    wait_until(lambda: says(shop, "settled", GONE), lambda: shop.ctl("explain", "settled"))
    shop.wait_idle()
    assert gates.taken == {"settled": 1, "held": 1, "new": 1}


def test_that_a_message_was_decided(shop, begin):
    """One was sent, another is being sent, when Redis loses that both were decided: they are again, and go no more."""
    gates = begin("resend", {})
    [daemon] = [thing for thing in shop.started if isinstance(thing, Daemon)]
    daemon.process.send_signal(signal.SIGSTOP)
    push(shop, "sent", "held")
    kept = shop.server.keep()
    daemon.process.send_signal(signal.SIGCONT)
    gates.open["sent"].set()
    wait_until(lambda: says(shop, "sent", " sent ") and gates.came["held"], "one to be sent")
    shop.server.lose(kept)
    shop.client = shop.server.client
    wait_until(lambda: says(shop, "sent", GONE), lambda: shop.ctl("explain", "sent"))
    wait_until(lambda: shop.client.zcard("nudged:later"), "the other to wait for what comes of it")
    gates.open["held"].set()
    wait_until(lambda: gates.taken["held"], "it to be taken")
    wait_until(lambda: says(shop, "held", " sent "), lambda: shop.ctl("explain", "held"))
    shop.wait_idle()
    assert gates.came == {"sent": 1, "held": 1}


def test_nothing_was_lost(shop, begin):
    """A connection that was lost is no reason to doubt: what is in hand is settled as ever."""
    gates = begin("hold", {})
    push(shop, "held", "more")
    wait_until(lambda: gates.came["held"] and gates.came["more"], "both to be in hand")
    for order in ("held", "more"):
        shop.client.client_kill_filter(_type="normal", skipme=True)
        gates.open[order].set()
        wait_until(lambda order=order: says(shop, order, " sent "), "it to be settled")
    shop.wait_idle()
    assert gates.taken == {"held": 1, "more": 1} and not says(shop, "held", "lost")
