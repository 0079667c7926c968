"""Which postings a change of plan means: a pure function of the plan before and after."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime

from msgspec.structs import replace

from yinyi.business.ledger.model import (
    SUSPENSE_OVER,
    SUSPENSE_SHORT,
    JournalEntry,
    Posting,
    channel_account,
    funds_account,
    his_account,
    income_account,
    is_limited,
    paid_out_account,
    refunds_account,
)
from yinyi.business.payments.amounts import owed_fen
from yinyi.business.payments.builder import AT_CONFIRM
from yinyi.business.payments.model import SuspenseMove
from yinyi.business.payments.plan import REFUND, TAKE, Plan, Step, once
from yinyi.kernel.money import Fen

_MOVED = ("done", "late")
_UNDER_WAY = ("doing", "waiting", "unknown")
_PROMISED = ("done", "undoing", "undo_unknown", "late")

RECEIVABLE, RECEIVABLE_FEN = "receivable", "receivable_fen"
"""In the evidence of a step by which somebody else, an insurance, comes to owe us a part: who, as a ledger account, and
how much."""


CREDITED = "credited"
"""In a plan's facts: the ledger account, a patient's own, that is credited with what was taken; what goes back of it is
debited as soon as it is planned, so that nobody spends it meanwhile. Otherwise it is owed to the hospital."""


def entries(before: Plan, after: Plan, business_date: date, now: datetime) -> list[JournalEntry]:
    """One entry for each movement of money that this change brings; none when no money moved."""
    old = {step.reference: step for step in before.steps}
    found: list[JournalEntry] = []
    for step in after.steps:
        was = old.get(step.reference) or replace(step, state="planned")
        if was.state == step.state:
            continue
        for kind, posting in _of_step(after, step, was):
            at_once = kind in ("taken", "refunded")
            source = f"{step.reference}:{kind}" if at_once else f"{step.reference}:{kind}:{after.version}"
            found.append(_entry(after, source, kind, business_date, now, posting))
    return [*found, *_delivered(before, after, business_date, now)]


def _delivered(before: Plan, after: Plan, on: date, now: datetime) -> list[JournalEntry]:
    """What is delivered is owed to the hospital: all that was kept for it. It grows once, and shrinks with refunds.
    While it is in doubt whether the hospital has booked it, it stands apart."""
    doubtful = _in_doubt_at_hospital(after, doubtful_fen(after) - doubtful_fen(before), on, now)
    more = delivered_fen(after) - delivered_fen(before)
    if not more:
        return doubtful
    funds, income = funds_account(after.scope), after.facts.get(CREDITED) or income_account(after.scope, after.purpose)
    kind = "delivered" if more > 0 else "taken_back"
    at_once = fulfilled(after) and not fulfilled(before)
    source = f"{after.payment_no}:delivered" if at_once else f"{after.payment_no}:{kind}:{after.version}"
    debit, credit = (funds, income) if more > 0 else (income, funds)
    posting = Posting(debit_account=debit, credit_account=credit, amount_fen=Fen(abs(more)))
    return [*doubtful, _entry(after, source, kind, on, now, posting)]


def _in_doubt_at_hospital(after: Plan, more_fen: int, on: date, now: datetime) -> list[JournalEntry]:
    if not more_fen:
        return []
    funds, his = funds_account(after.scope), his_account(after.scope)
    kind = "his_in_doubt" if more_fen > 0 else "his_certain"
    debit, credit = (funds, his) if more_fen > 0 else (his, funds)
    source = f"{after.payment_no}:{kind}:{after.version}"
    return [_entry(after, source, kind, on, now, _move(debit, credit, Fen(abs(more_fen))))]


@once
def fulfilled(plan: Plan) -> bool:
    """Everything that was to happen has happened."""
    current = plan.current()
    if plan.direction == "back" or not current or owed_fen(plan):
        return False
    return all(step.state == "done" or _is_spared(step) for step in current)


def _is_spared(step: Step) -> bool:
    """A take for which nothing was left to take."""
    return step.kind == TAKE and step.state == "planned" and not step.channel


@once
def delivered_fen(plan: Plan) -> int:
    """What is kept for what was delivered."""
    return kept_fen(plan) if fulfilled(plan) else 0


@once
def doubtful_fen(plan: Plan) -> int:
    """What is kept, while nobody knows whether the hospital has booked that it was paid."""
    told = [step for step in plan.current() if step.position >= AT_CONFIRM]
    return kept_fen(plan) if any(_is_in_doubt(step) for step in told) else 0


def _is_in_doubt(step: Step) -> bool:
    """A call that is on its way for the first time is not yet."""
    return step.state in ("unknown", "undo_unknown") or (step.state == "undoing" and step.tries > 0)


def kept_fen(plan: Plan) -> int:
    """Taken for it, promised by an insurance, and not given back."""
    takes = {take.reference: take.amount_fen for take in plan.takes() if take.state == "done"}
    if CREDITED in plan.facts:
        return sum(take.amount_fen - plan.booked_fen(take) for take in plan.takes() if take.state == "done")
    back = sum(
        step.amount_fen
        for step in plan.steps
        if step.kind == REFUND and step.params["of"] in takes and step.state in (*_UNDER_WAY, *_MOVED)
    )
    promised = sum(step.evidence[RECEIVABLE_FEN] for step in plan.steps if _is_promised(step))
    return sum(takes.values()) + promised - back


def _is_promised(step: Step) -> bool:
    """Somebody else owes us money for this step, until it is surely undone."""
    return RECEIVABLE in step.evidence and step.state in _PROMISED


def _of_step(plan: Plan, step: Step, was: Step) -> list[tuple[str, Posting]]:
    funds = funds_account(plan.scope)
    if step.kind in (TAKE, REFUND):
        moves = _of_take(step, was.state, funds) if step.kind == TAKE else _of_refund(step, was.state, funds)
        return [(kind, _move(debit, credit, step.amount_fen)) for kind, debit, credit in moves]
    if _is_promised(step) == _is_promised(was):
        return []
    account, amount_fen = step.evidence[RECEIVABLE], Fen(step.evidence[RECEIVABLE_FEN])
    if not amount_fen:
        return []
    if _is_promised(step):
        return [("promised", _move(account, funds, amount_fen))]
    return [("promise_undone", _move(funds, account, amount_fen))]


def _of_take(step: Step, state_was: str, funds: str) -> list[tuple[str, str, str]]:
    """``(kind, debit, credit)``."""
    newly = step.state in _MOVED and state_was not in _MOVED
    return [("taken", channel_account(step.channel, step.merchant), funds)] if newly else []


def _of_refund(step: Step, state_was: str, funds: str) -> list[tuple[str, str, str]]:
    channel = channel_account(step.channel, step.merchant)
    refunds = refunds_account(step.channel, step.merchant)
    if step.state in _UNDER_WAY and state_was not in _UNDER_WAY:
        return [("refund_sent", funds, refunds)]
    if step.state in _MOVED and state_was not in _MOVED:
        return [("refunded", refunds if state_was in _UNDER_WAY else funds, channel)]
    if state_was in _UNDER_WAY and step.state not in _UNDER_WAY:
        return [("refund_not_made", refunds, funds)]
    return []


def suspense_posting(move: SuspenseMove, channel: str, merchant: str, scope: str, amount_fen: Fen) -> Posting:
    """What comes to suspense, and where it goes from there. ``channel`` and ``merchant`` where money is there,
    otherwise ``scope``."""
    at_channel, at_window = channel_account(channel, merchant), paid_out_account(scope)
    accounts: dict[SuspenseMove, tuple[str, str]] = {
        "over_found": (at_channel, SUSPENSE_OVER),
        "over_given_back": (SUSPENSE_OVER, at_channel),
        "over_paid_out": (SUSPENSE_OVER, at_window),
        "over_kept": (SUSPENSE_OVER, income_account(scope, "surplus")),
        "short_found": (SUSPENSE_SHORT, at_channel),
        "short_made_good": (at_channel, SUSPENSE_SHORT),
        "short_paid_in": (at_window, SUSPENSE_SHORT),
        "short_borne": (income_account(scope, "shortfall"), SUSPENSE_SHORT),
    }
    debit, credit = accounts[move]
    return _move(debit, credit, amount_fen)


def on_our_account(found: list[JournalEntry], at_hand: Mapping[str, int]) -> list[JournalEntry]:
    """The same where patients' accounts may not have so much: each gives what it has (``at_hand``, in fen), and what is
    missing is ours until people have found it."""
    left = dict(at_hand)
    return [replace(entry, postings=tuple(_shared(entry.postings, left))) for entry in found]


def _shared(postings: Iterable[Posting], left: dict[str, int]) -> Iterator[Posting]:
    for posting in postings:
        account = posting.debit_account
        there = min(posting.amount_fen, left.get(account, 0)) if is_limited(account) else posting.amount_fen
        if is_limited(account):
            left[account] = left.get(account, 0) - there
        for debit, amount_fen in ((account, there), (SUSPENSE_SHORT, posting.amount_fen - there)):
            if amount_fen:
                yield replace(posting, debit_account=debit, amount_fen=Fen(amount_fen))


def _move(debit: str, credit: str, amount_fen: Fen) -> Posting:
    return Posting(debit_account=debit, credit_account=credit, amount_fen=amount_fen)


def _entry(plan: Plan, source: str, kind: str, on: date, at: datetime, posting: Posting) -> JournalEntry:
    return JournalEntry(
        hospital_id=plan.hospital_id,
        source=source,
        kind=kind,
        business_date=on,
        posted_at=at,
        postings=(posting,),
    )
