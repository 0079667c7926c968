"""What can be paid for here, wired: the steps of its plans, its papers, and what of it a restore has lost."""

from yinyi.app.demo_hospital import ZONE
from yinyi.app.outside import Outside
from yinyi.app.people import MasterIndex
from yinyi.business.billing.lost import LostInvoices
from yinyi.business.billing.plans import InvoicePurpose, LockInvoices, SettleInvoices
from yinyi.business.billing.slips import InvoiceSlips
from yinyi.business.inpatient.lost import LostDeposits
from yinyi.business.inpatient.plans import DepositPurpose, PostDeposit
from yinyi.business.inpatient.slips import DepositSlips
from yinyi.business.payments.cards import CardLines
from yinyi.business.payments.papers import Papers
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.restored import FindsLost
from yinyi.business.prepaid.model import TopUpPurpose
from yinyi.business.prepaid.slips import TopUpSlips
from yinyi.business.scheduling.lost import LostRegistrations
from yinyi.business.scheduling.plans import (
    Appointment,
    CheckedIn,
    ConfirmNumber,
    HoldNumber,
    KeepNumber,
    Registration,
    TellArrival,
)
from yinyi.business.scheduling.ports import ChecksIn
from yinyi.business.scheduling.slips import AppointmentSlips, CheckInSlips, RegistrationSlips
from yinyi.business.terminals.directory import Directory


def registry_of(outside: Outside, cards: CardLines) -> Registry:
    """What can be paid for here, and by what."""
    hospital, back_within = outside.hospital, outside.booking.return_within
    numbers = [HoldNumber(hospital, back_within), KeepNumber(hospital), ConfirmNumber(hospital, back_within)]
    arrivals = [TellArrival(hospital, hospital.call_timeout_s)] if isinstance(outside.hospital, ChecksIn) else []
    invoices = [LockInvoices(hospital), SettleInvoices(hospital)]
    of_numbers = (Registration(), Appointment(), CheckedIn())
    purposes = [*of_numbers, InvoicePurpose(), TopUpPurpose(), DepositPurpose(hospital)]
    return Registry(
        effects=[*numbers, *arrivals, *invoices, PostDeposit(hospital)],
        purposes=purposes,
        channels=outside.channels,
        merchants=outside.merchants,
        cards=cards,
        told=[each.name for each in purposes],
        means=outside.means,
    )


def papers_of(outside: Outside, patients: MasterIndex, directory: Directory, registry: Registry) -> Papers:
    """What is printed for each purpose."""
    numbers = [RegistrationSlips(registry), AppointmentSlips(registry, outside.booking), CheckInSlips(registry)]
    return Papers(patients, directory, registry, [*numbers, InvoiceSlips(), TopUpSlips(), DepositSlips()])


def lost_of(outside: Outside, patients: MasterIndex) -> list[FindsLost]:
    """Who knows what of it a restore has lost."""
    at = (outside.hospital, patients.patient_id)
    return [LostRegistrations(*at, ZONE), LostInvoices(*at), LostDeposits(*at)]
