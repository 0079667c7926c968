"""From an error of the platform to what stands in MSA and ERR: one table, closed at the top."""

from yinyi.business.news.errors import CodeUnknown, NewsNumberUsed, NewsOfOtherKind, NewsUnreadable, SenderUnknown
from yinyi.interface.body import TooLarge
from yinyi.kernel.errors import Invalid, InvalidField, NotAllowed, Unavailable, YinyiError
from yinyi.wire.hl7.answers import Code, Condition, Told

ANSWERS: dict[type[YinyiError], tuple[Code, Condition] | None] = {
    SenderUnknown: ("AR", "207"),
    NotAllowed: ("AR", "207"),
    NewsOfOtherKind: ("AR", "200"),
    NewsUnreadable: ("AE", "102"),
    CodeUnknown: ("AE", "103"),
    InvalidField: ("AE", "102"),
    TooLarge: ("AE", "207"),
    Invalid: ("AR", "207"),
    NewsNumberUsed: ("AE", "205"),
    Unavailable: None,
    YinyiError: ("AE", "207"),
}
"""The nearest ancestor counts. None: nothing is answered and the line ends, so that it is sent again."""


def answer_to(error: YinyiError, language: str) -> Told | None:
    """See ``ANSWERS``."""
    found = next(ANSWERS[ancestor] for ancestor in type(error).__mro__ if ancestor in ANSWERS)
    if found is None:
        return None
    name = f"{error.code()}: {error.detail}" if error.detail else error.code()
    return Told(*found, name=name, text=error.sentence(language))
