"""A template as Shopify's notifications have it, its names and its structure, pasted below the
front matter and rendered from the payload of an `orders/create` webhook. It has a slip, as those
have that shops paste (`%%}`)."""

import json
import re
from html.parser import HTMLParser

import pytest

RULES = "{name: confirmed, class: transactional, on: orders/create, send: confirmed}\n"
TEMPLATE = """---
subject: "Order {{ name }} confirmed"
layout: none
---
{% capture email_title %}Thanks for your order!{% endcapture %}
{% capture email_body %}
  {% if requires_shipping %}
    {% case delivery_method %}
      {% when 'pick-up' %}We write again when it can be fetched.
      {% when 'local' %}Hi {{ customer.first_name }}, we bring it round.
      {% else %}Hi {{ customer.first_name }}, we pack it and write again when it is on its way.
    {% endcase %}
  {% endif %}
{% endcapture %}
<!DOCTYPE html>
<html lang="en">
<head><title>{{ email_title }}</title><style>.button__text { color: #fff; }</style></head>
<body>
<h1><a href="{{ shop.url }}">{{ shop.name }}</a></h1>
<p>Order {{ order_name }}</p>
<h2>{{ email_title }}</h2>
<p>{{ email_body }}</p>
{% if order_status_url %}<p><a href="{{ order_status_url }}" class="button__text">See your order</a>
  or <a href="{{ shop.url }}">our shop</a></p>{% endif %}
<table class="order-list">
{% for line in subtotal_line_items %}
  <tr><td>{% if line.image %}<img src="{{ line | img_url: 'compact_cropped' }}" alt="{{ line.title }}">{% endif %}
    {% if line.product.title %}{% assign line_title = line.product.title %}{% else %}\
{% assign line_title = line.title %}{% endif %}
    {% if line.quantity < line.original_quantity %}\
{% capture line_display %}{{ line.quantity }} of {{ line.original_quantity }}{% endcapture %}
    {% else %}{% assign line_display = line.quantity %}{% endif %}
    <span>{{ line_title }}&nbsp;&times;&nbsp;{{ line_display }}</span><br>
    {% if line.variant.title != 'Default Title' and line.variant.title != blank %}\
<span>{{ line.variant.title }}</span><br>{% endif %}</td>
  <td>{% if line.original_line_price != line.final_line_price %}<del>{{ line.original_line_price | money }}</del>\
{% endif %}
    <p>{% if line.final_line_price > 0 %}{{ line.final_line_price | money }}{% else %}Free{% endif %}</p></td></tr>
{% endfor %}
</table>
<table class="subtotal-lines">
  {% for discount_application in discount_applications %}
    {% if discount_application.target_selection == 'all' %}
      <tr><td>Discount {{ discount_application.title | upcase }}</td>
        <td>-{{ discount_application.total_allocated_amount | money }}</td></tr>{% endif %}
  {% endfor %}
  <tr><td>Subtotal</td><td>{{ subtotal_price | money }}</td></tr>
  <tr><td>Shipping</td><td>{% if shipping_price == 0 %}Free{% else %}{{ shipping_price | money }}{% endif %}</td></tr>
  {% for line in tax_lines %}<tr><td>{{ line.title }}</td><td>{{ line.price | money }}</td></tr>{% endfor %}
  <tr><td>Total</td><td>{{ total_price | money_with_currency }}</td></tr>
  {% if total_discounts > 0 %}<tr><td>You saved</td><td>{{ total_discounts | money }}</td></tr>{% endif %}
</table>
{% if requires_shipping and shipping_address %}<h4>Shipping address</h4>{{ shipping_address | format_address }}\
{% endif %}
{% if billing_address %}<h4>Billing address</h4>{{ billing_address | format_address }}{% endif %}
{% if requires_shipping and shipping_address and shipping_method %}<h4>Shipping method</h4>\
<p>{{ shipping_method.title }}</p>{% endif %}
{% if note != blank %%}<p>Your note: {{ note }}</p>{% endif %}
{% for attribute in attributes %}<p>{{ attribute.name }}: {{ attribute.value }}</p>{% endfor %}
<p>{{ date | date: "%d %B %Y" }}. Questions? <a href="mailto:{{ shop.email }}">{{ shop.email }}</a></p>
</body>
</html>
"""

ADDRESS = {"first_name": "Ana", "last_name": "Popescu", "name": "Ana Popescu", "company": None,
           "address1": "12 Mill <Lane>", "address2": "Flat 3", "city": "Portland", "zip": "97201",
           "province": "Oregon", "province_code": "OR", "country": "United States",
           "country_code": "US", "phone": None, "latitude": 45.5, "longitude": -122.6}
ORDER = {
    "id": 820982911946154508, "admin_graphql_api_id": "gid://shopify/Order/820982911946154508",
    "name": "#1001", "order_number": 1001, "email": "ana@example.com", "currency": "USD",
    "created_at": "2026-03-01T10:00:00-05:00", "financial_status": "paid", "fulfillment_status": None,
    "order_status_url": "https://shop.example/orders/1/authenticate?key=abc&x=1",
    "note": "Ring twice & wait", "note_attributes": [{"name": "Gift wrap", "value": "yes"}],
    "subtotal_price": "141.00", "total_price": "151.90", "total_tax": "5.90",
    "total_discounts": "15.00", "total_line_items_price": "156.00",
    "total_shipping_price_set": {"shop_money": {"amount": "5.00", "currency_code": "USD"},
                                 "presentment_money": {"amount": "5.00", "currency_code": "USD"}},
    "discount_applications": [{"type": "discount_code", "code": "spring", "target_selection": "all",
                               "target_type": "line_item", "value": "10.0", "value_type": "percentage"}],
    "tax_lines": [{"title": "State tax", "price": "5.90", "rate": 0.04}],
    "shipping_lines": [{"id": 1, "title": "Parcel post", "price": "5.00", "code": "post"}],
    "line_items": [
        {"id": 1, "product_id": 11, "variant_id": 21, "title": "Mountain tea", "variant_title": "100 g",
         "name": "Mountain tea - 100 g", "sku": "TEA-1", "quantity": 2, "price": "59.80",
         "total_discount": "9.60", "requires_shipping": True, "taxable": True, "properties": []},
        {"id": 2, "product_id": 12, "variant_id": 22, "title": "Cup <blue>", "variant_title": None,
         "sku": "CUP-1", "quantity": 1, "price": "36.40", "total_discount": "0.00",
         "requires_shipping": True, "taxable": True, "properties": []},
        {"id": 3, "product_id": 13, "variant_id": 23, "title": "Sample", "variant_title": "Default Title",
         "sku": "S-1", "quantity": 1, "price": "0.00", "total_discount": "0.00",
         "requires_shipping": False, "taxable": False, "properties": []}],
    "shipping_address": ADDRESS, "billing_address": {**ADDRESS, "address1": "1 High Street", "address2": None},
    "customer": {"id": 115310627314723954, "email": "ana@example.com", "first_name": "Ana",
                 "last_name": "Popescu", "currency": "USD", "default_address": {"id": 7, "zip": "97201"}},
}
SEEN = """Ceai & Cărți | Order #1001 | Thanks for your order!
Hi Ana, we pack it and write again when it is on its way. | See your order | or | our shop
Mountain tea × 2 | 100 g | $119.60 | $110.00 | Cup <blue> × 1 | $36.40 | Sample × 1 | Free
Discount SPRING | -$15.00 | Subtotal | $141.00 | Shipping | $5.00 | State tax | $5.90
Total | $151.90 USD | You saved | $15.00
Shipping address | Ana Popescu | 12 Mill <Lane> | Flat 3 | Portland OR 97201 | United States
Billing address | Ana Popescu | 1 High Street | Portland OR 97201 | United States
Shipping method | Parcel post | Your note: Ring twice & wait | Gift wrap: yes
01 March 2026. Questions? | help@shop.example"""


class Reader(HTMLParser):
    """The texts between the tags of the body, and the links."""

    def __init__(self, html):
        super().__init__()
        self.texts, self.links = [], []
        self.feed(html[html.index("<body"):])

    def handle_starttag(self, tag, attributes):
        if tag == "a":
            self.links.append(dict(attributes)["href"])

    def handle_data(self, data):
        text = re.sub(r"\s+", " ", data).strip()
        if text:
            self.texts.append(text)


def test_order_confirmation(shop):
    shop.redis()
    smtp = shop.smtp()
    shop.config["shop"] |= {"url": "https://shop.example", "email": "help@shop.example"}
    shop.rules(RULES)
    shop.template("confirmed.html.liquid", TEMPLATE)
    shop.daemon().spawn()
    shop.push({"specversion": "1.0", "id": "w1", "source": "/shopify", "type": "orders/create",
               "data": ORDER})
    shop.wait_idle()
    assert not shop.dead(), shop.dead()[0]["detail"]
    mail = smtp.next_mail()
    assert mail["Subject"] == "Order #1001 confirmed"
    assert mail["To"].addresses[0].addr_spec == "ana@example.com"
    seen = Reader(mail.get_body(("html",)).get_content())
    assert seen.texts == [text for line in SEEN.splitlines() for text in line.split(" | ")]
    assert any(link.startswith(ORDER["order_status_url"]) for link in seen.links), seen.links
    text = mail.get_body(("plain",)).get_content()
    assert "Mountain tea" in text and "$151.90 USD" in text


# --- what discounts take off a line ---

LINES = """---
subject: x
layout: none
---
{% for line in subtotal_line_items %}{{ line.title }} {{ line.original_line_price | money }} \
{% if line.original_line_price != line.final_line_price %}less {% endif %}\
{% if line.final_line_price > 0 %}{{ line.final_line_price | money }} {{ line.final_price | money }}{% else %}Free\
{% endif %}
{% endfor %}"""
APPLICATIONS = [
    {"type": "automatic", "title": "Cup with tea", "target_selection": "entitled", "target_type": "line_item"},
    {"type": "discount_code", "code": "spring", "target_selection": "all", "target_type": "line_item"},
]


def share(amount, index):
    return {"amount": amount, "discount_application_index": index,
            "amount_set": {"shop_money": {"amount": amount, "currency_code": "USD"}}}


@pytest.mark.parametrize("line, seen", [
    ({}, "$89.70 $89.70 $29.90"),
    ({"discount_allocations": []}, "$89.70 $89.70 $29.90"),
    ({"discount_allocations": [share("9.70", 0)]}, "$89.70 less $80.00 $26.67"),
    ({"discount_allocations": [share("9.70", 0), share("20.00", 0)]}, "$89.70 less $60.00 $20.00"),
    ({"discount_allocations": [share("9.70", 7)]}, "$89.70 less $80.00 $26.67"),  # of an unknown discount
    ({"discount_allocations": [share("89.70", 0)]}, "$89.70 less Free"),  # also where doubles leave dust
    ({"discount_allocations": [share("99.00", 0)]}, "$89.70 less Free"),
    ({"discount_allocations": [share("9.70", 1)]}, "$89.70 $89.70 $29.90"),  # of the order: told below its lines
    ({"discount_allocations": [share("9.70", 0), share("8.00", 1)]}, "$89.70 less $80.00 $26.67"),
    ({"total_discount": "9.70"}, "$89.70 less $80.00 $26.67"),  # older payloads
    ({"total_discount": "9.70", "discount_allocations": [share("9.70", 0)]}, "$89.70 less $80.00 $26.67"),
    ({"discount_allocations": {"amount": "9.70"}}, "$89.70 $89.70 $29.90"),  # none that Shopify sends
    ({"quantity": None}, "$29.90 $29.90 $29.90"),
])
def test_a_lines_discounts(shop, line, seen):
    item = {"title": "Cup", "quantity": 3, "price": "29.90", "total_discount": "0.00", **line}
    shop.rules(RULES)
    shop.template("confirmed.text.liquid", LINES)
    shop.config["shop"]["currency"] = "USD"
    shop.daemon()
    event = {"type": "orders/create", "id": "w2", "customer": ORDER["customer"],
             "discount_applications": APPLICATIONS, "line_items": [item]}
    status, out, err = shop.ctl("preview", "confirmed", "--event", "-", stdin=json.dumps(event))
    assert (status, err) == (0, "") and out.split("\n\n")[1].strip() == f"Cup {seen}"


def test_a_line_without_quantity_is_one(shop):
    shop.rules(RULES)
    shop.template("confirmed.text.liquid", LINES)
    shop.config["shop"]["currency"] = "USD"
    shop.daemon()
    event = {"type": "orders/create", "customer": ORDER["customer"],
             "line_items": [{"title": "Cup", "price": "29.90"}]}
    assert "Cup $29.90 $29.90 $29.90" in shop.ctl("preview", "confirmed", "--event", "-", stdin=json.dumps(event))[1]
