"""Presets, each against a server that behaves as its provider documents: what became of a message after
each kind of answer, and that what arrives is what was meant."""

import email.header
import re

import pytest

import fault_server
from conftest import wait_until
from provider_mail import Brevo, Mailgun, MimeUpload, Postmark, SendGrid, Ses
from provider_texts import Slack, SlackWebhook, Telegram, Twilio, Webhook

PROVIDERS = {one.kind: one for one in (SendGrid, Mailgun, Postmark, Ses, Brevo, MimeUpload, Twilio, SlackWebhook, Slack,
                                       Telegram, Webhook)}
MAIL = ("sendgrid", "mailgun", "postmark", "ses", "brevo", "mime-upload")
RULE = """name: r
class: transactional
on_uncertain: hold
on: order
send: {template: m, via: CHANNEL, to: dest}
"""
TEMPLATE = """---
subject: "{{ title }}"
---
{{ words }}
"""

# For each: whom a message went to, and what the customer's trace says of it. A number: it waits that many
# seconds at least.
ANSWERS = {
    "sendgrid": {"bounced": "bounced", "refused": "dead", "large": "dead", "lost": "uncertain", "down": "retry",
                 "throttled": 30},
    "mailgun": {"bounced": "bounced", "invalid": "bounced", "refused": "dead", "sandbox": "dead", "large": "dead",
                "lost": "uncertain", "down": "retry", "throttled": 30},
    "postmark": {"bounced": "bounced", "invalid": "bounced", "refused": "dead", "nonsense": "dead", "large": "dead",
                 "lost": "uncertain", "down": "retry", "maintenance": 0, "throttled": 0},
    "ses": {"refused": "dead", "malformed": "dead", "large": "dead", "lost": "uncertain", "down": "retry",
            "throttling": 0, "throttled": 0},
    "brevo": {"bounced": "bounced", "refused": "dead", "large": "dead", "lost": "uncertain", "down": "retry",
              "throttled": 0},
    "mime-upload": {"refused": "dead", "lost": "uncertain", "down": "retry", "throttled": 30},
    "twilio": {"+1211": "bounced", "+1610": "bounced", "+1614": "bounced", "+1408": "dead", "+1500": "uncertain",
               "+1503": "retry", "+1430": 0, "+1429": 0},
    "slack-webhook": {"<refused>": "dead", "<lost>": "uncertain", "<down>": "retry", "<throttled>": 30},
    "slack": {"bounced": "bounced", "archived": "bounced", "refused": "dead", "unheard": "dead", "lost": "uncertain",
              "garbled": "uncertain", "down": "retry", "quietly": 30, "throttled": 30},
    "telegram": {"bounced": "bounced", "unknown": "bounced", "silent": "dead", "refused": "dead", "lost": "uncertain",
                 "gateway": "uncertain", "down": "retry", "throttled": 30},
    "webhook": {"refused": "dead", "lost": "retry", "down": "retry", "throttled": 30},
}
FAULTS = {
    "sendgrid": ["forbidden"], "mailgun": ["forbidden"], "postmark": ["forbidden"], "ses": ["forbidden", "paused"],
    "brevo": ["forbidden", "closed"], "twilio": ["+1606"], "slack-webhook": ["<archived>", "<forbidden>", "<gone>"],
    "slack": ["forbidden"], "telegram": ["nobody"], "webhook": ["forbidden"],
}


IDS = {"sendgrid": "sg-1", "mailgun": "<1@shop.example>", "postmark": "pm-1", "ses": "ses-1",
       "brevo": "<1@smtp-relay.mailin.fr>", "twilio": "SM1", "slack": "1503435956.000001", "telegram": "1"}


class Desk:
    """A shop whose one gateway is the provider's."""

    def __init__(self, shop, kind, template=TEMPLATE, name="m.text.liquid", before=lambda shop: None, **keys):
        self.shop = shop
        before(shop)
        shop.redis()
        self.provider = shop.add(PROVIDERS[kind](shop))
        shop.config["gateways"] = {"api": self.provider.gateway(connections=1, **keys)}
        shop.config["channels"] = {self.provider.channel: "api"}
        shop.rules(RULE.replace("CHANNEL", self.provider.channel))
        shop.template(name, template)
        self.daemon = shop.daemon().spawn()

    def push(self, number, to, title="Order 7", words="Thank you", **data):
        self.shop.push({"type": "order", "id": f"e{number}",
                        "customer": {"id": str(number), "name": "Ana Pop"}, "dest": to, "title": title,
                        "words": words, **data})

    def became(self, number):
        """What the trace says of the customer's message: (word, the gateway's own words)."""
        def seen():
            told = [(what, why) for rule, what, why in self.shop.trace(f"id:{number}") if what not in ("sends",)]
            return told[-1] if told else None
        return wait_until(seen, f"customer {number}: {self.daemon.log()}")

    def taken(self):
        wait_until(lambda: self.provider.taken or self.provider.reasons or self.shop.dead(), "a message")
        assert not self.provider.reasons and not self.shop.dead(), (self.provider.reasons, self.shop.dead())
        return self.provider.taken[-1]


@pytest.fixture
def desk(shop):
    return lambda kind, **more: Desk(shop, kind, **more)


def waits(it):
    """How many seconds the gateway's only message waits at least."""
    return it.shop.client.zrange("nudged:later", 0, 0, withscores=True)[0][1] / 1000 - \
        it.shop.client.time()[0]


@pytest.mark.parametrize("kind", PROVIDERS)
def test_answers(desk, kind):
    """A throttled gateway is asked no more for a while, so that comes last."""
    it = desk(kind)
    it.push(0, it.provider.to)
    assert it.became(0)[0] == "sent" and "Thank you" in it.taken().text, it.became(0)
    explained = it.shop.ctl("explain", "id:0", "--json")[1]
    assert kind not in IDS or f'"gateway_id":"{IDS[kind]}"' in explained, explained
    cases = [(word, meaning) for word, meaning in ANSWERS[kind].items() if not isinstance(meaning, int)]
    for number, (word, meaning) in enumerate(cases, 1):
        it.push(number, it.provider.address(word), words=word)
        assert it.became(number)[0] == meaning, (word, it.became(number))
        assert bool(it.shop.dead()) == any(meaning in ("dead", "bounced") for _, meaning in cases[:number])
    suppressed = it.shop.client.hlen("nudged:suppressed")
    assert suppressed == sum(meaning == "bounced" for _, meaning in cases)
    assert len(it.provider.taken) == 1 and not it.provider.reasons
    words = [why for _, _, why in it.shop.trace("id:1")]
    assert not any("{" in (why or "") for why in words), words  # a person reads it, not JSON


@pytest.mark.parametrize("kind", [kind for kind in PROVIDERS if kind not in ("sendgrid", "mime-upload", "webhook")])
def test_a_2xx_that_is_not_the_providers(desk, kind):
    """A page of something on the way is no word that the message was taken."""
    it = desk(kind)
    it.provider.fails = fault_server.answer(200, b"<html>Welcome to our network</html>")
    it.push(1, it.provider.to)
    assert it.became(1)[0] == "uncertain", it.became(1)


def throttlings():
    return [(kind, word) for kind in ANSWERS for word, meaning in ANSWERS[kind].items() if isinstance(meaning, int)]


@pytest.mark.parametrize("kind, word", throttlings())
def test_throttled(desk, kind, word):
    """Nobody is charged; the gateway is left alone for as long as it asked."""
    it = desk(kind)
    it.push(1, it.provider.address(word), words=word)
    assert it.became(1)[0] == "unavailable", it.became(1)
    assert waits(it) >= ANSWERS[kind][word] and not it.shop.dead()
    assert not it.shop.client.exists("nudged:suppressed")


@pytest.mark.parametrize("kind, word", [(kind, word) for kind in FAULTS for word in FAULTS[kind]])
def test_the_gateways_fault(desk, kind, word):
    it = desk(kind)
    it.push(1, it.provider.address(word), words=word)
    assert it.became(1)[0] == "gateway-fault", it.became(1)
    assert not it.shop.dead() and not it.shop.client.exists("nudged:suppressed")
    gateway, = it.daemon.status()["gateways"]
    assert gateway["breaker"] == "open"


@pytest.mark.parametrize("kind", PROVIDERS)
def test_a_wrong_secret(desk, kind):
    """It is told to nobody. It is read anew: a right one takes effect by itself, with the next probe."""
    it = desk(kind)
    right = it.provider.secret_file.read_text()
    it.provider.secret_file.write_text("wrong-one\n")
    it.push(1, it.provider.to)
    word, why = it.became(1)
    assert word == "gateway-fault" and "wrong-one" not in why, (word, why)
    assert not it.shop.dead() and not it.provider.taken and "wrong-one" not in it.daemon.log()
    if kind in ("sendgrid", "twilio"):  # in a header, and as a password; the rest is the same
        it.provider.secret_file.write_text(right)
        wait_until(lambda: it.provider.taken, "the message")


HOSTILE = ["plain", 'say "hi", \\ it\'s', "ceai & cărți = 100% + {{ x }} <b>", "🍵 чай 茶", "a\r\nBcc: eve@example.com",
           "tab\there", '","to":[{"email":"eve@example.com"}],"x":"', "&To=%2B1&Body=x", "\u2028 \u2029 </script>",
           "one\0two", "--=_nudged_form\r\nContent-Disposition: form-data; name=\"to\"\r\n\r\neve@example.com"]


@pytest.mark.parametrize("kind", PROVIDERS)
def test_hostile_words(desk, kind):
    """What is in an event stays within its place, and arrives as it is."""
    it = desk(kind)
    for number, words in enumerate(HOSTILE):
        it.push(number, it.provider.to, title=words.replace("\0", ""), words=words)
        assert it.became(number)[0] == "sent", (words, it.became(number), it.provider.reasons)
    assert not it.provider.reasons and len(it.provider.taken) == len(HOSTILE)
    for words, taken in zip(HOSTILE, it.provider.taken):
        line = words.replace("\0", "")
        text = line.replace("\r\n", "\n")
        assert taken.to == it.provider.to or kind == "slack-webhook"
        assert text in taken.text.replace("\r\n", "\n"), (words, taken.text)
        assert taken.subject is None or " ".join(taken.subject.split()) == " ".join(line.split()), taken.subject


ATTACHED = """---
subject: "{{ title }}"
from: '"Ceai, & Cărți" <mail@shop.example>'
reply_to: help@shop.example
headers: {X-Tag: "{{ message.rule }} ceai și cărți, destule cât să nu încapă pe o singură linie de 76"}
attachments: [terms.pdf, {file: logo.png, cid: logo}]
---
<p>{{ words }}</p><img src="cid:logo" alt="Logo">
"""


def attach(desk_of, kind, template=ATTACHED, size=300):
    def prepare(shop):
        (shop.folder / "templates" / "terms.pdf").write_bytes(bytes(range(256)) * (size // 256 + 1))
        (shop.folder / "templates" / "logo.png").write_bytes(b"\x89PNG" + bytes(100))
    return desk_of(kind, template=template, name="m.html.liquid", before=prepare)


@pytest.mark.parametrize("kind", MAIL)
def test_all_of_a_mail(desk, kind):
    """Text, HTML, names, headers, what is attached, and pictures in the HTML."""
    it = attach(desk, kind)
    it.push(1, "ana@example.com")
    if kind == "brevo":  # its API has no place for pictures
        assert it.became(1)[0] == "dead" and it.shop.dead()[0]["reason"] == b"lost-attachments"
        return
    taken = it.taken()
    assert taken.subject == "Order 7" and "cid:logo" in taken.html and "Thank you" in taken.text
    tag = "".join(part if isinstance(part, str) else part.decode(charset or "ascii")
                  for part, charset in email.header.decode_header(taken.headers["X-Tag"]))
    assert tag == "r ceai și cărți, destule cât să nu încapă pe o singură linie de 76"
    assert "mail@shop.example" in str(taken.sender)
    (pdf, pdf_type, pdf_bytes, no_id), (logo, logo_type, logo_bytes, logo_id) = sorted(taken.files, reverse=True)
    assert (pdf, pdf_type, no_id) == ("terms.pdf", "application/pdf", None)
    assert pdf_bytes == bytes(range(256)) * 2
    assert (logo, logo_type, logo_id) == ("logo.png", "image/png", "logo")
    assert logo_bytes == b"\x89PNG" + bytes(100)
    assert taken.mid is None or re.fullmatch("[0-9a-f]{32}", taken.mid)


def test_brevo_attaches_files(desk):
    it = attach(desk, "brevo",
                ATTACHED.replace(", {file: logo.png, cid: logo}", "").replace('<img src="cid:logo" alt="Logo">', ""))
    it.push(1, "ana@example.com")
    assert it.taken().files == [("terms.pdf", None, bytes(range(256)) * 2, None)]


@pytest.mark.parametrize("kind", MAIL)
def test_large_files(desk, kind):
    """Up to the bound of what a template may attach."""
    it = attach(desk, kind,
                ATTACHED.replace(", {file: logo.png, cid: logo}", "").replace('<img src="cid:logo" alt="Logo">', ""),
                size=5 * 1024 * 1024 - 256)
    it.push(1, "ana@example.com")
    (name, _, content, _), = it.taken().files
    assert name == "terms.pdf" and len(content) == 5 * 1024 * 1024


@pytest.mark.parametrize("kind", [kind for kind in PROVIDERS if kind not in ("slack-webhook",)])
def test_a_lost_answer(desk, kind):
    """Nobody knows whether it was taken: it is held, or sent again under the same key where that is safe."""
    it = desk(kind)
    it.provider.on("answer", lambda step: (it.provider.reply(step), it.provider.on("answer", it.provider.reply),
                                           fault_server.CLOSE)[2])
    it.push(1, it.provider.to)
    assert it.became(1)[0] == ("retry" if kind == "webhook" else "uncertain"), it.became(1)
    if kind == "webhook":
        it.shop.client.zadd("nudged:later", {member: 0 for member in it.shop.client.zrange("nudged:later", 0, -1)})
    else:
        assert it.shop.ctl("uncertain", "resend", "--all")[0] == 0
    if kind == "brevo":  # it knows the repeat
        wait_until(lambda: it.became(1)[0] == "sent", "the answer")
        assert len(it.provider.taken) == 1
    else:
        wait_until(lambda: len(it.provider.taken) == 2, "the second")
        one, two = it.provider.taken
        assert (one.key, one.mid, one.text) == (two.key, two.mid, two.text)


@pytest.mark.parametrize("kind, most, words", [("twilio", 1600, "too long"), ("telegram", 4096, "message is too long")])
def test_a_text_that_is_too_long(desk, kind, most, words):
    it = desk(kind, template="{{ words }}")
    it.push(1, it.provider.to, words="ж" * most)
    assert it.became(1)[0] == "sent"
    it.push(2, it.provider.to, words="ж" * (most + 1))
    assert it.became(2)[0] == "dead" and words in it.became(2)[1]


@pytest.mark.parametrize("sender", ["MG" + "a" * 32, "MGM Tea", "+15005550001", "whatsapp:+15005550001"])
def test_senders_of_twilio(desk, sender):
    it = desk("twilio", **{"from": sender})
    it.push(1, "+40722000001")
    assert it.taken().sender == sender


def test_a_body_of_the_shops_own(desk):
    """A file with the gateway's name goes before the preset's; it sees the gateway's settings."""
    own = '{"From": "mail@shop.example", "To": {{ message.to | json }}, "TextBody": {{ gateway.stream | json }}, ' \
          '"MessageStream": "outbound", "Metadata": {"mid": "m"}}'
    it = desk("postmark", before=lambda shop: shop.template("api.json.liquid", own), stream="broadcast")
    it.push(1, "ana@example.com")
    assert it.taken().text == "broadcast"


@pytest.mark.parametrize("kind", MAIL)
def test_a_mail_of_a_picture_alone(desk, kind):
    """There is no text in it."""
    it = desk(kind, template='---\nsubject: x\n---\n<img src="https://shop.example/x.png" alt="">',
              name="m.html.liquid")
    it.push(1, "ana@example.com")
    assert "x.png" in it.taken().html


@pytest.mark.parametrize("kind", PROVIDERS)
def test_check_says_what_is_missing(shop, kind):
    provider = shop.add(PROVIDERS[kind](shop))
    keys = provider.gateway()
    del keys["secret_file"]
    shop.config["gateways"] = {"api": keys}
    shop.config["channels"] = {provider.channel: "api"}
    shop.daemon()
    status, out, err = shop.ctl("check")
    assert status == 1 and "error: `secret_file` is missing" in out and "hint: name a file whose first line is " in out
    for key in provider.keys_of():
        less = {name: value for name, value in provider.gateway().items() if name != key}
        shop.config["gateways"] = {"api": less}
        shop.daemon()
        status, out, err = shop.ctl("check")
        assert status == (0 if kind == "nothing" else 1) and key in out, out
