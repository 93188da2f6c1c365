"""The shipped messages with shop data as shops send them: what is missing is left out, and
nothing is made up in its place."""

import pytest

import mail_checker
from test_letters import CUSTOMER, SHOP, letter_of, use_examples

PICTURE = "https://shop.example/img/pot.png"


def cart_letter(shop, items, template="cart-reminder", locale="en", **cart):
    event = {"type": "cart.updated", "id": "e1", "customer": CUSTOMER, "cart": {"items": items, **cart}}
    return letter_of(shop, template, event, locale)


def order_letter(shop, locale="en", **order):
    event = {"type": "order.placed", "id": "e1", "time": "2025-12-01T10:00:00Z", "customer": CUSTOMER,
             "order": {"items": [{"name": "Tea", "price": 10}], **order}}
    return letter_of(shop, "order-thanks", event, locale)


def html_text(letter):
    return mail_checker.shown_text(letter, letter.tree.find("body"))


def row_of(letter):
    """The row of the only item, as it is read."""
    [cell] = letter.tree.xpath("//td[contains(@class, 'line')][@align='right']")
    return mail_checker.shown_text(letter, cell.getparent())


@pytest.mark.parametrize("item, row, line", [
    ({"title": "Tea", "price": 12.5, "quantity": 2}, "Tea 2 × €12.50 €25.00", "- Tea, 2 × €12.50: €25.00"),
    ({"name": "Tea", "price": 12.5, "quantity": 2}, "Tea 2 × €12.50 €25.00", "- Tea, 2 × €12.50: €25.00"),
    ({"title": "Tea", "name": "Tea - 100 g", "price": 1}, "Tea €1.00", "- Tea: €1.00"),
    ({"name": "Tea", "price": 12.5}, "Tea €12.50", "- Tea: €12.50"),  # no quantity: one
    ({"name": "Tea", "price": 12.5, "quantity": None}, "Tea €12.50", "- Tea: €12.50"),
    ({"name": "Tea", "price": 12.5, "quantity": 1}, "Tea €12.50", "- Tea: €12.50"),
    ({"name": "Tea", "price": "12.50", "quantity": "2"}, "Tea 2 × €12.50 €25.00", "- Tea, 2 × €12.50: €25.00"),
    ({"name": "Tea", "price": "12.5"}, "Tea €12.50", "- Tea: €12.50"),
    ({"name": "Tea", "price": "12,50 €"}, "Tea 12,50 €", "- Tea: 12,50 €"),  # no number: as it is
    ({"name": "Tea", "price": "12,50 €", "quantity": 2}, "Tea 2 × 12,50 €", "- Tea, 2 × 12,50 €"),
    ({"name": "Tea"}, "Tea", "- Tea"),  # no price: none is shown
    ({"name": "Tea", "price": None}, "Tea", "- Tea"),
    ({"name": "Tea", "price": ""}, "Tea", "- Tea"),
    ({"name": "Tea", "quantity": 3}, "Tea × 3", "- Tea, × 3"),
    ({"name": "Tea", "price": 0}, "Tea Free", "- Tea: Free"),
    ({"name": "Tea", "price": "0.00", "quantity": 2}, "Tea 2 × €0.00 Free", "- Tea, 2 × €0.00: Free"),
    ({"name": "Tea", "price": 10, "total": "8.00"}, "Tea €10.00 €8.00", "- Tea: €10.00 → €8.00"),
    ({"name": "Tea", "price": 10, "quantity": 2, "total": 0}, "Tea 2 × €10.00 €20.00 Free",
     "- Tea, 2 × €10.00: €20.00 → Free"),
    ({"name": "Tea", "total": 8}, "Tea €8.00", "- Tea: €8.00"),
    ({"name": "Tea", "variant": "100 g", "price": 1}, "Tea 100 g €1.00", "- Tea, 100 g: €1.00"),
    ({"name": "Tea", "variant": {"title": "100 g"}, "price": 1}, "Tea 100 g €1.00", "- Tea, 100 g: €1.00"),
    ({"name": "Tea", "variant_title": "Default Title", "price": 1}, "Tea €1.00", "- Tea: €1.00"),
    ({"name": "Tea", "variant_title": None, "price": 1}, "Tea €1.00", "- Tea: €1.00"),
    ({"name": "Tea & <b>", "price": 1}, "Tea & <b> €1.00", "- Tea & <b>: €1.00"),
    ({"name": "Leaf", "quantity": 0.5, "price": 20}, "Leaf 0.5 × €20.00 €10.00", "- Leaf, 0.5 × €20.00: €10.00"),
])
def test_an_item(shop, item, row, line):
    use_examples(shop)
    letter = cart_letter(shop, [item], total=30)
    assert row_of(letter) == row
    assert [found for found in letter.text.splitlines() if found.startswith("- ")] == [line]
    assert mail_checker.check(letter, [mail_checker.links, mail_checker.whole, mail_checker.same_text]) == []


@pytest.mark.parametrize("locale, free", [("en", "Free"), ("fi", "Maksuton"), ("ro", "Gratuit"), ("ru", "Бесплатно")])
def test_what_costs_nothing_is_free(shop, locale, free):
    use_examples(shop)
    letter = order_letter(shop, locale, items=[{"name": "Tea", "price": "0.00"}], shipping=0, total=0)
    assert html_text(letter).count(free) == 2 and letter.text.count(f": {free}\n") == 2


@pytest.mark.parametrize("items, said", [
    ([{"name": "Tea"}], "You left something in your basket"),
    ([{"name": "Tea"}, {"name": "Pot"}], "You left 2 things in your basket"),
    ([{"name": "Tea", "quantity": 2}, {"name": "Pot"}], "You left 3 things in your basket"),
    ([{"name": "Tea", "quantity": "2"}, {"name": "Pot", "quantity": None}], "You left 3 things in your basket"),
])
def test_items_are_counted(shop, items, said):
    use_examples(shop)
    letter = cart_letter(shop, items)
    assert said in html_text(letter) and said in letter.text


@pytest.mark.parametrize("image, address", [
    (PICTURE, PICTURE),
    ({"src": PICTURE}, PICTURE),
    ("//cdn.shopify.com/s/pot.png", "https://cdn.shopify.com/s/pot_144x144_crop_center.png"),
    ("/img/pot.png", "https://shop.example/img/pot.png"),
])
def test_a_picture_is_cut_to_a_square(shop, image, address):
    use_examples(shop, url="https://shop.example")
    letter = cart_letter(shop, [{"name": "Pot", "image": image}])
    [picture] = letter.tree.xpath("//img")
    assert picture.get("src") == address
    assert (picture.get("width"), picture.get("height")) == ("72", "72")
    assert "object-fit:cover" in picture.get("style")
    [outlook] = [part for part in letter.mso() if "<img" in part]  # knows no object-fit: the whole picture
    assert 'width="72"' in outlook and "height" not in outlook


@pytest.mark.parametrize("image", [None, "", {}, []])
def test_no_picture(shop, image):
    use_examples(shop)
    letter = cart_letter(shop, [{"name": "Pot", "image": image}])
    assert letter.all("img") == [] and not letter.tree.xpath("//td[@width='88']")
    beside = cart_letter(shop, [{"name": "Pot", "image": image}, {"name": "Tea", "image": PICTURE}])
    assert len(beside.all("img")) == 1 and len(beside.tree.xpath("//td[@width='88']")) == 2


BUTTONS = [("welcome", "shop", "Have a look around"), ("cart-reminder", "cart", "Back to your basket"),
           ("cart-last-call", "cart", "Complete your order"), ("order-thanks", "order", "View your order")]


@pytest.mark.parametrize("template, where, words", BUTTONS)
@pytest.mark.parametrize("address", [None, "", "https://shop.example/there"])
def test_a_button_has_an_address(shop, template, where, words, address):
    use_examples(shop, **({"url": address} if where == "shop" else {}))
    data = {where: {"items": [{"name": "Tea"}], "url": address}} if where != "shop" else {}
    kind = {"welcome": "customer.signed_up", "order-thanks": "order.placed"}.get(template, "cart.updated")
    letter = letter_of(shop, template, {"type": kind, "id": "e1", "customer": CUSTOMER, **data}, "en")
    buttons = letter.tree.xpath("//a[contains(@class, 'press')]")
    assert [mail_checker.shown_text(letter, button) for button in buttons] == ([words] if address else [])
    assert (f"{words}:\n{address}" in letter.text) == bool(address) and (words in letter.text) == bool(address)
    assert mail_checker.check(letter, [mail_checker.links, mail_checker.whole]) == []


def test_no_total(shop):
    use_examples(shop)
    for template in ("cart-reminder", "cart-last-call"):
        letter = cart_letter(shop, [{"name": "Tea", "price": 3}], template)
        assert "Total" not in html_text(letter) and "Total" not in letter.text
        assert "Total €3.50" in html_text(cart_letter(shop, [{"name": "Tea"}], template, total="3.50"))


# --- the order ---


def sums_of(letter):
    """The lines under the items: (label, amount)."""
    rows = letter.tree.xpath("//tr[count(td) = 2][td[2][@align='right'][not(contains(@class, 'line'))]]")
    return [tuple(mail_checker.shown_text(letter, cell) for cell in row.iter("td")) for row in rows]


@pytest.mark.parametrize("order, sums", [
    ({"total": 10}, [("Total", "€10.00")]),
    ({"subtotal": "10.00", "shipping": "4.90", "total": "14.90", "tax": "2.59"},
     [("Subtotal", "€10.00"), ("Delivery", "€4.90"), ("Total", "€14.90"), ("Includes VAT", "€2.59")]),
    ({"subtotal": 10, "shipping": 0, "discount": 1, "tax": 0.9, "total": 9.9},  # tax comes on top
     [("Subtotal", "€10.00"), ("Discount", "-€1.00"), ("Delivery", "Free"), ("VAT", "€0.90"), ("Total", "€9.90")]),
    ({"subtotal": 10, "discount": -1, "total": 9},
     [("Subtotal", "€10.00"), ("Discount", "-€1.00"), ("Total", "€9.00")]),
    ({"subtotal": 10, "discount": 0, "total": 10}, [("Subtotal", "€10.00"), ("Total", "€10.00")]),
    ({"tax": 1.6, "total": 10}, [("Total", "€10.00"), ("Includes VAT", "€1.60")]),
    ({"subtotal": 10, "tax": 0, "total": 10}, [("Subtotal", "€10.00"), ("Total", "€10.00")]),
    ({}, []),
])
def test_the_sums_of_an_order(shop, order, sums):
    use_examples(shop)
    letter = order_letter(shop, **order)
    assert sums_of(letter) == sums
    lines = letter.text.splitlines()
    at = [lines.index(f"{label}: {amount}") for label, amount in sums]
    assert at == sorted(at)


@pytest.mark.parametrize("expected, days, said", [
    ("2025-12-04", None, "Thursday, December 4, 2025"),
    ("2025-12-04T12:00:00Z", 3, "Thursday, December 4, 2025"),
    ("2–3 working days", 3, "2–3 working days"),
    (None, 3, "Thursday, December 4, 2025"),  # so many days after the order
    (None, "10", "Thursday, December 11, 2025"),
    (None, None, None),
])
def test_when_the_order_comes(shop, expected, days, said):
    use_examples(shop, **({"delivery_days": days} if days else {}))
    letter = order_letter(shop, expected=expected)
    if said:
        assert f"Expected delivery {said}" in html_text(letter) and f"Expected delivery: {said}" in letter.text
    else:
        assert "Expected" not in html_text(letter) + letter.text


def test_payment_and_address(shop):
    use_examples(shop)
    address = {"name": "Ana", "street": "8 Mill Lane", "city": "Cork", "zip": "T12", "country": "Ireland"}
    letter = order_letter(shop, payment="Visa 4242", address=address, url="https://shop.example/o/1")
    text = html_text(letter)
    assert "Payment Visa 4242" in text and "Payment: Visa 4242" in letter.text
    assert "Delivery address Ana 8 Mill Lane Cork T12 Ireland" in text
    assert "Delivery address:\nAna\n8 Mill Lane\nCork T12\nIreland\n" in letter.text
    assert text.index("View your order") < text.index("Delivery address")
    assert letter.text.index("View your order") < letter.text.index("Delivery address")
    finnish = order_letter(shop, "fi", address=address)
    assert "Toimitusosoite Ana 8 Mill Lane T12 Cork Ireland" in html_text(finnish)
    bare = order_letter(shop)
    assert "address" not in html_text(bare) + bare.text and "Payment" not in html_text(bare) + bare.text


@pytest.mark.parametrize("address, said", [
    ("8 Mill Lane, Cork", "8 Mill Lane, Cork"),
    ({"name": "Ana", "address1": "8 Mill <Lane>", "city": "Cork", "zip": "T12", "country_code": "IE"},
     "Ana 8 Mill <Lane> Cork T12"),
    ({"street": "8 Mill Lane", "city": "Cork", "zip": "T12"}, "8 Mill Lane Cork T12"),
])
def test_addresses_of_other_forms(shop, address, said):
    use_examples(shop)
    letter = order_letter(shop, address=address)
    assert f"Delivery address {said} One" in html_text(letter)
    assert f"Delivery address: {said} One" in mail_checker.squeeze(letter.text)


@pytest.mark.parametrize("number, locale, said", [
    ("1001", "en", "Order 1001"), ("#1001", "en", "Order 1001"), (1001, "ru", "Заказ №\u00a01001"),
    (None, "en", "Order"),
])
def test_the_number_of_an_order(shop, number, locale, said):
    use_examples(shop)
    letter = order_letter(shop, locale, number=number)
    assert mail_checker.squeeze(said) + " " in html_text(letter) and f"\n{said}:" in letter.text
    assert letter.subject == letter.subject.strip() and not letter.subject.endswith(("№", "#"))


# --- the last call, feedback, the shop ---


def test_the_last_call_is_another_letter(shop):
    use_examples(shop, **SHOP)
    items = [{"name": "Card"}, {"name": "Pot", "image": PICTURE, "price": 60}]
    first = cart_letter(shop, items, total=60)
    last = cart_letter(shop, items, "cart-last-call", total=60, url="https://shop.example/c/1")
    headings = [[mail_checker.shown_text(one, h) for h in one.all("h1")] for one in (first, last)]
    assert headings == [["Hello Ștefan,"], ["Still thinking it over, Ștefan?"]]
    assert first.subject != last.subject
    [large] = [image for image in last.all("img") if image.get("src") == PICTURE]
    assert large.get("width") == "488" and large.get("alt") == "Pot" and large.getparent().tag == "a"
    assert "Pot + Card Total €60.00" in html_text(last)


@pytest.mark.parametrize("about, total, said", [
    ({}, 60, []),
    ({"free_delivery_from": 50}, 60, ["Delivery is free for this order."]),
    ({"free_delivery_from": "50"}, "50.00", ["Delivery is free for this order."]),
    ({"free_delivery_from": 50}, 49.9, ["Delivery is free on orders of €50 or more."]),
    ({"delivery_days": 3}, 60, ["It will be with you in about 3 days."]),
    ({"return_days": 30}, 60, ["You have 30 days to send it back."]),
])
def test_reasons(shop, about, total, said):
    use_examples(shop, **about)
    letter = cart_letter(shop, [{"name": "Tea"}], "cart-last-call", total=total)
    rows = letter.tree.xpath("//td[span='✓']/following-sibling::td")
    assert [mail_checker.shown_text(letter, row) for row in rows] == said
    items = [line for line in letter.text.splitlines() if line.startswith("- ") and line != "- Tea"]
    assert items == [f"- {s}" for s in said]


@pytest.mark.parametrize("items, subject", [
    ([{"title": "Mountain tea", "image": PICTURE}], "Mountain tea: how do you like it?"),
    ([{"name": "Mountain tea"}, {"name": "Pot"}], "How do you like your order 1001?"),
    ([], "How do you like your order 1001?"),
])
def test_feedback_names_what_was_bought(shop, items, subject):
    use_examples(shop)
    event = {"type": "order.delivered", "id": "e1", "customer": CUSTOMER,
             "order": {"number": "1001", "items": items, "review_url": "https://shop.example/r?o=1"}}
    letter = letter_of(shop, "feedback", event, "en")
    assert letter.subject == subject
    for item in items:
        name = item.get("title") or item.get("name")
        assert name in html_text(letter) and f"- {name}\n" in letter.text
    assert len(letter.all("img")) == sum("image" in item for item in items)
    answers = [link.get("href") for link in letter.all("a") if "score=" in link.get("href")]
    assert [answer.split("score=")[1][0] for answer in answers] == list("54321")
    assert all(answer.startswith("https://shop.example/r?o=1&score=") for answer in answers)
    for link in letter.tree.xpath("//a[contains(@href, 'score=')]"):  # a row that looks and taps like a button
        styles = letter.light
        assert styles.get(link, "display") == "block" and styles.get(link.getparent(), "border").startswith("1px solid")
        assert styles.pixels(link, "font-size") >= 16


@pytest.mark.parametrize("about, alt, night", [
    ({"logo": "https://shop.example/l.png"}, ["Tea Shop"], 0),
    ({"logo": "https://shop.example/l.png", "logo_dark": "https://shop.example/d.png"}, ["Tea Shop", "Tea Shop"], 1),
    ({}, [], 0),
])
def test_the_shops_sign(shop, about, alt, night):
    use_examples(shop, **about)
    letter = cart_letter(shop, [{"name": "Tea"}])
    assert [image.get("alt") for image in letter.all("img")] == alt
    assert ("Tea Shop" in html_text(letter).split("Hello")[0])
    for view, styles in letter.views.items():
        shown = [image.get("src") for image in letter.all("img") if styles.shown(image)]
        assert len(shown) == min(len(alt), 1)
        assert not night or shown[0].endswith("d.png" if view.dark else "l.png")


@pytest.mark.parametrize("about, said", [
    ({}, "Questions? Just reply to this email."),
    ({"email": "hi@shop.example"}, "Questions? We’re here: hi@shop.example"),
    ({"phone": "+40 (21) 555-01"}, "Questions? We’re here: +40 (21) 555-01"),
    ({"email": "hi@shop.example", "phone": "+40 21"}, "Questions? We’re here: hi@shop.example, +40 21"),
])
def test_how_to_reach_the_shop(shop, about, said):
    use_examples(shop, address="Strada Morii 12,\n400112 Cluj", **about)
    letter = cart_letter(shop, [{"name": "Tea"}])
    for text in (html_text(letter), letter.text):
        assert said in text and "Tea Shop, Strada Morii 12, 400112 Cluj" in text
    assert mail_checker.check(letter, [mail_checker.links]) == []


# --- the rules ---


@pytest.mark.parametrize("total, waits", [("64.90", True), (64.9, True), ("20", True), ("19.99", False), (0, False)])
def test_a_cart_whose_total_is_a_text(shop, total, waits):
    shop.redis()
    shop.use_shipped()
    shop.daemon().spawn()
    shop.push({"type": "cart.updated", "id": "e1", "customer": CUSTOMER, "cart": {"total": total, "items": [{}]}})
    shop.wait_idle()
    assert (("abandoned-cart", "waits") in {item[:2] for item in shop.trace("id:7")}) == waits
    assert bool(shop.client.zcard("nudged:due")) == waits and not shop.dead()
