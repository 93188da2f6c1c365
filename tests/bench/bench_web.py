#!/usr/bin/python3
"""Events accepted a second over the web: what wrk posts, one event a request, against a loop of XADD
without pipelining (redis-benchmark, one client, the same Unix socket) in the same run; alone, and with
slow clients, half-open ones and 2,000 connections beside. The daemon decides all the while, in all of
them. Accepted is what Redis has: the length that the stream has gained, read or not."""

import os
import pathlib
import re
import resource
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

SECONDS = int(os.environ.get("BENCH_SECONDS", 5))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", 3))  # of all, in turn: the machine is shared
LANES = 512
IDLE, HALF_OPEN, SLOW = 2000, 200, 100
TOKEN = "DyXc0u3pQ1mH5b8ZrWn2Kf7T"
EVENT = '{"type":"order.placed","id":"order-%s","customer":{"id":%s,"email":"ana@shop.example"},' \
        '"order":{"name":"#1001","total":64.9,"currency":"EUR"}}'
build = pathlib.Path(os.environ["NUDGED_BUILD"])

SCRIPT = """
local number = 0
wrk.method = "POST"
wrk.headers["Authorization"] = "Bearer %s"
wrk.headers["Content-Type"] = "application/json"
local one = '%s'
local prefix = tostring(os.time()) .. "-" .. "%s-"
function request()
    local events = {}
    for i = 1, %d do
        number = number + 1
        events[i] = string.format(one, prefix .. number, number %% 100000)
    end
    local body = #events == 1 and events[1] or "[" .. table.concat(events, ",") .. "]"
    return wrk.format(nil, nil, nil, body)
end
"""


def until(condition, what, seconds=60):
    end, pause = time.monotonic() + seconds, threading.Event()
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"bench_web: waited too long for {what}")
        pause.wait(0.01)


class Place:
    """Redis, and nudged with what is open to the web."""

    def __init__(self, folder):
        self.folder, self.socket = folder, str(folder / "redis.sock")
        self.redis = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "",
                                       "--dir", folder, "--maxmemory-policy", "noeviction", "--appendonly", "yes",
                                       "--appendfsync", "no"], stdout=subprocess.DEVNULL)
        until(lambda: pathlib.Path(self.socket).exists(), "Redis")
        (folder / "tokens").write_text(f"{TOKEN} order.*\n")
        (folder / "tokens").chmod(0o600)
        (folder / "nudged.yaml").write_text(f"""
state: {folder}/state
redis: {{url: "unix://{self.socket}"}}
web:
  listen: 127.0.0.1:0
  tokens_file: tokens
  limits: {{connections: 4096, per_client: 4096, idle: 5m, head_time: 1m}}
""")
        for name in ("rules", "templates"):
            (folder / name).mkdir()
        self.log = folder / "log"
        with open(self.log, "w") as log:
            self.daemon = subprocess.Popen([build / "nudged", "--config", folder / "nudged.yaml"], stderr=log)
        until(lambda: "takes requests" in self.log.read_text() and "info: running" in self.log.read_text(), "nudged")
        self.port = int(re.search(r"127\.0\.0\.1:(\d+)", self.log.read_text())[1])

    def command(self, *words):
        return subprocess.run(["redis-cli", "-s", self.socket, *words], capture_output=True, text=True,
                              check=True).stdout

    def accepted(self):
        """Entries that ever came into the stream."""
        told = self.command("XINFO", "STREAM", "nudged:events").splitlines()
        return int(told[told.index("entries-added") + 1])

    def drop(self):
        """What is not decided yet is of no interest any more."""
        self.command("XTRIM", "nudged:events", "MAXLEN", "0")
        threading.Event().wait(1)

    def end(self):
        self.daemon.send_signal(signal.SIGTERM)
        self.daemon.wait()
        self.redis.terminate()
        self.redis.wait()


def xadd(place):
    """A second's entries of the loop."""
    before, begun = place.accepted(), time.monotonic()
    loop = subprocess.Popen(["redis-benchmark", "-s", place.socket, "-c", "1", "-P", "1", "-n", "100000000", "-q", "-r", "100000",
                             "XADD", "nudged:events", "*", "event", EVENT % ("__rand_int__", "1__rand_int__")], stdout=subprocess.DEVNULL)
    threading.Event().wait(SECONDS)
    rate = (place.accepted() - before) / (time.monotonic() - begun)
    loop.kill()
    loop.wait()
    place.drop()
    return rate


def post(place, name, batch=1):
    """A second's entries of wrk."""
    script = place.folder / "post.lua"
    script.write_text(SCRIPT % (TOKEN, EVENT, name, batch))
    before, begun = place.accepted(), time.monotonic()
    told = subprocess.run(["wrk", "-t1", f"-c{LANES}", f"-d{SECONDS}s", "--latency", "-s", script,
                           f"http://127.0.0.1:{place.port}/v1/events"], capture_output=True, text=True, check=True)
    rate = (place.accepted() - before) / (time.monotonic() - begun)
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)", told.stdout)
    if wrong:
        print(f"bench_web: {wrong[0]}", file=sys.stderr)
    place.drop()
    return rate


class Crowd:
    """Connections that want nothing, or want it slowly."""

    def __init__(self, port):
        self.over = threading.Event()
        self.held = [socket.create_connection(("127.0.0.1", port)) for _ in range(IDLE + HALF_OPEN + SLOW)]
        for stream in self.held[:IDLE]:
            stream.sendall(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n")
        waiting = selectors.DefaultSelector()
        for stream in self.held[:IDLE]:
            waiting.register(stream, selectors.EVENT_READ)
        answered = 0
        while answered < IDLE:
            for key, _ in waiting.select(10):
                key.fileobj.recv(1000)
                waiting.unregister(key.fileobj)
                answered += 1
        self.thread = threading.Thread(target=self.drip)
        self.thread.start()

    def drip(self):
        head = b"POST /v1/events HTTP/1.1\r\nHost: x\r\nX-Slow: "
        number = 0
        while not self.over.wait(0.2):
            for stream in self.held[IDLE + HALF_OPEN:]:
                try:
                    stream.send(head[number:number + 1] or b"x")
                except OSError:
                    pass
            number += 1

    def end(self):
        self.over.set()
        self.thread.join()
        for stream in self.held:
            stream.close()


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, max(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
    rates = {"xadd": [], "one": [], "crowded": [], "twenty": []}
    with tempfile.TemporaryDirectory(prefix="bench-web-") as folder:
        place = Place(pathlib.Path(folder))
        try:
            for number in range(ROUNDS):
                rates["xadd"].append(xadd(place))
                rates["one"].append(post(place, f"a{number}"))
                rates["twenty"].append(post(place, f"b{number}", 20))
                crowd = Crowd(place.port)
                rates["crowded"].append(post(place, f"c{number}"))
                crowd.end()
        finally:
            place.end()
    best = {name: sorted(found)[len(found) // 2] for name, found in rates.items()}
    print(f"xadd\t{best['xadd']:.0f}\tevents/s")
    print(f"one_event_a_request\t{best['one']:.0f}\tevents/s")
    print(f"one_event_a_request_beside_2300_connections\t{best['crowded']:.0f}\tevents/s")
    print(f"twenty_events_a_request\t{best['twenty']:.0f}\tevents/s")
    print(f"one_event_a_request/xadd\t{best['one'] / best['xadd']:.2f}\tratio")
    print(f"beside_2300_connections/xadd\t{best['crowded'] / best['xadd']:.2f}\tratio")
    print(f"twenty_events_a_request/xadd\t{best['twenty'] / best['xadd']:.2f}\tratio")


main()
