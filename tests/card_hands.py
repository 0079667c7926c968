"""Hands at the card terminal: the cards of the sandbox's bank, brought, their PINs typed, and taken away again."""

from typing import Any

from real_platform import RealPlatform, until
from yinyi_sandbox.bank.cards import CARDS

RICH, POOR, PUBLIC, SOCIAL = CARDS


class CardHands:
    """Somebody before the card terminal of this house."""

    def __init__(self, house: RealPlatform) -> None:
        self._house = house

    def bring(self, pan: str = RICH.pan, entry_mode: str = "chip") -> None:
        self._post("bring", {"pan": pan, "entry_mode": entry_mode, "expiry": "9912"})

    def type(self, pin: str = RICH.pin, *, enter: bool = True) -> None:
        for key in [*pin, *(["enter"] if enter else [])]:
            self._post("press", {"key": key})

    def cancel(self) -> None:
        self._post("press", {"key": "cancel"})

    def take(self) -> None:
        self._post("remove", {})

    def wait_long(self) -> None:
        """Until the terminal does not wait any longer."""
        self._post("hurry", {})

    def pad(self) -> dict[str, Any]:
        """How it looks from outside."""
        return self._house.control.get("/state").raise_for_status().json()["card_terminal"]

    def until_asked(self, what: str = "card") -> None:
        until(lambda: self.pad()["asks"] == what, f"the pad asks for a {what}")

    def balance(self, pan: str = RICH.pan) -> int:
        cards = self._house.sandbox.get("/bank/cards").raise_for_status().json()
        return next(card["balance_fen"] for card in cards if card["pan"] == pan)

    def bank_fault(self, at: str, behaviour: str, **more: Any) -> None:
        told = {"at": at, "kind": behaviour, **more}
        self._house.sandbox.post("/bank/faults", json=told).raise_for_status()

    def bank_answers(self) -> None:
        """What it was made to hold back goes out now."""
        self._house.sandbox.post("/bank/release", json={}).raise_for_status()

    def _post(self, what: str, body: dict[str, str]) -> None:
        self._house.control.post(f"/card_terminal/{what}", json=body).raise_for_status()
