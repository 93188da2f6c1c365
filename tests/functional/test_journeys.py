"""Rules that were drawn at random, and what they make of random events: exactly what a model of the
language does."""

import pytest

import journeys


@pytest.mark.parametrize("daemons", [1, 3])
def test_what_the_language_says(shop, daemons):
    messages, _, _ = journeys.run(shop, seed=20261129 + daemons, events=1000, daemons=daemons)
    assert messages > 100
