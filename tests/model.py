#!/usr/bin/python3
"""Random events of persons with several keys, against a model of the rules, for long.

usage: tests/model.py [EVENTS [SEED]]   (default 200000 events; $NUDGED_BUILD names the build folder)

Round after round of at most 20,000 events, each with a seed of its own, in turn with one daemon
and with three (tests/functional/persons.py)."""

import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent / "functional"))

import persons  # noqa: E402
from conftest import Shop  # noqa: E402

ROUND = 20000


def main():
    left = int(sys.argv[1]) if len(sys.argv) > 1 else 200000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    rounds = 0
    while left > 0:
        events, daemons = min(left, ROUND), 1 if rounds % 2 == 0 else 3
        with tempfile.TemporaryDirectory(prefix="nudged-model-") as folder:
            shop = Shop(pathlib.Path(folder))
            try:
                messages, twice = persons.run(shop, seed + rounds, events, events // 12, daemons)
            finally:
                shop.close()
        rounds += 1
        left -= events
        print(f"round {rounds}: seed {seed + rounds - 1}, {daemons} daemons, {events} events, "
              f"{messages} messages, {twice} twice", flush=True)
    print(f"{rounds} passed, 0 failed")


if __name__ == "__main__":
    main()
