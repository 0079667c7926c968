"""Numbers that look thrown and are the same everywhere: the standard library's may change from version to version."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_MASK = (1 << 64) - 1


class Dice:
    """SplitMix64 (Steele, Lea, Flood 2014). For made-up data only, not for secrets."""

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def below(self, end: int) -> int:
        """A whole number from 0 up to and without ``end``."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return ((mixed ^ (mixed >> 31)) * end) >> 64

    def one_of(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]
