"""The rules that journey_rules.py draws, as they stand in a file."""

from journey_types import MADE, TYPES, WORDS
from journey_zones import time_text

TICK = '"tick-" + string(int(started))'
DATA = {"began": f"has(start.mark) ? start.mark : {TICK}", "level": "customer.level",
        "mark": f"has(event.data.mark) ? event.data.mark : {TICK}",
        "all": f'collected.map(one, has(one.mark) ? one.mark : {TICK}).join(",")'}


def minutes(count):
    return f"{count}m"


def events_document(events):
    return [{"on": kind, "if": condition.cel} if condition else kind for kind, condition in events]


def step_document(step):
    kind = step[0]
    if kind == "send":
        send = {"template": "coded" if step[2] else "letter", "data": {"step": f'"{step[1]}"', **DATA}}
        return {"send": {**send, **({"code": step[2]} if step[2] else {})}}
    if kind == "wait":
        return {"wait": minutes(step[1])}
    if kind == "wait_for":
        return {"wait": {"for": minutes(step[1]), "or": events_document(step[2])}}
    if kind == "wait_clock":
        return {"wait": {"until": time_text(step[1])}}
    if kind == "wait_moment":
        return {"wait": {"until": step[1], **({"past": "skip"} if step[3] else {})}}
    if kind == "set":
        return {"set": {step[1]: step[2]}}
    if kind == "emit":
        data = {"key": '"k1"', "n": "5"} if step[3] else {"key": "key", "n": "(event.data.n + 3) % 10"}
        mark = f'({DATA["began"]}) + "/{step[1]}"'
        emit = {"type": step[2], "data": {"mark": mark, **data}}
        return {"emit": {**emit, **({"for": f"customer.{step[4]}"} if step[4] else {})}, "id": step[1]}
    if kind == "if":
        branch = {"if": step[1].cel, "then": [step_document(one) for one in step[2]]}
        return {**branch, "else": [step_document(one) for one in step[3]]} if step[3] else branch
    if kind == "split":
        return {"split": {"name": step[1], "shares": step[2]},
                "then": {share: [step_document(one) for one in steps] for share, steps in step[3].items()}}
    return "stop"


def clock_document(clock):
    every, at, spread = clock
    on = {"once": at} if every == "once" else {"every": every, **({"at": at} if at else {})}
    return {**on, "spread": minutes(spread)}


def marker(number):
    """The name of a rule that never matches: its refusal tells by which set a daemon decided."""
    return f"set{number}"


def counting(number=0):
    """It asks how many events of each type there were, from the beginning on."""
    return {"name": marker(number), "class": "transactional", "on": [*TYPES, *MADE, *WORDS, "customer.known"],
            "priority": 1000, "send": "letter",
            "if": " + ".join(f'customer.count("{kind}")' for kind in TYPES) + " < 0"}


def document(rule):
    """The rule as YAML has it."""
    out = {"name": rule.name, "class": "marketing" if rule.marketing else "transactional", 
           "on": clock_document(rule.clock) if rule.clock else rule.on,
           "priority": rule.priority, "topic": rule.topic}
    if not rule.enabled:
        out["enabled"] = False
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
