"""What docs/rules.md makes of a customer's events and deadlines: an interpreter of the rules that
journey_rules.py draws, which shares nothing with the daemon but the document.

It is led by the trace. A line of the trace is one decision that was committed, so the model takes
the same event, or the same moment, in the same order, and must come to the same: what is sent,
refused, ended, waited for. What only delivery knows (whether a message was gone when it was
withdrawn) it takes from the trace too, and holds it against what may be."""

import collections
import dataclasses

MINUTE_MS = 60 * 1000
DAY_MINUTES = 24 * 60
WORDS = {"customer.unsubscribed", "customer.resubscribed"}
KEPT_ENDS = 16
ACTS = {"send", "set", "emit"}
MAX_AGE_MS = 24 * 60 * MINUTE_MS


def share_place(purpose, name, key):
    """FNV-1a and the finaliser of MurmurHash3, as a place of 10,000."""
    hash_, mask = 0xcbf29ce484222325, (1 << 64) - 1
    for byte in f"{purpose}\0{name}\0{key}".encode():
        hash_ = (hash_ ^ byte) * 0x100000001b3 & mask
    for factor in (0xff51afd7ed558ccd, 0xc4ceb9fe1a85ec53):
        hash_ = (hash_ ^ hash_ >> 33) * factor & mask
    hash_ ^= hash_ >> 33
    return (hash_ >> 32) * 10000 >> 32


@dataclasses.dataclass
class View:
    """What a condition sees."""
    data: dict  # of the event
    start: dict
    profile: dict
    counts: dict
    table: dict  # what `lookup` finds
    started: int = 0
    waited: bool = False


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


# ---- A rule's steps, as a list with jumps ----


@dataclasses.dataclass
class Instruction:
    kind: str
    step: tuple = ()
    within: int = -1  # number of the branch or split that it stands in
    otherwise: bool = False
    target: int = 0
    behind: int = 0
    shares: list = None  # (up to, target) each


def compile_steps(steps):
    out = []

    def add(kind, step, within, otherwise):
        out.append(Instruction(kind, step, within, otherwise))
        return len(out) - 1

    def side(steps, within, otherwise):
        passes = None
        for step in steps:
            at = add_step(step, within, otherwise)
            if passes is not None:
                out[passes].behind = len(out)
            passes = at if step[0] == "wait_moment" and step[3] else None

    def add_step(step, within, otherwise):
        at = add({"if": "unless"}.get(step[0], step[0]), step, within, otherwise)
        if step[0] == "if":
            side(step[2], at, False)
            if step[3]:
                jump = add("jump", (), within, otherwise)
                out[at].target = len(out)
                side(step[3], at, True)
                out[jump].target = len(out)
            else:
                out[at].target = len(out)
            out[at].behind = len(out)
        elif step[0] == "split":
            jumps, upto, targets = [], 0, []
            for share, percent in step[2].items():
                upto += percent * 100
                if share in step[3]:
                    targets.append((upto, len(out)))
                    side(step[3][share], at, False)
                    jumps.append(add("jump", (), within, otherwise))
                else:
                    targets.append((upto, None))
            for jump in jumps:
                out[jump].target = len(out)
            out[at].shares = [(upto, len(out) if target is None else target) for upto, target in targets]
            out[at].behind = len(out)
        return at

    side(steps, -1, False)
    return out


# ---- What is known of a customer ----


@dataclasses.dataclass
class Journey:
    rule: object
    run: str  # the mark of the event that started it
    per: str
    started: int
    start: dict
    clock: int
    deadline: int = 0
    at: int = 0
    event: dict = None  # what it sees as `event`: the start, or what a wait met
    waited: bool = False
    since: int = 0
    meets: list = ()  # (type, condition) each: what it waits for
    imposed: bool = False
    until: list = ()  # what ends it should its rule be gone
    collected: list = None  # (time, event) each

    def view(self, model):
        view = model.view(self.event, self.start)
        view.started, view.waited = self.started, self.waited
        return view


@dataclasses.dataclass
class Sent:
    rule: object
    run: str
    per: str
    started: int
    start: dict
    step: str
    at: int  # when it was decided
    data: dict
    level: int
    all: str  # marks of what was collected
    until: list
    mid: str = None


class Customer:
    def __init__(self, key):
        self.key, self.profile = key, {}
        self.counts = collections.Counter()
        self.journeys, self.sends, self.seen, self.ends = [], [], set(), []
        self.acted = {}  # (rule, run), of a rule that sends nothing -> when it last did something
        self.open = {}  # mid -> Sent: decided, and not known to be delivered
        self.words = []  # (time, whether it is a yes) each: what they said to all marketing
        self.begun = {}  # (rule, per) -> the time of the newest start
        self.fields, self.emitted = {}, []  # events that rules made, not decided yet


class Model:
    def __init__(self, rules, cap, quiet):
        self.cap = cap  # (messages, minutes) or None
        self.quiet = quiet  # (from, to) in minutes of the day, or None
        self.table = {}  # that the shop keeps
        self.customers = {}
        self.learn_rules(rules)

    def learn_rules(self, rules):
        self.rules = sorted((rule for rule in rules if not rule.removed), key=lambda rule: -rule.priority)
        self.code = {rule.name: compile_steps(rule.steps) for rule in rules}

    def customer(self, key):
        return self.customers.setdefault(key, Customer(key))

    # ---- Decisions: each gives what the trace should say, and what was sent ----

    def begin(self, customer, now, event=None):
        self.c, self.now, self.event = customer, now, event or {}
        if event is None or "hops" not in event:
            self.made = 0  # events in the decision: of one that was pushed, and of all that comes of it
        self.did, self.sent, self.wants, self.recall = [], [], [], []

    def decide_event(self, customer, event, time, now, said=()):
        """`event` as it was pushed; its time, and that of the decision; what was said of it."""
        self.begin(customer, now, event)
        self.said = said
        if event["id"] in customer.seen:
            self.tell(None, "passed-over", "duplicate")
            return
        customer.seen.add(event["id"])
        self.learn(event, time)
        self.end_by_until(event, time)
        met = [one for one in customer.journeys if self.is_met(one, event, time)]
        self.start(event, time)
        for journey in met:
            if any(journey is one for one in customer.journeys):
                self.meet(journey, event, time)
        self.grant()

    def is_met(self, journey, event, time):
        """A condition that fails does not meet."""
        view = journey.view(self)
        view.data = event
        return journey.since <= time <= journey.deadline and any(
            kind == event["type"] and ask(condition, view) for kind, condition in journey.meets)

    def meet(self, journey, event, time):
        journey.event, journey.waited, journey.clock = event, True, time
        self.tell(journey.rule, "goes-on", "met")
        if journey.rule.removed:
            journey.deadline, journey.meets = self.now, ()
        elif not self.go_on(journey):
            self.c.journeys = [one for one in self.c.journeys if one is not journey]

    def decide_due(self, customer, now, said=None):
        """Journeys whose deadline has come, moment by moment, until what was said is. A deadline that
        came while the decision was under way is of the next."""
        self.begin(customer, now)
        while due := [journey.deadline for journey in customer.journeys if journey.deadline <= now]:
            if said is not None and said == collections.Counter(self.did):
                break
            self.decide_moment(min(due))

    def decide_moment(self, moment):
        """All of one moment share the places under a cap."""
        while same := [journey for journey in self.c.journeys if journey.deadline == moment]:
            if not self.go_on(same[0]):
                self.c.journeys.remove(same[0])
        self.grant()

    def tell(self, rule, what, why=None):
        self.did.append((rule.name if rule else None, what, why))

    # ---- Events ----

    def learn(self, event, time):
        for field, value in event.get("customer", {}).items():
            if field not in self.c.profile or self.c.profile[field][0] <= time:
                self.c.profile[field] = (time, value)
        self.c.counts[event["type"]] += 1
        if event["type"] in WORDS:
            if any(said > time for said, _ in self.c.words):
                self.tell(None, "passed-over", "older")
            self.c.words.append((time, event["type"] != "customer.unsubscribed"))
            if self.declines():
                self.recall += [sent for sent in self.c.open.values() if sent.rule.marketing]
        if event["type"] == "order.placed":  # the field that the configuration computes
            self.set(None, "points", self.c.fields.get("points", 0) + event["n"])

    def view(self, data, start):
        profile = {name: value for name, (_, value) in self.c.profile.items()}
        return View(data, start, {**profile, "points": 0, **self.c.fields}, self.c.counts, self.table)

    def declines(self):
        """The newest word counts, of one time the last."""
        words = sorted(self.c.words, key=lambda word: word[0])
        return bool(words) and not words[-1][1]

    def set(self, rule, name, value):
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
        return self.ends(one.until if one.rule.removed else one.rule.until, event, one.started, one.start, time)

    def end_by_until(self, event, time):
        for journey in list(self.c.journeys):
            if self.ends_one(journey, event, time):
                self.end(journey, "until")
        for sent in self.c.open.values():
            if self.ends_one(sent, event, time):
                self.recall.append(sent)
        for rule in self.rules:
            if any(kind == event["type"] for kind, _ in rule.until):
                self.c.ends.append(("until", rule, None, time, event))
                self.forget_ends(rule)

    def forget_ends(self, rule):
        """Of those that a condition is asked about the newest 16 are remembered."""
        plain = {kind for kind, condition in rule.until if not condition}
        asked = [end for end in self.c.ends
                 if end[0] == "until" and end[1] is rule and end[4]["type"] not in plain]
        for end in sorted(asked, key=lambda one: one[3])[:-KEPT_ENDS]:
            self.c.ends = [one for one in self.c.ends if one is not end]

    def end(self, journey, why):
        self.c.journeys.remove(journey)
        self.tell(journey.rule, "ended", why)
        self.recall += [sent for sent in self.c.open.values()
                        if sent.rule is journey.rule and sent.run == journey.run]

    def end_no_longer(self, rule, per, time):
        for journey in list(self.c.journeys):
            if journey.rule is rule and journey.per == per and time >= journey.started:
                self.end(journey, "no-longer")
        self.recall += [sent for sent in self.c.open.values()
                        if sent.rule is rule and sent.per == per and time >= sent.started]
        self.c.ends.append(("no-longer", rule, per, time, None))

    def start(self, event, time):
        matches = []
        for rule in self.rules:
            if event["type"] not in rule.on:
                continue
            answer, per = ask(rule.condition, self.view(event, event)), event["key"] if rule.per else None
            if answer:
                matches.append((rule, per))
            elif answer is False and rule.again == "restart":
                self.end_no_longer(rule, per, time)
        for rule, per in matches:
            self.try_rule(rule, per, event, time)

    def over(self, rule, per, event, time):
        """Whether the start is over already: a newer end came before it."""
        return any(of is rule and at > time and (
            why == "no-longer" and value == per or why == "until" and self.ends(rule.until, end, time, event, at))
            for why, of, value, at, end in self.c.ends)

    def try_rule(self, rule, per, event, time):
        if self.now - time > MAX_AGE_MS:
            return self.tell(rule, "passed-over", "max-age")
        if self.over(rule, per, event, time):
            return self.tell(rule, "passed-over", "over")
        same = [one for one in self.c.journeys if one.rule is rule and one.per == per]
        if rule.again == "ignore" and same:
            return self.tell(rule, "ignored", "again")
        if rule.again == "collect" and same:
            self.collect(same[0], event, time)
            return self.tell(rule, "collected")
        if rule.again is None and rule.marketing:
            if any(one.imposed and time < one.started for one in same):
                return self.tell(rule, "ignored", "older")
            for one in [one for one in same if one.imposed]:
                self.end(one, "restart")
        if rule.again == "restart":
            waits = [sent for sent in self.c.open.values() if sent.rule is rule and sent.per == per]
            if any(time < one.started for one in same + waits):
                return self.tell(rule, "ignored", "older")
            if (rule.name, "ignored", "older") in self.said and time < self.c.begun.get((rule.name, per), 0):
                return self.tell(rule, "ignored", "older")  # than a message that may be there yet
            for one in same:
                self.end(one, "restart")
            self.recall += waits
        self.c.begun[rule.name, per] = max(time, self.c.begun.get((rule.name, per), 0))
        journey = Journey(rule, event["mark"], per, time, event, time, event=event, collected=[(time, event)])
        if self.move(journey):
            self.c.journeys.append(journey)
        return None

    def collect(self, journey, event, time):
        """In the order of their times; past 50 the oldest goes."""
        journey.collected = sorted(journey.collected + [(time, event)], key=lambda one: one[0])[-50:]

    # ---- Journeys ----

    def move(self, journey):
        """Moves on from `journey.at`; true where it waits."""
        rule, code = journey.rule, self.code[journey.rule.name]
        journey.meets, journey.until = (), rule.until
        while journey.at < len(code):
            step = code[journey.at]
            journey.at += 1
            if step.kind in ACTS and not ask(rule.while_, journey.view(self)):
                self.tell(rule, "ended", "no-longer")
                return False
            counts = rule.limit and step.kind in ACTS and not any(one.kind == "send" for one in code)
            if counts and self.is_limited(journey):
                self.tell(rule, "refused", "limit")
                return False
            try:
                goes_on = getattr(self, f"do_{step.kind}")(journey, step, code)
            except KeyError:
                self.tell(rule, "error")
                return False
            if counts:
                self.c.acted[rule.name, journey.run] = self.now
            if goes_on is not None:
                return goes_on
        return False

    def is_limited(self, journey):
        count, window = journey.rule.limit
        return sum(name == journey.rule.name and run != journey.run and at > self.now - window * MINUTE_MS
                   for (name, run), at in self.c.acted.items()) >= count

    # Each step: None where the journey moves on, True where it waits, False where it is over.

    def do_send(self, journey, step, code):
        if journey.rule.marketing and self.quiet and (end := self.quiet_end()):
            journey.at -= 1
            journey.deadline = journey.clock = end
            journey.imposed = True
            self.tell(journey.rule, "quiet-hours", end)
            return True
        return None if self.want(journey, step) else False

    def do_set(self, journey, step, code):
        self.set(journey.rule, step.step[1], step.step[3](journey.view(self)))

    def do_emit(self, journey, step, code):
        event = {"type": step.step[2], "mark": f"{journey.run}/{step.step[1]}", "key": journey.event["key"],
                 "n": (journey.event["n"] + 3) % 10, "time": self.now,
                 "hops": max(journey.start.get("hops", 0), self.event.get("hops", 0)) + 1}
        event["id"] = event["mark"]
        if event["hops"] > 8:
            self.tell(journey.rule, "refused", "loop")
        elif self.made == 32:
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
        until = step.step[2](journey.view(self))
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
        journey.deadline = journey.clock = deadline
        journey.imposed = False
        self.tell(journey.rule, what, deadline)
        return True

    def do_unless(self, journey, step, code):
        if not step.step[1].holds(journey.view(self)):
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
        if journey.rule.removed:
            self.tell(journey.rule, "ended", "rule-removed")
            return False
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
        code, chain, at = self.code[journey.rule.name], [], journey.at
        while code[at].within >= 0:
            chain.append((code[at].within, code[at].otherwise))
            at = code[at].within
        for number, otherwise in reversed(chain):
            if code[number].kind == "split":
                continue
            answer = ask(code[number].step[1], journey.view(self))
            if answer is None:
                return None
            if answer == otherwise:
                journey.at = code[number].behind
                return False
        return True

    # ---- Sends ----

    def want(self, journey, step):
        """Whether the journey goes on: not where it is held out, and nothing else speaks against it."""
        if self.now - journey.clock > MINUTE_MS:
            journey.clock = self.now
        contested = self.wants and self.caps(len(self.wants))
        if self.held_out(journey.rule) and not contested and not self.refusal(journey.rule, journey.run):
            self.tell(journey.rule, "ended", "holdout")
            return False
        collected = ",".join(event["mark"] for _, event in journey.collected)
        self.wants.append((journey, Sent(
            journey.rule, journey.run, journey.per, journey.started, journey.start, step.step[1], self.now,
            journey.event, self.c.profile["level"][1], collected, journey.rule.until)))
        return True

    def held_out(self, rule):
        return rule.holdout and share_place("holdout", rule.name, self.c.key) < rule.holdout * 100

    def refusal(self, rule, run):
        view = self.view({}, {})
        if rule.limit:
            since = self.now - rule.limit[1] * MINUTE_MS
            if len({one.run for one in self.c.sends
                    if one.rule is rule and one.run != run and one.at > since}) >= rule.limit[0]:
                return "limit"
        if rule.marketing:
            if view.profile.get("accepts_marketing") is not True or self.declines():
                return "no-consent"
            if self.caps(0):
                return "cap"
        return None

    def caps(self, more):
        """Whether the cap is reached once so many more are sent."""
        return self.cap and more + sum(one.rule.marketing and one.at > self.now - self.cap[1] * MINUTE_MS
                                       for one in self.c.sends) >= self.cap[0]

    def grant(self):
        over = []
        for journey, sent in sorted(self.wants, key=lambda want: -want[1].rule.priority):
            if any(journey is one for one in over):
                continue
            if why := self.refusal(sent.rule, sent.run):
                self.tell(sent.rule, "refused", why)
            elif self.held_out(sent.rule):
                self.tell(sent.rule, "ended", "holdout")
                over.append(journey)
                self.c.journeys = [one for one in self.c.journeys if one is not journey]
            else:
                self.tell(sent.rule, "sends")
                self.c.sends.append(sent)
                self.sent.append(sent)
        self.wants = []

    # ---- What delivery tells ----

    def take_back(self, customer, mids):
        """These never arrive: their places are free again."""
        customer.sends = [one for one in customer.sends if one.mid not in mids]
