"""How many examples of hypothesis a test tries that wants more or fewer than others do."""

from hypothesis import settings

USUAL = 100
"""Where nobody says how many, and everything is tried."""


def examples(many: int) -> int:
    """So many where everything is tried (`make test-all`), the same share of them as of all others in `make test`."""
    return max(many * settings().max_examples // USUAL, 1)
