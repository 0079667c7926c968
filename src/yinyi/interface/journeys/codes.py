"""Whatever is held under the scanner on the first page: told apart by the platform, opened by the journey that it
belongs to, asked about where it may be several things, and named where nothing can be done with it."""

from collections.abc import Mapping

from yinyi.business.terminals.media import CODE_KINDS, CodeKind
from yinyi.business.terminals.messages_media import ClassifyCode
from yinyi.business.terminals.model import ServiceName
from yinyi.interface.journeys import afterwards, arrival, bills, identify, present, reports, scan, views_codes
from yinyi.interface.journeys.purposes.purpose import Say
from yinyi.interface.journeys.visitor import Go, Handler, Next, Show, Visitor

OPENS: Mapping[CodeKind, Handler] = {
    "request_form": bills.by_form,
    "tube": reports.by_tube,
    "booking_slip": arrival.by_slip,
    "payment_slip": afterwards.by_slip,
    "hospital_number": identify.by_scanned_number,
    "insurance_code": identify.by_certificate,
}
"""What goes on with a code of its kind: a handler of the form that ``code_heard.html`` sends ([after, key])."""
BELONGS: Mapping[CodeKind, ServiceName] = {
    "request_form": "bills",
    "tube": "reports",
    "booking_slip": "check_in",
    "payment_slip": "find_payment",
}
"""The service whose codes these are; what to press instead while nothing opens by the code alone."""
IDENTIFIES: frozenset[CodeKind] = frozenset({"hospital_number", "insurance_code"})
"""Codes that say who somebody is, whatever he came for."""


async def heard(visitor: Visitor) -> Next:
    """POST CODE [after, kind, expects]: something was scanned after the page was made. ``kind``: what people say it is.
    expects: what the page asks for: what is of no known kind is tried as that."""
    after = scan.after(visitor)
    found = await visitor.ask_as_anybody(ClassifyCode(after=after))
    if not found.scanned:
        return Go(visitor.paths.home)
    said: list[CodeKind] = [kind for kind in found.kinds if kind == visitor.form.get("kind")]
    expected: list[CodeKind] = [kind for kind in OPENS if kind == visitor.form.get("expects")]
    kinds = said or found.kinds or expected
    if len(kinds) == 1 and _opens(visitor, kinds[0]):
        return await OPENS[kinds[0]](visitor)
    return Go(f"{visitor.paths.code}?is={'.'.join(kinds)}&after={after}")


async def which(visitor: Visitor) -> Next:
    """GET CODE ?is=kind.kind&after=…; or a card, which may be laid instead."""
    laid = await identify.by_laid_card(visitor, visitor.visit.wants)
    if laid is not None:
        return laid
    named = visitor.query.get("is", "").split(".")
    view = views_codes.CodeView(
        choices=tuple(_choice(visitor, kind) for kind in CODE_KINDS if kind in named),
        after=scan.number(visitor.query.get("after", "")),
        key=present.new_key(),
    )
    return Show(view, listens=scan.listens(visitor) | identify.listens(visitor))


def _open_here(visitor: Visitor) -> set[ServiceName]:
    return {each.service for each in visitor.terminal.offers if not each.shut}


def _opens(visitor: Visitor, kind: CodeKind) -> bool:
    """Its journey goes on with it, and can be had here now; or it says who somebody is, and nobody is known."""
    if kind in IDENTIFIES:
        return not visitor.known
    return kind in OPENS and BELONGS.get(kind) in _open_here(visitor)


def _choice(visitor: Visitor, kind: CodeKind) -> views_codes.CodeChoice:
    service = BELONGS.get(kind)
    to = visitor.paths.service(service) if service in _open_here(visitor) else ""
    return views_codes.CodeChoice(kind=kind, opens=_opens(visitor, kind), to=to)


def words(_: Say) -> dict[str, dict[str, str]]:
    """What each kind of code is called, and what it is for."""
    return {
        "code": {
            "payer_code": _("Payment code"),
            "insurance_code": _("Insurance code"),
            "hospital_number": _("Hospital number"),
            "request_form": _("Request form"),
            "tube": _("Blood tube"),
            "booking_slip": _("Booking slip"),
            "payment_slip": _("Slip of a payment"),
            "resident_number": _("Number of an ID card"),
        },
        "code_for": {
            "payer_code": _("It is asked for once you have chosen what to pay."),
            "insurance_code": _("It says who you are, as your card does."),
            "hospital_number": _("It says who you are, together with a proof."),
            "request_form": _("It opens the bill that it was written for."),
            "tube": _("It opens the report of this sample."),
            "booking_slip": _("It checks you in on the day of your booking."),
            "payment_slip": _("It shows what became of the payment, once it is known who you are."),
            "resident_number": _("Lay the card itself on the reader; a copy proves nothing."),
        },
    }
