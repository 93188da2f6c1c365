"""A shop's customers, and what a short model of its rules expects of them: written from
docs/rules.md and docs/events.md alone.

A person has an id and an address in several spellings. Events name one of them, the other, or
both, arrive out of order and twice, and are about carts, orders, things that are watched, what a
person wants to hear of, and what is known of them. `run` pushes them in four parts:

  first      everything, to daemons that are killed at random
  second     orders, opt-outs and things that are gone: also to a daemon that lacks the rules
             that these end
  down       the same, while no daemon runs; then all deadlines pass
  full       the same again, with a gateway that is away and an outbox that is full

What is said or ordered in any part counts in all of them, as no reminder goes out before the
gateway is back."""

import collections
import ctypes
import json
import mmap
import random
import socket
import subprocess

from conftest import SOURCE, RedisServer, SmtpServer, wait_until

HOUR_MS = 3600 * 1000
CONNECTIONS = 8
CAP = 3
KEPT_ENDS = 16  # of events that ended something by a condition; docs/rules.md

RULES = """
name: welcome
class: transactional
on: customer.signed_up
limit: 1 per 30d
send: {template: letter, data: {mark: event.data.mark}}
---
name: receipt
class: transactional
on: order.placed
send: {template: letter, to: event.data.order.address, data: {mark: event.data.mark}}
"""
REMINDERS = """
name: cart
topic: carts
on: cart.updated
if: size(cart.items) > 0
again: restart
until: order.placed
wait: 2h
send: {template: letter, data: {mark: start.mark}}
---
name: watch
topic: stock
on: product.watched
again: parallel
until: {on: product.gone, if: event.data.sku == start.sku}
wait: 2h
send: {template: letter, data: {mark: start.mark}}
"""
LETTER = "---\nsubject: '{{ message.rule }} {{ mark }}'\n---\n{{ mark }}\n"
TOPICS = {"cart": "carts", "watch": "stock"}


class LateRedis(RedisServer):
    """A redis-server whose clock can be set."""

    def __init__(self, folder):
        super().__init__(folder)
        library, self.file = folder / "late_clock.so", open(folder / "late_clock", "w+b")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library,
                        SOURCE / "tests/functional/late_clock.c", "-ldl"], check=True)
        self.file.write(bytes(8))
        self.file.flush()
        self.page = mmap.mmap(self.file.fileno(), 8)
        self.ahead_ms = ctypes.c_int64.from_buffer(self.page)
        self.environment = {"LD_PRELOAD": str(library), "LATE_CLOCK": self.file.name}

    def start(self, environment=None):
        return super().start({**self.environment, **(environment or {})})

    def forward(self, ms):
        """The daemons' leases hold on, and what they told of their rules: no script runs between what
        lengthens these and the clock's step."""
        if ms <= 0:
            return
        with self.client.pipeline() as pipe:
            for key in self.client.keys("nudged:instance:*"):
                pipe.pexpire(key, ms + 9000)
            for key in self.client.keys("nudged:set*"):
                pipe.pexpire(key, ms + HOUR_MS)
            pipe.execute_command("CLIENT", "PAUSE", 5000, "WRITE")
            pipe.execute()
        self.ahead_ms.value += ms
        self.client.client_unpause()


class Door(SmtpServer):
    """An SMTP server whose port can be closed, and opened again. While it is closed a socket that
    does not listen keeps the port from others."""

    def _at_once(self, action):
        import asyncio
        asyncio.run_coroutine_threadsafe(action(), self.loop).result()

    def close(self):
        async def end():
            self.server.close()
        self._at_once(end)
        self.bolt = socket.socket()
        self.bolt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.bolt.bind(("127.0.0.1", self.port))

    def open(self):
        from aiosmtpd.smtp import SMTP

        async def begin():
            self.server = await self.loop.create_server(
                lambda: SMTP(self, hostname="sink.example", enable_SMTPUTF8=True, loop=self.loop),
                "127.0.0.1", self.port)
        self.bolt.close()
        self._at_once(begin)


class Person:
    def __init__(self, rng, number):
        self.number = number
        self.id = str(number)
        self.address = rng.choice([f"ana{number}@example.com", f"ștefan{number}@example.com",
                                   f"jo{number}@münchen.example", f"Груша{number}@example.com"])
        self.joined = rng.random() < 0.5  # otherwise by one event somewhere on the way
        self.gone = 0
        # What the model knows: (time, what) each.
        self.accepts, self.words, self.ends, self.starts = [], [], [], []
        self.watched, self.skus_gone, self.orders, self.signed_up = [], [], [], []

    def spelling(self, rng):
        local, domain = self.address.split("@")
        domain = rng.choice([domain, domain.upper(), domain.encode("idna").decode()])
        local = rng.choice([local, local.upper(), local.title()])
        return rng.choice(["", " ", "\t"]) + f"{local}@{domain}" + rng.choice(["", " "])

    def keys(self, rng, kind):
        """Who the event says it is about. A yes lifts a no of the addresses that name the person
        then, so it comes with both."""
        yes = kind in ("customer.subscribed", "customer.resubscribed")
        both = yes or kind == "customer.signed_up" or self.joined and rng.random() < 0.3
        by_id = both or rng.random() < 0.5
        who = {"id": self.id} if by_id else {}
        if both or not by_id:
            who["email"] = self.spelling(rng)
        return who

    def wants(self, topic):
        """The newest word, of the topic or of all, and what the shop says it may."""
        accepts = max(self.accepts, default=(0, None), key=lambda said: said[0])[1]
        words = [said for said in self.words if said[1] in (topic, "all")]
        return accepts is True and max(words, default=(0, topic, "yes"))[2] == "yes"


FIRST = (["cart.updated"] * 6 + ["product.watched"] * 2 + ["customer.signed_up"] * 2
         + ["customer.changed"] * 2 + ["customer.resubscribed", "customer.subscribed"])
ENDS = ["order.placed"] * 3 + ["product.gone"] * 2 + ["customer.unsubscribed"]


class World:
    """Makes events, and knows what is to come of them."""

    def __init__(self, seed, persons):
        self.rng = random.Random(seed)
        self.persons = [Person(self.rng, number) for number in range(persons)]
        self.number = 0

    def event(self, kind, at_ms, person=None):
        rng, person = self.rng, person or self.rng.choice(self.persons)
        if kind == "product.gone" and person.gone == KEPT_ENDS:
            kind = "order.placed"
        self.number += 1
        mark = f"m{self.number}"
        event = {"type": kind, "id": f"e{self.number}", "mark": mark, "customer": person.keys(rng, kind),
                 "time": clock_text(at_ms)}
        getattr(self, kind.replace(".", "_"))(person, at_ms, mark, event)
        return event

    def customer_signed_up(self, person, at_ms, mark, event):
        person.signed_up.append(mark)
        event["customer"]["accepts_marketing"] = True
        person.accepts.append((at_ms, True))

    def customer_changed(self, person, at_ms, mark, event):
        accepts = self.rng.choice([True, True, True, False, None])
        event["customer"]["accepts_marketing"] = accepts
        person.accepts.append((at_ms, accepts))

    def customer_unsubscribed(self, person, at_ms, mark, event):
        topic = self.rng.choice(["all", "carts", "stock", "CARTS"])
        if topic != "all" or self.rng.random() < 0.5:
            event["topic"] = topic
        person.words.append((at_ms, topic.lower(), "no"))

    def customer_resubscribed(self, person, at_ms, mark, event):
        event["topic"] = topic = self.rng.choice(["all", "carts", "stock"])
        person.words.append((at_ms, topic, "yes"))

    customer_subscribed = customer_resubscribed

    def cart_updated(self, person, at_ms, mark, event):
        full = self.rng.random() < 0.8
        event["cart"] = {"items": [{"title": "Tea"}] if full else []}
        (person.starts if full else person.ends).append((at_ms, mark))

    def order_placed(self, person, at_ms, mark, event):
        event["order"] = {"address": person.address,
                          "note": "x" * self.rng.choice([10, 1000, 70000 if self.number % 50 == 0 else 10])}
        person.orders.append(mark)
        person.ends.append((at_ms, mark))

    def product_watched(self, person, at_ms, mark, event):
        if len(person.watched) == KEPT_ENDS:
            event["type"] = "product.viewed"
            return
        event["sku"] = self.rng.randrange(4)
        person.watched.append((at_ms, event["sku"], mark))

    def product_gone(self, person, at_ms, mark, event):
        event["sku"] = self.rng.randrange(4)
        person.gone += 1
        person.skus_gone.append((at_ms, event["sku"]))

    def part(self, kinds, count, since_ms, sign_up=False):
        """So many events, in an order that is not quite theirs, some of them twice. In the first
        part each person signs up at least once, so that both keys meet."""
        signed_up = dict(zip(self.rng.sample(range(count), len(self.persons)), self.persons)) if sign_up else {}
        events = []
        for n in range(count):
            kind = "customer.signed_up" if n in signed_up else self.rng.choice(kinds)
            events.append((n, self.event(kind, since_ms + n, signed_up.get(n))))
        events += [(n + self.rng.randrange(100), event) for n, event in events if self.rng.random() < 0.03]
        events.sort(key=lambda row: row[0] + self.rng.random() * 60)
        return [event for _, event in events]

    def reminders(self, person):
        """Marks of the reminders that the person should get, were there no cap."""
        due = []
        start = max(person.starts, default=None)
        if start and person.wants("carts") and max(person.ends, default=(0,))[0] < start[0]:
            due.append(("cart", start[1]))
        for at_ms, sku, mark in person.watched:
            over = any(sku == gone and when > at_ms for when, gone in person.skus_gone)
            if not over and person.wants("stock"):
                due.append(("watch", mark))
        return due

    def check(self, sent, held):
        """`sent`: how often each (rule, mark) arrived; `held`: those that may have."""
        there = set(sent) | held
        wrong = []
        for person in self.persons:
            wanted, welcomes = self.reminders(person), {("welcome", mark) for mark in person.signed_up}
            got = [one for one in wanted if one in there]
            mine = {("watch", mark) for _, _, mark in person.watched} | {("cart", m) for _, m in person.starts}
            if len(got) != min(CAP, len(wanted)) or mine & there - set(wanted):
                wrong.append((person.id, "reminders", sorted(mine & there), "wanted", wanted))
            if len(welcomes & there) != min(1, len(welcomes)):
                wrong.append((person.id, "welcomes", sorted(welcomes & there)))
            if lost := {("receipt", mark) for mark in person.orders} - there:
                wrong.append((person.id, "receipts lost", sorted(lost)))
        return wrong


def clock_text(at_ms):
    import datetime
    at = datetime.datetime.fromtimestamp(at_ms / 1000, datetime.timezone.utc)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Run:
    """The parts of a run, in their order."""

    def __init__(self, shop, seed, events, persons, daemons):
        self.shop, self.events, self.kills = shop, events, 0
        self.world, self.rng = World(seed, persons), random.Random(seed + 1)
        self.redis = shop.redis(LateRedis)
        self.client = shop.client
        self.smtp = shop.add(Door())
        shop.config["gateways"] = {"smtp": {"kind": "smtp", "host": "127.0.0.1", "port": self.smtp.port,
                                            "tls": "never", "connections": CONNECTIONS}}
        shop.config["policy"] = {"cap": f"{CAP} per 7d"}
        shop.config["customer"] = {"keys": ["customer.id", "customer.email"]}
        shop.rules(RULES), shop.rules(REMINDERS, "reminders.yaml")
        shop.template("letter.text.liquid", LETTER)
        self.daemons = [shop.daemon(f"d{n}", outbox={"most": 100}) for n in range(daemons)]
        poor = shop.folder / "poor"
        poor.mkdir()
        (poor / "rules.yaml").write_text(RULES)
        self.poor = shop.daemon("poor", rules=str(poor), outbox={"most": 100})
        self.now_ms = self.redis_ms()
        # Events lie in the past, each at a millisecond of its own, and are newer part by part.
        self.at_ms = self.now_ms - events - 1000

    def redis_ms(self):
        seconds, micros = self.client.time()
        return seconds * 1000 + micros // 1000

    def push(self, kinds, share, sign_up=False):
        count = int(self.events * share)
        events = self.world.part(kinds, count, self.at_ms, sign_up)
        self.at_ms += count
        for at in range(0, len(events), 1000):
            self.shop.push(*events[at:at + 1000])

    def left(self):
        return self.client.xlen("nudged:events")

    def wait_decided(self, patience=600):
        wait_until(lambda: self.left() == 0, "all events to be decided", patience)

    def first(self):
        for daemon in self.daemons:
            daemon.spawn()
        self.push(FIRST * 2 + ENDS, 0.7, sign_up=True)
        events = self.left()
        for kill in range(3):
            wait_until(lambda: self.left() <= events * (3 - kill) // 4, "a part of the events", 600)
            self.kill(self.rng.choice(self.daemons)).spawn()
        self.wait_decided()

    def kill(self, daemon):
        daemon.kill()
        self.kills += 1
        return daemon

    def second(self):
        self.poor.spawn()
        self.push(ENDS, 0.1)
        self.wait_decided()
        self.kill(self.poor)

    def down(self):
        wait_until(self.shop.idle, "receipts to be sent", 600)
        for daemon in self.daemons:
            self.kill(daemon)
        self.push(ENDS, 0.1)
        self.redis.ahead_ms.value += 3 * HOUR_MS

    def full(self):
        self.smtp.close()
        for daemon in self.daemons:
            daemon.spawn()
        # All but what has no room.
        wait_until(lambda: self.left() == 0 and self.all_due(), "deadlines to be acted on", 600)
        self.push(ENDS, 0.1)
        self.wait_decided()
        self.smtp.open()

    def all_due(self):
        """No deadline lies in the past."""
        return self.client.zcount("nudged:due", "-inf", self.redis_ms() - 1000) == 0

    def end(self):
        def over():
            return (self.client.zcard("nudged:due") == 0 and self.client.zcard("nudged:later") == 0
                    and self.shop.idle())
        wait_until(over, "all to be over", 600)
        sent = collections.Counter()
        for mail in self.smtp.all_mails():
            sent[tuple(mail["Subject"].split(" ", 1))] += 1
        held = set()
        for mid in self.client.zrange("nudged:uncertain", 0, -1):
            body = json.loads(self.client.hget(b"nudged:message:" + mid, "body"))
            held.add((body["rule"], body["data"]["mark"]))
        assert self.shop.dead() == [], collections.Counter(letter["reason"] for letter in self.shop.dead())
        wrong = self.world.check(sent, held)
        assert not wrong, f"{len(wrong)} persons: {wrong[:5]}"
        twice = [key for key, times in sent.items() if times > 1]
        assert len(twice) + len(held) <= self.kills * CONNECTIONS, f"{len(twice)} twice"
        return len(sent), len(twice)


def run(shop, seed, events, persons, daemons):
    """(messages, how many of them twice); fails where the model says something else."""
    one = Run(shop, seed, events, persons, daemons)
    one.first()
    one.second()
    one.down()
    one.full()
    return one.end()
