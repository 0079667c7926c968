"""What is on each paper slip (凭条). Plain data.

Names and patient numbers come in full and are masked when rendered. Texts are text, never markup; a text longer than a
slip can carry is shortened with an ellipsis.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from yinyi.kernel.means import TenderName
from yinyi.kernel.money import Fen

Title = Literal["chief", "associate_chief", "attending", "resident"]
"""主任医师, 副主任医师, 主治医师, 住院医师: the words of scheduling, which stands above this domain."""
Language = Literal["zh-CN", "en"]
Channel = TenderName
"""As payments call it, but ``unionpay`` for bank cards, ``cash`` at a window, and ``insurance``."""
Amount = Annotated[Fen, msgspec.Meta(ge=0, le=100_000_000)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Slip(msgspec.Struct, frozen=True, kw_only=True, tag_field="slip"):
    """What every slip carries.

    payment_no: the number of the payment, printed in groups of four.
    qr: what the QR code says: the payment number behind the slip's kind, or an address that shows the payment.
    copy: it has been printed before, and says so (补打). guardian: who acts for the patient, a child; empty: nobody.
    names: what channels are called, in its language, that slips have no words of.
    """

    language: Language
    hospital: str
    terminal: str
    printed_at: Instant
    payment_no: str
    qr: str
    copy: bool = False
    guardian: str = ""
    names: dict[str, str] = {}


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """Where the patient is expected, by whom and when.

    place: the way there in one line, for example ``门诊楼 2 楼 B 区``.
    room: as written on its door, for example ``205``.
    """

    patient_name: str
    patient_no: str
    department: str
    practitioner: str
    title: Title
    number: Annotated[int, msgspec.Meta(ge=1, le=9999)]
    room: str
    place: str
    starts_at: Instant
    ends_at: Instant


class CardFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the bank wants on a card's slip (签购单): the masked card, both numbers, batch, trace and reference."""

    card: str
    merchant_no: str
    terminal_no: str
    batch_no: int
    trace_no: int
    retrieval_ref: str
    auth_code: str = ""


class RegistrationSlip(Slip, frozen=True, kw_only=True, tag="registration"):
    """挂号单: paid and registered. ``queue_ahead`` is ``None`` where the hospital does not say; ``card``: where it was
    not paid by card."""

    visit: Visit
    amount_fen: Amount
    channel: Channel
    paid_at: Instant
    queue_ahead: Annotated[int, msgspec.Meta(ge=0)] | None = None
    card: CardFacts | None = None


class AppointmentSlip(Slip, frozen=True, kw_only=True, tag="appointment"):
    """预约单: a number of another day. paid: else the fee is paid when the patient checks in. cancel_until: so long it
    can be cancelled at a kiosk; ``None``: it cannot."""

    visit: Visit
    amount_fen: Amount
    channel: Channel
    paid: bool
    cancel_until: Instant | None = None
    card: CardFacts | None = None


class ReceiptFact(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a receipt, in its language."""

    label: str
    value: str


class PaidBy(msgspec.Struct, frozen=True, kw_only=True):
    """So much was paid by this means."""

    channel: Channel
    amount_fen: Amount


class ReceiptSlip(Slip, frozen=True, kw_only=True, tag="receipt"):
    """缴费凭条: paid, and what for.

    purpose: what it was for in a few words. facts: what else there is to say. note: what comes next, or what it is good
    for. card: where it was not paid by card, ``None``. parts: of what was paid by several means.
    """

    purpose: str
    patient_name: str
    patient_no: str
    amount_fen: Amount
    channel: Channel
    paid_at: Instant
    ask_no: str
    facts: list[ReceiptFact] = []
    note: str = ""
    card: CardFacts | None = None
    parts: list[PaidBy] = []


class HoldSlip(Slip, frozen=True, kw_only=True, tag="hold"):
    """留号单: the number is kept, unpaid, until ``held_until``; the named window collects the money."""

    visit: Visit
    amount_fen: Amount
    held_until: Instant
    window: str


class CheckingSlip(Slip, frozen=True, kw_only=True, tag="checking"):
    """查询凭条: how the payment ends is not known yet, and the slip says exactly what is known.

    known: ``paid``: the channel confirmed the money, the hospital has not confirmed the registration;
        ``unsure``: not even the channel has told whether it took the money.
    ask_no: the short number to ask with. decided_by: until then the platform settles it or hands it to people.
    """

    known: Literal["paid", "unsure"]
    known_at: Instant
    purpose: str
    """What it was for in a few words, for example the department and the doctor."""
    patient_name: str
    amount_fen: Amount
    channel: Channel
    ask_no: str
    decided_by: Instant
    window: str
    window_hours: str = ""


class RefundSlip(Slip, frozen=True, kw_only=True, tag="refund"):
    """退款单: money goes back where it came from; ``under_way`` until the channel confirms."""

    state: Literal["done", "under_way"]
    reason: Literal[
        "registration_failed",
        "not_booked",
        "session_stopped",
        "bill_changed",
        "bill_cancelled",
        "paid_elsewhere",
        "cancelled",
        "paid_late",
        "paid_twice",
        "other",
    ]
    purpose: str
    patient_name: str
    amount_fen: Amount
    channel: Channel
    refund_no: str
    refunded_at: Instant
    """When it was done, or asked for while under way."""
    arrives_by: Instant | None = None
    ask_no: str
    window: str


class FiscalSlip(Slip, frozen=True, kw_only=True, tag="fiscal"):
    """电子票据告知单: the electronic receipt that the hospital has issued; ``qr`` opens it.

    code: 票据代码. number: 票据号码. check_code: 校验码.
    """

    code: str
    number: str
    check_code: str
    purpose: str
    patient_name: str
    patient_no: str
    amount_fen: Amount
    issued_at: Instant


SlipData = RegistrationSlip | AppointmentSlip | ReceiptSlip | HoldSlip | CheckingSlip | RefundSlip | FiscalSlip


class RenderedSlip(msgspec.Struct, frozen=True, kw_only=True):
    """A slip as an image and as a printer's bytes.

    png: 1 bit a pixel, 576 wide. receipt: ESC/POS. digest: SHA-256 of the image's pixels, hexadecimal.
    """

    png: bytes
    receipt: bytes
    digest: str
