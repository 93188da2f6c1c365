"""An address is known however it is spelt: in quotes that it does not need, with the root of its domain, a number with
anything between its digits. And so is what former programs kept, to whom these were addresses of their own."""

import hashlib
import hmac
import json
import time

import pytest

RULES = """{name: receipt, class: transactional, on: paid, send: mail}
---
{name: news, class: transactional, on: out, send: mail}
---
{name: text, on: out, send: {template: text, via: sms}}
"""
MAILS = ["anna.pop@example.com", '"anna.pop"@example.com', '"Anna\\.pop"@EXAMPLE.com', "anna.pop@example.com."]
NUMBERS = ["+40721000000", "+40 721 000 000", "(+40) 721-000-000", "+40\u00a0721\u2011000\u2011000"]


@pytest.fixture
def office(shop):
    shop.redis()
    shop.mail, shop.texts = shop.smtp(), shop.http()
    shop.rules(RULES)
    shop.config["customer"] = {"keys": ["customer.id", "customer.email", "customer.phone"]}
    shop.config["channels"] = {"email": ["smtp"], "sms": ["api"]}
    shop.config["gateways"]["api"] = {"kind": "http", "url": f"http://127.0.0.1:{shop.texts.port}/"}
    shop.template("mail.text.liquid", "---\nsubject: '{{ message.rule }}'\n---\nx")
    shop.template("text.text.liquid", "x")
    shop.template("api.json.liquid", '{"to": {{ message.to | json }}}')
    shop.count = 0
    return shop


def push(shop, kind, **customer):
    shop.count += 1
    shop.push({"type": kind, "id": f"e{shop.count}", "customer": {"accepts_marketing": True, **customer}})
    shop.wait_idle()


def refused(shop, key):
    return {(rule, why) for rule, what, why in shop.trace(key) if what == "refused"}


@pytest.mark.parametrize("field, spellings", [("email", MAILS), ("phone", NUMBERS)])
def test_one_person(office, field, spellings):
    office.daemon().spawn()
    for number, spelling in enumerate(spellings):
        push(office, "seen", **{field: spelling})
    assert office.client.keys("nudged:customer:*") == [f"nudged:customer:{field}:{spellings[0]}".encode()]
    assert office.dead() == []


@pytest.mark.parametrize("said", range(4))
def test_a_no_and_a_suppression_hold_for_each(office, said):
    office.daemon().spawn()
    push(office, "customer.unsubscribed", phone=NUMBERS[said])
    assert office.ctl("suppress", "add", MAILS[said])[0] == 0
    for number, (mail, phone) in enumerate(zip(MAILS, NUMBERS)):
        push(office, "out", id=number, email=mail, phone=phone)
        assert refused(office, f"id:{number}") == {("news", "suppressed"), ("text", "no-consent")}
    assert office.mail.mails.empty() and office.texts.requests.empty()


def test_it_is_written_to_without_the_root(office):
    office.daemon().spawn()
    push(office, "paid", id=1, email="anna.pop@example.com.")
    assert office.mail.next_mail()["To"] == "anna.pop@example.com"
    assert office.dead() == []


def known_before(shop, former):
    """As a program of format 3 named it."""
    secret = (shop.folder / "state" / "secret").read_bytes().strip()
    digest = hmac.new(secret, former.encode(), hashlib.sha256).hexdigest()[:32]
    return digest, digest[:16]


@pytest.mark.parametrize("mail, phone", [('"anna.pop"@example.com', "+40 721 000 000"),
                                         ("Anna.Pop@example.com. ", "(+40) 721-000-000 ")])
def test_what_former_programs_kept(office, mail, phone):
    office.daemon().spawn()
    suppressed, _ = known_before(office, mail.strip().lower())
    _, said = known_before(office, phone.strip())
    office.client.hset("nudged:suppressed", suppressed, json.dumps({"at": 1, "reason": "bounced"}))
    office.client.hset("nudged:said", said, f"-{int(time.time() * 1000) - 1000}")
    push(office, "out", id=1, email=mail, phone=phone)
    assert refused(office, "id:1") == {("news", "suppressed"), ("text", "no-consent")}
    told = json.loads(office.ctl("explain", "1", "--json")[1].splitlines()[0])
    assert [one["suppressed"] for one in told["addresses"] if "suppressed" in one] == ["bounced"]
    assert [word["said"] for word in told["said"]] == ["no"]
    assert office.ctl("suppress", "rm", mail) == (0, "1 removed\n", "")
    push(office, "customer.subscribed", id=1)
    push(office, "out", id=1)
    assert office.mail.next_mail() and office.texts.requests.get(timeout=60)
