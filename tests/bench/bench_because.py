"""What it costs that `nudgectl explain` can say why: bench_decide as it is, and without all that its traces tell
besides their words (decide_mute.c), in turns; a shop of 14 rules, and by kind of decision."""

import subprocess

from figures import BUILD, ratios, rounds, row

PROGRAMS = {"with": "bench_decide", "without": "decide_mute"}


def decided(program):
    """Microseconds for an event, by kind."""
    done = subprocess.run([BUILD / "tests/bench" / program], stdout=subprocess.PIPE, text=True, check=True)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return {name.removeprefix("decide_"): 1e6 / float(value) for name, value, unit in rows if unit == "events/s"}


def main():
    found = rounds({name: lambda p=program: decided(p) for name, program in PROGRAMS.items()})
    for kind, values in found["with"].items():
        row(f"{kind}: with", values, "µs")
        row(f"{kind}: without", found["without"][kind], "µs")
        row(f"{kind}: as long as without", ratios(values, found["without"][kind]), "times")


if __name__ == "__main__":
    main()
