"""A bank that takes cards and keeps books: what it has taken, taken back, voided and refunded, in which batch.

It does what it is told. What goes wrong on the way to it and back is added in front of it (``line_wire``).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from yinyi.app.faults.model import FaultName
from yinyi.business.lines.session_model import Approved, Declined, Desk, Habits, MessageKind, Original, Settled, Totals
from yinyi.kernel.money import Fen

HABITS = Habits(answer_timeout_s=60.0, reversal_tries=3)
MONEY = ("purchase", "void", "refund")
REFUSED = Declined(code="12", reason="not_refundable")
Number = tuple[int, int]
"""Batch and trace."""


@dataclass(eq=False)
class Said:
    """A message of money that left for the bank. ``pan``: whose card. ``of``: the purchase that it is about.

    happened: it has taken effect, and has not been reversed. heard: we were given an answer that can be believed, to it
    or to its reversal. reversals: so many have left. refused: the bank will not reverse it. late: what it answers too
    late.
    """

    kind: MessageKind
    number: Number
    pan: str
    amount_fen: Fen
    of: "Said | None" = None
    happened: bool = False
    heard: bool = False
    reversals: int = 0
    refused: bool = False
    late: Approved | Declined | None = None

    @property
    def in_doubt(self) -> bool:
        """A reversal has to go before anything else of its session."""
        return self.kind != "refund" and not self.heard and not self.refused

    def __str__(self) -> str:
        known = f"{self.happened:d}{self.heard:d}{self.refused:d}{self.late is not None:d}"
        return f"{self.kind} {known} {min(self.reversals, HABITS.reversal_tries)}"


@dataclass
class SimBank:
    """One session of it. ``wrong``: what should never have come; sentences. ``mute``: no reversal is answered any
    more. ``next``: what goes wrong with the next message of a kind, besides what a script says."""

    said: list[Said] = field(default_factory=list[Said])
    wrong: list[str] = field(default_factory=list[str])
    traces: list[Number] = field(default_factory=list[Number])
    mute: bool = False
    most_fen: dict[str, int] = field(default_factory=dict[str, int])
    """Taken from a card at any moment, less what had gone back."""
    next: dict[str, FaultName] = field(default_factory=dict[str, FaultName])
    keys_given: int = 0
    unsure: Callable[[], int] = lambda: 0
    """So many reversals at most may count as gone that have not left: whatever died or went wrong behind the count."""

    def began(self) -> None:
        """A new run: nothing of the last one is left."""
        for kept in (self.said, self.wrong, self.traces, self.most_fen, self.next):
            kept.clear()
        self.mute = False

    # -- what comes

    def comes(self, kind: MessageKind, desk: Desk, pan: str, amount_fen: Fen, of: Original | None = None) -> Said:
        """It is on its way: whatever has to go before it has gone."""
        self.numbered(desk)
        for each in self.said:
            if each.in_doubt and each.reversals + self.unsure() < HABITS.reversal_tries:
                self.wrong.append(f"a {kind} left while a {each.kind} was in doubt")
        original = self.found((of.batch_no, of.trace_no)) if of is not None else None
        said = Said(kind, (desk.batch_no, desk.trace_no), pan, amount_fen, original)
        self.said.append(said)
        return said

    def numbered(self, desk: Desk) -> None:
        """Numbers grow within a batch, and batches grow."""
        number = (desk.batch_no, desk.trace_no)
        if self.traces and number <= self.traces[-1]:
            self.wrong.append(f"trace number {number} after {self.traces[-1]}")
        self.traces.append(number)

    def purchase(self, said: Said) -> Approved | Declined:
        said.happened = True
        self.most_fen[said.pan] = max(self.most_fen.get(said.pan, 0), self.kept_fen(said.pan))
        return _approved(said)

    def void(self, said: Said) -> Approved | Declined:
        of = said.of
        if of is None or not of.happened or self.back_fen(of) or of.number[0] != said.number[0]:
            return REFUSED
        said.happened = True
        return _approved(said)

    def refund(self, said: Said) -> Approved | Declined:
        of = said.of
        if of is None or not of.happened or self.back_fen(of) + said.amount_fen > of.amount_fen:
            return REFUSED
        said.happened = True
        return _approved(said)

    def reverse(self, said: Said) -> Approved:
        """Also what never came."""
        said.happened = False
        return Approved(retrieval_ref="")

    def settle(self, batch_no: int, totals: Totals) -> Settled:
        """Whether our totals are the bank's."""
        ours = [each for each in self.said if each.happened and each.number[0] == batch_no]
        debits = [each.amount_fen for each in ours if each.kind == "purchase"]
        credits = [each.amount_fen for each in ours if each.kind != "purchase"]
        same = (sum(debits), len(debits), sum(credits), len(credits))
        return Settled(balanced=same == (totals.debit_fen, totals.debits, totals.credit_fen, totals.credits))

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
        return f"{'mute ' * self.mute}{[str(each) for each in self.said]}"


def _approved(said: Said) -> Approved:
    return Approved(retrieval_ref=f"{said.number[1]:012}", auth_code="A12345")
