"""A channel is a kind of address and a list of gateways: several may have mails, and a rule's topic or
class may choose."""

import re

from conftest import SmtpServer, wait_until
from desk import desk  # noqa: F401
from fault_server import FaultSmtp

RULES = """{name: receipt, class: transactional, on: paid, send: mail}
---
{name: offer, on: paid, send: mail}
---
{name: newsletter, topic: news, on: paid, send: mail}
---
{name: code, class: transactional, on: asked, send: {template: code, via: texts}}
---
{name: pinned, topic: news, on: pin, send: {template: mail, via: email}}
"""
MAIL = """---
subject: "{{ message.rule }} by {{ message.channel }}"
layout: none
---
<p>Hi</p>
"""


def several(shop):
    """Three channels of mails and one of texts; each gateway has a server of its own."""
    shop.redis()
    shop.rules(RULES)
    shop.template("mail.html.liquid", MAIL)
    shop.template("code.text.liquid", "1234")
    servers = {name: shop.add(SmtpServer()) for name in ("relay", "bulk", "news")}
    shop.config["gateways"] = {name: {"kind": "smtp", "host": "127.0.0.1", "port": server.port, "tls": "never"}
                               for name, server in servers.items()}
    http = shop.http()
    shop.config["gateways"]["api"] = {"kind": "http", "url": f"http://127.0.0.1:{http.port}/"}
    shop.template("api.json.liquid", '{"to": {{ message.to | json }}, "text": {{ message.text | json }}}')
    shop.config["channels"] = {
        "email": ["relay"],
        "email-bulk": {"kind": "mail", "gateways": ["bulk"], "classes": ["marketing"]},
        "news": {"kind": "mail", "gateways": "news", "topics": ["news"], "address": "work_email"},
        "texts": {"gateways": "api", "address": "phone"},
    }
    shop.config["mail"].update({"unsubscribe_url": "https://shop.example/u/{token}", "list_id": "shop.example"})
    return servers, http


ANA = {"id": 1, "email": "ana@example.com", "work_email": " ana@work.example", "phone": "+40 1",
       "accepts_marketing": True}


def test_topic_then_class_then_email(shop):
    servers, http = several(shop)
    shop.daemon().spawn()
    shop.push({"type": "paid", "id": "p", "customer": ANA}, {"type": "asked", "id": "a", "customer": ANA},
              {"type": "pin", "id": "n", "customer": ANA})
    bulk, news = servers["bulk"].next_mail(), servers["news"].next_mail()
    relay = sorted((servers["relay"].next_mail() for _ in range(2)), key=lambda mail: mail["Subject"])
    assert [mail["Subject"] for mail in relay] == ["pinned by email", "receipt by email"]
    assert (bulk["Subject"], bulk["To"]) == ("offer by email-bulk", "ana@example.com")
    assert (news["Subject"], news["To"]) == ("newsletter by news", "ana@work.example")
    for mail in (bulk, news, relay[0]):
        assert mail["List-Unsubscribe"] and mail["List-Id"]
    assert http.requests.get(timeout=60)[2] == b'{"to": "+40 1", "text": "1234"}'
    shop.wait_idle()
    assert shop.dead() == [] and all(server.mails.empty() for server in servers.values())


def test_what_is_known_of_an_address_holds_on_every_channel(shop):
    """A bounce on one of them, an opt-out: by mailbox, not by channel."""
    servers, _ = several(shop)
    refusing = shop.add(FaultSmtp({"rcpt": "550 5.1.1 no such user"}))
    shop.config["gateways"]["bulk"] = refusing.gateway()
    shop.daemon().spawn()
    shop.push({"type": "paid", "id": "p", "customer": ANA})
    wait_until(lambda: ("offer", "dead") in [line[:2] for line in shop.trace("id:1")]
               or ("offer", "bounced") in [line[:2] for line in shop.trace("id:1")], "the bounce")
    shop.wait_idle()
    shop.push({"type": "pin", "id": "n", "customer": ANA})
    shop.wait_idle()
    assert ("pinned", "refused", "suppressed") in shop.trace("id:1")
    shop.push({"type": "customer.unsubscribed", "id": "u", "topic": "news", "customer": {"id": 1}},
              {"type": "paid", "id": "q", "customer": {"id": 2, "email": "x@example.com", "accepts_marketing": True,
                                                       "work_email": "ANA@work.example"}})
    shop.wait_idle()
    assert [why for rule, what, why in shop.trace("id:2") if (rule, what) == ("newsletter", "refused")]


def test_faults_of_channels(desk):
    desk.config["topics"] = {"news": "opt-out"}
    desk.config["gateways"]["relay"] = {"kind": "smtp", "host": "relay.example"}
    desk.config["channels"].update({
        "a": {"kind": "mial", "gateways": "file"},
        "b": {"gateways": ["file"], "gateway": "file"},
        "c": {"kind": "mail", "topics": ["nwes"], "gateways": "file"},
        "d": {"kind": "mail", "classes": ["marketing", "receipts"], "gateways": "file"},
        "e": {"kind": "mail", "classes": "marketing", "gateways": "file"},
        "f": {"kind": "mail"},
        "g": {"kind": "text", "gateways": ["relay"]},
        "h": {"kind": "mail", "gateways": []},
        "i": {"kind": "mail", "gateways": ["relay", "flie"]},
        "j": {"gateways": "file", "address": "cell phone"},
    })
    desk.daemon()
    status, out, err = desk.ctl("check")
    assert (status, err) == (1, "") and "\n10 errors, 0 warnings; rules and" in out
    for fault in (r"error: `kind` must be one of `mail`, `text`, not `mial`\n.*\n.*\nhint: did you mean `mail`\?",
                  r"error: unknown key `gateway`\n.*\n.*\nhint: did you mean `gateways`\?",
                  r"error: `topics` of the configuration has no `nwes`\n.*\n.*\nhint: did you mean `news`\?",
                  r"error: `receipts` is no class: there are marketing and transactional\n",
                  r"error: `marketing` is taken by another channel\n.*\n.*\nhint: it stands at `d`\n",
                  r"error: `gateways` is missing\n",
                  r"error: gateway `relay` of kind smtp carries mail only, and channel `g` has none\n.*\n.*\n"
                  r"hint: `g: \{kind: mail, gateways: …\}` has",
                  r"error: channel `h` needs a gateway\n",
                  r"error: there is no gateway `flie`\n",
                  r"error: `cell phone` cannot be a field of the customer\n"):
        assert re.search(r"yaml:\d+:\d+: " + fault, out), (fault, out)
    desk.config["channels"] = {"email": "file", "sms": {"gateways": "file"},
                               "bulk": {"kind": "mail", "gateways": "relay"}}
    desk.daemon()
    assert desk.ctl("check")[0] == 0
