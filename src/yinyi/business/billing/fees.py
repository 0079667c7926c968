"""Fee lists over all history, some days at a time. The hospital lists by days and how many at most, so a page ends
with a whole day."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from yinyi.business.billing.model import Invoice
from yinyi.business.billing.ports import Bills

EVER = date(2000, 1, 1)
AT_A_TIME, OF_ONE_DAY = 40, 1000
LOOKS = 5
"""So often a page that has come out empty is asked for further back; then the patient asks himself."""


class Page(NamedTuple):
    """Newest first. earlier: the last day of the page after it; None: there is none."""

    invoices: Sequence[Invoice]
    earlier: date | None


async def page(bills: Bills, patient_no: str, until: date, zone: ZoneInfo) -> Page:
    """What was paid up to that day.

    Raises:
        HospitalUnavailable: it does not answer.
    """
    earlier: date | None = until
    for _ in range(LOOKS):
        if earlier is None or earlier < EVER:
            return Page([], None)
        found, earlier = await _days(bills, patient_no, earlier, zone)
        paid = [each for each in found if each.state in ("paid", "refunded")]
        if paid:
            return Page(paid, earlier)
    return Page([], earlier)


async def _days(bills: Bills, patient_no: str, until: date, zone: ZoneInfo) -> Page:
    """All of some days, whatever their state. A day that did not fit whole is left for the next page; one that fills a
    page alone is this page."""
    found = await _between(bills, patient_no, EVER, until, AT_A_TIME + 1)
    if len(found) <= AT_A_TIME:
        return Page(found, None)
    oldest = _day(found[-1], zone)
    whole = [each for each in found if _day(each, zone) > oldest]
    if whole:
        return Page(whole, oldest)
    return Page(await _between(bills, patient_no, oldest, oldest, OF_ONE_DAY), oldest - timedelta(days=1))


async def _between(bills: Bills, patient_no: str, first_on: date, last_on: date, limit: int) -> list[Invoice]:
    found = await bills.invoices(patient_no, "", first_on, last_on, limit)
    return [each for each in found if each.patient_no == patient_no]


def _day(invoice: Invoice, zone: ZoneInfo) -> date:
    return invoice.ordered_at.astimezone(zone).date()
