"""Messages a second from events in Redis to Postfix's smtp-sink, and what of the processors' time each part takes for
one: ten rules, events of 690 bytes, messages of two parts and 4 KB, 20 connections. In the same rounds: smtp-source
-d, which writes messages of the same size and does nothing else; BullMQ with nodemailer and liquidjs in one process
and in two; two Node processes that read the stream themselves; Celery with smtplib and Jinja2.

The events are there before anybody starts to read. The sink says when the first tenth is taken (the time before is
not counted: starting, connecting, compiling) and when all are; more or fewer than all ends the benchmark."""

import importlib.util
import os
import resource
import subprocess
import sys
import time

import shop
from contest import HERE, exactly, fed, javascript, node, nudged, peer
from figures import count, fail, ratios, rounds, row, say, until
from npm_peers import npm_peers
from place import Folder, Nudged, Redis, SmtpSink

MESSAGES = count(20000, "BENCH_MESSAGES")
CONNECTIONS = 20
PEERS = os.environ.get("BENCH_PEERS", "smtp-source bullmq bullmq2 node2 celery").split()
BEFORE = os.environ.get("BENCH_BEFORE")  # a build folder of another state, which takes turns with this one


def message_bytes():
    """The size of a message on the wire, of the one that the daemon makes of the first event."""
    with Folder() as folder:
        redis = folder.start(Redis(folder.path))
        dumps = folder.path / "dumps"
        dumps.mkdir()
        dumps.chmod(0o777)
        folder.path.chmod(0o755)
        sink = folder.start(SmtpSink(folder.path, "-d", f"{dumps}/"))
        shop.write(folder)
        redis.push([shop.event(0)])
        folder.start(Nudged(folder.path, redis, {"gateways": {"sink": sink.settings()}}))
        until(lambda: sink.taken() == 1, "a message")
        until(lambda: any(dumps.iterdir()), "its file")
        return max(file.stat().st_size for file in dumps.iterdir())


def smtp_source(size):
    with Folder() as folder:
        sink = folder.start(SmtpSink(folder.path))
        before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        subprocess.run(["smtp-source", "-d", "-s", str(CONNECTIONS), "-m", str(MESSAGES), "-l", str(size),
                        "-f", "a@shop.example", "-t", "c1@example.com", f"127.0.0.1:{sink.port}"], check=True)
        took, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
        exactly(MESSAGES, sink, "smtp-source")
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return {"messages": MESSAGES / took, "processes": spent * 1e6 / MESSAGES, "sink": sink.used_us() / MESSAGES}


def bullmq(modules, processes):
    messages, environment, program = MESSAGES // 5, javascript(modules), HERE / "peer_bullmq.js"
    return peer(f"BullMQ, {processes}", messages, SmtpSink,
                lambda folder, redis: fed(["node", program, "fill", redis.socket], environment, messages),
                lambda folder, redis, sink: [(["node", program, "work", redis.socket, folder / "peer", sink.port,
                                               CONNECTIONS // processes], environment)] * processes)


def celery():
    messages = MESSAGES // 8

    def environment(folder, redis, port):
        return {**os.environ, "PEER_REDIS": redis.socket, "PEER_FOLDER": str(folder / "peer"), "PEER_PORT": str(port),
                "C_FORCE_ROOT": "1", "PYTHONDONTWRITEBYTECODE": "1"}

    def workers(folder, redis, sink):
        command = [sys.executable, "-m", "celery", "-A", "peer_celery", "worker", "--concurrency", CONNECTIONS,
                   "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"]
        return [(command, environment(folder, redis, sink.port))]

    return peer("Celery", messages, SmtpSink, lambda folder, redis: fed([sys.executable, HERE / "peer_celery.py"],
                                                              environment(folder, redis, 0), messages), workers)


# ---- The table --------------------------------------------------------------------------

NAMES = {"nudged": "nudged", "before": "nudged before", "smtp-source": "smtp-source -d", "bullmq": "BullMQ",
         "bullmq2": "BullMQ, two processes", "node2": "two Node processes", "celery": "Celery"}
COLUMNS = {"messages": ("messages", "1/s"), "processes": ("its processes", "µs"), "redis": ("Redis", "µs"),
           "sink": ("sink", "µs"), "resident": ("resident", "MB")}
PARTS = {"loop": ("loop", "µs"), "senders": ("senders", "µs"), "redis": ("Redis", "µs"), "sink": ("the sink", "µs"),
         "scripts": ("scripts called", "calls"), "commands": ("commands called, in scripts too", "calls"),
         "anonymous": ("anonymous memory", "MB")}


def table(found):
    for name, figures in found.items():
        for figure, (column, unit) in COLUMNS.items():
            if figure in figures:
                row(f"{NAMES[name]}: {column}", figures[figure], unit)
    own, before = found["nudged"], found.get("before")
    for name in found:
        if name != "nudged":
            row(f"{NAMES[name]}: nudged to it", ratios(own["messages"], found[name]["messages"]), "times")
    two = [found[name]["messages"] for name in ("bullmq2", "node2") if name in found]
    if two:
        row("the best of two processes: nudged to it", ratios(own["messages"], [max(rates) for rates in zip(*two)]),
            "times")
    for figure, (words, unit) in PARTS.items():
        row(f"{words}: a message", own[figure], unit)
        if before:
            row(f"{words}: before", before[figure], unit)


def main():
    size = message_bytes()
    say(f"a message of {size} bytes")
    if not 3500 < size < 4700:
        fail(f"a message is of 4 KB, and not of {size} bytes")
    modules = npm_peers() if {"bullmq", "bullmq2", "node2"} & set(PEERS) else None
    ways = {"nudged": lambda: nudged(MESSAGES, SmtpSink, CONNECTIONS)}
    if BEFORE:
        ways["before"] = lambda: nudged(MESSAGES, SmtpSink, CONNECTIONS, BEFORE)
    if "smtp-source" in PEERS:
        ways["smtp-source"] = lambda: smtp_source(size)
    if modules:
        ways |= {name: way for name, way in {
            "bullmq": lambda: bullmq(modules, 1), "bullmq2": lambda: bullmq(modules, 2),
            "node2": lambda: node(modules, 2, MESSAGES // 3, SmtpSink, "smtp", CONNECTIONS)}.items() if name in PEERS}
    if "celery" in PEERS:
        if importlib.util.find_spec("celery"):
            ways["celery"] = celery
        else:
            say("no Celery here: without it")
    table(rounds(ways))


if __name__ == "__main__":
    main()
