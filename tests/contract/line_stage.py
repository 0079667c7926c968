"""POS sessions on a real database and the software key store, against a bank that a test moves by hand."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from dispatch_stage import SimClock

from yinyi.access.keys.software.config import Settings as KeySettings
from yinyi.access.keys.software.plugin import SoftwareKeyStore
from yinyi.bus.database import Database, open_database
from yinyi.business.lines import key_rows, session_store
from yinyi.business.lines.card_vault import CardVault
from yinyi.business.lines.key_model import PosSession
from yinyi.business.lines.line_means import LineMeans
from yinyi.business.lines.session_model import (
    Approved,
    Card,
    Declined,
    Delivered,
    Desk,
    Detail,
    Habits,
    LineAnswer,
    MessageNo,
    NoAnswer,
    Original,
    ReversalReason,
    Settled,
    SignedOn,
    Totals,
)
from yinyi.business.lines.session_ports import Late
from yinyi.business.lines.sessions import PosSessions
from yinyi.kernel.money import Fen
from yinyi.kernel.plugin import Surroundings
from yinyi.kernel.secrets import Vault
from yinyi.wire.iso8583 import des
from yinyi.wire.key_entry import context_of, seal

HOSPITAL = 1
ZONE = ZoneInfo("Asia/Shanghai")
BANK = "bank"
OUTPATIENT = PosSession(BANK, "898310070110001", "10000001")
INPATIENT = PosSession(BANK, "898310070110002", "10000001")
CARD = Card(
    pan="6225880212345678", entry_mode="chip", sequence_no="001", chip_data=b"\x9f\x26\x08chipdata",
    pin_block=b"PINBLOCK", pin_key_check=des.check_value(bytearray(range(1, 17))),
)  # fmt: skip
PIK, MAK = bytes(range(1, 17)), bytes(range(33, 49))
Behaviour = Callable[[Desk], LineAnswer | SignedOn | Settled]


def tmk_halves(slot: PosSession) -> tuple[bytes, bytes]:
    seed = slot.merchant_no.encode()[-8:] + slot.terminal_no.encode()
    return seed, bytes(reversed(seed))


@dataclass
class Said:
    """One message that has reached the bank."""

    kind: str
    slot: PosSession
    batch_no: int
    trace_no: int
    what: Any = None

    @property
    def number(self) -> MessageNo:
        return MessageNo(self.batch_no, self.trace_no)


@dataclass
class FarBank:
    """Answers ``Approved`` unless ``next`` says otherwise: by kind, used up in order. A ``Behaviour`` may raise.

    gate: when set, a purchase stays out there until the test opens it.
    """

    clock: SimClock
    name: str = BANK
    habits: Habits = field(default_factory=lambda: Habits(answer_timeout_s=60, reversal_tries=3, reversal_every_s=0))
    said: list[Said] = field(default_factory=list[Said])
    next: dict[str, list[LineAnswer | SignedOn | Settled | Behaviour]] = field(default_factory=dict[str, Any])
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event | None = None
    late: Late | None = None

    def hear_late(self, late: Late) -> None:
        self.late = late

    async def _answer(self, kind: str, desk: Desk, usual: Any, what: Any = None) -> Any:
        self.said.append(Said(kind, desk.slot, desk.batch_no, desk.trace_no, what))
        if kind != "sign_on":
            assert desk.mac is not None
            await desk.mac("x9.19", b"a message")
        if kind == "purchase" and self.gate is not None:
            self.arrived.set()
            await self.gate.wait()
        wanted = self.next.get(kind, [])
        if not wanted:
            return usual
        first = wanted.pop(0)
        return first(desk) if callable(first) else first

    def keys(self, slot: PosSession, pik: bytes = PIK) -> SignedOn:
        one, other = tmk_halves(slot)
        tmk = bytearray(a ^ b for a, b in zip(one, other, strict=True))
        return SignedOn(
            keys=(
                Delivered("pik", des.encrypt_ecb(tmk, pik), des.check_value(pik)),
                Delivered("mak", des.encrypt_ecb(tmk, MAK), des.check_value(MAK)),
            )
        )

    async def sign_on(self, desk: Desk) -> Any:
        return await self._answer("sign_on", desk, self.keys(desk.slot))

    async def sign_off(self, desk: Desk) -> LineAnswer:
        return await self._answer("sign_off", desk, Approved(retrieval_ref=""))

    async def echo(self, desk: Desk) -> LineAnswer:
        return await self._answer("echo", desk, Approved(retrieval_ref=""))

    async def balance(self, desk: Desk, card: Card) -> LineAnswer:
        return await self._answer("balance", desk, Approved(retrieval_ref="", amount_fen=Fen(100)))

    async def purchase(self, desk: Desk, amount_fen: Fen, card: Card) -> LineAnswer:
        usual = Approved(retrieval_ref=f"{desk.trace_no:012}", auth_code="A12345")
        return await self._answer("purchase", desk, usual, (amount_fen, card))

    async def void(self, desk: Desk, original: Original) -> LineAnswer:
        return await self._answer("void", desk, Approved(retrieval_ref="V"), original)

    async def refund(self, desk: Desk, original: Original, amount_fen: Fen) -> LineAnswer:
        return await self._answer("refund", desk, Approved(retrieval_ref="R"), (original, amount_fen))

    async def reverse(self, desk: Desk, original: Original, why: ReversalReason, tries: int) -> LineAnswer:
        return await self._answer("reverse", desk, Approved(retrieval_ref=""), (original, why, tries))

    async def settle(self, desk: Desk, totals: Totals) -> Any:
        return await self._answer("settle", desk, Settled(balanced=True), totals)

    async def upload(self, desk: Desk, details: Sequence[Detail]) -> LineAnswer:
        return await self._answer("upload", desk, Approved(retrieval_ref=""), list(details))

    async def end_upload(self, desk: Desk, count: int, *, balanced: bool = False) -> LineAnswer:
        kind = "end_balanced" if balanced else "end_upload"
        return await self._answer(kind, desk, Approved(retrieval_ref=""), count)

    def kinds(self) -> list[str]:
        return [each.kind for each in self.said]


@dataclass
class LineStage:
    """One business process of a hospital with two sessions on one terminal."""

    database: Database
    clock: SimClock
    bank: FarBank
    means: LineMeans
    sessions: PosSessions
    outpatient: int
    inpatient: int

    def another_process(self) -> PosSessions:
        """Beside this one, with the same database and the same bank."""
        return PosSessions(self.means)

    async def buy(self, reference: str, amount_fen: int = 5000, session: int | None = None) -> LineAnswer:
        at = self.outpatient if session is None else session
        return await self.sessions.purchase(BANK, at, reference, Fen(amount_fen), CARD)

    async def state(self, reference: str) -> str | None:
        found = await self.sessions.standing(reference)
        return found.state if found else None

    async def rows(self, query: str, *args: Any) -> list[Any]:
        async with self.database.read() as tx:
            return await tx.fetch(query, *args)


@asynccontextmanager
async def line_stage(url: str, folder: Path) -> AsyncGenerator[LineStage]:
    clock = SimClock()
    database = await open_database(url, size=6)
    store = SoftwareKeyStore(KeySettings(), Surroundings(clock=clock, callback_url="", secrets=folder))
    bank = FarBank(clock)
    vault = CardVault(Vault({1: bytes(32)}, bytes(32)))
    means = LineMeans(database, {BANK: bank}, store, vault, clock, ZONE, HOSPITAL)
    try:
        ids = [
            await _session(means, store, OUTPATIENT, "outpatient"),
            await _session(means, store, INPATIENT, "inpatient"),
        ]
        yield LineStage(database, clock, bank, means, PosSessions(means), *ids)
    finally:
        await database.close()
        await store.stop()


async def _session(means: LineMeans, store: SoftwareKeyStore, slot: PosSession, scope: str) -> int:
    return await session_with(means, store, slot, scope, tmk_halves(slot))


async def session_with(
    means: LineMeans,
    store: SoftwareKeyStore,
    slot: PosSession,
    scope: str,
    components: tuple[bytes, bytes],
    at: str = "K03",
) -> int:
    """On record, with a master key of two components."""
    halves = [
        await store.seal_component(
            slot,
            part,
            seal(await store.entry_key(), context_of(str(slot), part), half),
            des.check_value(half),
        )
        for part, half in enumerate(components, 1)
    ]
    tmk = await store.combine(slot, *halves)
    now = means.clock.now()
    loaded = key_rows.Loaded(at=now, by="anna", custodians=("anna", "bernd"))
    async with means.database.transaction() as tx:
        await key_rows.first_in_use(tx, HOSPITAL, await store.master_key_id(), now)
        await key_rows.put_tmk(tx, HOSPITAL, slot, tmk, loaded)
        return await session_store.add(tx, HOSPITAL, slot, scope, at, f"云山市人民医院 {scope}")


NO_ANSWER = NoAnswer(detail="none within 60 s")
SIGN_ON_FIRST = Declined(code="77", reason="bad_request", must_sign_on=True)


def play(url: str, folder: Path, story: Callable[[LineStage], Awaitable[None]]) -> None:
    """A story on a stage of its own."""

    async def whole() -> None:
        async with line_stage(url, folder) as stage:
            await story(stage)

    asyncio.run(whole())
