"""An order and the reminder of its cart, milliseconds apart."""

import cart_race


def test_an_order_that_redis_had_first_always_wins(shop):
    shop.redis()
    shop.smtp()
    before, reminded = cart_race.run(shop, pairs=1000, seed=20261130)
    assert before > 50 and reminded > 10, "the race was not one"
