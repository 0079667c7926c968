"""From an error of the platform to an answer without a seal: who asked is not known, or nobody could be asked."""

from datetime import datetime

from yinyi.interface.body import TooLarge, TooSlow
from yinyi.kernel.errors import YinyiError
from yinyi.wire import institution_message as wire
from yinyi.wire.institution_message import AnswerHead, Head

ENDS = (TooLarge, TooSlow)
"""Nobody knows where the next request would begin: the line is closed."""
NOBODY = Head(institution="", operation="", time="")


def unsealed(error: YinyiError, head: Head, charset: str, correlation_id: str, now: datetime) -> bytes:
    """A frame's content that says so, as far as the request could be read."""
    answer = AnswerHead(
        institution=head.institution,
        operation=head.operation,
        line=head.line,
        sequence=head.sequence,
        time=wire.time_of(now),
        code=error.code(),
        title=error.sentence("en"),
        title_zh=error.zh,
        detail=error.detail,
        correlation_id=correlation_id,
    )
    return wire.unsealed(wire.answer(charset, answer))
