"""What `simulate` and `explain --event` say of rules that were drawn at random is what a daemon then does."""

import pytest

import simulate_drawn


@pytest.mark.parametrize("seed, joins", [(15, False), (201, True)])
def test_simulate_and_explain_agree_with_the_daemon(shop, seed, joins):
    messages, asked = simulate_drawn.run(shop, seed, events=50, joins=joins)
    assert messages > 20 and asked > 40
