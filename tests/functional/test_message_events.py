"""What became of messages, as events that rules may start on."""

import json

from conftest import wait_until
from fault_server import CLOSE, FaultSmtp, by_recipient

RULES = """name: receipt
class: transactional
on_uncertain: hold
on: paid
send: {template: receipt, data: {number: order.number}}
---
name: by-phone
class: transactional
again: parallel
on: message.bounced
if: message.rule == "receipt" && message.channel == "email" && has(customer.phone)
steps:
  - send: {template: text, via: sms, data: {number: message.data.number, why: message.enhanced}}
  - wait: 1s
  - if: start.message.enhanced == "5.1.1" && start.message.cause == "bounced"
    then: [{send: {template: text, via: sms, data: {number: '"again"', why: start.message.gateway}}}]
---
name: lost
class: transactional
on: message.uncertain
send: {template: text, via: sms, data: {number: message.data.number, why: message.gateway}}
"""


def shop_with_phones(shop, script):
    """A relay that does as the script says, and an API of text messages that takes all."""
    shop.redis()
    shop.rules(RULES)
    shop.template("receipt.text.liquid", "---\nsubject: Receipt {{ number }}\n---\nThanks\n")
    shop.template("text.text.liquid", "{{ number }} {{ why }}")
    shop.template("api.json.liquid", "{{ message.to }} {{ message.text }}")
    relay, api = shop.add(FaultSmtp(script)), shop.http()
    shop.config["gateways"] = {"relay": relay.gateway(),
                               "api": {"kind": "http", "url": f"http://127.0.0.1:{api.port}/"}}
    shop.config["channels"] = {"email": "relay", "sms": "api"}
    return relay, api


def paid(number, **customer):
    return {"type": "paid", "id": f"p{number}", "order": {"number": number},
            "customer": {"id": number, "email": f"c{number}@example.com", "phone": f"+{number}", **customer}}


def texts(api, count):
    return sorted(api.requests.get(timeout=60)[2].decode() for _ in range(count))


def event_types(shop, customer):
    lines = shop.client.lrange(f"nudged:trace:{customer}", 0, -1)
    return [json.loads(line)["event"]["type"] for line in reversed(lines) if b'"event"' in line]


def test_a_text_when_the_mail_bounced(shop):
    """With what the send gave its template, and with the start once the rule has waited."""
    _, api = shop_with_phones(shop, {"rcpt": by_recipient({"c1@": "550 5.1.1 no such user",
                                                           "c3@": "550 5.1.1 no such user"})})
    shop.daemon().spawn()
    shop.push(paid(1), paid(2), paid(3, phone=None))
    assert texts(api, 2) == ["+1 1 5.1.1", "+1 again relay"]
    shop.wait_idle()
    assert api.requests.empty()
    assert event_types(shop, "id:1") == ["paid", "message.bounced"] and event_types(shop, "id:2") == ["paid"]
    assert event_types(shop, "id:3") == ["paid", "message.bounced"]


def test_uncertain_is_told_once(shop):
    """Resent by hand and uncertain again: no second event."""
    relay, api = shop_with_phones(shop, {"dot": CLOSE})
    shop.daemon().spawn()
    shop.push(paid(1))
    assert texts(api, 1) == ["+1 1 relay"]
    wait_until(lambda: shop.client.zcard("nudged:uncertain"), "the held message")
    assert shop.ctl("uncertain", "resend", "--all")[0] == 0
    wait_until(lambda: len(relay.mails) == 2 and shop.client.zcard("nudged:uncertain"), "the second attempt")
    relay.well()
    assert shop.ctl("uncertain", "resend", "--all")[0] == 0
    wait_until(lambda: len(relay.mails) == 3, "the third")
    shop.wait_idle()
    assert api.requests.empty()
    assert event_types(shop, "id:1") == ["paid", "message.uncertain"]


def test_each_refusal_is_told(shop):
    """Of a message that went out again by hand."""
    _, api = shop_with_phones(shop, {"rcpt": by_recipient({"c1@": "550 5.1.1 no such user"})})
    shop.daemon().spawn()
    shop.push(paid(1))
    for _ in range(2):
        assert texts(api, 2) == ["+1 1 5.1.1", "+1 again relay"]
        shop.wait_idle()
        assert shop.ctl("suppress", "rm", "c1@example.com")[0] == 0
        assert shop.ctl("dead", "retry", "--all")[0] == 0
    assert texts(api, 2) == ["+1 1 5.1.1", "+1 again relay"]
    shop.wait_idle()
    told = [event for event in event_types(shop, "id:1") if event != "message.requeued"]
    assert told == ["paid"] + 3 * ["message.bounced"] and api.requests.empty()


def test_a_daemon_that_ends_over_a_message_leaves_it_uncertain(shop):
    _, api = shop_with_phones(shop, {})
    one = shop.daemon().spawn(failpoints="send-answered=kill")
    shop.push(paid(1))
    assert one.ended() == -9
    one.spawn()
    assert texts(api, 1) == ["+1 1 relay"]
    shop.wait_idle()
    assert event_types(shop, "id:1") == ["paid", "message.uncertain"]


def decided(*daemons):
    return sum(daemon.figure("nudged_events_decided_total") for daemon in daemons)


def test_two_daemons_one_without_the_rule(shop):
    """An event that nobody asks for is not made; one that the other daemon's rules ask for is."""
    shop_with_phones(shop, {})
    (shop.folder / "old").mkdir()
    (shop.folder / "old" / "rules.yaml").write_text(RULES.split("---")[0])
    old = shop.daemon("old", rules=str(shop.folder / "old")).spawn()
    shop.push(paid(1))
    shop.wait_idle()
    assert decided(old) == 1
    shop.rules(RULES + "---\n{name: count, class: transactional, on: message.sent, if: 'false', send: receipt}\n")
    new = shop.daemon("new", channels={"sms": "api"}).spawn()
    key = "nudged:sets"
    wait_until(lambda: shop.client.hlen(key) == 2, "both rule sets")
    # The old one has heard of the other's set at its next renewal.
    number = wait_until(lambda: next((n for n in range(2, 200) if sent_is_told(shop, old, new, n)), 0), "message.sent")
    assert number


def sent_is_told(shop, old, new, number):
    before = decided(old, new)
    shop.push(paid(number))
    shop.wait_idle()
    return decided(old, new) == before + 2
