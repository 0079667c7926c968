"""Everything that can go wrong, as one closed tree. The docstring is the sentence people read; ``zh`` is its Chinese.

YinyiError
├── Invalid             the request cannot be understood
│   └── InvalidField
├── NotAllowed          who asks may not
│   ├── TerminalNotEnrolled
│   ├── SessionEnded
│   ├── SignatureRefused
│   ├── NotGranted
│   ├── NotYours
│   ├── PersonUnproven
│   ├── PersonTriesSpent
│   └── ServiceClosed
├── NotFound            what is asked about does not exist
├── Conflict            it exists, but not in a state that allows this
│   ├── IdempotencyConflict
│   └── SecondPersonNeeded
├── Unavailable         nothing wrong with the request: try again later
│   ├── HospitalUnavailable
│   ├── ChannelUnavailable
│   ├── PlatformUnavailable
│   ├── DeadlineExceeded
│   └── Busy
│       ├── InLine
│       └── AskedTooOften
└── InternalError       our fault

Domains hang their own errors under these in ``business/<domain>/errors.py``.
"""

import re
from collections.abc import Iterator
from typing import ClassVar, NamedTuple


class YinyiError(Exception):
    """Something went wrong."""

    zh: ClassVar[str] = "出了点问题。"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.sentence("en"))
        self.detail = detail
        """For integrators and logs: names fields and states, never personal data."""

    @classmethod
    def code(cls) -> str:
        return cls.__name__

    @classmethod
    def sentence(cls, language: str) -> str:
        """The message for people, in ``zh-CN`` or ``en``."""
        if language.startswith("zh"):
            return cls.zh
        return (cls.__doc__ or "").strip()


class Invalid(YinyiError):
    """This request cannot be understood."""

    zh = "这个请求看不懂。"


class InvalidField(Invalid):
    """Something that was entered is not right. Please check it and try again."""

    zh = "填写的内容有误，请核对后再试。"


class NotAllowed(YinyiError):
    """This is not permitted here."""

    zh = "这里不能办理这项业务。"


class TerminalNotEnrolled(NotAllowed):
    """This machine is not set up yet. Please use another machine or go to a window."""

    zh = "这台机器还没有启用，请换一台机器或到窗口办理。"


class SessionEnded(NotAllowed):
    """Your session has ended to protect your data. Please say again who you are."""

    zh = "为保护您的信息，本次操作已结束，请重新验证身份。"


class SignatureRefused(NotAllowed):
    """The signature of this request is not valid."""

    zh = "请求的签名无效。"


class NotGranted(NotAllowed):
    """This institution may not ask this. Whoever looks after the platform can grant it."""

    zh = "该机构没有这项权限，可联系平台管理人员开通。"


class NotYours(NotAllowed):
    """This belongs to somebody else."""

    zh = "这不是您本人的记录。"


class ServiceClosed(NotAllowed):
    """This is not open at this machine just now. The first page says when it opens."""

    zh = "这项业务现在在这台机器上还没开放，首页写着开放时间。"


class PersonUnproven(NotAllowed):
    """No staff card has this staff number and this PIN. Nothing was done."""

    zh = "没有这个工号和密码的工作人员卡，什么也没有办理。"


class PersonTriesSpent(NotAllowed):
    """Too many wrong PINs of this member of staff. Wait a quarter of an hour, or have another card enrolled."""

    zh = "这位工作人员的密码输错次数过多，请过一刻钟再试，或另登记一张工作人员卡。"


class NotFound(YinyiError):
    """There is no such record."""

    zh = "没有找到这条记录。"


class Conflict(YinyiError):
    """This can no longer be done, because something has changed meanwhile."""

    zh = "情况有变化，这一步办不了了。"


class IdempotencyConflict(Conflict):
    """The same key was used before for another request."""

    zh = "同一个请求号已用于另一个请求。"


class SecondPersonNeeded(Conflict):
    """Two people decide this, and one of them has done his part. Another person has to do the other one."""

    zh = "这件事要由两个人办理，您的一份已经办过，另一份要由另一个人来办。"


class Unavailable(YinyiError):
    """This is not available for the moment. Please try again in a few minutes."""

    zh = "暂时办不了，请过几分钟再试。"


class HospitalUnavailable(Unavailable):
    """The hospital's system does not answer for the moment. Please try again in a few minutes or go to a window."""

    zh = "医院系统暂时没有答复，请过几分钟再试，或到窗口办理。"


class ChannelUnavailable(Unavailable):
    """This way of paying is not available for the moment. Please choose another one."""

    zh = "这种付款方式暂时不能用，请换一种方式。"


class PlatformUnavailable(Unavailable):
    """The line to the platform is interrupted. What you have begun is not lost. Please try again in a minute."""

    zh = "与平台的连接中断，已经办的不会丢，请过一分钟再试。"


class DeadlineExceeded(Unavailable):
    """This took too long. Please try again."""

    zh = "等待时间太长，请再试一次。"


class Busy(Unavailable):
    """Too many people are asking at once. Please wait a moment."""

    zh = "现在办理的人太多，请稍等。"


class ToldPlace(NamedTuple):
    """Somebody's place in a line. before: so many go first. about_s: so long it may take. again_s: he should ask again
    then, and show the ticket that keeps his place."""

    before: int
    about_s: int
    again_s: float
    ticket: str = ""


class InLine(Busy):
    """Many people are asking just now. Your place in the line is kept; ask again in a moment."""

    zh = "现在办理的人较多，您的位置已经保留，请稍候再试。"

    @classmethod
    def at(cls, told: ToldPlace) -> "InLine":
        return cls(f"{told.before} {told.about_s} {told.again_s:.1f} {told.ticket}")

    @property
    def told(self) -> ToldPlace:
        found = _TOLD.fullmatch(self.detail)
        if found is None:
            return ToldPlace(1, 0, 2.0)
        return ToldPlace(int(found[1]), int(found[2]), float(found[3]), found[4])


_TOLD = re.compile(r"(\d{1,9}) (\d{1,9}) (\d{1,3}\.\d) (\S{0,200})")


class AskedTooOften(Busy):
    """This institution has asked more often than was agreed. Please wait a minute."""

    zh = "该机构的请求次数已超过约定，请稍等一分钟。"


class InternalError(YinyiError):
    """Something went wrong on our side. It has been recorded. Please go to a window."""

    zh = "平台内部出错，已经记录，请到窗口办理。"


def every_error() -> Iterator[type[YinyiError]]:
    """The whole tree, as far as it is imported."""
    stack: list[type[YinyiError]] = [YinyiError]
    while stack:
        error = stack.pop()
        yield error
        stack.extend(error.__subclasses__())


def error_named(code: str) -> type[YinyiError]:
    """The class with this code; an unknown code is an ``InternalError``."""
    return next((error for error in every_error() if error.code() == code), InternalError)
