"""From errors of the tree to the reason that an agent is told."""

from yinyi.business.terminals.errors import EnrolmentRefused, LineReplaced, TerminalLocked
from yinyi.kernel.errors import InternalError, NotAllowed, Unavailable, YinyiError
from yinyi.wire.terminal_line import ByeReason

PASSING = (Unavailable, InternalError)
"""Errors that may be gone in a moment: the bus or the database is away, a process is being restarted."""

_ENDS: tuple[tuple[type[YinyiError], ByeReason], ...] = (
    (LineReplaced, "replaced"),
    (TerminalLocked, "locked"),
    (EnrolmentRefused, "unauthorised"),
    (NotAllowed, "unauthorised"),
)


class LineOver(Exception):
    """The line ends: with a bye, or silently when the other side has gone."""

    def __init__(self, reason: ByeReason | None = None, detail: str = "") -> None:
        super().__init__(reason or "gone")
        self.reason: ByeReason | None = reason
        self.detail = detail


def ending(error: YinyiError) -> ByeReason | None:
    """Why the line cannot go on after this error; None: it can."""
    return next((reason for kind, reason in _ENDS if isinstance(error, kind)), None)
