"""Keys for MACs of institutions' lines: in the key store of the bank lines, in a slot of their own."""

from collections.abc import Mapping

from yinyi.bus.database import Database
from yinyi.business.institutions.model import KeyAlgorithm, SessionKey
from yinyi.business.lines import key_rows
from yinyi.business.lines.errors import KeyDoesNotOpen, KeyRefused
from yinyi.business.lines.key_model import HeldKey, PosSession, StoredMac
from yinyi.business.lines.key_ports import KeyStore

MERCHANT, TERMINAL = "institution", "socket"
STORED: Mapping[KeyAlgorithm, StoredMac] = {"X9.19": "x9.19", "FRAME-HMAC-SM3": "hmac-sm3"}


def slot_of(institution_id: str) -> PosSession:
    """Where two people load the master key of an institution: ``ID/institution/socket``."""
    return PosSession(institution_id, MERCHANT, TERMINAL)


class LineKeys:
    """Implements ``SessionKeys``."""

    def __init__(self, database: Database, keys: KeyStore) -> None:
        self._database = database
        self._keys = keys

    async def take(
        self, hospital_id: int, institution_id: str, delivered: bytes, check_value: bytes
    ) -> SessionKey | None:
        slot = slot_of(institution_id)
        async with self._database.read() as tx:
            tmk = (await key_rows.held(tx, hospital_id, slot)).get("tmk")
        if tmk is None:
            return None
        try:
            held = await self._keys.take_working_key(tmk, slot, "mak", delivered, check_value)
        except (KeyRefused, KeyDoesNotOpen):
            return None
        return SessionKey(held.master_key_id, held.wrapped, held.check_value)

    async def mac(self, institution_id: str, key: SessionKey, algorithm: KeyAlgorithm, document: bytes) -> bytes | None:
        held = HeldKey("mak", key.master_key_id, key.wrapped, key.check_value)
        try:
            return await self._keys.mac(held, slot_of(institution_id), STORED[algorithm], document)
        except KeyDoesNotOpen:
            return None
