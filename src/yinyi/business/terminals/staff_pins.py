"""PINs of staff cards (工作人员卡): five wrong ones, then a wait; after fifteen a card is good for nothing."""

import hmac
from datetime import datetime, timedelta
from typing import Literal

from yinyi.bus.call import Call
from yinyi.bus.database import Database
from yinyi.business.terminals import maintenance_store as cards
from yinyi.kernel.secrets import Vault

TRIES = 5
WAIT = timedelta(minutes=15)
TRIES_AT_MOST = 15


class StaffPins:
    """Who of the staff is who, where no card is laid: by his number and the PIN that only he knows."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def prove(self, call: Call, staff_id: str, pin: str) -> Literal["right", "wrong", "spent"]:
        """Whether it is the PIN of a card of this member of staff; a wrong one is counted on each card that it might
        have been. ``spent``: too many were wrong."""
        async with self._database.transaction() as tx:
            his = await cards.of_staff(tx, call.hospital_id, staff_id)
            open_ones = [card for card in his if may_try(card, call.now)]
            found = next((card for card in open_ones if is_right(self._vault, card, pin)), None)
            for card in [found] if found else open_ones:
                await cards.tried(tx, call.hospital_id, card.card_id, 0 if found else card.tries + 1, call.now)
        if found:
            return "right"
        return "spent" if his and not open_ones else "wrong"


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
