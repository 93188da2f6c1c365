"""Every word of a trace (decide/trace_whats.h, trace_whys.h, trace_reasons.h) is the right one in some row: of the
language in test_explain.py, of delivery and of what goes wrong here, where each scene tells which words it shows."""

import json
import re

import pytest

import watchers
from conftest import SOURCE, wait_until
from fault_server import CLOSE, FaultHttp, answer
from test_explain import MID, ROWS
from test_feedback import complaint, dsn, feedback, mailing, paid, sent
from test_large_events import make_due
from test_waiting_messages import decide, without_template
from test_withdrawal import HoldingServer
from test_withdrawal import event as of_seven

TEXTS = """{name: text, class: transactional, on: text, on_uncertain: hold, send: {template: text, via: sms, to: dest}}
---
{name: twice, class: transactional, on: twice, send: {template: text, via: sms, to: dest}}
"""
CART = "{name: cart, on: cart.updated, until: order.placed, on_uncertain: hold, send: cart}"


def words(name):
    return re.findall(r'X\(\w+,\s+"([^"]+)"', (SOURCE / f"daemon/decide/trace_{name}.h").read_text())[1:]


SHOWN = []


def told(shop, customers):
    return "\n".join(shop.ctl("explain", customer)[1] for customer in customers)


def shows(shop, customers, *patterns):
    """Waits until `explain` of the customer, or of one of several, has a line of each."""
    SHOWN.extend(patterns)
    customers = [customers] if isinstance(customers, str) else customers

    def missing():
        out = told(shop, customers)
        return [pattern for pattern in patterns if not re.search(f"^    {pattern}$", out, re.M)]
    wait_until(lambda: not missing(), lambda: f"{missing()} in\n{told(shop, customers)}")


def hurry(shop):
    """What waits for its next try is due."""
    wait_until(lambda: shop.client.zcard("nudged:later"), "a message that waits")
    shop.client.zadd("nudged:later", {mid: 1 for mid in shop.client.zrange("nudged:later", 0, -1)})


# ---- Delivery ----


def api(shop, **gateway):
    """An API that answers as the message's text wishes; what comes after the first try it takes."""
    tried = set()

    def say(step):
        wish = json.loads(step.request.body)["text"].strip()
        if wish in tried:
            return answer(200)
        tried.add(wish)
        return CLOSE if wish == "lose" else answer(int(wish), {"why": "so it is"})
    shop.redis()
    shop.rules(TEXTS)
    shop.template("text.text.liquid", "{{ event.data.wish }}\n")
    shop.template("api.json.liquid", '{"text": {{ message.text | json }}}')
    shop.api = shop.add(FaultHttp({"answer": say}))
    shop.config["gateways"] = {"api": shop.api.gateway(body="api.json.liquid", **gateway, answers={
        "bounced": "answer.status == 410", "retry": "answer.status == 503", "gateway": "answer.status == 500",
        "unavailable": "answer.status == 502", "refused": "answer.status == 422", "words": "answer.body.why"})}
    shop.config["channels"] = {"sms": "api"}
    shop.one = shop.daemon().spawn()


def text(number, wish, kind="text"):
    return {"type": kind, "id": f"t{number}", "wish": str(wish), "dest": f"+4072100{number:04}",
            "customer": {"id": number, "phone": f"+4072100{number:04}"}}


def scene_answers(shop):
    api(shop)
    shop.push(text(1, 200), text(2, 503), text(3, 410), text(4, 422))
    shows(shop, "1", rf"text sent by api: .*{MID}")
    shows(shop, "2", rf"text retry by api: HTTP 503 so it is.* {MID}")
    hurry(shop)
    shows(shop, "2", rf"text sent by api: .*{MID}")
    shows(shop, "3", rf"text bounced, bounced by api: HTTP 410 so it is.* {MID}")
    shows(shop, "4", rf"text dead, refused by api: HTTP 422 so it is.* {MID}")


def scene_gateway(shop):
    api(shop)
    shop.push(text(1, 502))
    shows(shop, "1", rf"text unavailable by api: HTTP 502 so it is.* {MID}")
    hurry(shop)
    shop.wait_idle()
    shop.push(text(2, 500))
    shows(shop, "2", rf"text gateway-fault by api: HTTP 500 so it is.* {MID}")


def scene_uncertain(shop):
    api(shop)
    shop.push(text(1, "lose"))
    shows(shop, "1", rf"text uncertain by api: .* {MID}")
    assert shop.ctl("uncertain", "retry", "--all")[0] == 0
    shows(shop, "1", rf"text resent: by hand {MID}", rf"text sent by api: .*{MID}")


def scene_dropped(shop):
    api(shop)
    shop.push(text(1, "lose"))
    shows(shop, "1", rf"text uncertain by api: .* {MID}")
    assert shop.ctl("uncertain", "drop", "--all")[0] == 0
    shows(shop, "1", rf"text dropped: by hand {MID}")


def scene_requeued(shop):
    api(shop)
    shop.push(text(1, 422))
    shows(shop, "1", rf"text dead, refused by api: .* {MID}")
    assert shop.ctl("dead", "retry", "--all")[0] == 0
    shows(shop, "1", rf"text requeued.*{MID}", rf"text sent by api: .*{MID}")


def scene_feedback(shop):
    mailing(shop)
    sender, _ = sent(shop, 1)
    feedback(shop, dsn(sender, status="4.4.1", action="delayed", said="x-postfix; connection timed out"))
    feedback(shop, dsn(sender))
    sender, _ = sent(shop, 2)
    feedback(shop, complaint(sender))
    shows(shop, "1", rf"receipt delayed: .* {MID}", rf"receipt returned, bounced: .* {MID}")
    shows(shop, "2", rf"receipt complained: .* {MID}")


def scene_suppressed(shop):
    mailing(shop)
    sent(shop, 1)
    assert shop.ctl("suppress", "add", "c1@example.com")[0] == 0
    assert shop.ctl("suppress", "rm", "c1@example.com")[0] == 0
    shows(shop, "1", "suppressed.*", "unsuppressed.*")


# ---- What cannot be made, or goes nowhere ----

LONG = "{% for i in (1..7000) %}0123456789{% endfor %}"
UNMADE = {**{code: f"---\nlayout: none\nsubject: {head}\n---\n{body}" for code, head, body in (
    ("liquid-render", "Hi", "<p>{{ 5 | divided_by: event.data.zero }}"),
    ("liquid-limit", "Hi", "{% for i in (1..2000000) %}{% assign x = i %}{% endfor %}"),
    ("html-text", "Hi", "{% for i in (1..50000) %}<blockquote>{% endfor %}"),
    ("bad-address", "Hi\nreply_to: '{{ event.data.nobody }}'", "<p>"))}, "too-large": LONG}


def scene_unmade(shop):
    shop.redis()
    shop.smtp()
    shop.config["gateways"]["texts"] = {"kind": "maildir", "path": "texts"}
    shop.config["channels"] = {"email": "smtp", "sms": "texts"}
    shop.rules("---\n".join(f"name: {code}\nclass: transactional\non: {code}\n"
                            f"send: {{template: {code}, via: {'sms' if code == 'too-large' else 'email'}}}\n"
                            for code in UNMADE))
    for code, template in UNMADE.items():
        shop.template(f"{code}.text.liquid" if code == "too-large" else f"{code}.html.liquid", template)
    shop.daemon().spawn()
    shop.push(*[{**of(code, code), "customer": {"id": code, "email": "c@example.com", "phone": "+40721000001"},
                 "zero": 0, "nobody": "nobody"} for code in UNMADE])
    for code in UNMADE:
        shows(shop, code, rf"{code} dead, {code} by (smtp|texts): .* {MID}")


def scene_attached(shop):
    """The body of its gateway's requests has no place for it."""
    shop.redis()
    shop.config["gateways"] = {"api": {"kind": "http", "url": "http://127.0.0.1:1/"}}
    shop.config["channels"] = {"email": "api"}
    shop.template("api.json.liquid", "{}")
    shop.template("terms.pdf", "%PDF")
    shop.template("terms.html.liquid", "---\nsubject: x\nlayout: none\nattachments: [{file: terms.pdf}]\n---\n<p>")
    shop.rules("{name: terms, class: transactional, on: x, send: terms}")
    shop.daemon().spawn()
    shop.push(of(1))
    shows(shop, "1", rf"terms dead, lost-attachments by api: .* {MID}")


def scene_no_template(shop):
    decide(shop, 1)
    [key] = shop.client.keys("nudged:message:*")
    shop.client.hset(key, "give_up", int(shop.client.time()[0] * 1000) + 3000)
    without_template(shop)
    shows(shop, "0", rf"hello dead, no-template by smtp: there is no template `hello` {MID}")


def scene_time_is_over(shop):
    """Of what waits in the outbox; one was bound to a gateway, one is of a channel that nobody has any more, of one
    somebody has deleted fields, of one what it says."""
    shop.redis()
    shop.smtp()
    shop.config["gateways"]["texts"] = {"kind": "http", "url": "http://127.0.0.1:1/"}
    shop.config["channels"] = {"email": "smtp", "sms": "texts"}
    shop.template("texts.json.liquid", "{}")
    shop.template("letter.text.liquid", "---\nsubject: letter\n---\nx\n")
    shop.rules(f"name: mail\n{RULE}send: letter\n---\nname: text\n{RULE.replace('x', 'y', 1)}"
               "send: {template: letter, via: sms}\n")
    shop.client.hset("nudged:paused", mapping={"smtp": "{}", "texts": "{}"})
    one = shop.daemon().spawn()
    shop.push(of("late"), of("bound"), of("spoilt"), of("empty"),
              {**of("text", "y"), "customer": {"id": "text", "phone": "+4072"}})
    wait_until(lambda: len(shop.client.keys("nudged:body:*")) == 5, "all to wait")
    assert one.stop() == 0
    keys = {shop.client.hget(key, "customer").decode(): key for key in shop.client.scan_iter("nudged:message:*")}
    for who in ("late", "bound", "text"):
        shop.client.hset(keys[f"id:{who}"], "give_up", 1)
    shop.client.hset(keys["id:bound"], mapping={"bound": 1, "gateway": "gone"})
    shop.client.hdel(keys["id:spoilt"], "give_up")
    shop.client.set(keys["id:empty"].replace(b":message:", b":body:"), "{}")
    shop.client.delete("nudged:paused")
    shop.daemon("two", channels={"email": "smtp"}).spawn()
    shows(shop, "late", rf"mail dead, gave-up.* {MID}")
    shows(shop, "bound", rf"mail dead, no-gateway.*: it may have arrived through `gone`.* {MID}")
    shows(shop, "spoilt", rf"mail dead, not-whole: what Redis had of it lacked fields {MID}")
    shows(shop, "empty", rf"dead, bad-message by smtp: .* {MID}")
    shows(shop, "text", rf"text dead, no-channel: .* {MID}")


def scene_dead_by_hand(shop):
    api(shop)
    shop.push(text(1, 503))
    shows(shop, "1", rf"text retry by api: .* {MID}")
    assert shop.ctl("outbox", "drop", "--all")[0] == 0
    shows(shop, "1", rf"text dropped: by hand {MID}")


# ---- While a sender has it ----


def holding(shop, stage="DOT", answer="250 taken", rules=CART):
    """The message is at the gateway, which holds it."""
    shop.redis()
    shop.rules(rules)
    shop.server = shop.add(HoldingServer())
    shop.server.stage, shop.server.answer = stage, answer
    shop.config["gateways"] = {"relay": {"kind": "smtp", "host": "127.0.0.1", "port": shop.server.port, "tls": "never"}}
    shop.config["mail"]["unsubscribe_mailto"] = "out@shop.example"
    shop.template("cart.text.liquid", "---\nsubject: Your cart\n---\n{{ unsubscribe_url }}\n")
    shop.one = shop.daemon(drain="1s").spawn()
    shop.push(of_seven("cart.updated", id="c1"))
    shop.server.wait()


def scene_marked(shop):
    holding(shop, answer="451 4.7.1 later")
    shop.push(of_seven("order.placed", id="o1"))
    shows(shop, "7", rf"cart marked: until {MID}")
    shop.server.gate.set()
    shows(shop, "7", rf"cart withdrawn: until {MID}")


def scene_too_late(shop):
    holding(shop)
    shop.push(of_seven("order.placed", id="o1"))
    shows(shop, "7", rf"cart marked: until {MID}")
    shop.server.gate.set()
    shows(shop, "7", rf"cart too-late: until {MID}")


def scene_may_have_arrived(shop):
    holding(shop, answer=None)
    shop.push(of_seven("customer.unsubscribed"))
    shows(shop, "7", rf"cart marked: unsubscribed {MID}")
    shop.server.gate.set()
    shows(shop, "7", rf"cart withdrawn, may have arrived: unsubscribed {MID}")


def scene_cut(shop):
    holding(shop, stage="RCPT", answer=None)
    assert shop.one.stop() == 0
    shows(shop, "7", rf"cart cut.* {MID}")


def scene_killed(shop):
    holding(shop, answer=None)
    shop.one.kill()
    shop.server.gate.set()
    shop.daemon("one").spawn()
    shows(shop, "7", rf"cart uncertain: its daemon ended: hold {MID}")


def scene_redis_lost(shop):
    holding(shop, answer="250 taken")
    kept = shop.started[0].keep()
    shop.server.gate.set()
    shows(shop, "7", rf"cart sent by relay: 250 taken {MID}")
    shop.client = shop.started[0].lose(kept).client
    shows(shop, "7", rf"cart uncertain: Redis lost it: hold {MID}")


def scene_dropped_in_hand(shop):
    holding(shop, answer="451 4.7.1 later")
    assert "a sender has it: it ends unless that delivers it" in shop.ctl("outbox", "drop", "--all")[2]
    shop.server.gate.set()
    shows(shop, "7", rf"cart marked: by hand {MID}", rf"cart withdrawn: dropped {MID}")


# ---- What is watched ----


def scene_watched(shop):
    shop.redis()
    shop.smtp()
    watchers.settings(shop)
    shop.daemon().spawn()
    shop.push(watchers.watch(1), watchers.watch(2), watchers.watch(2, what="removed"))
    shop.wait_idle()
    shop.push(watchers.restocked())
    shows(shop, "1", "watches: POT", "told-of: POT")
    shows(shop, "2", "watches-no-more: POT")
    shop.push(*[watchers.watch(3, f"P{n}") for n in range(101)])
    shows(shop, "3", "watches: P100", "watch-dropped: P0")


# ---- What a customer's document has no room for, or has lost ----

RULE = "class: transactional\non: x\nagain: parallel\n"


def document_shop(shop, rules, **config):
    shop.redis()
    shop.smtp()
    shop.rules(rules)
    shop.template("letter.text.liquid", "---\nsubject: letter\n---\nx\n")
    shop.one = shop.daemon(**config).spawn()


def of(number, kind="x", **more):
    return {"type": kind, "customer": {"id": number, "email": f"c{number}@example.com"}, **more}


def scene_too_large(shop):
    long = " && ".join(f"order.field_{number} == {number}" for number in range(100))
    document_shop(shop, f"name: large\n{RULE}until: {{on: y, if: {long}}}\nwait: 1h\nsend: letter\n")
    shop.push(*[of(1, id=f"x{number}") for number in range(60)])
    shows(shop, "1", r"large refused: too-large")


def scene_start_lost(shop):
    document_shop(shop, f"name: late\n{RULE}wait: 1h\nsend: {{template: letter, data: {{n: start.n}}}}\n")
    shop.push(of(7, n=1))
    shop.wait_idle()
    shop.client.delete("nudged:starts:id:7")
    make_due(shop, "late")
    shows(shop, "7", r"late ended: start-lost")


def scene_branch(shop):
    """Its condition is asked again behind a wait that was imposed."""
    document_shop(shop, "name: deep\nclass: transactional\non: x\nagain: restart\nsteps:\n"
                  "- if: customer.level > 1\n  then:\n  - wait: {for: 1h, or: y}\n  - send: letter\n")
    shop.push({"type": "x", "customer": {**of(1)["customer"], "level": 2}})
    shop.wait_idle()
    assert shop.ctl("rule", "pause", "deep")[0] == 0
    shop.push({"type": "y", "customer": {"id": 1, "level": 1}})
    shows(shop, "1", r"deep paused: by hand .*")
    assert shop.ctl("rule", "resume", "deep")[0] == 0
    shows(shop, "1", r"deep passed-over: branch: customer\.level > 1 \(customer\.level: 1\)")


def scene_joined(shop):
    document_shop(shop, "name: late\nclass: transactional\non: x\nagain: restart\nwait: 1h\nsend: letter\n",
                  customer={"fields": {"points": {"default": 0, "on": "x", "set": "points + n"}}})
    shop.push({**of(1), "n": 1, "customer": {"id": 1}}, {**of(1), "n": 2, "customer": {"email": "c1@example.com"}})
    shop.wait_idle()
    shop.push(of(1, "seen"))
    shows(shop, "1", r"joined: email:c1@example\.com", r"late ended: joined.*", r"passed-over: field-joined.*")


def scene_other_reasons(shop):
    document_shop(shop, "---\n".join(f"name: r{n}\nclass: transactional\non: x\nif: order.f{n} == 1\nsend: letter\n"
                                     for n in range(40)))
    shop.push(of(1, order={}))
    shows(shop, "1", r".*no-match: other reasons.*")


def scene_suspected(shop):
    mailing(shop, {"rcpt": "550 5.7.1 denied"})
    shop.push(*[paid(number) for number in range(1, 9)])
    # Of who is refused before the gateway is to blame.
    shows(shop, [str(number) for number in range(1, 9)], rf"receipt requeued: gateway suspected {MID}")


# Of who was erased no line is kept.
UNTOLD = {"erasure"}
# Words that a test of another file shows; what an ordinary document has no room for, of a decision alone; what the
# checks of a configuration and of templates leave no way to, of the header.
ELSEWHERE = {
    "timer given up": "test_faults.py", "rule-removed": "test_explain.py", "rule-changed": "test_explain.py",
    "outbox-full": "test_explain.py", "too-many-journeys": "test_explain.py", "fields-too-large": "test_explain.py",
    "profile-too-large": "test_explain.py", "too-many-messages": "../unit/test_withdrawal.c",
    "bad-header": "../unit/test_mime.c",
}
SCENES = {
    scene_too_large: {"too-large"}, scene_start_lost: {"start-lost"},
    scene_branch: {"branch"}, scene_joined: {"joined", "field-joined"},
    scene_other_reasons: {"other reasons"}, scene_suspected: {"gateway suspected"},
    scene_answers: {"sent", "retry", "bounced", "dead"}, scene_gateway: {"unavailable", "gateway-fault"},
    scene_uncertain: {"uncertain", "resent", "by hand"}, scene_dropped: {"dropped"}, scene_requeued: {"requeued"},
    scene_feedback: {"returned", "delayed", "complained"}, scene_suppressed: {"suppressed", "unsuppressed"},
    scene_marked: {"marked", "withdrawn"}, scene_too_late: {"too-late"},
    scene_may_have_arrived: {"withdrawn, may have arrived", "unsubscribed"}, scene_cut: {"cut"},
    scene_killed: {"its daemon ended"}, scene_redis_lost: {"Redis lost it"}, scene_dropped_in_hand: {"dropped"},
    scene_watched: {"watches", "told-of", "watches-no-more", "watch-dropped"},
    scene_unmade: set(UNMADE), scene_attached: {"lost-attachments"}, scene_no_template: {"no-template"},
    scene_time_is_over: {"gave-up", "no-gateway", "not-whole", "no-channel", "bad-message"},
    scene_dead_by_hand: {"dropped"},
}


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__.removeprefix("scene_"))
def test_scene(shop, scene):
    SHOWN.clear()
    scene(shop)
    assert not [word for word in SCENES[scene] if not any(word in pattern for pattern in SHOWN)]


def of_rows():
    """The words of test_explain.py's table: behind a rule's name, or alone, and why."""
    told = set()
    for row in ROWS:
        for says in row.says:
            what, _, why = says.replace("\\", "").strip().removeprefix(f"{row.name} ").partition(": ")
            told |= {what.split(" ")[0], *re.split(r":| \(", why)[:1]}
            told |= {"if"} if what == "no-match" else set()  # the part that is false stands in its place
    return told


@pytest.mark.parametrize("name", ["whats", "whys", "reasons"])
def test_every_word_has_a_row(name):
    folder = SOURCE / "tests/functional"
    assert not [word for word, file in ELSEWHERE.items() if word not in (folder / file).read_text()]
    told = of_rows() | set().union(*SCENES.values()) | set(ELSEWHERE) | UNTOLD
    assert not [word for word in words(name) if word not in told]
