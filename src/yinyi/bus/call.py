"""Who asks, as verified, and under which conditions: what every handler is told."""

from datetime import datetime
from typing import Any

import msgspec

from yinyi.bus.envelope import SessionView
from yinyi.bus.operation import Caller
from yinyi.kernel.errors import InvalidField

INSTITUTIONS = "@"
"""Before an institution's id, where a place is meant; no terminal's id has one."""


class Principal(msgspec.Struct, frozen=True):
    """Verified by the business layer; nothing in here was claimed by an interface."""

    caller: Caller
    hospital_id: int
    terminal_id: str = ""
    patient_id: int = 0
    session_id: int = 0
    guardian_id: int = 0
    """The patient who acts for this one, a child; 0: he himself is here."""
    institution_id: str = ""
    staff_id: str = ""
    person: str = ""
    """The staff number of who has proved, by the PIN of his staff card, that it is he who asks by this account; empty:
    nobody has."""
    opened_by: str = ""
    """What this session is good for and nothing else, its kind before its number (``form:``, ``specimen:``,
    ``booking:``); empty: the patient himself is here."""
    session: SessionView | None = None
    shown: object = None
    """What whoever has verified the request keeps of it, to seal the reply."""

    @property
    def form(self) -> str:
        """The number of the one bill whose request form has opened this session; empty: none has."""
        return self._by("form")

    @property
    def specimen(self) -> str:
        """The barcode of the one tube that has; empty: none has."""
        return self._by("specimen")

    @property
    def booking(self) -> str:
        """The number of the one booking whose slip has; empty: none has."""
        return self._by("booking")

    def _by(self, kind: str) -> str:
        said, _, number = self.opened_by.partition(":")
        return number if said == kind else ""

    @property
    def place(self) -> str:
        """Where sessions and tickets are good: at this terminal, or at this institution."""
        return f"{INSTITUTIONS}{self.institution_id}" if self.caller is Caller.INSTITUTION else self.terminal_id

    @property
    def actor(self) -> str:
        """For the audit log: a guardian is named by his number here, behind where he stands; one of the staff by his
        staff number, behind the account by which he asks."""
        who = f"{self.caller.value}:{self.staff_id or self.institution_id or self.terminal_id}"
        person = f":person {self.person}" if self.person else ""
        return f"{who}{person}" + (f":guardian {self.guardian_id}" if self.guardian_id else "")

    @property
    def key_owner(self) -> str:
        """Whose idempotency keys are meant: those of one patient mean nothing to the next at the same screen."""
        return f"{self.actor}:{self.patient_id}" if self.patient_id else self.actor


class Call(msgspec.Struct, frozen=True):
    """One request as a handler sees it. ``now`` is read once, at the edge."""

    principal: Principal
    now: datetime
    deadline: datetime
    correlation_id: str
    language: str = "zh-CN"
    key: str = ""
    notes: dict[str, Any] = {}
    """What the handlers of this one request pass on to each other."""

    @property
    def hospital_id(self) -> int:
        return self.principal.hospital_id


def require_said(call: Call, **said: str) -> None:
    """Who of the hospital's people asks, and why. Staff are known by their token, and say so if they like.

    Raises:
        InvalidField: the hospital has not said one of these.
    """
    for name, text in said.items():
        if call.principal.caller is Caller.HOSPITAL and not text.strip():
            raise InvalidField(f"{name}: the hospital has to say it")
