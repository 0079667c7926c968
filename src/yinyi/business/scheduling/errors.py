"""What can go wrong with numbers and sessions, as patients are told."""

from yinyi.kernel.errors import Conflict, NotAllowed, NotFound


class ScheduleUnknown(NotFound):
    """This session is not offered any more."""

    zh = "这个出诊安排已经没有了。"


class PractitionerUnknown(NotFound):
    """There is no doctor with this number here."""

    zh = "这里没有这个编号的医生。"


class SessionOver(Conflict):
    """This session was on an earlier day and stays as it is. Please ask at the window what can be given back."""

    zh = "这个出诊时段已经过去，不再变动；能否退费请到窗口咨询。"


class NoHoldSlip(Conflict):
    """No hold slip was given out for this payment, so no window takes money for it. Please look the payment up."""

    zh = "这笔支付没有开过留号单，窗口不能代收，请先查询这笔支付。"


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


class NotBookable(Conflict):
    """This day cannot be booked. Please choose another one."""

    zh = "这一天不能预约，请另选一天。"


class TooManyBookings(Conflict):
    """You have as many bookings for this day as one person may have. Cancel one first, or choose another day."""

    zh = "您这一天的预约已达到上限，请先取消一个，或另选一天。"


class SameDoctorToday(Conflict):
    """You cannot have another number with this doctor today. Please choose another doctor, or ask at the window."""

    zh = "您今天不能再挂这位医生的号了，请另选一位医生，或到窗口咨询。"


class TooManyRegistrations(Conflict):
    """You have as many numbers for today as one person may have. If you need another one, please ask at the window."""

    zh = "您今天挂的号已到上限，如还需要挂号，请到窗口咨询。"


class BookingClosed(NotAllowed):
    """Booked visits were missed too often; booking is closed for a while. Register on the day, or ask at the window."""

    zh = "您多次预约未到，暂时不能预约。您仍可当日挂号，或到窗口咨询。"


class NoSuchBooking(NotFound):
    """There is no booking with this number here."""

    zh = "这里没有这个预约。"


class TooLateToCancel(Conflict):
    """It is too late to cancel this booking here. Please go to the window."""

    zh = "已过取消时间，请到窗口办理。"


class NotThatDay(Conflict):
    """This booking is for another day."""

    zh = "这个预约不是今天的。"


class TooEarly(Conflict):
    """It is too early to check in. Please come back closer to the time of your booking."""

    zh = "还没到取号时间，请临近预约时间再来取号。"


class TooLate(Conflict):
    """The time of this booking has passed. Please go to the window."""

    zh = "已过预约时间，请到窗口办理。"


class AlreadyCheckedIn(Conflict):
    """This booking has been checked in already."""

    zh = "这个预约已经取过号了。"


class NoCheckInNeeded(Conflict):
    """This slip is of a registration: nothing is to be checked in. Please go to the room that is printed on it."""

    zh = "这张是挂号单，不用再取号，请直接到单子上的诊室候诊。"


class BookingGone(Conflict):
    """This booking was cancelled or has run out."""

    zh = "这个预约已经取消或失效。"
