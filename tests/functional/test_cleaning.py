"""What customers have in their names, and servers in their replies: cleaned where it is written down,
and no reason that a receipt does not go out."""

import json
import re
import unicodedata

from fault_server import FaultSmtp
from conftest import wait_until

RULES = "{name: receipt, class: transactional, on: paid, send: receipt}\n"
TEMPLATE = """---
subject: "Thank you {{ customer.first_name }}"
layout: none
headers: {X-Name: "{{ customer.first_name }}", X-To: "{{ from }} {{ subject | size }} {{ locale }}"}
attachments: [note.csv, {file: old.txt, name: "%s.txt"}]
---
<p>Thank you, {{ customer.first_name }}</p>
"""


def receipts(shop):
    shop.redis()
    shop.rules(RULES)
    shop.template("note.csv", "tee;5 €\n")
    shop.template("receipt.html.liquid", TEMPLATE % ("x" * 300))


def paid(number, **customer):
    return {"type": "paid", "id": f"p{number}",
            "customer": {"id": number, "email": f"c{number}@example.com", **customer}}


def test_what_is_in_a_name_holds_no_receipt_back(shop):
    receipts(shop)
    smtp = shop.smtp()
    (shop.folder / "templates" / "old.txt").write_bytes("5 €".encode("utf-16"))
    shop.daemon().spawn()
    names = ["Ana\tMaria", "Ana\r\nBcc: evil@example.net", "Ana\0", "é" * 3000, "👨‍👩‍👧" * 300, "\u202eanA", '"Ana"']
    shop.push(*[paid(number, first_name=name, name=name) for number, name in enumerate(names)],
              paid(len(names), email="\u00a0 c7@example.com\u3000\n"))
    mails = {mail["To"].addresses[0].username: mail for mail in (smtp.next_mail() for _ in range(len(names) + 1))}
    assert shop.dead() == [] and sorted(mails) == [f"c{number}" for number in range(len(names) + 1)]
    for number, name in enumerate(names):
        mail = mails[f"c{number}"]
        clean = name.replace("\t", " ").replace("\r\n", " ").rstrip("\0")
        assert len(mail["To"].addresses) == 1 and not mail["Bcc"]
        subject = f"Thank you {clean}"
        assert subject.startswith(mail["Subject"]) and len(mail["Subject"].encode()) <= 998
        assert len(subject) < 500 or len(mail["Subject"].encode()) > 970
        assert not unicodedata.combining(mail["Subject"][-1]) and mail["Subject"][-1] != "\u200d"
        assert clean.startswith(mail["X-Name"])
        assert mail["X-To"] == f"mail@shop.example {len(mail['Subject'])} en"
    note, old = mails["c0"].iter_attachments()
    assert note["Content-Type"] == 'text/csv; charset="utf-8"' and note.get_content() == "tee;5 €\n"
    assert old.get_content_type() == "application/octet-stream"
    assert old.get_filename() == "x" * 251 + ".txt"


def test_what_the_configuration_says_in_other_letters_goes_out_in_ascii(shop):
    """A domain, a link and a list's id that are not ASCII, and an address that a link must not hold as it is."""
    shop.redis()
    shop.rules("{name: news, on: news, topic: offers, send: news}")
    shop.template("news.html.liquid",
                  "---\nsubject: News\nlayout: none\n---\n<a href='{{ unsubscribe_url }}'>out</a>\n")
    shop.config["mail"] = {"from": 'Tea "Shop" <mail@Büro.example>', "list_id": "Tëe, all <neüs.büro.example>",
                           "unsubscribe_url": "https://büro.example/schlußß machen/{token}?a=<b>",
                           "unsubscribe_mailto": "out&up@büro.example"}
    smtp = shop.smtp()
    shop.daemon().spawn()
    shop.push({"type": "news", "id": "1", "customer": {"id": "1", "email": "a@b.example", "accepts_marketing": True}})
    wait_until(lambda: not smtp.mails.empty() or shop.dead(), "the mail")
    mail = smtp.next_mail()
    domain = "xn--bro-hoa.example"
    assert mail["From"].addresses[0].domain == domain and mail["Message-ID"].endswith(f"@{domain}>")
    link, by_mail = re.fullmatch(r"<([^<> ]+)>, <([^<> ]+)>", mail["List-Unsubscribe"].strip()).groups()
    assert re.fullmatch(rf"https://{domain}/schlu%C3%9F%C3%9F%20machen/[\w.-]+\?a=%3Cb%3E", link)
    assert by_mail.startswith(f"mailto:out%26up@{domain}?subject=unsubscribe%20")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert str(mail["List-Id"]) == f"Tëe, all <xn--nes-ioa.{domain}>"
    assert link.replace("&", "&amp;") in mail.get_body(("html",)).get_content()


def test_a_reply_turns_no_terminal_around(shop):
    """… whatever shows it: explain, dead letters, the list as JSON, the log."""
    receipts(shop)
    (shop.folder / "templates" / "old.txt").write_text("old")
    server = shop.add(FaultSmtp({"rcpt": "550 5.6.0 not \u202eyou\u2066 \x1b[31m\u0085here\u2028"}))
    shop.config["gateways"] = {"relay": server.gateway()}
    daemon = shop.daemon().spawn()
    shop.push(paid(1, first_name="\u202eanA\x1b[2J"))
    wait_until(shop.dead, "the dead letter")
    shop.wait_idle()
    said = [shop.ctl("explain", "1")[1], shop.ctl("explain", "1", "--json")[1], shop.ctl("dead", "ls")[1],
            shop.ctl("dead", "ls", "--json")[1], shop.ctl("status")[1], shop.ctl("status", "--json")[1], daemon.log()]
    for text in said:
        assert not [c for c in text if c != "\n" and (c < " " or c in "\x7f\x85\u2028\u202e\u2066\x9b")], text
    assert "not ?you?" in said[0] and "not ?you?" in said[2]
    event = json.dumps(paid(1, first_name="a\u202eb\u2066\x1b[2J"))
    assert "Thank you a?b? [2J" in shop.ctl("preview", "receipt", "--event", "-", stdin=event)[1]
    letter = json.loads(said[3])
    assert "not ?you?" in letter["detail"] and "\u202eanA" in letter["body"]
