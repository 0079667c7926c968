"""The first pages in their states: home, codes, and finding out who it is."""

from datetime import date, timedelta

import msgspec
from sample_facts import CHROME, KEY, NOBODY, NOW, SOMEONE, Sample, someone

from yinyi.business.terminals.model import ServiceName
from yinyi.interface.journeys import services, views_codes, views_ends, views_start
from yinyi.interface.journeys.views_codes import CodeChoice

EVERY: tuple[ServiceName, ...] = tuple(each.name for each in services.TABLE)
SEVEN: tuple[ServiceName, ...] = tuple(name for name in EVERY if name not in ("account", "reports", "card_balance"))
FIVE: tuple[ServiceName, ...] = tuple(name for name in SEVEN if name not in ("bills", "book"))


def _home(names: tuple[ServiceName, ...] = EVERY, page: int = 1) -> views_start.HomeView:
    return views_start.HomeView(services=names, page=page)


def _code(*choices: CodeChoice) -> views_codes.CodeView:
    return views_codes.CodeView(choices=choices, after=7, key=KEY)


_NEW = views_start.FirstVisitView(
    stage="phone",
    document="resident_card",
    name="䶮*",
    sex="male",
    born_year=1958,
    card_tail="1236",
    phone="138",
    key=KEY,
)
"""On his first visit."""

START: dict[str, Sample] = {
    "home": (_home(), NOBODY),
    "home-five": (_home(FIVE), NOBODY),
    "home-seven": (_home(SEVEN), NOBODY),
    "home-night": (
        msgspec.structs.replace(
            _home(), shut={"book": NOW + timedelta(hours=21), "check_in": NOW + timedelta(days=3), "reports": None}
        ),
        msgspec.structs.replace(CHROME, now=NOW + timedelta(hours=11)),
    ),
    "home-patient": (_home(), SOMEONE),
    "home-patient-five": (_home(FIVE), SOMEONE),
    "home-more": (_home(page=2), NOBODY),
    "home-more-patient": (_home(page=2), SOMEONE),
    "home-offer": (_home(), someone(offer_elder=True)),
    "home-card-left": (_home(), msgspec.structs.replace(CHROME, card_in_reader=True)),
    "home-line-gone": (_home(), msgspec.structs.replace(CHROME, line_ok=False)),
    "code-unknown": (_code(), NOBODY),
    "code-payer": (_code(CodeChoice(kind="payer_code")), SOMEONE),
    "code-which": (
        _code(
            CodeChoice(kind="booking_slip", opens=True),
            CodeChoice(kind="payment_slip", to="/kiosk/payments"),
            CodeChoice(kind="resident_number"),
        ),
        NOBODY,
    ),
    "no-paper": (views_ends.NoPaperView(on="/kiosk/register?no_paper=1"), NOBODY),
    "identify": (views_start.IdentifyView(), NOBODY),
    "identify-unreadable": (views_start.IdentifyView(problem="unreadable"), NOBODY),
    "identify-reader-down": (views_start.IdentifyView(reader_ok=False, problem="reader_down"), NOBODY),
    "number": (views_start.NumberView(key=KEY), NOBODY),
    "number-unknown": (views_start.NumberView(number="10023471", problem="unknown_number", key=KEY), NOBODY),
    "number-proof": (views_start.NumberView(stage="proof", number="10023471", key=KEY), NOBODY),
    "who": (
        views_start.WhoView(
            matches=(
                views_start.Match(
                    choice="a", name="张*国", age=68, number_tail="1236", last_visit_on=date(2026, 10, 12)
                ),
                views_start.Match(choice="b", name="张*国", age=67, number_tail="8805"),
            ),
            key=KEY,
        ),
        NOBODY,
    ),
    "first-phone": (_NEW, NOBODY),
    "first-confirm": (
        msgspec.structs.replace(_NEW, stage="confirm", phone="13812345678", phone_masked="138****5678"),
        NOBODY,
    ),
}

LINED: dict[str, Sample] = {
    "in-line": (
        views_ends.InLineView(
            place=37, about_s=41, ticket="1795771800.25", again="/kiosk/register/departments", again_ms=600_000
        ),
        SOMEONE,
    ),
    "in-line-next": (
        views_ends.InLineView(
            place=1, about_s=2, ticket="1795771800.25", again="/kiosk/bills", again_ms=600_000, form={"key": KEY}
        ),
        NOBODY,
    ),
}

_SILENT = views_start.FirstVisitView(
    stage="phone",
    document="permanent_resident_card",
    name="陈**",
    sex="unknown",
    born_year=None,
    card_tail="0415",
    key=KEY,
)
SILENT: dict[str, Sample] = {
    "first-phone-three": (_SILENT, NOBODY),
    "first-sex": (msgspec.structs.replace(_SILENT, stage="sex", phone="13812345678"), NOBODY),
    "first-born": (msgspec.structs.replace(_SILENT, stage="born", sex="female", phone="13812345678"), NOBODY),
    "first-born-wrong": (msgspec.structs.replace(_SILENT, stage="born", sex="female", problem="not_a_day"), NOBODY),
    "first-confirm-three": (
        msgspec.structs.replace(
            _SILENT, stage="confirm", sex="female", born_year=1985, born="19850314", phone_masked="138****5678"
        ),
        NOBODY,
    ),
}
"""Of somebody whose document's number says neither sex nor birth date."""
