"""What goes wrong, as systems are told it: one form for all ways in that write XML, or whose bodies carry no status."""

import msgspec

from yinyi.kernel.errors import InternalError, NotFound, Unavailable, YinyiError


class OperationUnknown(NotFound):
    """There is no such operation here."""

    zh = "没有这项操作。"


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """As in the XSD. ``title``, ``title_zh``: for people. ``detail``: for integrators."""

    code: str
    title: str
    title_zh: str
    detail: str | None = None
    correlation_id: str


def problem(error: YinyiError, correlation_id: str) -> Problem:
    return Problem(
        code=error.code(),
        title=error.sentence("en"),
        title_zh=error.sentence("zh-CN"),
        detail=error.detail or None,
        correlation_id=correlation_id,
    )


def ours(error: YinyiError) -> bool:
    """Not the sender's fault: the same may pass later."""
    return isinstance(error, Unavailable | InternalError)
