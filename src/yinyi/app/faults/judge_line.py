"""What is wrong with the bank line after a run: our record of it and the bank's books have to agree."""

from collections.abc import Iterator
from itertools import product

from yinyi.app.faults.cardholder import is_in_doubt
from yinyi.app.faults.far_bank import MONEY
from yinyi.app.faults.line_house import CHANNEL, NEXT_CARD, NEXT_FEN, CardAccount, LineHouse
from yinyi.app.faults.model import FEE
from yinyi.app.faults.stage import Stage
from yinyi.bus.database import Row
from yinyi.business.lines.session_model import Totals
from yinyi.business.payments.plan import TAKE, Plan

_HAPPENED = {"approved": True, "declined": False, "never_sent": False, "reversed": False}
_FOR_PEOPLE = ("stuck", "unanswered")
_BOOKED = """
SELECT coalesce(sum(CASE WHEN p.debit_account = $2 THEN p.amount_fen ELSE -p.amount_fen END), 0)::bigint
FROM journal_entry e JOIN posting p USING (hospital_id, entry_id)
WHERE e.hospital_id = 1 AND e.source >= $1 AND e.source < $1 || '~' AND $2 IN (p.debit_account, p.credit_account)
"""


async def line_violations(stage: Stage, *, people_called: bool) -> list[str]:
    """Sentences; empty when our record of every message is what the bank has in its books."""
    bank = stage.line.bank
    found = [*await record_violations(stage.line, people_called=people_called), *card_violations(stage.account)]
    next_fen = bank.kept_fen(NEXT_CARD.pan)
    if next_fen not in (0, NEXT_FEN):
        found.append(f"the next one at the terminal has paid {next_fen} fen")
    return found


def card_violations(account: CardAccount) -> list[str]:
    """The same of one card."""
    most_fen = account.bank.most_fen.get(account.pan, 0)
    return [f"{most_fen} fen were taken from his card at a time"] if most_fen > FEE else []


async def record_violations(line: LineHouse, *, people_called: bool) -> list[str]:
    """The same of the line, whoever has used it."""
    found = [*line.bank.wrong]
    for row in await line.record():
        if row["kind"] in MONEY:
            found += _of_message(line, row, people_called=people_called)
    return found + await _of_batches(line)


async def _of_batches(line: LineHouse) -> list[str]:
    """What is settled with us is settled at the bank, over what it has or with every detail of what we have."""
    rows, at_bank, found = await line.batches(), line.bank.day.closed, list[str]()
    said = [row for row in await line.record() if row["state"] == "approved" and row["answer"] is not None]
    settled = {row["batch_no"]: row for row in rows if row["batch_no"] is not None}
    found += [f"batch {batch_no} is open at the bank, and settled with us" for batch_no in settled.keys() - at_bank]
    for batch_no, closed in at_bank.items():
        ours = {
            row["trace_no"]: row["amount_fen"] for row in said if row["batch_no"] == batch_no if row["kind"] in MONEY
        }
        row = settled.get(batch_no)
        if row is None and batch_no not in (rows[0]["open_batch_no"], *rows[0]["left_batches"]) and ours:
            found.append(f"batch {batch_no} is settled at the bank, and forgotten")
        if row is not None and row["balanced"] and _totals_of(row) != closed.ours:
            found.append(f"batch {batch_no} is balanced on our record, and at the bank it has {closed.ours}")
        if not closed.balanced and closed.uploaded != ours:
            found.append(f"of batch {batch_no} the bank was sent {closed.uploaded} instead of {ours}")
    return found


def _totals_of(row: Row) -> Totals:
    return Totals(**{name: row[name] for name in ("debit_fen", "debits", "credit_fen", "credits")})


def _of_message(line: LineHouse, row: Row, *, people_called: bool) -> Iterator[str]:
    said = line.bank.found((row["batch_no"], row["trace_no"]))
    happened, state = said is not None and said.happened, row["state"]
    name = f"{row['kind']} {row['batch_no']}/{row['trace_no']}"
    if state in _HAPPENED and happened != _HAPPENED[state]:
        yield f"{name} is {state} on our record, and at the bank it has{'' if happened else ' not'} happened"
    left = state in _FOR_PEOPLE or (state == "sent" and row["kind"] == "refund")
    if state in ("sent", "in_doubt") if not left else not people_called:
        yield f"{name} is {state} in the end, and nobody was called"


async def queue_violations(stage: Stage, plan: Plan) -> list[str]:
    """The same for a payment that stands in the human queue: what is certain is booked, and what is in doubt there is
    all that the bank and the books may differ by."""
    kept = stage.line.bank.kept_fen(stage.account.pan)
    async with stage.quiet.read() as tx:
        booked = await tx.fetchval(_BOOKED, plan.payment_no, f"channel:{CHANNEL}:outpatient")
    steps = [step for step in plan.steps if step.channel == CHANNEL]
    doubts = [step for step in steps if is_in_doubt(step)]
    signed = [step.amount_fen if step.kind == TAKE else -step.amount_fen for step in doubts]
    possible = {booked + sum(chosen) for chosen in product(*[(0, fen) for fen in signed])}
    found: list[str] = []
    if not plan.attention or plan.ended_at is not None:
        found.append("it never ends, and stands in no queue")
    if kept not in possible:
        found.append(f"in the queue: the bank has kept {kept} fen, booked are {booked}, in doubt {signed}")
    if not doubts and not any(step.state == "refused" and step.booked for step in steps):
        found.append(f"in the queue for {plan.attention}, and nothing is in doubt")
    if booked != plan.taken_fen - plan.returned_fen:
        found.append(f"the payment says {plan.taken_fen} less {plan.returned_fen}, booked are {booked}")
    return found
