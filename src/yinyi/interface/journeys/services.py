"""What the first page can offer: a line for each service, in the order in which people look for them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from yinyi.business.terminals.model import ServiceName

Tone = Literal["a", "w", "leaf", "sky", "plum", "rose", "sunny", ""]


@dataclass(frozen=True)
class Service:
    """``name``: also of its first address in ``Paths`` and of what somebody wants who comes for it."""

    name: ServiceName
    icon: str
    tone: Tone


TABLE: tuple[Service, ...] = (
    Service("register", "calendar-plus", "a"),
    Service("bills", "receipt-text", "w"),
    Service("check_in", "ticket-check", "leaf"),
    Service("reports", "microscope", "sky"),
    Service("book", "calendar-days", "rose"),
    Service("inpatient", "hospital", "plum"),
    Service("account", "wallet", "leaf"),
    Service("find_payment", "search-check", "sunny"),
    Service("reprint", "printer", "sky"),
    Service("card_balance", "credit-card", "plum"),
)
SERVICES: Mapping[ServiceName, Service] = {service.name: service for service in TABLE}


@dataclass(frozen=True)
class Choices:
    """What is offered at once. ``more``: the page with what comes next; 0: nothing does."""

    names: Sequence[ServiceName]
    more: int


def choices(names: Sequence[ServiceName], most: int, page: int) -> Choices:
    """The services of the first page (1) or of one that follows it, at most so many: the first page is full, the others
    share the rest evenly, and none has a single one on it that the page before could have held."""
    if len(names) <= most:
        return Choices(names, 0)
    first = most if len(names) > most + 1 else most - 1
    rest = names[first:]
    pages = -(-len(rest) // most)
    page = max(1, min(page, 1 + pages))
    if page == 1:
        return Choices(names[:first], 2)
    each = -(-len(rest) // pages)
    start = (page - 2) * each
    return Choices(rest[start : start + each], page + 1 if page <= pages else 0)


def words(_: Callable[[str], str]) -> dict[str, dict[str, str]]:
    """Names of services, and what each is for."""
    return {
        "service": {
            "register": _("See a doctor today"),
            "bills": _("Pay bills"),
            "check_in": _("Check in"),
            "reports": _("Reports"),
            "book": _("Book a visit"),
            "inpatient": _("Inpatients"),
            "account": _("Prepaid account"),
            "find_payment": _("Where is my money?"),
            "reprint": _("Print again"),
            "card_balance": _("City card balance"),
        },
        "service_for": {
            "register": _("Choose clinic and doctor, and pay"),
            "bills": _("Tests, medicine, treatment"),
            "check_in": _("You booked and are here now"),
            "reports": _("View and print"),
            "book": _("On another day"),
            "inpatient": _("Deposit, daily costs, statement"),
            "account": _("Balance, top up, give back"),
            "find_payment": _("What became of a payment"),
            "reprint": _("A slip did not come out"),
            "card_balance": _("What is left on it"),
        },
    }
