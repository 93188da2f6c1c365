"""Local times by Python's zoneinfo, for the model of the language (journey_model.py): where customers
live, when it is a time of day there, and the nights in which a clock is set."""

import datetime
import zoneinfo

MINUTE_MS, DAY_MS = 60 * 1000, 24 * 60 * 60 * 1000
SHOP = "shop"  # the zone of who has none
# Half an hour from others, and with a change of half an hour; where no clock is set; a plain offset.
PLACES = ["Europe/Helsinki", "Europe/Bucharest", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata",
          "Pacific/Kiritimati", "+05:30"]
NOWHERE = "Mars/Phobos"  # who lives there has none
OFFSETS = {"+05:30": datetime.timezone(datetime.timedelta(hours=5, minutes=30))}


def zone_of(name):
    return OFFSETS.get(name) or zoneinfo.ZoneInfo(name)


def home_of(timezone):
    """The zone that customers with such a `timezone` are of."""
    return timezone if timezone in PLACES else SHOP


def instant(day, minute, zone):
    """When it is that minute of a day. One that is skipped moves forward, of one that comes twice it is the first."""
    at = datetime.datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone_of(zone), fold=0)
    return round(at.timestamp() * 1000)


def time_text(minute):
    return f"{minute // 60:02}:{minute % 60:02}"


def local(ms, zone):
    return datetime.datetime.fromtimestamp(ms / 1000, zone_of(zone))


def days(from_ms, until_ms, zone):
    """Each day that lies between, and one more at both ends."""
    first, last = local(from_ms, zone).date(), local(until_ms, zone).date()
    return [first + datetime.timedelta(number) for number in range(-1, (last - first).days + 2)]


def next_time(after_ms, minute, zone):
    """The first such minute of a day after that time."""
    return min(ms for day in days(after_ms, after_ms + DAY_MS, zone) if (ms := instant(day, minute, zone)) > after_ms)


def quiet_end(now_ms, begin, end, zone):
    """When the quiet hours end in which it is now, from and to such minutes of a day; 0: it is in none."""
    overnight = datetime.timedelta(begin > end)
    nights = [(instant(day, begin, zone), instant(day + overnight, end, zone)) for day in days(now_ms, now_ms, zone)]
    return max((to for since, to in nights if since <= now_ms < to), default=0)


def is_set(at_ms, zone):
    """How much the clocks there are set within the day that follows."""
    return local(at_ms + DAY_MS, zone).utcoffset() - local(at_ms, zone).utcoffset()


def next_setting(after_ms, zone):
    """When a clock of the zone is set next; None: in a year it is not."""
    for day_ms in range(after_ms, after_ms + 366 * DAY_MS, DAY_MS):
        if not is_set(day_ms, zone):
            continue
        before, low, high = local(day_ms, zone).utcoffset(), day_ms, day_ms + DAY_MS
        while high - low > MINUTE_MS:
            middle = (low + high) // 2
            low, high = (middle, high) if local(middle, zone).utcoffset() == before else (low, middle)
        return high
    return None


def settings(after_ms):
    """(zone, when) of the next two of each zone, in spring and in autumn."""
    out = []
    for zone in PLACES:
        first = next_setting(after_ms, zone)
        if first:
            out += [(zone, first), (zone, next_setting(first + DAY_MS, zone))]
    return out
