"""Nobody is on record yet: what his document does not say is asked, and he confirms it all."""

import contextlib
import re
from typing import Literal, get_args

from yinyi.business.identity.errors import TicketExpired
from yinyi.business.identity.messages import FirstVisit, GetTicket, PreferElder, RegisterPatient
from yinyi.business.identity.model import Sex
from yinyi.interface.journeys import present, typed, views_start
from yinyi.interface.journeys.identify import answered, ticket_of
from yinyi.interface.journeys.visitor import Next, Show, Visitor
from yinyi.kernel.errors import YinyiError

Stage = Literal["phone", "sex", "born", "confirm"]
OLD_YEARS = 65
"""From then on large print is offered at once."""
_PHONE = re.compile(r"1[3-9]\d{9}")


async def welcome(visitor: Visitor) -> Next:
    """GET FIRST_VISIT."""
    return _page(visitor, await _first_visit(visitor), "phone")


async def register_patient(visitor: Visitor) -> Next:
    """POST FIRST_VISIT [stage, phone, sex, born]: the telephone; what the document does not say; the confirmation that
    makes the record."""
    visitor.back = visitor.paths.first_visit
    stage, phone = visitor.form.get("stage", ""), _phone(visitor)
    if stage == "phone" and "skip" not in visitor.form and not _PHONE.fullmatch(phone):
        return _page(visitor, await _first_visit(visitor), "phone", "not_a_phone_number")
    if stage != "confirm":
        return await _asked_further(visitor, stage)
    if "change" in visitor.form:
        return _page(visitor, await _first_visit(visitor), "phone")
    asked = RegisterPatient(
        ticket=ticket_of(visitor), phone=phone, sex=_sex(visitor) or "unknown", born_on=typed.birthday(visitor)
    )
    found = await visitor.ask(asked, key=visitor.key)
    if visitor.mode == "elder":
        with contextlib.suppress(YinyiError):
            await visitor.ask_as(found.session_token, PreferElder(elder=True))
    return answered(visitor, found)


async def _asked_further(visitor: Visitor, stage: str) -> Next:
    card = await _first_visit(visitor)
    says_it = card.born_year is not None
    if not says_it and _sex(visitor) is None:
        return _page(visitor, card, "sex")
    if not says_it and typed.birthday(visitor) is None:
        return _page(visitor, card, "born", "not_a_day" if stage == "born" else None)
    return _page(visitor, card, "confirm")


async def _first_visit(visitor: Visitor) -> FirstVisit:
    ticket = await visitor.ask(GetTicket(ticket=ticket_of(visitor)))
    if ticket.first_visit is None:
        raise TicketExpired
    return ticket.first_visit


def _phone(visitor: Visitor) -> str:
    return "" if "skip" in visitor.form else visitor.form.get("phone", "").strip()


def _sex(visitor: Visitor) -> Sex | None:
    said = visitor.form.get("sex", "")
    return next((each for each in get_args(Sex) if each == said and each != "unknown"), None)


def _page(
    visitor: Visitor, card: FirstVisit, stage: Stage, problem: views_start.FirstVisitProblem | None = None
) -> Show:
    phone, born_on = _phone(visitor), typed.birthday(visitor)
    view = views_start.FirstVisitView(
        stage=stage,
        document=card.kind,
        name=present.masked(card.name),
        sex=_sex(visitor) or card.sex,
        born_year=card.born_year or (born_on.year if born_on else None),
        card_tail=card.number_tail,
        phone=phone,
        phone_masked=present.masked_phone(phone) if stage == "confirm" else "",
        born=f"{born_on:%Y%m%d}" if born_on else "",
        problem=problem,
        key=present.new_key(),
    )
    return Show(view, is_old=card.born_year is not None and visitor.now.year - card.born_year >= OLD_YEARS)
