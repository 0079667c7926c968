"""More pages of what others have samples of, in the order in which they came."""

import msgspec
from after_samples import ERRORS
from bill_samples import BILL, BILLS
from booking_samples import BOOKING
from pay_samples import PAY
from register_samples import REGISTER
from report_samples import REPORTS
from sample_facts import DOCTORS, KEY, SESSIONS, Sample
from start_samples import START

from yinyi.interface.journeys import views_start

INTRODUCTION_EN = (
    "Chief physician with 30 years of practice in Cardiology. "
    "Mostly sees patients for: coronary heart disease, high blood pressure, heart failure."
)


def _as(sample: Sample, **facts: object) -> Sample:
    view, chrome = sample
    return msgspec.structs.replace(view, **facts), chrome


_OVER = tuple(msgspec.structs.replace(each, state="over", in_room=False, left=0, later=None) for each in DOCTORS)
_CLOSED = msgspec.structs.replace(_OVER[0], state="closed", in_room=True)
_SESSIONS_OVER = tuple(
    msgspec.structs.replace(each, left=0, state=state)
    for each, state in zip(SESSIONS, ("closed", "over", "full"), strict=True)
)

FURTHER: dict[str, Sample] = {
    "bookings-has-it": _as(BOOKING["bookings-gone"], problem="has_it"),
    "bookings-has-it-elsewhere": _as(BOOKING["bookings-none"], problem="has_it"),
    "doctor-english": _as(REGISTER["doctor"], introduction_en=INTRODUCTION_EN),
    "book-times-english": _as(BOOKING["book-times"], introduction_en=INTRODUCTION_EN),
    "fees-unknown": _as(BILL["fees-none"], complete=False),
    "reports-unknown": _as(REPORTS["reports-none"], complete=False),
    "identify-no-tube-home": (views_start.IdentifyView(problem="unknown_tube", key=KEY), START["identify"][1]),
    "first-phone-macao": _as(START["first-phone"], document="hmt_resident_card", name="何**", card_tail="0018"),
    "first-confirm-macao": _as(START["first-confirm"], document="hmt_resident_card", name="何**", card_tail="0018"),
    "doctors-over": _as(REGISTER["doctors"], doctors=(_CLOSED, *_OVER[1:]), sessions=_SESSIONS_OVER, other_days=True),
    "doctors-none-other-days": _as(REGISTER["doctors-none"], sessions=(), other_days=True),
    "home-more-no-top-up": _as(START["home-more"], tops_up=False),
    "card-no-money-part": (
        msgspec.structs.replace(PAY["card-no-money"][0], subject=BILLS, amount_fen=852_32, divisible=True),
        BILL["bills-check-part"][1],
    ),
    "error-not-bookable-today": _as(ERRORS["error-not-bookable"], today="/kiosk/register/doctors/D02"),
    "error-not-bookable-today-elsewhere": _as(ERRORS["error-not-bookable"], today=""),
    "check-ahead": _as(REGISTER["check"], ahead=True, cards=True),
    "reports-many": _as(REPORTS["reports"], new=9),
    "sheets-left": _as(REPORTS["sheets-printed"], left=3),
}
