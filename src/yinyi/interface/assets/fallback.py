"""The fallback face: every character that the print font has and the web font lacks, cut into small slices.

Rare characters of names (䶮 㛃 𠅤) then look on the screen as they do on paper; a browser loads only the slices
that a page needs.
"""

import json
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol, cast

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

FAMILY = "Noto Sans SC Rare"
SLICE = 512
"""Code points in one file, about 200 kB."""

_UNUSED_TABLES = ["BASE", "DSIG", "GDEF", "GPOS", "GSUB", "STAT", "gasp", "prep", "vhea", "vmtx"]


class _Cutter(Protocol):
    """fontTools carries no types of its own."""

    def populate(self, *, unicodes: list[int]) -> None: ...
    def subset(self, font: TTFont) -> None: ...


def declared(unicode_json: bytes) -> set[int]:
    """The code points that a web font's ``unicode.json`` (slice → ``U+4e00-4e10,U+4e12``) declares."""
    ranges = [r.strip()[2:] for listed in json.loads(unicode_json).values() for r in listed.split(",")]
    points: set[int] = set()
    for first, _, last in (r.partition("-") for r in ranges):
        points.update(range(int(first, 16), int(last or first, 16) + 1))
    return points


def cut(print_font: Path, web_points: set[int], into: Path) -> str:
    """Write the slices into a folder and answer the style sheet that declares them."""
    missing = sorted(_points(print_font) - web_points)
    slices = [missing[start : start + SLICE] for start in range(0, len(missing), SLICE)]
    names = [f"rare-{number}.ttf" for number in range(len(slices))]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:  # half a minute of work for one core
        cutting = [
            pool.submit(_cut_slice, print_font, points, into / name) for name, points in zip(names, slices, strict=True)
        ]
        for each in cutting:
            each.result()
    return "\n".join(map(_face, names, slices))


def _points(font: Path) -> set[int]:
    with TTFont(font, lazy=True) as opened:
        return set(opened.getBestCmap() or {})


@cache
def _glyph_order(font: Path) -> list[str]:
    """The same for every slice, and a third of the work for one."""
    with TTFont(font, lazy=True) as opened:
        return opened.getGlyphOrder()


def _cut_slice(font: Path, points: list[int], out: Path) -> None:
    options = Options()
    options.layout_features = []
    options.hinting = False
    options.glyph_names = False
    options.name_IDs = []
    options.recalc_timestamp = False
    options.drop_tables += _UNUSED_TABLES
    subsetter = cast(_Cutter, Subsetter(options))
    subsetter.populate(unicodes=points)
    with TTFont(font, lazy=True) as opened:
        opened.setGlyphOrder(list(_glyph_order(font)))
        subsetter.subset(opened)
        opened.save(out)


def _face(name: str, points: list[int]) -> str:
    return (
        f'@font-face{{font-family:"{FAMILY}";font-display:block;font-weight:100 900;'
        f'src:url({name}) format("truetype");unicode-range:{_ranges(points)}}}'
    )


def _ranges(points: list[int]) -> str:
    """``[1, 2, 3, 9]`` → ``U+1-3,U+9``."""
    runs: list[tuple[int, int]] = []
    for point in points:
        if runs and runs[-1][1] == point - 1:
            runs[-1] = (runs[-1][0], point)
        else:
            runs.append((point, point))
    return ",".join(f"U+{first:x}-{last:x}" if last > first else f"U+{first:x}" for first, last in runs)
