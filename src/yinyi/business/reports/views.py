"""From what the hospital says of reports to what their patient is told. Pure."""

from collections.abc import Mapping

from yinyi.business.documents.sheet import SheetKind
from yinyi.business.reports.messages import Report, ReportView, State
from yinyi.business.reports.model import DiagnosticReport, Pictures, ReportState, WholeReport

KINDS: tuple[SheetKind, ...] = ("laboratory_report", "examination_report")
_STATES: Mapping[ReportState, State] = {
    "ordered": "ordered",
    "sampled": "sampled",
    "testing": "testing",
    "final": "ready",
    "corrected": "ready",
}


def tells(about: DiagnosticReport) -> str:
    """What the sheet of this report tells: one is made for each version."""
    return f"{about.order_no}:{about.version}"


def is_ready(about: DiagnosticReport) -> bool:
    return _STATES[about.state] == "ready"


def view(about: DiagnosticReport, prints: Mapping[str, int]) -> ReportView:
    """Of what only the window hands out not even the name is told."""
    return ReportView(
        order_no=about.order_no,
        kind=about.kind,
        name="" if about.sensitive else about.name,
        name_en="" if about.sensitive else about.name_en,
        state=_STATES[about.state],
        at_window=about.sensitive,
        corrected=about.state == "corrected",
        requested_at=about.requested_at,
        issued_at=about.issued_at,
        prints=prints.get(tells(about), 0),
    )


def report(about: DiagnosticReport, whole: WholeReport, pictures: Pictures, prints: Mapping[str, int]) -> Report:
    return Report(
        view=view(about, prints),
        specimen=about.specimen,
        specimen_en=about.specimen_en,
        sampled_at=about.sampled_at,
        values=whole.observations,
        findings=whole.text.findings,
        impression=whole.text.impression,
        remark=whole.text.remark,
        reported_by=whole.text.reported_by,
        reviewed_by=whole.text.reviewed_by,
        pictures=pictures,
    )
