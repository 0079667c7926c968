"""Who is it? By the card on the reader, by the hospital number, by choosing among several, or for the first time."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Literal

from yinyi.business.identity.errors import (
    CardUnreadable,
    CertificateExpired,
    CertificateForeign,
    CertificateUnreadable,
    CertificateUsed,
    CheckDigitWrong,
    DecoderUnavailable,
    NoCard,
    PatientUnknown,
    TicketExpired,
    TooManyTries,
    WindowOnly,
)
from yinyi.business.identity.messages import (
    ChoosePatient,
    GetTicket,
    Identified,
    Identify,
    IdentifyByNumber,
)
from yinyi.business.identity.messages_cards import IdentifyByCertificate
from yinyi.business.terminals.media import CodeKind
from yinyi.business.terminals.messages_media import ReadHospitalNumber
from yinyi.interface.journeys import card_reading, present, scan, views_start
from yinyi.interface.journeys.visitor import Go, Next, Show, Visit, Visitor, Want
from yinyi.kernel.errors import Unavailable, YinyiError

READER = "id_reader"
CARDS = {"card": "1", "terminal": "1"}
EXPECTS: Mapping[Want, CodeKind] = {
    "bills": "request_form",
    "form": "request_form",
    "reports": "tube",
    "check_in": "booking_slip",
    "slip": "booking_slip",
}
"""Whose code opens what somebody came for without a card."""
TUBE = "tube"
"""In the address of the page: why the tube that was scanned opens nothing."""
SCANNED = "scanned"
_OF_TUBES: dict[str, views_start.IdentifyProblem] = {"unknown": "unknown_tube", "many": "too_many_tries"}
CERTIFICATE = "insurance"
"""In the address of the page: why an insurance code does not say who somebody is."""
_OF_CERTIFICATES: dict[type[YinyiError], views_start.IdentifyProblem] = {
    CertificateUnreadable: "code_unreadable",
    CertificateExpired: "code_expired",
    CertificateUsed: "code_used",
    CertificateForeign: "code_foreign",
    CheckDigitWrong: "code_foreign",
    DecoderUnavailable: "code_away",
    TooManyTries: "too_many_tries",
}
_NUMBER = re.compile(r"[0-9A-Za-z-]{1,20}")
_PROOF = re.compile(r"\d{4}")
_PROBLEMS: dict[type[YinyiError], views_start.IdentifyProblem] = {
    CardUnreadable: "unreadable",
    CheckDigitWrong: "bad_check_digit",
    WindowOnly: "window_only",
    PatientUnknown: "unknown_number",
    TooManyTries: "too_many_tries",
}


def goes_on(visitor: Visitor) -> str:
    """The page of what somebody came for, once it is known who he is."""
    paths = visitor.paths
    match visitor.visit.wants:
        case "register":
            return paths.departments
        case "reprint":
            return paths.reprint
        case "find_payment":
            return paths.find_payment
        case "payment_slip":
            return f"{paths.find_payment}?slip=1"
        case "cards":
            return paths.cards
        case "account":
            return paths.account
        case "inpatient":
            return paths.inpatient
        case "bills" | "form":
            return paths.bills
        case "reports":
            return paths.reports
        case "book":
            return paths.book_departments
        case "check_in" | "slip":
            return paths.check_in
        case "children":
            return paths.children
        case "card_balance":
            return paths.card_balance
        case "home" | "maintenance":
            return paths.home


def answered(visitor: Visitor, found: Identified) -> Go:
    """Where to go with what was found."""
    wants, card = visitor.visit.wants, visitor.terminal.card_version
    match found.status:
        case "known":
            to = visitor.paths.children if found.has_children else goes_on(visitor)
            session = found.session_token or visitor.visit.session
            return Go(to, Visit(session=session, wants=wants, card=card))
        case "several":
            return Go(visitor.paths.who, Visit(ticket=found.ticket, wants=wants, card=card))
        case "first_visit":
            return Go(visitor.paths.first_visit, Visit(ticket=found.ticket, wants=wants, card=card))


async def lay_card(visitor: Visitor) -> Next:
    """GET IDENTIFY: waits for a card, and reads it as soon as it lies there."""
    if visitor.known:
        return Go(goes_on(visitor))
    reader_ok = reader_works(visitor)
    problem: views_start.IdentifyProblem | None = None if reader_ok else "reader_down"
    try:
        return answered(visitor, await visitor.ask(Identify()))
    except NoCard:
        pass
    except (CardUnreadable, CheckDigitWrong, WindowOnly) as error:
        problem = _PROBLEMS[type(error)]
    if problem is None and visitor.query.get("cards") == "0":
        problem = "cards_away"
    if problem is None:
        said = visitor.query.get(CERTIFICATE)
        problem = next((each for each in _OF_CERTIFICATES.values() if each == said), None)
    expects = EXPECTS.get(visitor.visit.wants)
    if problem is None:
        problem = _OF_TUBES.get(visitor.query.get(TUBE, ""))
    await card_reading.forget(visitor)
    view = views_start.IdentifyView(
        reader_ok=reader_ok,
        problem=problem,
        kinds=card_reading.kinds_of(visitor.terminal),
        expects=expects,
        after=visitor.terminal.code_version,
        key=present.new_key(),
    )
    return Show(view, listens=CARDS | scan.listens(visitor))


async def by_laid_card(visitor: Visitor, wants: Want) -> Go | None:
    """Nobody is known yet, and a card that says who it is lies on the reader of a page that takes one. None: as before;
    one that cannot be read is nobody's."""
    terminal = visitor.terminal
    if visitor.known or terminal.staff_card or not terminal.card_in_reader:
        return None
    visitor.visit = replace(visitor.visit, wants=wants)
    with suppress(NoCard, CardUnreadable, CheckDigitWrong, WindowOnly, Unavailable):
        return answered(visitor, await visitor.ask(Identify()))
    return None


def listens(visitor: Visitor) -> dict[str, str]:
    """What such a page is refreshed for besides."""
    return {} if visitor.known else CARDS


def reader_works(visitor: Visitor) -> bool:
    """The terminal's agent is connected and its reader is well."""
    readers = [device for device in visitor.terminal.devices if device.kind == READER]
    return visitor.terminal.line_ok and all(device.state != "offline" for device in readers)


async def ask_number(visitor: Visitor) -> Next:
    """GET NUMBER ?scanned=…: with the number that was scanned after that version."""
    if visitor.known:
        return Go(goes_on(visitor))
    if SCANNED in visitor.query:
        read = await visitor.ask_as_anybody(ReadHospitalNumber(after=scan.number(visitor.query[SCANNED])))
        if _NUMBER.fullmatch(read.number):
            return _number_page("proof", read.number)
    view = views_start.NumberView(after=visitor.terminal.code_version, key=present.new_key())
    return Show(view, listens=scan.listens(visitor))


async def take_number(visitor: Visitor) -> Next:
    """POST NUMBER: first the number, then the proof that it is one's own."""
    number, proof = visitor.form.get("number", "").strip(), visitor.form.get("proof", "").strip()
    if not _NUMBER.fullmatch(number):
        return _number_page("number", "", "unknown_number")
    if visitor.form.get("stage") != "proof":
        return _number_page("proof", number)
    if not _PROOF.fullmatch(proof):
        return _number_page("proof", number, "unknown_number")
    try:
        return answered(visitor, await visitor.ask(IdentifyByNumber(patient_no=number, proof=proof)))
    except PatientUnknown:
        return _number_page("number", number, "unknown_number")
    except TooManyTries:
        return _number_page("number", number, "too_many_tries")


async def by_certificate(visitor: Visitor) -> Next:
    """POST CODE, for an insurance code: it says who somebody is as a card does."""
    visitor.back = visitor.paths.identify
    try:
        return answered(visitor, await visitor.ask_as_anybody(IdentifyByCertificate(after=scan.after(visitor))))
    except tuple(_OF_CERTIFICATES) as error:
        return Go(f"{visitor.paths.identify}?{CERTIFICATE}={_OF_CERTIFICATES[type(error)]}")


async def by_scanned_number(visitor: Visitor) -> Next:
    """POST CODE, for a hospital number: as if it had been typed; the proof is still asked for."""
    return Go(f"{visitor.paths.number}?{SCANNED}={scan.after(visitor)}")


def _number_page(
    stage: Literal["number", "proof"], number: str, problem: views_start.IdentifyProblem | None = None
) -> Show:
    return Show(views_start.NumberView(stage=stage, number=number, problem=problem, key=present.new_key()))


async def which_patient(visitor: Visitor) -> Next:
    """GET WHO."""
    ticket = await visitor.ask(GetTicket(ticket=ticket_of(visitor)))
    if not ticket.matches:
        return Go(visitor.paths.identify)
    matches = tuple(
        views_start.Match(choice=each.choice, name=each.name_masked, age=each.age, number_tail=each.number_tail)
        for each in ticket.matches
    )
    return Show(views_start.WhoView(matches=matches, key=present.new_key()))


async def choose_patient(visitor: Visitor) -> Next:
    """POST WHO."""
    visitor.back = visitor.paths.who
    choice = visitor.form.get("choice", "")
    return answered(visitor, await visitor.ask(ChoosePatient(ticket=ticket_of(visitor), choice=choice)))


def ticket_of(visitor: Visitor) -> str:
    """
    Raises:
        TicketExpired: no card was read for this screen.
    """
    if not visitor.visit.ticket:
        raise TicketExpired
    return visitor.visit.ticket
