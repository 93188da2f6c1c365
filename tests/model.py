#!/usr/bin/python3
"""Random events against models of what the docs say, for long.

usage: tests/model.py [NAME [NUMBER [SEED]]]   ($NUDGED_BUILD names the build folder)

Default: all, one after the other. Round after round, each with a seed of its own, in turn with one daemon
and with three:

  persons   200000 events of persons with several keys, one rule set, at most 20,000 events a round
            (functional/persons.py)
  journeys  200000 events, at most 5,000 a round, and a rule set of its own for each: 40, drawn from
            the grammar of the language; customers live in zones of their own, mostly some hours around a
            night in which clocks are set (functional/journeys.py)
  wide      24000 events, at most 1,500 a round, with clocks, codes that run out, the brake, a full
            outbox and daemons with other rules, some of them in each
  race      10000 orders, each within milliseconds of the deadline of a cart's reminder, 2,500 a
            round (functional/cart_race.py)
  watchers  10000 people who watch one product, told by daemons that are killed (functional/watchers.py)
  shares    100000 customers of a split and a hold-out (functional/share_count.py)
  simulate  a day of 20000 events through three daemons, and what `nudgectl simulate` says of it
            (functional/simulate_day.py)
  drawn     2000 events, 100 a round, one after the other, and a rule set of its own for each: what
            `nudgectl simulate` and `explain --event` say of them, in turn with clocks and where persons
            are joined (functional/simulate_drawn.py)"""

import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent / "functional"))

import cart_race  # noqa: E402
import journeys  # noqa: E402
import persons  # noqa: E402
import share_count  # noqa: E402
import simulate_day  # noqa: E402
import simulate_drawn  # noqa: E402
import watchers  # noqa: E402
from conftest import Shop  # noqa: E402


def run_persons(shop, seed, events, daemons):
    messages, twice = persons.run(shop, seed, events, events // 12, daemons)
    return f"{messages} messages, {twice} twice"


def run_journeys(shop, seed, events, daemons):
    messages, twice, decided = journeys.run(shop, seed, events, daemons)
    return f"{decided} decided, {messages} messages, {twice} twice"


def run_wide(shop, seed, events, daemons):
    messages, twice, decided = journeys.run(shop, seed, events, daemons, wide=True)
    return f"{decided} decided, {messages} messages, {twice} twice"


def run_race(shop, seed, pairs, daemons):
    shop.redis()
    shop.smtp()
    before, reminded = cart_race.run(shop, pairs, seed, daemons + 1)
    return f"{before} orders came first, {reminded} reminders went out, of none of those"


def run_simulate(shop, seed, events, _):
    messages, rules = simulate_day.run(shop, seed, events, 3)
    return f"{messages} messages of {rules} rules, as predicted"


def run_drawn(shop, seed, events, daemons):
    messages, asked = simulate_drawn.run(shop, seed, events, clocks=daemons == 1, joins=daemons > 1)
    return f"{messages} messages, {asked} decisions, as predicted"


def run_shares(shop, seed, customers, daemons):
    share_count.run(shop, customers, tolerance=0.01)
    return "within 1 %, and for ever the same"


def run_watchers(shop, _, people, __):
    shop.redis()
    shop.smtp()
    watchers.settings(shop)
    watchers.run(shop, people)
    return "each told once"


# What runs, how many at most in a round, and in all.
MODELS = {"persons": (run_persons, 20000, 200000), "journeys": (run_journeys, 5000, 200000),
          "wide": (run_wide, 1500, 24000),
          "race": (run_race, 2500, 10000), "simulate": (run_simulate, 20000, 20000),
          "watchers": (run_watchers, 10000, 10000), "shares": (run_shares, 100000, 100000),
          "drawn": (run_drawn, 100, 2000)}


def run(name, left, seed):
    """How many rounds it took."""
    model, most, _ = MODELS[name]
    rounds = 0
    while left > 0:
        count, daemons = min(left, most), 1 if rounds % 2 == 0 else 3
        print(f"{name} {rounds + 1}: seed {seed + rounds}, {count}", end="", flush=True)
        with tempfile.TemporaryDirectory(prefix="nudged-model-") as folder:
            shop = Shop(pathlib.Path(folder))
            try:
                told = model(shop, seed + rounds, count, daemons)
            finally:
                shop.close()
        rounds += 1
        left -= count
        print(f": {told}", flush=True)
    return rounds


def main():
    words = sys.argv[1:]
    names = [words.pop(0)] if words and words[0] in MODELS else list(MODELS)
    seed = int(words[1]) if len(words) > 1 else 1
    passed = sum(run(name, int(words[0]) if words else MODELS[name][2], seed) for name in names)
    print(f"{passed} passed, 0 failed")


if __name__ == "__main__":
    main()
