"""Fee lists and paid bills as sheets of paper."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from yinyi.business.billing.model import InvoiceLine, WholeInvoice
from yinyi.business.documents.sheet import Sheet, SheetColumn, SheetFact, SheetRow, SheetTable
from yinyi.business.identity.model import PatientFacts
from yinyi.kernel.money import yuan

_IN_YUAN = "金额单位：元。 Amounts in yuan."
_CLAIMS = "报销、入账以医疗电子票据为准。 For claims and accounts the electronic receipt counts."
_COLUMNS = [
    SheetColumn(title="项目 Item", share=5.2),
    SheetColumn(title="单价 Price", share=1.6, right=True),
    SheetColumn(title="数量 Quantity", share=1.5, right=True),
    SheetColumn(title="金额 Amount", share=1.8, right=True),
]
_MEANS = {
    "wechatpay": "微信支付 WeChat Pay",
    "alipay": "支付宝 Alipay",
    "bank_card": "银行卡 Bank card",
    "social_security_card": "社保卡 Social security card",
    "public_card": "市民卡 City card",
    "prepaid": "门诊预交金 Prepaid account",
    "window": "窗口 At a window",
    "institution": "银行自助终端或手机银行 At a bank",
}


@dataclass(frozen=True)
class Around:
    """What stands around a list."""

    hospital: str
    hospital_en: str
    patient: PatientFacts
    zone: tzinfo

    def moment(self, at: datetime | None) -> str:
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M}" if at else "—"


@dataclass(frozen=True)
class PaidSo:
    """By which means so much of a payment was paid. called: in both languages, where sheets have no words of it."""

    channel: str
    amount_fen: int
    called: str = ""


def fee_list(whole: Sequence[WholeInvoice], first_on: date, last_on: date, around: Around) -> Sheet:
    """Bill by bill, the oldest first; what was given back is marked and taken off at the end."""
    in_turn = sorted(whole, key=lambda each: (each.named.invoice.ordered_at, each.named.invoice.invoice_no))
    rows = [row for each in in_turn for row in (_heading(each, around), *_rows(each.lines))]
    total_fen = sum(each.named.invoice.total_fen for each in in_turn)
    rows += _sums(total_fen, sum(each.named.invoice.refunded_fen for each in in_turn))
    return Sheet(
        kind="fee_list",
        hospital=around.hospital,
        hospital_en=around.hospital_en,
        title="门诊费用清单",
        title_en="Outpatient fees",
        facts=_facts(
            around,
            ("日期 Days", f"{first_on} – {last_on}"),
            ("张数 Bills", f"{len(in_turn)}"),
        ),
        table=SheetTable(columns=_COLUMNS, rows=rows),
        notes=[_IN_YUAN, _CLAIMS],
    )


def paid_invoice(whole: WholeInvoice, paid: Sequence[PaidSo], around: Around) -> Sheet:
    """One bill with its items, and how it was paid. There is one original of it."""
    named = whole.named
    invoice = named.invoice
    return Sheet(
        kind="paid_invoice",
        hospital=around.hospital,
        hospital_en=around.hospital_en,
        title="门诊缴费凭证",
        title_en="Proof of payment",
        facts=_facts(
            around,
            ("单据 Bill", f"{_both(invoice.title, invoice.title_en)} {invoice.invoice_no}"),
            ("科室 Clinic", _both(named.department, named.department_en)),
            ("医生 Doctor", named.practitioner),
            ("开单 Ordered", around.moment(invoice.ordered_at)),
            ("缴费 Paid", around.moment(invoice.paid_at)),
            ("收据号 Receipt no.", invoice.receipt_no),
            ("支付号 Payment no.", invoice.payment_no),
            ("支付方式 Paid by", _paid_by(paid)),
        ),
        table=SheetTable(columns=_COLUMNS, rows=[*_rows(whole.lines), *_sums(invoice.total_fen, invoice.refunded_fen)]),
        notes=[_IN_YUAN, _CLAIMS],
        official=True,
    )


def _facts(around: Around, *more: tuple[str, str]) -> list[SheetFact]:
    facts = [("姓名 Name", around.patient.name), ("就诊号 Hospital no.", around.patient.patient_no), *more]
    return [SheetFact(label=label, value=value) for label, value in facts if value]


def _heading(whole: WholeInvoice, around: Around) -> SheetRow:
    named = whole.named
    invoice = named.invoice
    words = [
        f"{around.moment(invoice.ordered_at)}",
        named.department,
        _both(invoice.title, invoice.title_en),
        invoice.invoice_no,
    ]
    return SheetRow(cells=[" ".join(filter(None, words)), "", "", yuan(invoice.total_fen)], mark="group")


def _rows(lines: Iterable[InvoiceLine]) -> Iterable[SheetRow]:
    for line in lines:
        name = _both(line.name, line.name_en)
        cells = [yuan(line.price_fen), f"{line.quantity} {line.unit}".rstrip(), yuan(line.amount_fen)]
        yield SheetRow(cells=[f"{name}（已退 given back）" if line.refunded else name, *cells])


def _sums(total_fen: int, refunded_fen: int) -> list[SheetRow]:
    rows = [SheetRow(cells=["合计 Total", "", "", yuan(total_fen)], mark="sum")]
    if refunded_fen:
        rows.append(SheetRow(cells=["已退 Given back", "", "", yuan(-refunded_fen)], mark="sum"))
        rows.append(SheetRow(cells=["实付 Paid in the end", "", "", yuan(total_fen - refunded_fen)], mark="sum"))
    return rows


def _paid_by(paid: Sequence[PaidSo]) -> str:
    """Of one means only what it is, of several how much by each: of the payment, which may be for more bills."""
    names = [_MEANS.get(each.channel) or each.called or each.channel for each in paid]
    if len(paid) < 2:
        return "".join(names)
    return "；".join(f"{name} ¥{yuan(each.amount_fen)}" for name, each in zip(names, paid, strict=True))


def _both(chinese: str, english: str) -> str:
    return " ".join(filter(None, (chinese, english)))
