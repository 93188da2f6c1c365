"""nudgectl check: what it finds, and where it says that is."""

import re

import pytest

from desk import EVENTS, RULES, TEMPLATE, desk  # the fixture of all tests


def test_check_of_a_misspelt_key(desk):
    desk.rules("name: a\non: ping\nuntill: pong\nsend: {template: ping, via: sms}\n")
    status, out, err = desk.ctl("check")
    assert (status, err) == (1, "")
    assert out.startswith(
        f"{desk.folder}/rules/rules.yaml:3:1: error: unknown key `untill`\n"
        "    untill: pong\n    ^~~~~~\nhint: did you mean `until`?\n")
    assert out.endswith("1 error, 0 warnings\n")


def test_check_of_a_sound_shop(desk):
    assert desk.ctl("check") == (0, "0 errors, 0 warnings; 2 rules, 2 templates\n", "")


def warnings(desk, count):
    status, out, err = desk.ctl("check")
    assert (status, err) == (0, "")
    assert f"0 errors, {count} warning" in out, out
    return out.replace(f"{desk.folder}/templates/", "")


@pytest.mark.parametrize("text, warning", [
    ("{{ baskt.total }}", "no event at which `welcome` is sent carries `baskt.total`"),
    ("{{ basket.totl }}", "no event at which `welcome` is sent carries `basket.totl`"),
    ("{{ event.data.basket.totl }}", "carries `event.data.basket.totl`"),
    ("{{ start.basket.totl }}", "carries `start.basket.totl`"),
    ("{{ customer.fist_name }}", "there is no `customer.fist_name`"),
    ("{{ shop.nme }}", "there is no `shop.nme`"),
    ("{{ message.clas }}", "there is no `message.clas`"),
    ("{{ event.tpe }}", "there is no `event.tpe`"),
    ("{% if place %}{% endif %}", "no event at which `welcome` is sent carries `place`"),
    ("{{ basket.items[0].titel }}", "carries `basket.items[].titel`"),
    ("{% for item in itms %}{{ item.x }}{% endfor %}", "carries `itms`"),
    ("{{ basket.total) }}", "unexpected `)`, where the end should be"),
    ("<img src='x'>", "the picture has no `alt` text"),
    ("{{ 'hallo' | t }}", "there is no translation `hallo` in the default language"),
    ("{{ 1 | divided_by: 0 }}", "divided by zero"),
    ("{{ 1 | money: 'EURO' }}", "there is no currency `EURO`"),
    ('{{ 1 | times: 2 |money_with_currency : currency: "EUX" }}', "there is no currency `EUX`"),
    ("{{ gift | default 'none' }}", "a `:` is missing behind `default`"),
])
def test_check_warns(desk, text, warning):
    desk.template("welcome.html.liquid", TEMPLATE + text + "\n")
    out = warnings(desk, 1)
    line = TEMPLATE.count("\n") + 1
    assert re.search(rf"^welcome\.html\.liquid:{line}:\d+: warning: .*{re.escape(warning)}$", out, re.M)


def test_strict_check_fails_with_warnings(desk):
    assert desk.ctl("check", "--strict")[0] == 0
    desk.template("welcome.html.liquid", TEMPLATE + "{{ 1 | money: 'EURO' }}\n")
    warnings(desk, 1)
    status, out, err = desk.ctl("check", "--strict")
    assert (status, err) == (1, "") and out.endswith("0 errors, 1 warning; 2 rules, 2 templates\n")


def test_check_of_the_configuration(desk):
    """Its faults are told and counted with those of the rules and templates."""
    desk.config["policy"] = {"consent": 'customer.tier = "gold"'}
    desk.config["segments"] = {"vip": 5}
    desk.config["gateways"]["relay"] = {"kind": "smtp", "host": "relay.example"}
    desk.config["channels"].update({"sms": "flie", "chat": ["file", "relay"]})
    desk.daemon()
    status, out, err = desk.ctl("check")
    assert (status, err) == (1, "") and out.endswith("\n4 errors, 0 warnings; rules and templates were not looked at\n")
    assert re.search(r"yaml:\d+:\d+: error: a single `=` is no operator\n.*\n +\^\n", out)
    assert "error: `vip` must be a condition, not an integer\n" in out
    assert re.search(r"error: there is no gateway `flie`\n.*\n +\^~~~\nhint: did you mean `file`\?\n", out)
    assert re.search(r"error: gateway `relay` of kind smtp carries mail only, and channel `chat` has none\n", out)


def test_check_warns_of_the_configuration(desk):
    desk.config["shop"]["currency"] = "EURO"
    desk.daemon()
    assert re.search(r"yaml:\d+:\d+: warning: `currency` names none that there is\n.*EURO\n", warnings(desk, 1))
    assert desk.ctl("eval", "1 + 1") == (0, "2\n", "")


@pytest.mark.parametrize("zone, hint", [
    ("Europe/Berln", "\nhint: did you mean `Europe/Berlin`?\n"), ("Berlin", "\nhint: did you mean `Europe/Berlin`?\n"),
    ("europe/berlin", "\nhint: did you mean `Europe/Berlin`?\n"), ("Mars/Olympus_Mons", "")])
def test_check_of_a_time_zone(desk, zone, hint):
    desk.config["shop"]["timezone"] = zone
    desk.daemon()
    out = desk.ctl("check")[1]
    assert re.search(rf"yaml:\d+:\d+: error: `{zone}` is no time zone; ", out)
    assert hint in out and ("hint" in out) == bool(hint), out


@pytest.mark.parametrize("hours, words", [
    ({"from": "21:00"}, "without `to` there are no quiet hours"),
    ({"to": "08:00"}, "without `from` there are no quiet hours"), ({}, "without `from` there are no quiet hours"),
    ({"from": "21:00", "to": "21:00"}, "quiet hours that begin and end at one time are none"),
    ({"from": "21:00", "to": "08:00"}, "")])
def test_check_of_quiet_hours(desk, hours, words):
    desk.config["policy"] = {"quiet_hours": hours}
    desk.daemon()
    status, out, _ = desk.ctl("check")
    assert status == 0
    assert re.findall(r"yaml:\d+:\d+: warning: (.*)", out) == ([words] if words else []), out


def test_check_tells_a_fault_once(desk):
    """What is missing when the template is read need not be told again of the sample."""
    desk.template("welcome.html.liquid", TEMPLATE + "{% render 'buton' %}\n")
    assert "there is no snippet `buton`" in warnings(desk, 1)


@pytest.mark.parametrize("text", [
    "{{ customer.anything }} {{ customer.locale }}", "{{ shop.anything }}", "{{ gift }}",
    "{{ now }} {{ locale }} {{ subject }} {{ preheader }} {{ content }}",
    "{{ message.class }} {{ message.to }}", "{{ event.type }} {{ event.data.basket.total }}",
    "{{ basket.items[0].title }} {{ basket.items.first.title }} {{ basket.items.size }}",
    "{% for item in basket.items %}{{ item.title.x }}{{ forloop.index }}{% endfor %}",
    "{% assign some = basket.items | reverse %}{% for item in some %}{{ item.x }}{% endfor %}",
    "{% for x in basket.items[0].title %}{{ x.y }}{% endfor %}",
    "{% assign mine = 1 %}{{ mine }}", "{{ customer.first_name.size }}",
    "{{ 1 | money: 'eur' }} {{ 1 | money: gift }} {{ 1 | money }} 'EURO' | money",
])
def test_check_takes_what_there_may_be(desk, text):
    desk.template("welcome.html.liquid", TEMPLATE + text + "\n")
    warnings(desk, 0)


def test_check_shows_the_part_that_is_wrong(desk):
    desk.template("welcome.html.liquid",
                  TEMPLATE.replace("customer.first_name }}", "customer.fist_name }}")
                  + "<p>ăîș {{ basket.totl }}</p>\n")
    out = warnings(desk, 2)
    assert ("welcome.html.liquid:2:41: warning: there is no `customer.fist_name`\n"
            "    subject: \"{{ 'hello' | t }} {{ customer.fist_name }} & co\"\n"
            + " " * (4 + 40) + "^~~~~~~~~\n"
            "hint: did you mean `first_name`?\n") in out
    assert ("welcome.html.liquid:7:18: warning: no event at which `welcome` is sent carries "
            "`basket.totl`\n    <p>ăîș {{ basket.totl }}</p>\n                     ^~~~\n"
            "hint: did you mean `total`?\n") in out


def test_check_tells_whose_member_a_bare_name_is(desk):
    desk.template("welcome.html.liquid", TEMPLATE + "<p>{{ first_name }}</p>\n")
    out = warnings(desk, 1)
    assert "carries `first_name`" in out and "hint: did you mean `customer.first_name`?\n" in out


def test_check_looks_into_the_items_of_a_list(desk):
    items = "[{title: Ceai}, {title: Ceainic, image: pot.jpg}]"
    desk.rules(EVENTS.replace("[{title: Ceai}]", items), "events.yaml")
    desk.template("welcome.html.liquid", TEMPLATE +
                  "{% for item in basket.items %}{{ item.image }} {{ item.titel }}{% endfor %}\n")
    out = warnings(desk, 1)
    assert ("welcome.html.liquid:7:56: warning: no event at which `welcome` is sent carries "
            "`basket.items[].titel`\n"
            "    {% for item in basket.items %}{{ item.image }} {{ item.titel }}{% endfor %}\n"
            + " " * (4 + 55) + "^~~~~\nhint: did you mean `title`?\n") in out


def test_check_knows_the_names_of_shopifys_templates(desk):
    order = "line_items: [{title: Ceai, price: '1.5', quantity: 2}]\n    name: No. 1\n    "
    desk.rules(EVENTS.replace("basket: {", order + "basket: {"), "events.yaml")
    desk.template("welcome.html.liquid", TEMPLATE + "{{ order_name }} {{ subtotal_line_items.size }}"
                  "{% for line in subtotal_line_items %}{{ line.final_line_price }}{% endfor %}\n")
    warnings(desk, 0)


def test_check_of_a_layout_and_of_events_without_sample(desk):
    layout = "{{ content }} {% if place %}{{ place }}{% endif %} {{ nowhere.at.all }}\n"
    desk.template("layouts/paper.html.liquid", layout)
    desk.template("welcome.ro.html.liquid", TEMPLATE)  # both use it: it is said once
    out = warnings(desk, 1)
    assert "layouts/paper.html.liquid:1:55: warning: no known event carries `nowhere.at.all`" in out
    desk.template("layouts/paper.html.liquid", "{{ content }}")
    desk.rules(RULES.replace("on: customer.signed_up", "on: [customer.signed_up, other]"))
    desk.template("welcome.html.liquid", TEMPLATE + "{{ anything.else }} {{ message.clas }}\n")
    out = warnings(desk, 2)
    assert "the event type `other` is not in events.yaml" in out
    assert "there is no `message.clas`" in out


def test_check_wants_the_content_in_a_layout(desk):
    desk.template("layouts/paper.html.liquid", "<html><meta content='x'>{% render 'foot' %}</html>\n")
    desk.template("snippets/foot.liquid", "Bye\n")
    assert "layouts/paper.html.liquid:1:1: warning: the layout shows no {{ content }}" in desk.ctl("check")[1]
    desk.template("snippets/foot.liquid", "{{ content }}Bye\n")
    assert "no {{ content }}" not in desk.ctl("check")[1]
    desk.template("snippets/foot.liquid", "{% include 'foot' %}\n")  # without an end
    desk.template("layouts/paper.html.liquid", "{% include 'foot' %}{{ content | strip_html }}\n")
    assert "no {{ content }}" not in desk.ctl("check")[1]


def test_check_wants_a_way_out_of_marketing(desk):
    desk.template("welcome.html.liquid", TEMPLATE.replace("unsubscribe_url", "shop.url"))
    out = warnings(desk, 1)
    assert ("welcome.html.liquid: warning: `welcome` is marketing (rule `welcome`) without a link "
            "to unsubscribe\n") in out
    desk.template("layouts/paper.html.liquid", "{{ content }} {% render 'foot' %}")
    desk.template("snippets/foot.liquid", "{{ unsubscribe_url }}")
    warnings(desk, 0)
    desk.template("snippets/foot.liquid", "foot")
    desk.rules(RULES.replace("name: welcome", "name: welcome\nclass: transactional"))
    warnings(desk, 0)


def test_check_wants_an_address_to_unsubscribe_at(desk):
    desk.daemon("bare", mail={"from": "mail@shop.example"})
    status, out, err = desk.ctl("check", config=desk.folder / "bare.yaml")
    assert (status, err) == (0, "") and "0 errors, 1 warning;" in out
    assert out.startswith(f"{desk.folder}/bare.yaml: warning: marketing is sent (rule `welcome`), and "
                          "there is no HTTPS address to unsubscribe at\n")
    desk.daemon("post", mail={"unsubscribe_mailto": "out@shop.example"})
    assert "0 errors, 1 warning;" in desk.ctl("check", config=desk.folder / "post.yaml")[1]
    desk.daemon("link", mail={"unsubscribe_url": "https://shop.example/u/{token}"})
    assert "0 warnings" in desk.ctl("check", config=desk.folder / "link.yaml")[1]


@pytest.mark.parametrize("key, text, words", [
    ("message_id_domain", "a b", "`message_id_domain` must be a domain"),
    ("message_id_domain", "büro..example", "`message_id_domain` must be a domain"),
    ("list_id", "Tea <all news>", "`list_id` must be a name in dots"),
    ("list_id", "Tea Shop", "`list_id` must be a name in dots"),
    ("unsubscribe_url", "https://a ö/{token}", "the host of `unsubscribe_url` is no domain name"),
    ("confirm_url", "https://-ö-.example/", "the host of `confirm_url` is no domain name"),
    ("unsubscribe_url", "https://shop.example/" + 90 * "ö" + "{token}",
     "`unsubscribe_url` is longer than 512 bytes, for which a header has no room"),
    ("unsubscribe_url", "https://shop.example/" + 80 * "o" + "{token}", None),
    ("message_id_domain", "büro.example", None), ("message_id_domain", "id_1", None), ("list_id", "büro", None)])
def test_check_of_what_no_header_could_hold(desk, key, text, words):
    """It would be a dead letter with every mail."""
    desk.config["mail"][key] = text
    desk.daemon()
    status, out, _ = desk.ctl("check")
    assert re.findall(r"yaml:\d+:\d+: error: (.*)", out) == ([words] if words else []), out
    assert status == bool(words)


def test_check_of_html_that_gmail_clips(desk):
    wide = "<p>" + "x" * 93 + "</p>\n"  # 101 bytes
    desk.template("welcome.html.liquid", TEMPLATE + "{% for i in (1..1020) %}" + wide + "{% endfor %}")
    warnings(desk, 0)
    desk.template("welcome.html.liquid", TEMPLATE + "{% for i in (1..1040) %}" + wide + "{% endfor %}")
    out = warnings(desk, 1)
    assert re.search(r"welcome.html.liquid: warning: 102\.\d KB of HTML: Gmail clips a message at 102 KB\n"
                     r"hint: seen with the sample of customer.signed_up in events.yaml", out)


def test_check_of_what_a_clock_alone_sends(desk):
    desk.template("tick.text.liquid", "---\nsubject: Tick\n---\n{{ unsubscribe_url }}"
                                      "{% for i in (1..200000) %}0123456789{% endfor %}")
    desk.rules(RULES + "---\nname: daily\non: {every: day, at: \"09:00\"}\nsend: tick\n")
    assert "\nhint: seen with a tick of its clock\n" in warnings(desk, 1)


# --- questions that can have but one answer ---

ASKING = """name: asks
class: transactional
on: ping
%s
send: {template: ping, via: sms%s}
"""

QUESTIONS = [
    ("customer.sent('welcom') > 0", "warning", "there is no rule `welcom`", "did you mean `welcome`?"),
    ("customer.count('pong') > 0", "warning", "there is no event type `pong`", "did you mean `ping`?"),
    ("now - customer.first('pong') > duration('1d')", "warning", "there is no event type `pong`", ""),
    ("now - customer.last('pong') > duration('1d')", "warning", "there is no event type `pong`", ""),
    ("customer.count('ping', duration('1d')) >= 40", "warning", "a count within a time is never more than 32", ""),
    ("customer.segment('vpi')", "error", "there is no segment `vpi`", "did you mean `vip`?"),
    ("customer.basket == 1", "warning", "no sample has the field `basket`", "add it to a sample"),
    ("start.basket == 1", "warning", "no sample has the field `basket`", "add it to a sample"),
]
QUIET = ["customer.sent('asks') == 0", "customer.count('ping') > 40", "customer.segment('vip')",
         "customer.count('ping', duration('1d')) >= 32", "has(customer.basket)", "customer.phone == '1'",
         "customer.count('message.bounced') > 0", "now - event.time < duration('1d')", "start.place == 'here'"]


def asked(desk, rule, **config):
    desk.rules(rule, "asks.yaml")
    desk.daemon("asking", mail={"unsubscribe_url": "https://shop.example/u/{token}"},
                segments={"vip": "customer.tier == 'gold'"}, **config)
    return desk.ctl("check", config=desk.folder / "asking.yaml")[1]


@pytest.mark.parametrize("question, level, words, hint", QUESTIONS)
def test_questions_with_one_answer(desk, question, level, words, hint):
    places = [(ASKING % (f"if: {question}", ""), 4), (ASKING % ("", ", data: {x: \"%s\"}" % question), 5)]
    branch = f"again: ignore\nsteps:\n- wait: 1h\n- if: {question}\n  then: [{{send: {{template: ping, via: sms}}}}]\n"
    places.append((ASKING.split("%s")[0] + branch, 7))
    for rule, line in places:
        out = asked(desk, rule)
        assert re.search(rf"asks\.yaml:{line}:\d+: {level}: {re.escape(words)}", out) and hint in out, out
    desk.rules("", "asks.yaml")
    question = question.replace("start.basket", "start.trolley")
    words, hint = ("no sample has the field `trolley`", "") if "trolley" in question else (words, hint)
    for config in ({"policy": {"consent": question}, "segments": {"vip": "true"}},
                   {"segments": {"vip": "true", "other": question}}):
        desk.daemon("asking", **config)
        out = desk.ctl("check", config=desk.folder / "asking.yaml")[1]
        assert re.search(rf"asking\.yaml:\d+:\d+: {level}: {re.escape(words)}", out) and hint in out, out


@pytest.mark.parametrize("question", QUIET)
def test_questions_without_a_word(desk, question):
    begun = question.startswith("start.")  # there is none in a rule's own `if`
    out = asked(desk, ASKING % (f"until: {{on: ping, if: {question}}}" if begun else f"if: {question}", ""))
    assert out.startswith("0 errors, 0 warnings"), out
    desk.daemon("asking", mail={"unsubscribe_url": "https://shop.example/u/{token}"},
                segments={"vip": "true", "other": question})
    out = desk.ctl("check", config=desk.folder / "asking.yaml")[1]
    assert out.startswith("0 errors, 0 warnings"), out


@pytest.mark.parametrize("segments, lines", [
    ({"vip": "customer.segment('vip')"}, 1),
    ({"vip": "customer.segment('rich')", "rich": "has(customer.x) || customer.segment('vip')"}, 2),
    ({"vip": "customer.segment('rich')", "rich": "customer.segment('rich')"}, 1),
    ({"vip": "customer.segment('rich') && customer.segment('old')", "rich": "customer.segment('old')", "old": "true"},
     0)])
def test_segments_that_ask_about_themselves(desk, segments, lines):
    desk.daemon("asking", mail={"unsubscribe_url": "https://shop.example/u/{token}"}, segments=segments)
    out = desk.ctl("check", config=desk.folder / "asking.yaml")[1]
    found = re.findall(r"asking\.yaml:\d+:\d+: warning: the segment `(\w+)` asks about itself", out)
    assert len(found) == lines, out


def test_start_of_an_event_without_a_sample(desk):
    """What it carries is not known, so nothing is missing in it."""
    desk.rules("")
    for on, count in (("ping", 1), ("[ping, ping.again]", 0), ("[ping, customer.signed_up]", 0)):
        desk.rules(f"{{name: asks, on: {on}, class: transactional, send: {{template: ping, via: sms}}}}", "asks.yaml")
        desk.daemon("asking", segments={"vip": "start.basket == 1"})
        out = desk.ctl("check", config=desk.folder / "asking.yaml")[1]
        assert out.count("no sample has the field `basket`") == count, out


@pytest.mark.parametrize("sender, warned", [
    ("Tea <tea@gmail.com>", True), ("tea@Mail.RU", True), ("tea@shop.example", False),
    ("'{{ shop.email }}'", False)])
def test_from_at_a_provider_in_a_template(desk, sender, warned):
    desk.template("welcome.html.liquid", TEMPLATE.replace("---\n", f"---\nfrom: {sender}\n", 1))
    out = desk.ctl("check")[1]
    assert bool(re.search(r"welcome\.html\.liquid:2:\d+: warning: mail from \S+ that its own", out)) == warned, out


def test_check_wants_an_address_to_confirm_at(desk):
    desk.template("snippets/yes.liquid", "{{ confirm_url }}")
    desk.template("layouts/paper.html.liquid", "{{ content }} {% render 'yes' %}")
    out = warnings(desk, 1)
    assert ("welcome.html.liquid: warning: `welcome` (rule `welcome`) shows {{ confirm_url }}, and there is no "
            "address for it\nhint: set `public_url` under `web`, or `confirm_url` under `mail`") in out
    desk.daemon("yes", mail={"unsubscribe_url": "https://shop.example/u/{token}",
                             "confirm_url": "https://shop.example/yes/{token}"})
    assert "0 warnings" in desk.ctl("check", config=desk.folder / "yes.yaml")[1]


def test_from_is_of_mails_alone(desk):
    desk.rules("name: a\non: customer.signed_up\nclass: transactional\n"
               "send: {template: ping, via: sms, from: '\"Tea <tea@shop.example>\"'}\n", "sender.yaml")
    out = desk.ctl("check")[1]
    assert re.search(r"sender\.yaml:4:\d+: error: `from` is of mails alone, and `sms` has none", out), out
    desk.rules("name: a\non: customer.signed_up\nclass: transactional\n"
               "send: {template: welcome, from: tea@shop.example}\n", "sender.yaml")
    out = desk.ctl("check")[1]
    assert re.search(r"sender\.yaml:4:\d+: error: ", out) and "a text stands in both quotes" in out, out


def test_files_that_nobody_reads(desk):
    (desk.folder / "rules/below").mkdir()
    for name in ("more.yml", "below/more.yaml", "below/more.test.yaml", "below/.hidden.yaml", "README.md"):
        (desk.folder / "rules" / name).write_text("name: more\non: x\nsend: welcome\n")
    status, out, _ = desk.ctl("check")
    assert status == 0
    assert re.findall(r"/rules/(.*): warning: nobody reads this file\nhint: (.*)", out) == [
        ("below/more.yaml", "rules lie in the folder itself, in none below it"),
        ("more.yml", "the names of files of rules, and of tests, end in .yaml")]
    assert "0 errors, 2 warnings; 2 rules" in out


# --- hints ---

@pytest.mark.parametrize("rule, line, words, hint", [
    ("name: a\non: x\nper: '[order.id]'\nsend: welcome\n", 3, "`per` must be a text or a number", "per: order.id"),
    ("name: a\non: x\nclass: transactional\nholdout: 10\nsend: welcome\n", 4, "`holdout` is for marketing",
     "leave it out"),
    ("name: a\non: x\nwhile: size(cart.items)\nsend: welcome\n", 3, "a condition must be true or false", "compare it"),
    ("name: a\non: x\nsteps:\n- split: {name: s, shares: {a: 50, b: 60}}\n  then: {a: [send: welcome]}\n", 4,
     "the shares add up to 110, not to 100", "together 100"),
    ("name: a\non: x\nsend: {template: welcome, code: 'a:b'}\n", 3, "`a:b` cannot be the name of a list of codes", ""),
    ("name: a\non: x\nagain: collect\nsteps:\n- send: welcome\n- wait: 1h\n", 6, "nothing may wait behind a send",
     "wait first, then send"),
    ("name: a\non: x\nif: size(collected) > 1\nsend: welcome\n", 3, "nothing is collected yet",
     "in a step, or in `while`"),
    ("name: a\non: {every: day}\nsend: welcome\n", 2, "`at` is missing", "at: \"09:00\""),
    ("name: a\non: x\nagain: ignore\nwait: 3 days\nsend: welcome\n", 4, "`wait` must be a length of time",
     "write `3d`"),
    ("name: a\non: x\nlimit: 1/week\nsend: welcome\n", 3, "`limit` must be a rate", "write `1 per 1w`"),
    ("name: a\non: x\nlimit: 3 per 2 Months\nsend: welcome\n", 3, "`limit` must be a rate", "write `3 per 60d`"),
    ("name: a\non: x\nmax_age: 1 hour\nsend: welcome\n", 3, "`max_age` must be a length of time", "write `1h`"),
    ("name: a\non: x\nsend: welcome.html.liquid\n", 3, "there is no such template", "did you mean `welcome`?"),
    ("name: a\non: x\nsteps:\n- if: customer.vip == true\n  send: welcome\n", 4, "a step has exactly one of",
     "a list under its `then`"),
    ("name: a\non: x\nsteps:\n- then:\n  - send: welcome\n", 4, "a step has exactly one of",
     "`then` belongs to an `if` or a `split`"),
    ("name: a\non: ping\nif: place < now\nclass: transactional\nsend: {template: ping, via: sms}\n", 3,
     "a string and a timestamp cannot be compared", "make a time of the string: timestamp(…)"),
    ("name: a\non: x\n\u00a0send: welcome\n", 3, "a no-break space stands here", "replace it by a space"),
    ("name: a\non: x\nsteps:\n  - wait: 1h\n \u00a0- send: m\n", 5, "a no-break space stands here",
     "replace it by a space"),
])
def test_hints_for_rules(desk, rule, line, words, hint):
    desk.rules(rule, "hinted.yaml")
    out = desk.ctl("check")[1]
    assert re.search(rf"hinted\.yaml:{line}:\d+: error: .*{re.escape(words)}", out) and hint in out, out


@pytest.mark.parametrize("subject, hint", [
    ("Order: {{ order.name }}", "a text that holds `: ` must stand in quotes"),
    ("{{ order.name }} is here", "a value that begins with a brace in quotes"),
    ("!Sale! 50 %", "a text that begins with `!` must be in quotes"),
    ("!Sale 50 %", "a text that begins with `!` must be in quotes"),
])
def test_hints_for_subjects(desk, subject, hint):
    desk.template("welcome.html.liquid", f"---\nsubject: {subject}\n---\n<p>x</p>\n")
    out = desk.ctl("check")[1]
    assert re.search(r"welcome\.html\.liquid:2:\d+: error: ", out) and hint in out, out


def test_check_of_a_misspelt_address_of_redis(desk):
    desk.config["redis"] = {"url": "redis-sentinel://a,b/m"}
    out = desk.ctl("check", config=desk.daemon().config)[1]
    line = out.index("the address of Redis has an unknown form\n")
    assert re.match(r".*\n.*redis-sentinel://a,b/m\n *\|? *\^.*\n *hint: did you mean `redis\+sentinel://`\?\n",
                    out[line:]), out


@pytest.mark.parametrize("more, words, hint", [
    ({}, None, ""),
    ({"events": {"list": "shop:events"}},
     "with `shards` there is no one list to push to",
     "each shard has its own, nudged{0}:inbox and so on; nudged:events takes what is of any")])
def test_check_of_many_shards(desk, more, words, hint):
    desk.config.update(more)
    desk.config["redis"] = {"url": "redis://h", "shards": 4}
    status, out, errors = desk.ctl("check", config=desk.daemon().config)
    said = out + errors
    assert (f"error: {words}\n" in said and f"hint: {hint}\n" in said) if words else "shards" not in said, said
    assert status == (1 if words else 0), said


@pytest.mark.parametrize("redis, words", [
    ({"url": "rediss://:x@h", "password_file": "pw"}, "error: there is a password in `redis.url` already"),
    ({"url": "redis://ana@h", "user": "eve"}, "error: there is a user in `redis.url` already"),
    ({"url": "rediss://h", "key_file": "pw"}, "error: `key_file` is the key of a `cert_file`"),
    ({"url": "redis+cluster://a:7000,b"}, "error: redis+cluster:// needs `redis: {shards: N}`"),
    ({"url": "redis://h", "server_name": "h"}, "warning: `redis.url` does not use TLS"),
    ({"url": "redis+sentinel://h/m", "server_name": "h"}, "warning: `redis.url` does not use TLS"),
    ({"url": "redis://h", "sentinel_user": "eve"}, "warning: `redis.url` names no Sentinels"),
    ({"url": "redis+sentinel://a,b"}, "error: the address of Sentinels does not say which master"),
    ({"url": "redis+sentinel://a,b:7/m/0", "sentinel_password_file": "pw", "user": "nudged"}, None),
    ({"url": "rediss://h", "cert_file": "none.pem"}, "none.pem: No such file or directory"),
    ({"url": "rediss://h", "user": "nudged", "password_file": "$CREDENTIALS_DIRECTORY/redis"}, None)])
def test_check_of_how_redis_is_reached(desk, redis, words):
    """What does not go together is told at its line; a credential of the service need not be here."""
    (desk.folder / "pw").write_text("hush\n")
    (desk.folder / "pw").chmod(0o600)
    desk.config["redis"] = redis
    status, out, errors = desk.ctl("check", config=desk.daemon().config)
    said = out + errors
    assert (words in said) if words else "redis" not in said, said
    assert status == (1 if words and "warning" not in words else 0), said
