"""The payer and his phone: he scans a code or shows his own, sees what is asked, pays, walks away, or pays later."""

import asyncio
from typing import Literal

import msgspec

from yinyi_sandbox.wechatpay.callbacks import Callbacks
from yinyi_sandbox.wechatpay.credentials import Credentials
from yinyi_sandbox.wechatpay.faults import Faults
from yinyi_sandbox.wechatpay.model import Behaviour, Order, Refusal
from yinyi_sandbox.wechatpay.rules import Rules

_MOST_WAITING = 1_000
LONGEST_WAIT_S = 3_600.0


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the phone shows. ``amount_fen``: to pay; ``refunded_fen``: what came back.

    password: a merchant has scanned our code, and to pay is to type the password.
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
    """A payer's code. ``code_url``: what the phone scans, pays and refuses it by, once a merchant has scanned it."""

    payer_code: str
    code_url: str
    valid_for_s: float


class Phone:
    """A phone with money on it."""

    def __init__(self, rules: Rules, credentials: Credentials, faults: Faults, callbacks: Callbacks) -> None:
        self._rules = rules
        self._credentials = credentials
        self._faults = faults
        self._callbacks = callbacks
        self._later: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        for task in self._later:
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)

    def show_code(self, behaviour: Behaviour = "pays") -> Shown:
        """18 fresh digits, good for a minute and for one merchant."""
        made = self._rules.codes.show(behaviour)
        valid_for_s = made.valid_until - self._rules.now()
        return Shown(payer_code=made.digits, code_url=made.code_url, valid_for_s=valid_for_s)

    def scan(self, code_url: str) -> Asked:
        """
        Raises:
            Refusal: 404, such a code does not exist.
        """
        return self._asked(self._rules.scan(code_url))

    def pay(self, code_url: str) -> Asked:
        """
        Raises:
            Refusal: the code is unknown, expired, closed or paid already; nothing was taken.
        """
        race = self._faults.take("phone") is not None
        paid = self._rules.pay(code_url, race=race)
        self._callbacks.wake()
        return self._asked(paid)

    def pay_later(self, code_url: str, after_s: float) -> Asked:
        """Pays after so many seconds, if the code still allows it then.

        Raises:
            Refusal: the code is unknown, or too many wait already.
        """
        asked = self.scan(code_url)
        if len(self._later) >= _MOST_WAITING or not 0 <= after_s <= LONGEST_WAIT_S:
            raise Refusal(409, "TOO_MANY", "排队付款的人太多 Too many payers wait")
        task = asyncio.create_task(self._pay_after(code_url, after_s))
        self._later.add(task)
        task.add_done_callback(self._later.discard)
        return asked

    def refuse(self, code_url: str) -> Asked:
        """The payer shuts the page: for WeChat Pay nothing has happened, the code can still be paid. If he was asked
        for his password, it is refused for good."""
        order = self._rules.scan(code_url)
        return self._asked(self._rules.codes.refuse(order) if order.scanned else order)

    async def _pay_after(self, code_url: str, after_s: float) -> None:
        await asyncio.sleep(after_s)
        try:
            self.pay(code_url)
        except Refusal:
            return

    def _asked(self, order: Order) -> Asked:
        return Asked(
            code_url=order.code_url,
            merchant=self._credentials.merchants[order.mchid].display_name,
            description=order.description,
            amount_fen=order.total,
            state=self._state(order),
            reference=order.out_trade_no,
            transaction_id=order.transaction_id,
            refunded_fen=order.refunded,
            password=order.state == "USERPAYING",
        )

    def _state(self, order: Order) -> Literal["payable", "paid", "closed", "expired"]:
        if order.transaction_id:
            return "paid"
        if order.state in ("CLOSED", "REVOKED", "PAYERROR"):
            return "closed"
        return "payable" if self._rules.now() < order.expires_at else "expired"
