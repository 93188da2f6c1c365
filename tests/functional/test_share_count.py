"""How large shares are."""

import share_count


def test_shares_of_three_thousand(shop):
    share_count.run(shop, customers=3000, tolerance=0.04)
