"""Who a mail is from: the rule's word over the template's over the configuration's."""

import pytest

RULES = """{name: letter, class: transactional, on: letter, send: {template: letter, from: sender}}
---
{name: template, class: transactional, on: template, send: letter}
---
{name: plain, class: transactional, on: plain, send: plain}
"""


def begin(shop):
    shop.redis()
    server = shop.smtp()
    shop.rules(RULES)
    shop.template("letter.text.liquid", "---\nsubject: Hi\nfrom: Desk <desk@shop.example>\n---\nHi\n")
    shop.template("plain.text.liquid", "---\nsubject: Hi\n---\nHi\n")
    shop.config["mail"]["from"] = "Tea Shop <mail@shop.example>"
    shop.daemon().spawn()
    return server


def test_the_rule_then_the_template_then_the_configuration(shop):
    server = begin(shop)
    for number, (kind, sender) in enumerate([
            ("letter", "Nora at the Tea Shop <nora@shop.example>"), ("template", "Desk <desk@shop.example>"),
            ("plain", "Tea Shop <mail@shop.example>")]):
        shop.push({"type": kind, "id": f"e{number}", "customer": {"id": 7, "email": "ana@example.com"},
                   "sender": "Nora at the Tea Shop <nora@shop.example>"})
        mail = server.next_mail()
        assert mail["From"] == sender
    assert shop.dead() == []


@pytest.mark.parametrize("sender", ["", "nora", "a@b@c", "Nora <nora@shop.example>\r\nBcc: all@shop.example",
                                    "nora\x00@shop.example", 7, None, ["nora@shop.example"]])
def test_what_is_no_address_is_a_dead_letter(shop, sender):
    server = begin(shop)
    shop.push({"type": "letter", "id": "e1", "customer": {"id": 7, "email": "ana@example.com"}, "sender": sender})
    shop.wait_idle()
    letters = shop.dead()
    assert [letter["reason"] for letter in letters] == [b"bad-address"], letters
    assert server.mails.empty()


def test_an_expression_that_fails_ends_the_journey(shop):
    server = begin(shop)
    shop.push({"type": "letter", "id": "e1", "customer": {"id": 7, "email": "ana@example.com"}})
    shop.wait_idle()
    letters = shop.dead()
    assert [letter["reason"] for letter in letters] == [b"error"], letters
    assert server.mails.empty()
