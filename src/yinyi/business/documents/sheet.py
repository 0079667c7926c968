"""A sheet of paper (报告单, 清单): what stands on it, part by part, as ``sheet.typ`` sets it on A4 or A5, ``roll.typ``
on a receipt printer's. Plain data.

A sheet is an official paper: it speaks Chinese with the English beside it, whatever language the screen spoke, so that
there is one original of it. Texts are text, never markup. Names and hospital numbers come in full: unlike a slip, it is
handed to a doctor or an insurer.
"""

from datetime import datetime
from typing import Literal, get_args

import msgspec

SheetKind = Literal[
    "laboratory_report", "examination_report", "daily_list", "discharge_statement", "fee_list", "paid_invoice"
]
SHEET_KINDS: tuple[SheetKind, ...] = get_args(SheetKind)
Paper = Literal["a4", "a5", "roll"]
"""A5 lies on its long side. roll: as a receipt printer has it, 80 mm wide and as long as it needs."""
Mark = Literal["", "high", "low", "critical", "abnormal", "group", "sum"]
"""How a row stands out: a result beside its range, the heading of a group, a total."""


class SheetFact(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the head or of the signatures."""

    label: str
    value: str


class SheetColumn(msgspec.Struct, frozen=True, kw_only=True):
    """share: of the width, against the others."""

    title: str
    share: float
    right: bool = False


class SheetRow(msgspec.Struct, frozen=True, kw_only=True):
    """One cell for each column."""

    cells: list[str]
    mark: Mark = ""


class SheetTable(msgspec.Struct, frozen=True, kw_only=True):
    columns: list[SheetColumn]
    rows: list[SheetRow]


class SheetText(msgspec.Struct, frozen=True, kw_only=True):
    heading: str
    text: str


class SheetPicture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture beside the text: part of what the paper says, and so of its digest."""

    caption: str
    jpeg: bytes


class Sheet(msgspec.Struct, frozen=True, kw_only=True, tag_field="slip", tag="sheet"):
    """official: the first printing says that it is the original. document_no, verify (the address that tells whether
    this paper is genuine), terminal, printed_at, copy: filled in when it is printed."""

    kind: SheetKind
    paper: Paper = "a4"
    hospital: str
    hospital_en: str
    title: str
    title_en: str
    facts: list[SheetFact]
    table: SheetTable | None = None
    texts: list[SheetText] = []
    pictures: list[SheetPicture] = []
    signed: list[SheetFact] = []
    notes: list[str] = []
    official: bool = False
    document_no: str = ""
    verify: str = ""
    terminal: str = ""
    printed_at: datetime | None = None
    copy: bool = False
