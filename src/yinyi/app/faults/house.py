"""What all who come share: a clock, a hospital, channels, an insurance, and a PostgreSQL."""

import itertools
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from yinyi.app.faults.far_bills import SimBills, SimScheme
from yinyi.app.faults.far_side import SimChannel, SimClock, SimHospital, SimWallet
from yinyi.app.faults.far_ward import SimWard
from yinyi.app.faults.mishaps import MishapRegistry
from yinyi.app.faults.script import Script
from yinyi.bus.database import Database, Tx
from yinyi.business.billing.plans import InvoicePurpose, LockInvoices, SettleInvoices
from yinyi.business.inpatient.plans import DepositPurpose, PostDeposit
from yinyi.business.insurance.service import InsuranceService
from yinyi.business.payments.cards import CardLines
from yinyi.business.payments.channels import MerchantTable
from yinyi.business.payments.drive import Means
from yinyi.business.payments.driver import Driver
from yinyi.business.payments.lease import LEASE_S, Lease
from yinyi.business.payments.refunds import RefundDesk
from yinyi.business.payments.service import PaymentService
from yinyi.business.prepaid import store as prepaid_store
from yinyi.business.prepaid.model import TopUpPurpose
from yinyi.business.prepaid.service import PrepaidService
from yinyi.business.scheduling.plans import (
    Appointment,
    CheckedIn,
    ConfirmNumber,
    HoldNumber,
    KeepNumber,
    Registration,
    TellArrival,
)
from yinyi.business.scheduling.service import SchedulingService

SCOPES = ("outpatient", "inpatient")
ZONE = ZoneInfo("Asia/Shanghai")
_BEATEN = "UPDATE process_lease SET alive_until = $2 WHERE epoch = ANY($1::bigint[])"


class Desk(NamedTuple):
    """What serves people in one business process."""

    payments: PaymentService
    prepaid: PrepaidService
    refunds: RefundDesk
    numbers: SchedulingService


class _Patients:
    """All have one hospital number."""

    async def patient_no(self, hospital_id: int, patient_id: int) -> str:
        return "P1"

    async def patient_id(self, tx: Tx, hospital_id: int, patient_no: str) -> int:
        return 0

    async def same_person(self, tx: Tx, hospital_id: int, patient_id: int) -> list[int]:
        return [patient_id]


@dataclass
class House:
    """``quiet``: nothing goes wrong on this way to PostgreSQL."""

    clock: SimClock
    quiet: Database
    hospital: SimHospital = field(init=False)
    channel: SimChannel = field(init=False)
    wallet: SimWallet = field(init=False)
    bills: SimBills = field(default_factory=SimBills)
    scheme: SimScheme = field(default_factory=SimScheme)
    ward: SimWard = field(init=False)
    opened_fen: Counter[int] = field(default_factory=Counter[int])
    """What a patient had on his account when he came."""
    gone_fen: Counter[str] = field(default_factory=Counter[str])
    """By payment: what people wanted back of what was delivered, and what somebody gave back at the channel."""
    serial: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.hospital, self.ward = SimHospital(self.clock), SimWard(self.clock)
        self.channel, self.wallet = SimChannel(self.clock), SimWallet(self.clock)

    @property
    def channels(self) -> dict[str, SimChannel]:
        return {each.channel: each for each in (self.channel, self.wallet)}

    def began(self) -> None:
        """A new run: whoever came before is forgotten, so that the last of many runs is as quick as the first."""
        for side in (self.hospital, self.bills, self.scheme, self.ward, *self.channels.values()):
            side.began()

    async def open(self) -> None:
        """The hospital keeps prepaid accounts."""
        async with self.quiet.read() as tx:
            await prepaid_store.set_mode(tx, 1, "collect", "faults", self.clock.now())

    async def beaten(self, database: Database, leases: list[Lease], until: datetime) -> None:
        """These processes' hearts have beaten all the time until then."""
        alive_until = until + timedelta(seconds=LEASE_S)
        async with database.read() as tx:
            await tx.execute(_BEATEN, [lease.epoch for lease in leases], alive_until)
        for lease in leases:
            lease.alive_until = alive_until

    def registry(self, script: Script, cards: CardLines | None = None) -> MishapRegistry:
        """What a process can do here, with this script in front of every call; pauses are never longer or shorter.
        ``cards``: the lines on which it takes cards."""
        hospital, bills, ward = self.hospital, self.bills, self.ward
        means = (*self.channels, *(cards or {}))
        registry = MishapRegistry(
            effects=[
                *(HoldNumber(hospital), KeepNumber(hospital), ConfirmNumber(hospital)),
                *(TellArrival(hospital, hospital.call_timeout_s), PostDeposit(ward)),
                *(*InsuranceService(self.scheme).effects, LockInvoices(bills), SettleInvoices(bills)),
            ],
            purposes=[
                *(Registration(), Appointment(), CheckedIn()),
                *(InvoicePurpose(), TopUpPurpose(), DepositPurpose(ward)),
            ],
            channels=self.channels,
            merchants=MerchantTable({(scope, each): scope for scope in SCOPES for each in means}),
            cards=cards,
        )
        registry.script = script
        registry.rules = {kind: replace(rule, spread=0.0) for kind, rule in registry.rules.items()}
        return registry

    def desk(self, database: Database, means: Means, driver: Driver) -> Desk:
        """Where a process with these means serves people."""
        payments = PaymentService(database, means.registry, driver, ZONE)
        numbers = SchedulingService(self.hospital, _Patients(), payments, ZONE)
        return Desk(payments, PrepaidService(payments, ZONE), RefundDesk(payments, ZONE), numbers)
