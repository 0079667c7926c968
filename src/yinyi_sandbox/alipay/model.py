"""Trades, refunds, payers' codes and notices to come, as the sandbox keeps them. Instants are seconds since 1970."""

from datetime import UTC, datetime
from typing import Literal

import msgspec

from yinyi.wire import beijing_time
from yinyi_sandbox.channel.sending import Due

REFUNDABLE_S = 90 * 86_400.0
"""So long a trade can be given back; then it is finished (in real life the contract says how long)."""

State = Literal["PRECREATED", "WITHDRAWN", "WAIT_BUYER_PAY", "TRADE_SUCCESS", "TRADE_FINISHED", "TRADE_CLOSED"]
"""The first two are ours: a code that nobody has scanned, and one that was cancelled before. There is no trade yet."""
NO_TRADE = frozenset[State]({"PRECREATED", "WITHDRAWN"})
Behaviour = Literal["pays", "password", "no_money"]
"""What comes of a payer's code: paid at once, paid once the payer has typed his password, or he has no money."""


class Refusal(Exception):
    """What Alipay answers instead of doing it. ``code``: of its gateway."""

    def __init__(self, code: str, sub_code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.sub_code = sub_code
        self.message = message


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """``total``, ``refunded``: fen.

    expires_at: 0 until the code is scanned, where the merchant gave minutes (``timeout_s``). code_until: the code
    cannot be scanned after that. payer_url: of a payment by the payer's code, how his phone finds it.
    """

    app_id: str
    out_trade_no: str
    subject: str
    total: int
    notify_url: str
    created_at: float
    code_until: float
    expires_at: float = 0.0
    timeout_s: float = 0.0
    qr_code: str = ""
    payer_url: str = ""
    state: State = "PRECREATED"
    trade_no: str = ""
    paid_at: float = 0.0
    refunded: int = 0

    def at(self, now: float) -> "Trade":
        """The same, with what the time alone has done to it."""
        if self.state == "WAIT_BUYER_PAY" and now >= self.expires_at:
            return msgspec.structs.replace(self, state="TRADE_CLOSED")
        if self.state == "TRADE_SUCCESS" and now >= self.paid_at + REFUNDABLE_S:
            return msgspec.structs.replace(self, state="TRADE_FINISHED")
        return self


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """Fen. ``in_all``: of all refunds of the trade, this one included."""

    app_id: str
    out_trade_no: str
    out_request_no: str
    amount: int
    in_all: int
    at: float


class Event(Due, frozen=True, kw_only=True):
    """A notice to be sent. ``fields``: all but its time and signature."""

    app_id: str
    fields: dict[str, str]


class PayerCode(msgspec.Struct, frozen=True, kw_only=True):
    """What a phone shows to be scanned, once."""

    code: str
    behaviour: Behaviour
    until: float

    @property
    def code_url(self) -> str:
        """By which the phone finds the payment that was made with it."""
        return f"alipay://payer/{self.code}"


def time_text(instant: float) -> str:
    return beijing_time.write(datetime.fromtimestamp(instant, UTC))
