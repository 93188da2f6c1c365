"""Clocks and timers over many customers: how long the index of customers takes, and a sweep of all of them at one tick
that none matches; what Redis has to do for it, and what an event waits meanwhile, from its push until its message
stands in the outbox; and how long so many take as are due in one second, 6 of 100, each with a message.

$BENCH_CUSTOMERS, else 50,000; $BENCH_RATE (1,000): customers a second of the sweep that is held back."""

import json
import os
import statistics
import sys
import threading
import time

import redis as redis_py

from crowd import TOKEN, crowd
from figures import QUICK, count, rounds, row, until
from place import Folder, Nudged, Redis

CUSTOMERS = count(50000, "BENCH_CUSTOMERS")
DUE = CUSTOMERS * 6 // 100
RATE = int(os.environ.get("BENCH_RATE", 1000))
HELD_SECONDS = 20
PROBES_A_SECOND, PROBE_SECONDS = 50, 1 if QUICK else 5

IDLE = "name: idle\non: {every: month, on: 1, at: '00:00'}\nif: 'false'\nsend: mail\n"
PROBE = "---\nname: probe\nclass: transactional\non: probe\nsend: mail\n"
CART = "---\nname: cart\nclass: transactional\non: cart\nagain: restart\nwait: 1h\nsend: mail\n"


def until(condition, what, seconds=3600):
    end, pause = time.monotonic() + seconds, threading.Event()
    while time.monotonic() < end:
        if condition():
            return
        pause.wait(0.02)
    sys.exit(f"bench_clocks: waited too long for {what}")


def daily(name, minute):
    """At that minute of the day, which nobody matches."""
    return (f"---\nname: {name}\non: {{every: day, at: '{minute // 60:02}:{minute % 60:02}', spread: 0s}}\n"
            "if: customer.count('order.placed') > 100\nsend: mail\n")


class Bench(Folder):
    def __init__(self):
        super().__init__()
        self.write("templates/mail.text.liquid", "---\nsubject: Hello\n---\nx")
        self.redis = self.start(Redis(self.path))
        self.client = redis_py.Redis(unix_socket_path=self.redis.socket)
        self.client.hset("nudged:paused", "smtp", '{"at":1,"by":"bench"}')
        self.daemon = None

    def rules(self, text):
        self.write("rules/r.yaml", text + PROBE + CART)
        if self.daemon:
            self.daemon.ask("/reload", "POST")

    def run(self, rate):
        """A daemon that asks so many customers a second."""
        self.daemon = self.start(Nudged(self.path, self.redis, {
            "clocks": {"rate": rate}, "outbox": {"most": 10000000}, "shop": {"name": "x", "timezone": "UTC"},
            "gateways": {"smtp": {"kind": "smtp", "host": "127.0.0.1", "port": 9, "tls": "never"}}}))

    def stop(self):
        self.started.remove(self.daemon)
        self.daemon.end()

    def event(self, kind, number):
        return json.dumps({"type": kind, "id": f"{kind}{time.monotonic_ns()}", "customer": {
            "id": str(number), "email": f"c{number}@example.com", "first_name": "Ana", "locale": "ro",
            "city": "Iași"}, "cart": {"total": 20}})

    def push(self, kind, number):
        self.client.xadd("nudged:events", {"event": self.event(kind, number)})

    def known(self):
        """All customers, as copies of one whose cart waits: their timers 2 h from now."""
        crowd(self.redis, self.client.execute_command, self.event("cart", TOKEN), CUSTOMERS, 2 * 3600)

    def latency(self, seconds, waits=None, goes_on=lambda: True):
        """Milliseconds from the push of an event until its message stands in the outbox: (median, 99 %)."""
        stream, waits = "nudged:outbox:email:transactional", [] if waits is None else waits
        listener = redis_py.Redis(unix_socket_path=self.redis.socket)
        for number in range(int(seconds * PROBES_A_SECOND)):
            begin = time.monotonic()
            if not goes_on() and number > 10:
                break
            last = (self.client.xrevrange(stream, count=1) or [(b"0-0", {})])[0][0]
            begin_push = time.monotonic()
            self.push("probe", 10**9 + number % 100)
            listener.xread({stream: last}, block=10000)
            waits.append((time.monotonic() - begin_push) * 1000)
            threading.Event().wait(max(0, 1 / PROBES_A_SECOND - (time.monotonic() - begin)))
        return statistics.median(waits), statistics.quantiles(waits, n=100, method="inclusive")[-1]

    def tick(self, name):
        """A rule whose tick is at the next minute that is far enough; and when."""
        at = (int(time.time()) + 75) // 60
        self.rules(IDLE + daily(name, at % 1440))
        until(lambda: self.client.hexists("nudged:clocks", name), "the rule")
        until(lambda: time.time() >= at * 60, "the tick")

    def place(self, name):
        """How far its customers were asked: 0 to 1."""
        row = (self.client.hget("nudged:swept", f"{name} shop") or b"- 0 0 -").decode().split()
        return int(row[2]) / 1e9


class Used:
    """Percents of a processor that Redis and the daemon had since."""

    def __init__(self, bench):
        self.bench, self.begin, self.before = bench, time.monotonic(), self.us(bench)

    @staticmethod
    def us(bench):
        return bench.redis.used_us(), bench.daemon.used_us()

    def since(self):
        """Seconds, percent of Redis, percent of the daemon."""
        took = time.monotonic() - self.begin
        return took, *((now - then) / took / 1e4 for now, then in zip(self.us(self.bench), self.before))


# ---- What is measured: figures by name --------------------------------------------------

def index(bench):
    used, before = Used(bench), bench.client.info("memory")["used_memory"]
    bench.rules(IDLE)
    until(lambda: bench.client.hget("nudged:index", "state") == b"done", "the index", 600)
    took, redis, _ = used.since()
    memory = bench.client.info("memory")["used_memory"] - before
    return {"index: time, s": took, "index: customers, 1/s": CUSTOMERS / took, "index: Redis, %": redis,
            "index: memory of a customer, bytes": memory / CUSTOMERS}


def sweep(bench):
    """As fast as it goes, with events meanwhile."""
    bench.tick("fast")
    used, waits = Used(bench), []
    probe = threading.Thread(target=lambda: bench.latency(1e9, waits, lambda: bench.place("fast") < 1))
    probe.start()
    until(lambda: bench.place("fast") >= 1 and bench.client.zcard("nudged:ticks") == 0, "the sweep", 600)
    took, redis, daemon = used.since()
    probe.join()
    return {"sweep: time, s": took, "sweep: customers, 1/s": CUSTOMERS / took, "sweep: Redis, %": redis,
            "sweep: daemon, %": daemon, "sweep: event, median, ms": statistics.median(waits),
            "sweep: event, 99 %, ms": statistics.quantiles(waits, n=100, method="inclusive")[-1]}


def held_back(bench):
    """At the rate that is the default."""
    bench.stop()
    bench.run(RATE)
    bench.tick("held")
    used, asked = Used(bench), bench.place("held")
    median, worst = bench.latency(min(HELD_SECONDS, CUSTOMERS / RATE * 0.8))
    took, redis, daemon = used.since()
    name = f"sweep at {RATE}/s"
    return {f"{name}: customers, 1/s": (bench.place("held") - asked) * CUSTOMERS / took, f"{name}: Redis, %": redis,
            f"{name}: daemon, %": daemon, f"{name}: event, median, ms": median, f"{name}: event, 99 %, ms": worst}


def timers(bench):
    """So many are due within one second, among all the others."""
    bench.rules(IDLE)
    soon = int(time.time() * 1000) + 2000 + DUE // 20
    pipe = bench.client.pipeline(transaction=False)
    for number in range(DUE):
        pipe.get(f"nudged:customer:id:{number}")
        pipe.zadd("nudged:due", {f"id:{number}": soon + number * 1000 // DUE})
    documents = pipe.execute()[::2]
    for number, document in enumerate(documents):
        journey = json.loads(document)
        journey["journeys"][0]["at"] = journey["journeys"][0]["clock"] = soon + number * 1000 // DUE
        pipe.set(f"nudged:customer:id:{number}", json.dumps(journey, separators=(",", ":"), ensure_ascii=False),
                 ex=86400 * 400)
    pipe.execute()
    until(lambda: time.time() * 1000 >= soon, "the deadlines")
    used, left = Used(bench), CUSTOMERS - DUE + 1
    until(lambda: bench.client.zcard("nudged:due") + bench.client.zcard("nudged:taken") <= left, "all timers", 600)
    took, redis, daemon = used.since()
    return {"timers in a second: time, s": took, "timers in a second: customers, 1/s": DUE / took,
            "timers in a second: Redis, %": redis, "timers in a second: daemon, %": daemon}


def all_of_it():
    with Bench() as bench:
        bench.rules("")
        bench.run(100000)
        bench.known()
        median, worst = bench.latency(PROBE_SECONDS)
        return {"nothing else: event, median, ms": median, "nothing else: event, 99 %, ms": worst,
                **index(bench), **sweep(bench), **held_back(bench), **timers(bench)}


def main():
    for name, values in rounds({"clocks": all_of_it})["clocks"].items():
        name, unit = name.rsplit(", ", 1)
        row(name, values, unit)


if __name__ == "__main__":
    main()
