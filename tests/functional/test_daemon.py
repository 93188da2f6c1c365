"""From an event in Redis to a message on the wire."""

import json
import signal

from conftest import SOURCE, parse, wait_until

WELCOME = "{name: welcome, on: customer.signed_up, send: welcome}\n"
TEMPLATE = """---
subject: "Hello {{ customer.first_name }}!"
layout: none
---
<p>Welcome, <b>{{ customer.first_name }}</b>. You like {{ likes }}.</p>
"""


def customer(number=7, **more):
    return {"id": str(number), "email": f"c{number}@example.com", "first_name": "Ana",
            "accepts_marketing": True, **more}


def signed_up(number=7, **more):
    return {"type": "customer.signed_up", "likes": "tea & <books>",
            "customer": customer(number, **more)}


def welcome_shop(shop):
    shop.redis()
    smtp = shop.smtp()
    shop.rules(WELCOME)
    shop.template("welcome.html.liquid", TEMPLATE)
    return smtp


def test_message_in_four_scripts(shop):
    smtp = welcome_shop(shop)
    shop.daemon().spawn()
    names = {1: ("Ștefan", "Țăranu"), 2: ("Äijö", "Yrjölä"), 3: ("Ольга", "Щукина"),
             4: ("O’Neill, \"Em\"", "<&>")}
    shop.push(*[signed_up(n, first_name=first, last_name=last) for n, (first, last) in names.items()])
    for _ in names:
        mail = smtp.next_mail()
        number = int(mail["To"].addresses[0].username[1:])
        first, last = names[number]
        assert mail["To"].addresses[0].display_name == f"{first} {last}"
        assert mail["Subject"] == f"Hello {first}!"
        assert mail["From"].addresses[0].addr_spec == "mail@shop.example"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["Message-ID"].endswith("@shop.example>")
        assert mail.get_content_type() == "multipart/alternative"
        html = mail.get_body(("html",)).get_content()
        text = mail.get_body(("plain",)).get_content()
        assert "You like tea &amp; &lt;books&gt;." in html
        assert f"Welcome, {first}. You like tea & <books>." in text


def test_list_and_both_forms(shop):
    smtp = welcome_shop(shop)
    shop.daemon().spawn()
    shop.client.lpush("nudged:inbox", json.dumps(signed_up(1)))
    full = {"specversion": "1.0", "id": "e-2", "source": "/shop", "type": "customer.signed_up",
            "data": {"likes": "tea", "customer": customer(2)}}
    shop.client.rpush("nudged:inbox", json.dumps(full))
    assert {smtp.next_mail()["To"].addresses[0].username for _ in range(2)} == {"c1", "c2"}
    shop.wait_idle()


def test_timer_survives_a_restart(shop):
    smtp = welcome_shop(shop)
    shop.rules("{name: late, on: customer.signed_up, again: ignore, wait: 1s, send: welcome}")
    daemon = shop.daemon().spawn()
    shop.push(signed_up())
    wait_until(lambda: shop.client.zcard("nudged:due") == 1, "the timer")
    assert daemon.stop() == 0
    assert smtp.mails.empty()
    daemon.spawn()
    smtp.next_mail()
    shop.wait_idle()
    assert smtp.mails.empty()
    assert shop.trace("id:7") == [("late", "waits", None), ("late", "sends", "welcome"),
                                  ("late", "sent", "250 taken")]


def test_five_times_the_same_event_is_one_message(shop):
    smtp = welcome_shop(shop)
    shop.daemon().spawn()
    shop.push(*[{**signed_up(), "id": "once"}] * 5)
    smtp.next_mail()
    shop.wait_idle()
    assert smtp.mails.empty()


def test_nothing_set_up(shop):
    """Without `redis:` and gateways: a private Redis, a Maildir in the state folder."""
    shop.rules(WELCOME)
    shop.template("welcome.html.liquid", TEMPLATE)
    daemon = shop.daemon().spawn()
    status, out, err = shop.ctl("push", "-", stdin=json.dumps(signed_up()) + "\n")
    assert (status, out, err) == (0, "1 pushed\n", "")
    new = shop.folder / "state" / "mail" / "new"
    [mail] = wait_until(lambda: new.is_dir() and list(new.iterdir()), "the message")
    assert b"Subject: Hello Ana!" in mail.read_bytes()
    server = int((shop.folder / "state/redis/redis.pid").read_text()) if (
        shop.folder / "state/redis/redis.pid").exists() else None
    assert daemon.stop() == 0
    if server:
        assert not (shop.folder / f"/proc/{server}").exists()


def test_http_gateway(shop):
    welcome_shop(shop)
    api = shop.http()
    shop.config["gateways"] = {"twilio": {
        "kind": "http", "url": f"http://127.0.0.1:{api.port}/messages", "idempotent": True}}
    shop.config["channels"] = {"sms": "twilio"}
    shop.rules("{name: welcome, on: customer.signed_up, send: {template: welcome, via: sms}}")
    shop.template("welcome.text.liquid", "Hi {{ customer.first_name }}, \"tea\" awaits")
    shop.template("twilio.json.liquid",
                  '{"To": {{ message.to | json }}, "Body": {{ message.text | json }}}')
    shop.daemon().spawn()
    shop.push(signed_up(phone="+40721000001"))
    path, headers, body = api.requests.get(timeout=60)
    assert path == "/messages"
    assert json.loads(body) == {"To": "+40721000001", "Body": 'Hi Ana, "tea" awaits'}
    assert headers["Idempotency-Key"]
    shop.wait_idle()
    assert api.requests.empty()


def test_reload(shop):
    smtp = welcome_shop(shop)
    daemon = shop.daemon().spawn()
    shop.rules("{name: welcome, on: customer.signed_up, untill: x, send: welcome}")
    status, out, err = shop.ctl("reload")
    assert status == 1
    assert "error: unknown key `untill`" in err and "did you mean `until`?" in err
    shop.push(signed_up(1))
    assert smtp.next_mail()["Subject"] == "Hello Ana!"  # the old set is in force
    shop.rules(WELCOME)
    shop.template("welcome.html.liquid", TEMPLATE.replace("Hello", "Salut"))
    daemon.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "reloaded" in daemon.log(), "the reload")
    shop.push(signed_up(2))
    assert smtp.next_mail()["Subject"] == "Salut Ana!"
    assert daemon.figure("nudged_reloads_failed_total") == 1


def test_reload_looks_at_the_configuration_too(shop):
    welcome_shop(shop)
    daemon = shop.daemon().spawn()
    asked = shop.daemon("asked")  # nudgectl asks at the same socket, by a file of its own
    asked.config.write_text(daemon.config.read_text())
    daemon.config.write_text(daemon.config.read_text() + "drain: 20s\n")
    status, out, _ = shop.ctl("reload", config=asked.config)
    assert status == 0 and "in force after a restart: " in out and "drain" in out, out
    assert "in force after a restart: " in daemon.log()
    daemon.config.write_text(daemon.config.read_text() + "untill: x\n")
    status, _, err = shop.ctl("reload", config=asked.config)
    assert status == 1 and "unknown key `untill`" in err
    assert daemon.ask("GET", "/health")[0] == 200


def test_refused_mail_is_a_dead_letter_and_the_next_goes_on(shop):
    smtp = welcome_shop(shop)
    smtp.answers = lambda envelope: (
        "554 5.6.0 not this one" if envelope.rcpt_tos == ["c1@example.com"] else "250 taken")
    shop.daemon().spawn()
    shop.push(signed_up(1), signed_up(2))
    assert smtp.next_mail()["To"].addresses[0].username == "c2"
    shop.wait_idle()
    [letter] = shop.dead()
    assert (letter["kind"], letter["reason"]) == (b"message", b"refused")
    assert b"not this one" in letter["detail"]
    assert ("welcome", "dead", "5.6.0 not this one") in shop.trace("id:1") or any(
        what == "dead" and "not this one" in why for _, what, why in shop.trace("id:1"))


def test_no_slip_in_a_name_or_around_an_address_holds_a_message_back(shop):
    smtp = welcome_shop(shop)
    shop.daemon().spawn()
    shop.push(signed_up(1, first_name="Ana\tMaria", last_name="Lind\r\nBcc: b@example.net"),
              signed_up(2, first_name="ก" * 200), signed_up(3, email=" c3@example.com\t"),
              signed_up(4, email="c4@example.com\nBcc: b@example.net"))
    mails = {mail["To"].addresses[0].username: mail for mail in (smtp.next_mail() for _ in range(3))}
    shop.wait_idle()
    assert sorted(mails) == ["c1", "c2", "c3"] and smtp.mails.empty()
    assert all(len(mail["To"].addresses) == 1 and not mail["Bcc"] for mail in mails.values())
    assert mails["c1"]["To"].addresses[0].display_name == "Ana Maria Lind Bcc: b@example.net"
    assert mails["c1"]["Subject"] == "Hello Ana Maria!"
    # Python puts a space between the encoded words of a name.
    assert mails["c2"]["To"].addresses[0].display_name.replace(" ", "") == "ก" * 85  # 255 bytes
    assert mails["c2"]["Subject"] == f"Hello {'ก' * 200}!"
    [letter] = shop.dead()
    assert (letter["customer"], letter["reason"]) == (b"id:4", b"bad-address")


CODES = {  # the template of a rule, by the code that its dead letter has; the place where it is told
    "liquid-render": ("---\nsubject: Hi\nlayout: none\n---\n<p>\n{{ 5 | divided_by: zero }}", ":6:8: divided by zero"),
    "liquid-limit": ("---\nsubject: Hi\nlayout: none\n---\n{% for i in (1..2000000) %}{% assign x = i %}{% endfor %}",
                     ":5:"),
    "bad-address": ('---\nsubject: Hi\nreply_to: "{{ none }}"\nlayout: none\n---\n<p>',
                    ":3:12: the address has no `@`"),
}


def test_what_cannot_be_made_is_a_dead_letter_with_its_code_and_place(shop):
    """… in Redis, in `dead ls`, in `explain` and in the log; nothing is sent, and the next goes on."""
    smtp = welcome_shop(shop)
    for code, (text, _) in CODES.items():
        shop.rules(f"{{name: {code}, class: transactional, on: {code}, send: {code}}}\n", f"{code}.yaml")
        shop.template(f"{code}.html.liquid", text)
    daemon = shop.daemon().spawn()
    shop.push(*[{"type": code, "id": code, "customer": {"id": code, "email": f"c{number}@example.com"},
                 "zero": 0, "none": "nobody"}
                for number, code in enumerate(CODES)], signed_up(9))
    assert smtp.next_mail()["To"].addresses[0].username == "c9"
    shop.wait_idle()
    assert smtp.mails.empty()
    letters = {letter["customer"].decode(): letter for letter in shop.dead()}
    listed, log = shop.ctl("dead", "ls")[1], daemon.log()
    for code, (_, place) in CODES.items():
        letter = letters[f"id:{code}"]
        detail = letter["detail"].decode()
        assert (letter["kind"], letter["reason"]) == (b"message", code.encode())
        assert f"/{code}.html.liquid{place}" in detail
        assert f"  message  {code}: {detail}\n" in listed
        assert f" {code} dead, {code} by smtp: {detail} mid=" in shop.ctl("explain", code)[1]
        [line] = [line for line in log.splitlines() if f" reason={code} " in line]
        assert "a message became a dead letter" in line
        assert f"/{code}.html.liquid{place.split(' ')[0]}" in line
        assert "example.net" not in line


def test_body_of_a_request_that_cannot_be_made_likewise(shop):
    api = shop.http()
    shop.redis()
    shop.config["gateways"] = {"api": {"kind": "http", "url": f"http://127.0.0.1:{api.port}/messages"}}
    shop.config["channels"] = {"email": "api"}
    shop.rules(WELCOME)
    shop.template("welcome.html.liquid", TEMPLATE)
    shop.template("api.json.liquid", '{"id": {{ customer.id | json }},\n "part": {{ 1 | divided_by: customer.id }}}')
    shop.daemon().spawn()
    shop.push(signed_up(0), signed_up(1))
    shop.wait_idle()
    [letter] = shop.dead()
    assert (letter["customer"], letter["reason"]) == (b"id:0", b"liquid-render")
    assert letter["detail"].endswith(b"/api.json.liquid:2:17: divided by zero")
    assert " dead, liquid-render by api: " in shop.ctl("explain", "0")[1]
    assert json.loads(api.requests.get(timeout=60)[2]) == {"id": "1", "part": 1}


def test_retry_after_a_4xx(shop):
    smtp = welcome_shop(shop)
    smtp.answers = lambda envelope: "451 4.3.0 later"
    shop.daemon().spawn()
    shop.push(signed_up())
    wait_until(lambda: shop.client.zcard("nudged:later") == 1, "the retry")
    smtp.answers = lambda envelope: "250 taken"
    [(mid, _)] = shop.client.zrange("nudged:later", 0, -1, withscores=True)
    shop.client.zadd("nudged:later", {mid: 1})  # its time has come
    first = smtp.next_mail()
    assert mid.decode() in first["Message-ID"]
    shop.wait_idle()
    assert [what for _, what, _ in shop.trace("id:7")] == ["sends", "retry", "sent"]


def test_shipped_examples_are_sound(shop):
    """`nudgectl check` on what is installed as examples."""
    status, out, err = shop.ctl("check", config=SOURCE / "nudged.yaml")
    assert (status, err) == (0, "")
    assert out.startswith("0 errors, 0 warnings"), out


def test_to_of_a_send(shop):
    """The address is what the expression gives: without blanks around it; nothing else is an address."""
    smtp = welcome_shop(shop)
    shop.rules("""{name: tell, class: transactional, on: note, send: {template: welcome, to: staff.email}}
---
{name: always, class: transactional, on: note, send: {template: welcome, to: '"desk@shop.example"'}}
""")
    shop.template("welcome.html.liquid", TEMPLATE.replace("Hello {{ customer.first_name }}", "Note"))
    shop.daemon().spawn()
    for number, staff in enumerate(({"email": " ops@shop.example "}, {"email": ""}, {"email": None}, {},
                                    {"email": ["ops@shop.example"]}), 1):
        shop.push({"type": "note", "likes": "tea", "customer": customer(number), "staff": staff})
        shop.wait_idle()
        to = {mail["To"].addresses[0].addr_spec for mail in smtp.all_mails()}
        assert to == ({"desk@shop.example", "ops@shop.example"} if number == 1 else {"desk@shop.example"})
        why = [why for rule, what, why in shop.trace(f"id:{number}") if (rule, what) == ("tell", "refused")]
        assert why == ([] if number == 1 else ["no-address"])
    assert shop.dead() == []
    shop.push({"type": "note", "likes": "tea", "customer": customer(9), "staff": {"email": "nobody"}})
    wait_until(shop.dead, "the dead letter")
    assert shop.dead()[0]["reason"] == b"bad-address"


def test_another_channel_into_a_maildir(shop):
    """It shows what would have been sent."""
    shop.redis()
    mail = shop.folder / "mail"
    shop.config["gateways"] = {"file": {"kind": "maildir", "path": str(mail)}}
    shop.config["channels"] = {"sms": "file", "push": "file"}
    shop.rules("""{name: code, class: transactional, on: code, send: {template: code, via: sms}}
---
{name: ring, class: transactional, on: code, send: {template: ring, via: push}}
""")
    shop.template("code.text.liquid", "Codul tău: {{ code }}\nbună")
    shop.template("ring.text.liquid", "---\nsubject: Un cod, Țara\n---\n{{ code }}")
    shop.daemon().spawn()
    shop.push({"type": "code", "code": "A=1", "customer": customer(phone="+40 721 000 001", push="x" * 300)})
    files = wait_until(lambda: (found := list(mail.glob("new/*"))) and len(found) == 2 and found, "two files")
    shop.wait_idle()
    assert shop.dead() == []
    texts = {mail["Subject"]: mail for mail in (parse(file.read_bytes()) for file in files)}
    assert set(texts) == {"sms to +40 721 000 001", "Un cod, Țara"}
    sms = texts["sms to +40 721 000 001"]
    assert sms["Delivered-To"] == "+40 721 000 001" and sms["Date"]
    assert sms.get_content().splitlines() == ["Codul tău: A=1", "bună"]
    assert texts["Un cod, Țara"]["Delivered-To"] == "x" * 300
