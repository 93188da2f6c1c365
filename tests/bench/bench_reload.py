"""What a reload of 1,000 rules and 300 templates does to a daemon that sends 300 messages a second: how long its loop
answers nobody at most, by a question every millisecond over its own socket, against as long a time without a reload;
and its memory before and after."""

import threading
import time

import shop
from figures import QUICK, fail, rounds, row, until
from place import Folder, Nudged, Redis, SmtpSink

RULES, TEMPLATES, RATE = 1000, 300, 300
RELOADS_MORE = 5 if QUICK else 20  # for the memory
AROUND_S = 0.5  # of looking on, before a reload and after
CONNECTIONS = 20


def rules(change):
    """The ten and 990 more, each with a template of its own for as many as there are; `change` makes them others."""
    text = shop.many_rules(RULES)
    for number in range(RULES - 10):
        text = text.replace(f"{{name: more-{number}, class", f"{{name: more-{change}-{number}, class", 1)
    parts = text.split("\n---\n")
    for number in range(10, len(parts)):
        parts[number] = parts[number].replace("send: thanks", f"send: extra-{number % (TEMPLATES - 1)}")
    return "\n---\n".join(parts)


class Load(threading.Thread):
    """RATE events a second until it is left."""

    def __init__(self, redis):
        super().__init__(daemon=True)
        self.redis, self.over, self.given = redis, threading.Event(), 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()

    def run(self):
        begin = time.monotonic()
        while not self.over.wait(0.01):
            due = int((time.monotonic() - begin) * RATE)
            self.redis.push(shop.event(number) for number in range(self.given, due))
            self.given = due


class Watch(threading.Thread):
    """Asks the daemon every millisecond; the longest that it took to answer, and the most that its loop worked
    meanwhile, or waited for a processor. What is left of the longest is who asks: this program waits for one too."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.daemon_asked, self.over, self.asked = daemon, threading.Event(), 0
        self.longest_ms = self.worked_ms = self.waited_ms = 0

    def run(self):
        while not self.over.wait(0.001):
            begin, before = time.monotonic(), self.daemon_asked.main_thread_us()
            waited = self.daemon_asked.main_thread_waited_us()
            self.daemon_asked.ask("/health")
            self.longest_ms = max(self.longest_ms, (time.monotonic() - begin) * 1000)
            self.worked_ms = max(self.worked_ms, (self.daemon_asked.main_thread_us() - before) / 1000)
            self.waited_ms = max(self.waited_ms, (self.daemon_asked.main_thread_waited_us() - waited) / 1000)
            self.asked += 1

    def stop(self):
        self.over.set()
        self.join()


def watched(daemon, what):
    """The longest pause while `what` is done, and a while before and after; how long it took."""
    watch, pause = Watch(daemon), threading.Event()
    watch.start()
    pause.wait(AROUND_S)
    begin = time.monotonic()
    what()
    took_ms = (time.monotonic() - begin) * 1000
    pause.wait(AROUND_S)
    watch.stop()
    if watch.asked < 20:
        fail(f"the daemon was asked {watch.asked} times only")
    return {"longest": watch.longest_ms, "worked": watch.worked_ms, "waited": watch.waited_ms, "took": took_ms}


class Shop:
    """Counts how often it was changed: each reload has other rules."""

    def __init__(self, folder, daemon=None):
        self.folder, self.daemon, self.changes = folder, daemon, 0
        for number in range(TEMPLATES - 1):
            folder.write(f"templates/extra-{number}.html.liquid",
                         f"---\nsubject: 'Number {number}'\nlayout: none\n---\n" + shop.HTML)
        shop.write(folder, rules(0))

    def reload(self):
        self.changes += 1
        self.folder.write("rules/shop.yaml", rules(self.changes))
        answer = self.daemon.ask("/reload", "POST")
        if answer.decode() != f"reloaded, {RULES} rules\n":
            fail(f"the reload: {answer.decode()}")


def main():
    with Folder() as folder:
        redis, sink = folder.start(Redis(folder.path)), folder.start(SmtpSink(folder.path))
        place = Shop(folder)
        settings = {"gateways": {"sink": {**sink.settings(), "connections": CONNECTIONS}}}
        place.daemon = daemon = folder.start(Nudged(folder.path, redis, settings))
        nothing = threading.Event()
        with Load(redis) as load:
            until(lambda: sink.taken() > RATE, "the first messages")
            before_mb = daemon.memory_mb()[0]
            found = rounds({"a reload": lambda: watched(daemon, place.reload),
                            "no reload": lambda: watched(daemon, lambda: nothing.wait(1))})
            after_mb = daemon.memory_mb()[0]
            for _ in range(RELOADS_MORE):
                place.reload()
            nothing.wait(2)
            last_mb = daemon.memory_mb()[0]
        until(lambda: sink.taken() >= load.given, "the last message")
        if sink.taken() != load.given:
            fail(f"{sink.taken()} messages of {load.given}")
    for name, figures in found.items():
        row(f"{name}: longest pause", figures["longest"], "ms")
        row(f"{name}: of it the loop worked", figures["worked"], "ms")
        row(f"{name}: of it the loop waited for a processor", figures["waited"], "ms")
        row(f"{name}: took", figures["took"], "ms")
    row("anonymous memory before", before_mb, "MB")
    row("anonymous memory after the reloads of the rounds", after_mb, "MB")
    row(f"anonymous memory after {RELOADS_MORE} more", last_mb, "MB")
    row("anonymous memory after, of before", last_mb / before_mb, "times")


if __name__ == "__main__":
    main()
