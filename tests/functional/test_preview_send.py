"""`nudgectl preview --send-to`: one real message for somebody who is to look at it, which nothing counts."""

import email
import email.policy
import json
import re
import urllib.parse

import pytest

import certificates
from conftest import wait_until
from desk import desk  # noqa: F401, the fixture of all tests
from real_servers import Postfix


@pytest.fixture
def press(desk):  # noqa: F811
    """No daemon and no Redis: a relay, another one, and an API for texts. Links have tokens, bounces a domain."""
    desk.mail = desk.smtp()
    desk.api = desk.http()
    desk.config["gateways"]["folder"] = {"kind": "maildir", "path": "mail"}
    desk.config["gateways"]["unlisted"] = {"kind": "maildir", "path": "unlisted"}
    desk.config["gateways"]["texts"] = {"kind": "http", "url": f"http://127.0.0.1:{desk.api.port}/send"}
    desk.config["channels"] = {"email": ["smtp", "folder"], "sms": ["texts"]}
    desk.config["mail"] = {"from": "Shop <mail@shop.example>", "unsubscribe_url": "https://shop.example/u/{token}",
                           "unsubscribe_mailto": "out@shop.example", "confirm_url": "https://shop.example/c/{token}",
                           "bounce_domain": "bounces.shop.example"}
    desk.template("welcome.html.liquid", "---\nsubject: Hello {{ customer.first_name }}\n---\n"
                  "<p>Hello</p><a href='{{ unsubscribe_url }}'>out</a> <a href='{{ confirm_url }}'>yes</a>\n")
    desk.template("texts.json.liquid",
                  '{"to": {{ message.to | json }}, "text": {{ message.text | json }}, "id": {{ message.mid | json }}}')
    desk.started = [thing for thing in desk.started if not hasattr(thing, "spawn")]
    desk.one = desk.daemon()
    return desk


def test_a_mail_that_is_marked(press):
    status, out, err = press.ctl("preview", "welcome", "--send-to", "Me@Office.example")
    assert (status, err) == (0, "")
    assert re.fullmatch("welcome to Me@Office.example through smtp, marked as a test\n"
                        r"sent: the gateway took it\n  code      250.*\n  it says   250 .*\n(  its id .*\n)?", out), out
    envelope = press.mail.mails.get(timeout=60)
    mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert (mail["Subject"], mail["To"], mail["X-Nudged-Test"]) == ("[Test] Hello Ana", "Me@office.example", "1")
    assert mail["Auto-Submitted"] == "auto-generated"
    # A bounce of it is nobody's, and its links are nobody's word.
    assert (envelope.mail_from, envelope.rcpt_tos) == ("mail@shop.example", ["Me@office.example"])
    assert mail["List-Unsubscribe"] == "<https://shop.example/u/TEST>, " \
        "<mailto:out@shop.example?subject=unsubscribe%20TEST>"
    html = mail.get_body(("html",)).get_content()
    assert "https://shop.example/u/TEST" in html and "https://shop.example/c/TEST" in html
    press.ctl("preview", "welcome", "--send-to", "Me@Office.example")
    again = email.message_from_bytes(press.mail.mails.get(timeout=60).content, policy=email.policy.default)
    assert again["Message-ID"] != mail["Message-ID"]
    # What is only shown is not marked.
    assert "[Test]" not in press.ctl("preview", "welcome")[1] + press.ctl("preview", "welcome", "--as", "eml")[1]


def contents(client):
    """Of streams the entries: since Redis 7.2 they note when each consumer was last seen."""
    return {key: client.xrange(key) if client.type(key) == b"stream" else client.dump(key)
            for key in client.scan_iter("*") if not re.search(b"bulletin|instance|meta", key)}


def test_nothing_counts_it(press):
    press.redis()
    two = press.daemon("two").spawn()
    press.client.hset("nudged:suppressed", "whoever", "{}")
    before = contents(press.client)
    assert press.ctl("preview", "welcome", "--send-to", "me@office.example", config=two.config)[0] == 0
    press.mail.mails.get(timeout=60)
    assert before == contents(press.client) and two.figure("nudged_messages_sent_total") == 0


def test_in_another_language_of_another_event(press):
    press.template("welcome.ro.html.liquid",
                   "---\nsubject: Bună {{ customer.first_name }}\n---\n<p>Bună</p>{{ unsubscribe_url }}\n")
    event = {"type": "customer.signed_up",
             "customer": {"id": "9", "tier": "gold", "first_name": "Ion", "email": "ion@example.com"}}
    told = press.ctl("preview", "welcome", "--event", "-", "--locale", "ro", "--send-to", "me@office.example",
                     stdin=json.dumps(event))
    assert told[0] == 0, told
    mail = press.mail.next_mail()
    assert mail["Subject"] == "[Test] Bună Ion" and mail["To"] == "me@office.example"
    assert "ion@example.com" not in mail.as_string()


def test_a_text(press):
    status, out, err = press.ctl("preview", "ping", "--send-to", "+40721000001", "--json")
    assert (status, err) == (0, "")
    told = json.loads(out)
    assert [told[name] for name in ("template", "channel", "gateway", "to", "result")] == \
        ["ping", "sms", "texts", "+40721000001", "sent"]
    body = json.loads(press.api.requests.get(timeout=60)[2])
    assert (body["to"], body["text"]) == ("+40721000001", "[Test] You are here") and body["id"].startswith("test-")


def test_by_a_gateway_of_ones_choice(press):
    assert press.ctl("preview", "welcome", "--send-to", "me@office.example", "--gateway", "folder")[0] == 0
    [mail] = (press.folder / "mail/new").iterdir()
    assert b"Subject: [Test] Hello Ana" in mail.read_bytes()
    # One that is in no channel yet may be tried; one of another channel could not read it.
    assert press.ctl("preview", "welcome", "--send-to", "me@office.example", "--gateway", "unlisted")[0] == 0
    for gateway, fault in (("texts", "the gateway `texts` is of the channel `sms`; `welcome` goes by `email`\n"),
                           ("smpt", "there is no gateway `smpt` in the configuration\nhint: did you mean `smtp`?\n")):
        assert press.ctl("preview", "welcome", "--send-to", "me@office.example", "--gateway", gateway) == \
            (1, "", f"nudgectl: {fault}")
    assert press.mail.mails.empty()


def test_what_the_gateway_refuses(press):
    press.mail.answers = lambda envelope: "550 5.7.1 not from \x1b[2J here"
    status, out, err = press.ctl("preview", "welcome", "--send-to", "me@office.example")
    assert (status, err) == (1, "") and "\x1b" not in out
    assert "\nrefused for good\n  a daemon  makes it a dead letter\n  code      550, 5.7.1\n" in out
    press.mail.stop()
    status, out, err = press.ctl("preview", "welcome", "--send-to", "me@office.example", "--json")
    told = json.loads(out)
    assert (status, err, told["result"], told["unhealthy"]) == (1, "", "unavailable", True)


def test_only_whom_the_machine_may_write_to(press):
    press.config["deliver"] = {"only": ["*@office.example"]}
    three = press.daemon("three")
    assert press.ctl("preview", "welcome", "--send-to", "ana@example.com", config=three.config) == \
        (1, "", "nudgectl: `deliver.only` lets nothing through to ana@example.com\n")
    assert press.mail.mails.empty()
    assert press.ctl("preview", "welcome", "--send-to", "me@office.example", config=three.config)[0] == 0
    status, _, err = press.ctl("preview", "welcome", "--send-to", "no address")
    assert status == 1 and "address" in err


@pytest.mark.parametrize(("arguments", "fault"), [
    (["--as", "eml"], "--send-to goes with neither --as nor --open"),
    (["--open"], "--send-to goes with neither --as nor --open")])
def test_wrong_command_line(press, arguments, fault):
    assert press.ctl("preview", "welcome", "--send-to", "me@office.example", *arguments) == \
        (64, "", f"nudgectl preview: {fault}\nhint: `nudgectl help preview`\n")
    assert press.ctl("preview", "welcome", "--gateway", "smtp")[0] == 64


def test_through_postfix(press):
    certs = certificates.make(press.folder / "tls")
    server = press.add(Postfix(press.folder, certs, "starttls"))
    press.config["gateways"]["smtp"] = server.gateway(press, user="nudged", password="s3cret")
    daemon = press.daemon("postfix")
    status, out, err = press.ctl("preview", "welcome", "--send-to", "ok1@mail.example", config=daemon.config)
    assert (status, err) == (0, "") and "  it says   250 2.0.0 Ok: queued as " in out, out + server.log()
    [content] = wait_until(server.boxes, lambda: f"the mail\n{server.log()}")
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert (mail["Subject"], mail["X-Nudged-Test"]) == ("[Test] Hello Ana", "1")
    assert urllib.parse.urlsplit(mail["List-Unsubscribe"].split(">")[0][1:]).path == "/u/TEST"
