"""Daemons with several rule sets on one Redis: which one is newer is decided there, by content; a
journey is left to who can go on with it, and ended where nobody can."""

import os
import subprocess

import pytest

from conftest import wait_until
from persons import HOUR_MS, LateRedis

CART = """
name: cart
on: cart.updated
again: restart
until: order.placed
steps: [{wait: 1h}, {send: %s}]
"""
OTHER = "{name: other, on: nothing, send: cart}"
PEOPLE = 20


@pytest.fixture
def cart_shop(shop):
    shop.clock = shop.redis(LateRedis)
    shop.mail = shop.smtp()
    for name in ("cart", "second"):
        shop.template(f"{name}.text.liquid", f"---\nsubject: {name}\n---\nx")
    return shop


def person(number):
    return {"id": number, "email": f"c{number}@example.com", "accepts_marketing": True}


def carts(numbers, kind="cart.updated"):
    return [{"type": kind, "id": f"{kind}{number}", "customer": person(number)} for number in numbers]


def daemon(shop, name, rules, **more):
    """A daemon with rules of its own."""
    folder = shop.folder / f"rules-{name}"
    folder.mkdir(exist_ok=True)
    (folder / "all.yaml").write_text(rules)
    return shop.daemon(name, rules=str(folder), **more)


def number_of(shop, name):
    """The number of a daemon's rule set."""
    row = shop.client.hget("nudged:sets", name)
    return row and int(shop.client.hget("nudged:rules", row.split()[1]))


def decided(shop):
    wait_until(lambda: shop.client.xlen("nudged:events") == 0, "all events to be decided")


def an_hour_later(shop):
    """What waits is due."""
    shop.clock.forward(HOUR_MS)


def ended(shop):
    return [item for number in range(PEOPLE) for item in shop.trace(f"id:{number}") if item[1] == "ended"]


def all_sent(shop):
    return sorted(mail["To"] for mail in shop.mail.all_mails()) == \
        sorted(f"c{number}@example.com" for number in range(PEOPLE))


def test_older_files_started_later(cart_shop):
    """What the daemon with the older files takes up is left to the one with the rule; none is
    buried, each is sent."""
    shop = cart_shop
    newer = daemon(shop, "newer", CART % "cart").spawn()
    shop.push(*carts(range(PEOPLE)))
    decided(shop)
    daemon(shop, "older", OTHER).spawn()
    an_hour_later(shop)
    wait_until(lambda: shop.mail.mails.qsize() == PEOPLE, "all reminders")
    shop.wait_idle()
    assert ended(shop) == [] and all_sent(shop)
    assert newer.stop() == 0


def test_nobody_has_the_rule(cart_shop):
    """Once the daemon with the rule has ended, its journeys are ended where they are due."""
    shop = cart_shop
    newer = daemon(shop, "newer", CART % "cart").spawn()
    shop.push(*carts(range(PEOPLE)))
    decided(shop)
    daemon(shop, "older", OTHER).spawn()
    newer.kill()
    newer.lapse()
    an_hour_later(shop)
    wait_until(lambda: len(ended(shop)) == PEOPLE, "their end")
    assert set(ended(shop)) == {("cart", "ended", "rule-removed")}
    assert shop.mail.mails.empty()


def test_same_rules_share_timers(cart_shop):
    """Two daemons with the same rules, in files of other names and another order of keys: each
    timer is kept, also when the one that entered last is killed."""
    shop = cart_shop
    first = daemon(shop, "first", CART % "cart" + "---\n" + OTHER).spawn()
    last = daemon(shop, "last", OTHER + "\n---\n" + "steps: [{wait: 1h}, {send: cart}]\n" + "\n".join(
        line for line in (CART % "cart").splitlines() if not line.startswith("steps"))).spawn()
    assert number_of(shop, "first") == number_of(shop, "last")
    for kill in (False, True):
        shop.push(*[event | {"id": f"{event['id']}{kill}"} for event in carts(range(PEOPLE))])
        decided(shop)
        if kill:
            last.kill()
        an_hour_later(shop)
        wait_until(lambda: shop.mail.mails.qsize() == PEOPLE, "all reminders")
        assert all_sent(shop)
    assert first.stop() == 0


def test_order_read_by_who_lacks_the_rule(cart_shop):
    """The order ends the journey and withdraws what waits, at a daemon without the rule, or with
    the rule under another name."""
    shop = cart_shop
    shop.config["gateways"]["smtp"]["rate"] = "1 per 1d"
    rules = CART % "cart"
    first = daemon(shop, "first", rules).spawn()
    shop.push(*carts(range(PEOPLE)))
    decided(shop)
    an_hour_later(shop)
    wait_until(lambda: shop.client.zcard("nudged:due") == 0 and shop.mail.mails.qsize() == 1
               and shop.client.xlen("nudged:outbox:email:marketing") == PEOPLE - 1, "what waits")
    shop.push(*carts(range(PEOPLE), "hello"))
    first.kill()
    second = daemon(shop, "second", rules.replace("name: cart", "name: basket")).spawn()
    shop.push(*carts(range(PEOPLE), "order.placed"))
    wait_until(lambda: len([key for key in shop.client.scan_iter("nudged:message:*")]) == 0,
               "all to be withdrawn")
    assert second.stop() == 0


def test_numbers(cart_shop):
    """A set that was never seen is the newest, at a start too; a known one stays what it is, but
    for a reload that makes it the daemon's, and where no other lives."""
    shop, old, new = cart_shop, CART % "cart", CART % "second"
    first = daemon(shop, "first", old).spawn()
    assert number_of(shop, "first") == 1
    second = daemon(shop, "second", new).spawn()
    assert number_of(shop, "second") == 2
    assert first.stop() == 0
    daemon(shop, "first", old).spawn()  # with older files, in the middle of a change
    assert (number_of(shop, "first"), number_of(shop, "second")) == (1, 2)

    def reload(who, rules):
        daemon(shop, who.name, rules)
        assert who.ask("POST", "/reload")[0] == 200

    reload(second, new + "# says the same\n")
    reload(second, old)  # back to a known set
    wait_until(lambda: number_of(shop, "second") == 3, "the number of a reload")
    third = daemon(shop, "third", new).spawn()
    assert number_of(shop, "third") == 2
    for who in shop.started[-3:]:
        if getattr(who, "process", None):
            who.stop()


def test_numbers_are_written_back(cart_shop):
    """What Redis lost is told it again by who knows it."""
    shop = cart_shop
    daemon(shop, "first", CART % "cart").spawn()
    daemon(shop, "second", CART % "second").spawn()
    before = shop.client.hgetall("nudged:rules")
    assert len(before) == 3
    shop.client.delete("nudged:rules", "nudged:sets")
    wait_until(lambda: shop.client.hgetall("nudged:rules") == before, "the numbers")
    wait_until(lambda: shop.client.hlen("nudged:sets") == 2, "the sets")


CLOCK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
int clock_gettime(clockid_t clock, struct timespec *now)
{
    static int (*real)(clockid_t, struct timespec *);
    if (!real)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int status = real(clock, now);
    if (clock == CLOCK_REALTIME)
        now->tv_sec += 3600;
    return status;
}
"""


@pytest.fixture
def ahead(cart_shop, monkeypatch):
    """What is started within it has a wall clock that is an hour ahead."""
    source, library = cart_shop.folder / "clock.c", cart_shop.folder / "clock.so"
    source.write_text(CLOCK)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    preload = " ".join(filter(None, [os.environ.get("LD_PRELOAD"), str(library)]))

    def start(who):
        with monkeypatch.context() as context:
            context.setenv("LD_PRELOAD", preload)
            context.setenv("ASAN_OPTIONS", "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", ""))
            return who.spawn()

    return start


@pytest.mark.parametrize("rules", ["same", "others"])
def test_clock_an_hour_ahead(cart_shop, ahead, rules):
    """The machine's clock has no part in it: neither are timers late, nor is a journey ended."""
    shop = cart_shop
    right = daemon(shop, "right", CART % "cart").spawn()
    shop.push(*carts(range(PEOPLE)))
    decided(shop)
    wrong = ahead(daemon(shop, "wrong", CART % "cart" if rules == "same" else OTHER))
    an_hour_later(shop)
    wait_until(lambda: shop.mail.mails.qsize() == PEOPLE, "all reminders")
    assert ended(shop) == [] and all_sent(shop)
    assert (right.stop(), wrong.stop()) == (0, 0)
