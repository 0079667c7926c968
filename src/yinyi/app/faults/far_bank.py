"""A bank that takes cards and keeps books: what it has taken, taken back, voided and refunded, in which batch.

It does what it is told. What goes wrong on the way to it and back is added in front of it (``line_wire``).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from yinyi.app.faults.far_day import SIGN_ON_FIRST, BankDay
from yinyi.app.faults.far_side import SimClock
from yinyi.app.faults.model import FaultName
from yinyi.business.lines.session_model import Approved, Declined, Desk, Habits, MessageKind, Original, Totals
from yinyi.kernel.money import Fen
from yinyi.wire.iso8583.response_codes import NO_RECORD

HABITS = Habits(answer_timeout_s=60.0, reversal_tries=3)
MONEY = ("purchase", "void", "refund")
REFUSED = Declined(code="12", reason="not_refundable")
NOT_OF_THAT_DAY = Declined(code=NO_RECORD, reason="not_refundable")
Number = tuple[int, int]
"""Batch and trace."""


@dataclass(eq=False)
class Said:
    """A message of money that left for the bank. ``pan``: whose card. ``day``: the bank's, on which it came. ``of``:
    the purchase that it is about; ``of_day``: of which day that is said to be, MMDD, or empty.

    happened: it has taken effect, and has not been reversed. on_record: it has taken effect once. heard: we were given
    an answer that can be believed, to it or to its reversal. reversals: so many have left. refused: the bank will not
    reverse it. late: what it answers too late. overtaken: and only behind the answer to its reversal.
    """

    kind: MessageKind
    number: Number
    pan: str
    amount_fen: Fen
    day: int = 0
    of: "Said | None" = None
    of_day: str = ""
    happened: bool = False
    on_record: bool = False
    heard: bool = False
    reversals: int = 0
    refused: bool = False
    late: Approved | Declined | None = None
    overtaken: bool = False

    @property
    def in_doubt(self) -> bool:
        """A reversal has to go before anything else of its session."""
        return self.kind != "refund" and not self.heard and not self.refused

    @property
    def on_day(self) -> str:
        """As the bank dates it, MMDD: a day ahead of us, so that nobody's own date passes for it."""
        return f"{date.fromordinal(self.day + 1):%m%d}"

    def __str__(self) -> str:
        facts = (self.happened, self.on_record, self.heard, self.refused, self.late is not None, self.overtaken)
        known = "".join(f"{each:d}" for each in facts)
        return f"{self.kind} {known} {min(self.reversals, HABITS.reversal_tries)}"


@dataclass
class SimBank:
    """One session of it. ``wrong``: what should never have come; sentences. ``mute``: no reversal is answered any
    more. ``next``: what goes wrong with the next message of a kind, besides what a script says."""

    clock: SimClock
    day: BankDay = field(init=False)
    said: list[Said] = field(default_factory=list[Said])
    wrong: list[str] = field(default_factory=list[str])
    traces: list[Number] = field(default_factory=list[Number])
    mute: bool = False
    most_fen: dict[str, int] = field(default_factory=dict[str, int])
    """Taken from a card at any moment, less what had gone back."""
    next: dict[str, FaultName] = field(default_factory=dict[str, FaultName])
    miscounted: set[int] = field(default_factory=set[int])
    """Batches in which it counts something that is nobody's."""
    keys_given: int = 0
    unsure: Callable[[], int] = lambda: 0
    """So many reversals at most may count as gone that have not left: whatever died or went wrong behind the count."""
    _asked: int | None = None
    """It has asked for a sign-on when so much had gone wrong."""

    def __post_init__(self) -> None:
        self.day = BankDay(self.clock)

    def began(self) -> None:
        """A new run: nothing of the last one is left."""
        for kept in (self.said, self.wrong, self.traces, self.most_fen, self.next, self.miscounted):
            kept.clear()
        self.mute, self._asked = False, None

    # -- what comes

    def comes(self, kind: MessageKind, desk: Desk, pan: str, amount_fen: Fen, of: Original | None = None) -> Said:
        """It is on its way: whatever has to go before it has gone."""
        self.expected(kind, desk)
        original = self.found((of.batch_no, of.trace_no)) if of is not None else None
        of_day = of.on_day if of is not None else ""
        said = Said(kind, (desk.batch_no, desk.trace_no), pan, amount_fen, self.day.today, original, of_day)
        self.said.append(said)
        return said

    def expected(self, kind: MessageKind, desk: Desk) -> None:
        """Nothing has to go before this."""
        self.numbered(desk)
        for each in self.said:
            if each.in_doubt and each.reversals + self.unsure() < HABITS.reversal_tries:
                self.wrong.append(f"a {kind} left while a {each.kind} was in doubt")
        if self._asked == self.unsure():
            self.wrong.append(f"a {kind} left before the sign-on that the bank had asked for")

    def asks_sign_on(self) -> None:
        """Beside an answer."""
        self.day.signs_off()
        self._asked = self.unsure()

    def signs_on(self) -> None:
        self.keys_given += 1
        self.day.signs_on()
        self._asked = None

    def numbered(self, desk: Desk) -> None:
        """They grow, also where an earlier batch is settled after all."""
        number = (desk.batch_no, desk.trace_no)
        if self.traces and number[1] <= self.traces[-1][1]:
            self.wrong.append(f"trace number {number} after {self.traces[-1]}")
        self.traces.append(number)

    def purchase(self, said: Said) -> Approved | Declined:
        if problem := self.day.stops(said.number[0]):
            return problem
        said.happened = said.on_record = True
        self.most_fen[said.pan] = max(self.most_fen.get(said.pan, 0), self.kept_fen(said.pan))
        return _approved(said)

    def void(self, said: Said) -> Approved | Declined:
        """Of the open batch, and of today."""
        if problem := self.day.stops(said.number[0]):
            return problem
        of = said.of
        if of is None or not of.happened or self.back_fen(of) or not self._is_of_now(of):
            return REFUSED
        said.happened = said.on_record = True
        return _approved(said)

    def refund(self, said: Said) -> Approved | Declined:
        if problem := self.day.stops(said.number[0]):
            return problem
        of = said.of
        if of is None or not of.happened or self.back_fen(of) + said.amount_fen > of.amount_fen:
            return REFUSED
        if said.of_day not in ("", of.on_day):
            self.wrong.append(f"a refund names {said.of_day} as the day of a purchase of {of.on_day}")
            return NOT_OF_THAT_DAY
        said.happened = said.on_record = True
        return _approved(said)

    def reverse(self, said: Said) -> Approved | Declined:
        """Also what never came; not what has happened in another batch, or on another day."""
        if self.day.signed_on != self.day.today:
            return SIGN_ON_FIRST
        if said.happened and not self._is_of_now(said):
            said.refused = True
            return REFUSED
        code = "" if said.on_record else NO_RECORD
        said.happened = False
        return Approved(retrieval_ref="", code=code)

    def totals(self, batch_no: int) -> Totals:
        """What it has in this batch."""
        ours = [each for each in self.said if each.happened and each.number[0] == batch_no]
        debits = [each.amount_fen for each in ours if each.kind == "purchase"]
        credits = [each.amount_fen for each in ours if each.kind != "purchase"]
        counted = len(debits) + (batch_no in self.miscounted)
        return Totals(debit_fen=Fen(sum(debits)), debits=counted, credit_fen=Fen(sum(credits)), credits=len(credits))

    def _is_of_now(self, said: Said) -> bool:
        return said.day == self.day.today and said.number[0] == self.day.batch_no

    # -- its books

    def found(self, number: Number) -> Said | None:
        return next((each for each in self.said if each.number == number), None)

    def back_fen(self, purchase: Said) -> int:
        """Voided or refunded of it."""
        return sum(each.amount_fen for each in self.said if each.of is purchase and each.happened)

    def kept_fen(self, pan: str) -> int:
        """Of this card: taken less given back."""
        ours = [each for each in self.said if each.pan == pan and each.happened]
        return sum(each.amount_fen * (1 if each.kind == "purchase" else -1) for each in ours)

    def standing(self) -> str:
        """In short."""
        said = [f"{each} {self._is_of_now(each):d}" for each in self.said]
        return f"{'mute ' * self.mute}{self._asked is not None:d} {self.day} {said}"


def _approved(said: Said) -> Approved:
    return Approved(retrieval_ref=f"{said.number[1]:012}", auth_code="A12345", on_day=said.on_day)
