"""The payer and his phone: he scans a code or shows his, sees what is asked, pays, walks away, or pays later."""

import asyncio
import secrets
from typing import Literal

import msgspec

from yinyi_sandbox.alipay.callbacks import Callbacks
from yinyi_sandbox.alipay.credentials import MerchantAccount
from yinyi_sandbox.alipay.faults import Faults
from yinyi_sandbox.alipay.model import NO_TRADE, Behaviour, PayerCode, Refusal, Trade
from yinyi_sandbox.alipay.rules import PAYER_CODE_LIFE_S, Rules
from yinyi_sandbox.alipay.store import Store

_MOST_WAITING = 1_000
LONGEST_WAIT_S = 3_600.0


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the phone shows. ``code_url``: by which it scans and pays, also where the payer showed his own code.
    ``refunded_fen``: what came back. password: a merchant has scanned our code, and to pay is to type the password.
    """

    code_url: str
    merchant: str
    description: str
    amount_fen: int
    state: Literal["payable", "paid", "closed", "expired"]
    reference: str
    transaction_id: str
    refunded_fen: int
    password: bool = False


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A payer's code. ``code_url``: what the phone pays it by, once a merchant has scanned it."""

    payer_code: str
    code_url: str
    valid_for_s: float


class Phone:
    """A phone with money on it."""

    def __init__(
        self, rules: Rules, store: Store, merchants: dict[str, MerchantAccount], faults: Faults, callbacks: Callbacks
    ) -> None:
        self._rules = rules
        self._store = store
        self._merchants = merchants
        self._faults = faults
        self._callbacks = callbacks
        self._later: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        for task in self._later:
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)

    def look(self, code_url: str) -> Asked:
        """What a code is for, without scanning it.

        Raises:
            Refusal: such a code does not exist.
        """
        return self._asked(self._rules.look(code_url))

    def scan(self, code_url: str) -> Asked:
        """
        Raises:
            Refusal: such a code does not exist, or it has expired.
        """
        return self._asked(self._rules.scan(code_url))

    def pay(self, code_url: str) -> Asked:
        """
        Raises:
            Refusal: the code is unknown, expired, cancelled, closed or paid already; nothing was taken.
        """
        return self._confirm(self._rules.scan(code_url))

    def pay_later(self, code_url: str, after_s: float) -> Asked:
        """Scans now, and pays after so many seconds, if that is still allowed then.

        Raises:
            Refusal: the code is unknown, or too many wait already.
        """
        asked = self.scan(code_url)
        if len(self._later) >= _MOST_WAITING or not 0 <= after_s <= LONGEST_WAIT_S:
            raise Refusal("40004", "TOO_MANY", "排队付款的人太多 Too many payers wait")
        task = asyncio.create_task(self._pay_after(code_url, after_s))
        self._later.add(task)
        task.add_done_callback(self._later.discard)
        return asked

    def refuse(self, code_url: str) -> Asked:
        """The payer shuts the page after scanning: for Alipay the trade waits on."""
        return self.scan(code_url)

    def show_code(self, behaviour: Behaviour = "pays") -> str:
        """A payer's code of 18 digits, good for a minute and for one payment."""
        return self.show(behaviour).payer_code

    def show(self, behaviour: Behaviour) -> Shown:
        """The same, and how the phone finds what is made of it."""
        digits = f"28{secrets.randbelow(10**16):016}"
        made = PayerCode(code=digits, behaviour=behaviour, until=self._rules.now() + PAYER_CODE_LIFE_S)
        self._rules.show(made)
        return Shown(payer_code=digits, code_url=made.code_url, valid_for_s=PAYER_CODE_LIFE_S)

    def waiting(self) -> list[Asked]:
        """Payments by his code that wait for the payer's password."""
        shown = [trade.at(self._rules.now()) for trade in self._store.trades(_MOST_WAITING)]
        return [self._asked(trade) for trade in shown if trade.state == "WAIT_BUYER_PAY" and not trade.qr_code]

    def confirm(self, reference: str) -> Asked:
        """The payer types his password.

        Raises:
            Refusal: no payment of this number waits for it.
        """
        for app_id in self._merchants:
            trade = self._store.trade(app_id, reference)
            if trade and trade.state not in NO_TRADE:
                return self._confirm(trade)
        raise Refusal("40004", "UNKNOWN_CODE", "没有这笔订单 There is no such order")

    def orders(self, limit: int) -> list[Asked]:
        """The newest first."""
        return [self._asked(trade.at(self._rules.now())) for trade in self._store.trades(limit)]

    def _confirm(self, trade: Trade) -> Asked:
        race = self._faults.take("phone") is not None
        paid = self._rules.confirm(trade, race=race)
        self._callbacks.wake()
        return self._asked(paid)

    async def _pay_after(self, code_url: str, after_s: float) -> None:
        await asyncio.sleep(after_s)
        try:
            self.pay(code_url)
        except Refusal:
            return

    def _asked(self, trade: Trade) -> Asked:
        return Asked(
            code_url=trade.qr_code or trade.payer_url,
            merchant=self._merchants[trade.app_id].display_name,
            description=trade.subject,
            amount_fen=trade.total,
            state=self._state(trade),
            reference=trade.out_trade_no,
            transaction_id=trade.trade_no if trade.paid_at else "",
            refunded_fen=trade.refunded,
            password=trade.state == "WAIT_BUYER_PAY" and not trade.qr_code,
        )

    def _state(self, trade: Trade) -> Literal["payable", "paid", "closed", "expired"]:
        if trade.paid_at:
            return "paid"
        expired = 0 < trade.expires_at <= self._rules.now() or trade.code_until <= self._rules.now()
        if trade.state == "PRECREATED":
            return "expired" if expired else "payable"
        return "payable" if trade.state == "WAIT_BUYER_PAY" else "closed"
