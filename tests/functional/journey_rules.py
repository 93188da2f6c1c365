"""Random rule sets, drawn from a grammar of the language of docs/rules.md. Each rule is what stands
in its file and, beside it, what a model of the language needs (journey_model.py): each condition
is a CEL text and a Python function that says the same."""

import dataclasses
import typing

TYPES = ["cart.updated", "order.placed", "product.viewed", "stock.back", "review.submitted"]
MADE = ["made.one", "made.two"]  # by rules alone
KEYS = ["k0", "k1", "k2"]
SLOT_MINUTES = 30
# Between two slots, so that no window ends where something is sent.
WINDOWS = [45, 105, 225, 465]


@dataclasses.dataclass
class Condition:
    cel: str
    holds: typing.Callable  # of a View; a KeyError is a field that is not there


@dataclasses.dataclass
class Rule:
    name: str
    on: list
    marketing: bool = True
    condition: Condition = None
    per: bool = False
    again: str = None
    while_: Condition = None
    until: list = dataclasses.field(default_factory=list)  # (type, condition or None) each
    limit: tuple = None  # (runs, minutes)
    priority: int = 0
    holdout: int = 0
    removed: bool = False
    steps: list = dataclasses.field(default_factory=list)


class Grammar:
    def __init__(self, rng):
        self.rng, self.number, self.fields = rng, 0, []

    def may(self, chance):
        return self.rng.random() < chance

    # ---- Conditions ----

    def of_event(self):
        k = self.rng.randrange(2, 8)
        key = self.rng.choice(KEYS)
        return self.rng.choice([
            Condition(f"event.data.n >= {k}", lambda view: view.data["n"] >= k),
            Condition(f"n < {k}", lambda view: view.data["n"] < k),
            Condition("n % 2 == 0", lambda view: view.data["n"] % 2 == 0),
            Condition(f'key != "{key}"', lambda view: view.data["key"] != key),
            Condition(f"event.data.option < {k + 3}", lambda view: view.data["option"] < k + 3),
        ])

    def of_customer(self):
        k, kind = self.rng.randrange(2, 8), self.rng.choice(TYPES)
        return self.rng.choice([
            Condition(f"customer.level >= {k - 1}", lambda view: view.profile["level"] >= k - 1),
            Condition(f'customer.count("{kind}") < {4 * k}', lambda view: view.counts[kind] < 4 * k),
            Condition("customer.accepts_marketing", lambda view: view.profile["accepts_marketing"]),
            Condition(f"customer.level != start.n - {k}", lambda view: view.profile["level"] != view.start["n"] - k),
        ])

    def of_field(self):
        """One that some rule sets, or that is computed; who asks without `has` may fail."""
        k, name = self.rng.randrange(2, 12), self.rng.choice(self.fields + ["points"])
        return self.rng.choice([
            Condition(f"!has(customer.{name}) || customer.{name} < {k}",
                      lambda view: view.profile.get(name, 0) < k),
            Condition(f"customer.{name} < {k}", lambda view: view.profile[name] < k),
        ])

    def of_table(self):
        k = self.rng.randrange(2, 8)
        return Condition(f'lookup("stock", key, 5) < {k}', lambda view: view.table.get(view.data["key"], 5) < k)

    def of_waited(self):
        return Condition("waited || n > 4", lambda view: view.waited or view.data["n"] > 4)

    def of_end(self):
        k = self.rng.randrange(2, 8)
        return self.rng.choice([
            Condition(f'lookup("stock", start.key, 5) < {k}', lambda view: view.table.get(view.start["key"], 5) < k),
            Condition("key == start.key", lambda view: view.data["key"] == view.start["key"]),
            Condition(f"n > start.n + {k - 5}", lambda view: view.data["n"] > view.start["n"] + k - 5),
            Condition(f"event.data.option > {k}", lambda view: view.data["option"] > k),
        ])

    def of_any(self):
        one, two = self.of_event(), self.of_customer()
        return self.rng.choice([
            one, two, two, self.of_field(), self.of_table(), Condition(f"({one.cel}) && size(key) > 0", one.holds),
            Condition(f"!({two.cel})", lambda view: not two.holds(view))])

    # ---- Rules ----

    def rules(self, count):
        priorities = self.rng.sample(range(-50, 50), count)
        self.fields = [f"f{number}" for number in range(count)]
        return [self.rule(number, priorities[number]) for number in range(count)]

    def rule(self, number, priority):
        rng, self.number, self.silent = self.rng, 0, self.may(0.12)
        on = rng.sample(TYPES, 1 if self.may(0.8) else 2) + (rng.sample(MADE, 1) if self.may(0.25) else [])
        rule = Rule(f"r{number}", on, priority=priority, marketing=self.may(0.7), per=self.may(0.4))
        self.name, self.field = rule.name, f"f{number}"
        rule.steps = self.collecting() if self.may(0.2) else self.steps(0)
        if any_step(rule.steps, WAITS):
            rule.again = rng.choice(["restart", "ignore", "parallel"])
            if not waits_behind_send(rule.steps):
                rule.again = "collect"
        elif not rule.marketing and self.may(0.3):
            rule.again = "parallel"
        self.keys(rule)
        return rule

    def keys(self, rule):
        """All but its steps, and what its journeys are by."""
        rng = self.rng
        rule.condition = rng.choice([self.of_event, self.of_event, self.of_table])() if self.may(0.5) else None
        rule.until = self.until(rule.on) if any_step(rule.steps, WAITS) and self.may(0.6) else []
        rule.while_ = rng.choice([self.of_customer, self.of_field, self.of_table])() if self.may(0.3) else None
        rule.limit = (rng.randrange(1, 3), rng.choice(WINDOWS)) if self.may(0.35) else None
        rule.holdout = rng.choice([20, 50]) if rule.marketing and self.may(0.2) else 0

    def edit(self, rules):
        """Somebody edits the rules: some have other keys, one goes, and two are new."""
        here = [rule for rule in rules if not rule.removed]
        here.pop(self.rng.randrange(len(here))).removed = True
        for rule in here:
            if self.may(0.4):
                self.keys(rule)
        taken = {rule.priority for rule in rules}
        for priority in self.rng.sample(sorted(set(range(-99, 99)) - taken), 2):
            self.fields.append(f"f{len(rules)}")
            rules.append(self.rule(len(rules), priority))

    def collecting(self):
        """A wait, and nothing that waits behind a send."""
        return [("wait", self.rng.randrange(1, 6) * SLOT_MINUTES), self.send(),
                ("if", self.of_any(), [self.send()], []), self.set()]

    def until(self, on, condition=None):
        kinds = self.rng.sample([kind for kind in TYPES + MADE if kind not in on], self.rng.randrange(1, 3))
        return [(kind, (condition or self.of_end)() if self.may(0.6) else None) for kind in kinds]

    def step_id(self):
        self.number += 1
        return f"{self.name}-{self.number}"

    def send(self):
        """Or what a rule does that sends nothing."""
        return self.set() if self.silent else ("send", self.step_id())

    def set(self):
        name = self.field
        return ("set", name, *self.rng.choice([
            ("event.data.n", lambda view: view.data["n"]),
            ("n + customer.level", lambda view: view.data["n"] + view.profile["level"]),
            (f"(has(customer.{name}) ? customer.{name} : 0) + 1", lambda view: view.profile.get(name, 0) + 1),
            ("event.data.option", lambda view: view.data["option"])]))

    def emit(self):
        return ("emit", self.step_id(), self.rng.choice(MADE))

    def steps(self, depth):
        """At least one send in all, and never a wait at an end: nothing would stand behind it."""
        steps = []
        for _ in range(self.rng.randrange(1, 4 if depth == 0 else 3)):
            steps += self.step(depth)
        if depth == 0 and not any_step(steps, {"set" if self.silent else "send"}):
            steps.append(self.send())
        return steps

    def step(self, depth):
        rng, kind = self.rng, self.rng.random()
        if kind < 0.3 or depth >= 2:
            return [self.send()]
        if kind < 0.4:
            return [self.set()]
        if kind < 0.46:
            return [self.emit()]
        if kind < 0.75:
            return [self.wait(), self.send()]
        if kind < 0.88:
            condition = self.of_waited() if self.may(0.2) else self.of_any()
            otherwise = self.steps(depth + 1) if self.may(0.5) else []
            if self.may(0.1):
                otherwise.append(("stop",))
            return [("if", condition, self.steps(depth + 1), otherwise)]
        shares = rng.choice([{"a": 50, "b": 50}, {"a": 20, "b": 30, "c": 50}])
        then = {share: self.steps(depth + 1) for share in shares if self.may(0.8)}
        return [("split", self.step_id(), shares, then)] if then else [self.send()]

    def wait(self):
        rng, length = self.rng, self.rng.randrange(1, 6) * SLOT_MINUTES
        return rng.choice([
            ("wait", length), ("wait", length),
            ("wait_for", length, self.until([], self.of_meeting)),
            ("wait_for", length, self.until([], self.of_meeting)),
            ("wait_clock", rng.randrange(24), rng.choice([0, 30])),
            ("wait_moment", f'started + duration("{length}m")', lambda view: view.started + length * 60000, False),
            ("wait_moment", "timestamp(event.data.at)", lambda view: view.data["at_ms"], rng.random() < 0.5)])

    def of_meeting(self):
        return self.rng.choice([self.of_end, self.of_event])()


WAITS = {"wait", "wait_for", "wait_clock", "wait_moment"}


def waits_behind_send(steps):
    """Whether it is no rule that may collect."""
    return steps[0][0] != "wait" or len(steps) != 4 or steps[3][0] != "set" or any_step(steps[1:], WAITS)


def inner(step):
    if step[0] == "if":
        return [step[2], step[3]]
    return list(step[3].values()) if step[0] == "split" else []


def any_step(steps, kinds):
    return any(step[0] in kinds or any(any_step(list_, kinds) for list_ in inner(step)) for step in steps)


# ---- As it stands in a file ----

DATA = {"began": "start.mark", "mark": "event.data.mark", "level": "customer.level",
        "all": 'collected.map(one, one.mark).join(",")'}


def minutes(count):
    return f"{count}m"


def events_document(events):
    return [{"on": kind, "if": condition.cel} if condition else kind for kind, condition in events]


def step_document(step):
    kind = step[0]
    if kind == "send":
        return {"send": {"template": "letter", "data": {"step": f'"{step[1]}"', **DATA}}}
    if kind == "wait":
        return {"wait": minutes(step[1])}
    if kind == "wait_for":
        return {"wait": {"for": minutes(step[1]), "or": events_document(step[2])}}
    if kind == "wait_clock":
        return {"wait": {"until": f"{step[1]:02}:{step[2]:02}"}}
    if kind == "wait_moment":
        return {"wait": {"until": step[1], **({"past": "skip"} if step[3] else {})}}
    if kind == "set":
        return {"set": {step[1]: step[2]}}
    if kind == "emit":
        return {"emit": {"type": step[2], "data": {"mark": f'start.mark + "/{step[1]}"', "key": "key",
                                                   "n": "(event.data.n + 3) % 10"}}}
    if kind == "if":
        branch = {"if": step[1].cel, "then": [step_document(one) for one in step[2]]}
        return {**branch, "else": [step_document(one) for one in step[3]]} if step[3] else branch
    if kind == "split":
        return {"split": {"name": step[1], "shares": step[2]},
                "then": {share: [step_document(one) for one in steps] for share, steps in step[3].items()}}
    return "stop"


def counting():
    """A rule that asks how many events of each type there were, from the beginning on."""
    return {"name": "counts", "class": "transactional", "on": "nothing", "send": "letter",
            "if": " + ".join(f'customer.count("{kind}")' for kind in TYPES) + " > 0"}


def document(rule):
    """The rule as YAML has it."""
    out = {"name": rule.name, "class": "marketing" if rule.marketing else "transactional", "on": rule.on,
           "priority": rule.priority}
    if rule.condition:
        out["if"] = rule.condition.cel
    if rule.per:
        out["per"] = "key"
    if rule.again:
        out["again"] = rule.again
    if rule.while_:
        out["while"] = rule.while_.cel
    if rule.until:
        out["until"] = events_document(rule.until)
    if rule.limit:
        out["limit"] = f"{rule.limit[0]} per {minutes(rule.limit[1])}"
    if rule.holdout:
        out["holdout"] = rule.holdout
    out["steps"] = [step_document(step) for step in rule.steps]
    return out
