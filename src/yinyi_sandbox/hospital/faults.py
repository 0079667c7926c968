"""Faults on demand: which procedure misbehaves, how, and how often.

slow    the call waits ``ms`` on the line before it reaches the hospital, and takes effect even when the caller has gone
refuse  the procedure answers ``code`` and does nothing
cut     the line breaks before the call reaches the hospital: no effect
lost    the call takes effect, then the line breaks instead of answering
silent  the call takes effect and the answer never comes; the line stays open
"""

from typing import Literal

import msgspec

FaultKind = Literal["slow", "refuse", "cut", "lost", "silent"]

ANY = "*"
FOR_EVER = 1_000_000_000


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to go wrong with the next ``times`` calls of ``procedure`` (``*``: of any)."""

    procedure: str
    fault: FaultKind
    times: int = 1
    ms: int = 0
    code: str = "S01"


class LineFaults:
    """The faults of the line, one for each procedure; and whether the line is down altogether."""

    def __init__(self) -> None:
        self.down = False
        self._armed: dict[str, Fault] = {}

    def arm(self, fault: Fault) -> None:
        """Replaces the procedure's fault."""
        self._armed[fault.procedure] = fault

    def clear(self, procedure: str = "") -> None:
        """Of one procedure, or all."""
        if procedure:
            self._armed.pop(procedure, None)
        else:
            self._armed.clear()

    def armed(self) -> list[Fault]:
        """What is still to come, with the times that are left."""
        return list(self._armed.values())

    def take(self, procedure: str) -> Fault | None:
        """The fault that befalls this call, counted down."""
        fault = self._armed.get(procedure) or self._armed.get(ANY)
        if fault is None:
            return None
        left = msgspec.structs.replace(fault, times=fault.times - 1)
        if left.times > 0:
            self._armed[fault.procedure] = left
        else:
            del self._armed[fault.procedure]
        return fault
