"""When the clocks of rules tick, against Python's zoneinfo: five zones, three years, every change of
daylight saving among them."""

import os
import pathlib
import subprocess
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from conftest import BUILD

PROBE = pathlib.Path(os.environ.get("BUILD_DIR", BUILD)) / "tests/functional/clock_probe"
ZONES = ["Europe/Helsinki", "Europe/Bucharest", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]
FIRST, LAST = date(2026, 1, 1), date(2028, 12, 31)
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def instant(day, at, zone):
    """A local time that is skipped moves forward, of one that comes twice it is the first."""
    hour, minute = map(int, at.split(":"))
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone), fold=0).timestamp()


def days_of(rule):
    kind, on = rule
    day = FIRST - timedelta(2)
    while day <= LAST + timedelta(2):
        last = (day + timedelta(1)).day == 1
        if (kind == "day" or kind == "week" and WEEK[day.weekday()] in on
                or kind == "month" and (last if on == "last" else day.day == on)):
            yield day
        day += timedelta(1)


def ticks(clock, zone):
    begin = datetime(2026, 1, 1, tzinfo=timezone.utc).timestamp()
    end = datetime(2029, 1, 1, tzinfo=timezone.utc).timestamp()
    out = subprocess.run([PROBE, clock, zone, str(int(begin * 1000)), str(int(end * 1000))],
                         stdout=subprocess.PIPE, text=True, check=True).stdout
    return begin, end, [(name, int(ms)) for name, ms in map(str.split, out.splitlines())]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", ["00:00", "00:30", "01:30", "01:45", "02:00", "02:15", "02:30", "03:00",
                                "03:30", "04:00", "09:00", "23:59"])
def test_days(zone, at):
    begin, end, found = ticks(f'{{every: day, at: "{at}"}}', zone)
    expected = [(day.isoformat(), round(instant(day, at, zone) * 1000)) for day in days_of(("day", None))]
    assert found == [row for row in expected if begin * 1000 < row[1] <= end * 1000]
    assert len(found) in (1095, 1096, 1097)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("on, rule", [
    ("[sun]", ("week", ["sun"])), ("[mon, thu]", ("week", ["mon", "thu"])),
    ("1", ("month", 1)), ("29", ("month", 29)), ("31", ("month", 31)), ("last", ("month", "last"))])
def test_weeks_and_months(zone, on, rule):
    begin, end, found = ticks(f'{{every: {rule[0]}, on: {on}, at: "02:30"}}', zone)
    expected = [(day.isoformat(), round(instant(day, "02:30", zone) * 1000)) for day in days_of(rule)]
    assert found == [row for row in expected if begin * 1000 < row[1] <= end * 1000]
    assert found


@pytest.mark.parametrize("zone", ZONES)
def test_hours(zone):
    begin, end, found = ticks("{every: hour}", zone)
    first = datetime(2026, 1, 1, tzinfo=timezone.utc)
    for number, (name, ms) in enumerate(found, 1):
        hour = first + timedelta(hours=number)
        assert (name, ms) == (hour.strftime("%Y-%m-%dT%H"), hour.timestamp() * 1000)
    assert len(found) == (end - begin) / 3600


@pytest.mark.parametrize("zone", ZONES)
def test_once(zone):
    for day, at in [(date(2026, 3, 29), "03:30"), (date(2026, 10, 25), "03:30"), (date(2027, 3, 14), "02:30"),
                    (date(2027, 11, 7), "01:30"), (date(2028, 10, 1), "02:15"), (date(2028, 4, 2), "01:45")]:
        found = ticks(f"{{once: {day}T{at}}}", zone)[2]
        assert found == [(day.isoformat(), round(instant(day, at, zone) * 1000))]
