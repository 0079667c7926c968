"""Everything under a newer master key, slice by slice; whatever stops in between, the next request goes on."""

from collections.abc import Sequence

import asyncpg
import structlog

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.bus.operation import spec_of
from yinyi.business.audit import store as audit
from yinyi.business.lines import key_rows as rows
from yinyi.business.lines.key_ports import KeyStore
from yinyi.business.lines.key_rows import Rewrapped
from yinyi.business.lines.messages import KeyRotation, RotateKeys

log = structlog.get_logger()

_SLICE = 500
_SLICES_AT_ONCE = 10


class KeyRotationDesk:
    """``RotateKeys``. A key is under one master key or the other at any instant, and both are here until it is over."""

    def __init__(self, database: Database, store: KeyStore) -> None:
        self._database = database
        self._store = store

    def register(self, dispatcher: Dispatcher) -> None:
        rotate = Change(self._end, self._show, prepare=self._rewrap, settle=self._retire)
        dispatcher.changes(RotateKeys, rotate)

    async def _rewrap(self, call: Call, message: RotateKeys) -> str:
        """The master key that everything is under now, but for what is left to the next request."""
        newest = await self._newest(call)
        async with self._database.transaction() as tx:
            await rows.now_in_use(tx, call.hospital_id, newest, call.now)
            older = [each for each in await rows.in_use(tx, call.hospital_id) if each != newest]
        for _ in range(_SLICES_AT_ONCE):
            if not older or not await self._slice(call.hospital_id, newest, older):
                break
        return newest

    async def _newest(self, call: Call) -> str:
        """A new one, unless a rotation was interrupted: before anything was under it, between the slices, or before the
        one before was forgotten."""
        async with self._database.read() as tx:
            here = await rows.in_use(tx, call.hospital_id)
            anywhere = await rows.in_use_anywhere(tx)
            samples = [await rows.one_under(tx, call.hospital_id, each) for each in here]
        for slot, key in filter(None, samples):  # what cannot be opened cannot be rewrapped: nothing is begun then
            await self._store.check(key, slot)
        newest = await self._store.master_key_id()
        if here != [newest] or await self._store.retire(anywhere):
            return newest
        return await self._store.renew(anywhere)

    async def _slice(self, hospital_id: int, newest: str, older: Sequence[str]) -> bool:
        """False: there is nothing left."""
        async with self._database.read() as tx:
            keys = await rows.keys_under(tx, hospital_id, older, _SLICE)
            components = await rows.components_under(tx, hospital_id, older, _SLICE)
        if not keys and not components:
            return False
        rewrapped = [Rewrapped(slot, key, await self._store.rewrap(key, slot)) for slot, key in keys]
        resealed = [(slot, each, await self._store.reseal(each, slot)) for slot, each in components]
        async with self._database.transaction() as tx:
            await rows.put_rewrapped(tx, hospital_id, newest, rewrapped)
            for slot, before, after in resealed:
                await rows.put_resealed(tx, hospital_id, slot, before, after)
        return True

    async def _end(self, tx: Tx, call: Call, message: RotateKeys, newest: str) -> str:
        await audit.append(tx, call, spec_of(RotateKeys).path, newest, {"master_key_id": newest})
        return newest

    async def _retire(self, call: Call, newest: str) -> KeyRotation:
        try:
            async with self._database.transaction() as tx:
                await rows.no_more_in_use(tx, call.hospital_id, newest)
        except asyncpg.ForeignKeyViolationError:
            log.info("keys.rotation_goes_on", master_key_id=newest)
        async with self._database.read() as tx:
            in_use = await rows.in_use_anywhere(tx)
            shown = await self._show(tx, call, newest)
        await self._store.retire(in_use)
        return shown

    async def _show(self, tx: Tx, call: Call, newest: str) -> KeyRotation:
        return KeyRotation(master_key_id=newest, in_use=await rows.in_use(tx, call.hospital_id))
