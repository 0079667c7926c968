"""Cards on the bank line as effects: taking money, reversing what is in doubt, voiding and refunding.

The bank cannot be asked about a purchase: what is asked is our own record of it. A bank may take a minute to answer,
the engine waits for no call so long: what is still out then is ``Waiting``, and its record tells how it ended.
"""

import asyncio
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import structlog

from yinyi.business.lines.errands import Errands
from yinyi.business.lines.session_model import (
    Approved,
    Card,
    Declined,
    LineAnswer,
    MessageState,
    NeverSent,
    NoAnswer,
    Standing,
)
from yinyi.business.lines.session_ports import CardSessions
from yinyi.business.payments.model import NO_SESSION, STRIPE, UNREAD
from yinyi.business.payments.plan import PAYER_CODE, REFUND, REFUSED_CODE, TAKE, TRIES_LEFT, UNDONE_BECAUSE, Plan, Step
from yinyi.business.payments.rules import CardPace, Rule
from yinyi.kernel.outcome import (
    Answer,
    Done,
    Evidence,
    NotFound,
    NotSent,
    Outcome,
    Refused,
    RefusedReason,
    Unknown,
    Waiting,
)
from yinyi.kernel.secrets import Sealed, Vault

log = structlog.get_logger()

CALL_S = 5.0
_AT_LONGEST = timedelta(minutes=4)
"""A reversal, a sign-on and the purchase itself, each without an answer for its whole time."""


_STATEMENT = timedelta(days=1)
"""So long it takes until people have one."""
Compared = Callable[[Plan, Step], Awaitable[bool]]
"""Whether people have compared what a restore has lost of the time since this purchase; see ``Statements``."""


async def nothing_lost(plan: Plan, take: Step) -> bool:
    """Of a database that was never restored."""
    return True


USUAL_PACE = CardPace()
CONTEXT = "payment_step.card"
_BYTES = ("chip_data", "pin_block", "pin_key_check")


class SealedCards:
    """A card on its way through the engine: sealed in the step until its call is answered, then forgotten."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def seal(self, card: Card) -> str:
        sealed = self._vault.seal(msgspec.json.encode(_on_its_way(card)).decode(), CONTEXT)
        return f"{sealed.key_id}.{b64encode(sealed.data).decode()}"

    def open(self, text: str) -> Card:
        key_id, _, data = text.partition(".")
        kept = msgspec.json.decode(self._vault.open(Sealed(int(key_id), b64decode(data)), CONTEXT), type=dict[str, str])
        return msgspec.convert(kept | {name: b64decode(kept[name]) for name in _BYTES}, Card)


def _on_its_way(card: Card) -> dict[str, str]:
    texts = {name: getattr(card, name) for name in ("pan", "entry_mode", "sequence_no", "expiry")}
    return texts | {name: b64encode(getattr(card, name)).decode() for name in _BYTES}


class CardLine:
    """A channel of cards: which acquirer's sessions it goes through."""

    def __init__(
        self,
        channel: str,
        acquirer: str,
        sessions: CardSessions,
        cards: SealedCards,
        zone: ZoneInfo,
        *,
        wait_s: float = CALL_S - 1.0,
        takes_stripe: bool = False,
        pace: CardPace = USUAL_PACE,
        compared: Compared = nothing_lost,
    ) -> None:
        """``wait_s``: so long at most is an errand waited for within one call of the engine. ``pace``: how often one is
        looked after."""
        self.channel = channel
        self.takes_stripe = takes_stripe
        self.wait_s = wait_s
        self.pace = pace
        self.compared = compared
        self.acquirer = acquirer
        self.sessions = sessions
        self.cards = cards
        self.zone = zone
        self.errands: Errands[LineAnswer] = Errands()
        self.reversals: Errands[MessageState | None] = Errands()

    async def come_home(self, within_s: float) -> None:
        """At the end of the process."""
        await asyncio.gather(self.errands.come_home(within_s), self.reversals.come_home(within_s))

    async def reversed(self, reference: str) -> MessageState | None:
        """How it stands after it was seen to, as far as that could be waited for."""
        state = await self.reversals.within(reference, self.wait_s, lambda: self.sessions.reverse(reference))
        return "sent" if state is None and self.reversals.is_out(reference) else state


class TakeByCard:
    """A purchase. What is in doubt is reversed at once."""

    kind = TAKE
    version = 1

    def __init__(self, line: CardLine) -> None:
        self._line = line
        self.rule = Rule(
            timeout_s=CALL_S,
            ask_every_s=line.pace.ask_every_s,
            wait_every_s=line.pace.wait_every_s,
            undo_every_s=line.pace.undo_every_s,
            give_up_s=1.0,
        )

    async def do(self, plan: Plan, step: Step, now: datetime) -> Outcome:
        shown = step.params.get(PAYER_CODE, "")
        if not shown:
            return Refused(reason="not_permitted", detail=UNREAD)
        line = self._line
        session_id = await line.sessions.choose(plan.terminal_id, line.acquirer, plan.scope)
        if session_id is None:
            log.error("cards.no_session", terminal_id=plan.terminal_id, scope=plan.scope)
            return Refused(reason="not_permitted", detail=NO_SESSION)
        card = line.cards.open(shown)
        if card.entry_mode == "stripe" and not line.takes_stripe:
            return Refused(reason="not_permitted", detail=STRIPE)

        async def purchase() -> LineAnswer:
            return await line.sessions.purchase(line.acquirer, session_id, step.reference, step.amount_fen, card)

        return await _sent(line, step, now, purchase)

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        """Not on record it may still be about to leave, in a process that is believed dead: that is for ``undo``."""
        answer = _told(self._line, await self._line.sessions.standing(step.reference), step, now)
        return Unknown(detail=answer.detail) if isinstance(answer, NotFound) else answer

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        if self._line.errands.is_out(step.reference):
            return Unknown(detail="the bank has not answered yet")
        state = await self._line.reversed(step.reference) or await self._forbidden(plan, step)
        match state:
            case "declined":
                return Done(evidence=_declined_meanwhile(await self._line.sessions.standing(step.reference)))
            case "never_sent":
                return Done(evidence={UNDONE_BECAUSE: "unavailable"})
            case "reversed":
                return Done()
            case None:
                return Unknown(detail="the session is in use")
            case "approved":
                return Refused(reason="already_paid")
            case _:
                return Unknown(detail=f"the purchase is {state}")

    async def _forbidden(self, plan: Plan, step: Step) -> MessageState | None:
        line = self._line
        session_id = await line.sessions.choose(plan.terminal_id, line.acquirer, plan.scope)
        if session_id is None:
            return "never_sent"
        return await line.sessions.forbid(line.acquirer, session_id, step.reference)


class RefundToCard:
    """A void while the batch of the purchase is open, a refund afterwards. An answer comes within minutes. What has
    none by then waits for the statement, and is looked at no more often than that needs. So does what may have left
    already in time that a restore has lost: our record does not tell, and twice would be too much."""

    kind = REFUND
    version = 1

    def __init__(self, line: CardLine) -> None:
        self._line = line
        self.rule = Rule(
            timeout_s=CALL_S,
            ask_every_s=line.pace.refund_ask_every_s,
            wait_every_s=line.pace.refund_wait_every_s,
            people_after_s=86_400.0,
            can_undo=False,
            voids=True,
        )

    async def do(self, plan: Plan, step: Step, now: datetime) -> Outcome:
        line, of = self._line, step.params["of"]
        if not await self._compared(plan, step):
            return Waiting(until=now + _STATEMENT)

        async def void() -> LineAnswer:
            return await line.sessions.void(line.acquirer, step.reference, of)

        async def refund() -> LineAnswer:
            return await line.sessions.refund(line.acquirer, step.reference, of, step.amount_fen)

        return await _sent(line, step, now, void if step.is_void else refund)

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        """A void in doubt is reversed: then it never was, and a refund is still possible."""
        line = self._line
        found = await line.sessions.standing(step.reference)
        if step.is_void and found is not None and found.state in ("in_doubt", "sent") and not found.under_way:
            await line.reversed(step.reference)
            found = await line.sessions.standing(step.reference)
        if found is None and not await self._compared(plan, step):
            return Waiting(until=step.until or now + _STATEMENT)
        return _told(line, found, step, now)

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return Refused(reason="not_permitted", detail="a refund is not undone")

    async def _compared(self, plan: Plan, step: Step) -> bool:
        take = next(each for each in plan.takes() if each.reference == step.params["of"])
        return await self._line.compared(plan, take)


async def _sent(line: CardLine, step: Step, now: datetime, do: Callable[[], Awaitable[LineAnswer]]) -> Outcome:
    answer = await line.errands.within(step.reference, line.wait_s, do)
    match answer:
        case None:
            return Waiting(until=step.until or now + _AT_LONGEST)
        case Approved():
            found = await line.sessions.standing(step.reference)
            return Done(evidence=_evidence(line, found, step)) if found else Unknown(detail="it is not on record")
        case Declined():
            return _refused(answer.reason, answer.code or answer.detail, answer.tries_left)
        case NeverSent():
            return NotSent(detail=answer.detail)
        case NoAnswer():
            return Unknown(detail=answer.detail or answer.why)


def _told(line: CardLine, found: Standing | None, step: Step, now: datetime) -> Answer:
    """What our record says."""
    if line.errands.is_out(step.reference):
        return Waiting(until=step.until or now + _AT_LONGEST)
    if found is None:
        return NotFound(detail="nothing has left under this reference")
    match found.state:
        case "approved":
            return Done(evidence=_evidence(line, found, step))
        case "declined" | "never_sent":
            return _refused(found.reason, found.code, found.tries_left)
        case "reversed":
            return Refused(reason="declined", detail="reversed")
        case "sent" if found.under_way:
            return Waiting(until=found.until or now + _AT_LONGEST)
        case state:
            return Unknown(detail=f"it is {state}")


def _declined_meanwhile(found: Standing | None) -> Evidence:
    if found is None:
        return {}
    refused = _refused(found.reason, found.code, found.tries_left)
    return {UNDONE_BECAUSE: refused.reason, REFUSED_CODE: refused.detail} | refused.evidence


def _refused(reason: RefusedReason, code: str, tries_left: int | None) -> Refused:
    return Refused(reason=reason, detail=code, evidence={} if tries_left is None else {TRIES_LEFT: tries_left})


def _evidence(line: CardLine, found: Standing, step: Step) -> Evidence:
    """For slips, statements and disputes. Nothing of the card but its masked number."""
    approved = found.answer or Approved(retrieval_ref="")
    return {
        "retrieval_ref": approved.retrieval_ref,
        "auth_code": approved.auth_code,
        "issuer": approved.issuer,
        "card": found.card_masked,
        "merchant_no": found.slot.merchant_no,
        "terminal_no": found.slot.terminal_no,
        "batch_no": found.batch_no,
        "trace_no": found.trace_no,
        "paid_at": found.sent_at.astimezone(line.zone).isoformat(),
    }


CardLines = Mapping[str, CardLine]
"""By channel: ``bank_card``, ``public_card``, ``social_security_card``."""
