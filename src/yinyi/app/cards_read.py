"""What becomes of cards that the card terminals of kiosks read, wired."""

from yinyi.app.bank_lines import BankLines
from yinyi.app.demo_hospital import ZONE
from yinyi.bus.call import Call
from yinyi.bus.database import Database
from yinyi.business.identity.card_balances import CardBalances
from yinyi.business.identity.card_inquiries import CardInquiries
from yinyi.business.identity.model import PaymentCardKind
from yinyi.business.payments.card_desk import CardDesk
from yinyi.business.payments.card_holders import CardHolders
from yinyi.business.payments.card_readings import PayCards
from yinyi.business.payments.card_routes import CardRoutes
from yinyi.business.payments.service import PaymentService
from yinyi.business.terminals.media import Media
from yinyi.business.terminals.service import TerminalService
from yinyi.kernel.clock import Clock
from yinyi.kernel.secrets import Vault


def cards_read(
    database: Database,
    clock: Clock,
    vault: Vault,
    lines: BankLines,
    kinds: tuple[PaymentCardKind, ...],
    telling: tuple[PaymentCardKind, ...],
    payments: PaymentService,
    terminals: TerminalService,
) -> tuple[CardInquiries, CardBalances, PayCards]:
    """``kinds``: those that identify people here; ``telling``: those whose issuers tell what is on them."""

    async def media(call: Call) -> Media:
        async with database.read() as tx:
            return await terminals.directory.media(tx, call.hospital_id, call.now)

    readings = terminals.readings
    routes = CardRoutes(payments.registry, lines.kinds, media)
    desk = CardDesk(payments.registry, readings, routes)
    inquiries = CardInquiries(database, desk, vault, ZONE, kinds)
    holders = CardHolders(desk, inquiries, clock)
    balances = CardBalances(desk, vault, telling)
    return inquiries, balances, PayCards(database, payments, readings, routes, holders)
