"""Clocks and timers over many customers: how long the index of customers takes, and a sweep of all of
them at one tick that none matches; what Redis has to do for it, and what an event waits meanwhile; and
how long 60,000 of a million timers take that are due in one second (of fewer customers, as many of
them).

usage: tests/bench/bench_clocks.py [CUSTOMERS]; default: $BENCH_CUSTOMERS, else 50000."""

import http.client
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import redis

CUSTOMERS = int((sys.argv[1:] or [os.environ.get("BENCH_CUSTOMERS", 50000)])[0])
DUE = CUSTOMERS * 6 // 100
RATE = int(os.environ.get("BENCH_RATE", 1000))  # of the sweep that is held back
HELD_SECONDS = 20
PROBES_A_SECOND, PROBE_SECONDS = 50, 5
TOKEN = "4242424242"
build = pathlib.Path(os.environ.get("NUDGED_BUILD", "build"))

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


class Bench:
    def __init__(self, folder):
        self.folder = folder
        for name in ("rules", "templates"):
            (folder / name).mkdir()
        (folder / "templates/mail.text.liquid").write_text("---\nsubject: Hello\n---\nx")
        self.redis = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", f"{folder}/r.sock", "--dir", str(folder), "--save", "",
             "--appendonly", "yes"], stdout=subprocess.DEVNULL)
        until(lambda: os.path.exists(f"{folder}/r.sock"), "Redis")
        self.client = redis.Redis(unix_socket_path=f"{folder}/r.sock")
        self.client.hset("nudged:paused", "smtp", '{"at":1,"by":"bench"}')
        self.daemon, self.rate = None, 100000

    def rules(self, text):
        (self.folder / "rules/r.yaml").write_text(text + PROBE + CART)
        if self.daemon:
            self.ask("POST", "/reload")

    def start(self):
        (self.folder / "n.yaml").write_text(json.dumps({
            "state": f"{self.folder}/state", "rules": f"{self.folder}/rules", "templates": f"{self.folder}/templates",
            "redis": {"url": f"unix://{self.folder}/r.sock", "accept_loss": True}, "admin": {
                "socket": f"{self.folder}/n.sock"}, "clocks": {"rate": self.rate}, "outbox": {"most": 10000000},
            "shop": {"name": "x", "timezone": "UTC"}, "mail": {"from": "a@shop.example"},
            "gateways": {"smtp": {"kind": "smtp", "host": "127.0.0.1", "port": 9, "tls": "never"}}}))
        self.daemon = subprocess.Popen([build / "nudged", "--config", f"{self.folder}/n.yaml"],
                                       stdout=subprocess.DEVNULL, stderr=open(self.folder / "log", "ab"))
        until(lambda: self.ask("GET", "/health") == 200, "the daemon")

    def stop(self):
        self.daemon.terminate()
        self.daemon.wait()
        self.daemon = None

    def ask(self, method, what):
        connection = http.client.HTTPConnection("localhost")
        try:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(f"{self.folder}/n.sock")
            connection.request(method, what)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    def push(self, kind, number):
        self.client.xadd("nudged:events", {"event": json.dumps(
            {"type": kind, "id": f"{kind}{time.monotonic_ns()}", "customer": {"id": str(number), "email": f"c{number}@example.com", "first_name": "Ana",
                                        "locale": "ro", "city": "Iași"}, "cart": {"total": 20}})})

    def known(self):
        """All customers, as copies of one whose cart waits: their timers 2 h from now."""
        self.push("cart", TOKEN)
        until(lambda: self.client.zcard("nudged:due") == 1, "one customer")
        document = self.client.get(f"nudged:customer:id:{TOKEN}").decode()
        start = self.client.lrange(f"nudged:starts:id:{TOKEN}", 0, -1)[0].decode()
        deadline = f"{self.client.zscore('nudged:due', f'id:{TOKEN}'):.0f}"
        later = int(time.time() * 1000) + 2 * 3600 * 1000
        pipe = self.client.pipeline(transaction=False)
        for number in range(CUSTOMERS):
            name = str(number)
            pipe.set(f"nudged:customer:id:{name}",
                     document.replace(TOKEN, name).replace(deadline, str(later)), ex=86400 * 400)
            pipe.rpush(f"nudged:starts:id:{name}", start.replace(TOKEN, name))
            pipe.zadd("nudged:due", {f"id:{name}": later})
            if number % 5000 == 0:
                pipe.execute()
        pipe.execute()
        self.document = document

    def latency(self, seconds, waits=None, goes_on=lambda: True):
        """Milliseconds from the push of an event until its message stands in the outbox: (median, 99 %)."""
        stream, waits = "nudged:outbox:email:transactional", [] if waits is None else waits
        listener = redis.Redis(unix_socket_path=f"{self.folder}/r.sock")
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
        return statistics.median(waits), statistics.quantiles(waits, n=100)[-1]

    def cpu(self, pid):
        """Seconds of the processor that a process had."""
        return sum(int(v) for v in pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]) / 100

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


def row(name, value, unit):
    print(f"{name}\t{value:.3f}\t{unit}", flush=True)


def index(bench):
    begin, cpu = time.monotonic(), bench.cpu(bench.redis.pid)
    before = bench.client.info("memory")["used_memory"]
    bench.rules(IDLE)
    until(lambda: bench.client.hget("nudged:index", "state") == b"done", "the index")
    took = time.monotonic() - begin
    row("index: time", took, "s")
    row("index: Redis", (bench.cpu(bench.redis.pid) - cpu) / took * 100, "%")
    row("index: memory", (bench.client.info("memory")["used_memory"] - before) / CUSTOMERS, "bytes/customer")


def sweep(bench):
    """As fast as it goes, with events meanwhile."""
    bench.tick("fast")
    begin, cpu, own = time.monotonic(), bench.cpu(bench.redis.pid), bench.cpu(bench.daemon.pid)
    waits = []
    probe = threading.Thread(target=lambda: bench.latency(1e9, waits, lambda: bench.place("fast") < 1))
    probe.start()
    until(lambda: bench.place("fast") >= 1 and bench.client.zcard("nudged:ticks") == 0, "the sweep")
    took = time.monotonic() - begin
    probe.join()
    row("sweep: time", took, "s")
    row("sweep: customers", CUSTOMERS / took, "/s")
    row("sweep: Redis", (bench.cpu(bench.redis.pid) - cpu) / took * 100, "%")
    row("sweep: daemon", (bench.cpu(bench.daemon.pid) - own) / took * 100, "%")
    row("sweep: event, median", statistics.median(waits), "ms")
    row("sweep: event, 99 %", statistics.quantiles(waits, n=100)[-1], "ms")


def held_back(bench):
    """At the rate that is the default."""
    bench.stop()
    bench.rate = RATE
    bench.start()
    bench.tick("held")
    cpu, asked, begin = bench.cpu(bench.redis.pid), bench.place("held"), time.monotonic()
    latency = bench.latency(min(HELD_SECONDS, CUSTOMERS / RATE * 0.8))
    took = time.monotonic() - begin
    row(f"sweep at {RATE}/s: customers", (bench.place("held") - asked) * CUSTOMERS / took, "/s")
    row(f"sweep at {RATE}/s: Redis", (bench.cpu(bench.redis.pid) - cpu) / took * 100, "%")
    row(f"sweep at {RATE}/s: event, median", latency[0], "ms")
    row(f"sweep at {RATE}/s: event, 99 %", latency[1], "ms")


def timers(bench):
    """So many are due within one second, among all the others."""
    bench.rules(IDLE)
    soon = int(time.time() * 1000) + 2000 + DUE // 20
    pipe = bench.client.pipeline(transaction=False)
    for number in range(DUE):
        key = f"nudged:customer:id:{number}"
        pipe.get(key)
        pipe.zadd("nudged:due", {f"id:{number}": soon + number * 1000 // DUE})
    documents = pipe.execute()[::2]
    for number, document in enumerate(documents):
        journey = json.loads(document)
        journey["journeys"][0]["at"] = soon + number * 1000 // DUE
        journey["journeys"][0]["clock"] = journey["journeys"][0]["at"]
        pipe.set(f"nudged:customer:id:{number}", json.dumps(journey, separators=(",", ":"), ensure_ascii=False),
                 ex=86400 * 400)
    pipe.execute()
    until(lambda: time.time() * 1000 >= soon, "the deadlines")
    begin, cpu = time.monotonic(), bench.cpu(bench.redis.pid)
    left = CUSTOMERS - DUE + 1
    until(lambda: bench.client.zcard("nudged:due") + bench.client.zcard("nudged:taken") <= left, "all timers")
    took = time.monotonic() - begin
    row("timers: due", DUE, "of " + str(CUSTOMERS))
    row("timers: time", took, "s")
    row("timers: decided", DUE / took, "/s")
    row("timers: Redis", (bench.cpu(bench.redis.pid) - cpu) / took * 100, "%")


def main():
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(pathlib.Path(folder))
        try:
            bench.rules("")
            bench.start()
            bench.known()
            median, worst = bench.latency(PROBE_SECONDS)
            row("idle: event, median", median, "ms")
            row("idle: event, 99 %", worst, "ms")
            index(bench)
            sweep(bench)
            held_back(bench)
            timers(bench)
        finally:
            if bench.daemon:
                bench.stop()
            bench.redis.terminate()
            bench.redis.wait()


if __name__ == "__main__":
    main()
