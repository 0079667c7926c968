"""What moves money: purchase, void, refund, and the reversal of what nobody heard the answer of."""

from datetime import date, timedelta

import msgspec

from yinyi.wire.iso8583.errors import FieldError
from yinyi.wire.iso8583.private_fields import DAY_UNKNOWN, Balance, unpack_61
from yinyi_sandbox.bank.days import Days
from yinyi_sandbox.bank.model import Card, Movement, Reply, Session
from yinyi_sandbox.bank.payers import Payers
from yinyi_sandbox.bank.requests import Request
from yinyi_sandbox.bank.store import Store

REFUNDABLE_DAYS = 30
_UNCERTAIN: frozenset[str] = frozenset({"purchase", "void"})
"""What can be reversed."""


class Rules:
    """Called once the session, its batch and the MAC are found to be right."""

    def __init__(self, store: Store, days: Days) -> None:
        self._store = store
        self._days = days
        self._payers = Payers(store)

    def balance(self, session: Session, request: Request) -> Reply:
        card, code = self._payers.admit(session, request, asks_pin=True)
        if code or card is None:
            return Reply(code, _told(card, code))
        return Reply("00", {54: Balance(amount_fen=card.balance_fen).pack()} | _told(card, ""))

    def purchase(self, session: Session, request: Request) -> Reply:
        if self._is_known(request):
            return Reply("94")
        card, code = self._payers.admit(session, request, asks_pin=True)
        if not code and not request.amount_fen > 0:
            code = "13"
        if not code and card and card.balance_fen < request.amount_fen:
            code = "51"
        return self._done(request, card, code)

    def void(self, session: Session, request: Request) -> Reply:
        if self._is_known(request):
            return Reply("94")
        original = self._named_by_trace(request)
        card, code = self._payers.admit(session, request, asks_pin=False)
        code = code or _mismatch(original, request) or self._unvoidable(original)
        reply = self._done(request, card, code, original)
        if original and not code:
            self._store.put_movement(msgspec.structs.replace(original, state="voided"))
        return reply

    def refund(self, session: Session, request: Request) -> Reply:
        if self._is_known(request):
            return Reply("94")
        original = self._store.movement(request.merchant_no, request.message.text(37))
        card, code = self._payers.admit(session, request, asks_pin=False)
        code = code or self._unrefundable(original, request)
        reply = self._done(request, card, code, original)
        if original and not code:
            refunded_fen = original.refunded_fen + request.amount_fen
            self._store.put_movement(msgspec.structs.replace(original, refunded_fen=refunded_fen))
        return reply

    def reversal(self, session: Session, request: Request) -> Reply:
        """Repeated ones count as one; one that comes before its original keeps that from taking effect."""
        if not request.names_its_original:
            return Reply("30")
        place = (request.merchant_no, request.terminal_no, request.de60.batch_no, request.original_trace_no)
        original = self._store.movement_at(*place)
        if original is None:
            self._put(request, None, "25", trace_no=request.original_trace_no)
            return Reply("25")
        code = self._irreversible(original, request, session)
        undone = original if code or original.state == "reversed" else self._undone(original)
        self._store.put_movement(msgspec.structs.replace(undone, reversals=undone.reversals + 1))
        return Reply(code or "00")

    # ---- why not

    def _is_known(self, request: Request) -> bool:
        place = (request.merchant_no, request.terminal_no, request.de60.batch_no, request.trace_no)
        return self._store.movement_at(*place) is not None

    def _named_by_trace(self, request: Request) -> Movement | None:
        try:
            named = unpack_61(request.message.text(61))
        except FieldError:
            return None
        place = (request.merchant_no, request.terminal_no, named.batch_no, named.trace_no)
        found = self._store.movement_at(*place)
        return found if found and found.reference == request.message.text(37) else None

    def _unvoidable(self, original: Movement | None) -> str:
        if original is None or original.kind != "purchase" or original.state == "declined":
            return "25"
        if original.day != self._days.today() or original.state != "approved" or original.refunded_fen:
            return "12"
        return ""

    def _unrefundable(self, original: Movement | None, request: Request) -> str:
        if original is None or original.kind != "purchase" or original.state == "declined":
            return "25"
        if original.pan != request.pan or not self._is_of_day_told(original, request):
            return "25"
        if original.state != "approved":
            return "12"
        if date.fromisoformat(original.day) < date.fromisoformat(self._days.today()) - timedelta(REFUNDABLE_DAYS):
            return "12"
        return "" if 0 < request.amount_fen <= original.amount_fen - original.refunded_fen else "64"

    def _is_of_day_told(self, original: Movement, request: Request) -> bool:
        """The day that its answer had in field 13; the one of its settlement may be another."""
        try:
            told = unpack_61(request.message.text(61)).month_day
        except FieldError:
            return False
        return told in ("", DAY_UNKNOWN, self._days.on_day(original.at))

    def _irreversible(self, original: Movement, request: Request, session: Session) -> str:
        if original.state == "declined" or request.original_mti not in ("", original.mti):
            return "25"
        if original.kind not in _UNCERTAIN:
            return "12"
        if (code := _mismatch(original, request)) or original.state == "reversed":
            return code
        if original.day != self._days.today() or original.batch_no != session.batch_no:
            return "12"
        if original.state == "voided" or original.refunded_fen:
            return "12"
        card = self._store.card(original.pan)
        return "51" if original.is_credit and card and card.balance_fen < original.amount_fen else ""

    # ---- what happens

    def _undone(self, original: Movement) -> Movement:
        self._move(original.pan, original.amount_fen if not original.is_credit else -original.amount_fen)
        voided = self._store.movement(original.merchant_no, original.original)
        if voided and original.kind == "void":
            self._store.put_movement(msgspec.structs.replace(voided, state="approved"))
        return msgspec.structs.replace(original, state="reversed")

    def _done(self, request: Request, card: Card | None, code: str, original: Movement | None = None) -> Reply:
        movement = self._put(request, original, code or "00")
        told = _told(card, code)
        told[37] = movement.reference
        if code:
            return Reply(code, told)
        told[38] = movement.auth_code
        self._move(movement.pan, movement.amount_fen if movement.is_credit else -movement.amount_fen)
        return Reply("00", told)

    def _put(self, request: Request, original: Movement | None, code: str, trace_no: int = 0) -> Movement:
        number = self._store.next_number()
        movement = Movement(
            reference=f"{number:012}",
            merchant_no=request.merchant_no,
            terminal_no=request.terminal_no,
            batch_no=request.de60.batch_no,
            trace_no=trace_no or request.trace_no,
            mti=request.message.mti,
            kind=request.kind,
            pan=request.pan,
            amount_fen=request.amount_fen,
            code=code,
            auth_code=f"{number % 1_000_000:06}" if code == "00" else "",
            at=request.came_at.timestamp(),
            day=request.day,
            state="approved" if code == "00" else "declined",
            original=original.reference if original else "",
        )
        self._store.put_movement(movement)
        return movement

    def _move(self, pan: str, amount_fen: int) -> None:
        card = self._store.card(pan)
        if card:
            self._store.put_card(msgspec.structs.replace(card, balance_fen=card.balance_fen + amount_fen))


def _mismatch(original: Movement | None, request: Request) -> str:
    """25: another card. 64: another amount."""
    if original is None or original.pan != request.pan:
        return "25"
    return "" if original.amount_fen == request.amount_fen else "64"


def _told(card: Card | None, code: str) -> dict[int, str | bytes]:
    """44: who issued the card and who acquired. 63.2: what the issuer says of a wrong PIN."""
    if card is None:
        return {}
    fields: dict[int, str | bytes] = {44: f"{card.issuer:<11}{card.issuer:<11}"}
    if code == "55":
        fields[63] = f"CUP密码错，还可试{card.tries_left}次"
    return fields
