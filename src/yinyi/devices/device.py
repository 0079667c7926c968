"""What the agent asks of a device. A driver is one class; it opts into more by implementing more."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from yinyi.wire.card_seal import CardRead
from yinyi.wire.terminal_line import CardStep, Condition, Credential, DeviceKind, PrintFault, TakeCard


@dataclass(frozen=True)
class CardOnReader:
    credential: Credential


@dataclass(frozen=True)
class ReaderEmpty:
    pass


@dataclass(frozen=True)
class TextRead:
    text: str


@dataclass(frozen=True)
class Changed:
    """The device is now in another condition."""

    state: Condition
    detail: str = ""


@dataclass(frozen=True)
class AtCardTerminal:
    """``request_id``: of the request that this belongs to, if there is one."""

    step: CardStep
    request_id: str = ""
    digits: int = 0


@dataclass(frozen=True)
class CardToPay:
    """See ``wire.terminal_line.PayCardRead``; the agent seals what was read."""

    request_id: str
    slot: str
    read: CardRead


Observation = CardOnReader | ReaderEmpty | TextRead | AtCardTerminal | CardToPay | Changed
Report = Callable[[Observation], None]


class PrinterFault(Exception):
    """The paper did not come out (whole)."""

    def __init__(self, reason: PrintFault) -> None:
        super().__init__(reason)
        self.reason: PrintFault = reason


@runtime_checkable
class Device(Protocol):
    """A reader, a scanner, a printer. ``name`` is its own among the kiosk's devices: ``[a-z0-9_]``, at most 40."""

    name: str
    kind: DeviceKind

    def condition(self) -> Changed:
        """How it is now."""
        ...

    async def run(self, report: Report) -> None:
        """Serve the device until cancelled and report what happens on it. If this raises, it is run again later."""
        ...


@runtime_checkable
class PrintsReceipts(Protocol):
    async def print_receipt(self, data: bytes) -> None:
        """Print ESC/POS bytes; returns when the paper is cut.

        Raises:
            PrinterFault: it did not come out, or not whole.
        """
        ...


@runtime_checkable
class PrintsSheets(Protocol):
    async def print_sheets(self, data: bytes) -> None:
        """Print a PDF; returns when the last sheet is out.

        Raises:
            PrinterFault: it did not come out, or not whole.
        """
        ...


@runtime_checkable
class TakesCards(Protocol):
    """A slot for cards and a PIN pad, as one. Whatever happens is reported; nothing here waits. A card that may be
    taken is lit; one that nobody takes is reported as forgotten, and buzzes until it is taken."""

    def take_card(self, request: TakeCard) -> None:
        """Begin, unless this request was begun before."""
        ...

    def leave_card(self, request_id: str) -> None:
        """End it, if it is still going on. A card that was read for it may be taken now."""
        ...


@runtime_checkable
class HasLight(Protocol):
    def set_light(self, on: bool) -> None:
        """The light that guides a hand to the device."""
        ...
