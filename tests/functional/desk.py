"""A shop at which nothing runs, for what nudgectl does with files alone."""

import pytest

RULES = """name: welcome
on: customer.signed_up
if: customer.tier == "gold"
send: {template: welcome, data: {gift: '"CODE-" + customer.id'}}
---
name: ping
class: transactional
on: ping
send: {template: ping, via: sms}
"""
EVENTS = """customer.signed_up:
  sample:
    customer: {id: "7", email: ana@example.com, first_name: Ana, last_name: Țăran, tier: gold, locale: ro}
    basket: {total: 12.50, items: [{title: Ceai}]}
ping: {sample: {place: here}}
"""
TEMPLATE = """---
subject: "{{ 'hello' | t }} {{ customer.first_name }} & co"
preheader: "{{ gift }}"
layout: paper
---
<p>Total: <b>{{ basket.total }}</b> {{ shop.name }} <a href="{{ unsubscribe_url }}">out</a></p>
"""


@pytest.fixture
def desk(shop):
    """A shop at which nothing runs: rules, templates and a configuration."""
    shop.rules(RULES)
    shop.rules(EVENTS, "events.yaml")
    shop.template("welcome.html.liquid", TEMPLATE)
    shop.template("ping.text.liquid", "You are {{ place }}\n")
    shop.template("layouts/paper.html.liquid", "<html><body>{{ content }}</body></html>\n")
    shop.template("locales/en.yaml", "hello: Hello\n")
    shop.template("locales/ro.yaml", "hello: Bună\n")
    shop.config["mail"]["unsubscribe_url"] = "https://shop.example/u/{token}"
    shop.config["channels"] = {"email": "file", "sms": "file"}
    shop.config["gateways"] = {"file": {"kind": "maildir", "path": "mail"}}
    shop.daemon()
    return shop
