"""Fee lists: what was paid, some days at a time, and printing a list of some days."""

from datetime import date, timedelta

from yinyi.business.billing.errors import NothingPaid, TooManyFees
from yinyi.business.billing.messages import ListFees, PrintFees
from yinyi.interface.journeys import present, sheets, views_bills
from yinyi.interface.journeys.visitor import Go, Next, Show, StalePage, Visitor
from yinyi.kernel.errors import NotFound, YinyiError

UNTIL, NEWS, DAYS = "until", "news", "days"
"""In the address of a page: the last day of a list · why the days that were chosen cannot be printed. In its form:
which days."""
_NEWS: dict[type[YinyiError], views_bills.FeeNews] = {NothingPaid: "none", TooManyFees: "many"}

EARLIER_YEARS = 10
"""So far back the days of a list can be chosen; windows print older ones."""


async def page(visitor: Visitor) -> Next:
    """GET FEES ?until=2026-11-23."""
    if not visitor.known:
        return visitor.wanting("bills")
    until = _date(visitor.query[UNTIL]) if UNTIL in visitor.query else None
    found = await visitor.ask(ListFees(until=until))
    view = views_bills.FeesView(
        fees=tuple(found.invoices),
        until=until,
        earlier=found.earlier,
        complete=found.complete,
        prints=sheets.printer_of(visitor.terminal) == "ok",
    )
    return Show(view)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotFound("day") from None


async def which_days(visitor: Visitor) -> Next:
    """GET PRINT_FEES ?news=…"""
    if not visitor.known:
        return visitor.wanting("bills")
    told = visitor.query.get(NEWS, "")
    view = views_bills.FeeDaysView(
        choices=choices(visitor.now.date()),
        printer=sheets.printer_of(visitor.terminal),
        news=next((news for news in _NEWS.values() if news == told), None),
        key=present.new_key(),
    )
    return Show(view)


async def print_days(visitor: Visitor) -> Next:
    """POST PRINT_FEES [days]."""
    here = visitor.back = visitor.paths.print_fees
    chosen = next((each for each in choices(visitor.now.date()) if each.name == visitor.form.get(DAYS)), None)
    if chosen is None:
        raise StalePage(DAYS)
    try:
        printed = await visitor.ask(PrintFees(first_on=chosen.first_on, last_on=chosen.last_on), key=visitor.key)
    except tuple(_NEWS) as error:
        return Go(f"{here}?{NEWS}={_NEWS[type(error)]}")
    return Go(visitor.paths.sheets(each.document_no for each in printed.sheets))


def choices(today: date) -> tuple[views_bills.DaysChoice, ...]:
    """What a list is mostly wanted of: an illness, or a year for the insurance; and each year of the last ten."""
    last = today.year - 1
    days: list[tuple[str, date, date]] = [
        ("month", today - timedelta(days=29), today),
        ("quarter", today - timedelta(days=89), today),
        ("year", date(today.year, 1, 1), today),
        ("last_year", date(last, 1, 1), date(last, 12, 31)),
    ]
    days += [(f"{year}", date(year, 1, 1), date(year, 12, 31)) for year in range(last - 1, last - EARLIER_YEARS, -1)]
    return tuple(views_bills.DaysChoice(name=name, first_on=first, last_on=until) for name, first, until in days)
