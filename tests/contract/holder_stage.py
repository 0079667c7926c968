"""A hospital whose card terminals read cards that identify: all of the business layer as it is wired, real database and
key store, against a bank that a test moves by hand. Hands of agents and screens included."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec
from line_stage import BANK, INPATIENT, OUTPATIENT, LineStage, line_stage, session_with, tmk_halves

from yinyi.access.keys.software.plugin import SoftwareKeyStore
from yinyi.app.bank_lines import Account, BankLines
from yinyi.app.business import Business
from yinyi.app.business_start import DEMO_HOSPITAL, DEMO_TERMINAL
from yinyi.app.outside import Outside
from yinyi.bus.client import BusClient
from yinyi.bus.dispatch import Dispatcher
from yinyi.bus.envelope import Credentials
from yinyi.bus.operation import Caller, Operation
from yinyi.business.identity import sessions, store
from yinyi.business.identity.messages_cards import (
    CardBinding,
    CardIdentified,
    GetCardBinding,
    IdentifyByCard,
    ReadCardToBind,
    ReadCardToIdentify,
)
from yinyi.business.identity.model import PAYMENT_CARDS, PatientRecord, PaymentCardKind
from yinyi.business.lines.key_model import PosSession
from yinyi.business.payments.card_kinds import CardKind
from yinyi.business.payments.channels import MerchantTable
from yinyi.business.payments.messages_cards import PresentPayCard
from yinyi.business.terminals.messages import CardRequest, ConnectTerminal, EnrolTerminal, PairBrowser, TakeCardRequest
from yinyi.business.terminals.model import INSTALLER, CardEntry
from yinyi.business.terminals.setup import add_terminal, ensure_hospital
from yinyi.kernel.secrets import Vault, digest
from yinyi.wire.card_seal import CardRead, Place, seal_card

R = TypeVar("R")

HALL, WARD = "K03", "K04"
BANK_PAN, PUBLIC_PAN, SOCIAL_PAN = "6299910000000010014", "9990000000002007", "6299930000000030011"
KINDS = {
    "bank_card": CardKind(("62",)),
    "public_card": CardKind(("999",), asks_pin=False),
    "social_security_card": CardKind(("629993",)),
}
VAULT = Vault({1: b"k" * 32}, b"i" * 32)
TILL = "token-of-the-till"
SECOND = "token-of-somebody-else"
INSTALLS = "token-of-the-installer"
"""Staff show them."""
STAFF = {digest(TILL): "W0001", digest(SECOND): "W0002", digest(INSTALLS): INSTALLER}


@dataclass
class Kiosk:
    """One terminal: its agent's token and line, its screen's token."""

    stage: "HolderStage"
    terminal_id: str
    agent: str
    screen: str
    epoch: int
    session: str = ""
    brought: PresentPayCard | None = None

    async def ask(self, message: Operation[R], *, key: str = "") -> R:
        """From the screen, in the name of whoever is at it."""
        return await self.stage.ask(Caller.KIOSK, message, key, terminal=self.screen, session=self.session)

    async def wanted(self) -> CardRequest | None:
        """What the card terminal is asked for."""
        asked = TakeCardRequest(epoch=self.epoch)
        return (await self.stage.ask(Caller.TERMINAL, asked, terminal=self.agent)).request

    async def bring(
        self, pan: str = BANK_PAN, *, entry_mode: CardEntry = "chip", expiry: str = "", **more: Any
    ) -> None:
        """A card, read as the agent was asked; its PIN as the bank is made to find it."""
        request = await self.wanted()
        assert request is not None
        begins = [(len(each), route) for route in request.routes for each in route.prefixes if pan.startswith(each)]
        route = max(begins, key=lambda one: one[0])[1]
        block = b"PINBLOCK" if route.pin_key else b""
        told: dict[str, Any] = {
            "pan": pan,
            "entry_mode": entry_mode,
            "expiry": expiry,
            "pin_block": block,
            "pin_key_check": route.pin_key_check,
        }
        card = CardRead(**{**told, **more})
        place = Place(self.terminal_id, request.request_id, route.slot)
        self.brought = PresentPayCard(
            epoch=self.epoch,
            event_id=f"event-{next(self.stage.keys)}",
            request_id=request.request_id,
            slot=route.slot,
            sealed=seal_card(request.seal_key, place, card),
        )
        await self.bring_again()

    async def bring_again(self) -> None:
        """The agent has not heard that it was taken."""
        assert self.brought is not None
        key = f"key-of-{self.brought.event_id}-card"
        await self.stage.ask(Caller.TERMINAL, self.brought, key, terminal=self.agent)

    async def identified(self, pan: str = BANK_PAN, **more: Any) -> CardIdentified:
        """Read to identify, and what came of it."""
        ticket = (await self.ask(ReadCardToIdentify())).ticket
        await self.bring(pan, **more)
        return await self.ask(IdentifyByCard(ticket=ticket))

    async def bound(self, pan: str = BANK_PAN, **more: Any) -> CardBinding:
        """Read to be bound, and what came of it once the bank has answered."""
        begun = await self.ask(ReadCardToBind())
        await self.bring(pan, **more)
        return await self.told(begun.request_id)

    async def told(self, request_id: str) -> CardBinding:
        await self.stage.business.pay_cards.come_home(20)
        return await self.ask(GetCardBinding(request_id=request_id))


@dataclass
class HolderStage:
    """What a test holds in its hand."""

    line: LineStage
    business: Business
    hall: Kiosk = field(init=False)
    ward: Kiosk = field(init=False)
    keys: Iterator[int] = field(default_factory=count)

    async def ask(self, caller: Caller, message: Operation[R], key: str = "", **shown: str) -> R:
        client = BusClient(InProcess(self.business.dispatcher), caller, self.line.clock)
        key = key or f"key-of-a-test-{next(self.keys)}"
        answered = await client.ask(message, credentials=msgspec.convert(shown, Credentials), key=key)
        return answered.reply

    async def comes(self, kiosk: Kiosk, patient_no: str, name: str = "王芳", opened_by: str = "") -> int:
        """A patient on record stands before this kiosk; his id. ``opened_by``: only something of his was scanned."""
        patient_id, kiosk.session = await self.speaks(kiosk.terminal_id, patient_no, name, opened_by)
        return patient_id

    async def speaks(self, place: str, patient_no: str, name: str = "王芳", opened_by: str = "") -> tuple[int, str]:
        """A patient on record is known at this place; his id, and the session."""
        token, now = f"session-of-somebody-{next(self.keys)}", self.line.clock.now()
        record = PatientRecord(patient_no=patient_no, name=name, sex="female", born_on=None)
        async with self.line.database.transaction() as tx:
            patient = await store.keep_patient(tx, VAULT, DEMO_HOSPITAL.hospital_id, record, now)
            where = (DEMO_HOSPITAL.hospital_id, place)
            await sessions.start_session(tx, *where, patient.patient_id, token, now, opened_by=opened_by)
        return patient.patient_id, token

    async def bank_knows(self, kiosk: Kiosk) -> None:
        """It has a session of its own, too."""
        slot = PosSession(BANK, OUTPATIENT.merchant_no, "10000002")
        halves = tmk_halves(slot)
        await session_with(self.line.means, store_of(self.line), slot, "outpatient", halves, kiosk.terminal_id)

    async def one(self, query: str, *args: Any) -> Any:
        async with self.line.database.read() as tx:
            return await tx.fetchval(query, *args)

    async def kiosk(self, terminal_id: str, code: str) -> Kiosk:
        enrolling = EnrolTerminal(enrolment_code=code, installation_id=f"machine-{terminal_id}")
        agent = (await self.ask(Caller.TERMINAL, enrolling)).terminal_token
        line = await self.ask(Caller.TERMINAL, ConnectTerminal(agent_version="1", devices=[]), terminal=agent)
        paired = await self.ask(Caller.KIOSK, PairBrowser(pairing_code=line.pairing_code))
        return Kiosk(self, terminal_id, agent, paired.screen_token, line.epoch)


def store_of(line: LineStage) -> SoftwareKeyStore:
    return cast(SoftwareKeyStore, line.means.keys)


class InProcess:
    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    async def request(self, subject: str, data: bytes, timeout_s: float) -> bytes:
        return await self._dispatcher.answer(subject, data)


class _NobodyThere:
    """The hospital's systems: no card asks them."""

    call_timeout_s = 1.0


NOBODY_THERE = _NobodyThere()


async def publish(subject: str, body: bytes, message_id: str) -> None: ...


def say(subject: str, body: bytes) -> None: ...


@asynccontextmanager
async def holder_stage(
    url: str,
    folder: Path,
    kinds: tuple[PaymentCardKind, ...] = PAYMENT_CARDS,
    hospital: Any = NOBODY_THERE,
    **wants: Any,
) -> AsyncGenerator[HolderStage]:
    """``hospital``: its connector, where more is asked of it than who a card belongs to. ``wants``: see ``Outside``."""
    async with line_stage(url, folder) as line:
        accounts = [
            Account(BANK, slot.merchant_no, scope, f"云山市人民医院 {scope}", tuple(KINDS))
            for slot, scope in ((OUTPATIENT, "outpatient"), (INPATIENT, "inpatient"))
        ]
        lines = BankLines(acquirers={BANK: line.bank}, accounts=accounts, kinds=KINDS)
        wanted: dict[str, Any] = {"channels": {}, "lists_kept_s": 0.0, **wants}
        outside = Outside(
            hospital=hospital,
            merchants=MerchantTable(lines.merchants()),
            keys=line.means.keys,
            lines=lines,
            identity_cards=kinds,
            **wanted,
        )
        stage = HolderStage(line, Business(line.database, outside, VAULT, line.clock, publish, say, staff=STAFF))
        now = line.clock.now()
        async with line.database.transaction() as tx:
            await ensure_hospital(tx, DEMO_HOSPITAL)
            standings = [DEMO_TERMINAL, msgspec.structs.replace(DEMO_TERMINAL, terminal_id=WARD)]
            codes = [await add_terminal(tx, DEMO_HOSPITAL.hospital_id, each, now) for each in standings]
        stage.hall, stage.ward = [
            await stage.kiosk(terminal_id, code) for terminal_id, code in zip((HALL, WARD), codes, strict=True)
        ]
        yield stage
        await stage.business.pay_cards.come_home(20)


def play(
    url: str,
    folder: Path,
    story: Callable[[HolderStage], Awaitable[None]],
    kinds: tuple[PaymentCardKind, ...] = PAYMENT_CARDS,
    hospital: Any = NOBODY_THERE,
) -> None:
    """A story on a stage of its own."""

    async def whole() -> None:
        async with holder_stage(url, folder, kinds, hospital) as stage:
            await story(stage)

    asyncio.run(whole())
