"""Staff at the desk of keys: a real database, a real dispatcher, the software key store on a folder of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4
from zoneinfo import ZoneInfo

from dispatch_stage import SimClock

from yinyi.access.keys.software.config import Settings
from yinyi.access.keys.software.plugin import SoftwareKeyStore
from yinyi.app.business_start import DEMO_HOSPITAL
from yinyi.app.verifier import Verifier
from yinyi.bus.client import BusClient
from yinyi.bus.database import Database, open_database
from yinyi.bus.dispatch import Dispatcher
from yinyi.bus.envelope import Credentials
from yinyi.bus.operation import Caller, Operation
from yinyi.business.audit.store import WITH_A_CHANGE
from yinyi.business.lines.card_vault import CardVault
from yinyi.business.lines.key_model import HeldKey, PosSession
from yinyi.business.lines.line_hours import USUAL
from yinyi.business.lines.line_means import LineMeans
from yinyi.business.lines.messages import ConfirmKey, KeyLoading, KeyStatus, LoadKeyComponent
from yinyi.business.lines.service import LineService
from yinyi.business.lines.sessions import PosSessions
from yinyi.business.terminals import maintenance_store
from yinyi.business.terminals.directory import Directory
from yinyi.business.terminals.setup import ensure_hospital
from yinyi.business.terminals.staff_pins import StaffPins, pin_index
from yinyi.kernel.plugin import Surroundings
from yinyi.kernel.secrets import Vault, digest
from yinyi.wire.iso8583 import des
from yinyi.wire.key_entry import context_of, seal

R = TypeVar("R")
ZONE = ZoneInfo("Asia/Shanghai")
SLOT = PosSession("bank", "104110070110001", "00000001")
OTHER = PosSession("bank", "104110070110002", "00000001")
FIRST = bytes.fromhex("6B1D0F3A5C7E9B2D4F61830C2E5A7D94")
SECOND = bytes.fromhex("A2C4E68102435F7B9DBFD1E30617283A")
VAULT = Vault({1: bytes(32)}, bytes(32))
PINS = {"anna": "271828", "bernd": "314159", "clara": "161803"}
"""Of the cards of those who keep the bank's letters."""
WHOLE = bytes(a ^ b for a, b in zip(FIRST, SECOND, strict=True))


def value(key: bytes) -> str:
    """A check value, as letters say it."""
    return des.check_value(key).hex().upper()


class _InProcess:
    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    async def request(self, subject: str, data: bytes, timeout_s: float) -> bytes:
        return await self._dispatcher.answer(subject, data)


def store_on(folder: Path, clock: SimClock | None = None, **given: Any) -> SoftwareKeyStore:
    return SoftwareKeyStore(
        Settings(), Surroundings(clock=clock or SimClock(), callback_url="", secrets=folder, **given)
    )


@dataclass
class Stage:
    """What a test holds in its hand."""

    database: Database
    clock: SimClock
    store: SoftwareKeyStore
    lines: LineService
    client: BusClient

    async def ask(self, message: Operation[R], who: str = "anna", person: str = "", pin: str = "") -> R:
        shown = Credentials(staff=who, person=person, pin=pin)
        return (await self.client.ask(message, credentials=shown, key=uuid4().hex, timeout_s=30)).reply

    async def load(
        self,
        part: int,
        component: bytes,
        who: str,
        slot: PosSession = SLOT,
        says: str = "",
        sealed_for: PosSession | None = None,
        pin: str | None = None,
        asks: str = "",
    ) -> KeyLoading:
        """``who``: the custodian. ``says``, ``pin``: what he types, if not the right one. ``asks``: in whose name."""
        entry_key = (await self.ask(KeyStatus())).entry_key
        entry = seal(entry_key, context_of(str(sealed_for or slot), part), component)
        words: dict[str, Any] = {**slot._asdict(), "part": part}
        message = LoadKeyComponent(**words, entry=entry, check_value=says or value(component))
        return await self.ask(message, asks or who, who, PINS.get(who, "000000") if pin is None else pin)

    async def both(self, slot: PosSession = SLOT) -> KeyLoading:
        await self.load(1, FIRST, "anna", slot)
        return await self.load(2, SECOND, "bernd", slot)

    async def confirm(self, says: str = "", who: str = "anna", slot: PosSession = SLOT) -> KeyLoading:
        return await self.ask(ConfirmKey(**slot._asdict(), check_value=says or value(WHOLE)), who)

    async def loaded(self, *slots: PosSession) -> None:
        for slot in slots:
            await self.both(slot)
            await self.confirm(slot=slot)

    async def rows(self, sql: str, *values: Any) -> list[Any]:
        async with self.database.read() as tx:
            return await tx.fetch(sql, *values)


def delivered(key: bytes, tmk: bytes = WHOLE) -> bytes:
    """A working key as the acquirer sends it."""
    return des.encrypt_ecb(tmk, key)


async def working(stage: Stage, tmk: HeldKey, key: bytes, slot: PosSession = SLOT) -> HeldKey:
    return await stage.store.take_working_key(tmk, slot, "mak", delivered(key), des.check_value(key))


async def enrolled(database: Database, clock: SimClock) -> None:
    """Each of the custodians has a staff card."""
    async with database.transaction() as tx:
        await ensure_hospital(tx, DEMO_HOSPITAL)
        for name, pin in PINS.items():
            number = VAULT.index(name, "a card's number")
            secrets = (number, pin_index(VAULT, number, pin))
            await maintenance_store.enrol(tx, 1, *secrets, name, "", "test", "", clock.now())


def play(url: str, folder: Path, story: Callable[[Stage], Awaitable[None]], **given: Any) -> None:
    async def on_stage() -> None:
        database, clock = await open_database(url, size=6), SimClock()
        store = store_on(folder, clock, **given)
        means = LineMeans(database, {}, store, CardVault(VAULT), clock, ZONE, 1)
        await enrolled(database, clock)
        lines = LineService(database, store, clock, 1, PosSessions(means), {}, USUAL, "here", Directory())
        pins = StaffPins(database, VAULT)
        accounts = {digest(name): name for name in ("operator", "supervisor", *PINS)}
        nobody: Any = None
        verifier = Verifier(database, nobody, nobody, nobody, clock, ZONE, 1, accounts, pins)
        dispatcher = Dispatcher(database, verifier, clock, audit=WITH_A_CHANGE)
        lines.register(dispatcher)
        client = BusClient(_InProcess(dispatcher), Caller.STAFF.value, clock)
        try:
            await lines.start()
            async with asyncio.timeout(60):
                await story(Stage(database, clock, store, lines, client))
        finally:
            await store.stop()
            await database.close()

    asyncio.run(on_stage())
