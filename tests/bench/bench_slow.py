"""Messages a second through gateways that take their time for each: 0, 20 and 100 ms with 32 connections, 20 ms with
200, over SMTP and HTTP; what they are of connections ÷ latency, the most there can be, and the daemon's memory. In the
same rounds smtp-source -d, over 200 connections to the same gateway. Then ten gateways of which one is not there, or
never says a word: what that costs the other nine."""

import subprocess
import time

import note
from contest import between, exactly
from figures import count, fail, rounds, row, until
from place import Folder, Nudged, Redis, SlowSink, free_port

MESSAGES = {0: count(20000), 20: count(10000), 100: count(3000)}  # by the latency in ms
WAYS = [(0, 32), (20, 32), (100, 32), (20, 200)]  # (ms, connections)
GATEWAYS, EACH, NINE_MS, NINE_CONNECTIONS = 10, count(600), 20, 4


def one(kind, ms, connections):
    messages = MESSAGES[ms] * (3 if connections > 100 else 1)
    with Folder() as folder:
        redis, sink = folder.start(Redis(folder.path)), folder.start(SlowSink(kind, ms))
        note.write(folder)
        redis.push(note.event(number) for number in range(messages))
        daemon = folder.start(Nudged(folder.path, redis, note.settings({"note": sink}, connections)))
        figures = between(messages, sink, lambda: {"daemon": daemon.used_us(), "redis": redis.used_us(),
                                                   "gateway": sink.used_us()})
        until(lambda: daemon.status()["sent"] == messages, "the last settlement")
        exactly(messages, sink, "nudged")
        anonymous, _ = daemon.memory_mb()
        most = {"of the most": figures["messages"] * ms / 1000 / connections} if ms else {}
        return {**figures, **most, "anonymous": anonymous, "peak": daemon.peak_mb()}


def smtp_source(ms, connections):
    messages = MESSAGES[ms] * 3
    with Folder() as folder:
        sink = folder.start(SlowSink("smtp", ms))
        begin = time.monotonic()
        subprocess.run(["smtp-source", "-d", "-s", str(connections), "-m", str(messages), "-l", "400",
                        "-f", "a@shop.example", "-t", "c1@example.com", f"127.0.0.1:{sink.port}"], check=True)
        took = time.monotonic() - begin
        exactly(messages, sink, "smtp-source")
        return {"messages": messages / took, "of the most": messages / took * ms / 1000 / connections}


class Nobody:
    """A gateway that is not there."""

    def __init__(self, kind):
        self.port, self.kind = free_port(), kind

    settings = SlowSink.settings

    def end(self):
        pass


def nine(kind, tenth):
    """The rate of nine gateways beside `tenth`."""
    with Folder() as folder:
        redis = folder.start(Redis(folder.path))
        sinks = {f"g{number}": folder.start(SlowSink(kind, NINE_MS)) for number in range(GATEWAYS - 1)}
        gone = Nobody(kind) if tenth == "away" else folder.start(SlowSink("dead", NINE_MS))
        gone.kind = kind
        note.write(folder, [*sinks, "tenth"])
        redis.push(note.event(number, name) for number in range(EACH) for name in [*sinks, "tenth"])
        daemon = folder.start(Nudged(folder.path, redis, note.settings({**sinks, "tenth": gone}, NINE_CONNECTIONS)))
        wanted = EACH * len(sinks)
        taken = lambda: sum(sink.taken() for sink in sinks.values())
        until(lambda: taken() >= wanted // 10, "the first messages")
        first, begin = taken(), time.monotonic()
        until(lambda: taken() >= wanted, "the last message")
        took = time.monotonic() - begin
        if taken() != wanted or daemon.running.poll() is not None:
            fail(f"{taken()} messages of {wanted}")
        return {"messages": (wanted - first) / took}


def main():
    ways = {f"{kind} {ms} ms, {connections} connections": lambda k=kind, m=ms, c=connections: one(k, m, c)
            for ms, connections in WAYS for kind in ("smtp", "http")}
    ways["smtp-source, 20 ms, 200 connections"] = lambda: smtp_source(20, 200)
    columns = {"messages": "1/s", "of the most": "", "daemon": "µs", "redis": "µs", "gateway": "µs",
               "anonymous": "MB", "peak": "MB"}
    for name, figures in rounds(ways).items():
        for column, unit in columns.items():
            if column in figures:
                row(f"{name}: {column}", figures[column], unit)
    most = (GATEWAYS - 1) * NINE_CONNECTIONS * 1000 / NINE_MS
    found = rounds({f"nine over {kind}, the tenth {how}": lambda k=kind, h=how: nine(k, h)
                    for kind in ("smtp", "http") for how in ("away", "silent")})
    for name, figures in found.items():
        row(f"{name}: messages", figures["messages"], "1/s")
        row(f"{name}: of the most", [value / most for value in figures["messages"]], "")


if __name__ == "__main__":
    main()
