"""What finance asks of the ledger."""

from collections.abc import Awaitable, Callable, Sequence

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Dispatcher
from yinyi.business.ledger import store
from yinyi.business.ledger.messages import AccountBalance, Balances, LedgerReport, TrialBalance, VerifyLedger
from yinyi.business.ledger.model import Moves
from yinyi.kernel.money import Fen

Beside = Callable[[Tx, int], Awaitable[list[str]]]
"""Where what another domain says of its money differs from the ledger of this hospital, in words."""


class LedgerService:
    """Reads only: postings are written with the steps that moved the money."""

    def __init__(self, beside: Sequence[Beside], moves: Moves) -> None:
        """``beside``: what the ledger is verified against, besides itself. ``moves``: all that is posted."""
        self._beside = beside
        self._moves = moves

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.reads(TrialBalance, self.trial_balance)
        dispatcher.reads(VerifyLedger, self.verify)

    async def trial_balance(self, tx: Tx, call: Call, message: TrialBalance) -> Balances:
        rows = await store.balances_together(tx, call.hospital_id, message.at)
        accounts = [
            AccountBalance(
                account=row["account"],
                debit_fen=Fen(row["debit_fen"]),
                credit_fen=Fen(row["credit_fen"]),
                balance_fen=Fen(row["debit_fen"] - row["credit_fen"]),
            )
            for row in rows
        ]
        return Balances(accounts=accounts)

    async def verify(self, tx: Tx, call: Call, message: VerifyLedger) -> LedgerReport:
        counts = await store.counts(tx, call.hospital_id)
        differences = [f"{counts['empty']} journal entries have no posting"] if counts["empty"] else []
        differences += [
            f"{row['entries']} entries are booked as {row['kind']}, between accounts that this is not for"
            for row in await store.unknown_moves(tx, call.hospital_id, self._moves)
        ]
        for beside in self._beside:
            differences += await beside(tx, call.hospital_id)
        differences += [
            f"{row['account']}: the postings say {row['ledger_fen']} fen, the balance {row['balance_fen']} fen"
            for row in await store.balances_against_postings(tx, call.hospital_id)
        ]
        return LedgerReport(entries=counts["entries"], postings=counts["postings"], differences=differences)
