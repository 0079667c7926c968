"""Loading keys of the bank line: two people, one component each, and the bank's letter has the last word."""

import asyncio
from contextlib import suppress
from typing import NamedTuple, Protocol

import structlog

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Row, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.bus.operation import Operation, spec_of
from yinyi.business.audit import store as audit
from yinyi.business.lines import key_rows as rows
from yinyi.business.lines.errors import (
    ComponentsMissing,
    ComponentTaken,
    KeyDoesNotOpen,
    KeyRefused,
    MasterKeyNotInUse,
)
from yinyi.business.lines.key_model import HeldKey, PosSession, SealedComponent
from yinyi.business.lines.key_ports import KeyStore
from yinyi.business.lines.key_rows import Entered, Loaded
from yinyi.business.lines.messages import (
    SLOTS_AT_ONCE,
    ComponentView,
    ConfirmKey,
    DiscardKeyComponents,
    KeyInventory,
    KeyLoading,
    KeyStatus,
    KeyView,
    LoadKeyComponent,
    SlotKeys,
)
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import SecondPersonNeeded, YinyiError

log = structlog.get_logger()

_SWEEP_EVERY_S = 60.0
_MOST_WAITING = 50


class _NamesSlot(Protocol):
    @property
    def acquirer(self) -> str: ...
    @property
    def merchant_no(self) -> str: ...
    @property
    def terminal_no(self) -> str: ...


class _Combined(NamedTuple):
    tmk: HeldKey
    of: list[Entered]


class KeyDesk:
    """The operations of staff about keys. Whoever uses a key asks the store."""

    def __init__(self, database: Database, store: KeyStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._clock = clock

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.asks(KeyStatus, self.status)
        load = Change(self._enter, self._show, prepare=self._seal, settle=self._settled, only_reads=True)
        dispatcher.changes(LoadKeyComponent, load)
        confirm = Change(self._load, self._show, prepare=self._compare, settle=self._settled, only_reads=True)
        dispatcher.changes(ConfirmKey, confirm)
        dispatcher.changes(DiscardKeyComponents, Change(self._discard, self._show, settle=self._settled))

    async def begin(self, hospital_id: int) -> None:
        newest = await self._store.master_key_id()
        async with self._database.transaction() as tx:
            await rows.first_in_use(tx, hospital_id, newest, self._clock.now())
        for master_key_id in await self._not_opening(hospital_id):
            log.error("keys.not_opening", master_key_id=master_key_id, here=newest)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.sweep()
            except Exception as error:  # the loop outlives every fault of the database
                log.warning("keys.sweep_failed", why=type(error).__name__)
            await asyncio.sleep(_SWEEP_EVERY_S)

    async def sweep(self) -> None:
        """Components that nobody has confirmed in time are deleted."""
        async with self._database.transaction() as tx:
            expired = await rows.expire(tx, self._clock.now())
        for row in expired:
            log.info("keys.component_expired", slot=str(_slot(row)), part=row["part"])

    # -- looking

    async def status(self, call: Call, message: KeyStatus) -> KeyInventory:
        after = PosSession(message.after_acquirer, message.after_merchant_no, message.after_terminal_no)
        async with self._database.read() as tx:
            found = await rows.status(tx, call.hospital_id, _slot_of(message), after, SLOTS_AT_ONCE + 1)
            in_use = await rows.in_use(tx, call.hospital_id)
            waiting = await rows.waiting_slots(tx, call.hospital_id, call.now, _MOST_WAITING)
        slots = _slots(found)
        return KeyInventory(
            slots=slots[:SLOTS_AT_ONCE],
            more=len(slots) > SLOTS_AT_ONCE,
            waiting=[await self._loading(call, slot) for slot in waiting],
            master_key_id=await self._store.master_key_id(),
            in_use=in_use,
            not_opening=await self._not_opening(call.hospital_id),
            entry_key=await self._store.entry_key(),
        )

    async def _not_opening(self, hospital_id: int) -> list[str]:
        """The master keys in use that cannot be used here, by one key under each."""
        failing: list[str] = []
        async with self._database.read() as tx:
            ids = await rows.in_use(tx, hospital_id)
            samples = {each: await rows.one_under(tx, hospital_id, each) for each in ids}
        for master_key_id, sample in samples.items():
            try:
                if sample is not None:
                    await self._store.check(sample[1], sample[0])
            except KeyDoesNotOpen:
                failing.append(master_key_id)
        return failing

    async def _show(self, tx: Tx, call: Call, subject: str) -> KeyLoading:
        """Without the combined check value: that is the store's to say."""
        slot = PosSession(*subject.split("/"))
        entered = await rows.components(tx, call.hospital_id, slot, call.now)
        tmk = (await rows.held(tx, call.hospital_id, slot)).get("tmk")
        return _view(slot, entered, loaded=tmk.check_value.hex().upper() if tmk else "")

    async def _settled(self, call: Call, subject: str) -> KeyLoading:
        return await self._loading(call, PosSession(*subject.split("/")))

    async def _loading(self, call: Call, slot: PosSession) -> KeyLoading:
        async with self._database.read() as tx:
            entered = await rows.components(tx, call.hospital_id, slot, call.now)
            tmk = (await rows.held(tx, call.hospital_id, slot)).get("tmk")
        combined = ""
        if len(entered) > 1:
            with suppress(KeyDoesNotOpen, KeyRefused):  # what cannot be used can still be looked at, and discarded
                whole = await self._store.combine(slot, *(each.component for each in entered))
                combined = whole.check_value.hex().upper()
        return _view(slot, entered, combined, tmk.check_value.hex().upper() if tmk else "")

    # -- one component

    async def _seal(self, call: Call, message: LoadKeyComponent) -> SealedComponent:
        slot, value = _slot_of(message), bytes.fromhex(message.check_value)
        await self._check_master(call)
        try:
            component = await self._store.seal_component(slot, message.part, message.entry, value)
            await self._check_whole(call, slot, component)
        except KeyRefused as error:
            await self._refused(call, message, slot, error, part=message.part, check_value=value.hex().upper())
            raise
        return component

    async def _check_master(self, call: Call) -> None:
        async with self._database.read() as tx:
            in_use = await rows.in_use(tx, call.hospital_id)
        if await self._store.master_key_id() not in in_use:
            raise MasterKeyNotInUse

    async def _check_whole(self, call: Call, slot: PosSession, component: SealedComponent) -> None:
        """Two components that make no key are refused when the second one comes, not after both people have left."""
        async with self._database.read() as tx:
            entered = await rows.components(tx, call.hospital_id, slot, call.now)
        other = next((each.component for each in entered if each.component.part != component.part), None)
        if other is not None:
            await self._store.combine(slot, *sorted((component, other), key=lambda each: each.part))

    async def _enter(self, tx: Tx, call: Call, message: LoadKeyComponent, component: SealedComponent) -> str:
        slot = _slot_of(message)
        custodian = call.principal.person
        if not await rows.enter(tx, call.hospital_id, slot, component, custodian, call.now):
            raise ComponentTaken
        value = component.check_value.hex().upper()
        await _note(tx, call, message, slot, part=component.part, custodian=custodian, check_value=value)
        return str(slot)

    # -- both

    async def _compare(self, call: Call, message: ConfirmKey) -> _Combined:
        slot = _slot_of(message)
        async with self._database.read() as tx:
            entered = await rows.components(tx, call.hospital_id, slot, call.now)
        if len(entered) < 2:
            raise ComponentsMissing
        tmk = await self._store.combine(slot, *(each.component for each in entered))
        if tmk.check_value != bytes.fromhex(message.check_value):
            error = KeyRefused("the check value of both components together is another one")
            typed, combined = message.check_value.upper(), tmk.check_value.hex().upper()
            await self._refused(call, message, slot, error, check_value=typed, combined=combined)
            raise error
        return _Combined(tmk, entered)

    async def _load(self, tx: Tx, call: Call, message: ConfirmKey, whole: _Combined) -> str:
        slot = _slot_of(message)
        if sorted(await rows.discard(tx, call.hospital_id, slot)) != sorted(each.component.sealed for each in whole.of):
            raise ComponentsMissing  # entered anew meanwhile: what was compared is not what is there
        first, second = whole.of
        if first.by == second.by:
            raise SecondPersonNeeded
        loaded = Loaded(call.now, call.principal.staff_id, (first.by, second.by))
        await rows.put_tmk(tx, call.hospital_id, slot, whole.tmk, loaded)
        value = whole.tmk.check_value.hex().upper()
        await _note(tx, call, message, slot, check_value=value, first_by=first.by, second_by=second.by)
        return str(slot)

    async def _discard(self, tx: Tx, call: Call, message: DiscardKeyComponents, facts: None) -> str:
        await rows.discard(tx, call.hospital_id, _slot_of(message))
        return str(_slot_of(message))

    async def _refused(
        self, call: Call, message: Operation[KeyLoading], slot: PosSession, error: YinyiError, **detail: str | int
    ) -> None:
        """What is refused stands in the journal, too."""
        why = error.detail or error.code()
        log.warning("keys.refused", slot=str(slot), why=why, by=call.principal.staff_id)
        async with self._database.transaction() as tx:
            await _note(tx, call, message, slot, refused=why, **detail)


async def _note(tx: Tx, call: Call, message: Operation[KeyLoading], slot: PosSession, **detail: str | int) -> None:
    """In the audit journal: check values, never a key."""
    await audit.append(tx, call, spec_of(type(message)).path, str(slot), detail)


def _slot_of(named: _NamesSlot) -> PosSession:
    return PosSession(named.acquirer, named.merchant_no, named.terminal_no)


def _slot(row: Row) -> PosSession:
    return PosSession(row["acquirer"], row["merchant_no"], row["terminal_no"])


def _slots(found: list[Row]) -> list[SlotKeys]:
    slots: dict[PosSession, list[KeyView]] = {}
    for row in found:
        slots.setdefault(_slot(row), []).append(
            KeyView(
                purpose=row["purpose"],
                check_value=row["check_value"].hex().upper(),
                master_key_id=row["master_key_id"],
                loaded_at=row["loaded_at"],
                loaded_by=row["loaded_by"],
                first_by=row["first_by"] or "",
                second_by=row["second_by"] or "",
            )
        )
    return [SlotKeys(**slot._asdict(), keys=keys) for slot, keys in slots.items()]


def _view(slot: PosSession, entered: list[Entered], combined: str = "", loaded: str = "") -> KeyLoading:
    views = [
        ComponentView(
            part=each.component.part,
            check_value=each.component.check_value.hex().upper(),
            entered_by=each.by,
            entered_at=each.at,
            expires_at=each.expires_at,
        )
        for each in entered
    ]
    return KeyLoading(**slot._asdict(), components=views, combined=combined, loaded=loaded)
