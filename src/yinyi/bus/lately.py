"""What somebody has just been told he is told again, for a second: whoever only looks asks the hospital once.

For operations that say so where they are registered, and change nothing. What decides anything asks anew.
"""

from collections.abc import Awaitable, Callable, Hashable
from typing import NamedTuple

from yinyi.bus.call import Call, Principal
from yinyi.kernel.recent import Recent

MOST = 2000


class Look(NamedTuple):
    """Who asks what. Two who differ in anything that an answer may depend on are told apart."""

    hospital_id: int
    patient_id: int
    who: Hashable
    path: str
    language: str
    body: bytes


class Lately:
    """Answers of the last ``keep_s`` seconds; 0: none is kept. Failures are not."""

    def __init__(self, keep_s: float) -> None:
        self._keep_s = keep_s
        self._known: dict[Look, Recent[bytes]] = {}

    async def answer(self, call: Call, path: str, body: bytes, ask: Callable[[], Awaitable[bytes]]) -> bytes:
        """
        Raises:
            Exception: whatever ``ask`` raised.
        """
        if not self._keep_s:
            return await ask()
        principal = call.principal
        look = Look(principal.hospital_id, principal.patient_id, _who(principal), path, call.language, body)
        known = self._known.get(look)
        if known is None or known.is_old:
            self._known.pop(look, None)
            self._make_room()
            known = self._known[look] = Recent(ask, self._keep_s)
        return await known.get()

    def forget(self, principal: Principal) -> None:
        """He has changed something: he is told anew in this process."""
        whose = principal.hospital_id, principal.patient_id
        for look in [each for each in self._known if (each.hospital_id, each.patient_id) == whose]:
            del self._known[look]

    def _make_room(self) -> None:
        """They stand in the order in which they were asked for: the first that is still good ends the search."""
        while self._known:
            first = next(iter(self._known))
            if len(self._known) < MOST and not self._known[first].is_old:
                return
            del self._known[first]


def _who(principal: Principal) -> Hashable:
    return (
        principal.caller,
        principal.terminal_id,
        principal.session_id,
        principal.guardian_id,
        principal.institution_id,
        principal.staff_id,
        principal.opened_by,
    )
