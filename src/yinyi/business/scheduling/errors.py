"""What can go wrong with numbers and sessions, as patients are told."""

from yinyi.kernel.errors import Conflict, NotFound


class ScheduleUnknown(NotFound):
    """This session is not offered any more."""

    zh = "这个出诊安排已经没有了。"


class SlotTaken(Conflict):
    """This number has just been taken by somebody else. Please choose another one."""

    zh = "这个号刚刚被别人挂走了，请另选一个。"


class SessionStopped(Conflict):
    """The doctor does not hold this session today. Please choose another one."""

    zh = "医生本次停诊，请另选一位。"


class SessionClosed(Conflict):
    """It is too late to register for this session. Please choose another one."""

    zh = "这个时段已停止挂号，请另选一个。"


class AlreadyRegistered(Conflict):
    """You already have a number for this doctor in this session."""

    zh = "您已经挂了这位医生本时段的号。"
