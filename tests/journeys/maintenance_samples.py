"""Pages for staff who see to the machine, in every state."""

from datetime import timedelta
from typing import Any

import msgspec
from sample_facts import CHROME, KEY, NOW

from yinyi.interface.journeys import views, views_maintenance

Sample = tuple[views.View, views.Chrome]
AT = msgspec.structs.replace(CHROME, patient=None)
_DEVICES: tuple[tuple[str, Any, int], ...] = (
    ("id_reader", "ok", 0),
    ("scanner", "ok", 1),
    ("receipt_printer", "paper_low", 3),
    ("sheet_printer", "jam", 12),
    ("card_terminal", "ok", 0),
    ("camera", "offline", 2),
)
DEVICES = tuple(
    views_maintenance.DeviceRow(
        device=kind,
        kind=kind,
        state=state,
        broken=state in ("jam", "offline"),
        detail="",
        since=NOW - timedelta(hours=7 * nth),
        failures=failures,
    )
    for nth, (kind, state, failures) in enumerate(_DEVICES)
)


def _machine(**facts: Any) -> Sample:
    view = views_maintenance.MaintenanceView(
        staff_id="w-li", agent_version="1.0.0", line_ok=True, locked=False, devices=DEVICES, key=KEY
    )
    return msgspec.structs.replace(view, **facts), AT


MAINTENANCE: dict[str, Sample] = {
    "staff-pin": (views_maintenance.StaffPinView(key=KEY), AT),
    "staff-pin-wrong": (views_maintenance.StaffPinView(problem="wrong", key=KEY), AT),
    "staff-pin-spent": (views_maintenance.StaffPinView(problem="spent", key=KEY), AT),
    "maintenance": _machine(),
    "maintenance-printing": _machine(test_print="waiting"),
    "maintenance-printed": _machine(test_print="printed"),
    "maintenance-no-print": _machine(test_print="failed", problem="jam", line_ok=False),
    "maintenance-locking": _machine(locking=True),
    "maintenance-locked": _machine(locked=True, devices=DEVICES[:2]),
}
