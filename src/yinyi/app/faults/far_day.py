"""The bank's day, and the batch that is open there: who has signed on today, and what was settled over which totals."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from yinyi.app.faults.far_side import SimClock
from yinyi.app.faults.house import ZONE
from yinyi.business.lines.session_model import Approved, Declined, Detail, LineAnswer, Settled, Totals

SIGN_ON_FIRST = Declined(code="77", reason="bad_request", must_sign_on=True)
UPLOAD_FIRST = Declined(code="95", reason="declined")
_NOT_NOW = Declined(code="12", reason="not_refundable")


@dataclass(frozen=True)
class Closed:
    """A batch that is settled. ours: what the bank has in it. uploaded: what it was sent of one that was unbalanced, in
    fen by trace number."""

    ours: Totals
    balanced: bool
    uploaded: dict[int, int]


@dataclass
class BankDay:
    """Of one session. ``signed_on``: the bank's day on which it did; 0: it has to. ``uploading``: details are due."""

    clock: SimClock
    batch_no: int = 0
    signed_on: int = 0
    uploading: bool = False
    closed: dict[int, Closed] = field(default_factory=dict[int, Closed])
    _ended_early: int = 0
    _uploaded: dict[int, int] = field(default_factory=dict[int, int])

    def began(self, batch_no: int, *, signed_on: bool) -> None:
        """A new run, in a new batch."""
        self._ended_early, self.batch_no, self.uploading = 0, batch_no, False
        self.closed, self._uploaded = {}, {}
        self.signed_on = self.today if signed_on else 0

    @property
    def today(self) -> int:
        """By Beijing's calendar, or later since a day has ended before its time."""
        return self.clock.now().astimezone(ZONE).toordinal() + self._ended_early

    def ends(self) -> None:
        """Whoever has signed on has to do it again."""
        self._ended_early += 1

    def signs_off(self) -> None:
        """The bank wants a sign-on."""
        self.signed_on = 0

    def signs_on(self) -> None:
        self.signed_on = self.today

    def stops(self, batch_no: int) -> Declined | None:
        """Why a message of money in this batch is not even looked at."""
        if not self._is_here(batch_no):
            return SIGN_ON_FIRST
        return UPLOAD_FIRST if self.uploading else None

    def settle(self, batch_no: int, told: Totals, ours: Totals) -> Settled | LineAnswer:
        """What was closed is answered as it was; what differs has to be uploaded."""
        if (closed := self.closed.get(batch_no)) is not None:
            return Settled(balanced=closed.balanced)
        if not self._is_here(batch_no):
            return SIGN_ON_FIRST
        self._uploaded = {}
        self.uploading = told != ours
        if not self.uploading:
            self._close(ours, balanced=True)
        return Settled(balanced=told == ours)

    def upload(self, batch_no: int, details: Sequence[Detail]) -> LineAnswer:
        """Repeated ones count as one."""
        if not self._is_here(batch_no):
            return SIGN_ON_FIRST
        if not self.uploading:
            return _NOT_NOW
        self._uploaded |= {each.trace_no: each.amount_fen for each in details}
        return Approved(retrieval_ref="")

    def end_upload(self, batch_no: int, count: int, ours: Totals) -> LineAnswer:
        """So many were all."""
        if batch_no in self.closed:
            return Approved(retrieval_ref="")
        if not self._is_here(batch_no):
            return SIGN_ON_FIRST
        if not self.uploading or count != len(self._uploaded):
            return _NOT_NOW
        self._close(ours, balanced=False)
        return Approved(retrieval_ref="")

    def _close(self, ours: Totals, *, balanced: bool) -> None:
        """The next batch begins, with a sign-on."""
        self.closed[self.batch_no] = Closed(ours, balanced, self._uploaded)
        self.batch_no, self.uploading, self._uploaded = self.batch_no + 1, False, {}
        self.signs_off()

    def _is_here(self, batch_no: int) -> bool:
        return self.signed_on == self.today and batch_no == self.batch_no

    def __str__(self) -> str:
        here = f"{self.signed_on == self.today:d}{self.uploading:d}{len(self._uploaded)}"
        return f"{here} {[each.balanced for each in self.closed.values()]}"
