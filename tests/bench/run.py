#!/usr/bin/python3
"""Runs the benchmarks over a build folder.

usage: tests/bench/run.py --build DIR [NAME] [--tsv]

A benchmark is tests/bench/bench_NAME.c, built, or an executable bench_NAME.py or
bench_NAME.sh. It prints rows "name<TAB>value<TAB>unit" and knows the build folder
from $NUDGED_BUILD, the source from $NUDGED_SOURCE. Lines of standard error are
for people. With --tsv the rows are printed as they come, else as a table.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def benchmarks(build, wanted):
    """(name, command) of each, sorted."""
    for source in sorted((ROOT / "tests/bench").glob("bench_*")):
        name = source.stem.removeprefix("bench_")
        if wanted and name != wanted:
            continue
        if source.suffix == ".c":
            yield name, [build / "tests/bench" / source.stem]
        elif source.suffix == ".py":
            yield name, [sys.executable, source]
        elif source.suffix == ".sh":
            yield name, ["/bin/sh", source]


def show(name, value, unit, tsv):
    if tsv:
        print(f"{name}\t{value}\t{unit}", flush=True)
    else:
        number = float(value)
        digits = 0 if abs(number) >= 1000 else 2
        print(f"  {name:<40} {number:>14,.{digits}f} {unit}", flush=True)


def measure(name, command, tsv):
    """Runs one; false where it failed, or printed no row."""
    if not tsv:
        print(f"{name}:", flush=True)
    rows = 0
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as running:
        for line in running.stdout:
            show(*line.rstrip("\n").split("\t"), tsv)
            rows += 1
    if running.returncode or not rows:
        print(f"{name}: exit status {running.returncode}, {rows} rows", file=sys.stderr)
        return False
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, type=Path)
    parser.add_argument("--tsv", action="store_true", help="rows of name, value, unit")
    parser.add_argument("name", nargs="?", metavar="NAME")
    options = parser.parse_args()
    build = options.build.resolve()
    os.environ["NUDGED_BUILD"] = str(build)
    os.environ["NUDGED_SOURCE"] = str(ROOT)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    found = list(benchmarks(build, options.name))
    if not found:
        print(f"no benchmark {options.name or ''} in tests/bench", file=sys.stderr)
        return 1
    results = [measure(name, command, options.tsv) for name, command in found]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
