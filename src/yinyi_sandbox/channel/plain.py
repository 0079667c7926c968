"""A payment channel without a protocol: orders, refunds and a payer, in memory. A sandbox gives it its own words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from yinyi.kernel.clock import Clock

State = Literal["waiting", "done", "closed"]
Why = Literal["not_found", "other_amount", "too_much", "paid", "closed"]


class Refused(Exception):
    """``why``: in one of five words."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why: Why = why


@dataclass
class Movement:
    """An order, or a refund ``of`` one. A payer scans its number."""

    number: str
    amount_fen: int
    state: State
    until: datetime | None = None
    of: str = ""


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

    def pay(self, code_url: str) -> bool:
        order = self.find(code_url)
        if order.state != "waiting" or order.until is None or self._clock.now() >= order.until:
            return False
        order.state = "done"
        return True

    def asked_fen(self, code_url: str) -> int:
        return self.find(code_url).amount_fen

    def refunded_fen(self, code_url: str) -> int:
        return sum(each.amount_fen for each in self._movements.values() if each.of == code_url)
