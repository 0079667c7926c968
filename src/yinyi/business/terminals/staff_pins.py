"""PINs of staff cards (工作人员卡): five wrong ones, then a wait; after fifteen a card is good for nothing."""

import hmac
from datetime import datetime, timedelta

from yinyi.bus.call import Call
from yinyi.bus.database import Database
from yinyi.bus.envelope import Credentials
from yinyi.business.audit import store as audit
from yinyi.business.terminals import maintenance_store as cards
from yinyi.kernel.errors import PersonTriesSpent, PersonUnproven
from yinyi.kernel.secrets import Vault

TRIES = 5
WAIT = timedelta(minutes=15)
TRIES_AT_MOST = 15


class StaffPins:
    """Who of the staff is who, where no card is laid: by his number and the PIN that only he knows."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def prove(self, call: Call, shown: Credentials, what: str) -> str:
        """The staff number of who has typed the PIN of a card of his. A wrong one is counted on each card that it might
        have been, and stands in the audit log with the number, without the PIN. what: the path of what he asks.

        Raises:
            PersonUnproven, PersonTriesSpent: it is nobody's, or too many were wrong.
        """
        async with self._database.transaction() as tx:
            his = await cards.of_staff(tx, call.hospital_id, shown.person)
            open_ones = [card for card in his if may_try(card, call.now)]
            found = next((card for card in open_ones if is_right(self._vault, card, shown.pin)), None)
            for card in [found] if found else open_ones:
                await cards.tried(tx, call.hospital_id, card.card_id, 0 if found else card.tries + 1, call.now)
            error = PersonTriesSpent() if his and not open_ones else PersonUnproven()
            if not found:
                await audit.append(tx, call, what, shown.person, {"refused": error.code()})
        if found:
            return found.staff_id
        raise error


def pin_index(vault: Vault, number_index: bytes, pin: str) -> bytes:
    """A keyed digest: the same PIN of another card is another one."""
    return vault.index(f"{number_index.hex()}:{pin}", "staff_card.pin")


def is_right(vault: Vault, card: cards.Card, pin: str) -> bool:
    return hmac.compare_digest(pin_index(vault, card.number_index, pin), card.pin_index)


def may_try(card: cards.Card, now: datetime) -> bool:
    if card.tries >= TRIES_AT_MOST:
        return False
    waits = card.tries and card.tries % TRIES == 0
    return not waits or card.tried_at is None or now >= card.tried_at + WAIT
