"""May this card pay: is it known, taken here, not expired, is its PIN right."""

import msgspec

from yinyi.wire.iso8583.errors import FieldError
from yinyi.wire.iso8583.private_fields import unpack_53
from yinyi_sandbox.bank.keys import clear_pin
from yinyi_sandbox.bank.model import PIN_TRIES, Card, Session
from yinyi_sandbox.bank.requests import Request
from yinyi_sandbox.bank.store import Store

PIN_FREE_FEN = 100_000
"""Up to so much a card that is held to the reader pays without a PIN (小额免密)."""


class Payers:
    """The cards of the bank."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def admit(self, session: Session, request: Request, *, asks_pin: bool) -> tuple[Card | None, str]:
        """The card, and the code by which it is refused or "". asks_pin: not of what gives money back."""
        card = self._store.card(request.pan)
        if card is None:
            return None, "14"
        if card.kind not in session.accepts:
            return card, "31"
        if card.expires < request.day[2:4] + request.day[5:7]:
            return card, "54"
        if request.message.text(22)[:2] == "01":
            return card, "58"
        given = request.message.fields.get(52)
        if given is None and (not asks_pin or not card.pin or _is_pin_free(request)):
            return card, ""
        return self._check_pin(card, session, request, given)

    def _check_pin(self, card: Card, session: Session, request: Request, given: str | bytes | None) -> tuple[Card, str]:
        if card.tries_left == 0:
            return card, "75"
        if not isinstance(given, bytes):
            return card, "55"
        try:
            told = unpack_53(request.message.text(53))
            if told.is_double != (len(session.pik) == 16):
                return card, "99"
            pin = clear_pin(session, given, request.pan if told.with_pan else None)
        except FieldError:
            return card, "99"
        is_right = pin == card.pin
        tries_left = PIN_TRIES if is_right else card.tries_left - 1
        if tries_left != card.tries_left:
            card = msgspec.structs.replace(card, tries_left=tries_left)
            self._store.put_card(card)
        return card, "" if is_right else "55" if tries_left else "75"


def _is_pin_free(request: Request) -> bool:
    return request.message.text(22)[:2] == "07" and 0 < request.amount_fen <= PIN_FREE_FEN
