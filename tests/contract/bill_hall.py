"""A hall where people pay their bills: a whole business process on a real database, the sandbox hospital behind it, two
wallets that a test moves by hand, one terminal with its screen."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any, TypeVar

import msgspec
from hospital_stage import procedures
from terminal_hall import PATIENCE_S, Bus

from yinyi.app.business import Business
from yinyi.app.demo_hospital import HOSPITAL_ID
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.app.faults.far_side import SimChannel, SimClock, SimWallet
from yinyi.app.outside import Outside
from yinyi.bus.call import Call, Principal
from yinyi.bus.client import BusClient
from yinyi.bus.database import open_database
from yinyi.bus.envelope import Credentials, ReplyEnvelope, RequestEnvelope
from yinyi.bus.operation import Caller, Operation, OperationSpec
from yinyi.business.billing.messages import (
    FormOpened,
    IdentifyByForm,
    InvoicePayment,
    InvoiceView,
    ListInvoices,
    PayInvoices,
)
from yinyi.business.billing.model import ChosenInvoice
from yinyi.business.documents.model import SlipData
from yinyi.business.identity.model import PatientRecord
from yinyi.business.identity.sessions import start_session
from yinyi.business.identity.store import keep_patient
from yinyi.business.ledger import store as ledger
from yinyi.business.ledger.model import JournalEntry, Posting, is_limited, prepaid_account
from yinyi.business.payments.channels import MerchantTable
from yinyi.business.payments.means import MeansBook
from yinyi.business.payments.messages import ChooseTender
from yinyi.business.payments.model import PaymentState
from yinyi.business.payments.plan import TAKE, Plan
from yinyi.business.payments.view import state_of
from yinyi.business.prepaid import store as prepaid
from yinyi.business.terminals.messages import ConnectTerminal, EnrolTerminal, GetTerminal, PairBrowser, PresentCode
from yinyi.business.terminals.model import Counter, DeviceView, Hospital, Standing
from yinyi.business.terminals.setup import add_terminal, ensure_hospital
from yinyi.conformance.hospital.stage import Stage
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.errors import error_named
from yinyi.kernel.means import PaymentMeans, TenderName
from yinyi.kernel.money import Fen
from yinyi.kernel.secrets import Vault, digest

R = TypeVar("R")

HERE = "K03"
NOTHING: Mapping[str, tuple[Any, PaymentMeans]] = {}
TILL = "token-of-the-till"
STAFF = {digest(TILL): "W0001"}
MOVING: frozenset[PaymentState] = frozenset({"holding", "starting", "unknown", "delivering", "closing", "returning"})
AT_WORK: frozenset[PaymentState] = frozenset({*MOVING, "waiting"})
_DEVICES = [DeviceView(device="scanner", kind="scanner", state="ok")]


class WallClock(SimClock):
    """Goes on by itself."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class BillHall:
    """What a test holds in its hand. patients: their numbers at the hospital and their sessions, by ``A`` and ``B``.
    stranger: the hospital number of somebody who was never here."""

    stage: Stage
    business: Business
    channel: SimChannel
    wallet: SimWallet
    screen: str = ""
    agent: str = ""
    epoch: int = 0
    patients: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    stranger: str = ""
    ids: dict[str, int] = field(default_factory=dict[str, int])
    serial: "count[int]" = field(default_factory=lambda: count(1))

    async def ask(self, caller: Caller, message: Operation[R], key: str = "", **shown: str) -> R:
        """``shown``: the credentials, by name."""
        client = BusClient(Bus(self.business.dispatcher), caller.value, self.business.clock)
        credentials = msgspec.convert(shown, Credentials)
        return (await client.ask(message, credentials=credentials, key=key or f"key-{next(self.serial):012}")).reply

    async def at_screen(self, message: Operation[R], who: str = "A", key: str = "") -> R:
        session = self.patients[who][1] if who else ""
        return await self.ask(Caller.KIOSK, message, key, terminal=self.screen, session=session)

    async def raw(self, spec: OperationSpec, who: str) -> None:
        """Anything at all of an operation, whatever it would need."""
        now = self.business.clock.now()
        credentials = Credentials(terminal=self.screen, session=self.patients[who][1])
        envelope = RequestEnvelope(
            correlation_id="c",
            deadline=now + timedelta(seconds=8),
            body=msgspec.Raw(b"{}"),
            credentials=credentials,
            key=f"key-{next(self.serial):012}",
        )
        told = msgspec.json.encode(envelope)
        data = await Bus(self.business.dispatcher).request(spec.subject("kiosk"), told, 8)
        failure = msgspec.json.decode(data, type=ReplyEnvelope).failure
        if failure is not None:
            raise error_named(failure.code)(failure.detail)

    # -- people

    async def ordered(self, who: str = "A", department_id: str = "0102") -> list[InvoiceView]:
        """Fresh bills of this patient's, as the screen lists them."""
        numbers = await self.stage.hands.order(self.patients[who][0], department_id)
        listed = (await self.at_screen(ListInvoices(), who)).invoices
        return [each for each in listed if each.invoice_no in numbers]

    async def pay(self, invoices: Sequence[InvoiceView], who: str = "A", key: str = "") -> InvoicePayment:
        return await self.at_screen(PayInvoices(chosen=chosen(invoices)), who, key)

    async def form_of(self, invoice: InvoiceView) -> str:
        """What the QR on its request form says."""
        found = await self.stage.bills.invoice(invoice.invoice_no)
        assert found is not None
        return found.form_no

    async def scans(self, code: str, who: str = "") -> FormOpened:
        """Held under the scanner, and the page that hears of it asks what it opens."""
        after = (await self.at_screen(GetTerminal(), who)).code_version
        told = PresentCode(epoch=self.epoch, event_id=f"scan-{next(self.serial)}", device="scanner", text=code)
        await self.ask(Caller.TERMINAL, told, terminal=self.agent)
        return await self.at_screen(IdentifyByForm(after=after), who)

    async def by(self, payment_no: str, tender: TenderName, amount_fen: int | None = None, who: str = "A") -> Plan:
        """Chosen, and paid as soon as there is a code."""
        part = None if amount_fen is None else Fen(amount_fen)
        await self.at_screen(ChooseTender(payment_no=payment_no, tender=tender, amount_fen=part), who)
        plan = await self.rests(payment_no)
        take = plan.latest(TAKE)
        if tender != "prepaid":
            assert take is not None
            far = self.channel if tender == "wechatpay" else self.wallet
            assert far.pay(take.reference)
        return plan

    async def has_on_account(self, fen: int, who: str = "A") -> None:
        """From before."""
        now, account = self.business.clock.now(), prepaid_account(str(self.ids[who]))
        posting = Posting(debit_account="opening:test", credit_account=account, amount_fen=Fen(fen))
        entry = JournalEntry(
            hospital_id=HOSPITAL_ID,
            source=f"opening:{next(self.serial)}",
            kind="opening",
            business_date=now.date(),
            posted_at=now,
            postings=(posting,),
        )
        async with self.business.database.transaction() as tx:
            await ledger.post(tx, [entry])

    def kept_fen(self) -> int:
        """By both wallets: taken less given back."""
        return sum(each.kept_fen(set(each.orders)) for each in (self.channel, self.wallet))

    async def balance(self, account: str) -> int:
        """Debits less credits."""
        async with self.business.database.read() as tx:
            if is_limited(account):
                return -await ledger.balance_of(tx, HOSPITAL_ID, account)
            rows = await ledger.balances_together(tx, HOSPITAL_ID)
        return next((row["debit_fen"] - row["credit_fen"] for row in rows if row["account"] == account), 0)

    # -- what has come of it

    async def rests(self, payment_no: str, moving: frozenset[PaymentState] = MOVING) -> Plan:
        """The plan once nothing moves in it."""
        plan: Plan | None = None
        async with asyncio.timeout(PATIENCE_S):
            while plan is None or state_of(plan) in moving:
                plan = await self.business.payments.settled(self.call(), payment_no, moving)
        return plan

    async def ends(self, payment_no: str) -> Plan:
        """The plan once it has ended; the channel is asked, since it tells nothing by itself here."""
        return await self.rests(payment_no, AT_WORK)

    async def slip(self, document_no: str) -> SlipData:
        async with self.business.database.read() as tx:
            data = await tx.fetchval("SELECT data FROM document WHERE document_no = $1", document_no)
        return msgspec.json.decode(data, type=SlipData)

    def call(self, who: str = "") -> Call:
        """As the dispatcher makes it for this patient, or for staff."""
        now = self.business.clock.now()
        staff = Principal(caller=Caller.STAFF, hospital_id=HOSPITAL_ID)
        patient = Principal(
            caller=Caller.KIOSK, hospital_id=HOSPITAL_ID, terminal_id=HERE, patient_id=self.ids.get(who, 0)
        )
        of_whom = patient if who else staff
        return Call(principal=of_whom, now=now, deadline=now + timedelta(minutes=1), correlation_id="c")


def chosen(invoices: Sequence[InvoiceView]) -> list[ChosenInvoice]:
    return [ChosenInvoice(invoice_no=each.invoice_no, version=each.version) for each in invoices]


@asynccontextmanager
async def bill_hall(
    url: str,
    postgres: EmbeddedPostgres,
    behind: Callable[[Any], Any] = lambda connector: connector,
    lists_kept_s: float = 0.0,
    brought: Mapping[str, tuple[Any, PaymentMeans]] = NOTHING,
) -> AsyncGenerator[BillHall]:
    """A hall over this platform's database. behind: what stands before the hospital's connector. lists_kept_s: most
    tests change something at the hospital and look at once. brought: channels besides the two wallets, and their
    words."""
    database = await open_database(url, size=6)
    try:
        async with procedures(postgres) as stage:
            clock, vault = WallClock(), Vault({1: bytes(32)}, bytes(32))
            channel, wallet = SimChannel(clock), SimWallet(clock)
            channels: dict[str, Any] = {each.channel: each for each in (channel, wallet)}
            merchants = {("outpatient", name): "M1" for name in channels} | {
                ("outpatient", name): "outpatient" for name in brought
            }
            channels |= {name: channel for name, (channel, _) in brought.items()}
            means = MeansBook({name: words for name, (_, words) in brought.items()})
            hospital = behind(stage.bills)
            outside = Outside(
                hospital=hospital,
                channels=channels,
                merchants=MerchantTable(merchants),
                keys=_no_keys(),
                lists_kept_s=lists_kept_s,
                means=means,
            )
            business = Business(database, outside, vault, ShiftedClock(), _publish, _say, staff=STAFF)
            await business.payments.prepare()
            await business.lease.take()
            driving = [asyncio.create_task(each) for each in (business.driver.run(), business.lease.run())]
            try:
                yield await _furnished(BillHall(stage, business, channel, wallet), vault)
            finally:
                for task in driving:
                    task.cancel()
                await asyncio.wait(driving)
                await business.stop()
    finally:
        await database.close()


def play(
    url: str,
    postgres: EmbeddedPostgres,
    story: Callable[[BillHall], Awaitable[None]],
    behind: Callable[[Any], Any] = lambda connector: connector,
    lists_kept_s: float = 0.0,
) -> None:
    """A story in a hall of its own."""

    async def whole() -> None:
        async with bill_hall(url, postgres, behind, lists_kept_s) as hall:
            await story(hall)

    asyncio.run(whole())


async def _furnished(hall: BillHall, vault: Vault) -> BillHall:
    now = hall.business.clock.now()
    place = Counter(name="3 号窗口", name_en="Window 3")
    numbers = await hall.stage.patient_numbers(4)
    hall.stranger = numbers[0]
    async with hall.business.database.transaction() as tx:
        names: dict[str, Any] = {"name": "云山市人民医院", "name_en": "Yunshan People's Hospital"}
        hospital = Hospital(hospital_id=HOSPITAL_ID, zone="Asia/Shanghai", window=place, triage=place, **names)
        await ensure_hospital(tx, hospital)
        standing = Standing(terminal_id=HERE, name=HERE, place="", place_en="", profile="hall")
        code = await add_terminal(tx, HOSPITAL_ID, standing, now)
        for who, patient_no in zip("AB", numbers[2:], strict=True):
            record = PatientRecord(patient_no=patient_no, name="王芳", sex="female", born_on=None)
            patient = await keep_patient(tx, vault, HOSPITAL_ID, record, now)
            hall.patients[who], hall.ids[who] = (patient_no, f"session-of-{who}"), patient.patient_id
            await start_session(tx, HOSPITAL_ID, "", patient.patient_id, f"session-of-{who}", now)
        await tx.execute("UPDATE patient_session SET terminal_id = $1", HERE)
        await prepaid.set_mode(tx, HOSPITAL_ID, "collect", "test", now)
    enrolling = EnrolTerminal(enrolment_code=code, installation_id=HERE)
    hall.agent = (await hall.ask(Caller.TERMINAL, enrolling)).terminal_token
    connecting = ConnectTerminal(agent_version="1", devices=_DEVICES)
    line = await hall.ask(Caller.TERMINAL, connecting, terminal=hall.agent)
    hall.epoch = line.epoch
    hall.screen = (await hall.ask(Caller.KIOSK, PairBrowser(pairing_code=line.pairing_code))).screen_token
    return hall


def _no_keys() -> Any:
    return SimpleNamespace()


async def _publish(subject: str, body: bytes, message_id: str) -> None: ...


def _say(subject: str, body: bytes) -> None: ...
