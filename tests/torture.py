#!/usr/bin/python3
"""The n-th allocation, read, write or reply of Redis fails, for every n, with messages under way.

usage: tests/torture.py [KIND [FROM[-TO] [STEP]]]   ($NUDGED_BUILD names a build with fail-points)

    alloc   an allocation of nudged's own (a fail-point): exit status 71, nothing lost
    malloc  any allocation, the libraries' too: only in a build without sanitizers
    read    a read of a socket or file; write: a write; reply: an answer of Redis is an error

For each n: events of all kinds are pushed to a daemon that is hurt so. It ends by itself and well, or
goes on; then another one, unhurt, brings everything to its end, and nothing is lost, second copies are
there only of messages that were uncertain. Under the sanitizers nothing may leak either.

Without numbers n goes from 1 until it is past all that there are. Prints a line for each kind, one
for each failure, and "N passed, N failed" at the end."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent / "functional"))

from conftest import BUILD, SOURCE, Shop, wait_until  # noqa: E402
from each import each  # noqa: E402
from ledger import KINDS, Ledger  # noqa: E402

POINTS = {"alloc": "alloc", "reply": "redis-reply"}
OF_SHIM = ("malloc", "read", "write")
OUT_OF_MEMORY = 71  # EX_OSERR: base/mem


def is_sanitized():
    return b"libasan" in (BUILD / "nudged").read_bytes()


def kinds():
    return ["alloc", "read", "write", "reply"] + ([] if is_sanitized() else ["malloc"])


def build_shim(folder):
    """The preloaded library, and before it the sanitizer's, which must come first."""
    path = folder / "shim.so"
    subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-O1", "-o", path, SOURCE / "tests/torture/shim.c"],
                   check=True)
    first = []
    if is_sanitized():
        first = [subprocess.run(["cc", "-print-file-name=libasan.so"], capture_output=True, text=True,
                                check=True).stdout.strip()]
    return " ".join([*first, str(path)])


class Torture:
    """One shop, and a daemon that is hurt again and again."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.shim = build_shim(self.folder)
        self.shop = Shop(self.folder)
        self.shop.config["archive"] = {"folder": str(self.folder / "archive")}
        self.shop.redis()
        self.ledger = Ledger(self.shop)
        self.ledger.gateways()
        self.daemon = self.shop.daemon()

    def spawn(self, kind, n):
        point, environment = "", {}
        if kind in POINTS:
            point = f"{POINTS[kind]}=fail@{n}"
        else:
            environment = {"LD_PRELOAD": self.shim, "TORTURE": f"{kind}@{n}", "TORTURE_PROGRAM": "nudged"}
        with open(self.daemon.log_path, "wb") as log:
            self.daemon.process = subprocess.Popen(
                [BUILD / "nudged", "--config", self.daemon.config], stdout=log, stderr=log,
                env={**os.environ, **environment, "NUDGED_FAILPOINTS": point})

    def passages(self, kind):
        """How many there are when nothing fails."""
        count = self.folder / "count"
        os.environ["TORTURE_COUNT"] = str(count)
        self.ledger.push(len(KINDS))
        self.spawn(kind, 0 if kind in OF_SHIM else 1 << 40)
        self.finish_unhurt(self.daemon.process)
        del os.environ["TORTURE_COUNT"]
        return int(count.read_text()) if count.exists() else None

    def finish_unhurt(self, process):
        self.ledger.wait()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, self.daemon.log()[-3000:]
        self.daemon.process = None

    def hurt(self, kind, n):
        """True: it ended by that; the last word is the unhurt daemon's."""
        self.ledger.push(len(KINDS))
        self.spawn(kind, n)
        process = self.daemon.process
        wait_until(lambda: process.poll() is not None or self.is_done(), lambda: self.daemon.log()[-3000:])
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        status = process.wait(60)
        may = {0} | ({OUT_OF_MEMORY} if kind in ("alloc", "malloc") else set()) | self.may_refuse(kind)
        assert status in may, f"exit status {status}: {self.daemon.log()[-3000:]}"
        self.daemon.process = None
        if not self.is_done():
            self.daemon.spawn(wait=False)
            self.finish_unhurt(self.daemon.process)
        return status != 0

    def may_refuse(self, kind):
        """A start that cannot read its files, or make its archive, says so and ends."""
        refused = {78, 73, 74, 69, 1} if kind in ("read", "write", "malloc") else set()
        return refused if "running" not in self.daemon.log() and "error:" in self.daemon.log() else set()

    def is_done(self):
        self.ledger.hurry()
        self.ledger.down.well()
        left = self.shop.client.zcard("nudged:due") + self.shop.client.zcard("nudged:later")
        return self.shop.idle() and not left and not self.ledger.waiting()


def torture(kind, numbers=None):
    """The figures of one kind; `numbers`: for these n alone."""
    with tempfile.TemporaryDirectory(prefix="nudged-torture-") as folder:
        torture = Torture(folder)
        try:
            total = torture.passages(kind)
            done = ended = 0
            for n in numbers or iter(range(1, 1 << 30)):
                if not numbers and total and n > total:
                    break
                try:
                    ended += torture.hurt(kind, n)
                except BaseException as fault:
                    if not isinstance(fault, KeyboardInterrupt):
                        print(f"{kind}@{n}: FAILED", flush=True)
                    raise
                done += 1
                if not numbers and not total and POINTS.get(kind) and not reached(torture, kind):
                    break
            return {"passages": total or "?", "hurt": done, "ended": ended, **torture.ledger.figures()}
        finally:
            torture.shop.close()


def reached(torture, kind):
    """Of fail-points nobody counts the passages: one that ended, or told of it, was reached."""
    return "on purpose" in torture.daemon.log() or "out of memory" in torture.daemon.log()


def numbers_of(words):
    if not words:
        return None
    begin, _, end = words[0].partition("-")
    return range(int(begin), int(end or begin) + 1, int(words[1]) if len(words) > 1 else 1)


def main():
    return each(sys.argv[1:2] or kinds(), lambda kind: torture(kind, numbers_of(sys.argv[2:])))


if __name__ == "__main__":
    sys.exit(main())
