"""Whose cards open maintenance, and say who somebody is where two people decide.

A card is good once two of the staff who have cards have said so, and neither is the other. The first ones are set up by
whoever installs the platform, alone and only until there are two.
"""

import structlog

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.audit import store as audit
from yinyi.business.terminals import maintenance_store as cards
from yinyi.business.terminals.errors import StaffCardsThere, StaffCardTaken
from yinyi.business.terminals.messages_maintenance import (
    ConfirmStaffCard,
    EnrolFirstStaffCard,
    EnrolStaffCard,
    ListStaffCards,
    RevokeStaffCard,
    StaffCards,
    StaffCardView,
)
from yinyi.business.terminals.model import INSTALLER
from yinyi.business.terminals.presented import staff_card_index
from yinyi.business.terminals.staff_pins import pin_index
from yinyi.kernel.errors import NotAllowed, NotFound, SecondPersonNeeded
from yinyi.kernel.secrets import Vault

log = structlog.get_logger()
DECIDE = 2
"""So many people there have to be, before they decide about further ones."""


class StaffCardDesk:
    """Handlers of what is asked about the cards themselves."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.asks(EnrolStaffCard, self.enrol)
        dispatcher.asks(EnrolFirstStaffCard, self.enrol_first)
        dispatcher.changes(ConfirmStaffCard, Change(make=self._confirm, show=self._show))
        dispatcher.changes(RevokeStaffCard, Change(make=self._revoke, show=self._show))
        dispatcher.reads(ListStaffCards, self._list)

    async def enrol(self, call: Call, message: EnrolStaffCard) -> StaffCardView:
        """No change with a key: what is kept of its body would be an unkeyed digest of a short secret."""
        async with self._database.transaction() as tx:
            return await self._enrol(tx, call, message, {"terminal_id": message.terminal_id})

    async def enrol_first(self, call: Call, message: EnrolFirstStaffCard) -> StaffCardView:
        if call.principal.staff_id != INSTALLER:
            raise NotAllowed("the first cards are for whoever installs the platform")
        async with self._database.transaction() as tx:
            await cards.one_at_a_time(tx, call.hospital_id)
            people = await cards.people(tx, call.hospital_id)
            if people >= DECIDE:
                raise StaffCardsThere
            card = await self._enrol(tx, call, message, {"decided_by": "nobody else", "people_before": people})
        log.warning("staff_card.enrolled_by_one", card_id=card.card_id, staff_id=card.staff_id, people=people + 1)
        return card

    async def _enrol(
        self, tx: Tx, call: Call, message: EnrolStaffCard | EnrolFirstStaffCard, told: dict[str, str | int]
    ) -> StaffCardView:
        """
        Raises:
            StaffCardTaken
        """
        number = staff_card_index(self._vault, call.hospital_id, message.serial)
        secrets = (number, pin_index(self._vault, number, message.pin))
        terminal_id = message.terminal_id if isinstance(message, EnrolStaffCard) else ""
        who = (message.staff_id, terminal_id, call.principal.actor, call.principal.person)
        card_id = await cards.enrol(tx, call.hospital_id, *secrets, *who, call.now)
        if card_id is None:
            raise StaffCardTaken
        what = f"terminals.{type(message).__name__}.v1"
        await audit.append(tx, call, what, str(card_id), {"staff_id": message.staff_id, **told})
        log.info("staff_card.enrolled", card_id=card_id, staff_id=message.staff_id)
        return await self._show(tx, call, str(card_id))

    async def _confirm(self, tx: Tx, call: Call, message: ConfirmStaffCard, _: None) -> str:
        waits = await cards.waiting(tx, call.hospital_id, message.card_id, message.staff_id)
        if waits is None:
            raise NotFound(f"no staff card {message.card_id} of {message.staff_id} waits for a second person")
        if waits == call.principal.person:
            raise SecondPersonNeeded
        await cards.confirm(tx, call.hospital_id, message.card_id, call.principal.person, call.now)
        log.info("staff_card.confirmed", card_id=message.card_id)
        return str(message.card_id)

    async def _revoke(self, tx: Tx, call: Call, message: RevokeStaffCard, _: None) -> str:
        await cards.revoke(tx, call.hospital_id, message.card_id, call.now)
        log.info("staff_card.revoked", card_id=message.card_id)
        return str(message.card_id)

    async def _show(self, tx: Tx, call: Call, card_id: str) -> StaffCardView:
        found = await cards.card(tx, call.hospital_id, int(card_id))
        if found is None:
            raise NotFound(f"staff card {card_id}")
        return found

    async def _list(self, tx: Tx, call: Call, message: ListStaffCards) -> StaffCards:
        return StaffCards(cards=await cards.cards(tx, call.hospital_id))
