#!/usr/bin/python3
"""The daemon killed at every fail-point, again and again, with messages under way.

usage: tests/kills.py [TIMES [POINT…]]     (default 20; $NUDGED_BUILD names a build with fail-points)

At each point, TIMES times: events of all kinds are pushed, before a daemon is started or when it knows that its
outbox is empty, that kills itself (as kill -9 does) at a random passage of the point, and the next one takes over.
By chance it has few connections, so that most messages go through the outbox, or so many that all may begin at
once. After each point's last
kill a daemon that lives brings everything to its end, and then nothing is lost, second copies are
there only of messages that were uncertain, and none under `on_uncertain: hold`. A message that three
daemons died with is held under either.

Prints a line for each point, and "N passed, N failed" at the end."""

import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent / "functional"))

from conftest import SOURCE, Shop, wait_until  # noqa: E402
from each import each  # noqa: E402
from ledger import Ledger  # noqa: E402

EVENTS = 20  # each time; twice each kind
REACHED_SECONDS = 8  # a point that is not reached by then is not on this way


def points():
    """All that docs/failpoints.md names."""
    return re.findall(r"^\| `([a-z-]+)` \|", (SOURCE / "docs/failpoints.md").read_text(), re.M)


def end_of(daemon):
    """True: it was killed."""
    try:
        killed = daemon.process.wait(REACHED_SECONDS) == -signal.SIGKILL
        assert killed, daemon.log()[-3000:]
        daemon.process = None
        return True
    except subprocess.TimeoutExpired:
        daemon.stop()
        return False


def views(number):
    """Events that nothing reads, of customers that are known from the second time on."""
    return [{"type": "page.viewed", "id": f"p{number}-{who}", "customer": {"id": f"m{who}"}} for who in range(EVENTS)]


def takes(shop):
    return shop.client.info("commandstats").get("cmdstat_srandmember", {"calls": 0})["calls"]


def begin(shop, ledger, number, failpoint, rng):
    """A daemon, and events for it."""
    ledger.gateways(connections=rng.choice([4, 64]))
    daemon, before, early = shop.daemon(), takes(shop), rng.random() < 0.5
    if early:
        ledger.push(EVENTS)
    daemon.spawn(failpoint, wait=False)
    if not early:
        wait_until(lambda: takes(shop) > before + 6 or daemon.process.poll() is not None, "its first takes")
        ledger.push(EVENTS)
    shop.push(*views(number))
    return daemon


def kill_at(point, times, rng):
    """The figures of one point, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="nudged-kills-") as folder:
        shop = Shop(pathlib.Path(folder))
        try:
            shop.redis()
            ledger = Ledger(shop, journeys=True)
            killed, most = 0, 3
            for number in range(times):
                daemon = begin(shop, ledger, number, f"{point}=kill@{rng.randint(1, most)}", rng)
                reached = end_of(daemon)
                killed, most = killed + reached, most if reached else 1
            shop.daemon().spawn()
            ledger.wait()
            return {"kills": killed, **ledger.figures()}
        finally:
            shop.close()


def main():
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    rng = random.Random(1)
    return each(sys.argv[2:] or points(), lambda point: kill_at(point, times, rng))


if __name__ == "__main__":
    sys.exit(main())
