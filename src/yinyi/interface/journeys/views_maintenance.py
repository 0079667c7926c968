"""What staff see who have laid their card on the reader."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from yinyi.business.terminals.model import Condition, LockedFor
from yinyi.interface.journeys.views import Part, View

PinProblem = Literal["wrong", "spent"]


class StaffPinView(View, frozen=True, kw_only=True):
    """The PIN of the card on the reader. ``problem``: of the one typed last."""

    problem: PinProblem | None = None
    key: str


class DeviceRow(Part, frozen=True, kw_only=True):
    """``since``: it is as it is. ``failures``: how often it broke down. broken: it does not work."""

    device: str
    kind: str
    state: Condition
    broken: bool
    detail: str
    since: datetime
    failures: int


class MaintenanceView(View, frozen=True, kw_only=True):
    """The machine, and what can be done about it. ``locking``: for which reason is it to be locked? ``test_print``,
    ``problem``: of the latest test print."""

    staff_id: str
    agent_version: str
    line_ok: bool
    locked: bool
    devices: tuple[DeviceRow, ...]
    locking: bool = False
    test_print: Literal["none", "waiting", "printed", "failed"] = "none"
    problem: str = ""
    key: str


REASONS: tuple[tuple[LockedFor, str], ...] = (
    ("repair", "wrench"),
    ("paper", "printer"),
    ("cleaning", "droplets"),
    ("moving", "map-pin"),
)
"""Why a machine is locked, with an icon."""


def words(_: Callable[[str], str]) -> dict[str, dict[str, str]]:
    """Names of devices and of how they are; why a machine is locked, said to staff and to patients."""
    return {
        "device": {
            "id_reader": _("Card reader"),
            "scanner": _("Scanner"),
            "receipt_printer": _("Slip printer"),
            "sheet_printer": _("A4 printer"),
            "card_terminal": _("Card terminal"),
            "camera": _("Camera"),
            "door": _("Door"),
        },
        "condition": {
            "ok": _("works"),
            "paper_low": _("paper is low"),
            "paper_out": _("out of paper"),
            "jam": _("paper jam"),
            "offline": _("does not answer"),
            "open": _("open"),
        },
        "locked_for": {
            "repair": _("Repair"),
            "paper": _("Paper"),
            "cleaning": _("Cleaning"),
            "moving": _("It moves"),
        },
        "locked_because": {
            "repair": _("It is being repaired."),
            "paper": _("Its paper is being changed."),
            "cleaning": _("It is being cleaned."),
            "moving": _("It moves to another place."),
        },
    }
