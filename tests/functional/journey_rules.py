"""Random rule sets, drawn from a grammar of the language of docs/rules.md. Each rule is what stands
in its file and, beside it, what a model of the language needs (journey_model.py): each condition
is a CEL text and a Python function that says the same."""

import copy

from journey_types import CODES, FRIEND, KEYS, MADE, MINUTE_MS, SLOT_MINUTES, TOPICS, TYPES, WINDOWS, Condition, Rule
from journey_zones import PLACES, local, time_text


class Grammar:
    def __init__(self, rng, now_ms, night, clocks=False):
        """`night`: times of day at which it is interesting; `clocks`: whether some rules have one, for times of day
        that come soon somewhere."""
        self.rng, self.number, self.fields, self.priorities = rng, 0, [], set()
        self.night = night
        self.begin_ms, self.clocks = now_ms // 1000 * 1000, clocks

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
            Condition("key == start.key", lambda view: view.data["key"] == view.start["key"], ("key",)),
            Condition(f"n > start.n + {k - 5}", lambda view: view.data["n"] > view.start["n"] + k - 5, ("n",)),
            Condition(f"event.data.option > {k}", lambda view: view.data["option"] > k, ("option",)),
        ])

    def of_plain(self):
        """What may be asked where there is no event but a tick."""
        k, kind = self.rng.randrange(1, 8), self.rng.choice(TYPES)
        return self.rng.choice([
            Condition(f"customer.level >= {k}", lambda view: view.profile["level"] >= k),
            Condition(f'customer.count("{kind}") < {2 * k}', lambda view: view.counts[kind] < 2 * k),
            Condition("waited || customer.accepts_marketing",
                      lambda view: view.waited or view.profile["accepts_marketing"]),
            self.of_field()])

    def of_any(self):
        if self.ticks:
            return self.of_plain()
        one, two = self.of_event(), self.of_customer()
        return self.rng.choice([
            one, two, two, self.of_field(), self.of_table(), Condition(f"({one.cel}) && size(key) > 0", one.holds),
            Condition(f"!({two.cel})", lambda view: not two.holds(view))])

    # ---- Rules ----

    def rules(self, count):
        return [self.rule() for _ in range(count)]

    def priority(self):
        """Each of them once: the daemon would go by names."""
        priority = self.rng.choice(sorted(set(range(-99, 99)) - self.priorities))
        self.priorities.add(priority)
        return priority

    def rule(self):
        rng, name = self.rng, f"r{len(self.fields)}"
        on = rng.sample(TYPES, 1 if self.may(0.8) else 2) + (rng.sample(MADE, 1) if self.may(0.25) else [])
        clock = self.clock() if self.clocks and self.may(0.35) else None
        rule = Rule(name, [] if clock else on, clock, priority=self.priority(), marketing=self.may(0.7),
                    per=not clock and self.may(0.4), silent=self.may(0.12), field=f"f{len(self.fields)}")
        self.fields.append(rule.field)
        self.of(rule)
        rule.steps = self.collecting() if self.may(0.2) else self.steps(0)
        self.set_again(rule)
        self.keys(rule)
        return rule

    def of(self, rule):
        """Whose steps are drawn from here on."""
        self.name, self.field, self.silent, self.ticks = rule.name, rule.field, rule.silent, bool(rule.clock)

    def clock(self):
        spread = self.rng.choice(SPREADS)
        at = local(self.begin_ms + self.rng.randrange(20, 600) * MINUTE_MS, self.rng.choice(PLACES))
        minute = self.rng.choice([60 * at.hour + at.minute, *self.night[:2]])
        return self.rng.choice([("hour", None, spread), ("hour", None, spread),
                                ("day", time_text(minute), 2 * spread), ("once", f"{at:%Y-%m-%dT%H:%M}", 2 * spread)])

    def other_spread(self, clock):
        every, at, spread = clock
        longer = 1 if every == "hour" else 2
        return every, at, longer * self.rng.choice([one for one in SPREADS if longer * one != spread])

    def set_again(self, rule):
        rule.again = None
        if any_step(rule.steps, WAITS):
            rule.again = self.rng.choice(["restart", "ignore", "parallel"])
            if not waits_behind_send(rule.steps):
                rule.again = "collect"
        elif not rule.marketing and self.may(0.3):
            rule.again = "parallel"

    def keys(self, rule):
        """All but its steps, and what its journeys are by."""
        rng = self.rng
        self.of(rule)
        of_event = [self.of_plain] if rule.clock else [self.of_event, self.of_event, self.of_table]
        rule.condition = rng.choice(of_event)() if self.may(0.9 if rule.clock else 0.5) else None
        rule.until = self.until(rule.on) if any_step(rule.steps, WAITS) and self.may(0.6) else []
        of_while = [self.of_plain] if rule.clock else [self.of_customer, self.of_field, self.of_table]
        rule.while_ = rng.choice(of_while)() if self.may(0.3) else None
        rule.limit = (rng.randrange(1, 3), rng.choice(WINDOWS)) if self.may(0.35) else None
        rule.holdout = rng.choice([20, 50]) if rule.marketing and self.may(0.2) else 0
        rule.topic = rng.choice(["all", "all", *TOPICS])
        rule.enabled = self.may(0.93)

    # ---- Edits ----

    def edit(self, rules, spreads):
        """The rules as somebody edits them: some have other keys, some other steps, one goes, and two are
        new. `spreads`: some clocks have another, which is no new clock: whose turn has not come has it anew."""
        rules = copy.deepcopy(rules)
        rules.pop(self.rng.randrange(len(rules)))
        for rule in rules:
            if self.may(0.4):
                self.keys(rule)
            if self.may(0.4):
                self.edit_steps(rule)
            if rule.clock and spreads and self.may(0.3):
                rule.clock = self.other_spread(rule.clock)
        return rules + [self.rule() for _ in range(2)]

    def edit_steps(self, rule):
        """Some journey may wait at what is changed, or gone; the others go on. What was sent may stand behind
        them now."""
        self.of(rule)
        blocks = self.blocks(rule.steps)
        for _ in range(self.rng.randrange(1, 3)):
            at, kind = self.rng.randrange(len(blocks)), self.rng.random()
            if kind < 0.3:
                blocks.insert(self.rng.randrange(len(blocks) + 1), self.step(0))
            elif kind < 0.45 and len(blocks) > 1:
                blocks.insert(self.rng.randrange(len(blocks)), blocks.pop(at))
            elif kind < 0.65 and len(blocks) > 1:
                blocks.pop(at)
            else:
                blocks[at] = self.edit_block(blocks[at])
        steps = [step for block in blocks for step in block]
        rule.steps = steps if any_step(steps, {"set" if rule.silent else "send"}) else steps + [self.send()]
        self.set_again(rule)
        if not any_step(rule.steps, WAITS):
            rule.until = []

    def blocks(self, steps):
        """A wait stands before what it waits for."""
        blocks = []
        for step in steps:
            if blocks and blocks[-1][-1][0] in WAITS:
                blocks[-1].append(step)
            else:
                blocks.append([step])
        return blocks

    def edit_block(self, block):
        """Another wait, another condition, or other steps within the same branch; else a new step."""
        step, behind = block[0], block[1:]
        if step[0] in WAITS:
            return [self.wait(), *behind]
        if step[0] == "if":
            return [("if", self.of_any() if self.may(0.5) else step[1], self.steps(1), step[3]), *behind]
        if step[0] == "split" and self.may(0.5):
            return [("split", step[1], step[2], {share: self.steps(1) for share in step[3]}), *behind]
        return self.step(0)

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
        return self.set() if self.silent else ("send", self.step_id(), CODES if self.may(0.15) else None)

    def set(self):
        name = self.field
        more = (f"(has(customer.{name}) ? customer.{name} : 0) + 1", lambda view: view.profile.get(name, 0) + 1)
        return ("set", name, *self.rng.choice([more, more, ("customer.level", lambda view: view.profile["level"])]
                                              if self.ticks else [
            more,
            ("event.data.n", lambda view: view.data["n"]),
            ("n + customer.level", lambda view: view.data["n"] + view.profile["level"]),
            ("event.data.option", lambda view: view.data["option"])]))

    def emit(self):
        return ("emit", self.step_id(), self.rng.choice(MADE), self.ticks, FRIEND if self.may(0.3) else None)

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
            condition = self.of_waited() if self.may(0.2) and not self.ticks else self.of_any()
            otherwise = self.steps(depth + 1) if self.may(0.5) else []
            if self.may(0.1):
                otherwise.append(("stop",))
            return [("if", condition, self.steps(depth + 1), otherwise)]
        shares = rng.choice([{"a": 50, "b": 50}, {"a": 20, "b": 30, "c": 50}])
        then = {share: self.steps(depth + 1) for share in shares if self.may(0.8)}
        return [("split", self.step_id(), shares, then)] if then else [self.send()]

    def wait(self):
        rng, length = self.rng, self.rng.randrange(1, 6) * SLOT_MINUTES
        moment = ("wait_moment", f'started + duration("{length}m")', lambda view: view.started + length * 60000, False)
        return rng.choice([
            ("wait", length), ("wait", length), moment,
            ("wait_for", length, self.until([], self.of_meeting)),
            ("wait_for", length, self.until([], self.of_meeting)),
            ("wait_clock", rng.choice([rng.randrange(48) * 30, *self.night])),
            moment if self.ticks
            else ("wait_moment", "timestamp(event.data.at)", lambda view: view.data["at_ms"], rng.random() < 0.5)])

    def of_meeting(self):
        return self.rng.choice([self.of_end, self.of_event])()


SPREADS = [0, 10, 60]  # minutes
WAITS = {"wait", "wait_for", "wait_clock", "wait_moment"}


def waits_behind_send(steps):
    """Whether it is no rule that may collect."""
    return steps[0][0] != "wait" or len(steps) != 4 or steps[3][0] != "set" or any_step(steps[1:], WAITS)


def inner(step):
    if step[0] == "if":
        return [step[2], step[3]]
    return list(step[3].values()) if step[0] == "split" else []


def shares_of(steps, within=()):
    """Of each send by which shares of which splits it is reached."""
    out = {}
    for step in steps:
        if step[0] == "send":
            out[step[1]] = within
        elif step[0] == "split":
            for share, then in step[3].items():
                out.update(shares_of(then, (*within, (step[1], share))))
        else:
            for list_ in inner(step):
                out.update(shares_of(list_, within))
    return out


def any_step(steps, kinds):
    return any(step[0] in kinds or any(any_step(list_, kinds) for list_ in inner(step)) for step in steps)
