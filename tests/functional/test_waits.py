"""Waits for a time and for an event, with real daemons: what a journey met outlives restarts, other
rule sets, a full outbox and the join of two documents."""

import datetime
import json
import threading

import pytest

from conftest import PATIENCE, wait_until

ASK = """
name: ask
class: transactional
on: order.delivered
again: parallel
until: order.refunded
steps:
  - wait: {for: 1h, or: {on: [review.submitted, order.returned], if: order.id == start.order.id}}
  - if: waited && event.type == "review.submitted" && review.stars == 5
    then:
      - wait: %s
      - send: thanks
    else:
      - send: sorry
"""
LETTER = ("---\nsubject: 'NAME {{ event.type }} {{ order.id }} {{ review.stars }} "
          "{{ start.order.total }}'\n---\nx")


def event(kind, number="o1", who=None, total=None, **data):
    return {"type": kind, "id": f"{kind}-{number}", "order": {"id": number, "total": total},
            **data, "customer": who or {"id": 7, "email": "ana@example.com", "accepts_marketing": True}}


def delivered(order="o1", **more):
    return event("order.delivered", order, total=80, **more)


def review(order="o1", stars=5, **more):
    return event("review.submitted", order, review={"stars": stars}, **more)


def at(seconds):
    time = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return time.isoformat()


def decided(shop, *pushed):
    shop.push(*pushed)
    wait_until(lambda: shop.client.xlen("nudged:events") == 0, "the events to be decided")


def starts(shop, key="id:7"):
    return shop.client.llen(f"nudged:starts:{key}")


def document(shop, key="id:7"):
    return json.loads(shop.client.get(f"nudged:customer:{key}"))


@pytest.fixture
def asking(shop):
    shop.redis()
    shop.mail = shop.smtp()
    shop.rules(ASK % "0s")
    for name in ("thanks", "sorry"):
        shop.template(f"{name}.text.liquid", LETTER.replace("NAME", name))
    return shop


def test_an_answer_after_a_crash(asking):
    """Of several journeys the one that was meant goes on; of what it met nothing is left behind."""
    asking.daemon().spawn().kill()
    asking.daemon("two").spawn()
    decided(asking, delivered("o1"), delivered("o2"))
    assert starts(asking) == 2
    decided(asking, review("o3"), review("o2"))
    assert asking.mail.next_mail()["Subject"] == "thanks review.submitted o2 5 80"
    wait_until(lambda: starts(asking) == 1, "the events of that journey to be forgotten")
    assert ("ask", "goes-on", "met") in asking.trace("id:7")
    decided(asking, event("order.returned", "o1"))
    assert asking.mail.next_mail()["Subject"] == "sorry order.returned o1  80"
    wait_until(lambda: starts(asking) == 0 and asking.client.zcard("nudged:due") == 0, "nothing to be left")
    assert asking.client.xlen("nudged:dead") == 0


def test_what_was_met_outlives_the_daemon(asking):
    """It dies in the wait behind the answer; the next one knows what was answered."""
    asking.rules(ASK % "2s")
    first = asking.daemon().spawn()
    decided(asking, delivered(), review())
    assert document(asking)["journeys"][0]["waited"] is True and starts(asking) == 2
    first.kill()
    asking.daemon("two").spawn()
    assert asking.mail.next_mail()["Subject"] == "thanks review.submitted o1 5 80"
    asking.wait_idle()
    assert starts(asking) == 0


def test_the_answer_before_the_rest_of_the_rules(asking):
    """`until` goes before, an opt-out too; an answer that came too early is none."""
    asking.daemon().spawn()
    decided(asking, review("o1"), delivered("o1"), delivered("o2"), delivered("o3"))
    assert len(document(asking)["journeys"]) == 3
    decided(asking, event("order.refunded", "o1"))
    assert not document(asking).get("journeys")
    assert asking.mail.all_mails() == []


def daemon(shop, name, rules):
    folder = shop.folder / f"rules-{name}"
    folder.mkdir()
    (folder / "all.yaml").write_text(rules)
    return shop.daemon(name, rules=str(folder))


def test_two_daemons_with_different_rules(asking):
    """Answers that the daemon without the rule takes are not lost: each journey goes on at the other."""
    daemon(asking, "with", ASK % "0s").spawn()
    decided(asking, *(delivered(f"o{n}") for n in range(20)))
    without = daemon(asking, "without", "{name: none, on: nothing, send: sorry}").spawn()
    for n in range(20):  # they read in turn
        decided(asking, review(f"o{n}"))
    subjects = sorted(asking.mail.next_mail()["Subject"] for _ in range(20))
    assert subjects == sorted(f"thanks review.submitted o{n} 5 80" for n in range(20))
    assert without.figure("nudged_events_decided_total") > 0
    assert not [item for item in asking.trace("id:7") if item[1] == "ended"]


def test_a_full_outbox(shop):
    """The send behind the answer waits for room, and still knows what was answered."""
    shop.redis()
    shop.mail = shop.smtp(connections=1)
    gate = threading.Event()
    shop.mail.answers = lambda envelope: "250 taken" if gate.wait(PATIENCE) else "451 closed"
    shop.config["outbox"] = {"most": 100}
    shop.rules(ASK.replace("class: transactional", "class: marketing") % "0s"
               + "---\n{name: news, on: news, send: letter}")
    for name in ("thanks", "sorry", "letter"):
        shop.template(f"{name}.text.liquid", LETTER.replace("NAME", name))
    shop.daemon().spawn()
    decided(shop, delivered(), *({"type": "news", "id": f"n{n}", "customer": {
        "id": 100 + n, "email": f"c{n}@example.com", "accepts_marketing": True}} for n in range(100)))
    decided(shop, review())
    wait_until(lambda: ("ask", "outbox-full", None) in shop.trace("id:7"), "the send to wait for room")
    decided(shop, review("o1", stars=1, id="another"))
    gate.set()
    shop.wait_idle()
    assert [mail["Subject"] for mail in shop.mail.all_mails() if "thanks" in mail["Subject"]] == [
        "thanks review.submitted o1 5 80"]
    assert starts(shop) == 0


def test_an_answer_that_joins_two_documents(asking):
    """The order came by the address alone; the answer names the id too, and is the answer to it."""
    asking.daemon().spawn()
    decided(asking, delivered(who={"email": "ana@example.com"}))
    assert starts(asking, "email:ana@example.com") == 1
    decided(asking, {"type": "customer.changed", "customer": {"id": 7}})
    decided(asking, review())
    assert asking.mail.next_mail()["Subject"] == "thanks review.submitted o1 5 80"
    asking.wait_idle()
    assert starts(asking) == starts(asking, "email:ana@example.com") == 0


def test_what_was_met_is_joined(asking):
    """The answer came by the address, and the journey is another person's key's from then on."""
    asking.rules(ASK % "2s")
    asking.daemon().spawn()
    alone = {"email": "ana@example.com"}
    decided(asking, delivered(who=alone), review(who=alone))
    decided(asking, {"type": "customer.changed", "customer": {"id": 7, **alone}})
    assert starts(asking) == 2 and document(asking)["journeys"][0]["waited"] is True
    assert asking.mail.next_mail()["Subject"] == "thanks review.submitted o1 5 80"


def test_a_moved_appointment(shop):
    """Each new time is the one that counts; a reminder whose time has passed is left out."""
    shop.redis()
    smtp = shop.smtp()
    shop.rules("""
name: appointment
class: transactional
on: booking
again: restart
steps:
  - wait: {until: 'timestamp(at) - duration("1d")', past: skip}
  - send: {template: tomorrow}
  - wait: {until: timestamp(at)}
  - send: now
""")
    for name in ("tomorrow", "now"):
        shop.template(f"{name}.text.liquid", f"---\nsubject: '{name} {{{{ event.data.number }}}}'\n---\nx")
    shop.daemon().spawn()
    who = {"id": 7, "email": "ana@example.com"}
    for number, seconds in enumerate((9000, 90000, 2, 3)):
        decided(shop, {"type": "booking", "at": at(seconds), "number": number, "customer": who})
    assert smtp.next_mail()["Subject"] == "now 3"
    shop.wait_idle()
    did = shop.trace("id:7")
    assert did.count(("appointment", "ended", "restart")) == 3
    assert did.count(("appointment", "passed-over", "past")) == 3
    assert smtp.all_mails() == []


def test_messages_of_its_own(shop):
    """A wait for `message.sent` alone makes that event."""
    shop.redis()
    smtp = shop.smtp()
    shop.rules("{name: twice, class: transactional, on: x, again: parallel, steps: [{send: one}, "
               "{wait: {for: 1h, or: {on: message.sent, if: message.rule == 'twice'}}}, "
               "{if: waited, then: [{send: two}]}]}")
    for name in ("one", "two"):
        shop.template(f"{name}.text.liquid", f"---\nsubject: {name}\n---\nx")
    shop.daemon().spawn()
    shop.push({"type": "x", "customer": {"id": 7, "email": "ana@example.com"}})
    assert [smtp.next_mail()["Subject"] for _ in range(2)] == ["one", "two"]


def test_check_knows_what_was_met(asking):
    """Its templates may show what the events of a wait before have; another's they may not."""
    asking.rules("""
order.delivered: {sample: {order: {id: o1, total: 5}, customer: {id: "7", email: ana@example.com}}}
order.refunded: {sample: {order: {id: o1}, customer: {id: "7"}}}
order.returned: {sample: {order: {id: o1}, customer: {id: "7"}}}
review.submitted: {sample: {order: {id: o1}, review: {stars: 5}, customer: {id: "7"}}}
""", "events.yaml")
    asking.daemon()
    assert asking.ctl("check")[:2] == (0, "0 errors, 0 warnings; 1 rule, 2 templates\n")
    assert "Subject:   thanks order.delivered o1 5 5\n" in asking.ctl("preview", "thanks")[1]
    asking.template("early.text.liquid", "---\nsubject: early\n---\n{{ review.stars }}")
    asking.rules(ASK.replace("steps:", "steps:\n  - send: early") % "0s")
    assert "no event at which `early` is sent carries `review.stars`" in "".join(asking.ctl("check")[1:])


def test_a_dead_letter_that_tells_of_an_answer(asking):
    """It goes back as it was, and is known by what began its journey: another's refund is none of it."""
    asking.rules(ASK.replace("until: order.refunded",
                             "until: {on: order.refunded, if: order.id == start.order.id}") % "0s")
    asking.mail.answers = lambda envelope: "554 5.6.0 no"
    asking.daemon().spawn()
    decided(asking, delivered("o1"), delivered("o2"), review("o1"), review("o2"))
    wait_until(lambda: asking.client.xlen("nudged:dead") == 2, "both letters")
    asking.wait_idle()
    asking.mail.answers = lambda envelope: "250 taken"
    decided(asking, event("order.refunded", "o2"))
    letters = [entry.decode() for entry, _ in asking.client.xrange("nudged:dead")]
    asking.mail.all_mails()
    assert asking.ctl("dead", "retry", *letters)[0] == 0
    assert asking.mail.next_mail()["Subject"] == "thanks review.submitted o1 5 80"
    asking.wait_idle()
    assert asking.mail.all_mails() == []
    assert [item for item in asking.trace("id:7") if item[1] == "withdrawn"] == [("ask", "withdrawn", "until")]
