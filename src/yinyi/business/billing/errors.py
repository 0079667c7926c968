"""What can go wrong with bills, as people are told."""

from yinyi.kernel.errors import Conflict, InternalError, NotFound


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


class NothingPaid(NotFound):
    """Nothing was paid in these days."""

    zh = "这段时间没有缴费记录。"


class TooManyFees(Conflict):
    """That is too much for one list. Please choose fewer days."""

    zh = "这段时间的费用太多，一次打不完，请选择短一些的时间。"


class NotPaidYet(Conflict):
    """This bill is not paid yet."""

    zh = "这张费用单还没有缴费。"


class FeeDamaged(InternalError):
    """The copy of this bill is not what it was. Please go to the window."""

    zh = "这张费用单的存档有问题，请到窗口办理。"


class LineUnknown(NotFound):
    """This bill has no such line."""

    zh = "这张费用单没有这一项。"


class LinesGivenBack(Conflict):
    """One of these was given back already, or is about to be."""

    zh = "所选项目里有已经退费或正在退费的。"


class PaidElsewhere(Conflict):
    """This bill was not paid through the platform: it is given back where it was paid."""

    zh = "这张费用单不是在本平台缴的费，请到原缴费处退费。"


class InsuredWhole(Conflict):
    """The insurance has paid a part of this bill: it is given back whole and settled anew."""

    zh = "这张费用单已经医保结算，只能整单退费后重新结算。"
