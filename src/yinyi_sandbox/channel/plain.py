"""A payment channel without a protocol: orders, refunds and a payer, in memory. A sandbox gives it its own words."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from yinyi.kernel.clock import Clock
from yinyi.wire.beijing_time import BEIJING

State = Literal["waiting", "done", "closed", "reversed"]
Why = Literal["not_found", "other_amount", "too_much", "paid", "closed", "too_late"]


class Refused(Exception):
    """``why``: in one of six words."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why: Why = why


@dataclass
class Movement:
    """An order, or a refund ``of`` one. A payer scans its number. paid_on: the day, in Beijing."""

    number: str
    amount_fen: int
    state: State
    until: datetime | None = None
    of: str = ""
    paid_on: date | None = None


class PlainChannel:
    """Also the payer, as the conformance kit has him (``pay``, ``asked_fen``, ``refunded_fen``)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._movements: dict[str, Movement] = {}

    def order(self, number: str, amount_fen: int, until: datetime) -> Movement:
        """By one number it is one order.

        Raises:
            Refused: other_amount, closed.
        """
        made = self._movements.setdefault(number, Movement(number, amount_fen, "waiting", until))
        if made.amount_fen != amount_fen or made.of:
            raise Refused("other_amount")
        if made.state == "closed":
            raise Refused("closed")
        return made

    def refund(self, number: str, of: str, amount_fen: int) -> Movement:
        """By one number it is one refund.

        Raises:
            Refused: not_found, other_amount, too_much.
        """
        if number not in self._movements:
            order = self.find(of)
            if order.state != "done" or self.refunded_fen(of) + amount_fen > order.amount_fen:
                raise Refused("too_much")
            self._movements[number] = Movement(number, amount_fen, "done", of=of)
        made = self._movements[number]
        if (made.amount_fen, made.of) != (amount_fen, of):
            raise Refused("other_amount")
        return made

    def find(self, number: str) -> Movement:
        """
        Raises:
            Refused: not_found.
        """
        if number not in self._movements:
            raise Refused("not_found")
        return self._movements[number]

    def close(self, number: str) -> Movement:
        """Nobody can pay it any more.

        Raises:
            Refused: not_found, paid.
        """
        order = self.find(number)
        if order.state == "done":
            raise Refused("paid")
        order.state = "closed"
        return order

    def reverse(self, number: str) -> Movement:
        """It never was: on the day on which it was paid, and while nothing of it was given back.

        Raises:
            Refused: not_found, too_much, too_late.
        """
        order = self.find(number)
        if order.state != "reversed":
            if order.state != "done" or self.refunded_fen(number):
                raise Refused("too_much")
            if order.paid_on != self._today():
                raise Refused("too_late")
            order.state = "reversed"
        return order

    def pay(self, code_url: str) -> bool:
        order = self.find(code_url)
        if order.state != "waiting" or order.until is None or self._clock.now() >= order.until:
            return False
        order.state, order.paid_on = "done", self._today()
        return True

    def asked_fen(self, code_url: str) -> int:
        return self.find(code_url).amount_fen

    def refunded_fen(self, code_url: str) -> int:
        order = self.find(code_url)
        whole = order.amount_fen if order.state == "reversed" else 0
        return whole + sum(each.amount_fen for each in self._movements.values() if each.of == code_url)

    def _today(self) -> date:
        return self._clock.now().astimezone(BEIJING).date()
