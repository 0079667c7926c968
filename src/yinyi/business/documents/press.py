"""Sheets on paper, set by typst with the print font: ``sheet.typ`` as PDF, ``roll.typ`` for receipt printers."""

import base64
import io
from datetime import tzinfo
from pathlib import Path
from typing import Any

import msgspec
from PIL import Image

from yinyi.business.documents.layout import clean
from yinyi.business.documents.render import Compilers, inked, qr_svg
from yinyi.business.documents.sheet import Sheet, SheetFact, SheetPicture, SheetTable
from yinyi.wire.receipt import encode_receipt

_TEMPLATE, _ROLL = (Path(__file__).with_name(name) for name in ("sheet.typ", "roll.typ"))
_CELL, _LINE, _LINES = 120, 2000, 60
"""How long a text may be; what is longer ends in an ellipsis."""
CAPTION = "扫码验真伪 Scan to verify"


class SheetRenderer:
    """Renders sheets; any number of threads may ask, at most ``compilers`` work at once."""

    def __init__(self, fonts: Path, zone: tzinfo, compilers: int = 2) -> None:
        self._zone = zone
        self._compilers, self._rolls = (Compilers(each, fonts, compilers) for each in (_TEMPLATE, _ROLL))

    def render(self, sheet: Sheet) -> bytes:
        """The sheet as PDF, or as ESC/POS.

        Raises:
            SlipNotRendered: fonts missing, too long for a roll, or too many at once.
        """
        told = {"sheet": sheet_json(sheet, self._zone)}
        if sheet.paper == "roll":
            return encode_receipt(inked(self._rolls.png(told)))
        return self._compilers.pdf(told)


def sheet_json(sheet: Sheet, zone: tzinfo) -> str:
    """What ``sheet.typ`` is given."""
    at = sheet.printed_at.astimezone(zone) if sheet.printed_at else None
    data = {
        "paper": sheet.paper,
        "hospital": clean(sheet.hospital),
        "hospital_en": clean(sheet.hospital_en),
        "title": clean(sheet.title),
        "title_en": clean(sheet.title_en),
        "who": " ".join(clean(each.value) for each in sheet.facts[:2]),
        "stamp": _stamp(sheet),
        "facts": _facts(sheet.facts),
        "table": None if sheet.table is None else _table(sheet.table),
        "texts": [
            {"heading": clean(each.heading), "lines": [clean(line, _LINE) for line in each.text.splitlines()[:_LINES]]}
            for each in sheet.texts
        ],
        "pictures": [_picture(each) for each in sheet.pictures],
        "signed": _facts(sheet.signed),
        "notes": [clean(note, _LINE) for note in sheet.notes],
        "document_no": clean(sheet.document_no),
        "printed": " ".join(filter(None, (clean(sheet.terminal), f"{at:%Y-%m-%d %H:%M:%S}" if at else ""))),
        "caption": CAPTION,
        "qr": qr_svg(sheet.verify),
    }
    return msgspec.json.encode(data).decode()


def _stamp(sheet: Sheet) -> str:
    if sheet.copy:
        return "副本 Copy"
    return "正本 Original" if sheet.official else ""


def _facts(facts: list[SheetFact]) -> list[dict[str, str]]:
    return [{"label": clean(each.label), "value": clean(each.value, _CELL)} for each in facts]


def _table(table: SheetTable) -> dict[str, Any]:
    return {
        "columns": [{"title": clean(each.title), "share": each.share, "right": each.right} for each in table.columns],
        "rows": [{"cells": [clean(cell, _CELL) for cell in row.cells], "mark": row.mark} for row in table.rows],
    }


def _picture(picture: SheetPicture) -> dict[str, str]:
    """As a drawing that holds nothing but the picture: the template is given text, and no file."""
    with Image.open(io.BytesIO(picture.jpeg), formats=["JPEG"]) as opened:
        wide, high = opened.size
    data = base64.b64encode(picture.jpeg).decode()
    box = f'width="{wide}" height="{high}"'
    link = f'xlink:href="data:image/jpeg;base64,{data}"'
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    svg = f'<svg {spaces} {box} viewBox="0 0 {wide} {high}"><image {box} {link}/></svg>'
    return {"caption": clean(picture.caption, _CELL), "svg": svg}
