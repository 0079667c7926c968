"""What one hospital has connected, and what it wants."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from yinyi.app.bank_lines import NO_LINES, BankLines
from yinyi.bus.permits import Permits
from yinyi.business.fiscal.ports import FiscalInvoices
from yinyi.business.identity.model import BALANCE_CARDS, PAYMENT_CARDS, USUAL_CHILDREN, ChildRules, PaymentCardKind
from yinyi.business.identity.ports import CertificateDecoder
from yinyi.business.lines.key_ports import KeyStore
from yinyi.business.lines.line_hours import USUAL, LineHours
from yinyi.business.news.model import NewsSettings
from yinyi.business.news.ports import Carries
from yinyi.business.payments.channels import MerchantTable
from yinyi.business.payments.means import MeansBook
from yinyi.business.payments.model import NO_LISTS, ListsExpected
from yinyi.business.payments.ports import TakesPayment
from yinyi.business.reports.model import SecondPrint
from yinyi.business.scheduling.booking_model import USUAL as USUAL_BOOKING
from yinyi.business.scheduling.booking_model import BookingRules
from yinyi.business.subscriptions.ports import Notifies

NO_NEWS = NewsSettings()
"""Nobody tells anything by himself."""


@dataclass(frozen=True)
class Outside:
    """The connectors of this hospital, and what it wants. ``hospital`` implements ``PatientIndex``, ``Schedules``,
    ``Bills``, ``Inpatients`` and ``Reports``. verify_at: where people find out whether a paper is genuine.
    certificates: decodes insurance codes; None: none is decoded here. lists_kept_s: so old may be what the hospital
    said of somebody's bills, stays and reports, where nothing is decided by it. news: who tells some by himself.
    notifies: carries notifications to institutions; None: none leaves. bulletins: the same to systems of the hospital.
    charges_listed_of: those of the hospital's programs whose charges of prepaid accounts its list has.
    taken_lists: which banks send a list of each day.
    permits: for calls to the hospital, shared with other processes; None: it needs none. means: what channels are
    called that bring their own words. names: what the connectors are called that are no channels, by kind."""

    hospital: Any
    channels: dict[str, TakesPayment]
    merchants: MerchantTable
    keys: KeyStore
    lines: BankLines = NO_LINES
    hours: LineHours = USUAL
    identity_cards: tuple[PaymentCardKind, ...] = PAYMENT_CARDS
    second_print: SecondPrint = "copy"
    verify_at: str = "http://127.0.0.1/verify"
    booking: BookingRules = USUAL_BOOKING
    certificates: CertificateDecoder | None = None
    children: ChildRules = USUAL_CHILDREN
    lists_kept_s: float = 2.0
    news: NewsSettings = NO_NEWS
    notifies: Notifies | None = None
    bulletins: Carries | None = None
    charges_listed_of: tuple[str, ...] = ("his",)
    taken_lists: ListsExpected = NO_LISTS
    permits: Permits | None = None
    means: MeansBook = field(default_factory=MeansBook)
    names: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def identifying(self) -> tuple[PaymentCardKind, ...]:
        """The kinds of cards that identify people here; ``identity_cards``: as the hospital wants it."""
        return tuple(kind for kind in self.identity_cards if kind in self.lines.kinds)

    @property
    def telling(self) -> tuple[PaymentCardKind, ...]:
        """The kinds of cards whose issuers tell here what is left on them: those that have a route."""
        routed = {channel for account in self.lines.accounts for channel in account.channels}
        return tuple(kind for kind in BALANCE_CARDS if kind in routed)

    @property
    def fiscal(self) -> FiscalInvoices | None:
        """None: this hospital issues no electronic receipts."""
        return self.hospital if isinstance(self.hospital, FiscalInvoices) else None
