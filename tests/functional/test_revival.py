"""Dead letters that go back, beside an opt-out, an order, an erasure, a cap."""

import json

import pytest

from conftest import wait_until

RULES = """name: news
on: hello
topic: news
send: news
---
name: cart
class: transactional
on: cart.updated
until: order.placed
limit: 1 per 7d
send: cart
---
name: receipt
class: transactional
on: order.placed
send: receipt
"""


@pytest.fixture
def office(shop):
    """A shop whose gateway refuses everything, until `office.refuses` is false."""
    shop.redis()
    shop.refuses = True
    shop.mail = shop.smtp()
    shop.mail.answers = lambda envelope: "554 5.6.0 no" if shop.refuses else "250 taken"
    shop.config["policy"] = {"cap": "1 per 7d"}
    shop.config["mail"]["unsubscribe_mailto"] = "out@shop.example"
    shop.rules(RULES)
    for name in ("news", "cart", "receipt"):
        shop.template(f"{name}.text.liquid", f"---\nsubject: {name}\n---\nHello {{{{ unsubscribe_url }}}}\n")
    shop.one = shop.daemon().spawn()
    return shop


def hello(number, identity="h"):
    return {"type": "hello", "id": f"{identity}{number}", "customer": {
        "id": number, "email": f"c{number}@example.com", "accepts_marketing": True}}


def event(kind, number, **more):
    return {"type": kind, "id": f"{kind}{number}", "customer": {"id": number, "email": f"c{number}@example.com"},
            **more}


def bury(shop, *events):
    """Pushes the events; the letters that come of it, once all is decided: id → fields."""
    before = shop.client.xlen("nudged:dead")
    shop.push(*events)
    wait_until(lambda: shop.client.xlen("nudged:dead") == before + len(events), "the dead letters")
    shop.wait_idle()
    return letters(shop)


def letters(shop):
    return {key.decode(): {name.decode(): value.decode() for name, value in fields.items()}
            for key, fields in shop.client.xrange("nudged:dead")}


def done(shop):
    shop.wait_idle()
    wait_until(lambda: not shop.client.exists("nudged:later") and shop.idle(), "all to be sent")


def test_a_letter_goes_out_after_all(office):
    office.refuses = True
    [letter] = bury(office, hello(1))
    fields = letters(office)[letter]
    assert fields["topic"] == "news" and fields["on_uncertain"] == "hold" and fields["hash"] and fields["said"]
    office.refuses = False
    assert office.ctl("dead", "retry", letter) == (0, "1 retried\n", "")
    mail = office.mail.next_mail()
    assert mail["Subject"] == "news" and fields["mid"] in mail["Message-ID"]
    done(office)
    assert office.dead() == [] and not list(office.client.scan_iter("nudged:message:*"))
    assert office.trace("id:1")[-2:] == [("news", "requeued", "by hand"), ("news", "sent", "250 taken")]
    assert office.ctl("dead", "retry", letter) == (1, "0 retried, 1 not\n",
                                                   f"nudgectl: {letter}: there is no such letter\n")


def test_it_counts_again(office):
    """Under the cap: what failed gives its place back, what goes out takes it."""
    [letter] = bury(office, hello(1))
    office.refuses = False
    office.ctl("dead", "retry", letter)
    office.mail.next_mail()
    done(office)
    office.push(hello(1, "again"))
    office.wait_idle()
    assert office.trace("id:1")[-1] == ("news", "refused", "cap")


def test_a_cap_that_is_reached_since(office):
    [letter] = bury(office, hello(1))
    office.refuses = False
    office.push(hello(1, "again"))
    office.mail.next_mail()
    done(office)
    assert office.ctl("dead", "retry", letter)[0] == 0
    wait_until(lambda: office.trace("id:1")[-1] == ("news", "withdrawn", "cap"), "it to be withdrawn")
    done(office)
    assert office.mail.all_mails() == [] and not list(office.client.scan_iter("nudged:message:*"))


def test_failing_again_gives_its_place_back_again(office):
    [letter] = bury(office, event("cart.updated", 1))
    for _ in range(2):
        office.ctl("dead", "retry", letter)
        wait_until(lambda old=letter: office.dead() and old not in letters(office), "it to fail again")
        office.wait_idle()
        [letter] = letters(office)
    office.refuses = False
    office.push({**event("cart.updated", 1), "id": "another"})
    assert office.mail.next_mail()["Subject"] == "cart"


def test_who_said_no_since(office):
    [one, two] = bury(office, hello(1), hello(2))
    [one, two] = sorted((one, two), key=lambda key: letters(office)[key]["customer"])
    office.refuses = False
    office.push({"type": "customer.unsubscribed", "id": "u", "customer": {"id": 1}, "topic": "news"},
                {"type": "customer.unsubscribed", "id": "u2", "customer": {"id": 2}, "topic": "else"})
    office.wait_idle()
    status, out, err = office.ctl("dead", "retry", one, two)
    assert (status, out) == (1, "1 retried, 1 not\n")
    assert err == f"nudgectl: {one}: the customer has unsubscribed since\n"
    assert office.mail.next_mail()["To"] == "c2@example.com"
    done(office)
    assert list(letters(office)) == [one] and office.mail.all_mails() == []


def test_an_order_since(office):
    [letter] = bury(office, event("cart.updated", 1))
    office.refuses = False
    office.push(event("order.placed", 1))
    assert office.mail.next_mail()["Subject"] == "receipt"
    office.wait_idle()
    assert office.ctl("dead", "retry", letter)[0] == 0
    done(office)
    assert office.mail.all_mails() == []
    assert office.trace("id:1")[-2:] == [("cart", "requeued", "by hand"), ("cart", "withdrawn", "until")]


def test_an_order_after_it(office):
    """It may be withdrawn again while it waits."""
    [letter] = bury(office, event("cart.updated", 1))
    office.refuses = False
    office.one.stop()
    assert office.ctl("dead", "retry", letter)[0] == 0
    office.push(event("order.placed", 1))
    office.one.spawn()
    assert office.mail.next_mail()["Subject"] == "receipt"
    done(office)
    assert office.mail.all_mails() == []
    assert ("cart", "withdrawn", "until") in office.trace("id:1")


def test_an_order_since_where_deciding_stands_still(office):
    """What went back is not begun before deciding has heard of it, however due it is by hand."""
    [letter] = bury(office, event("cart.updated", 1))
    office.push(event("order.placed", 1))
    wait_until(lambda: len(letters(office)) == 2, "the order to be decided")
    office.refuses = False
    assert office.one.stop() == 0
    assert office.ctl("dead", "retry", letter)[:2] == (0, "1 retried\n")
    [mid] = office.client.zrange("nudged:later", 0, -1)
    office.client.set("nudged:due", "spoilt")  # no commit goes on
    office.client.zadd("nudged:later", {mid: 1})
    office.one.spawn()
    wait_until(lambda: (office.client.zscore("nudged:later", mid) or 0) > 1, lambda: office.trace("id:1"))
    office.client.delete("nudged:due")
    wait_until(lambda: ("cart", "withdrawn", "until") in office.trace("id:1"), lambda: office.trace("id:1"))
    office.wait_idle()
    assert office.mail.all_mails() == []


def test_who_was_erased_since(office):
    letters_of = bury(office, event("cart.updated", 1))
    [letter] = letters_of
    office.refuses = False
    office.push(event("customer.erased", 1))
    office.wait_idle()
    wait_until(lambda: office.client.xlen("nudged:dead") == 0, "the letter to go with the person")
    # One that comes only now, as a daemon that was cut off may write it.
    late = office.client.xadd("nudged:dead", letters_of[letter]).decode()
    assert office.ctl("dead", "retry", late) == (
        1, "0 retried, 1 not\n", f"nudgectl: {late}: the customer was erased since\n")
    # Under another address than those which the erasure knew deciding finds it.
    mid = letters_of[letter]["mid"]
    office.client.xadd("nudged:dead", {**letters_of[letter], "said": "0123456789abcdef"})
    office.client.xdel("nudged:dead", late)
    assert office.ctl("dead", "retry", *letters(office)) == (0, "1 retried\n", "")
    done(office)
    assert office.mail.all_mails() == [] and office.trace("id:1") == []
    assert not office.client.exists(f"nudged:message:{mid}", f"nudged:body:{mid}", "nudged:customer:id:1")


def test_a_letter_of_the_last_release(office):
    """It has neither hashes nor a topic: they come of its body, and of its rule."""
    mine = bury(office, hello(1))
    office.refuses = False
    old = {name: mine[key][name] for key in mine
           for name in ("kind", "reason", "detail", "customer", "mid", "channel", "class", "body")}
    office.client.delete("nudged:dead")
    letter = office.client.xadd("nudged:dead", old).decode()
    assert office.ctl("dead", "retry", letter) == (0, "1 retried\n", "")
    message = {name: value for name, value in office.client.hgetall(f"nudged:message:{old['mid']}").items()}
    [new] = mine.values()
    if message:  # not sent yet
        assert message[b"hash"].decode() == new["hash"] and message[b"said"].decode() == new["said"]
    assert office.mail.next_mail()["Subject"] == "news"


def test_an_event_is_pushed_again(office):
    """One that nobody could decide, as its document could not be read; with its own time and id."""
    office.client.set("nudged:customer:id:1", "spoilt")
    office.push({**hello(1), "data": {"x": 1}})
    [letter] = wait_until(lambda: letters(office), "the letter")
    office.client.delete("nudged:customer:id:1")
    office.refuses = False
    assert office.ctl("dead", "retry", letter) == (0, "1 retried\n", "")
    assert office.mail.next_mail()["Subject"] == "news"
    office.wait_idle()
    event_of = json.loads(office.client.lindex("nudged:trace:id:1", -1))["event"]
    assert event_of["id"] == "h1" and event_of["type"] == "hello"
    assert office.dead() == []


def test_a_timer_is_due_again(office):
    office.rules("name: late\nclass: transactional\non: hello\nagain: parallel\nsteps: [{wait: 1s}, {send: receipt}]\n")
    office.ctl("reload")
    office.refuses = False
    office.push(hello(1))
    document = wait_until(lambda: office.client.get("nudged:customer:id:1"), "the document")
    office.client.set("nudged:customer:id:1", "spoilt")
    [letter] = wait_until(lambda: letters(office), "the letter")
    assert letters(office)[letter]["kind"] == "timer"
    office.client.set("nudged:customer:id:1", document)
    assert office.ctl("dead", "retry", letter) == (0, "1 retried\n", "")
    assert office.mail.next_mail()["Subject"] == "receipt"


def test_a_run_of_retries_is_one_line(office):
    """A day of them leaves the rest of the trace where it was."""
    office.refuses = False
    count = iter(range(1000))
    office.mail.answers = lambda envelope: f"451 4.3.0 queue {next(count)} is full"
    office.push(event("paid", 1), event("order.placed", 1))
    mid = wait_until(lambda: office.client.zrange("nudged:later", 0, -1), "the first try")[0]
    for turn in range(2, 6):
        office.client.zadd("nudged:later", {mid: 1})
        wait_until(lambda n=turn: int(office.client.hget(f"nudged:message:{mid.decode()}", "attempts") or 0) == n
                   and office.client.zscore("nudged:later", mid), "the next try")
    out = office.ctl("explain", "1")[1]
    [line] = [line for line in out.splitlines() if " retry " in line]
    assert " receipt retry ×5, first 20" in line and ", last 20" in line and "queue 4 is full" in line
    [did] = [did for line in office.ctl("explain", "1", "--json")[1].splitlines()
             for did in json.loads(line).get("did", []) if did["what"] == "retry"]
    assert did["times"] == 5 and did["first"] > 1_700_000_000_000
    assert len(office.client.lrange("nudged:trace:id:1", 0, -1)) == 3
