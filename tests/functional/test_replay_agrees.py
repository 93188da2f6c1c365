"""The same events through the daemon and through `nudgectl test`: the same decisions, of the shipped
rules, for customers whose events are drawn at random. Redis' clock is set forward from one event, or
deadline, to the next."""

import collections
import datetime
import json
import random
import re
import time

import pytest
import yaml

from conftest import PATIENCE, SOURCE, wait_until
from persons import LateRedis

CUSTOMERS, INSTANTS, DAYS = 10, 8, 3
POLICY = {"cap": "3 per 7d", "quiet_hours": {"from": "21:00", "to": "08:00"}}
# Of delivery alone, or of what is done anew when a daemon begins.
NOT_DECIDED = {"sent", "retry", "cut", "unavailable", "joined"}


def make_events(rng, begin):
    """(seconds after `begin`, event) in order. Each has a time of its own, at which it arrives."""
    samples = yaml.safe_load((SOURCE / "rules/events.yaml").read_text())
    instants = sorted(rng.sample(range(0, DAYS * 24 * 12), INSTANTS))
    for number, instant in enumerate(instants):
        second = instant * 300 + 7
        for who in rng.sample(range(CUSTOMERS), rng.randint(1, CUSTOMERS // 2)):
            kind = rng.choice(sorted(samples) + ["cart.updated", "order.placed"] * 3)
            event = {"type": kind, "id": f"{kind}-{number}-{who}", **samples[kind]["sample"]}
            by_id = rng.random() < 0.7
            event["customer"] = {**event.get("customer", {}), "accepts_marketing": rng.random() < 0.95}
            for key, value in (("id", str(who)), ("email", f"c{who}@example.com")):
                event["customer"].pop(key, None)
                if key == ("id" if by_id else "email") or rng.random() < 0.4:
                    event["customer"][key] = value
            if kind == "cart.updated":
                event["cart"] = {**event["cart"], "total": rng.choice([10, 30, 64.9])}
            event["time"] = (begin + datetime.timedelta(seconds=second)).isoformat()
            yield second, event


class Clock:
    """Redis' time, which a test sets forward."""

    def __init__(self, shop, begin):
        self.shop, self.begin = shop, begin
        self.redis = shop.redis(LateRedis)

    def now_ms(self):
        seconds, micros = self.shop.client.time()
        return seconds * 1000 + micros // 1000

    def set(self, second):
        ahead = int(self.begin.timestamp() * 1000) + int(second * 1000) - int(time.time() * 1000)
        if ahead > self.redis.ahead_ms.value:
            self.redis.ahead_ms.value = ahead

    def next_due(self):
        """The second of the earliest deadline; None: there is none."""
        due = self.shop.client.zrange("nudged:due", 0, 0, withscores=True)
        return due[0][1] / 1000 - self.begin.timestamp() if due else None

    def settle(self):
        def done():
            due = self.next_due()
            return self.shop.idle() and (due is None or self.begin.timestamp() + due > self.now_ms() / 1000)
        wait_until(done, "all that is due", PATIENCE)

    def run_to(self, second):
        """Every deadline on the way at its time."""
        while (due := self.next_due()) is not None and due < second:
            self.set(due)
            self.settle()
        self.set(second)


def person(key):
    return re.search(r"(\d+)", key)[1]


def word_of(why):
    """Without what failed, which the one tells behind the word, and the other apart."""
    return why and why.split(": ")[0]


def told_by_daemon(shop):
    found = collections.Counter()
    for key in shop.client.scan_iter("nudged:trace:*"):
        name = key.decode().removeprefix("nudged:trace:")
        for line in shop.client.lrange(key, 0, -1):
            for item in json.loads(line)["did"]:
                for rule in item.get("rules", [item.get("rule")]):
                    if rule and item["what"] not in NOT_DECIDED:
                        found[person(name), rule, item["what"], word_of(item.get("why"))] += 1
    return found


def told_by_replay(out):
    found, who = collections.Counter(), None
    for line in out.splitlines():
        if event := re.fullmatch(r"    \d\S+  \S+ of (\S+)", line):
            who = person(event[1])
        elif item := re.fullmatch(r"      (?!says-|passed-over: )(\S+) ([a-z-]+)(?:: (.*?))?(?: until \S+)?", line):
            found[who, item[1], item[2], word_of(item[3])] += 1
        elif item := re.fullmatch(r"      (\S+) (sends) (\S+) to \S+", line):
            found[who, item[1], item[2], item[3]] += 1
    return found


def agree(shop, clock, events, days, **test):
    """A daemon decides the events on the clock, and `nudgectl test` the same: whoever was told of anything was told
    of it by both. Returns how many messages there were."""
    daemon = shop.daemon().spawn()
    for second, event in events:
        clock.run_to(second)
        shop.push(event)
        clock.settle()
    clock.run_to(days * 86400)
    clock.settle()
    daemon.wait_healthy()
    given = [{"at": event["time"], "event": event} for _, event in events]
    given.append({"at": (clock.begin + datetime.timedelta(days=days)).isoformat()})
    path = shop.folder / "history.test.yaml"
    path.write_text(json.dumps({"test": "history", **test, "given": given, "expect": [{"count": 0}]}))
    status, out, err = shop.ctl("test", path, "-v")
    assert status in (0, 1), err
    daemon_told, replay_told = told_by_daemon(shop), told_by_replay(out)
    assert daemon_told - replay_told == collections.Counter(), out
    assert replay_told - daemon_told == collections.Counter(), out
    return sum(count for (_, _, what, _), count in replay_told.items() if what == "sends")


@pytest.mark.parametrize("seed", range(2))
def test_daemon_and_replay_agree(shop, seed):
    rng = random.Random(seed)
    tomorrow = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    begin = tomorrow.replace(hour=8, minute=0, second=0, microsecond=0)
    events = list(make_events(rng, begin))
    shop.use_shipped()
    shop.config.update(policy=POLICY, gateways={"file": {"kind": "maildir", "path": "mail"}})
    clock = Clock(shop, begin)
    clock.set(0)
    assert agree(shop, clock, events, days=DAYS) > 2
