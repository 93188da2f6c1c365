"""Random rules, random events, real daemons that are killed at random, and a clock that is set
forward from deadline to deadline: what was committed is what docs/rules.md says, in all but what
persons.py shows.

Customers live by clocks of their own (journey_zones.py), mostly some hours around a night in which some are set.
`run` draws a rule set (journey_rules.py) and lets a shop live for some hours, slot by slot: now and
then the rules are edited, at all daemons or first at some, rules are paused and resumed, the gateway
is; the clock goes to the next deadlines, events are pushed, and when all is decided and sent the traces
are read (journey_reading.py), which a model of the rules follows line by line (journey_model.py). So
each customer's commits are replayed in the order of their versions, by rules that were written down
anew. Beside that stand checks that need no model (journey_checks.py)."""

import json
import random
import signal
import time

from conftest import wait_until
from journey_checks import check_alone
from journey_clocks import swept_to
from journey_model import Model
from journey_reading import Full, Reader
from journey_rules import Grammar, shares_of
from journey_shop import World
from journey_steps import RuleSet
from journey_text import counting, document
from journey_types import CODES, KEYS, MINUTE_MS, TOPICS, WINDOWS
from journey_zones import DAY_MS, NOWHERE, PLACES, SHOP, home_of, local, settings, time_text
from persons import LateRedis

SLOT_MS = 30 * MINUTE_MS
CONNECTIONS = 8
LEFT_MS = 2000  # and a little
KILLS, EDITS, PAUSES, AWAY = 0.15, 0.2, 0.15, 0.15  # of slots
LETTER = ("---\nsubject: '{{ message.rule }}'\n---\n"
          "{{ step }}|{{ began }}|{{ mark }}|{{ level }}|{{ all }}")
# What may be drawn beside the rest; `wide` draws of all.
WIDE = {"clocks", "codes", "brake", "full", "behind"}
UNSENT = {"withdrawn", "withdrawn, may have arrived", "uncertain"}


class Run:
    def __init__(self, shop, seed, events, daemons, wide):
        self.shop, self.rng, self.kills = shop, random.Random(seed), 0
        self.drawn = {one for one in sorted(WIDE) if self.rng.random() < 0.4} if wide else set()
        self.redis = shop.redis(LateRedis)
        self.client = shop.client
        self.smtp = shop.smtp(connections=CONNECTIONS)
        self.clocks = "clocks" in self.drawn
        self.slots = max(8, min(14 if self.clocks else 20, events // 100))
        self.each = events // self.slots
        self.set_clock()
        self.set_policy()
        zones = [None, NOWHERE, *PLACES, *self.zones]
        self.world = World(self.rng, max(10, self.each // self.rng.choice([2, 2, 3, 4])), zones, moves=not self.clocks)
        self.model = Model(self.cap, self.quiet_hours, self.shop_zone)
        self.reader = Reader(self.client, self.model, crowded=bool(self.most))
        self.set_rules()
        self.daemons = [shop.daemon(f"d{number}") for number in range(daemons)]
        self.behind, self.away, self.resumed = [], False, {}

    def set_policy(self):
        rng, config = self.rng, self.shop.config
        self.cap = (rng.randrange(1, 5), rng.choice(WINDOWS)) if rng.random() < 0.6 else None
        self.brake = (rng.randrange(20, 80), rng.choice(WINDOWS)) if "brake" in self.drawn else None
        self.most = rng.randrange(100, 250) if "full" in self.drawn else None
        quiet = rng.choice([rng.randrange(48) * 30, *self.night]) if rng.random() < 0.5 else None
        self.quiet_hours = (quiet, (quiet + rng.choice([30, 120, 420])) % (24 * 60)) if quiet is not None else None
        config["policy"] = policy = {}
        if self.cap:
            policy["cap"] = f"{self.cap[0]} per {self.cap[1]}m"
        if self.brake:
            policy["brake"] = f"{self.brake[0]} per {self.brake[1]}m"
        if self.quiet_hours:
            policy["quiet_hours"] = dict(zip(("from", "to"), map(time_text, self.quiet_hours)))
        if self.most:
            config["outbox"] = {"most": self.most}
        config["topics"], config["clocks"] = TOPICS, {"rate": 100000}
        config["customer"] = {"fields": {"points": {"default": 0, "on": "order.placed", "set": "points + n"}}}

    def set_clock(self):
        """Often to some hours before a night in which somewhere the clocks are set."""
        rng, config = self.rng, self.shop.config
        self.shop_zone = rng.choice(["UTC", *PLACES])
        config["shop"] = {**config.get("shop", {}), "timezone": self.shop_zone}
        self.night, self.zones = [], []  # times of that night by the clocks there; where many live
        if rng.random() < 0.7:
            now_ms = self.now_ms()
            zone, set_ms = rng.choice(settings(now_ms + DAY_MS))
            self.redis.forward(set_ms - rng.randrange(30, 480) * MINUTE_MS - now_ms)
            times = [local(set_ms + minutes * MINUTE_MS, zone) for minutes in range(-75, 76, 15)]
            skipped = local(set_ms - MINUTE_MS, zone)
            self.night = sorted({60 * time.hour + time.minute for time in times}
                                | {(60 * skipped.hour + skipped.minute + late) % 1440 for late in (1, 11, 16, 31, 46)})
            rng.shuffle(self.night)
            self.zones = [zone] * len(PLACES)

    def set_rules(self):
        self.grammar = Grammar(self.rng, self.now_ms(), self.night, self.clocks)
        self.rules = self.grammar.rules(self.rng.randrange(5, 12))
        self.shares = {}
        self.reader.sets = [self.write_rules()]
        self.shop.template("letter.text.liquid", LETTER + "\n")
        self.shop.template("coded.text.liquid", LETTER + "|{{ given.code }}\n")
        self.codes = [f"code{number}"
                      for number in range(self.rng.choice([0, 30, 300]) if "codes" in self.drawn else 10000)]
        if self.codes:
            self.client.rpush(f"nudged:codes:{CODES}", *self.codes)

    def write_rules(self):
        number = self.reader.sets[-1].number + 1 if self.reader.sets else 1
        documents = [counting(number)] + [document(rule) for rule in self.rules]
        self.shop.rules("---\n".join(json.dumps(one, indent=1) + "\n" for one in documents))
        for rule in self.rules:
            self.shares.update(shares_of(rule.steps))
        return RuleSet(self.rules, number)

    # ---- The rules change ----

    def edit_rules(self):
        """All daemons have the new ones before anything else happens, or only some of them."""
        self.rules = self.grammar.edit(self.rules, spreads="behind" not in self.drawn)
        self.reader.sets.append(self.write_rules())
        first = self.rng.randrange(1, len(self.daemons) + 1) if "behind" in self.drawn else len(self.daemons)
        self.behind = self.daemons[first:]
        if not self.behind:
            del self.reader.sets[0]
        self.reload(self.daemons[:first])

    def reload(self, daemons):
        before = self.digests()
        for daemon in daemons:
            daemon.process.send_signal(signal.SIGHUP)
        wait_until(lambda: all(self.digests()[daemon.name] != before[daemon.name] for daemon in daemons),
                   "the edited rules")
        self.wait_renewed()

    def digests(self):
        """Of the rule set that each daemon has."""
        return {name.decode(): row.split()[1] for name, row in self.client.hgetall("nudged:sets").items()}

    def catch_up(self):
        """Who was left behind has the newest rules now."""
        if len(self.reader.sets) > 1:
            self.reload(self.behind)
            self.behind, self.reader.sets = [], self.reader.sets[-1:]

    def wait_renewed(self):
        """Each daemon knows of the others which rules they have: by its next renewal."""
        client = self.client
        if not self.behind:
            wait_until(lambda: len(set(self.digests().values())) == 1, "one rule set")
        for key in client.keys("nudged:instance:*"):
            ends = client.pexpiretime(key)
            wait_until(lambda: client.pexpiretime(key) > ends, "a renewal")

    def pause_rules(self):
        """Some rule is paused by hand; of those that are, or that their brake stopped, some go on."""
        self.resume_rules(0.5)
        if self.rng.random() < PAUSES:
            name = self.rng.choice(self.rules).name
            if name not in self.reader.paused:
                assert self.shop.ctl("rule", "pause", name)[0] == 0
                self.reader.set_paused(name, "by hand")

    def resume_rules(self, chance):
        for name in list(self.reader.paused):
            if self.rng.random() < chance:
                self.resumed.setdefault(name, []).append(self.now_ms())  # it sends nothing before
                assert self.shop.ctl("rule", "resume", name)[0] == 0
                self.reader.set_paused(name, None)

    def set_gateway(self):
        away = self.rng.random() < AWAY
        if away != self.away:
            assert self.shop.ctl("gateway", "pause" if away else "resume", "smtp")[0] == 0
        self.away = away

    # ---- The clock ----

    def now_ms(self):
        seconds, micros = self.client.time()
        return seconds * 1000 + micros // 1000

    def quiet(self):
        """Nothing is in hand: then only a deadline can make work, and there is none, or all of it at one moment."""
        client = self.client
        if not self.is_asked() or self.is_halted() or not self.away and not self.shop.idle():
            return False
        with client.pipeline() as pipe:
            pipe.time().zrange("nudged:due", 0, 0, withscores=True).zcard("nudged:taken").xlen("nudged:events")
            (seconds, micros), due, taken, events = pipe.execute()
        self.quiet_ms = seconds * 1000 + micros // 1000
        # What a killed daemon had in hand, and is withdrawn since, stands there until its give_up.
        later = not self.away and client.zcount("nudged:later", "-inf", self.quiet_ms + SLOT_MS)
        return not (taken or events or later or due and due[0][1] <= self.quiet_ms)

    def is_halted(self):
        """Whether some wait for a rule that goes on again."""
        halted = self.client.hkeys("nudged:halted")
        return any(rule not in halted and self.client.exists(b"nudged:halt:" + rule)
                   for rule in self.client.smembers("nudged:halts"))

    def is_asked(self):
        """Whether all turns of clocks that had come as the wait began were taken, and decided."""
        client = self.client
        if not self.clocks:
            return True
        zones = {name.decode(): int(since) for name, since in client.zrange("nudged:zones", 0, -1, withscores=True)}
        noted = {name.decode(): int(row.split()[0]) for name, row in client.hgetall("nudged:clocks").items()}
        newest = self.reader.sets[-1]
        wanted = {rule.name for rule in newest.rules if rule.clock and rule.enabled}
        if wanted != set(noted) or wanted and (
                set(zones) != self.homes or client.hget("nudged:index", "state") != b"done"):
            return False
        self.reader.clocks, self.reader.zones = noted, zones
        swept = {name.decode(): row.decode().split() for name, row in client.hgetall("nudged:swept").items()}
        taken = all(swept_to(newest.by_name[name], self.shop_zone if zone == SHOP else zone, max(since, zones[zone]),
                             self.asked_ms, swept.get(f"{name} {zone}", ["", "0", "0"]))
                    for name, since in noted.items() for zone in zones)
        return taken and not client.zcard("nudged:ticks")

    def settle(self):
        """Until nothing is left to do; a deadline that a killed daemon had in hand needs its lease to end."""
        patience, self.asked_ms = time.monotonic() + 5, self.now_ms()

        def over():
            nonlocal patience
            if time.monotonic() > patience and self.kills:
                patience = time.monotonic() + 5
                self.redis.forward(31000)
            if self.quiet() and self.client.zcount("nudged:due", "-inf", self.quiet_ms + LEFT_MS):
                self.redis.forward(LEFT_MS)  # what is left to a daemon with other rules is looked at again
                return False
            return self.quiet()
        wait_until(over, "all to be decided and sent", 180)
        self.reader.read(self.smtp.mails, self.asked_ms, self.quiet_ms)

    def go_to(self, target_ms):
        """To a deadline, or a little past it, and then to the target: some are acted on late."""
        for stop in (False, True):
            first = self.client.zrange("nudged:due", 0, 0, withscores=True)
            next_ms = int(first[0][1]) + self.rng.choice([1, 1000, 20000, 90000]) if first else target_ms
            self.redis.forward(max(1, (target_ms if stop else min(next_ms, target_ms)) - self.now_ms()))
            self.settle()

    # ---- A slot ----

    def begin(self):
        """Everybody is known."""
        self.model.known = {f"id:{customer}" for customer in self.world.customers}
        for key in sorted(self.model.known):
            self.model.customer(key)
        first = self.world.first(self.now_ms())
        self.homes = {home_of(event["customer"].get("timezone")) for event in first}
        self.push(first)
        self.settle()

    def push(self, events):
        for event, entry in zip(events, self.shop.push(*events)):
            self.reader.push(entry.decode(), event)

    def restock(self):
        """The shop's table is another from now on: nothing is decided meanwhile."""
        self.model.table = {key: self.rng.randrange(10) for key in KEYS if self.rng.random() < 0.8}
        self.client.delete("nudged:table:stock")
        if self.model.table:
            self.client.hset("nudged:table:stock", mapping=self.model.table)

    def slot(self):
        self.restock()
        self.catch_up()
        # While the gateway is away a send that waits for room may go on between two looks: by which rules
        # nothing tells.
        if self.rng.random() < EDITS and not (self.away and self.most):
            self.edit_rules()
        self.pause_rules()
        self.set_gateway()
        self.go_to(self.now_ms() + SLOT_MS)
        self.push(self.world.events(self.each, self.now_ms()))
        if self.rng.random() < KILLS:
            for _ in range(self.rng.randrange(200)):
                self.client.ping()  # between some of its commands: anywhere in its work
            # One that is behind would be so no more.
            daemon = self.rng.choice([one for one in self.daemons if one not in self.behind])
            daemon.kill()
            self.kills += 1
            daemon.spawn()
        self.settle()

    # ---- At the end ----

    def end(self):
        """Nobody is behind, nothing is paused."""
        self.catch_up()
        self.resume_rules(1)
        if self.away:
            assert self.shop.ctl("gateway", "resume", "smtp")[0] == 0
        self.away = False
        self.settle()
        for _ in range(6):
            self.go_to(self.now_ms() + SLOT_MS if self.clocks else self.now_ms() + 3 * SLOT_MS)
            self.resume_rules(1)

    def finish(self):
        self.end()
        reader = self.reader
        missing = set(reader.pushed) - reader.seen
        assert not missing, f"{len(missing)} events are in no trace: {sorted(missing)[:3]}"
        for key, events in reader.for_them.items():
            assert not events, f"{key}: never decided: {events[0]}"
        twice = [mid for mid, mails in reader.mails.items() if len(mails) > 1]
        assert len(twice) <= self.kills * CONNECTIONS, twice
        for mid in set(reader.sent) - set(reader.mails):
            assert UNSENT & set(reader.told[mid]), f"lost: {reader.told[mid]} {reader.sent[mid]}"
        uncertain = [mid for mid, told in reader.told.items() if "uncertain" in told]
        assert len(uncertain) <= self.kills * CONNECTIONS, uncertain
        assert set(reader.mails) <= set(reader.sent)
        check_alone(self)
        return len(reader.mails), len(twice)


def run(shop, seed, events, daemons, wide=False):
    """(messages, how many of them twice, events); fails where a commit is another than the model's. It ends early
    where a document or a trace is full, and prints that. `wide`: with some of what is in WIDE too."""
    one = Run(shop, seed, events, daemons, wide)
    for daemon in one.daemons:
        daemon.spawn()
    try:
        one.begin()
        for _ in range(one.slots):
            one.slot()
        messages, twice = one.finish()
    except Full as full:
        print(f" ({full} is full: ends early)", end="")
        messages, twice = len(one.reader.mails), 0
    return messages, twice, len(one.reader.seen)
