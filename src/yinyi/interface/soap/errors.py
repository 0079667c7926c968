"""From an error of the platform to what a fault, or the string of an answer, holds: as in the XSD."""

import msgspec

from yinyi.kernel.errors import InternalError, NotFound, Unavailable, YinyiError
from yinyi.wire.shapes import fields_of


class OperationUnknown(NotFound):
    """There is no such operation here."""

    zh = "没有这项操作。"


def ours(error: YinyiError) -> bool:
    """Not the sender's fault."""
    return isinstance(error, Unavailable | InternalError)


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """As in the XSD."""

    code: str
    title: str
    title_zh: str
    detail: str | None
    correlation_id: str


def problem(error: YinyiError, correlation_id: str) -> Problem:
    return Problem(
        code=error.code(),
        title=error.sentence("en"),
        title_zh=error.sentence("zh-CN"),
        detail=error.detail or None,
        correlation_id=correlation_id,
    )


def problem_fields(error: YinyiError, correlation_id: str) -> str:
    """XML."""
    return fields_of(problem(error, correlation_id))
