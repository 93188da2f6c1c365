#!/usr/bin/python3
"""A long load with faults, and what must hold over it.

usage: tests/soak.py [MINUTES]        (default 10; $NUDGED_BUILD names the build folder)

Three daemons, an SMTP gateway and an HTTP gateway behind proxies, and a channel whose first gateway is
out of order; rules that resend and rules that hold, journeys, and a clock that ticks once; a steady stream
of events. Every few seconds, by
chance: a daemon is killed and started anew, Redis is restarted or its scripts are flushed, rules are
reloaded, a gateway is paused, refuses connections, loses them all, goes silent or is slow.

When the time is over all faults end and everything comes to its end. Then nothing is lost, second
copies are there only of messages that were uncertain, and none under `on_uncertain: hold`; there are
no dead letters, nothing is left in Redis but customers, and the daemons have not grown."""

import collections
import json
import pathlib
import random
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent / "functional"))

from conftest import Shop, wait_until  # noqa: E402
from fault_proxy import FaultProxy  # noqa: E402
from ledger import Ledger, next_minute  # noqa: E402

RATE = 100  # events a second
PULSE = 0.1
DELAY = 0.01  # seconds each way: a daemon that is killed has messages in hand
GROWTH_MOST_KB = 32 * 1024
SEED = 1


class Soak:
    def __init__(self, shop):
        self.shop, self.rng = shop, random.Random(SEED)
        self.redis = shop.redis()
        self.ledger = Ledger(shop, journeys=True, tick=next_minute(30))
        self.proxies = [shop.add(FaultProxy(server.port)) for server in (self.ledger.mails, self.ledger.texts)]
        self.ledger.gateways(*(proxy.port for proxy in self.proxies))
        self.well()
        self.daemons = [shop.daemon(name).spawn() for name in ("one", "two", "three")]
        self.done = collections.Counter()
        self.mend = None  # ends the fault that lasts

    # ---- Faults: each says how it ends, or has ended already ----

    def kill(self):
        daemon = self.rng.choice(self.daemons)
        daemon.kill()
        return lambda: daemon.spawn(wait=False)

    def restart_redis(self):
        self.redis.stop(signal.SIGTERM)
        self.shop.client = self.redis.start().client

    def flush_scripts(self):
        self.shop.client.script_flush()

    def reload(self):
        for daemon in self.daemons:
            daemon.process.send_signal(signal.SIGHUP)

    def pause(self):
        name = self.rng.choice(["mails", "texts"])
        self.shop.client.hset("nudged:paused", name, json.dumps({"at": int(time.time() * 1000)}))
        return lambda: self.shop.client.hdel("nudged:paused", name)

    def refuse(self):
        proxy = self.rng.choice(self.proxies)
        proxy.refuse()
        proxy.reset()
        return proxy.accept

    def reset(self):
        for proxy in self.proxies:
            proxy.reset()

    def silence(self):
        proxy = self.rng.choice(self.proxies)
        proxy.hole = True
        return self.well

    def slow(self):
        for proxy in self.proxies:
            proxy.delay = 0.1
        return self.well

    def well(self):
        for proxy in self.proxies:
            proxy.well()
            proxy.delay = DELAY

    FAULTS = [kill, kill, kill, restart_redis, flush_scripts, reload, pause, refuse, reset, silence, slow]

    def fault(self):
        """The next one, when the last has ended."""
        if self.mend:
            self.mend()
            self.mend = None
        else:
            chosen = self.rng.choice(self.FAULTS)
            self.done[chosen.__name__] += 1
            self.mend = chosen(self)

    # ---- The time ----

    def run(self, seconds):
        begin, told, tick = time.monotonic(), 0, 0
        next_fault = begin + 2
        while (now := time.monotonic()) < begin + seconds:
            self.ledger.push(round(RATE * PULSE))
            if now > next_fault:
                self.fault()
                next_fault = time.monotonic() + self.rng.uniform(1, 4)
            if now - begin >= told + 60:
                told += 60
                held = self.shop.client.zcard("nudged:uncertain")
                print(f"{told // 60} min: {len(self.ledger.wanted)} events, {held} held, faults {dict(self.done)}",
                      flush=True)
            tick += 1
            self.pace(begin + tick * PULSE)

    @staticmethod
    def pace(until):
        wait_until(lambda: time.monotonic() >= until, "the next pulse")

    def end(self):
        """Everything works again; the figures."""
        if self.mend:
            self.mend()
        self.well()
        for daemon in self.daemons:
            daemon.wait_healthy()
        before = [memory_kb(daemon) for daemon in self.daemons]
        self.ledger.wait_tick()
        self.ledger.wait(300)
        self.ledger.push(RATE * 10)
        self.ledger.wait(300)
        growth = max(memory_kb(daemon) - kb for daemon, kb in zip(self.daemons, before))
        assert growth < GROWTH_MOST_KB, f"a daemon grew by {growth} kB"
        return {**self.ledger.figures(), **self.done}


def memory_kb(daemon):
    for line in pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1])
    return 0


def main():
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 10
    with tempfile.TemporaryDirectory(prefix="nudged-soak-") as folder:
        shop = Shop(pathlib.Path(folder))
        try:
            soak = Soak(shop)
            soak.run(minutes * 60)
            figures = soak.end()
        finally:
            shop.close()
    for name, value in figures.items():
        print(f"{value:>8} {name}")
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
