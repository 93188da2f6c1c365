"""What a long test with faults keeps: which messages were asked for, and which copies arrived where.

A shop with an SMTP and an HTTP gateway, rules that resend and rules that hold, and a channel whose first
gateway is out of order. Each event becomes one message, which carries the event's mark.

With `journeys` some become one by a journey: that waits for an answer, and gives a code; that a later event
ends, and nothing goes out; of which a share is held out; and by a clock that ticks once."""

import collections
import datetime
import json

from conftest import wait_until
from journey_moves import share_place
from fault_server import FaultHttp, FaultSmtp
from messages import message

# Type of event → whether its message may be sent again when nobody knows.
KINDS = {"mail": True, "mail-held": False, "text": True, "text-held": False, "passed": True, "passed-held": False,
         "late": True}
# By journeys: of `over` none goes out, of `drawn` to those who are not held out.
JOURNEYS = {"asked": True, "over": True, "drawn": True}
JOURNEY_RULES = """
---
name: asked
class: transactional
on: asked
again: ignore
on_uncertain: resend
steps:
- set: {answers: "0"}
- wait: {for: 20s, or: {on: answered, if: event.data.mark == start.mark}}
- set: {answers: customer.answers + 1}
- send: {template: coded, code: gifts, data: {mark: start.mark}}
---
name: over
class: transactional
on: over
again: ignore
until: {on: ended, if: event.data.mark == start.mark}
on_uncertain: resend
wait: 20s
send: {template: mark, data: {mark: start.mark}}
---
name: drawn
on: drawn
again: ignore
holdout: 50
on_uncertain: resend
steps:
- split: {name: halves, shares: {a: 50, b: 50}}
  then: {a: [{send: {template: mark, data: {half: "1"}}}], b: [{wait: 100ms}, {send: mark}]}
"""
CLOCK_RULE = """
---
name: clocked
class: transactional
on: {{once: {at}, spread: 10s}}
if: has(customer.clocked)
on_uncertain: resend
send: {{template: mark, data: {{mark: customer.clocked}}}}
"""
RULE = "{{name: {name}, class: transactional, on: {name}, on_uncertain: {policy}, {more}" \
       "send: {{template: mark, via: {via}{to}}}}}"


def next_minute(seconds):
    """The first whole minute that is at least so many seconds away."""
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds + 60)
    return at.replace(second=0, microsecond=0)


def rules():
    found = []
    for name, again in KINDS.items():
        via = {"text": "texts", "passed": "spare"}.get(name.removesuffix("-held"), "email")
        found.append(RULE.format(name=name, policy="resend" if again else "hold", via=via,
                                 more="again: ignore, wait: 100ms, " if name == "late" else "",
                                 to=", to: customer.phone" if via == "texts" else ""))
    return "\n---\n".join(found)


class Ledger:
    def __init__(self, shop, journeys=False, tick=None):
        """`tick`: when the clock ticks, a whole minute by UTC; it needs `journeys`."""
        self.shop, self.wanted, self.number, self.tick = shop, {}, 0, tick
        self.kinds = {**KINDS, **(JOURNEYS if journeys else {})}
        self.mails, self.texts = shop.add(FaultSmtp()), shop.add(FaultHttp())
        self.down = shop.add(FaultSmtp({"banner": "421 4.3.2 out of order"}))
        shop.rules(rules() + (JOURNEY_RULES if journeys else "")
                   + (CLOCK_RULE.format(at=f"{tick:%Y-%m-%dT%H:%M}") if tick else ""))
        if journeys:
            shop.config["policy"] = {"consent": "true"}
            shop.template("coded.text.liquid", "---\nsubject: '{{ mark }}'\n---\ncode {{ given.code }}\n")
        shop.template("mark.text.liquid", "---\nsubject: '{{ mark }}'\n---\nhello\n")
        shop.template("texts.json.liquid", '{"mark": {{ event.data.mark | default: message.subject | json }}}')

    def gateways(self, mails=None, texts=None, **keys):
        """Configures them; `mails`, `texts`: ports of proxies before the servers."""
        quick = {"connections": 4, "command_timeout": "2s", "answer_timeout": "2s", "connect_timeout": "2s", **keys}
        texts_keys = {key: value for key, value in quick.items() if key != "command_timeout"}
        self.shop.config["gateways"] = {
            "mails": {**self.mails.gateway(**quick), "port": mails or self.mails.port},
            "texts": self.texts.gateway(**texts_keys), "down": self.down.gateway(connections=1)}
        if texts:
            self.shop.config["gateways"]["texts"]["url"] = f"http://127.0.0.1:{texts}/send"
        self.shop.config["channels"] = {
            "email": "mails", "texts": {"kind": "text", "gateways": "texts"},
            "spare": {"kind": "mail", "gateways": ["down", "mails"]}}

    def push(self, count, kinds=None):
        events, kinds = [], kinds or tuple(self.kinds)
        for _ in range(count):
            kind, mark = kinds[self.number % len(kinds)], f"m{self.number}"
            event = {"type": kind, "id": mark, "mark": mark, "customer": {
                "id": mark, "email": f"{mark}@example.com", "phone": f"+358{self.number:09}"}}
            events.append(event)
            self.number += 1
            if self.expects(kind, mark):
                self.wanted[mark] = kind
            if kind in ("asked", "over"):
                events.append({**event, "type": {"asked": "answered", "over": "ended"}[kind], "id": f"{mark}-2"})
        if JOURNEYS.keys() & set(kinds):
            self.shop.client.rpush("nudged:codes:gifts", *[f"code-{event['id']}" for event in events])
        self.shop.push(*events, *self.clocked(count))

    def expects(self, kind, mark):
        return kind != "over" and (kind != "drawn" or share_place("holdout", "drawn", f"id:{mark}") >= 5000)

    def clocked(self, count):
        """Who is known before the tick; a while before it none come any more."""
        if not self.tick or self.tick.timestamp() - self.shop.client.time()[0] < 5:
            return []
        marks = [f"c{self.number}-{number}" for number in range(max(1, count // 10))]
        self.wanted.update({mark: "clocked" for mark in marks})
        return [{"type": "known", "id": mark, "customer": {"id": mark, "email": f"{mark}@example.com", "clocked": mark}}
                for mark in marks]

    def wait_tick(self):
        """All whose turn it is were asked."""
        def asked():
            row = (self.shop.client.hget("nudged:swept", "clocked shop") or b"- 0 0 -").decode().split()
            return int(row[2]) == 10**9 and not self.shop.client.zcard("nudged:ticks")
        wait_until(asked, lambda: f"the tick: {self.shop.client.hgetall('nudged:swept')}", 180)

    def copies(self):
        """mark → how many arrived whole."""
        marks = [str(mail.parsed["Subject"]) for mail in self.mails.mails + self.down.mails]
        marks += [request.json["mark"] for request in list(self.texts.requests)]
        return collections.Counter(marks)

    def held(self):
        """The marks of those that are held."""
        client, found = self.shop.client, set()
        for mid in client.zrange("nudged:uncertain", 0, -1):
            found.add(client.hget(b"nudged:message:" + mid, "customer").decode().removeprefix("id:"))
        return found

    def poison(self):
        """The marks of events at which five daemons in a row ended."""
        bodies = [json.loads(letter["body"]) for letter in self.shop.dead() if letter["reason"] == b"poison"]
        return {body["mark"] for body in bodies if "mark" in body}

    def hurry(self):
        """What waits for a retry is due."""
        due = self.shop.client.zrange("nudged:later", 0, -1)
        held = {mid for mid in due if self.shop.client.hget(b"nudged:message:" + mid, "state") != b"later"}
        if set(due) - held:
            self.shop.client.zadd("nudged:later", {mid: 1 for mid in due if mid not in held}, xx=True)

    def wait(self, patience=60):
        """Until nothing is left but what is held. Where a daemon ended, some may be bound to the gateway that
        was out of order: it works now."""
        self.down.well()
        def ended():
            self.hurry()
            left = self.shop.client.zcard("nudged:due") + self.shop.client.zcard("nudged:later")
            return self.shop.idle() and not left and not self.waiting()
        wait_until(ended, lambda: f"all to end: {self.story()}", patience)

    def waiting(self):
        """Messages that are neither ended nor held."""
        client = self.shop.client
        mids = [key.removeprefix(b"nudged:message:") for key in client.scan_iter("nudged:message:*", count=1000)]
        return [mid for mid in mids if message(client, mid).get("state", "uncertain") != "uncertain"]

    def story(self):
        """Of the first that waits, for a failure's text."""
        for mid in self.waiting():
            record = message(self.shop.client, mid)
            return record, self.shop.trace(record.get("customer", ""))
        return self.shop.client.keys("nudged:*")[:50]

    def was_uncertain(self, mark):
        """A second copy of it may be: an answer was lost, or its daemon ended with it in hand."""
        lines = self.shop.client.lrange(f"nudged:trace:id:{mark}", 0, -1)
        return any(item["what"].startswith("uncertain") for line in lines for item in json.loads(line)["did"])

    def check_codes(self):
        """A mark has one code, a code is of one mark."""
        given = collections.defaultdict(set)
        for mail in self.mails.mails + self.down.mails:
            body = mail.parsed.get_content()
            if body.startswith("code "):
                given[body.split()[1]].add(str(mail.parsed["Subject"]))
        marks = [mark for marks in given.values() for mark in marks]
        assert len(marks) == len(given) == len(set(marks)), "a code twice, or two for one"

    def figures(self):
        """Checks what must hold; the figures of it."""
        copies, held, poison = self.copies(), self.held(), self.poison()
        lost = [mark for mark in self.wanted if not copies[mark] and mark not in held | poison]
        twice = [mark for mark, count in copies.items() if count > 1]
        strangers = set(copies) - set(self.wanted) - poison  # where its end was poison it is not ended
        assert not strangers, f"nobody asked for some that arrived: {sorted(strangers)[:5]}"
        self.check_codes()
        some = [(m, self.wanted[m], self.shop.trace(f"id:{m}")) for m in lost[:5]]
        assert not lost, f"{len(lost)} lost: {some}, {self.shop.dead()}"
        wrong = [mark for mark in twice if not {**self.kinds, "clocked": True}[self.wanted[mark]]]
        assert not wrong, f"{len(wrong)} twice under hold: {wrong[:5]}"
        strange = [mark for mark in twice if not self.was_uncertain(mark)]
        some = [(m, self.shop.trace(f"id:{m}")) for m in strange[:3]]
        assert not strange, f"{len(strange)} twice, and never uncertain: {some}"
        letters = [letter for letter in self.shop.dead() if letter["reason"] != b"poison"]
        assert not letters, f"{len(letters)} dead letters: {letters[:2]}"
        return {"messages": len(self.wanted), "lost": len(lost), "second copies": sum(copies[m] - 1 for m in twice),
                "second copies under hold": len(wrong), "held": len(held), "poison": len(poison)}
