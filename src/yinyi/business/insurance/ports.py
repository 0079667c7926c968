"""What insurance asks of a scheme. Answers an outcome, and never raises for what the scheme does."""

from datetime import timedelta
from typing import Protocol, runtime_checkable

from yinyi.business.insurance.model import Claim, Split
from yinyi.kernel.outcome import Answer, Outcome


@runtime_checkable
class InsuranceScheme(Protocol):
    """One insurance. Every settlement is referred to by *our* reference (≤ 32 characters): ``settle`` makes it.

    Evidence of ``quote``: ``fund_fen``, ``account_fen``, ``cash_fen``. Evidence of ``settle`` and a positive
    ``ask_settlement``: the same, and ``settlement_no`` (NHSA: setl_id).
    """

    scheme: str
    """Its name in ledgers, for example ``employees``."""
    settles_after: timedelta
    """How long after the time-out of a settlement "not found" is not yet believed."""
    call_timeout_s: float

    async def quote(self, reference: str, claim: Claim) -> Outcome:
        """How the bill would be divided (NHSA 2206). Changes nothing, and may be asked as often as one likes."""
        ...

    async def settle(self, reference: str, claim: Claim, quoted: Split) -> Outcome:
        """Settle (NHSA 2207). Refused: surely not settled."""
        ...

    async def ask_settlement(self, reference: str, claim: Claim) -> Answer:
        """What became of the settlement (NHSA 5203)."""
        ...

    async def reverse(self, reference: str, claim: Claim, settlement_no: str) -> Answer:
        """As if it had never been settled: by the scheme's number where it is known (NHSA 2208), by our reference where
        it is not (NHSA 2601 冲正). Reversing again, or what was never settled, is ``Done``."""
        ...
