"""The pages of bills in their states."""

from datetime import timedelta

import msgspec
from sample_facts import CHROME, KEY, NOW, SOMEONE, Sample

from yinyi.business.billing.messages import InvoiceView, PaidInvoice
from yinyi.business.billing.model import InvoiceLine
from yinyi.interface.journeys import fees, views, views_bills, views_fiscal, views_pay
from yinyi.kernel.money import Fen

BILLS = views.Subject(purpose="invoice", again="/kiosk/bills")
PAYING = msgspec.structs.replace(SOMEONE, steps=views.BILL_STEPS)
_NO = "26112301000042"
_NOTE = views_fiscal.ReceiptNote(payment_no=_NO, number="0012345678")
_COMING = views_fiscal.ReceiptNote(payment_no=_NO)
_TITLES = (
    ("检验检查申请单", "心血管内科", "Cardiology", 286_00, 4),
    ("处方", "心血管内科", "Cardiology", 134_60, 3),
    ("治疗单", "康复医学科", "Rehabilitation", 90_00, 2),
    ("检验检查申请单", "消化内科", "Gastroenterology", 1_268_00, 7),
    ("处方", "皮肤性病科", "Dermatology and venereology", 48_50, 1),
    ("处方", "口腔科", "Dentistry", 15_80, 1),
    ("材料单", "骨科", "Orthopaedics", 360_00, 2),
)
_ENGLISH = {"检验检查申请单": "Tests and examinations", "处方": "Prescription", "治疗单": "Treatment"}
"""One of them has none."""
_OPEN = tuple(
    InvoiceView(
        invoice_no=f"261123000001{n}",
        title=title,
        title_en=_ENGLISH.get(title, ""),
        department=department,
        department_en=english,
        practitioner="李明华",
        ordered_at=NOW - timedelta(hours=5 * n),
        version=1,
        state="open",
        total_fen=Fen(fen),
        refunded_fen=Fen(0),
        line_count=lines,
    )
    for n, (title, department, english, fen, lines) in enumerate(_TITLES)
)
_ITEMS = (
    ("血常规（五分类）", "Blood count, five-part", "次", 1, 25_00),
    ("肝功能十二项", "Liver function, twelve values", "次", 1, 96_00),
    ("心电图（十二导联）", "Electrocardiogram, twelve leads", "次", 1, 35_00),
    ("阿托伐他汀钙片 20mg×7片", "Atorvastatin tablets 20 mg × 7", "盒", 4, 6_44),
    ("琥珀酸美托洛尔缓释片 47.5mg×7片", "Metoprolol succinate ER tablets 47.5 mg × 7", "盒", 2, 12_04),
)
_LINES = tuple(
    InvoiceLine(
        invoice_no=_OPEN[0].invoice_no,
        line_no=n,
        item_code=f"L{n}",
        category_code="L",
        category="检验费",
        name=name,
        name_en=english,
        unit=unit,
        quantity=quantity,
        price_fen=Fen(fen),
        amount_fen=Fen(fen * quantity),
        remark="",
        performed=False,
        refunded=False,
    )
    for n, (name, english, unit, quantity, fen) in enumerate(_ITEMS)
)


def _rows(count: int, off: int = -1) -> tuple[views_bills.BillRow, ...]:
    return tuple(
        views_bills.BillRow(invoice=each, chosen=n != off, but=f"{each.invoice_no}:")
        for n, each in enumerate(_OPEN[:count])
    )


def _bills(count: int = 3, **facts: object) -> views_bills.BillsView:
    total_fen = sum(each.total_fen for each in _OPEN[:count])
    view = views_bills.BillsView(rows=_rows(count), total_fen=total_fen, sent="", key=KEY)
    return msgspec.structs.replace(view, **facts)


def _bill(**facts: object) -> views_bills.BillView:
    view = views_bills.BillView(invoice=_OPEN[0], lines=_LINES, payable=True, sent="", key=KEY)
    return msgspec.structs.replace(view, **facts)


def _as(**facts: object) -> InvoiceView:
    return msgspec.structs.replace(_OPEN[0], **facts)


def _check(count: int = 2, **facts: object) -> views_bills.BillsCheckView:
    chosen = tuple(
        PaidInvoice(
            invoice_no=each.invoice_no,
            title=each.title,
            title_en=each.title_en,
            department=each.department,
            department_en=each.department_en,
            ordered_at=each.ordered_at,
            total_fen=each.total_fen,
        )
        for each in _OPEN[:count]
    )
    total_fen = sum(each.total_fen for each in chosen)
    view = views_bills.BillsCheckView(
        payment_no=_NO,
        subject=BILLS,
        invoices=chosen,
        amount_fen=total_fen,
        owed_fen=total_fen,
        pay_by=NOW + timedelta(minutes=8),
        key=KEY,
    )
    return msgspec.structs.replace(view, **facts)


def _done(**facts: object) -> views_bills.BillsDoneView:
    view = views_bills.BillsDoneView(
        payment_no=_NO,
        ask_no="7Q4-281",
        subject=BILLS,
        count=2,
        amount_fen=420_60,
        parts=(views.PaidBy(tender="wechatpay", amount_fen=420_60),),
        receipt_no="26112300000017",
        places=("门诊楼1层西药房", "门诊楼2层采血处"),
        places_en=("Pharmacy, ground floor", "Blood collection, 2nd floor"),
        printing="printing",
        key=KEY,
    )
    return msgspec.structs.replace(view, **facts)


_TWO = (
    views.PaidBy(tender="prepaid", amount_fen=200_00),
    views.PaidBy(tender="wechatpay", amount_fen=220_60),
)
_PAID = tuple(
    msgspec.structs.replace(
        each,
        state="paid",
        paid_at=each.ordered_at,
        ordered_at=each.ordered_at - timedelta(days=40 * n),
        refunded_fen=Fen(25_00 if n == 1 else 0),
    )
    for n, each in enumerate(_OPEN)
)


def _days(**facts: object) -> views_bills.FeeDaysView:
    view = views_bills.FeeDaysView(choices=fees.choices(NOW.date()), printer="ok", key=KEY)
    return msgspec.structs.replace(view, **facts)


BILL: dict[str, Sample] = {
    "bills": (_bills(), PAYING),
    "bills-many": (_bills(7, rows=_rows(7, 2), more=True), PAYING),
    "bills-news": (_bills(2, news="changed"), PAYING),
    "bills-under-way": (_bills(1, busy=_OPEN[1:3], under_way=_NO), PAYING),
    "bills-busy": (_bills(1, busy=_OPEN[1:2]), PAYING),
    "bills-none": (_bills(0), SOMEONE),
    "bill": (_bill(), PAYING),
    "bill-form": (_bill(alone=True, news="changed"), PAYING),
    "bill-paid": (
        _bill(invoice=_as(state="paid", paid_at=NOW, refunded_fen=Fen(25_00)), payable=False, alone=True),
        SOMEONE,
    ),
    "bill-busy": (_bill(invoice=_as(busy=True), payable=False, alone=True), SOMEONE),
    "bill-cancelled": (_bill(invoice=_as(state="cancelled"), payable=False, alone=True), SOMEONE),
    "no-form": (views_bills.NoFormView(key=KEY), CHROME),
    "no-form-many": (views_bills.NoFormView(many=True, key=KEY), CHROME),
    "bills-check": (_check(), PAYING),
    "bills-check-account": (_check(5, account_fen=Fen(200_00)), PAYING),
    "bills-check-enough": (_check(1, account_fen=Fen(286_00), problem="declined"), PAYING),
    "bills-check-rest": (_check(parts=_TWO[:1], owed_fen=220_60), PAYING),
    "bills-check-part": (_check(3, divisible=True, account_fen=Fen(200_00)), PAYING),
    "pay-part": (
        views_pay.PartView(payment_no=_NO, owed_fen=420_60, tenders=("wechatpay", "alipay"), typed="20", key=KEY),
        PAYING,
    ),
    "pay-part-wrong": (
        views_pay.PartView(payment_no=_NO, owed_fen=420_60, tenders=("wechatpay",), typed="900", wrong=True, key=KEY),
        PAYING,
    ),
    "bills-done": (_done(), PAYING),
    "bills-done-two": (_done(parts=_TWO, printing="paper_out", receipt=_COMING), PAYING),
    "bills-done-receipt": (_done(printing="printed", receipt=_NOTE), PAYING),
    "bill-print": (_bill(invoice=_as(state="paid", paid_at=NOW), payable=False, prints=True), SOMEONE),
    "fees": (views_bills.FeesView(fees=_PAID, earlier=NOW.date()), SOMEONE),
    "fees-print": (views_bills.FeesView(fees=_PAID[:3], complete=False, prints=True), SOMEONE),
    "fee-days": (_days(), SOMEONE),
    "fee-days-none": (_days(news="none"), SOMEONE),
    "fee-days-many": (_days(news="many"), SOMEONE),
    "fee-days-trouble": (_days(printer="trouble"), SOMEONE),
    "fees-earlier": (views_bills.FeesView(fees=_PAID[:2], until=NOW.date()), SOMEONE),
    "fees-none": (views_bills.FeesView(fees=()), SOMEONE),
}

GONE: dict[str, Sample] = {
    "no-form-gone": (views_bills.NoFormView(gone=True, key=KEY), CHROME),
    "bills-unknown": (_bills(2, news="unknown"), PAYING),
}
