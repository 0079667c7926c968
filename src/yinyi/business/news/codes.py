"""The value sets of HL7 version 2 that are read here. A code that is not in its own is refused by name."""

from collections.abc import Mapping
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from yinyi.business.news.errors import CodeUnknown
from yinyi.business.reports.model import Flag, ReportKind

V = TypeVar("V")

ReportStatus = Literal["under_way", "final", "corrected"]
ValueStatus = Literal["final", "left_out", "taken_back"]
VisitEvent = Literal["made", "moved", "changed", "gone", "missed"]


class ValueSet(NamedTuple, Generic[V]):
    """table: its number in HL7. meant: what each code means here."""

    table: str
    meant: Mapping[str, V]

    def of(self, code: str, place: str) -> V:
        """
        Raises:
            CodeUnknown: it is not in this set.
        """
        if code not in self.meant:
            shown = code[:20] if code.isascii() and code.isprintable() else "?"
            raise CodeUnknown(f"{place}: {shown!r} is not in HL7{self.table}")
        return self.meant[code]


def _all(codes: str, meaning: Any) -> dict[str, Any]:
    return dict.fromkeys(codes.split(), meaning)


SECTION: ValueSet[ReportKind] = ValueSet(
    "0074",
    {
        "": "laboratory",
        **_all("LAB CH HM MB MCB MYC SR TX VR BG BLB IMM OSL SP CP CG GE PAR TOX", "laboratory"),
        **_all("RAD RX CT NMR NMS OUS RUS VUS CUS EC EN PF XRC AU NRS ICU PT PHR OT", "examination"),
    },
)
REPORT_STATUS: ValueSet[ReportStatus] = ValueSet(
    "0123", {**_all("O I S A P R X", "under_way"), "F": "final", "C": "corrected"}
)
VALUE_STATUS: ValueSet[ValueStatus] = ValueSet(
    "0085", {"": "final", "F": "final", "C": "final", **_all("D X N O", "left_out"), "W": "taken_back"}
)
"""Within a report that is final: what is only preliminary there contradicts it."""
FLAG: ValueSet[Flag] = ValueSet(
    "0078",
    {
        "H": "H",
        "HH": "HH",
        "L": "L",
        "LL": "LL",
        "N": "N",
        "A": "A",
        "": "N",
        "S": "N",
        "AA": "A",
        ">": "HH",
        "<": "LL",
        "HU": "HH",
        "LU": "LL",
        "POS": "A",
        "NEG": "N",
        **_all("R I MS VS IND", "A"),
    },
)
CONFIDENTIAL: ValueSet[bool] = ValueSet("0177", {"": False, "N": False, "U": False, "R": True, "V": True, "UWM": False})
VALUE_TYPE: ValueSet[Literal["value", "coded", "comparison", "prose", "file"]] = ValueSet(
    "0125",
    {
        **_all("NM ST DT TM TS DTM NR ID IS", "value"),
        **_all("CE CWE CNE CF", "coded"),
        "SN": "comparison",
        **_all("TX FT", "prose"),
        **_all("ED RP", "file"),
    },
)
VISIT_EVENT: ValueSet[VisitEvent] = ValueSet(
    "0003",
    {"S12": "made", "S13": "moved", "S14": "changed", "S15": "gone", "S16": "gone", "S17": "gone", "S26": "missed"},
)
VISIT_STATUS: ValueSet[bool] = ValueSet(
    "0278",
    {
        "": True,
        **_all("Blocked Booked Cancelled Complete Dc Deleted Discontinued Noshow Overbook Pending Started", True),
    },
)
MODALITIES: Mapping[str, str] = {
    **_all("RAD RX", "DX"),
    **_all("OUS RUS VUS CUS", "US"),
    "CT": "CT",
    "NMR": "MR",
    "EC": "ECG",
    "EN": "ES",
    "XRC": "XA",
    "NMS": "NM",
    "PF": "PF",
}
"""Of HL70074, as DICOM calls them; it has no name for lung function."""
ID_TYPES = ("MR", "PI", "PT", "")
"""HL70203: the hospital's own number of somebody, the surest first."""
