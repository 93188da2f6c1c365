"""Hostile names, addresses, subjects and header values, from an event to a server: each makes
one mail to the one who was meant, or none and a reason. Never a field or a recipient more."""

import os
import re
import shutil
import socket
import subprocess

import pytest

from conftest import PATIENCE, parse, wait_until
from hostile import cleaned, hostile

RULES = "{name: notice, class: transactional, on: notice, send: notice}\n"
TEMPLATE = """---
subject: "{{ title }}"
layout: none
headers:
  X-Note: "{{ note }}"
  X-Number: "{{ number }}"
---
<p>{{ title }}, {{ note }}, {{ customer.first_name }}</p>
"""
FIELDS = {"date", "from", "to", "subject", "message-id", "auto-submitted", "feedback-id", "x-note",
          "x-number", "mime-version", "content-type"}
PLACES = ("name", "email", "title", "note")


class Taken:
    """A mail as a server has it: the envelope and the bytes."""

    def __init__(self, sender, recipients, content):
        self.sender, self.recipients, self.content = sender, recipients, content
        self.mail = parse(content)

    def number(self):
        return int(self.mail["X-Number"])


class Aiosmtpd:
    def __init__(self, shop):
        self.server = shop.smtp()

    def taken(self):
        mails = []
        while not self.server.mails.empty():
            envelope = self.server.mails.get_nowait()
            mails.append(Taken(envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return mails


class SmtpSink:
    """Postfix's smtp-sink, a file for each mail: what it was told, then the mail, whose
    lines end with LF there."""

    def __init__(self, shop):
        program = shutil.which("smtp-sink", path=os.environ["PATH"] + ":/usr/sbin")
        if not program:
            pytest.skip("Postfix's smtp-sink is not there")
        self.dump = shop.folder / "dump"
        self.dump.mkdir()
        user = []
        if os.geteuid() == 0:  # it refuses to be root
            shop.folder.chmod(0o711)
            self.dump.chmod(0o777)
            user = ["-u", "nobody"]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen([program, *user, "-d", f"{self.dump}/mail.",
                                         f"127.0.0.1:{self.port}", "100"])
        shop.add(self)
        wait_until(self.listens, "smtp-sink")
        shop.config["gateways"] = {"smtp": {"kind": "smtp", "host": "127.0.0.1",
                                            "port": self.port, "tls": "never"}}

    def listens(self):
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)

    def taken(self):
        return [self.read(path.read_bytes()) for path in sorted(self.dump.iterdir())]

    @staticmethod
    def read(dump):
        told, rest = dump.split(b"Received: from ", 1)
        content = re.sub(rb"\A.*\n(\t.*\n)*", b"", rest)  # its own field ends there
        fields = [line.split(b": ", 1) for line in told.splitlines()]
        mails = [value.decode() for name, value in fields if name == b"X-Mail-Args"]
        recipients = [value.decode() for name, value in fields if name == b"X-Rcpt-Args"]
        assert len(mails) == 1
        path = re.compile(r"<(.*)>")
        return Taken(path.search(mails[0])[1], [path.search(to)[1] for to in recipients], content)


def events():
    """(place, value, event) of every hostile value in every place."""
    made = []
    for place in PLACES:
        for value in hostile():
            number = len(made) + 1
            customer = {"id": number, "email": f"c{number}@example.com", "first_name": "Ana"}
            data = {"title": "Title", "note": "Note"}
            if place == "name":
                customer["first_name"] = value
            elif place == "email":
                customer["email"] = value
            else:
                data[place] = value
            made.append((place, value, {"type": "notice", "id": f"e{number}", "number": number,
                                        "customer": customer, **data}))
    return made


def check_mail(taken, place, value):
    """One To, Subject and From, nothing that the template has not, one recipient: the one
    who was meant."""
    mail = taken.mail
    number = taken.number()
    names = [name.lower() for name in mail.keys()]
    assert len(names) == len(set(names)) and set(names) <= FIELDS, names
    assert {"to", "subject", "from"} <= set(names)
    meant = value.strip() if place == "email" else f"c{number}@example.com"
    assert taken.recipients == [meant]
    assert taken.sender == "mail@shop.example"
    assert [to.addr_spec for to in mail["to"].addresses] == [meant]
    assert [by.addr_spec for by in mail["from"].addresses] == ["mail@shop.example"]
    for field, own, other, most in (("subject", "title", "Title", 998), ("x-note", "note", "Note", 8192)):
        assert str(mail[field] or "") == (cleaned(value, most) if place == own else other)
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def check_refusal(shop, number, letters):
    """One dead letter, and no mail; or nobody to write to, as the rule's trace has it."""
    last = shop.trace(f"id:{number}")[-1]
    if last == ("notice", "refused", "no-address"):
        assert not letters
        return
    (letter,) = letters
    assert letter["kind"] == b"message"
    assert letter["reason"] in (b"bad-address", b"bad-message")
    assert last == ("notice", "dead", letter["detail"].decode())


@pytest.mark.parametrize("server", [Aiosmtpd, SmtpSink])
def test_one_mail_or_a_reason(shop, server):
    shop.redis()
    server = server(shop)
    shop.rules(RULES)
    shop.template("notice.html.liquid", TEMPLATE)
    shop.daemon().spawn()
    sent = events()
    shop.push(*[event for _, _, event in sent])
    shop.wait_idle()
    mails, letters = {}, {}
    for taken in server.taken():
        mails.setdefault(taken.number(), []).append(taken)
    for letter in shop.dead():
        letters.setdefault(letter["customer"].decode(), []).append(letter)
    made = dict.fromkeys(PLACES, 0)
    for number, (place, value, _) in enumerate(sent, 1):
        where = f"{place} {value[:80]!a}"
        own = letters.get(f"id:{number}", [])
        if number in mails:
            assert len(mails[number]) == 1 and not own, where
            check_mail(mails[number][0], place, value)
            made[place] += 1
        else:
            assert place == "email", where
            check_refusal(shop, number, own)
    assert set(mails) <= set(range(1, len(sent) + 1))
    assert all(made.values()), made  # the corpus is not refused as a whole
