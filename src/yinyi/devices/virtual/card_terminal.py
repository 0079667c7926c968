"""A card terminal without hardware: a slot, a contactless field and a PIN pad, moved by hand of the control."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from yinyi.devices.device import AtCardTerminal, CardToPay, Changed, Observation, Report
from yinyi.devices.virtual.pin_pad import LEAST, KeyNotOurs, PinPad
from yinyi.devices.virtual.reader import CardInTheWay
from yinyi.wire.card_seal import CardRead
from yinyi.wire.terminal_line import CardRoute, CardStep, DeviceKind, TakeCard

Key = Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "clear", "cancel", "enter"]


class PlasticCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a card gives to a reader. Printed, it shows nothing. entry_mode: ``contactless``: held against the pad."""

    pan: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{12,19}(?![\s\S])")]
    entry_mode: Literal["chip", "contactless", "stripe"] = "chip"
    sequence_no: Annotated[str, msgspec.Meta(max_length=3)] = "001"
    expiry: Annotated[str, msgspec.Meta(max_length=4)] = ""
    chip_data: Annotated[bytes, msgspec.Meta(max_length=255)] = b"\x9f\x26\x08\xab"

    def __repr__(self) -> str:
        return f"PlasticCard({self.entry_mode})"


class VirtualCardTerminal:
    """Asks for a card, then for its PIN, and reports what comes of it. A card that nobody takes is told once; while its
    bank is being asked, or a PIN may be typed again, it is not forgotten."""

    kind: DeviceKind = "card_terminal"

    def __init__(
        self, name: str, letters: Path, forgotten_after_s: float = 20.0, decided_within_s: float = 75.0
    ) -> None:
        """``decided_within_s``: so long at most is waited for the word that a card which was read may be taken."""
        self.name = name
        self.light = False
        self.buzzes = False
        """Somebody has gone without his card."""
        self.at_bank = False
        """A card that was read is not to be taken yet."""
        self.in_slot: PlasticCard | None = None
        self.request: TakeCard | None = None
        self._pad = PinPad(letters)
        self._forgotten_after_s = forgotten_after_s
        self._decided_within_s = decided_within_s
        self._shown: PlasticCard | None = None
        self._route: CardRoute | None = None
        self._begun: str = ""
        self._timer: asyncio.TimerHandle | None = None
        self._comes: Callable[[], None] | None = None
        self._happened: asyncio.Queue[Observation] = asyncio.Queue()

    def condition(self) -> Changed:
        return Changed("ok")

    async def run(self, report: Report) -> None:
        while True:
            report(await self._happened.get())

    @property
    def digits(self) -> int:
        """Typed so far."""
        return self._pad.digits

    @property
    def asks_pin(self) -> bool:
        return self._route is not None

    # -- what the platform asks

    def take_card(self, request: TakeCard) -> None:
        """See ``TakesCards``. A card that is in the slot already is the card."""
        if request.request_id == self._begun:
            return
        self._end()
        self._begun = request.request_id
        self.request, self.light = request, True
        self._in(request.within_s, self._timed_out)
        if self.in_slot is not None:
            self._show(self.in_slot)

    def leave_card(self, request_id: str) -> None:
        """See ``TakesCards``."""
        if request_id == self._begun and (self.request is not None or self.at_bank):
            self._end()

    # -- hands

    def hurry(self) -> None:
        """Whatever it waits for with a clock happens now."""
        if self._timer is not None and self._comes is not None:
            self._timer.cancel()
            self._timer = None
            self._comes()

    def bring(self, card: PlasticCard) -> None:
        """Into the slot, or against the pad.

        Raises:
            CardInTheWay: another card is in the slot.
        """
        if self.in_slot is not None:
            raise CardInTheWay("another card is in the slot")
        if card.entry_mode != "contactless":
            self.in_slot = card
        if self.request is not None:
            self._show(card)
        elif self.in_slot is not None:
            self._say("inserted")
            self._end()

    def remove(self) -> bool:
        """Whether there was a card. While its PIN is asked for, that ends it."""
        if self.in_slot is None:
            return False
        self.in_slot = None
        if self.request is not None and self._shown is not None:
            self._finish("pulled_out")
        if self.request is None:
            self._end()
        self._say("removed")
        return True

    def press(self, key: Key) -> None:
        """On the pad. Without a PIN to type only ``cancel`` means anything."""
        if self.request is None:
            return
        if key == "cancel":
            return self._finish("cancelled")
        if self._route is None or self._shown is None:
            return
        if key == "enter":
            if self._pad.digits >= LEAST:
                self._read(self._shown, self._route)
            return
        if key == "clear":
            self._pad.clear()
        else:
            self._pad.press(key)
        self._say("typing")

    # -- what happens

    def _show(self, card: PlasticCard) -> None:
        self._say("tapped" if self.in_slot is None else "inserted")
        route = _route_of(self.request, card.pan) if self.request is not None else None
        if route is None or not route.taken:
            return self._finish("not_taken")
        if card.entry_mode == "stripe" and not route.takes_stripe:
            return self._finish("stripe")
        if not route.pin_key:
            return self._read(card, route)
        if not self._pad.opens(route):
            return self._finish("key_refused")
        self._shown, self._route = card, route
        self._say("typing")

    def _read(self, card: PlasticCard, route: CardRoute) -> None:
        try:
            block = self._pad.block(route, card.pan) if route.pin_key else b""
        except KeyNotOurs:
            return self._finish("key_refused")
        read = CardRead(
            pan=card.pan,
            entry_mode=card.entry_mode,
            sequence_no=card.sequence_no,
            expiry=card.expiry,
            chip_data=card.chip_data,
            pin_block=block,
            pin_key_check=route.pin_key_check,
        )
        self._happened.put_nowait(CardToPay(self._begun, route.slot, read))
        self._end()
        if self.in_slot is not None:
            self.at_bank, self.light = True, False
            self._in(self._decided_within_s + self._forgotten_after_s, self._forgotten)

    def _timed_out(self) -> None:
        self._finish("timed_out")

    def _finish(self, step: CardStep) -> None:
        self._say(step)
        self._end()

    def _end(self) -> None:
        """No request any more. The light goes on for a card that is to be taken."""
        self._pad.clear()
        self.request, self._shown, self._route, self.at_bank = None, None, None, False
        self.light, self.buzzes = self.in_slot is not None, False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.in_slot is not None:
            self._in(self._forgotten_after_s, self._forgotten)

    def _forgotten(self) -> None:
        self.at_bank, self.light, self.buzzes = False, True, True
        self._say("forgotten")

    def _in(self, seconds: float, do: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._comes = do
        self._timer = asyncio.get_running_loop().call_later(seconds, do)

    def _say(self, step: CardStep) -> None:
        request_id = self.request.request_id if self.request is not None else ""
        self._happened.put_nowait(AtCardTerminal(step, request_id, self._pad.digits))


def _route_of(request: TakeCard, pan: str) -> CardRoute | None:
    """Of the longest beginning that fits."""
    fitting = [(len(each), route) for route in request.routes for each in route.prefixes if pan.startswith(each)]
    return max(fitting, key=lambda one: one[0])[1] if fitting else None
