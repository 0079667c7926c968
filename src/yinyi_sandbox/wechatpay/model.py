"""Orders, refunds and callbacks to come, as the sandbox keeps them. Instants are seconds since 1970."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

import msgspec

BEIJING = timezone(timedelta(hours=8))

State = Literal["NOTPAY", "SUCCESS", "REFUND", "CLOSED"]
RefundStatus = Literal["PROCESSING", "SUCCESS", "ABNORMAL"]


class Refusal(Exception):
    """What WeChat Pay answers instead of doing it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """``signer``: the serial by which the merchant wants to be written to; ``asked``: his request, to compare with."""

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


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A callback to be sent. ``number``: of the order or the refund. ``tries``: how often it was sent in vain."""

    id: str
    kind: Literal["take", "refund"]
    mchid: str
    number: str
    notify_url: str
    signer: str
    due_at: float
    tries: int = 0


def rfc3339(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).astimezone(BEIJING).isoformat(timespec="seconds")
