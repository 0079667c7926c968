"""The pages of stays and deposits in their states."""

from datetime import timedelta
from typing import Literal

import msgspec
from account_samples import TOPPING_UP
from sample_facts import KEY, NOW, SOMEONE, Sample

from yinyi.business.inpatient.messages import StayView
from yinyi.business.inpatient.model import CostCategory, CostDay, StayItem
from yinyi.interface.journeys import views, views_account, views_inpatient
from yinyi.kernel.money import Fen

DEPOSIT = views.Subject(purpose="deposit", again="/kiosk/inpatient/269000012/deposit")
TODAY = NOW.date()
_STAY = StayView(
    admission_no="269000012",
    state="admitted",
    ward="心血管内科一病区",
    ward_en="Cardiology ward 1",
    place="住院楼 6 楼",
    bed="12",
    practitioner="李明华",
    admitted_at=NOW - timedelta(days=6),
    charged_on=TODAY,
    cost_fen=Fen(6_812_40),
    deposit_fen=Fen(5_000_00),
    left_fen=-1_812_40,
)
_SETTLED = msgspec.structs.replace(
    _STAY,
    state="settled",
    discharged_at=NOW,
    settled_at=NOW,
    settlement_no="261123000017",
    deposit_fen=Fen(10_000_00),
    left_fen=3_187_60,
)
_CATEGORIES = tuple(
    CostCategory(category_code=code, category=name, category_en=english, amount_fen=Fen(fen))
    for code, name, english, fen in (
        ("B", "床位费", "Bed", 480_00),
        ("N", "护理费", "Nursing", 300_00),
        ("L", "化验费", "Laboratory tests", 1_032_40),
        ("W", "西药费", "Western medicine", 3_200_00),
        ("T", "治疗费", "Treatment", 1_800_00),
    )
)
_DAYS = tuple(
    CostDay(
        charged_on=TODAY - timedelta(days=n),
        amount_fen=Fen(1_135_40),
        running_fen=Fen(1_135_40 * (6 - n)),
        item_count=7,
    )
    for n in range(6)
)
_ITEMS = tuple(
    StayItem(
        charged_on=TODAY,
        line_no=n,
        item_code=f"{kind.category_code}{n}",
        category_code=kind.category_code,
        category=kind.category,
        name=name,
        name_en=english,
        unit="次",
        quantity=2,
        price_fen=Fen(56_00),
        amount_fen=Fen(112_00),
    )
    for n, (kind, name, english) in enumerate(
        zip(
            _CATEGORIES,
            ("普通病房床位费", "二级护理", "血常规（五分类）", "硝苯地平控释片 30mg×7", "静脉输液"),
            ("Bed in a general ward", "Nursing, level 2", "Blood count, five-part", "Nifedipine 30 mg", "Infusion"),
            strict=True,
        )
    )
)
_MOVES: tuple[tuple[Literal["deposit", "return"], int, str], ...] = (
    ("return", 3_187_60, "bank_card"),
    ("deposit", 5_000_00, "bank_card"),
    ("deposit", 3_000_00, "wechatpay"),
    ("deposit", 2_000_00, "cash"),
)
_ROWS = tuple(
    views_inpatient.DepositRow(
        kind=kind, at=NOW - timedelta(hours=30 * n), amount_fen=fen, means=means, at_window=means == "cash"
    )
    for n, (kind, fen, means) in enumerate(_MOVES)
)
_BACK = (
    views_account.Back(tender="bank_card", amount_fen=2_187_60, at=NOW - timedelta(days=1)),
    views_account.Back(tender="wechatpay", amount_fen=400_00, at=NOW - timedelta(days=2)),
)


def _amount(**facts: object) -> views_inpatient.DepositAmountView:
    view = views_inpatient.DepositAmountView(
        stay=_STAY,
        amounts=(500_00, 1_000_00, 2_000_00, 3_000_00, 5_000_00, 10_000_00),
        fewer=(1_000_00, 2_000_00, 5_000_00),
        from_fen=1_00,
        to_fen=50_000_00,
        key=KEY,
    )
    return msgspec.structs.replace(view, **facts)


def _return(**facts: object) -> views_inpatient.ReturnView:
    view = views_inpatient.ReturnView(
        stay=_SETTLED, left_fen=3_187_60, parts=_BACK, sum_fen=2_587_60, at_window_fen=600_00, key=KEY
    )
    return msgspec.structs.replace(view, **facts)


INPATIENT: dict[str, Sample] = {
    "stay": (views_inpatient.InpatientView(stay=_STAY, others=1), SOMEONE),
    "stay-settled": (views_inpatient.InpatientView(stay=_SETTLED, others=2), SOMEONE),
    "stay-none": (views_inpatient.InpatientView(stay=None), SOMEONE),
    "stays": (views_inpatient.StaysView(stays=(_STAY, _SETTLED)), SOMEONE),
    "deposit": (_amount(), TOPPING_UP),
    "deposit-typed": (_amount(typing=True, typed="60000", wrong=True), TOPPING_UP),
    "deposit-check": (
        views_inpatient.DepositCheckView(
            payment_no="26112301000042",
            admission_no="269000012",
            ward=_STAY.ward,
            ward_en=_STAY.ward_en,
            bed="12",
            amount_fen=5_000_00,
            pay_by=NOW + timedelta(minutes=8),
            problem="paid_late",
            key=KEY,
        ),
        TOPPING_UP,
    ),
    "deposit-done": (
        views_inpatient.DepositDoneView(
            payment_no="26112301000042",
            ask_no="7Q4-281",
            subject=DEPOSIT,
            admission_no="269000012",
            amount_fen=5_000_00,
            left_fen=3_187_60,
            tender="social_security_card",
            printing="printing",
            key=KEY,
        ),
        msgspec.structs.replace(TOPPING_UP, card_in_reader=True),
    ),
    "deposit-records": (views_inpatient.DepositsView(stay=_SETTLED, rows=_ROWS), SOMEONE),
    "costs": (views_inpatient.CostDaysView(stay=_STAY, days=_DAYS), SOMEONE),
    "costs-day": (
        views_inpatient.CostDayView(
            stay=_STAY,
            day=_DAYS[1],
            categories=_CATEGORIES,
            items=_ITEMS,
            earlier=_DAYS[2].charged_on,
            later=_DAYS[0].charged_on,
            prints=True,
            key=KEY,
        ),
        SOMEONE,
    ),
    "statement": (
        views_inpatient.StatementView(
            stay=_SETTLED,
            categories=_CATEGORIES,
            days=7,
            paid_fen=10_000_00,
            returned_fen=3_187_60,
            prints=True,
            key=KEY,
        ),
        SOMEONE,
    ),
    "deposit-return": (_return(changed=True), SOMEONE),
    "deposit-returned": (
        _return(
            left_fen=0,
            parts=(),
            at_window_fen=0,
            given=(
                msgspec.structs.replace(_BACK[0], done=True),
                msgspec.structs.replace(_BACK[1], arrives_by=NOW + timedelta(days=3)),
            ),
        ),
        SOMEONE,
    ),
}
