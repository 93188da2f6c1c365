"""How long an event takes at 50 a second, until the last byte of its message is at the SMTP server: the shop of
`pipeline`, and in the same rounds BullMQ with nodemailer and liquidjs. Counted from just
before the event is given to Redis."""

import re
import statistics
import subprocess
import threading
import time

import shop
from contest import HERE, javascript
from figures import count, fail, ratios, rounds, row, until
from npm_peers import npm_peers
from place import Folder, Nudged, Redis, SlowSink, resp
from processes import Process

RATE, EVENTS, WARM = 50, count(1000, "BENCH_EVENTS"), 50
CONNECTIONS = 20


def event(number):
    return shop.event(number, customers=10**9)


def waits(begun, arrivals):
    """Figures in ms of what was given at `begun`, number → ns; the first ones are not counted."""
    came = {}
    for line in arrivals.read_text().splitlines():
        ns, recipient = line.split(" ", 1)
        number = int(re.search(r"c(\d+)@", recipient)[1])
        if number in came:
            fail(f"message {number} came twice")
        came[number] = int(ns)
    if came.keys() != {0, *begun}:
        fail(f"{len(came)} messages of {len(begun) + 1} came")
    found = [(came[number] - ns) / 1e6 for number, ns in begun.items() if number >= WARM]
    cuts = statistics.quantiles(found, n=100, method="inclusive")
    return {"median": statistics.median(found), "99 %": cuts[98], "most": max(found)}


def paced(redis):
    """Gives the events from the second on; number → ns."""
    begun, pause, begin = {}, threading.Event(), time.monotonic()
    with redis.connect() as client:
        for number in range(1, EVENTS + 1):
            command = resp("XADD", "nudged:events", "*", "event", event(number))
            pause.wait(max(0, begin + number / RATE - time.monotonic()))
            begun[number] = time.monotonic_ns()
            client.sendall(command)
            client.recv(1000)
    return begun


def measured(start, give_one, give):
    """The first event is given alone, and waited for: by then all are connected."""
    with Folder() as folder:
        arrivals = folder.path / "arrivals"
        redis, sink = folder.start(Redis(folder.path)), folder.start(SlowSink("smtp", 0, arrivals))
        shop.write(folder)
        program = folder.start(start(folder.path, redis, sink))
        give_one(redis)
        until(lambda: sink.taken() == 1, "the first message")
        before, begun = program.used_us(), give(redis)
        until(lambda: sink.taken() > EVENTS, "the last message", 20)
        return {**waits(begun, arrivals), "processes": (program.used_us() - before) / EVENTS}


def nudged():
    def start(folder, redis, sink):
        return Nudged(folder, redis, {"gateways": {"sink": {**sink.settings(), "connections": CONNECTIONS}}})

    return measured(start, lambda redis: redis.push([event(0)]), paced)


def bullmq(modules):
    program, environment = HERE / "peer_bullmq.js", javascript(modules)

    def start(folder, redis, sink):
        return Process(["node", program, "work", redis.socket, folder / "peer", sink.port, CONNECTIONS],
                       env=environment, cwd=HERE)

    def run(numbers, *command):
        return subprocess.run(["node", program, *command], env=environment, cwd=HERE, text=True, check=True,
                              stdout=subprocess.PIPE, input="\n".join(map(event, numbers))).stdout

    def give(redis):
        told = run(range(1, EVENTS + 1), "pace", redis.socket, str(RATE))
        return {int(number) + 1: int(ns) for number, ns in map(str.split, told.splitlines())}

    return measured(start, lambda redis: run([0], "fill", redis.socket), give)


def main():
    modules = npm_peers()
    found = rounds({"nudged": nudged} | ({"BullMQ": lambda: bullmq(modules)} if modules else {}))
    for name, figures in found.items():
        for column in ("median", "99 %", "most"):
            row(f"{name}: {column}", figures[column], "ms")
        row(f"{name}: an event, its processes", figures["processes"], "µs")
    if modules:
        row("BullMQ: its median to nudged's", ratios(found["BullMQ"]["median"], found["nudged"]["median"]), "times")


if __name__ == "__main__":
    main()
