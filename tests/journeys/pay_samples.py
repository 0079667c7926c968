"""The pages of a payment in their states: by phone, by card, done, and when something went wrong."""

from datetime import timedelta

import msgspec
from account_samples import TOP_UP, TOPPING_UP
from sample_facts import KEY, NOW, REGISTERING, SUBJECT, TAKE_CARD, VISIT, Sample, someone

from yinyi.interface.journeys import views, views_fiscal, views_pay
from yinyi.wire.iso8583.response_codes import response_of


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
        kinds=views.CARDS,
        key=KEY,
    )
    return msgspec.structs.replace(view, **facts)


def _answered(code: str, refused: views_pay.CardRefused, **facts: object) -> views_pay.CardView:
    told = response_of(code)
    return _card("refused", refused=refused, said=told.zh, said_en=told.en, **facts)


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


BROUGHT = views.MeansWords(tender="city_pay", name="云山一码付", name_en="Yunshan City Pay", icon="wallet")
CITY: dict[str, Sample] = {
    "pay-brought": (
        _pay(
            "waiting",
            tender="city_pay",
            others=("wechatpay", "alipay"),
            kinds=views.CARDS,
            scans=("wechatpay", "city_pay"),
        ),
        msgspec.structs.replace(REGISTERING, means=(BROUGHT,)),
    ),
    "pay-brought-other": (
        _pay("waiting", others=("alipay", "city_pay"), scans=("wechatpay", "alipay", "city_pay")),
        msgspec.structs.replace(REGISTERING, means=(BROUGHT,)),
    ),
}

PULLED_OUT: dict[str, Sample] = {
    "card-pulled-out": (_card("refused", refused="pulled_out"), REGISTERING),
    "card-asking-in": (_card("asking"), TAKE_CARD),
    "card-wrong-pin-out": (_answered("55", "wrong_pin", tries_left=2), REGISTERING),
}
UNASKED: dict[str, Sample] = {
    "card-stripe": (_card("refused", refused="stripe"), TAKE_CARD),
    "card-keys-changed": (_card("refused", refused="keys_changed"), REGISTERING),
    "card-not-here": (_card("refused", refused="not_here"), REGISTERING),
    "card-unreached": (_card("refused", refused="unreached"), REGISTERING),
    "card-busy": (_answered("91", "busy"), REGISTERING),
    "card-insert-one-kind": (_card("insert", kinds=("bank_card",)), REGISTERING),
    "card-not-taken-one-kind": (_card("refused", refused="not_taken", kinds=("bank_card",)), TAKE_CARD),
}
"""Cards whose banks were asked nothing, or can say nothing just now; and where one kind of cards is taken."""
CITY_CARD: dict[str, Sample] = {"card-city-declined": (_answered("05", "declined", tender="public_card"), REGISTERING)}
AT_BANK: dict[str, Sample] = {
    "bank-confirming": (_pay("confirming", tender="institution", scans=(), others=()), REGISTERING),
    "bank-not-registered-yet": (
        _trouble("not_registered_yet", tender="institution", paid_at=NOW, resolves_by=NOW + timedelta(minutes=15)),
        REGISTERING,
    ),
    "bank-refunding": (_trouble("refunding", tender="institution", paid_at=NOW), REGISTERING),
    "bank-refunded": (_trouble("refunded", tender="institution", paid_at=NOW), REGISTERING),
    "bank-staff-decides": (
        _trouble("staff_decides", tender="institution", paid_at=NOW, resolves_by=NOW + timedelta(hours=4)),
        REGISTERING,
    ),
}
"""What was paid at a counter or a machine of a bank."""
PAY: dict[str, Sample] = {
    "pay": (_pay("waiting"), REGISTERING),
    "pay-no-scanner": (_pay("waiting", scans=()), REGISTERING),
    "pay-other": (_pay("waiting", other=True), REGISTERING),
    "pay-password": (_pay("password", expires_at=NOW + timedelta(seconds=38)), REGISTERING),
    "pay-refused": (_pay("refused", refused="insufficient_funds", hold_slip=True), REGISTERING),
    "pay-refused-expired": (_pay("refused", refused="expired", tender="alipay"), REGISTERING),
    "pay-confirming": (_pay("confirming"), REGISTERING),
    "pay-unknown": (_pay("unknown"), REGISTERING),
    "pay-cards": (_pay("waiting", kinds=views.CARDS), REGISTERING),
    "pay-cards-away": (_pay("waiting", kinds=views.CARDS, cards_away=True), REGISTERING),
    "card-insert": (_card("insert"), REGISTERING),
    "card-pin": (_card("pin", digits=4), REGISTERING),
    "card-asking": (_card("asking"), REGISTERING),
    "card-taking-back": (_card("taking_back"), REGISTERING),
    "card-wrong-pin": (_answered("55", "wrong_pin", tries_left=2), TAKE_CARD),
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
        someone(steps=views.REGISTER_STEPS, card_in_reader=True),
    ),
    "done": (_done("printing"), someone(steps=views.REGISTER_STEPS, card_in_reader=True)),
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
    "trouble-at-window": (_trouble("at_window", paid_at=NOW), REGISTERING),
    "trouble-refunded": (_trouble("refunded", paid_at=NOW), REGISTERING),
    "trouble-nothing": (_trouble("nothing_taken"), REGISTERING),
    "trouble-declined": (_trouble("declined"), REGISTERING),
    "trouble-staff": (_trouble("staff_decides", paid_at=NOW, resolves_by=NOW + timedelta(hours=2)), REGISTERING),
    "account-pay": (_pay("waiting", subject=TOP_UP, hold_slip=False, kinds=views.CARDS), TOPPING_UP),
    "account-trouble": (
        _trouble("payment_unknown", subject=TOP_UP, resolves_by=NOW + timedelta(minutes=15)),
        TOPPING_UP,
    ),
}
