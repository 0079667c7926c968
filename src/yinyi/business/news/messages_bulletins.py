"""What the staff can say about bulletins."""

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.news.bulletin_model import BulletinView
from yinyi.business.news.errors import BulletinNotParked, BulletinUnknown
from yinyi.business.news.messages import Note
from yinyi.kernel.ids import WholeNumber


class ParkedBulletins(msgspec.Struct, frozen=True, kw_only=True):
    """Oldest first. waiting: so many more have not arrived yet. next_after: what is behind these is asked for with
    this; 0: nothing is."""

    bulletins: list[BulletinView]
    waiting: int
    next_after: WholeNumber = 0


@operation(callers=[Caller.STAFF])
class ListParkedBulletins(Operation[ParkedBulletins], frozen=True, kw_only=True):
    """What systems of the hospital do not want to be told, and people have to look into, behind the bulletin of the
    number ``after``."""

    after: WholeNumber = 0


@operation(callers=[Caller.STAFF], changes=True, errors=(BulletinUnknown, BulletinNotParked))
class SendBulletinAgain(Operation[BulletinView], frozen=True, kw_only=True):
    """What stood in the way is put right there: it is sent once more."""

    bulletin_no: WholeNumber


@operation(callers=[Caller.STAFF], changes=True, errors=(BulletinUnknown, BulletinNotParked))
class SetBulletinAside(Operation[BulletinView], frozen=True, kw_only=True):
    """It is not sent any more. ``note``: why, for the record."""

    bulletin_no: WholeNumber
    note: Note
