"""Why a message of a queue was laid aside, beside what an operation can end in."""

from yinyi.kernel.errors import Conflict


class DeliveredTooOften(Conflict):
    """This message has come again and again and could not be answered."""

    zh = "这条消息多次投递仍无法应答。"


class ReplyRefused(Conflict):
    """The broker does not take the reply for where it should go."""

    zh = "消息服务器拒绝接收发往该地址的应答。"
