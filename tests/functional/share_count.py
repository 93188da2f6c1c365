"""Shares of many customers: as large as the rule says, and whose they are stays so over restarts and
edits of the rules."""

import json

from conftest import wait_until

SPLIT = {"a": 50, "b": 30, "c": 20}
HELD = 10
RULES = """
name: split
class: transactional
on: {on}
steps:
{before}  - split: {{name: colours, shares: {{a: 50, b: 30, c: 20}}}}
    then:
      a: [{{set: {{{field}: '"a"'}}}}]
      b: [{{set: {{{field}: '"b"'}}}}]
      c: [{{set: {{{field}: '"c"'}}}}]
---
name: held
on: {on}
holdout: {held}
send: {{template: {template}}}
"""
LETTER = "---\nsubject: x\n---\nx\n"
AT_ONCE = 2000


class Count:
    def __init__(self, shop, customers):
        self.shop, self.customers, self.client = shop, customers, shop.redis().client
        shop.smtp()
        shop.config["policy"] = {"consent": "true"}
        shop.config["outbox"] = {"most": 1000000}
        for name in ("one", "two"):
            shop.template(f"{name}.text.liquid", LETTER)
        self.daemons = [shop.daemon(f"d{number}") for number in range(2)]

    def decide(self, on, **rules):
        """One event for each customer under these rules; then all daemons are ended."""
        self.shop.rules(RULES.format(on=on, held=HELD, **rules))
        for daemon in self.daemons:
            daemon.spawn()
        assert self.shop.ctl("gateway", "pause", "smtp")[0] == 0  # what is decided is what counts
        for first in range(0, self.customers, AT_ONCE):
            self.shop.push(*({"type": on, "id": f"{on}{number}", "customer": {
                "id": str(number), "email": f"c{number}@example.com"}}
                for number in range(first, min(first + AT_ONCE, self.customers))))
        wait_until(lambda: self.client.xlen("nudged:events") == 0, "all to be decided", 600)
        for daemon in self.daemons:
            daemon.stop()

    def ask(self, command, key):
        out = []
        for first in range(0, self.customers, AT_ONCE):
            pipe = self.client.pipeline(transaction=False)
            for number in range(first, min(first + AT_ONCE, self.customers)):
                getattr(pipe, command)(key.format(number), *([0, 0] if command == "lrange" else []))
            out += pipe.execute()
        return out

    def shares(self, field):
        """Whose each share is."""
        return [json.loads(text)["fields"][field] for text in self.ask("get", "nudged:customer:id:{}")]

    def held(self):
        """Who was held out from the newest event."""
        lines = [json.loads(row[0])["did"] for row in self.ask("lrange", "nudged:trace:id:{}")]
        whats = [[(item["what"], item.get("why")) for item in did if item.get("rule") == "held"] for did in lines]
        assert all(what in ([("ended", "holdout")], [("sends", "one")], [("sends", "two")]) for what in whats)
        return [what == [("ended", "holdout")] for what in whats]


def run(shop, customers, tolerance):
    """`tolerance`: how far a share may be from what the rule says, as a part of all customers."""
    count = Count(shop, customers)
    count.decide("first", before="", field="one", template="one")
    shares, held = count.shares("one"), count.held()
    count.decide("second", before="  - set: {seen: 'event.type'}\n", field="two", template="two")
    assert count.shares("two") == shares and count.held() == held
    wanted = {name: percent / 100 for name, percent in SPLIT.items()}
    for name, part in wanted.items():
        assert abs(shares.count(name) / customers - part) < tolerance, f"{name}: {shares.count(name)} of {customers}"
        both = sum(share == name and out for share, out in zip(shares, held))
        assert abs(both / customers - part * HELD / 100) < tolerance, "a hold-out is no part of a split"
    assert abs(sum(held) / customers - HELD / 100) < tolerance, f"held out: {sum(held)} of {customers}"
