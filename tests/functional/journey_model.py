"""What docs/rules.md makes of a customer's events and deadlines: an interpreter of the rules that
journey_rules.py draws, which shares nothing with the daemon but the document.

It is led by the trace. A line of the trace is one decision that was committed, so the model takes
the same event, or the same moment, in the same order, and must come to the same: what is sent,
refused, ended, waited for. What only delivery knows (whether a message was gone when it was
withdrawn) it takes from the trace too, and holds it against what may be. What a customer is to it
stands in journey_customer.py, the form in which it reads rules in journey_steps.py."""

import collections

from journey_customer import Customer, Journey, Sent, View
from journey_types import MINUTE_MS, TOPICS, WORDS

DAY_MINUTES = 24 * 60
KEPT_ENDS, KEPT_ENDS_OF_ALL = 16, 64
KEPT_SENDS = 64
ACTS = {"send", "set", "emit"}
MAX_AGE_MS = 24 * 60 * MINUTE_MS
HOPS_MOST, MADE_MOST, COLLECTED_MOST = 8, 32, 50


def share_place(purpose, name, key):
    """FNV-1a and the finaliser of MurmurHash3, as a place of 10,000."""
    hash_, mask = 0xcbf29ce484222325, (1 << 64) - 1
    for byte in f"{purpose}\0{name}\0{key}".encode():
        hash_ = (hash_ ^ byte) * 0x100000001b3 & mask
    for factor in (0xff51afd7ed558ccd, 0xc4ceb9fe1a85ec53):
        hash_ = (hash_ ^ hash_ >> 33) * factor & mask
    hash_ ^= hash_ >> 33
    return (hash_ >> 32) * 10000 >> 32


def next_time(after_ms, minute):
    """The first such minute of a day (UTC) after that time."""
    midnight = after_ms - after_ms % (DAY_MINUTES * MINUTE_MS)
    at = midnight + minute * MINUTE_MS
    return at if at > after_ms else at + DAY_MINUTES * MINUTE_MS


def ask(condition, view):
    """True, False, or None where it fails."""
    try:
        return bool(condition.holds(view)) if condition else True
    except KeyError:
        return None


class Model:
    def __init__(self, cap, quiet):
        self.cap = cap  # (messages, minutes) or None
        self.quiet = quiet  # (from, to) in minutes of the day, or None
        self.table = {}  # that the shop keeps
        self.customers = {}
        self.set = None  # the rules by which is decided

    def customer(self, key):
        return self.customers.setdefault(key, Customer(key))

    def rule(self, one):
        """Of a journey, or of a message; None: it is gone."""
        return self.set.by_name.get(one.rule)

    # ---- Decisions: each gives what the trace should say, and what was sent ----

    def begin(self, customer, now, event=None):
        self.c, self.now, self.event = customer, now, event or {}
        if event is None or "hops" not in event:
            self.made = 0  # events in the decision: of one that was pushed, and of all that comes of it
        self.did, self.sent, self.wants, self.recall = [], [], [], []

    def decide_event(self, customer, event, time, now, said=()):
        """`event` as it was pushed; its time, and that of the decision; what was said of it."""
        self.begin(customer, now, event)
        self.forget_runs()
        self.said = said
        if event["id"] in customer.seen:
            self.tell(None, "passed-over", "duplicate")
            return
        customer.seen.add(event["id"])
        self.learn(event, time)
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
        if self.set.lost(journey):
            journey.deadline, journey.meets = self.now, ()
        elif not self.go_on(journey):
            self.drop(journey)

    def decide_due(self, customer, now, said=None):
        """Journeys whose deadline has come, moment by moment, until what was said is. A deadline that
        came while the decision was under way is of the next."""
        self.begin(customer, now)
        if said is not None:
            self.forget_runs()
        while due := [journey.deadline for journey in customer.journeys if journey.deadline <= now]:
            if said is not None and said == collections.Counter(self.did):
                break
            self.decide_moment(min(due))

    def decide_moment(self, moment):
        """All of one moment share the places under a cap."""
        while same := [journey for journey in self.c.journeys if journey.deadline == moment]:
            if not self.go_on(same[0]):
                self.drop(same[0])
        self.grant()

    def tell(self, rule, what, why=None):
        self.did.append((rule, what, why))

    def drop(self, journey):
        self.c.journeys = [one for one in self.c.journeys if one is not journey]

    # ---- Events ----

    def learn(self, event, time):
        customer = self.c
        for field, value in event.get("customer", {}).items():
            if field not in customer.profile or customer.profile[field][0] <= time:
                customer.profile[field] = (time, value)
        customer.counts[event["type"]] += 1
        customer.newest[event["type"]] = max(time, customer.newest.get(event["type"], 0))
        if event["type"] in WORDS:
            if customer.say(event.get("topic", "all"), time, WORDS[event["type"]]):
                self.recall += [sent for sent in customer.open.values()
                                if sent.marketing and customer.declines(sent.topic)]
            else:
                self.tell(None, "passed-over", "older")
        if event["type"] == "order.placed":  # the field that the configuration computes
            self.set_field(None, "points", customer.fields.get("points", 0) + event["n"])

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

    def end_by_until(self, event, time):
        for journey in list(self.c.journeys):
            if self.ends_one(journey, event, time):
                self.end(journey, "until")
        for sent in self.c.open.values():
            if self.ends_one(sent, event, time):
                self.recall.append(sent)
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
            if any(one.imposed and time < one.started for one in same):
                return self.tell(rule.name, "ignored", "older")
            for one in [one for one in same if one.imposed]:
                self.end(one, "restart")
        if rule.again == "restart":
            waits = [sent for sent in self.c.open.values() if sent.rule == rule.name and self.is_of(sent, rule, per)]
            sent = [sent for sent in self.c.sends[-KEPT_SENDS:] if sent.rule == rule.name and self.is_of(sent, rule, per)]
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

    # ---- Journeys ----

    def move(self, journey):
        """Moves on from `journey.at`; true where it waits."""
        rule, code = self.rule(journey), self.set.code[journey.rule]
        journey.meets, journey.until = (), rule.until
        while journey.at < len(code):
            step = code[journey.at]
            journey.at += 1
            if step.kind in ACTS and not ask(rule.while_, journey_view(self, journey)):
                self.tell(rule.name, "ended", "no-longer")
                return False
            counts = rule.limit and step.kind in ACTS and not any(one.kind == "send" for one in code)
            if counts and self.is_limited(journey):
                self.tell(rule.name, "refused", "limit")
                return False
            try:
                goes_on = getattr(self, f"do_{step.kind}")(journey, step, code)
            except KeyError:
                self.tell(rule.name, "error")
                return False
            if counts:
                self.c.acted[rule.name, journey.run] = self.now, self.now + rule.limit[1] * MINUTE_MS
            if goes_on is not None:
                return goes_on
        return False

    def is_limited(self, journey):
        """Of a rule that sends nothing: by what it did, and by what it sent when it did."""
        count, window = self.rule(journey).limit
        acts = [(name, run, at) for (name, run), (at, _) in self.c.acted.items()]
        acts += [(sent.rule, sent.run, sent.at) for sent in self.c.sends]
        return len({run for name, run, at in acts if name == journey.rule and run != journey.run
                    and at > self.now - window * MINUTE_MS}) >= count

    def forget_runs(self):
        """Those that no limit counts any more: one that is made longer later does not know them."""
        windows = {rule.name: rule.limit[1] * MINUTE_MS for rule in self.set.rules if rule.limit}
        self.c.acted = {key: (at, until) for key, (at, counted) in self.c.acted.items()
                        if (until := max(counted, at + windows.get(key[0], 0))) > self.now}

    # Each step: None where the journey moves on, True where it waits, False where it is over.

    def do_send(self, journey, step, code):
        if self.rule(journey).marketing and self.quiet and (end := self.quiet_end()):
            journey.step, journey.deadline, journey.clock, journey.imposed = step.id, end, end, True
            self.tell(journey.rule, "quiet-hours", end)
            return True
        return None if self.want(journey, step) else False

    def do_set(self, journey, step, code):
        self.set_field(journey.rule, step.step[1], step.step[3](journey_view(self, journey)))

    def do_emit(self, journey, step, code):
        event = {"type": step.step[2], "mark": f"{journey.run}/{step.step[1]}", "key": journey.event["key"],
                 "n": (journey.event["n"] + 3) % 10, "time": self.now,
                 "hops": max(one.get("hops", 0) for one in (journey.start, journey.event, self.event)) + 1}
        event["id"] = event["mark"]
        if event["hops"] > HOPS_MOST:
            self.tell(journey.rule, "refused", "loop")
        elif self.made == MADE_MOST:
            self.tell(journey.rule, "refused", "too-many-events")
        else:
            self.made += 1
            self.tell(journey.rule, "emits", event["type"])
            self.c.emitted.append(event)

    def do_wait(self, journey, step, code):
        return self.wait(journey, code, journey.clock + step.step[1] * MINUTE_MS)

    def do_wait_for(self, journey, step, code):
        since, waits = journey.clock, self.wait(journey, code, journey.clock + step.step[1] * MINUTE_MS, "waits-for")
        journey.since, journey.meets, journey.waited = since, step.step[2], False
        return waits

    def do_wait_clock(self, journey, step, code):
        return self.wait(journey, code, next_time(journey.clock, step.step[1] * 60 + step.step[2]))

    def do_wait_moment(self, journey, step, code):
        until = step.step[2](journey_view(self, journey))
        if until > self.now:
            return self.wait(journey, code, until)
        self.tell(journey.rule, "passed-over" if step.step[3] else "goes-on", "past")
        if step.step[3]:
            journey.at = step.behind
        return None

    def wait(self, journey, code, deadline, what="waits"):
        while journey.at < len(code) and code[journey.at].kind == "jump":
            journey.at = code[journey.at].target
        if journey.at == len(code):
            return False
        journey.step = code[journey.at].id
        journey.deadline = journey.clock = deadline
        journey.imposed = False
        self.tell(journey.rule, what, deadline)
        return True

    def do_unless(self, journey, step, code):
        if not step.step[1].holds(journey_view(self, journey)):
            journey.at = step.target

    def do_split(self, journey, step, code):
        place = share_place("split", step.step[1], self.c.key)
        journey.at = next(target for upto, target in step.shares if place < upto)

    def do_jump(self, journey, step, code):
        journey.at = step.target

    def do_stop(self, journey, step, code):
        return False

    def quiet_end(self):
        """When the quiet hours end in which it is now; 0: it is in none."""
        begin, end = self.quiet
        minute = self.now // MINUTE_MS % DAY_MINUTES
        inside = begin <= minute < end if begin < end else minute >= begin or minute < end
        return next_time(self.now, end) if inside else 0

    def go_on(self, journey):
        """At its deadline. Where that is more than a minute ago, or the wait was imposed, everything is
        asked again."""
        if why := self.set.lost(journey):
            self.tell(journey.rule, "ended", why)
            self.recall += [sent for sent in self.c.open.values()
                            if sent.rule == journey.rule and sent.run == journey.run]
            return False
        journey.at = self.set.place(journey)
        late = self.now - journey.clock > MINUTE_MS
        if late:
            journey.clock = self.now
        if late or journey.imposed:
            answer = self.ask_branches(journey)
            if answer is None:
                self.tell(journey.rule, "error")
                return False
            if not answer:
                self.tell(journey.rule, "passed-over", "branch")
        return self.move(journey)

    def ask_branches(self, journey):
        """The `if` of each branch that the step stands in, from outside in: None where one fails."""
        code, chain, at = self.set.code[journey.rule], [], journey.at
        while code[at].within >= 0:
            chain.append((code[at].within, code[at].otherwise))
            at = code[at].within
        for number, otherwise in reversed(chain):
            if code[number].kind == "split":
                continue
            answer = ask(code[number].step[1], journey_view(self, journey))
            if answer is None:
                return None
            if answer == otherwise:
                journey.at = code[number].behind
                return False
        return True

    # ---- Sends ----

    def want(self, journey, step):
        """Whether the journey goes on at once: who is held out first learns whether the send is refused."""
        rule = self.rule(journey)
        if self.now - journey.clock > MINUTE_MS:
            journey.clock = self.now
        collected = ",".join(event["mark"] for _, event in journey.collected)
        self.wants.append((journey, Sent(
            rule.name, rule.marketing, rule.topic, journey.run, journey.per, journey.started, journey.start,
            step.step[1], self.now, journey.event, self.c.profile["level"][1], collected, rule.until)))
        return not self.held_out(rule)

    def held_out(self, rule):
        return rule.holdout and share_place("holdout", rule.name, self.c.key) < rule.holdout * 100

    def refusal(self, rule, run):
        if rule.limit:
            since = self.now - rule.limit[1] * MINUTE_MS
            if len({one.run for one in self.c.sends
                    if one.rule == rule.name and one.run != run and one.at > since}) >= rule.limit[0]:
                return "limit"
        if rule.marketing:
            if not self.consents(rule.topic):
                return "no-consent"
            if self.capped():
                return "cap"
        return None

    def consents(self, topic):
        """To one of opt-in by their yes to it, else by what the shop says, and no no."""
        if TOPICS.get(topic) == "opt-in":
            return self.c.wants(topic)
        return self.c.profile.get("accepts_marketing", (0, None))[1] is True and not self.c.declines(topic)

    def capped(self):
        return self.cap and sum(one.marketing and one.at > self.now - self.cap[1] * MINUTE_MS
                                for one in self.c.sends) >= self.cap[0]

    def grant(self):
        while self.wants:
            wants, self.wants, refused = sorted(self.wants, key=lambda want: -self.rule(want[1]).priority), [], []
            for journey, sent in wants:
                rule = self.rule(sent)
                if why := self.refusal(rule, sent.run):
                    self.tell(rule.name, "refused", why)
                    refused += [journey] if self.held_out(rule) else []
                elif self.held_out(rule):
                    self.tell(rule.name, "ended", "holdout")
                else:
                    self.tell(rule.name, "sends")
                    self.c.sends.append(sent)
                    self.sent.append(sent)
            self.c.journeys += [journey for journey in refused if self.move(journey)]

    # ---- What delivery tells ----

    def take_back(self, customer, mids):
        """These never arrive: their places are free again."""
        customer.sends = [one for one in customer.sends if one.mid not in mids]


def journey_view(model, journey):
    view = model.view(journey.event, journey.start)
    view.started, view.waited = journey.started, journey.waited
    return view


def has_conditions(until):
    return any(condition for _, condition in until)


def read_of(event, until):
    """What is remembered of an event: what the conditions read of it."""
    names = {name for _, condition in until if condition for name in condition.reads}
    return {name: value for name, value in event.items() if name in names or name == "type"}
