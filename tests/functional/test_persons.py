"""Random events of persons with several keys, and all that may come between them: exactly what a
model of the rules expects."""

import pytest

import persons


@pytest.mark.parametrize("daemons", [1, 3])
def test_what_the_model_expects(shop, daemons):
    messages, _ = persons.run(shop, seed=20261128 + daemons, events=5000, persons=400, daemons=daemons)
    assert messages > 500
