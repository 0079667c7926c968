"""What is wrong with how a payment ended: money, hospital, books and what was told have to agree."""

from yinyi.app.faults.person import Person
from yinyi.app.watched import OBLIGED
from yinyi.bus.database import Row
from yinyi.business.inpatient.plans import DEPOSIT
from yinyi.business.ledger.model import deposit_account, prepaid_account
from yinyi.business.payments.amounts import AGREED, paid_fen, to_take_fen
from yinyi.business.payments.apply import LOOKED_INTO
from yinyi.business.payments.plan import REFUND, Plan, Step
from yinyi.business.payments.view import state_of
from yinyi.business.prepaid.model import TOP_UP

_ENTRIES = """
SELECT p.debit_account, p.credit_account, p.amount_fen FROM journal_entry e
JOIN posting p USING (hospital_id, entry_id) WHERE e.hospital_id = 1 AND e.source >= $1 AND e.source < $1 || '~'
"""
_STANDS = """
SELECT (SELECT count(*) FROM payment_obligation WHERE hospital_id = 1 AND payment_id = $1) AS obliged,
  (SELECT count(*) FROM payment WHERE hospital_id = 1 AND payment_id = $1
    AND ended_at IS NULL AND lease_epoch IS NULL AND next_at IS NULL) AS ownerless
"""


async def violations(person: Person, plan: Plan) -> list[str]:
    """Sentences; empty when money, hospital, books and what was told agree."""
    used_fen = await person.used_fen()
    async with person.quiet.read() as tx:
        entries = await tx.fetch(_ENTRIES, plan.payment_no)
        stands = await tx.fetchrow(_STANDS, plan.payment_id)
    assert stands is not None
    found = [*_of_money(person, plan, used_fen), *_of_order(person, plan)]
    found += [*_of_books(person, plan, used_fen, entries), *_of_words(person, plan)]
    if bool(stands["obliged"]) != (state_of(plan) == "fulfilled" and plan.purpose in OBLIGED):
        found.append(f"{state_of(plan)}, and {stands['obliged']} obligations")
    if stands["ownerless"]:
        found.append("open, and nobody's")
    if plan.attention not in ("", *LOOKED_INTO):
        found.append(f"ended, and people are still called: {plan.attention}")
    return found


def _is_top_up(plan: Plan) -> bool:
    return plan.purpose == TOP_UP


def _of_money(person: Person, plan: Plan, used_fen: int) -> list[str]:
    references = {step.reference for step in plan.steps}
    kept, promised = person.kept_fen(references), person.scheme.settled_fen(references)
    if _is_top_up(plan):
        delivered = int(-used_fen == kept and bool(paid_fen(plan)) and plan.direction == "forward")
    else:
        kept += used_fen
        delivered = person.delivered(plan)
    due = to_take_fen(plan) - person.gone_fen if delivered else 0
    state = state_of(plan)
    found: list[str] = []
    if state not in ("fulfilled", "closed", "returned"):
        found.append(f"ended as {state}")
    if delivered != (state == "fulfilled"):
        found.append(f"{state}, and the hospital has confirmed {delivered}")
    if kept != due:
        found.append(f"{state}, and the channels have kept {kept} fen instead of {due}")
    if person.insured_wholly and person.scheme.asked(references) and AGREED not in plan.facts:
        found.append("claimed from the insurance, and the patient has not agreed")
    if promised != (plan.amount_fen - to_take_fen(plan) if delivered else 0):
        found.append(f"{state}, and the insurance owes {promised} fen")
    if _is_top_up(plan) and -used_fen != kept:
        found.append(f"{state}, and {-used_fen} fen have come onto the account of {kept} that were kept")
    if not delivered and any(person.hospital.is_held(each) or person.bills.is_locked(each) for each in references):
        found.append(f"{state}, and the number is still held")
    if not delivered and references & person.hospital.arrived:
        found.append(f"{state}, and the hospital waits for him")
    if person.ward.left_fen(references) != (kept if person.ward.posted(references) else 0):
        found.append(f"{state}, and the ward has {person.ward.left_fen(references)} fen of {kept} that were kept")
    if any(each.open_orders(references) for each in person.sides.values()):
        found.append(f"{state}, and a code can still be paid")
    if paid_fen(plan) > to_take_fen(plan):
        found.append(f"{paid_fen(plan)} fen taken where {to_take_fen(plan)} were due")
    if plan.taken_fen - plan.returned_fen != kept:
        found.append(f"the payment says {plan.taken_fen} less {plan.returned_fen}, the channels {kept}")
    found += [f"more given back than taken by {each.reference}" for each in plan.moved() if _is_overpaid(person, each)]
    return found


def _of_order(person: Person, plan: Plan) -> list[str]:
    """By each wish, what was taken last goes back first. What has come late goes back whenever it does."""
    place = {take.reference: number for number, take in enumerate(plan.takes()) if take.state == "done"}
    refunds = {step.reference: step for step in plan.steps if step.kind == REFUND and step.params["of"] in place}
    left = [refunds[reference] for reference in person.script.sent_back if reference in refunds]
    places = {wish: [place[each.params["of"]] for each in left if each.wish == wish] for wish in {e.wish for e in left}}
    wrong = [wish for wish, order in places.items() if order != sorted(order, reverse=True)]
    return [f"money went back in the order in which it was taken, by wish {wish or 'of nobody'}" for wish in wrong]


def _is_overpaid(person: Person, take: Step) -> bool:
    far = person.sides.get(take.channel)
    return far is not None and far.back_fen(take.reference) > take.amount_fen


def _of_books(person: Person, plan: Plan, used_fen: int, entries: list[Row]) -> list[str]:
    """The ledger's accounts of this payment against the channels, the insurance and the hospital."""
    balances: dict[str, int] = {}
    for row in entries:
        balances[row["debit_account"]] = balances.get(row["debit_account"], 0) + row["amount_fen"]
        balances[row["credit_account"]] = balances.get(row["credit_account"], 0) - row["amount_fen"]
    references = {step.reference for step in plan.steps}
    promised = person.scheme.settled_fen(references)
    delivered = (person.kept_fen(references) + used_fen + promised) * person.delivered(plan)
    stay = plan.facts["admission_no"] if plan.purpose == DEPOSIT else ""
    income = deposit_account(stay) if stay else f"hospital:{plan.scope}:{plan.purpose}"
    wanted = {
        **{f"channel:{name}:{plan.scope}": each.kept_fen(references) for name, each in person.sides.items()},
        **{f"refunds:{name}:{plan.scope}": 0 for name in person.sides},
        f"insurance:{person.scheme.scheme}": promised,
        f"patient_funds:{plan.scope}": 0,
        prepaid_account(str(person.patient_id)): used_fen,
        income: -delivered,
        f"his:{plan.scope}": 0,
        "suspense:short": 0,
    }
    return [
        f"{account}: booked {balances.get(account, 0)}, really {fen}"
        for account, fen in wanted.items()
        if balances.get(account, 0) != fen
    ]


JUDGED = {"fulfilled", "returned", "delivering"}
"""Of what somebody is told, what must not be wrong."""


WANTED_BACK = ("cancelled", "session_stopped")
"""Why what was delivered is undone: the patient does not want it any more, or the hospital cannot keep it."""


def _of_words(person: Person, plan: Plan) -> list[str]:
    """Nobody is told of an end that is not one; of money given back only when it is."""
    told = {each.state for each in person.told}
    found: list[str] = []
    undone = plan.reason in WANTED_BACK and person.gone_fen == plan.taken_fen
    if "fulfilled" in told and state_of(plan) != "fulfilled" and not undone:
        found.append(f"told of a registration that ended as {state_of(plan)}")
    refunded = any(step.kind == REFUND and step.state in ("done", "late") for step in plan.steps)
    if "returned" in told and not refunded:
        found.append("told that the money is back, and it is not")
    agreed = not to_take_fen(plan) and AGREED in plan.facts
    taken = any(step.state in ("done", "late") for step in plan.takes())
    if "delivering" in told and not (agreed or taken or not plan.amount_fen):
        found.append("told that it is paid, and it is not")
    return found
