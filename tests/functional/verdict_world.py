"""One daemon for many rows of a table: whatever is done to one message, the others must not notice.

A row is sent through a channel; `World.seen` says what became of its message, in one word or two."""

import json

import certificates
from conftest import Shop, wait_until
from fault_server import FaultHttp, FaultSmtp, server_context
from messages import message

RULES = """
name: bounced
class: transactional
on: message.bounced
send: {template: note, via: notes, to: message.id}
---
name: failed
class: transactional
on: message.failed
send: {template: note, via: notes, to: message.id}
"""


class World:
    def __init__(self, folder):
        self.shop = Shop(folder)
        self.shop.redis()
        self.client = self.shop.client
        self.certs = certificates.make(folder / "tls")
        self.notes = self.shop.add(FaultHttp())
        self.gateways, self.channels, self.rules = {}, {}, [RULES]
        self.held = []  # sockets at which nobody listens
        self.gateways["notes"] = self.notes.gateway("/{{ rule }}/{{ to }}", body="note.json.liquid")
        self.channels["notes"] = "notes"
        self.shop.template("hello.text.liquid", "---\nsubject: hello {{ customer.id }}\n---\n"
                           "{% for i in (1..lines) %}a line to make it longer, number {{ i }}\n{% endfor %}")
        self.shop.template("note.text.liquid", "---\nsubject: x\n---\nx\n")
        self.shop.template("note.json.liquid", "{}")
        self.shop.template("api.json.liquid", '{"to": {{ message.to | json }}, "text": {{ message.text | json }}}')

    # ---- What is there ----

    def smtp(self, script=None, name="good", **more):
        """A server; `tls=True` where it has a certificate, of that `name`."""
        if more.pop("tls", False):
            more["tls"] = server_context(self.certs, name)
        return self.shop.add(FaultSmtp(script, **more))

    def http(self, script=None, name="good", **more):
        if more.pop("tls", False):
            more["tls"] = server_context(self.certs, name)
        return self.shop.add(FaultHttp(script, **more))

    def secret(self, name):
        """A file with the password s3cret."""
        path = self.shop.folder / name
        path.touch(0o600)
        path.write_text("s3cret\n")
        return str(path)

    def gateway(self, name, server, **keys):
        if isinstance(server, FaultHttp):
            keys.setdefault("body", "api.json.liquid")
        self.gateways[name] = server.gateway(**{"connections": 1, "connect_timeout": "2s", **keys})
        return name

    def channel(self, name, kind, *gateways):
        """And a rule for each policy: an event `NAME` resends, `NAME.held` holds."""
        self.channels[name] = {"kind": kind, "gateways": list(gateways)}
        for more, policy in (("", "resend"), (".held", "hold")):
            self.rules.append(f"{{name: {name}{more.replace('.', '-')}, class: transactional, on: {name}{more}, "
                              f"on_uncertain: {policy}, send: {{template: hello, via: {name}, to: customer.email}}}}")

    def start(self):
        self.shop.rules("\n---\n".join(self.rules))
        self.daemon = self.shop.daemon(gateways=self.gateways, channels=self.channels).spawn()
        return self

    def push(self, *events):
        self.shop.push(*events)

    def push_each(self, events):
        """One after the other: the next when something became of the last."""
        for event in events:
            who = event["customer"]["id"]
            before = len(self.trace(who))
            self.push(event)
            wait_until(lambda w=who, b=before: len(self.trace(w)) > b and self.trace(w)[0]["what"] != "sends",
                       lambda e=event, w=who: f"{e}: {self.trace(w)}\n{self.daemon.log()[-3000:]}")

    @staticmethod
    def event(channel, who, lines=1, **more):
        return {"type": channel, "id": who, "lines": lines, **more,
                "customer": {"id": who, "email": f"{who}@x.example"}}

    # ---- What became of it ----

    def messages(self, who):
        """(mid, record) of the customer's messages that are not ended."""
        found = []
        for key in self.client.scan_iter("nudged:message:*", count=1000):
            mid = key.decode().rpartition(":")[2]
            record = message(self.client, mid)
            if record.get("customer") == f"id:{who}":
                found.append((mid, record))
        return found

    def dead(self, who):
        return [letter for letter in self.shop.dead() if letter.get("customer") == f"id:{who}".encode()]

    def seen(self, who):
        """later N (charged attempts), later N bound, uncertain, dead REASON, sent BY; "" on its way."""
        for _, record in self.messages(who):
            bound = " bound" if record.get("bound") == "1" else ""
            return {"later": f"later {record.get('attempts', '0')}{bound}",
                    "uncertain": "uncertain"}.get(record["state"], "")
        for letter in self.dead(who):
            return f"dead {letter['reason'].decode()}"
        for item in self.trace(who):
            if item["what"] == "sent":
                return f"sent {item['gateway']}"
        return ""

    def trace(self, who):
        """Newest first."""
        return [item for line in self.client.lrange(f"nudged:trace:id:{who}", 0, -1)
                for item in json.loads(line)["did"]]

    def told(self, who):
        """Which events were made of its results: "bounced", "failed"."""
        mids = {item.get("mid") for item in self.trace(who)}
        paths = [request.path.strip("/").split("/") for request in list(self.notes.requests)]
        return [rule for rule, mid in paths if mid in mids]

    def breaker(self, gateway):
        [row] = [row for row in self.daemon.status()["gateways"] if row["name"] == gateway]
        return row["breaker"]

    def expect(self, who, wanted):
        def what():
            return f"{who} to be `{wanted}`, not `{self.seen(who)}`\n{self.trace(who)}\n{self.daemon.log()[-3000:]}"

        wait_until(lambda: self.seen(who) == wanted, what)

    def was_refused(self, who):
        """A message to the address was not made: it is suppressed."""
        return any(item.get("why") == "suppressed" for item in self.trace(who))

    def stop(self):
        self.shop.close()
        for held in self.held:
            held.close()
