"""What all benchmarks share: rounds in which everything that is compared runs in turn, medians and how far the
rounds lie apart, and the rows that run.py makes a table of.

$BENCH_ROUNDS: how many rounds (5). $BENCH_QUICK: a short run that only shows that the benchmark works."""

import os
import pathlib
import signal
import statistics
import sys
import threading
import time

from processes import Process

QUICK = bool(os.environ.get("BENCH_QUICK"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", 1 if QUICK else 5))
SOURCE = pathlib.Path(os.environ.get("NUDGED_SOURCE", pathlib.Path(__file__).parents[2])).resolve()
BUILD = pathlib.Path(os.environ.get("NUDGED_BUILD", SOURCE / "build")).resolve()



def end_all(*_):
    """Who ends a benchmark ends what it started too: each `with` is left, once."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit("ended")


signal.signal(signal.SIGTERM, end_all)


def fail(what):
    """Ends the benchmark: a figure that something wrong was measured for is none."""
    sys.exit(f"{pathlib.Path(sys.argv[0]).stem}: {what}")


def say(text):
    """For people who watch."""
    print(f"{pathlib.Path(sys.argv[0]).stem}: {text}", file=sys.stderr, flush=True)


def count(usual, name="BENCH_COUNT"):
    """How many messages, events or customers: $`name`, else the usual number, a tenth of it in a short run."""
    return int(os.environ.get(name, usual // 10 if QUICK else usual))


def until(condition, what, seconds=120, pause_s=0.005):
    """Waits for it; an OSError is a no. Not for a process that has ended."""
    end, pause = time.monotonic() + seconds, threading.Event()
    while time.monotonic() < end:
        try:
            if condition():
                return
        except OSError:
            pass
        if Process.ended():
            fail(f"waiting for {what}: {Process.ended()}")
        pause.wait(pause_s)
    fail(f"waited {seconds} s for {what}")


def rounds(ways):
    """Runs each of `ways`, name → function that returns a dict of figures, ROUNDS times, in turns, and each round
    begins with another. Returns name → figure → list of values. A way that returns None is left out from then on."""
    found = {name: {} for name in ways}
    names = list(ways)
    for number in range(ROUNDS):
        for name in names[number % len(names):] + names[:number % len(names)]:
            if name not in found:
                continue
            figures = ways[name]()
            if figures is None:
                del found[name]
                continue
            say(f"round {number + 1} of {ROUNDS}, {name}: " + ", ".join(f"{f} {v:,.4g}" for f, v in figures.items()))
            for figure, value in figures.items():
                found[name].setdefault(figure, []).append(value)
    return found


def ratios(ours, theirs):
    """Of the two in each round: what disturbs a round disturbs both."""
    return [a / b for a, b in zip(ours, theirs)]


def summary(values):
    """As texts: the median, and half of the distance between the quartiles in percent of it."""
    median = statistics.median(values)
    if len(values) < 2 or not median:
        return f"{median:.6g}", ""
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return f"{median:.6g}", f"{(high - low) / 2 / median * 100:.0f}"


def row(name, values, unit):
    """A line of the result. `name` is "row: column" where it belongs into a table of several columns."""
    median, spread = summary(values if isinstance(values, list) else [values])
    print(f"{name}\t{median}\t{unit}\t{spread}", flush=True)
