"""What slips say of a top-up."""

from yinyi.bus.database import Tx
from yinyi.business.documents.model import HoldSlip, ReceiptFact, SlipData
from yinyi.business.ledger import store as ledger
from yinyi.business.ledger.model import prepaid_account
from yinyi.business.payments.papers import Paper, RefundReason
from yinyi.business.payments.plan import Plan
from yinyi.business.prepaid.model import TOP_UP
from yinyi.kernel.money import yuan


class TopUpSlips:
    """Implements ``PaperSource`` for top-ups."""

    purpose = TOP_UP
    failed: RefundReason = "other"
    gone: RefundReason = "paid_late"

    def about(self, plan: Plan, chinese: bool) -> str:
        return "门诊预交金充值" if chinese else "Prepaid account top-up"

    async def delivered(self, tx: Tx, paper: Paper) -> SlipData:
        plan = paper.plan
        balance_fen = await ledger.balance_of(tx, plan.hospital_id, prepaid_account(str(plan.patient_id)))
        balance = ReceiptFact(label="余额" if paper.chinese else "Balance", value=f"¥{yuan(balance_fen)}")
        note = "没用完的钱可以原路退回。" if paper.chinese else "What is not used can go back to where it came from."
        return paper.receipt(self.about(plan, paper.chinese), [balance], note)

    def unpaid(self, paper: Paper) -> HoldSlip | None:
        return None
