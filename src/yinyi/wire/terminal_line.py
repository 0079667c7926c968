"""Frames of the terminal line: the WebSocket between the agent of a kiosk and the platform (``/terminal/line``).

One frame is one JSON text message of at most ``FRAME_LIMIT`` bytes, told apart by ``type``. The agent opens with
``Hello``, the platform answers ``Welcome`` or ``Bye``. An event (a frame with ``event_id``) is sent again after every
reconnection until it is acknowledged; a print job is sent again until its result arrives, and is printed once.
Each connection has an epoch: a newer connection of the same terminal wins, the older one is told ``Bye("replaced")``.
"""

from datetime import datetime
from typing import Annotated, Literal, TypeVar

import msgspec

VERSION = 1
FRAME_LIMIT = 1024 * 1024
RECEIPT_LIMIT = 768 * 1024 - 1024
"""Bytes of one paper: in base64 and with its envelope they fit a frame."""
BLOCK_BYTES = 256
SEALED_LIMIT = 1024
SEAL_KEY_BYTES = 32

Token = Annotated[str, msgspec.Meta(max_length=200)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"^[a-z0-9_]+(?![\s\S])")]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z_-]+(?![\s\S])")]
Short = Annotated[str, msgspec.Meta(max_length=200)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]

DeviceKind = Literal[
    "id_reader", "scanner", "receipt_printer", "sheet_printer", "card_terminal", "camera", "door"
]  # fmt: skip
Condition = Literal["ok", "paper_low", "paper_out", "jam", "offline", "open"]
PrintFault = Literal[
    "paper_out",
    "jam",
    "offline",
    "timeout",  # the printer did not finish; something may have come out
    "interrupted",  # the agent died while printing; something may have come out
    "bad_data",
    "storage",  # the agent cannot remember what it prints, so it prints nothing
    "busy",  # too many jobs are waiting
]
CardStep = Literal[
    "inserted",  # a card is in the slot
    "tapped",  # a card was held against the pad
    "typing",  # the PIN is being typed on the pad: ``digits`` asterisks
    "cancelled",  # on the pad
    "pulled_out",  # the card was taken out of the slot before its PIN was typed
    "timed_out",  # nobody brought a card, or typed on
    "not_taken",  # none of the kinds asked for
    "stripe",  # read by its magnetic stripe, which is not taken
    "unreadable",
    "key_refused",  # the PIN key is not one that this pad can open
    "removed",  # the slot is empty again
    "forgotten",  # nobody has taken the card for a while
]
"""What happens at a card terminal, apart from a card that was read whole."""
CardEntry = Literal["chip", "contactless", "stripe"]
CardPurpose = Literal["pay", "identify", "bind", "balance"]
ByeReason = Literal[
    "replaced",  # another connection of this terminal came
    "unauthorised",  # unknown or revoked credential, wrong or used enrolment code
    "locked",
    "protocol",
    "overloaded",
    "shutting_down",
]


class Frame(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """What all frames share: closed fields, told apart by ``type``."""


class DeviceReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A device and how it is at the moment of connecting."""

    device: Name
    kind: DeviceKind
    state: Condition
    detail: Short = ""


class ResidentCard(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="resident_card"
):
    """What a reader of resident ID cards hands over: the 256-byte UTF-16LE text block as read, in base64."""

    block: Annotated[bytes, msgspec.Meta(min_length=BLOCK_BYTES, max_length=BLOCK_BYTES)]


class OtherCard(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="other_card"
):
    """A contactless card that is no document: its serial number, in hexadecimal."""

    serial: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-F]{8,64}(?![\s\S])")]


Credential = ResidentCard | OtherCard


class Hello(Frame, frozen=True, kw_only=True, tag="hello"):
    """First frame of the agent. Either ``terminal_token`` or, the first time ever, ``enrolment_code``.

    installation_id: made by the agent at its first start, so that an enrolment whose answer was lost can be answered
    again to the same machine and to no other.
    """

    version: Literal[1]
    installation_id: Id
    agent_version: Short
    devices: Annotated[list[DeviceReport], msgspec.Meta(max_length=16)]
    terminal_token: Token = ""
    enrolment_code: Token = ""


class CardLaid(Frame, frozen=True, kw_only=True, tag="card_laid"):
    """A card lies on the reader since ``at`` (the agent's clock)."""

    event_id: Id
    device: Name
    at: Instant
    credential: Credential


class CardRemoved(Frame, frozen=True, kw_only=True, tag="card_removed"):
    """The reader is empty again."""

    event_id: Id
    device: Name
    at: Instant


class Scanned(Frame, frozen=True, kw_only=True, tag="scanned"):
    """A bar code or QR code was read, as text."""

    event_id: Id
    device: Name
    at: Instant
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2048)]


class CardTerminalStep(Frame, frozen=True, kw_only=True, tag="card_terminal_step"):
    """See ``CardStep``. ``request_id``: what was asked for then; empty where it belongs to no request."""

    event_id: Id
    device: Name
    at: Instant
    request_id: Annotated[str, msgspec.Meta(max_length=64)] = ""
    step: CardStep
    digits: Annotated[int, msgspec.Meta(ge=0, le=12)] = 0


class PayCardRead(Frame, frozen=True, kw_only=True, tag="pay_card_read"):
    """A payment card, read whole, with its PIN if one was asked for. Nothing of it is to be seen on the way.

    slot: of the route that the card belongs to. sealed: a ``card_seal.CardRead``, sealed to the request's key.
    """

    event_id: Id
    device: Name
    at: Instant
    request_id: Id
    slot: Short
    sealed: Annotated[bytes, msgspec.Meta(min_length=1, max_length=SEALED_LIMIT)]


class DeviceState(Frame, frozen=True, kw_only=True, tag="device_state"):
    """A device changed its condition."""

    event_id: Id
    device: Name
    at: Instant
    state: Condition
    detail: Short = ""


class PrintResult(Frame, frozen=True, kw_only=True, tag="print_result"):
    """What became of a print job, once and for all. ``reason`` is empty when the paper came out."""

    event_id: Id
    job_id: Id
    reason: PrintFault | Literal[""] = ""

    @property
    def ok(self) -> bool:
        return not self.reason


class Heartbeat(Frame, frozen=True, kw_only=True, tag="heartbeat"):
    """The agent lives, and this is how many of its events wait for an acknowledgement."""

    waiting: Annotated[int, msgspec.Meta(ge=0)]


class AskPairing(Frame, frozen=True, kw_only=True, tag="ask_pairing"):
    """Somebody at the kiosk wants to pair its browser (again)."""


class Welcome(Frame, frozen=True, kw_only=True, tag="welcome"):
    """The platform knows the terminal.

    terminal_token: only in answer to an enrolment: the credential to keep.
    pairing_code: what the kiosk's browser pairs with, empty when it is paired already.
    """

    terminal_id: Id
    epoch: Annotated[int, msgspec.Meta(ge=1)]
    heartbeat_s: Annotated[float, msgspec.Meta(gt=0, le=300)]
    pairing_code: Token = ""
    terminal_token: Token = ""


class Pairing(Frame, frozen=True, kw_only=True, tag="pairing"):
    """A fresh code for the kiosk's browser, in answer to ``AskPairing``. Earlier ones are void."""

    pairing_code: Token


class PrintJob(Frame, frozen=True, kw_only=True, tag="print_job"):
    """Print these bytes once: a receipt (ESC/POS, see ``wire/receipt.py``) or a sheet of A4 or A5 (PDF). A second try
    is another job."""

    job_id: Id
    kind: Literal["receipt", "sheet"]
    data: Annotated[bytes, msgspec.Meta(min_length=1, max_length=RECEIPT_LIMIT)]


class CardRoute(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Cards that begin with one of these digits (the longest match counts) go through the session in this slot.

    slot: ``acquirer/merchant/terminal``, where the pad has its master key. pin_key: the session's PIN key, encrypted
    under that master key. Without one no PIN is asked for. taken: False: such a card is refused. takes_stripe: False:
    so is one that was read by its magnetic stripe, before its PIN is asked for.
    """

    prefixes: Annotated[list[Annotated[str, msgspec.Meta(max_length=12)]], msgspec.Meta(max_length=64)]
    slot: Short
    pin_key: Annotated[bytes, msgspec.Meta(max_length=24)] = b""
    pin_key_check: Annotated[bytes, msgspec.Meta(max_length=8)] = b""
    taken: bool = True
    takes_stripe: bool = False


class TakeCard(Frame, frozen=True, kw_only=True, omit_defaults=True, tag="take_card"):
    """Read a card, and its PIN where one is asked for, within so many seconds: to pay this amount with, or without any
    money to find out whose it is (``identify``), to bind it to whoever is there (``bind``) or to ask its issuer what is
    on it (``balance``). Sent again it is the same request; another request ends the one before. seal_key: the public
    key that what is read is sealed to."""

    request_id: Id
    seal_key: Annotated[bytes, msgspec.Meta(min_length=SEAL_KEY_BYTES, max_length=SEAL_KEY_BYTES)]
    purpose: CardPurpose = "pay"
    amount_fen: Annotated[int, msgspec.Meta(ge=0)]
    merchant_name: Short
    routes: Annotated[list[CardRoute], msgspec.Meta(max_length=8)]
    language: Short
    within_s: Annotated[float, msgspec.Meta(gt=0, le=600)]


class LeaveCard(Frame, frozen=True, kw_only=True, tag="leave_card"):
    """This request is not wanted any more. A card that was read for it may be taken, and forgotten."""

    request_id: Id


class Light(Frame, frozen=True, kw_only=True, tag="light"):
    """Switch the guiding light beside a device."""

    device: Name
    on: bool


class Restart(Frame, frozen=True, kw_only=True, tag="restart"):
    """Begin anew, with all devices. What is being printed comes out first or is reported as interrupted."""


class Ack(Frame, frozen=True, kw_only=True, tag="ack"):
    """The event is kept; the agent may forget it."""

    event_id: Id


class Bye(Frame, frozen=True, kw_only=True, tag="bye"):
    """Last frame of a connection, from either side."""

    reason: ByeReason
    detail: Short = ""


Event = CardLaid | CardRemoved | Scanned | CardTerminalStep | PayCardRead | DeviceState | PrintResult
FromAgent = Hello | Event | Heartbeat | AskPairing | Bye
FromPlatform = Welcome | Pairing | PrintJob | TakeCard | LeaveCard | Light | Restart | Ack | Bye


class FrameRefused(Exception):
    """The other side sent what is not a frame of this line."""


_from_agent: msgspec.json.Decoder[FromAgent] = msgspec.json.Decoder(FromAgent)
_from_platform: msgspec.json.Decoder[FromPlatform] = msgspec.json.Decoder(FromPlatform)
_encoder = msgspec.json.Encoder()


def encode(frame: FromAgent | FromPlatform) -> str:
    """The frame as text to send."""
    return _encoder.encode(frame).decode()


def decode_from_agent(text: str | bytes) -> FromAgent:
    """Read what an agent sent.

    Raises:
        FrameRefused: too long, not JSON, unknown type or field, or a value out of its limits.
    """
    return _decode(_from_agent, text)


def decode_from_platform(text: str | bytes) -> FromPlatform:
    """Read what the platform sent.

    Raises:
        FrameRefused: too long, not JSON, unknown type or field, or a value out of its limits.
    """
    return _decode(_from_platform, text)


_F = TypeVar("_F")


def _decode(decoder: msgspec.json.Decoder[_F], text: str | bytes) -> _F:
    raw = text.encode() if isinstance(text, str) else text
    if len(raw) > FRAME_LIMIT:
        raise FrameRefused(f"longer than {FRAME_LIMIT} bytes")
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise FrameRefused("not a frame of this line") from error
