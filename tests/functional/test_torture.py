"""A sample of `./dev torture`: an allocation, a read, a write, a reply of Redis fails, and nothing is lost."""

import sys

import pytest

from conftest import SOURCE

sys.path.insert(0, str(SOURCE / "tests"))

from torture import torture  # noqa: E402

# In the start, in the first batch, in what is sent, and at the end.
SAMPLE = {"alloc": [1, 500, 1200], "read": [3, 20, 41, 70], "write": [3, 20, 41, 70], "reply": [5, 20, 41, 70]}


@pytest.mark.parametrize("kind", SAMPLE)
def test_one_that_fails(kind):
    figures = torture(kind, SAMPLE[kind])
    assert figures["hurt"] == len(SAMPLE[kind])
    assert figures["lost"] == 0
