"""A patient's stays in hospital: the stay, its deposits, what it costs day by day, and its statement."""

from collections.abc import Sequence
from datetime import date

from yinyi.business.inpatient.errors import StayNotSettled
from yinyi.business.inpatient.messages import (
    DepositEntry,
    FindStay,
    GetDischargeStatement,
    ListDailyCosts,
    ListDeposits,
    PrintDailyCosts,
    PrintDischargeStatement,
)
from yinyi.interface.journeys import present, sheets, views_inpatient
from yinyi.interface.journeys.visitor import Go, Next, Show, Visitor
from yinyi.kernel.errors import NotFound
from yinyi.kernel.means import MeansWords


async def newest(visitor: Visitor) -> Next:
    """GET INPATIENT ?all=1 (which of several)."""
    if not visitor.known:
        return visitor.wanting("inpatient")
    stays = (await visitor.ask(FindStay())).stays
    if "all" in visitor.query and len(stays) > 1:
        return Show(views_inpatient.StaysView(stays=tuple(stays)))
    return Show(views_inpatient.InpatientView(stay=stays[0] if stays else None, others=max(0, len(stays) - 1)))


async def stay(visitor: Visitor) -> Next:
    """GET STAY."""
    if not visitor.known:
        return visitor.wanting("inpatient")
    stays = (await visitor.ask(FindStay())).stays
    found = next((each for each in stays if each.admission_no == visitor.at["admission_no"]), None)
    if found is None:
        raise NotFound("stay")
    return Show(views_inpatient.InpatientView(stay=found, others=len(stays) - 1))


async def deposits(visitor: Visitor) -> Next:
    """GET DEPOSITS."""
    if not visitor.known:
        return visitor.wanting("inpatient")
    found = await visitor.ask(ListDeposits(admission_no=visitor.at["admission_no"]))
    return Show(
        views_inpatient.DepositsView(
            stay=found.stay, rows=tuple(_row(each, visitor.terminal.means) for each in found.entries)
        )
    )


def _row(entry: DepositEntry, brought: Sequence[MeansWords]) -> views_inpatient.DepositRow:
    return views_inpatient.DepositRow(
        kind=entry.kind,
        at=entry.at,
        amount_fen=entry.amount_fen,
        means=_means(entry.means, brought),
        at_window=entry.source == "window",
    )


def _means(said: str, brought: Sequence[MeansWords]) -> str:
    known = said in views_inpatient.MEANS or any(each.tender == said for each in brought)
    return said if known else "other"


async def days(visitor: Visitor) -> Next:
    """GET COSTS."""
    if not visitor.known:
        return visitor.wanting("inpatient")
    found = await visitor.ask(ListDailyCosts(admission_no=visitor.at["admission_no"]))
    return Show(views_inpatient.CostDaysView(stay=found.stay, days=tuple(reversed(found.days))))


async def day(visitor: Visitor) -> Next:
    """GET COSTS_OF_DAY."""
    if not visitor.known:
        return visitor.wanting("inpatient")
    on = _date(visitor.at["on"])
    found = await visitor.ask(ListDailyCosts(admission_no=visitor.at["admission_no"], on=on))
    dates = [each.charged_on for each in found.days]
    if on not in dates:
        raise NotFound("day")
    place = dates.index(on)
    view = views_inpatient.CostDayView(
        stay=found.stay,
        day=found.days[place],
        categories=tuple(found.categories),
        items=tuple(found.items),
        earlier=dates[place - 1] if place else None,
        later=dates[place + 1] if place + 1 < len(dates) else None,
        prints=sheets.lists_at(visitor.terminal),
        key=present.new_key(),
    )
    return Show(view)


async def print_day(visitor: Visitor) -> Next:
    """POST COSTS_OF_DAY."""
    number, on = visitor.at["admission_no"], _date(visitor.at["on"])
    visitor.back = visitor.paths.costs_of_day(number, on)
    printed = await visitor.ask(PrintDailyCosts(admission_no=number, on=on), key=visitor.key)
    return Go(visitor.paths.sheets(each.document_no for each in printed.sheets))


async def print_statement(visitor: Visitor) -> Next:
    """POST STATEMENT."""
    number = visitor.at["admission_no"]
    visitor.back = visitor.paths.statement(number)
    printed = await visitor.ask(PrintDischargeStatement(admission_no=number), key=visitor.key)
    return Go(visitor.paths.sheets(each.document_no for each in printed.sheets))


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotFound("day") from None


async def statement(visitor: Visitor) -> Next:
    """GET STATEMENT."""
    if not visitor.known:
        return visitor.wanting("inpatient")
    number = visitor.at["admission_no"]
    try:
        found = await visitor.ask(GetDischargeStatement(admission_no=number))
    except StayNotSettled:
        return Go(visitor.paths.stay(number))
    view = views_inpatient.StatementView(
        stay=found.stay,
        categories=tuple(found.categories),
        days=found.days,
        paid_fen=found.paid_fen,
        returned_fen=found.returned_fen,
        prints=sheets.printer_of(visitor.terminal) == "ok",
        key=present.new_key(),
    )
    return Show(view)
