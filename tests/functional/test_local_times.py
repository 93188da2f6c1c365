"""Waits for a local time, and the ends of quiet hours, against Python's zoneinfo: five zones, each day
of three years, and each quarter of an hour around every change of daylight saving."""

import os
import pathlib
import random
import subprocess
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from conftest import BUILD

PROBE = pathlib.Path(os.environ.get("BUILD_DIR", BUILD)) / "tests/functional/deadline_probe"
ZONES = ["Europe/Helsinki", "Europe/Bucharest", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]
DAYS = [date(2026, 1, 1) + timedelta(number) for number in range(1096)]
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAY_MS = 24 * 3600 * 1000


def instant(day, minute, zone):
    """A local time that is skipped moves forward, of one that comes twice it is the first."""
    at = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=ZoneInfo(zone), fold=0)
    return round(at.timestamp() * 1000)


def moments(zone):
    """When it is asked: at three times of each day, and all around each change."""
    rng, out = random.Random(20260329), []
    for day in DAYS:
        start = round(datetime(day.year, day.month, day.day, tzinfo=timezone.utc).timestamp() * 1000)
        out += [start + rng.randrange(DAY_MS) for _ in range(3)]
        offsets = {datetime.fromtimestamp((start + ms) / 1000, ZoneInfo(zone)).utcoffset() for ms in (0, DAY_MS)}
        if len(offsets) > 1:
            out += [start + ms + ahead for ms in range(-DAY_MS // 2, DAY_MS * 3 // 2, 900000) for ahead in (-1, 0, 1)]
    return out


def ask(folder, rule, zone, quiet=(-1, -1)):
    """(moment, when the journey goes on) for each."""
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(f"{{name: r, on: a, {rule}}}\n")
    at = moments(zone)
    out = subprocess.run([PROBE, folder / "rules", *map(str, quiet)], input="".join(f"{ms} {zone}\n" for ms in at),
                         stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    assert len(out) == len(at) > 3000
    return zip(at, map(int, out))


def days_around(ms, zone, count):
    today = datetime.fromtimestamp(ms / 1000, ZoneInfo(zone)).date()
    return [today + timedelta(number) for number in range(-2, count)]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", ["00:00", "01:30", "01:45", "02:15", "03:00", "03:30", "09:00", "23:59"])
def test_waits_for_a_time_of_day(tmp_path, zone, at):
    minute = int(at[:2]) * 60 + int(at[3:])
    for ms, found in ask(tmp_path, f'again: parallel, steps: [{{wait: {{until: "{at}"}}}}, {{send: x}}]', zone):
        times = [instant(day, minute, zone) for day in days_around(ms, zone, 3)]
        assert found == min(time for time in times if time > ms), (ms, zone)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("on", [["sun"], ["mon", "tue", "wed", "thu", "fri"]])
def test_waits_for_a_day_of_the_week(tmp_path, zone, on):
    rule = f'again: parallel, steps: [{{wait: {{until: "02:30", on: [{", ".join(on)}]}}}}, {{send: x}}]'
    for ms, found in ask(tmp_path, rule, zone):
        times = [instant(day, 150, zone) for day in days_around(ms, zone, 10) if WEEK[day.weekday()] in on]
        assert found == min(time for time in times if time > ms), (ms, zone)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("begin, end", [("21:00", "08:00"), ("23:30", "02:30"), ("01:00", "03:30"), ("02:15", "09:00"),
                                        ("00:00", "02:00"), ("02:30", "01:45"), ("01:15", "09:00"),
                                        ("22:00", "03:30"), ("03:30", "08:00"), ("02:30", "03:15"), ("03:30", "04:15"),
                                        ("02:10", "02:20"), ("01:30", "01:45")])
def test_quiet_hours(tmp_path, zone, begin, end):
    """They begin and end at instants, each as a wait for it would; 0: it is in none."""
    quiet = [int(time[:2]) * 60 + int(time[3:]) for time in (begin, end)]
    overnight = quiet[0] > quiet[1]
    for ms, found in ask(tmp_path, "send: x", zone, quiet):
        nights = [(instant(day, quiet[0], zone), instant(day + timedelta(overnight), quiet[1], zone))
                  for day in days_around(ms, zone, 1)]
        until = max((to for since, to in nights if since <= ms < to), default=0)
        assert found == until, (ms, zone, datetime.fromtimestamp(ms / 1000, ZoneInfo(zone)).isoformat())
