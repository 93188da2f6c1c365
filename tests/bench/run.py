#!/usr/bin/python3
"""Runs benchmarks over a build folder, and prints what they found as tables in Markdown.

usage: tests/bench/run.py --build DIR [--quick] [--tsv] [list | aims | all | NAME…]

A benchmark is tests/bench/bench_NAME.c, built, which is one round and is run several times, or bench_NAME.py, which
has its rounds itself. It prints rows "name<TAB>value<TAB>unit", and "<TAB>spread" where there is one, in percent of the
value; "row: column" as the name makes a table of several columns. It knows the build folder from $NUDGED_BUILD, the
source from $NUDGED_SOURCE. Lines of standard error are for people."""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

if "--quick" in sys.argv:  # before they are read
    os.environ["BENCH_QUICK"] = "1"

import aims
import figures
from machine import busy, header

ROOT = Path(__file__).resolve().parents[2]
# The figures of docs/performance.md in its order, and how many minutes each takes, on two processors.
FIGURES = {"pipeline": 9, "http": 3, "slow": 8, "intake": 3, "latency": 5, "idle": 6, "backlog": 18, "scale": 6,
           "shards": 6, "reload": 1, "rules": 3, "decide": 1, "simulate": 5, "because": 2, "clocks": 18, "archive": 1,
           "web": 3, "liquidjs": 1}


def benchmarks(wanted):
    """(name, source) of each, those of the page first."""
    found = {source.stem.removeprefix("bench_"): source for source in sorted((ROOT / "tests/bench").glob("bench_*"))}
    for name in wanted:
        if name not in found:
            sys.exit(f"no benchmark {name}; these are there: {' '.join(sorted(found))}")
    order = [name for name in FIGURES if name in found] + [name for name in found if name not in FIGURES]
    return [(name, found[name]) for name in order if not wanted or name in wanted]


def purpose(source):
    """The beginning of what it says about itself."""
    said = re.search(r'(?:/\*|""")\s*(?:bench_\w+: )?(.*?)[.:;]\s', source.read_text().replace("\n *", ""), re.S)
    return " ".join(said[1].split())


def listed(found):
    for name, source in found:
        minutes = f"{FIGURES[name]} min" if name in FIGURES else ""
        print(f"{name:<12} {minutes:>6}  {purpose(source)}")


# ---- Tables ------------------------------------------------------------------------------

def number_shown(value):
    number = float(value)
    if number and abs(number) < 100:
        return f"{number:.3g}" if abs(number) < 10 else f"{number:.1f}"
    return f"{number:,.0f}"


def cell(entry):
    value, _, spread = entry
    return number_shown(value) + (f" ±{spread} %" if spread and spread != "0" else "")


def flat(rows):
    yield "| | | unit |"
    yield "| --- | ---: | --- |"
    for name, entry in rows:
        yield f"| {name} | {cell(entry)} | {entry[1]} |"


def crossed(lines):
    """`lines`: name → column → entry. A unit that all of a column have stands in its head."""
    units = {}
    for cells in lines.values():
        for column, entry in cells.items():
            units.setdefault(column, set()).add(entry[1])
    heads = [column + (f", {min(found)}" if len(found) == 1 and min(found) else "") for column, found in units.items()]
    yield "| | " + " | ".join(heads) + " |"
    yield "| --- |" + " ---: |" * len(units)
    for line, cells in lines.items():
        shown = [cell(cells[column]) + (f" {cells[column][1]}" if len(found) > 1 else "") if column in cells else ""
                 for column, found in units.items()]
        yield f"| {line} | " + " | ".join(shown) + " |"


def tables(rows):
    """Text in Markdown. A row "line: column" of which the table so far knows neither begins another table."""
    found = []
    for name, entry in rows:
        if ": " not in name:
            continue
        line, column = name.split(": ", 1)
        if not found or not (line in found[-1] or any(column in cells for cells in found[-1].values())):
            found.append({})
        found[-1].setdefault(line, {})[column] = entry
    long = [row for row in rows if ": " not in row[0]]
    parts = [crossed(lines) for lines in found] + [flat(long)] * bool(long)
    return "\n\n".join("\n".join(part) for part in parts)


# ---- Running -----------------------------------------------------------------------------

def run(*command):
    """Exit status, and the rows as they come: (name, [value, unit, spread])."""
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as running:
        try:
            rows = [line.rstrip("\n").split("\t") for line in running.stdout]
        except BaseException:
            running.terminate()  # and is waited for: it ends what it started
            raise
    return running.returncode, [(name, [*words, ""][:3]) for name, *words in rows]


def run_rounds(program):
    """A program that is one round, as often as there are rounds: each row's median, and its spread."""
    found = {}
    for number in range(figures.ROUNDS):
        status, rows = run(program)
        if status:
            return status, []
        print(f"{program.name}: round {number + 1} of {figures.ROUNDS}", file=sys.stderr)
        for name, (value, unit, _) in rows:
            found.setdefault((name, unit), []).append(float(value))
    return 0, [(name, [median, unit, spread]) for (name, unit), values in found.items()
               for median, spread in [figures.summary(values)]]


def measure(name, source, options):
    """Runs one: its rows, none where it failed."""
    status, rows = (run_rounds(options.build / "tests/bench" / source.stem) if source.suffix == ".c"
                    else run(sys.executable, source))
    if options.tsv:
        print("".join("\t".join([row, *words]) + "\n" for row, words in rows), end="", flush=True)
    elif rows:
        print(f"\n### {name}\n{tables(rows)}", flush=True)
    if status or not rows:
        print(f"{name}: exit status {status}, {len(rows)} rows", file=sys.stderr)
        return {}
    return {row: words[0] for row, words in rows}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, type=Path)
    parser.add_argument("--tsv", action="store_true", help="rows of name, value, unit, spread in percent")
    parser.add_argument("--quick", action="store_true", help="one short round: whether they work, not how fast it is")
    parser.add_argument("name", nargs="*", metavar="NAME",
                        help="list, aims (those that have one), all (default), or names of benchmarks")
    options = parser.parse_args()
    options.build = options.build.resolve()
    os.environ |= {"NUDGED_BUILD": str(options.build), "NUDGED_SOURCE": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    if options.name == ["list"]:
        return listed(benchmarks([]))
    wanted = {"all": [], "aims": [bench for _, bench, *_ in aims.AIMS]}
    found = benchmarks(wanted.get(options.name[0], options.name) if options.name else [])
    if not options.tsv:
        print("\n".join(header(options.build, ROOT)), flush=True)
    results = {name: measure(name, source, options) for name, source in found}
    if not options.tsv:
        told = aims.standing(results, number_shown)
        print("\n".join(["\n### Where it stands", *told] if told else []))
        print(f"\n{busy():.1f} of the processors were busy in its last minute." + " One short round." * options.quick)
    return 0 if all(results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
