"""Messages a second and the daemon's memory when 1,000, 50,000 or 500,000 events wait: the shop of `pipeline`, each of
whose customers orders ten times, however many wait: what is known of a customer is a cost of its own. All of
them are sent; the 1,000 are given anew as they are taken, until 20,000 are sent. The daemon decides ahead of its
sending, so only over all of them is it told what a message costs. Then 50,000 messages wait, decided already, whose
gateway was paused."""

import threading
import time

import shop
from contest import between, exactly
from figures import count, rounds, row, until
from place import Folder, Nudged, Redis, SmtpSink

WAITING = [count(1000), count(50000), count(500000)]
LEAST = count(20000, "BENCH_MESSAGES")
MESSAGES = count(50000)
CONNECTIONS = 20
ORDERS = 10


def orders(places, messages):
    """The events of these places, of so many in all."""
    return (shop.event(place, max(messages // ORDERS, 1)) for place in places)


class Refill(threading.Thread):
    """Gives new events as old ones are sent, so that as many wait, until `messages` are given."""

    def __init__(self, redis, sink, waiting, messages):
        super().__init__(daemon=True)
        self.redis, self.sink, self.waiting, self.messages = redis, sink, waiting, messages

    def run(self):
        given, pause = self.waiting, threading.Event()
        while given < self.messages:
            more = min(self.sink.taken() + self.waiting, self.messages) - given
            self.redis.push(orders(range(given, given + more), self.messages))
            given += more
            pause.wait(0.01)


class Memory(threading.Thread):
    """The most anonymous memory of a process, looked at ten times a second until it is stopped."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.process, self.over, self.most_mb = process, threading.Event(), 0

    def run(self):
        while not self.over.wait(0.1):
            self.most_mb = max(self.most_mb, self.process.memory_mb()[0])

    def stop(self):
        self.over.set()
        self.join()
        return self.most_mb


def measured(waiting):
    messages = max(waiting, LEAST)
    with Folder() as folder:
        redis, sink = folder.start(Redis(folder.path)), folder.start(SmtpSink(folder.path))
        shop.write(folder)
        redis.push(orders(range(waiting), messages))
        settings = {"gateways": {"sink": {**sink.settings(), "connections": CONNECTIONS}}}
        daemon = folder.start(Nudged(folder.path, redis, settings))
        memory = Memory(daemon)
        memory.start()
        Refill(redis, sink, waiting, messages).start()
        begin = time.monotonic()
        until(lambda: sink.taken() >= messages, "the last message", 1200)
        took = time.monotonic() - begin
        until(lambda: daemon.status()["sent"] == messages, "the last settlement")
        most_mb = memory.stop()
        exactly(messages, sink, "nudged")
        return {"messages": messages / took, "daemon": daemon.used_us() / messages,
                "redis": redis.used_us() / messages, "anonymous": most_mb, "left": daemon.memory_mb()[0],
                "peak": daemon.peak_mb()}


def paused():
    """All are decided first, and sent when the gateway goes on."""
    with Folder() as folder:
        redis, sink = folder.start(Redis(folder.path)), folder.start(SmtpSink(folder.path))
        shop.write(folder)
        redis.ask("HSET", "nudged:paused", "sink", '{"at":1,"by":"bench"}')
        redis.push(orders(range(MESSAGES), MESSAGES))
        settings = {"gateways": {"sink": {**sink.settings(), "connections": CONNECTIONS}}}
        daemon = folder.start(Nudged(folder.path, redis, settings))
        memory = Memory(daemon)
        memory.start()
        until(lambda: daemon.status()["outbox"] == MESSAGES, "all decisions", 600, pause_s=0.1)
        redis.ask("HDEL", "nudged:paused", "sink")
        figures = between(MESSAGES, sink, lambda: {"daemon": daemon.used_us(), "redis": redis.used_us()})
        until(lambda: daemon.status()["sent"] == MESSAGES, "the last settlement")
        most_mb = memory.stop()
        exactly(MESSAGES, sink, "nudged")
        return {**figures, "anonymous": most_mb, "left": daemon.memory_mb()[0], "peak": daemon.peak_mb()}


def main():
    found = rounds({f"{waiting:,} wait": lambda w=waiting: measured(w) for waiting in WAITING}
                   | {f"{MESSAGES:,} messages wait": paused})
    small = found[f"{WAITING[0]:,} wait"]["messages"]
    columns = {"messages": ("messages", "1/s"), "daemon": ("daemon", "µs"), "redis": ("Redis", "µs"),
               "anonymous": ("most anonymous", "MB"), "left": ("anonymous at the end", "MB"),
               "peak": ("most resident", "MB")}
    for name, figures in found.items():
        for figure, (column, unit) in columns.items():
            row(f"{name}: {column}", figures[figure], unit)
        row(f"{name}: of the first", [a / b for a, b in zip(figures["messages"], small)], "times")


if __name__ == "__main__":
    main()
