"""A day's list and the discharge statement as sheets of paper."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from yinyi.business.documents.sheet import Paper, Sheet, SheetColumn, SheetFact, SheetRow, SheetTable
from yinyi.business.identity.model import PatientFacts
from yinyi.business.inpatient.model import CostCategory, CostDay, Deposit, Stay, StayItem
from yinyi.kernel.money import yuan

ON_A_ROLL = 80
"""So many lines at most: a roll is cut after 75 cm."""
_A_LINE_OF_IT, _NAME_ON_IT = 12, 24
"""Characters."""
_ALONE = (
    "项目较多，此处只列分类，明细请到有大张打印的自助机或窗口打印。"
    " Categories only: machines with a large printer print the items."
)
_NOT_FINAL = "以出院结算为准。 What counts is the settlement at discharge."


@dataclass(frozen=True)
class Around:
    """What stands around a list."""

    hospital: str
    hospital_en: str
    patient: PatientFacts
    zone: tzinfo

    def moment(self, at: datetime | None) -> str:
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M}" if at else "—"


def daily_list(
    stay: Stay, day: CostDay, items: list[StayItem], groups: list[CostCategory], around: Around, paper: Paper = "a4"
) -> Sheet:
    """The day's items by category, with the day's sum and the stay's so far. On a roll, which ends somewhere, the
    categories alone if there are very many items."""
    rolled = paper == "roll"
    alone = rolled and _lines(items, groups) > ON_A_ROLL
    columns = [
        SheetColumn(title="项目 Item", share=5.2),
        SheetColumn(title="单价 Price", share=1.6, right=True),
        SheetColumn(title="数量 Quantity", share=1.5, right=True),
        SheetColumn(title="金额 Amount", share=1.8, right=True),
    ]
    rows = [row for group in groups for row in _of_group(group, [] if alone else items, rolled)]
    rows.append(SheetRow(cells=["当日合计 This day", "", "", yuan(day.amount_fen)], mark="sum"))
    rows.append(SheetRow(cells=["累计 Together until then", "", "", yuan(day.running_fen)], mark="sum"))
    return Sheet(
        kind="daily_list",
        paper=paper,
        hospital=around.hospital,
        hospital_en=around.hospital_en,
        title="住院费用一日清单",
        title_en="Costs of one day",
        facts=[*_facts(stay, around), SheetFact(label="日期 Day", value=f"{day.charged_on}")],
        table=SheetTable(columns=columns, rows=rows),
        notes=["金额单位：元。 Amounts in yuan.", _NOT_FINAL, *([_ALONE] if alone else ())],
    )


def _lines(items: list[StayItem], groups: list[CostCategory]) -> int:
    """On a roll: a name takes one or two, the price below it another."""
    return sum(2 + (len(item.name) > _A_LINE_OF_IT) for item in items) + 3 * len(groups)


def _of_group(group: CostCategory, items: list[StayItem], rolled: bool) -> Iterable[SheetRow]:
    """A roll has no room for both languages."""
    name = (group.category or group.category_en) if rolled else _both(group.category, group.category_en)
    yield SheetRow(cells=[name, "", "", yuan(group.amount_fen)], mark="group")
    for item in items:
        if item.category_code == group.category_code:
            amount = [yuan(item.price_fen), f"{item.quantity} {item.unit}", yuan(item.amount_fen)]
            called = (item.name or item.name_en)[:_NAME_ON_IT] if rolled else _both(item.name, item.name_en)
            yield SheetRow(cells=[called, *amount])


def statement(stay: Stay, groups: list[CostCategory], days: int, deposits: list[Deposit], around: Around) -> Sheet:
    """What the whole stay cost, by category, and what became of the deposits. One original of it is printed."""

    def total(kind: str) -> int:
        return sum(each.amount_fen for each in deposits if each.state == "posted" and each.kind == kind)

    paid, back = total("deposit"), total("return")
    rows = [SheetRow(cells=[_both(each.category, each.category_en), yuan(each.amount_fen)]) for each in groups]
    sums = [
        ("费用合计 Costs", stay.cost_fen),
        ("预交金 Deposits", paid),
        ("已退 Given back", back),
        ("结余 Left", paid - back - stay.cost_fen),
    ]
    rows += [SheetRow(cells=[label, _signed(fen)], mark="sum") for label, fen in sums]
    return Sheet(
        kind="discharge_statement",
        hospital=around.hospital,
        hospital_en=around.hospital_en,
        title="出院费用清单",
        title_en="Discharge statement",
        facts=[
            *_facts(stay, around),
            SheetFact(label="出院 Discharged", value=around.moment(stay.discharged_at)),
            SheetFact(label="天数 Days", value=f"{days}"),
            SheetFact(label="结算号 Settlement no.", value=stay.settlement_no),
            SheetFact(label="结算 Settled", value=around.moment(stay.settled_at)),
        ],
        table=SheetTable(
            columns=[
                SheetColumn(title="费用类别 Category", share=5),
                SheetColumn(title="金额（元） Amount (yuan)", share=2, right=True),
            ],
            rows=rows,
        ),
        official=True,
    )


def _facts(stay: Stay, around: Around) -> list[SheetFact]:
    facts = [
        ("姓名 Name", around.patient.name),
        ("就诊号 Hospital no.", around.patient.patient_no),
        ("住院号 Admission no.", stay.admission_no),
        ("病区 Ward", _both(stay.ward, stay.ward_en)),
        ("床号 Bed", stay.bed),
        ("入院 Admitted", around.moment(stay.admitted_at)),
    ]
    return [SheetFact(label=label, value=value) for label, value in facts if value]


def _both(chinese: str, english: str) -> str:
    return " ".join(filter(None, (chinese, english)))


def _signed(fen: int) -> str:
    return yuan(fen) if fen >= 0 else f"-{yuan(-fen)}"
