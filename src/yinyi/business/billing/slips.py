"""What slips say of paid bills: which they are, how much by which means, and where to go with them."""

from collections.abc import Iterator

from yinyi.bus.database import Tx
from yinyi.business.billing.plans import INVOICE, SETTLE, InvoiceFacts
from yinyi.business.documents.model import HoldSlip, ReceiptFact, SlipData
from yinyi.business.payments.papers import Paper, RefundReason
from yinyi.business.payments.plan import Plan
from yinyi.kernel.money import yuan

LISTED = 12
"""So many bills are named on a slip at most."""


class InvoiceSlips:
    """Implements ``PaperSource`` for bills."""

    purpose = INVOICE
    failed: RefundReason = "not_booked"
    gone: RefundReason = "bill_cancelled"

    def about(self, plan: Plan, chinese: bool) -> str:
        return "门诊缴费" if chinese else "Outpatient bills"

    async def delivered(self, tx: Tx, paper: Paper) -> SlipData:
        chinese = paper.chinese
        note = "请凭此凭条去取药或做检查。" if chinese else "Please take this slip along to where you go next."
        return paper.receipt(self.about(paper.plan, chinese), list(_facts(paper.plan, chinese)), note)

    def unpaid(self, paper: Paper) -> HoldSlip | None:
        return None


def _facts(plan: Plan, chinese: bool) -> Iterator[ReceiptFact]:
    facts, settled = InvoiceFacts.of(plan), plan.latest(SETTLE)
    told = settled.evidence if settled is not None else {}
    for each in facts.invoices[:LISTED]:
        yield ReceiptFact(
            label=each.title if chinese or not each.title_en else each.title_en, value=f"¥{yuan(each.total_fen)}"
        )
    more = len(facts.invoices) - LISTED
    if more > 0:
        yield ReceiptFact(label="", value=f"另有 {more} 张" if chinese else f"and {more} more")
    if told.get("receipt_no"):
        yield ReceiptFact(label="收据号" if chinese else "Receipt No.", value=str(told["receipt_no"]))
    for place in told.get("places" if chinese else "places_en", ()):
        yield ReceiptFact(label="请到" if chinese else "Go to", value=str(place))
