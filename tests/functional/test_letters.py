"""The shipped messages: in every language they keep the rules of mail_checker, with all the
data that a shop can send and with as little as one sends."""

import json
import re

import pytest
import tinycss2

import mail_checker
import mail_style
from conftest import SOURCE, parse

LANGUAGES = ["en", "fi", "ro", "ru"]
SHOP = {
    "name": "Ceai & Cărți", "url": "https://shop.example", "locale": "en", "timezone": "Europe/Bucharest",
    "currency": "EUR", "email": "hello@shop.example", "phone": "+40 21 555 01 99", "person": "Ioana",
    "logo": "https://shop.example/img/logo.png", "picture": "https://shop.example/img/shop.png",
    "address": "Strada Lipscani 12, 030035 București", "free_delivery_from": 50, "delivery_days": 3,
    "return_days": 30,
}
CUSTOMER = {"id": "7", "email": "ana@example.com", "first_name": "Ștefan", "accepts_marketing": True}
POT = {"sku": "POT-2", "title": "Ceainic <mare>", "quantity": 1, "price": 39.9,
       "image": "https://shop.example/img/pot.png", "url": "https://shop.example/p/pot?a=1&b=2"}
TEA = {"sku": "TEA-1", "name": "Ceai & miere", "variant": "100 g", "quantity": 2, "price": "12.50",
       "image": {"src": "https://shop.example/img/tea.png"}}
CART = {"total": 64.9, "currency": "EUR", "url": "https://shop.example/cart/1", "items": [POT, TEA]}
ORDER = {
    "number": "1001", "subtotal": 64.9, "discount": 6.49, "shipping": 4.9, "tax": 10.11, "total": 63.31,
    "currency": "EUR", "payment": "Visa 4242", "expected": "2025-12-04", "url": "https://shop.example/orders/1",
    "items": [POT, TEA, {"title": "Mostră", "price": 0}], "review_url": "https://shop.example/review/1",
    "address": {"name": "Ștefan Țăranu", "street": "Strada Morii 12", "city": "Cluj", "zip": "400112",
                "country": "România"},
}
SENT = {
    **ORDER, "carrier": "Poșta & Co", "tracking": "2061", "track_url": "https://track.example/2061?a=1&b=2",
    "items": [{**POT, "guide": "https://shop.example/guide/pot"}, TEA,
              {"name": "Tea", "guide": "https://shop.example/g"}],
}
AMENDS = {"code": "SORRY-10", "percent": 10}
FULL = {
    "welcome": ("customer.signed_up", {"gift": {"code": "WELCOME-10", "percent": 10}}),
    "cart-reminder": ("cart.updated", {"cart": CART}),
    "cart-last-call": ("cart.updated", {"cart": CART}),
    "order-thanks": ("order.placed", {"order": ORDER}),
    "feedback": ("order.delivered", {"order": ORDER}),
    "welcome-reminder": ("customer.signed_up", {"gift": {"code": "WELCOME-10", "percent": 10}}),
    "confirm-subscription": ("customer.subscription_requested", {}),
    "browse-reminder": ("product.viewed", {"product": {**POT, "currency": "EUR", "similar": [POT, TEA, POT]}}),
    "order-shipped": ("order.shipped", {"order": SENT}),
    "order-delivered": ("order.delivered", {"order": SENT}),
    "order-delayed": ("order.delayed", {"order": {**ORDER, "reason": "prea puține ceainice."}, "amends": AMENDS}),
    "order-refunded": ("order.refunded", {"order": ORDER, "refund": {"total": 39.9, "days": 5}, "amends": AMENDS}),
    "review-thanks": ("review.submitted", {"review": {"score": 5, "text": "Foarte <bun>"}}),
    "nps": ("order.delivered", {"order": {"nps_url": "https://shop.example/n?o=1"}}),
    "nps-referral": ("order.delivered", {"customer": {**CUSTOMER, "referral_url": "https://shop.example/from/7"}}),
    "nps-person": ("order.delivered", {}),
    "price-alert": ("product.price_dropped", {"product": {**POT, "was": 49, "currency": "EUR"}}),
    "back-in-stock": ("product.back_in_stock", {"product": {**POT, "currency": "EUR"}}),
    "birthday": ("clock", {}),
    "early-access": ("product.launched", {"product": {**POT, "currency": "EUR", "opens": "2025-12-15"}}),
    "points": ("order.paid", {"order": {"total": "164.90"}}),
    "tier-up": ("order.paid", {"order": {"total": 600}}),
    "referral-reward": ("referral.rewarded", {"reward": {"points": 200, "friend": True}}),
    "surprise": ("order.paid", {"order": {"total": 20}}),
    "win-back": ("customer.lapsed", {}),
    "win-back-offer": ("customer.lapsed", {}),
}
SPARSE = {
    "welcome": ("customer.signed_up", {}),
    "cart-reminder": ("cart.updated", {"cart": {"items": [{"name": "Tea"}]}}),
    "cart-last-call": ("cart.updated", {"cart": {"items": [{"name": "Tea"}]}}),
    "order-thanks": ("order.placed", {"order": {"items": [{"name": "Tea"}]}}),
    "feedback": ("order.delivered", {"order": {}}),
    "welcome-reminder": ("customer.signed_up", {}),
    "confirm-subscription": ("customer.subscription_requested", {}),
    "browse-reminder": ("product.viewed", {"product": {"name": "Tea"}}),
    "order-shipped": ("order.shipped", {"order": {}}),
    "order-delivered": ("order.delivered", {"order": {"items": [{"name": "Tea"}]}}),
    "order-delayed": ("order.delayed", {"order": {}}),
    "order-refunded": ("order.refunded", {"order": {}}),
    "review-thanks": ("review.submitted", {"review": {"score": 5}}),
    "nps": ("order.delivered", {"order": {}}),
    "nps-referral": ("order.delivered", {}),
    "nps-person": ("order.delivered", {}),
    "price-alert": ("product.price_dropped", {"product": {"name": "Tea"}}),
    "back-in-stock": ("product.back_in_stock", {"product": {"name": "Tea"}}),
    "birthday": ("clock", {}),
    "early-access": ("product.launched", {"product": {"name": "Tea"}}),
    "tier-up": ("order.paid", {"order": {"total": 300}}),
    "referral-reward": ("referral.rewarded", {"reward": {"points": 1}}),
    "surprise": ("order.paid", {"order": {"total": 20}}),
    "win-back": ("customer.lapsed", {}),
    "win-back-offer": ("customer.lapsed", {}),
}
TRANSACTIONAL = {"order-thanks", "order-shipped", "order-delivered", "order-delayed", "order-refunded",
                 "confirm-subscription"}


def use_examples(shop, **about):
    """The shipped rules and templates, at this shop."""
    shop.use_shipped()
    shop.config["shop"] = {"name": "Tea Shop", "locale": "en", "currency": "EUR", **about}
    shop.config["mail"]["unsubscribe_url"] = "https://shop.example/out/{token}"
    shop.daemon()


def letter_of(shop, template, event, locale, footer=(), config=None):
    """The message as it would leave, for the checker."""
    status, out, err = shop.ctl("preview", template, "--event", "-", "--locale", locale, "--as", "eml",
                                stdin=json.dumps(event), config=config)
    assert status == 0 and (not err or event["type"] == "clock"), err  # a clock has no event of its own
    mail = parse(out.encode())
    html, text = (mail.get_body((kind,)).get_content().replace("\r\n", "\n") for kind in ("html", "plain"))
    return mail_checker.Letter(
        html=html, text=text,
        subject=mail["Subject"], locale=locale, marketing=template not in TRANSACTIONAL, shop=footer,
        headers={name: mail[name] for name in mail})


def event_of(template, table, **customer):
    kind, data = table[template]
    return {"type": kind, "id": "e1", "time": "2025-12-01T10:00:00+02:00", **data,
            "customer": {**CUSTOMER, **data.get("customer", {}), **customer}}


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("template", FULL)
def test_with_all_that_a_shop_can_send(shop, template, locale):
    use_examples(shop, **SHOP)
    footer = (SHOP["address"], SHOP["email"], SHOP["phone"], SHOP["name"])
    letter = letter_of(shop, template, event_of(template, FULL), locale, footer)
    assert mail_checker.check(letter) == []


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("template", SPARSE)
def test_with_as_little_as_a_shop_sends(shop, template, locale):
    writer = {"person": "Nora", "email": "nora@shop.example"} if template == "nps-person" else {}
    use_examples(shop, **writer)
    letter = letter_of(shop, template, event_of(template, SPARSE, first_name=None), locale, ("Tea Shop",))
    assert mail_checker.check(letter) == []
    assert not re.search(r"0[.,]00|€", letter.text + mail_checker.shown_text(letter, letter.tree)), letter.text
    assert not [link.get("href") for link in letter.all("a")
                if not re.search("/(out|confirm)/|^mailto:", link.get("href"))]


@pytest.mark.parametrize("template, locale, words", [
    ("welcome", "en", ["you agreed to hear from us", "at checkout"]),
    ("order-thanks", "ro", ["n-a mers bine la plasarea comenzii, răspunde-ne în câteva cuvinte", "Adresa de livrare"]),
    ("feedback", "ro", ["E suficientă o singură atingere."]),
    ("welcome", "ro", ["și cineva căruia îi poți scrie"]),
    ("order-thanks", "fi", ["käsittelemme sitä. Tässä on tilausvahvistuksesi."]),
    ("welcome", "fi", ["Ensimmäisen tilauksesi kunniaksi saat", "Tutustu valikoimaan", "Peruuta viestit", "10\u00a0%"]),
    ("welcome", "ru", ["и мы всегда на связи", "10\u00a0%"]),
])
def test_the_words_of_native_speakers(shop, template, locale, words):
    use_examples(shop, **SHOP)
    letter = letter_of(shop, template, event_of(template, FULL), locale)
    for some in words:
        assert some in letter.html


@pytest.mark.parametrize("locale", LANGUAGES)
def test_the_letters_of_a_language(locale):
    """Quotation marks, apostrophes and letters as the language writes them."""
    text = (SOURCE / f"templates/locales/{locale}.yaml").read_text()
    assert not re.search(r"\w'\w|--|\.\.\.|[şţŞŢ]| %", re.sub(r"\{\{.*?\}\}", "x", text))


# --- the checker itself: each of its rules goes red ---

A = '<a class="soft" href="https://shop.example/out/'
BREAKS = [
    # (rule, what is replaced, by what); in the HTML
    ("document", "<!DOCTYPE html>", ""),
    ("document", '<html lang="en"', "<html"),
    ("document", '<html lang="en"', '<html lang="fi"'),
    ("document", ' lang="en" width="100%"', ' width="100%"'),
    ("document", "<title>Welcome", "<title>Hello"),
    ("document", '<meta charset="utf-8">', ""),
    ("document", "width=device-width", "width=600"),
    ("headings", "<h1", "<h2"),
    ("headings", "</h1>", "</h1><h3>Small</h3>"),
    ("preheader", "display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;mso-hide:all", "margin:0"),
    ("preheader", "10% off your first order, and someone to write to.", "10% off."),
    ("preheader", "10% off your first order, and someone to write to.", ""),
    ("scripts", "</body>", "<script>1</script></body>"),
    ("scripts", "</head>", '<link rel="stylesheet" href="https://shop.example/a.css"></head>'),
    ("scripts", "<p ", '<p onclick="x()" '),
    ("scripts", "body { margin: 0", "body { background: url(https://shop.example/a.png); margin: 0"),
    ("scripts", "body { margin: 0", "@import 'a.css'; body { margin: 0"),
    ("tables", 'role="presentation" class="sheet"', 'class="sheet"'),
    ("tables", '<table role="presentation" width="600" align="center"', '<table width="600" align="center"'),
    ("tables", 'cellspacing="0"', 'cellspacing="4"'),
    ("tables", "</body>", "<div>Beside</div></body>"),
    ("widths", "max-width:600px", "max-width:700px"),
    ("widths", "max-width:600px", "width:600px"),
    ("widths", "max-width:600px", "min-width:600px"),
    ("widths", 'class="tint edge"', 'class="tint edge" width="400"'),
    ("inline_css", "padding:22px", "position:absolute;padding:22px"),
    ("inline_css", "padding:22px", "padding:2rem"),
    ("inline_css", "padding:22px", "padding:calc(20px + 2px)"),
    ("inline_css", "padding:22px 16px 20px", "padding:22px 16px 20px !important"),
    ("inlined", "h1 class=\"title ink\" style=\"", "h1 class=\"title ink\" data-style=\""),
    ("contrasts", "color: #58625b", "color: #9aa39c"),  # light
    ("contrasts", ".soft { color: #aab4ac !important; }", ".soft { color: #6a746c !important; }"),  # dark, both ways
    ("contrasts", "color: #0e211a !important; }", "}"),
    ("contrasts", ".press { background: #96d5bd !important; color", ".press { color"),
    ("contrasts", "[data-ogsc] .ink { color: #eaeee9 !important; }", ""),  # Outlook's
    ("letters", "font-size: 14px", "font-size: 11px"),
    ("letters", ".title { font-size: 28px", ".title { font-size: 8px"),  # on a phone
    ("dark", "prefers-color-scheme: dark", "prefers-color-scheme: light"),
    ("dark", 'content="light dark"', 'content="light"'),
    ("dark", "[data-ogsb] .tint { background: #242b27 !important; }", ""),
    ("dark", "[data-ogsc] .link { color: #96d5bd !important; }", ""),
    ("pictures", ' alt="Ceai &amp; Cărți" border="0" style="display:block;width:auto',
     ' style="display:block;width:auto'),
    ("pictures", 'height="48"', ""),
    ("pictures", 'src="https://shop.example/img/logo.png"', 'src=""'),
    ("pictures", 'width="488" alt="Ceai &amp; Cărți" border="0"><![endif]', 'width="488"><![endif]'),
    ("links", 'href="https://shop.example?', 'href="?'),
    ("links", 'href="https://shop.example?', 'data-href="https://shop.example?'),
    ("links", 'href="https://shop.example?', 'href="#'),
    ("links", ">Have a look around<", "><"),
    ("size", "</body>", f"<!--{'x' * 102 * 1024}--></body>"),
    ("same_text", "Enter the code", "Enter the secret"),
    ("same_text", "https://shop.example?utm", "https://shop.example/other?utm"),
    ("whole", "Thank you for joining us", "translation missing: en.welcome.thanks"),
    ("whole", "Thank you for joining us.", "Thank you for joining us ."),
    ("whole", "Thank you for joining us", "Thank you, {{ name }}"),
    ("whole", "Thank you for joining us. It’s good to have you here.", ""),
    ("footer", "Strada Lipscani", "Strada"),
    ("footer", ">hello@shop.example<", ">us<"),
    ("way_out", A, A.replace("/out/", "/in/")),
    ("way_out", A, A.replace("<a ", '<a style="display:none" data-')),
]
TEXT_BREAKS = [
    ("plain_text", "Thank", "<b>Thank</b>"),
    ("plain_text", "Thank", "&amp; thank"),
    ("plain_text", "Thank", "\n\n\n\nThank"),
    ("same_text", "WELCOME-10", "WELCOME"),
    ("same_text", "https://shop.example?utm", "https://shop.example/other?utm"),
    ("whole", "Thank", "{{ thank }}"),
    ("footer", "Strada Lipscani", "Strada"),
    ("footer", "hello@shop.example", ""),
    ("way_out", "https://shop.example/out/", "https://shop.example/"),
    ("links", "https://shop.example?utm", "https://?utm"),
]


@pytest.fixture
def good(shop):
    """The arguments of a sound letter."""
    use_examples(shop, **SHOP)
    letter = letter_of(shop, "welcome", event_of("welcome", FULL), "en", (SHOP["address"], SHOP["email"]))
    return {name: getattr(letter, name)
            for name in ("html", "text", "subject", "locale", "marketing", "headers", "shop")}


def broken_rules(letter):
    return {rule for rule, _ in mail_checker.check(mail_checker.Letter(**letter))}


def test_the_checker_goes_red(good):
    assert broken_rules(good) == set()
    missed = []
    for part, breaks in (("html", BREAKS), ("text", TEXT_BREAKS)):
        for rule, old, new in breaks:
            assert old in good[part], old
            if rule not in broken_rules({**good, part: good[part].replace(old, new)}):
                missed.append((rule, old, new))
    assert missed == []
    assert {rule for rule, _, _ in BREAKS + TEXT_BREAKS} == {rule.__name__ for rule in mail_checker.RULES}


def test_the_checker_reads_the_headers(good):
    for name in ("List-Unsubscribe", "List-Unsubscribe-Post"):
        headers = {key: value for key, value in good["headers"].items() if key != name}
        assert broken_rules({**good, "headers": headers}) == {"way_out"}
    assert broken_rules({**good, "marketing": False}) == {"way_out"}
    assert broken_rules({**good, "subject": "Another"}) == {"document"}


@pytest.mark.parametrize("one, other, ratio", [
    ("#ffffff", "#000000", 21), ("#777777", "#ffffff", 4.48), ("#767676", "#ffffff", 4.54),
    ("#ff0000", "#ffffff", 4.0)])
def test_contrast_as_wcag_reckons_it(one, other, ratio):
    colors = [mail_style.color_in(tinycss2.parse_component_value_list(text))[:3] for text in (one, other)]
    assert abs(mail_style.contrast(*colors) - ratio) < 0.01
