"""Who sends how many messages a second to a gateway, and what that takes: the daemon over the shop of shop.py, and
peers. Each contestant has a Redis and a gateway of its own, which counts what it takes: more or fewer than all messages
end the benchmark."""

import os
import subprocess
import time

import shop
from figures import SOURCE, fail, until
from place import Folder, Nudged, Redis
from processes import Process

HERE = SOURCE / "tests/bench"
STRIDE = 7919  # a prime: no customer comes twice


def events(messages, customers=shop.CUSTOMERS):
    """Orders of each customer in turn; where there are more customers than orders, of some here and there."""
    step = STRIDE if customers >= messages else 1
    return [shop.event(number * step, customers) for number in range(messages)]


def between(messages, gateway, used, begin=None):
    """Figures from the first tenth (or message number `begin`) to the last message: the time before, of starting,
    connecting and compiling, is not counted. `used` returns name → microseconds so far."""
    until(lambda: gateway.taken() >= (begin or messages // 10), "the first messages")
    first, before, begin = gateway.taken(), used(), time.monotonic()
    until(lambda: gateway.taken() >= messages, "the last message", 300)
    took, after = time.monotonic() - begin, used()
    each = messages - first
    return {"messages": each / took, **{name: (after[name] - before[name]) / each for name in after}}


def exactly(messages, gateway, who):
    """Nobody sends more than there is."""
    if gateway.taken() != messages:
        fail(f"{who} sent {gateway.taken()} messages of {messages}")


def nudged(messages, gateway, connections, build=None, rules=shop.RULES, customers=shop.CUSTOMERS, prepare=None,
           daemons=1, begin=None):
    """`daemons` of them together; `gateway(folder)` starts one; `prepare(folder, redis)` comes first; `begin` as of
    between()."""
    with Folder() as folder:
        redis, sink = folder.start(Redis(folder.path)), folder.start(gateway(folder.path))
        shop.write(folder, rules)
        if prepare:
            prepare(folder.path, redis)
        redis.push(events(messages, customers))
        settings = {"gateways": {"sink": {**sink.settings(), "connections": connections // daemons}}}
        running = [folder.start(Nudged(folder.path, redis, settings, f"nudged{n}", build)) for n in range(daemons)]

        def used():
            loops, senders = (sum(parts) for parts in zip(*(daemon.parts_us() for daemon in running)))
            scripts, commands = redis.calls()
            return {"loop": loops, "senders": senders, "redis": redis.used_us(), "sink": sink.used_us(),
                    "scripts": scripts, "commands": commands}

        figures = between(messages, sink, used, begin)
        until(lambda: sum(daemon.status()["sent"] for daemon in running) == messages, "the last settlement")
        anonymous, resident = (sum(sizes) for sizes in zip(*(daemon.memory_mb() for daemon in running)))
        exactly(messages, sink, "nudged")
        return {**figures, "processes": figures["loop"] + figures["senders"], "anonymous": anonymous,
                "resident": resident}


def peer(name, messages, gateway, fill, workers):
    """`fill(folder, redis)` puts the events there; `workers(folder, redis, sink)` returns what to start, each with
    its environment."""
    with Folder() as folder:
        redis, sink = folder.start(Redis(folder.path)), folder.start(gateway(folder.path))
        shop.write(folder)
        fill(folder.path, redis)
        with open(folder.path / "log", "wb") as log:
            running = [folder.start(Process(command, env=environment, cwd=HERE, stdout=log, stderr=log))
                       for command, environment in workers(folder.path, redis, sink)]
        figures = between(messages, sink, lambda: {"processes": sum(one.used_us() for one in running),
                                                   "redis": redis.used_us(), "sink": sink.used_us()})
        resident = sum(one.memory_mb()[1] for one in running)
        exactly(messages, sink, name)
        return {**figures, "resident": resident}


def fed(command, environment, messages):
    """A program that fills a queue from its standard input."""
    subprocess.run(command, env=environment, cwd=HERE, text=True, check=True,
                   input="\n".join(events(messages)) + "\n")


def javascript(modules):
    return {**os.environ, "NODE_PATH": str(modules), "NODE_ENV": "production"}


def node(modules, processes, messages, gateway, how, connections):
    """Node processes that read the stream themselves; `how`: smtp or http."""
    return peer(f"Node, {processes}", messages, gateway,
                lambda folder, redis: redis.push(events(messages)),
                lambda folder, redis, sink: [(["node", HERE / "peer_stream.js", f"w{number}", redis.socket,
                                               folder / "peer", how, sink.port, connections // processes],
                                              javascript(modules)) for number in range(processes)])
