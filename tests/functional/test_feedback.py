"""Bounces and complaints that come later, as a mail server hands them to `nudgectl feedback`: which
mail and whom they are about, what they change, and what changes nothing."""

import json
import re
import subprocess

import pytest

from conftest import BUILD, PATIENCE, parse, wait_until
from fault_server import CLOSE, FaultSmtp, by_recipient
from hostile import hostile
from real_servers import Postfix

RULES = """{name: receipt, class: transactional, on_uncertain: hold, on: paid, send: mail}
---
{name: news, on: news.out, topic: news, send: mail}
---
name: by-phone
class: transactional
on: [message.bounced, message.failed, message.complained]
if: message.rule == "receipt" && message.channel == "email"
send: {template: text, via: sms, data: {what: message.reason}}
"""
TEMPFAIL = 75


def mailing(shop, script=None, rules=RULES):
    shop.redis()
    shop.rules(rules)
    shop.template("mail.text.liquid", "---\nsubject: Hi\n---\nHi {{ unsubscribe_url }}\n")
    shop.template("text.text.liquid", "{{ what }}")
    shop.template("api.json.liquid", "{{ message.text }}")
    shop.relay, shop.api = shop.add(FaultSmtp(script or {})), shop.http()
    shop.config["gateways"] = {"relay": shop.relay.gateway(),
                               "api": {"kind": "http", "url": f"http://127.0.0.1:{shop.api.port}/"}}
    shop.config["channels"] = {"email": "relay", "sms": "api"}
    shop.config["mail"].update({"bounce_domain": "bounces.shop.example", "unsubscribe_mailto": "out@shop.example"})
    shop.one = shop.daemon().spawn()
    return shop


def paid(number, **customer):
    return {"type": "paid", "id": f"p{number}",
            "customer": {"id": number, "email": f"c{number}@example.com", "phone": f"+{number}",
                         "accepts_marketing": True, **customer}}


def sent(shop, number):
    """The envelope sender and the Message-ID of a receipt."""
    before = len(shop.relay.mails)
    shop.push(paid(number))
    wait_until(lambda: len(shop.relay.mails) > before, "the mail")
    shop.wait_idle()
    mail = shop.relay.mails[-1]
    return mail.sender, parse(mail.content)["Message-ID"]


def dsn(sender, message_id="<x@y.example>", status="5.1.1", action="failed",
        said="smtp; 550 5.1.1 <c1@example.com>: no such user", recipient="c1@example.com", to=None):
    return f"""From: MAILER-DAEMON@mx.example
To: {to or sender}
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: {said}

--b
Content-Type: message/rfc822

From: Shop <mail@shop.example>
Message-ID: {message_id}

Hi
--b--
"""


def complaint(sender, message_id="<x@y.example>", kind="abuse"):
    return f"""From: fbl@isp.example
To: abuse@shop.example
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary=b

--b
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: isp
Original-Mail-From: <{sender}>

--b
Content-Type: text/rfc822-headers

Message-ID: {message_id}
--b--
"""


def feedback(shop, report, *more):
    status, out, err = shop.ctl("feedback", *more, stdin=report)
    assert status == 0 and err == "", (status, err)
    return out


def suppressed(shop):
    return sorted(json.loads(value)["reason"] for value in shop.client.hvals("nudged:suppressed"))


def told(shop, customer):
    """(rule, what) of what came back."""
    return [line[:2] for line in shop.trace(customer) if line[1] in ("returned", "delayed", "complained")]


def test_a_bounce_by_its_signed_address(shop):
    mailing(shop)
    sender, _ = sent(shop, 1)
    out = feedback(shop, dsn("whoever@elsewhere.example"), "--recipient", sender)
    assert re.fullmatch(r"bounced mid=[0-9a-f]{32}, and its address is suppressed: 550 5\.1\.1 <c1@.*\n", out)
    assert shop.api.requests.get(timeout=PATIENCE)[2] == b"550 5.1.1 <c1@example.com>: no such user"
    shop.wait_idle()
    assert suppressed(shop) == ["returned"] and told(shop, "id:1") == [("receipt", "returned")]
    explained = shop.ctl("explain", "1")[1]
    assert " receipt returned, bounced: 550 5.1.1 <c1@example.com>: no such user mid=" in explained
    assert "message.bounced" in explained
    assert ", which was known: " in feedback(shop, dsn(sender))
    shop.push({"type": "paid", "id": "again", "customer": {"id": 9, "email": "C1@example.com"}})
    shop.wait_idle()
    assert ("receipt", "refused", "suppressed") in shop.trace("id:9")
    assert shop.api.requests.empty() and told(shop, "id:1") == [("receipt", "returned")]


@pytest.mark.parametrize("status, said, verb", [
    ("5.0.0", "smtp; 550 Unknown user", "bounced"),  # Exim
    ("5.1.2", "x-unix; Host not found", "bounced"),
    ("5.4.4", "x-postfix; Host or domain name not found", "bounced"),
    ("5.7.1", "smtp; 550 5.7.1 blocked", "failed"),  # about this mail, not the mailbox
    ("5.0.0", "smtp; 554 5.7.1 blocked", "failed"),
    ("5.2.2", "smtp; 552 5.2.2 over quota", "failed"),
    ("5.1.8", "smtp; 550 5.1.8 your domain", "failed"),
    ("5.0.0", "x-exim; retry timeout exceeded", "failed"),
    ("4.4.7", "x-postfix; delivery timed out", "failed"),
])
def test_it_means_what_it_means_at_rcpt(shop, status, said, verb):
    mailing(shop)
    sender, _ = sent(shop, 1)
    assert feedback(shop, dsn(sender, status=status, said=said)).startswith(f"{verb} mid=")
    assert shop.api.requests.get(timeout=PATIENCE)[2]
    shop.wait_idle()
    assert suppressed(shop) == (["returned"] if verb == "bounced" else [])
    assert f"receipt returned, {verb}: " in shop.ctl("explain", "1")[1]


def test_a_delay_is_told_to_the_trace_alone(shop):
    mailing(shop)
    sender, _ = sent(shop, 1)
    report = dsn(sender, status="4.4.1", action="delayed", said="x-postfix; connection timed out")
    assert feedback(shop, report).startswith("delayed mid=")
    assert ", which was known: " in feedback(shop, report)
    shop.wait_idle()
    assert told(shop, "id:1") == [("receipt", "delayed")] and suppressed(shop) == []
    assert shop.api.requests.empty()
    assert feedback(shop, dsn(sender)).startswith("bounced mid=")  # what came of it


def test_a_complaint_is_a_no_to_all(shop):
    """It is suppressed, and marketing to the customer's other addresses stops too."""
    mailing(shop)
    sender, _ = sent(shop, 1)
    for kind in ("not-spam", "auth-failure"):
        assert feedback(shop, complaint(sender, kind=kind)).startswith("nothing: ")
    assert feedback(shop, complaint(sender)).startswith("complained mid=")
    assert shop.api.requests.get(timeout=PATIENCE)[2] == b"abuse, by isp"
    shop.push({"type": "news.out", "id": "n", "customer": {"id": 1, "email": "new@example.com"}})
    shop.wait_idle()
    assert suppressed(shop) == ["complained"] and told(shop, "id:1") == [("receipt", "complained")]
    assert ("news", "refused", "no-consent") in shop.trace("id:1")
    assert json.loads(shop.client.get("nudged:customer:id:1"))["said"]["all"][0] == "no"


@pytest.mark.parametrize("number", [1, "7" * 60], ids=["short", "long"])
def test_a_complaint_of_somebody_else_is_no_word_of_the_customer(shop, number):
    """What goes to an address of the send's own bears neither their name nor their links."""
    mailing(shop, rules=RULES + """---
{name: alert, class: transactional, on: alarm, send: {template: mail, to: '"staff@shop.example"'}}
""")
    shop.push({**paid(number, first_name="Ana"), "type": "alarm"})
    wait_until(lambda: shop.relay.mails, "the mail")
    shop.wait_idle()
    mail = shop.relay.mails[-1]
    assert parse(mail.content)["To"] == "staff@shop.example"
    assert parse(mail.content).get_content().strip() == "Hi"
    assert feedback(shop, complaint(mail.sender)).startswith("complained mid=")
    shop.push({"type": "news.out", "id": "n", "customer": {"id": number}})
    shop.wait_idle()
    assert suppressed(shop) == ["complained"]
    assert ("news", "sends", "mail") in shop.trace(f"id:{number}")
    assert "said" not in json.loads(shop.client.get(f"nudged:customer:id:{number}"))
    sent_to = [value[17:].split(b"\0")[1:] for key in shop.client.scan_iter("nudged:returns:*")
               for value in shop.client.hvals(key)]
    assert ([b"!alert"] if number == 1 else [b"!"]) in sent_to


def test_by_the_id_of_the_mail_that_was_returned(shop):
    mailing(shop)
    _, message_id = sent(shop, 1)
    assert feedback(shop, dsn("bounces@shop.example", message_id)).startswith("bounced mid=")
    shop.wait_idle()
    assert suppressed(shop) == ["returned"]


def test_forged_ones_change_nothing(shop):
    """A wrong signature, another mail's id, no sign at all; with --unsigned the last on the operator's word."""
    mailing(shop)
    sender, message_id = sent(shop, 1)
    letter = "b" if sender[30] != "b" else "c"
    forged = sender[:30] + letter + sender[31:]
    assert feedback(shop, dsn(forged, message_id)) == "nothing: the signature of its address is wrong\n"
    assert feedback(shop, dsn("b@shop.example", "<" + "0" * 32 + "@shop.example>")).startswith("bounced mid=000") \
        and told(shop, "id:1") == []
    assert feedback(shop, dsn("b@shop.example")).startswith("nothing: no signed address")
    assert feedback(shop, "Subject: I am away\nTo: " + sender + "\n\nBack on Monday\n").startswith("nothing: no report")
    assert feedback(shop, "").startswith("nothing: no report")
    shop.wait_idle()
    assert suppressed(shop) == [] and told(shop, "id:1") == [] and shop.api.requests.empty()
    assert feedback(shop, dsn("b@shop.example", status="5.7.1", said="smtp; 550 5.7.1 no"), "--unsigned") \
        == "nothing: it is not about the mailbox\n"
    assert feedback(shop, dsn("b@shop.example"), "--unsigned") == "suppressed, on your word: c1@example.com\n"
    assert suppressed(shop) == ["returned"]


def test_before_the_answer_to_the_dot(shop):
    """The mail is on the way, and uncertain: its bounce finds it, and it is not sent again."""
    mailing(shop, {"dot": CLOSE})
    shop.push(paid(1))
    wait_until(lambda: shop.client.zcard("nudged:uncertain"), "the held message")
    assert feedback(shop, dsn(shop.relay.mails[0].sender)).startswith("bounced mid=")
    assert shop.api.requests.get(timeout=PATIENCE)
    shop.ctl("uncertain", "drop", "--all")
    assert ", which was known: " in feedback(shop, dsn(shop.relay.mails[0].sender))


def test_the_document_is_gone(shop):
    """Suppressed all the same; of one who was erased nothing else is written."""
    mailing(shop)
    first, _ = sent(shop, 1)
    second, _ = sent(shop, 2)
    shop.push({"type": "customer.erased", "id": "e", "customer": {"id": 1}})
    shop.wait_idle()
    whose = lambda: {value[17:].split(b"\0")[0] for key in shop.client.keys("nudged:returns:*")
                     for value in shop.client.hvals(key)}
    wait_until(lambda: whose() == {b"#", b"id:2"}, "it to be forgotten to whom the first went")
    shop.client.delete("nudged:customer:id:2")
    assert feedback(shop, dsn(first)).startswith("bounced mid=")
    assert feedback(shop, dsn(second)).startswith("bounced mid=")
    shop.wait_idle()
    assert suppressed(shop) == ["returned", "returned"]
    assert not shop.client.exists("nudged:customer:id:1", "nudged:trace:id:1")
    assert told(shop, "id:2") == [("receipt", "returned")]


def test_redis_is_away(shop):
    """EX_TEMPFAIL: the mail server keeps the report, and brings it again."""
    server = mailing(shop).started[0]
    sender, _ = sent(shop, 1)
    assert shop.one.stop() == 0
    server.stop()
    status, _, err = shop.ctl("feedback", stdin=dsn(sender))
    assert status == TEMPFAIL and err
    server.start()
    shop.client = server.client
    assert shop.ctl("feedback", config="/nowhere.yaml", stdin=dsn(sender))[0] == TEMPFAIL
    assert feedback(shop, dsn(sender)).startswith("bounced mid=")


def test_ten_megabytes(shop):
    """A report with all of a large mail in it, and one that is nothing but large: read to their end."""
    mailing(shop)
    sender, _ = sent(shop, 1)
    large = dsn(sender).replace("\nHi\n", "\n" + "x" * 78 + "\n" + ("y" * 76 + "\n") * 160_000)
    assert len(large) > 12_000_000
    assert feedback(shop, large).startswith("bounced mid=")
    assert feedback(shop, "z" * 15_000_000).startswith("nothing: ")


def test_whatever_a_report_says(shop):
    """Hostile bytes in each of its fields: one line, and nothing that a terminal would obey."""
    mailing(shop)
    sender, _ = sent(shop, 1)
    for number, value in enumerate(hostile()[::11]):
        place = ("said", "status", "recipient", "action")[number % 4]
        report = dsn("b@shop.example", **{place: value}).encode(errors="replace").decode()
        out = feedback(shop, report)
        assert out.startswith("nothing: ") and out.count("\n") == 1, (place, value)
    said = "smtp; 550 5.1.1 a\u202eb\x1b[31m\0c"
    out = feedback(shop, dsn("b@shop.example", said=said), "--recipient", sender.upper())
    shop.wait_idle()
    for text in (out, shop.ctl("explain", "1")[1], shop.ctl("explain", "1", "--json")[1]):
        assert "a?b [31m c" in text and not re.search("[\u202e\x1b\0]", text)


def test_handed_over_by_many_at_once(shop):
    mailing(shop)
    sender, _ = sent(shop, 1)
    several = [subprocess.Popen([BUILD / "nudgectl", "--config", shop.one.config, "feedback"], text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(8)]
    for one in several:
        one.stdin.write(dsn(sender))
        one.stdin.close()
    said = [one.stdout.read() for one in several]
    assert [one.wait(PATIENCE) for one in several] == [0] * 8
    assert sum(", which was known: " not in line for line in said) == 1
    shop.wait_idle()
    assert told(shop, "id:1") == [("receipt", "returned")]
    assert shop.api.requests.get(timeout=PATIENCE) and shop.api.requests.empty()


def test_who_was_a_guest_is_found_by_the_account(shop):
    """The mail went to a key that has become part of a person since."""
    mailing(shop)
    shop.push({"type": "paid", "id": "g", "customer": {"email": "guest@example.com", "phone": "+5"}})
    wait_until(lambda: shop.relay.mails, "the mail")
    shop.push({"type": "seen", "id": "s", "customer": {"id": 77, "email": "guest@example.com"}})
    shop.wait_idle()
    assert feedback(shop, dsn(shop.relay.mails[0].sender)).startswith("bounced mid=")
    assert shop.api.requests.get(timeout=PATIENCE)
    shop.wait_idle()
    assert told(shop, "id:77") == [("receipt", "returned")]


def test_hops_go_on(shop):
    """A rule that mails about bounces, to an address that bounces for another reason each time, ends."""
    mailing(shop)
    shop.rules("{name: alarm, class: transactional, again: parallel, on: [paid, message.failed], send: mail}\n")
    assert shop.ctl("reload")[0] == 0
    shop.push(paid(1))
    for number in range(9):
        wait_until(lambda: len(shop.relay.mails) > number, f"mail {number}")
        shop.wait_idle()
        sender = shop.relay.mails[number].sender
        assert feedback(shop, dsn(sender, status="5.7.1", said="smtp; 550 5.7.1 no")).startswith("failed mid=")
    wait_until(shop.dead, "the dead letter")
    assert [letter["reason"] for letter in shop.dead()] == [b"loop"] and len(shop.relay.mails) == 9


def test_a_real_bounce_of_postfix(shop):
    """Postfix takes the mail, finds that it cannot deliver it, and reports to the envelope sender."""
    folder = shop.folder
    (folder / "catch").write_text("/@bounces\\.shop\\.example$/ bounces/\n")
    (folder / "catch").chmod(0o644)
    shop.redis()
    last = shop.add(FaultSmtp({"rcpt": by_recipient({"ana@": "550 no such user here",
                                                     "bo@": "550 5.7.1 not from you"})}))
    server = shop.add(Postfix(
        folder, login=False,
        main=f"virtual_mailbox_domains = mail.example bounces.shop.example\n"
             f"virtual_mailbox_maps = regexp:{folder}/catch\n"
             "relay_domains = gone.example\n"
             f"transport_maps = inline:{{ {{ gone.example = smtp:[127.0.0.1]:{last.port} }} }}\n"))
    shop.rules(RULES.split("---\nname: by-phone")[0])
    shop.template("mail.text.liquid", "---\nsubject: Hi\n---\nHi {{ unsubscribe_url }}\n")
    shop.template("text.text.liquid", "{{ what }}")
    shop.config["gateways"] = {"relay": server.gateway(shop)}
    shop.config["mail"].update({"bounce_domain": "bounces.shop.example", "unsubscribe_mailto": "out@shop.example"})
    shop.daemon().spawn()
    shop.push(paid(1, email="ana@gone.example"), paid(2, email="bo@gone.example"))
    reports = wait_until(lambda: (found := server.box("bounces")) and len(found) == 2 and found,
                         lambda: f"the bounces\n{server.log()}")
    said = sorted(feedback(shop, report.decode()) for report in reports)
    assert re.fullmatch(r"bounced mid=\w+, and its address is suppressed: 550 no such user here\n", said[0])
    assert re.fullmatch(r"failed mid=\w+: 550 5.7.1 not from you\n", said[1])
    shop.wait_idle()
    assert suppressed(shop) == ["returned"]
    assert told(shop, "id:1") == told(shop, "id:2") == [("receipt", "returned")]
