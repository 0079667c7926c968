"""More pages of what others have samples of, in the order in which they came."""

import msgspec
from bill_samples import BILL, BILLS
from booking_samples import BOOKING
from pay_samples import PAY
from register_samples import REGISTER
from report_samples import REPORTS
from sample_facts import KEY, Sample
from start_samples import START

from yinyi.interface.journeys import views_start

INTRODUCTION_EN = (
    "Chief physician with 30 years of practice in Cardiology. "
    "Mostly sees patients for: coronary heart disease, high blood pressure, heart failure."
)


def _as(sample: Sample, **facts: object) -> Sample:
    view, chrome = sample
    return msgspec.structs.replace(view, **facts), chrome


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
    "card-no-money-part": (
        msgspec.structs.replace(PAY["card-no-money"][0], subject=BILLS, amount_fen=852_32, divisible=True),
        BILL["bills-check-part"][1],
    ),
}
