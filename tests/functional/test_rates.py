"""How fast, and where: rates as a server measures them, bounds by domain, what is bound to a gateway,
pauses and warm-ups."""

import json
import re
import socket
import threading
import time

import pytest

from conftest import Gate, wait_until
from fault_server import CLOSE, FaultSmtp

RULES = "{name: hello, class: transactional, on: hello, send: hello}"
DAY = 24 * 3600 * 1000


@pytest.fixture
def paced(shop):
    """A shop whose mail server notes when it has taken what: `taken`, (time, recipient)."""
    shop.redis()
    shop.rules(RULES)
    shop.template("hello.text.liquid", "---\nsubject: 'hello {{ n }}'\n---\nHello\n")
    shop.taken = []
    shop.mail = server(shop)
    return shop


def server(shop, name="smtp", **gateway):
    """Another mail server, with its gateway."""
    gateways = shop.config.get("gateways", {})
    mail = shop.smtp(**gateway)
    shop.config["gateways"] = {**gateways, name: shop.config["gateways"]["smtp"]}

    def answer(envelope):
        shop.taken.append((time.monotonic(), envelope.rcpt_tos[0], name))
        return "250 taken"

    mail.answers = answer
    return mail


def bound(shop, name="smtp", **keys):
    shop.config["gateways"][name].update(keys)


def hello(number, domain="shop.example"):
    return {"type": "hello", "id": f"h{number}-{domain}", "n": number,
            "customer": {"id": f"{number}-{domain}", "email": f"c{number}@{domain}"}}


class Granted:
    """What Redis lets go by a gateway's rate from now on: `slots`, how many in each, by the last ms of it, as its
    MONITOR tells. When a mail server has them depends on how busy the machine is."""

    def __init__(self, shop, key="nudged:rate:smtp"):
        self.slots = {}
        self.form = re.compile(rf'.* (?i:"hincrby") "{re.escape(key)}" "(\d+)" "(-?\d+)"'.encode())
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(shop.folder / "redis.sock"))
        self.socket.sendall(b"MONITOR\r\n")
        self.lines = self.socket.makefile("rb")
        assert self.lines.readline() == b"+OK\r\n"
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()
        shop.add(self)

    def listen(self):
        for line in self.lines:
            if told := self.form.match(line):
                slot = int(told[1])
                self.slots[slot] = self.slots.get(slot, 0) + int(told[2])  # below 0: it was given back

    def wait(self, count):
        """The slots, once so many went: (ms, how many)."""
        wait_until(lambda: sum(self.slots.copy().values()) >= count, lambda: f"{count} to go: {self.slots}")
        return sorted(self.slots.items())

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()


def most_within(slots, ms):
    """The most that were let go within any time of that length."""
    return max(sum(count for other, count in slots[i:] if other < at + ms) for i, (at, _) in enumerate(slots))


def to(shop, domain):
    return [row for row in shop.taken if row[1].endswith("@" + domain)]


# ---- Rates ----

@pytest.mark.parametrize("rate, seconds, count", [("10 per 1s", 1, 45), ("20 per 4s", 4, 50)])
def test_rate_is_the_most_in_any_window(paced, rate, seconds, count):
    """Two daemons, and all messages there at once: neither the first second nor any other has more."""
    bound(paced, rate=rate)
    granted = Granted(paced)
    paced.daemon("one").spawn()
    paced.daemon("two").spawn()
    paced.push(*[hello(n) for n in range(count)])
    wait_until(lambda: len(paced.taken) == count, lambda: f"all mails: {len(paced.taken)}")
    assert most_within(granted.wait(count), seconds * 1000) <= int(rate.split()[0])


def test_clock_of_redis_set_back_in_its_slots(paced):
    """As if its clock had been set back an hour: what was let go counts, and no hour is waited for."""
    bound(paced, rate="5 per 2s")
    paced.daemon().spawn()
    paced.push(*[hello(n) for n in range(5)])
    wait_until(lambda: len(paced.taken) == 5, "five mails")
    ahead = str(int(paced.client.time()[0]) * 1000 + 3600000)
    paced.client.pipeline().delete("nudged:rate:smtp").hset("nudged:rate:smtp", ahead, 5).execute()
    granted = Granted(paced)
    paced.push(*[hello(n) for n in range(5, 15)])
    wait_until(lambda: len(paced.taken) == 15, "the others")
    slots = granted.wait(15)
    assert slots[0][1] == 5 and most_within(slots, 2000) <= 5  # those that were let go before count first


def test_bucket_of_the_last_release(paced):
    """It was empty a moment ago: so it is."""
    bound(paced, rate="4 per 2s")
    now = int(paced.client.time()[0]) * 1000
    paced.client.hset("nudged:rate:smtp", mapping={"tokens": "0.000000", "at": str(now + 60000)})
    granted = Granted(paced)
    paced.daemon().spawn()
    paced.push(*[hello(n) for n in range(8)])
    wait_until(lambda: len(paced.taken) == 8, "all mails")
    slots = granted.wait(12)
    assert slots[0][1] == 4 and most_within(slots, 2000) <= 4  # what it lacks counts first
    assert not paced.client.hexists("nudged:rate:smtp", "tokens")


@pytest.mark.parametrize("more, sent", [(2, 2), (0, 0)])
def test_begun_late(paced, more, sent):
    """Two messages have their tokens, and the machine sleeps before it begins them: each asks for another
    token, and where there is none goes back, unsent and uncharged."""
    bound(paced, rate=f"{2 + more} per 1h", connections=2)
    daemon = paced.daemon().spawn()
    assert daemon.stop() == 0
    gate = Gate(paced)
    daemon.spawn(failpoints=f"send-begin={gate.action}")
    paced.push(hello(1), hello(2))
    gate.wait()
    [at] = paced.client.hkeys("nudged:rate:smtp")
    wait_until(lambda: paced.client.hget("nudged:rate:smtp", at) == b"2", "both tokens")
    begun = time.monotonic()
    wait_until(lambda: time.monotonic() - begun > 0.15, "the tokens to be old")
    gate.open()
    if sent:
        wait_until(lambda: len(paced.taken) == 2, "both")
        paced.wait_idle()
        assert sum(map(int, paced.client.hvals("nudged:rate:smtp"))) == 4
        assert paced.dead() == []
    else:
        stream = "nudged:outbox:email:transactional"
        wait_until(lambda: paced.client.xpending(stream, "nudged")["pending"] == 0, "both to be given back")
        assert paced.client.xlen(stream) == 2 and paced.taken == []
        rows = [paced.client.hmget(key, "state", "attempts") for key in paced.client.scan_iter("nudged:message:*")]
        assert rows == [[b"queued", b"0"]] * 2


# ---- Domains ----

def test_full_domain_beside_free_ones(paced):
    """Two an hour to one domain: what is behind goes out at once, and what is held follows in its
    order when there is room, before newer ones."""
    bound(paced, per_domain={"GMAIL.com": {"rate": "2 per 1h"}}, rate="100 per 1m")
    for name in ("one", "two"):
        paced.daemon(name).spawn()
    paced.push(*[hello(n, "gmail.com") for n in range(40)], *[hello(n) for n in range(30)])
    wait_until(lambda: len(paced.taken) == 32, lambda: f"all others: {len(paced.taken)}")
    wait_until(lambda: paced.client.zcard("nudged:held:email:transactional:gmail.com") == 38, "what is held")
    assert len(to(paced, "gmail.com")) == 2
    assert paced.client.zcard("nudged:later") == 38
    [fields] = [paced.client.hgetall(f"nudged:message:{mid.decode()}")
                for mid in paced.client.zrange("nudged:later", 0, 0)]
    assert fields[b"domain"] == b"gmail.com" and b"queue" not in fields
    # An hour passes for that domain.
    paced.push(hello(99, "gmail.com"))
    wait_until(lambda: paced.client.zcard("nudged:later") == 39, "one more")
    paced.client.delete("nudged:domain:smtp:gmail.com")
    wait_until(lambda: len(to(paced, "gmail.com")) == 4, "the next two")
    assert all(row[1] != "c99@gmail.com" for row in paced.taken)
    # A gateway without the bound fetches the rest.
    paced.client.delete("nudged:domain:smtp:gmail.com")
    for thing in paced.started:
        if getattr(thing, "name", "") in ("one", "two"):
            thing.config.write_text(thing.config.read_text().replace("2 per 1h", "500 per 1h"))
            assert thing.ask("POST", "/reload")[0] == 200
    paced.wait_idle()
    assert len(to(paced, "gmail.com")) == 41
    assert not paced.client.exists("nudged:later", "nudged:holding:email:transactional")
    assert sorted(row[1] for row in to(paced, "gmail.com")) == sorted(
        f"c{n}@gmail.com" for n in [*range(40), 99])


def test_connections_to_a_domain(paced):
    """Six connections, of which two at a time are to one domain: the others stay free for all else, and
    as one ends the next begins."""
    bound(paced, per_domain={"default": {"connections": 2}}, connections=6)
    paced.mail.slow()
    lock, open_now, most, gate = threading.Lock(), {}, {}, threading.Event()

    def answer(envelope):
        domain = envelope.rcpt_tos[0].split("@")[1]
        with lock:
            open_now[domain] = open_now.get(domain, 0) + 1
            most[domain] = max(most.get(domain, 0), open_now[domain])
        if domain == "gmail.com" and not gate.is_set():
            gate.wait(20)
        with lock:
            open_now[domain] -= 1
            paced.taken.append((time.monotonic(), envelope.rcpt_tos[0], "smtp"))
        return "250 taken"

    paced.mail.answers = answer
    paced.daemon().spawn()
    paced.push(*[hello(n, "gmail.com") for n in range(300)],
               *[hello(n, f"d{n % 4}.example") for n in range(40)])
    wait_until(lambda: len(paced.taken) == 40, lambda: f"all others: {len(paced.taken)}")
    assert open_now["gmail.com"] == 2
    gate.set()
    wait_until(lambda: len(paced.taken) == 340, "the rest, and not two at each tick")
    assert max(most.values()) == 2
    paced.wait_idle()


def test_withdrawn_while_it_is_held(paced):
    """An order ends what waits for its domain, and an erasure leaves nothing of it."""
    paced.rules("{name: hello, class: transactional, on: hello, until: order, send: hello}")
    bound(paced, per_domain={"gmail.com": {"rate": "1 per 1h"}})
    paced.daemon().spawn()
    paced.push(*[hello(n, "gmail.com") for n in range(4)])
    wait_until(lambda: paced.client.zcard("nudged:later") == 3, "what is held")
    held = {row.decode() for row in paced.client.zrange("nudged:held:email:transactional:gmail.com", 0, -1)}
    customers = {paced.client.hget(f"nudged:message:{mid}", "customer").decode(): mid for mid in held}
    first, second, third = sorted(customers)
    paced.push({"type": "order", "id": "o1", "customer": {"id": first[3:]}})
    paced.push({"type": "customer.erased", "id": "e1", "customer": {"id": second[3:]}})
    wait_until(lambda: paced.client.zcard("nudged:later") == 1, "one to be left")
    assert paced.client.zrange("nudged:held:email:transactional:gmail.com", 0, -1) == [customers[third].encode()]
    assert not paced.client.exists(f"nudged:message:{customers[first]}", f"nudged:message:{customers[second]}",
                                   f"nudged:body:{customers[second]}")
    paced.client.delete("nudged:domain:smtp:gmail.com")
    wait_until(lambda: len(paced.taken) == 2, "the last one")
    paced.wait_idle()
    assert not paced.client.exists("nudged:later", "nudged:holding:email:transactional")


def test_full_outbox_of_what_is_held(paced):
    """What is held takes up room: others wait in their documents, and follow when that domain has some."""
    paced.config["outbox"] = {"most": 100}  # for receipts twice as many
    bound(paced, per_domain={"gmail.com": {"rate": "1 per 1h"}})
    daemon = paced.daemon().spawn()
    paced.push(*[hello(n, "gmail.com") for n in range(250)])
    wait_until(lambda: daemon.status()["full"] >= 45, "some to wait for room")
    wait_until(lambda: paced.client.xlen("nudged:events") == 0, "all to be decided")
    assert 195 <= paced.client.zcard("nudged:later") <= 205
    paced.push(*[hello(n) for n in range(20)])
    wait_until(lambda: daemon.status()["full"] >= 65, "the others too")
    daemon.config.write_text(daemon.config.read_text().replace("1 per 1h", "1000 per 1h"))
    assert daemon.ask("POST", "/reload")[0] == 200
    wait_until(lambda: len(paced.taken) == 270, lambda: f"all: {len(paced.taken)}")
    wait_until(lambda: daemon.status()["full"] == 0, "nobody to wait")
    assert len({row[1] for row in paced.taken}) == 270


# ---- Queues ----

def test_bound_messages_wait_for_their_gateway_alone(paced):
    """A gateway takes five mails and answers none, then nobody may use it. What it may have stays its own,
    and costs nobody a token or a place: all else goes by the other within the rate of that one."""
    broken = paced.add(FaultSmtp({"dot": CLOSE}))
    paced.config["gateways"] = {"broken": broken.gateway(connections=1)}
    server(paced, "good", rate="50 per 1h")
    paced.config["channels"] = {"email": "broken"}
    paced.daemon("one").spawn()
    paced.push(*[hello(n) for n in range(5)])
    wait_until(lambda: paced.client.zcard("nudged:later") == 5, "the uncertain ones")
    paced.started[-1].stop()
    mids = paced.client.zrange("nudged:later", 0, -1)
    paced.client.zadd("nudged:later", dict.fromkeys(mids, 1))  # each is due
    broken.on("connect", CLOSE)
    paced.daemon("two", channels={"email": ["broken", "good"]}).spawn()
    paced.push(*[hello(n) for n in range(5, 55)])
    wait_until(lambda: len(paced.taken) == 50, lambda: f"all others: {len(paced.taken)}")
    assert sum(map(int, paced.client.hvals("nudged:rate:good"))) == 50
    assert {row[1] for row in paced.taken} == {f"c{n}@shop.example" for n in range(5, 55)}

    def waits(mid):
        state, queue, bound_to = paced.client.hmget(f"nudged:message:{mid.decode()}", "state", "queue", "gateway")
        return bound_to == b"broken" and (state == b"later" or queue == b"email@broken")

    assert all(map(waits, mids))
    broken.well()
    wait_until(lambda: len(broken.mails) == 10, lambda: f"those that are bound: {len(broken.mails)}")
    paced.wait_idle()
    assert len(paced.taken) == 50


def test_bound_in_the_place_of_the_last_release(paced):
    """A former program left it in the queue of its channel: it moves, and goes by its own gateway; and one
    whose gateway is gone ends when its time is over, in words that name that one."""
    server(paced, "other")
    paced.config["channels"] = {"email": ["smtp", "other"]}
    one = paced.daemon("one")
    paced.client.hset("nudged:paused", mapping={"smtp": "{}", "other": "{}"})
    one.spawn()
    paced.push(hello(1), hello(2))
    wait_until(lambda: paced.client.xlen("nudged:outbox:email:transactional") == 2, "both")
    assert one.stop() == 0
    bodies = {paced.client.hget(key, "customer"): key for key in paced.client.scan_iter("nudged:message:*")}
    paced.client.hset(bodies[b"id:1-shop.example"], mapping={"bound": 1, "gateway": "other"})
    paced.client.hset(bodies[b"id:2-shop.example"], mapping={"bound": 1, "gateway": "gone"})
    paced.client.delete("nudged:paused")
    one.spawn()
    wait_until(lambda: paced.taken, "the first")
    assert paced.taken[0][1:] == ("c1@shop.example", "other")
    wait_until(lambda: paced.client.hget(bodies[b"id:2-shop.example"], "queue") == b"email@gone", "the other moved")
    paced.client.hset(bodies[b"id:2-shop.example"], "give_up", 1)
    [letter] = wait_until(paced.dead, "its dead letter")
    assert letter["reason"] == b"no-gateway" and b"through `gone`" in letter["detail"]
    wait_until(lambda: not paced.client.exists("nudged:outbox:email@gone:transactional"), "its queue to be gone")
    assert not paced.client.sismember("nudged:queues", "email@gone")
    assert len(paced.taken) == 1


# ---- Pauses ----

def test_pause_over_two_daemons(paced):
    """Nothing more begins at a paused gateway, in any daemon; the channel's next one takes over; and it
    comes back."""
    server(paced, "spare")
    paced.config["channels"] = {"email": ["smtp", "spare"]}
    for name in ("one", "two"):
        paced.daemon(name).spawn()
    paced.push(*[hello(n) for n in range(20)])
    wait_until(lambda: len(paced.taken) == 20, "the first")
    assert "smtp" in {row[2] for row in paced.taken}
    paced.client.hset("nudged:paused", "smtp", json.dumps({"at": 1, "by": "ana"}))
    del paced.taken[:]
    paced.push(*[hello(n) for n in range(20, 60)])
    wait_until(lambda: len(paced.taken) == 40, "those by the other")
    assert {row[2] for row in paced.taken} == {"spare"}
    paced.client.hset("nudged:paused", "spare", "{}")
    del paced.taken[:]
    paced.push(*[hello(n) for n in range(60, 70)])
    wait_until(lambda: paced.client.xlen("nudged:outbox:email:transactional") == 10, "what waits")
    paced.client.delete("nudged:paused")
    wait_until(lambda: len(paced.taken) == 10, "all")
    paced.wait_idle()


# ---- Warming up ----

def test_warmup(paced):
    """Three on the first day, six on the second; then there is no bound."""
    bound(paced, warmup={"first": 3, "growth": 2, "until": 12})
    one = paced.daemon("one").spawn()
    paced.daemon("two").spawn()

    def next_day():
        """As if a day and half an hour had passed: a slot has 22 minutes."""
        row = paced.client.hgetall("nudged:warmup:smtp")
        aged = {name if name == b"since" else int(name) - DAY - 1800000:
                int(value) - DAY - 1800000 if name == b"since" else value for name, value in row.items()}
        pipe = paced.client.pipeline()
        pipe.delete("nudged:warmup:smtp").hset("nudged:warmup:smtp", mapping=aged).execute()
        for thing in (one, *[t for t in paced.started if getattr(t, "name", "") == "two"]):
            thing.ask("POST", "/reload")  # it waits for tomorrow

    paced.push(*[hello(n) for n in range(30)])
    for total in (3, 9):
        wait_until(lambda: len(paced.taken) == total, f"{total} mails")
        wait_until(lambda: paced.client.xlen("nudged:outbox:email:transactional") == 30 - total, "the others")
        next_day()
    wait_until(lambda: len(paced.taken) == 30, "all of them")
    paced.wait_idle()
