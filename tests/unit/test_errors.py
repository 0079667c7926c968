"""The closed tree of errors: every one a sentence in two languages, and a code of its own."""

import importlib
import pkgutil
import re

import pytest

from yinyi import business
from yinyi.kernel import errors as kernel
from yinyi.kernel.errors import InternalError, YinyiError, error_named, every_error


def imported() -> list[type[YinyiError]]:
    """The whole tree, after every domain's errors were imported."""
    for module in pkgutil.walk_packages(business.__path__, f"{business.__name__}."):
        if module.name.endswith(".errors"):
            importlib.import_module(module.name)
    known = (kernel.__name__, f"{business.__name__}.")
    return [error for error in every_error() if error.__module__.startswith(known)]


ERRORS = sorted(imported(), key=lambda error: error.code())
DOMAINS = [error for error in ERRORS if error.__module__ != kernel.__name__]


def drawn() -> dict[str, str]:
    """Who stands under whom in the drawing at the top of ``kernel/errors.py``."""
    above: list[str] = []
    found: dict[str, str] = {}
    for line in (kernel.__doc__ or "").splitlines():
        match = re.fullmatch(r"((?:[│ ] {3}|[├└]── )*)([A-Z]\w+)(?: .*)?", line)
        if match and (match.group(1) or match.group(2) == "YinyiError"):
            depth = len(match.group(1)) // 4
            above = [*above[:depth], match.group(2)]
            found[match.group(2)] = above[depth - 1] if depth else "Exception"
    return found


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code())
def test_every_error_is_a_sentence_in_two_languages(error: type[YinyiError]) -> None:
    english, chinese = vars(error).get("__doc__"), vars(error).get("zh")
    assert english, "its own docstring is the sentence"
    assert re.fullmatch(r"[A-Z][^\n`]*[.!?]", english)
    assert chinese, "its own zh is the Chinese sentence"
    assert re.fullmatch(r"[^\n]*[\u4e00-\u9fff][^\n]*[。！？]", chinese)
    assert error.sentence("en") == english
    assert error.sentence("zh-CN") == chinese
    assert error.sentence("zh") == chinese


def test_codes_are_unique() -> None:
    codes = [error.code() for error in ERRORS]
    assert len(codes) == len(set(codes))
    assert len(DOMAINS) >= 20


def test_sentences_are_unique() -> None:
    """Two errors that say the same are one error."""
    for language in ("en", "zh-CN"):
        sentences = [error.sentence(language) for error in ERRORS]
        assert sorted(sentences) == sorted(set(sentences))


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.code())
def test_a_code_leads_back_to_its_error(error: type[YinyiError]) -> None:
    assert error_named(error.code()) is error
    assert str(error("detail")) == "detail"
    assert str(error()) == error.sentence("en")
    assert error().detail == ""


@pytest.mark.parametrize("code", ["", "Nonsense", "ValueError", "yinyierror"])
def test_an_unknown_code_is_our_fault(code: str) -> None:
    assert error_named(code) is InternalError


def test_the_drawing_is_the_tree() -> None:
    ours = [error for error in ERRORS if error.__module__ == kernel.__name__]
    assert drawn() == {error.__name__: error.__base__.__name__ for error in ours if error.__base__}


@pytest.mark.parametrize("error", DOMAINS, ids=lambda error: error.code())
def test_domains_hang_their_errors_under_a_kind(error: type[YinyiError]) -> None:
    """Interfaces map kinds: an error directly under the root would be of none."""
    assert error.__module__.split(".")[-1] == "errors"
    assert error.__base__ is not YinyiError
