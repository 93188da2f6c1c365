"""What a daemon costs that has nothing to do: anonymous memory, and how often its threads wake up in a minute, after a
hundred messages. In the same minutes an idle BullMQ worker, which has sent as many."""

import threading

import shop
from contest import HERE, fed, javascript
from figures import QUICK, ROUNDS, row, say, until
from npm_peers import npm_peers
from place import Folder, Nudged, Redis, SmtpSink
from processes import Process

MESSAGES, SETTLE_S, WINDOW_S = 100, 15, 10 if QUICK else 60


def started(folder, name, modules):
    """A daemon or a worker that has sent its messages."""
    inner = Folder()
    folder.start(inner)
    redis, sink = inner.start(Redis(inner.path)), inner.start(SmtpSink(inner.path))
    shop.write(inner)
    if name == "nudged":
        redis.push(shop.event(number) for number in range(MESSAGES))
        program = inner.start(Nudged(inner.path, redis, {"gateways": {"sink": sink.settings()}}))
        until(lambda: program.status()["sent"] == MESSAGES, "the last settlement")
    else:
        fed(["node", HERE / "peer_bullmq.js", "fill", redis.socket], javascript(modules), MESSAGES)
        program = inner.start(Process(["node", HERE / "peer_bullmq.js", "work", redis.socket, inner.path / "peer",
                                       sink.port, 4], env=javascript(modules), cwd=HERE))
    until(lambda: sink.taken() == MESSAGES, f"the messages of {name}")
    return program, redis


def window(programs):
    """Of each: wake-ups and commands to Redis in a minute, µs of the processor, memory."""
    def state():
        return {name: (one.switches(), one.used_us(), redis.calls()[1]) for name, (one, redis) in programs.items()}

    before = state()
    threading.Event().wait(WINDOW_S)
    after = state()
    minutes = WINDOW_S / 60
    return {name: {"wake-ups": (after[name][0] - before[name][0]) / minutes,
                   "processor": (after[name][1] - before[name][1]) / 1000 / minutes,
                   "commands": (after[name][2] - before[name][2]) / minutes,
                   "anonymous": one.memory_mb()[0], "resident": one.memory_mb()[1]}
            for name, (one, _) in programs.items()}


def main():
    modules = npm_peers()
    found = {}
    with Folder() as folder:
        programs = {name: started(folder, name, modules) for name in ["nudged"] + ["BullMQ"] * bool(modules)}
        threading.Event().wait(SETTLE_S)
        for number in range(ROUNDS):
            for name, figures in window(programs).items():
                say(f"round {number + 1} of {ROUNDS}, {name}: {figures}")
                for figure, value in figures.items():
                    found.setdefault(name, {}).setdefault(figure, []).append(value)
    columns = {"wake-ups": ("wake-ups", "a minute"), "commands": ("commands to Redis", "a minute"),
               "processor": ("processor", "ms a minute"), "anonymous": ("anonymous", "MB"),
               "resident": ("resident", "MB")}
    for name, figures in found.items():
        for figure, (column, unit) in columns.items():
            row(f"{name}: {column}", figures[figure], unit)


if __name__ == "__main__":
    main()
