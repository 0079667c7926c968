"""Orders, refunds and callbacks to come, as the sandbox keeps them. Instants are seconds since 1970."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

import msgspec

from yinyi_sandbox.channel.sending import Due

BEIJING = timezone(timedelta(hours=8))

State = Literal["NOTPAY", "SUCCESS", "REFUND", "CLOSED", "USERPAYING", "ACCEPT", "REVOKED", "PAYERROR"]
"""The last four are those of code payments. ACCEPT: the payer's bank takes its time."""
RefundStatus = Literal["PROCESSING", "SUCCESS", "ABNORMAL"]
Behaviour = Literal["pays", "password", "empty"]
"""What a phone does when its code is scanned. pays: at once, or asks for the password if the amount is large. password:
always asks. empty: has not enough money."""


class Refusal(Exception):
    """What WeChat Pay answers instead of doing it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """``signer``: the serial by which the merchant wants to be written to; ``asked``: his request, to compare with.

    scanned: a code payment; its ``code_url`` is the payer's own (``PayerCode.code_url``), and nobody is called back.
    """

    mchid: str
    out_trade_no: str
    appid: str
    description: str
    total: int
    notify_url: str
    expires_at: float
    created_at: float
    signer: str
    asked: str
    code_url: str
    state: State = "NOTPAY"
    transaction_id: str = ""
    paid_at: float = 0.0
    refunded: int = 0
    scanned: bool = False


class PayerCode(msgspec.Struct, frozen=True, kw_only=True):
    """The digits on a phone. ``used``: a merchant has scanned them."""

    digits: str
    behaviour: Behaviour
    valid_until: float
    used: bool = False

    @property
    def code_url(self) -> str:
        """By which the phone finds the order that was made with it."""
        return f"weixin://payer/{self.digits}"


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """``settles_at``: when it turns from PROCESSING into ``ends``."""

    mchid: str
    out_refund_no: str
    out_trade_no: str
    transaction_id: str
    refund_id: str
    refund: int
    total: int
    notify_url: str
    created_at: float
    settles_at: float
    ends: RefundStatus

    def status(self, now: float) -> RefundStatus:
        return self.ends if now >= self.settles_at else "PROCESSING"


class Event(Due, frozen=True, kw_only=True):
    """A callback to be sent. ``number``: of the order or the refund."""

    kind: Literal["take", "refund"]
    mchid: str
    number: str
    signer: str


def rfc3339(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).astimezone(BEIJING).isoformat(timespec="seconds")
