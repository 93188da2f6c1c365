"""Rules that were drawn at random, and what they make of random events: exactly what a model of the
language does."""

import itertools

import pytest

import journeys
from journey_clocks import FULL, HOUR_MS, name_of


@pytest.mark.parametrize("daemons", [1, 3])
def test_what_the_language_says(shop, daemons):
    messages, _, _ = journeys.run(shop, seed=20261125 + daemons, events=1000, daemons=daemons)
    assert messages > 100


def test_with_all_that_may_be_drawn(shop):
    """Clocks, codes that run out, the brake, a full outbox, daemons with other rules."""
    messages, _, _ = journeys.run(shop, seed=741, events=800, daemons=3, wide=True)
    assert messages > 100


def test_a_sweep_that_passes_over_customers_is_seen(shop, monkeypatch):
    """As if it had asked everybody before the tick came: the model misses who was not."""
    go_to = journeys.Run.go_to

    def pass_over(run, target_ms):
        tick_ms = run.now_ms() // HOUR_MS * HOUR_MS + HOUR_MS
        swept = f"{name_of(tick_ms, '%Y-%m-%dT%H')} {tick_ms} {FULL} -"
        for rule, zone in itertools.product(run.client.hkeys("nudged:clocks"),
                                            run.client.zrange("nudged:zones", 0, -1)):
            run.client.hset("nudged:swept", rule + b" " + zone, swept)
        go_to(run, target_ms)

    monkeypatch.setattr(journeys, "WIDE", {"clocks"})
    monkeypatch.setattr(journeys.Run, "go_to", pass_over)
    with pytest.raises(AssertionError, match="was not asked at"):
        journeys.run(shop, seed=3, events=400, daemons=1, wide=True)
