"""Chinese characters by their pinyin, for names that no card says: ``spelling.txt`` has a line for each syllable with
the characters of GB 2312's first level and those that names like besides, the likely ones first; ``v`` is ü.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

LONGEST = 6
"""Letters of the longest syllable."""


@cache
def _table() -> Mapping[str, str]:
    lines = Path(__file__).with_name("spelling.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split(" ", 1) for line in lines)


def characters(spelt: str) -> str:
    """What is spelt so; empty: nothing is."""
    return _table().get(spelt.strip().lower(), "")
