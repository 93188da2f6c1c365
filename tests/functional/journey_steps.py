"""A rule's steps as a list with jumps, and sets of such rules: as docs/rules.md has it, for the model of the
language (journey_model.py)."""

import collections
import dataclasses
import json

from journey_text import step_document


@dataclasses.dataclass
class Instruction:
    kind: str
    step: tuple = ()
    id: str = ""  # by which a journey that waits at it knows it again after an edit
    within: int = -1  # number of the branch or split that it stands in
    otherwise: bool = False
    target: int = 0
    behind: int = 0
    shares: list = None  # (up to, target) each


def content_of(step):
    """What it is known by: a branch by its condition, a split by its name."""
    if step[0] == "if":
        return step[1].cel
    return step[1] if step[0] == "split" else json.dumps(step_document(step), sort_keys=True)


def compile_steps(steps):
    out, known = [], collections.Counter()

    def add(kind, step, within, otherwise):
        id_ = f"{kind}:{content_of(step)}" if step else ""
        known[id_] += 1
        out.append(Instruction(kind, step, f"{id_}#{known[id_]}", within, otherwise))
        return len(out) - 1

    def side(steps, within, otherwise):
        passes = None
        for step in steps:
            at = add_step(step, within, otherwise)
            if passes is not None:
                out[passes].behind = len(out)
            passes = at if step[0] == "wait_moment" and step[3] else None

    def add_branch(step, at, within, otherwise):
        side(step[2], at, False)
        if step[3]:
            jump = add("jump", (), within, otherwise)
            out[at].target = len(out)
            side(step[3], at, True)
            out[jump].target = len(out)
        else:
            out[at].target = len(out)

    def add_split(step, at, within, otherwise):
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

    def add_step(step, within, otherwise):
        at = add({"if": "unless"}.get(step[0], step[0]), step, within, otherwise)
        if step[0] == "if":
            add_branch(step, at, within, otherwise)
        elif step[0] == "split":
            add_split(step, at, within, otherwise)
        out[at].behind = len(out)
        return at

    side(steps, -1, False)
    return out


class RuleSet:
    """What a daemon decides by."""

    def __init__(self, rules, number=0):
        self.number = number  # the newer one has the greater
        self.rules = sorted(rules, key=lambda rule: -rule.priority)
        self.by_name = {rule.name: rule for rule in rules}
        self.code = {rule.name: compile_steps(rule.steps) for rule in rules}
        self.places = {name: {step.id: at for at, step in enumerate(code)} for name, code in self.code.items()}

    def with_clocks(self, rules):
        """Those of these rules whose clocks are the same here."""
        mine = [self.by_name.get(rule.name) for rule in rules]
        return [rule for rule, other in zip(mine, rules) if rule and rule.enabled and rule.clock == other.clock]

    def lost(self, journey):
        """Why its journey cannot go on; None: it can."""
        rule = self.by_name.get(journey.rule)
        if not rule:
            return "rule-removed"
        if not rule.enabled:
            return "disabled"
        return None if journey.step in self.places[rule.name] else "rule-changed"

    def place(self, journey):
        return self.places[journey.rule][journey.step]
