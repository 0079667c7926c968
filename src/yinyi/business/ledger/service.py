"""What finance asks of the ledger."""

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Dispatcher
from yinyi.business.ledger import store
from yinyi.business.ledger.messages import AccountBalance, Balances, LedgerReport, TrialBalance, VerifyLedger
from yinyi.kernel.money import Fen


class LedgerService:
    """Reads only: postings are written with the steps that moved the money."""

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
            f"{row['channel']}: the ledger says {row['ledger_fen']} fen, the payments say {row['payments_fen']} fen"
            for row in await store.channels_against_payments(tx, call.hospital_id)
            if row["ledger_fen"] != row["payments_fen"]
        ]
        differences += [
            f"{row['account']}: the ledger says {row['ledger_fen']} fen, open payments say {row['payments_fen']} fen"
            for row in await store.doubts_against_payments(tx, call.hospital_id)
            if row["ledger_fen"] != row["payments_fen"]
        ]
        differences += [
            f"{row['account']}: the postings say {row['ledger_fen']} fen, the balance {row['balance_fen']} fen"
            for row in await store.balances_against_postings(tx, call.hospital_id)
        ]
        return LedgerReport(entries=counts["entries"], postings=counts["postings"], differences=differences)
