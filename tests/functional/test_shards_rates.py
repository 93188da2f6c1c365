"""An installation of many shards: what bounds a gateway bounds all of them together, and one that is busy
has all of it."""

import json
import time

import pytest

from conftest import Gate, wait_until
from shards import Shards, shard_of
from test_rates import RULES, Granted, bound, hello, most_within, server, to

DAY = 24 * 3600 * 1000
SHARDS = 4


@pytest.fixture
def paced(shop):
    """As of test_rates, with four shards."""
    shop.shards = Shards(shop, SHARDS)
    shop.rules(RULES)
    shop.template("hello.text.liquid", "---\nsubject: 'hello {{ n }}'\n---\nHello\n")
    shop.taken = []
    shop.mail = server(shop)
    return shop


def of_shard(shard, count, domain="shop.example"):
    """Events of customers who all stand in one shard."""
    found, number = [], 0
    while len(found) < count:
        event = hello(number, domain)
        if shard_of(f"id:{event['customer']['id']}", SHARDS) == shard:
            found.append(event)
        number += 1
    return found


def both(shop):
    one, two = shop.daemon("one").spawn(), shop.daemon("two").spawn()
    shop.shards.wait_shared("one", "two", each=2)
    return one, two


def counted(shop, key):
    return sum(int(n) for slot, n in shop.client.hgetall(f"nudged{{0}}:{key}").items() if slot != b"since")


def wait_taken(shop, count):
    wait_until(lambda: len(shop.taken) >= count, lambda: f"{count} mails: {len(shop.taken)}")


def wait_decided(shop):
    wait_until(lambda: all(shop.client.xlen(f"{prefix}:events") == 0 for prefix in shop.shards.prefixes),
               "all to be decided")


def granted_by(shop, gateway="smtp"):
    return Granted(shop, f"nudged{{0}}:rate:{gateway}")


# ---- Rates ----

def test_rate_over_all_shards(paced):
    """Two daemons, four shards: no second has more than twenty."""
    bound(paced, rate="20 per 1s")
    granted = granted_by(paced)
    both(paced)
    paced.shards.push(*[hello(n) for n in range(200)])
    wait_taken(paced, 200)
    paced.shards.wait_idle()
    assert len({row[1] for row in paced.taken}) == len(paced.taken) == 200
    assert most_within(granted.wait(200), 1000) <= 20
    assert not [key for key in paced.client.scan_iter("nudged{[123]}:rate:*")]


@pytest.mark.parametrize("shard", [0, 3])
def test_one_busy_shard_has_all_of_the_rate(paced, shard):
    """All the others might ask, and do not."""
    bound(paced, rate="20 per 1h")
    both(paced)
    paced.shards.push(*of_shard(shard, 30))
    wait_taken(paced, 20)
    wait_until(lambda: sum(paced.client.xlen(key) for key in paced.client.scan_iter("nudged{*}:outbox:*")) == 10,
               "ten to wait")
    assert len(paced.taken) == counted(paced, "rate:smtp") == 20


def test_low_rate_is_used_to_its_bound(paced):
    """Three messages in each shard, ten an hour: ten go, from all shards, and two wait."""
    bound(paced, rate="10 per 1h")
    both(paced)
    events = [event for shard in range(SHARDS) for event in of_shard(shard, 3)]
    paced.shards.push(*events)
    wait_taken(paced, 10)
    wait_until(lambda: counted(paced, "rate:smtp") == 10, "nothing to be lost")
    waits = [sum(paced.client.xlen(key) for key in paced.client.scan_iter(f"{prefix}:outbox:*"))
             for prefix in paced.shards.prefixes]
    assert len(paced.taken) == 10 and sum(waits) == 2
    assert paced.client.hgetall("nudged{0}:turns:smtp")


def test_shards_take_turns(paced):
    """One has a hundred messages and the others three each; one message goes at a time: none of the three
    waits for the hundred."""
    bound(paced, rate="1 per 100ms")
    both(paced)
    paced.shards.push(*of_shard(1, 100))
    wait_taken(paced, 3)
    few = [event for shard in (0, 2, 3) for event in of_shard(shard, 3, "few.example")]
    begun = len(paced.taken)
    paced.shards.push(*few)
    wait_until(lambda: len(to(paced, "few.example")) == 9, "all of the few")
    assert len(paced.taken) - begun < 40


def test_unused_is_given_back(paced):
    """All there is to send was withdrawn meanwhile: the whole rate is there for others."""
    paced.rules("{name: hello, class: transactional, on: hello, until: order, send: hello}")
    bound(paced, rate="2 per 1h")
    daemon = paced.daemon("one")
    for prefix in paced.shards.prefixes:
        paced.client.hset(f"{prefix}:paused", "smtp", "{}")
    daemon.spawn()
    first, others = of_shard(1, 5), of_shard(2, 3)
    paced.shards.push(*first)
    stream = f"{paced.shards.prefixes[1]}:outbox:email:transactional"
    wait_until(lambda: paced.client.xlen(stream) == 5, "all to wait")
    paced.shards.push(*[{"type": "order", "id": f"o{n}", "customer": event["customer"]}
                        for n, event in enumerate(first)])
    wait_until(lambda: not list(paced.client.scan_iter("nudged{1}:body:*")), "all to be withdrawn")
    for prefix in paced.shards.prefixes:
        paced.client.delete(f"{prefix}:paused")
    wait_until(lambda: paced.client.xlen(stream) == 0, "nothing to wait")
    paced.shards.push(*others)
    wait_taken(paced, 2)
    assert counted(paced, "rate:smtp") == 2


def test_what_meets_an_objection_gives_its_grant_back(paced):
    """It stands in the address's own shard alone, which is asked when the message is about to begin."""
    bound(paced, rate="3 per 1h")
    paced.daemon("one").spawn()
    events = [event for shard in range(SHARDS) for event in of_shard(shard, 3)]
    address = {event["customer"]["email"]: event for event in events}
    paced.ctl("suppress", "add", *address)
    refused = []
    for email, event in address.items():
        paced.ctl("suppress", "rm", email)
        before = set(paced.client.hkeys("nudged{0}:suppressed"))
        paced.ctl("suppress", "add", email)
        (name,) = set(paced.client.hkeys("nudged{0}:suppressed")) - before
        own, home = shard_of(name.decode()[:16], SHARDS), shard_of(f"id:{event['customer']['id']}", SHARDS)
        for shard in range(SHARDS):
            if shard != own:
                paced.client.hdel(f"nudged{{{shard}}}:suppressed", name)
        if own != home:
            refused.append(event)
    assert len(refused) > 3
    paced.shards.push(*refused)
    wait_decided(paced)
    paced.shards.wait_idle()
    assert counted(paced, "rate:smtp") == 0 and not paced.taken
    paced.shards.push(*[hello(number, "other.example") for number in range(5)])
    wait_taken(paced, 3)
    assert counted(paced, "rate:smtp") == 3
    gateway = json.loads(paced.ctl("gateway", "--json")[1].splitlines()[0])
    assert gateway["rate_used"] == 3  # of all shards, as shard 0 counts it
    assert any(row["state"] == "slowed" for row in json.loads(paced.ctl("status", "--json")[1])["gateways"])


def test_killed_with_a_grant_in_hand(paced):
    """What it was granted is lost to the window, and no more than that: never more go."""
    bound(paced, rate="10 per 1s", connections=4)
    granted = granted_by(paced)
    one = paced.daemon("one")
    one.spawn(failpoints="granted=kill")
    paced.shards.push(*of_shard(1, 40))
    one.ended()
    assert 1 <= counted(paced, "rate:smtp") <= 4 and not paced.taken
    paced.daemon("two").spawn()
    wait_taken(paced, 40)
    paced.shards.wait_idle()
    assert most_within(granted.wait(40), 1000) <= 10
    assert len({row[1] for row in paced.taken}) == len(paced.taken) == 40


def test_begun_late(paced):
    """A message whose machine slept behind its grant asks for another one, and gives the first one back."""
    bound(paced, rate="2 per 1h", connections=2)
    daemon = paced.daemon("one")
    gate = Gate(paced)
    daemon.spawn(failpoints=f"send-begin={gate.action}")
    paced.shards.push(*of_shard(2, 2))
    gate.wait()
    wait_until(lambda: counted(paced, "rate:smtp") == 2, "both to be granted")
    begun = time.monotonic()
    wait_until(lambda: time.monotonic() - begun > 0.15, "the grant to be old")
    gate.open()
    wait_taken(paced, 2)
    paced.shards.wait_idle()
    wait_until(lambda: counted(paced, "rate:smtp") == 2, "the first ones to be given back")


def test_the_shard_that_counts_answers_errors(paced):
    """What a gateway may have is not known: messages go by the channel's next, and `health` says why."""
    server(paced, "spare")
    bound(paced, rate="1000 per 1s")
    paced.config["channels"] = {"email": ["smtp", "spare"]}
    paced.client.set("nudged{0}:rate:smtp", "spoilt")
    one, two = both(paced)
    paced.shards.push(*[hello(n) for n in range(40)])
    wait_taken(paced, 40)
    assert {row[2] for row in paced.taken} == {"spare"}
    wait_until(lambda: "nudged{0}:rate:smtp" in one.ask("GET", "/health")[1] + two.ask("GET", "/health")[1],
               "health to tell of the key")


def test_bounded_alone_waits_for_the_shard_that_counts(paced):
    """There is no other gateway: nothing goes until the key is mended."""
    bound(paced, rate="1000 per 1s")
    paced.client.set("nudged{0}:rate:smtp", "spoilt")
    both(paced)
    paced.shards.push(*[hello(n) for n in range(40)])
    wait_until(lambda: sum(paced.client.xlen(key) for key in paced.client.scan_iter("nudged{*}:outbox:*")) == 40,
               "all to be decided")
    assert not paced.taken
    paced.client.delete("nudged{0}:rate:smtp")
    wait_taken(paced, 40)
    paced.shards.wait_idle()


def test_next_gateway_has_its_own_bounds(paced):
    """A message in hand whose gateway is away goes by the next one, within the rate of that."""
    server(paced, "next", rate="5 per 1s")
    bound(paced, port=1)
    paced.config["channels"] = {"email": ["smtp", "next"]}
    granted = granted_by(paced, "next")
    both(paced)
    paced.shards.push(*[hello(n) for n in range(20)])
    wait_taken(paced, 20)
    paced.shards.wait_idle()
    assert most_within(granted.wait(20), 1000) <= 5
    assert counted(paced, "rate:next") >= 0


# ---- Domains ----

def test_domain_over_all_shards(paced):
    """Ten an hour to one domain, from whichever shard; what is behind goes on, and what is held follows."""
    bound(paced, rate="1000 per 1s", per_domain={"gmail.com": {"rate": "10 per 1h"}})
    both(paced)
    paced.shards.push(*[hello(n, "gmail.com") for n in range(40)], *[hello(n) for n in range(60)])
    wait_taken(paced, 70)
    wait_until(lambda: sum(paced.client.zcard(f"{p}:held:email:transactional:gmail.com")
                           for p in paced.shards.prefixes) == 30, "what is held")
    assert len(to(paced, "gmail.com")) == 10 == counted(paced, "domain:smtp:gmail.com")
    paced.client.delete("nudged{0}:domain:smtp:gmail.com")
    wait_taken(paced, 80)
    paced.client.delete("nudged{0}:domain:smtp:gmail.com")
    wait_taken(paced, 90)
    assert counted(paced, "domain:smtp:gmail.com") == 10
    shards = {shard_of(f"id:{row[1][1:].replace('@', '-')}", SHARDS) for row in to(paced, "gmail.com")}
    assert shards == set(range(SHARDS))


def test_domains_at_their_rates(paced):
    """Each domain of its own has five a second."""
    bound(paced, per_domain={"default": {"rate": "5 per 1s", "connections": 3}}, connections=8)
    domains = [f"d{n}.example" for n in range(6)]
    granted = [Granted(paced, f"nudged{{0}}:domain:smtp:{domain}") for domain in domains]
    both(paced)
    paced.shards.push(*[hello(n, domain) for n in range(15) for domain in domains])
    wait_taken(paced, 90)
    paced.shards.wait_idle()
    assert max(most_within(one.wait(15), 1000) for one in granted) <= 5
    assert len({row[1] for row in paced.taken}) == len(paced.taken) == 90


def test_no_domain_stands_in_the_way_of_another(paced):
    bound(paced, per_domain={"default": {"rate": "5 per 1h", "connections": 3}}, connections=8)
    both(paced)
    domains = [f"d{n}.example" for n in range(6)]
    paced.shards.push(*[hello(n, domain) for domain in domains for n in range(15)])
    wait_taken(paced, 30)
    wait_until(lambda: sum(paced.client.zcard(f"{p}:later") for p in paced.shards.prefixes) == 60, "what is held")
    assert [len(to(paced, domain)) for domain in domains] == [5] * 6


# ---- Warming up ----

def test_warmup_over_all_shards(paced):
    bound(paced, warmup={"first": 6, "growth": 2, "until": 100})
    daemons = both(paced)
    paced.shards.push(*[hello(n) for n in range(40)])
    for total in (6, 18):
        wait_taken(paced, total)
        wait_until(lambda: counted(paced, "warmup:smtp") == (6 if total == 6 else 12), "the day to be used")
        assert len(paced.taken) == total
        row = paced.client.hgetall("nudged{0}:warmup:smtp")
        aged = {name if name == b"since" else int(name) - DAY - 1800000:
                int(value) - DAY - 1800000 if name == b"since" else value for name, value in row.items()}
        paced.client.pipeline().delete("nudged{0}:warmup:smtp").hset("nudged{0}:warmup:smtp", mapping=aged).execute()
        for daemon in daemons:
            daemon.ask("POST", "/reload")
    wait_taken(paced, 40)
    paced.shards.wait_idle()


# ---- What each shard has a part of ----

NEWS = "{name: news, on: hello, send: hello}"


def consenting(events):
    for event in events:
        event["customer"]["accepts_marketing"] = True
    return events


def test_brake_over_all_shards(paced):
    """Each has its part, never more go than the brake says; where one is reached all shards pause the rule."""
    paced.rules(NEWS)
    paced.config["policy"] = {"brake": "20 per 1h"}
    daemons = both(paced)
    paced.shards.push(*consenting(of_shard(2, 30)))
    halted = lambda: [paced.client.hget(f"{prefix}:halted", "news") for prefix in paced.shards.prefixes]
    wait_until(lambda: all(halted()), lambda: f"all shards to pause it: {halted()}")
    assert all(json.loads(value)["by"] == "brake" for value in halted())
    for daemon in daemons:
        wait_until(lambda: "policy.brake has paused the rule news" in daemon.ask("GET", "/health")[1], "it to be told")
    paced.shards.push(*consenting([hello(n, "b.example") for n in range(60)]))
    wait_decided(paced)
    paced.shards.wait_idle()
    assert len(paced.taken) == 5


def test_brake_is_never_passed(paced):
    paced.rules(NEWS)
    paced.config["policy"] = {"brake": "20 per 1h"}
    both(paced)
    paced.shards.push(*consenting([hello(n) for n in range(200)]))
    wait_decided(paced)
    paced.shards.wait_idle()
    assert 5 <= len(paced.taken) <= 20


def test_outbox_over_all_shards(paced):
    """Each shard has room for its part; no more is put there, and what waits follows."""
    paced.config["outbox"] = {"most": 100}  # for receipts twice as many
    for prefix in paced.shards.prefixes:
        paced.client.hset(f"{prefix}:paused", "smtp", "{}")
    both(paced)
    paced.shards.push(*[hello(n) for n in range(400)])

    def outbox():
        return [paced.client.xlen(f"{prefix}:outbox:email:transactional") for prefix in paced.shards.prefixes]

    wait_decided(paced)
    assert all(45 <= length <= 70 for length in outbox()), outbox()  # two daemons decide at the same time
    for prefix in paced.shards.prefixes:
        paced.client.delete(f"{prefix}:paused")
    wait_taken(paced, 400)
