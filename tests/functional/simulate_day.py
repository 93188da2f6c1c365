"""A day of a shop with the shipped rules, through several daemons: what they send is what `nudgectl
simulate` says of the archive that they wrote.

The waits are shortened, and Redis' clock is set forward, so that no deadline of a customer falls
together with their events: they come in the first seconds of a minute, and every sum of waits ends
well behind them."""

import collections
import datetime
import email
import json
import random
import re

import yaml

from conftest import SOURCE, wait_until
from persons import LateRedis

SLOT_MS = 60 * 1000
# Each is 20 seconds more than some minutes, and no journey has more than two of them.
WAITS = {"10m": "80s", "1h": "140s", "3h": "200s", "23h": "320s", "1d": "380s", "3d": "500s", "4d": "560s",
         "7d": "620s", "14d": "680s", "30d": "740s"}
STOPS_MS = (32 * 1000, 52 * 1000)  # in a minute: behind 20 s and 40 s
SLOTS, REST_SLOTS = 40, 30
CONNECTIONS = 8


def shorten(text):
    return re.sub(r"(wait: |for: )(\d+[mhd])\b", lambda match: match[1] + WAITS[match[2]], text)


def write_rules(shop):
    """The shipped rules, and for each of their templates one that says who sent it."""
    for path in sorted((SOURCE / "rules").glob("*.yaml")):
        if not path.name.endswith(".test.yaml"):
            text = path.read_text()
            shop.rules(text if path.name == "events.yaml" else shorten(text), path.name)
    for path in sorted((SOURCE / "templates").glob("*.text.liquid")):
        name = path.name.removesuffix(".text.liquid")
        shop.template(path.name, f"---\nsubject: '{{{{ message.rule }}}} {name}'\n---\nHello\n")


class Events:
    """As a shop pushes them: by the samples of the shipped events.yaml, with what differs."""

    def __init__(self, rng, customers):
        self.rng, self.customers, self.number = rng, customers, 0
        self.samples = yaml.safe_load((SOURCE / "rules/events.yaml").read_text())
        often = ["cart.updated"] * 8 + ["product.viewed"] * 12 + ["order.placed"] * 3 + ["order.delivered"] * 3
        self.kinds = sorted(self.samples) + often

    def customer(self, sample, who):
        by_id = self.rng.random() < 0.7
        customer = {key: value for key, value in sample.items() if key not in ("id", "email", "phone")}
        customer.pop("timezone", None)
        customer["accepts_marketing"] = who % 10 != 0
        if "referred_by" in customer:
            customer["referred_by"] = str(self.rng.randrange(self.customers))
        if by_id or self.rng.random() < 0.4:
            customer["id"] = str(who)
        if not by_id or self.rng.random() < 0.4:
            customer["email"] = f"c{who}@example.com"
        return customer

    def event(self, who):
        kind = self.rng.choice(self.kinds)
        self.number += 1
        event = {"type": kind, "id": f"e{self.number}", **json.loads(json.dumps(self.samples[kind]["sample"]))}
        event["customer"] = self.customer(event.get("customer", {}), who)
        if kind in ("cart.updated", "checkout.started"):
            event["cart"]["total"] = self.rng.choice([10, 30, 64.9])
        if "order" in event and isinstance(event["order"], dict):
            event["order"]["id"] = f"o{self.rng.randrange(3)}-{who}"
        if "review" in event:
            event["review"]["score"] = self.rng.randint(1, 5)
        if "nps" in event:
            event["nps"]["score"] = self.rng.randint(0, 10)
        return event

    def minute(self, count):
        """One for each of so many customers."""
        return [self.event(who) for who in self.rng.sample(range(self.customers), count)]


class Day:
    def __init__(self, shop, seed, events, daemons):
        self.shop, self.each = shop, max(1, events // SLOTS)
        self.events = Events(random.Random(seed), max(2 * self.each, 20))
        self.redis = shop.redis(LateRedis)
        self.client = shop.client
        shop.use_shipped()
        shop.config.update(rules=str(shop.folder / "rules"),
                           templates=str(shop.folder / "templates"), policy={"cap": "3 per 7d"},
                           archive={"folder": str(shop.folder / "archive")})
        shop.config["shop"]["email"] = "staff@shop.example"
        self.smtp = shop.smtp(connections=CONNECTIONS)
        write_rules(shop)
        noon = datetime.datetime.now(datetime.timezone.utc).replace(hour=12, minute=0, second=0, microsecond=0)
        self.begin_ms = int((noon + datetime.timedelta(days=1)).timestamp() * 1000)
        self.set(self.begin_ms)
        self.daemons = [shop.daemon(f"d{number}") for number in range(daemons)]
        for daemon in self.daemons:
            daemon.spawn()
        self.load_codes(events)

    def load_codes(self, count):
        path = self.shop.folder / "codes.txt"
        path.write_text("".join(f"CODE-{number}\n" for number in range(count)))
        for name in ("surprise", "win-back"):
            assert self.shop.ctl("codes", "load", name, path)[0] == 0

    # ---- The clock ----

    def now_ms(self):
        seconds, micros = self.client.time()
        return seconds * 1000 + micros // 1000

    def set(self, at_ms):
        self.redis.forward(at_ms - self.now_ms())

    def settle(self):
        def done():
            due = self.client.zrange("nudged:due", 0, 0, withscores=True)
            return self.shop.idle() and not (due and due[0][1] <= self.now_ms())
        wait_until(done, "all that is due to be decided and sent", 120)

    def run(self):
        """When it ended."""
        for slot in range(SLOTS + REST_SLOTS):
            at_ms = self.begin_ms + slot * SLOT_MS
            self.set(at_ms)
            if slot < SLOTS:
                self.shop.push(*self.events.minute(self.each))
            self.settle()
            took_ms = self.now_ms() - at_ms
            assert took_ms < 15000, f"{took_ms} ms for what should be over long before the deadlines behind it"
            for stop_ms in STOPS_MS:
                self.set(at_ms + stop_ms)
                self.settle()
        return self.now_ms()

    # ---- What was sent, and what should have been ----

    def sent(self):
        found = collections.Counter()
        while not self.smtp.mails.empty():
            mail = email.message_from_bytes(self.smtp.mails.get_nowait().content)
            rule, template = mail["Subject"].split()
            found[rule, template, email.utils.parseaddr(mail["To"])[1]] += 1
        return found

    def predicted(self, end_ms):
        end = datetime.datetime.fromtimestamp(end_ms // 1000, datetime.timezone.utc).isoformat()
        files = sorted((self.shop.folder / "archive").glob("*.jsonl"))
        messages = self.shop.folder / "messages.jsonl"
        status, out, err = self.shop.ctl("simulate", "--events", *files, "--to", end, "--messages", messages, "--json")
        assert (status, err) == (0, "")
        told = [json.loads(line) for line in messages.read_text().splitlines()]
        return json.loads(out), collections.Counter(
            (message["rule"], message["template"], message["to"]) for message in told)


def run(shop, seed, events, daemons):
    """How many messages were sent, and by how many of the rules."""
    day = Day(shop, seed, events, daemons)
    end_ms = day.run()
    sent = day.sent()
    figures, predicted = day.predicted(end_ms)
    assert figures["events"] == SLOTS * day.each
    assert figures["no_events"] == figures["dead"] == 0
    assert sent - predicted == collections.Counter(), "sent, and not predicted"
    assert predicted - sent == collections.Counter(), "predicted, and not sent"
    return sum(sent.values()), len({rule for rule, _, _ in sent})
