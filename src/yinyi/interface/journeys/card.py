"""A card at the card terminal beside the screen. Here it is only known how far that is, never which card it is."""

from yinyi.business.payments.errors import PaymentClosed
from yinyi.business.payments.messages import GetPayment, PaymentView
from yinyi.business.payments.messages_cards import CancelReading, ReadCard
from yinyi.business.payments.model import NO_SESSION, STRIPE, UNREAD
from yinyi.business.terminals.model import LIVE, CardReading, ReadingState, TerminalView
from yinyi.interface.journeys import paper, parts, present, views, views_pay
from yinyi.interface.journeys.purposes.purpose import Paid
from yinyi.interface.journeys.visitor import Go, Next, Visitor
from yinyi.kernel.errors import ChannelUnavailable
from yinyi.kernel.means import TenderName
from yinyi.wire.iso8583.response_codes import Response, response_of

TERMINAL = "card_terminal"
AWAY = "cards"
"""In the address of a page: no card could be used just now."""
LISTENS = {"reading": "1"}
CODE_DIGITS = 2
"""Of a bank's answer, field 39, which may be letters; what we say ourselves is a word."""

_ENDED: dict[ReadingState, views_pay.CardRefused] = {
    "cancelled": "cancelled",
    "pulled_out": "pulled_out",
    "timed_out": "timed_out",
    "not_taken": "not_taken",
    "stripe": "stripe",
    "unreadable": "unreadable",
    "key_refused": "key_refused",
}
_CODES: dict[views_pay.CardRefused, str] = {
    "wrong_pin": "55",
    "no_money": "51",
    "card_expired": "54",
    "limit": "61 65",
    "pin_blocked": "38 75",
    "not_taken": "14 15 31 39 42 52 53 56 57",
    "not_here": "03 06 12 13 22 30 40 58 60 63 64 66 77 93 97 99 A0",
    "busy": "79 90 91 92 94 95",
}
_ANSWERS: dict[str, views_pay.CardRefused] = {
    code: refused for refused, codes in _CODES.items() for code in codes.split()
}
"""What the words of ``response_codes`` come under; whatever else a bank answers is its refusal."""
NOT_ENOUGH: frozenset[views_pay.CardRefused] = frozenset({"no_money", "limit"})
"""Of less it may take a part."""
_UNASKED: dict[str, views_pay.CardRefused] = {STRIPE: "stripe", UNREAD: "unreadable", NO_SESSION: "not_here"}
"""Refused by us: the bank was not asked."""


async def read(visitor: Visitor) -> Next:
    """POST CARD: whichever kind is taken here; a card of another kind goes where it belongs."""
    payment_no = visitor.at["payment_no"]
    visitor.back = to = visitor.paths.pay(payment_no)
    if paper.is_gone(visitor):
        return Go(to)
    try:
        payment = await visitor.ask(GetPayment(number=payment_no))
        if not payment.reads:
            return Go(f"{to}?{AWAY}=0")
        await visitor.ask(ReadCard(payment_no=payment_no, tender=payment.reads[0]), key=visitor.key)
    except ChannelUnavailable:
        return Go(f"{to}?{AWAY}=0")
    except PaymentClosed:
        pass
    return Go(to)


async def leave(visitor: Visitor) -> Next:
    """POST NO_CARD."""
    payment_no = visitor.at["payment_no"]
    visitor.back = visitor.paths.pay(payment_no)
    await visitor.ask(CancelReading(payment_no=payment_no), key=visitor.key)
    return Go(visitor.paths.pay(payment_no))


def offered(visitor: Visitor, payment: PaymentView) -> tuple[TenderName, ...]:
    """The kinds of cards that can be used; none while the card terminal does not work."""
    return tuple(payment.reads) if works(visitor.terminal) else ()


def works(terminal: TerminalView) -> bool:
    """Its agent is connected, and its card terminal is well."""
    found = [device for device in terminal.devices if device.kind == TERMINAL]
    return terminal.line_ok and any(device.state != "offline" for device in found)


def reading_of(visitor: Visitor, payment: PaymentView) -> CardReading | None:
    """What goes on at the card terminal for this payment, as long as no card has come of it."""
    found = visitor.terminal.reading
    about = found.payment_no == payment.payment_no and found.state not in ("none", "read")
    at_bank = submitted(payment) and payment.state != "ready"
    return found if about and not at_bank and payment.state in ("ready", "starting", "waiting") else None


def submitted(payment: PaymentView) -> bool:
    """A card was read for it."""
    return payment.scanned and payment.tender in views.CARDS


def is_shown(visitor: Visitor, payment: PaymentView) -> bool:
    """Whether the page of this payment is about a card."""
    if reading_of(visitor, payment) is not None:
        return True
    return submitted(payment) and payment.state in ("starting", "waiting", "unknown", "ready")


def view(visitor: Visitor, paid: Paid) -> views_pay.CardView:
    payment, reading = paid.payment, reading_of(visitor, paid.payment)
    refused = _refused(payment, reading)
    state = _state(payment, reading)
    answer = _answer(payment) if state == "refused" and reading is None else None
    return views_pay.CardView(
        payment_no=payment.payment_no,
        ask_no=payment.ask_no,
        subject=paid.subject,
        state=state,
        amount_fen=payment.owed_fen or payment.amount_fen,
        merchant_name=visitor.terminal.reading.merchant_name,
        digits=reading.digits if reading else 0,
        since=payment.since,
        expires_at=(reading.until if reading else None) or payment.pay_by or payment.since,
        refused=refused if state == "refused" else None,
        said=answer.zh if answer else "",
        said_en=answer.en if answer else "",
        tries_left=(payment.tries_left or 0) if answer else 0,
        again=bool(offered(visitor, payment)) and refused != "key_refused",
        tender=payment.tender if submitted(payment) else "bank_card",
        kinds=tuple(reading.kinds) if reading else offered(visitor, payment),
        code=present.first(payment),
        divisible=state == "refused" and refused in NOT_ENOUGH and parts.is_divisible(payment),
        hold_slip=state == "refused" and paid.hold is not None,
        key=present.new_key(),
    )


def is_live(visitor: Visitor, payment: PaymentView) -> bool:
    reading = reading_of(visitor, payment)
    return reading is not None and reading.state in LIVE


def _state(payment: PaymentView, reading: CardReading | None) -> views_pay.CardState:
    if reading is not None:
        return "insert" if reading.state == "asked" else "pin" if reading.state == "typing" else "refused"
    if payment.taking_back:
        return "taking_back"
    return "refused" if payment.state == "ready" else "asking"


def _refused(payment: PaymentView, reading: CardReading | None) -> views_pay.CardRefused:
    if reading is not None:
        return _ENDED.get(reading.state, "timed_out")
    code = payment.refused_code
    if payment.reason == "expired":
        return "keys_changed" if code else "pin_again"
    if code in _UNASKED:
        return _UNASKED[code]
    if _answer(payment) is not None:
        return refused_by(code)
    return "unreached" if payment.reason == "unavailable" else "no_answer"


def refused_by(code: str) -> views_pay.CardRefused:
    """What a bank's refusal (field 39) comes to, for whoever holds the card."""
    return _ANSWERS.get(code, "declined")


def _answer(payment: PaymentView) -> Response | None:
    """What the bank has said of this card. None: nothing, or only that it wants new keys first."""
    is_banks = len(payment.refused_code) == CODE_DIGITS and payment.reason != "expired"
    return response_of(payment.refused_code) if is_banks else None
