"""A message goes to the next gateway of its channel at once, where its own could not be used, and a
channel never waits for a gateway while another is free. Never are two gateways with one message."""

import signal
import socket
import threading
import time

import pytest

from conftest import Gate, is_stopped, wait_until
from fault_server import CLOSE, FaultHttp, FaultSmtp, answer, until
from messages import all_messages

MAILS = "{name: hello, class: transactional, on: hello, send: hello}"
TEXTS = """
{name: text, class: transactional, on: text, send: {template: text, via: sms}}
---
{name: held, class: transactional, on_uncertain: hold, on: held, send: {template: text, via: sms}}
"""


@pytest.fixture
def two(shop):
    """Gateways `a` and `b`, in that order, made by `serve`."""
    shop.redis()
    shop.template("hello.text.liquid", "---\nsubject: hello\n---\nhello {{ customer.email }}\n")
    shop.template("text.text.liquid", "---\nsubject: text\n---\nhello\n")

    def serve(a, b, rules=None, channels=None, **keys):
        for server in (a, b):
            shop.add(server)
        shop.config["gateways"] = {"a": a.gateway(**keys), "b": b.gateway()}
        kind = "sms" if isinstance(a, FaultHttp) else "email"
        shop.rules(rules or (TEXTS if kind == "sms" else MAILS))
        shop.config["channels"] = channels or {kind: ["a", "b"]}
        for name in "ab":
            shop.template(f"{name}.json.liquid", '{"to":{{ message.to | json }},"mid":{{ message.id | json }}}')
        return shop.daemon().spawn()

    shop.serve = serve
    return shop


def mails(count, start=0):
    return [{"type": "hello", "customer": {"id": i, "email": f"c{i}@example.com"}} for i in range(start, start + count)]


def texts(count, start=0, kind="text"):
    return [{"type": kind, "customer": {"id": i, "phone": f"+3581{i:06}", "push": f"t{i}"}}
            for i in range(start, start + count)]


class Nowhere:
    """A port that refuses connections: bound, and nobody listens."""

    def __init__(self, script):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))

    def gateway(self):
        return {"kind": "smtp", "host": "127.0.0.1", "port": self.socket.getsockname()[1], "tls": "never"}

    def stop(self):
        self.socket.close()


@pytest.mark.parametrize("kind, script", [
    (FaultSmtp, {"mail": "530 5.7.0 authentication required"}), (FaultSmtp, {"banner": "421 4.3.2 busy"}),
    (FaultSmtp, {"banner": "554 go away"}), (FaultSmtp, {"connect": CLOSE}), (FaultSmtp, {"ehlo": CLOSE}),
    (FaultSmtp, {"mail": "550 5.7.1 you may not"}), (FaultSmtp, {"rcpt": "553 5.1.8 your domain is not there"}),
    (Nowhere, None), (FaultHttp, {"answer": answer(401)}), (FaultHttp, {"answer": answer(429, Retry_After="50")}),
    (FaultHttp, {"answer": answer(302, Location="/else")})])
def test_the_message_that_meets_the_fault_goes_by_the_next_gateway(two, kind, script):
    a, b = kind(script), FaultHttp() if kind is FaultHttp else FaultSmtp()
    daemon = two.serve(a, b)
    two.push(*(texts if kind is FaultHttp else mails)(1))
    wait_until(lambda: b.count("answer") + len(b.mails if kind is not FaultHttp else []),
               "the message at the next gateway")
    two.wait_idle()
    assert two.client.zcard("nudged:later") == 0 and two.dead() == []
    whats = [what for _, what, _ in two.trace("id:0")]
    assert whats[-1] == "sent" and whats[-2] in ("gateway-fault", "unavailable"), whats
    assert daemon.figure("nudged_messages_passed_total") == 1


def test_each_gateway_has_it_once_and_then_it_waits_uncharged(two):
    a, b = FaultSmtp({"banner": "421 busy"}), FaultSmtp({"mail": "550 5.7.1 not you"})
    daemon = two.serve(a, b)
    two.push(*mails(1))
    wait_until(lambda: daemon.status()["later"] == 1, "the message to wait")
    assert (a.count("banner"), b.count("mail")) == (1, 1)
    [mid] = two.client.zrange("nudged:later", 0, -1)
    assert two.client.hget(b"nudged:message:" + mid, "attempts") == b"0"
    b.well()
    wait_until(lambda: b.mails, "the message, by the gateway that works")
    assert two.dead() == []


def test_an_uncertain_message_never_changes_its_gateway(two):
    a, b = FaultHttp({"answer": answer(500)}), FaultHttp()
    daemon = two.serve(a, b)
    two.push(*texts(1, kind="held"))
    wait_until(lambda: daemon.status()["held"] == 1, "the message to be held")
    assert (a.count("answer"), b.count("answer")) == (1, 0)
    a.on("answer", answer(401))
    assert two.ctl("uncertain", "resend", "--all")[0] == 0
    wait_until(lambda: a.count("answer") == 2, "the attempt at its own gateway")
    wait_until(lambda: daemon.status()["later"] == 1, "the message to wait")
    assert b.count("answer") == 0


def test_a_busy_gateway_does_not_make_the_channel_wait(two):
    """All connections of the first hang; what comes then goes by the second."""
    free = threading.Event()
    a, b = FaultSmtp({"dot": (until(free), "250 taken")}), FaultSmtp()
    two.serve(a, b, connections=2)
    two.push(*mails(2))
    wait_until(lambda: a.count("dot") == 2, "the first gateway to be busy")
    two.push(*mails(5, 2))
    wait_until(lambda: len(b.mails) == 5, "the others by the second")
    free.set()
    two.wait_idle()
    assert len(a.mails) == 2


def test_a_gateway_without_a_token_does_not_make_the_channel_wait(two):
    a, b = FaultSmtp(), FaultSmtp()
    two.serve(a, b, rate="1 per 1h")
    two.push(*mails(6))
    wait_until(lambda: len(a.mails) + len(b.mails) == 6, "all of them")
    assert len(a.mails) == 1


def test_a_retry_after_does_not_make_the_channel_wait(two):
    a, b = FaultHttp({"answer": answer(429, Retry_After="3000")}), FaultHttp()
    two.serve(a, b)
    two.push(*texts(1))
    wait_until(lambda: b.count("answer") == 1, "the one that met it")
    two.push(*texts(5, 1))
    wait_until(lambda: b.count("answer") == 6, "the others")
    assert a.count("answer") == 1


def test_a_spare_without_a_token_is_passed_over(two):
    """The next one takes a message only with a token of its own."""
    a, b = FaultSmtp({"banner": "421 busy"}), FaultSmtp()
    two.config.setdefault("gateways", {})
    two.serve(a, b)
    two.started[-1].stop()
    two.config["gateways"]["b"]["rate"] = "1 per 1h"
    two.daemon("two").spawn("breaker=fail")
    two.push(*mails(3))
    wait_until(lambda: len(b.mails) == 1 and two.client.zcard("nudged:later") == 2, "one by the spare, two that wait")
    a.well()
    wait_until(lambda: len(a.mails) == 2, "the others, when the first one works")


def test_two_channels_share_a_gateway(two):
    """What one channel's messages tell of it holds for the other, and both have their own spare."""
    a, b = FaultHttp({"answer": answer(401)}), FaultHttp()
    two.serve(a, b,
              rules=TEXTS + "---\n{name: push, class: transactional, on: push, send: {template: text, via: push}}",
              channels={"sms": ["a", "b"], "push": ["a", "b"]})
    two.push(*texts(1))
    wait_until(lambda: b.count("answer") == 1, "the first one")
    two.push(*texts(10, 1, "push"))
    wait_until(lambda: b.count("answer") == 11, "the others")
    assert a.count("answer") <= 2  # that, and perhaps a probe


def test_withdrawn_between_two_gateways(two):
    """Withdrawn while the first one has it: the second one never does."""
    at_mail = threading.Event()
    a, b = FaultSmtp({"mail": (until(at_mail), "550 5.7.1 not you")}), FaultSmtp()
    two.serve(a, b, rules="{name: hello, on: hello, until: bye, class: transactional, send: hello}")
    two.push(*mails(1))
    wait_until(lambda: a.count("mail"), "the first gateway")
    two.push({"type": "bye", "customer": {"id": 0}})
    wait_until(lambda: "marked" in [what for _, what, _ in two.trace("id:0")], "the mark")
    at_mail.set()
    wait_until(lambda: "withdrawn" in [what for _, what, _ in two.trace("id:0")], "the end of it")
    two.wait_idle()
    assert b.count("mail") == 0 and two.dead() == []
    assert two.client.keys("nudged:message:*") == []


def test_killed_between_the_pass_and_the_sender(two):
    """Its name is written, no sender has it yet: who claims it sends it, once."""
    a, b = FaultSmtp({"banner": "421 busy"}), FaultSmtp()
    two.serve(a, b)
    two.started[-1].stop()
    one = two.daemon("two").spawn("passed=kill")
    two.push(*mails(1))
    assert one.ended() == -signal.SIGKILL
    one.lapse()
    [key] = two.client.keys("nudged:message:*")
    assert two.client.hget(key, "gateway") == b"b" and b.count("connect") == 0
    two.daemon("three").spawn()
    wait_until(lambda: b.mails, "the mail")
    two.wait_idle()
    assert len(b.mails) == 1 and a.mails == []


def test_drained_while_it_passes(two):
    """SIGTERM while Redis is asked: it is put back, and the next daemon sends it."""
    a, b = FaultSmtp({"banner": "421 busy"}), FaultSmtp()
    one = two.serve(a, b)
    one.stop()
    gate = Gate(two)
    one = two.daemon("two").spawn(f"passed={gate.action}")
    two.push(*mails(1))
    gate.wait()
    one.process.terminate()
    gate.open()
    assert one.ended() == 0
    assert len(b.mails) <= 1
    if not b.mails:
        two.daemon("three").spawn()
        wait_until(lambda: b.mails, "the mail")
    two.wait_idle()
    assert len(b.mails) == 1 and a.mails == []


def test_frozen_between_the_pass_and_the_sender(two):
    """Its lease runs out meanwhile, and another daemon has the message: it is sent once."""
    a, b = FaultSmtp({"banner": "421 busy"}), FaultSmtp()
    two.serve(a, b).stop()
    frozen = two.daemon("two").spawn("passed=stop@1")
    two.push(*mails(1))
    wait_until(lambda: [fields.get("gateway") for fields in all_messages(two.client)] == ["b"], "the pass")
    frozen.outlast()  # by its lease it would send itself, were it awake
    two.daemon("three").spawn()
    wait_until(lambda: b.mails, "the mail, by the other one")
    frozen.process.send_signal(signal.SIGCONT)
    wait_until(lambda: "settled by somebody else" in frozen.log(), "the frozen one to see it")
    two.wait_idle()
    assert len(b.taken()) == 1 and a.mails == []


def test_an_answer_that_is_lost_leaves_it_to_nobody(two):
    """Whether it has passed is not known: no sender begins it, and it goes out once."""
    a, b = FaultSmtp({"banner": "421 busy"}), FaultSmtp()
    two.serve(a, b).stop()
    daemon = two.daemon("two").spawn("pass-lost=fail,breaker=fail")
    two.push(*mails(1))
    wait_until(lambda: daemon.status()["later"] == 1, "it to wait")
    assert b.count("connect") == 0
    a.well()
    wait_until(lambda: a.taken(), "the mail")
    two.wait_idle()
    assert len(a.taken()) + len(b.taken()) == 1


@pytest.mark.parametrize("tokens", [1, 2])
def test_a_message_that_is_begun_late_asks_for_another_token(two, tokens):
    """The daemon stands still between the taking and the sending: others may have used its token's time."""
    a = FaultSmtp()
    two.serve(a, FaultSmtp(), channels={"email": "a"}, rate=f"{tokens} per 1h").stop()
    frozen = two.daemon("two").spawn("taken=stop@1")
    two.push(*mails(1))
    wait_until(lambda: is_stopped(frozen), "the daemon to stand still")
    begun = time.monotonic()
    wait_until(lambda: time.monotonic() > begun + 0.2, "the token to be old")
    [key] = two.client.keys("nudged:message:*")
    frozen.process.send_signal(signal.SIGCONT)
    if tokens > 1:
        wait_until(lambda: a.taken(), "the mail, by another token")
    else:
        wait_until(lambda: two.client.hget(key, "state") == b"queued", "it to be given back")
        assert frozen.status()["gateways"][0]["sending"] == 0 and a.count("connect") == 0
    assert two.client.keys("nudged:rate:a")
