"""The kit of each kind of connector: its script, and the stage that it is played on."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from yinyi.conformance.behaviour import Behaviour, Script
from yinyi.conformance.devices import cards, working
from yinyi.conformance.devices.stage import on_stage as on_device_stage
from yinyi.conformance.face import matching
from yinyi.conformance.face.stage import on_stage as on_face_stage
from yinyi.conformance.hospital import (
    again,
    bills,
    bills_back,
    bookings,
    faults,
    fiscal,
    inpatients,
    patients,
    reports,
    schedules,
)
from yinyi.conformance.hospital.play import on_stage as on_hospital_stage
from yinyi.conformance.insurance import certificates, settlement
from yinyi.conformance.insurance.stage import on_stage as on_insurance_stage
from yinyi.conformance.keys import lines
from yinyi.conformance.keys.stage import on_stage as on_keys_stage
from yinyi.conformance.line import addresses, money, sessions
from yinyi.conformance.line import faults as line_faults
from yinyi.conformance.line import settlement as line_settlement
from yinyi.conformance.line.stage import on_stage as on_line_stage
from yinyi.conformance.payment import callbacks, codes, refunds, reversals, scans
from yinyi.conformance.payment import faults as payment_faults
from yinyi.conformance.payment.stage import on_stage as on_payment_stage
from yinyi.conformance.place import Ground
from yinyi.kernel.plugin import Plugin


@dataclass(frozen=True)
class Kit:
    """``on_stage(plugin, far side, place)``: the connector, and what its behaviours are played on."""

    scripts: dict[str, Script]
    on_stage: Callable[[Plugin, Any, Ground], AbstractAsyncContextManager[tuple[Any, Any]]]

    def behaviours(self) -> list[Behaviour]:
        return [each for script in self.scripts.values() for each in script.behaviours]


KITS: dict[str, Kit] = {
    "hospital": Kit(
        {
            "patients": patients.SCRIPT,
            "schedules": schedules.SCRIPT,
            "bookings": bookings.SCRIPT,
            "bills": bills.SCRIPT,
            "bills_back": bills_back.SCRIPT,
            "inpatients": inpatients.SCRIPT,
            "reports": reports.SCRIPT,
            "fiscal": fiscal.SCRIPT,
            "again": again.SCRIPT,
            "faults": faults.SCRIPT,
        },
        on_hospital_stage,
    ),
    "payment": Kit(
        {
            "codes": codes.SCRIPT,
            "scans": scans.SCRIPT,
            "refunds": refunds.SCRIPT,
            "reversals": reversals.SCRIPT,
            "callbacks": callbacks.SCRIPT,
            "faults": payment_faults.SCRIPT,
        },
        on_payment_stage,
    ),
    "line": Kit(
        {
            "sessions": sessions.SCRIPT,
            "money": money.SCRIPT,
            "settlement": line_settlement.SCRIPT,
            "faults": line_faults.SCRIPT,
            "addresses": addresses.SCRIPT,
        },
        on_line_stage,
    ),
    "insurance": Kit({"certificates": certificates.SCRIPT, "settlement": settlement.SCRIPT}, on_insurance_stage),
    "device": Kit({"working": working.SCRIPT, "cards": cards.SCRIPT}, on_device_stage),
    "face": Kit({"matching": matching.SCRIPT}, on_face_stage),
    "keys": Kit({"lines": lines.SCRIPT}, on_keys_stage),
}
"""By the kind of connector."""
