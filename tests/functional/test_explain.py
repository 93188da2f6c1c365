"""`nudgectl explain` names the right reason, with its particulars, for each refusal and each wait of the
language: a table, played by one daemon to one customer for each row."""

import datetime
import json
import pathlib
import re
import tempfile

import pytest

from conftest import Shop, wait_until

NOW = datetime.datetime.now(datetime.timezone.utc)
TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+02:00"  # of a shop with that zone
MID = r"mid=[0-9a-f]{32}"
MINUTE = datetime.timedelta(minutes=1)


def ago(**length):
    return (NOW - datetime.timedelta(**length)).isoformat()


def hours(first, last):
    """Such hours from now, of a clock in UTC."""
    return {"from": f"{(NOW.hour + first) % 24:02d}:00", "to": f"{(NOW.hour + last) % 24:02d}:00"}


QUIET = hours(5, 8)
NIGHT = f"{QUIET['from']}-{QUIET['to']}"
CONFIG = {
    "shop": {"name": "Tea", "locale": "en", "timezone": "+02:00"},
    "policy": {"cap": "2 per 7d", "quiet_hours": QUIET, "brake": "12 per 1h"},
    "topics": {"news": "opt-in", "offers": "opt-out", "plain": "opt-out"},
    "deliver": {"only": ["*@example.com"]},
    "segments": {"regular": 'customer.orders >= 5 || customer.tier == "gold"'},
    "customer": {"fields": {"points": {"default": 0, "on": "order.paid", "set": "points + int(order.total)"}}},
}


class Row:
    """Rules, events of the row's own customer, and what `explain` must say: patterns, one for a line,
    in their order. In rules and events ROW is the row's name, which rules and event types begin with.
    Among the events may stand what is done between them: a word of ACTIONS. `edited`: the rules after "edit"."""

    def __init__(self, name, rules, events, *says, profile=None, edited=None):
        self.name, self.rules, self.events, self.says, self.edited = name, rules, events, says, edited
        self.profile = profile or {}

    def play(self, shop, number):
        customer = {"id": f"c{number}", "email": f"c{number}@example.com", "accepts_marketing": True,
                    "timezone": "UTC", **self.profile}
        for order, event in enumerate(self.events):
            if isinstance(event, str):
                shop.wait_idle()
                ACTIONS[event](shop, self, number)
                shop.wait_idle()
            else:
                shop.push({"customer": customer, "order_of": order, **event,
                           "type": event["type"].replace("ROW", self.name)})


def suppress(shop, row, number):
    assert shop.ctl("suppress", "add", f"c{number}@example.com", "--reason", "complained by telephone")[0] == 0


def pause(shop, row, number):
    assert shop.ctl("rule", "pause", row.name)[0] == 0


def say_no_elsewhere(shop, row, number):
    shop.push({"type": "customer.unsubscribed", "customer": {"id": "friend", "email": "friend@example.com"}})


def be_guest(shop, row, number):
    shop.push({"type": "guest.cart", "customer": {"email": row.profile["email"]}})


def use_up(shop, row, number):
    """As many messages of the rule as the brake lets go."""
    shop.push(*({"type": f"{row.name}.x", "customer": {"id": f"b{i}", "email": f"b{i}@example.com",
                                                      "accepts_marketing": True, "timezone": "UTC"}}
                for i in range(12)))


def edit(shop, row, number):
    row.rules = row.edited
    write_rules(shop)
    assert shop.ctl("reload")[0] == 0


ACTIONS = {"edit": edit, "suppress": suppress, "pause": pause, "a friend says no": say_no_elsewhere, "use up": use_up,
           "a guest comes": be_guest}


def on(what="x", **data):
    return {"type": f"ROW.{what}", **data}


SEND = "on: ROW.x\nsend: letter\n"
RECEIPT = "class: transactional\n" + SEND

ROWS = [
    # ---- The `if` of a rule ----
    Row("false-if", SEND + "if: cart.total >= 50 && cart.total < 100\n", [on(cart={"total": 12.5})],
        r"    false-if no-match: cart\.total >= 50 \(cart\.total: 12\.5\)"),
    Row("second-part", SEND + 'if: cart.total >= 50 && customer.tier == "gold"\n', [on(cart={"total": 80})],
        r'    second-part no-match: customer\.tier == "gold" \(customer\.tier: "silver"\)', profile={"tier": "silver"}),
    Row("either", SEND + "if: cart.total >= 50 || size(cart.items) > 2\n", [on(cart={"total": 1, "items": [1]})],
        r"    either no-match: cart\.total >= 50 \|\| size\(cart\.items\) > 2 "
        r"\(cart\.total: 1; size\(cart\.items\): 1\)"),
    Row("lines", SEND + "if: |\n  cart.total >= 50\n    || cart.total < 0\n", [on(cart={"total": 1})],
        r"    lines no-match: cart\.total >= 50 \|\| cart\.total < 0 \(cart\.total: 1\)"),
    Row("segment", SEND + 'if: customer.segment("regular")\n', [on()],
        r'    segment no-match: customer\.segment\("regular"\): customer\.orders >= 5 \|\| customer\.tier == "gold" '
        r'\(customer\.orders: 2; customer\.tier: "silver"\)', profile={"orders": 2, "tier": "silver"}),
    Row("fails", SEND + "if: order.coupon == 'x'\n", [on()], r"    no-match: order: no such field: fails"),
    Row("has-not", SEND + "if: has(order.coupon)\n", [on(order={})],
        r"    has-not no-match: has\(order\.coupon\) \(has\(order\.coupon\): false\)"),
    # ---- A rule that matches and starts nothing ----
    Row("off", SEND + "enabled: false\n", [on()], r"    off passed-over: disabled"),
    Row("per", SEND + "per: order.id\n", [on(order={})], r"    per passed-over: per: order\.id: no such field"),
    Row("old", SEND + "max_age: 1h\n", [on(time=ago(hours=5))], r"    old passed-over: max-age \(at most 1h\)"),
    Row("ended-before", SEND + "until: ROW.paid\n", [on("paid", time=ago(minutes=1)), on(time=ago(minutes=9))],
        rf"    ended-before passed-over: until \(by ended-before\.paid; at {TIME}\)"),
    Row("again", "on: ROW.x\nagain: ignore\nwait: 1h\nsend: letter\n", [on(), on()],
        rf"    again ignored: again \(since {TIME}\)"),
    Row("older", "on: ROW.x\nagain: restart\nwait: 1h\nsend: letter\n", [on(), on(time=ago(minutes=9))],
        rf"    older ignored: older \(since {TIME}\)"),
    Row("restart", "on: ROW.x\nagain: restart\nwait: 1h\nsend: letter\n", [on(), on()],
        rf"    restart ended: restart \(since {TIME}\)"),
    Row("collect", "on: ROW.x\nagain: collect\nwait: 1h\nsend: letter\n", [on(), on()],
        r"    collect collected \(now 2 events\)"),
    Row("nothing", "on: ROW.x\nsteps:\n- if: n > 5\n  then:\n  - send: letter\n", [on(n=3)],
        r"    nothing branch: n > 5 \(n: 3\)"),
    Row("matched", "on: ROW.x\nsteps:\n- if: n > 5\n  then:\n  - stop\n- send: letter\n", [on(n=7)],
        r"    matched matched"),
    # ---- Journeys ----
    Row("while", "on: ROW.x\nwhile: cart.total > 10\nsend: letter\n", [on(cart={"total": 5})],
        r"    while ended: no-longer: cart\.total > 10 \(cart\.total: 5\)"),
    Row("while-fails", "on: ROW.x\nwhile: cart.total > 10\nsend: letter\n", [on()],
        r"    while-fails ended: no-longer: cart: no such field"),
    Row("emptied", "on: ROW.x\nif: size(cart.items) > 0\nagain: restart\nwait: 1h\nsend: letter\n",
        [on(cart={"items": [1]}), on(cart={"items": []})],
        r"    emptied ended: no-longer: size\(cart\.items\) > 0 \(size\(cart\.items\): 0\)"),
    Row("until",
        "on: ROW.x\nagain: restart\nuntil: {on: ROW.paid, if: order.id == start.order.id}\nwait: 1h\nsend: letter\n",
        [on(order={"id": "a"}), on("paid", order={"id": "b"}), on("paid", order={"id": "a"})],
        r'    until stays: until: order\.id == start\.order\.id \(order\.id: "b"; start\.order\.id: "a"\)',
        r'    until ended: until: order\.id == start\.order\.id \(order\.id: "a"; start\.order\.id: "a"\)'),
    Row("untils", "on: ROW.x\nagain: restart\nwait: 1h\nsend: letter\n"
        "until: [{on: ROW.paid, if: order.id == start.order.id}, {on: ROW.gone, if: why == 'bored'}]\n",
        [on(order={"id": "a"}), on("gone", why="tired"), on("gone")],
        r"    untils stays: until: why == 'bored' \(why: \"tired\"\)", r"    untils ended: until: why: no such field"),
    Row("waits", "on: ROW.x\nagain: restart\nwait: 1h\nsend: letter\n", [on()], rf"    waits waits until {TIME}"),
    Row("waits-for",
        "on: ROW.x\nagain: restart\nsteps:\n- wait: {for: 1h, or: {on: ROW.y, if: n > 3}}\n- send: letter\n",
        [on(), on("y", n=1), on("y", n=4)], rf"    waits-for waits-for until {TIME} \(or at waits-for\.y\)",
        r"    waits-for stays: or: n > 3 \(n: 1\)", r"    waits-for goes-on: met",
        rf"    waits-for sends: letter {MID}"),
    Row("past",
        "on: ROW.x\nagain: restart\nsteps:\n- wait: {until: timestamp(at), past: skip}\n- send: letter\n"
        "- wait: {until: timestamp(at)}\n- stop\n",
        [on(at=ago(hours=1))], rf"    past passed-over: past \(it was {TIME}\)"),
    Row("goes-on", "on: ROW.x\nagain: restart\nsteps:\n- wait: {until: timestamp(at)}\n- send: letter\n",
        [on(at=ago(hours=1))], rf"    goes-on goes-on: past \(it was {TIME}\)"),
    Row("moved",
        "on: ROW.x\nagain: restart\nsteps:\n- send: letter\n- wait: {for: 1h, or: ROW.y}\n- set: {moved: 'n + 1'}\n",
        [on(n=1), "edit", on("y", n=2)], r"    moved passed-over: sent \(template letter\)",
        edited="on: ROW.x\nagain: restart\nsteps:\n"
               "- wait: {for: 1h, or: ROW.y}\n- set: {moved: 'n + 1'}\n- send: letter\n"),
    Row("share", "on: ROW.x\nsteps:\n- split: {name: test, shares: {a: 100}}\n  then: {a: [{send: letter}]}\n", [on()],
        r"    share share: a \(split test; their place is [\d.]+\)"),
    Row("sets", "on: ROW.x\nset: {level: n + 1}\n".replace("set:", "steps:\n- set:"), [on(n=4)],
        r"    sets sets: level = 5"),
    Row("emits", "on: ROW.x\nsteps:\n- emit: {type: ROW.made, data: {n: n}}\n", [on(n=1)],
        r"    emits emits: emits\.made"),
    Row("nobody", "on: ROW.x\nsteps:\n- emit: {type: ROW.made, for: friend}\n", [on(friend="stranger")],
        r"    nobody refused: no-such-customer: nobody is known by id:stranger"),
    Row("loop", "on: [ROW.x, ROW.y]\nsteps:\n- emit: {type: ROW.y}\n", [on()], r"    loop refused: loop"),
    Row("many", "on: ROW.x\nsteps:\n" + "- emit: {type: ROW.y}\n" * 33, [on()], r"    many refused: too-many-events"),
    Row("error", "class: transactional\non: ROW.x\nsteps:\n- send: {template: letter, data: {n: order.total}}\n",
        [on()], r"    error error: order: no such field"),
    Row("field", SEND + "if: false == true\n", [{"type": "order.paid"}],
        r"    passed-over: field: points: order: no such field"),
    # ---- Refusals ----
    Row("no-address", RECEIPT, [on()], r"    no-address refused: no-address \(template letter; field email; "
        r"customer\.email is not there\)", profile={"email": None}),
    Row("to", "class: transactional\non: ROW.x\nsend: {template: letter, to: friend.email}\n", [on(friend={})],
        r"    to refused: no-address \(template letter; to: friend\.email; friend\.email is not there\)"),
    Row("suppressed", RECEIPT, ["suppress", on()],
        rf"    suppressed refused: suppressed \(template letter; complained by telephone; since {TIME}\)"),
    Row("limit", "class: transactional\non: ROW.x\nlimit: 1 per 7d\nsend: letter\n", [on(), on()],
        rf"    limit refused: limit \(template letter; 1 per 1w; taken by limit at {TIME} {MID}; "
        rf"a place is free at {TIME}\)"),
    Row("limit-of-runs", "on: ROW.x\nlimit: 1 per 7d\nsteps:\n- set: {seen: n}\n", [on(n=1), on(n=2)],
        rf"    limit-of-runs refused: limit \(1 per 1w; taken by limit-of-runs at {TIME}; a place is free at {TIME}\)"),
    Row("only", RECEIPT, [on()], r"    only refused: only \(template letter; only \*@example\.com\)",
        profile={"email": "ana@other.example"}),
    Row("no-consent", SEND, [on()], r"    no-consent refused: no-consent: customer\.accepts_marketing == true "
        r"\(template letter; topic plain; customer\.accepts_marketing: false\)", profile={"accepts_marketing": False}),
    Row("unknown-consent", SEND, [on()],
        r"    unknown-consent refused: no-consent: customer\.accepts_marketing == true "
        r"\(template letter; topic plain; customer\.accepts_marketing is not there\)",
        profile={"accepts_marketing": None}),
    Row("said-no", SEND + "topic: offers\n", [{"type": "customer.unsubscribed", "topic": "offers"}, on()],
        r"    says-no: offers",
        rf"    said-no refused: no-consent \(template letter; topic offers; said no to offers; since {TIME}\)"),
    Row("said-no-to-all", SEND + "topic: offers\n", [{"type": "customer.unsubscribed"}, on()], r"    says-no: all",
        rf"    said-no-to-all refused: no-consent \(template letter; topic offers; said no to all; since {TIME}\)"),
    Row("opt-in", SEND + "topic: news\n", [on()],
        r"    opt-in refused: no-consent \(template letter; topic news; it needs a yes of its own\)"),
    Row("opt-in-no", SEND + "topic: news\n", [{"type": "customer.subscribed"}, on()], r"    says-yes: all",
        rf"    opt-in-no refused: no-consent \(template letter; topic news; it needs a yes of its own; "
        rf"said yes to all; since {TIME}\)"),
    Row("under-address", "on: ROW.x\nsend: {template: letter, to: friend}\n",
        ["a friend says no", on(friend="friend@example.com")],
        r"    under-address refused: no-consent \(template letter; topic plain; said under the address alone; "
        rf"said no to all; since {TIME}\)"),
    Row("cap", SEND.replace("ROW.x", "[ROW.x, ROW.y, ROW.z]"), [on("x"), on("y"), on("z")],
        rf"    cap refused: cap \(template letter; 2 per 1w; "
        rf"taken by cap at {TIME} {MID}; taken by cap at {TIME} {MID}; "
        rf"a place is free at {TIME}\)"),
    Row("no-code", "class: transactional\non: ROW.x\nsend: {template: coupon, code: spring}\n", [on()],
        r"    no-code refused: no-code \(template coupon; list spring\)"),
    Row("holdout", SEND + "holdout: 100\n", [on()],
        r"    holdout ended: holdout \(100(\.0)? % are held out; their place is [\d.]+\)"),
    # ---- Waits that policy imposes ----
    Row("quiet", SEND, [on()], rf"    quiet quiet-hours until {TIME} \(template letter; {NIGHT}; \+06:00\)",
        profile={"timezone": "+06:00"}),
    Row("halted", "on: ROW.x\nagain: restart\nsteps:\n- wait: {for: 1h, or: ROW.y}\n- send: letter\n",
        [on(), "pause", on("y")], rf"    halted paused: by hand \(template letter; by \S+; since {TIME}\)"),
    Row("halted-start", SEND, ["pause", on()], rf"    halted-start passed-over: paused \(by \S+; since {TIME}\)"),
    Row("brake", SEND, ["use up", on()], r"    brake paused: brake \(template letter\)"),
    # ---- Events ----
    Row("twice", RECEIPT, [on(id="e1", order_of=1), on(id="e1", order_of=1)],
        rf"    passed-over: duplicate \(since {TIME}\)"),
    Row("twice-other", RECEIPT, [on(id="e1", n=1), on(id="e1", n=2)],
        rf"    passed-over: duplicate-differs \(since {TIME}\)"),
    Row("guest", RECEIPT, ["a guest comes", on()], rf"{TIME}  guest\.x", r"    joined: email:guest@example\.com",
        profile={"email": "guest@example.com"}),
    Row("older-word", RECEIPT,
        [{"type": "customer.subscribed"}, {"type": "customer.unsubscribed", "time": ago(hours=1)}],
        r"    says-yes: all", r"    passed-over: older"),
]


def rules_of(row):
    text = row.rules.replace("ROW", row.name)
    return f"name: {row.name}\n" + ("" if "topic:" in text or "class:" in text else "topic: plain\n") + text


def write_rules(shop):
    shop.rules("---\n".join(rules_of(row) for row in ROWS))


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """All rows, played."""
    with tempfile.TemporaryDirectory(prefix="nudged-") as folder:
        shop = Shop(pathlib.Path(folder))
        shop.config.update(CONFIG)
        shop.redis()
        shop.smtp()
        write_rules(shop)
        shop.template("letter.text.liquid", "---\nsubject: letter\n---\nx\n")
        shop.template("coupon.text.liquid", "---\nsubject: coupon\n---\n{{ given.code }}\n")
        shop.daemon().spawn()
        for number, row in enumerate(ROWS):
            row.play(shop, number)
        shop.wait_idle()
        yield shop
        shop.close()


@pytest.mark.parametrize("number", range(len(ROWS)), ids=[row.name for row in ROWS])
def test_reason(played, number):
    row = ROWS[number]
    status, out, err = played.ctl("explain", f"id:c{number}")
    assert (status, err) == (0, ""), err
    lines = iter(out.splitlines())
    for pattern in row.says:
        assert any(re.fullmatch(pattern, line) for line in lines), f"{pattern}\nis not in\n{out}"


# ---- An event that did not happen ----


def everything(client):
    """All that stands in Redis, but what daemons tell of themselves."""
    keys = [key for key in client.scan_iter("nudged:*") if not re.match(rb"nudged:(instance|bulletin|sets)", key)]
    return {key: client.dump(key) for key in keys}


def forward(shop, event, *arguments, config=None):
    before = everything(shop.client)
    done = shop.ctl("explain", *arguments, "--event", "-", stdin=json.dumps(event), config=config)
    assert everything(shop.client) == before, "something was written"
    return done


@pytest.fixture
def still(shop):
    """A shop whose daemon has ended."""
    shop.config.update(CONFIG)
    shop.redis()
    shop.smtp()
    shop.rules("""name: thanks
topic: offers
on: order.placed
if: order.total >= 50
send: {template: letter, code: spring}
---
name: rich
topic: offers
on: order.placed
if: 'lookup("tiers", customer.id, "none") == "gold"'
steps:
- send: letter
- wait: {until: "09:00"}
- send: letter
""".replace("- send: letter\n- wait", "- send: letter\n- wait").replace("steps:", "again: restart\nsteps:"))
    shop.template("letter.text.liquid", "---\nsubject: Dear {{ customer.first_name }} {{ given.code }}\n---\nx\n")
    shop.template("letter.text.liquid", "---\nsubject: Dear {{ customer.first_name }}\n---\n{{ given.code }}\n")
    daemon = shop.daemon().spawn()
    shop.push({"type": "customer.signed_up", "customer": {"id": 7, "email": "ana@example.com", "first_name": "Ana",
                                                          "accepts_marketing": True}})
    shop.wait_idle()
    shop.client.rpush("nudged:codes:spring", "A1")
    assert daemon.stop() == 0
    return shop


def test_forward(still):
    """Decided upon what is known, with all facts; each message with its subject and whom it goes to."""
    event = {"type": "order.placed", "order": {"total": 60}}
    status, out, err = forward(still, event, "7")
    assert (status, err) == (0, ""), err
    assert re.search(rf"^{TIME}  order\.placed$", out, re.M)
    assert re.search(rf"^    thanks sends: letter {MID}$", out, re.M)
    assert re.search(r'^    rich no-match: lookup\("tiers", customer\.id, "none"\) == "gold" '
                     r'\(lookup\("tiers", customer\.id, "none"\): "none"\)$', out, re.M)
    assert "would send letter of thanks\n    to ana@example.com by email\n    Dear Ana\n" in out
    still.client.hset("nudged:table:tiers", "7", "gold")
    assert re.search(rf"^    rich waits until {TIME}$", forward(still, event, "7")[1], re.M)
    lines = [json.loads(line) for line in forward(still, event, "7", "--json")[1].splitlines()]
    assert [line.get("message") for line in lines] == [None, "rich", "thanks"]
    assert lines[1]["to"] == "ana@example.com" and lines[1]["subject"] == "Dear Ana"


def test_forward_refused(still):
    """By what Redis has: suppressions, pauses, codes, what was said."""
    event = {"type": "order.placed", "customer": {"id": 7}, "order": {"total": 60}}
    still.client.delete("nudged:codes:spring")
    assert "thanks refused: no-code (template letter; list spring)\n" in forward(still, event)[1]
    still.client.rpush("nudged:codes:spring", "A1")
    assert still.ctl("suppress", "add", "ana@example.com")[0] == 0
    assert "thanks refused: suppressed (template letter; " in forward(still, event)[1]
    assert still.ctl("suppress", "rm", "ana@example.com")[0] == 0
    assert still.ctl("rule", "pause", "thanks")[0] == 0
    assert "thanks passed-over: paused (by " in forward(still, event)[1]


def test_forward_by_other_rules(still):
    """At another time, by the rules of another folder."""
    other = still.folder / "other"
    other.mkdir()
    (other / "rules.yaml").write_text(
        "{name: night, topic: offers, on: order.placed, if: now.getHours() < 3, send: letter}\n")
    event = {"type": "order.placed", "customer": {"id": 7}}
    status, out, _ = forward(still, event, "--rules", str(other), "--at", "2026-12-24T12:00:00Z")
    assert status == 0 and "2026-12-24 14:00:00 +02:00  order.placed\n    night no-match: " in out
    assert "thanks" not in out


def test_forward_of_somebody_else(still):
    """Whoever the event names, if it is not who was asked about; by any of their keys it is."""
    event = {"type": "order.placed", "customer": {"id": 8}, "order": {"total": 60}}
    status, out, err = forward(still, event, "7")
    assert (status, out) == (65, "")
    assert "nudgectl: the event is of id:8, not of 7\nhint: leave its `customer` out" in err
    event["customer"] = {"email": "ANA@example.com"}
    assert "thanks sends: letter" in forward(still, event, "id:7")[1]
    event["customer"] = {"id": 8, "email": "ana@example.com"}
    assert forward(still, event, "7")[0] == 0  # they would become one


def test_forward_where_there_is_no_room(still):
    """The outbox is full, also by what waits for another try, or others wait already."""
    event = {"type": "order.placed", "order": {"total": 60}}
    still.config["outbox"] = {"most": 100}
    config = still.daemon("small").config
    assert "thanks sends" in forward(still, event, "7", config=config)[1]
    for number in range(100):
        still.client.xadd("nudged:outbox:email:marketing" if number % 2 else "nudged:outbox:email:transactional",
                          {"mid": number})
    still.client.sadd("nudged:channels", "email")
    says = rf"^    thanks outbox-full until {TIME} \(template letter\)$"
    assert re.search(says, forward(still, event, "7", config=config)[1], re.M)
    still.client.xtrim("nudged:outbox:email:marketing", 0)
    assert "thanks sends" in forward(still, event, "7", config=config)[1]
    still.client.zadd("nudged:later", {f"m{number}": 9e15 for number in range(50)})
    assert re.search(says, forward(still, event, "7", config=config)[1], re.M)
    still.client.delete("nudged:later")
    still.client.zadd("nudged:full:marketing", {"id:9": 1})
    assert re.search(says, forward(still, event, "7", config=config)[1], re.M)


def test_forward_at_a_date(still):
    """Of the shop's zone; with an hour, or an offset."""
    event = {"type": "letter", "customer": {"id": 7}}
    for at, told in (("2026-12-24", "00:00:00"), ("2026-12-24T10:30", "10:30:00"), ("2026-12-24 10:30", "10:30:00"),
                     ("2026-12-24T10:30:00Z", "12:30:00")):
        assert f"2026-12-24 {told} +02:00  letter" in forward(still, event, "--at", at)[1]


def test_forward_is_no_event(still):
    status, out, err = forward(still, {"order": {}})
    assert (status, out) == (65, "") and "(standard input)" in err and "no `type`" in err
    assert still.ctl("explain", "7", "--at", "2026-12-24T12:00:00Z")[0] == 64
    assert still.ctl("explain", "--event", "/nowhere.json")[0] == 66
    assert still.ctl("explain", "7", "--at", "soon", "--event", "/nowhere.json")[0] == 64


def test_forward_of_an_erasure(still):
    """Which leaves no line in a trace, nor does what is older than it."""
    erasure = {"type": "customer.erased", "customer": {"id": 7}}
    assert "\nwould erase all that is known of them\n" in forward(still, erasure)[1]
    assert [json.loads(line) for line in forward(still, erasure, "--json")[1].splitlines()] == [
        {"erases": ["id:7", "email:ana@example.com"]}]
    daemon = still.daemon("again").spawn()
    still.push(erasure)
    still.wait_idle()
    assert daemon.stop() == 0
    event = {"type": "order.placed", "time": ago(hours=1), "customer": {"id": 7}, "order": {"total": 60}}
    assert "\npassed over: they were erased, and it is of before\n" in forward(still, event)[1]
    assert forward(still, event, "--json")[1] == '{"passed_over":"erased"}\n'


# ---- The command ----


def test_filters(played):
    numbers = {row.name: number for number, row in enumerate(ROWS)}
    of_until = f"c{numbers['until']}"
    status, out, _ = played.ctl("explain", of_until, "--rule", "until", "--since", "1h")
    assert status == 0 and "until ended: until" in out
    status, out, err = played.ctl("explain", of_until, "--rule", "untill")
    assert status == 1
    assert err.startswith("nudgectl: no line of their trace is about the rule `untill`\nhint: did you mean `until")
    played.client.lset(f"nudged:trace:id:{of_until}", -1,
                       json.dumps({"at": 1, "did": [{"rule": "long", "what": "waits"}]}))
    assert "long waits" in played.ctl("explain", of_until)[1]
    assert "long waits" not in played.ctl("explain", of_until, "--since", "7d")[1]
    assert played.ctl("explain", of_until, "--since", "soon")[0] == 64


def test_json(played):
    numbers = {row.name: number for number, row in enumerate(ROWS)}
    head, *lines = [json.loads(line) for line in
                    played.ctl("explain", f"c{numbers['waits']}", "--json")[1].splitlines()]
    assert head["customer"] == f"id:c{numbers['waits']}" and head["consent"]["yes"] is True
    assert [(journey["rule"], journey["waits"], journey["step"]) for journey in head["journeys"]] == [
        ("waits", "waits", "send letter")]
    assert [item["what"] for line in lines for item in line["did"]] == ["waits"]


def test_consent_of_many_lines(still):
    consent = "customer.accepts_marketing == true &&\n  customer.id != 'x'"
    other = still.daemon("other", policy={**CONFIG["policy"], "consent": consent})
    out = still.ctl("explain", "7", config=other.config)[1]
    assert "customer.accepts_marketing == true && customer.id != 'x' (" in out


def test_consent_beside_a_no_to_all(played):
    """What stands is told first, and what the policy alone would say behind it."""
    word = {"type": "customer.unsubscribed", "customer": {"id": "away", "accepts_marketing": True}}
    played.push(word)
    played.wait_idle()
    out = played.ctl("explain", "away")[1]
    assert "consent   no: they said no to all; by policy yes: customer.accepts_marketing == true (" in out
    told = json.loads(played.ctl("explain", "away", "--json")[1].splitlines()[0])["consent"]
    assert (told["yes"], told["declined"], told["stands"]) == (True, "all", False)


def test_equal_lines_are_one(played):
    for _ in range(5):
        played.push({"type": "segment.x", "id": f"view-{_}",
                     "customer": {"id": "viewer", "tier": "basic", "orders": 1}})
    played.wait_idle()
    out = played.ctl("explain", "viewer")[1]
    assert re.search(rf"^{TIME}  segment\.x ×5, until {TIME}$", out, re.M) and out.count("segment no-match") == 1


def test_nobody(played):
    """What is known of one of whom nothing else is."""
    played.ctl("suppress", "add", "gone@example.com")
    status, out, err = played.ctl("explain", "gone@example.com")
    assert (status, out) == (1, "") and "hint: the address is suppressed" in err
    played.push({"type": "customer.erased", "customer": {"id": "left"}})
    played.wait_idle()
    status, _, err = played.ctl("explain", "left")
    assert status == 1 and re.search(rf"^hint: they were erased at {TIME}$", err, re.M)


# ---- What takes a configuration or rules of its own ----

MEET = "again: restart\nsteps:\n- wait: {for: 1h, or: NAME.y}\n- send: letter\n- wait: 1d\n- send: letter\n"


def rule(name, **more):
    extra = "".join(f"{key}: {value}\n" for key, value in more.items())
    return f"name: {name}\nclass: transactional\non: {name}.x\n{extra}" + MEET.replace("NAME", name)


def test_a_zone_that_is_none(shop):
    """The shop's stands for it: for quiet hours, in conditions, and where it is told."""
    hour = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=14))).hour
    quiet = {"from": f"{(hour - 1) % 24:02d}:00", "to": f"{(hour + 3) % 24:02d}:00"}
    shop.config.update(shop={"name": "Tea", "locale": "en", "timezone": "+14:00"}, policy={"quiet_hours": quiet})
    shop.redis()
    smtp = shop.smtp()
    shop.rules("{name: today, class: transactional, on: x, if: is_today(now), send: letter}\n---\n"
               "{name: offer, on: x, send: letter}")
    shop.template("letter.text.liquid", "---\nsubject: letter\n---\nx\n")
    shop.daemon().spawn()
    shop.push({"type": "x", "customer": {"id": 7, "email": "ana@example.com", "accepts_marketing": True,
                                         "timezone": "europe/helsinky"}})
    smtp.next_mail()
    shop.wait_idle()
    out = shop.ctl("explain", "7")[1]
    assert re.search(r"^known +since .*, zone \+14:00: there is none called europe/helsinky$", out, re.M), out
    assert re.search(r"^    offer quiet-hours until \S+ \S+ \+14:00 \(.*; \+14:00\)$", out, re.M), out
    told = json.loads(shop.ctl("explain", "7", "--json")[1].splitlines()[0])
    assert (told["zone"], told["unknown_zone"]) == ("+14:00", "europe/helsinky")


def test_rules_that_changed(shop):
    """Journeys whose rule is gone, disabled, or has no longer the step."""
    shop.config.update(shop={"name": "Tea", "locale": "en", "timezone": "+02:00"})
    shop.redis()
    shop.smtp()
    shop.rules("---\n".join(rule(name) for name in ("gone", "off", "changed", "stays")))
    shop.template("letter.text.liquid", "---\nsubject: letter\n---\nx\n")
    shop.daemon().spawn()
    who = {"id": 7, "email": "ana@example.com"}
    shop.push(*({"type": f"{name}.x", "customer": who} for name in ("gone", "off", "changed", "stays")))
    shop.wait_idle()
    shop.rules("---\n".join([rule("off", enabled="false"), rule("stays"),
                             "name: changed\nclass: transactional\non: changed.x\n"
                             "again: restart\nsteps:\n- {id: first, wait: {for: 1h, or: changed.y}}\n"
                             "- {id: other, send: other}\n"]))
    shop.template("other.text.liquid", "---\nsubject: other\n---\nx\n")
    assert shop.ctl("reload")[0] == 0
    shop.push(*({"type": f"{name}.y", "customer": who} for name in ("gone", "off", "changed", "stays")))
    wait_until(lambda: shop.ctl("explain", "7")[1].count(" ended: ") == 3, "what is due by that")
    out = shop.ctl("explain", "7")[1]
    for says in ("gone ended: rule-removed", "off ended: disabled", "changed ended: rule-changed",
                 "stays sends: letter"):
        assert f"    {says}" in out, out
    assert re.search(rf"^runs +stays waits until {TIME}, then send letter; since {TIME}$", out, re.M)


def test_no_room(shop):
    """A send that waits for room, and what stands in the outbox."""
    shop.config.update(CONFIG, outbox={"most": 100}, deliver={}, policy={})
    shop.redis()
    shop.smtp()
    shop.rules("".join(f"---\nname: r{i}\ntopic: plain\non: x\nsend: letter\n" for i in range(3)))
    shop.template("letter.text.liquid", "---\nsubject: letter\n---\nx\n")
    shop.daemon().spawn()
    assert shop.ctl("gateway", "pause", "smtp")[0] == 0
    for number in [*range(100, 133), 7]:  # the last message of a hundred is the first of 7
        shop.push({"type": "x", "customer": {"id": number, "email": f"c{number}@example.com", "accepts_marketing": True,
                                             "timezone": "UTC"}})
    wait_until(lambda: "outbox-full" in shop.ctl("explain", "7")[1], "a send that waits")
    out = shop.ctl("explain", "7")[1]
    assert re.search(rf"^    r\d outbox-full until {TIME} \(template letter\)$", out, re.M), out
    assert re.search(rf"^runs +r\d outbox-full until {TIME}, then send letter; since {TIME}$", out, re.M)
    assert re.search(rf"^outbox +r\d queued {MID}$", out, re.M)


def test_bounds(shop):
    """What a customer's document has no room for."""
    shop.redis()
    shop.smtp()
    shop.rules("name: many\nclass: transactional\non: x\nagain: parallel\nwait: 1h\nsend: letter\n---\n"
               "name: large\non: y\nsteps:\n- set: {notes: text}\n")
    shop.template("letter.text.liquid", "---\nsubject: letter\n---\nx\n")
    shop.daemon().spawn()
    who = {"id": 7, "email": "ana@example.com"}
    shop.push(*({"type": "x", "id": f"x{i}", "customer": who} for i in range(65)))
    shop.push({"type": "y", "customer": who, "text": "x" * 9000},
              {"type": "z", "customer": {**who, "about": "x" * 17000}})
    shop.wait_idle()
    out = shop.ctl("explain", "7")[1]
    for says in ("many refused: too-many-journeys", "large refused: fields-too-large: notes",
                 "passed-over: profile-too-large"):
        assert f"    {says}" in out, out
