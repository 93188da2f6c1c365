"""What is bounded, and what goes on beside it: connections shared by channels, descriptors,
loops of rules, documents, 60,000 timers, a gateway that does not answer, a daemon that is
stopped or frozen in the middle."""

import json
import os
import queue
import resource
import signal
import threading

import pytest

from conftest import Gate, wait_until
from messages import all_messages

RULES = "{name: hello, class: transactional, on: hello, send: hello}"
TEMPLATE = "---\nsubject: hello {{ customer.id }}\n---\nhello\n"


def hello(number, **more):
    return {"type": "hello", "id": f"h{number}",
            "customer": {"id": number, "email": f"c{number}@example.com",
                         "chat": f"c{number}@chat.example.com", **more}}


@pytest.fixture
def hello_shop(shop):
    shop.server = shop.redis()
    shop.mail = shop.smtp(connections=2)
    shop.rules(RULES)
    shop.template("hello.text.liquid", TEMPLATE)
    return shop


def metric(daemon, name):
    return daemon.figure(f"nudged_{name}")


def states(shop):
    return sorted(fields["state"] for fields in all_messages(shop.client))


def test_two_channels_of_one_gateway(hello_shop):
    """Both channels ask for messages at the same moment: no more are taken than the gateway
    has connections, the others stay in the outbox; and both channels have their turn."""
    api = hello_shop.http()
    api.requests = queue.Queue(maxsize=1)  # who puts a second one waits
    hello_shop.config["gateways"] = {"api": {
        "kind": "http", "url": f"http://127.0.0.1:{api.port}/", "connections": 2, "idempotent": True}}
    hello_shop.config["channels"] = {"email": "api", "chat": "api"}
    hello_shop.template("api.json.liquid", '{"channel": {{ message.channel | json }}}')
    hello_shop.rules("{name: mail, class: transactional, on: hello, send: hello}\n---\n"
                     "{name: chat, class: transactional, on: hello, send: {template: hello, via: chat}}")
    daemon = hello_shop.daemon().spawn()
    hello_shop.push(*[hello(n) for n in range(10)])
    wait_until(lambda: metric(daemon, "messages_decided_total") == 20
               and metric(daemon, "messages_sent_total") == 1
               and daemon.status()["gateways"][0]["sending"] >= 2, "two transfers that wait")
    assert daemon.status()["gateways"][0]["sending"] == 2
    assert states(hello_shop) == ["queued"] * 17 + ["taken"] * 2
    channels = [json.loads(api.requests.get(timeout=60)[2])["channel"] for _ in range(20)]
    assert (channels.count("email"), channels.count("chat")) == (10, 10)
    assert set(channels[:8]) == {"email", "chat"}
    hello_shop.wait_idle()


def decided_and_not_taken(shop):
    """A message in the outbox, left there by a daemon that was killed at that moment. A gateway with
    a rate begins none at once."""
    shop.config["gateways"]["smtp"]["rate"] = "50 per 1s"
    daemon = shop.daemon("before").spawn(failpoints="commit-answered=kill@1", wait=False)
    shop.push(hello(1))
    assert daemon.ended() == -signal.SIGKILL
    assert states(shop) == ["queued"]


@pytest.mark.parametrize("lost", ["", ",take-lost=fail@1"])
def test_stopped_while_taking(hello_shop, lost):
    """SIGTERM while a take is under way: what it brings goes back, as if never taken; also
    where its answer is lost."""
    decided_and_not_taken(hello_shop)
    daemon = hello_shop.daemon()
    gate = Gate(hello_shop)
    daemon.spawn(failpoints=f"take={gate.action}@1{lost}", wait=False)
    gate.wait()
    daemon.process.terminate()
    gate.open()
    assert daemon.ended() == 0
    assert states(hello_shop) == ["queued"]
    daemon.spawn()
    hello_shop.wait_idle()
    assert [mail["Subject"] for mail in hello_shop.mail.all_mails()] == ["hello 1"]


def test_frozen_daemon_does_not_finish(hello_shop):
    """Frozen before the final dot until its lease is over and the message is another's; awake
    it has its lease again, and still does not end the transfer."""
    frozen = hello_shop.daemon("frozen")
    gate = Gate(hello_shop)
    frozen.spawn(failpoints=f"send-before-end={gate.action}@1")
    hello_shop.push(hello(1))
    gate.wait()
    frozen.process.send_signal(signal.SIGSTOP)
    frozen.outlast()
    hello_shop.daemon("other").spawn()
    assert hello_shop.mail.next_mail()["Subject"] == "hello 1"
    hello_shop.wait_idle()
    frozen.process.send_signal(signal.SIGCONT)
    wait_until(lambda: hello_shop.client.exists("nudged:instance:frozen"), "its lease")
    wait_until(lambda: "the lease of this daemon had run out" in frozen.log(), "its own knowledge")
    gate.open()
    wait_until(lambda: metric(frozen, "sending") == 0, "the transfer's end")
    hello_shop.push(hello(2))
    hello_shop.wait_idle()
    assert [mail["Subject"] for mail in hello_shop.mail.all_mails()] == ["hello 2"]


def test_slow_answer_delays_nobody(hello_shop):
    gate = threading.Event()

    def answers(envelope):
        if "c1@example.com" in envelope.rcpt_tos:
            gate.wait(60)
        return "250 taken"

    hello_shop.mail.answers = answers
    hello_shop.mail.slow()
    daemon = hello_shop.daemon().spawn()
    hello_shop.push(*[hello(n) for n in range(1, 30)])
    try:
        subjects = {hello_shop.mail.next_mail()["Subject"] for _ in range(28)}
        assert subjects == {f"hello {n}" for n in range(2, 30)}
        assert daemon.ask("GET", "/health")[0] == 200
    finally:
        gate.set()
    assert hello_shop.mail.next_mail()["Subject"] == "hello 1"
    hello_shop.wait_idle()


def test_rules_that_feed_each_other(hello_shop):
    """A message about each message: ended by a dead letter after so many hops."""
    hello_shop.rules(RULES + "\n---\n{name: echo, class: transactional, on: message.sent, send: hello}")
    hello_shop.daemon().spawn()
    hello_shop.push(hello(1))
    wait_until(lambda: hello_shop.dead(), "the dead letter")
    hello_shop.wait_idle()
    assert [letter["reason"] for letter in hello_shop.dead()] == [b"loop"]
    assert len(hello_shop.mail.all_mails()) == 9  # the first, and one for each hop


def test_profile_that_would_be_too_large(hello_shop):
    """What the event says of the customer is a dead letter, but for its few bytes; all else of it is
    decided, and so are its neighbours in the batch."""
    daemon = hello_shop.daemon().spawn()
    hello_shop.push(hello(1, first="x" * 10_000))
    hello_shop.mail.next_mail()
    hello_shop.push(
        {**hello(1), "id": "first"},
        {**hello(1, second="y" * 10_000, tier="gold"), "id": "big"}, {**hello(1), "id": "last"})
    hello_shop.wait_idle()
    [letter] = hello_shop.dead()
    assert (letter["kind"], letter["reason"]) == (b"customer", b"profile-too-large")
    assert len(json.loads(letter["body"])["said"]["second"]) == 10_000
    assert len(hello_shop.mail.all_mails()) == 3
    document = hello_shop.client.get("nudged:customer:id:1")
    assert b"yyyy" not in document and b"xxxx" in document and b'"tier":"gold"' in document
    assert metric(daemon, "events_dead_total") == 0
    assert (None, "passed-over", "profile-too-large") in hello_shop.trace("id:1")


def test_sixty_thousand_timers(hello_shop):
    """All due at once: each fires once, and events are served meanwhile."""
    count = 60_000
    pipe = hello_shop.client.pipeline(transaction=False)
    for first in range(0, count, 1000):
        pipe.zadd("nudged:due", {f"id:t{n}": 1000 + n for n in range(first, first + 1000)})
    pipe.execute()
    daemon = hello_shop.daemon().spawn()
    hello_shop.push(hello(1))
    hello_shop.mail.next_mail()
    assert hello_shop.client.zcard("nudged:due") > 0
    wait_until(lambda: hello_shop.client.zcard("nudged:due") == 0, "all timers", 240)
    hello_shop.wait_idle()
    assert metric(daemon, "timers_fired_total") == count
    assert len(hello_shop.client.keys("nudged:customer:id:t*")) == count


def descriptors(daemon):
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def test_descriptors_do_not_leak(hello_shop):
    """Ten lost connections to Redis and ten reloads leave as many open files as before."""
    daemon = hello_shop.daemon().spawn()
    hello_shop.push(hello(1))
    hello_shop.mail.next_mail()
    hello_shop.wait_idle()
    before = descriptors(daemon)
    for n in range(10):
        reconnects = metric(daemon, "redis_reconnects_total")
        hello_shop.client.client_kill_filter(_type="normal", skipme=True)
        # … and a third, where it had been told of changes.
        wait_until(lambda reconnects=reconnects: metric(daemon, "redis_reconnects_total") >= reconnects + 2,
                   "both connections")
        assert daemon.ask("POST", "/reload")[0] == 200
    hello_shop.push(hello(2))
    hello_shop.mail.next_mail()
    hello_shop.wait_idle()
    wait_until(lambda: descriptors(daemon) <= before, "no more descriptors than before")


def test_no_descriptor_is_left(hello_shop):
    """A connection to the admin socket that cannot be taken waits; the daemon says so, does
    not turn over it, and goes on by itself."""
    daemon = hello_shop.daemon().spawn()
    hello_shop.push(hello(1))
    hello_shop.mail.next_mail()
    hello_shop.wait_idle()
    pid = daemon.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, hard))
    asked = threading.Thread(target=daemon.ask, args=("GET", "/health"))
    asked.start()
    warning = "cannot take a connection: Too many open files"
    wait_until(lambda: daemon.log().count(warning) >= 2, "the warning, and again")
    hello_shop.push(hello(2))  # what has its connections goes on
    wait_until(lambda: hello_shop.trace("id:2"), "the decision")
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
    asked.join(60)
    assert not asked.is_alive()
    assert daemon.log().count("accept") == 0  # libevent's own words, at each turn of the loop
    assert daemon.log().count(warning) < 200
    daemon.wait_healthy()


def calls(shop, command):
    return shop.client.info("commandstats").get(f"cmdstat_{command}", {"calls": 0})["calls"]


def test_retries_count_as_waiting(hello_shop):
    """A gateway that puts everybody off: what waits for its next try takes up room in the outbox,
    for receipts twice `outbox.most`; the others follow when those are sent."""
    hello_shop.config["outbox"] = {"most": 100}
    hello_shop.mail.answers = lambda envelope: "451 4.3.0 later"
    daemon = hello_shop.daemon().spawn()
    hello_shop.push(*[hello(n) for n in range(200)])
    left = lambda: hello_shop.client.zcard("nudged:later") + hello_shop.client.xlen("nudged:outbox:email:transactional")
    wait_until(lambda: hello_shop.client.zcard("nudged:later") >= 10 and left() == 200, "the first to be put off")
    hello_shop.push(*[hello(n) for n in range(200, 250)])
    wait_until(lambda: daemon.status()["full"] == 50, "the others to wait for room")
    assert hello_shop.client.xlen("nudged:events") == 0
    assert left() == 200
    hello_shop.mail.answers = lambda envelope: "250 taken"
    hello_shop.client.zadd("nudged:later", dict.fromkeys(hello_shop.client.zrange("nudged:later", 0, -1), 1))
    subjects = [hello_shop.mail.next_mail()["Subject"] for _ in range(250)]
    hello_shop.wait_idle()
    assert sorted(subjects) == sorted(f"hello {n}" for n in range(250))


def test_channel_is_configured_no_more(hello_shop):
    """What waits in it is a dead letter from its give_up on, tried or not."""
    shop = hello_shop
    api = shop.http()
    api.status = 503
    shop.config["gateways"]["api"] = {"kind": "http", "url": f"http://127.0.0.1:{api.port}/"}
    shop.config["channels"] = {"email": "smtp", "chat": "api"}
    shop.template("api.json.liquid", "{}")
    shop.rules("{name: hello, class: transactional, on: hello, send: {template: hello, via: chat}}")
    one = shop.daemon().spawn()
    shop.push(hello(1))
    [mid] = wait_until(lambda: shop.client.zrange("nudged:later", 0, -1), "a retry")
    key = f"nudged:message:{mid.decode()}"
    assert one.stop() == 0
    shop.client.xadd("nudged:outbox:chat:transactional", {"mid": "withdrawn"})
    shop.rules(RULES)
    two = shop.daemon("two", channels={"email": "smtp"}).spawn()
    shop.client.zadd("nudged:later", {mid: 1})
    wait_until(lambda: shop.client.hget(key, "state") == b"queued", "the retry")
    swept = calls(shop, "smembers")
    wait_until(lambda: calls(shop, "smembers") > swept + 1, "two sweeps")
    assert shop.dead() == []
    shop.client.hset(key, "give_up", 1)
    [letter] = wait_until(shop.dead, "the dead letter")
    assert (letter["reason"], letter["channel"], letter["mid"]) == (b"no-channel", b"chat", mid)
    shop.wait_idle()
    assert f"a message became a dead letter mid={mid.decode()} reason=no-channel gateway=-\n" in two.log()
    assert metric(two, "messages_dead_total") == 1
    assert metric(two, "events_decided_total") == 1  # message.failed
    assert two.status()["dead"] == 1 and not shop.client.exists(key)
    assert shop.client.xlen("nudged:outbox:chat:transactional") == 0


@pytest.mark.parametrize("pushed", [
    [{**hello(1), "id": f"e{n}", "text": "x" * 200_000} for n in range(20)],  # 4 MB of events
    [hello(1, notes="x" * 15_000), *[{**hello(1), "id": f"e{n}"} for n in range(180)]],  # 5 MB of messages
    ["?" * 200_000 for _ in range(20)],  # no events at all
], ids=["events", "messages", "dead"])
def test_commit_has_a_bound(hello_shop, pushed):
    """Much of one customer in one batch: several commits, each of which gets through in time."""
    messages = len(pushed)
    if "customer" in pushed[0] and "notes" in pushed[0]["customer"]:
        messages *= 2
        hello_shop.rules(RULES + "\n---\n{name: again, class: transactional, on: hello, send: hello}")
    hello_shop.push(*pushed)
    daemon = hello_shop.daemon().spawn()
    hello_shop.wait_idle()
    assert metric(daemon, "events_read_total") == len(pushed)
    assert 2 <= metric(daemon, "commits_total") <= 5
    if isinstance(pushed[0], str):
        assert len(hello_shop.dead()) == len(pushed)
    else:
        assert hello_shop.dead() == []
        assert len(hello_shop.mail.all_mails()) == messages


def test_message_is_small(hello_shop):
    """What a message costs in Redis while it waits: its event stands there once."""
    hello_shop.config["gateways"]["smtp"]["port"] = 1
    event = {**hello(1, first_name="Ana", locale="ro", accepts_marketing=True), "order": {
        "number": "1001", "total": 64.9, "currency": "RON", "note": "", "items": [
            {"title": "Ceai verde", "quantity": 1, "price": 21.6} for _ in range(3)]}}
    event["order"]["note"] = "x" * (700 - len(json.dumps(event, separators=(",", ":"))))
    hello_shop.daemon().spawn()
    hello_shop.push(json.dumps(event, separators=(",", ":")))
    [key] = wait_until(lambda: hello_shop.client.keys("nudged:body:*"), "the message, no longer in hand")
    mid = key.decode().rpartition(":")[2]
    size = sum(hello_shop.client.memory_usage(key, samples=0) for key in (
        f"nudged:message:{mid}", f"nudged:body:{mid}"))
    assert size < 1500  # and about 60 in the stream of its outbox


def test_huge_entry_is_cut_in_its_dead_letter(hello_shop):
    hello_shop.push("?" * 3_000_000)
    hello_shop.daemon().spawn()
    [letter] = wait_until(hello_shop.dead, "the dead letter")
    assert letter["reason"] == b"json-size"
    assert letter["body"] == b"?" * (1 << 20)
