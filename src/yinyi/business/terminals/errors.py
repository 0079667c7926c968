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


class TerminalLocked(NotAllowed):
    """This machine is locked by staff for the moment. Please use another machine or go to a window."""

    zh = "这台机器已由工作人员暂停使用，请换一台机器或到窗口办理。"
