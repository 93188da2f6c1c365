"""The shop that messages are measured with: ten rules, events of 690 bytes about orders, of which each makes one
message, and a message of two parts and 4 KB. The peers know the same."""

import json

EVENT_BYTES = 690
CUSTOMERS = 2000

# Three ask about the order and do not match, six are about other events; the last sends.
RULES = """
{name: big-order, class: transactional, on: order.placed, if: order.total > 500, send: thanks}
---
{name: to-finland, class: transactional, on: order.placed, if: 'order.country == "FI"', send: thanks}
---
{name: gold, class: transactional, on: order.placed, if: 'customer.tier == "gold" && order.total > 50', send: thanks}
---
{name: cart, on: cart.updated, again: restart, wait: 1h, send: thanks}
---
{name: paid, class: transactional, on: order.paid, send: thanks}
---
{name: shipped, class: transactional, on: order.shipped, send: thanks}
---
{name: review, on: order.delivered, again: ignore, wait: 7d, send: thanks}
---
{name: welcome, on: customer.signed_up, send: thanks}
---
{name: cancelled, class: transactional, on: order.cancelled, send: thanks}
---
{name: thanks, class: transactional, on: order.placed, if: 'order.total > 10 && order.total <= 500', send: thanks}
"""

SUBJECT = "Thank you, {{ customer.first_name }}: order {{ order.number }}"

HTML = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{{ order.number }}</title></head>
<body style="margin:0;font:16px/1.5 sans-serif;color:#222;background:#f6f5f2">
<h1>Thank you, {{ customer.first_name }}!</h1>
<p>Your order {{ order.number }} over {{ order.total }} {{ order.currency }} is with us.</p>
<table width="100%" cellpadding="0" cellspacing="0">
{% for item in order.lines %}<tr><td style="padding:8px 0;vertical-align:top">{{ item.title }}</td>
<td align="right" style="padding:8px 0;vertical-align:top">{{ item.quantity }} &times; {{ item.price }}</td></tr>
{% endfor %}</table>
""" + "<p>A few words about tea, and why it is good to drink it slowly, from a cup that is warm.</p>\n" * 9 + """
<p style="color:#888">Tea Shop, 12 Mill Lane, Cork T12 AB34, Ireland</p>
</body></html>
"""

TEXT = """Thank you, {{ customer.first_name }}!

Your order {{ order.number }} over {{ order.total }} {{ order.currency }} is with us.

{% for item in order.lines %}{{ item.title }}: {{ item.quantity }} x {{ item.price }}
{% endfor %}
""" + "A few words about tea, and why it is good to drink it slowly, from a cup that is warm.\n" * 10 + """
Tea Shop, 12 Mill Lane, Cork T12 AB34, Ireland
"""

# What a gateway of kind http is given.
API = """{"to": {{ message.to | json }}, "subject": {{ message.subject | json }},
 "text": {{ message.text | json }}, "html": {{ message.html | json }}}"""


def event(number, customers=CUSTOMERS):
    """An order, of EVENT_BYTES."""
    made = {"type": "order.placed", "id": f"o{number}", "source": "https://shop.example",
            "customer": {"id": str(number % customers), "email": f"c{number % customers}@example.com",
                         "first_name": "Ștefan", "last_name": "Popescu", "locale": "ro", "tier": "silver",
                         "accepts_marketing": True},
            "order": {"number": str(number), "total": 64.9, "currency": "EUR", "country": "RO",
                      "lines": [{"sku": f"TEA-{n}", "title": "Mountain tea", "quantity": n + 1, "price": 12.5,
                                 "url": f"https://shop.example/p/{n}"} for n in range(3)], "note": ""}}
    text = json.dumps(made, ensure_ascii=False, separators=(",", ":"))
    made["order"]["note"] = "x" * (EVENT_BYTES - len(text.encode()))
    return json.dumps(made, ensure_ascii=False, separators=(",", ":"))


def many_rules(count):
    """The ten, with others to `count`: a quarter asks for an order's campaign, of which there are 400, the others are
    about 500 other types of events."""
    made = [RULES.strip()]
    for number in range(count - 10):
        on, condition = ("order.placed", f'order.campaign == "c-{number % 400}"') if number % 4 == 0 else \
            (f"thing.happened_{number % 500}", f"thing.size > {number % 90}")
        made.append(f"{{name: more-{number}, class: transactional, on: {on}, if: '{condition}', send: thanks}}")
    return "\n---\n".join(made) + "\n"


def delivered(customer):
    """An event after which a customer waits for a week."""
    return json.dumps({"type": "order.delivered", "id": f"d{customer}", "customer": {
        "id": customer, "email": f"c{customer}@example.com", "first_name": "Ștefan", "accepts_marketing": True},
        "order": {"number": "1"}}, ensure_ascii=False)


def write(folder, rules=RULES):
    """Rules and templates for the daemon; for the peers, the parts of the message."""
    folder.write("rules/shop.yaml", rules)
    front = "---\nsubject: '" + SUBJECT + "'\nlayout: none\n---\n"
    folder.write("templates/thanks.html.liquid", front + HTML)
    folder.write("templates/thanks.text.liquid", TEXT)
    folder.write("templates/api.json.liquid", API)
    for name, text in (("subject", SUBJECT), ("html", HTML), ("text", TEXT)):
        folder.write(f"peer/{name}", text)
