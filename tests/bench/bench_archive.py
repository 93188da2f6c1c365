"""What the archive costs: events decided in a second with and without it, in turns on the same machine,
and the processor's time of the loop for each.

usage: tests/bench/bench_archive.py; $BENCH_EVENTS, else 40000, in each of 3 turns."""

import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import tempfile
import time

import bench_pipeline
from bench_pipeline import ask, own_time_us, until

EVENTS = int(os.environ.get("BENCH_EVENTS", 40000))
TURNS = 3
build = pathlib.Path(os.environ["NUDGED_BUILD"])
bench_pipeline.EVENTS = EVENTS


def decide(folder, archive):
    """Events in a second, µs of the loop for each."""
    redis = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", f"{folder}/r.sock", "--appendonly", "yes",
                              "--dir", str(folder), "--save", ""], stdout=subprocess.DEVNULL)
    until(lambda: socket.socket(socket.AF_UNIX).connect(f"{folder}/r.sock") is None)
    (folder / "rules").mkdir()
    (folder / "templates").mkdir()
    (folder / "rules/r.yaml").write_text(
        "{name: never, on: order.placed, if: order.total > 1000, send: {template: never}}\n")
    (folder / "templates/never.text.liquid").write_text("---\nsubject: x\n---\nx")
    (folder / "n.yaml").write_text(json.dumps({
        "state": str(folder / "state"), "redis": {"url": f"unix://{folder}/r.sock"}, "log": {"level": "warning"},
        "admin": {"socket": f"{folder}/a.sock"}, **({"archive": {"folder": "archive"}} if archive else {})}))
    bench_pipeline.push(f"{folder}/r.sock")
    daemon = subprocess.Popen([build / "nudged", "--config", folder / "n.yaml"])
    decided = lambda: json.loads(ask(f"{folder}/a.sock", "/status"))["decided"]
    try:
        until(lambda: decided() > 0)
        first, before, begin = decided(), own_time_us(daemon.pid, str(daemon.pid)), time.monotonic()
        until(lambda: decided() >= EVENTS)
        took, each = time.monotonic() - begin, EVENTS - first
        loop = own_time_us(daemon.pid, str(daemon.pid)) - before
        return each / took, loop / each
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait()
        redis.terminate()
        redis.wait()


def main():
    rates, loops = {True: [], False: []}, {True: [], False: []}
    for _ in range(TURNS):
        for archive in (False, True):
            with tempfile.TemporaryDirectory(prefix="nudged-bench-") as folder:
                rate, loop = decide(pathlib.Path(folder), archive)
            rates[archive].append(rate)
            loops[archive].append(loop)
    without, with_it = (statistics.median(rates[archive]) for archive in (False, True))
    print(f"archive_without\t{without:.0f}\tevents/s")
    print(f"archive_with\t{with_it:.0f}\tevents/s")
    print(f"archive_ratio\t{with_it / without:.3f}\tof without")
    print(f"archive_loop_without\t{statistics.median(loops[False]):.2f}\tµs")
    print(f"archive_loop_with\t{statistics.median(loops[True]):.2f}\tµs")


if __name__ == "__main__":
    main()
