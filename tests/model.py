#!/usr/bin/python3
"""Random events against models of what the docs say, for long.

usage: tests/model.py [persons|journeys] [EVENTS [SEED]]   ($NUDGED_BUILD names the build folder)

Default: both, 200000 events each. Round after round, each with a seed of its own, in turn with one
daemon and with three:

  persons   persons with several keys, one rule set, at most 20,000 events a round (persons.py)
  journeys  a rule set of its own for each round of at most 5,000 events, so 40 of them: drawn from
            the grammar of the language (journeys.py)"""

import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent / "functional"))

import journeys  # noqa: E402
import persons  # noqa: E402
from conftest import Shop  # noqa: E402


def run_persons(shop, seed, events, daemons):
    return persons.run(shop, seed, events, events // 12, daemons)


MODELS = {"persons": (run_persons, 20000), "journeys": (journeys.run, 5000)}


def run(name, events, seed):
    """How many rounds it took."""
    model, most = MODELS[name]
    rounds = 0
    while events > 0:
        count, daemons = min(events, most), 1 if rounds % 2 == 0 else 3
        print(f"{name} {rounds + 1}: seed {seed + rounds}, {daemons} daemons, {count} events", end="", flush=True)
        with tempfile.TemporaryDirectory(prefix="nudged-model-") as folder:
            shop = Shop(pathlib.Path(folder))
            try:
                messages, twice = model(shop, seed + rounds, count, daemons)
            finally:
                shop.close()
        rounds += 1
        events -= count
        print(f", {messages} messages, {twice} twice", flush=True)
    return rounds


def main():
    words = sys.argv[1:]
    names = [words.pop(0)] if words and words[0] in MODELS else list(MODELS)
    events = int(words[0]) if words else 200000
    seed = int(words[1]) if len(words) > 1 else 1
    passed = sum(run(name, events, seed) for name in names)
    print(f"{passed} passed, 0 failed")


if __name__ == "__main__":
    main()
