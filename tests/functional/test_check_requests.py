"""nudgectl check: what gateways of kind http would leave out, and what their bodies ask for in vain."""

import re

import pytest

from desk import TEMPLATE, desk  # the fixture of all tests
from test_check import warnings

ATTACHED = TEMPLATE.replace("layout: paper\n", "layout: paper\nattachments: [terms.pdf]\n")


@pytest.fixture
def api(desk):
    """Mail and text messages through one API."""
    desk.config["gateways"] = {"api": {"kind": "http", "url": "https://api.shop.example/send"}}
    desk.config["channels"] = {"email": "api", "sms": "api"}
    desk.template("api.json.liquid", '{"to": {{ message.to | json }}}\n')
    desk.template("terms.pdf", "%PDF")
    desk.daemon()
    return desk


def test_of_what_is_attached(api):
    warnings(api, 0)
    api.template("welcome.html.liquid", ATTACHED)
    out = warnings(api, 1)
    assert ("welcome.html.liquid: warning: `welcome` has something attached, and gateway `api` of channel `email` has "
            "no place for it: it would be a dead letter, `lost-attachments`\n"
            "hint: `api.json.liquid` may use message.attachments or message.mime\n") in out
    for use in ("{{ message.attachments | json }}", "{% render 'files' %}", "{{ message | json }}",
                "{% assign m = message %}{{ m.attachments | json }}"):
        api.template("snippets/files.liquid", "{{ message.attachments[0].content }}")
        api.template("api.json.liquid", use)
        warnings(api, 0)


def test_of_pictures_in_the_html(api):
    api.template("welcome.html.liquid", ATTACHED.replace("[terms.pdf]", "[{file: terms.pdf, cid: terms}]"))
    api.template("api.json.liquid", "{% for a in message.attachments %}{{ a.content }}{% endfor %}")
    out = warnings(api, 1)
    assert "`welcome` has pictures of its own, and gateway `api` of channel `email` has no place for it" in out
    assert "hint: `api.json.liquid` may use the `cid` of each of message.attachments, or message.mime\n" in out
    api.template("api.json.liquid", "{% for a in message.attachments %}{{ a.content }}{{ a.cid }}{% endfor %}")
    warnings(api, 0)


def test_of_a_preset(api):
    """Brevo's API has no place for pictures; nobody is asked to change the preset's own file."""
    (api.folder / "key").write_text("x\n")
    (api.folder / "key").chmod(0o600)
    api.config["gateways"]["post"] = {"kind": "brevo", "secret_file": str(api.folder / "key")}
    api.config["channels"]["email"] = "post"
    api.daemon()
    api.template("welcome.html.liquid", ATTACHED)
    warnings(api, 0)
    api.template("welcome.html.liquid", ATTACHED.replace("[terms.pdf]", "[{file: terms.pdf, cid: terms}]"))
    assert "hint: the API of `brevo` takes none: send it through another gateway\n" in warnings(api, 1)


def test_of_whole_mails(api):
    api.template("welcome.html.liquid", ATTACHED)
    api.template("api.json.liquid", "{{ message.mime }}")
    out = warnings(api, 1)
    assert re.search(r"one.yaml:\d+:\d+: warning: gateway `api` sends whole mails, and channel `sms` has none: each "
                     "message would be a dead letter, `bad-message`\n", out)
    api.config["channels"] = {"email": "api"}
    api.rules("name: welcome\non: customer.signed_up\nsend: {template: welcome, data: {gift: '\"x\"'}}\n")
    api.daemon()
    warnings(api, 0)


@pytest.mark.parametrize("text, warning", [
    ("{{ message.form }}", "there is no `message.form`"),
    ("{{ message.attachments[0].name }}", "there is no `message.attachments[].name`"),
    ("{% for a in message.attachments %}{{ a.contents }}{% endfor %}", "there is no `message.attachments[].contents`"),
    ("{{ baskt.total }}", "no known event carries `baskt.total`"),
    ("{{ customer.fist_name }}", "there is no `customer.fist_name`"),
    *((f"{{{{ message.{name} }}}}", None) for name in (
        "to", "to_name", "to_mailbox", "from", "from_address", "from_name", "from_mailbox", "reply_to", "envelope_from",
        "subject", "preheader", "preview", "text", "html", "headers['List-Unsubscribe']", "attachments[0].cid",
        "unsubscribe_url", "mid", "channel", "locale", "template", "rule", "step", "class", "topic")),
    ("{{ data.gift }} {{ gift }} {{ customer.tier }} {{ basket.total }} {{ shop.name }}", None),
])
def test_of_what_a_body_asks_for(api, text, warning):
    api.template("api.json.liquid", "\n\n" + text + "\n")
    out = warnings(api, 1 if warning else 0)
    assert not warning or ("api.json.liquid:3:" in out and warning in out)
