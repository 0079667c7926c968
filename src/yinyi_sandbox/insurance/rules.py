"""Insurance certificates (医保电子凭证) of the demo's people: codes on phones, and what a decoder says of them."""

import secrets
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from yinyi.kernel.clock import Clock
from yinyi_sandbox.people.people import DemoPerson

LIVES = timedelta(minutes=1)
MOST_KEPT = 1_000
OK, NO_SUCH, EXPIRED, USED, FOREIGN = "0", "-1", "-2", "-3", "-4"
Behaviour = Literal["valid", "expired", "used", "foreign"]


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a phone shows."""

    code: str


class _Code(msgspec.Struct, kw_only=True):
    person: DemoPerson
    valid_until: datetime
    foreign: bool
    used: bool


class Certificates:
    """The codes that were shown, in memory. away: the decoder says nothing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._codes: dict[str, _Code] = {}
        self.away = False

    def show(self, person: DemoPerson, behaviour: Behaviour = "valid") -> Shown:
        """28 fresh digits, good for a minute and for one reading; or such as are not."""
        now = self._clock.now()
        if len(self._codes) >= MOST_KEPT:
            self._codes.clear()
        code = f"31{secrets.randbelow(10**26):026}"
        until = now if behaviour == "expired" else now + LIVES
        self._codes[code] = _Code(
            person=person, valid_until=until, foreign=behaviour == "foreign", used=behaviour == "used"
        )
        return Shown(code=code)

    def read(self, code: str) -> tuple[str, DemoPerson | None]:
        """What the decoder answers, and whom it names."""
        known = self._codes.get(code)
        if known is None:
            return NO_SUCH, None
        if known.foreign:
            return FOREIGN, None
        if known.used:
            return USED, None
        if self._clock.now() >= known.valid_until:
            return EXPIRED, None
        known.used = True
        return OK, known.person
