"""The hospital's codes beside those of FHIR R4, and the value sets that a resource has to keep to."""

from collections.abc import Mapping
from typing import Any


class Codes:
    """``theirs``: by our code; of several of ours with one of theirs the last is meant. ``also``: what they may say
    besides, and which of ours that is."""

    def __init__(self, theirs: Mapping[Any, Any], also: Mapping[Any, Any] | None = None) -> None:
        self.theirs = dict(theirs)
        self._ours = {there: here for here, there in theirs.items()} | dict(also or {})

    def ours(self, code: Any) -> Any:
        """
        Raises:
            ValueError: there is no such code.
        """
        if not isinstance(code, str | bool) or code not in self._ours:
            raise ValueError(f"no code that we know: {str(code)[:40]}")
        return self._ours[code]


def _same(names: str) -> Codes:
    return Codes({name: name for name in names.split()})


CODES: Mapping[str, Codes] = {
    "gender": Codes({"1": "male", "2": "female", "0": "unknown"}, {"other": "0"}),
    "sale": Codes({"O": "open", "S": "stopped", "C": "closed"}),
    "active": Codes({"O": True, "S": False}),
    "slot": Codes({"F": "free", "H": "busy-tentative", "S": "busy"}, {"busy-unavailable": "S"}),
    "appointment": Codes(
        {"lapsed": "cancelled", "released": "cancelled", "held": "pending", "undone": "booked", "confirmed": "booked"},
        dict.fromkeys(("arrived", "fulfilled", "checked-in", "noshow"), "confirmed") | {"proposed": "held"},
    ),
    "standing": _same("lapsed undone refunded settled"),
    "change": _same("S O D"),
    "invoice": Codes({"open": "issued", "refunded": "balanced", "paid": "balanced", "cancelled": "cancelled"}),
    "notice": Codes(
        {"lapsed": "draft", "held": "draft", "refunded": "active", "paid": "active", "released": "cancelled"}
    ),
    "deposit": Codes({"posted": "active", "reversed": "cancelled"}),
    "section": Codes({"L": "LAB", "I": "RAD"}, dict.fromkeys(("CT", "NMR", "NMS", "OUS", "RUS", "VUS", "CUS"), "I")),
    "confidentiality": Codes(
        {True: "R", False: "N"}, dict.fromkeys(("V",), True) | dict.fromkeys(("U", "L", "M"), False)
    ),
    "report": Codes(
        {
            "sampled": "registered",
            "testing": "registered",
            "ordered": "registered",
            "final": "final",
            "corrected": "corrected",
            "cancelled": "cancelled",
        },
        {"partial": "testing", "preliminary": "testing", "amended": "corrected", "appended": "corrected"},
    ),
    "stage": _same("sampled testing"),
    "stay": Codes(
        {"admitted": "in-progress", "settled": "finished", "discharged": "finished"},
        {"onleave": "admitted", "arrived": "admitted"},
    ),
}
"""What is only seen and not yet final is never taken for final: paper is printed of that."""

VALUE_SETS: Mapping[tuple[str, str], frozenset[str]] = {
    (resource, element): frozenset(codes.split())
    for resource, element, codes in (
        ("Patient", "gender", "male female other unknown"),
        ("Slot", "status", "busy free busy-unavailable busy-tentative entered-in-error"),
        (
            "Appointment",
            "status",
            "proposed pending booked arrived fulfilled cancelled noshow entered-in-error checked-in waitlist",
        ),
        ("Invoice", "status", "draft issued balanced cancelled entered-in-error"),
        ("ChargeItem", "status", "planned billable not-billable aborted billed entered-in-error unknown"),
        ("PaymentNotice", "status", "active cancelled draft entered-in-error"),
        ("Account", "status", "active inactive entered-in-error on-hold unknown"),
        (
            "DiagnosticReport",
            "status",
            "registered partial preliminary final amended corrected appended cancelled entered-in-error unknown",
        ),
        (
            "Observation",
            "status",
            "registered preliminary final amended corrected cancelled entered-in-error unknown",
        ),
        (
            "Encounter",
            "status",
            "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown",
        ),
        (
            "Media",
            "status",
            "preparation in-progress not-done on-hold stopped completed entered-in-error unknown",
        ),
        ("DocumentReference", "status", "current superseded entered-in-error"),
        ("DocumentReference", "docStatus", "preliminary final amended entered-in-error"),
    )
}
"""Bindings of strength "required". Source: FHIR R4 (4.0.1), each resource's "Terminology Bindings"."""

NEEDED = frozenset(resource for resource, element in VALUE_SETS if element == "status")
"""Resources without a status are not whole."""

MISTAKE = "entered-in-error"
