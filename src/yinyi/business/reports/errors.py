"""What can go wrong with reports, as people are told."""

from yinyi.kernel.errors import Conflict, InternalError, NotAllowed, NotFound


class ReportUnknown(NotFound):
    """The hospital has no such report of yours."""

    zh = "没有查到您的这份报告。"


class ReportNotReady(Conflict):
    """This report is not ready yet."""

    zh = "这份报告还没有出来。"


class ReportAtWindow(NotAllowed):
    """This report is handed out at the window only. Please bring your ID card."""

    zh = "这份报告请带身份证到窗口领取。"


class TubeUnknown(NotFound):
    """This is not the barcode of a blood tube of this hospital."""

    zh = "这不是本院采血管上的条码。"


class ReportDamaged(InternalError):
    """The copy of this report is not what it was. Please go to the window."""

    zh = "这份报告的存档有问题，请到窗口办理。"


class PictureUnknown(NotFound):
    """There is no such picture in your report."""

    zh = "您的报告里没有这张图片。"
