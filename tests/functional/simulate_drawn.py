"""Rules that were drawn at random, and a daemon that decides random events by them: it sends what `nudgectl
simulate` says of the archive that it wrote, and does with each event what `explain --event` said before.

Both know nothing of what a daemon is late with. So events come one by one, each is decided before the next,
and Redis' clock goes from deadline to deadline, a little past each."""

import collections
import datetime
import email
import email.policy
import json
import random
import types

from conftest import wait_until
from journey_rules import Grammar
from journey_shop import World
from journey_steps import RuleSet
from journey_text import document
from journey_types import CODES, KEYS, MINUTE_MS, TOPICS, WINDOWS
from journey_zones import DAY_MS, NOWHERE, PLACES, home_of, local, settings, time_text
from journeys import Run
from persons import LateRedis

SUBJECT = "{{ message.rule }} {{ step }} {{ began }} {{ mark }} {{ level }} {{ all }}"
SLOT_MS, SETTLE_MS = 30 * MINUTE_MS, 1100
EACH, SLOTS_LEFT = 25, 12  # events in a slot; slots without any at the end
SWEEP_MS = 50 * 1000  # where clocks tick: a turn that is taken later than a minute is a late one
LEAD_MS = DAY_MS + 60 * MINUTE_MS  # all clocks have ticked once before anybody is known
NEAR_MS = 3000  # between what would be and what then is


def alike(said, done):
    """Times differ by what lies between the question and the event."""
    if isinstance(said, dict) and isinstance(done, dict):
        return said.keys() == done.keys() and all(alike(said[key], done[key]) for key in said)
    if isinstance(said, list) and isinstance(done, list):
        return len(said) == len(done) and all(map(alike, said, done))
    if isinstance(said, int) and isinstance(done, int) and said > 10**12:
        return abs(said - done) < NEAR_MS
    return said == done


class Drawn:
    def __init__(self, shop, seed, clocks, joins):
        self.shop, self.rng, self.clocks, self.joins = shop, random.Random(seed), clocks, joins
        self.redis = shop.redis(LateRedis)
        self.client = shop.client
        self.smtp = shop.smtp()
        self.shop_zone = self.rng.choice(["UTC", *PLACES])
        self.set_clock()
        self.set_config()
        zones = [None, NOWHERE, *PLACES, *self.zones]
        self.world = World(self.rng, self.rng.randrange(4, 14), zones, moves=not clocks)
        self.set_rules()
        self.daemon = shop.daemon()
        self.known, self.homes, self.asked = False, set(), 0

    def set_clock(self):
        """Often to some hours before a night in which somewhere the clocks are set."""
        self.night, self.zones = [], []
        self.lead_ms = LEAD_MS if self.clocks else 0
        if self.rng.random() < 0.7:
            now_ms = self.now_ms()
            zone, set_ms = self.rng.choice(settings(now_ms + self.lead_ms + DAY_MS))
            self.redis.forward(set_ms - self.rng.randrange(30, 480) * MINUTE_MS - self.lead_ms - now_ms)
            times = [local(set_ms + minutes * MINUTE_MS, zone) for minutes in range(-75, 76, 15)]
            self.night = sorted({60 * time.hour + time.minute for time in times})
            self.rng.shuffle(self.night)
            self.zones = [zone] * len(PLACES)

    def set_config(self):
        rng, config, policy = self.rng, self.shop.config, {}
        if rng.random() < 0.6:
            policy["cap"] = f"{rng.randrange(1, 5)} per {rng.choice(WINDOWS)}m"
        if rng.random() < 0.6:
            begin = rng.choice([rng.randrange(48) * 30, *self.night])
            end = (begin + rng.choice([30, 120, 420])) % (24 * 60)
            policy["quiet_hours"] = {"from": time_text(begin), "to": time_text(end)}
        config["shop"] = {**config.get("shop", {}), "timezone": self.shop_zone}
        config["policy"], config["topics"], config["clocks"] = policy, TOPICS, {"rate": 100000}
        config["customer"] = {"fields": {"points": {"default": 0, "on": "order.placed", "set": "points + n"}}}
        config["archive"] = {"folder": str(self.shop.folder / "archive")}

    def set_rules(self):
        rng, shop = self.rng, self.shop
        grammar = Grammar(rng, self.now_ms() + self.lead_ms, self.night, self.clocks)
        self.rules = grammar.rules(rng.randrange(4, 12))
        self.reader = types.SimpleNamespace(sets=[RuleSet(self.rules, 0)])  # for Run.is_asked
        shop.rules("---\n".join(json.dumps(document(rule), indent=1) + "\n" for rule in self.rules))
        for name in ("letter", "coded"):
            shop.template(f"{name}.text.liquid", f"---\nsubject: '{SUBJECT}'\n---\n{{{{ given.code }}}}\n")
        self.client.rpush(f"nudged:codes:{CODES}", *[f"code{number}" for number in range(10000)])
        self.table = {key: rng.randrange(10) for key in KEYS if rng.random() < 0.8}
        if self.table:
            self.client.hset("nudged:table:stock", mapping=self.table)

    # ---- The clock ----

    def now_ms(self):
        seconds, micros = self.client.time()
        return seconds * 1000 + micros // 1000

    def settle(self):
        self.asked_ms = self.now_ms()

        def done():
            due = self.client.zrange("nudged:due", 0, 0, withscores=True)
            asked = not self.clocks or not self.known or Run.is_asked(self)
            return asked and self.shop.idle() and not (due and due[0][1] <= self.now_ms())
        wait_until(done, "all that is due to be decided and sent", 120)

    def go_to(self, target_ms):
        """Each deadline on the way is acted on at its time."""
        stop_ms = 0
        while stop_ms < target_ms:
            now_ms = self.now_ms()
            first = self.client.zrange("nudged:due", 0, 0, withscores=True)
            stop_ms = min(target_ms, now_ms + SWEEP_MS) if self.clocks else target_ms
            if first:
                stop_ms = min(stop_ms, int(first[0][1]) + SETTLE_MS)
            self.redis.forward(stop_ms - now_ms)
            self.settle()

    # ---- Events ----

    def name(self, event):
        """By the id, by the address, or by both: who is known by one is joined with who is known by the other."""
        customer = event["customer"]
        who = customer.get("id")
        if who is None or self.known and "email" in customer:
            return  # it was named: one of those that come twice
        customer["email"] = f"{who}@example.com"
        chance = self.rng.random() if self.joins or self.known else 1
        if chance < 0.47:
            del customer["id"]
        elif chance < 0.94:
            del customer["email"]

    def push(self, event):
        self.name(event)
        key = event["customer"].get("id") or event["customer"]["email"]
        said = self.explain(key, "--event", "-", stdin=json.dumps(event)) if self.known else []
        self.shop.push(event)
        self.redis.forward(5)
        self.settle()
        decided = [line for line in said if "event" in line]
        done = self.explain(key)[1:] if decided else []
        for line in decided:
            self.compare(line, [one for one in done if one.get("event", {}).get("id") == line["event"]["id"]
                                and "did" in one and one["at"] >= line["at"]])
            self.asked += 1

    def explain(self, *arguments, stdin=None):
        status, out, err = self.shop.ctl("explain", "--json", *arguments, stdin=stdin)
        assert (status, err) == (0, "")
        return [json.loads(line) for line in out.splitlines()]

    def compare(self, said, lines):
        """Of what came to nothing a trace has no line."""
        done = [line["did"] for line in lines]
        assert alike([said["did"]], done) or not said["did"] and not done, f"said: {said}\ndone: {lines}"

    def settle_zones(self):
        """In each zone lives somebody, who has no address: one where nobody did begins with the next tick."""
        for number, zone in enumerate(self.world.zones):
            home = {"timezone": zone} if zone else {}
            self.shop.push({"type": "zone.known", "id": f"z{number}", "customer": {"id": f"z{number}", **home}})
        self.homes = {home_of(zone) for zone in self.world.zones}
        self.settle()

    def begin(self):
        self.daemon.spawn()
        if self.clocks:
            wanted = sum(1 for rule in self.rules if rule.clock and rule.enabled)
            wait_until(lambda: self.client.hlen("nudged:clocks") == wanted, "the clocks to be noted")
            self.settle_zones()
            self.redis.forward(self.lead_ms)
            self.known = True  # or who comes now would be asked at the ticks between
            self.settle()
            self.known = False
        first = self.world.first(self.now_ms())
        self.homes |= {home_of(event["customer"].get("timezone")) for event in first}
        for event in first:
            self.push(event)
        self.known = True

    def slot(self):
        begin_ms = self.now_ms()
        for late_ms in sorted(self.rng.randrange(SLOT_MS - 5 * MINUTE_MS) for _ in range(EACH)):
            self.go_to(max(begin_ms + late_ms, self.now_ms() + NEAR_MS))
            for event in self.world.events(1, self.now_ms()):
                self.push(event)
        self.go_to(begin_ms + SLOT_MS)

    # ---- What was sent, and what should have been ----

    def sent(self):
        found = collections.Counter()
        while not self.smtp.mails.empty():
            mail = email.message_from_bytes(self.smtp.mails.get_nowait().content, policy=email.policy.default)
            found[mail["Subject"], email.utils.parseaddr(mail["To"])[1]] += 1
        return found

    def simulate(self, *arguments):
        """Its figures, and the messages as they stand in the file."""
        folder = self.shop.folder
        end = datetime.datetime.fromtimestamp(self.now_ms() // 1000, datetime.timezone.utc).isoformat()
        (folder / "tables.json").write_text(json.dumps({"stock": self.table}))
        status, out, err = self.shop.ctl(
            "simulate", "--events", *(folder / "archive").glob("*.jsonl"), "--to", end, "--json", "--render",
            "--tables", folder / "tables.json", "--messages", folder / "messages.jsonl", *arguments)
        assert (status, err) == (0, "")
        return json.loads(out), (folder / "messages.jsonl").read_text()


def run(shop, seed, events, clocks=False, joins=False):
    """How many messages were sent, and for how many decisions `explain` was asked before."""
    one = Drawn(shop, seed, clocks, joins)
    one.begin()
    for _ in range(events // EACH):
        one.slot()
    one.go_to(one.now_ms() + SLOTS_LEFT * SLOT_MS)
    sent, told = one.sent(), one.simulate()
    assert told == one.simulate("--threads", "1", "--parts", "1") == one.simulate("--parts", "5")
    messages = [json.loads(line) for line in told[1].splitlines()]
    predicted = collections.Counter((message["subject"], message["to"]) for message in messages)
    assert sent - predicted == collections.Counter(), "sent, and not predicted"
    assert predicted - sent == collections.Counter(), "predicted, and not sent"
    return sum(sent.values()), one.asked
