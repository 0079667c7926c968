"""Trades, and what is known of a call that brought no rows."""

import base64
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import msgspec
import structlog

from yinyi.access.hospital.trades.believing import Bounds, believed, each_once
from yinyi.access.hospital.trades.failures import CallFailed, NotReached, Rejected, Unanswered
from yinyi.access.hospital.trades.mapping import POSTED_ALREADY
from yinyi.access.hospital.trades.trade import Carrier, Row, Trade
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.outcome import Answer, Done, NotFound, NotSent, Outcome, Refused, Unknown
from yinyi.kernel.turns import NoTurn, Turns

log = structlog.get_logger()

T = TypeVar("T", bound=msgspec.Struct)
NoRows = Refused | NotSent | Unknown
"""What is known instead."""
_NOT_UNDERSTOOD = (ValueError, KeyError, TypeError, AttributeError, ArithmeticError)


class Calls:
    """What every part of the connector stands on."""

    def __init__(self, carrier: Carrier, turns: Turns) -> None:
        self.carrier = carrier
        self.turns = turns
        self._bounds = Bounds()

    async def call(self, trade: Trade, *values: Any, decides: bool) -> Sequence[Row]:
        """
        Raises:
            CallFailed
            InLine: he who asks can come again, and that he should.
        """
        try:
            rows = await self.turns.run(partial(self.carrier.call, trade, *values), decides)
        except NoTurn as error:
            raise NotReached(str(error)) from error
        except TimeoutError as error:
            raise Unanswered("it took too long") from error
        if column := self._bounds.broken(trade, rows):
            raise Unanswered(_not_believed(trade, f"{column} cannot be"))
        return rows

    async def read(self, trade: Trade, *values: Any) -> Sequence[Row]:
        """
        Raises:
            HospitalUnavailable: whatever the reason.
        """
        try:
            return await self.call(trade, *values, decides=False)
        except CallFailed as error:
            raise HospitalUnavailable(str(error)) from error

    async def found(
        self,
        meaning: Callable[[Row], T],
        trade: Trade,
        *values: Any,
        key: Callable[[T], object] | None = None,
    ) -> list[T]:
        """What the rows that answer mean. ``key``: what tells them apart.

        Raises:
            HospitalUnavailable: whatever the reason; what is not whole, or there twice, is not believed at all.
        """
        rows = await self.read(trade, *values)
        try:
            found = [believed(meaning(row)) for row in rows]
            return each_once(found, key) if key else found
        except _NOT_UNDERSTOOD as error:
            raise HospitalUnavailable(_not_believed(trade, error)) from error

    async def one(
        self, meaning: Callable[[Row], T], trade: Trade, *values: Any, key: Callable[[T], object]
    ) -> T | None:
        """The only one; None: there is none.

        Raises:
            HospitalUnavailable: likewise; or there are several.
        """
        found = await self.found(meaning, trade, *values, key=key)
        if len(found) > 1:
            raise HospitalUnavailable(_not_believed(trade, f"{len(found)} where there is one"))
        return found[0] if found else None

    async def sent(self, trade: Trade, *values: Any) -> Sequence[Row] | NoRows:
        """The rows, or what is known of a call that did not bring any."""
        try:
            return await self.call(trade, *values, decides=True)
        except NotReached as error:
            return NotSent(detail=str(error))
        except Rejected as error:
            return Refused(reason="bad_request", detail=str(error))
        except CallFailed as error:
            return Unknown(detail=str(error))

    async def asked(self, trade: Trade, *values: Any) -> Sequence[Row] | NotSent | Unknown:
        """A question that is rejected tells nothing of what it asked about."""
        rows = await self.sent(trade, *values)
        return Unknown(detail=rows.detail) if isinstance(rows, Refused) else rows

    async def changed(self, meaning: Callable[[Row], Outcome], trade: Trade, *values: Any) -> Outcome:
        """What the one row that answers means."""
        rows = await self.sent(trade, *values)
        return rows if isinstance(rows, NoRows) else _meant(meaning, trade, rows)

    async def posted(
        self,
        meaning: Callable[[Row], Outcome],
        ask: Callable[[str], Awaitable[Answer]],
        stands: str,
        trade: Trade,
        reference: str,
        *values: Any,
    ) -> Outcome:
        """The same of what is booked under our reference. A hospital may refuse what it has booked already: what has
        become of the reference, as ``ask`` tells, is the answer then. ``stands``: its status once it is booked."""
        rows = await self.sent(trade, reference, *values)
        if isinstance(rows, NoRows):
            return rows
        outcome = _meant(meaning, trade, rows)
        if isinstance(outcome, Refused) and rows[0]["ret_code"] == POSTED_ALREADY:
            return _of_repeat(await ask(reference), outcome, stands)
        return outcome

    async def told(self, meaning: Callable[[Row], Answer], trade: Trade, *values: Any) -> Answer:
        """What the one row that answers a question means."""
        rows = await self.asked(trade, *values)
        return rows if isinstance(rows, NoRows) else _meant(meaning, trade, rows)


def file_of(rows: Sequence[Row]) -> bytes | None:
    """The file in base64 that the only row holds; None: there is none.

    Raises:
        HospitalUnavailable: it is none, or there are several.
    """
    if not rows:
        return None
    try:
        [row] = rows
        return base64.b64decode("".join(row["content"].split()), validate=True)
    except _NOT_UNDERSTOOD as error:
        raise HospitalUnavailable("a file that cannot be read") from error


def _of_repeat(answer: Answer, refused: Refused, stands: str) -> Outcome:
    match answer:
        case Done():
            return (
                answer if answer.evidence.get("status") == stands else Unknown(detail="booked, and not as it was asked")
            )
        case NotFound():
            return refused  # it is booked, and under somebody else's reference
        case _:
            return answer


A = TypeVar("A")


def _meant(meaning: Callable[[Row], A], trade: Trade, rows: Sequence[Row]) -> A | Unknown:
    """An answer without its row or its code, or one that cannot be understood, says nothing of what has happened."""
    if len(rows) != 1 or not rows[0]["ret_code"]:
        return Unknown(detail="an answer without a code")
    try:
        return meaning(rows[0])
    except _NOT_UNDERSTOOD as error:
        return Unknown(detail=_not_believed(trade, error))


def _not_believed(trade: Trade, why: object) -> str:
    """Logged, because nobody else tells whoever looks after the hospital's system."""
    detail = f"{trade.name}: {why}"[:200]
    log.warning("hospital.not_believed", why=detail)
    return detail
