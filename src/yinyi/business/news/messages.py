"""What can be said about news of the hospital's systems: by them, and by the staff."""

from typing import Annotated

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.news.errors import (
    CodeUnknown,
    NewsNotParked,
    NewsNumberUsed,
    NewsOfOtherKind,
    NewsUnknown,
    NewsUnreadable,
    SenderUnknown,
)
from yinyi.business.news.model import NewsView
from yinyi.kernel.ids import WholeNumber

MOST_BYTES = 128 * 1024
Note = Annotated[str, msgspec.Meta(min_length=2, max_length=200)]


class NewsTaken(msgspec.Struct, frozen=True, kw_only=True):
    """It is kept, for good. again: it was before."""

    again: bool = False


@operation(
    callers=[Caller.NEWS],
    errors=(SenderUnknown, NewsUnreadable, NewsOfOtherKind, CodeUnknown, NewsNumberUsed),
)
class TellNews(Operation[NewsTaken], frozen=True, kw_only=True):
    """A message of HL7 version 2 as it came, unread. peer: the address it came from. What it says of its sender is its
    credential, and its number makes it idempotent."""

    peer: Annotated[str, msgspec.Meta(max_length=60)]
    message: Annotated[bytes, msgspec.Meta(max_length=MOST_BYTES)]


class ParkedNews(msgspec.Struct, frozen=True, kw_only=True):
    """Oldest first. waiting: so many more have not been seen to yet. next_after: what is behind these is asked for with
    this; 0: nothing is."""

    news: list[NewsView]
    waiting: int
    next_after: WholeNumber = 0


@operation(callers=[Caller.STAFF])
class ListParkedNews(Operation[ParkedNews], frozen=True, kw_only=True):
    """What the hospital's systems have told and people have to look into, behind the news of the number ``after``."""

    after: WholeNumber = 0


@operation(callers=[Caller.STAFF], changes=True, errors=(NewsUnknown, NewsNotParked))
class HandleNewsAgain(Operation[NewsView], frozen=True, kw_only=True):
    """What stood in the way is put right: it is seen to once more."""

    news_no: WholeNumber


@operation(callers=[Caller.STAFF], changes=True, errors=(NewsUnknown, NewsNotParked))
class SetNewsAside(Operation[NewsView], frozen=True, kw_only=True):
    """Nothing is to be done about it any more. ``note``: why, for the record."""

    news_no: WholeNumber
    note: Note
