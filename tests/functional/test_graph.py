"""`nudgectl graph`: rules as flowcharts of Mermaid. There is no Mermaid in Debian: what is held here is
the form of its language, and that nodes and edges are those of the rule."""

import json
import re

import pytest
import yaml

from conftest import SOURCE
from desk import desk  # noqa: F401, the fixture of all tests
from test_docs import fenced
from test_shipped import steps_of

LABEL = r'"((?:[^"#<]|#(?:quot|amp|lt|gt|\d+);|<br/>)*)"'
NAME = r"[a-z][a-z0-9_]*"
OUTLINES = [r"\(\[", r"\[/", r"\[\[", r"\[", r"\{\{", r"\{"]
NODE = re.compile(rf"    ({NAME})({'|'.join(OUTLINES)}){LABEL}(?:\]\)|/\]|\]\]|\]|\}}\}}|\}})")
EDGE = re.compile(rf'    ({NAME}) (-->|-\.->|-\.-|-\. ends \.->)(?:\|{LABEL}\|)? ({NAME})')
FRAME = re.compile(rf"    subgraph ({NAME}) \[{LABEL}\]")


def plain(label):
    """As it is shown."""
    names = {"quot": '"', "amp": "&", "lt": "<", "gt": ">"}
    return re.sub(r"#(\w+);", lambda code: names.get(code[1]) or chr(int(code[1])), label or "").replace("<br/>", "\n")


def read(text):
    """({node: label}, [(from, label, to)]) of a flowchart, each line of which must be of its form."""
    first, *lines = text.splitlines()
    assert first == "flowchart TD"
    nodes, edges, frames = {}, [], []
    for line in lines:
        if line == "    end":
            frames.pop()
        elif found := FRAME.fullmatch(line):
            frames.append(found[1])
            nodes[found[1]] = plain(found[2])
        elif found := NODE.fullmatch(line):
            assert found[1] not in nodes
            nodes[found[1]] = plain(found[3])
        else:
            found = EDGE.fullmatch(line)
            assert found, line
            edges.append((found[1], plain(found[3]) if found[2] == "-->" else found[2], found[4]))
    assert not frames and {node for one, _, other in edges for node in (one, other)} <= set(nodes)
    return nodes, edges


RULES = """
name: all
on: [cart.updated, "end"]
if: 'size(cart.items) > 0 && cart.note != "[x] `y`"'
again: restart
per: cart.id
until: {on: order.placed, if: order.id == start.cart.id}
while: customer.vip
holdout: 10
limit: 2 per 3d
steps:
  - wait: {until: 'timestamp(cart.at)', past: skip}
  - send: ping
  - wait: {for: 3d, or: {on: review.submitted, if: review.score > 3}}
  - if: waited
    then:
      - set: {level: '"gold"'}
      - stop
    else:
      - split: {name: subject, shares: {a: 25, b: 25, c: 50}}
        then:
          a: [{send: {template: pong, to: '"a@b.example"'}}]
          c: [{emit: {type: tier.changed, data: {x: '1'}, for: customer.friend}}]
  - wait: {until: "09:00", on: [mon, fri]}
  - emit: {type: nobody.listens}
---
name: taker
on: [tier.changed, other.thing]
class: transactional
send: ping
---
name: weekly
on: {every: week, at: "09:00", on: [fri], spread: 2h}
enabled: false
send: ping
"""


@pytest.fixture
def rules(desk):  # noqa: F811
    desk.rules(RULES)
    desk.template("pong.text.liquid", "---\nsubject: Hi\n---\n{{ unsubscribe_url }}\n")
    desk.template("ping.text.liquid", "---\nsubject: Hi\n---\n{{ unsubscribe_url }}\n")
    return desk


def graph(desk, *arguments):  # noqa: F811
    status, out, err = desk.ctl("graph", *arguments)
    assert (status, err) == (0, "")
    return out


def test_each_step_and_each_way(rules):
    nodes, edges = read(graph(rules, "all"))
    assert nodes == {
        "on": "cart.updated or end", "note": "marketing, topic all\nper cart.id\nagain: restart\nlimit 2 per 3d",
        "if": 'size(cart.items) > 0 && cart.note !=\n"[x] `y`"', "nothing": "what runs ends: no-longer",
        "journey": "all", "s0": "wait until timestamp(cart.at)", "s1": "send ping\nby email",
        "s2": "wait for review.submitted", "s3": "waited", "s4": 'set\nlevel = "gold"', "s7": "split subject",
        "s8": 'send pong\nby email\nto "a@b.example"', "s10": "emit tier.changed\nfor customer.friend\nx = 1",
        "s11": "wait until 09:00\non mon fri", "s12": "emit nobody.listens", "over": "the end",
        "s10_to0": "rule taker",
        "ends": "until order.placed, if order.id ==\nstart.cart.id\nwhile no longer customer.vip\n"
                "holdout: 10% of all customers",
    }  # fmt: skip
    assert sorted(edges) == sorted([
        ("note", "-.-", "on"), ("on", "", "if"), ("if", "no", "nothing"), ("if", "yes", "s0"), ("s0", "", "s1"),
        ("s0", "past", "s2"), ("s1", "", "s2"), ("s2", "it comes, and review.score > 3", "s3"),
        ("s2", "after 3d", "s3"), ("s3", "yes", "s4"), ("s3", "no", "s7"), ("s4", "", "over"), ("s7", "a 25%", "s8"),
        ("s7", "b 25%", "s11"), ("s7", "c 50%", "s10"), ("s8", "", "s11"), ("s10", "", "s11"), ("s11", "", "s12"),
        ("s12", "", "over"), ("s10", "-.->", "s10_to0"), ("journey", "-. ends .->", "ends"),
    ])  # fmt: skip


def test_clocks_and_rules_that_are_off(rules):
    nodes, edges = read(graph(rules, "weekly"))
    assert nodes["on"] == "clock: week 09:00 fri\nwithin 2h" and "enabled: false" in nodes["note"]
    assert ("on", "", "s0") in edges and "if" not in nodes and "ends" not in nodes


def test_all_rules_are_one_diagram(rules):
    nodes, edges = read(graph(rules))
    assert {nodes[f"r{number}_journey"] for number in range(3)} == {"all", "taker", "weekly"}
    assert ("r0_s10", "-.->", "r1_on") in edges and "r0_s10_to0" not in nodes
    assert graph(rules, rules.folder / "rules") == graph(rules, rules.folder / "rules/rules.yaml") == graph(rules)


def test_markdown_and_json(rules):
    printed = graph(rules, "--markdown")
    assert re.findall(r"^## (.*)$", printed, re.M) == ["all", "taker", "weekly"]
    diagrams = re.findall(r"^```mermaid\n(.*?)^```$", printed, re.M | re.S)
    lines = [json.loads(line) for line in graph(rules, "--json").splitlines()]
    assert [line["rule"] for line in lines] == ["all", "taker", "weekly"] and len(diagrams) == 3
    assert [line["mermaid"] for line in lines] == diagrams
    assert diagrams == [graph(rules, name) for name in ("all", "taker", "weekly")]
    assert graph(rules, "weekly", "all", "weekly", "--json").count("\n") == 2


def test_rules_of_another_folder(rules):
    other = rules.folder / "other"
    other.mkdir()
    (other / "a.yaml").write_text("{name: a, on: x, send: ping}\n---\n{name: b, on: y, send: pong}\n")
    (other / "c.yaml").write_text("{name: c, on: z, send: pong}\n")
    for arguments, names in ((["other"], "abc"), (["other/a.yaml"], "ab"), (["other/c.yaml", "taker"], ["c", "taker"])):
        printed = graph(rules, "--json", *[rules.folder / one if "other" in one else one for one in arguments])
        assert [json.loads(line)["rule"] for line in printed.splitlines()] == list(names)


@pytest.mark.parametrize("arguments, status, said", [
    (["takr"], 66, "there is no rule and no file `takr`\nhint: did you mean `taker`?"),
    (["FOLDER/templates/ping.text.liquid"], 65, "rule"),
    (["--mermaid"], 64, "no option `--mermaid`"),
])
def test_what_is_not_there(rules, arguments, status, said):
    found, out, err = rules.ctl("graph", *[one.replace("FOLDER", str(rules.folder)) for one in arguments])
    assert (found, out) == (status, "") and said in err


def test_broken_rules_are_told_as_check_tells_them(rules):
    rules.rules("{name: a, on: x, sned: ping}\n")
    status, out, err = rules.ctl("graph")
    assert (status, out) == (78, "") and "unknown key `sned`" in err


def test_the_shipped_rules(desk):  # noqa: F811
    """Each send has its node, each branch its two ways."""
    desk.use_shipped()
    shop = desk.daemon("shipped")
    status, out, err = desk.ctl("graph", "--json", config=shop.config)
    assert (status, err) == (0, "")
    drawn = {line["rule"]: read(line["mermaid"]) for line in map(json.loads, out.splitlines())}
    written = [rule for path in SOURCE.glob("rules/*.yaml")
               if path.name[-9:] != "test.yaml" and path.name != "events.yaml"
               for rule in yaml.load_all(path.read_text(), yaml.BaseLoader)]
    assert set(drawn) == {rule["name"] for rule in written} and len(written) > 20
    for rule in written:
        nodes, edges = drawn[rule["name"]]
        steps = steps_of(rule)
        sends = [step["send"] if isinstance(step["send"], str) else step["send"]["template"] for step in steps
                 if "send" in step]
        assert sorted(sends) == sorted(label.split("\n")[0].removeprefix("send ") for label in nodes.values()
                                       if label.startswith("send "))
        for step in [step for step in steps if "if" in step]:
            [branch] = [node for node, label in nodes.items() if label.split() == step["if"].split() and node != "if"]
            assert sorted(label for one, label, _ in edges if one == branch) == ["no", "yes"]


def test_the_diagram_of_the_page(desk):  # noqa: F811
    """docs/rules.md shows what is printed of its first rule."""
    [diagram] = fenced("docs/rules.md", "mermaid")
    rule = next(block for block in fenced("docs/rules.md", "yaml") if block.startswith("name: "))
    desk.rules(rule)
    for name in ("cart-reminder", "cart-last-call"):
        desk.template(f"{name}.text.liquid", "---\nsubject: Hi\n---\n{{ unsubscribe_url }}\n")
    assert graph(desk, "abandoned-cart") == diagram
