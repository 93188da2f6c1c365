"""nudgectl check of what somebody writes who comes from other programs: one message at its place, and what is
meant."""

import subprocess

import pytest

from conftest import BUILD

CONFIG = "shop: {name: Shop, url: https://shop.example}\nmail: {from: shop@shop.example}\n"
WELCOME = "---\nsubject: Hi\n---\nHello\n"
RULE = "name: a\non: order.placed\nclass: transactional\n"
EVENTS = ("order.placed:\n  sample:\n    customer: {id: '7', first_name: Ana}\n"
          "    order: {total: 20, items: [{name: Tea}]}\n")


def check(folder, *arguments):
    got = subprocess.run([f"{BUILD}/nudgectl", "check", "-c", "nudged.yaml", *arguments], cwd=folder, text=True,
                         stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert got.stderr == ""
    return got.stdout


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "nudged.yaml").write_text(CONFIG)
    (tmp_path / "templates/welcome.text.liquid").write_text(WELCOME)
    return tmp_path


def assert_only(out, place, hint, counts):
    """One message of all, with the place and the hint."""
    first, *rest = out.split("\n")
    assert first.startswith(place), out
    assert [line for line in rest if line.startswith("hint: ") and hint in line], out
    assert rest[-2].startswith(counts), out


@pytest.mark.parametrize("text, place, hint", [
    ("rules:\n  - name: a\n    on: x\n    send: welcome\n", "1:1: error: no rule stands below `rules`",
     "one rule: `name`"),
    ("flow:\n  on: x\n  send: welcome\n", "1:1: error: no rule stands below `flow`", "`---` stands between two rules"),
    ("name: a\ntrigger: x\nsend: welcome\n", "2:1: error: unknown key `trigger`", "did you mean `on`?"),
    ("name: a\non: x\nemail: welcome\n", "3:1: error: unknown key `email`", "did you mean `send`?"),
    ("name: a\non: x\nactions: [{send: welcome}]\n", "3:1: error: unknown key `actions`", "did you mean `steps`?"),
    (RULE + "timezone: UTC\nsend: welcome\n", "4:1: error: unknown key", "stands under `shop` in nudged.yaml"),
    (RULE + "steps:\n  - action: send_email\n    template: welcome\n", "5:5: error: unknown step `action`",
     "the kind of step is the key: `- send: …`"),
    (RULE + "steps:\n  - type: stop\n", "5:5: error: unknown step `type`", "write `- stop` alone"),
    (RULE + "steps:\n  - webhook: https://x.example\n", "5:5: error: unknown step `webhook`", "`kind: http`"),
    (RULE + "steps:\n  - if: a > 1\n    do: [stop]\n", "6:5: error: unknown step `do`", "did you mean `then`?"),
    (RULE + "steps:\n  - else: [stop]\n", "5:5: error: a step has exactly one",
     "`else` stands in the step of its `if`"),
    (RULE + "steps:\n  - send welcome\n", "5:5: error: a step is one of", "write `- send: welcome`"),
    (RULE + "steps:\n  - exit\n", "5:5: error: a step is one of", "did you mean `stop`?"),
    (RULE + "steps:\n  - split: {a: 50, b: 50}\n    then: {a: [stop]}\n", "5:12: error: `split` must be",
     "shares: {a: 50"),
    (RULE + "send: {template: welcome, subject: Hi}\n", "4:27: error: unknown key `subject`", "front matter"),
    (RULE + "send: {name: welcome}\n", "4:8: error: unknown key `name`", "did you mean `template`?"),
    (RULE + "again: replace\nsend: welcome\n", "4:8: error: `again` must be", "did you mean `restart`?"),
    (RULE + "again: restart\nwait: PT1H\nsend: welcome\n", "5:7: error: `wait` must be", "write `1h`"),
    (RULE + "again: restart\nwait: {hours: 1}\nsend: welcome\n", "5:8: error: unknown key `hours`", "stands alone"),
    (RULE + "again: restart\nwait: {until: order.paid}\nsend: welcome\n", "5:15: error: `until` must be a time",
     "an event is waited for by {for: 3d, or: order.paid}"),
    (RULE + "limit: daily\nsend: welcome\n", "4:8: error: `limit` must be a rate", "write `1 per 1d`"),
    (RULE + "enabled: 1\nsend: welcome\n", "4:10: error: `enabled` must be", "write `true`"),
    (RULE + "per: customer\nsend: welcome\n", "4:6: error: `per` must be a text or a number", "per: order.id"),
    ("name: a\non: {type: x, if: y}\nsend: welcome\n", "2:5: error: a mapping here is a clock", "stands alone"),
    ("name: a\non: {cron: '0 9 * * *'}\nsend: welcome\n", "2:6: error: unknown key `cron`", "did you mean `every`?"),
    ("name: a\non: {every: day, at: 9:30 PM}\nsend: welcome\n", "2:22: error: `at` must be", 'write "21:30"'),
    ("name: a\non: {every: weekday, at: 9:00}\nsend: welcome\n", "2:13: error: `every` must be", "[mon, tue, wed"),
    ("name: a\non: {once: 2099-12-27 9:00}\nsend: welcome\n", "2:12: error: `once` must be", "write 2099-12-27T09:00"),
    (RULE + "if: '{{ order.total > 20 }}'\nsend: welcome\n", "4:6: error: `{{` belongs into templates",
     "stands without"),
    (RULE + "if: [a > 1, b > 1]\nsend: welcome\n", "4:5: error: `if` must be an expression", "joined by `&&`"),
    (RULE + "if: now - event.time < duration('1 day')\nsend: welcome\n", "4:24: error: \"1 day\"", 'duration("1d")'),
    (RULE + "if: customer.count('x', '30d') > 1\nsend: welcome\n", "4:25: error: count() takes a duration", '("30d")'),
    (RULE + "if: customer.last('x') > '2026-01-01'\nsend: welcome\n", "4:5: error: a timestamp and a string",
     "timestamp(…)"),
    (RULE + "if: order.created > timestamp('2026-01-01T00:00:00Z')\nsend: welcome\n", "4:5: error: ", "timestamp(…)"),
])
def test_a_rule_is_refused_with_one_message(shop, text, place, hint):
    (shop / "rules/r.yaml").write_text(text)
    assert_only(check(shop), f"rules/r.yaml:{place}", hint, "1 error, 0 warnings")


@pytest.mark.parametrize("line, place, hint", [
    ('if: order.total > "20"', "4:5: warning: a number cannot be compared", "write `20` without quotes"),
    ("if: '\"20.50\" <= order.total'", "4:6: warning: a number cannot be compared", "decimal(order.total)"),
    ("if: customer.vip == 'true'", "4:5: warning: in quotes this is a text", "write `true` without quotes"),
    ("if: order.coupon != None", "4:21: warning: `None` is a field of the event's data", "did you mean `null`?"),
    ("if: person.country == 'DE'", "4:5: warning: `person` is a field", "did you mean `customer`?"),
    ("if: customer.country in [NO, SE]", "4:25: warning: these are fields of the event's data", '["NO"]'),
    ("if: customer.count(order.placed) == 1", "4:20: warning: this is a field", 'in quotes: "order.placed"'),
    ("until: order.total > 20", "4:8: warning: the event type", "{on: order.placed, if: order.total > 20}"),
    ("until: a.b, c.d", "4:8: warning: the event type", "several types are a list"),
    ("until: 0 9 * * 1", "4:8: warning: the event type", "a time is a clock"),
])
def test_a_rule_is_doubted_once(shop, line, place, hint):
    (shop / "rules/r.yaml").write_text(f"{RULE}{line}\nsend: welcome\n")
    assert_only(check(shop), f"rules/r.yaml:{place}", hint, "0 errors, 1 warning")


@pytest.mark.parametrize("condition", [
    "order.total > 20", "order.zip == '20'", "order.day > '2026-01-01'", "order.tags == ['true']",
    "customer.tier in ['a']",
    "order.NO == 1", "items.exists(no, no > 1)", "customer.count(event.type) > 1", "now - started < duration('1h')",
])
def test_a_rule_is_not_doubted(shop, condition):
    (shop / "rules/r.yaml").write_text(f"{RULE}while: {condition}\nsend: welcome\n")
    assert check(shop).startswith("0 errors, 0 warnings"), check(shop)


def test_a_sample_ends_the_doubt(shop):
    """Where events.yaml says that a total is a text, texts are meant."""
    (shop / "rules/r.yaml").write_text(f"{RULE}if: order.zip > '20000'\nsend: welcome\n")
    assert "0 errors, 1 warning" in check(shop)
    (shop / "rules/events.yaml").write_text("order.placed: {sample: {order: {zip: '20100'}}}\n")
    assert "0 errors, 0 warnings" in check(shop)


@pytest.mark.parametrize("text, place, hint", [
    ("redis: {host: 127.0.0.1}\n", "1:9: error: unknown key `host`", "a part of `url`"),
    ("smtp: {host: x}\n", "1:1: error: unknown key `smtp`", "a mail server is a gateway"),
    ("gateways: {kind: smtp, host: x}\n", "1:11: error: each gateway stands below a name", "gateways: {relay:"),
    ("gateways: [{kind: smtp}]\n", "1:11: error: `gateways` must be a mapping", "gateways: {relay:"),
    ("gateways: {relay: {type: smtp}}\n", "1:26: error: a gateway needs its `kind`", "`kind`, not `type`"),
    ("gateways: {relay: {kind: maildir, folder: x}}\n", "1:35: error: unknown key `folder`", "did you mean `path`?"),
    ("gateways: {relay: {kind: smtp, user: a, password: b}}\n", "1:41: error: unknown key `password`",
     "`password_file`"),
    ("gateways: {relay: {kind: sendgrid, api_key: b}}\n", "1:36: error: unknown key `api_key`", "`secret_file`"),
    ("gateways: {relay: {kind: smtp, tls: yes}}\n", "1:37: error: `tls` must be", "did you mean `starttls`?"),
    ("gateways: {relay: {kind: smtp, port: '25'}}\n", "1:38: error: `port` must be", "write it without quotes"),
    ("timezone: Europe/Berlin\n", "1:1: error: unknown key `timezone`", "it stands under `shop`"),
    ("policy: {quiet_hours: {from: 10pm, to: '8:00'}}\n", "1:30: error: `from` must be", 'write "22:00"'),
    ("customer: {keep: 2 years}\n", "1:18: error: `keep` must be", "write `730d`"),
    ("mail: {unsubscribe_url: 'https://x.example/{{ token }}'}\n", "1:25: error: `{{` stands for nothing", "{token}"),
])
def test_a_configuration_is_refused_with_one_message(shop, text, place, hint):
    (shop / "nudged.yaml").write_text(text)
    assert_only(check(shop), f"nudged.yaml:{place}", hint, "1 error, 0 warnings")


@pytest.mark.parametrize("text, place, hint", [
    ("order.placed: {order: {total: 20}}\n", "1:1: error: an event type needs a `sample`", "{sample: {order:"),
    ("events: {order.placed: {sample: {a: 1}}}\n", "1:1: error: an event type needs a `sample`", "begin the line"),
    ("a.b: {example: {a: 1}}\n", "1:7: error: unknown key `example`", "did you mean `sample`?"),
    ("a.b: {sample: {type: a.b, data: {a: 1}}}\n", "1:22: error: a `sample` is the event's data", "beside `customer`"),
    ("- order.placed\n", "1:1: error: events.yaml must be a mapping", "{sample:"),
])
def test_event_types_are_refused_with_one_message(shop, text, place, hint):
    (shop / "rules/events.yaml").write_text(text)
    assert_only(check(shop), f"rules/events.yaml:{place}", hint, "1 error, 0 warnings")


@pytest.mark.parametrize("text, place, hint", [
    ("{{ customer.first_name|e }}", "4:24: error: unknown filter `e`", "did you mean `escape`?"),
    ("{{ order.items|length }}", "4:16: error: unknown filter `length`", "did you mean `size`?"),
    ("{% set x = 1 %}", "4:4: error: unknown tag `set`", "did you mean `assign`?"),
    ("{% elif x %}", "4:4: error: unknown tag `elif`", "did you mean `elsif`?"),
    ("{% if order %}{% end %}", "4:18: error: unknown tag `end`", "`endif`, `endfor`"),
    ("{% extends 'base' %}", "4:4: error: unknown tag `extends`", "layout: default"),
    ("{% unsubscribe %}", "4:4: error: unknown tag", "write `{{ unsubscribe_url }}`"),
    ("{% if not order %}{% endif %}", "4:11: error: unexpected `order`", "there is no negation"),
    ("{{ customer.first_name|default('x') }}", "4:31: warning: a `:` is missing", "without parentheses"),
    ("{{ order.total > 20 ? 'a' : 'b' }}", "4:16: warning: unexpected `>`", "a condition is a tag"),
    ("{{{ customer.first_name }}}", "4:3: warning: unexpected `{`", "two braces are enough"),
    ("{{ person.first_name }}", "4:4: warning: no event", "did you mean `customer`?"),
    ("{{ unsubscribe_link }}", "4:4: warning: no event", "did you mean `unsubscribe_url`?"),
    ("Hi *|FNAME|*", "4:4: warning: this stands in the message as it is", "{{ customer.first_name }}"),
    ("Hi <%= name %>", "4:4: warning: this stands in the message as it is", "{{ customer.first_name }}"),
    ("Hi ${customer.name}", "4:5: warning: this stands in the message as it is", "{{ customer.first_name }}"),
    ("{# note #}", "4:1: warning: this stands in the message as it is", "{% comment %}"),
])
def test_a_template_has_one_message(shop, text, place, hint):
    (shop / "rules/events.yaml").write_text(EVENTS)
    (shop / "templates/welcome.text.liquid").write_text(f"---\nsubject: Hi\n---\n{text}\n")
    counts = "1 error, 0 warnings" if ": error: " in place else "0 errors, 1 warning"
    assert_only(check(shop), f"templates/welcome.text.liquid:{place}", hint, counts)


@pytest.mark.parametrize("name, hint", [
    ("utf-16", "UTF-16"), ("utf-16-le", "UTF-16"), ("latin-1", "save the file as UTF-8")])
@pytest.mark.parametrize("path", ["nudged.yaml", "rules/r.yaml", "templates/welcome.text.liquid"])
def test_a_file_that_is_not_utf_8(shop, path, name, hint):
    text = {"nudged.yaml": "shop: {name: Grüße}\n", "rules/r.yaml": RULE + "about: Grüße\nsend: welcome\n"}
    (shop / path).write_bytes(text.get(path, WELCOME + "Grüße").encode(name))
    out = check(shop)
    assert out.startswith(f"{path}:") and hint in out


def test_an_event_pasted_into_a_test(shop):
    (shop / "rules/r.yaml").write_text(RULE + "send: welcome\n")
    (shop / "rules/r.test.yaml").write_text(
        "test: a\ngiven:\n  - {type: order.placed, customer: {id: '7'}}\nexpect: [{sent: welcome}]\n")
    got = subprocess.run([f"{BUILD}/nudgectl", "test", "-c", "nudged.yaml"], cwd=shop, text=True, capture_output=True,
                         stdin=subprocess.DEVNULL, timeout=60)
    told = got.stdout + got.stderr
    assert told.count(" error: ") == 1 and "r.test.yaml:3:5: error: an item of `given` has" in told, told
    assert "hint: the event stands below its key: event: {type: order.placed, …}" in told
