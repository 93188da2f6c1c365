"""Rules with a clock: every known customer is asked once at each tick, in the order of their turns,
whatever happens to daemons, zones and rules meanwhile. Redis' clock is set."""

import datetime
import json
import signal
import zoneinfo

import pytest
from conftest import refusals, wait_until
from persons import LateRedis

HOUR_MS = 3600 * 1000
TEMPLATE = "---\nsubject: '{{ customer.id }} {{ word }}'\n---\nx"


def rule(name, on, more=""):
    return (f"---\nname: {name}\nclass: transactional\non: {on}\n{more}\n"
            f"send: {{template: mail, data: {{word: '\"{name}\"'}}}}\n")


FULL = 10**9
DAILY = '{every: day, at: "09:00", spread: 0s}'


class Clock:
    """A shop whose Redis shows what time one wants."""

    def __init__(self, shop):
        self.shop, self.redis = shop, shop.redis(LateRedis)
        shop.config["redis"]["accept_loss"] = True
        shop.config["clocks"] = {"rate": 100000}
        shop.template("mail.text.liquid", TEMPLATE)
        self.mail = shop.smtp()
        self.count, self.got = 0, []

    def now(self):
        seconds, micros = self.shop.client.time()
        return seconds + micros / 1e6

    def set(self, local, zone="UTC"):
        """To a local time such as 2027-03-02 08:59."""
        at = datetime.datetime.fromisoformat(local).replace(tzinfo=zoneinfo.ZoneInfo(zone)).timestamp()
        self.redis.ahead_ms.value += int((at - self.now()) * 1000)

    def know(self, number, zone=None, **said):
        """An event of a customer, and its effect."""
        self.count += 1
        customer = {"id": str(number), "email": f"c{number}@example.com", **said}
        if zone:
            customer["timezone"] = zone
        self.shop.push({"type": "seen", "id": f"e{self.count}", "customer": customer})

    def wait_ready(self):
        """The index is made, and a tick's time would be noticed."""
        wait_until(lambda: self.shop.client.hget("nudged:index", "state") == b"done", "the index")
        self.shop.wait_idle()

    def wait_swept(self, sweep, tick):
        """Every customer of the zone was asked by the rule at that tick."""
        def swept():
            name, _, place, _ = (self.shop.client.hget("nudged:swept", sweep) or b"- 0 0 -").decode().split()
            return name == tick and int(place) == FULL
        wait_until(swept, lambda: f"{sweep} at {tick}: {self.shop.client.hgetall('nudged:swept')}")
        self.settle()

    def wait_noted(self, *rules):
        """These rules have clocks, and the zones of all customers are seen."""
        wait_until(lambda: self.shop.client.hkeys("nudged:clocks") == [r.encode() for r in rules], rules)

    def mails(self):
        self.got += [mail["Subject"] for mail in self.mail.all_mails()]
        return sorted(self.got)

    def wait_mails(self, *expected):
        wait_until(lambda: len(self.mails()) >= len(expected), lambda: f"{expected}: {self.mails()}")
        self.settle()
        assert self.mails() == sorted(expected)

    def settle(self):
        """Nothing is left to be asked or sent."""
        wait_until(lambda: self.shop.client.zcard("nudged:ticks") == 0 and self.shop.idle(), "all ticks")


@pytest.fixture
def clock(shop):
    return Clock(shop)


def test_each_in_their_own_zone(clock):
    clock.shop.rules(rule("daily", DAILY))
    clock.set("2027-03-02 05:00")
    clock.shop.daemon().spawn()
    clock.know(1, "Europe/Helsinki")
    clock.know(2)
    clock.know(3, "America/New_York")
    clock.wait_ready()
    clock.set("2027-03-02 07:00:30")
    clock.wait_mails("1 daily")
    clock.set("2027-03-02 09:00:30")
    clock.wait_mails("1 daily", "2 daily")
    clock.set("2027-03-02 14:00:30")
    clock.wait_mails("1 daily", "2 daily", "3 daily")
    clock.set("2027-03-03 23:00:00")
    clock.wait_mails(*(f"{n} daily" for n in (1, 2, 3) for _ in range(2)))


def test_missed_ticks(clock):
    """After an outage of days the newest alone is made up, and not beyond `max_age`."""
    clock.shop.rules(rule("daily", DAILY, "max_age: 10d") + rule("strict", DAILY, "max_age: 2h"))
    clock.set("2027-03-02 05:00")
    daemon = clock.shop.daemon().spawn()
    clock.know(1)
    clock.wait_ready()
    daemon.kill()
    clock.set("2027-03-06 12:00")
    daemon.spawn()
    clock.wait_swept("daily shop", "2027-03-06")
    clock.wait_mails("1 daily")
    clock.set("2027-03-07 09:01")
    clock.wait_mails("1 daily", "1 daily", "1 strict")


def test_who_moves_is_asked_once(clock):
    """Once for each date, in whatever zone they are by then."""
    clock.shop.rules(rule("daily", DAILY))
    clock.set("2027-03-02 05:00")
    clock.shop.daemon().spawn()
    clock.know(1, "Europe/Helsinki")
    clock.know(2, "America/New_York")
    clock.know(3, "America/New_York")
    clock.know(4, "Europe/Helsinki")
    clock.wait_ready()
    clock.set("2027-03-02 07:00:30")
    clock.wait_mails("1 daily", "4 daily")
    clock.know(1, "America/New_York")  # who was asked already
    clock.know(2, "Europe/Helsinki")  # whose turn has just been there
    clock.wait_mails("1 daily", "2 daily", "4 daily")
    clock.set("2027-03-02 14:00:30")
    clock.wait_swept("daily America/New_York", "2027-03-02")
    clock.wait_mails("1 daily", "2 daily", "3 daily", "4 daily")
    clock.set("2027-03-03 23:00")
    clock.wait_mails(*(f"{n} daily" for n in (1, 2, 3, 4) for _ in range(2)))


def test_into_a_zone_that_nobody_was_in(clock):
    clock.shop.rules(rule("daily", DAILY))
    clock.set("2027-03-02 05:00")
    clock.shop.daemon().spawn()
    clock.know(1, "America/New_York")
    clock.wait_ready()
    clock.set("2027-03-02 10:00")
    clock.know(1, "Europe/Helsinki")
    clock.know(2, "Europe/Bucharest")  # not known when it was nine there
    clock.wait_mails("1 daily")
    clock.set("2027-03-03 07:01")
    clock.wait_mails("1 daily", "1 daily", "2 daily")


def test_a_new_rule_begins_with_its_next_tick(clock):
    """Also for those who were known long before any clock; and an edit keeps what was asked."""
    clock.set("2027-03-02 09:30")
    clock.shop.rules(rule("other", "seen"))
    daemon = clock.shop.daemon().spawn()
    for number in range(30):
        clock.know(number)
    clock.shop.wait_idle()
    assert not clock.shop.client.exists("nudged:index", "nudged:zones", "nudged:zone:shop")
    first = sorted(f"{number} other" for number in range(30))
    clock.wait_mails(*first)
    clock.shop.rules(rule("daily", DAILY))
    assert daemon.ask("POST", "/reload")[0] == 200
    clock.wait_ready()
    assert clock.shop.client.zcard("nudged:zone:shop") == 30
    clock.set("2027-03-02 23:00")
    clock.settle()
    clock.set("2027-03-03 09:01")
    second = first + [f"{number} daily" for number in range(30)]
    clock.wait_mails(*second)
    since = clock.shop.client.hget("nudged:clocks", "daily")
    clock.shop.rules(rule("daily", DAILY, "priority: 5"))
    assert daemon.ask("POST", "/reload")[0] == 200
    clock.set("2027-03-03 09:10")
    clock.wait_mails(*second)
    assert clock.shop.client.hget("nudged:clocks", "daily") == since
    clock.shop.rules(rule("other", "seen"))
    assert daemon.ask("POST", "/reload")[0] == 200
    wait_until(lambda: not clock.shop.client.exists("nudged:clocks", "nudged:index", "nudged:zones",
                                                    "nudged:swept", "nudged:zone:shop"), "no index")


def test_another_time_of_day_asks_nobody_twice(clock):
    clock.shop.rules(rule("daily", DAILY))
    clock.set("2027-03-02 08:00")
    daemon = clock.shop.daemon().spawn()
    clock.know(1)
    clock.wait_ready()
    clock.set("2027-03-02 09:01")
    clock.wait_mails("1 daily")
    before = clock.shop.client.hget("nudged:clocks", "daily")
    clock.shop.rules(rule("daily", DAILY.replace("09", "18")))
    assert daemon.ask("POST", "/reload")[0] == 200
    wait_until(lambda: clock.shop.client.hget("nudged:clocks", "daily") != before, "the new time")
    clock.set("2027-03-02 18:01")
    clock.know(2)
    clock.shop.wait_idle()
    clock.set("2027-03-03 17:00")
    clock.settle()
    clock.wait_mails("1 daily")
    clock.set("2027-03-03 18:01")
    clock.wait_mails("1 daily", "1 daily", "2 daily")


def test_once(clock):
    """One that is past when it comes never fires."""
    clock.shop.rules(rule("past", "{once: 2027-03-02T09:00, spread: 0s}", "max_age: 10d")
                     + rule("soon", "{once: 2027-03-02T11:00, spread: 0s}", "max_age: 10d"))
    clock.set("2027-03-02 10:00")
    clock.shop.daemon().spawn()
    clock.know(1)
    clock.know(2, "America/New_York")  # there it comes at 14:00 and at 16:00
    clock.wait_ready()
    clock.set("2027-03-02 11:01")
    clock.wait_mails("1 soon")
    clock.set("2027-03-02 16:01")
    clock.wait_mails("1 soon", "2 past", "2 soon")
    clock.set("2027-04-02 16:01")
    clock.know(3)
    clock.settle()
    clock.wait_mails("1 soon", "2 past", "2 soon")


def test_spread(clock):
    """Each at a place of their own, the same for all rules: so priority decides under a cap."""
    clock.shop.config["policy"] = {"consent": "true", "cap": "1 per 1h"}
    on = '{every: day, at: "09:00", spread: 2h}'
    weekly = '{every: week, on: [tue], at: "09:00", spread: 2h}'
    clock.shop.rules(rule("low", on).replace("transactional", "marketing")
                     + rule("high", weekly, "priority: 3").replace("transactional", "marketing"))
    clock.shop.template("mail.text.liquid", TEMPLATE.replace("x", "{{ unsubscribe_url }}"))
    clock.shop.config["mail"]["unsubscribe_url"] = "https://shop.example/u/"
    clock.set("2027-03-02 05:00")
    clock.shop.daemon().spawn()
    for number in range(40):
        clock.know(number)
    clock.wait_ready()
    places = dict(clock.shop.client.zrange("nudged:zone:shop", 0, -1, withscores=True))
    clock.set("2027-03-02 10:00")
    half = [int(key.decode()[3:]) for key, place in places.items() if place < FULL // 2 - FULL // 100]
    assert 8 < len(half) < 32
    wait_until(lambda: len(clock.mails()) >= len(half), "the first half")
    early = set(clock.mails())
    assert early >= {f"{number} high" for number in half}
    assert len(early) <= sum(place < FULL // 2 + FULL // 50 for place in places.values())
    clock.set("2027-03-02 11:01")
    clock.wait_mails(*(f"{number} high" for number in range(40)))
    for number in range(40):
        assert ("low", "refused", "cap") in clock.shop.trace(f"id:{number}")


def test_silence_and_birthdays(clock):
    """What clocks are for: 60 days silent, once; and a day of the year in one's own zone."""
    silent = "if: 'now - customer.last(\"order.placed\") > duration(\"60d\")'\nlimit: 1 per 90d"
    birthday = "if: 'has(customer.birthday) && is_today(customer.birthday)'"
    clock.shop.rules(rule("silent", DAILY, silent) + rule("birthday", DAILY, birthday))
    clock.set("2027-03-02 08:00")
    clock.shop.daemon().spawn()
    clock.shop.push({"type": "order.placed", "id": "o1", "customer":
                     {"id": "1", "email": "c1@example.com", "birthday": "1990-05-20", "timezone": "Asia/Kolkata"}})
    clock.wait_ready()
    for day in (0, 1, 57, 58, 59, 60, 61, 78, 79):  # 60 days are over on day 59, before noon there
        moment = datetime.date(2027, 3, 3) + datetime.timedelta(day)
        clock.set(f"{moment} 12:00")
        clock.wait_swept("silent Asia/Kolkata", str(moment))
    clock.wait_mails("1 birthday", "1 silent")


def test_erased_expired_and_joined(clock):
    clock.shop.rules(rule("daily", DAILY))
    clock.set("2027-03-02 05:00")
    clock.shop.daemon().spawn()
    clock.know(1)
    clock.know(2)
    clock.know(3, "Europe/Helsinki")
    clock.shop.push({"type": "seen", "id": "anonymous", "customer": {"email": "new@example.com"}})
    clock.wait_ready()
    assert clock.shop.client.zcard("nudged:zone:shop") == 3
    clock.shop.push({"type": "customer.erased", "id": "x", "customer": {"id": "1"}})
    clock.shop.wait_idle()
    clock.shop.client.delete("nudged:customer:id:2")
    clock.set("2027-03-02 09:01")
    clock.wait_mails("3 daily", "daily")
    assert clock.shop.client.zrange("nudged:zone:shop", 0, -1) == [b"email:new@example.com"]
    # In New York it is not nine yet; but who is one with somebody who was asked was asked.
    clock.know(4, "America/New_York")
    clock.shop.wait_idle()
    clock.shop.push({"type": "seen", "id": "both", "customer": {"id": "4", "email": "new@example.com"}})
    clock.shop.wait_idle()
    assert not clock.shop.client.zcard("nudged:zone:shop")
    clock.set("2027-03-02 14:01")
    clock.wait_swept("daily America/New_York", "2027-03-02")
    clock.wait_mails("3 daily", "daily")
    clock.set("2027-03-03 14:01")
    clock.wait_mails("3 daily", "3 daily", "4 daily", "daily")


def test_flushall(clock):
    clock.shop.rules(rule("daily", DAILY))
    clock.set("2027-03-02 05:00")
    clock.shop.daemon().spawn()
    clock.know(1)
    clock.wait_ready()
    clock.set("2027-03-02 09:01")
    clock.wait_mails("1 daily")
    clock.shop.client.flushall()
    wait_until(lambda: clock.shop.client.hget("nudged:index", "state") == b"done", "the index again")
    clock.know(1)
    clock.wait_ready()
    clock.set("2027-03-02 23:01")
    clock.settle()
    clock.wait_mails("1 daily")
    clock.set("2027-03-03 09:01")
    clock.wait_mails("1 daily", "1 daily")


def test_three_daemons_and_kills(clock):
    """Overlapping sweeps, daemons that die with customers in hand: everybody once at each tick."""
    people = 300
    clock.shop.config["clocks"] = {"rate": 2000}
    clock.shop.rules(rule("daily", '{every: day, at: "09:00", spread: 1h}', "if: customer.odd")
                     + rule("hourly", "{every: hour, spread: 30m}", "if: 'customer.last_of_all'"))
    clock.set("2027-03-02 05:30")
    daemons = [clock.shop.daemon(name).spawn() for name in ("one", "two", "three")]
    for number in range(people):
        clock.know(number, ["Europe/Helsinki", "Europe/Bucharest", None][number % 3],
                   odd=number % 2 == 1, last_of_all=number == people - 1)
    clock.wait_ready()
    for day in range(2, 5):
        for daemon in daemons[:2]:
            daemon.kill()
            daemon.spawn("ticks-taken=kill@1" if day < 4 else "", wait=False)
        daemons[2].process.send_signal(signal.SIGSTOP)  # or it may be done before the others are there
        clock.set(f"2027-03-0{day} 07:40")
        wait_until(lambda: day == 4 or any(d.process.poll() is not None for d in daemons[:2]), "a daemon to die")
        daemons[2].process.send_signal(signal.SIGCONT)
        clock.set(f"2027-03-0{day} 10:31")
        wait_until(lambda: (clock.shop.client.hget("nudged:swept", "daily shop") or b"").startswith(
            f"2027-03-0{day} ".encode()), "the day's sweep")
        for daemon in daemons[:2]:  # whether or not it has met its fail-point yet
            daemon.kill()
            daemon.spawn()
        for zone in ("shop", "Europe/Helsinki", "Europe/Bucharest"):
            clock.redis.ahead_ms.value += 31000  # leases of the dead
            clock.wait_swept(f"daily {zone}", f"2027-03-0{day}")
    clock.settle()
    for number in range(people):  # a mail that a dead daemon had in hand may come twice, a decision not
        document = json.loads(clock.shop.client.get(f"nudged:customer:id:{number}"))
        sent = {total["rule"]: total["n"] for total in document.get("totals", [])}
        assert sent.get("daily", 0) == (3 if number % 2 else 0), (number, sent)
        assert (sent.get("hourly", 0) > 0) == (number == people - 1), (number, sent)


@pytest.mark.parametrize("overdue", [False, True])
def test_what_is_due_at_a_turn_goes_before_it(clock, overdue):
    """Whichever daemon and whichever loop comes first, and though nobody takes the message meanwhile: what begins
    anew each day and waits for a day has sent each day."""
    people, names = 40, ("one", "two")
    clock.shop.rules(rule("daily", DAILY, "again: restart\nwait: 1d"))
    clock.set("2027-03-02 05:00")
    daemons = [clock.shop.daemon(name).spawn() for name in names]
    for number in range(people):
        clock.know(number)
    clock.wait_ready()
    clock.set("2027-03-02 09:00:30")
    clock.wait_swept("daily shop", "2027-03-02")
    assert clock.shop.ctl("gateway", "pause", "smtp")[0] == 0
    for day in (3, 4):
        for daemon in daemons if overdue else ():
            daemon.kill()
        clock.set(f"2027-03-0{day} {'12:00' if overdue else '09:00:30'}")
        for daemon in daemons if overdue else ():
            daemon.spawn()
        wait_until(lambda: (clock.shop.client.hget("nudged:swept", "daily shop") or b"").startswith(
            f"2027-03-0{day} ".encode()), "the day's sweep")
        wait_until(lambda: clock.shop.client.zcard("nudged:ticks") == 0, "all ticks")
        wait_until(lambda: clock.shop.client.zcount("nudged:due", "-inf", clock.now() * 1000) == 0
                   and clock.shop.client.zcard("nudged:taken") == 0, "all that is due")
    assert clock.shop.ctl("gateway", "resume", "smtp")[0] == 0
    # Of the day before those that were still there were withdrawn: they are of a day that is over.
    clock.wait_mails(*(f"{number} daily" for number in range(people)))


def test_frozen_past_its_lease(clock):
    """It stood still, and a tick came: awake again it has its lease back at once, says so once, and
    asks everybody."""
    clock.shop.rules(rule("daily", DAILY))
    clock.set("2027-03-02 05:00")
    daemon = clock.shop.daemon().spawn()
    clock.know(1)
    clock.wait_ready()
    daemon.process.send_signal(signal.SIGSTOP)
    clock.set("2027-03-02 09:01")
    daemon.lapse()
    before = refusals(clock.shop.client, "LEASE")
    daemon.process.send_signal(signal.SIGCONT)
    clock.wait_mails("1 daily")
    told = [line for line in daemon.log().splitlines() if "lease" in line.lower()]
    assert len(told) == 1 and "had run out" in told[0], told
    # One for each who had asked before the first answer: the loop's timers, and what is due.
    assert refusals(clock.shop.client, "LEASE") - before <= 8
    assert daemon.stop() == 0


def test_a_sweep_that_fails_again_and_again(clock):
    """Told once, tried later and later: that all before it goes well is no new beginning."""
    clock.shop.rules(rule("daily", DAILY))
    clock.set("2027-03-02 05:00")
    daemon = clock.shop.daemon().spawn()
    clock.know(1)
    clock.wait_ready()
    told = lambda: daemon.log().count("clocks of rules cannot go on")
    clock.shop.client.set("nudged:inbox", "no list")  # only the sweep itself looks at it
    clock.set("2027-03-02 09:01")
    wait_until(lambda: told() == 1, "the sweep to fail")
    before = refusals(clock.shop.client, "WRONGKEY")
    wait_until(lambda: refusals(clock.shop.client, "WRONGKEY") > before + 8, "it to fail again")
    assert told() == 1
    clock.shop.client.delete("nudged:inbox")
    clock.wait_mails("1 daily")


def test_status(clock):
    """One line: the search for customers, those who are being asked, and nobody."""
    def wait_line(text):
        wait_until(lambda: f"\nclocks    1 rule, {text}" in clock.shop.ctl("status")[1], text)

    clock.shop.config["clocks"] = {"rate": 50}  # 100 at once, and every two seconds
    clock.shop.rules(rule("daily", DAILY))
    clock.set("2027-03-02 05:00")
    with clock.shop.client.pipeline(transaction=False) as pipe:
        for number in range(20000):
            pipe.set(f"other:{number}", "")
        pipe.execute()
    clock.shop.daemon().spawn()
    wait_line("looking for customers: 0 in ")
    clock.wait_ready()
    wait_line("nobody is due\n")
    for number in range(210):
        clock.know(number)
    clock.shop.wait_idle()
    clock.wait_noted("daily")
    clock.set("2027-03-02 09:00:30")
    wait_line("customers of 1 rule and zone are being asked\n")
    clock.wait_mails(*(f"{number} daily" for number in range(210)))
    wait_line("nobody is due\n")
