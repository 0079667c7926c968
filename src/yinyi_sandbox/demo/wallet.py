"""The cards to pay with, and the card terminal at the demo's kiosk that they are brought to."""

import msgspec

from yinyi_sandbox.bank.model import Card, CardKind
from yinyi_sandbox.bank.sandbox import Bank
from yinyi_sandbox.demo.devices import Devices


class PayCard(msgspec.Struct, frozen=True, kw_only=True):
    """A card of the sandbox's bank as it lies on the desk, with what its owner knows. ``key``: its last four digits."""

    key: str
    kind: CardKind
    number: str
    issuer: str
    pin: str
    balance_fen: int


class Wallet:
    """Hands for the card terminal."""

    def __init__(self, bank: Bank, devices: Devices) -> None:
        self._bank = bank
        self._devices = devices

    def cards(self) -> list[PayCard]:
        """With their balances, as the bank has them now."""
        return [_face(card) for card in self._bank.store.cards()]

    async def bring(self, key: str, *, tap: bool) -> None:
        """
        Raises:
            KeyError: there is no such card.
            AgentAway, Refused: see ``Devices``.
        """
        card = next((each for each in self._bank.store.cards() if each.pan.endswith(key)), None)
        if card is None:
            raise KeyError(key)
        mode = "contactless" if tap else "chip"
        told = {"pan": card.pan, "entry_mode": mode, "expiry": card.expires}
        await self._devices.post("/card_terminal/bring", told)

    async def take(self) -> None:
        await self._devices.post("/card_terminal/remove")

    async def press(self, key: str) -> None:
        await self._devices.post("/card_terminal/press", {"key": key})


def _face(card: Card) -> PayCard:
    spaced = " ".join(card.pan[at : at + 4] for at in range(0, len(card.pan), 4))
    return PayCard(
        key=card.pan[-4:],
        kind=card.kind,
        number=spaced,
        issuer=card.issuer_name,
        pin=card.pin,
        balance_fen=card.balance_fen,
    )
