"""Rules with a clock: every known customer is asked once at each tick, in the order of their turns,
whatever happens to daemons, zones and rules meanwhile. Redis' clock is set."""

import datetime
import json
import zoneinfo

import pytest
from conftest import wait_until
from persons import LateRedis

HOUR_MS = 3600 * 1000
TEMPLATE = "---\nsubject: '{{ customer.id }} {{ word }}'\n---\nx"


def rule(name, on, more=""):
    return (f"---\nname: {name}\nclass: transactional\non: {on}\n{more}\n"
            f"send: {{template: mail, data: {{word: '\"{name}\"'}}}}\n")


DAILY = '{every: day, at: "09:00", spread: 0s}'


class Clock:
    """A shop whose Redis shows what time one wants."""

    def __init__(self, shop):
        self.shop, self.redis = shop, shop.add(LateRedis(shop.folder))
        self.redis.start(self.redis.environment)
        shop.config["redis"] = {"url": self.redis.url, "accept_loss": True}
        shop.config["clocks"] = {"rate": 100000}
        shop.client = self.redis.client
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

    def asked(self, field="swept"):
        return {key.decode(): value.decode().split() for key, value in
                self.shop.client.hgetall("nudged:swept").items()}

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
