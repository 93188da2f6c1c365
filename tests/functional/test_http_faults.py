"""300 messages to an HTTP server of which each fifth step goes wrong, at random: under `hold` none is sent twice, and
the daemon's account is the server's."""

import collections
import random
import threading

import pytest

from conftest import wait_until
from fault_server import CLOSE, GOOD, RESET, FaultHttp, answer, cut_at

TAKEN = answer(202)
BUSY = answer(503, retry_after=1)
# What goes wrong at a step, and what the message is then. "lost": it may have been taken.
FAULTS = {
    "head": [(CLOSE, "again"), (RESET, "again"), (BUSY, "again"), (TAKEN, "sent"), ((TAKEN, CLOSE), "sent")],
    "answer": [(CLOSE, "lost"), (RESET, "lost"), (502, "lost"), (b"garbage\r\n\r\n", "lost"),
               (cut_at(7, TAKEN, CLOSE), "lost"), (cut_at(60, TAKEN, RESET), "sent"), ((TAKEN, TAKEN), "sent"),
               ((TAKEN, CLOSE), "sent"), (BUSY, "again"), (answer(400), "dead"),
               ((answer(100, b"", content_length=None), TAKEN), "sent")],
}


class Account:
    """Of each message what was done with it, in the order of time."""

    def __init__(self, seed):
        self.random, self.lock = random.Random(seed), threading.Lock()
        self.did = collections.defaultdict(list)

    def choose(self, step):
        fields = {name.lower(): value for name, value in dict(step.request.headers).items()}
        with self.lock:
            action, what = (GOOD, "sent" if step.name == "answer" else "")
            if self.random.random() < 0.2:
                action, what = self.random.choice(FAULTS[step.name])
            if what:
                self.did[fields["idempotency-key"]].append(what)
        return action


@pytest.mark.parametrize("lines", [1, 3000], ids=["short", "long"])
def test_no_message_twice(shop, lines):
    account = Account(lines)
    shop.redis()
    server = shop.add(FaultHttp({"head": account.choose, "answer": account.choose}))
    shop.rules("{name: text, class: transactional, on: text, send: {template: text, via: sms, to: dest}, "
               "on_uncertain: hold}")
    shop.template("text.text.liquid", "---\nsubject: x\n---\n{% for i in (1..lines) %}line {{ i }} of a long text\n"
                                      "{% endfor %}")
    shop.template("api.json.liquid", '{"text": {{ message.text | json }}}')
    shop.config["gateways"] = {"api": server.gateway(connections=8)}
    shop.config["channels"] = {"sms": "api"}
    daemon = shop.daemon().spawn()
    shop.push(*[{"type": "text", "id": f"t{n}", "customer": {"id": n}, "dest": f"+358{n}", "lines": lines}
                for n in range(300)])

    def settled():
        status = daemon.status()
        return status["sent"] + status["held"] + len(shop.dead()) >= 240

    wait_until(settled, lambda: f"most to be settled: {daemon.status()}\n{daemon.log()}")
    assert daemon.stop() == 0
    shop.started.remove(daemon)
    for did in account.did.values():
        assert set(did[:-1]) <= {"again"}, did
    ends = collections.Counter(did[-1] for did in account.did.values())
    sent = sum("sent" in {line[1] for line in shop.trace(f"id:{number}")} for number in range(300))
    assert (sent, len(shop.dead())) == (ends["sent"], ends["dead"])
    # Where the server went without reading, the message may have been whole on its way.
    assert ends["lost"] <= shop.client.zcard("nudged:uncertain") <= ends["lost"] + ends["again"]
