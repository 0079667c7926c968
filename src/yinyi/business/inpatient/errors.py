"""What can go wrong with stays and deposits, as people are told."""

from yinyi.kernel.errors import Conflict, NotFound


class StayUnknown(NotFound):
    """The hospital has no such inpatient stay of yours."""

    zh = "没有查到您的这次住院。"


class StaySettled(Conflict):
    """This stay is settled already; no more deposit is taken for it."""

    zh = "这次住院已经结算，不能再交预交金。"


class StayNotSettled(Conflict):
    """This stay is not settled yet. Please settle it at a window first."""

    zh = "这次住院还没有结算，请先到窗口办理出院结算。"


class NothingLeft(Conflict):
    """Nothing of the deposits is left to give back."""

    zh = "预交金已经没有剩余可退。"


class LeftDiffers(Conflict):
    """It is not the amount any more that can be given back. Please look again."""

    zh = "可退的金额有变化，请重新查看。"


class DepositAtWindow(Conflict):
    """This money did not come in through this platform, or too long ago. Please have it given back at a window."""

    zh = "这部分预交金不是在本平台交的，或交得太久，请到窗口退。"
