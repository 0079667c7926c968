"""Reports: which there are, what one says, how a value went, and sheets that come out of the printer."""

from datetime import date, datetime
from typing import Literal

from yinyi.business.documents.sheet import SheetKind
from yinyi.business.reports.model import Flag, Picture, Pictures, ReportKind
from yinyi.interface.journeys.views import Part, Printing, View

RowState = Literal["ordered", "sampled", "testing", "ready", "window"]
PrinterState = Literal["ok", "none", "trouble"]
"""Of the printer of sheets: there is none here, or it cannot print just now."""


class ReportRow(Part, frozen=True, kw_only=True):
    """One test or examination. ``window``: only the window hands it out, and nothing is told of it."""

    order_no: str
    kind: ReportKind
    name: str
    name_en: str
    state: RowState
    at: datetime
    corrected: bool = False
    printed: bool = False


class ReportsView(View, frozen=True, kw_only=True):
    """All reports, newest first. of_tube: only what is in the tube that was scanned. fresh: ready and not printed yet,
    as many as go at once; new: how many there are. complete: False: the hospital does not answer, these are kept
    copies. earlier: there are more, up to this day."""

    rows: tuple[ReportRow, ...]
    of_tube: bool = False
    fresh: tuple[str, ...] = ()
    new: int = 0
    complete: bool = True
    earlier: date | None = None
    printer: PrinterState = "ok"
    key: str


class ValueRow(Part, frozen=True, kw_only=True):
    """One result. range: of this age and sex, as the laboratory writes it. trend: it can be followed over time."""

    analyte_code: str
    name: str
    name_en: str
    text: str
    unit: str
    range: str
    flag: Flag
    trend: bool


class ResultView(View, frozen=True, kw_only=True):
    """One report. values: of a laboratory, those first that stand out; findings, impression, pictures: of an
    examination.

    printed: how often it may have come out. at_window: it came out before, and here only the window prints it again.
    """

    order_no: str
    kind: ReportKind
    name: str
    name_en: str
    specimen: str
    specimen_en: str
    sampled_at: datetime | None
    issued_at: datetime | None
    corrected: bool
    values: tuple[ValueRow, ...] = ()
    unusual: int = 0
    findings: tuple[str, ...] = ()
    impression: tuple[str, ...] = ()
    pictures: Pictures = Pictures()
    printed: int = 0
    at_window: bool = False
    printer: PrinterState = "ok"
    key: str


class PictureView(View, frozen=True, kw_only=True):
    """One picture of an examination, large. place: which of so many it is. earlier, later: the numbers of those beside
    it; None: there is none."""

    order_no: str
    name: str
    name_en: str
    picture: Picture
    place: int
    count: int
    earlier: int | None = None
    later: int | None = None


class TrendRow(Part, frozen=True, kw_only=True):
    """A value and when the specimen was taken."""

    at: datetime
    text: str
    flag: Flag


class TrendView(View, frozen=True, kw_only=True):
    """One value over time: as a drawing, and beside it in words. drawing: SVG; empty: there is nothing to draw."""

    order_no: str
    name: str
    name_en: str
    unit: str
    range: str
    drawing: str
    rows: tuple[TrendRow, ...]
    complete: bool = True


class SheetRow(Part, frozen=True, kw_only=True):
    document_no: str
    kind: SheetKind
    printing: Printing


class SheetsView(View, frozen=True, kw_only=True):
    """Sheets on their way out of the printer. printing: how it goes on the whole. roll: out of the one for slips. back:
    where they can be printed again. left: new ones that wait to be printed after these."""

    sheets: tuple[SheetRow, ...]
    printing: Printing
    roll: bool = False
    left: int = 0
    back: str
    key: str
