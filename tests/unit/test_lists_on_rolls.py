"""A day's list on a receipt printer's roll: it fits, however much was charged."""

from datetime import UTC, date, datetime

import pytest

from yinyi.app.demo_hospital import ZONE
from yinyi.business.documents.press import SheetRenderer
from yinyi.business.documents.render import font_folder
from yinyi.business.identity.model import PatientFacts
from yinyi.business.inpatient.model import CostCategory, CostDay, Stay, StayItem
from yinyi.business.inpatient.sheets import Around, daily_list
from yinyi.kernel.money import Fen
from yinyi.wire.receipt import decode_receipts

NOW, ON = datetime(2026, 11, 23, 1, 30, tzinfo=UTC), date(2026, 11, 23)
STAY = Stay(
    admission_no="269000012",
    patient_no="2026000001",
    name="李建国",
    ward_id="H0105",
    ward="心血管内科一病区",
    ward_en="Cardiology Ward 1",
    place="",
    bed="12",
    department_id="0102",
    practitioner_id="D1",
    practitioner="李明华",
    diagnosis="冠状动脉粥样硬化性心脏病",
    admitted_at=NOW,
    discharged_at=None,
    settled_at=None,
    settlement_no="",
    state="admitted",
    charged_on=ON,
    cost_fen=Fen(100),
    deposit_fen=Fen(100),
    left_fen=0,
)
PATIENT = PatientFacts(patient_id=1, patient_no="2026000001", name="李建国", sex="male", born_on=date(1958, 1, 1))
GROUPS = [
    CostCategory(category_code=f"{n}", category="检验费", category_en="Laboratory", amount_fen=Fen(100))
    for n in range(10)
]


@pytest.mark.parametrize(("each", "listed"), [(1, True), (3, False), (30, False)])
def test_it_fits(each: int, listed: bool) -> None:
    items = [
        StayItem(
            charged_on=ON,
            line_no=n,
            item_code="L1",
            category_code=f"{n % 10}",
            category="检验费",
            name="血清肌酸激酶同工酶测定（化学发光法，含质控）加收急诊费",
            name_en="",
            unit="次",
            quantity=2,
            price_fen=Fen(3500),
            amount_fen=Fen(7000),
        )
        for n in range(each * 10)
    ]
    day = CostDay(charged_on=ON, amount_fen=Fen(100), running_fen=Fen(100), item_count=len(items))
    sheet = daily_list(STAY, day, items, GROUPS, Around("云山市人民医院", "", PATIENT, ZONE), "roll")
    assert sheet.table is not None
    assert any("次" in row.cells[2] for row in sheet.table.rows) is listed
    [paper] = decode_receipts(SheetRenderer(font_folder(), ZONE).render(sheet))
    assert paper.width == 576
