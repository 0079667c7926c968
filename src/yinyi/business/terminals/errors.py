"""What can go wrong with terminals."""

from yinyi.kernel.errors import Conflict, NotAllowed


class EnrolmentRefused(NotAllowed):
    """This enrolment code is unknown, used up or too old."""

    zh = "启用码无效、已用过或已过期。"


class PairingRefused(NotAllowed):
    """This pairing code is not valid any more."""

    zh = "配对码已失效。"


class LineReplaced(Conflict):
    """A newer connection of this terminal has taken over."""

    zh = "这台终端已有更新的连接。"


class NoStaffCard(NotAllowed):
    """No card of the staff lies on the reader."""

    zh = "读卡器上没有工作人员卡。"


class PinWrong(NotAllowed):
    """This is not the PIN of this card."""

    zh = "密码不对。"


class PinTriesSpent(NotAllowed):
    """A wrong PIN was typed too often. This card has to wait, or to be enrolled anew."""

    zh = "密码错误次数过多，请稍后再试或重新登记此卡。"


class MaintenanceOver(NotAllowed):
    """Maintenance is over. Please lay the card again."""

    zh = "维护已结束，请重新放卡。"


class StaffCardTaken(Conflict):
    """This card is enrolled already."""

    zh = "此卡已登记。"


class StaffCardsThere(NotAllowed):
    """Two of the staff have cards already. From now on two of them decide about each further card."""

    zh = "已有两名工作人员持有工作人员卡，此后每张卡都要由其中两人共同办理。"


class TerminalKnown(Conflict):
    """There is a terminal with this id, or there was one. Please choose another id."""

    zh = "这个终端编号已在使用或曾经使用过，请换一个编号。"


class TerminalLocked(NotAllowed):
    """This machine is locked by staff for the moment. Please use another machine or go to a window."""

    zh = "这台机器已由工作人员暂停使用，请换一台机器或到窗口办理。"
