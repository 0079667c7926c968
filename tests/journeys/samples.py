"""Every page in every state, from sample facts."""

from datetime import date, timedelta
from typing import Literal, get_args

import msgspec
from account_samples import ACCOUNT, TOP_UP, TOPPING_UP
from bill_samples import BILL
from booking_samples import BOOKING
from children_samples import CHILDREN
from fiscal_samples import RECEIPTS
from identity_samples import IDENTITY
from inpatient_samples import INPATIENT
from maintenance_samples import MAINTENANCE
from report_samples import REPORTS
from sample_facts import (
    CHROME,
    DEPARTMENTS,
    DOCTORS,
    GROUPS,
    HEART,
    INTRODUCTION,
    KEY,
    LAST,
    LETTERS,
    NOW,
    PATIENT,
    SESSIONS,
    SUBJECT,
    VISIT,
    subject_of,
)

from yinyi.business.terminals.model import ServiceName
from yinyi.interface.journeys import (
    services,
    views,
    views_afterwards,
    views_codes,
    views_ends,
    views_fiscal,
    views_pay,
    views_register,
    views_start,
)
from yinyi.interface.journeys.views_codes import CodeChoice
from yinyi.wire.iso8583.response_codes import response_of


def _check(problem: Literal["declined", "unavailable", "paid_late"] | None) -> views_register.CheckView:
    return views_register.CheckView(
        payment_no="26112301000042",
        visit=VISIT,
        fee_fen=5000,
        held_until=NOW + timedelta(minutes=5),
        problem=problem,
        key=KEY,
    )


def _wait(kind: Literal["holding", "starting", "asking", "closing"]) -> views_register.WaitView:
    return views_register.WaitView(
        kind=kind, payment_no="26112301000042", ask_no="7Q4-281", subject=SUBJECT, amount_fen=5000, since=NOW, key=KEY
    )


def _pay(state: str, **facts: object) -> views_pay.PayView:
    view = views_pay.PayView(
        payment_no="26112301000042",
        ask_no="7Q4-281",
        subject=SUBJECT,
        tender="wechatpay",
        state="waiting",
        amount_fen=5000,
        code_url="weixin://wxpay/bizpayurl?pr=NwY5Mz9rYz",
        expires_at=NOW + timedelta(minutes=4, seconds=41),
        since=NOW,
        resolves_by=NOW + timedelta(minutes=15),
        others=("alipay",),
        scans=("wechatpay", "alipay"),
        key=KEY,
    )
    return msgspec.structs.replace(view, state=state, **facts)


def _card(state: views_pay.CardState, **facts: object) -> views_pay.CardView:
    view = views_pay.CardView(
        payment_no="26112301000042",
        ask_no="7Q4-281",
        subject=SUBJECT,
        state=state,
        amount_fen=5000,
        merchant_name="云山市人民医院门诊 Yunshan People's Hospital Outpatients",
        since=NOW,
        expires_at=NOW + timedelta(seconds=83),
        hold_slip=state == "refused",
        key=KEY,
    )
    return msgspec.structs.replace(view, **facts)


def _answered(code: str, refused: views_pay.CardRefused, tries_left: int = 0) -> views_pay.CardView:
    told = response_of(code)
    return _card("refused", refused=refused, said=told.zh, said_en=told.en, tries_left=tries_left)


def _trouble(kind: views_pay.TroubleKind, **facts: object) -> views_pay.TroubleView:
    view = views_pay.TroubleView(
        kind=kind,
        payment_no="26112301000042",
        ask_no="7Q4-281",
        subject=SUBJECT,
        tender="wechatpay",
        amount_fen=5000,
        key=KEY,
    )
    return msgspec.structs.replace(view, **facts)


def _done(printing: views.Printing) -> views_pay.DoneView:
    return views_pay.DoneView(
        payment_no="26112301000042",
        ask_no="7Q4-281",
        visit=VISIT,
        amount_fen=5000,
        queue_ahead=4,
        printing=printing,
        key=KEY,
    )


def _with_receipt(number: str) -> views_pay.DoneView:
    note = views_fiscal.ReceiptNote(payment_no="26112301000042", number=number)
    return msgspec.structs.replace(_done("printed"), receipt=note)


_KINDS: tuple[tuple[views_afterwards.SlipKind, views_register.DepartmentChoice, int], ...] = (
    ("registration", HEART, 23),
    ("hold", DEPARTMENTS[4], 0),
    ("trouble", DEPARTMENTS[0], 0),
)
SLIPS = tuple(
    views_afterwards.Slip(
        document_no=f"X{n}",
        kind=kind,
        subject=subject_of(department, number),
        made_at=NOW - timedelta(hours=5 * n),
        amount_fen=5000,
    )
    for n, (kind, department, number) in enumerate(_KINDS)
)
_STATES: tuple[views_afterwards.PaymentState, ...] = (
    "registering",
    "done",
    "refunding",
    "refunded",
    "checking",
    "nothing_taken",
    "staff_decides",
    "waiting",
)
PAYMENTS = tuple(
    views_afterwards.PaymentRow(
        payment_no=f"2611230100004{n}",
        ask_no=f"7Q4-28{n}",
        subject=subject_of(DEPARTMENTS[n]),
        amount_fen=5000 - 500 * n,
        started_at=NOW - timedelta(hours=7 * n),
        state=state,
        resolves_by=NOW + timedelta(minutes=15) if state in ("registering", "checking") else None,
    )
    for n, state in enumerate(_STATES)
)

Sample = tuple[views.View, views.Chrome]


def _someone(**facts: object) -> views.Chrome:
    return msgspec.structs.replace(CHROME, patient=PATIENT, **facts)


NOBODY, SOMEONE, REGISTERING = CHROME, _someone(), _someone(steps=views.REGISTER_STEPS)
TAKE_CARD = _someone(steps=views.REGISTER_STEPS, pay_card_in=True)
NINE: tuple[ServiceName, ...] = tuple(each.name for each in services.TABLE)
SEVEN: tuple[ServiceName, ...] = tuple(name for name in NINE if name not in ("account", "reports"))
FIVE: tuple[ServiceName, ...] = tuple(name for name in SEVEN if name not in ("bills", "book"))


def _home(names: tuple[ServiceName, ...] = NINE, page: int = 1) -> views_start.HomeView:
    return views_start.HomeView(services=names, page=page)


def _code(*choices: CodeChoice) -> views_codes.CodeView:
    return views_codes.CodeView(choices=choices, after=7, key=KEY)


_START: dict[str, Sample] = {
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
    "home-offer": (_home(), _someone(offer_elder=True)),
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
    "first-phone": (
        views_start.FirstVisitView(
            stage="phone", name="䶮*", sex="male", born_year=1958, card_tail="1236", phone="138", key=KEY
        ),
        NOBODY,
    ),
    "first-confirm": (
        views_start.FirstVisitView(
            stage="confirm",
            name="䶮*",
            sex="male",
            born_year=1958,
            card_tail="1236",
            phone="13812345678",
            phone_masked="138****5678",
            key=KEY,
        ),
        NOBODY,
    ),
}
_REGISTER: dict[str, Sample] = {
    "departments": (
        views_register.DepartmentsView(by="common", same_as_last=LAST, departments=DEPARTMENTS),
        REGISTERING,
    ),
    "departments-floors": (views_register.DepartmentsView(by="floor", groups=GROUPS), REGISTERING),
    "departments-floor": (
        views_register.DepartmentsView(by="floor", at="4", departments=DEPARTMENTS[3:5]),
        REGISTERING,
    ),
    "departments-letters": (views_register.DepartmentsView(by="initial", groups=LETTERS), REGISTERING),
    "doctors": (
        views_register.DoctorsView(department=HEART, sessions=SESSIONS, doctors=DOCTORS, hold_minutes=5, key=KEY),
        REGISTERING,
    ),
    "doctors-none": (
        views_register.DoctorsView(department=HEART, sessions=SESSIONS, doctors=(), hold_minutes=5, key=KEY),
        REGISTERING,
    ),
    "doctor": (
        views_register.DoctorView(
            department=HEART, doctor=DOCTORS[0], introduction=INTRODUCTION, hold_minutes=5, key=KEY
        ),
        REGISTERING,
    ),
    "doctor-full": (
        views_register.DoctorView(
            department=HEART, doctor=DOCTORS[2], introduction=INTRODUCTION, hold_minutes=5, key=KEY
        ),
        REGISTERING,
    ),
    "check": (_check(None), REGISTERING),
}
_PAY: dict[str, Sample] = {
    "check-declined": (_check("declined"), REGISTERING),
    "check-unavailable": (_check("unavailable"), REGISTERING),
    "check-paid-late": (_check("paid_late"), REGISTERING),
    "wait-holding": (_wait("holding"), REGISTERING),
    "wait-starting": (_wait("starting"), REGISTERING),
    "wait-asking": (_wait("asking"), REGISTERING),
    "wait-closing": (_wait("closing"), REGISTERING),
    "pay": (_pay("waiting"), REGISTERING),
    "pay-no-scanner": (_pay("waiting", scans=()), REGISTERING),
    "pay-other": (_pay("waiting", other=True), REGISTERING),
    "pay-password": (_pay("password", expires_at=NOW + timedelta(seconds=38)), REGISTERING),
    "pay-refused": (_pay("refused", refused="insufficient_funds", hold_slip=True), REGISTERING),
    "pay-refused-expired": (_pay("refused", refused="expired", tender="alipay"), REGISTERING),
    "pay-confirming": (_pay("confirming"), REGISTERING),
    "pay-unknown": (_pay("unknown"), REGISTERING),
    "pay-cards": (_pay("waiting", cards=True), REGISTERING),
    "pay-cards-away": (_pay("waiting", cards=True, cards_away=True), REGISTERING),
    "card-insert": (_card("insert"), REGISTERING),
    "card-pin": (_card("pin", digits=4), REGISTERING),
    "card-asking": (_card("asking"), REGISTERING),
    "card-taking-back": (_card("taking_back"), REGISTERING),
    "card-wrong-pin": (_answered("55", "wrong_pin", 2), TAKE_CARD),
    "card-no-money": (_answered("51", "no_money"), TAKE_CARD),
    "card-blocked": (_answered("75", "pin_blocked"), REGISTERING),
    **{
        f"card-{refused.replace('_', '-')}": (
            _card("refused", refused=refused, again=refused != "key_refused"),
            REGISTERING,
        )
        for refused in ("cancelled", "timed_out", "not_taken", "unreadable", "key_refused", "pin_again", "no_answer")
    },
    "done-card": (_done("printed"), TAKE_CARD),
    "hold-slip": (
        views_pay.HoldSlipView(
            payment_no="26112301000042",
            ask_no="7Q4-281",
            subject=SUBJECT,
            amount_fen=5000,
            kept_until=NOW + timedelta(minutes=20),
            printing="printed",
            key=KEY,
        ),
        _someone(steps=views.REGISTER_STEPS, card_in_reader=True),
    ),
    "done": (_done("printing"), _someone(steps=views.REGISTER_STEPS, card_in_reader=True)),
    "done-later": (msgspec.structs.replace(_done("printed"), printing=None, queue_ahead=None), REGISTERING),
    "done-no-paper": (_done("paper_out"), REGISTERING),
    "done-receipt-coming": (_with_receipt(""), REGISTERING),
    "done-receipt": (_with_receipt("0012345678"), REGISTERING),
    "trouble-not-registered": (
        _trouble("not_registered_yet", paid_at=NOW, resolves_by=NOW + timedelta(minutes=15)),
        REGISTERING,
    ),
    "trouble-unknown": (_trouble("payment_unknown", resolves_by=NOW + timedelta(minutes=15)), REGISTERING),
    "trouble-refunding": (
        _trouble("refunding", paid_at=NOW, resolves_by=NOW + timedelta(minutes=15), printing="printed"),
        REGISTERING,
    ),
    "trouble-late": (
        _trouble("refunding", paid_at=NOW, resolves_by=NOW + timedelta(minutes=15), gives_back="paid_late"),
        REGISTERING,
    ),
    "trouble-refunded": (_trouble("refunded", paid_at=NOW), REGISTERING),
    "trouble-nothing": (_trouble("nothing_taken"), REGISTERING),
    "trouble-declined": (_trouble("declined"), REGISTERING),
    "trouble-staff": (_trouble("staff_decides", paid_at=NOW, resolves_by=NOW + timedelta(hours=2)), REGISTERING),
}
_AFTER: dict[str, Sample] = {
    "reprint": (views_afterwards.ReprintView(slips=SLIPS, key=KEY), SOMEONE),
    "reprint-printing": (views_afterwards.ReprintView(slips=SLIPS, chosen="X0", printing="printing", key=KEY), SOMEONE),
    "reprint-none": (views_afterwards.ReprintView(slips=(), key=KEY), SOMEONE),
    "payments": (views_afterwards.FindPaymentView(payments=PAYMENTS), SOMEONE),
    "payments-none": (views_afterwards.FindPaymentView(payments=()), SOMEONE),
    "payments-news": (
        views_afterwards.PaymentNewsView(payments=(PAYMENTS[1], PAYMENTS[3]), on="/kiosk/register/departments"),
        SOMEONE,
    ),
    "help": (views_afterwards.CallStaffView(state="called", called_at=NOW), SOMEONE),
    "help-coming": (views_afterwards.CallStaffView(state="coming", called_at=NOW), SOMEONE),
    "help-nobody": (views_afterwards.CallStaffView(state="nobody", called_at=NOW), SOMEONE),
    "bye": (views_ends.ByeView(), msgspec.structs.replace(CHROME, card_in_reader=True)),
    "bye-all": (views_ends.ByeView(), NOBODY),
    "closed-hospital": (views_ends.ClosedView(reason="hospital_down", opens_at=NOW + timedelta(minutes=34)), NOBODY),
    "closed-platform": (views_ends.ClosedView(reason="platform_down"), msgspec.structs.replace(CHROME, line_ok=False)),
    "closed-not-paired": (views_ends.ClosedView(reason="not_paired", pairing_code="4826"), NOBODY),
    "closed-pairing": (views_ends.ClosedView(reason="not_paired"), NOBODY),
    "closed-locked": (views_ends.ClosedView(reason="locked"), NOBODY),
    "closed-locked-paper": (views_ends.ClosedView(reason="locked", because="paper"), NOBODY),
    "closed-maintenance": (views_ends.ClosedView(reason="maintenance"), NOBODY),
}


_OF_TOP_UPS: dict[str, Sample] = {
    "account-pay": (_pay("waiting", subject=TOP_UP, hold_slip=False, cards=True), TOPPING_UP),
    "account-trouble": (
        _trouble("payment_unknown", subject=TOP_UP, resolves_by=NOW + timedelta(minutes=15)),
        TOPPING_UP,
    ),
}


def _error(kind: views_ends.ErrorKind) -> Sample:
    tried_again = kind not in ("old_page", "not_found", "session_over")
    later = views_register.Later(session="afternoon", left=6) if kind == "slot_taken" else None
    return views_ends.ErrorView(
        kind=kind,
        back="/kiosk/register/departments" if tried_again else "",
        ask_no="7Q4-281" if kind == "unexpected" else "",
        later=later,
    ), SOMEONE


SAMPLES: dict[str, Sample] = {
    **_START,
    **_REGISTER,
    **_PAY,
    **IDENTITY,
    **CHILDREN,
    **_AFTER,
    **ACCOUNT,
    **_OF_TOP_UPS,
    **BILL,
    **INPATIENT,
    **REPORTS,
    **BOOKING,
    **RECEIPTS,
    **MAINTENANCE,
    **{f"error-{kind.replace('_', '-')}": _error(kind) for kind in get_args(views_ends.ErrorKind)},
}
