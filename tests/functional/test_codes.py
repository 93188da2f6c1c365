"""Codes that sends take from a list in Redis: one for each run, never one for two customers."""

import json

import pytest

from conftest import wait_until

RULES = """
name: spring
class: transactional
on: cart.updated
again: restart
until: order.placed
give_up: 1h
steps:
  - send: {template: offer, code: spring10}
  - wait: 1s
  - send: {template: again, code: spring10}
---
name: plain
class: transactional
on: cart.updated
if: has(cart.plain)
send: hello
"""


def cart(number, version=1, **more):
    return {"type": "cart.updated", "id": f"{number}-{version}", "cart": {"id": number, **more},
            "customer": {"id": number, "email": f"c{number}@example.com"}}


def order(number):
    return {"type": "order.placed", "id": f"o{number}", "customer": {"id": number}}


@pytest.fixture
def codes(shop, tmp_path):
    shop.redis()
    shop.mail = shop.smtp()
    shop.rules(RULES)
    for name in ("offer", "again"):
        shop.template(f"{name}.text.liquid",
                      "---\nsubject: '" + name + " {{ customer.id }} {{ given.code }}'\n---\nx")
    shop.template("hello.text.liquid", "---\nsubject: 'hello {{ customer.id }} {{ given.code }}'\n---\nx")

    def load(*lines, name="spring10"):
        path = tmp_path / "codes.txt"
        path.write_bytes(b"".join(line if isinstance(line, bytes) else line.encode() + b"\n" for line in lines))
        return shop.ctl("codes", "load", name, str(path))

    shop.load = load
    return shop


def subjects(shop):
    return [tuple(str(mail["Subject"]).split()) for mail in shop.mail.all_mails()]


def settled(shop):
    def nothing_left():
        return shop.client.zcard("nudged:due") == 0 and shop.idle() and not [
            *shop.client.scan_iter("nudged:message:*")]

    wait_until(lambda: nothing_left() and nothing_left(), "everything to be sent", 30)
    return subjects(shop)


def free(shop, name="spring10"):
    return sorted(code.decode() for code in shop.client.lrange(f"nudged:codes:{name}", 0, -1))


def test_load(codes):
    codes.daemon()
    assert codes.load("A1", " A2 ", "", "A1", "A3\r") == (0, "spring10: 3 of 4 codes are new, 3 are left\n", "")
    assert codes.load("A3", "A4")[1] == "spring10: 1 of 2 codes are new, 4 are left\n"
    status, _, errors = codes.load("B1", "two words", "B2")
    assert status == 65 and "codes.txt:2:1: error: a code is one word" in errors
    status, _, errors = codes.load("B1", b"\xff\n")
    assert status == 65 and "codes.txt:2:1: error: the line is no UTF-8" in errors
    assert "at most 128 bytes" in codes.load("x" * 129)[2]
    assert "there is no code in it" in codes.load("")[2]
    assert "cannot be the name of a list" in codes.load("A", name="a:b")[2]
    assert free(codes) == ["A1", "A2", "A3", "A4"]
    many = [f"C{n}" for n in range(2500)]
    assert codes.load(*many, name="many")[1] == "many: 2500 of 2500 codes are new, 2500 are left\n"
    assert codes.ctl("codes")[:2] == (0, "many  2500 left of 2500\nspring10  4 left of 4\n")
    assert json.loads(codes.ctl("codes", "ls", "--json")[1].splitlines()[0]) == {
        "name": "many", "loaded": 2500, "left": 2500}


def test_one_for_each_run(codes):
    """Both letters have the same code; what has no code sees none; a list that ran out refuses."""
    daemon = codes.daemon().spawn()
    codes.load(*[f"A{n}" for n in range(12)])
    codes.push(*(cart(n, plain=1) for n in range(10)))
    mails = settled(codes)
    given = {customer: code for kind, customer, code in (m for m in mails if m[0] == "offer")}
    assert len(given) == len(set(given.values())) == 10
    assert sorted(m for m in mails if m[0] == "again") == sorted(("again", c, code) for c, code in given.items())
    assert sorted(m for m in mails if m[0] == "hello") == sorted(("hello", c) for c in given)
    assert len(free(codes)) == 2
    codes.push(*(cart(n) for n in range(20, 24)))
    mails = settled(codes)
    assert len([m for m in mails if m[0] == "offer"]) == 2 and free(codes) == []
    late = [codes.trace(f"id:{n}") for n in range(20, 24)]
    assert sum(("spring", "refused", "no-code") in did for did in late) == 2
    assert all(did[1][1] != "ended" for did in late)  # the journey goes on, and asks again
    wait_until(lambda: "codes are running out" in daemon.log(), "the warning")
    assert daemon.log().count("codes are running out") == 1
    assert "list=spring10 left=1" in daemon.log() and daemon.log().count("no code is left") == 1
    assert codes.ctl("codes")[1] == "spring10  0 left of 12\n"


def test_withdrawn_before_a_sender_had_it(codes):
    """It returns, and the run that begins anew takes one; what a sender had does not."""
    codes.daemon().spawn()
    codes.ctl("gateway", "pause", "smtp")
    codes.load("A1", "A2")
    codes.push(cart(1))
    wait_until(lambda: free(codes) == ["A2"], "the first")
    codes.push(order(1))
    wait_until(lambda: free(codes) == ["A1", "A2"], "the code to return")
    assert not list(codes.client.scan_iter("nudged:given:*"))
    codes.push(cart(2), cart(3))
    wait_until(lambda: free(codes) == [], "both to be taken")
    codes.push(cart(3, version=2))  # none is left but the one that this takes back
    wait_until(lambda: ("spring", "withdrawn", "restart") in codes.trace("id:3"), "the restart")
    assert ("spring", "refused", "no-code") not in codes.trace("id:3")
    codes.ctl("gateway", "resume", "smtp")
    mails = settled(codes)
    assert len({m[2] for m in mails}) == 2 and {m[1] for m in mails} == {"2", "3"}
    assert len(mails) == 4 and len({(m[1], m[2]) for m in mails}) == 2
    codes.load("A3")
    codes.push(cart(3, version=3))
    assert ("offer", "3", "A3") in settled(codes)
    assert free(codes) == []


def test_opt_out_while_a_code_waits(codes):
    """The second letter ends with the customer's no; the code is the customer's, who has the first."""
    marketing = RULES.replace("class: transactional", "class: marketing")
    codes.rules(marketing.replace("wait: 1s", "wait: {for: 30m, or: go}"))
    codes.daemon().spawn()
    codes.load("A1")
    first = cart(1)
    first["customer"]["accepts_marketing"] = True
    codes.push(first)
    assert "A1" in codes.mail.next_mail()["Subject"]
    codes.ctl("gateway", "pause", "smtp")
    codes.push({"type": "go", "id": "go", "customer": {"id": 1}})  # not before it is paused, however long that takes
    wait_until(lambda: ("spring", "sends", "again") in codes.trace("id:1"), "the second letter")
    codes.push({"type": "customer.unsubscribed", "id": "no", "customer": {"id": 1}})
    wait_until(lambda: ("spring", "withdrawn", "unsubscribed") in codes.trace("id:1"), "its withdrawal")
    assert free(codes) == []


def test_behind_a_full_outbox(codes):
    """Who waits for room has no code; what an order or a restart takes back there is the next one's."""
    codes.config["outbox"] = {"most": 100}
    codes.rules(RULES.replace("class: transactional", "class: marketing", 1))
    daemon = codes.daemon().spawn()
    codes.ctl("gateway", "pause", "smtp")
    codes.load(*[f"A{n}" for n in range(120)])

    def push(*events):
        for one in events:
            one["customer"]["accepts_marketing"] = True
        codes.push(*events)
        wait_until(lambda: codes.client.xlen("nudged:events") == 0, "the events to be decided")

    def held():
        return 120 - len(free(codes))

    def waiting():
        return codes.client.zcard("nudged:full:marketing")

    push(*[cart(n) for n in range(150)])
    assert (held(), codes.client.xlen("nudged:outbox:email:marketing")) == (100, 100) and waiting() >= 50
    push(*[order(n) for n in [*range(10), *range(140, 150)]])  # of whom half have a code
    wait_until(lambda: held() == 90, "the codes of orders to return")  # their entries are still in the outbox
    daemon.kill()
    daemon.spawn()
    push(*[cart(n, version=2) for n in [*range(10, 20), *range(130, 140)]])
    wait_until(lambda: held() == 80, "the codes of who comes anew to return")
    assert ("spring", "withdrawn", "restart") in codes.trace("id:10")
    assert ("spring", "withdrawn", "restart") not in codes.trace("id:139")
    codes.ctl("gateway", "resume", "smtp")
    has = {}
    for _, customer, code in settled(codes):
        has.setdefault(code, []).append(customer)
    assert all(len(letters) == 2 and len(set(letters)) == 1 for letters in has.values())
    assert len(has) == 120 and not free(codes)
    got = {letters[0] for letters in has.values()}
    assert len(got) == 120 and got <= {str(n) for n in range(10, 140)}
    without = [n for n in range(10, 140) if str(n) not in got]
    assert all(("spring", "refused", "no-code") in codes.trace(f"id:{n}") for n in without)


def test_gave_up_before_any_attempt(codes):
    """It returns; a letter that goes back takes one anew, or stays where none is left."""
    codes.rules(RULES.replace("wait: 1s", "wait: 1h"))
    codes.daemon().spawn()
    codes.ctl("gateway", "pause", "smtp")
    codes.load("A1")
    codes.push(cart(1))
    wait_until(lambda: free(codes) == [] and codes.client.xlen("nudged:outbox:email:transactional"), "the message")
    mid = next(codes.client.scan_iter("nudged:message:*")).decode()
    codes.client.hset(mid, "give_up", 1)
    codes.ctl("gateway", "resume", "smtp")
    wait_until(lambda: codes.dead(), "the dead letter")
    assert free(codes) == ["A1"] and "code" not in codes.dead()[0] and codes.dead()[0]["codes"] == b"spring10"
    codes.client.delete("nudged:codes:spring10")
    letter = codes.client.xrange("nudged:dead")[0][0].decode()
    status, _, errors = codes.ctl("dead", "retry", letter)
    assert status == 1 and "no code is left" in errors
    codes.load("B1")
    assert codes.ctl("dead", "retry", letter)[0] == 0
    assert codes.mail.next_mail()["Subject"] == "offer 1 B1"


@pytest.mark.parametrize("point", ["commit", "commit-answered", "commit-lost", "taken", "send-answered", "settle"])
def test_kills(codes, point):
    """Whatever dies at whatever moment: no code has two customers, and each letter the code of its run."""
    daemon = codes.daemon()
    daemon.spawn(f"{point}={'fail' if point == 'commit-lost' else 'kill'}@5")
    codes.load(*[f"A{n}" for n in range(60)])
    codes.push(*(cart(n) for n in range(20)))
    if point != "commit-lost":
        daemon.ended()
        daemon.spawn()
    other = codes.daemon("two").spawn()
    codes.push(*(cart(n) for n in range(20, 40)))
    mails = settled(codes)
    by_code = {}
    for _, customer, code in mails:
        by_code.setdefault(code, set()).add(customer)
    assert all(len(customers) == 1 for customers in by_code.values())
    assert len(by_code) == 40 and len(free(codes)) == 20
    assert other.process.poll() is None


def test_uncertain_keeps_it(codes):
    """A message that is sent again has the code that it had."""
    daemon = codes.daemon()
    daemon.spawn("send-answered=kill")
    codes.load("A1", "A2")
    codes.push(cart(1))
    daemon.ended()
    daemon.spawn()
    mails = settled(codes)
    assert {m[2] for m in mails} == {"A1"} and len(mails) == 3
