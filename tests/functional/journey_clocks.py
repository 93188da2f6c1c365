"""When the clocks of rules tick (docs/rules.md, Clocks), and whose turn it is then."""

import datetime

from journey_moves import spread
from journey_types import MINUTE_MS
from journey_zones import days, instant

PLACES = FULL = 10 ** 9
HOUR_MS = 60 * MINUTE_MS


def ticks(clock, zone, after_ms, until_ms):
    """(name, ms) of each, for those who live in the zone."""
    every, at, _ = clock
    if every == "once":
        time = datetime.datetime.fromisoformat(at)
        found = [(at[:10], instant(time.date(), 60 * time.hour + time.minute, zone))]
    elif every == "hour":
        found = [(name_of(ms, "%Y-%m-%dT%H"), ms)
                 for ms in range(after_ms // HOUR_MS * HOUR_MS, until_ms + 1, HOUR_MS)]
    else:
        hour, minute = map(int, at.split(":"))
        found = [(f"{day}", instant(day, 60 * hour + minute, zone)) for day in days(after_ms, until_ms, zone)]
    return [(name, ms) for name, ms in found if after_ms < ms <= until_ms]


def name_of(ms, form):
    return datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc).strftime(form)


def place_of(key):
    return spread(f"spread\0{key}") % PLACES


def offset(clock, key):
    """How long after the tick it is that customer's turn."""
    return clock[2] * MINUTE_MS * place_of(key) // PLACES


def swept_to(rule, zone, since_ms, now_ms, swept):
    """Whether everybody was asked whose turn had come; `swept`: tick, its time, up to whose place."""
    newest = ticks(rule.clock, zone, since_ms, now_ms)[-1:]
    if not newest:
        return True
    name, tick_ms = newest[0]
    length = rule.clock[2] * MINUTE_MS
    place = min(FULL, (now_ms - tick_ms) * FULL // length + 1) if length else FULL
    return swept[0] == name and int(swept[2]) >= place or swept[0] > name


def turns(rule, key, zone, since_ms, now_ms):
    """(moment, name, time of the tick) of each turn of a customer that has come, where they live."""
    later = offset(rule.clock, key)
    return [(ms + later, name, ms) for name, ms in ticks(rule.clock, zone, since_ms, now_ms) if ms + later <= now_ms]
