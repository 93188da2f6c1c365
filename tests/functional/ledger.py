"""What a long test with faults keeps: which messages were asked for, and which copies arrived where.

A shop with an SMTP and an HTTP gateway, rules that resend and rules that hold, and a channel whose first
gateway is out of order. Each event becomes one message, which carries the event's mark."""

import collections
import json

from conftest import wait_until
from fault_server import FaultHttp, FaultSmtp

# Type of event → whether its message may be sent again when nobody knows.
KINDS = {"mail": True, "mail-held": False, "text": True, "text-held": False, "passed": True, "passed-held": False,
         "late": True}
RULE = "{{name: {name}, class: transactional, on: {name}, on_uncertain: {policy}, {more}send: {{template: mark, via: {via}{to}}}}}"


def rules():
    found = []
    for name, again in KINDS.items():
        via = {"text": "texts", "passed": "spare"}.get(name.removesuffix("-held"), "email")
        found.append(RULE.format(name=name, policy="resend" if again else "hold", via=via,
                                 more="again: ignore, wait: 100ms, " if name == "late" else "",
                                 to=", to: customer.phone" if via == "texts" else ""))
    return "\n---\n".join(found)


class Ledger:
    def __init__(self, shop, smtp_port=None):
        self.shop, self.wanted, self.number = shop, {}, 0
        self.mails, self.texts = shop.add(FaultSmtp()), shop.add(FaultHttp())
        self.down = shop.add(FaultSmtp({"banner": "421 4.3.2 out of order"}))
        shop.rules(rules())
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

    def push(self, count, kinds=tuple(KINDS)):
        events = []
        for _ in range(count):
            kind, mark = kinds[self.number % len(kinds)], f"m{self.number}"
            self.wanted[mark] = kind
            events.append({"type": kind, "id": mark, "mark": mark, "customer": {
                "id": mark, "email": f"{mark}@example.com", "phone": f"+358{self.number:09}"}})
            self.number += 1
        self.shop.push(*events)

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
        keys = list(client.scan_iter("nudged:message:*", count=1000))
        states = [client.hmget(key, "state", "mark") for key in keys]
        return [key for key, (state, _) in zip(keys, states) if state not in (b"uncertain", None)]

    def story(self):
        """Of the first that waits, for a failure's text."""
        for key in self.waiting():
            record = self.shop.client.hgetall(key)
            return record, self.shop.trace(record.get(b"customer", b"").decode())
        return self.shop.client.keys("nudged:*")[:50]

    def was_uncertain(self, mark):
        """A second copy of it may be: an answer was lost, or its daemon ended with it in hand."""
        lines = self.shop.client.lrange(f"nudged:trace:id:{mark}", 0, -1)
        return any(item["what"].startswith("uncertain") for line in lines for item in json.loads(line)["did"])

    def figures(self):
        """Checks what must hold; the figures of it."""
        copies, held, poison = self.copies(), self.held(), self.poison()
        lost = [mark for mark in self.wanted if not copies[mark] and mark not in held | poison]
        twice = [mark for mark, count in copies.items() if count > 1]
        assert not set(copies) - set(self.wanted), "nobody asked for some that arrived"
        assert not lost, f"{len(lost)} lost: {[(m, self.wanted[m], self.shop.trace(f'id:{m}')) for m in lost[:5]]}, {self.shop.dead()}"
        wrong = [mark for mark in twice if not KINDS[self.wanted[mark]]]
        assert not wrong, f"{len(wrong)} twice under hold: {wrong[:5]}"
        strange = [mark for mark in twice if not self.was_uncertain(mark)]
        assert not strange, f"{len(strange)} twice, and never uncertain: {[(m, self.shop.trace(f'id:{m}')) for m in strange[:3]]}"
        letters = [letter for letter in self.shop.dead() if letter["reason"] != b"poison"]
        assert not letters, f"{len(letters)} dead letters: {letters[:2]}"
        return {"messages": len(self.wanted), "lost": len(lost), "second copies": sum(copies[m] - 1 for m in twice),
                "second copies under hold": len(wrong), "held": len(held), "poison": len(poison)}
