"""What becomes of cards that the card terminals of kiosks read, wired."""

from yinyi.app.bank_lines import BankLines
from yinyi.app.demo_hospital import ZONE
from yinyi.bus.database import Database
from yinyi.business.identity.card_inquiries import CardInquiries
from yinyi.business.identity.model import PaymentCardKind
from yinyi.business.payments.card_desk import CardDesk
from yinyi.business.payments.card_holders import CardHolders
from yinyi.business.payments.card_readings import PayCards
from yinyi.business.payments.card_routes import CardRoutes
from yinyi.business.payments.service import PaymentService
from yinyi.business.terminals.readings import CardReadings
from yinyi.kernel.clock import Clock
from yinyi.kernel.secrets import Vault


def cards_read(
    database: Database,
    clock: Clock,
    vault: Vault,
    lines: BankLines,
    kinds: tuple[PaymentCardKind, ...],
    payments: PaymentService,
    readings: CardReadings,
) -> tuple[CardInquiries, PayCards]:
    """``kinds``: those that identify people here."""
    routes = CardRoutes(payments.registry, lines.kinds)
    desk = CardDesk(payments.registry, readings, routes)
    inquiries = CardInquiries(database, desk, vault, ZONE, kinds)
    holders = CardHolders(desk, inquiries, clock)
    return inquiries, PayCards(database, payments, readings, routes, holders)
