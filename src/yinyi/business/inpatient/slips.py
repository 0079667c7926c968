"""What slips say of a deposit."""

from yinyi.bus.database import Tx
from yinyi.business.documents.model import HoldSlip, ReceiptFact, SlipData
from yinyi.business.inpatient.plans import DEPOSIT, POST, DepositFacts
from yinyi.business.payments.papers import Paper, RefundReason
from yinyi.business.payments.plan import Plan
from yinyi.kernel.money import yuan


class DepositSlips:
    """Implements ``PaperSource`` for deposits."""

    purpose = DEPOSIT
    failed: RefundReason = "other"
    gone: RefundReason = "other"

    def about(self, plan: Plan, chinese: bool) -> str:
        return "住院预交金" if chinese else "Inpatient deposit"

    async def delivered(self, tx: Tx, paper: Paper) -> SlipData:
        chinese = paper.chinese
        note = "出院结算时多退少补，请保留此凭条。" if chinese else "Settled at discharge. Please keep this slip."
        return paper.receipt(self.about(paper.plan, chinese), _facts(paper.plan, chinese), note)

    def unpaid(self, paper: Paper) -> HoldSlip | None:
        return None


def _facts(plan: Plan, chinese: bool) -> list[ReceiptFact]:
    facts, posted = DepositFacts.of(plan), plan.latest(POST)
    told = posted.evidence if posted is not None else {}
    ward = f"{facts.ward} {facts.bed} 床" if chinese else f"{facts.ward_en or facts.ward}, bed {facts.bed}"
    lines = [("住院号" if chinese else "Admission No.", facts.admission_no), ("病区" if chinese else "Ward", ward)]
    if told.get("receipt_no"):
        lines.append(("收据号" if chinese else "Receipt No.", str(told["receipt_no"])))
    if told.get("left_fen") is not None:
        lines.append(("预交金余额" if chinese else "Left", _signed(told["left_fen"])))
    return [ReceiptFact(label=label, value=value) for label, value in lines]


def _signed(fen: int) -> str:
    return f"¥{yuan(fen)}" if fen >= 0 else f"-¥{yuan(-fen)}"
