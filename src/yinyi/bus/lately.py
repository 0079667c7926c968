"""What somebody has just been told he is told again, for a moment: whoever only looks asks the hospital once.

For operations that say so where they are registered, and change nothing. What decides anything asks anew.
"""

import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field

from yinyi.bus.call import Call, Principal
from yinyi.bus.forgetting import Whose, whose
from yinyi.kernel.recent import RecentByKey

MOST = 2000


@dataclass(frozen=True)
class Look:
    """Who asks what; ``who``: everything else that an answer may depend on. ask: of whoever is the first to ask."""

    whose: Whose
    who: Hashable
    path: str
    language: str
    body: bytes
    ask: Callable[[], Awaitable[bytes]] = field(compare=False)


class Lately:
    """Answers of the last ``keep_s`` seconds; 0: none is kept. Failures are not. Whoever keeps looking does not wait:
    see ``kernel.recent``."""

    def __init__(self, keep_s: float, most: int = MOST, seconds: Callable[[], float] = time.monotonic) -> None:
        self._keeps = keep_s > 0
        self._known: RecentByKey[Look, bytes] = RecentByKey(
            lambda look: look.ask(), keep_s, most, ahead=True, owner=lambda look: look.whose, seconds=seconds
        )

    async def answer(self, call: Call, path: str, body: bytes, ask: Callable[[], Awaitable[bytes]]) -> bytes:
        """
        Raises:
            Exception: whatever ``ask`` raised.
        """
        if not self._keeps:
            return await ask()
        principal = call.principal
        return await self._known.get(Look(whose(principal), _who(principal), path, call.language, body, ask))

    def forget(self, whose: Whose) -> None:
        """He has changed something: he is told anew."""
        self._known.forget(whose)


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
