"""Messages that are held because a gateway's answer was lost, and the operator's word on them."""

import json
import queue
import re
import socket
import threading
import time

import pytest

from conftest import parse, wait_until
from persons import LateRedis

RULES = """name: offer
on: hello
topic: offers
give_up: 1h
send: offer
---
name: receipt
class: transactional
on_uncertain: hold
on: paid
send: receipt
"""


class CuttingServer:
    """An SMTP server that takes each mail and, while `cutting`, ends the connection after
    the final dot instead of `answer`."""

    def __init__(self):
        self.cutting, self.answer = True, "250 taken"
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

    def _serve(self, connection):
        with connection, connection.makefile("rwb") as stream:
            def say(text):
                stream.write(text.encode() + b"\r\n")
                stream.flush()

            say("220 cut.example")
            for line in stream:
                verb = line.split()[0].upper() if line.split() else b""
                if verb == b"QUIT":
                    return say("221 bye")
                if verb != b"DATA":
                    say("250 well")
                    continue
                say("354 go on")
                content = b"".join(iter(stream.readline, b".\r\n"))
                self.mails.put(parse(content))
                if self.cutting:
                    return None
                say(self.answer)
        return None

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.fixture
def cut(shop, request):
    """A shop whose gateway cuts the line, with its daemon."""
    shop.server_of_data = shop.redis(getattr(request, "param", None))
    shop.server = shop.add(CuttingServer())
    shop.config["gateways"] = {"relay": {
        "kind": "smtp", "host": "127.0.0.1", "port": shop.server.port, "tls": "never"}}
    shop.config["mail"]["unsubscribe_mailto"] = "out@shop.example"
    shop.rules(RULES)
    for name in ("offer", "receipt"):
        shop.template(f"{name}.text.liquid", f"---\nsubject: {name}\n---\nHello {{{{ unsubscribe_url }}}}\n")
    shop.one = shop.daemon().spawn()
    return shop


def hold(shop, *events):
    """Pushes the events and waits until each one's message is held; their mids, in order."""
    for number, event in enumerate(events, 1):
        shop.push(event)
        wait_until(lambda n=number: shop.client.zcard("nudged:uncertain") == n, "a held message")
    return [mid.decode() for mid, _ in shop.client.zscan_iter("nudged:uncertain")]


def hello(number):
    return {"type": "hello", "id": f"h{number}", "customer": {
        "id": number, "email": f"c{number}@example.com", "accepts_marketing": True}}


def test_held_messages_are_shown(cut):
    assert cut.ctl("uncertain") == (0, "no uncertain messages\n", "")
    [mid] = hold(cut, hello(1))
    status, out, err = cut.ctl("uncertain")
    assert (status, err) == (0, "")
    assert re.fullmatch(rf"{mid}  since \d{{4}}-\S+Z\n    offer to c1@example.com \(id:1\) by relay\n", out)
    assert cut.ctl("uncertain", "ls") == (0, out, "")
    assert cut.ctl("uncertain", "ls", "0") == (0, "and 1 more\n", "")
    assert wait_until(lambda: json.loads(cut.ctl("status", "--json")[1])["messages"]["uncertain"], "the figure") == 1
    assert "1 uncertain message waits for your word" in cut.ctl("status")[1]


def test_resend_sends_once_more_by_the_same_gateway(cut):
    [mid] = hold(cut, hello(1))
    first = cut.server.mails.get(timeout=60)
    give_up = int(cut.client.hget(f"nudged:message:{mid}", "give_up"))
    cut.client.hset(f"nudged:message:{mid}", "give_up", 1)  # its time was over long ago
    cut.server.cutting = False
    assert cut.ctl("uncertain", "resend", mid) == (0, "1 resent\n", "")
    second = cut.server.mails.get(timeout=60)
    assert second["Message-ID"] == first["Message-ID"]
    wait_until(lambda: not cut.client.exists(f"nudged:message:{mid}"), "the message to be settled")
    assert cut.client.zcard("nudged:uncertain") == 0 and cut.server.mails.empty()
    out = cut.ctl("explain", "1")[1]
    assert re.search(r"^    offer uncertain by relay: .* mid=", out, re.M)
    assert [line.split(":")[0].split(" by")[0].split(" mid")[0].strip()
            for line in out.splitlines() if line.startswith(" ")] == [
        "offer sends", "offer uncertain", "offer resent", "offer sent"]
    assert f"    offer resent: by hand mid={mid}\n" in out
    assert give_up > 1
    status, out, err = cut.ctl("uncertain", "resend", mid)
    assert (status, out, err) == (1, "0 resent, 1 not\n", f"nudgectl: {mid}: it is not held\n")


def test_resend_gives_its_time_again(cut):
    """As long as its rule's `give_up` was; with a gateway that works badly it is needed."""
    [mid] = hold(cut, hello(1))
    key = f"nudged:message:{mid}"
    cut.one.stop()  # nobody takes it
    cut.client.hset(key, "give_up", 1)
    seconds, micros = cut.client.time()
    now = seconds * 1000 + micros // 1000
    assert cut.ctl("uncertain", "resend", mid)[0] == 0
    message = {name.decode(): value for name, value in cut.client.hgetall(key).items()}
    assert 0 <= int(message["give_up"]) - now - 3_600_000 < 60_000
    assert message["state"] == b"queued" and message["bound"] == b"1" and "owner" not in message
    assert cut.client.xlen("nudged:outbox:email@relay:marketing") == 1


def test_resent_and_cut_again_is_held_again(cut):
    hold(cut, hello(1), hello(2))
    for _ in range(2):
        cut.server.mails.get(timeout=60)
    status, out, err = cut.ctl("uncertain", "resend", "--all")
    assert (status, out, err) == (0, "2 resent\n", "")
    for _ in range(2):
        cut.server.mails.get(timeout=60)
    wait_until(lambda: cut.client.zcard("nudged:uncertain") == 2, "both to be held again")
    assert cut.server.mails.empty()


def test_resent_and_refused_keeps_its_place(cut):
    """It may have arrived the first time: under a cap it counts, whatever becomes of the second copy."""
    cut.config["policy"] = {"cap": "1 per 7d"}
    cut.one.stop()
    cut.one = cut.daemon("capped").spawn()
    [mid] = hold(cut, hello(1))
    cut.server.cutting, cut.server.answer = False, "554 5.6.0 no"
    for bring_back in (("uncertain", "retry", mid), ("dead", "retry", mid)):
        assert cut.ctl(*bring_back)[0] == 0
        wait_until(lambda: cut.dead() and not cut.client.exists(f"nudged:message:{mid}"), "it to be refused")
        cut.wait_idle()
        cut.push({**hello(1), "id": f"after {bring_back[0]}"})
        cut.wait_idle()
        assert cut.trace("id:1")[-1] == ("offer", "refused", "cap")
    [letter] = cut.dead()
    assert (letter["mid"], letter["bound"]) == (mid.encode(), b"1")
    assert cut.server.mails.qsize() == 3


def test_drop_makes_a_dead_letter(cut):
    one, two = hold(cut, hello(1), {"type": "paid", "id": "p", "customer": {
        "id": 2, "email": "c2@example.com"}})
    assert cut.ctl("uncertain", "drop", one, "none") == (
        1, "1 dropped, 1 not\n", "nudgectl: none: it is not held\n")
    assert cut.ctl("uncertain", "drop", "--all") == (0, "1 dropped\n", "")
    assert cut.ctl("uncertain") == (0, "no uncertain messages\n", "")
    assert not cut.client.exists(f"nudged:message:{one}", f"nudged:message:{two}")
    assert sorted(letter["mid"].decode() for letter in cut.dead()) == sorted([one, two])
    assert {letter["reason"] for letter in cut.dead()} == {b"dropped"}
    assert ("offer", "dropped", "by hand") in cut.trace("id:1")
    assert ("receipt", "dropped", "by hand") in cut.trace("id:2")
    assert "message  dropped: it was uncertain, and dropped by hand" in cut.ctl("dead", "ls")[1]


def test_who_unsubscribed_is_not_written_to_again(cut):
    mids = dict(zip((1, 2), hold(cut, hello(1), hello(2))))
    for _ in range(2):
        cut.server.mails.get(timeout=60)
    cut.push({"type": "customer.unsubscribed", "customer": {"id": 1}, "topic": "offers"},
             {"type": "customer.unsubscribed", "customer": {"id": 2}, "topic": "else"})
    cut.wait_idle()
    cut.server.cutting = False
    assert ("offer", "withdrawn, may have arrived", "unsubscribed") in cut.trace("id:1")
    [line] = [line for line in cut.ctl("uncertain")[1].splitlines() if mids[1] in line]
    assert line.endswith("Z, withdrawn: unsubscribed")
    assert cut.ctl("uncertain", "resend", mids[1]) == (
        1, "0 resent, 1 not\n", f"nudgectl: {mids[1]}: it was withdrawn, and has ended unsent\n")
    assert not cut.client.exists(f"nudged:message:{mids[1]}", f"nudged:body:{mids[1]}", "nudged:later")
    assert cut.ctl("uncertain", "resend", "--all") == (0, "1 resent\n", "")
    assert cut.server.mails.get(timeout=60)["To"] == "c2@example.com"
    cut.wait_idle()
    assert cut.server.mails.empty() and cut.dead() == []


def test_what_was_withdrawn_ends_by_itself(cut):
    """Or by `drop`; one of whom nothing may stay ends at once; decided again, it is held as before."""
    mids = hold(cut, *[hello(number) for number in range(1, 5)])
    ids = {json.loads(cut.client.get(f"nudged:body:{mid}"))["to"][1]: mid for mid in mids}
    cut.push(*[{"type": "customer.unsubscribed", "customer": {"id": number}} for number in range(1, 5)],
             {"type": "customer.erased", "customer": {"id": 4}})
    cut.wait_idle()
    give_up = {number: int(cut.client.hget(f"nudged:message:{ids[number]}", "give_up")) for number in "123"}
    assert dict(cut.client.zrange("nudged:later", 0, -1, withscores=True)) == {
        ids[number].encode(): at for number, at in give_up.items()}
    assert not cut.client.exists(f"nudged:message:{ids['4']}", f"nudged:body:{ids['4']}")
    assert cut.client.zcard("nudged:uncertain") == 3
    cut.client.hdel(f"nudged:message:{ids['3']}", "mark")  # as a decision does that makes it anew
    cut.client.zadd("nudged:later", {ids["1"]: 1, ids["3"]: 1})
    wait_until(lambda: cut.client.zcard("nudged:later") == 1, "its time to be over")
    assert not cut.client.exists(f"nudged:message:{ids['1']}", f"nudged:body:{ids['1']}")
    assert cut.ctl("uncertain", "drop", ids["2"])[0] == 0
    assert [letter["reason"] for letter in cut.dead()] == [b"dropped"]
    assert [mid.decode() for mid in cut.client.zrange("nudged:uncertain", 0, -1)] == [ids["3"]]
    cut.server.cutting = False
    assert not cut.client.exists("nudged:later")


@pytest.mark.parametrize("cut", [LateRedis], indirect=True)
@pytest.mark.parametrize("end, why", [({"type": "sold"}, "until"), ({"type": "customer.erased"}, None)])
@pytest.mark.parametrize("resent", [False, True])
def test_what_is_held_past_its_time_can_be_withdrawn(cut, end, why, resent):
    """Days later, too, and where it has been sent once more, and lost again: nobody knows when an operator speaks."""
    cut.rules(RULES.replace("give_up: 1h", "give_up: 1h\nuntil: sold"))
    cut.one.ask("POST", "/reload")
    [mid] = hold(cut, hello(1))
    cut.server_of_data.forward(50 * 3_600_000)
    cut.push({**hello(1), "type": "seen", "id": "s"})  # what is decided meanwhile forgets nothing
    cut.wait_idle()
    if resent:
        assert cut.ctl("uncertain", "retry", mid) == (0, "1 retried\n", "")
        wait_until(lambda: cut.server.mails.qsize() == 2 and cut.client.zcard("nudged:uncertain"), "it to be held")
        cut.server_of_data.forward(30 * 60_000)
    cut.push({**end, "id": "end", "customer": {"id": 1, "email": "c1@example.com"}})
    cut.wait_idle()
    if why:
        assert ("offer", "withdrawn, may have arrived", why) in cut.trace("id:1")
    keys = f"nudged:message:{mid}", f"nudged:body:{mid}"
    wait_until(lambda: resent and why or not cut.client.exists(*keys), "its end")
    cut.server.cutting = False
    assert cut.ctl("uncertain", "retry", "--all")[1] in ("0 retried\n", "0 retried, 1 not\n")
    cut.wait_idle()
    assert cut.server.mails.qsize() == 1 + resent and not cut.client.exists("nudged:uncertain")


def test_all_is_more_than_one_page(cut):
    """250 held, of which every other may not be resent: no page is read twice or left out."""
    [mid] = hold(cut, hello(1))
    cut.one.stop()
    row, body = cut.client.hgetall(f"nudged:message:{mid}"), cut.client.get(f"nudged:body:{mid}")
    now = int(time.time() * 1000)
    for number in range(249):
        cut.client.hset(f"nudged:message:m{number}",
                        mapping={**row, b"gateway": b"gone" if number % 2 else b"relay"})
        cut.client.set(f"nudged:body:m{number}", body)
        cut.client.zadd("nudged:uncertain", {f"m{number}": now - 10_000 + number})
    assert cut.ctl("uncertain", "ls")[1].endswith("\nand 200 more\n")
    assert len(cut.ctl("uncertain", "ls", "240")[1].splitlines()) == 481
    status, out, err = cut.ctl("uncertain", "resend", "--all")
    assert (status, out) == (1, "126 resent, 124 not\n")
    assert "m1: its gateway is no longer configured, and no other may send it\n" in err
    assert "nudgectl: 104 more: its gateway is no longer configured, and no other may send it\n" in err
    assert cut.client.zcard("nudged:uncertain") == 124
    assert cut.ctl("uncertain", "drop", "--all") == (0, "124 dropped\n", "")


@pytest.mark.parametrize("arguments, fault", [
    (["resend"],
     "`resend` takes uncertain messages by their id, or by what they have in common (--rule, --reason, …), or --all"),
    (["drop", "x", "--all"],
     "`drop` takes uncertain messages by their id, or by what they have in common (--rule, --reason, …), or --all"),
    (["ls", "--all"], "--all goes with `retry` or `drop`"),
    (["ls", "ten"], "a number is expected after `ls`"),
    (["drp"], "`ls`, `show`, `retry` or `drop` is expected, not `drp`; did you mean `drop`?"),
])
def test_wrong_command_line(shop, arguments, fault):
    shop.daemon()
    status, out, err = shop.ctl("uncertain", *arguments)
    assert (status, out) == (64, "")
    assert err == f"nudgectl uncertain: {fault}\nhint: `nudgectl help uncertain`\n"


def test_gateway_is_configured_no_more(cut):
    """What is bound to a gateway that was removed waits for it until its give_up, then it is a
    dead letter that says so, to `explain` too."""
    cut.rules(RULES.replace("on_uncertain: hold", "on_uncertain: resend"))
    cut.one.ask("POST", "/reload")
    cut.push({"type": "paid", "id": "p1", "customer": {"id": 1, "email": "c1@example.com"}})
    [mid] = wait_until(lambda: cut.client.zrange("nudged:later", 0, -1), "a retry")
    key = f"nudged:message:{mid.decode()}"
    assert cut.one.stop() == 0
    cut.server.cutting = False
    other = {**cut.config["gateways"]["relay"]}
    two = cut.daemon("two", gateways={"other": other}).spawn()
    cut.client.hset(key, "give_up", int(time.time() * 1000) + 3600000)
    cut.client.zadd("nudged:later", {mid: 1})
    wait_until(lambda: cut.client.hget(key, "state") == b"queued", "the message to come back")
    assert cut.dead() == []
    cut.client.hset(key, "give_up", 1)
    [letter] = wait_until(cut.dead, "a dead letter")
    assert (letter["reason"], letter["mid"]) == (b"no-gateway", mid)
    assert letter["detail"] == (b"it may have arrived through `relay`, and by no other gateway may it be sent "
                                b"again; that one is not configured")
    cut.wait_idle()
    assert not cut.client.exists(key)
    assert "by no other gateway" in cut.ctl("explain", "id:1")[1]
    assert f"a message became a dead letter mid={mid.decode()} reason=no-gateway gateway=relay" in two.log()
    assert two.figure("nudged_messages_dead_total") == 1
    assert cut.server.mails.qsize() == 1
