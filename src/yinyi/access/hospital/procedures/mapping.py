"""The hospital's names for its procedures out of its mapping file, and trades as calls of PostgreSQL's."""

import re
from pathlib import Path

from yinyi.access.hospital.trades.hospital import TRADES
from yinyi.access.hospital.trades.names import FarTrade, Names, Words, load_names

USUAL = Words(trades="his.{snake}", parameters="p_{snake}", columns="{snake}")
"""As our sandbox has them."""

_NAME = re.compile(r"[^\W\d][\w$]{0,62}(\.[^\W\d][\w$]{0,62}){0,2}")


def names(path: str) -> Names:
    """Of a mapping file for PostgreSQL; "": as usual.

    Raises:
        ValueError: see ``load_names``; or a name that is none in SQL.
    """
    found = _names(path)
    if any(far.outs for far in found.values()):
        raise ValueError("the mapping file does not fit: PostgreSQL answers with rows, so there are no outs")
    return found


def names_elsewhere(path: str) -> Names:
    """Of a mapping file for a database whose times have no zone, and which has no lists.

    Raises:
        ValueError: likewise; or it says nothing about them.
    """
    found = _names(path)
    for name, far in found.items():
        kinds = {one.kind for one in (*far.asks, *far.answers)}
        told = [one for one, form in zip(far.asks, far.written, strict=True) if one.kind == "instant" and not form]
        heard = [one for one in far.answers if one.kind == "instant" and one.name not in far.formed]
        if far.name and (told or [one for one in heard if far.columns[one.name]]):
            raise ValueError(f"the mapping file does not fit: {name} has times, and forms say no zone")
        if far.name and kinds & {"texts", "ints"}:
            raise ValueError(f"the mapping file does not fit: {name} has lists, and forms say nothing between")
    return found


def _names(path: str) -> Names:
    found = load_names(Path(path) if path else None, USUAL, TRADES)
    for far in found.values():
        for name in (far.name, *far.parameters, *far.columns.values()):
            if name and not _NAME.fullmatch(name):
                raise ValueError(f"the mapping file does not fit: {name!r} is no name in SQL")
    return found


def query(far: FarTrade) -> str:
    """The call, its rows under our names. Parameters go by name, so their order is the hospital's own business."""
    given = ", ".join(f"{_quoted(name)} => ${at}" for at, name in enumerate(far.parameters, 1))
    wanted = ", ".join(f"{_quoted(theirs)} AS {ours}" for ours, theirs in far.columns.items() if theirs)
    return " ".join(("SELECT", wanted, "FROM", f"{_quoted(far.name)}({given})"))  # every name has been looked at


def _quoted(name: str) -> str:
    """PostgreSQL reads a bare name in small letters."""
    parts = name.split(".")
    return ".".join(part if part.isascii() and part == part.lower() else f'"{part}"' for part in parts)
