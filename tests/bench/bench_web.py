#!/usr/bin/python3
"""Events accepted a second over the web: what wrk posts, one event a request, against a loop of XADD
without pipelining (redis-benchmark, one client, the same Unix socket) in the same run; alone, and with
slow clients, half-open ones and 2,000 connections beside. The daemon decides all the while, in all of
them. Accepted is what Redis has: the length that the stream has gained, read or not."""

import re
import resource
import selectors
import socket
import subprocess
import threading
import time

from figures import QUICK, fail, ratios, rounds, row, until
from place import Folder, Nudged, Redis
from processes import Process

SECONDS = 2 if QUICK else 5
LANES = 512
IDLE, HALF_OPEN, SLOW = 2000, 200, 100
TOKEN = "DyXc0u3pQ1mH5b8ZrWn2Kf7T"
EVENT = '{"type":"order.placed","id":"order-%s","customer":{"id":%s,"email":"ana@shop.example"},' \
        '"order":{"name":"#1001","total":64.9,"currency":"EUR"}}'
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


class Place(Folder):
    """Redis, and nudged with what is open to the web."""

    def __init__(self):
        super().__init__()
        self.redis = self.start(Redis(self.path))
        self.write("tokens", f"{TOKEN} order.*\n")
        (self.path / "tokens").chmod(0o600)
        for name in ("rules", "templates"):
            (self.path / name).mkdir()
        self.log = self.path / "log"
        limits = {"connections": 4096, "per_client": 4096, "idle": "5m", "head_time": "1m"}
        settings = {"log": {"level": "info"},
                    "web": {"listen": "127.0.0.1:0", "tokens_file": "tokens", "limits": limits}}
        with open(self.log, "w") as log:
            self.start(Nudged(self.path, self.redis, settings, stderr=log))
        until(lambda: "takes requests" in self.log.read_text() and "info: running" in self.log.read_text(), "nudged")
        self.port = int(re.search(r"127\.0\.0\.1:(\d+)", self.log.read_text())[1])

    def accepted(self):
        """Entries that ever came into the stream."""
        return int(re.search(r"entries-added\r\n:(\d+)", self.redis.ask("XINFO", "STREAM", "nudged:events"))[1])

    def drop(self):
        """What is not decided yet is of no interest any more."""
        self.redis.ask("XTRIM", "nudged:events", "MAXLEN", "0")
        threading.Event().wait(1)


def xadd(place):
    """The loop's entries."""
    before, begun = place.accepted(), time.monotonic()
    with Process(["redis-benchmark", "-s", place.redis.socket, "-c", "1", "-P", "1", "-n", "100000000", "-q", "-r",
                  "100000", "XADD", "nudged:events", "*", "event", EVENT % ("__rand_int__", "1__rand_int__")]):
        threading.Event().wait(SECONDS)
        rate = (place.accepted() - before) / (time.monotonic() - begun)
    place.drop()
    return {"events": rate}


def post(place, name, batch=1):
    """Those of wrk."""
    script = place.path / "post.lua"
    script.write_text(SCRIPT % (TOKEN, EVENT, name, batch))
    before, begun = place.accepted(), time.monotonic()
    told = subprocess.run(["wrk", "-t1", f"-c{LANES}", f"-d{SECONDS}s", "--latency", "-s", script,
                           f"http://127.0.0.1:{place.port}/v1/events"], capture_output=True, text=True, check=True)
    rate = (place.accepted() - before) / (time.monotonic() - begun)
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)", told.stdout)
    if wrong:
        fail(f"wrk: {wrong[0]}")
    place.drop()
    return {"events": rate}


def crowded(place, name):
    crowd = Crowd(place.port)
    try:
        return post(place, name)
    finally:
        crowd.end()


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
    names = iter(range(10**6))
    with Place() as place:
        found = rounds({"a loop of XADD": lambda: xadd(place),
                        "one event a request": lambda: post(place, f"a{next(names)}"),
                        "twenty events a request": lambda: post(place, f"b{next(names)}", 20),
                        "one, beside 2,300 connections": lambda: crowded(place, f"c{next(names)}")})
    loop = found["a loop of XADD"]["events"]
    for name, figures in found.items():
        row(f"{name}: accepted", figures["events"], "1/s")
        row(f"{name}: of the loop", ratios(figures["events"], loop), "times")


if __name__ == "__main__":
    main()
