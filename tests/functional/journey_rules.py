"""Random rule sets, drawn from a grammar of the language of docs/rules.md. Each rule is what stands
in its file and, beside it, what a model of the language needs (journey_model.py): each condition
is a CEL text and a Python function that says the same."""

import dataclasses
import typing

TYPES = ["cart.updated", "order.placed", "product.viewed", "stock.back", "review.submitted"]
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
    steps: list = dataclasses.field(default_factory=list)


class Grammar:
    def __init__(self, rng):
        self.rng, self.number = rng, 0

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

    def of_end(self):
        k = self.rng.randrange(2, 8)
        return self.rng.choice([
            Condition("key == start.key", lambda view: view.data["key"] == view.start["key"]),
            Condition(f"n > start.n + {k - 5}", lambda view: view.data["n"] > view.start["n"] + k - 5),
            Condition(f"event.data.option > {k}", lambda view: view.data["option"] > k),
        ])

    def of_any(self):
        one, two = self.of_event(), self.of_customer()
        return self.rng.choice([
            one, two, Condition(f"({one.cel}) && size(key) > 0", one.holds),
            Condition(f"!({two.cel})", lambda view: not two.holds(view))])

    # ---- Rules ----

    def rules(self, count):
        priorities = self.rng.sample(range(-50, 50), count)
        return [self.rule(f"r{number}", priorities[number]) for number in range(count)]

    def rule(self, name, priority):
        rng, self.number = self.rng, 0
        on = rng.sample(TYPES, 1 if self.may(0.8) else 2)
        rule = Rule(name, on, priority=priority, marketing=self.may(0.7), per=self.may(0.4))
        rule.steps = self.steps(name, 0)
        waits = any_step(rule.steps, "wait")
        rule.condition = self.of_any() if self.may(0.5) else None
        if rule.condition and "start." in rule.condition.cel:
            rule.condition = self.of_event()  # nothing has started yet
        if waits:
            rule.again = rng.choice(["restart", "ignore", "parallel"])
        elif rule.marketing is False and self.may(0.3):
            rule.again = "parallel"
        rule.while_ = self.of_customer() if self.may(0.3) else None
        rule.until = self.until(on) if waits and self.may(0.6) else []
        rule.limit = (rng.randrange(1, 3), rng.choice(WINDOWS)) if self.may(0.35) else None
        rule.holdout = rng.choice([20, 50]) if rule.marketing and self.may(0.2) else 0
        return rule

    def until(self, on):
        kinds = self.rng.sample([kind for kind in TYPES if kind not in on], self.rng.randrange(1, 3))
        return [(kind, self.of_end() if self.may(0.6) else None) for kind in kinds]

    def send(self, name):
        self.number += 1
        return ("send", f"{name}-{self.number}")

    def steps(self, name, depth):
        """At least one send in all, and never a wait at an end: nothing would stand behind it."""
        steps = []
        for _ in range(self.rng.randrange(1, 4 if depth == 0 else 3)):
            steps += self.step(name, depth)
        if depth == 0 and not any_step(steps, "send"):
            steps.append(self.send(name))
        return steps

    def step(self, name, depth):
        rng, kind = self.rng, self.rng.random()
        if kind < 0.35 or depth >= 2:
            return [self.send(name)]
        if kind < 0.7:
            return [("wait", rng.randrange(1, 6) * SLOT_MINUTES), self.send(name)]
        if kind < 0.85:
            otherwise = self.steps(name, depth + 1) if self.may(0.5) else []
            if self.may(0.1):
                otherwise.append(("stop",))
            return [("if", self.of_any(), self.steps(name, depth + 1), otherwise)]
        self.number += 1
        shares = rng.choice([{"a": 50, "b": 50}, {"a": 20, "b": 30, "c": 50}])
        then = {share: self.steps(name, depth + 1) for share in shares if self.may(0.8)}
        if not then:
            return [self.send(name)]
        return [("split", f"{name}-split{self.number}", shares, then)]


def inner(step):
    if step[0] == "if":
        return [step[2], step[3]]
    return list(step[3].values()) if step[0] == "split" else []


def any_step(steps, kind):
    return any(step[0] == kind or any(any_step(list_, kind) for list_ in inner(step)) for step in steps)


# ---- As it stands in a file ----

DATA = {"began": "start.mark", "mark": "event.data.mark", "level": "customer.level"}


def minutes(count):
    return f"{count}m"


def step_document(step):
    kind = step[0]
    if kind == "send":
        return {"send": {"template": "letter", "data": {"step": f'"{step[1]}"', **DATA}}}
    if kind == "wait":
        return {"wait": minutes(step[1])}
    if kind == "if":
        branch = {"if": step[1].cel, "then": [step_document(one) for one in step[2]]}
        return {**branch, "else": [step_document(one) for one in step[3]]} if step[3] else branch
    if kind == "split":
        return {"split": {"name": step[1], "shares": step[2]},
                "then": {share: [step_document(one) for one in steps] for share, steps in step[3].items()}}
    return "stop"


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
        out["until"] = [{"on": kind, "if": condition.cel} if condition else kind for kind, condition in rule.until]
    if rule.limit:
        out["limit"] = f"{rule.limit[0]} per {minutes(rule.limit[1])}"
    if rule.holdout:
        out["holdout"] = rule.holdout
    out["steps"] = [step_document(step) for step in rule.steps]
    return out
