"""An envelope sender for each mail, and what leads from it to the person: there from the first
command to the server on, and small."""

import re

import pytest

from conftest import wait_until
from desk import desk  # noqa: F401
from fault_server import CLOSE, FaultSmtp

RULES = """{name: receipt, class: transactional, on_uncertain: hold, on: paid, send: mail}
---
{name: code, class: transactional, on: paid, if: 'has(order.id)', send: {template: mail, via: sms}}
"""
OWN = re.compile(r"r-[a-z2-7]{38}@bounces\.shop\.example")
DAY_MS = 86400000


def returning(shop, script=None):
    shop.redis()
    shop.rules(RULES)
    shop.template("mail.text.liquid", "---\nsubject: Hi\n---\nHi\n")
    shop.template("api.json.liquid", "{}")
    relay, api = shop.add(FaultSmtp(script or {})), shop.http()
    shop.config["gateways"] = {"relay": relay.gateway(connections=4),
                               "api": {"kind": "http", "url": f"http://127.0.0.1:{api.port}/"}}
    shop.config["channels"] = {"email": "relay", "sms": "api"}
    shop.config["mail"]["bounce_domain"] = "bounces.shop.example"
    return relay


def paid(number, **more):
    return {"type": "paid", "id": f"p{number}", "customer": {"id": number, "email": f"c{number}@example.com",
                                                             "phone": "+1"}, **more}


def kept(shop):
    """Key → fields, of all that is kept of mails that may come back."""
    return {key: shop.client.hgetall(key) for key in shop.client.scan_iter("nudged:returns:*")}


def test_each_mail_has_an_envelope_sender_of_its_own(shop):
    relay = returning(shop)
    shop.daemon().spawn()
    shop.push(paid(1, order={"id": 1}), paid(2))
    wait_until(lambda: len(relay.mails) == 2, "the mails")
    shop.wait_idle()
    senders = {mail.sender for mail in relay.mails}
    assert len(senders) == 2 and all(OWN.fullmatch(sender) for sender in senders)
    [(key, values)] = kept(shop).items()
    assert len(values) == 2  # none of the text message
    assert {value[17:] for value in values.values()} == {b"id:1\0receipt", b"id:2\0receipt"}
    left = shop.client.pttl(key)
    assert 14 * DAY_MS < left <= 16 * DAY_MS
    assert 14 * DAY_MS < shop.client.pttl(next(shop.client.scan_iter("nudged:mailed:*"))) <= 16 * DAY_MS


def test_there_is_no_moment_without(shop):
    """On the way, uncertain and held, dropped: it is in the message's hash, or in what is kept."""
    relay = returning(shop, {"dot": CLOSE})
    shop.daemon().spawn()
    shop.push(paid(1))
    wait_until(lambda: shop.client.zcard("nudged:uncertain"), "the held message")
    [mid] = shop.client.zrange("nudged:uncertain", 0, -1)
    assert shop.client.hget(b"nudged:message:" + mid, "returns") == b"0 receipt"
    assert kept(shop) == {}
    assert shop.ctl("uncertain", "drop", "--all")[0] == 0
    [values] = kept(shop).values()
    assert list(values) == [bytes.fromhex(mid.decode())[:6]]
    assert OWN.fullmatch(relay.mails[0].sender)


@pytest.mark.parametrize("count, key", [(40, "id:{}"), (3000, "id:{}"), (3000, "550e8400-e29b-41d4-a716-{:012}")])
def test_below_80_bytes_each(shop, count, key):
    """All overhead included, at few and at many, with numbers and with UUIDs for ids."""
    relay = returning(shop)
    shop.daemon().spawn()
    shop.push(*[{**paid(n), "customer": {"id": key.format(n), "email": f"c{n}@example.com"}} for n in range(count)])
    wait_until(lambda: len(relay.mails) == count, "the mails")
    shop.wait_idle()
    client = shop.client
    keys = [*client.scan_iter("nudged:returns:*"), *client.scan_iter("nudged:mailed:*")]
    assert sum(client.hlen(key) for key in keys if b"returns" in key) == count
    assert sum(client.memory_usage(key, samples=0) for key in keys) < 80 * count
    assert {client.object("encoding", key) for key in keys if b"returns" in key} == {b"listpack"}


def test_faults_of_the_domain(desk):
    for domain in ("a@b.example", "not a domain", ""):
        desk.config["mail"]["bounce_domain"] = domain
        desk.daemon()
        status, out, _ = desk.ctl("check")
        assert status == 1 and re.search(r"error: `bounce_domain` must be", out), (domain, out)
    desk.config["mail"].update({"bounce_domain": "bounces.shop.example", "bounces": "b@shop.example"})
    desk.daemon()
    assert "warning: `bounces` is of no use beside `bounce_domain`\n" in desk.ctl("check")[1]
