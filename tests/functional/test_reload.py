"""A reload under a running daemon: each key that it changes shows in the next message."""

import json
import pathlib
import re
import shutil
import time

import pytest
import yaml
from conftest import wait_until
from test_daemon import TEMPLATE, WELCOME, signed_up, welcome_shop

MARKETING = WELCOME.replace("}", ", class: marketing}")


def change(shop, keys):
    """Other keys into the first daemon's file, a section at a time; None takes one out."""
    path = shop.folder / "one.yaml"
    settings = yaml.safe_load(path.read_text())
    for section, values in keys.items():
        whole = settings.setdefault(section, {})
        for key, value in values.items():
            if value is None:
                whole.pop(key, None)
            else:
                whole[key] = value
    path.write_text(yaml.safe_dump(settings, allow_unicode=True, sort_keys=False))


def reload(of, **keys):
    change(of, keys)
    status, out, err = of.ctl("reload")
    assert (status, out, err) == (0, "reloaded, 1 rule\n", "")


def refusals(shop, number):
    """Why the welcome of the last event was not sent, for each time."""
    return [why for _, what, why in shop.trace(f"id:{number}") if what == "refused"]


def push_and_see(shop, number, **more):
    shop.push({**signed_up(number), **more})
    shop.wait_idle()


def test_headers_of_mails(shop):
    smtp = welcome_shop(shop)
    shop.rules(MARKETING)
    shop.config["mail"]["unsubscribe_url"] = "https://shop.example/u/{token}"
    shop.daemon().spawn()
    shop.push(signed_up(1))
    before = smtp.next_mail()
    assert before["Reply-To"] is None and before["List-Id"] is None
    reload(shop, mail={"from": "Other <other@other.example>", "reply_to": "help@other.example",
                       "bounces": "bounces@other.example", "list_id": "list.other.example",
                       "feedback_id": "other", "message_id_domain": "ids.example",
                       "unsubscribe_url": "https://other.example/bye/{token}",
                       "unsubscribe_mailto": "bye@other.example"})
    shop.push(signed_up(2))
    envelope = smtp.mails.get(timeout=60)
    assert envelope.mail_from == "bounces@other.example"
    smtp.mails.put(envelope)
    mail = smtp.next_mail()
    assert mail["From"] == "Other <other@other.example>"
    assert mail["Reply-To"] == "help@other.example"
    assert "list.other.example" in mail["List-Id"] and mail["Feedback-ID"].endswith(":other")
    assert mail["Message-ID"].endswith("@ids.example>")
    assert "<https://other.example/bye/" in mail["List-Unsubscribe"]
    assert "mailto:bye@other.example" in mail["List-Unsubscribe"]
    token = mail["List-Unsubscribe"].split("/bye/")[1].split(">")[0]
    token_before = before["List-Unsubscribe"].split("/u/")[1].split(">")[0]
    assert token.split(".")[0] == token_before.split(".")[0]  # by the same key


def test_consent(shop):
    smtp = welcome_shop(shop)
    shop.rules(MARKETING)
    shop.daemon().spawn()
    push_and_see(shop, 1, customer={"id": "1", "email": "c1@example.com"})
    assert refusals(shop, 1) == ["no-consent"]
    reload(shop, policy={"consent": "customer.email != 'c3@example.com'"})
    push_and_see(shop, 2, customer={"id": "2", "email": "c2@example.com"})
    push_and_see(shop, 3, customer={"id": "3", "email": "c3@example.com"})
    assert smtp.next_mail()["To"] == "c2@example.com"
    assert refusals(shop, 3) == ["no-consent"] and smtp.mails.empty()


def test_cap(shop):
    smtp = welcome_shop(shop)
    shop.rules(MARKETING)
    shop.config["policy"] = {"cap": "1 per 1d"}
    shop.daemon().spawn()
    push_and_see(shop, 1, id="1")
    push_and_see(shop, 1, id="2")
    assert refusals(shop, 1) == ["cap"]
    reload(shop, policy={"cap": "2 per 1d"})
    push_and_see(shop, 1, id="3")
    assert refusals(shop, 1) == ["cap"] and len(smtp.all_mails()) == 2
    reload(shop, policy={"cap": None})
    push_and_see(shop, 1, id="4")
    assert len(smtp.all_mails()) == 1


def test_quiet_hours(shop):
    smtp = welcome_shop(shop)
    shop.rules(MARKETING)
    shop.daemon().spawn()
    now = time.gmtime(time.time() - 3600), time.gmtime(time.time() + 7200)
    quiet = dict(zip(("from", "to"), (time.strftime("%H:%M", at) for at in now)))
    reload(shop, policy={"quiet_hours": quiet})
    shop.push(signed_up(1))
    wait_until(lambda: shop.client.zcard("nudged:due") == 1, "the end of the quiet hours")
    assert smtp.mails.empty()
    reload(shop, policy={"quiet_hours": None})
    shop.push(signed_up(2))
    assert smtp.next_mail()["To"].addresses[0].username == "c2"


def test_segments(shop):
    smtp = welcome_shop(shop)
    shop.config["segments"] = {"vip": "customer.first_name == 'Bea'"}
    shop.rules("{name: welcome, on: customer.signed_up, if: customer.segment('vip'), send: welcome}")
    shop.daemon().spawn()
    push_and_see(shop, 1)
    assert smtp.mails.empty()
    reload(shop, segments={"vip": "customer.first_name == 'Ana'"})
    push_and_see(shop, 2)
    assert smtp.next_mail()["To"].addresses[0].username == "c2"


def test_shop(shop):
    """In the template, for the rule, and for the language in which there is no other."""
    smtp = welcome_shop(shop)
    shop.template("welcome.html.liquid", TEMPLATE.replace("Welcome", "{{ shop.name }}"))
    shop.template("welcome.fi.html.liquid",
                  TEMPLATE.replace("Welcome", "{{ shop.name }}").replace("Hello", "Hei"))
    shop.rules("{name: welcome, on: customer.signed_up, if: shop.name != 'Closed', send: welcome}")
    shop.daemon().spawn()
    shop.push(signed_up(1))
    mail = smtp.next_mail()
    assert mail["Subject"] == "Hello Ana!" and "Ceai &amp; C" in mail.get_body(("html",)).get_content()
    reload(shop, shop={"name": "Other", "locale": "fi"})
    shop.push(signed_up(2))
    mail = smtp.next_mail()
    assert mail["Subject"] == "Hei Ana!" and "Other, <b>" in mail.get_body(("html",)).get_content()
    reload(shop, shop={"name": "Closed"})
    push_and_see(shop, 3)
    assert smtp.mails.empty()


def test_a_law_that_changes(shop, monkeypatch):
    """Zones that the system knows otherwise by now are read again, for rules and for messages."""
    smtp = welcome_shop(shop)
    zones, laws = shop.folder / "zones", pathlib.Path("/usr/share/zoneinfo")
    zones.mkdir()
    shutil.copy(laws / "Asia/Tokyo", zones / "Home")
    monkeypatch.setenv("TZDIR", str(zones))
    shop.config["shop"]["timezone"] = "Home"
    shop.template("welcome.html.liquid", TEMPLATE.replace("Welcome", "{{ hour }}, {{ 1774746000 | date: '%H' }}"))
    shop.rules("{name: welcome, on: customer.signed_up, send: {template: welcome, data: {hour: "
               "'string(timestamp(\"2026-03-29T01:00:00Z\").getHours(customer.timezone))'}}}")
    shop.daemon().spawn()

    def hours(number):
        event = signed_up(number)
        event["customer"]["timezone"] = "Home"
        shop.push(event)
        return re.search(r"\d+, \d+", smtp.next_mail().get_body(("html",)).get_content())[0]

    assert hours(1) == "10, 10"
    shutil.copy(laws / "Asia/Kolkata", zones / "Home")
    assert hours(2) == "10, 10"
    reload(shop)
    assert hours(3) == "6, 06"


def test_dedupe(shop):
    """An id of two hours ago."""
    smtp = welcome_shop(shop)
    shop.daemon().spawn()
    event = json.dumps({**signed_up(1), "id": "once"})
    shop.client.xadd("nudged:events", {"event": event}, id=f"{int(time.time() - 7200)}000-0")
    smtp.next_mail()
    push_and_see(shop, 1, id="once")
    assert smtp.mails.empty()
    reload(shop, dedupe={"keep": "1m"})
    push_and_see(shop, 1, id="once")
    assert len(smtp.all_mails()) == 1


def test_log(shop):
    smtp = welcome_shop(shop)
    shop.config["log"] = {"level": "error"}
    daemon = shop.daemon().spawn()
    push_and_see(shop, 1)
    assert daemon.log() == ""
    reload(shop, log={"level": "info", "messages": True})
    push_and_see(shop, 2)
    wait_until(lambda: "a message was sent" in daemon.log(), "the line of the message")
    reload(shop, log={"level": "error"})
    size = len(daemon.log())
    push_and_see(shop, 3)
    assert len(daemon.log()) == size and smtp.mails.qsize() == 3


def test_rate_of_a_gateway(shop):
    smtp = welcome_shop(shop)
    shop.config["gateways"]["smtp"]["rate"] = "1 per 1d"
    shop.daemon().spawn()
    shop.push(signed_up(1), signed_up(2), signed_up(3))
    smtp.next_mail()
    wait_until(lambda: shop.client.xlen("nudged:outbox:email:marketing") == 2, "the others")
    settings = shop.config["gateways"]["smtp"]
    reload(shop, gateways={"smtp": {**settings, "rate": "100 per 1s"}})
    smtp.next_mail()
    smtp.next_mail()


def test_rules_that_need_the_new_configuration(shop):
    """Rules are checked against the file that is read with them."""
    smtp = welcome_shop(shop)
    shop.daemon().spawn()
    shop.rules("{name: welcome, on: customer.signed_up, if: customer.segment('new'), send: welcome}")
    status, _, err = shop.ctl("reload")
    assert status == 1 and "new" in err
    reload(shop, segments={"new": "true"})
    shop.push(signed_up(1))
    smtp.next_mail()


@pytest.mark.parametrize("section, key, value", [
    ("policy", "consent", "customer.+"), ("policy", "cap", "many"), ("segments", "vip", "=="),
    ("shop", "timezone", "Mars/Phobos"), ("log", "level", "loud"), ("mail", "from", "nobody"),
    ("mail", "unsubscribe_url", "http://shop.example/u"), ("gateways", "smtp", {"kind": "none"}),
    ("redis", "url", "http://127.0.0.1"), ("dedupe", "keep", "soon")])
def test_a_broken_configuration_leaves_the_old_one_in_force(shop, section, key, value):
    smtp = welcome_shop(shop)
    daemon = shop.daemon().spawn()
    change(shop, {"mail": {"reply_to": "help@other.example"}, section: {key: value}})
    assert shop.ctl("reload", config=asked(shop))[0] == 1
    assert "all stays in force as it was before it" in daemon.log()
    shop.push(signed_up(1))
    mail = smtp.next_mail()
    assert mail["Reply-To"] is None and mail["From"] == "Shop <mail@shop.example>"


def asked(shop):
    """A file of its own for nudgectl, which asks at the same socket."""
    path = shop.folder / "asked.yaml"
    path.write_text(yaml.safe_dump({**shop.config, "admin": {"socket": str(shop.folder / "one.sock")}}))
    return path


def test_what_needs_a_restart_is_named_and_as_it_was(shop):
    smtp = welcome_shop(shop)
    daemon = shop.daemon().spawn()
    other = shop.smtp().port
    assert smtp.port != other
    change(shop, {"gateways": {"smtp": {"kind": "smtp", "host": "127.0.0.1", "port": other,
                                        "tls": "never"}, "more": {"kind": "maildir", "path": "more"}},
                  "customer": {"keys": ["customer.email"]}, "events": {"batch": 7},
                  "mail": {"reply_to": "help@other.example"}})
    status, out, _ = shop.ctl("reload")
    named = "customer.keys, events.batch, channels, gateways.smtp.port, gateways.more"
    assert status == 0 and f"in force after a restart: {named}\n" in out
    shop.push(signed_up(1))
    assert smtp.next_mail()["Reply-To"] == "help@other.example"
    shop.wait_idle()
    assert shop.client.exists("nudged:customer:id:1")
    assert daemon.ask("GET", "/health")[0] == 200
