"""Tickets of cards that were asked for while nobody is known: what comes of one is told to the screen that asked."""

from datetime import timedelta

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.business.identity import inquiry_store
from yinyi.business.identity.errors import TicketExpired
from yinyi.business.identity.inquiry_store import Inquiry
from yinyi.business.identity.model import InquiryPurpose
from yinyi.kernel.secrets import Vault

LIVES = timedelta(minutes=5)


def ticket_of(vault: Vault, request_id: str) -> str:
    """Only we can make it, the same each time."""
    return f"{request_id}.{vault.index(request_id, 'card_inquiry.ticket').hex()[:32]}"


async def by_ticket(tx: Tx, vault: Vault, call: Call, ticket: str, purpose: InquiryPurpose) -> Inquiry:
    """
    Raises:
        TicketExpired: of another terminal, for something else, too old, or none.
    """
    request_id, _, _ = ticket.partition(".")
    if ticket != ticket_of(vault, request_id):
        raise TicketExpired
    found = await inquiry_store.find(tx, call.hospital_id, request_id)
    if found is None or found.purpose != purpose or found.terminal_id != call.principal.terminal_id:
        raise TicketExpired
    if call.now >= found.asked_at + LIVES:
        raise TicketExpired
    return found
