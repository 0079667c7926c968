"""A key store in software: keys wrapped with AES-256-GCM under a master key that is never in the database."""

import hmac
from collections.abc import Collection
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SM3
from cryptography.hazmat.primitives.hmac import HMAC

from yinyi.access.keys.software.config import Settings
from yinyi.access.keys.software.master_keys import MasterKey, MasterKeys
from yinyi.business.lines.errors import KeyDoesNotOpen, KeyRefused, NoNewMasterKey
from yinyi.business.lines.key_model import (
    CHECK_BYTES,
    DELIVERED_CHECK_BYTES,
    HeldKey,
    KeyPurpose,
    PosSession,
    SealedComponent,
    StoredMac,
    WorkingPurpose,
)
from yinyi.kernel.buffers import wiped
from yinyi.kernel.plugin import PLUGIN_API, Plugin, Surroundings
from yinyi.wire.iso8583 import des
from yinyi.wire.iso8583.mac import Translate, maker
from yinyi.wire.key_entry import context_of, unseal

COMPONENT_BYTES = 16
_WORKING_BYTES = (8, 16)
_MOST_READY = 512
"""So many MAKs, of the sessions that have spoken last."""


class SoftwareKeyStore:
    """Implements ``KeyStore``. A clear key exists for the length of one call, in a buffer that is wiped at its end; of
    the MAKs that are in use, OpenSSL keeps copies ready, until others are used or a master key is retired."""

    def __init__(self, settings: Settings, surroundings: Surroundings) -> None:
        """Reads the master keys; makes the first one where there is none.

        Raises:
            ValueError: a file of a master key cannot be used; the text names it.
        """
        folder = Path(settings.folder) if settings.folder else surroundings.secrets
        keep = timedelta(days=settings.keep_retired_days)
        self._masters = MasterKeys(folder, surroundings.master_keys, surroundings.clock, keep)
        self._maker = lru_cache(maxsize=_MOST_READY)(self._opened_maker)

    async def stop(self) -> None:
        self._masters.forget()
        self._maker.cache_clear()

    async def entry_key(self) -> bytes:
        return self._masters.newest.entry_key.public_key().public_bytes_raw()

    async def master_key_id(self) -> str:
        return self._masters.newest.id

    # -- loading

    async def seal_component(self, slot: PosSession, part: int, entry: bytes, check_value: bytes) -> SealedComponent:
        master = self._masters.newest
        try:
            component = unseal(master.entry_key, context_of(str(slot), part), entry)
        except ValueError:
            raise KeyRefused("typed for another slot, component or master key") from None
        with wiped(component):
            if len(component) != COMPONENT_BYTES or not any(component):
                raise KeyRefused("a component has 16 bytes, not all zero")
            if len(check_value) != CHECK_BYTES:
                raise KeyRefused("its check value has another length")
            _agree(component, check_value)
            return SealedComponent(
                part=part,
                master_key_id=master.id,
                sealed=master.wrap(component, _component_context(slot, part, check_value)),
                check_value=check_value,
            )

    async def combine(self, slot: PosSession, first: SealedComponent, second: SealedComponent) -> HeldKey:
        if (first.part, second.part) != (1, 2):
            raise KeyRefused("a first and a second component are needed")
        one, other = self._component(slot, first), self._component(slot, second)
        key = bytearray(a ^ b for a, b in zip(one, other, strict=True))
        with wiped(one, other, key):
            if key[:8] == key[8:]:
                raise KeyRefused("the components make no double-length key")
            return self._wrapped(self._masters.newest, key, slot, "tmk")

    async def take_working_key(
        self, tmk: HeldKey, slot: PosSession, purpose: WorkingPurpose, delivered: bytes, check_value: bytes
    ) -> HeldKey:
        if len(delivered) not in _WORKING_BYTES:
            raise KeyRefused("a working key has 8 or 16 bytes")
        is_unchecked = purpose == "tdk" and not check_value
        if not is_unchecked and len(check_value) not in DELIVERED_CHECK_BYTES:
            raise KeyRefused("its check value has another length")
        above = self._opened(tmk, slot, "tmk")
        with wiped(above):
            key = des.decrypt_key(above, delivered)
        with wiped(key):
            _agree(key, check_value)
            return self._wrapped(self._master(tmk.master_key_id, slot, "tmk"), key, slot, purpose)

    # -- using

    async def mac(self, key: HeldKey, slot: PosSession, algorithm: StoredMac, data: bytes) -> bytes:
        return self._maker(key, slot, algorithm)(data)

    async def check(self, key: HeldKey, slot: PosSession) -> None:
        clear = self._opened(key, slot, key.purpose)
        with wiped(clear):
            if not hmac.compare_digest(des.check_value(clear), key.check_value):
                raise KeyDoesNotOpen(f"{slot} {key.purpose}: another key than its check value says")

    # -- master keys

    async def rewrap(self, key: HeldKey, slot: PosSession) -> HeldKey:
        clear = self._opened(key, slot, key.purpose)
        with wiped(clear):
            return self._wrapped(self._masters.newest, clear, slot, key.purpose)

    async def reseal(self, component: SealedComponent, slot: PosSession) -> SealedComponent:
        clear = self._component(slot, component)
        master = self._masters.newest
        with wiped(clear):
            sealed = master.wrap(clear, _component_context(slot, component.part, component.check_value))
        return SealedComponent(component.part, master.id, sealed, component.check_value)

    async def renew(self, in_use: Collection[str]) -> str:
        newest = self._masters.newest
        if newest.id in in_use and not self._masters.make(newest.number + 1):
            raise NoNewMasterKey
        return self._masters.newest.id

    async def retire(self, in_use: Collection[str]) -> bool:
        self._maker.cache_clear()
        used = [master.number for key_id in in_use if (master := self._masters.get(key_id))]
        return self._masters.drop(min(used, default=0))

    # -- within

    def _opened_maker(self, key: HeldKey, slot: PosSession, algorithm: StoredMac) -> Translate:
        clear = self._opened(key, slot, "mak")
        with wiped(clear):
            return _sm3_maker(clear) if algorithm == "hmac-sm3" else maker(algorithm, clear)

    def _wrapped(self, master: MasterKey, clear: bytearray, slot: PosSession, purpose: KeyPurpose) -> HeldKey:
        value = des.check_value(clear)
        return HeldKey(purpose, master.id, master.wrap(clear, _context(slot, purpose, value)), value)

    def _opened(self, key: HeldKey, slot: PosSession, purpose: KeyPurpose) -> bytearray:
        if key.purpose != purpose:
            raise KeyDoesNotOpen(f"{slot}: a {key.purpose} is no {purpose}")
        return self._unwrapped(key.master_key_id, key.wrapped, _context(slot, purpose, key.check_value), slot, purpose)

    def _component(self, slot: PosSession, sealed: SealedComponent) -> bytearray:
        context = _component_context(slot, sealed.part, sealed.check_value)
        return self._unwrapped(sealed.master_key_id, sealed.sealed, context, slot, f"component {sealed.part}")

    def _unwrapped(self, master_key_id: str, wrapped: bytes, context: bytes, slot: PosSession, what: str) -> bytearray:
        master = self._master(master_key_id, slot, what)
        try:
            return master.unwrap(wrapped, context)
        except ValueError:
            raise KeyDoesNotOpen(f"{slot} {what}: altered, or not the key of this slot and purpose") from None

    def _master(self, master_key_id: str, slot: PosSession, what: str) -> MasterKey:
        master = self._masters.get(master_key_id)
        if master is None:
            raise KeyDoesNotOpen(f"{slot} {what}: the master key {master_key_id} is not here")
        return master


def _sm3_maker(key: bytearray) -> Translate:
    """What it holds of the key is OpenSSL's copy."""
    ready = HMAC(key, SM3())

    def made(data: bytes) -> bytes:
        code = ready.copy()
        code.update(data)
        return code.finalize()

    return made


def _agree(key: bytearray, check_value: bytes) -> None:
    """With as much of it as there is."""
    if not hmac.compare_digest(des.check_value(key, len(check_value)), check_value):
        raise KeyRefused("its check value is another one")


def _context(slot: PosSession, purpose: str, check_value: bytes) -> bytes:
    """What a wrapped key is bound to."""
    return "\0".join(("yinyi line key", *slot, purpose, check_value.hex())).encode()


def _component_context(slot: PosSession, part: int, check_value: bytes) -> bytes:
    return _context(slot, f"component {part}", check_value)


PLUGIN = Plugin(name="software", kind="keys", api=PLUGIN_API, config=Settings, build=SoftwareKeyStore)
