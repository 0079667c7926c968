"""Who has changed something is told anew: what is kept of him is forgotten here at once, and a moment later by every
other business process, which is told by a message that nobody keeps. One that misses it forgets by itself when what it
knows is old."""

from collections.abc import Callable
from secrets import token_hex

import msgspec

from yinyi.bus.call import Principal

SUBJECT = "business.changed"

Say = Callable[[str, bytes], None]


class Whose(msgspec.Struct, frozen=True, array_like=True):
    """Patient 0: of nobody in particular."""

    hospital_id: int
    patient_id: int


class Changed(msgspec.Struct, frozen=True, array_like=True):
    """On the bus. by: the process that knows already."""

    by: str
    whose: Whose


def whose(principal: Principal) -> Whose:
    return Whose(principal.hospital_id, principal.patient_id)


class Forgetting:
    """Everything that one process keeps of patients."""

    def __init__(self, say: Say = lambda _subject, _body: None) -> None:
        """``say``: to the other processes, without waiting; what cannot be said now is not said."""
        self._say = say
        self._process = token_hex(8)
        self._kept: list[Callable[[Whose], None]] = []

    def keep(self, forget: Callable[[Whose], None]) -> None:
        """``forget`` is called with everybody who has changed something."""
        self._kept.append(forget)

    def changed(self, whose: Whose) -> None:
        """It is committed."""
        self._forget(whose)
        if whose.patient_id:
            self._say(SUBJECT, msgspec.json.encode(Changed(self._process, whose)))

    async def heard(self, _subject: str, body: bytes) -> None:
        changed = msgspec.json.decode(body, type=Changed)
        if changed.by != self._process:
            self._forget(changed.whose)

    def _forget(self, whose: Whose) -> None:
        for forget in self._kept:
            forget(whose)
