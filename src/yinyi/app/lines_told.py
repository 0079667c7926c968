"""What `yinyi lines` says of sessions, batches and reversals: how each stands, what happens next, and what to type."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from yinyi.app.demo_hospital import ZONE
from yinyi.business.lines.messages_sessions import BatchView, LineEcho, LineView, ReversalView, SessionView
from yinyi.kernel.money import yuan

ECHOES = {
    "here": "The bank is there.",
    "refused": "The bank is there, and refuses this session: ask it why, with the code.",
    "silent": "The bank has not answered. Ask again in a minute; if it stays silent, call the bank.",
    "unreachable": "Nothing could be sent: yinyi lines says which line is down and why.",
    "busy": "Somebody pays in this session just now. Ask again in a minute.",
    "waiting": "The bank has not answered yet. Ask again in a minute.",
}
"""By what became of the question whether the bank is there."""
GOES_ON = "  the bank has not answered yet; it goes on by itself: yinyi lines says how it ends"
NONE = "There is no such session: yinyi lines put puts one on record."


def line(view: LineView) -> str:
    why = f": {view.why}" if view.why else ""
    return f"line {view.acquirer}: up in {view.up} business processes, down in {view.down}{why}"


def echo(told: LineEcho) -> str:
    words = " ".join(filter(None, (told.code, told.detail)))
    return ECHOES[told.answer] + (f" ({words})" if words else "")


def missing(master_key_ids: Sequence[str]) -> Iterator[str]:
    """Of the master keys that keys are under, those that are not here."""
    for each in master_key_ids:
        yield f"MASTER KEY {each} IS NOT HERE: no session under it can sign on. Bring it back: docs/operate/keys.md"


def session(view: SessionView, *, opens: bool = True) -> Iterator[str]:
    """What is in capitals wants people. ``opens``: all master keys are here."""
    yield f"{_slot(view)}  {view.terminal_id} {view.scope}  {view.merchant_name}"
    yield f"  {_signed(view, opens)}{_at(view.signed_on_at, ', last ')}"
    if not view.has_key:
        yield "  has NO TMK: yinyi keys load"
    gaps = f", {view.gaps} gaps" if view.gaps else ""
    heard = f"heard {_at(view.heard_at) or 'never'}, last code {view.last_code or '–'}"
    yield f"  batch {view.batch_no:06}, trace {view.trace_no:06}{gaps}; {heard}{_at(view.busy_until, '; busy until ')}"
    yield f"  {_money(view)}; settled last {_at(view.settled_at) or 'never'}"
    for batch_no in view.left_batches:
        yield f"  batch {batch_no:06} LEFT UNSETTLED: yinyi lines settle --batch {batch_no}"
    if view.host_batch_no is not None:
        yield f"  THE BANK is at batch {view.host_batch_no:06}: ask it to set the number of its terminal"
    if view.stuck:
        yield f"  {view.stuck} STUCK: yinyi lines reversals says what to do"
    if view.in_doubt:
        yield f"  {view.in_doubt} in doubt: reversed by itself, before anything else"
    if view.retired:
        yield f"  {view.terminal_id} IS RETIRED: {_leaves(view)}"


def _signed(view: SessionView, opens: bool) -> str:
    if view.signed_off_at is not None:
        return f"SIGNED OFF{_at(view.signed_off_at, ' since ')} until somebody signs it on: yinyi lines sign-on"
    if not view.must_sign_on:
        return "signed on"
    if view.retired:
        return "not signed on"
    return "must sign on, which it does by itself" + ("" if opens else " ONCE ITS KEYS OPEN")


def _money(view: SessionView) -> str:
    if view.open_since is None:
        return "nothing to settle"
    until = ", OVERDUE: yinyi lines settle" if view.is_overdue else ", settled by itself after the cut-over"
    return f"money since {_at(view.open_since)}{until}"


def _leaves(view: SessionView) -> str:
    """What a session whose terminal is gone still waits for."""
    if view.stuck:
        return "signs off once people have settled what is stuck"
    if view.in_doubt:
        return "signs off once what is in doubt is reversed, which it does by itself"
    if view.left_batches:
        return "signs off once the batch that was left is settled"
    if view.open_since is not None:
        return "signs off once its batch is settled: by itself after the cut-over, or now with yinyi lines settle"
    return "signs on no more, but for refunds; yinyi lines put gives the session to another kiosk"


def batch(view: BatchView) -> Iterator[str]:
    yield f"batch {view.batch_no:06} is {view.state.replace('_', ' ')}"
    yield f"  {view.debits} purchases {yuan(view.debit_fen)}"
    yield f"  {view.credits} refunds and voids {yuan(view.credit_fen)}"
    if view.state == "under_way":
        yield "  it goes on by itself; ask again, or see yinyi lines"
    elif view.state == "settled":
        yield "  the bank had the same totals" if view.balanced else _unbalanced(view)


def _unbalanced(view: BatchView) -> str:
    return f"  UNBALANCED: {view.uploaded} details were sent; compare with the bank's statement of that day"


def reversal(view: ReversalView) -> Iterator[str]:
    yield f"{view.reference}  {view.kind} {yuan(view.amount_fen)} {view.card_masked}  is {_STATES[view.state]}"
    where = f"{_slot(view)} {view.batch_no:06} {view.trace_no:06}"
    yield f"  {where}, sent {_at(view.sent_at)} at {view.terminal_id}"
    why = view.reason.replace("_", " ") or "no answer yet"
    yield f"  {why}; reversal tried {view.tries} times{_at(view.tried_at, ', last ')}, code {view.code or '–'}"
    if view.state == "stuck":
        yield "  ask the bank whether it took the money; then two people say so: yinyi queue resolve"
    elif view.state in ("sent", "in_doubt"):
        yield "  reversed by itself; now: yinyi lines reverse"


_STATES = {
    "sent": "sent, without an answer",
    "in_doubt": "in doubt",
    "stuck": "STUCK",
    "approved": "approved, and certain",
    "declined": "declined: nothing was moved",
    "reversed": "reversed: as if it had never been",
    "never_sent": "never sent: nothing was moved",
    "unanswered": "without an answer, and cannot be reversed",
}


def _slot(view: SessionView | ReversalView) -> str:
    return f"{view.acquirer}/{view.merchant_no}/{view.terminal_no}"


def _at(at: datetime | None, before: str = "") -> str:
    return f"{before}{at.astimezone(ZONE):%Y-%m-%d %H:%M}" if at is not None else ""
