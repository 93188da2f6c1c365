"""What docs/rules.md makes of a customer's events and deadlines: an interpreter of the rules that
journey_rules.py draws, which shares nothing with the daemon but the document.

It is led by the trace. A line of the trace is one decision that was committed, so the model takes
the same event, or the same moment, in the same order, and must come to the same: what is sent,
refused, ended, waited for. What only delivery knows (whether a message was gone when it was
withdrawn) it takes from the trace too, and holds it against what may be. What a customer is to it
stands in journey_customer.py, the form in which it reads rules in journey_steps.py."""

import collections

from journey_customer import Customer, Journey, View, condition_of, reads_start
from journey_moves import Moves, ask, journey_view, origin_of
from journey_types import MINUTE_MS, WORDS
from journey_zones import SHOP, home_of

KEPT_ENDS, KEPT_ENDS_OF_ALL = 16, 64
KEPT_SENDS = 64
MAX_AGE_MS = 24 * 60 * MINUTE_MS
COLLECTED_MOST = 50
DEAD = {"loop", "too-many-events"}  # refusals with a dead letter


class Model(Moves):
    def __init__(self, cap, quiet, shop_zone):
        self.cap = cap  # (messages, minutes) or None
        self.quiet = quiet  # (from, to) in minutes of the day, or None
        self.shop_zone = shop_zone
        self.table = {}  # that the shop keeps
        self.customers = {}
        self.known = set()  # keys of customers

    def customer(self, key):
        return self.customers.setdefault(key, Customer(key))

    def rule(self, one):
        """Of a journey, or of a message; None: it is gone."""
        return self.set.by_name.get(one.rule)

    def home(self, customer):
        return home_of(customer.profile.get("timezone", (0, None))[1])

    def zone(self, customer):
        """By whose clock they live."""
        home = self.home(customer)
        return self.shop_zone if home == SHOP else home

    # ---- Decisions: each gives what the trace should say, and what was sent ----

    def begin(self, customer, now, event, guess, codeless):
        self.c, self.now, self.event, self.guess, self.set = customer, now, event or {}, guess, guess.rules
        if not self.event.get("own"):
            customer.made = 0  # events in the decision: of one that was pushed, and of all that comes of it
        customer.starts = customer.kept() | (customer.starts if now == customer.at else frozenset())
        customer.at = now
        self.did, self.sent, self.wants, self.recall, self.for_others = [], [], [], [], []
        self.unsure = []  # what may have to be withdrawn
        self.passed, self.made_messages = collections.Counter(), 0
        self.codeless, self.codes_left, self.coded, self.lacking = codeless, dict(guess.codes), set(), set()

    def decide_event(self, customer, event, times, now, guess, said=(), codeless=frozenset()):
        """`event` as it was pushed; the time by which it is compared, and its own; that of the decision; what was
        said of it."""
        time, own = times
        self.begin(customer, now, event, guess, codeless)
        self.forget_runs()
        self.said = said
        if event["id"] in customer.seen:
            self.tell(None, "passed-over", "duplicate")
            return
        customer.seen.add(event["id"])
        self.learn(event, time, own)
        self.end_by_until(event, time)
        for journey in customer.journeys:
            journey.meets_now = self.is_met(journey, event, time)
        self.start(event, time)
        for journey in [one for one in customer.journeys if one.meets_now]:
            self.meet(journey, event, time)
        self.grant()

    def is_met(self, journey, event, time):
        """A condition that fails does not meet. Nor does what the journey has emitted itself."""
        view = journey_view(self, journey)
        view.data = event
        own = any(step.kind == "emit" and event["mark"] == f"{journey.run}/{step.step[1]}"
                  for step in self.set.code.get(journey.rule, ()))
        return not own and journey.since <= time <= journey.deadline and any(
            kind == event["type"] and ask(condition, view) for kind, condition in journey.meets)

    def meet(self, journey, event, time):
        journey.event, journey.waited, journey.clock, journey.meets_now = event, True, time, False
        self.tell(journey.rule, "goes-on", "met")
        if self.set.lost(journey) or self.is_left(journey):
            journey.deadline, journey.meets = self.now, ()
        elif not self.go_on(journey):
            self.drop(journey)

    def decide_due(self, customer, now, guess, said=None, codeless=frozenset()):
        """Journeys whose deadline has come, moment by moment, until what was said is. A deadline that
        came while the decision was under way is of the next."""
        self.begin(customer, now, None, guess, codeless)
        if said is not None:
            self.forget_runs()
        while due := self.all_due(now):
            if said is not None and said == collections.Counter(self.did):
                break
            self.decide_moment(min(due))

    def all_due(self, now):
        return [moment for journey in self.c.journeys if (moment := self.due_at(journey)) <= now
                and not self.is_left(journey)]

    def due_at(self, journey):
        """One that waits for room as soon as there is some, or for its rule as soon as it is resumed."""
        if journey.full and self.has_room(journey.marketing, journey):
            return journey.full
        if journey.halted and not self.is_paused(journey.rule):
            return journey.halted
        return journey.deadline

    def is_left(self, journey):
        """Whether a daemon with other rules has to do it."""
        if self.set.lost(journey):
            return any(not other.lost(journey) for other in self.guess.others)
        return any(other.number > self.set.number and not other.lost(journey)
                   for other in self.guess.others if journey.number > self.set.number)

    def decide_moment(self, moment):
        """All of one moment share the places under a cap."""
        while same := [journey for journey in self.c.journeys
                       if self.due_at(journey) == moment and not self.is_left(journey)]:
            if not self.go_on(same[0]):
                self.drop(same[0])
        self.grant()

    def decide_ticks(self, customer, tick, now, guess, said=(), codeless=frozenset()):
        """Rules whose clocks tick at the same moment: all are asked before any acts."""
        moment, tick_ms, rules = tick
        self.begin(customer, now, {"type": "clock"}, guess, codeless)
        event = {"type": "clock", "mark": f"tick-{moment // 1000}", "id": f"tick-{moment}",
                 "origin": origin_of("clock", f"{tick_ms} {customer.key}")}
        self.said, matches, failed = said, [], []
        self.forget_runs()
        before = customer.changes()
        for rule in self.set.with_clocks(rules):
            answer = ask(rule.condition, self.view(event, event))
            if answer:
                matches.append(rule)
            elif answer is None:
                failed.append(rule.name)
            elif answer is False and rule.again == "restart":
                self.end_no_longer(rule, None, moment)
        for rule in matches:
            self.try_rule(rule, None, event, moment)
        self.grant()
        self.find_futile(before, failed)

    def find_futile(self, before, failed):
        """What matches, and changes nothing, is told once: whether it was. Conditions that fail are told beside it."""
        dead = any(what == "error" or why in DEAD for _, what, why in self.did)
        told = repr((sorted(failed), sorted(map(repr, self.did))))
        futile = not (dead or self.recall or self.for_others or self.c.changes() != before)
        self.was_told = futile and told in self.c.futile
        if futile:
            self.c.futile.add(told)

    def tell(self, rule, what, why=None):
        self.did.append((rule, what, why))

    def drop(self, journey):
        self.c.journeys = [one for one in self.c.journeys if one is not journey]

    # ---- Events ----

    def learn(self, event, time, own):
        customer = self.c
        for field, value in event.get("customer", {}).items():
            if field not in customer.profile or customer.profile[field][0] <= time:
                customer.profile[field] = (time, value)
        customer.counts[event["type"]] += 1
        customer.newest[event["type"]] = max(time, customer.newest.get(event["type"], 0))
        if event["type"] in WORDS:
            self.hear(event, time, own)
        if event["type"] == "order.placed":  # the field that the configuration computes
            self.set_field(None, "points", customer.fields.get("points", 0) + event["n"])

    def hear(self, event, time, own):
        """A yes or a no, of which the newest stands; a no is kept by its own time, also where it was decided last."""
        yes = WORDS[event["type"]]
        if not self.c.say(event.get("topic", "all"), time if yes else own, yes):
            self.tell(None, "passed-over", "older")
        else:
            self.recall += [one for one in self.c.open.values() if one.marketing and self.c.declines(one.topic)]

    def view(self, data, start):
        profile = {name: value for name, (_, value) in self.c.profile.items()}
        return View(data, start, {**profile, "points": 0, **self.c.fields}, self.c.counts, self.table)

    def set_field(self, rule, name, value):
        if self.c.fields.get(name, 0 if name == "points" else None) != value:
            self.tell(rule, "sets", f"{name} = {value}")
        self.c.fields[name] = value

    def ends(self, until, event, started, start, time):
        """Whether the event ends what began with `start`. A condition that fails ends it too."""
        return time >= started and any(
            kind == event["type"] and ask(condition, self.view(event, start)) is not False
            for kind, condition in until)

    def ends_one(self, one, event, time):
        """A journey, or a message: by its rule, or where that is gone by what it carries."""
        rule = self.rule(one)
        return self.ends(rule.until if rule else one.until, event, one.started, one.start, time)

    def lacks_start(self, sent, event, time):
        """Whether a condition that the message does not know asks about a start that is kept no more."""
        rule = self.rule(sent)
        return (rule and time >= sent.started and any(kind == event["type"] for kind, _ in rule.until)
                and reads_start(rule.until) and condition_of(rule.until) != condition_of(sent.until)
                and sent.start["mark"] not in self.kept)

    def may_have_start(self, sent):
        """What is decided with one look at the clock may know of what was kept as it began; and a message that
        was delivered may keep its start on."""
        return sent.at == self.now or sent.start["mark"] in self.c.starts or any(
            one.start["mark"] == sent.start["mark"] and reads_start(one.until) for one in self.c.sends)

    def end_by_until(self, event, time):
        self.kept = self.c.kept()
        for journey in list(self.c.journeys):
            if self.ends_one(journey, event, time):
                self.end(journey, "until")
        for sent in self.c.open.values():
            if self.ends_one(sent, event, time):
                self.recall.append(sent)
            elif self.lacks_start(sent, event, time):
                (self.unsure if self.may_have_start(sent) else self.recall).append(sent)
        for rule in self.set.rules:
            if any(kind == event["type"] and condition for kind, condition in rule.until):
                self.remember(("until", rule.name, None, time, read_of(event, rule.until)))
                self.forget_ends(rule)

    def remember(self, end):
        self.c.ends.append(end)
        if len(self.c.ends) > KEPT_ENDS_OF_ALL:  # the oldest ends whatever is older
            oldest = min(self.c.ends, key=lambda one: one[3])
            self.c.ends = [one for one in self.c.ends if one is not oldest]
            self.c.widest = max(self.c.widest, oldest[3])

    def forget_ends(self, rule):
        """Of those that a condition is asked about the newest 16 are remembered."""
        mine = [end for end in self.c.ends if end[0] == "until" and end[1] == rule.name]
        for end in sorted(mine, key=lambda one: one[3])[:-KEPT_ENDS]:
            self.c.ends = [one for one in self.c.ends if one is not end]

    def end(self, journey, why):
        self.drop(journey)
        self.tell(journey.rule, "ended", why)
        self.recall += [sent for sent in self.c.open.values()
                        if sent.rule == journey.rule and sent.run == journey.run]

    def end_no_longer(self, rule, per, time):
        for journey in list(self.c.journeys):
            if journey.rule == rule.name and self.is_of(journey, rule, per) and time >= journey.started:
                self.end(journey, "no-longer")
        self.recall += [sent for sent in self.c.open.values()
                        if sent.rule == rule.name and self.is_of(sent, rule, per) and time >= sent.started]

    def remember_no_longer(self, rule, per, time):
        """Of each value the newest."""
        same = [end for end in self.c.ends if end[:3] == ("no-longer", rule.name, per)]
        self.c.ends = [end for end in self.c.ends if not any(end is one for one in same)]
        self.remember(("no-longer", rule.name, per, max([time] + [end[3] for end in same]), None))

    def is_of(self, one, rule, per):
        return not rule.per or one.per == per

    def start(self, event, time):
        matches = []
        for rule in self.set.rules:
            if event["type"] not in rule.on:
                continue
            answer = ask(rule.condition, self.view(event, event)) if rule.enabled else True
            per = event["key"] if rule.per else None
            if answer:
                matches.append((rule, per))
            elif answer is False and rule.again == "restart":
                self.end_no_longer(rule, per, time)
                self.remember_no_longer(rule, per, time)
        for rule, per in matches:
            self.try_rule(rule, per, event, time)

    def over(self, rule, per, event, time):
        """Whether the start is over already: a newer end came before it."""
        if any(not condition and self.c.newest.get(kind, 0) > time for kind, condition in rule.until):
            return True
        if self.c.widest > time and (rule.again == "restart" or has_conditions(rule.until)):
            return True
        return any(of == rule.name and at > time and (
            why == "no-longer" and rule.again == "restart" and (not rule.per or value == per)
            or why == "until" and self.ends(rule.until, end, time, event, at))
            for why, of, value, at, end in self.c.ends)

    def try_rule(self, rule, per, event, time):
        if why := self.passes_over(rule, per, event, time):
            return self.tell(rule.name, "passed-over", why)
        same = [one for one in self.c.journeys if one.rule == rule.name and self.is_of(one, rule, per)]
        if rule.again == "ignore" and same:
            return self.tell(rule.name, "ignored", "again")
        if rule.again == "collect" and same:
            self.collect(same[0], event, time)
            return self.tell(rule.name, "collected")
        if rule.again is None and rule.marketing:
            same = [one for one in same if one.imposed and not one.full]
            if any(time < one.started for one in same):
                return self.tell(rule.name, "ignored", "older")
            for one in same:
                self.end(one, "restart")
        if rule.again == "restart":
            waits = [sent for sent in self.c.open.values() if sent.rule == rule.name and self.is_of(sent, rule, per)]
            sent = [one for one in self.c.sends[-KEPT_SENDS:] if one.rule == rule.name and self.is_of(one, rule, per)]
            if any(time < one.started for one in same + waits + sent):
                return self.tell(rule.name, "ignored", "older")
            if (rule.name, "ignored", "older") in self.said and time < self.c.begun.get((rule.name, per), 0):
                return self.tell(rule.name, "ignored", "older")  # than a message that may be there yet
            for one in same:
                self.end(one, "restart")
            self.recall += waits
        self.begin_journey(rule, per, event, time)
        return None

    def passes_over(self, rule, per, event, time):
        if not rule.enabled:
            return "disabled"
        if self.is_paused(rule.name):
            return "paused"
        if self.now - time > MAX_AGE_MS:
            return "max-age"
        return "over" if self.over(rule, per, event, time) else None

    def begin_journey(self, rule, per, event, time):
        self.c.begun[rule.name, per] = max(time, self.c.begun.get((rule.name, per), 0))
        journey = Journey(rule.name, event["mark"], per, time, event, time, event=event, collected=[(time, event)])
        if self.move(journey):
            self.c.journeys.append(journey)

    def collect(self, journey, event, time):
        """In the order of their times; past 50 the oldest goes."""
        journey.collected = sorted(journey.collected + [(time, event)], key=lambda one: one[0])[-COLLECTED_MOST:]

    # ---- What delivery tells ----

    def take_back(self, customer, mids):
        """These never arrive: their places are free again."""
        customer.sends = [one for one in customer.sends if one.mid not in mids]


def has_conditions(until):
    return any(condition for _, condition in until)


def read_of(event, until):
    """What is remembered of an event: what the conditions read of it."""
    names = {name for _, condition in until if condition for name in condition.reads}
    return {name: value for name, value in event.items() if name in names or name == "type"}
