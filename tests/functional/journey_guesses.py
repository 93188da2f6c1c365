"""What only Redis knew when something was decided, and the model of the language (journey_model.py) cannot:
by which of two rule sets a daemon decided, whether `policy.brake` had paused a rule by then, whether
there was room in the outbox, and whether a code was left. A trace line says what came of it, so the
model tries what may have been."""

import dataclasses
import itertools
import math

PASSES = {"sends", "refused", "outbox-full", "quiet-hours"}  # what may become of a send that the brake lets pass
ROOM = ((math.inf, False), (math.inf, False))


@dataclasses.dataclass(frozen=True)
class Guess:
    rules: object  # the set by which was decided
    others: tuple = ()  # of other daemons that live
    paused: dict = dataclasses.field(default_factory=dict)  # rule -> "by hand" or "brake"
    braked: dict = dataclasses.field(default_factory=dict)  # rule -> how many sends the brake lets pass
    room: tuple = ROOM  # marketing, transactional: for how many messages, and whether others stand in the queue
    # rule -> how many codes it finds, others enough; below 0, how many of its sends were found to lack one
    # as they were decided before
    codes: dict = dataclasses.field(default_factory=dict)


def guesses(sets, decided, paused, tripped, halted, crowded, said):
    """`decided`: those of the sets by which it may have been; `paused`: which rules may have been paused;
    `tripped`: rules that their brake paused at some time of what is read now; `halted`: those for which a
    journey waits already; `crowded`: the outbox may have been full; `said`: what the line says."""
    for then, rules, room, codes in itertools.product(paused, decided, rooms(crowded, said), codes_left(said)):
        for held, passing in braked(tripped, then, halted, said):
            yield Guess(rules, tuple(other for other in sets if other is not rules), {**then, **held}, passing,
                        room, codes)


def pauses(paused, earlier, names, said=()):
    """As rules are paused now, and as they may have been before one after the other was paused or resumed,
    as far as it concerns these rules, or those of which the line says something."""
    changed = sorted(name for name in earlier if name in names or any(rule == name for rule, _, _ in said))
    options = [[paused.get(name), *(earlier[name] - {paused.get(name)})] for name in changed]
    return [{name: by for name, by in {**paused, **dict(zip(changed, choice))}.items() if by}
            for choice in itertools.product(*options)]


def codes_left(said):
    names = sorted(rule for rule, what, why in said if what == "refused" and why == "no-code")
    for counts in itertools.product(*[
            [*range(said[name, "sends", None] + 1), -said[name, "refused", "no-code"]] for name in names]):
        yield dict(zip(names, counts))


def rooms(crowded, said):
    if not crowded:
        return [ROOM]
    most = sum(count for (_, what, _), count in said.items() if what in ("sends", "refused")) + 1
    free = (math.inf, False)
    out = [ROOM]
    for number, queued in itertools.product(range(most + 1), (False, True)):
        out += [((number, queued), free), ((0, True), (number, queued)), ((number, queued), (math.inf, True))]
    return out + [((math.inf, True), free), ((math.inf, True), (math.inf, True)), (free, (math.inf, True))]


def braked(tripped, paused, halted, said):
    """Of each rule that the line calls paused, or may leave so: from the beginning, or after so many sends."""
    options = []
    for name in sorted(tripped - set(paused)):
        passed = sum(count for (rule, what, _), count in said.items() if rule == name and what in PASSES)
        if name in halted or any(rule == name and "paused" in (what, why) for rule, what, why in said):
            options.append([({name: "brake"}, {})] + [({}, {name: number}) for number in range(passed + 1)])
    for choice in itertools.product(*options):
        yield ({name: by for held, _ in choice for name, by in held.items()},
               {name: number for _, passing in choice for name, number in passing.items()})
