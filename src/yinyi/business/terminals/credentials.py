"""What a terminal shows of itself: one-time codes that become tokens, and tokens that say which terminal it is.

Every code and token begins with the number of its hospital, so that it is looked up by (hospital, digest). Only
digests are kept.
"""

import re
from datetime import datetime, timedelta

import structlog

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.bus.looks import Looks
from yinyi.bus.operation import Caller
from yinyi.business.terminals import credential_store as store
from yinyi.business.terminals.directory import Directory
from yinyi.business.terminals.errors import EnrolmentRefused, PairingRefused, TerminalLocked
from yinyi.business.terminals.messages import (
    Enrolled,
    EnrolTerminal,
    MakePairingCode,
    PairBrowser,
    Paired,
    PairingCode,
)
from yinyi.business.terminals.model import CredentialKind, TerminalFacts
from yinyi.business.terminals.remembered import Remembered
from yinyi.business.terminals.store import standing_of
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import NotFound, TerminalNotEnrolled
from yinyi.kernel.ids import random_text, token
from yinyi.kernel.secrets import digest

log = structlog.get_logger()

REMEMBERED_FOR = timedelta(seconds=5)
"""A revoked or locked terminal is refused everywhere after this long."""
PAIRING_LASTS = timedelta(minutes=10)

_SECRET = re.compile(r"(\d{1,9})[.-](.{8,190})", re.DOTALL)
_STILL_OPEN = frozenset(
    {"GetTerminal", "GetStaffCall", "EndSession", "OpenMaintenance", "GetMaintenance", "DoMaintenance"}
)
_KIND = {Caller.KIOSK: "screen", Caller.TERMINAL: "agent"}


def admit(facts: TerminalFacts, caller: Caller, operation: str) -> None:
    """A screen speaks as a screen and an agent as an agent. On a locked terminal the screen can do nothing for patients
    any more; the agent goes on telling how the devices are.

    Raises:
        TerminalNotEnrolled: the token is of the other kind.
        TerminalLocked: this operation has to wait until staff unlock the terminal.
    """
    if _KIND.get(caller) != facts.kind:
        raise TerminalNotEnrolled(f"{facts.kind} of {facts.terminal_id}")
    if facts.locked and facts.kind == "screen" and operation not in _STILL_OPEN:
        raise TerminalLocked(facts.terminal_id)


class TerminalCredentials:
    """Enrols agents, pairs screens, and knows whose a token is."""

    def __init__(self, database: Database, clock: Clock, directory: Directory) -> None:
        """``directory`` is told how the terminal stands: whoever shows a token soon asks for it."""
        self._database = database
        self._looks = Looks(database)
        self._clock = clock
        self._directory = directory
        self._known: Remembered[bytes, TerminalFacts | bool] = Remembered(REMEMBERED_FOR)

    async def verify_terminal(self, token: str) -> TerminalFacts | None:
        """Whose token this is; None: nobody's, or revoked. Asked of the database at most every few seconds."""
        hospital_id = hospital_of(token)
        if hospital_id is None:
            return None
        key, now = digest(token), self._clock.now()
        known = self._known.get(key, now)
        if known is None:
            known = self._known.keep(key, await self._look_up(hospital_id, key, now) or False, now)
        return known if isinstance(known, TerminalFacts) else None

    async def _look_up(self, hospital_id: int, key: bytes, now: datetime) -> TerminalFacts | None:
        row = await store.valid_credential(self._looks.by(key), hospital_id, key)
        if row is None:
            return None
        self._directory.keep(hospital_id, standing_of(row), now)
        return TerminalFacts(
            hospital_id=hospital_id, terminal_id=row["terminal_id"], kind=row["kind"], locked=row["locked"]
        )

    def forget(self) -> None:
        """Something changed about terminals: ask the database again."""
        self._known.clear()

    async def enrol(self, call: Call, message: EnrolTerminal) -> Enrolled:
        """Handler of ``EnrolTerminal``."""
        hospital_id = hospital_of(message.enrolment_code)
        if hospital_id is None or not message.installation_id:
            raise EnrolmentRefused
        code = digest(normal(message.enrolment_code))
        async with self._database.transaction() as tx:
            terminal_id = await store.use_enrolment(tx, hospital_id, code, message.installation_id, call.now)
            if terminal_id is None:
                raise EnrolmentRefused
            fresh = await self._issue(tx, hospital_id, terminal_id, "agent", call.now)
        log.info("terminal.enrolled", hospital_id=hospital_id, terminal_id=terminal_id)
        return Enrolled(terminal_id=terminal_id, terminal_token=fresh)

    async def pair(self, call: Call, message: PairBrowser) -> Paired:
        """Handler of ``PairBrowser``. A screen that was paired before is not this terminal's any more."""
        hospital_id = hospital_of(message.pairing_code)
        if hospital_id is None:
            raise PairingRefused
        async with self._database.transaction() as tx:
            terminal_id = await store.use_pairing(tx, hospital_id, digest(normal(message.pairing_code)), call.now)
            if terminal_id is None:
                raise PairingRefused
            fresh = await self._issue(tx, hospital_id, terminal_id, "screen", call.now)
        log.info("terminal.paired", hospital_id=hospital_id, terminal_id=terminal_id)
        return Paired(terminal_id=terminal_id, screen_token=fresh)

    async def make_pairing_code(self, call: Call, message: MakePairingCode) -> PairingCode:
        """Handler of ``MakePairingCode``."""
        hospital_id, terminal_id = call.hospital_id, call.principal.terminal_id or message.terminal_id
        async with self._database.transaction() as tx:
            if not await store.hold(tx, hospital_id, terminal_id):
                raise NotFound(f"terminal {terminal_id}")
            if call.principal.terminal_id and not await store.is_enrolled(tx, hospital_id, terminal_id):
                raise TerminalNotEnrolled(terminal_id)
            code = await pairing_code(tx, hospital_id, terminal_id, call.now)
        return PairingCode(pairing_code=code, expires_at=call.now + PAIRING_LASTS)

    async def _issue(self, tx: Tx, hospital_id: int, terminal_id: str, kind: CredentialKind, now: datetime) -> str:
        fresh = f"{hospital_id}.{token()}"
        await store.replace_credential(tx, hospital_id, terminal_id, kind, digest(fresh), now)
        self.forget()
        return fresh


async def enrolment_code(tx: Tx, hospital_id: int, terminal_id: str, expires_at: datetime) -> str:
    """A fresh code for a technician to type, 80 bits: ``1-7Q4K-8XK9-M2PD-0RTV``. Earlier ones are void."""
    code = f"{hospital_id}-{'-'.join(random_text(4) for _ in range(4))}"
    await store.set_enrolment(tx, hospital_id, terminal_id, digest(code), expires_at)
    return code


async def pairing_code(tx: Tx, hospital_id: int, terminal_id: str, now: datetime) -> str:
    """A fresh code to pair the terminal's screen with, once, within ten minutes: ``1-7Q4K8-XK9M2``."""
    code = f"{hospital_id}-{random_text(5)}-{random_text(5)}"
    await store.set_pairing(tx, hospital_id, terminal_id, digest(code), now + PAIRING_LASTS)
    return code


def hospital_of(secret: str) -> int | None:
    """The hospital that a code or token says it belongs to; None: it is neither."""
    match = _SECRET.fullmatch(secret.strip())
    return int(match[1]) if match else None


def normal(code: str) -> str:
    """A typed code as it was made: upper case, and the letters that look like digits as digits."""
    return code.strip().upper().replace("O", "0").replace("I", "1").replace("L", "1")
