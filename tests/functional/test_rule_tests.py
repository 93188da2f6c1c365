"""nudgectl test: what it says of tests that pass, fail and cannot be read, in each of its forms."""

import re
import xml.etree.ElementTree

import pytest

from desk import EVENTS, RULES, TEMPLATE, desk  # the fixture of all tests

SIGNED_UP = """{type: customer.signed_up, customer: {id: "7", email: ana@example.com, first_name: Ana,
            tier: gold, accepts_marketing: true}, basket: {total: 12.50, items: []}}"""
GOOD = f"""test: a welcome for gold
given:
  - at: 2026-03-01T10:00
    event: {SIGNED_UP}
expect:
  - sent: welcome
    to: ana@example.com
    via: email
    rule: welcome
    customer: "7"
    data: {{gift: CODE-7}}
    subject: Hello Ana & co
    contains: "12.5"
  - count: 1
---
test: nothing for silver
given:
  - at: 2026-03-01T10:00
    event: {{type: customer.signed_up, customer: {{id: "7", tier: silver}}}}
expect:
  - not_sent: welcome
    because: if
  - customer: {{tier: silver}}
"""
BAD = f"""# Kept.
test: a welcome that is none
given:
  - at: 2026-03-01T10:00
    event: {SIGNED_UP}
expect:
  - not_sent: welcome   # nobody
  # between
  - sent: welcome
    after: 1h
    to: ana@example.com
  - customer: {{tier: silver}}
  - count: 3
"""
FAILED = """FAIL a welcome that is none
  {file}:8: expected
      - not_sent: welcome   # nobody
  but welcome was sent at 2026-03-01T10:00:00Z to ana@example.com by rule welcome
  {file}:10: expected
      - sent: welcome
  but welcome was sent at 2026-03-01T10:00:00Z
  {file}:13: expected
      - customer: {{tier: silver}}
  but customer.tier is "gold", not "silver"
  {file}:14: expected
      - count: 3
  but 1 messages were sent, not 3
  what happened:
    2026-03-01T10:00:00Z  customer.signed_up of id:7
      welcome sends welcome to ana@example.com
0 passed, 1 failed
"""


def write(desk, text, name="a.test.yaml"):
    path = desk.folder / "rules" / name
    path.write_text(text)
    return path


def test_all_pass(desk):
    write(desk, GOOD)
    assert desk.ctl("test") == (0, "2 passed, 0 failed\n", "")
    assert desk.ctl("test", "--filter", "silver") == (0, "1 passed, 0 failed\n", "")
    assert desk.ctl("test", "--filter", "bronze") == (
        1, "0 passed, 0 failed\n", "nudgectl: there is no such test\n")


def test_verbose(desk):
    path = write(desk, GOOD)
    status, out, err = desk.ctl("test", path, "-v")
    assert (status, err) == (0, "")
    assert out == """ok   a welcome for gold
    2026-03-01T10:00:00Z  customer.signed_up of id:7
      welcome sends welcome to ana@example.com
ok   nothing for silver
    2026-03-01T10:00:00Z  customer.signed_up of id:7
      welcome no-match: if
2 passed, 0 failed
"""
    assert desk.ctl("test", "--verbose", path) == (status, out, err)


def test_failures_say_what_happened(desk):
    path = write(desk, BAD)
    assert desk.ctl("test", path) == (1, FAILED.format(file=path), "")


def test_tap(desk):
    write(desk, GOOD + "---\n" + BAD)
    write(desk, "test: 'a # is no directive'\n" + GOOD.split("---")[0].split("\n", 1)[1], "b.test.yaml")
    status, out, err = desk.ctl("test", "--tap")
    assert (status, err) == (1, "")
    lines = out.splitlines()
    assert lines[0] == "TAP version 13" and lines[-1] == "1..4"
    results = [re.fullmatch(r"(not )?ok (\d+) - (.*)", line) for line in lines]
    assert [(bool(found[1]), int(found[2]), found[3]) for found in results if found] == [
        (False, 1, "a welcome for gold"), (False, 2, "nothing for silver"),
        (True, 3, "a welcome that is none"), (False, 4, r"a \# is no directive")]
    begin, end = lines.index("  ---"), lines.index("  ...")
    assert lines[begin + 1] == "  message: |"
    assert all(line.startswith("    ") for line in lines[begin + 2:end])


def test_junit(desk):
    path, report = write(desk, GOOD + "---\n" + BAD), desk.folder / "report.xml"
    write(desk, "test: '<&\" ț'\n" + GOOD.split("---")[0].split("\n", 1)[1], "b.test.yaml")
    assert desk.ctl("test", "--junit", report)[0] == 1
    root = xml.etree.ElementTree.parse(report).getroot()
    assert root.tag == "testsuites"
    one, other = root
    assert (one.get("name"), one.get("tests"), one.get("failures")) == (str(path), "3", "1")
    assert [case.get("name") for case in one] == [
        "a welcome for gold", "nothing for silver", "a welcome that is none"]
    [failure] = root.iter("failure")
    assert "was sent at 2026-03-01T10:00:00Z" in failure.get("message")
    assert "what happened:" in failure.text
    assert other[0].get("name").startswith("<&\"")
    assert desk.ctl("test", "--junit", desk.folder / "none" / "x")[0] == 73


def test_update(desk):
    path = write(desk, BAD + "---\n" + GOOD)
    status, out, err = desk.ctl("test", "--update")
    assert (status, out, err) == (0, "3 passed, 0 failed, 4 expectations written anew\n", "")
    assert path.read_text() == f"""# Kept.
test: a welcome that is none
given:
  - at: 2026-03-01T10:00
    event: {SIGNED_UP}
expect:
  - sent: welcome  # nobody
    at: 2026-03-01T10:00:00Z
  # between
  - customer: {{tier: gold}}
  - count: 1
---
{GOOD}"""
    assert desk.ctl("test", "--update") == (0, "3 passed, 0 failed\n", "")


def test_update_writes_reasons_and_data(desk):
    text = GOOD.replace("because: if", "because: cap").replace("gift: CODE-7", "gift: 'CODE 8'")
    text = text.replace("Hello Ana & co", "Hi")
    path = write(desk, text)
    assert desk.ctl("test", "--update")[0] == 0
    assert path.read_text() == GOOD.replace('customer: "7"', 'customer: "id:7"').replace(
        'subject: Hello Ana & co\n    contains: "12.5"\n', 'subject: "Hello Ana & co"\n')


def test_update_leaves_what_it_cannot_write(desk):
    text = BAD.split("expect:")[0] + "expect: [{not_sent: welcome}]\n"
    path = write(desk, text)
    status, out, _ = desk.ctl("test", "--update")
    assert status == 1 and out.endswith("0 passed, 1 failed\n")
    assert path.read_text() == text


@pytest.mark.parametrize("change, fault", [
    (("sent: welcome\n", "sent: welcom\n"),
     ":7:11: error: no rule sends the template `welcom`\n"
     "      - sent: welcom\n              ^~~~~~\nhint: did you mean `welcome`?\n"),
    (("rule: welcome", "rule: welcme"), "error: there is no rule `welcme`\n"),
    (("because: if", "because: iff"), "error: there is no reason `iff`\n"),
    (("    to: ana", "    too: ana"), "error: unknown key `too`\n"),
    (("expect:\n  - sent", "expct:\n  - sent"), "error: unknown key `expct`\n"),
    (("type: customer.signed_up, customer: {id: \"7\", tier", "type: customer.signd_up, customer: {id: \"7\", tier"),
     "error: no rule and no sample of events.yaml knows events of type `customer.signd_up`\n"),
    (("at: 2026-03-01T10:00\n", "at: yesterday\n"), "error: `at` must be a time\n"),
    (("at: 2026-03-01T10:00\n", "after: soon\n"), "error: `after` must be a length of time, such as 30m\n"),
    (("count: 1", "count: one"), "error: `count` must be"),
    (("because: if", "at: 2026-03-01T10:00"), "error: `at` goes with `sent`\n"),
    (("  - count: 1", "  - because: cap"), "error: one of `sent`, `not_sent`, `customer: {…}` and `count`\n"),
    (("given:\n", "given: x\nothers:\n"), "error: unknown key `others`\n"),
])
def test_faults_of_files(desk, change, fault):
    path = write(desk, GOOD.replace(*change, 1))
    status, out, err = desk.ctl("test", path)
    assert status == 65
    assert out == "0 passed, 0 failed, 1 file cannot be read\n"
    assert err.startswith(str(path) + ":") and fault in err


def test_time_goes_forwards(desk):
    text = GOOD.split("---")[0].replace("expect:", "  - at: 2026-03-01T09:59\nexpect:")
    path = write(desk, text)
    assert "this is before the one above" in desk.ctl("test", path)[2]


def test_other_files_go_on(desk):
    write(desk, "test: [\n")
    write(desk, GOOD, "b.test.yaml")
    status, out, err = desk.ctl("test")
    assert (status, out) == (65, "2 passed, 0 failed, 1 file cannot be read\n")
    assert "a.test.yaml" in err


def test_broken_rules_and_folders(desk):
    write(desk, GOOD)
    status, out, err = desk.ctl("test", desk.folder / "nowhere")
    assert status == 66 and "nowhere" in err
    assert desk.ctl("test", desk.folder / "none.test.yaml")[0] == 66
    assert desk.ctl("test", desk.folder / "nowhere", write(desk, "test: [\n", "b.test.yaml"))[0] == 65
    (desk.folder / "rules/b.test.yaml").unlink()
    desk.rules("name: a\non: ping\nuntill: pong\nsend: {template: ping, via: sms}\n")
    status, out, err = desk.ctl("test")
    assert (status, out) == (78, "") and "unknown key `untill`" in err


def test_other_rules(desk):
    other = desk.folder / "other"
    other.mkdir()
    (other / "r.yaml").write_text(RULES.replace("tier == \"gold\"", "tier == \"silver\""))
    (other / "r.test.yaml").write_text(GOOD.split("---")[0])
    status, out, _ = desk.ctl("test", "--rules", other)
    assert status == 1 and "welcome was not sent (welcome: if)" in out


def test_a_fault_of_a_template_fails(desk):
    desk.template("welcome.html.liquid", TEMPLATE.replace("{{ basket.total }}", "{{ 1 | divided_by: 0 }}"))
    write(desk, GOOD.split("---")[0].split("    subject")[0])
    status, out, _ = desk.ctl("test")
    assert status == 1 and "welcome cannot be made: " in out and "divided by zero" in out


def test_an_event_that_is_none(desk):
    write(desk, "test: nobody\ngiven:\n  - event: {type: ping}\nexpect:\n  - count: 0\n")
    status, out, _ = desk.ctl("test")
    assert status == 1
    assert "line 3: this is no event: no customer: neither `customer.id` nor `customer.email` is there" in out


def test_tables(desk):
    desk.rules(RULES.replace('customer.tier == "gold"', 'lookup("stock", basket.sku, 0) > 2'))
    given = """test: {name}
tables: {{stock: {{TEA: {count}}}}}
given:
  - event: {{type: customer.signed_up, customer: {{id: "7", email: a@example.com, accepts_marketing: true}},
            basket: {{sku: TEA, total: 1}}}}
expect:
  - {expect}: welcome
"""
    write(desk, given.format(name="in stock", count=3, expect="sent") + "---\n"
          + given.format(name="gone", count=2, expect="not_sent"))
    assert desk.ctl("test") == (0, "2 passed, 0 failed\n", "")


def test_codes(desk):
    desk.rules(RULES.replace("{template: welcome, data:", "{template: welcome, code: spring10, data:"))
    desk.template("welcome.html.liquid", TEMPLATE + "{{ given.code }}\n")
    write(desk, GOOD.split("---")[0].replace('"12.5"', "spring10-TEST"))
    assert desk.ctl("test") == (0, "1 passed, 0 failed\n", "")


def test_events_about_other_customers(desk):
    """In the same instant, behind all of the shop's; nobody who is not known."""
    desk.rules("""name: paid
on: ping
class: transactional
steps:
  - emit: {type: reward, data: {from: customer.id}, for: customer.referred_by}
---
name: reward
on: reward
if: customer.count("late") == 1
class: transactional
send: {template: ping, via: sms, data: {place: event.data.from}}
""", "rules.yaml")
    desk.rules(EVENTS + "reward: {sample: {from: '1'}}\nlate: {sample: {}}\n", "events.yaml")
    who = 'customer: {id: "%s", phone: "+40721000%s", email: "c%s@example.com"%s}'
    write(desk, f"""test: a reward
given:
  - event: {{type: ping, {who % ("1", "001", "1", ', referred_by: "8"')}}}
  - event: {{type: late, {who % ("9", "009", "9", "")}}}
  - after: 1h
    event: {{type: ping, {who % ("2", "002", "2", ', referred_by: "9"')}}}
expect:
  - sent: ping
    to: "+40721000009"
    contains: You are 2
    after: 1h
  - count: 1
""")
    status, out, err = desk.ctl("test", "-v")
    assert (status, err) == (0, ""), out
    assert "no-such-customer" in out


def test_check_knows_the_cap(desk):
    desk.config["policy"] = {"cap": "2 per 7d"}
    desk.rules(RULES.split("---")[1] + "---\nname: many\non: ping\nsteps:\n" + "  - send: welcome\n" * 3)
    desk.daemon("two")
    status, out, _ = desk.ctl("check", config=desk.folder / "two.yaml")
    assert status == 0
    assert re.search(r"rules\.yaml:12:\d+: warning: one journey sends more than `policy\.cap` lets through, "
                     r"2 per 1w: this message is refused", out), out


@pytest.mark.parametrize("wait, warned", [("84h", False), ("83h59m", True)])
def test_check_knows_that_time_passes(desk, wait, warned):
    """A cap of two a week; three messages, the last so long behind the first."""
    desk.config["policy"] = {"cap": "2 per 7d"}
    desk.rules(RULES.split("---")[1] + "---\nname: many\non: ping\nagain: ignore\nsteps:\n"
               + f"  - send: welcome\n  - wait: {wait}\n" * 3)
    desk.daemon("two")
    status, out, _ = desk.ctl("check", config=desk.folder / "two.yaml")
    assert status == 0 and ("policy.cap" in out) == warned, out


def test_a_test_that_ends_too_early(desk):
    """What was to come still waits: until when, where nothing else kept it."""
    desk.rules(RULES.replace("send: {template: welcome", "again: ignore\nwait: 1h\nsend: {template: welcome"))
    expect = "expect:\n  - sent: welcome\n  - {not_sent: welcome, because: no-consent}\n"
    text = f"test: early\ngiven:\n  - at: 2026-03-01T10:00\n    event: {SIGNED_UP}\n"
    desk.rules(text + expect, "early.test.yaml")
    status, out, _ = desk.ctl("test")
    until = r"rule welcome waits until 2026-03-01T11:00:00\S*, and the test ends before\n"
    assert status == 1 and re.search(f"welcome was not sent: {until}", out), out
    assert re.search(f"not because of no-consent: {until}", out), out
    desk.rules(text + "  - after: 1h\n" + expect, "early.test.yaml")
    assert "ends before" not in desk.ctl("test")[1]
