"""What can go wrong with what the hospital's systems tell, as they and people are told."""

from yinyi.kernel.errors import Conflict, Invalid, InvalidField, NotAllowed, NotFound


class SenderUnknown(NotAllowed):
    """Nobody may tell the platform news from there under these names. Whoever looks after the platform can allow it."""

    zh = "平台不接收来自这里、以此名义发送的消息，可联系平台管理人员开通。"


class NewsUnreadable(Invalid):
    """This message cannot be read. The place that is named has to be put right at its sender."""

    zh = "这条消息无法读取，请发送方按所指位置改正。"


class NewsOfOtherKind(Invalid):
    """Messages of this kind are not taken here."""

    zh = "这里不接收这一类消息。"


class CodeUnknown(InvalidField):
    """This message uses a code that its value set does not have. It has to be put right at its sender."""

    zh = "消息中的代码不在规定的值域内，请发送方改正。"


class NewsNumberUsed(Conflict):
    """The number of this message was used before for another one."""

    zh = "这个消息编号已用于另一条消息。"


class NewsUnknown(NotFound):
    """There is no such message."""

    zh = "没有这条消息。"


class NewsNotParked(Conflict):
    """This message does not wait for people (any more)."""

    zh = "这条消息没有在等人处理（或已处理）。"


class NotMerged(Conflict):
    """The hospital's own system does not say that these two numbers are one patient, or it was done before."""

    zh = "医院系统没有确认这两个号码是同一位患者，或已经合并过了。"


class BalanceDiffers(Conflict):
    """There is another amount on this prepaid account by now. Please look at it again."""

    zh = "这个预交金账户的余额已经变了，请重新核对。"


class PaymentsStillOpen(Conflict):
    """Payments of this patient are still open. Please try again when they have ended."""

    zh = "这位患者还有支付没有结束，请等其结束后再试。"


class BulletinUnknown(NotFound):
    """There is no such bulletin."""

    zh = "没有这条通告。"


class BulletinNotParked(Conflict):
    """This bulletin does not wait for people (any more)."""

    zh = "这条通告没有在等人处理（或已处理）。"
