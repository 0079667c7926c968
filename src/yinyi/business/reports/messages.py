"""What can be asked about reports. Always of the patient's own; whoever came by a tube sees what is in it."""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.documents.errors import PrintedAlready
from yinyi.business.documents.messages import Sheets
from yinyi.business.identity.errors import TooManyTries
from yinyi.business.identity.messages import Identified
from yinyi.business.reports.errors import (
    PictureUnknown,
    ReportAtWindow,
    ReportNotReady,
    ReportUnknown,
    TubeUnknown,
)
from yinyi.business.reports.model import Observation, Pictures, ReportKind, TrendPoint
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.ids import WholeNumber

PATIENTS = [Caller.KIOSK, Caller.MOBILE]
OrderNo = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
AnalyteCode = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
State = Literal["ordered", "sampled", "testing", "ready"]
OF_A_REPORT = (HospitalUnavailable, ReportUnknown)
MOST_AT_ONCE = 6


class ReportView(msgspec.Struct, frozen=True, kw_only=True):
    """A test or an examination and how far it is.

    name, name_en: empty where only the window hands it out (``at_window``): what was tested then is nobody else's
    business. corrected: it was out before, and came again. prints: how often it may have come out of a printer.
    """

    order_no: str
    kind: ReportKind
    name: str
    name_en: str
    state: State
    at_window: bool = False
    corrected: bool = False
    requested_at: datetime
    issued_at: datetime | None = None
    prints: int = 0


class ReportList(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first. complete: False: the hospital does not answer; these are the copies that were kept. earlier_until:
    there are earlier ones, up to this day."""

    reports: list[ReportView]
    complete: bool = True
    earlier_until: date | None = None


@operation(
    callers=PATIENTS, service="reports", needs_patient=True, opened_by=("specimen",), errors=(HospitalUnavailable,)
)
class ListReports(Operation[ReportList], frozen=True, kw_only=True):
    """Laboratory and examination reports of all time, and what is still being tested; some hundred at a time. until:
    asked for on this day at the latest; None: the newest. Kept for good: what was ready once is listed also while the
    hospital does not answer."""

    until: date | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A report that is ready. values: of a laboratory. findings, impression, pictures: of an examination. remark:
    why it was corrected."""

    view: ReportView
    specimen: str
    specimen_en: str
    sampled_at: datetime | None
    values: list[Observation]
    findings: str
    impression: str
    remark: str
    reported_by: str
    reviewed_by: str
    pictures: Pictures = Pictures()


@operation(
    callers=PATIENTS,
    service="reports",
    needs_patient=True,
    opened_by=("specimen",),
    errors=(*OF_A_REPORT, ReportNotReady, ReportAtWindow),
)
class GetReport(Operation[Report], frozen=True, kw_only=True):
    """One report, once it is ready and unless only the window hands it out."""

    order_no: OrderNo


class PictureFile(msgspec.Struct, frozen=True, kw_only=True):
    """A JPEG, drawn anew from the hospital's file without whatever else that held."""

    content: bytes


@operation(callers=PATIENTS, service="reports", needs_patient=True, opened_by=("specimen",), errors=(PictureUnknown,))
class GetReportPicture(Operation[PictureFile], frozen=True, kw_only=True):
    """A picture of an examination whose report was opened before. nth: as the report lists it. small: for a row of
    them."""

    order_no: OrderNo
    nth: Annotated[int, msgspec.Meta(ge=1, le=1000)]
    small: bool = False


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """One value over time, oldest first. range: of the value in this report, as the laboratory writes it. complete:
    False: the hospital does not answer; these are the copies that were kept."""

    order_no: str
    analyte_code: str
    name: str
    name_en: str
    unit: str
    range: str
    points: list[TrendPoint]
    complete: bool = True


@operation(
    callers=PATIENTS, service="reports", needs_patient=True, errors=(*OF_A_REPORT, ReportNotReady, ReportAtWindow)
)
class TrendOfValue(Operation[Trend], frozen=True, kw_only=True):
    """How a value that stands in this report went over time."""

    order_no: OrderNo
    analyte_code: AnalyteCode


@operation(
    callers=[Caller.KIOSK],
    service="reports",
    needs_patient=True,
    opened_by=("specimen",),
    changes=True,
    errors=(*OF_A_REPORT, ReportNotReady, ReportAtWindow, PrintedAlready),
)
class PrintReports(Operation[Sheets], frozen=True, kw_only=True):
    """Print these reports at this terminal, each on sheets of its own. Whether one is printed a second time is the
    hospital's rule; then it is marked as a copy."""

    order_nos: Annotated[list[OrderNo], msgspec.Meta(min_length=1, max_length=MOST_AT_ONCE)]


@operation(callers=[Caller.KIOSK], service="reports", errors=(TubeUnknown, TooManyTries, HospitalUnavailable))
class IdentifyByTube(Operation[Identified], frozen=True, kw_only=True):
    """The barcode of a blood tube, just held under the scanner, opens what is tested out of that tube and nothing else
    of its patient. after: the version of what was scanned when the page was made."""

    after: WholeNumber
