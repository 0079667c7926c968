"""Institutions: their secrets, and whether a request is signed with them."""

from datetime import datetime, timedelta

from yinyi.bus.database import Tx
from yinyi.bus.envelope import Signed
from yinyi.business.institutions import store
from yinyi.business.institutions.model import Institution
from yinyi.kernel.errors import Conflict, SignatureRefused
from yinyi.kernel.ids import token
from yinyi.kernel.secrets import Sealed, Vault
from yinyi.wire import institution as wire

WINDOW = timedelta(minutes=5)
"""How far the clocks of two houses may be apart."""

_SEALED = "institution.secret"
_NOBODY = "no institution has this secret"


class Institutions:
    """Verifies signatures; holds no state of its own."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def add(self, tx: Tx, institution: Institution, now: datetime) -> str:
        """The secret it signs with, shown this once.

        Raises:
            Conflict: the id is in use.
        """
        secret = token()
        if not await store.add(tx, institution, self._vault.seal(secret, _SEALED), now):
            raise Conflict("institution_id")
        return secret

    async def verify(self, tx: Tx, signed: Signed, now: datetime) -> Institution:
        """Whose request this is. A request passes once, so commit whatever becomes of it.

        Raises:
            SignatureRefused: unknown or closed institution, another algorithm, a wrong signature, a clock more than
                five minutes apart, a nonce used before. Which of them is not told.
        """
        found = await store.find(tx, signed.institution_id) if _storable(signed.institution_id) else None
        if not self._fits(found[1] if found else None, signed) or found is None:
            raise SignatureRefused
        institution = found[0]
        if abs(wire.instant_of(signed.timestamp) - now) > WINDOW:
            raise SignatureRefused
        if not await store.first_seen(tx, institution, signed.nonce, now, now - 3 * WINDOW):
            raise SignatureRefused
        return institution

    def _fits(self, sealed: Sealed | None, signed: Signed) -> bool:
        """Takes as long for an institution that does not exist."""
        secret = self._vault.open(sealed, _SEALED) if sealed else _NOBODY
        request = (signed.method, signed.path, signed.timestamp, signed.nonce, signed.body)
        return wire.verifies(secret, signed.signature, *request) and signed.algorithm == wire.ALGORITHM


def _storable(institution_id: str) -> bool:
    return institution_id.isascii() and institution_id.isprintable()
