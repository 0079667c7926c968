"""What can go wrong with bills, as people are told."""

from yinyi.kernel.errors import Conflict, NotFound


class InvoiceUnknown(NotFound):
    """The hospital has no such bill of yours."""

    zh = "没有查到您的这张费用单。"


class FormUnknown(NotFound):
    """This is no request form of this hospital."""

    zh = "这不是本院的申请单。"


class InvoiceChanged(Conflict):
    """This bill has changed since you looked at it. Please look at it again; nothing was taken."""

    zh = "这张费用单刚刚有变化，请重新查看；没有扣款。"


class InvoicePaid(Conflict):
    """This bill is paid already. Nothing was taken."""

    zh = "这张费用单已经缴过费了，没有扣款。"


class InvoiceCancelled(Conflict):
    """The hospital has cancelled this bill. Nothing is to be paid for it."""

    zh = "这张费用单已经取消，不用缴费。"


class InvoiceBusy(Conflict):
    """This bill is just being paid at a window or at another machine. Please wait a moment."""

    zh = "这张费用单正在窗口或另一台机器上缴费，请稍等。"
