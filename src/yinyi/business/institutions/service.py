"""Whether a request is signed by an institution, and may be asked by it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, get_args
from zoneinfo import ZoneInfo

from yinyi.bus.database import Database, Tx
from yinyi.bus.envelope import Signed
from yinyi.business.institutions import certificates_store, store
from yinyi.business.institutions.meter import Meter
from yinyi.business.institutions.model import Algorithm, ClientCertificateView, Institution
from yinyi.business.institutions.store import KeptSecret, NonceUse
from yinyi.kernel.errors import Conflict, NotGranted, SignatureRefused
from yinyi.kernel.ids import token
from yinyi.kernel.secrets import Vault
from yinyi.wire import client_certificate, username_token
from yinyi.wire import institution as wire

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


class _Known(NamedTuple):
    """Of an institution; None: there is none that is not closed. certificates: also those that have run out."""

    institution: Institution | None
    secrets: _Opened
    certificates: Sequence[ClientCertificateView]


_INSTANTS: Mapping[str, Callable[[str], datetime]] = {
    "UsernameToken": username_token.instant_of,
    client_certificate.NAME: client_certificate.instant_of,
}
"""How the time of a request is written, where not in seconds."""
_STRANGER = _Known(None, [], ())
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
        self._known: dict[str, tuple[datetime, _Known]] = {}
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

    async def verify(self, signed: Signed, operation: str, now: datetime, certificate: str = "") -> Institution:
        """Whose request this is. A request passes once; one of a queue whenever the queue delivers it again.
        certificate: the fingerprint of the one that was shown, as a door that may say so has it.

        Raises:
            SignatureRefused: unknown or closed institution, another algorithm, a wrong signature or certificate, a
                clock more than five minutes apart, a day in a queue, a nonce used before. Which of them is not told.
            NotGranted: it may not ask this.
            AskedTooOften: it asks more often than was agreed.
        """
        known = await self._find(signed.institution_id, now)
        institution = known.institution
        if not _fits(known, signed, certificate, now) or institution is None or _apart(signed, now):
            raise SignatureRefused
        if institution.operations is not None and operation not in institution.operations:
            raise NotGranted(operation)
        async with self._database.read() as tx:
            if not await store.first_seen(tx, institution, _use_of(signed, now)):
                raise SignatureRefused
            await self._forget_nonces(tx, institution, now)
        await self._meter.admit(institution, now)  # what somebody else sends again counts for nobody
        return institution

    async def found(
        self, institution_id: str, algorithm: str, now: datetime, certificate: str = ""
    ) -> tuple[Institution | None, list[str]]:
        """One that is not closed and shows no certificate that is not its own, with its good secrets for this
        algorithm."""
        known = await self._find(institution_id, now)
        if not _shows_its_own(known, certificate, now):
            return None, []
        return known.institution, _good(known.secrets, algorithm, now)

    async def admit(self, institution: Institution, now: datetime) -> None:
        """
        Raises:
            AskedTooOften: it asks more often than was agreed.
        """
        await self._meter.admit(institution, now)

    async def signing(self, institution_id: str, now: datetime) -> list[tuple[wire.Algorithm, str]]:
        """What we sign with what we tell an institution: its good secrets for whole requests, oldest first, each with
        its algorithm. Empty: it has none, or was closed."""
        known = await self._find(institution_id, now)
        return [
            (algorithm, secret)
            for kept, secret in known.secrets
            for algorithm in _SIGNED_WHOLE
            if algorithm == kept.algorithm and (kept.until is None or now < kept.until)
        ]

    async def _find(self, institution_id: str, now: datetime) -> _Known:
        """With its secrets as they are used. Strangers are not remembered: anybody can be one."""
        if not (institution_id.isascii() and institution_id.isprintable()):
            return _STRANGER
        known = self._known.get(institution_id)
        if known is not None and timedelta(0) <= now - known[0] < REMEMBERED_FOR:
            return known[1]
        async with self._database.read() as tx:
            found = await store.find(tx, institution_id)
            certificates = await certificates_store.of(tx, institution_id) if found else ()
        if found is None:
            self._known.pop(institution_id, None)
            return _STRANGER
        opened = [(kept, self._vault.open(kept.sealed, SEALED)) for kept in found[1]]
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        fresh = _Known(found[0], opened, certificates)
        self._known[institution_id] = (now, fresh)
        return fresh

    async def _forget_nonces(self, tx: Tx, institution: Institution, now: datetime) -> None:
        """Those that are older than any signature that still passes."""
        forgot_at = self._forgot_at.get(institution.institution_id)
        if forgot_at is not None and timedelta(0) <= now - forgot_at < FORGOTTEN_EVERY:
            return
        self._forgot_at[institution.institution_id] = now
        await store.forget_nonces(tx, institution, now - 3 * WINDOW)


def _fits(known: _Known, signed: Signed, certificate: str, now: datetime) -> bool:
    """By any good secret of this algorithm, or by a certificate that suffices. Takes as long for an institution that
    does not exist."""
    if signed.algorithm == client_certificate.NAME:
        formed = client_certificate.well_formed(signed.timestamp, signed.nonce)
        return formed and any(own.suffices for own in _own(known, certificate, now))
    verifies = _VERIFIES.get(signed.algorithm)
    if verifies is None:
        return False
    good = _good(known.secrets, signed.algorithm, now)
    found = [verifies(secret, signed) for secret in good or [NOBODY]]  # all of them, whichever it is
    return any(found) and bool(good) and _shows_its_own(known, certificate, now)


def _own(known: _Known, certificate: str, now: datetime) -> list[ClientCertificateView]:
    """The certificate that was shown, if it is this institution's and good."""
    return [each for each in known.certificates if each.fingerprint == certificate and each.since <= now < each.until]


def _shows_its_own(known: _Known, certificate: str, now: datetime) -> bool:
    """Whoever never named one may show what he likes: it says nothing of him."""
    return not (certificate and known.certificates) or bool(_own(known, certificate, now))


def _good(secrets: _Opened, algorithm: str, now: datetime) -> list[str]:
    return [
        secret for kept, secret in secrets if kept.algorithm == algorithm and (kept.until is None or now < kept.until)
    ]


def _apart(signed: Signed, now: datetime) -> bool:
    """Whether it was signed by a clock that is too far from ours."""
    age = now - _INSTANTS.get(signed.algorithm, wire.instant_of)(signed.timestamp)
    return not -WINDOW <= age <= (WAITS if _waits(signed) else WINDOW)


def _waits(signed: Signed) -> bool:
    """The signature covers the method, so that nobody else makes one good for longer."""
    return signed.method == wire.SENT and signed.algorithm != "UsernameToken"


def _use_of(signed: Signed, now: datetime) -> store.NonceUse:
    return NonceUse(signed.nonce, now + WAITS, signed.delivery) if _waits(signed) else NonceUse(signed.nonce, now)


def _request(signed: Signed) -> tuple[str, str, str, str, bytes]:
    return signed.method, signed.path, signed.timestamp, signed.nonce, signed.body
