"""What is wrong with how a crowd ended: each payment by itself, and the sums of all of them."""

from collections.abc import AsyncIterator, Iterator

from yinyi.app.faults.crowd import Crowd
from yinyi.app.faults.house import SCOPES
from yinyi.app.faults.judge import violations
from yinyi.app.faults.judge_line import card_violations, record_violations
from yinyi.app.faults.line_house import CHANNEL, NEXT_CARD, NEXT_FEN
from yinyi.app.faults.visitor import Visitor
from yinyi.app.watched import MOVES, OBLIGED
from yinyi.bus.database import Tx
from yinyi.business.ledger import store as ledger
from yinyi.business.ledger.invariants import ledger_invariants
from yinyi.business.ledger.model import prepaid_account
from yinyi.business.payments.books import DoubtsAgree, differences
from yinyi.business.payments.engine import Rules
from yinyi.business.payments.invariants import payment_invariants
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.view import state_of
from yinyi.business.watch.store import look

_STRANGE = "SELECT payment_no FROM payment WHERE NOT payment_no = ANY($1::text[]) ORDER BY payment_id"
_EVERYTHING = [(0, 2**62)]


async def all_violations(crowd: Crowd) -> list[str]:
    """Sentences; empty when everybody's money, the channels, the hospital and the books agree."""
    found, plans = list(crowd.wrong), dict[str, Plan]()
    for visitor in crowd.visitors:
        if visitor.payment_id:
            plan = plans[visitor.name] = await visitor.plan()
            own = await violations(visitor, plan) if plan.ended_at is not None else ["it never ends"]
            found += [f"{visitor.name}: {sentence}" for sentence in own]
    async with crowd.ground.database.read() as tx:
        found += await _of_database(crowd, tx, list(plans.values()))
        found += [each async for each in _of_accounts(crowd, tx)]
        found += await _of_bank(crowd)
        found += _of_channels(crowd, await _balances(tx), list(plans.values()))
    return found + list(_of_obligations(crowd.visitors, plans))


async def _of_database(crowd: Crowd, tx: Tx, plans: list[Plan]) -> list[str]:
    """What is watched in production holds here, too."""
    strange = await tx.fetch(_STRANGE, [plan.payment_no for plan in plans])
    found = [f"a payment that nobody knows of: {row['payment_no']}" for row in strange]
    rules: Rules = next(iter(crowd.processes.values())).means.registry.rules
    for invariant in (*payment_invariants(rules, OBLIGED), *ledger_invariants(MOVES), DoubtsAgree()):
        broken = await look(tx, 1, invariant, _EVERYTHING, crowd.house.clock.now())
        found += sorted(f"{invariant.name}: {each.detail}" for each in broken)
    for row in await ledger.balances_against_postings(tx, 1):
        found.append(f"{row['account']}: the balance says {row['balance_fen']}, its postings {row['ledger_fen']}")
    return found + await differences(tx, 1)


async def _of_accounts(crowd: Crowd, tx: Tx) -> AsyncIterator[str]:
    """Each patient's account, however many payments used it."""
    for patient_id in sorted({each.patient_id for each in crowd.visitors}):
        visitors = [each for each in crowd.visitors if each.patient_id == patient_id and each.payment_id]
        used_fen = sum([await each.used_fen() for each in visitors])
        left_fen = await ledger.balance_of(tx, 1, prepaid_account(str(patient_id)))
        if crowd.house.opened_fen[patient_id] - used_fen != left_fen:
            yield f"account {patient_id}: {left_fen} fen are left, {used_fen} were used"
        if left_fen < 0:
            yield f"account {patient_id} is overdrawn by {-left_fen} fen"


async def _balances(tx: Tx) -> dict[str, int]:
    return {row["account"]: row["debit_fen"] - row["credit_fen"] for row in await ledger.balances_together(tx, 1)}


async def _of_bank(crowd: Crowd) -> list[str]:
    """The bank has what the line's record has, of whosever card."""
    found = await record_violations(crowd.line, people_called=True)
    found += [sentence for each in crowd.visitors for sentence in card_violations(each.account)]
    next_fen = crowd.line.bank.kept_fen(NEXT_CARD.pan)
    return [*found, f"those who came next have paid {next_fen} fen"] if next_fen % NEXT_FEN else found


def _of_channels(crowd: Crowd, balances: dict[str, int], plans: list[Plan]) -> list[str]:
    """All that the other sides have on their books, whoever it belongs to."""
    house = crowd.house
    names = (*house.channels, CHANNEL)
    both = {name: sum(balances.get(f"channel:{name}:{scope}", 0) for scope in SCOPES) for name in names}
    balances = balances | {f"channel:{name}": fen for name, fen in both.items()}
    wanted = {f"channel:{name}": far.kept_fen(set(far.orders)) for name, far in house.channels.items()}
    wanted[f"channel:{CHANNEL}"] = sum(each.account.kept_fen(set()) for each in crowd.visitors)
    wanted |= {f"refunds:{name}:{scope}": 0 for name in names for scope in SCOPES}
    wanted |= {f"{name}:{scope}": 0 for name in ("patient_funds", "his") for scope in SCOPES}
    wanted |= {"suspense:short": 0, "suspense:over": 0}
    wanted[f"insurance:{house.scheme.scheme}"] = house.scheme.settled_fen(set(house.scheme.settlements))
    found = [
        f"{account}: booked {balances.get(account, 0)}, really {fen}"
        for account, fen in wanted.items()
        if balances.get(account, 0) != fen
    ]
    if sum(balances.values()) != sum(both.values()):
        found.append(f"debits and credits differ by {sum(balances.values()) - sum(both.values())} fen")
    references = {step.reference for plan in plans for step in plan.steps}
    references |= {plan.facts["number_reference"] for plan in plans if "number_reference" in plan.facts}
    for side, known in (("hospital", house.hospital.numbers), ("bills", house.bills.bills)):
        found += [f"{side}: {state} for nobody" for each, state in known.items() if _stands(each, state, references)]
    return found


def _stands(reference: str, state: str, references: set[str]) -> bool:
    return reference not in references and state in ("confirmed", "settled", "locked")


def _of_obligations(visitors: list[Visitor], plans: dict[str, Plan]) -> Iterator[str]:
    """What several wanted is delivered once at most."""
    wishes = sorted({each.wish for each in visitors})
    for wish in wishes:
        them = [plans[each.name] for each in visitors if each.wish == wish and each.name in plans]
        served = [plan for plan in them if state_of(plan) == "fulfilled"]
        for purpose in sorted({plan.purpose for plan in served}):
            if purpose in OBLIGED and sum(plan.purpose == purpose for plan in served) > 1:
                yield f"{wish} was delivered more than once"
