"""A hall where people pay by card: a whole business process on a real database, a bank that a test moves by hand, two
terminals with their agents and screens."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import msgspec
from line_stage import BANK, INPATIENT, OUTPATIENT, PIK, FarBank, LineStage, line_stage
from terminal_hall import PATIENCE_S, Bus

from yinyi.app.bank_lines import Account, BankLines
from yinyi.app.business import Business
from yinyi.app.demo_hospital import HOSPITAL_ID
from yinyi.app.outside import Outside
from yinyi.bus.call import Call, Principal
from yinyi.bus.client import BusClient
from yinyi.bus.envelope import Credentials
from yinyi.bus.operation import Caller, Operation
from yinyi.business.identity.model import PatientRecord
from yinyi.business.identity.sessions import start_session
from yinyi.business.identity.store import keep_patient
from yinyi.business.payments.card_kinds import CardKind
from yinyi.business.payments.channels import MerchantTable
from yinyi.business.payments.lease import LEASE_S
from yinyi.business.payments.messages import GetPayment, PaymentView
from yinyi.business.payments.messages_cards import CancelReading, PresentPayCard, ReadCard
from yinyi.business.payments.view import state_of
from yinyi.business.prepaid import store as prepaid
from yinyi.business.prepaid.messages import TopUp
from yinyi.business.terminals.messages import (
    ConnectTerminal,
    EnrolTerminal,
    GetTerminal,
    PairBrowser,
    ReportCardTerminal,
    TakeCardRequest,
    WantedCard,
)
from yinyi.business.terminals.model import CardEntry, CardReading, CardStep, Counter, DeviceView, Hospital, Standing
from yinyi.business.terminals.setup import add_terminal, ensure_hospital
from yinyi.kernel.money import Fen
from yinyi.kernel.secrets import Vault
from yinyi.wire.card_seal import CardRead, Place, seal_card
from yinyi.wire.iso8583 import des

R = TypeVar("R")

HERE, THERE = "K03", "K04"
"""Only the first one has sessions with the bank."""
WANG, SUN = "王芳", "孙晓梅"
PAN, STRANGE, AWAY = "6299910000000010019", "4111111111111111", "9990010000000011"
SLOT = str(OUTPATIENT)
MOVING = frozenset({"holding", "starting", "waiting", "unknown", "delivering"})
_DEVICES = [DeviceView(device="card_terminal", kind="card_terminal", state="ok")]
_KINDS = {"bank_card": CardKind(("62",)), "public_card": CardKind(("99900",), asks_pin=False)}


@dataclass
class Kiosk:
    """Both ends of one terminal: its agent and its screen."""

    terminal_id: str
    agent: str
    screen: str
    epoch: int


@dataclass
class CardHall:
    """What a test holds in its hand."""

    stage: LineStage
    business: Business
    here: Kiosk
    there: Kiosk
    sessions: dict[str, str]
    """A patient's session at the first terminal, by name."""
    seal_keys: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """By request, as the agent was told them."""
    serial: "count[int]" = field(default_factory=lambda: count(1))

    async def ask(self, caller: Caller, message: Operation[R], key: str = "", **shown: str) -> R:
        """``shown``: the credentials, by name."""
        client = BusClient(Bus(self.business.dispatcher), caller.value, self.stage.clock)
        credentials = msgspec.convert(shown, Credentials)
        return (await client.ask(message, credentials=credentials, key=key or f"key-{next(self.serial):012}")).reply

    async def at_screen(self, message: Operation[R], who: str = WANG, key: str = "", kiosk: Kiosk | None = None) -> R:
        screen = (kiosk or self.here).screen
        return await self.ask(Caller.KIOSK, message, key, terminal=screen, session=self.sessions.get(who, ""))

    async def by_agent(self, message: Operation[R], key: str = "", kiosk: Kiosk | None = None) -> R:
        return await self.ask(Caller.TERMINAL, message, key, terminal=(kiosk or self.here).agent)

    # -- people

    async def to_pay(self, who: str = WANG, amount_fen: int = 5000) -> str:
        """A payment that nobody has begun to pay."""
        return (await self.at_screen(TopUp(amount_fen=Fen(amount_fen)), who)).payment_no

    async def comes_back(self, who: str = WANG) -> None:
        """Time has ended the earlier session."""
        now, number = self.stage.clock.now(), next(self.serial)
        self.sessions[who] = f"session-again-{number}"
        async with self.stage.database.transaction() as tx:
            of_name = "SELECT patient_id FROM patient WHERE hospital_id = $1 AND name = $2"
            patient_id = await tx.fetchval(of_name, HOSPITAL_ID, who)
            await start_session(tx, HOSPITAL_ID, HERE, patient_id, self.sessions[who], now)

    async def reads(self, payment_no: str, who: str = WANG, key: str = "") -> str:
        """A card is asked for; the request that the agent has got."""
        await self.at_screen(ReadCard(payment_no=payment_no, tender="bank_card"), who, key)
        return (await self.wanted()).request_id

    async def leaves(self, payment_no: str, who: str = WANG) -> None:
        await self.at_screen(CancelReading(payment_no=payment_no), who)

    async def payment(self, payment_no: str, who: str = WANG) -> PaymentView:
        return await self.at_screen(GetPayment(number=payment_no), who)

    async def reading(self) -> CardReading:
        """As the screen sees it."""
        return (await self.at_screen(GetTerminal())).reading

    # -- the agent

    async def wanted(self, kiosk: Kiosk | None = None) -> WantedCard:
        at = kiosk or self.here
        wanted = await self.by_agent(TakeCardRequest(epoch=at.epoch), kiosk=at)
        if wanted.request is not None:
            self.seal_keys[wanted.request_id] = wanted.request.seal_key
        return wanted

    async def says(self, step: CardStep, request_id: str, digits: int = 0) -> None:
        event_id = f"step-{next(self.serial)}"
        await self.by_agent(
            ReportCardTerminal(
                epoch=self.here.epoch, event_id=event_id, request_id=request_id, step=step, digits=digits
            )
        )

    def card(self, request_id: str, pan: str = PAN, slot: str = SLOT, entry_mode: CardEntry = "chip") -> PresentPayCard:
        """A card with its PIN, as its agent tells of it."""
        card = CardRead(
            pan=pan,
            entry_mode=entry_mode,
            sequence_no="001",
            chip_data=b"\x9f\x26\x08chipdata",
            pin_block=b"PINBLOCK",
            pin_key_check=des.check_value(PIK),
        )
        return PresentPayCard(
            epoch=self.here.epoch,
            event_id=f"card-{next(self.serial)}",
            request_id=request_id,
            slot=slot,
            sealed=seal_card(self.seal_keys[request_id], Place(HERE, request_id, slot), card),
        )

    async def brings(self, request_id: str, pan: str = PAN, slot: str = SLOT, entry_mode: CardEntry = "chip") -> None:
        await self.by_agent(self.card(request_id, pan, slot, entry_mode))

    # -- what has come of it

    async def paid(self, payment_no: str) -> bool:
        """Once whoever drives it has come to rest."""
        now, plan = self.stage.clock.now(), None
        who = Principal(caller=Caller.STAFF, hospital_id=HOSPITAL_ID)
        call = Call(principal=who, now=now, deadline=now + timedelta(minutes=1), correlation_id="c")
        async with asyncio.timeout(PATIENCE_S):
            while plan is None or state_of(plan) in MOVING:
                plan = await self.business.payments.settled(call, payment_no, MOVING)
        return state_of(plan) == "fulfilled"

    def purchases(self) -> int:
        """That have reached the bank."""
        return self.stage.bank.kinds().count("purchase")

    async def pass_by(self, span: timedelta) -> None:
        """Time, with the process alive: its lease never runs out."""
        until, step = self.stage.clock.at + span, timedelta(seconds=LEASE_S / 2)
        while self.stage.clock.at < until:
            self.stage.clock.at = min(self.stage.clock.at + step, until)
            await self.business.lease.beat()


@asynccontextmanager
async def card_hall(url: str, folder: Path, hospital: Any = None) -> AsyncGenerator[CardHall]:
    """A hall over this platform's database. ``hospital``: its connector, for those who ask it anything."""
    async with line_stage(url, folder) as stage:
        vault = Vault({1: bytes(32)}, bytes(32))
        business = Business(stage.database, _outside(stage, hospital), vault, stage.clock, _publish, _say)
        await business.payments.prepare()
        await business.lease.take()
        driving = asyncio.create_task(business.driver.run())
        try:
            yield await _furnished(stage, business, vault)
        finally:
            driving.cancel()
            await asyncio.wait([driving])
            await business.stop()


def play(url: str, folder: Path, story: Callable[[CardHall], Awaitable[None]], hospital: Any = None) -> None:
    """A story in a hall of its own."""

    async def whole() -> None:
        async with card_hall(url, folder, hospital) as hall:
            await story(hall)

    asyncio.run(whole())


def _outside(stage: LineStage, hospital: Any) -> Outside:
    accounts = [
        Account(BANK, OUTPATIENT.merchant_no, "outpatient", "云山市人民医院 门诊", ("bank_card",)),
        Account(BANK, INPATIENT.merchant_no, "inpatient", "云山市人民医院 住院", ("bank_card",)),
        Account("public", "898310070110009", "outpatient", "云山市人民医院 公众通", ("public_card",)),
    ]
    lines = BankLines(
        acquirers={BANK: stage.bank, "public": FarBank(stage.clock, "public")}, accounts=accounts, kinds=_KINDS
    )
    merchants = MerchantTable(lines.merchants())
    return Outside(
        hospital=hospital or SimpleNamespace(call_timeout_s=5.0),
        channels={},
        merchants=merchants,
        keys=stage.means.keys,
        lines=lines,
    )


async def _furnished(stage: LineStage, business: Business, vault: Vault) -> CardHall:
    now = stage.clock.now()
    place = Counter(name="3 号窗口", name_en="Window 3")
    codes: dict[str, str] = {}
    sessions: dict[str, str] = {}
    async with stage.database.transaction() as tx:
        names: dict[str, Any] = {"name": "云山市人民医院", "name_en": "Yunshan People's Hospital"}
        hospital = Hospital(hospital_id=HOSPITAL_ID, zone="Asia/Shanghai", window=place, triage=place, **names)
        await ensure_hospital(tx, hospital)
        for terminal_id in (HERE, THERE):
            standing = Standing(terminal_id=terminal_id, name=terminal_id, place="", place_en="", profile="hall")
            codes[terminal_id] = await add_terminal(tx, HOSPITAL_ID, standing, now)
        for number, name in enumerate((WANG, SUN), 1):
            record = PatientRecord(patient_no=f"000000000{number}", name=name, sex="female", born_on=None)
            patient = await keep_patient(tx, vault, HOSPITAL_ID, record, now)
            sessions[name] = f"session-of-{number}"
            await start_session(tx, HOSPITAL_ID, "", patient.patient_id, sessions[name], now)
        await tx.execute("UPDATE patient_session SET terminal_id = $1", HERE)
        await prepaid.set_mode(tx, HOSPITAL_ID, "collect", "test", now)
    hall = CardHall(stage, business, Kiosk(HERE, "", "", 0), Kiosk(THERE, "", "", 0), sessions)
    for kiosk in (hall.here, hall.there):
        enrolling = EnrolTerminal(enrolment_code=codes[kiosk.terminal_id], installation_id=kiosk.terminal_id)
        kiosk.agent = (await hall.ask(Caller.TERMINAL, enrolling)).terminal_token
        line = await hall.by_agent(ConnectTerminal(agent_version="1", devices=_DEVICES), kiosk=kiosk)
        kiosk.epoch = line.epoch
        kiosk.screen = (await hall.ask(Caller.KIOSK, PairBrowser(pairing_code=line.pairing_code))).screen_token
    return hall


async def _publish(subject: str, body: bytes, message_id: str) -> None: ...


def _say(subject: str, body: bytes) -> None: ...
