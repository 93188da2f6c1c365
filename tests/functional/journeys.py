"""Random rules, random events, real daemons that are killed at random, and a clock that is set
forward from deadline to deadline: what was committed is what docs/rules.md says, in all but what
persons.py shows.

`run` draws a rule set (journey_rules.py) and lets a shop live for some hours, slot by slot: now and
then the rules are edited; the clock goes to the next deadlines, events are pushed, and when all is
decided and sent the traces
are read, which a model of the rules follows line by line (journey_model.py). So each customer's
commits are replayed in the order of their versions, by rules that were written down anew. Beside
that stand checks that need no model: no message twice, caps, limits, hold-outs, splits."""

import collections
import datetime
import email
import json
import random
import signal
import time

from conftest import wait_until
from journey_model import Model
from journey_rules import Grammar
from journey_shop import World
from journey_steps import RuleSet
from journey_text import counting, document
from journey_types import KEYS, MINUTE_MS, TOPICS, WINDOWS
from persons import LateRedis

SLOT_MS = 30 * MINUTE_MS
CONNECTIONS = 8
LEFT_MS = 1000
KILLS, EDITS = 0.15, 0.2  # of slots
LETTER = ("---\nsubject: '{{ message.rule }}'\n---\n"
          "{{ step }}|{{ began }}|{{ mark }}|{{ level }}|{{ all }}\n")
# What stands in a line of the trace that delivery wrote, not a decision.
DELIVERY = {"sent", "uncertain", "resent", "retry", "unavailable", "cut", "gateway-fault", "withdrawn",
            "withdrawn, may have arrived", "too-late"}
WITHDRAWN = {"withdrawn", "withdrawn, may have arrived", "marked", "too-late"}
UNSENT = {"withdrawn", "withdrawn, may have arrived", "uncertain"}
TOLD = {"sends", "refused", "ended", "ignored", "waits", "waits-for", "error", "passed-over", "quiet-hours",
        "goes-on", "collected", "sets", "emits"}


def told(item):
    """As the model tells it. Which of two ends came first that a start is over by is nobody's matter."""
    what, why = item["what"], item.get("until") or item.get("why") or None
    if what in ("sends", "error"):
        why = None
    elif what == "passed-over" and why in ("until", "no-longer"):
        why = "over"
    return item.get("rule"), what, why


class Full(Exception):
    """A customer's document has no more room, of which the model knows nothing."""


class Run:
    def __init__(self, shop, seed, events, daemons):
        self.shop, self.rng, self.kills = shop, random.Random(seed), 0
        self.grammar = Grammar(self.rng)
        self.rules = self.grammar.rules(self.rng.randrange(5, 12))
        self.cap = (self.rng.randrange(1, 5), self.rng.choice(WINDOWS)) if self.rng.random() < 0.6 else None
        quiet = self.rng.randrange(24) if self.rng.random() < 0.4 else None
        self.quiet_hours = (quiet * 60, (quiet + 7) % 24 * 60) if quiet is not None else None
        self.model = Model(self.cap, self.quiet_hours)
        self.slots = max(8, min(20, events // 100))
        self.each = events // self.slots
        self.world = World(self.rng, max(10, self.each // self.rng.choice([2, 2, 4, 6])))
        self.redis = shop.add(LateRedis(shop.folder))
        self.redis.start(self.redis.environment)
        self.client = shop.client = self.redis.client
        shop.config["redis"] = {"url": self.redis.url}
        self.smtp = shop.smtp(connections=CONNECTIONS)
        shop.config["policy"] = policy = {}
        shop.config["topics"] = TOPICS
        if self.cap:
            policy["cap"] = f"{self.cap[0]} per {self.cap[1]}m"
        if self.quiet_hours:
            policy["quiet_hours"] = {"from": f"{quiet:02}:00", "to": f"{(quiet + 7) % 24:02}:00"}
        shop.config["customer"] = {"fields": {"points": {"default": 0, "on": "order.placed", "set": "points + n"}}}
        self.write_rules()
        shop.template("letter.text.liquid", LETTER)
        self.daemons = [shop.daemon(f"d{number}") for number in range(daemons)]
        self.mails = collections.defaultdict(list)  # mid -> what it says
        self.sent, self.told, self.seen = {}, collections.defaultdict(list), set()

    def write_rules(self):
        documents = [counting()] + [document(rule) for rule in self.rules]
        self.shop.rules("---\n".join(json.dumps(one, indent=1) + "\n" for one in documents))
        self.model.set = RuleSet(self.rules)

    def edit_rules(self):
        """All daemons have the new ones before anything else happens."""
        self.rules = self.grammar.edit(self.rules)
        self.write_rules()
        for daemon in self.daemons:
            daemon.process.send_signal(signal.SIGHUP)
        count = len(self.rules) + 1
        wait_until(lambda: all(daemon.status()["rules"] == count for daemon in self.daemons), "the edited rules")
        self.wait_renewed()

    def wait_renewed(self):
        """Each daemon knows of the others that they have these rules: by its next renewal."""
        client = self.client
        wait_until(lambda: len({row.split()[1] for row in client.hvals("nudged:sets")}) == 1, "one rule set")
        for key in client.keys("nudged:instance:*"):
            ends = client.pexpiretime(key)
            wait_until(lambda: client.pexpiretime(key) > ends, "a renewal")

    # ---- The clock ----

    def now_ms(self):
        seconds, micros = self.client.time()
        return seconds * 1000 + micros // 1000

    def forward(self, ms):
        """The daemons' leases hold on."""
        for key in self.client.keys("nudged:instance:*"):
            self.client.pexpire(key, ms + 9000)
        self.redis.ahead_ms.value += ms

    def quiet(self):
        """Nothing is in hand: then only a deadline can make work, and there is none, or all of it at one moment."""
        client = self.client
        if not self.shop.idle():
            return False
        with client.pipeline() as pipe:
            pipe.time().zrange("nudged:due", 0, 0, withscores=True).zcard("nudged:taken").xlen("nudged:events")
            (seconds, micros), due, taken, events = pipe.execute()
        self.quiet_ms = seconds * 1000 + micros // 1000
        # What a killed daemon had in hand, and is withdrawn since, stands there until its give_up.
        later = client.zcount("nudged:later", "-inf", self.quiet_ms + SLOT_MS)
        return not (taken or events or later or due and due[0][1] <= self.quiet_ms)

    def settle(self):
        """Until nothing is left to do; a deadline that a killed daemon had in hand needs its lease to end."""
        patience = time.monotonic() + 5

        def over():
            nonlocal patience
            if time.monotonic() > patience and self.kills:
                patience = time.monotonic() + 5
                self.forward(31000)
            if self.quiet() and self.client.zcount("nudged:due", "-inf", self.quiet_ms + LEFT_MS):
                self.forward(LEFT_MS)  # what is left to a daemon with other rules is looked at again
                return False
            return self.quiet()
        wait_until(over, "all to be decided and sent", 120)
        self.read()

    def go_to(self, target_ms):
        """To a deadline, or a little past it, and then to the target: some are acted on late."""
        for stop in (False, True):
            first = self.client.zrange("nudged:due", 0, 0, withscores=True)
            next_ms = int(first[0][1]) + self.rng.choice([1, 1000, 20000, 90000]) if first else target_ms
            self.forward(max(1, (target_ms if stop else min(next_ms, target_ms)) - self.now_ms()))
            self.settle()

    # ---- A slot ----

    def push(self, events):
        for event, entry in zip(events, self.shop.push(*events)):
            self.world.pushed[entry.decode()] = event

    def restock(self):
        """The shop's table is another from now on: nothing is decided meanwhile."""
        self.model.table = {key: self.rng.randrange(10) for key in KEYS if self.rng.random() < 0.8}
        self.client.delete("nudged:table:stock")
        if self.model.table:
            self.client.hset("nudged:table:stock", mapping=self.model.table)

    def slot(self):
        self.restock()
        if self.rng.random() < EDITS:
            self.edit_rules()
        self.go_to(self.now_ms() + SLOT_MS)
        self.push(self.world.events(self.each, self.now_ms()))
        if self.rng.random() < KILLS:
            for _ in range(self.rng.randrange(200)):
                self.client.ping()  # between some of its commands: anywhere in its work
            daemon = self.rng.choice(self.daemons)
            daemon.kill()
            self.kills += 1
            daemon.spawn()
        self.settle()

    # ---- What was committed ----

    def read(self):
        while not self.smtp.mails.empty():
            mail = email.message_from_bytes(self.smtp.mails.get_nowait().content)
            step, start, event, level, collected = mail.get_payload(decode=True).decode().splitlines()[0].split("|")
            mid = mail["Message-ID"].strip("<> ").split("@")[0]
            self.mails[mid].append((mail["Subject"], step, start, event, int(level), collected))
        pipe = self.client.pipeline()
        for customer in self.world.customers:
            pipe.lrange(f"nudged:trace:id:{customer}", 0, -1)
            pipe.delete(f"nudged:trace:id:{customer}")
        for customer, lines in zip(self.world.customers, pipe.execute()[::2]):
            assert len(lines) < 100, "more than the trace keeps"
            for line in reversed(lines):
                self.follow(self.model.customer(f"id:{customer}"), json.loads(line))
            self.rest(self.model.customer(f"id:{customer}"))

    def follow(self, customer, line):
        did = line["did"]
        said = collections.Counter(told(item) for item in did if item["what"] in TOLD)
        if any(why == "too-large" for _, _, why in said):
            raise Full
        if "event" in line:
            event, time_ms = self.event_of(customer, line)
            self.model.take_back(customer, {item["mid"] for item in did if item["what"] == "withdrawn"})
            self.model.decide_event(customer, event, time_ms, line["at"], said)
        elif all(item["what"] in DELIVERY for item in did):
            return self.delivered(customer, did)
        else:
            self.in_time(customer, line)
            self.model.decide_due(customer, line["at"], said)
        self.compare(customer, line, said)

    def event_of(self, customer, line):
        """One that was pushed, or else the next one that rules made."""
        entry = line["event"]["entry"]
        event = self.world.pushed.get(entry)
        if event and event["id"] == line["event"]["id"]:
            assert entry not in self.seen, f"decided twice: {line}"
            assert not customer.emitted, f"{customer.emitted} before {line}"
            self.seen.add(entry)
            return event, self.time_of(event, int(entry.split("-")[0]))
        assert customer.emitted and customer.emitted[0]["type"] == line["event"]["type"], line
        event = customer.emitted.pop(0)
        return event, event["time"]

    def time_of(self, event, arrival):
        if "time" not in event:
            return arrival
        time_ms = datetime.datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp() * 1000
        return min(arrival, round(time_ms))

    def in_time(self, customer, line):
        """What Redis accepted before a deadline is decided before the deadline is acted on."""
        due = [journey.deadline for journey in customer.journeys if journey.deadline <= line["at"]]
        for entry, event in self.world.pushed.items():
            if entry not in self.seen and f"id:{event['customer']['id']}" == customer.key:
                assert due and int(entry.split("-")[0]) >= min(due), f"{entry} came before {due}: {line}"

    def rest(self, customer):
        """What is due by now was acted on, or says nothing."""
        self.model.decide_due(customer, self.quiet_ms)
        assert not self.model.did, f"{customer.key}: not done: {self.model.did}"

    def delivered(self, customer, did):
        for item in did:
            self.told[item["mid"]].append(item["what"])
            if item["what"] == "sent":
                customer.open.pop(item["mid"], None)
            elif item["what"] == "withdrawn":
                customer.open.pop(item["mid"], None)
                self.model.take_back(customer, {item["mid"]})

    def compare(self, customer, line, said):
        model, did = self.model, line["did"]
        assert said == collections.Counter(model.did), self.differs(customer, line, said)
        self.recall(customer, [item for item in did if item["what"] in WITHDRAWN], line)
        self.name(customer, [item for item in did if item["what"] == "sends"], line)

    def recall(self, customer, items, line):
        """What had to be withdrawn was, and nothing else."""
        wanted = {sent.mid for sent in self.model.recall}
        named = {item["mid"] for item in items if item["what"] != "too-late"}
        assert named <= wanted, f"withdrawn for nothing: {named - wanted} {line}"
        missing = wanted - {item["mid"] for item in items}
        assert not missing, f"not withdrawn: {missing} {line}"
        for item in items:
            customer.open.pop(item["mid"], None)
            self.told[item["mid"]].append(item["what"])

    def name(self, customer, items, line):
        """Which message is which, by what it says; of those that never arrived any."""
        left = list(self.model.sent)
        for item in sorted(items, key=lambda one: one["mid"] not in self.mails):
            mid, fits = item["mid"], [one for one in left if one.rule == item["rule"]]
            if mid in self.mails:
                fits = [one for one in fits if self.says(customer, one) == self.mails[mid][0]]
            assert fits, f"{self.mails[mid]} is none of {[self.says(customer, one) for one in left]}: {line}"
            assert mid not in self.sent, f"decided twice: {line}"
            fits[0].mid, self.sent[mid], customer.open[mid] = mid, fits[0], fits[0]
            left.remove(fits[0])

    def says(self, customer, sent):
        return (sent.rule, sent.step, sent.run, sent.data["mark"], sent.level, sent.all)

    def differs(self, customer, line, said):
        expected = collections.Counter(self.model.did)
        event = self.world.pushed.get(line.get("event", {}).get("entry"))
        names = {row[0] for row in (said - expected) + (expected - said)}
        rules = [json.dumps(document(rule)) for rule in self.rules if rule.name in names]
        return "\n".join([
            f"{customer.key} {customer.profile} {customer.fields}", f"event {event}", f"line {line}",
            f"only the daemon {dict(said - expected)}", f"only the model {dict(expected - said)}",
            f"cap {self.cap} quiet {self.quiet_hours}", *rules])

    # ---- At the end ----

    def finish(self):
        for _ in range(4):
            self.go_to(self.now_ms() + 4 * SLOT_MS)
        missing = set(self.world.pushed) - self.seen
        assert not missing, f"{len(missing)} events are in no trace: {sorted(missing)[:3]}"
        for customer in self.model.customers.values():
            due = [one for one in customer.journeys if one.deadline <= self.now_ms()]
            assert not due, f"{customer.key}: {due[0]}"
        twice = [mid for mid, mails in self.mails.items() if len(mails) > 1]
        assert len(twice) <= self.kills * CONNECTIONS, twice
        for mid in set(self.sent) - set(self.mails):
            assert UNSENT & set(self.told[mid]), f"lost: {self.told[mid]} {self.sent[mid]}"
        uncertain = [mid for mid, told in self.told.items() if "uncertain" in told]
        assert len(uncertain) <= self.kills * CONNECTIONS, uncertain
        assert set(self.mails) <= set(self.sent)
        check_alone(self)
        return len(self.mails), len(twice)


def check_alone(run):
    """What holds whatever the model thinks: of the messages that went out."""
    by_customer = collections.defaultdict(list)
    for name, customer in run.model.customers.items():
        by_customer[name] = sorted((sent for sent in customer.sends if sent.mid in run.mails),
                                   key=lambda sent: sent.at)
    for name, sends in by_customer.items():
        steps = collections.Counter((sent.rule, sent.step, sent.run) for sent in sends)
        assert not steps or max(steps.values()) == 1, f"{name}: a step sent twice"
        for sent in sends:
            within = [one for one in sends if run.cap and one.marketing and sent.marketing
                      and sent.at - run.cap[1] * MINUTE_MS < one.at <= sent.at]
            assert not run.cap or len(within) <= run.cap[0], f"{name}: over the cap"


def run(shop, seed, events, daemons):
    """(messages, how many of them twice, events); fails where a commit is another than the model's. It ends early
    where a document is full."""
    one = Run(shop, seed, events, daemons)
    for daemon in one.daemons:
        daemon.spawn()
    try:
        one.push(one.world.first(one.now_ms()))
        one.settle()
        for _ in range(one.slots):
            one.slot()
        messages, twice = one.finish()
    except Full:
        messages, twice = len(one.mails), 0
    return messages, twice, len(one.seen)
