"""What slips say of a top-up."""

from yinyi.bus.database import Tx
from yinyi.business.documents.model import HoldSlip, ReceiptFact, ReceiptSlip, SlipData
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

    def about(self, plan: Plan, chinese: bool) -> str:
        return "门诊预交金充值" if chinese else "Prepaid account top-up"

    async def delivered(self, tx: Tx, paper: Paper) -> SlipData:
        plan, payment = paper.plan, paper.payment
        balance_fen = await ledger.balance_of(tx, plan.hospital_id, prepaid_account(str(plan.patient_id)))
        balance = ReceiptFact(label="余额" if paper.chinese else "Balance", value=f"¥{yuan(balance_fen)}")
        return ReceiptSlip(
            **paper.common,
            purpose=self.about(plan, paper.chinese),
            patient_name=paper.patient_name,
            patient_no=paper.patient_no,
            channel=paper.channel,
            paid_at=payment.paid_at or payment.since,
            ask_no=payment.ask_no,
            facts=[balance],
            note="没用完的钱可以原路退回。" if paper.chinese else "What is not used can go back to where it came from.",
            card=paper.card,
        )

    def unpaid(self, paper: Paper) -> HoldSlip | None:
        return None
