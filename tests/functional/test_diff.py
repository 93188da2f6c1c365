"""nudgectl diff: what a change of rules would send more and fewer, and whether that is within a budget."""

import json
import shutil

import pytest

from test_simulate import RULES, at, event, history  # noqa: F401, the fixture of all tests

CAP = "policy: {cap: 2 per 7d}\n"


@pytest.fixture
def change(history):  # noqa: F811
    """The shop's rules are the old ones; `new` writes the others."""
    def new(text, name="new"):
        folder = history.folder / name
        folder.mkdir(exist_ok=True)
        (folder / "rules.yaml").write_text(text)
        return folder

    history.new = new
    history.old = history.folder / "rules"
    return history


def carts(*totals):
    """Customer n has a cart of the n-th total; all are left."""
    return [event("cart.updated", number + 10, number, cart={"total": total}) for number, total in enumerate(totals)]


def diff(shop, new, lines, *arguments, status=0):
    done, out, err = shop.ctl("diff", shop.old, new, "--events", shop.write(*lines), "--to", "2026-03-09T10:00:00Z",
                              "--json", *arguments)
    assert (done, err) == (status, "")
    return json.loads(out)


def rule(told, name):
    return next(row for row in told["rules"] if row["rule"] == name)


def test_more_and_fewer(change):
    """The threshold falls, but who has ordered is left alone now."""
    text = RULES.replace(">= 20", ">= 10").replace("until: order.placed", "until: [order.placed, ping]")
    lines = [*carts(15, 30, 40, 5), event("ping", 12, 30)]
    told = diff(change, change.new(text), lines)
    cart = rule(told, "cart")
    assert {key: cart[key] for key in ("before", "after", "more", "fewer", "both")} == {
        "before": 2, "after": 2, "more": 1, "fewer": 1, "both": 1}
    hour = 3600 * 1000
    assert cart["gained"] == [{"customer": "id:10", "time": int(at(0).timestamp() * 1000) + hour,
                               "why": "it did not match"}]
    assert cart["lost"] == [{"customer": "id:12", "time": int(at(2).timestamp() * 1000) + hour, "why": "ended: until"}]
    assert told["all"] == {"before": 2, "after": 2, "more": 1, "fewer": 1, "both": 1}
    assert told["reached"] == {"before": 2, "after": 2, "newly": 1, "no_longer": 1}


def test_why_the_other_did_not(change):
    """By its refusal, or because there is no such rule."""
    text = RULES.replace("limit: 1 per 7d", "limit: 2 per 7d").replace("name: quiet", "name: ping").replace(
        "nothing.happens", "ping")
    lines = [*carts(30), event("cart.updated", 10, 180, cart={"total": 30}), event("ping", 5, 0)]
    told = diff(change, change.new(text), lines)
    assert [example["why"] for example in rule(told, "cart")["gained"]] == ["refused: limit"]
    assert [example["why"] for example in rule(told, "ping")["gained"]] == ["there is no such rule"]
    assert rule(told, "quiet")["lost"] == []


def test_the_same_rules_differ_in_nothing(change):
    told = diff(change, change.old, carts(30, 40), "--budget", "+0 messages, -0 messages, +0 people, +0% messages")
    assert told["all"]["more"] == told["all"]["fewer"] == 0 and told["all"]["both"] == 2
    assert all(item["within"] for item in told["budget"])


def test_who_is_newly_over(change):
    """Counted are all messages to a person, and those of an address that proved to be theirs."""
    text = RULES.replace("on: order.placed\nsend", "on: [order.placed, cart.updated]\nsend")
    guest = {"type": "order.placed", "time": at(0).isoformat(), "customer": {"email": "c10@example.com"}}
    lines = [guest, *carts(30, 30), event("order.placed", 10, 200), event("order.placed", 11, 300)]
    told = diff(change, change.new(text), lines, "--budget", "+0 people over 3 per 7d, +1 people over 3 per 7d",
                status=1)
    assert told["cap"] == "3 per 7d" and told["over"] == {"before": 0, "after": 1, "newly": 1, "no_longer": 0}
    assert [item["within"] for item in told["budget"]] == [False, True]


@pytest.mark.parametrize("budget, within", [
    ("+2 messages", True), ("+1 messages", False), ("+100% messages", True), ("+99% messages", False),
    ("-0 messages", True), ("+2 people", True), ("+1 people", False)])
def test_budgets(change, budget, within):
    """Two more messages than the two of before."""
    told = diff(change, change.new(RULES.replace(">= 20", ">= 10")), carts(15, 15, 30, 30), "--budget", budget,
                status=0 if within else 1)
    assert told["budget"] == [{"item": budget, "used": 0 if budget[0] == "-" else 2, "within": within}]


@pytest.mark.parametrize("budget, column, told", [
    ("500 messages", 1, "`+` or `-` is expected"), ("+500 mesages", 6, "`messages` or `people` is expected"),
    ("+5% people", 5, "`messages` is expected"), ("+0 people over 3", 17, "`per` and a time are expected"),
    ("+0 people over 3 per week", 22, "a time is expected, such as 7d"), ("+1 messages +2 people", 13, "a comma"),
    ("+99999999999 people", 2, "the number is too large"), ("-1 people over 3 per 7d", 1, "may only be more"),
    ("+0 people over 64 per 7d", 16, "so many messages are not counted"), ("", 1, "`+` or `-` is expected")])
def test_a_budget_that_is_none(change, budget, column, told):
    status, out, err = change.ctl("diff", change.old, change.old, "--events", change.write(), "--budget", budget)
    assert (status, out) == (64, "") and f"--budget:1:{column}: error: " in err and told in err


def test_the_table_and_markdown(change):
    new = change.new(RULES.replace(">= 20", ">= 10"))
    path = change.write(*carts(15, 30))
    status, out, err = change.ctl("diff", change.old, new, "--events", path, "--to", "2026-03-03", "--budget",
                                  "+0 messages")
    assert (status, err) == (1, "")
    lines = [line.split() for line in out.splitlines()]
    assert ["cart", "1", "2", "1", "0"] in lines and ["all", "1", "2", "1", "0"] in lines
    assert "cart sends more to id:10 at 2026-03-02T11:00:00Z; before: it did not match" in out
    assert out.endswith("budget +0 messages: 1 messages, over it\n")
    status, out, err = change.ctl("diff", change.old, new, "--events", path, "--to", "2026-03-03", "--markdown")
    assert (status, err) == (0, "")
    assert "| rule | before | after | more | fewer |\n| --- | ---: | ---: | ---: | ---: |\n" in out
    assert "| cart | 1 | 2 | +1 | 0 |\n" in out and "- **cart** sends more to id:10, " in out


def test_whole_configurations(change):
    """By a file, or a folder that has one; each with templates and a policy of its own."""
    other = change.folder / "other"
    shutil.copytree(change.old, other / "rules")
    shutil.copytree(change.folder / "templates", other / "templates")
    (other / "nudged.yaml").write_text(json.dumps({**change.config, "rules": str(other / "rules"), "templates":
                                                   str(other / "templates"), "policy": {"cap": "1 per 30d"}}))
    lines = [*carts(30), event("cart.updated", 10, 9 * 24 * 60, cart={"total": 30})]
    for new in (other, other / "nudged.yaml"):
        status, out, err = change.ctl("diff", change.old, new, "--events", change.write(*lines), "--to", "2026-03-15",
                                      "--json")
        assert (status, err) == (0, "")
        told = json.loads(out)
        assert told["cap"] == "1 per 30d"
        assert [example["why"] for example in rule(told, "cart")["lost"]] == ["refused: cap"]


@pytest.mark.parametrize("arguments, status, told", [
    (["rules"], 64, "two sets of rules are expected"), (["rules", "rules"], 64, "`--events FILE` is missing"),
    (["rules", "rules", "--events", "-"], 64, "not from standard input"),
    (["rules", "rules", "--events", "/nowhere"], 66, "/nowhere: error: cannot be read"),
    (["rules", "nowhere", "--events", "/dev/null"], 78, "nowhere")])
def test_what_cannot_be_done(change, arguments, status, told):
    places = [str(change.folder / one) if one in ("rules", "nowhere") else one for one in arguments]
    done, out, err = change.ctl("diff", *places)
    assert (done, out) == (status, "") and told in err
