"""What the sender of a callback is told when the platform gives no bytes of its own: sent again later, or not."""

from yinyi.business.payments.errors import CallbackForged
from yinyi.interface.body import TooLarge
from yinyi.kernel.errors import Invalid, NotFound, YinyiError

STATUS: dict[type[YinyiError], int] = {
    CallbackForged: 401,
    TooLarge: 413,
    NotFound: 404,
    Invalid: 400,
    YinyiError: 500,
}
"""The nearest ancestor counts. 500 makes every sender try again."""


def status_of(error: YinyiError) -> int:
    return next(STATUS[ancestor] for ancestor in type(error).__mro__ if ancestor in STATUS)
