"""Messages that begin at once: the commit that decides them makes them this daemon's, without a way through
the outbox. So each promise is asked of them too: by a kill at each place, a lost answer, a freeze."""

import itertools
import json
import re
import signal
import threading
import time

import pytest

from conftest import is_stopped, wait_until
from fault_server import GOOD, FaultSmtp, first, until
from messages import message

RULES = """
{name: hello, class: transactional, on: hello, send: hello}
---
{name: offer, on: offer, send: hello}
"""
QUEUE = "email:transactional"


def hello(number=1, kind="hello"):
    return {"type": kind, "id": f"{kind}{number}",
            "customer": {"id": number, "email": f"c{number}@example.com", "accepts_marketing": True}}


@pytest.fixture
def hello_shop(shop):
    shop.redis()
    shop.mail = shop.smtp(connections=4)
    shop.rules(RULES)
    shop.template("hello.text.liquid", "---\nsubject: hello {{ customer.id }}\n---\nhello\n")
    return shop


def ready(shop, name="one", **failpoints):
    """A daemon that knows its outbox to be empty: it has taken from it once."""
    before = takes(shop)
    daemon = shop.daemon(name).spawn(**failpoints)
    wait_until(lambda: takes(shop) > before + 4, "the first takes")
    return daemon


def takes(shop):
    return shop.client.info("commandstats").get("cmdstat_srandmember", {"calls": 0})["calls"]


def held(shop, name, **more):
    """A fail-point that waits while a file is there: its words, and whether it was reached."""
    gate = shop.folder / f"gate-{name}"
    gate.write_text("")
    return f"{name}=wait:{gate}@1", gate, shop.folder / f"gate-{name}.reached"


def begun(shop, queue=QUEUE):
    return {key.decode(): value.decode() for key, value in shop.client.hgetall(f"nudged:begun:{queue}").items()}


def entries(shop):
    """How many entries the outbox ever had."""
    return sum(shop.client.xinfo_stream(key)["entries-added"] for key in shop.client.scan_iter("nudged:outbox:*"))


def subjects(shop):
    return sorted(mail["Subject"] for mail in shop.mail.all_mails())


def test_shown(hello_shop):
    """While a sender has it, all commands tell of it as of one that was taken."""
    words, gate, reached = held(hello_shop, "send-before-end")
    ready(hello_shop, failpoints=words)
    hello_shop.push(hello())
    wait_until(reached.exists, "the sender")
    [(mid, value)] = begun(hello_shop).items()
    since, owner, customer = value.split(" ")
    fields = message(hello_shop.client, mid)
    assert (fields["state"], fields["entry"], fields["gateway"]) == ("taken", "-", "smtp")
    assert fields["customer"] == customer == "id:1" and owner.startswith("one:")
    assert 0 <= time.time() * 1000 - int(since) < 60000
    status, out, _ = hello_shop.ctl("outbox", "--json")
    assert status == 0 and mid in out and "taken" in out
    assert json.loads(hello_shop.ctl("status", "--json")[1])
    assert "sends" in hello_shop.ctl("explain", "id:1")[1]
    gate.unlink()
    hello_shop.wait_idle()
    assert subjects(hello_shop) == ["hello 1"] and entries(hello_shop) == 0
    assert not hello_shop.client.exists(f"nudged:message:{mid}", f"nudged:body:{mid}")


@pytest.mark.parametrize("place", ["commit-answered", "begun", "sent"])
def test_killed(hello_shop, place):
    """A receipt is sent again by another who takes it over, an offer is held."""
    daemon = ready(hello_shop, failpoints=f"{place}=kill@1")
    hello_shop.push(hello(1))
    assert daemon.ended() == -signal.SIGKILL
    assert list(begun(hello_shop)) and entries(hello_shop) == 0
    daemon.lapse()
    other = hello_shop.daemon("other").spawn()
    hello_shop.wait_idle()
    assert subjects(hello_shop) == ["hello 1"] * (2 if place == "sent" else 1)
    other.stop()
    daemon = ready(hello_shop, failpoints=f"{place}=kill@1")
    hello_shop.push(hello(2, "offer"))
    assert daemon.ended() == -signal.SIGKILL
    daemon.lapse()
    other.spawn()
    wait_until(lambda: hello_shop.client.zcard("nudged:uncertain") == 1, "the offer to be held")
    assert begun(hello_shop, "email:marketing") == {}


def test_answer_of_the_commit_is_lost(hello_shop):
    """Nothing of it was begun: it goes back into the outbox, and out once."""
    ready(hello_shop, failpoints="commit-lost=fail@1")
    hello_shop.push(hello())
    assert hello_shop.mail.next_mail()["Subject"] == "hello 1"
    hello_shop.wait_idle()
    assert hello_shop.mail.mails.empty() and entries(hello_shop) == 1
    assert [what for _, what, _ in hello_shop.trace("id:1")] == ["sends", "sent"]


def test_frozen_past_its_lease(hello_shop):
    """Another takes it over; awake again, the first one stops before the dot, and settles nothing."""
    frozen = ready(hello_shop, failpoints="send-before-end=stop@1")
    hello_shop.push(hello())
    wait_until(lambda: is_stopped(frozen), "the daemon to stop itself")
    hello_shop.daemon("other").spawn()
    frozen.outlast()
    wait_until(lambda: begun(hello_shop) == {}, "its message to be taken over")
    assert hello_shop.mail.next_mail()["Subject"] == "hello 1"
    frozen.process.send_signal(signal.SIGCONT)
    hello_shop.push(hello(2))
    hello_shop.wait_idle()
    assert subjects(hello_shop) == ["hello 2"]


def test_opt_out_meanwhile(hello_shop):
    """It is marked in the sender's hand, and ends with the daemon that has it."""
    words, gate, reached = held(hello_shop, "send-begin")
    daemon = ready(hello_shop, failpoints=words)
    hello_shop.push(hello(1, "offer"))
    wait_until(reached.exists, "the sender")
    [mid] = begun(hello_shop, "email:marketing")
    hello_shop.push({"type": "customer.unsubscribed", "id": "no", "customer": {"id": 1}})
    wait_until(lambda: message(hello_shop.client, mid).get("mark"), "the mark")
    daemon.process.kill()
    assert daemon.ended() == -signal.SIGKILL
    gate.unlink()
    daemon.lapse()
    hello_shop.daemon("other").spawn()
    hello_shop.wait_idle()
    assert hello_shop.mail.mails.empty() and hello_shop.client.zcard("nudged:uncertain") == 0
    assert "withdrawn, may have arrived" in [what for _, what, _ in hello_shop.trace("id:1")]


IN_THE_WAY = [
    lambda client: client.hset("nudged:paused", "smtp", '{"at":1,"by":"test"}'),
    lambda client: client.xadd("nudged:outbox:email@smtp:transactional", {"mid": "other"}),
    lambda client: client.xadd(f"nudged:outbox:{QUEUE}", {"mid": "other"}),
    lambda client: client.sadd(f"nudged:lacking:{QUEUE}", "other"),
    lambda client: client.zadd(f"nudged:holding:{QUEUE}", {"example.com": 0}),
    lambda client: client.zadd("nudged:holding:email@smtp:marketing", {"example.com": 0}),
]


@pytest.mark.parametrize("way", range(len(IN_THE_WAY)))
def test_something_comes_before_it(hello_shop, way):
    """Between the decision and its commit: then it stands behind that, in the outbox. A take that was under way may
    have done away with what comes before; then once more."""
    words, gate, reached = held(hello_shop, "commit")
    ready(hello_shop, failpoints=words.removesuffix("@1"))
    for number in range(10):
        hello_shop.push(hello(number))
        wait_until(reached.exists, "the commit")
        IN_THE_WAY[way](hello_shop.client)
        before = entries(hello_shop)
        gate.unlink()
        wait_until(lambda: entries(hello_shop) > before or not hello_shop.mail.mails.empty(), "it to go")
        if entries(hello_shop) > before:
            break
        hello_shop.mail.next_mail()
        hello_shop.wait_idle()
        reached.unlink()
        gate.write_text("")
    if way == 0:
        assert hello_shop.mail.mails.empty()
        hello_shop.client.delete("nudged:paused")
    assert entries(hello_shop) > before
    assert hello_shop.mail.next_mail()["Subject"] == f"hello {number}"


def test_marketing_waits_for_events(hello_shop):
    """An event that Redis has accepted, and nobody decided, may be an order: an offer goes by the outbox."""
    words, gate, reached = held(hello_shop, "commit")
    ready(hello_shop, failpoints=words)
    hello_shop.push(hello(1, "offer"))
    wait_until(reached.exists, "the commit")
    hello_shop.push({"type": "customer.unsubscribed", "id": "no", "customer": {"id": 1}})
    now = hello_shop.client.time()[0]
    wait_until(lambda: hello_shop.client.time()[0] > now + 2, "it to be behind")
    gate.unlink()
    hello_shop.wait_idle()
    assert hello_shop.mail.mails.empty() and entries(hello_shop) == 1
    assert "withdrawn" in [what for _, what, _ in hello_shop.trace("id:1")]


def test_one_that_is_spoilt_costs_no_other(hello_shop):
    """Many customers go in one call of Redis; each is judged alone."""
    hello_shop.config["gateways"]["smtp"]["connections"] = 32
    daemon = hello_shop.daemon("one")
    hello_shop.client.config_set("slowlog-log-slower-than", 0)
    hello_shop.client.config_set("slowlog-max-len", 10000)
    for number in range(20):
        if number % 5 == 0:
            hello_shop.client.sadd(f"nudged:trace:id:{number}", "spoilt")
    hello_shop.push(*[hello(number) for number in range(20)])
    daemon.spawn()
    hello_shop.wait_idle()
    assert subjects(hello_shop) == sorted(f"hello {number}" for number in range(20) if number % 5)
    assert [letter["reason"] for letter in hello_shop.dead()] == [b"wrong-key"] * 4
    calls = [row["command"] for row in hello_shop.client.slowlog_get(10000)]
    commits = [call for call in calls if re.match(rb"EVALSHA \w+ 0 nudged \S+ \S* \d+ (\S* )*id:\d+ ", call)]
    assert 0 < len(commits) <= 12, commits  # twenty customers, of whom four are judged twice


def test_rates_go_by_take(hello_shop):
    """A gateway with a rate gives tokens when it takes."""
    hello_shop.config["gateways"]["smtp"]["rate"] = "50 per 1s"
    ready(hello_shop)
    hello_shop.push(*[hello(number) for number in range(5)])
    hello_shop.wait_idle()
    assert len(subjects(hello_shop)) == 5 and entries(hello_shop) == 5


def test_commits_wait_for_a_gateway_that_is_quick(hello_shop):
    """Its connections are all at work, and one is about to be free: what the next test denies of another."""
    hello_shop.config["gateways"]["smtp"]["connections"] = 7
    daemon = ready(hello_shop, failpoints="commit-waits=kill")
    pushed = itertools.count()

    def has_waited():
        hello_shop.push(*[hello(next(pushed)) for _ in range(100)])
        return daemon.process.poll() is not None
    wait_until(has_waited, "a commit that waits")
    assert daemon.ended() == -signal.SIGKILL
    daemon.spawn()
    hello_shop.wait_idle()
    assert len(set(subjects(hello_shop))) == next(pushed)


@pytest.mark.parametrize("mails", [0, 3])
def test_no_commit_waits_for_a_gateway_that_is_silent(hello_shop, mails):
    """None for one that was never heard of, nor for one that fell silent: the next messages stand in the outbox."""
    goes_on = threading.Event()
    server = hello_shop.add(FaultSmtp({"dot": first([GOOD] * mails + [(until(goes_on), GOOD)])}))
    hello_shop.config["gateways"] = {"smtp": server.gateway(connections=1)}
    words = "commit-waits=kill"
    daemon = ready(hello_shop, failpoints=words)
    for number in range(mails):
        hello_shop.push(hello(number))
        wait_until(lambda: len(server.taken()) == number + 1, "a mail that is taken")
        hello_shop.wait_idle()
    hello_shop.push(hello(10))
    wait_until(lambda: len(server.mails) == mails + 1, "the mail whose answer does not come")
    before = entries(hello_shop)
    for number in range(11, 20):
        hello_shop.push(hello(number))
        wait_until(lambda: entries(hello_shop) == before + number - 10, "the message in the outbox")
    assert daemon.process.poll() is None
    goes_on.set()
    hello_shop.wait_idle()
    assert len(server.taken()) == mails + 10


def test_what_waits_for_a_connection_of_one_that_falls_silent_comes_back(hello_shop):
    """Where connections are many, messages wait in hand for one that gets free. When none does they go back into
    the outbox, and all arrive once."""
    goes_on = threading.Event()
    server = hello_shop.add(FaultSmtp({"dot": first([GOOD] * 100 + [(until(goes_on), GOOD)])}))
    hello_shop.config["gateways"] = {"smtp": server.gateway(connections=8)}
    daemon = ready(hello_shop)
    hello_shop.push(*[hello(number) for number in range(200)])
    wait_until(lambda: len(server.mails) == 108, "no connection to be free")
    wait_until(lambda: daemon.status()["gateways"][0]["sending"] == 8, "what waits for one to come back")
    assert len(server.taken()) == 100
    goes_on.set()
    hello_shop.wait_idle()
    assert sorted(mail.parsed["Subject"] for mail in server.taken()) == sorted(f"hello {n}" for n in range(200))
    assert len(server.mails) == 200
