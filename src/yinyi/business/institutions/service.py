"""Whether a request is signed by an institution, and may be asked by it."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

from yinyi.bus.database import Database, Tx
from yinyi.bus.envelope import Signed
from yinyi.business.institutions import store
from yinyi.business.institutions.meter import Meter
from yinyi.business.institutions.model import Algorithm, Institution
from yinyi.business.institutions.store import KeptSecret, NonceUse
from yinyi.kernel.errors import Conflict, NotGranted, SignatureRefused
from yinyi.kernel.ids import token
from yinyi.kernel.secrets import Vault
from yinyi.wire import institution as wire
from yinyi.wire import username_token

WINDOW = timedelta(minutes=5)
"""How far the clocks of two houses may be apart."""
WAITS = timedelta(days=1)
"""So long a message of a queue may have waited, and its signature is good."""
REMEMBERED_FOR = timedelta(seconds=1)
"""So long, at most, another business process honours what has just been taken away here."""
FORGOTTEN_EVERY = timedelta(minutes=1)
SEALED = "institution.secret"

NOBODY = "no institution has this secret"
_MOST_REMEMBERED = 1000
_SIGNED_WHOLE: tuple[wire.Algorithm, ...] = get_args(wire.Algorithm)
_Opened = list[tuple[KeptSecret, str]]
"""Secrets, with what they are."""

_VERIFIES: Mapping[str, Callable[[str, Signed], bool]] = {
    "HMAC-SHA256": lambda secret, signed: wire.verifies("HMAC-SHA256", secret, signed.signature, *_request(signed)),
    "HMAC-SM3": lambda secret, signed: wire.verifies("HMAC-SM3", secret, signed.signature, *_request(signed)),
    "UsernameToken": lambda secret, signed: username_token.verifies(
        secret, signed.signature, signed.nonce, signed.timestamp
    ),
}


class Institutions:
    """Verifies signatures. What it remembers of the database is a second old at most."""

    def __init__(self, database: Database, vault: Vault, zone: ZoneInfo) -> None:
        self._database = database
        self._vault = vault
        self._meter = Meter(database, zone)
        self._known: dict[str, tuple[datetime, Institution, _Opened]] = {}
        self._forgot_at: dict[str, datetime] = {}

    async def add(self, tx: Tx, institution: Institution, algorithm: Algorithm, now: datetime) -> str:
        """The secret it signs with, shown this once.

        Raises:
            Conflict: the id is in use, or was.
        """
        if not await store.add(tx, institution, now):
            raise Conflict("institution_id")
        return await self.add_secret(tx, institution.hospital_id, institution.institution_id, algorithm, now)

    async def add_secret(
        self, tx: Tx, hospital_id: int, institution_id: str, algorithm: Algorithm, now: datetime
    ) -> str:
        """A fresh one. What is remembered is forgotten by whoever commits."""
        secret = token()
        await store.add_secret(tx, hospital_id, institution_id, algorithm, self._vault.seal(secret, SEALED), now)
        return secret

    def forget(self) -> None:
        """Something about an institution has changed."""
        self._known.clear()

    async def verify(self, signed: Signed, operation: str, now: datetime) -> Institution:
        """Whose request this is. A request passes once; one of a queue whenever the queue delivers it again.

        Raises:
            SignatureRefused: unknown or closed institution, another algorithm, a wrong signature, a clock more than
                five minutes apart, a day in a queue, a nonce used before. Which of them is not told.
            NotGranted: it may not ask this.
            AskedTooOften: it asks more often than was agreed.
        """
        institution, secrets = await self._find(signed.institution_id, now)
        if not _fits(secrets, signed, now) or institution is None or _apart(signed, now):
            raise SignatureRefused
        if institution.operations is not None and operation not in institution.operations:
            raise NotGranted(operation)
        await self._meter.admit(institution, now)
        async with self._database.read() as tx:
            if not await store.first_seen(tx, institution, _use_of(signed, now)):
                raise SignatureRefused
            await self._forget_nonces(tx, institution, now)
        return institution

    async def found(self, institution_id: str, algorithm: str, now: datetime) -> tuple[Institution | None, list[str]]:
        """One that is not closed, with its good secrets for this algorithm."""
        institution, secrets = await self._find(institution_id, now)
        return institution, _good(secrets, algorithm, now)

    async def admit(self, institution: Institution, now: datetime) -> None:
        """
        Raises:
            AskedTooOften: it asks more often than was agreed.
        """
        await self._meter.admit(institution, now)

    async def signing(self, institution_id: str, now: datetime) -> list[tuple[wire.Algorithm, str]]:
        """What we sign with what we tell an institution: its good secrets for whole requests, oldest first, each with
        its algorithm. Empty: it has none, or was closed."""
        _, secrets = await self._find(institution_id, now)
        return [
            (algorithm, secret)
            for kept, secret in secrets
            for algorithm in _SIGNED_WHOLE
            if algorithm == kept.algorithm and (kept.until is None or now < kept.until)
        ]

    async def _find(self, institution_id: str, now: datetime) -> tuple[Institution | None, _Opened]:
        """With its secrets as they are used. Strangers are not remembered: anybody can be one."""
        if not (institution_id.isascii() and institution_id.isprintable()):
            return None, []
        known = self._known.get(institution_id)
        if known is not None and timedelta(0) <= now - known[0] < REMEMBERED_FOR:
            return known[1], known[2]
        async with self._database.read() as tx:
            found = await store.find(tx, institution_id)
        if found is None:
            self._known.pop(institution_id, None)
            return None, []
        opened = [(kept, self._vault.open(kept.sealed, SEALED)) for kept in found[1]]
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        self._known[institution_id] = (now, found[0], opened)
        return found[0], opened

    async def _forget_nonces(self, tx: Tx, institution: Institution, now: datetime) -> None:
        """Those that are older than any signature that still passes."""
        forgot_at = self._forgot_at.get(institution.institution_id)
        if forgot_at is not None and timedelta(0) <= now - forgot_at < FORGOTTEN_EVERY:
            return
        self._forgot_at[institution.institution_id] = now
        await store.forget_nonces(tx, institution, now - 3 * WINDOW)


def _fits(secrets: _Opened, signed: Signed, now: datetime) -> bool:
    """By any good secret of this algorithm. Takes as long for an institution that does not exist."""
    verifies = _VERIFIES.get(signed.algorithm)
    if verifies is None:
        return False
    good = _good(secrets, signed.algorithm, now)
    found = [verifies(secret, signed) for secret in good or [NOBODY]]  # all of them, whichever it is
    return any(found) and bool(good)


def _good(secrets: _Opened, algorithm: str, now: datetime) -> list[str]:
    return [
        secret for kept, secret in secrets if kept.algorithm == algorithm and (kept.until is None or now < kept.until)
    ]


def _apart(signed: Signed, now: datetime) -> bool:
    """Whether it was signed by a clock that is too far from ours."""
    instant_of = username_token.instant_of if signed.algorithm == "UsernameToken" else wire.instant_of
    age = now - instant_of(signed.timestamp)
    return not -WINDOW <= age <= (WAITS if _waits(signed) else WINDOW)


def _waits(signed: Signed) -> bool:
    """The signature covers the method, so that nobody else makes one good for longer."""
    return signed.method == wire.SENT and signed.algorithm != "UsernameToken"


def _use_of(signed: Signed, now: datetime) -> store.NonceUse:
    return NonceUse(signed.nonce, now + WAITS, signed.delivery) if _waits(signed) else NonceUse(signed.nonce, now)


def _request(signed: Signed) -> tuple[str, str, str, str, bytes]:
    return signed.method, signed.path, signed.timestamp, signed.nonce, signed.body
