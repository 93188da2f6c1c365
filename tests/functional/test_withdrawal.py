"""Orders and opt-outs that come while a sender has the message: whatever brings it back ends it."""

import json
import queue
import signal
import socket
import threading

import pytest

from conftest import parse, wait_until

RULES = """name: cart
on: cart.updated
until: order.placed
limit: 1 per 7d
on_uncertain: {on_uncertain}
send: cart
"""


class HoldingServer:
    """An SMTP server that, at `stage` (RCPT, or DOT: the end of the mail), waits until it is let
    go on, and then says `answer` (NONE: it ends the connection). Later ones are taken at once."""

    def __init__(self):
        self.stage, self.answer = "DOT", "250 taken"
        self.held, self.gate = queue.Queue(), threading.Event()
        self.mails = queue.Queue()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _reply(self, stage):
        if stage != self.stage or self.gate.is_set():
            return "250 taken"
        self.held.put(stage)
        self.gate.wait()
        return self.answer

    def _serve(self, connection):
        try:
            with connection, connection.makefile("rwb") as stream:
                self._talk(stream)
        except OSError:
            pass  # the daemon has gone

    def _talk(self, stream):
        def say(text):
            stream.write(text.encode() + b"\r\n")
            stream.flush()

        say("220 hold.example")
        for line in stream:
            verb = line[:4].upper()
            if verb != b"DATA":
                reply = "221 bye" if verb == b"QUIT" else self._reply(verb.decode())
            else:
                say("354 go on")
                content = b"".join(iter(stream.readline, b".\r\n"))
                reply = self._reply("DOT")
                if reply and reply.startswith("250"):
                    self.mails.put(parse(content))
            if not reply:
                return
            say(reply)

    def wait(self):
        self.held.get(timeout=60)

    def stop(self):
        self.gate.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.fixture
def hold(shop):
    """A shop whose gateway can be held up, without its daemon."""
    shop.redis()
    shop.server = shop.add(HoldingServer())
    shop.config["gateways"] = {"relay": {
        "kind": "smtp", "host": "127.0.0.1", "port": shop.server.port, "tls": "never"}}
    shop.config["mail"]["unsubscribe_mailto"] = "out@shop.example"
    shop.template("cart.text.liquid", "---\nsubject: Your cart\n---\n{{ unsubscribe_url }}\n")
    return shop


def event(kind, **data):
    return {"type": kind, "customer": {"id": 7, "email": "c7@example.com", "accepts_marketing": True}, **data}


ENDS = {
    "until": (event("order.placed", id="o1"), "until"),
    "unsubscribed": ({"type": "customer.unsubscribed", "customer": {"id": 7}}, "unsubscribed"),
}
both = pytest.mark.parametrize("end", ENDS)
policies = pytest.mark.parametrize("on_uncertain", ["resend", "hold"])


def withdraw_in_hand(shop, end, on_uncertain, **config):
    """The message is at the gateway, and withdrawn; the daemon, and what is told of why."""
    shop.rules(RULES.format(on_uncertain=on_uncertain))
    daemon = shop.daemon(drain="1s", **config).spawn()
    shop.push(event("cart.updated", id="c1"))
    shop.server.wait()
    push, why = ENDS[end]
    shop.push(push)
    wait_until(lambda: ("cart", "marked", why) in shop.trace("id:7"), "the mark")
    return daemon, why


def ended(shop, what, why, places):
    """The message is over, and nothing was sent; how many places under the limit it still has."""
    wait_until(lambda: ("cart", what, why) in shop.trace("id:7"), f"{what} in {shop.trace('id:7')}")
    shop.wait_idle()
    assert shop.server.mails.empty() and shop.dead() == []
    assert [key for key in shop.client.scan_iter("nudged:message:*")] == []
    assert shop.client.zcard("nudged:uncertain") == shop.client.zcard("nudged:later") == 0
    document = json.loads(shop.client.get("nudged:customer:id:7"))
    still_open = [one for one in document.get("open", []) if isinstance(one, list) or one["rule"]]  # not an erasure's
    assert (len(document.get("sends", [])), still_open) == (places, [])


@both
@policies
def test_refused_for_now(hold, end, on_uncertain):
    hold.server.answer = "451 4.7.1 later"
    _, why = withdraw_in_hand(hold, end, on_uncertain)
    hold.server.gate.set()
    ended(hold, "withdrawn", why, 0)
    assert hold.started[-1].figure("nudged_messages_cancelled_total") == 1


@both
@policies
def test_answer_lost(hold, end, on_uncertain):
    hold.server.answer = None
    _, why = withdraw_in_hand(hold, end, on_uncertain)
    hold.server.gate.set()
    ended(hold, "withdrawn, may have arrived", why, 1)


@both
@policies
@pytest.mark.parametrize("stage, what, places", [
    ("RCPT", "withdrawn", 0), ("DOT", "withdrawn, may have arrived", 1)])
def test_daemon_stops(hold, end, on_uncertain, stage, what, places):
    hold.server.stage, hold.server.answer = stage, None
    daemon, why = withdraw_in_hand(hold, end, on_uncertain)
    assert daemon.stop() == 0
    hold.server.gate.set()
    hold.daemon("two").spawn()
    ended(hold, what, why, places)


@both
@policies
def test_daemon_is_killed(hold, end, on_uncertain):
    hold.server.answer = None
    daemon, why = withdraw_in_hand(hold, end, on_uncertain)
    daemon.kill()
    hold.server.gate.set()
    hold.daemon("one").spawn()
    ended(hold, "withdrawn, may have arrived", why, 1)


def test_bounced(hold):
    hold.server.answer = "550 5.1.1 no such user"
    _, why = withdraw_in_hand(hold, "until", "resend")
    hold.server.gate.set()
    ended(hold, "withdrawn", why, 0)
    assert hold.client.hlen("nudged:suppressed") == 1
    assert ("cart", "bounced", "550 5.1.1 no such user") in hold.trace("id:7")


def test_delivered_all_the_same(hold):
    _, why = withdraw_in_hand(hold, "until", "resend")
    hold.server.gate.set()
    hold.server.mails.get(timeout=60)
    wait_until(lambda: ("cart", "too-late", why) in hold.trace("id:7"), "the word of it")
    hold.wait_idle()
    assert len(json.loads(hold.client.get("nudged:customer:id:7"))["sends"]) == 1


def forget_events(shop):
    """As if `dedupe.keep` had passed: the same event counts anew."""
    document = json.loads(shop.client.get("nudged:customer:id:7"))
    seen, place = document.pop("seen")[::2], 0
    document.pop("ring", None)
    for send in document.get("sends", []):
        if isinstance(send[2], int):  # its run, by its place there
            place += send[2]
            send[2] = seen[place]
    shop.client.set("nudged:customer:id:7", json.dumps(document, separators=(",", ":")), keepttl=True)


def test_decided_again(hold):
    """The cart came again after the order: what is in the sender's hand is its message."""
    hold.server.answer = "451 4.7.1 later"
    withdraw_in_hand(hold, "until", "resend")
    forget_events(hold)
    hold.push(event("cart.updated", id="c1"))
    wait_until(lambda: [what for _, what, _ in hold.trace("id:7")].count("sends") == 2, "the second decision")
    hold.server.gate.set()
    [mid] = wait_until(lambda: hold.client.zrange("nudged:later", 0, -1), "a retry")
    hold.client.zadd("nudged:later", {mid: 1})
    hold.server.mails.get(timeout=60)
    hold.wait_idle()
    assert hold.server.mails.empty()


def test_decided_again_in_one_batch(hold):
    """An order and the cart again, before the first message went out: one goes out."""
    hold.rules(RULES.format(on_uncertain="hold").replace("limit: 1 per 7d\n", ""))
    hold.push(event("cart.updated", id="c1"))
    one = hold.daemon(gateways={"relay": {**hold.config["gateways"]["relay"], "port": 1}}).spawn()
    wait_until(lambda: hold.trace("id:7"), "the first decision")
    one.process.send_signal(signal.SIGSTOP)
    forget_events(hold)
    hold.push(event("order.placed", id="o1"), event("cart.updated", id="c1"))
    one.process.send_signal(signal.SIGCONT)
    wait_until(lambda: len(hold.trace("id:7")) >= 3 and hold.client.xlen("nudged:events") == 0, "the batch")
    assert one.stop() == 0
    hold.server.gate.set()
    for mid in hold.client.zrange("nudged:later", 0, -1):
        hold.client.zadd("nudged:later", {mid: 1})
    hold.daemon("two").spawn()
    hold.server.mails.get(timeout=60)
    hold.wait_idle()
    assert hold.server.mails.empty() and hold.dead() == []
