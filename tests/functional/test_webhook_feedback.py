"""What providers of mail tell of messages that we sent: whom it is about, what it changes, and what
changes nothing. The mails go out over SMTP, whose Message-ID is what the providers give back."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import web_hooks
from conftest import wait_until
from web_hooks import Hooks, SendGrid, hook_shop

RULES = """{name: receipt, class: transactional, on: paid, send: mail}
---
{name: news, on: news.out, topic: news, send: mail}
---
{name: owner, class: transactional, on: owner.told, send: {template: mail, to: '"owner@shop.example"'}}
"""
NOBODY = "f" * 32
LOGIN = "postmark:hush"


def mailing(shop, *hooks, **keys):
    shop.redis()
    shop.rules(RULES)
    shop.template("mail.text.liquid", "---\nsubject: Hi\n---\nHi {{ unsubscribe_url }}\n")
    shop.config["mail"]["unsubscribe_mailto"] = "out@shop.example"
    shop.mails = shop.smtp()
    hook_shop(shop, *hooks, **keys)
    shop.one = shop.daemon().spawn()
    shop.web = Hooks(shop.one)
    return shop


def sent(shop, number, type_="paid", **customer):
    """The id of a message that went out."""
    shop.push({"type": type_, "id": f"{type_}{number}", "customer": {
        "id": number, "email": f"c{number}@example.com", "accepts_marketing": True, **customer}})
    mail = shop.mails.next_mail()
    shop.wait_idle()
    return re.match(r"<([0-9a-f]{32})@", mail["Message-ID"])[1]


def suppressed(shop):
    return shop.client.hlen("nudged:suppressed")


def did(shop, number):
    shop.wait_idle()
    return [(what, why) for _, what, why in shop.trace(f"id:{number}")]


def outcome(shop, number):
    """What the last piece of news did: what was traced, and whether the address is suppressed."""
    lines = did(shop, number)
    return lines[-1][0] if lines else None


MAILGUN = [
    ("failed_permanent", "returned", True), ("failed_suppressed", "returned", True),
    ("failed_temporary", "delayed", False), ("complained", "complained", True), ("delivered", None, False),
]


def assert_replayed(shop, headers, body):
    status, answer = shop.web.send("mailgun", headers, body)
    assert status == 401 and json.loads(answer)["reason"] == "replayed"


@pytest.mark.parametrize("name, what, suppresses", MAILGUN, ids=[row[0] for row in MAILGUN])
def test_mailgun(shop, name, what, suppresses):
    mailing(shop, "mailgun")
    mid = sent(shop, 1)
    before = did(shop, 1)
    headers, body = web_hooks.mailgun(name, mid)
    assert shop.web.send("mailgun", headers, body)[0] == 200
    told = did(shop, 1)[len(before):]
    assert (what in [item for item, _ in told]) if what else told == [], told
    assert suppressed(shop) == (1 if suppresses else 0)
    # each token once, in a nudged-web that has begun after it too, and whatever else stands with it
    assert_replayed(shop, headers, body)
    begun = shop.one.log().count("nudged-web takes requests")
    shop.one.ask("POST", "/reload")
    wait_until(lambda: shop.one.log().count("nudged-web takes requests") > begun, shop.one.log)
    assert_replayed(shop, headers, body)
    assert_replayed(shop, headers, body.replace(mid.encode(), NOBODY.encode()))
    # a token of its own, the same news: known
    again = web_hooks.mailgun(name, mid, token="another-token-of-the-same-news")
    assert shop.web.send("mailgun", *again)[0] == 200
    assert did(shop, 1)[len(before):] == told


def test_mailguns_token_is_spent_for_each_daemon(shop):
    mailing(shop, "mailgun")
    mid = sent(shop, 1)
    two = Hooks(shop.daemon(name="two").spawn())
    delivery = web_hooks.mailgun("complained", mid)
    both = [shop.web, two]
    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(lambda web: web.send("mailgun", *delivery)[0], both)) == [200, 401]
    assert [web.send("mailgun", *delivery)[0] for web in both] == [401, 401]
    assert did(shop, 1).count(("complained", did(shop, 1)[-1][1])) == 1


def test_a_mail_of_a_daemon_that_listens_to_nothing(shop):
    mailing(shop, "mailgun")
    assert shop.one.stop() == 0
    quiet = {key: value for key, value in shop.config["web"].items() if key != "listen"}
    sender = shop.daemon(name="sender", web=quiet).spawn()
    mid = sent(shop, 1)
    assert sender.stop() == 0
    web = Hooks(shop.daemon(name="listener").spawn())
    assert web.send("mailgun", *web_hooks.mailgun("complained", mid)) == (200, "1 taken, 0 known\n")
    assert suppressed(shop) == 1


def test_mailguns_five_minutes(shop):
    mailing(shop, "mailgun")
    mid, now = sent(shop, 1), int(time.time())
    for off, status in ((-330, 401), (330, 401), (-280, 200)):
        assert shop.web.send("mailgun", *web_hooks.mailgun("complained", mid, at=now + off))[0] == status
    forged = web_hooks.mailgun("complained", mid, secret="guessed", token="x" * 50)
    assert shop.web.send("mailgun", *forged)[0] == 401


def test_a_token_is_not_spent_where_redis_is_away(shop):
    mailing(shop, "mailgun")
    delivery = web_hooks.mailgun("complained", sent(shop, 1))
    server = next(thing for thing in shop.started if hasattr(thing, "client"))
    server.stop()
    assert shop.web.send("mailgun", *delivery)[0] == 503
    server.start()
    shop.client = server.client
    wait_until(lambda: shop.web.send("mailgun", *delivery)[0] == 200, shop.one.log)
    wait_until(lambda: suppressed(shop) == 1, "the suppression")
    assert shop.web.send("mailgun", *delivery)[0] == 401


def test_sendgrid(shop):
    provider = SendGrid(shop.folder)
    mailing(shop, "sendgrid", secret=provider.public)
    one, two, three = sent(shop, 1), sent(shop, 2), sent(shop, 3)
    headers, body = provider.events(one, {"event": "delivered"},
                                    {"event": "bounce", "type": "bounce", "status": "5.1.1",
                                                                  "reason": "550 5.1.1 no such user"})
    assert shop.web.send("sendgrid", headers, body) == (200, "1 taken, 0 known\n")
    assert shop.web.send("sendgrid", headers, body) == (200, "0 taken, 1 known\n")
    assert suppressed(shop) == 1 and outcome(shop, 1) == "returned"
    # policy is not the mailbox
    assert shop.web.send("sendgrid", *provider.events(two, {"event": "bounce", "type": "blocked", "status": "5.7.1",
                                                            "reason": "550 5.7.1 spam"}))[0] == 200
    assert suppressed(shop) == 1 and outcome(shop, 2) == "returned"
    # its own unsubscription: a no, and nothing of the address
    assert shop.web.send("sendgrid", *provider.events(three, {"event": "unsubscribe"}))[0] == 200
    shop.wait_idle()
    shop.push({"type": "news.out", "id": "n3", "customer": {"id": 3}})
    shop.wait_idle()
    assert suppressed(shop) == 1 and shop.mails.mails.empty()
    shop.push({"type": "paid", "id": "again", "customer": {"id": 3}})  # a receipt goes all the same
    shop.mails.next_mail()
    # forged, of another time, by another key
    mac = dict(provider.events(two, {"event": "spamreport"})[0])
    assert shop.web.send("sendgrid", mac, b"[]")[0] == 401
    assert shop.web.send("sendgrid",
                         *provider.events(two, {"event": "spamreport"}, at=int(time.time()) - 400))[0] == 401
    assert shop.web.send("sendgrid", *SendGrid(shop.folder).events(two, {"event": "spamreport"}))[0] == 401
    assert suppressed(shop) == 1


def test_postmark(shop):
    mailing(shop, ("postmark", {}), secret=LOGIN)
    one = sent(shop, 1)
    assert shop.web.send("postmark", *web_hooks.basic("postmark/bounce_soft", one, LOGIN))[0] == 200
    assert suppressed(shop) == 0 and outcome(shop, 1) == "returned"
    assert shop.web.send("postmark", *web_hooks.basic("postmark/bounce_hard", one, LOGIN + "x"))[0] == 401
    assert shop.web.send("postmark", *web_hooks.sample("postmark/bounce_hard"))[0] == 401
    assert suppressed(shop) == 0
    two = sent(shop, 2)
    assert shop.web.send("postmark", *web_hooks.basic("postmark/bounce_hard", two, LOGIN))[0] == 200
    assert suppressed(shop) == 1


def test_brevo(shop):
    mailing(shop, "brevo", secret="brevos-token")
    one = sent(shop, 1)
    for name, total in (("deferred", 0), ("soft_bounce", 0), ("delivered", 0), ("hard_bounce", 1)):
        mid = one if name != "hard_bounce" else sent(shop, 2)
        assert shop.web.send("brevo", *web_hooks.bearer(f"brevo/{name}", mid, "brevos-token"))[0] == 200
        assert suppressed(shop) == total, name
    assert shop.web.send("brevo", *web_hooks.bearer("brevo/spam", one, "other"))[0] == 401


def test_a_message_that_we_never_sent(shop):
    """Whatever is signed: it suppresses nothing, tells nobody, and is counted."""
    mailing(shop, "mailgun")
    sent(shop, 1)
    for mid in (NOBODY, "0" * 32):
        assert shop.web.send("mailgun", *web_hooks.mailgun("failed_permanent", mid)) == (200, "0 taken, 0 known\n")
    for mid in ("../../../etc", "F" * 32, "nudged:suppressed", "0" * 31, "\\u0000" * 32):
        assert shop.web.send("mailgun", *web_hooks.mailgun("complained", mid))[0] == 200
    assert suppressed(shop) == 0
    wait_until(lambda: shop.one.figure("nudged_web_refused_total", reason="unknown-message") == 2, shop.one.log)


def test_who_was_erased_meanwhile(shop):
    """Of them nothing is written but that the address is not to be written to."""
    mailing(shop, "mailgun")
    mid = sent(shop, 1)
    shop.push({"type": "customer.erased", "id": "gone", "customer": {"id": 1}})
    shop.wait_idle()
    assert shop.web.send("mailgun", *web_hooks.mailgun("failed_permanent", mid))[0] == 200
    shop.wait_idle()
    assert suppressed(shop) == 1 and shop.trace("id:1") == []


def test_of_a_person_under_another_key(shop):
    """The mail went to who had an address only; they have an id by now."""
    mailing(shop, "mailgun")
    shop.push({"type": "paid", "id": "guest", "customer": {"email": "g@example.com"}})
    mid = re.match(r"<([0-9a-f]{32})@", shop.mails.next_mail()["Message-ID"])[1]
    shop.push({"type": "joined", "id": "j", "customer": {"id": 9, "email": "g@example.com"}})
    shop.wait_idle()
    assert shop.web.send("mailgun", *web_hooks.mailgun("complained", mid))[0] == 200
    assert outcome(shop, 9) in ("complained", "opted-out", "withdrawn") or "complained" in [w for w, _ in did(shop, 9)]


def test_a_mail_to_somebody_else(shop):
    """Who unsubscribes there says nothing for the customer."""
    mailing(shop, "mailgun")
    mid = sent(shop, 1, "owner.told")
    assert shop.web.send("mailgun", *web_hooks.mailgun("unsubscribed", mid))[0] == 200
    headers, body = web_hooks.mailgun("unsubscribed", mid, token="t" * 50)
    told = json.loads(body)
    told["event-data"]["user-variables"] = {"mid": mid}
    assert shop.web.send("mailgun", headers, json.dumps(told).encode())[0] == 200
    shop.wait_idle()
    shop.push({"type": "news.out", "id": "n1", "customer": {"id": 1}})
    shop.mails.next_mail()
    assert suppressed(shop) == 0


def test_a_thousand_at_once(shop):
    provider = SendGrid(shop.folder)
    mailing(shop, "sendgrid", secret=provider.public)
    mid = sent(shop, 1)
    crowd = [{"event": "spamreport", "mid": f"{number:032x}"} for number in range(1000)]
    headers, body = provider.events(mid, *crowd, {"event": "spamreport"})
    assert shop.web.send("sendgrid", headers, body) == (200, "1 taken, 0 known\n")
    assert suppressed(shop) == 1
