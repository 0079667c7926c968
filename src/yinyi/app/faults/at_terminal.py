"""A person who has a card and stands at a terminal: alone on a stage, or one of a crowd."""

from abc import abstractmethod
from datetime import timedelta

from yinyi.app.faults.line_house import CardAccount, LineHouse
from yinyi.app.faults.person import Person
from yinyi.business.lines.session_model import Batch, LineAnswer
from yinyi.business.payments.service import PaymentService

ASKED_ON, TRIED_AGAIN = timedelta(minutes=10), timedelta(hours=4)
"""After people were called the bank may still answer; a refund that it has refused is tried again every hour."""


class AtTerminal(Person):
    """``line``: of the terminal. ``account``: what the bank has of his card. ``by_card``: he has come with it."""

    line: LineHouse
    account: CardAccount
    by_card = False

    @property
    @abstractmethod
    def desk_of_payments(self) -> PaymentService:
        """Of a process that is alive."""

    @abstractmethod
    async def comes_with_card(self, *, signed_on: bool) -> None:
        """To the terminal, which has signed on today or not."""

    @abstractmethod
    async def settles(self, batch_no: int) -> Batch | LineAnswer | None:
        """What looks after sessions settles this batch; None: nobody knows how far it came."""

    def has_seen_to(self) -> None:
        """People have said what they know."""
